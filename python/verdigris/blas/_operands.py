"""Operands: what may be given for an array or a number, and where results go.

A `Call` takes a routine's operands one by one, so that each error names routine and operand, and runs it. Nothing has been
written when it refuses: where a result starts as a copy of an operand, the call is judged before that copy is made.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from .._verdigris import DeviceNDArray, Stream, blas_run, device_array, from_cuda_array_interface, from_dlpack, gpus
from ..errors import ArgumentError, BadValueError, DeviceError, ShapeError

Array = Any
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
COMPLEXES = (np.dtype(np.complex64), np.dtype(np.complex128))
DTYPES = FLOATS + COMPLEXES
_CPU = 1
# The letters of a flag; of `trans` and its kin, N, T and C.
_LETTERS = {"uplo": "UL", "side": "LR", "diag": "NU"}


def foreign(routine: str, name: str, operand: Any) -> Array:
    """An array over the memory of an object that is neither an ndarray nor a device array: the host's, or the GPU's in use."""
    fault = {"routine": routine, "operand": name}
    if isinstance(operand, np.ma.MaskedArray):
        raise ArgumentError(f"{routine}: `{name}` is a masked array, and BLAS knows no masks: fill it", code="masked", **fault)
    if isinstance(operand, np.ndarray):
        return operand.view(np.ndarray)
    if operand is None or isinstance(operand, (str, bytes)):
        raise ArgumentError(f"{routine}: `{name}` has to be an array, not {type(operand).__name__}", code="bad-array", **fault)
    try:
        if hasattr(operand, "__cuda_array_interface__") and gpus() is not None:
            return from_cuda_array_interface(operand.__cuda_array_interface__, operand)
        if hasattr(operand, "__dlpack__") and not isinstance(operand, np.generic):
            if int(operand.__dlpack_device__()[0]) == _CPU:
                return np.from_dlpack(operand)
            if gpus() is not None:
                return from_dlpack(operand)
        elif not hasattr(operand, "__cuda_array_interface__"):
            return np.asarray(operand)
    except Exception as error:
        text = f"{routine}: `{name}` ({type(operand).__name__}) cannot be taken as an array: {error}"
        raise ArgumentError(text, code="bad-array", **fault) from error
    text = f"{routine}: `{name}` ({type(operand).__name__}) is in a GPU's memory, and this process runs on the CPU"
    raise DeviceError(text, code="wrong-device", **fault)


def plain(routine: str, name: str, value: Any, kinds: str) -> Array:
    """An array that may be of any dtype of those kinds: what is no operand of BLAS's own."""
    array = value if isinstance(value, (np.ndarray, DeviceNDArray)) else foreign(routine, name, value)
    if isinstance(array, np.ma.MaskedArray):
        return foreign(routine, name, array)
    if array.dtype.kind not in kinds:
        text = f"{routine}: `{name}` is of dtype {array.dtype}, and has to be {'integers' if kinds == 'iu' else 'numbers'}"
        raise ArgumentError(text, code="bad-dtype", routine=routine, operand=name)
    return array


def dtype_of(call: Call, name: str, value: Any) -> np.dtype[Any]:
    """A dtype that was asked for."""
    try:
        return np.dtype(value)
    except TypeError:
        raise call.refuse(ArgumentError, "bad-dtype", name, f"is {value!r}, which is no dtype") from None


class Call:
    """One call of a routine: its operands, its numbers, and its result."""

    def __init__(self, routine: str, stream: Any = None, dtypes: tuple[np.dtype[Any], ...] = DTYPES) -> None:
        self.routine = routine
        self.stream = stream
        self.dtypes = dtypes
        self.dtype: Any = None
        self.first = ""
        self.on_device: bool | None = None
        self._start: tuple[Array, Array] | None = None
        if not (stream is None or isinstance(stream, Stream) or (isinstance(stream, int) and 0 <= stream <= 2)):
            text = f"has to be a stream of verdigris.cuda, or 0, not {stream!r}"
            raise self.refuse(ArgumentError, "bad-stream", "stream", text)

    def refuse(self, kind: type[Exception], code: str, name: str, text: str) -> Exception:
        """The error to raise."""
        return kind(f"{self.routine}: `{name}` {text}", code=code, routine=self.routine, operand=name)  # type: ignore[call-arg]

    def array(self, name: str, operand: Any, ndim: int, output: bool = False) -> Array:
        """An operand with that many axes: to read, anything that has memory; to write, an array of the right type."""
        if isinstance(operand, DeviceNDArray):
            array, on_device = operand, True
        else:
            if output and type(operand) is not np.ndarray:
                raise self.refuse(
                    ArgumentError, "bad-array", name, f"is written, so it has to be an array, not {type(operand).__name__}"
                )
            array = operand if type(operand) is np.ndarray else foreign(self.routine, name, operand)
            on_device = isinstance(array, DeviceNDArray)
        if self.on_device is None:
            self.on_device = on_device
        elif self.on_device != on_device:
            here, there = ("device", "host") if on_device else ("host", "device")
            text = f"is a {here} array and `{self.first}` a {there} array; cuda.to_device and copy_to_host move them"
            raise self.refuse(DeviceError, "mixed-devices", name, text)
        dtype = array.dtype
        if not dtype.isnative and not output:
            array, dtype = array.astype(dtype.newbyteorder("=")), dtype.newbyteorder("=")
        if dtype not in self.dtypes:
            allowed = [str(d) for d in self.dtypes]
            text = (
                f"is of dtype {dtype}, and has to be {', '.join(allowed[:-1])} or {allowed[-1]}"
                if allowed[1:]
                else f"is of {dtype}, not {allowed[0]}"
            )
            raise self.refuse(ArgumentError, "bad-dtype", name, text)
        if self.dtype is None:
            self.dtype, self.first = dtype, name
        elif dtype != self.dtype:
            raise self.refuse(
                ArgumentError, "dtype-mismatch", name, f"is {dtype} and `{self.first}` {self.dtype}: convert one with astype"
            )
        if array.ndim != ndim:
            axes = "1 dimension" if array.ndim == 1 else f"{array.ndim} dimensions"
            raise self.refuse(ShapeError, "ndim", name, f"has {axes}, and has to have {ndim}")
        if not on_device and not output and not _is_plain(array):
            array = array.copy(order="K")
        return array

    def number(self, name: str, value: Any, real: bool = False) -> complex:
        """A coefficient. Python's numbers are weak, NumPy's may lose precision but not their imaginary part."""
        kind = type(value)
        if isinstance(value, np.ma.MaskedArray):
            raise self.refuse(ArgumentError, "bad-scalar", name, "is masked, and BLAS knows no masks")
        if isinstance(value, (np.generic, np.ndarray)) and np.ndim(value) == 0:
            if not np.can_cast(value.dtype, self.dtype, "same_kind"):
                raise self.refuse(
                    ArgumentError, "bad-scalar", name, f"is of dtype {value.dtype}, and the arrays are {self.dtype}"
                )
        elif kind not in (int, float, complex, bool):
            raise self.refuse(ArgumentError, "bad-scalar", name, f"has to be a number, not {kind.__name__}")
        try:
            number = complex(value)
        except OverflowError:
            raise self.refuse(BadValueError, "bad-scalar", name, f"does not fit {self.dtype}") from None
        if not (math.isfinite(number.real) and math.isfinite(number.imag)):
            raise self.refuse(BadValueError, "not-finite", name, f"is {value}, and has to be finite")
        if kind is complex and self.dtype in FLOATS:
            raise self.refuse(ArgumentError, "bad-scalar", name, f"is complex, and the arrays are {self.dtype}")
        if real and number.imag != 0:
            raise self.refuse(BadValueError, "bad-scalar", name, f"is {value}, and has to be real in this routine")
        if max(abs(number.real), abs(number.imag)) > np.finfo(self.dtype).max:
            raise self.refuse(BadValueError, "bad-scalar", name, f"is {value}, which does not fit {self.dtype}")
        return number

    def integer(self, name: str, value: Any) -> int:
        """A size."""
        try:
            number = operator.index(value)
        except Exception:
            raise self.refuse(ArgumentError, "bad-integer", name, f"has to be an integer, not {value!r}") from None
        if not 0 <= number < 2**62:
            raise self.refuse(BadValueError, "bad-integer", name, f"is {number}, and has to be a size")
        return number

    def flag(self, name: str, value: Any) -> str:
        """A letter."""
        if not isinstance(value, str):
            raise self.refuse(ArgumentError, "bad-flag", name, f"has to be a letter, not {value!r}")
        letters = _LETTERS.get(name, "NTC")
        if len(value) != 1 or value.upper() not in letters:
            raise self.refuse(BadValueError, "bad-flag", name, f"is {value!r}, and has to be {' or '.join(map(repr, letters))}")
        return value.upper()

    def numbers(self, **values: Any) -> list[complex]:
        """Coefficients, in the order given."""
        return [self.number(name, value) for name, value in values.items()]

    def flags(self, **values: Any) -> list[str]:
        """Letters, in the order given."""
        return [self.flag(name, value) for name, value in values.items()]

    def op(self, name: str, trans: Any, shape: tuple[int, ...]) -> tuple[str, int, int]:
        """The flag of a matrix of that shape, and the rows and columns that it then has."""
        flag, (rows, cols) = self.flag(name, trans), shape
        return (flag, rows, cols) if flag == "N" else (flag, cols, rows)

    def product(self, a: Array, b: Array, transa: Any, transb: Any) -> tuple[list[str], tuple[int, int]]:
        """The flags of a product, and the shape of its result."""
        left, rows, inner = self.op("transa", transa, a.shape)
        right, other, cols = self.op("transb", transb, b.shape)
        if inner != other:
            self.match("b", b, (inner, cols) if right == "N" else (cols, inner))
        return [left, right], (rows, cols)

    def result(self, name: str, shape: tuple[int, ...], operand: Any, out: Any, beta: complex = 1, zeros: bool = False) -> Array:
        """Where the result goes: `out`, or a new array; it starts as `operand`, unless beta is 0 and all of it is written."""
        given = operand
        if operand is not None:
            operand = self.array(name, operand, len(shape))
            self.match(name, operand, shape)
        if out is not None:
            target = self.array("out", out, len(shape), output=True)
            self.match("out", target, shape)
            if not isinstance(target, DeviceNDArray) and not target.flags.writeable:
                raise self.refuse(ArgumentError, "read-only", "out", "is read-only")
            if operand is not None and out is not given:
                self._start = (target, operand)
            return target
        if operand is None:
            if beta != 0 and not zeros:
                raise self.missing(name)
            if self.on_device:
                return device_array(shape, self.dtype, stream=self.stream)
            return np.zeros(shape, self.dtype) if zeros else np.empty(shape, self.dtype)
        if self.on_device:
            made = device_array(shape, self.dtype, stream=self.stream)
            made.copy_to_device(operand, stream=self.stream)
            return made
        return operand.copy(order="K")

    def missing(self, name: str) -> Exception:
        """The error to raise where a number asks for an operand that is not there."""
        return self.refuse(BadValueError, "missing", name, "is missing, and beta is not 0: give it, or `out`")

    def match(self, name: str, array: Array, shape: tuple[int, ...]) -> None:
        if tuple(array.shape) != shape:
            raise self.refuse(
                ShapeError, "shape-mismatch", name, f"has shape {tuple(array.shape)}, and the other operands ask for {shape}"
            )

    def run(self, flags: list[str], ints: list[int], numbers: list[complex], arrays: list[Any]) -> Any:
        """Runs the routine; its answer, if it has one besides what it writes."""
        if self._start is not None:
            blas_run(self.routine, flags, ints, numbers, arrays, self.stream, True)
            target, operand = self._start
            if self.on_device:
                target.copy_to_device(operand, stream=self.stream)
            else:
                np.copyto(target, operand)
        return blas_run(self.routine, flags, ints, numbers, arrays, self.stream)

    def write(self, flags: list[str], ints: list[int], numbers: list[complex], arrays: list[Any]) -> Array:
        """Runs a routine whose last array is its result, and gives that."""
        self.run(flags, ints, numbers, arrays)
        return arrays[-1]

    def scalar(self, value: Any, real: bool = False) -> Any:
        """An answer as a NumPy scalar of the operands' type, or of its parts'."""
        kind = np.finfo(self.dtype).dtype if real else self.dtype
        return kind.type(value if kind in COMPLEXES else value.real)


def _is_plain(array: Array) -> bool:
    itemsize = array.dtype.itemsize
    return array.flags.aligned and all(
        step % itemsize == 0 for step, extent in zip(array.strides, array.shape, strict=True) if extent > 1
    )
