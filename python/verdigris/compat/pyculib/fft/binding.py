"""Stands for `pyculib.fft.binding`: cuFFT's constants, and plans over dense memory, whatever the arrays' shapes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...._verdigris import DeviceNDArray
from ....errors import ArgumentError, BadValueError, ShapeError
from ....fft._transform import run

CUFFT_FORWARD = -1
CUFFT_INVERSE = 1

CUFFT_R2C = 0x2A
CUFFT_C2R = 0x2C
CUFFT_C2C = 0x29
CUFFT_D2Z = 0x6A
CUFFT_Z2D = 0x6C
CUFFT_Z2Z = 0x69

CUFFT_COMPATIBILITY_NATIVE = 0
CUFFT_COMPATIBILITY_FFTW_PADDING = 1
CUFFT_COMPATIBILITY_FFTW_ASYMMETRIC = 2
CUFFT_COMPATIBILITY_FFTW_ALL = 3
CUFFT_COMPATIBILITY_DEFAULT = CUFFT_COMPATIBILITY_FFTW_PADDING

# The transforms by the names that `verdigris.fft` has for them, and the element types of their two sides.
KINDS = {CUFFT_R2C: "r2c", CUFFT_D2Z: "r2c", CUFFT_C2R: "c2r", CUFFT_Z2D: "c2r", CUFFT_C2C: "c2c", CUFFT_Z2Z: "c2c"}
_TYPES = {CUFFT_R2C: "fF", CUFFT_D2Z: "dD", CUFFT_C2R: "Ff", CUFFT_Z2D: "Dd", CUFFT_C2C: "FF", CUFFT_Z2Z: "DD"}


class CuFFTError(Exception):
    """What pyculib raises for a failed call of cuFFT. Kept for code that catches it; refusals here have classes of their own."""


class libcufft:
    """Stands for the library. `version` is that of the cuFFT whose interface this is."""

    version = 11000


def dense(ary: Any, shape: tuple[int, ...]) -> Any:
    """The first elements in memory of a contiguous array, under another shape."""
    count = math.prod(shape)
    if ary.size < count:
        raise ShapeError(f"an array of {ary.size} elements for a transform of {count}", code="too-short")
    if isinstance(ary, DeviceNDArray):
        return ary.reshape(ary.size)[:count].reshape(*shape)
    if not ary.flags.c_contiguous:
        raise ShapeError("this plan transforms contiguous arrays", code="not-contiguous")
    return ary.reshape(-1)[:count].reshape(shape)


class Plan:
    """A plan as cuFFT has them: over dense memory, `shape` being the logical (real) lengths. Made by the class methods."""

    def __init__(self, shape: tuple[int, ...], dtype: int, batch: int) -> None:
        if dtype not in KINDS:
            raise BadValueError(f"{dtype} is the number of no cuFFT transform", code="transform-type")
        if batch < 1 or not shape or min(shape) < 1:
            raise ShapeError(f"{batch} arrays of shape {shape} cannot be transformed", code="shape")
        self._shape, self._type, self._batch = shape, dtype, batch
        self._mode = CUFFT_COMPATIBILITY_DEFAULT
        self._stream: Any = 0

    @classmethod
    def one(cls, dtype: int, nx: int) -> Plan:
        """A plan for one axis."""
        return cls((int(nx),), dtype, 1)

    @classmethod
    def two(cls, dtype: int, nx: int, ny: int) -> Plan:
        """A plan for two axes."""
        return cls((int(nx), int(ny)), dtype, 1)

    @classmethod
    def three(cls, dtype: int, nx: int, ny: int, nz: int) -> Plan:
        """A plan for three axes."""
        return cls((int(nx), int(ny), int(nz)), dtype, 1)

    @classmethod
    def many(cls, shape: Any, dtype: int, batch: int = 1) -> Plan:
        """A plan for a batch of arrays, one after another in memory."""
        return cls(tuple(int(n) for n in np.atleast_1d(np.asarray(shape, np.intp))), dtype, int(batch))

    def set_stream(self, stream: Any) -> None:
        """Orders what follows on a stream."""
        self._stream = stream

    def set_compatibility_mode(self, mode: int) -> None:
        """Accepted; cuFFT itself has had no modes since CUDA 9.2."""
        if mode not in range(4):
            raise BadValueError(f"{mode} is the number of no compatibility mode", code="compatibility-mode")
        self._mode = mode

    def set_native_mode(self) -> None:
        """As `set_compatibility_mode`."""
        self.set_compatibility_mode(CUFFT_COMPATIBILITY_NATIVE)

    def set_fftw_padding_mode(self) -> None:
        """As `set_compatibility_mode`."""
        self.set_compatibility_mode(CUFFT_COMPATIBILITY_FFTW_PADDING)

    def set_fftw_asymmetric_mode(self) -> None:
        """As `set_compatibility_mode`."""
        self.set_compatibility_mode(CUFFT_COMPATIBILITY_FFTW_ASYMMETRIC)

    def set_fftw_all_mode(self) -> None:
        """As `set_compatibility_mode`."""
        self.set_compatibility_mode(CUFFT_COMPATIBILITY_FFTW_ALL)

    def exe(self, idata: Any, odata: Any, dir: int) -> None:
        """Transforms `idata` into `odata` (which may be `idata`); `dir` matters to complex transforms only."""
        if dir not in (CUFFT_FORWARD, CUFFT_INVERSE):
            raise BadValueError(f"a direction is -1 or 1, not {dir}", code="direction")
        kind, types = KINDS[self._type], _TYPES[self._type]
        for what, ary, char in (("input", idata, types[0]), ("output", odata, types[1])):
            if ary.dtype != np.dtype(char):
                message = f"the {what} of this plan has elements of {np.dtype(char)}, not of {ary.dtype}"
                raise ArgumentError(message, code="bad-dtype")
        half = (*self._shape[:-1], self._shape[-1] // 2 + 1)
        ishape, oshape = (half if kind == "c2r" else self._shape), (half if kind == "r2c" else self._shape)
        source, target = dense(idata, (self._batch, *ishape)), dense(odata, (self._batch, *oshape))
        forward = kind == "r2c" or (kind == "c2c" and dir == CUFFT_FORWARD)
        axes = [(axis + 1, n) for axis, n in enumerate(self._shape)]
        run(kind, forward, source, axes, 1.0, out=target, stream=self._stream)

    def forward(self, idata: Any, odata: Any) -> None:
        """`exe` with `CUFFT_FORWARD`."""
        self.exe(idata, odata, CUFFT_FORWARD)

    def inverse(self, idata: Any, odata: Any) -> None:
        """`exe` with `CUFFT_INVERSE`."""
        self.exe(idata, odata, CUFFT_INVERSE)
