"""Fourier, cosine and sine transforms: the functions of `numpy.fft` and `scipy.fft`, on all cores and all SIMD lanes.

>>> import numpy as np
>>> from verdigris import fft
>>> fft.rfft(np.ones(4, np.float32))
array([4.+0.j, 0.+0.j, 0.+0.j], dtype=complex64)

float32 stays float32. Arrays of any strides and device arrays are transformed where they lie; `out=` says where results go.
`Plan` prepares a transform; plans of the functions are cached (`plan_cache_info`, `clear_plan_cache`, `limit_plan_cache`).

The module is a backend of SciPy's: after `scipy.fft.set_backend(verdigris.fft)` (or `set_global_backend`) SciPy's own
functions, and libraries that call them, run here. What verdigris does not transform (long doubles, `fht`) is passed on to SciPy.
"""

from __future__ import annotations

from ._arguments import get_workers, set_workers
from ._backend import __ua_domain__ as __ua_domain__
from ._backend import __ua_function__ as __ua_function__
from ._basic import (
    fft,
    fft2,
    fftn,
    hfft,
    hfft2,
    hfftn,
    ifft,
    ifft2,
    ifftn,
    ihfft,
    ihfft2,
    ihfftn,
    irfft,
    irfft2,
    irfftn,
    rfft,
    rfft2,
    rfftn,
)
from ._convolve import fftconvolve, fftcorrelate
from ._helper import fftfreq, fftshift, ifftshift, next_fast_len, prev_fast_len, rfftfreq
from ._plan import Plan, PlanCacheInfo, clear_plan_cache, limit_plan_cache, plan_cache_info
from ._trigonometric import dct, dctn, dst, dstn, idct, idctn, idst, idstn

__all__ = [
    "Plan",
    "PlanCacheInfo",
    "clear_plan_cache",
    "dct",
    "dctn",
    "dst",
    "dstn",
    "fft",
    "fft2",
    "fftconvolve",
    "fftcorrelate",
    "fftfreq",
    "fftn",
    "fftshift",
    "fht",
    "fhtoffset",
    "get_workers",
    "hfft",
    "hfft2",
    "hfftn",
    "idct",
    "idctn",
    "idst",
    "idstn",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ifht",
    "ihfft",
    "ihfft2",
    "ihfftn",
    "irfft",
    "irfft2",
    "irfftn",
    "limit_plan_cache",
    "next_fast_len",
    "plan_cache_info",
    "prev_fast_len",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
    "set_workers",
]


def fht(a, dln, mu, offset=0.0, bias=0.0):
    """SciPy's fast Hankel transform, its Fourier transforms included."""
    from ._transform import call_scipy

    return call_scipy("fht", (a, dln, mu, offset, bias), {}, "the Hankel transform")


def ifht(A, dln, mu, offset=0.0, bias=0.0):
    """The inverse of `fht`."""
    from ._transform import call_scipy

    return call_scipy("ifht", (A, dln, mu, offset, bias), {}, "the Hankel transform")


def fhtoffset(dln, mu, initial=0.0, bias=0.0):
    """The offset near `initial` at which `fht` rings least; SciPy's function."""
    from ._transform import call_scipy

    return call_scipy("fhtoffset", (dln, mu, initial, bias), {}, "the Hankel transform")
