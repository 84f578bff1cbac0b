"""pyculib's `rand`: `PRNG`, `QRNG`, and functions that make arrays by generators of the process.

Arrays are filled in place: NumPy arrays and device arrays, contiguous and of one dimension. Normal numbers are cuRAND's
(`method="curand"` of `Generator`).

"""

from __future__ import annotations

import time
from _thread import allocate_lock
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .. import _verdigris
from ..errors import ArgumentError, BadValueError, ShapeError
from ._generator import counted, make, on_device, on_gpu

__all__ = ["PRNG", "QRNG", "lognormal", "normal", "poisson", "quasi", "uniform"]

_FLOATS = {np.dtype(np.float32): "f32", np.dtype(np.float64): "f64"}
_INTEGERS = {np.dtype(np.int32): "u32", np.dtype(np.uint32): "u32"}
_LONGS = {np.dtype(np.int64): "u64", np.dtype(np.uint64): "u64"}


class _Stream:
    """What the two kinds have in common: a generator by cuRAND's number, 0 (pyculib's TEST) for the default one."""

    DEFAULT: int
    _quasi: bool

    def __init__(self, rndtype: int, offset: int | None, stream: Any) -> None:
        self._rndtype = int(rndtype)
        self._generator = make(self._rndtype or self.DEFAULT, None, None, None, None)
        if self._generator.is_quasi != self._quasi:
            given, other = ("pseudo", "PRNG") if self._quasi else ("quasi", "QRNG")
            raise BadValueError(f"{rndtype} is the number of a {given}random generator: use {other}", code="generator-kind")
        self._offset = 0
        self.stream = stream
        if offset is not None:
            self.offset = offset

    @property
    def rndtype(self) -> int:
        """cuRAND's number of the generator."""
        return self._rndtype

    @property
    def offset(self) -> int:
        """The draws (points, of a quasirandom sequence) left out at the start. Setting it restarts the stream there."""
        return self._offset

    @offset.setter
    def offset(self, offset: int) -> None:
        offset = counted(int(offset), "an offset")
        self._generator.set_offset(offset)
        self._offset = offset


class PRNG(_Stream):
    """A pseudorandom stream. `seed` is 0 and `offset` 0 unless given; a seed is taken modulo 2**64.

    Calls from several threads take turns. Arrays in a GPU's memory are filled by NVIDIA's cuRAND, on `stream` if that is set; on
    the CPU every call has ended when it returns.
    """

    TEST = 0
    DEFAULT = 100
    XORWOW = 101
    MRG32K3A = 121
    MTGP32 = 141

    _quasi = False

    def __init__(self, rndtype: int = DEFAULT, seed: int | None = None, offset: int | None = None, stream: Any = None) -> None:
        super().__init__(rndtype, offset, stream)
        if seed is not None:
            self.seed = seed

    @property
    def seed(self) -> int:
        """The seed. Setting another one restarts the stream where it stands, as in cuRAND."""
        return self._generator.seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._generator.set_seed(int(seed) % 2**64)

    def uniform(self, ary: Any, size: int | None = None) -> None:
        """Fills `ary` (float32 or float64), or its first `size` elements, with uniform numbers in (0, 1]."""
        self._fill(ary, size, "uniform")

    def normal(self, ary: Any, mean: float, sigma: float, size: int | None = None) -> None:
        """Fills `ary` with normal numbers. They come in pairs: an even number of them."""
        self._fill(ary, size, "curand_normal", float(mean), float(sigma))

    def lognormal(self, ary: Any, mean: float, sigma: float, size: int | None = None) -> None:
        """Fills `ary` with the exponentials of normal numbers of that mean and sigma; an even number of them."""
        self._fill(ary, size, "curand_lognormal", float(mean), float(sigma))

    def poisson(self, ary: Any, lmbd: float, size: int | None = None) -> None:
        """Fills `ary` (int32 or uint32) with Poisson numbers of mean `lmbd`."""
        size = _checked(ary, size)
        if ary.dtype not in _INTEGERS:
            raise BadValueError("Only accept 32-bit integer arrays.", code="bad-array")
        with _memory(ary, size) as memory:
            self._generator.draw("poisson_u32", memory.view(np.uint32), float(lmbd), stream=self.stream)

    def _fill(self, ary: Any, size: int | None, distribution: str, *parameters: float) -> None:
        size = _checked(ary, size)
        kind = _FLOATS.get(ary.dtype)
        if kind is None:
            raise BadValueError("Only accept float or double arrays.", code="bad-array")
        with _memory(ary, size) as memory:
            self._generator.draw(f"{distribution}_{kind}", memory, *parameters, stream=self.stream)

    def __repr__(self) -> str:
        return f"PRNG(rndtype={self._rndtype}, seed={self.seed}, offset={self._offset})"


class QRNG(_Stream):
    """A quasirandom sequence of raw bits; arrays hold all values of dimension 0, then of dimension 1, and so on."""

    TEST = 0
    DEFAULT = 200
    SOBOL32 = 201
    SCRAMBLED_SOBOL32 = 202
    SOBOL64 = 203
    SCRAMBLED_SOBOL64 = 204

    _quasi = True

    def __init__(self, rndtype: int = DEFAULT, ndim: int | None = None, offset: int | None = None, stream: Any = None) -> None:
        super().__init__(rndtype, offset, stream)
        if ndim is not None:
            self.ndim = ndim

    @property
    def ndim(self) -> int:
        """Dimensions, 1 to 20000. The points go on where they were when another number is set."""
        return self._generator.dims

    @ndim.setter
    def ndim(self, ndim: int) -> None:
        self._generator.set_dims(counted(int(ndim), "the number of dims"))

    def generate(self, ary: Any, size: int | None = None) -> None:
        """Fills `ary`, or its first `size` elements, with raw bits: int32 or uint32, for the 64-bit generators int64 or
        uint64. As many of them as a multiple of `ndim`.

        """
        size = _checked(ary, size)
        wide = "64" in self._generator.kind
        kind = (_LONGS if wide else _INTEGERS).get(ary.dtype)
        if kind is None:
            raise BadValueError(f"Only accept {64 if wide else 32}-bit integer arrays.", code="bad-array")
        with _memory(ary, size) as memory:
            self._generator.draw(f"bits_{kind}", memory.view(np.uint64 if wide else np.uint32), stream=self.stream)

    def __repr__(self) -> str:
        return f"QRNG(rndtype={self._rndtype}, ndim={self.ndim}, offset={self._offset})"


def _checked(ary: Any, size: int | None) -> int:
    """How much of `ary` to fill; refuses what is no array to fill."""
    if not (isinstance(ary, np.ndarray) or on_device(ary)):
        raise ArgumentError(f"Only accept arrays, not {type(ary).__name__}", code="bad-array")
    if ary.ndim != 1:
        raise ArgumentError("Only accept 1-D array", code="bad-array")
    if ary.size > 1 and ary.strides[0] != ary.dtype.itemsize:
        raise ArgumentError("Only accept unit strided array", code="bad-array")
    size = int(size) if size else ary.size
    if not 0 <= size <= ary.size:
        raise ShapeError(f"{size} numbers were asked for, but the array holds {ary.size}", code="too-short")
    return size


@contextmanager
def _memory(ary: Any, size: int) -> Iterator[Any]:
    """The memory to fill: the array's own, or for a device array of the CPU's a buffer that is copied there at the end."""
    if isinstance(ary, np.ndarray) or on_gpu(ary):
        yield ary[:size]
    else:
        buffer = np.empty(size, ary.dtype)
        yield buffer
        ary[:size].copy_to_device(buffer)


# --- arrays of random numbers ---

_lock = allocate_lock()
_shared: PRNG | None = None
_shared_quasi: dict[int, QRNG] = {}


def _global() -> PRNG:
    """The generator of the functions below, seeded by the clock when first needed."""
    global _shared
    with _lock:
        if _shared is None:
            _shared = PRNG(seed=int(time.time()))
        return _shared


def _empty(size: int, dtype: Any, device: bool) -> Any:
    """The array to fill: a device array if `device`."""
    return _verdigris.device_array(size, np.dtype(dtype)) if device else np.empty(size, dtype)


def uniform(size: int, dtype: Any = np.float64, device: bool = False) -> Any:
    """An array of uniform numbers in (0, 1]; a device array if `device`."""
    array = _empty(size, dtype, device)
    _global().uniform(array)
    return array


def normal(mean: float, sigma: float, size: int, dtype: Any = np.float64, device: bool = False) -> Any:
    """An array of normal numbers."""
    array = _empty(size, dtype, device)
    _global().normal(array, mean, sigma)
    return array


def lognormal(mean: float, sigma: float, size: int, dtype: Any = np.float64, device: bool = False) -> Any:
    """An array of lognormal numbers."""
    array = _empty(size, dtype, device)
    _global().lognormal(array, mean, sigma)
    return array


def poisson(lmbd: float, size: int, device: bool = False) -> Any:
    """An array of uint32 Poisson numbers."""
    array = _empty(size, np.uint32, device)
    _global().poisson(array, lmbd)
    return array


def quasi(size: int, bits: int = 32, nd: int = 1, device: bool = False) -> Any:
    """An array of the next points of Sobol's sequence as uint32 or uint64, all of dimension 0 first; `size` is a multiple of
    `nd`.
    """
    if bits not in (32, 64):
        raise BadValueError("Only support 32 or 64 bits", code="bits")
    array = _empty(size, np.uint32 if bits == 32 else np.uint64, device)
    with _lock:
        if bits not in _shared_quasi:
            _shared_quasi[bits] = QRNG(QRNG.SOBOL32 if bits == 32 else QRNG.SOBOL64)
        shared = _shared_quasi[bits]
        shared.ndim = nd
        shared.generate(array)
    return array
