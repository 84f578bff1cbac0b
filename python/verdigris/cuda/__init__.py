"""CUDA kernels written in Python, compiled for this machine.

`jit` makes kernels and device functions; `to_device`, `device_array` and their kin make arrays for them; `grid`,
`threadIdx` and the like exist inside kernels only. Names and meanings are those of `numba.cuda`.

>>> import numpy as np
>>> from verdigris import cuda
>>> @cuda.jit
... def double(x):
...     i = cuda.grid(1)
...     if i < x.size:
...         x[i] = 2 * x[i]
>>> x = np.arange(5.0)
>>> double[1, 32](x)
>>> x
array([0., 2., 4., 6., 8.])
"""

from __future__ import annotations

import importlib
from typing import Any

from verdigris._verdigris import DeviceNDArray, Event, Stream, device_array, to_device
from verdigris.cuda import fp16
from verdigris.cuda._arrays import (
    as_cuda_array,
    device_array_like,
    from_cuda_array_interface,
    from_dlpack,
    is_cuda_array,
    managed_array,
    mapped,
    mapped_array,
    mapped_array_like,
    pinned,
    pinned_array,
    pinned_array_like,
)
from verdigris.cuda._compile import (
    compile,
    compile_for_current_device,
    compile_ptx,
    compile_ptx_for_current_device,
)
from verdigris.cuda._decorators import jit
from verdigris.cuda._device import (
    close,
    current_context,
    current_device,
    default_stream,
    defer_cleanup,
    detect,
    event,
    event_elapsed_time,
    external_stream,
    get_current_device,
    gpus,
    is_available,
    is_bfloat16_supported,
    is_float16_supported,
    is_gpu,
    is_supported_version,
    legacy_default_stream,
    list_devices,
    per_thread_default_stream,
    profile_start,
    profile_stop,
    profiling,
    select_device,
    stream,
    synchronize,
)
from verdigris.cuda._intrinsics import (
    activemask,
    all_sync,
    any_sync,
    atomic,
    ballot_sync,
    blockDim,
    blockIdx,
    brev,
    cbrt,
    cg,
    clz,
    const,
    eq_sync,
    ffs,
    fma,
    grid,
    gridDim,
    gridsize,
    laneid,
    lanemask_lt,
    literal_unroll,
    local,
    match_all_sync,
    match_any_sync,
    nanosleep,
    popc,
    selp,
    shared,
    shfl_down_sync,
    shfl_sync,
    shfl_up_sync,
    shfl_xor_sync,
    syncthreads,
    syncthreads_and,
    syncthreads_count,
    syncthreads_or,
    syncwarp,
    threadfence,
    threadfence_block,
    threadfence_system,
    threadIdx,
    warpsize,
)
from verdigris.cuda._reduce import Reduce, reduce
from verdigris.cuda._refused import *  # noqa: F403
from verdigris.cuda._refused import __all__ as _refused
from verdigris.cuda._transfers import In, InOut, Out
from verdigris.cuda._vectors import *  # noqa: F403
from verdigris.cuda._vectors import __all__ as _vectors
from verdigris.errors import DeviceError as CudaAPIError
from verdigris.errors import DeviceError as CudaSupportError
from verdigris.types import __all__ as _types

__all__ = [
    "CudaAPIError",
    "CudaSupportError",
    "DeviceNDArray",
    "Event",
    "In",
    "InOut",
    "Out",
    "Reduce",
    "Stream",
    "activemask",
    "all_sync",
    "any_sync",
    "as_cuda_array",
    "atomic",
    "ballot_sync",
    "blockDim",
    "blockIdx",
    "brev",
    "cbrt",
    "cg",
    "close",
    "clz",
    "compile",
    "compile_for_current_device",
    "compile_ptx",
    "compile_ptx_for_current_device",
    "const",
    "current_context",
    "current_device",
    "default_stream",
    "defer_cleanup",
    "detect",
    "device_array",
    "device_array_like",
    "eq_sync",
    "event",
    "event_elapsed_time",
    "external_stream",
    "ffs",
    "fma",
    "fp16",
    "from_cuda_array_interface",
    "from_dlpack",
    "get_current_device",
    "gpus",
    "grid",
    "gridDim",
    "gridsize",
    "is_available",
    "is_bfloat16_supported",
    "is_cuda_array",
    "is_float16_supported",
    "is_gpu",
    "is_supported_version",
    "jit",
    "laneid",
    "lanemask_lt",
    "legacy_default_stream",
    "list_devices",
    "literal_unroll",
    "local",
    "managed_array",
    "mapped",
    "mapped_array",
    "mapped_array_like",
    "match_all_sync",
    "match_any_sync",
    "nanosleep",
    "per_thread_default_stream",
    "pinned",
    "pinned_array",
    "pinned_array_like",
    "popc",
    "profile_start",
    "profile_stop",
    "profiling",
    "reduce",
    "select_device",
    "selp",
    "shared",
    "shfl_down_sync",
    "shfl_sync",
    "shfl_up_sync",
    "shfl_xor_sync",
    "stream",
    "synchronize",
    "syncthreads",
    "syncthreads_and",
    "syncthreads_count",
    "syncthreads_or",
    "syncwarp",
    "threadIdx",
    "threadfence",
    "threadfence_block",
    "threadfence_system",
    "to_device",
    "warpsize",
]

__all__ += _refused
__all__ += _vectors

# Modules that few programs need, imported when they are asked for.
_MODULES = ("bf16", "cudadrv", "libdevice", "random")
_TYPES = frozenset(_types)
_VECTORIZERS = ("guvectorize", "vectorize")
_HINTS = ("ldca", "ldcg", "ldcs", "ldcv", "ldlu", "stcg", "stcs", "stwb", "stwt")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"verdigris.cuda.{name}")
    if name == "types" or name in _TYPES:
        types = importlib.import_module("verdigris.types")
        return types if name == "types" else getattr(types, name)
    if name in ("devices", "devicearray"):
        return importlib.import_module(f"verdigris.cuda.cudadrv.{name}")
    if name in _VECTORIZERS:
        return getattr(importlib.import_module("verdigris.cuda._vectorizers"), name)
    if name in _HINTS:
        return getattr(importlib.import_module("verdigris.cuda._cache_hints"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
