"""Stands for `pyculib.sorting`: radix sort by bits of the keys, and sort by segments.

Keys are compared as the unsigned numbers that their bits stand for in order, `begin_bit` to `end_bit` of them; equal keys
keep their order. So floats sort by value, -0.0 before 0.0, NaNs by their sign at the ends.

"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._verdigris import sort_pairs

__all__ = ["RadixSort", "segmented_sort"]

_KEYS = {np.dtype(code) for code in ("f4", "f8", "i4", "u4", "i8", "u8")}


def _ordered(keys: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """uint64 numbers in the keys' order, in the low bits."""
    bits = keys.dtype.itemsize * 8
    raw = keys.view(f"u{keys.dtype.itemsize}")
    top = raw.dtype.type(1 << bits - 1)
    if keys.dtype.kind == "i":
        raw = raw ^ top
    elif keys.dtype.kind == "f":
        raw = np.where(raw & top != 0, ~raw, raw | top)
    return raw.astype(np.uint64)


def _unordered(ordered: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    raw = ordered.astype(f"u{dtype.itemsize}")
    top = raw.dtype.type(1 << dtype.itemsize * 8 - 1)
    if dtype.kind == "i":
        raw = raw ^ top
    elif dtype.kind == "f":
        raw = np.where(raw & top != 0, raw & ~top, ~raw)
    return raw.view(dtype)


def _host(array: Any) -> np.ndarray[Any, Any]:
    return array if isinstance(array, np.ndarray) else array.copy_to_host()


def _give_back(array: Any, values: np.ndarray[Any, Any], count: int | None = None) -> None:
    count = len(values) if count is None else count
    if isinstance(array, np.ndarray):
        array[:count] = values[:count]
    else:
        array[: len(values)].copy_to_device(np.ascontiguousarray(values))


class RadixSort:
    """Sorts up to `maxcount` keys of a dtype (float32, float64, int32, uint32, int64, uint64), upwards unless `descending`."""

    def __init__(self, maxcount: int, dtype: Any, descending: bool = False, stream: Any = 0) -> None:
        self.maxcount = int(maxcount)
        self.dtype = np.dtype(dtype)
        self.descending = bool(descending)
        self.stream = stream
        if self.dtype not in _KEYS:
            raise KeyError(self.dtype)

    def close(self) -> None:
        """Nothing is held."""

    def init_arg(self, size: int) -> Any:
        """A device array of the numbers below `size`, uint32."""
        from ... import cuda

        return cuda.to_device(np.arange(size, dtype=np.uint32))

    def _sorted(
        self, keys: Any, values: np.ndarray[Any, Any], begin_bit: int, end_bit: int | None
    ) -> tuple[np.ndarray[Any, Any], ...]:
        if keys.dtype != self.dtype:
            raise TypeError("dtype mismatch")
        if keys.ndim != 1:
            raise TypeError("keys must be of one dimension")
        if keys.size > self.maxcount:
            raise ValueError("keys array too long")
        bits = self.dtype.itemsize * 8
        end_bit = bits if end_bit is None else int(end_bit)
        if not 0 <= begin_bit <= end_bit <= bits:
            raise ValueError(f"bits {begin_bit} to {end_bit} are not in a key of {bits}")
        ordered = _ordered(np.ascontiguousarray(_host(keys)))
        values = np.array(values, np.uint32)
        sort_pairs(ordered, values, self.descending, (1 << end_bit) - (1 << begin_bit), [])
        return _unordered(ordered, self.dtype), values

    def _sort(self, keys: Any, vals: Any, begin_bit: int, end_bit: int | None, count: int | None) -> None:
        if vals is not None and (np.dtype(vals.dtype).itemsize != 4 or vals.shape != keys.shape):
            raise TypeError("dtype mismatch" if np.dtype(vals.dtype).itemsize != 4 else "vals must have a value for each key")
        values = np.zeros(keys.size, np.uint32) if vals is None else np.ascontiguousarray(_host(vals)).view(np.uint32)
        sorted_keys, sorted_values = self._sorted(keys, values, begin_bit, end_bit)
        _give_back(keys, sorted_keys, count)
        if vals is not None:
            _give_back(vals, sorted_values.view(vals.dtype), count)

    def sort(self, keys: Any, vals: Any = None, begin_bit: int = 0, end_bit: int | None = None) -> None:
        """Sorts `keys` in place, and reorders `vals` (of four bytes each) with them."""
        self._sort(keys, vals, begin_bit, end_bit, None)

    def select(self, k: int, keys: Any, vals: Any = None, begin_bit: int = 0, end_bit: int | None = None) -> None:
        """Puts the first `k` of the sorted keys, and their `vals`, at the front; the rest of a host array stays as it was."""
        self._sort(keys, vals, begin_bit, end_bit, max(0, min(int(k), keys.size)))

    def argsort(self, keys: Any, begin_bit: int = 0, end_bit: int | None = None) -> Any:
        """Sorts `keys` in place and returns where each was: uint32, on the device if `keys` is."""
        return self.argselect(keys.size, keys, begin_bit, end_bit)

    def argselect(self, k: int, keys: Any, begin_bit: int = 0, end_bit: int | None = None) -> Any:
        """As `select`, and returns where each of the first `k` was."""
        count = max(0, min(int(k), keys.size))
        sorted_keys, order = self._sorted(keys, np.arange(keys.size, dtype=np.uint32), begin_bit, end_bit)
        _give_back(keys, sorted_keys, count)
        if isinstance(keys, np.ndarray):
            return order[:count]
        from ... import cuda

        return cuda.to_device(order[:count])


def segmented_sort(keys: Any, vals: Any, segments: Any, stream: Any = 0) -> None:
    """Sorts the parts of `keys` between neighbouring cuts in place, and reorders `vals` (of four bytes each) with them."""
    if np.dtype(keys.dtype) not in _KEYS or np.dtype(vals.dtype).itemsize != 4:
        raise TypeError("dtype mismatch")
    cuts = [int(cut) for cut in _host(segments)]
    if keys.ndim != 1 or vals.shape != keys.shape or cuts != sorted(cuts) or (cuts and not 0 <= cuts[0] <= cuts[-1] <= keys.size):
        raise ValueError("segments are cuts in ascending order inside keys, and vals has a value for each key")
    ordered = _ordered(np.ascontiguousarray(_host(keys)))
    values = np.array(_host(vals)).view(np.uint32)
    sort_pairs(ordered, values, False, 2**64 - 1, cuts)
    _give_back(keys, _unordered(ordered, np.dtype(keys.dtype)))
    _give_back(vals, values.view(vals.dtype))
