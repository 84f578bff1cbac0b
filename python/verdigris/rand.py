"""Random numbers, equal to cuRAND's: `PRNG` as in pyculib, and functions that make arrays.

    from verdigris import rand as curand
    prng = curand.PRNG(rndtype=curand.PRNG.XORWOW, seed=1)
    prng.uniform(array)

Arrays are filled in place: NumPy arrays and device arrays, contiguous and of one dimension. Uniform numbers lie in (0, 1].
"""

from __future__ import annotations

import time
from _thread import allocate_lock
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ._verdigris import Generator
from .errors import ArgumentError, BadValueError, ShapeError

__all__ = ["PRNG", "lognormal", "normal", "poisson", "uniform"]

_FLOATS = {np.dtype(np.float32): "f32", np.dtype(np.float64): "f64"}
_INTEGERS = {np.dtype(np.int32), np.dtype(np.uint32)}


class PRNG:
    """A pseudorandom stream. `seed` is 0 and `offset` 0 unless given; a seed is taken modulo 2**64.

    Calls from several threads take turns. `stream` orders work on a device; on the CPU every call has ended when it returns.
    """

    TEST = 0
    DEFAULT = 100
    XORWOW = 101
    MRG32K3A = 121
    MTGP32 = 141

    def __init__(self, rndtype: int = DEFAULT, seed: int | None = None, offset: int | None = None, stream: Any = None) -> None:
        self._rndtype = int(rndtype)
        try:
            self._generator = Generator(self._rndtype)
        except OverflowError:
            raise BadValueError(f"{rndtype} is the number of no generator", code="generator-kind") from None
        self._offset = 0
        self.stream = stream
        if seed is not None:
            self.seed = seed
        if offset is not None:
            self.offset = offset

    @property
    def rndtype(self) -> int:
        """cuRAND's number of the generator."""
        return self._rndtype

    @property
    def seed(self) -> int:
        """The seed. Setting another one restarts the stream where it stands, as in cuRAND."""
        return self._generator.seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._generator.set_seed(int(seed) % 2**64)

    @property
    def offset(self) -> int:
        """The draws left out at the start. Setting it restarts the stream there."""
        return self._offset

    @offset.setter
    def offset(self, offset: int) -> None:
        offset = int(offset)
        if not 0 <= offset < 2**64:
            raise BadValueError(f"an offset is a number of draws to leave out, not {offset}", code="offset")
        self._offset = offset
        self._generator.set_offset(offset)

    def uniform(self, ary: Any, size: int | None = None) -> None:
        """Fills `ary` (float32 or float64), or its first `size` elements, with uniform numbers in (0, 1]."""
        self._fill(ary, size, "uniform")

    def normal(self, ary: Any, mean: float, sigma: float, size: int | None = None) -> None:
        """Fills `ary` with normal numbers. They come in pairs: an even number of them."""
        self._fill(ary, size, "normal", float(mean), float(sigma))

    def lognormal(self, ary: Any, mean: float, sigma: float, size: int | None = None) -> None:
        """Fills `ary` with the exponentials of normal numbers of that mean and sigma; an even number of them."""
        self._fill(ary, size, "lognormal", float(mean), float(sigma))

    def poisson(self, ary: Any, lmbd: float, size: int | None = None) -> None:
        """Fills `ary` (int32 or uint32) with Poisson numbers of mean `lmbd`."""
        size = _checked(ary, size)
        if ary.dtype not in _INTEGERS:
            raise BadValueError("Only accept 32-bit integer arrays.", code="bad-array")
        with _host(ary, size) as host:
            self._generator.poisson_u32(host.view(np.uint32), float(lmbd), size)

    def _fill(self, ary: Any, size: int | None, distribution: str, *parameters: float) -> None:
        size = _checked(ary, size)
        kind = _FLOATS.get(ary.dtype)
        if kind is None:
            raise BadValueError("Only accept float or double arrays.", code="bad-array")
        with _host(ary, size) as host:
            getattr(self._generator, f"{distribution}_{kind}")(host, *parameters, size)

    def __repr__(self) -> str:
        return f"PRNG(rndtype={self._rndtype}, seed={self.seed}, offset={self._offset})"


def _checked(ary: Any, size: int | None) -> int:
    """How much of `ary` to fill; refuses what is no array to fill."""
    if not (isinstance(ary, np.ndarray) or _on_device(ary)):
        raise ArgumentError(f"Only accept arrays, not {type(ary).__name__}", code="bad-array")
    if ary.ndim != 1:
        raise ArgumentError("Only accept 1-D array", code="bad-array")
    if ary.size > 1 and ary.strides[0] != ary.dtype.itemsize:
        raise ArgumentError("Only accept unit strided array", code="bad-array")
    size = int(size) if size else ary.size
    if not 0 <= size <= ary.size:
        raise ShapeError(f"{size} numbers were asked for, but the array holds {ary.size}", code="too-short")
    return size


def _on_device(ary: Any) -> bool:
    return hasattr(type(ary), "copy_to_device")


@contextmanager
def _host(ary: Any, size: int) -> Iterator[np.ndarray[Any, Any]]:
    """The memory to fill: the array's own, or for a device array a buffer that is copied there at the end."""
    if isinstance(ary, np.ndarray):
        yield ary
    else:
        buffer = np.empty(size, ary.dtype)
        yield buffer
        ary[:size].copy_to_device(buffer)


# --- arrays of random numbers ---

_lock = allocate_lock()
_shared: PRNG | None = None


def _global() -> PRNG:
    """The generator of the functions below, seeded by the clock when first needed."""
    global _shared
    with _lock:
        if _shared is None:
            _shared = PRNG(seed=int(time.time()))
        return _shared


def _finished(array: np.ndarray[Any, Any], device: bool) -> Any:
    if not device:
        return array
    from . import cuda

    return cuda.to_device(array)


def uniform(size: int, dtype: Any = np.float64, device: bool = False) -> Any:
    """An array of uniform numbers in (0, 1]; a device array if `device`."""
    array = np.empty(size, dtype)
    _global().uniform(array)
    return _finished(array, device)


def normal(mean: float, sigma: float, size: int, dtype: Any = np.float64, device: bool = False) -> Any:
    """An array of normal numbers."""
    array = np.empty(size, dtype)
    _global().normal(array, mean, sigma)
    return _finished(array, device)


def lognormal(mean: float, sigma: float, size: int, dtype: Any = np.float64, device: bool = False) -> Any:
    """An array of lognormal numbers."""
    array = np.empty(size, dtype)
    _global().lognormal(array, mean, sigma)
    return _finished(array, device)


def poisson(lmbd: float, size: int, device: bool = False) -> Any:
    """An array of uint32 Poisson numbers."""
    array = np.empty(size, np.uint32)
    _global().poisson(array, lmbd)
    return _finished(array, device)
