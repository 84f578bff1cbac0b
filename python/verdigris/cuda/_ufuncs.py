"""Ufuncs of device arrays: NumPy's and ours, with device arrays as results.

Owns how a call is taken apart and put together again (NEP 13). Where the device is the CPU a ufunc reads and writes its
memory where it lies, and results of a call without `out=` are copied once; where it is a GPU plain calls of our ufuncs run
there, and for all else operands are copied to the host and results back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _verdigris
from .._verdigris import DeviceNDArray, to_device
from .._verdigris import Ufunc as _Ours


def apply(ufunc: Any, method: str, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """`DeviceNDArray.__array_ufunc__`."""
    outputs = keywords.get("out", ())
    where = keywords.get("where", True)
    if not all(map(_is_ours, (*inputs, *outputs, where))):
        return NotImplemented
    if method == "__call__" and isinstance(ufunc, _Ours) and keywords.keys() <= {"out"} and _verdigris.current_gpu() is not None:
        done = ufunc._on_gpu(inputs, keywords.get("out"))
        if done is not None:
            return done
    host = dict(keywords)
    targets = tuple(map(_host, outputs))
    if outputs:
        host["out"] = targets
    if "where" in keywords:
        host["where"] = _host(where)
    operands = tuple(map(_host, inputs))
    result = getattr(ufunc, method)(*operands, **host)
    written = [*zip(outputs, targets, strict=True)]
    if method == "at":
        # The one method that writes to what it is given.
        written.append((inputs[0], operands[0]))
    for device, copy in written:
        if isinstance(device, DeviceNDArray) and device.device != "cpu":
            device.copy_to_device(copy)
    if not isinstance(result, tuple):
        return _device(result, outputs[0] if outputs else None)
    return tuple(_device(r, o) for r, o in zip(result, outputs or [None] * len(result), strict=True))


def _is_ours(operand: Any) -> bool:
    """Whether an operand leaves the call to us: those of other types with a say of their own are asked in their turn."""
    theirs = getattr(type(operand), "__array_ufunc__", None)
    return theirs in (None, np.ndarray.__array_ufunc__, DeviceNDArray.__array_ufunc__)


def _host(operand: Any) -> Any:
    if not isinstance(operand, DeviceNDArray):
        return operand
    return operand.__verdigris_host__ if operand.device == "cpu" else operand.copy_to_host()


def _device(result: Any, given: Any) -> Any:
    """An array of results on the device: the one that was given for it, or a new one. Single numbers stay NumPy's."""
    if given is not None:
        return given
    return to_device(result) if isinstance(result, np.ndarray) else result
