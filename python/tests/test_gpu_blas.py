"""BLAS on a GPU's arrays: run on one, and against the stand-in of the driver and cuBLAS (test_gpu_standin.py).

What the host gives, which is tested against SciPy, is what the GPU has to give, for every routine, type and layout."""

import itertools

import numpy as np
import pytest

from verdigris import blas, cuda, errors

pytestmark = pytest.mark.gpu

DTYPES = ["float32", "float64", "complex64", "complex128"]
COMPLEX = DTYPES[2:]
LAYOUTS = ["C", "F", "padded", "gaps", "back"]


def numbers(shape, dtype, seed):
    rng = np.random.default_rng(seed)
    made = rng.uniform(-1, 1, shape)
    if np.dtype(dtype).kind == "c":
        made = made + 1j * rng.uniform(-1, 1, shape)
    return made.astype(dtype)


def dominant(n, dtype, seed):
    """A matrix whose triangles are far from singular."""
    return numbers((n, n), dtype, seed) + 4 * np.eye(n, dtype=dtype)


def on_device(host, layout="C"):
    """The array on the device, lying so."""
    if layout in ("C", "F"):
        return cuda.to_device(np.array(host, order=layout))
    if layout == "padded":
        wider = tuple(n + 3 if i == host.ndim - 2 else n for i, n in enumerate(host.shape))
        made = cuda.to_device(np.zeros(wider, host.dtype, order="F"))[tuple(slice(n) for n in host.shape)]
    elif layout == "gaps":
        made = cuda.to_device(np.zeros([2 * n + 1 for n in host.shape], host.dtype))[(slice(1, None, 2),) * host.ndim]
        made = made[tuple(slice(n) for n in host.shape)]
    else:
        made = cuda.to_device(np.zeros(host.shape, host.dtype))[(slice(None, None, -1),) * host.ndim]
    assert made.shape == host.shape
    made.copy_to_device(host)
    return made


def close(dtype):
    tolerance = 2e-4 if np.dtype(dtype).char in "fF" else 1e-11
    return {"rtol": tolerance, "atol": tolerance}


def compare(made, expected, dtype, what=""):
    if isinstance(expected, tuple):
        for one, other in zip(made, expected, strict=True):
            compare(one, other, dtype, what)
        return
    if isinstance(made, cuda.DeviceNDArray if hasattr(cuda, "DeviceNDArray") else type(on_device(np.zeros(1)))):
        assert made.device.startswith("cuda"), what
        made = made.copy_to_host()
    np.testing.assert_allclose(made, expected, err_msg=what, **close(dtype))


def both(routine, arrays, dtype, layouts, **options):
    """The routine on the host and on the device, with a new result, and with `out` where it takes one operand to update."""
    call = getattr(blas, routine)
    expected = call(*arrays, **options)
    given = [on_device(array, layout) for array, layout in zip(arrays, layouts, strict=True)]
    compare(call(*given, **options), expected, dtype, f"{routine} {dtype} {layouts} {options}")
    for array, device in zip(arrays, given, strict=True):
        np.testing.assert_array_equal(device.copy_to_host(), array, err_msg=f"{routine}: an operand has changed")


def vectors_of(dtype, n=7):
    return numbers(n, dtype, 1), numbers(n, dtype, 2)


@pytest.mark.parametrize("dtype", DTYPES)
def test_level_1(dtype):
    x, y = vectors_of(dtype)
    for lx, ly in itertools.product(["C", "gaps", "back"], repeat=2):
        for routine in ("dot", "dotc", "axpy"):
            both(routine, [x, y], dtype, [lx, ly])
        both("rot", [x, y], dtype, [lx, ly], c=0.6, s=0.8)
        if np.dtype(dtype).kind == "f":
            for param in ([-1, 2, 3, 4, 5], [0, 0, 3, 4, 0], [1, 2, 0, 0, 5], [-2, 0, 0, 0, 0]):
                both("rotm", [x, y], dtype, [lx, ly], param=param)
        device = on_device(x, lx), on_device(y, ly)
        blas.swap(*device)
        compare(device, (y, x), dtype)
    for layout in ("C", "gaps", "back"):
        for routine in ("nrm2", "asum", "amax", "amin", "copy"):
            both(routine, [x], dtype, [layout])
        device = on_device(x, layout)
        compare(blas.scal(0.5, device), 0.5 * x, dtype)
        assert blas.scal(-2, device, out=device) is device
        compare(device, -2 * x, dtype)
        compare(blas.axpy(on_device(y, layout), device, alpha=3, out=device), 3 * y - 2 * x, dtype)
    value = blas.dot(on_device(x), on_device(y))
    assert isinstance(value, np.generic)
    assert value.dtype == dtype
    empty = cuda.device_array(0, dtype)
    assert blas.nrm2(empty) == 0
    with pytest.raises(errors.ShapeError, match="amax: `x` is empty"):
        blas.amax(empty)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_products(dtype, layout):
    for ta, tb in itertools.product("NTC", repeat=2):
        a = numbers((4, 5) if ta == "N" else (5, 4), dtype, 3)
        b = numbers((5, 3) if tb == "N" else (3, 5), dtype, 4)
        c = numbers((4, 3), dtype, 5)
        for lb, lc in (("C", "F"), ("F", "C"), (layout, layout)):
            options = {"alpha": 0.5, "beta": -2, "transa": ta, "transb": tb}
            both("gemm", [a, b, c], dtype, [layout, lb, lc], **options)
            target = on_device(c, lc)
            out = blas.gemm(on_device(a, layout), on_device(b, lb), out=target, **options)
            assert out is target
            compare(out, blas.gemm(a, b, c, **options), dtype, f"{layout} {lb} {lc} {options}")
        both("gemm3m", [a, b], dtype, [layout, "C"], transa=ta, transb=tb)
    # Nothing is read where beta is 0, and a sum over nothing is the old result times beta.
    target = on_device(np.full((4, 3), np.nan, dtype), layout)
    a, b = numbers((4, 5), dtype, 3), numbers((5, 3), dtype, 4)
    compare(blas.gemm(on_device(a), on_device(b), out=target), a @ b, dtype)
    c = numbers((4, 3), dtype, 5)
    target = on_device(c, layout)
    compare(blas.gemm(on_device(a[:, :0]), on_device(b[:0]), beta=3, out=target), 3 * c, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_level_2(dtype, layout):
    hermitian = np.dtype(dtype).kind == "c"
    vector = {"padded": "gaps"}.get(layout, layout)
    for trans in "NTC":
        a = numbers((4, 6), dtype, 6)
        x, y = numbers(6 if trans == "N" else 4, dtype, 7), numbers(4 if trans == "N" else 6, dtype, 8)
        both("gemv", [a, x, y], dtype, [layout, vector, vector], alpha=2, beta=0.5, trans=trans)
        band = numbers((4, 6), dtype, 9)
        x, y = numbers(6 if trans == "N" else 5, dtype, 7), numbers(5 if trans == "N" else 6, dtype, 8)
        both("gbmv", [band, x, y], dtype, [layout, "C", vector], m=5, kl=1, ku=2, alpha=2, beta=0.5, trans=trans)
    compare(
        blas.gemv(on_device(np.empty((3, 0), dtype)), on_device(np.empty(0, dtype)), on_device(numbers(3, dtype, 1)), beta=2),
        2 * numbers(3, dtype, 1),
        dtype,
    )
    n = 5
    square, x, y = dominant(n, dtype, 10), numbers(n, dtype, 11), numbers(n, dtype, 12)
    ab, ap = numbers((3, n), dtype, 13), numbers(n * (n + 1) // 2, dtype, 14)
    for uplo in "UL":
        names = [("symv", square), *([] if hermitian else [("sbmv", ab), ("spmv", ap)])]
        names += [("hemv", square), ("hbmv", ab), ("hpmv", ap)] if hermitian else []
        for routine, a in names:
            both(routine, [a, x, y], dtype, [vector if a.ndim == 1 else layout, vector, "C"], uplo=uplo, alpha=0.5, beta=2)
        for trans, diag in itertools.product("NTC", "NU"):
            full = ab + np.array([4, 0, 0] if uplo == "L" else [0, 0, 4], dtype)[:, None]
            packed = ap / 8
            corner = 0
            for j in range(n):
                packed[corner + (j if uplo == "U" else 0)] += 4
                corner += j + 1 if uplo == "U" else n - j
            for family, a in (("tr", square), ("tb", full), ("tp", packed)):
                lie = vector if a.ndim == 1 else layout
                for suffix in ("mv", "sv"):
                    both(family + suffix, [a, x], dtype, [lie, vector], uplo=uplo, trans=trans, diag=diag)
        updates = [("syr", [x], "a"), ("syr2", [x, y], "a")]
        updates += [("her", [x], "a"), ("her2", [x, y], "a"), ("hpr", [x], "ap"), ("hpr2", [x, y], "ap")] if hermitian else []
        updates += [] if hermitian else [("spr", [x], "ap"), ("spr2", [x, y], "ap")]
        for routine, given, kind in updates:
            start = square if kind == "a" else ap
            lie = layout if kind == "a" else vector
            alpha = 0.5 if routine in ("her", "hpr") or not hermitian else 0.5 + 0.25j
            options = {"alpha": alpha, "uplo": uplo}
            expected = getattr(blas, routine)(*given, start, **options)
            target = on_device(start, lie)
            getattr(blas, routine)(*[on_device(v, vector) for v in given], out=target, **options)
            compare(target, expected, dtype, f"{routine} {layout} {uplo}")
    a, x, y = numbers((4, 6), dtype, 15), numbers(4, dtype, 16), numbers(6, dtype, 17)
    for routine in ("ger", "gerc"):
        target = on_device(a, layout)
        getattr(blas, routine)(on_device(x, vector), on_device(y, vector), out=target, alpha=2)
        compare(target, getattr(blas, routine)(x, y, a, alpha=2), dtype, f"{routine} {layout}")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_level_3(dtype, layout):
    hermitian = np.dtype(dtype).kind == "c"
    alpha, beta = (0.5 + 0.25j, 2 - 1j) if hermitian else (0.5, 2)
    m, n = 4, 3
    b, c = numbers((m, n), dtype, 20), numbers((m, n), dtype, 21)
    for side, uplo, other in itertools.product("LR", "UL", ("C", "F", layout)):
        a = dominant(m if side == "L" else n, dtype, 22)
        flags = {"side": side, "uplo": uplo}
        for routine in ("symm", *(["hemm"] if hermitian else [])):
            target = on_device(c, other)
            call = getattr(blas, routine)
            call(on_device(a, layout), on_device(b, layout), alpha=alpha, beta=beta, out=target, **flags)
            compare(target, call(a, b, c, alpha=alpha, beta=beta, **flags), dtype, f"{routine} {layout} {other} {flags}")
        for trans, diag in itertools.product("NTC", "NU"):
            for routine in ("trmm", "trsm"):
                target = on_device(b, other)
                options = flags | {"trans": trans, "diag": diag, "alpha": alpha}
                getattr(blas, routine)(on_device(a, layout), target, out=target, **options)
                compare(target, getattr(blas, routine)(a, b, **options), dtype, f"{routine} {layout} {other} {options}")
    for uplo, trans, other in itertools.product("UL", "NTC", ("C", "F", layout)):
        shape = (4, 3) if trans == "N" else (3, 4)
        a, b, c = numbers(shape, dtype, 23), numbers(shape, dtype, 24), numbers((4, 4), dtype, 25)
        names = [] if hermitian and trans == "C" else ["syrk", "syr2k", "syrkx"]
        names += ["herk", "her2k", "herkx"] if hermitian and trans != "T" else []
        for routine in names:
            options = {
                "alpha": 0.5 if routine == "herk" else alpha,
                "beta": 2 if routine[0] == "h" else beta,
                "uplo": uplo,
                "trans": trans,
            }
            given = [a] if routine.endswith("rk") else [a, b]
            if routine.endswith("kx"):
                # Of a product that is known to be symmetric.
                given = [a, a]
                options["alpha"] = 0.5
            expected = getattr(blas, routine)(*given, c, **options)
            target = on_device(c, other)
            getattr(blas, routine)(*[on_device(one, layout) for one in given], out=target, **options)
            compare(target, expected, dtype, f"{routine} {layout} {other} {options}")
            fresh = options | {"beta": 0}
            compare(
                getattr(blas, routine)(*[on_device(g) for g in given], **fresh), getattr(blas, routine)(*given, **fresh), dtype
            )
    a, b = numbers((4, 3), dtype, 26), numbers((4, 3), dtype, 27)
    for ta, tb, other in itertools.product("NTC", "NTC", ("C", "F", layout)):
        left, right = a if ta == "N" else a.T, b if tb == "N" else b.T
        target = on_device(np.zeros((4, 3), dtype), other)
        options = {"alpha": alpha, "beta": beta, "transa": ta, "transb": tb}
        blas.geam(on_device(left, layout), on_device(right, layout), out=target, **options)
        compare(target, blas.geam(left, right, **options), dtype, f"geam {layout} {other} {options}")
    for side, other in itertools.product("LR", ("C", "F", layout)):
        x = numbers(4 if side == "L" else 3, dtype, 28)
        target = on_device(np.zeros((4, 3), dtype), other)
        blas.dgmm(on_device(a, layout), on_device(x, "back"), side=side, out=target)
        compare(target, blas.dgmm(a, x, side=side), dtype)
    square = numbers((4, 4), dtype, 29)
    for uplo in "UL":
        both("trttp", [square], dtype, [layout], uplo=uplo)
        ap = numbers(10, dtype, 30)
        target = on_device(square, layout)
        blas.tpttr(on_device(ap, "gaps"), out=target, uplo=uplo)
        compare(target, blas.tpttr(ap, square, uplo=uplo), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", ["C", "F", "padded", "gaps"])
def test_batches(dtype, layout):
    count = 3
    for ta, tb in itertools.product("NTC", repeat=2):
        a = numbers((count, 4, 5) if ta == "N" else (count, 5, 4), dtype, 31)
        b = numbers((count, 5, 3) if tb == "N" else (count, 3, 5), dtype, 32)
        c = numbers((count, 4, 3), dtype, 33)
        options = {"alpha": 0.5, "beta": 2, "transa": ta, "transb": tb}
        both("gemm_batched", [a, b, c], dtype, [layout, "C", layout], **options)
        lists = [[on_device(one, layout) for one in stack] for stack in (a, b, c)]
        compare(blas.gemm_batched(*lists, **options)[2], blas.gemm_batched(a, b, c, **options)[2], dtype)
    a, x = numbers((count, 4, 5), dtype, 34), numbers((count, 5), dtype, 35)
    both("gemv_batched", [a, x], dtype, [layout, "C"])
    square = np.stack([dominant(4, dtype, 36 + i) for i in range(count)])
    b = numbers((count, 4, 3), dtype, 40)
    for uplo, trans, diag in itertools.product("UL", "NTC", "NU"):
        both("trsm_batched", [square, b], dtype, [layout, layout], uplo=uplo, trans=trans, diag=diag, alpha=0.5)
        right = np.ascontiguousarray(b.transpose(0, 2, 1))
        both("trsm_batched", [square, right], dtype, ["C", layout], side="R", uplo=uplo, trans=trans, diag=diag)
    lu, pivots, info = blas.getrf_batched(square)
    device_lu, device_pivots, device_info = blas.getrf_batched(on_device(square, layout))
    compare(device_lu, lu, dtype)
    assert isinstance(device_pivots, np.ndarray)
    np.testing.assert_array_equal(device_pivots, pivots)
    np.testing.assert_array_equal(device_info, info)
    for trans in "NTC":
        solved = blas.getrs_batched(on_device(lu, layout), pivots, on_device(b, layout), trans=trans)
        compare(solved, blas.getrs_batched(lu, pivots, b, trans=trans), dtype)
    compare(blas.getri_batched(on_device(lu, layout), pivots)[0], np.linalg.inv(square), dtype)
    compare(blas.matinv_batched(on_device(square, layout))[0], np.linalg.inv(square), dtype)
    singular = np.zeros((1, 3, 3), dtype)
    assert blas.getrf_batched(on_device(singular))[2].tolist() == blas.getrf_batched(singular)[2].tolist() == [1]
    groups = [{"a": on_device(a), "b": on_device(numbers((count, 5, 2), dtype, 41))}, {"a": on_device(square), "b": on_device(b)}]
    compare(blas.gemm_grouped(groups)[1], square @ b, dtype)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_low_precision(layout):
    for kind, result in (("float16", "float16"), ("float16", "float32"), ("int8", "int32"), ("int8", "float32")):
        a, b = (numbers((5, 7), "float64", 50) * 100, numbers((7, 3), "float64", 51) * 100)
        a, b = (a.astype(kind), b.astype(kind)) if kind == "int8" else ((a / 100).astype(kind), (b / 100).astype(kind))
        expected = blas.gemm_ex(a, b, dtype=result)
        made = blas.gemm_ex(on_device(a, layout), on_device(b, layout), dtype=result)
        assert made.dtype == result
        exact = kind == "int8"
        np.testing.assert_allclose(made.copy_to_host(), expected, rtol=0 if exact else 2e-3, atol=0 if exact else 2e-3)
        turned = blas.gemm_ex(on_device(a.T, layout), on_device(b.T, layout), dtype=result, transa="T", transb="T")
        np.testing.assert_allclose(turned.copy_to_host(), expected, rtol=0 if exact else 2e-3, atol=0 if exact else 2e-3)


def test_streams_order_the_whole_call():
    stream = cuda.stream()
    a, b = numbers((6, 6), "float64", 60), numbers((6, 6), "float64", 61)
    device = [cuda.to_device(x, stream=stream) for x in (a, b)]
    product = blas.gemm(*device, stream=stream)
    again = blas.gemm(product, device[1], product, beta=1, stream=stream)
    stream.synchronize()
    np.testing.assert_allclose(again.copy_to_host(), a @ b @ b + a @ b)
    handle = blas.Handle(stream)
    np.testing.assert_allclose(handle.gemm(*device).copy_to_host(stream=stream), a @ b)


def test_what_is_refused():
    a, host = on_device(numbers((3, 4), "float64", 70)), numbers((4, 3), "float64", 71)
    with pytest.raises(errors.DeviceError, match="`b` is a host array and `a` a device array"):
        blas.gemm(a, host)
    with pytest.raises(errors.ShapeError):
        blas.gemm(a, a)
    with pytest.raises(errors.BadValueError, match="shares memory"):
        blas.gemm(a, on_device(np.eye(4)), out=a)
    with pytest.raises(errors.UnsupportedError, match="spmv: cuBLAS has no complex symmetric form") as caught:
        blas.spmv(on_device(numbers(6, "complex64", 1)), on_device(numbers(3, "complex64", 2)))
    assert (caught.value.code, caught.value.routine) == ("unsupported-on-device", "spmv")


def test_other_libraries_arrays():
    class Array:
        """Memory of a GPU's, as CuPy and PyTorch show it."""

        def __init__(self, array):
            self.__cuda_array_interface__ = array.__cuda_array_interface__
            self.array = array

    a, b = numbers((3, 4), "float32", 80), numbers((4, 3), "float32", 81)
    np.testing.assert_allclose(blas.gemm(Array(on_device(a)), Array(on_device(b))).copy_to_host(), a @ b, rtol=1e-5)


def test_several_threads():
    from threads import at_once

    a, b = numbers((8, 8), "float64", 90), numbers((8, 8), "float64", 91)
    device = on_device(a), on_device(b)

    def work(_):
        return [blas.gemm(*device).copy_to_host() for _ in range(20)]

    for results in at_once(8, work):
        for made in results:
            np.testing.assert_allclose(made, a @ b)


def test_pyculibs_handle():
    from verdigris.compat.pyculib import blas as pyculib

    handle = pyculib.Blas()
    a, b = (np.asfortranarray(numbers((3, 3), "float64", n)) for n in (95, 96))
    c = cuda.to_device(np.zeros((3, 3), order="F"))
    handle.gemm("N", "N", 3, 3, 3, 1.0, cuda.to_device(a), cuda.to_device(b), 0.0, c)
    np.testing.assert_allclose(c.copy_to_host(), a @ b)
    x, y = (cuda.to_device(numbers(5, "float64", n)) for n in (97, 98))
    np.testing.assert_allclose(handle.dot(x, y), x.copy_to_host() @ y.copy_to_host())
    handle.axpy(2.0, x, y)
    np.testing.assert_allclose(y.copy_to_host(), 2 * x.copy_to_host() + numbers(5, "float64", 98))
