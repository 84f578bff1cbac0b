"""Stands for `pyculib.blas.binding`: cuBLAS's functions by their full names, on device arrays, with explicit sizes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...._verdigris import DeviceNDArray, blas_rotg, blas_rotmg, blas_run
from ....errors import ArgumentError
from . import _calls

CUBLAS_FILL_MODE_LOWER, CUBLAS_FILL_MODE_UPPER = 0, 1
CUBLAS_DIAG_NON_UNIT, CUBLAS_DIAG_UNIT = 0, 1
CUBLAS_SIDE_LEFT, CUBLAS_SIDE_RIGHT = 0, 1
CUBLAS_OP_N, CUBLAS_OP_T, CUBLAS_OP_C = 0, 1, 2
CUBLAS_POINTER_MODE_HOST, CUBLAS_POINTER_MODE_DEVICE = 0, 1
CUBLAS_ATOMICS_NOT_ALLOWED, CUBLAS_ATOMICS_ALLOWED = 0, 1
CUBLAS_FILL_MODE_MAP = {"L": CUBLAS_FILL_MODE_LOWER, "U": CUBLAS_FILL_MODE_UPPER}
CUBLAS_DIAG_MAP = {False: CUBLAS_DIAG_NON_UNIT, True: CUBLAS_DIAG_UNIT}
CUBLAS_SIDE_MAP = {"L": CUBLAS_SIDE_LEFT, "R": CUBLAS_SIDE_RIGHT}
CUBLAS_OP_MAP = {"N": CUBLAS_OP_N, "T": CUBLAS_OP_T, "C": CUBLAS_OP_C, "H": CUBLAS_OP_C}

STATUS = {
    0x0: "CUBLAS_STATUS_SUCCESS",
    0x1: "CUBLAS_STATUS_NOT_INITIALIZED",
    0x3: "CUBLAS_STATUS_ALLOC_FAILED",
    0x7: "CUBLAS_STATUS_INVALID_VALUE",
    0x8: "CUBLAS_STATUS_ARCH_MISMATCH",
    0xB: "CUBLAS_STATUS_MAPPING_ERROR",
    0xD: "CUBLAS_STATUS_EXECUTION_FAILED",
    0xE: "CUBLAS_STATUS_INTERNAL_ERROR",
    0xF: "CUBLAS_STATUS_NOT_SUPPORTED",
    0x10: "CUBLAS_STATUS_LICENSE_ERROR",
}


class CuBLASError(Exception):
    """A status of cuBLAS's. The CPU backend raises none: its faults are verdigris's typed errors."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code

    def __str__(self) -> str:
        return STATUS.get(self.code, f"CUBLAS_STATUS_{self.code}")


class libcublas:
    """The library; on the CPU there is none, and its version is 0."""

    version = 0


DTYPES = {"S": np.dtype("f4"), "D": np.dtype("f8"), "C": np.dtype("c8"), "Z": np.dtype("c16")}


def on_device(routine: str, name: str, array: Any, letter: str) -> Any:
    """An array argument of the low level."""
    if not isinstance(array, DeviceNDArray):
        text = f"{routine}: `{name}` has to be a device array (cuda.to_device), not {type(array).__name__}"
        raise ArgumentError(text, code="bad-array", routine=routine, operand=name)
    if array.dtype != DTYPES[letter]:
        text = f"{routine}: `{name}` is of dtype {array.dtype}, and has to be {DTYPES[letter]}"
        raise ArgumentError(text, code="bad-dtype", routine=routine, operand=name)
    return array


def spans(array: Any, inc: Any, length: int) -> tuple[Any, ...]:
    """A window of `length` elements, `inc` apart."""
    return _calls.Call("", {"x": array, "incx": inc}, None).vector("x", length)


def level1(routine: str, numbers: list[complex], windows: list[tuple[Any, ...]], stream: Any) -> Any:
    """Runs a routine of level 1 on windows."""
    return blas_run(routine, [], [], numbers, windows, stream)


class cuBlas:
    """A handle. Its methods are cuBLAS's functions: `Sgemm(transa, transb, m, n, k, alpha, A, lda, B, ldb, beta, C, ldc)`, ..."""

    def __init__(self) -> None:
        self.stream: Any = 0
        self.pointer_mode = CUBLAS_POINTER_MODE_HOST
        self.atomics_mode = CUBLAS_ATOMICS_NOT_ALLOWED

    @property
    def version(self) -> int:
        """cuBLAS's version; 0 on the CPU."""
        return libcublas.version


def _add(name: str, parameters: str, body: Any) -> None:
    names = parameters.split()

    def method(self: cuBlas, *args: Any, **kws: Any) -> Any:
        if (
            len(args) > len(names)
            or any(key in names[: len(args)] or key not in names for key in kws)
            or len(args) + len(kws) != len(names)
        ):
            raise TypeError(f"{name}() takes ({', '.join(names)})")
        return body(self, **dict(zip(names, args, strict=False)), **kws)

    method.__name__ = name
    method.__qualname__ = f"cuBlas.{name}"
    method.__doc__ = f"{name}({', '.join(names)})"
    setattr(cuBlas, name, method)


def _real(letter: str) -> str:
    return {"C": "S", "Z": "D"}.get(letter, letter)


def _parts(value: complex, letter: str) -> Any:
    return value if letter in "CZ" else value.real


def _vectors(names: str, routine: str, numbers: str = "", index: int = 0) -> None:
    """The functions of level 1 with that routine, one for each `Letter:Name`."""
    for entry in names.split():
        letter, name = entry.split(":")
        pair = routine not in ("nrm2", "asum", "amax", "amin", "scal")
        parameters = "n " + ("alpha " if routine in ("scal", "axpy") else "") + "x incx" + (" y incy" if pair else "") + numbers

        def body(
            self: cuBlas,
            n: int,
            x: Any,
            incx: int,
            y: Any = None,
            incy: int = 1,
            letter=letter,
            name=name,
            pair=pair,
            **more: Any,
        ) -> Any:
            arrays = [spans(on_device(name, "x", x, letter), incx, n)]
            if pair:
                arrays.append(spans(on_device(name, "y", y, letter), incy, n))
            answer = level1(routine, [complex(value) for value in more.values()], arrays, self.stream)
            if routine in ("amax", "amin"):
                return 0 if answer is None else answer + 1
            return answer if answer is None else _parts(answer, letter if routine.startswith("dot") else "S")

        _add(name, parameters, body)


_vectors("S:Snrm2 D:Dnrm2 C:Scnrm2 Z:Dznrm2", "nrm2")
_vectors("S:Sasum D:Dasum C:Scasum Z:Dzasum", "asum")
_vectors("S:Isamax D:Idamax C:Icamax Z:Izamax", "amax")
_vectors("S:Isamin D:Idamin C:Icamin Z:Izamin", "amin")
_vectors("S:Sdot D:Ddot C:Cdotu Z:Zdotu", "dot")
_vectors("C:Cdotc Z:Zdotc", "dotc")
_vectors("S:Sscal D:Dscal C:Cscal Z:Zscal C:Csscal Z:Zdscal", "scal")
_vectors("S:Saxpy D:Daxpy C:Caxpy Z:Zaxpy", "axpy")
_vectors("S:Srot D:Drot C:Crot Z:Zrot C:Csrot Z:Zdrot", "rot", " c s")


def _rotm(letter: str) -> None:
    name = f"{letter}rotm"

    def body(self: cuBlas, n: int, x: Any, incx: int, y: Any, incy: int, param: Any) -> None:
        arrays = [spans(on_device(name, "x", x, letter), incx, n), spans(on_device(name, "y", y, letter), incy, n)]
        level1("rotm", [complex(value) for value in np.asarray(param)[:5]], arrays, self.stream)

    _add(name, "n x incx y incy param", body)


def _rotg(letter: str) -> None:
    def body(self: cuBlas, a: Any, b: Any) -> tuple[Any, Any, Any, Any]:
        r, z, c, s = blas_rotg(letter, complex(a), complex(b))
        return _parts(r, letter), _parts(z, letter), c, _parts(s, letter)

    _add(f"{letter}rotg", "a b", body)


def _rotmg(letter: str) -> None:
    def body(self: cuBlas, d1: Any, d2: Any, x1: Any, y1: Any) -> np.ndarray[Any, Any]:
        return np.array(blas_rotmg(letter, float(d1), float(d2), float(x1), float(y1))[0], DTYPES[letter])

    _add(f"{letter}rotmg", "d1 d2 x1 y1", body)


def _matrices(routine: str, letter: str, signature: str) -> None:
    names = []
    for name in signature.split():
        names.append(name)
        follower = _calls.takes(routine, name)
        if follower:
            names.append(follower + (name.lower() if follower == "ld" else name))
    full = letter + routine

    def body(self: cuBlas, **arguments: Any) -> None:
        for name in ("A", "B", "C", "AP", "x", "y"):
            if name in arguments:
                on_device(full, name, arguments[name], letter)
        _calls.run(routine, arguments, self.stream)

    _add(full, " ".join(names), body)


for _letter in "SDCZ":
    _rotg(_letter)
for _letter in "SD":
    _rotm(_letter)
    _rotmg(_letter)
for _routine, (_signature, _letters) in _calls.SIGNATURES.items():
    for _letter in _letters:
        _matrices(_routine, _letter, _signature)
