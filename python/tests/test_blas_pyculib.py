"""pyculib.blas's stand-in: pyculib 1.0.1's rules, against NumPy."""

import warnings

import numpy as np
import pytest

import verdigris
from verdigris import cuda
from verdigris.compat.pyculib import blas
from verdigris.compat.pyculib.blas import Blas, LayoutWarning, binding
from verdigris.errors import ShapeError, VerdigrisError

ALL = (np.float32, np.float64, np.complex64, np.complex128)


def random(*shape, dtype=np.float64):
    rng = np.random.default_rng(sum(shape))
    values = rng.uniform(-1, 1, shape)
    return (values + 1j * rng.uniform(-1, 1, shape) if np.dtype(dtype).kind == "c" else values).astype(dtype)


def test_functions_promote_as_pyculib_did():
    x, y = random(5, dtype=np.float32), random(5, dtype=np.float32)
    a = random(5, 5, dtype=np.float32)
    assert type(blas.dot(x, y)) is np.float32
    assert type(blas.dot(x, y.astype(complex))) is np.complex128
    assert blas.axpy(2.0, x, y).dtype == np.float64
    assert blas.axpy(np.float32(2), x, y).dtype == np.float32
    assert blas.gemv("N", 1.0, a, x).dtype == np.float64
    assert blas.gemv("N", np.float32(1), a, x, np.float32(0)).dtype == np.float32
    assert blas.gemm("N", "T", 1j, a, a).dtype == np.complex128


def test_results_go_into_what_has_their_type():
    x, y = random(5), random(5)
    want = 2 * x + y
    assert blas.axpy(2.0, x, y) is y and np.allclose(y, want)
    small = random(5, dtype=np.float32)
    before = small.copy()
    assert blas.axpy(2.0, x, small) is not small and np.array_equal(small, before)
    c = np.zeros((3, 3))
    a, b = random(3, 4), random(4, 3)
    assert blas.gemm("N", "N", 1, a, b, 0, c) is c and np.allclose(c, a @ b)
    strided = np.zeros((6, 6))[::2, ::2]
    assert blas.gemm("N", "N", 1, a, b, 1, strided) is strided and np.allclose(strided, a @ b)
    fresh = blas.gemm("t", "n", 1, a, random(3, 2))
    assert fresh.flags.f_contiguous and np.allclose(fresh, a.T @ random(3, 2))


def test_pyculibs_bugs_are_mended():
    a, x = random(3, 5), random(5)
    assert np.allclose(blas.gemv("N", 1.0, a, x), a @ x)
    assert np.allclose(blas.gemv("T", 1.0, a, random(3)), a.T @ random(3))
    assert np.isclose(blas.dot(cuda.to_device(x), cuda.to_device(x)), x @ x)
    y = cuda.to_device(np.ones(3))
    assert blas.gemv("N", 1.0, cuda.to_device(a), cuda.to_device(x), 1.0, y) is y
    assert np.allclose(y.copy_to_host(), a @ x + 1)
    p, q = cuda.to_device(np.arange(6.0)), cuda.to_device(np.arange(12.0))
    Blas().rot(p, q[::2], 0.0, 1.0)
    assert p.copy_to_host().tolist() == [0, 2, 4, 6, 8, 10]
    assert q.copy_to_host()[::2].tolist() == [0, -1, -2, -3, -4, -5]


def test_wrong_arguments_of_the_functions():
    a, x = random(3, 5), random(5)
    for call, error, text in [
        (lambda: blas.dot(x, x.astype(int)), TypeError, "y has unsupported type int64"),
        (lambda: blas.dot([1.0], x), AttributeError, "dtype"),
        (lambda: blas.axpy("2", x, x), ValueError, "alpha is not a numeric type"),
        (lambda: blas.gemv("H", 1, a, x), ValueError, "trans has invalid value"),
        (lambda: blas.gemv("N", 1, x, x), ValueError, "A is not a two-dimensional array"),
        (lambda: blas.dot(a, x), ValueError, "x is not a one-dimensional array"),
        (lambda: blas.gemv("T", 1, a, x), ValueError, "arrays A and x have incompatible shapes"),
    ]:
        with pytest.raises(error, match=text):
            call()


@pytest.mark.parametrize("dtype", ALL)
def test_level_1_of_the_class(dtype):
    b, x, y = Blas(), random(9, dtype=dtype), random(10, dtype=dtype)[1:]
    assert np.isclose(b.nrm2(x), np.linalg.norm(x)) and type(b.nrm2(x)) is float
    assert np.isclose(b.asum(x), np.abs(x.real).sum() + np.abs(x.imag).sum())
    sizes = np.abs(x.real) + np.abs(x.imag)
    assert (b.amax(x), b.amin(x)) == (sizes.argmax(), sizes.argmin())
    assert type(b.dot(x, y)) is dtype and np.isclose(b.dot(x, y), x @ y)
    z = y.copy()
    assert b.axpy(0.5, x, z) is None and np.allclose(z, 0.5 * x + y)
    b.scal(2.0, z)
    assert np.allclose(z, x + 2 * y)
    if np.dtype(dtype).kind == "c":
        assert np.isclose(b.dotc(x, y), np.vdot(x, y))
        with pytest.raises(TypeError):
            b.scal(2, z)
    else:
        with pytest.raises(TypeError):
            b.dotc(x, y)
    r, _, c, s = b.rotg(dtype(3), dtype(4))
    assert np.isclose(abs(r), 5) and np.isclose(c * 3 + s * 4, r)
    with pytest.raises(TypeError, match="All arrays must have the same dtype"):
        b.dot(x, np.zeros(9, np.float32 if dtype != np.float32 else np.float64))
    with pytest.raises(ValueError, match="same shape"):
        b.dot(x, y[:3])
    with pytest.raises(ValueError, match="non-contiguous"):
        b.nrm2(x[::2])


@pytest.mark.parametrize("dtype", ALL)
@pytest.mark.parametrize("place", [lambda a: a, cuda.to_device])
def test_levels_2_and_3_of_the_class(dtype, place):
    b = Blas()
    host = lambda a: a if isinstance(a, np.ndarray) else a.copy_to_host()  # noqa: E731
    a, m, n = np.asfortranarray(random(4, 3, dtype=dtype)), 4, 3
    right, c = np.asfortranarray(random(3, 5, dtype=dtype)), place(np.asfortranarray(np.zeros((4, 5), dtype)))
    assert b.gemm("N", "N", m, 5, n, 1.0, place(a), place(right), 0.0, c) is None
    assert np.allclose(host(c), a @ right, atol=1e-5)
    y = place(np.ones(3, dtype))
    b.gemv("T", m, n, 2.0, place(a), place(random(4, dtype=dtype)), 1.0, y)
    assert np.allclose(host(y), 2 * a.T @ random(4, dtype=dtype) + 1, atol=1e-5)
    square = np.asfortranarray(random(4, 4, dtype=dtype) + 3 * np.eye(4, dtype=dtype))
    x = place(np.asfortranarray(random(4, 2, dtype=dtype)))
    b.trsm("L", "U", "N", False, 4, 2, 1.0, place(square), x)
    assert np.allclose(np.triu(square) @ host(x), random(4, 2, dtype=dtype), atol=1e-4)
    out = place(np.asfortranarray(np.zeros((4, 2), dtype)))
    b.trmm("L", "L", "N", True, 4, 2, 1.0, place(square), x, out)
    unit = np.tril(square, -1) + np.eye(4)
    assert np.allclose(host(out), unit @ host(x), atol=1e-4)
    b.geam("N", "T", 4, 4, 1.0, place(square), 2.0, place(square), place(square.copy(order="F")))
    d = place(np.asfortranarray(np.zeros((4, 3), dtype)))
    b.dgmm("R", 4, 3, place(a), place(random(3, dtype=dtype)), d)
    assert np.allclose(host(d), a * random(3, dtype=dtype), atol=1e-5)
    s = place(np.asfortranarray(np.zeros((4, 4), dtype)))
    b.syrk("U", "N", 4, 3, 1.0, place(a), 0.0, s)
    assert np.allclose(np.triu(host(s)), np.triu(a @ a.T), atol=1e-5) and (np.tril(host(s), -1) == 0).all()


def test_c_order_is_read_as_columns_and_told_once_a_call_site():
    a, x, y = np.arange(12.0).reshape(3, 4), np.ones(4), np.zeros(3)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("default")
        for _ in range(3):
            Blas().gemv("N", 3, 4, 1.0, a, x, 0.0, y)
    assert [w.category for w in seen] == [LayoutWarning] and seen[0].filename == __file__
    assert y.tolist() == a.reshape(4, 3).T.sum(axis=1).tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Blas().gemv("N", 3, 4, 1.0, np.asfortranarray(a), x, 0.0, y)
        Blas().gemv("N", 1, 4, 1.0, a[:1], x, 0.0, y[:1])


def test_sizes_that_the_arrays_do_not_have_are_refused():
    a, x, y = np.asfortranarray(random(3, 4)), np.ones(4), np.full(3, 7.0)
    for m, n in [(3, 5), (4, 4), (-1, 4), (10**9, 10**9)]:
        with pytest.raises(ShapeError):
            Blas().gemv("N", m, n, 1.0, a, x, 0.0, y)
    assert (y == 7).all()
    low = binding.cuBlas()
    device = [cuda.to_device(v) for v in (a, x, y)]
    for lda, incx in [(2, 1), (4, 1), (3, 2), (3, 0)]:
        with pytest.raises(ShapeError):
            low.Dgemv("N", 3, 4, 1.0, device[0], lda, device[1], incx, 0.0, device[2], 1)


def test_bad_flags_types_and_arguments_of_the_class():
    a, x, y, b = np.asfortranarray(random(3, 3)), np.ones(3), np.zeros(3), Blas()
    with pytest.raises(KeyError):
        b.gemv("n", 3, 3, 1.0, a, x, 0.0, y)
    with pytest.raises(KeyError, match="y"):
        b.gemv("N", 3, 3, 1.0, a, x, 0.0)
    with pytest.raises(AssertionError):
        b.gemv("N", 3, 3, 1.0, a, x, 0.0, y, y=y)
    with pytest.raises(AssertionError, match="unknown typecode"):
        b.hemv("U", 3, 1.0, a, x, 0.0, y)
    with pytest.raises(TypeError, match="1th array dtype mismatch: got float32 but expect float64"):
        b.gemv("N", 3, 3, 1.0, a, x.astype(np.float32), 0.0, y)
    with pytest.raises(KeyError):
        b.gemv("N", 3, 3, 1.0, a.astype(int), x.astype(int), 0.0, y.astype(int))


def test_the_binding_has_pyculibs_150_methods():
    low = binding.cuBlas()
    methods = [name for name in dir(low) if name[0] in "SDCZI" and callable(getattr(low, name))]
    assert len(methods) == 150, len(methods)
    x, y = (cuda.to_device(np.arange(6.0) - 2) for _ in range(2))
    assert low.Idamax(6, x, 1) == 6 and low.Idamin(6, x, 1) == 3
    assert low.Ddot(3, x, 2, y, -2) == np.dot([-2, 0, 2], [2, 0, -2])
    assert low.Drotg(3.0, 4.0)[0] == 5.0 and low.Drotmg(1.0, 1.0, 1.0, 1.0).shape == (5,)
    a = cuda.to_device(np.asfortranarray(random(4, 4)))
    low.Dgemm("N", "T", 2, 2, 2, 1.0, a, 4, a, 4, 0.0, cuda.to_device(np.zeros(4)), 2)
    with pytest.raises(VerdigrisError, match="Dscal: `x` has to be a device array"):
        low.Dscal(3, 2.0, np.ones(3), 1)


def test_the_names_are_where_scripts_look(python):
    assert verdigris.blas.Blas is Blas
    code = """
from verdigris import compat
compat.install()
from pyculib import blas as cublas
import pyculib.blas.binding
import numpy as np
print(cublas.gemm("N", "N", 1.0, np.eye(2), np.eye(2)).tolist(), cublas.Blas().stream)
"""
    out = python("-c", code)
    assert out.stdout == "[[1.0, 0.0], [0.0, 1.0]] 0\n", out.stderr
