"""verdigris.blas against SciPy's BLAS and extended precision: every routine, flag, layout and type.

Each case computes three results: ours on operands of any layout, SciPy's Fortran BLAS on Fortran-ordered copies, and one in
extended precision from the dense matrices that the operands stand for. Both must lie within the bound of the third, and what
lies around and between the elements of an output must keep its bits.
"""

import itertools
import random

import numpy as np
import pytest
from cython_blas import call as fortran

from verdigris import blas, cuda
from verdigris.errors import VerdigrisError

REAL, COMPLEX = (np.float32, np.float64), (np.complex64, np.complex128)
ALL = REAL + COMPLEX
LETTER = dict(zip(ALL, "sdcz", strict=True))
SIZES = (0, 1, 3, 64, 129)
MATRIX_LAYOUTS = ("C", "F", "wide", "step", "back")
VECTOR_LAYOUTS = ("plain", "step", "back")


def is_complex(dtype):
    return dtype in COMPLEX


def coefficients(dtype):
    return (0, 1, -0.5, 0.75 - 0.5j) if is_complex(dtype) else (0, 1, -0.5)


def exact(array):
    return np.asarray(array).astype(np.clongdouble if np.iscomplexobj(array) else np.longdouble)


class Operand:
    """An array in some layout, in the middle of NaNs that nobody may touch."""

    def __init__(self, values, layout):
        shape = values.shape
        if values.ndim == 1:
            step, index = (1, slice(2, 2 + shape[0])) if layout == "plain" else (3, slice(2, 2 + 3 * shape[0], 3))
            self.base = np.empty(step * shape[0] + 5, values.dtype)
            self.index = (index,)
        else:
            steps = {"C": (1, 1), "F": (1, 1), "wide": (1, 1), "step": (2, 3), "back": (1, 2)}[layout]
            pads = (0, 0) if layout in ("C", "F") else (3, 5)
            extents = [step * extent + 2 * pad for step, extent, pad in zip(steps, shape, pads, strict=True)]
            self.base = np.empty(extents, values.dtype, order="F" if layout in ("F", "wide") else "C")
            self.index = tuple(slice(p, p + s * n, s) for p, s, n in zip(pads, steps, shape, strict=True))
        bits = self.base.view(np.uint8) if self.base.flags.c_contiguous else self.base.T.view(np.uint8)
        bits[...] = 0xFF
        self.flip = layout == "back"
        self.view = self.base[self.index]
        if self.flip:
            self.view = self.view[(slice(None, None, -1),) * values.ndim]
        self.view[...] = values
        self.before = self.base.copy(order="K")

    def check_around(self, written=True):
        """All but the written elements keep their bits."""
        mask = np.zeros(self.base.shape, bool)
        inner = mask[self.index]
        if self.flip:
            inner = inner[(slice(None, None, -1),) * mask.ndim]
        inner[...] = written
        same = self.base.view(f"V{self.base.itemsize}") == self.before.view(f"V{self.base.itemsize}")
        assert (same | mask).all()


class Case:
    """Random operands and choices of one test."""

    def __init__(self, seed, dtype):
        self.rng = np.random.default_rng(seed)
        self.pick = random.Random(seed)
        self.dtype = dtype
        self.eps = np.finfo(dtype).eps

    def values(self, *shape):
        values = self.rng.uniform(-1, 1, shape)
        if is_complex(self.dtype):
            values = values + 1j * self.rng.uniform(-1, 1, shape)
        return values.astype(self.dtype)

    def operand(self, values):
        return Operand(values, self.pick.choice(MATRIX_LAYOUTS if values.ndim == 2 else VECTOR_LAYOUTS))

    def number(self, real=False):
        value = self.pick.choice(coefficients(self.dtype))
        return value.real if real and isinstance(value, complex) else value

    def typed(self, value):
        return self.dtype(value)

    def start(self, *shape, beta):
        """An output's old elements; NaN where they must not be read."""
        values = self.values(*shape)
        return np.full_like(values, np.nan) if beta == 0 else values

    def close(self, got, reference, size, k):
        bound = 4 * (k + 2) * self.eps * size * (2 if is_complex(self.dtype) else 1)
        # Below the normal numbers errors are absolute.
        assert (np.abs(exact(got) - reference) <= bound + np.finfo(self.dtype).tiny).all()


def clean(values, beta):
    return np.zeros_like(values) if beta == 0 else values


def op(matrix, flag):
    return {"N": matrix, "T": matrix.T, "C": matrix.conj().T}[flag]


def fcopy(matrix):
    return np.array(matrix, order="F")


def triangle(n, uplo):
    return np.triu(np.ones((n, n), bool)) if uplo == "U" else np.tril(np.ones((n, n), bool))


def self_adjoint(matrix, uplo, hermitian):
    half = np.where(triangle(len(matrix), uplo), matrix, 0)
    off = half - np.diag(np.diag(half))
    if hermitian:
        return off + off.conj().T + np.diag(np.diag(half).real)
    return half + off.T


def triangular(matrix, uplo, diag):
    half = np.where(triangle(len(matrix), uplo), matrix, 0)
    return half - np.diag(np.diag(half)) + np.eye(len(matrix), dtype=matrix.dtype) if diag == "U" else half


def pack(matrix, uplo):
    n = len(matrix)
    columns = [matrix[: j + 1, j] if uplo == "U" else matrix[j:, j] for j in range(n)]
    return np.concatenate(columns) if n else np.empty(0, matrix.dtype)


def unpack(packed, n, uplo):
    matrix, at = np.zeros((n, n), packed.dtype), 0
    for j in range(n):
        rows = slice(0, j + 1) if uplo == "U" else slice(j, n)
        length = rows.stop - rows.start
        matrix[rows, j] = packed[at : at + length]
        at += length
    return matrix


def band_of(matrix, kl, ku, fill):
    m, n = matrix.shape
    ab = np.full((kl + ku + 1, n), fill, matrix.dtype)
    for j in range(n):
        for i in range(max(0, j - ku), min(m, j + kl + 1)):
            ab[ku + i - j, j] = matrix[i, j]
    return ab


def within_band(matrix, kl, ku):
    return np.triu(np.tril(matrix, ku), -kl)


def pytest_generate(routine, dtypes=ALL):
    return [pytest.param(routine, dtype, id=f"{LETTER[dtype]}{routine}") for dtype in dtypes]


# --- level 3 ---


def gemm(case, m, n, k, ta, tb, routine="gemm"):
    alpha, beta = case.number(), case.number()
    a = case.operand(case.values(*((m, k) if ta == "N" else (k, m))))
    b = case.operand(case.values(*((k, n) if tb == "N" else (n, k))))
    c = case.operand(case.start(m, n, beta=beta))
    old = clean(np.array(c.view), beta)
    result = getattr(blas, routine)(a.view, b.view, c.view, alpha=alpha, beta=beta, transa=ta, transb=tb, out=c.view)
    assert result is c.view
    c.check_around()
    ea, eb = op(exact(a.view), ta), op(exact(b.view), tb)
    alpha, beta = case.typed(alpha), case.typed(beta)
    reference = exact(alpha) * (ea @ eb) + exact(beta) * exact(old)
    size = abs(alpha) * (np.abs(ea) @ np.abs(eb)) + abs(beta) * np.abs(old)
    if routine == "gemm3m":
        size = np.full_like(size, 3 * size.max(initial=0))
    case.close(c.view, reference, size, k)
    if m and n and k:
        fa, fb, fc = fcopy(a.view), fcopy(b.view), fcopy(old)
        lda, ldb = fa.shape[0], fb.shape[0]
        fortran(f"{LETTER[case.dtype]}gemm", ta, tb, m, n, k, alpha, fa, lda, fb, ldb, beta, fc, m)
        case.close(fc, reference, size, k)


def symm(case, m, n, side, uplo, hermitian):
    order = m if side == "L" else n
    alpha, beta = case.number(), case.number()
    a = case.operand(np.where(triangle(order, uplo), case.values(order, order), np.nan).astype(case.dtype))
    b, c = case.operand(case.values(m, n)), case.operand(case.start(m, n, beta=beta))
    old = clean(np.array(c.view), beta)
    function = blas.hemm if hermitian else blas.symm
    function(a.view, b.view, c.view, alpha=alpha, beta=beta, side=side, uplo=uplo, out=c.view)
    c.check_around()
    dense, eb = exact(self_adjoint(a.view, uplo, hermitian)), exact(b.view)
    alpha, beta = case.typed(alpha), case.typed(beta)
    left, right = (dense, eb) if side == "L" else (eb, dense)
    reference = exact(alpha) * (left @ right) + exact(beta) * exact(old)
    size = abs(alpha) * (np.abs(left) @ np.abs(right)) + abs(beta) * np.abs(old)
    case.close(c.view, reference, size, order)
    if m and n:
        fc = fcopy(old)
        name = LETTER[case.dtype] + ("hemm" if hermitian else "symm")
        fortran(name, side, uplo, m, n, alpha, fcopy(a.view), order, fcopy(b.view), m, beta, fc, m)
        case.close(fc, reference, size, order)


def rank(case, n, k, uplo, trans, kind):
    """syrk, herk, syr2k, her2k, syrkx, herkx."""
    hermitian, two = kind.startswith("h"), kind.endswith("2k")
    if (hermitian and trans == "T") or (not hermitian and trans == "C" and is_complex(case.dtype)):
        trans = "N"
    alpha, beta = case.number(real=kind == "herk"), case.number(real=hermitian)
    shape = (n, k) if trans == "N" else (k, n)
    a = case.operand(case.values(*shape))
    # The product of the x-forms has to be symmetric: B is a real multiple of A.
    b = case.operand(case.values(*shape) if two else np.asarray(a.view) * case.dtype(0.5 if kind.endswith("x") else 1))
    if kind == "herkx":
        alpha = case.number(real=True)
    start = np.where(triangle(n, uplo), case.start(n, n, beta=beta), np.nan).astype(case.dtype)
    c = case.operand(start)
    old = np.where(triangle(n, uplo), clean(np.array(c.view), beta), 0).astype(case.dtype)
    arrays = (a.view,) if kind.endswith("rk") else (a.view, b.view)
    getattr(blas, kind)(*arrays, c.view, alpha=alpha, beta=beta, uplo=uplo, trans=trans, out=c.view)
    c.check_around(triangle(n, uplo))
    turn = (lambda x: x.conj().T) if hermitian else (lambda x: x.T)
    ea, eb = op(exact(a.view), trans), op(exact(b.view), trans)
    alpha, beta = case.typed(alpha), case.typed(beta)
    reference = exact(alpha) * (ea @ turn(eb)) + exact(beta) * exact(old)
    size = abs(alpha) * (np.abs(ea) @ np.abs(eb).T)
    if two:
        reference = reference + exact(np.conj(alpha) if hermitian else alpha) * (eb @ turn(ea))
        size = size + size.T
    size = size + abs(beta) * np.abs(old)
    if hermitian:
        reference = reference - 1j * np.diag(np.diag(reference).imag)
        if n and not (alpha == 0 and beta == 1) and k:
            assert (np.diag(c.view).imag == 0).all()
    mask = triangle(n, uplo)
    if not (hermitian and (k == 0 or alpha == 0) and beta == 1):
        case.close(np.where(mask, c.view, 0), np.where(mask, reference, 0), size, 2 * k)
    if n and k and not kind.endswith("x"):
        fa, fb, fc = fcopy(a.view), fcopy(b.view), fcopy(old)
        ld = shape[0]
        real = np.finfo(case.dtype).dtype.type
        alpha = real(alpha.real) if kind == "herk" else alpha
        beta = real(beta.real) if hermitian else beta
        name = LETTER[case.dtype] + kind
        between = (fb, ld) if two else ()
        fortran(name, uplo, trans, n, k, alpha, fa, ld, *between, beta, fc, n)
        if alpha != 0 or beta != 1:
            case.close(np.where(mask, fc, 0), np.where(mask, reference, 0), size, 2 * k)


def tri_mat(case, m, n, side, uplo, trans, diag, kind):
    order = m if side == "L" else n
    alpha = case.number()
    given = case.values(order, order) / case.dtype(max(order, 1))
    given += np.eye(order, dtype=case.dtype) * 2
    unread = ~triangle(order, uplo) | (np.eye(order, dtype=bool) if diag == "U" else False)
    a = case.operand(np.where(unread, np.nan, given).astype(case.dtype))
    b = case.operand(case.start(m, n, beta=alpha))
    old = clean(np.array(b.view), alpha)
    getattr(blas, kind)(a.view, b.view, alpha=alpha, side=side, uplo=uplo, trans=trans, diag=diag, out=b.view)
    b.check_around()
    dense = op(exact(triangular(np.where(unread, 0, given), uplo, diag)), trans)
    alpha, new = case.typed(alpha), exact(b.view)
    if kind == "trmm":
        left, right = (dense, exact(old)) if side == "L" else (exact(old), dense)
        reference, size = exact(alpha) * (left @ right), abs(alpha) * (np.abs(left) @ np.abs(right))
        case.close(b.view, reference, size, order)
    else:
        # The residual against the sizes of A and X, row by row.
        left, right = (dense, new) if side == "L" else (new, dense)
        residual = np.abs(exact(alpha) * exact(old) - left @ right)
        scale = (np.abs(left) @ np.abs(right)).max(initial=0)
        assert (residual <= 8 * max(order, 1) * case.eps * (scale + abs(alpha)) * (2 if is_complex(case.dtype) else 1)).all()
    if m and n:
        fb = fcopy(old)
        fortran(LETTER[case.dtype] + kind, side, uplo, trans, diag, m, n, alpha, fcopy(np.where(unread, 0, given)), order, fb, m)
        if kind == "trmm":
            case.close(fb, reference, size, order)
        else:
            assert np.allclose(fb, b.view, rtol=200 * max(order, 1) * case.eps, atol=200 * max(order, 1) * case.eps)


# --- level 2 ---


def gemv(case, m, n, trans):
    alpha, beta = case.number(), case.number()
    a = case.operand(case.values(m, n))
    length, inner = (m, n) if trans == "N" else (n, m)
    x, y = case.operand(case.values(inner)), case.operand(case.start(length, beta=beta))
    old = clean(np.array(y.view), beta)
    blas.gemv(a.view, x.view, y.view, alpha=alpha, beta=beta, trans=trans, out=y.view)
    y.check_around()
    alpha, beta, dense = case.typed(alpha), case.typed(beta), op(exact(a.view), trans)
    reference = exact(alpha) * (dense @ exact(x.view)) + exact(beta) * exact(old)
    size = abs(alpha) * (np.abs(dense) @ np.abs(exact(x.view))) + abs(beta) * np.abs(old)
    case.close(y.view, reference, size, inner)
    if m and n:
        fy = np.array(old)
        fortran(LETTER[case.dtype] + "gemv", trans, m, n, alpha, fcopy(a.view), m, np.array(x.view), 1, beta, fy, 1)
        case.close(fy, reference, size, inner)


def gbmv(case, m, n, trans):
    kl, ku = case.pick.choice((0, 1, 2, 5)), case.pick.choice((0, 1, 3))
    alpha, beta = case.number(), case.number()
    dense = within_band(case.values(m, n), kl, ku)
    ab = case.operand(band_of(dense, kl, ku, np.nan))
    length, inner = (m, n) if trans == "N" else (n, m)
    x, y = case.operand(case.values(inner)), case.operand(case.start(length, beta=beta))
    old = clean(np.array(y.view), beta)
    blas.gbmv(ab.view, x.view, y.view, m=m, kl=kl, ku=ku, alpha=alpha, beta=beta, trans=trans, out=y.view)
    y.check_around()
    alpha, beta, turned = case.typed(alpha), case.typed(beta), op(exact(dense), trans)
    reference = exact(alpha) * (turned @ exact(x.view)) + exact(beta) * exact(old)
    size = abs(alpha) * (np.abs(turned) @ np.abs(exact(x.view))) + abs(beta) * np.abs(old)
    case.close(y.view, reference, size, inner)
    if m and n:
        fy, fab = np.array(old), fcopy(band_of(dense, kl, ku, 0))
        fortran(LETTER[case.dtype] + "gbmv", trans, m, n, kl, ku, alpha, fab, kl + ku + 1, np.array(x.view), 1, beta, fy, 1)
        case.close(fy, reference, size, inner)


def stored(case, dense, form, uplo, k):
    """The operand, and what Fortran takes for it."""
    n = len(dense)
    if form == "full":
        a = case.operand(np.where(triangle(n, uplo), dense, np.nan).astype(case.dtype))
        return a, (fcopy(dense), n)
    if form == "packed":
        a = case.operand(pack(dense, uplo))
        return a, (pack(dense, uplo),)
    kl, ku = (0, k) if uplo == "U" else (k, 0)
    half = np.where(triangle(n, uplo), dense, 0)
    return case.operand(band_of(half, kl, ku, np.nan)), (fcopy(band_of(half, kl, ku, 0)), k + 1)


FORMS = {"y": "full", "e": "full", "r": "full", "b": "band", "p": "packed"}


def self_mv(case, n, uplo, kind):
    hermitian = kind.startswith("h")
    form = FORMS[kind[1]]
    k = case.pick.choice((0, 1, 4))
    alpha, beta = case.number(), case.number()
    values = case.values(n, n)
    if form == "band":
        values = within_band(values, k, k)
    a, given = stored(case, values, form, uplo, k)
    x, y = case.operand(case.values(n)), case.operand(case.start(n, beta=beta))
    old = clean(np.array(y.view), beta)
    getattr(blas, kind)(a.view, x.view, y.view, alpha=alpha, beta=beta, uplo=uplo, out=y.view)
    y.check_around()
    alpha, beta, dense = case.typed(alpha), case.typed(beta), exact(self_adjoint(values, uplo, hermitian))
    reference = exact(alpha) * (dense @ exact(x.view)) + exact(beta) * exact(old)
    size = abs(alpha) * (np.abs(dense) @ np.abs(exact(x.view))) + abs(beta) * np.abs(old)
    case.close(y.view, reference, size, n)
    if n and not (kind in ("symv", "spmv") and is_complex(case.dtype)):
        fy, ints = np.array(old), (k,) if form == "band" else ()
        fortran(LETTER[case.dtype] + kind, uplo, n, *ints, alpha, *given, np.array(x.view), 1, beta, fy, 1)
        case.close(fy, reference, size, n)


def tri_vec(case, n, uplo, trans, diag, kind):
    form = FORMS[kind[1]]
    k = case.pick.choice((0, 1, 4))
    values = case.values(n, n) / case.dtype(max(n, 1)) + np.eye(n, dtype=case.dtype) * 2
    if form == "band":
        values = within_band(values, k, k)
    a, given = stored(case, values, form, uplo, k)
    x = case.operand(case.values(n))
    old = np.array(x.view)
    getattr(blas, kind)(a.view, x.view, uplo=uplo, trans=trans, diag=diag, out=x.view)
    x.check_around()
    dense = op(exact(triangular(values, uplo, diag)), trans)
    if kind.endswith("mv"):
        reference, size = dense @ exact(old), np.abs(dense) @ np.abs(exact(old))
        case.close(x.view, reference, size, n)
    else:
        residual = np.abs(exact(old) - dense @ exact(x.view))
        scale = (np.abs(dense) @ np.abs(exact(x.view))).max(initial=0)
        assert (residual <= 8 * max(n, 1) * case.eps * scale * (2 if is_complex(case.dtype) else 1)).all()
    if n:
        fx, ints = np.array(old), (k,) if form == "band" else ()
        fortran(LETTER[case.dtype] + kind, uplo, trans, diag, n, *ints, *given, fx, 1)
        assert np.allclose(fx, x.view, rtol=100 * n * case.eps, atol=100 * n * case.eps)


def ger(case, m, n, kind):
    alpha = case.number()
    x, y, a = case.operand(case.values(m)), case.operand(case.values(n)), case.operand(case.values(m, n))
    old = np.array(a.view)
    getattr(blas, kind)(x.view, y.view, a.view, alpha=alpha, out=a.view)
    a.check_around()
    alpha, ey = case.typed(alpha), exact(y.view).conj() if kind == "gerc" else exact(y.view)
    reference = exact(alpha) * np.outer(exact(x.view), ey) + exact(old)
    size = abs(alpha) * np.abs(np.outer(x.view, ey)) + np.abs(old)
    case.close(a.view, reference, size, 1)
    if m and n:
        fa = fcopy(old)
        name = LETTER[case.dtype] + ("ger" if not is_complex(case.dtype) else "geru" if kind == "ger" else kind)
        fortran(name, m, n, alpha, np.array(x.view), 1, np.array(y.view), 1, fa, m)
        case.close(fa, reference, size, 1)


def self_rank(case, n, uplo, kind):
    """syr, her, spr, hpr and their forms with two vectors."""
    hermitian, two, packed = kind.startswith("h"), kind.endswith("2"), kind[1] == "p"
    alpha = case.number(real=hermitian and not two)
    x, y = case.operand(case.values(n)), case.operand(case.values(n))
    values = case.values(n, n)
    if packed:
        a = case.operand(pack(values, uplo))
    else:
        a = case.operand(np.where(triangle(n, uplo), values, np.nan).astype(case.dtype))
    vectors = (x.view, y.view) if two else (x.view,)
    getattr(blas, kind)(*vectors, a.view, alpha=alpha, uplo=uplo, out=a.view)
    mask = triangle(n, uplo)
    a.check_around(True if packed else mask)
    alpha, ex, ey = case.typed(alpha), exact(x.view), exact(y.view)
    turn = np.conj if hermitian else (lambda v: v)
    if two:
        reference = exact(alpha) * np.outer(ex, turn(ey)) + exact(turn(alpha)) * np.outer(ey, turn(ex))
        size = abs(alpha) * (np.abs(np.outer(ex, ey)) + np.abs(np.outer(ey, ex)))
    else:
        reference, size = exact(alpha) * np.outer(ex, turn(ex)), abs(alpha) * np.abs(np.outer(ex, ex))
    old = values if not hermitian or alpha == 0 else values - 1j * np.diag(np.diag(values).imag)
    reference = reference + exact(old)
    if hermitian and alpha != 0:
        reference = reference - 1j * np.diag(np.diag(reference).imag)
    got = unpack(np.array(a.view), n, uplo) if packed else np.where(mask, a.view, 0)
    case.close(got, np.where(mask, reference, 0), size + np.abs(values), 2)
    if n and not (is_complex(case.dtype) and kind in ("syr", "spr", "syr2", "spr2")):
        fa = pack(values, uplo) if packed else fcopy(values)
        real = np.finfo(case.dtype).dtype.type
        number = real(alpha.real) if hermitian and not two else alpha
        pairs = itertools.chain.from_iterable((np.array(v), 1) for v in vectors)
        fortran(LETTER[case.dtype] + kind, uplo, n, number, *pairs, fa, *(() if packed else (n,)))
        theirs = unpack(fa, n, uplo) if packed else np.where(mask, fa, 0)
        case.close(theirs, np.where(mask, reference, 0), size + np.abs(values), 2)


# --- the whole table ---


def _flags(*choices):
    return list(itertools.product(*choices))


def table():
    """(name, types, function, all its flags), each function taking (case, sizes, flags)."""
    three = lambda c: [c.pick.choice(SIZES) for _ in range(3)]  # noqa: E731
    rows = []
    for routine, types in (("gemm", ALL), ("gemm3m", COMPLEX)):
        rows.append((routine, types, lambda c, f, r=routine: gemm(c, *three(c), *f, routine=r), _flags("NTC", "NTC")))
    for kind, types in (("symm", ALL), ("hemm", COMPLEX)):
        rows.append((kind, types, lambda c, f, k=kind: symm(c, *three(c)[:2], *f, k == "hemm"), _flags("LR", "UL")))
    for kind, types in (("syrk", ALL), ("herk", COMPLEX), ("syr2k", ALL), ("her2k", COMPLEX), ("syrkx", ALL), ("herkx", COMPLEX)):
        trans = "NC" if kind.startswith("h") else "NT"
        rows.append((kind, types, lambda c, f, k=kind: rank(c, *three(c)[:2], *f, k), _flags("UL", trans)))
    for kind in ("trmm", "trsm"):
        rows.append((kind, ALL, lambda c, f, k=kind: tri_mat(c, *three(c)[:2], *f, k), _flags("LR", "UL", "NTC", "NU")))
    rows.append(("gemv", ALL, lambda c, f: gemv(c, *three(c)[:2], *f), _flags("NTC")))
    rows.append(("gbmv", ALL, lambda c, f: gbmv(c, *three(c)[:2], *f), _flags("NTC")))
    for kind in ("symv", "sbmv", "spmv", "hemv", "hbmv", "hpmv"):
        types = COMPLEX if kind.startswith("h") else REAL if kind == "sbmv" else ALL
        rows.append((kind, types, lambda c, f, k=kind: self_mv(c, three(c)[0], *f, k), _flags("UL")))
    for kind in ("trmv", "trsv", "tbmv", "tbsv", "tpmv", "tpsv"):
        rows.append((kind, ALL, lambda c, f, k=kind: tri_vec(c, three(c)[0], *f, k), _flags("UL", "NTC", "NU")))
    for kind, types in (("ger", ALL), ("gerc", COMPLEX)):
        rows.append((kind, types, lambda c, f, k=kind: ger(c, *three(c)[:2], k), [()]))
    for kind in ("syr", "her", "spr", "hpr", "syr2", "her2", "spr2", "hpr2"):
        rows.append(
            (kind, COMPLEX if kind.startswith("h") else ALL, lambda c, f, k=kind: self_rank(c, three(c)[0], *f, k), _flags("UL"))
        )
    return [
        pytest.param(function, dtype, flags, id=LETTER[dtype] + name) for name, types, function, flags in rows for dtype in types
    ]


@pytest.mark.parametrize(("function", "dtype", "flags"), table())
def test_levels_2_and_3(function, dtype, flags):
    for number, flag in enumerate(flags):
        for repeat in range(max(1, 4 // len(flags))):
            function(Case(1000 * number + repeat, dtype), flag)


@pytest.mark.slow
@pytest.mark.parametrize(("function", "dtype", "flags"), table())
def test_levels_2_and_3_at_length(function, dtype, flags):
    for number, flag in enumerate(flags):
        for repeat in range(400 // len(flags) + 20):
            function(Case(7919 + 1000 * number + repeat, dtype), flag)


# --- level 1 ---


@pytest.mark.parametrize("dtype", ALL)
@pytest.mark.parametrize("n", [0, 1, 3, 64, 129, 5000])
def test_level_1(dtype, n):
    letter, real = LETTER[dtype], np.finfo(dtype).dtype.type
    for seed in range(4):
        case = Case(seed, dtype)
        x, y = case.operand(case.values(n)), case.operand(case.values(n))
        ex, ey = exact(x.view), exact(y.view)
        size = np.abs(ex) @ np.abs(ey)
        case.close(blas.dot(x.view, y.view), ex @ ey, size, n)
        case.close(blas.dotc(x.view, y.view), ex.conj() @ ey, size, n)
        assert type(blas.dot(x.view, y.view)) is dtype
        norm = blas.nrm2(x.view)
        assert type(norm) is real
        case.close(norm, np.sqrt((np.abs(ex) ** 2).sum()), norm, n)
        sizes = np.abs(ex.real) + np.abs(ex.imag)
        case.close(blas.asum(x.view), sizes.sum(), sizes.sum(), n)
        packed = np.array(x.view)
        if n:
            assert blas.amax(x.view) == fortran(f"i{letter}amax", n, packed, 1) - 1
            assert blas.amin(x.view) == np.argmin(np.abs(packed.real) + np.abs(packed.imag))
            prefix = {"s": "s", "d": "d", "c": "sc", "z": "dz"}[letter]
            assert np.isclose(norm, fortran(prefix + "nrm2", n, packed, 1), rtol=1e-3)
        alpha = case.number()
        old = np.array(y.view)
        blas.axpy(x.view, y.view, alpha=alpha, out=y.view)
        y.check_around()
        case.close(y.view, exact(dtype(alpha)) * ex + exact(old), abs(alpha) * np.abs(ex) + np.abs(old), 1)
        scaled = blas.scal(alpha, x.view)
        case.close(scaled, exact(dtype(alpha)) * ex, abs(alpha) * np.abs(ex), 1)
        a, b = np.array(x.view), np.array(y.view)
        blas.swap(x.view, y.view)
        x.check_around()
        assert (x.view == b).all() and (y.view == a).all()
        assert (blas.copy(x.view) == b).all()
        c, s = 0.6, 0.8j if is_complex(dtype) else 0.8
        p, q = blas.rot(x.view, y.view, c, s)
        case.close(p, real(c) * exact(b) + exact(dtype(s)) * exact(a), np.abs(a) + np.abs(b), 2)
        case.close(q, real(c) * exact(a) - exact(np.conj(dtype(s))) * exact(b), np.abs(a) + np.abs(b), 2)


@pytest.mark.parametrize("dtype", ALL)
def test_nrm2_neither_overflows_nor_underflows(dtype):
    info = np.finfo(dtype)
    for scale in (info.max / 8, info.tiny, info.smallest_subnormal * 64, 1.0):
        for n in (2, 40, 300):
            x = np.full(n, scale, dtype)
            expected = np.longdouble(scale) * np.sqrt(np.longdouble(n))
            if expected <= info.max:
                assert abs(np.longdouble(blas.nrm2(x)) - expected) <= 8 * info.eps * expected + info.smallest_subnormal
    assert blas.nrm2(np.array([1, np.inf, 3], dtype)) == np.inf
    assert np.isnan(blas.nrm2(np.array([1, np.nan, 3], dtype)))
    assert blas.nrm2(np.full(4, info.max, dtype)) == np.inf


@pytest.mark.parametrize("dtype", ALL)
def test_rotg(dtype):
    letter = LETTER[dtype]
    numbers = [0, 1, -2, 3.5, 1e-3] + ([1 + 2j, -0.5j] if is_complex(dtype) else [])
    real = np.finfo(dtype).dtype.type
    for a, b in itertools.product(numbers, numbers):
        r, z, c, s = blas.rotg(dtype(a), dtype(b))
        fa, fb, fc, fs = (np.array([v], t) for v, t in ((a, dtype), (b, dtype), (0, real), (0, dtype)))
        fortran(letter + "rotg", fa, fb, fc, fs)
        got = [r, c, s] if is_complex(dtype) else [r, z, c, s]
        want = [fa[0], fc[0], fs[0]] if is_complex(dtype) else [fa[0], fb[0], fc[0], fs[0]]
        assert np.allclose(got, want, rtol=16 * np.finfo(dtype).eps, atol=0), (a, b)


@pytest.mark.parametrize("dtype", REAL)
def test_rotmg_and_rotm(dtype):
    numbers = [0, 1, -2, 3.5, 1e-9, 3e8]
    for values in itertools.product(numbers, repeat=4):
        if values[0] <= 0 or values[2] == 0:
            # OpenBLAS leaves the reference here, which has no rotation for a negative d1.
            assert values[0] >= 0 or blas.rotmg(*map(dtype, values))[0].tolist() == [-1, 0, 0, 0, 0]
            continue
        param, d1, d2, x1 = blas.rotmg(*map(dtype, values))
        state = [np.array([v], dtype) for v in values[:3]]
        theirs = np.zeros(5, dtype)
        fortran(LETTER[dtype] + "rotmg", *state, np.array([values[3]], dtype), theirs)
        used = {-2: [0], -1: [0, 1, 2, 3, 4], 0: [0, 2, 3], 1: [0, 1, 4]}[int(theirs[0])]
        assert np.allclose(param[used], theirs[used], rtol=16 * np.finfo(dtype).eps), values
        assert np.allclose([d1, d2, x1], np.concatenate(state), rtol=16 * np.finfo(dtype).eps), values
    x, y = np.arange(5).astype(dtype), np.arange(5, 10).astype(dtype)
    for flag in (-2, -1, 0, 1):
        param = np.array([flag, 2, -3, 4, 0.5], dtype)
        fx, fy = x.copy(), y.copy()
        fortran(LETTER[dtype] + "rotm", 5, fx, 1, fy, 1, param)
        gx, gy = blas.rotm(x, y, param)
        assert np.allclose(gx, fx) and np.allclose(gy, fy)


# --- extensions ---


@pytest.mark.parametrize("dtype", ALL)
@pytest.mark.parametrize("n", SIZES)
def test_extensions(dtype, n):
    case = Case(n, dtype)
    a, b = case.operand(case.values(n, 5)), case.operand(case.values(5, n))
    for ta, tb in (("N", "T"), ("N", "C")):
        got = blas.geam(a.view, b.view, alpha=2, beta=-0.5, transa=ta, transb=tb)
        assert np.allclose(got, 2 * a.view - dtype(0.5) * op(b.view, tb), rtol=4 * case.eps, atol=4 * case.eps)
    assert np.array_equal(blas.geam(a.view, np.full((n, 5), np.nan, dtype), beta=0), a.view)
    x, y = case.operand(case.values(n)), case.operand(case.values(5))
    assert np.allclose(blas.dgmm(a.view, x.view), np.asarray(x.view)[:, None] * a.view, rtol=4 * case.eps)
    assert np.allclose(blas.dgmm(a.view, y.view, side="R"), a.view * y.view, rtol=4 * case.eps)
    square = case.operand(case.values(n, n))
    for uplo in "UL":
        packed = blas.trttp(square.view, uplo=uplo)
        assert np.array_equal(packed, pack(square.view, uplo))
        assert np.array_equal(blas.tpttr(packed, uplo=uplo), np.where(triangle(n, uplo), square.view, 0))


# --- batches ---


@pytest.mark.parametrize("dtype", ALL)
@pytest.mark.parametrize("n", [1, 4, 16, 33, 70])
def test_gemm_batched(dtype, n):
    case = Case(n, dtype)
    a, b, c = case.values(7, n, n + 1), case.values(7, n + 1, n + 2), case.values(7, n, n + 2)
    want = exact(a) @ exact(b)
    size = np.abs(exact(a)) @ np.abs(exact(b))
    for order in ("C", "F"):
        left, right = (np.array(s.transpose(0, 2, 1), order="C").transpose(0, 2, 1) if order == "F" else s for s in (a, b))
        case.close(blas.gemm_batched(left, right), want, size, n + 1)
        turned = blas.gemm_batched(left.transpose(0, 2, 1), right.conj().transpose(0, 2, 1), transa="T", transb="C")
        case.close(turned, want, size, n + 1)
    case.close(blas.gemm_batched(a, b, c, alpha=-1, beta=2), 2 * exact(c) - want, size + 2 * np.abs(c), n + 1)
    lists = blas.gemm_batched(list(a), list(b))
    assert isinstance(lists, list) and len(lists) == 7
    case.close(np.array(lists), want, size, n + 1)
    case.close(blas.gemm_batched(a[0], b), exact(a[0]) @ exact(b), np.abs(exact(a[0])) @ np.abs(exact(b)), n + 1)
    grouped = blas.gemm_grouped([{"a": a, "b": b}, {"a": b[:2], "b": b[:2], "transa": "T"}])
    case.close(grouped[0], want, size, n + 1)
    assert grouped[1].shape == (2, n + 2, n + 2)
    x = case.values(7, n + 1)
    got = blas.gemv_batched(a, x)
    case.close(got, (exact(a) @ exact(x)[:, :, None])[:, :, 0], (np.abs(exact(a)) @ np.abs(exact(x))[:, :, None])[:, :, 0], n + 1)


@pytest.mark.parametrize("dtype", ALL)
@pytest.mark.parametrize("n", [1, 3, 17, 64, 100])
def test_factorizations(dtype, n):
    case = Case(n, dtype)
    a, b = case.values(5, n, n) + 2 * np.eye(n, dtype=dtype), case.values(5, n, 3)
    norms = np.abs(a).sum(axis=2).max(axis=1)[:, None, None]
    tolerance = 8 * n * case.eps * (2 if is_complex(dtype) else 1)
    lu, pivots, info = blas.getrf_batched(a)
    assert (info == 0).all()
    for k in range(5):
        rows = np.arange(n)
        for i, p in enumerate(pivots[k]):
            rows[[i, p]] = rows[[p, i]]
        lower, upper = np.tril(exact(lu[k]), -1) + np.eye(n), np.triu(exact(lu[k]))
        assert np.abs(exact(a[k][rows]) - lower @ upper).max() <= tolerance * norms[k, 0, 0]
        assert np.abs(np.tril(lu[k], -1)).max(initial=0) <= 1.5
    for trans in "NTC":
        x = blas.getrs_batched(lu, pivots, b, trans=trans)
        turned = np.array([op(matrix, trans) for matrix in a])
        residual = np.abs(exact(b) - exact(turned) @ exact(x)).max(axis=(1, 2))
        assert (residual <= 4 * tolerance * n * norms[:, 0, 0] * np.abs(x).max(axis=(1, 2))).all()
    for inverse, info in (blas.getri_batched(lu, pivots), blas.matinv_batched(a)):
        assert (info == 0).all()
        assert (
            np.abs(exact(a) @ exact(inverse) - np.eye(n)).max(axis=(1, 2))
            <= tolerance * n * norms[:, 0, 0] * np.abs(inverse).max(axis=(1, 2))
        ).all()
    stays, none, info = blas.getrf_batched(a + 4 * n * np.eye(n, dtype=dtype), pivot=False)
    assert none is None and (info == 0).all()
    x = blas.getrs_batched(stays, None, b)
    assert np.abs((a + 4 * n * np.eye(n, dtype=dtype)) @ x - b).max() <= 100 * tolerance
    tall, right = case.values(4, n + 5, n), case.values(4, n + 5, 2)
    qr, tau = blas.geqrf_batched(tall)
    for k in range(4):
        q = np.eye(n + 5, dtype=np.clongdouble)
        for j in reversed(range(n)):
            v = np.concatenate([np.zeros(j), [1], exact(qr[k][j + 1 :, j])])
            q = q - exact(tau[k, j]) * np.outer(v, v.conj() @ q)
        r = np.vstack([np.triu(exact(qr[k][:n])), np.zeros((5, n))])
        assert np.abs(q @ r - tall[k]).max() <= 10 * tolerance
    x, info = blas.gels_batched(tall, right)
    assert (info == 0).all()
    for k in range(4):
        want = np.linalg.lstsq(tall[k].astype(np.complex128), right[k].astype(np.complex128), rcond=None)[0]
        assert np.abs(x[k] - want).max() <= 1e4 * n * case.eps * max(1, np.abs(want).max())
    t = triangular(a[0] + n * np.eye(n, dtype=dtype), "L", "N")
    solved = blas.trsm_batched(np.array([t] * 5), b, uplo="L")
    assert (
        np.abs(exact(t) @ exact(solved) - exact(b)).max() <= 8 * n * case.eps * np.abs(t).sum(axis=1).max() * np.abs(solved).max()
    )


def test_singular_matrices_say_so():
    a = np.array([[[1.0, 2], [2, 4]], [[1, 2], [3, 4]], [[0, 0], [0, 0]]])
    lu, pivots, info = blas.getrf_batched(a)
    assert info.tolist() == [2, 0, 1]
    assert blas.getri_batched(lu, pivots)[1].tolist() == [2, 0, 1]
    assert blas.gels_batched(np.zeros((1, 3, 2)), np.ones((1, 3, 1)))[1].tolist() == [1]


# --- threads, places, errors ---


@pytest.mark.parametrize("dtype", ALL)
def test_results_do_not_depend_on_the_number_of_threads(dtype):
    import verdigris

    case = Case(5, dtype)
    a, b, x = case.values(300, 257), case.values(257, 290), case.values(200_000)
    t = case.values(300, 300) + 20 * np.eye(300, dtype=dtype)
    results = []
    for threads in (1, 2, 3):
        with verdigris.num_threads(threads):
            work = [
                blas.gemm(a, b),
                blas.gemm(b, a, transa="C", transb="C"),
                blas.gemm(x[:50_000].reshape(-1, 5), x[:50_000].reshape(-1, 5), transa="T"),
                blas.gemv(a, b[:, 0]),
                blas.gemv(a, a[:, 0], trans="T"),
                blas.syrk(a),
                blas.trsm(t, a),
                np.array([blas.dot(x, x), blas.nrm2(x), blas.asum(x)]),
            ]
        results.append(work)
    for other in results[1:]:
        assert all(np.array_equal(one, two) for one, two in zip(results[0], other, strict=True))


def test_device_arrays_stay_there():
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    c = blas.gemm(cuda.to_device(a), cuda.to_device(b))
    assert isinstance(c, type(cuda.to_device(a))) and np.array_equal(c.copy_to_host(), a @ b)
    d = cuda.to_device(np.ones((2, 4)))
    assert blas.gemm(cuda.to_device(a), cuda.to_device(b), d, beta=1, out=d) is d
    assert np.array_equal(d.copy_to_host(), a @ b + 1)
    assert np.array_equal(blas.trsm(cuda.to_device(np.eye(3)), cuda.to_device(b)).copy_to_host(), b)
    with pytest.raises(VerdigrisError, match="gemm: `b` is a host array and `a` a device array"):
        blas.gemm(cuda.to_device(a), b)


class Shared:
    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_other_peoples_arrays():
    a = np.arange(6.0).reshape(2, 3)
    assert np.array_equal(blas.gemm(Shared(a), Shared(a), transb="T"), a @ a.T)
    assert np.array_equal(blas.gemm(memoryview(a), a.tolist(), transb="T"), a @ a.T)
    assert np.array_equal(blas.gemm(a.astype(">f8"), a, transb="T"), a @ a.T)
    record = np.zeros(3, np.dtype([("pad", "i1"), ("x", "f8")]))
    record["x"] = [1, 2, 3]
    assert blas.dot(record["x"], record["x"]) == 14
    gpu = type("Gpu", (), {"__cuda_array_interface__": {"shape": (2, 3)}})()
    with pytest.raises(VerdigrisError, match=r"gemm: `a` .* is in a GPU's memory"):
        blas.gemm(gpu, a)


A, B = np.ones((3, 4)), np.ones((4, 5))
FAULTS = [
    ("gemm", lambda out: blas.gemm(A, A), "b"),
    ("gemm", lambda out: blas.gemm(A, B.astype(np.float32)), "b"),
    ("gemm", lambda out: blas.gemm(A.astype(int), B), "a"),
    ("gemm", lambda out: blas.gemm(A[0], B), "a"),
    ("gemm", lambda out: blas.gemm(A, B, transa="X"), "transa"),
    ("gemm", lambda out: blas.gemm(A, B, transa=1), "transa"),
    ("gemm", lambda out: blas.gemm(A, B, alpha=float("nan"), out=out), "alpha"),
    ("gemm", lambda out: blas.gemm(A, B, beta=float("inf"), out=out), "beta"),
    ("gemm", lambda out: blas.gemm(A, B, alpha=1j, out=out), "alpha"),
    ("gemm", lambda out: blas.gemm(A, B, alpha="2", out=out), "alpha"),
    ("gemm", lambda out: blas.gemm(A, B, beta=1), "c"),
    ("gemm", lambda out: blas.gemm(A, B, out=out[:, :4]), "out"),
    ("gemm", lambda out: blas.gemm(A, B, out=out.astype(np.float32)), "out"),
    ("gemm", lambda out: blas.gemm(A, B, out=out.tolist()), "out"),
    ("gemm", lambda out: blas.gemm(A, B, np.ones((3, 4)), beta=1, out=out), "c"),
    ("gemm", lambda out: blas.gemm(out.T, out, out=np.broadcast_to(np.ones(5), (5, 5))), "out"),
    ("gemm", lambda out: blas.gemm(out[:, :3], out, out=out), "c"),
    ("gemm", lambda out: blas.gemm(np.ones((5, 3)), out, out=np.lib.stride_tricks.as_strided(np.ones(9), (5, 5), (8, 8))), "c"),
    ("gemm", lambda out: blas.gemm(np.ma.array(A), B), "a"),
    ("gemm", lambda out: blas.gemm(None, B), "a"),
    ("gemv", lambda out: blas.gemv(out, np.ones(4)), "x"),
    ("gemv", lambda out: blas.gemv(out, out[0], out=out[:, 0]), "y"),
    ("gbmv", lambda out: blas.gbmv(out, np.ones(5), m=5, kl=3, ku=1), "ab"),
    ("gbmv", lambda out: blas.gbmv(out, np.ones(5), m=-5, kl=1, ku=1), "m"),
    ("gbmv", lambda out: blas.gbmv(out, np.ones(5), m=5, kl=1.5, ku=1), "kl"),
    ("symv", lambda out: blas.symv(out, np.ones(5)), "a"),
    ("symv", lambda out: blas.symv(np.eye(3), np.ones(3), uplo="Q"), "uplo"),
    ("hemv", lambda out: blas.hemv(np.eye(3), np.ones(3)), "a"),
    ("spmv", lambda out: blas.spmv(np.ones(5), np.ones(3)), "ap"),
    ("her", lambda out: blas.her(np.ones(3, complex), alpha=1j), "alpha"),
    ("syrk", lambda out: blas.syrk(out, out, beta=1, out=out), "c"),
    ("syrk", lambda out: blas.syrk(out.astype(complex), trans="C"), "trans"),
    ("herk", lambda out: blas.herk(out.astype(complex), trans="T"), "trans"),
    ("trsm", lambda out: blas.trsm(np.eye(4), out), "b"),
    ("trsm", lambda out: blas.trsm(np.eye(3), out, side="X", out=out), "side"),
    ("trsm", lambda out: blas.trsm(np.eye(3), out, alpha=float("inf"), out=out), "alpha"),
    ("trsm", lambda out: blas.trsm(out[:, :3], out, out=out), "b"),
    ("trsm", lambda out: blas.trsm(np.eye(4), B, out=out), "out"),
    ("axpy", lambda out: blas.axpy(out[0], np.ones(4)), "y"),
    ("axpy", lambda out: blas.axpy(out[0], out[0], out=out[0, ::-1]), "y"),
    ("swap", lambda out: blas.swap(out[0], out[0, ::-1]), "y"),
    ("amax", lambda out: blas.amax(out[0, :0]), "x"),
    ("rot", lambda out: blas.rot(out[0], out[1], 1j, 1), "c"),
    ("rotm", lambda out: blas.rotm(out[0], out[1], [7, 0, 0, 0, 0]), "param"),
    ("dgmm", lambda out: blas.dgmm(out, np.ones(4)), "x"),
    ("geam", lambda out: blas.geam(out, B), "b"),
    ("tpttr", lambda out: blas.tpttr(np.ones(5)), "ap"),
    ("gemm_batched", lambda out: blas.gemm_batched(np.ones((2, 3, 4)), np.ones((3, 4, 5))), "b"),
    ("gemm_batched", lambda out: blas.gemm_batched([A, A], [B, B.T]), "b"),
    ("gemm_batched", lambda out: blas.gemm_batched([A, A], [B, B], out=[out, out]), "c"),
    ("gemm_batched", lambda out: blas.gemm_batched([], []), "a"),
    ("getrf_batched", lambda out: blas.getrf_batched(out[None]), "a"),
    ("getrs_batched", lambda out: blas.getrs_batched(np.eye(3)[None], [[0, 1, 7]], np.ones((1, 3, 1))), "pivots"),
    ("gels_batched", lambda out: blas.gels_batched(out[None], np.ones((1, 3, 1))), "a"),
]


@pytest.mark.parametrize(("routine", "wrong", "operand"), FAULTS, ids=[f"{f[0]}-{f[2]}-{i}" for i, f in enumerate(FAULTS)])
def test_faults_name_routine_and_operand_and_write_nothing(routine, wrong, operand):
    out = np.arange(15.0).reshape(3, 5)
    with pytest.raises(VerdigrisError) as caught:
        wrong(out)
    assert caught.value.routine == routine and caught.value.operand == operand, str(caught.value)
    assert f"{routine}: " in str(caught.value) and f"`{operand}`" in str(caught.value)
    assert np.array_equal(out, np.arange(15.0).reshape(3, 5))


def test_a_read_only_result_is_refused():
    out = np.zeros((3, 5))
    out.flags.writeable = False
    with pytest.raises(TypeError, match="gemm: `out` is read-only"):
        blas.gemm(A, B, out=out)


def test_interleaved_operands_are_not_shared_memory():
    both = np.arange(50.0).reshape(5, 10)
    product = both[:, ::2] @ both[:, ::2]
    blas.gemm(both[:, ::2], both[:, ::2], out=both[:, 1::2])
    assert np.array_equal(both[:, 1::2], product)


@pytest.mark.parametrize("cpu", ["haswell", "x86-64"])
def test_kernels_for_older_processors(python, cpu):
    code = """
import numpy as np
from verdigris import blas
rng = np.random.default_rng(3)
for dtype in "fdFD":
    unit, close = (1j if dtype in "FD" else 0), (1e-4 if dtype in "fF" else 1e-12)
    random = lambda *shape: (rng.uniform(-1, 1, shape) + unit * rng.uniform(-1, 1, shape)).astype(dtype)
    same = lambda x, y: np.testing.assert_allclose(x, y, rtol=0, atol=close * 20)
    for m, n, k in [(1, 1, 1), (7, 9, 5), (50, 33, 41), (130, 70, 300)]:
        a, b, x, y = random(m, k), random(k, n), random(k), random(m)
        same(blas.gemm(a, b), a @ b)
        same(blas.gemm(np.asfortranarray(a), b.T.copy(), transb="T"), a @ b)
        same(blas.gemv(a, x), a @ x)
        same(blas.gemv(np.asfortranarray(a), y, trans="C"), a.conj().T @ y)
        same(blas.ger(y, x, a, alpha=2), a + 2 * np.outer(y, x))
        same([blas.dot(x, x), blas.nrm2(x), blas.asum(x)], [x @ x, np.linalg.norm(x), (abs(x.real) + abs(x.imag)).sum()])
        same(np.triu(blas.syrk(a)), np.triu(a @ a.T))
        t = np.triu(random(k, k), 1) / k + 2 * np.eye(k, dtype=dtype)
        same(t @ blas.trsm(t, b), b)
        same(blas.trsm(t, a, side="R", trans="C") @ t.conj().T, a)
        same(blas.gemm_batched(np.stack([a] * 3), b), [a @ b] * 3)
print("same")
"""
    out = python("-c", code, VERDIGRIS_CPU=cpu)
    assert out.stdout == "same\n", out.stderr
