"""Frequencies, shifts, fast lengths."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .._verdigris import DeviceNDArray, fft_fast_length, to_device
from ..errors import BadValueError
from ._arguments import is_foreign
from ._transform import call_scipy


def fftfreq(n: int, d: float = 1.0, *, xp: Any = None, device: Any = None) -> Any:
    """The frequencies of the elements of `fft` of length n with samples d apart, in cycles per unit: 0, 1, ..., -1 over d n."""
    return _frequencies("fftfreq", n, d, xp, device)


def rfftfreq(n: int, d: float = 1.0, *, xp: Any = None, device: Any = None) -> Any:
    """The frequencies of the elements of `rfft` of length n: 0, 1, ..., n/2 over d n."""
    return _frequencies("rfftfreq", n, d, xp, device)


def _frequencies(name: str, n: int, d: float, xp: Any, device: Any) -> Any:
    if xp is not None and xp is not np:
        return call_scipy(name, (n,), {"d": d, "xp": xp, "device": device}, "another array library")
    if device is not None:
        raise BadValueError("device parameter is not supported for input array type", code="device")
    return getattr(np.fft, name)(n, d)


def fftshift(x: Any, axes: Any = None) -> Any:
    """The array with frequency 0 in the middle, along all axes unless some are given."""
    return _shift("fftshift", x, axes)


def ifftshift(x: Any, axes: Any = None) -> Any:
    """The inverse of `fftshift`."""
    return _shift("ifftshift", x, axes)


def _shift(name: str, x: Any, axes: Any) -> Any:
    if isinstance(x, DeviceNDArray):
        return to_device(getattr(np.fft, name)(x.copy_to_host(), axes))
    if is_foreign(x):
        return call_scipy(name, (x, axes), {}, "another library's array")
    return getattr(np.fft, name)(x, axes)


def next_fast_len(target: int, real: bool = False) -> int:
    """The least length of at least `target` that transforms are fast at: of prime factors up to 11, for real ones up to 5."""
    found = fft_fast_length(_length(target), bool(real), True)
    if found is None:
        raise OverflowError(f"there is no fast length of at least {target} that fits this machine")
    return found


def prev_fast_len(target: int, real: bool = False) -> int:
    """The greatest fast length of at most `target`."""
    return fft_fast_length(_length(target), bool(real), False)


def _length(target: int) -> int:
    target = operator.index(target)
    if target < 0:
        raise BadValueError("Target length must be positive", code="fft-length")
    return target
