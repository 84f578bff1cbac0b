"""Stands for `pyculib.blas`: `dot`, `axpy`, `gemv`, `gemm` with promotion, and `Blas` with explicit sizes.

docs/pyculib.md lists what pyculib got wrong, and what is mended here.
"""

from __future__ import annotations

import warnings
from numbers import Number
from typing import Any

import numpy as np

from .... import blas as _ours
from ...._verdigris import DeviceNDArray
from ....errors import LayoutWarning
from .. import _config
from . import _calls, binding

__all__ = ["Blas", "LayoutWarning", "axpy", "dot", "gemm", "gemv", "validate_argument_dtype"]

promote = np.promote_types
_SCATTERED = (
    "Array contains non-contiguous buffer and cannot be transferred as a single memory region. "
    "Make a contiguous copy of the array with numpy.ascontiguousarray first."
)
_LETTERS = {dtype: letter for letter, dtype in binding.DTYPES.items()}


def alias(a: Any, b: Any) -> bool:
    """Whether two arrays are one."""
    return a is b


def _told(text: str, stacklevel: int) -> None:
    if _config.warnings_wanted():
        warnings.warn(text, _config.PerformanceWarning, stacklevel=stacklevel + 1)


def astype(x: Any, dtype: Any, var: str, stacklevel: int = 3) -> Any:
    """`x` with the dtype; a conversion is told of, if asked for."""
    if x.dtype != dtype:
        _told(f"{var} ({x.dtype}) is converted to {np.dtype(dtype)}", stacklevel)
        x = x.astype(dtype)
    return x


def colmajor(x: Any, dtype: Any, var: str) -> Any:
    """`x` with the dtype and in column-major order."""
    if not x.flags["F_CONTIGUOUS"]:
        _told(f"{var} is converted to column-major layout", 3)
        return np.asfortranarray(x, dtype=dtype)
    return astype(x, dtype, var, stacklevel=4)


def validate_argument_dtype(var: Any, name: str) -> None:
    """Refuses a dtype that BLAS does not have."""
    if var.dtype not in _LETTERS:
        raise TypeError(f"{name} has unsupported type {var.dtype}")


def _trans(value: Any) -> str:
    letter = value.upper() if isinstance(value, str) else None
    if letter not in ("N", "T", "C"):
        raise ValueError("trans has invalid value")
    return letter


def _number(value: Any, name: str) -> None:
    if not isinstance(value, Number):
        raise ValueError(f"{name} is not a numeric type")


def _axes(array: Any, ndim: int, name: str) -> None:
    if array.ndim != ndim:
        raise ValueError(f"{name} is not a {'one' if ndim == 1 else 'two'}-dimensional array")


def _host(array: Any) -> Any:
    """A device array's elements; pyculib failed on those."""
    return array.copy_to_host() if isinstance(array, DeviceNDArray) else array


def _together(*types: Any) -> np.dtype[Any]:
    """The promoted type. Python's numbers count as float64, int64 and complex128, as in pyculib."""
    found = np.dtype(np.float32)
    for kind in types:
        found = np.promote_types(found, np.dtype(kind))
    return found


def _settle(given: Any, result: Any) -> Any:
    """Gives the result in the array that was given, if that has its type; else as a new one."""
    if given is None or given.dtype != result.dtype:
        return result
    if isinstance(given, DeviceNDArray):
        given.copy_to_device(result)
    else:
        given[...] = result
    return given


def dot(x: Any, y: Any, stream: Any = None) -> Any:
    """The sum of x[i] y[i], in the promoted type."""
    validate_argument_dtype(x, "x")
    validate_argument_dtype(y, "y")
    _axes(x, 1, "x")
    _axes(y, 1, "y")
    if x.shape != y.shape:
        raise ValueError("x and y have incompatible shapes")
    dtype = np.promote_types(x.dtype, y.dtype)
    return _ours.dot(astype(_host(x), dtype, "x"), astype(_host(y), dtype, "y"), stream=stream)


def axpy(alpha: Any, x: Any, y: Any, stream: Any = None) -> Any:
    """alpha x + y: in y if y has the promoted type, else a new array."""
    validate_argument_dtype(x, "x")
    validate_argument_dtype(y, "y")
    _number(alpha, "alpha")
    _axes(x, 1, "x")
    _axes(y, 1, "y")
    if x.shape != y.shape:
        raise ValueError("x and y have incompatible shapes")
    dtype = _together(type(alpha), x.dtype, y.dtype)
    result = _ours.axpy(astype(_host(x), dtype, "x"), _host(y).astype(dtype), alpha=dtype.type(alpha), stream=stream)
    return _settle(y, result)


def gemv(trans: str, alpha: Any, A: Any, x: Any, beta: Any = 0, y: Any = None, stream: Any = None) -> Any:
    """alpha op(A) x + beta y: in y if y has the promoted type, else a new array."""
    validate_argument_dtype(A, "A")
    validate_argument_dtype(x, "x")
    if y is not None:
        validate_argument_dtype(y, "y")
    _number(alpha, "alpha")
    _number(beta, "beta")
    letter = _trans(trans)
    _axes(A, 2, "A")
    _axes(x, 1, "x")
    rows, inner = A.shape if letter == "N" else A.shape[::-1]
    if x.shape != (inner,):
        raise ValueError("arrays A and x have incompatible shapes")
    types = [type(alpha), A.dtype, x.dtype, type(beta)]
    if y is not None:
        _axes(y, 1, "y")
        if y.shape != (rows,):
            raise ValueError("arrays A and y have incompatible shapes")
        types.append(y.dtype)
    dtype = _together(*types)
    start = np.zeros(rows, dtype) if y is None else _host(y).astype(dtype)
    left, right = colmajor(_host(A), dtype, "A"), astype(_host(x), dtype, "x")
    result = _ours.gemv(left, right, start, alpha=dtype.type(alpha), beta=dtype.type(beta), trans=letter, stream=stream)
    return _settle(y, result)


def gemm(transa: str, transb: str, alpha: Any, A: Any, B: Any, beta: Any = 0, C: Any = None, stream: Any = None) -> Any:
    """alpha op(A) op(B) + beta C: in C if C has the promoted type, else a new array, column-major where there was no C."""
    validate_argument_dtype(A, "A")
    validate_argument_dtype(B, "B")
    if C is not None:
        validate_argument_dtype(C, "C")
    _number(alpha, "alpha")
    _number(beta, "beta")
    left, right = _trans(transa), _trans(transb)
    _axes(A, 2, "A")
    _axes(B, 2, "B")
    rows, inner = A.shape if left == "N" else A.shape[::-1]
    other, cols = B.shape if right == "N" else B.shape[::-1]
    if inner != other:
        raise ValueError("arrays A and B have incompatible shapes")
    types = [type(alpha), A.dtype, B.dtype, type(beta)]
    if C is not None:
        _axes(C, 2, "C")
        if C.shape != (rows, cols):
            raise ValueError("array C has an incompatible shape")
        types.append(C.dtype)
    dtype = _together(*types)
    out = np.zeros((rows, cols), dtype, order="F") if C is None else np.array(_host(C), dtype, order="F")
    a, b = colmajor(_host(A), dtype, "A"), colmajor(_host(B), dtype, "B")
    _ours.gemm(a, b, alpha=dtype.type(alpha), beta=dtype.type(beta), transa=left, transb=right, out=out, stream=stream)
    return _settle(C, out)


class Blas:
    """pyculib's class: every call in place, sizes explicit, matrices read column after column.

    A two-dimensional array in C order is read as if it were not, as in pyculib; that is told by a `LayoutWarning`.
    """

    def __init__(self, stream: Any = 0) -> None:
        self._cublas = binding.cuBlas()
        self.stream = stream

    @property
    def stream(self) -> Any:
        """The stream of later calls."""
        return self._cublas.stream

    @stream.setter
    def stream(self, stream: Any) -> None:
        self._cublas.stream = stream

    def _vectors(self, routine: str, arrays: list[Any], letters: str = "SDCZ") -> tuple[str, list[tuple[Any, ...]]]:
        dtype = arrays[0].dtype
        if any(array.dtype != dtype for array in arrays):
            raise TypeError("All arrays must have the same dtype.")
        if any(array.ndim != 1 for array in arrays):
            raise ValueError("Expecting 1 dimension array.")
        if any(array.shape != arrays[0].shape for array in arrays):
            raise ValueError("Expecting all arrays to have the same shape.")
        if _LETTERS.get(dtype, "?") not in letters:
            raise TypeError(dtype)
        return _LETTERS[dtype], [binding.spans(array, _increment(array), array.size) for array in arrays]

    def nrm2(self, x: Any) -> float:
        """The Euclidean norm."""
        return binding.level1("nrm2", [], self._vectors("nrm2", [x])[1], self.stream).real

    def asum(self, x: Any) -> float:
        """The sum of |re| + |im|."""
        return binding.level1("asum", [], self._vectors("asum", [x])[1], self.stream).real

    def amax(self, x: Any) -> int:
        """Index, from 0, of the largest |re| + |im|; -1 of no element."""
        found = binding.level1("amax", [], self._vectors("amax", [x])[1], self.stream)
        return -1 if found is None else found

    def amin(self, x: Any) -> int:
        """Index, from 0, of the smallest |re| + |im|; -1 of no element."""
        found = binding.level1("amin", [], self._vectors("amin", [x])[1], self.stream)
        return -1 if found is None else found

    def dot(self, x: Any, y: Any) -> Any:
        """The sum of x[i] y[i], a NumPy scalar."""
        letter, windows = self._vectors("dot", [x, y])
        value = binding.level1("dot", [], windows, self.stream)
        return x.dtype.type(value if letter in "CZ" else value.real)

    def dotc(self, x: Any, y: Any) -> complex:
        """The sum of conj(x[i]) y[i]."""
        return binding.level1("dotc", [], self._vectors("dotc", [x, y], "CZ")[1], self.stream)

    def scal(self, alpha: Any, x: Any) -> None:
        """x = alpha x."""
        letter, windows = self._vectors("scal", [x])
        if letter in "CZ" and not isinstance(alpha, (float, complex, np.float32, np.float64, np.complex64, np.complex128)):
            raise TypeError(f"scal: alpha of type {type(alpha).__name__} for a complex x: give a float or a complex number")
        binding.level1("scal", [complex(alpha)], windows, self.stream)

    def axpy(self, alpha: Any, x: Any, y: Any) -> None:
        """y = alpha x + y."""
        binding.level1("axpy", [complex(alpha)], self._vectors("axpy", [x, y])[1], self.stream)

    def rot(self, x: Any, y: Any, c: Any, s: Any) -> None:
        """(x, y) = (c x + s y, c y - conj(s) x)."""
        binding.level1("rot", [complex(c), complex(s)], self._vectors("rot", [x, y])[1], self.stream)

    def rotg(self, a: Any, b: Any) -> tuple[Any, Any, Any, Any]:
        """(r, z, c, s)."""
        a, b = np.asarray(a), np.asarray(b)
        if a.dtype != b.dtype:
            raise TypeError("All arrays must have the same dtype.")
        if a.dtype not in _LETTERS:
            raise TypeError(a.dtype)
        return getattr(self._cublas, _LETTERS[a.dtype] + "rotg")(a[()], b[()])

    def rotm(self, x: Any, y: Any, param: Any) -> None:
        """(x, y) = H (x, y), H by `rotmg`."""
        _, windows = self._vectors("rotm", [x, y], "SD")
        assert param.ndim == 1 and param.size >= 5 and param.dtype == x.dtype, "param must be 1-D, of 5 elements of x's dtype"
        binding.level1("rotm", [complex(value) for value in param[:5]], windows, self.stream)

    def rotmg(self, d1: Any, d2: Any, x1: Any, y1: Any) -> Any:
        """The five parameters for `rotm`."""
        numbers = [np.asarray(value) for value in (d1, d2, x1, y1)]
        if any(number.dtype != numbers[0].dtype for number in numbers):
            raise TypeError("All arrays must have the same dtype.")
        if _LETTERS.get(numbers[0].dtype, "?") not in "SD":
            raise TypeError(numbers[0].dtype)
        return getattr(self._cublas, _LETTERS[numbers[0].dtype] + "rotmg")(*(number[()] for number in numbers))


def _increment(array: Any) -> int:
    step, itemsize = array.strides[0], array.dtype.itemsize
    if step % itemsize:
        raise ValueError("Misalignment.")
    if not isinstance(array, DeviceNDArray) and array.size > 1 and step != itemsize:
        raise ValueError(_SCATTERED)
    return step // itemsize if array.size > 1 else 1


def _add(routine: str, signature: str, letters: str) -> None:
    names = signature.split()
    arrays = [name for name in names if name in ("A", "B", "C", "AP", "x", "y")]

    def method(self: Blas, *args: Any, **kws: Any) -> None:
        assert len(args) <= len(names), f"{routine} takes {len(names)} arguments"
        arguments = dict(zip(names, args, strict=False))
        for key, value in kws.items():
            assert key not in arguments, f"duplicated argument {key}"
            arguments[key] = value
        for name in names:
            if name not in arguments:
                raise KeyError(name)
        dtype = arguments[arrays[0]].dtype
        for place, name in enumerate(arrays):
            if arguments[name].dtype != dtype:
                raise TypeError(f"{place}th array dtype mismatch: got {arguments[name].dtype} but expect {dtype}")
        letter = _LETTERS.get(dtype)
        if letter is None:
            raise KeyError(dtype)
        assert letter in letters, "unknown typecode"
        for name in arrays:
            array, follower = arguments[name], _calls.takes(routine, name)
            if follower == "inc":
                arguments["inc" + name] = _increment(array)
            elif follower == "ld":
                if array.ndim != 2:
                    raise ValueError(f"{routine}: {name} is not a two-dimensional array")
                arguments["ld" + name.lower()] = _leading(routine, name, array)
        _calls.run(routine, arguments, self.stream)

    method.__name__ = routine
    method.__qualname__ = f"Blas.{routine}"
    method.__doc__ = f"{routine}({', '.join(names)}), in place in {arrays[-1]}"
    setattr(Blas, routine, method)


def _leading(routine: str, name: str, array: Any) -> int:
    """The leading dimension: the number of rows, as in pyculib; of a block of a device array, the step between its columns."""
    rows = array.shape[0]
    itemsize = array.dtype.itemsize
    on_device = isinstance(array, DeviceNDArray)
    by_columns = array.is_f_contiguous() if on_device else array.flags.f_contiguous
    by_rows = array.is_c_contiguous() if on_device else array.flags.c_contiguous
    if by_columns:
        return max(rows, 1)
    if by_rows:
        text = f"Blas.{routine}: {name} is in C order and is read column after column; give numpy.asfortranarray({name})"
        warnings.warn(text, LayoutWarning, stacklevel=3)
        return max(rows, 1)
    if on_device and (rows == 1 or array.strides[0] == itemsize) and array.strides[1] % itemsize == 0 and array.strides[1] > 0:
        return array.strides[1] // itemsize
    raise ValueError(
        "Array contains non-contiguous buffer and cannot be transferred as a single memory region. Make a contiguous copy first"
    )


for _routine, (_signature, _its_letters) in _calls.SIGNATURES.items():
    _add(_routine, _signature, _its_letters)
