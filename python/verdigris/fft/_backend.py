"""The backend that SciPy calls after `scipy.fft.set_backend(verdigris.fft)`.

Every function of SciPy's protocol is answered: by verdigris where it has the transform, else by SciPy's own implementation,
which is called from here so that no call breaks because this backend is set. Threads are then SciPy's affair:
`scipy.fft.get_workers()` unless a call says otherwise.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._verdigris import DeviceNDArray
from . import _basic, _trigonometric
from ._arguments import by_default, is_foreign
from ._transform import Counts, call_scipy

__ua_domain__ = "numpy.scipy.fft"

_BASIC = "fft ifft rfft irfft hfft ihfft fft2 ifft2 rfft2 irfft2 hfft2 ihfft2 fftn ifftn rfftn irfftn hfftn ihfftn"
_TRIGONOMETRIC = "dct idct dst idst dctn idctn dstn idstn"
# SciPy's functions that verdigris has; `fht` and `ifht` are SciPy's own.
_OURS = {name: getattr(_basic, name) for name in _BASIC.split()}
_OURS |= {name: getattr(_trigonometric, name) for name in _TRIGONOMETRIC.split()}
_OTHERS = ("fht", "ifht")


def __ua_function__(method: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answers a call of SciPy's function `method`."""
    name = method.__name__
    ours = _OURS.get(name)
    if ours is None and name not in _OTHERS:
        return NotImplemented
    Counts.called += 1
    why = "SciPy's own" if ours is None else _reason(args, kwargs)
    if why is not None:
        return call_scipy(name, args, kwargs, why)
    from scipy.fft import get_workers

    before = by_default.workers
    by_default.workers = get_workers()
    try:
        return ours(*args, **kwargs)
    finally:
        by_default.workers = before


def _reason(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    """Why a call is SciPy's, if it is."""
    if kwargs.get("plan") is not None:
        return "plan="
    x = args[0] if args else kwargs.get("x")
    if is_foreign(x):
        return "another library's array"
    if not isinstance(x, DeviceNDArray):
        dtype = getattr(x, "dtype", None)
        if isinstance(dtype, np.dtype) and (dtype.char in "gGO"):
            return f"an array of {dtype}"
    return None
