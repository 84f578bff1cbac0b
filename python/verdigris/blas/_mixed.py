"""Low precision, and products with something done to each element of the result.

float16 and bfloat16 are summed in float32 and rounded once, whatever less a `compute` asks for; int8 is summed in int32, which
wraps. NumPy has no bfloat16 of its own: arrays of the dtype of that name (package ml_dtypes) are taken.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._verdigris import DeviceNDArray, blas_mixed
from ..errors import ArgumentError, BadValueError, ShapeError
from ._matrix import gemm
from ._operands import DTYPES, Array, Call, dtype_of, plain

_COMPUTE = ("float16", "bfloat16", "float32", "int32", "float64")
_RESULTS = {"float16": ("float16", "float32"), "bfloat16": ("bfloat16", "float32"), "int8": ("int32", "float32")}


def _raw(array: Array) -> Array:
    return array.view(np.uint16) if array.dtype.name == "bfloat16" else array


def gemm_ex(
    a: Any,
    b: Any,
    c: Any = None,
    *,
    alpha: Any = 1,
    beta: Any = 0,
    transa: str = "N",
    transb: str = "N",
    dtype: Any = None,
    compute: str | None = None,
    out: Any = None,
    stream: Any = None,
) -> Array:
    """alpha op(a) op(b) + beta c with operands of low precision, and a result of `dtype`.

    float16 gives float16 or float32, bfloat16 gives bfloat16 or float32, int8 gives int32 or float32; operands of BLAS's own
    types go to `gemm`. `compute` names the least precise type that sums may be kept in.
    """
    call = Call("gemm_ex", stream)
    if compute is not None and (not isinstance(compute, str) or compute not in _COMPUTE):
        raise call.refuse(BadValueError, "bad-value", "compute", f"is {compute!r}, and has to be one of {', '.join(_COMPUTE)}")
    first = getattr(a, "dtype", None)
    name = first.name if isinstance(first, np.dtype) else ""
    if name not in _RESULTS:
        if dtype is not None and dtype_of(call, "dtype", dtype) != first:
            raise call.refuse(ArgumentError, "bad-dtype", "dtype", f"is {np.dtype(dtype)}, which operands of {first} do not make")
        return gemm(a, b, c, alpha=alpha, beta=beta, transa=transa, transb=transb, out=out, stream=stream)
    assert first is not None
    if compute == "float64":
        raise call.refuse(BadValueError, "bad-value", "compute", f"is float64, and {name} is summed in less")
    call.dtypes = (first,)
    a, b = call.array("a", a, 2), call.array("b", b, 2)
    flags, shape = call.product(a, b, transa, transb)
    if dtype is None:
        usual = _RESULTS[name][0] if name != "bfloat16" else first
        dtype = next((given.dtype for given in (out, c) if hasattr(given, "dtype")), usual)
    dtype = dtype_of(call, "dtype", dtype)
    if dtype.name not in _RESULTS[name]:
        raise call.refuse(
            ArgumentError, "bad-dtype", "dtype", f"is {dtype}, and operands of {name} make {' or '.join(_RESULTS[name])}"
        )
    call.dtype, call.dtypes, call.first = dtype, (dtype,), "dtype"
    numbers = []
    for operand, value in (("alpha", alpha), ("beta", beta)):
        if dtype.name == "int32":
            if (
                isinstance(value, (bool, float, complex))
                or not isinstance(value, (int, np.integer))
                or not -(2**31) <= value < 2**31
            ):
                raise call.refuse(ArgumentError, "bad-scalar", operand, f"is {value!r}, and has to be an int32 here")
            numbers.append(float(value))
        else:
            call.dtype = np.dtype(np.float32)
            numbers.append(call.number(operand, value).real)
    call.dtype = dtype
    result = call.result("c", shape, c, out, numbers[1])
    arrays, turned = [_raw(a), _raw(b), _raw(result)], [flag != "N" for flag in flags]
    started = call._start
    if started is not None:
        blas_mixed(arrays, *turned, *numbers, stream, True)
        np.copyto(*started) if not call.on_device else started[0].copy_to_device(started[1])
    blas_mixed(arrays, *turned, *numbers, stream)
    return result


# --- epilogues ---

_GELU_IN, _GELU_CUBIC = 0.7978845608028654, 0.044715
EPILOGUES = (
    "DEFAULT",
    "BIAS",
    "RELU",
    "RELU_BIAS",
    "RELU_AUX",
    "RELU_AUX_BIAS",
    "GELU",
    "GELU_BIAS",
    "GELU_AUX",
    "GELU_AUX_BIAS",
    "DRELU",
    "DRELU_BGRAD",
    "DGELU",
    "DGELU_BGRAD",
    "BGRADA",
    "BGRADB",
)


def _gelu(x: Array) -> Array:
    return 0.5 * x * (1 + np.tanh(_GELU_IN * (x + _GELU_CUBIC * x**3)))


def _gelu_slope(x: Array) -> Array:
    inner = np.tanh(_GELU_IN * (x + _GELU_CUBIC * x**3))
    return 0.5 * (1 + inner) + 0.5 * x * (1 - inner**2) * _GELU_IN * (1 + 3 * _GELU_CUBIC * x**2)


def matmul(
    a: Any,
    b: Any,
    c: Any = None,
    *,
    alpha: Any = 1,
    beta: Any = 0,
    transa: str = "N",
    transb: str = "N",
    epilogue: str = "DEFAULT",
    bias: Any = None,
    aux: Any = None,
    dtype: Any = None,
    out: Any = None,
    stream: Any = None,
) -> Any:
    """A product with an epilogue, as cublasLt's matmul: d = epilogue(alpha op(a) op(b) + beta c).

    `epilogue` is one of cublasLt's names. `bias` is added as NumPy broadcasts it: a vector to each row, an (m, 1) array to each
    column (which is what cublasLt's bias is). GELU is the tanh form. What the forms return:

    - `DEFAULT BIAS RELU RELU_BIAS GELU GELU_BIAS`: d.
    - `RELU_AUX`, `RELU_AUX_BIAS`: (d, mask), mask true where the result was kept.
    - `GELU_AUX`, `GELU_AUX_BIAS`: (d, what GELU was given).
    - `DRELU`, `DGELU`: d times the activation's slope at `aux`, which the forward form returned.
    - `DRELU_BGRAD`, `DGELU_BGRAD`: (d, its sum over rows).
    - `BGRADA`, `BGRADB`: (d, the sum of op(a) over its columns, or of op(b) over its rows).
    """
    call = Call("matmul", stream)
    name = epilogue.upper() if isinstance(epilogue, str) else ""
    if name not in EPILOGUES:
        raise call.refuse(BadValueError, "bad-value", "epilogue", f"is {epilogue!r}, and has to be one of {', '.join(EPILOGUES)}")
    if (bias is not None) != name.endswith("BIAS"):
        wrong = "is missing" if bias is None else "is given"
        raise call.refuse(BadValueError, "bad-value", "bias", f"{wrong}, and the epilogue is {name}")
    if (aux is not None) != name.startswith(("DRELU", "DGELU")):
        wrong = "is missing" if aux is None else "is given"
        raise call.refuse(BadValueError, "bad-value", "aux", f"{wrong}, and the epilogue is {name}")
    bias, aux = (
        None if value is None else plain("matmul", operand, value, "biufc") for operand, value in (("bias", bias), ("aux", aux))
    )
    shapes = [getattr(operand, "shape", None) for operand in (a, b)]
    rows, cols = (
        shape[(flag == "N") == (place == 1)] if isinstance(shape, tuple) and len(shape) == 2 else None
        for place, (shape, flag) in enumerate(zip(shapes, call.flags(transa=transa, transb=transb), strict=True))
    )
    for operand, value in (("bias", bias), ("aux", aux)):
        if value is not None and rows is not None and cols is not None:
            try:
                fits = np.broadcast_shapes(np.shape(value), (rows, cols)) == (rows, cols) and (
                    operand == "bias" or np.shape(value) == (rows, cols)
                )
            except ValueError:
                fits = False
            if not fits:
                raise call.refuse(
                    ShapeError, "shape-mismatch", operand, f"has shape {np.shape(value)}, and the result has {(rows, cols)}"
                )
    kind = getattr(getattr(a, "dtype", None), "kind", "")
    for operand, value in (("bias", bias), ("aux", aux)):
        if value is not None and value.dtype.kind == "c" and kind != "c":
            raise call.refuse(ArgumentError, "bad-dtype", operand, "is complex, and the result is real")
    if kind == "c" and name not in ("DEFAULT", "BIAS", "BGRADA", "BGRADB"):
        raise call.refuse(ArgumentError, "bad-dtype", "a", f"is complex, and {name} is of real numbers")
    product = gemm_ex(a, b, c, alpha=alpha, beta=beta, transa=transa, transb=transb, dtype=dtype, out=out, stream=stream)
    if name == "DEFAULT":
        return product
    on_device = isinstance(product, DeviceNDArray)
    host = product.copy_to_host() if on_device else product
    d, extra = _finish(name, host.astype(np.float32) if host.dtype not in DTYPES else host, bias, aux, (a, b), (transa, transb))
    if on_device:
        from .. import cuda

        product.copy_to_device(d.astype(host.dtype))
        return product if extra is None else (product, cuda.to_device(extra))
    host[...] = d.astype(host.dtype)
    return host if extra is None else (host, extra)


def _finish(
    name: str, x: Array, bias: Any, aux: Any, operands: tuple[Any, Any], flags: tuple[str, str]
) -> tuple[Array, Array | None]:
    if bias is not None:
        x = x + np.asarray(bias, x.dtype)
    if name.startswith("RELU"):
        kept = x > 0
        # NaN stays NaN.
        return np.where(kept | np.isnan(x), x, x.dtype.type(0)), kept if "AUX" in name else None
    if name.startswith("GELU"):
        return _gelu(x), x.copy() if "AUX" in name else None
    if name.startswith(("DRELU", "DGELU")):
        given = np.asarray(aux)
        d = np.where(given, x, x.dtype.type(0)) if name.startswith("DRELU") else x * _gelu_slope(given.astype(x.dtype))
        return d, d.sum(axis=0) if name.endswith("BGRAD") else None
    if name.startswith("BGRAD"):
        which = "AB".index(name[-1])
        operand = np.asarray(operands[which])
        turned = operand if flags[which].upper() == "N" else operand.T
        return x, turned.sum(axis=1 - which, dtype=x.dtype)
    return x, None
