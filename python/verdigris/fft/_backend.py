"""The backend that SciPy calls after `scipy.fft.set_backend(verdigris.fft)`.

Every function of SciPy's protocol is answered: by verdigris where it has the transform, else by SciPy's own implementation,
which is called from here so that no call breaks because this backend is set. Threads are then SciPy's affair:
`scipy.fft.get_workers()` unless a call says otherwise.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._verdigris import DeviceNDArray
from . import _arguments, _basic, _trigonometric
from ._arguments import Unserved, is_foreign
from ._transform import call_scipy

__ua_domain__ = "numpy.scipy.fft"

_BASIC = "fft ifft rfft irfft hfft ihfft fft2 ifft2 rfft2 irfft2 hfft2 ihfft2 fftn ifftn rfftn irfftn hfftn ihfftn"
_TRIGONOMETRIC = "dct idct dst idst dctn idctn dstn idstn"
# SciPy's functions that verdigris has; `fht` and `ifht` are SciPy's own.
_OURS = {name: getattr(_basic, name) for name in _BASIC.split()}
_OURS |= {name: getattr(_trigonometric, name).__wrapped__ for name in _TRIGONOMETRIC.split()}
_OTHERS = ("fht", "ifht")


class Counts:
    """How many calls SciPy's protocol has brought, for tests and the curious."""

    served = 0
    passed_on = 0


def __ua_function__(method: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answers a call of SciPy's function `method`."""
    name = method.__name__
    ours = _OURS.get(name)
    if ours is None:
        if name not in _OTHERS:
            return NotImplemented
        return _pass_on(name, args, kwargs, "SciPy's own")
    why = _reason(args, kwargs)
    if why is not None:
        return _pass_on(name, args, kwargs, why)
    from scipy.fft import get_workers

    threads = _arguments._workers
    before = threads.default
    threads.default = get_workers()
    try:
        result = ours(*args, **kwargs)
    except Unserved as unserved:
        why = unserved.what
    else:
        Counts.served += 1
        return result
    finally:
        threads.default = before
    return _pass_on(name, args, kwargs, why)


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


def _pass_on(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], why: str) -> Any:
    Counts.passed_on += 1
    return call_scipy(name, args, kwargs, why)
