"""Low precision, epilogues, plans and handles, and the choice of another BLAS."""

import glob
import os
import threading

import numpy as np
import pytest

from verdigris import blas, cuda
from verdigris.errors import VerdigrisError


def random(*shape):
    return np.random.default_rng(sum(shape)).uniform(-1, 1, shape)


@pytest.mark.parametrize("m, n, k", [(0, 3, 2), (3, 2, 0), (1, 1, 1), (33, 20, 65), (70, 130, 300)])
@pytest.mark.parametrize("transa", "NT")
def test_float16_rounds_once(m, n, k, transa):
    a, b = random(m, k).astype(np.float16), random(k, n).astype(np.float16)
    exact = a.astype(np.float64) @ b.astype(np.float64)
    size = np.abs(a).astype(float) @ np.abs(b).astype(float)
    given = np.asfortranarray(a.T) if transa == "T" else a
    c = blas.gemm_ex(given, b, transa=transa)
    assert c.dtype == np.float16 and (np.abs(c - exact) <= 2.0**-11 * np.abs(exact) * 1.001 + (k + 2) * 2e-7 * size + 6e-8).all()
    wide = blas.gemm_ex(given, b, transa=transa, dtype=np.float32)
    assert wide.dtype == np.float32 and (np.abs(wide - exact) <= (k + 2) * 2e-7 * size).all()
    old = random(m, n).astype(np.float16)
    kept = old.copy()
    assert (
        np.allclose(blas.gemm_ex(given, b, old, transa=transa, alpha=2, beta=-1), 2 * exact - old, rtol=1e-3, atol=1e-3)
        and (old == kept).all()
    )


@pytest.mark.parametrize("k", [0, 1, 5, 1024, 1025, 5000])
def test_int8_is_exact(k):
    rng = np.random.default_rng(k)
    a, b = rng.integers(-128, 128, (7, k), np.int8), rng.integers(-128, 128, (k, 9), np.int8)
    exact = a.astype(np.int64) @ b.astype(np.int64)
    assert np.array_equal(blas.gemm_ex(a, b), exact) and blas.gemm_ex(a, b).dtype == np.int32
    c = np.full((7, 9), 5, np.int32)
    blas.gemm_ex(a, b, c, alpha=-2, beta=3, out=c)
    assert np.array_equal(c, 15 - 2 * exact)
    low = np.full((3, k), -128, np.int8)
    assert (blas.gemm_ex(low, low, transb="T") == k * 2**14).all()


def test_bfloat16():
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    a, b = random(20, 30).astype(bfloat16), random(30, 10).astype(bfloat16)
    exact = a.astype(float) @ b.astype(float)
    c = blas.gemm_ex(a, b)
    assert c.dtype == bfloat16 and np.allclose(c.astype(float), exact, rtol=2**-8, atol=1e-5)
    assert np.allclose(blas.gemm_ex(a, b, dtype=np.float32), exact, atol=1e-5)


def test_epilogues():
    a, b, bias = random(6, 4), random(4, 5), random(5)
    x = a @ b
    y = x + bias
    gelu = lambda v: 0.5 * v * (1 + np.tanh(np.sqrt(2 / np.pi) * (v + 0.044715 * v**3)))  # noqa: E731
    assert np.allclose(blas.matmul(a, b, epilogue="BIAS", bias=bias), y)
    assert np.allclose(blas.matmul(a, b, epilogue="BIAS", bias=random(6, 1)), x + random(6, 1))
    assert np.allclose(blas.matmul(a, b, epilogue="RELU_BIAS", bias=bias), np.maximum(y, 0))
    d, mask = blas.matmul(a, b, epilogue="RELU_AUX_BIAS", bias=bias)
    assert np.allclose(d, np.maximum(y, 0)) and np.array_equal(mask, y > 0)
    d, aux = blas.matmul(a, b, epilogue="GELU_AUX", out=(out := np.empty((6, 5))))
    assert d is out and np.allclose(d, gelu(x)) and np.allclose(aux, x)
    step = 1e-6
    slope = (gelu(y + step) - gelu(y - step)) / (2 * step)
    d, gradient = blas.matmul(a, b, epilogue="DGELU_BGRAD", aux=y)
    assert np.allclose(d, x * slope, atol=1e-6) and np.allclose(gradient, (x * slope).sum(axis=0), atol=1e-5)
    assert np.allclose(blas.matmul(a, b, epilogue="DRELU", aux=mask), x * mask)
    assert np.allclose(blas.matmul(a, b, epilogue="BGRADA")[1], a.sum(axis=1))
    assert np.allclose(blas.matmul(a, b, epilogue="BGRADB")[1], b.sum(axis=0))
    half = blas.matmul(a.astype(np.float16), b.astype(np.float16), epilogue="GELU")
    assert half.dtype == np.float16 and np.allclose(half, gelu(x), atol=5e-3)
    there = blas.matmul(cuda.to_device(a), cuda.to_device(b), epilogue="RELU")
    assert np.allclose(there.copy_to_host(), np.maximum(x, 0))


@pytest.mark.parametrize(
    "wrong, operand",
    [
        (lambda: blas.matmul(random(3, 4), random(4, 5), epilogue="SELU"), "epilogue"),
        (lambda: blas.matmul(random(3, 4), random(4, 5), epilogue="BIAS"), "bias"),
        (lambda: blas.matmul(random(3, 4), random(4, 5), bias=random(5)), "bias"),
        (lambda: blas.matmul(random(3, 4), random(4, 5), epilogue="BIAS", bias=random(4)), "bias"),
        (lambda: blas.matmul(random(3, 4), random(4, 5), epilogue="DRELU"), "aux"),
        (lambda: blas.gemm_ex(np.ones((2, 2), np.int8), np.ones((2, 2), np.int8), alpha=0.5), "alpha"),
        (lambda: blas.gemm_ex(np.ones((2, 2), np.int8), np.ones((2, 2), np.int8), dtype=np.int64), "dtype"),
        (lambda: blas.gemm_ex(np.ones((2, 3), np.float16), np.ones((2, 3), np.float16)), "b"),
        (lambda: blas.gemm_ex(np.ones((2, 2), np.float16), np.ones((2, 2), np.float16), compute="float8"), "compute"),
        (lambda: blas.Plan((2, 3), (2, 3)), "b_shape"),
        (lambda: blas.Plan((2, 3), (3, 2), int), "dtype"),
        (lambda: blas.Plan((2, 3), (3, 2))(random(3, 3), random(3, 2)), "a"),
    ],
)
def test_faults_name_the_operand(wrong, operand):
    with pytest.raises(VerdigrisError) as caught:
        wrong()
    assert caught.value.operand == operand, str(caught.value)


def test_plans():
    plan = blas.Plan((200, 300), (200, 150), alpha=2, transa="T")
    a, b = random(200, 300), random(200, 150)
    before = plan(a, b)
    assert np.array_equal(before, blas.gemm(a, b, alpha=2, transa="T"))
    plan.autotune(seconds=0.05)
    assert np.array_equal(plan(a, b), before)
    for plan.tile in (128, 256, 1024):
        assert np.array_equal(plan(a, b), before)
    results = [None] * 8

    def work(i):
        results[i] = plan(a, b)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(result, before) for result in results)


def test_a_handle_orders_its_routines_on_its_stream():
    stream = cuda.stream()
    handle = blas.Handle(stream)
    a = random(3, 3)
    assert np.array_equal(handle.gemm(a, a), blas.gemm(a, a)) and np.isclose(handle.dot(a[0], a[0]), a[0] @ a[0])
    assert stream.ordered == 2 and "trsm" in dir(handle)
    with pytest.raises(AttributeError):
        _ = handle.gem


def _openblas():
    import scipy

    pattern = os.path.join(os.path.dirname(scipy.__file__), "..", "scipy.libs", "libscipy_openblas*.so")
    return glob.glob(pattern)


def test_another_blas(python):
    found = _openblas()
    if not found:
        pytest.skip("SciPy brings no OpenBLAS here")
    code = """
import numpy as np
from verdigris import blas
rng = np.random.default_rng(1)
for dtype in "fdFD":
    unit = 1j if dtype in "FD" else 0
    a, b = ((rng.uniform(-1, 1, (90, 90)) + unit * rng.uniform(-1, 1, (90, 90))).astype(dtype) for _ in range(2))
    for x in (a, np.asfortranarray(a), a[:, ::-1]):
        for t in "NTC":
            op = {"N": x, "T": x.T, "C": x.conj().T}[t]
            assert np.allclose(blas.gemm(x, b, transa=t, alpha=0.5), 0.5 * op @ b, atol=1e-4)
            s = blas.trsm(x + 20 * np.eye(90, dtype=dtype), b, trans=t)
            u = np.triu(x) + 20 * np.eye(90)
            assert np.allclose({"N": u, "T": u.T, "C": u.conj().T}[t] @ s, b, atol=1e-3)
        assert np.allclose(np.triu(blas.syrk(x)), np.triu(x @ x.T), atol=1e-4)
        if dtype in "FD":
            assert np.allclose(np.triu(blas.herk(x, trans="C")), np.triu(x.conj().T @ x), atol=1e-4)
print("same")
"""
    out = python("-c", code, VERDIGRIS_BLAS=found[0])
    assert out.stdout == "same\n", out.stderr


@pytest.mark.parametrize(
    "name, reason",
    [
        ("nothing", "names no BLAS"),
        ("/no/such/lib.so", "cannot be opened"),
        ("/lib/x86_64-linux-gnu/libc.so.6", "no cblas_dgemm"),
    ],
)
def test_a_blas_that_cannot_be_used(python, name, reason):
    code = """
import numpy as np
from verdigris import blas, errors
try: blas.gemm(np.eye(3), np.eye(3))
except errors.LibraryNotFound as error: print(error)
print(blas.dot(np.ones(3), np.ones(3)))
"""
    out = python("-c", code, VERDIGRIS_BLAS=name)
    first, second = out.stdout.splitlines()
    assert first.startswith(f"VERDIGRIS_BLAS={name}: ") and reason in first and second == "3.0"
