"""Ufuncs of device arrays: NumPy's and ours, with device arrays as results.

Owns how a call is taken apart and put together again (NEP 13). The device is the CPU, whose memory a ufunc reads and writes
where it lies; results of a call without `out=` are copied once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._verdigris import DeviceNDArray, to_device


def apply(ufunc: Any, method: str, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """`DeviceNDArray.__array_ufunc__`."""
    outputs = keywords.get("out", ())
    where = keywords.get("where", True)
    if not all(map(_is_ours, (*inputs, *outputs, where))):
        return NotImplemented
    host = dict(keywords)
    if outputs:
        host["out"] = tuple(map(_host, outputs))
    if "where" in keywords:
        host["where"] = _host(where)
    result = getattr(ufunc, method)(*map(_host, inputs), **host)
    if not isinstance(result, tuple):
        return _device(result, outputs[0] if outputs else None)
    return tuple(_device(r, o) for r, o in zip(result, outputs or [None] * len(result), strict=True))


def _is_ours(operand: Any) -> bool:
    """Whether an operand leaves the call to us: those of other types with a say of their own are asked in their turn."""
    theirs = getattr(type(operand), "__array_ufunc__", None)
    return theirs in (None, np.ndarray.__array_ufunc__, DeviceNDArray.__array_ufunc__)


def _host(operand: Any) -> Any:
    return operand.__verdigris_host__ if isinstance(operand, DeviceNDArray) else operand


def _device(result: Any, given: Any) -> Any:
    """An array of results on the device: the one that was given for it, or a new one. Single numbers stay NumPy's."""
    if given is not None:
        return given
    return to_device(result) if isinstance(result, np.ndarray) else result
