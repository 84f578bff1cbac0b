"""Functions of float16 inside kernels, under CUDA's names: each rounds its result to float16 once."""

from __future__ import annotations

from verdigris._verdigris import register_builtin
from verdigris.cuda._intrinsics import _Intrinsic

_NAMES = (
    ["hadd", "hsub", "hmul", "hdiv", "hfma", "hneg", "habs", "hmin", "hmax", "heq", "hne", "hlt", "hle", "hgt", "hge"]
    + ["hsin", "hcos", "htanh", "htanh_approx", "hlog", "hlog2", "hlog10", "hexp", "hexp2", "hexp10", "hsqrt", "hrsqrt", "hrcp"]
    + ["hfloor", "hceil", "htrunc", "hrint"]
)

for _name in _NAMES:
    _function = _Intrinsic(_name, f"fp16.{_name}()", f"CUDA's `__{_name}` of float16.")
    register_builtin(_function, f"cuda.fp16.{_name}")
    globals()[_name] = _function

__all__ = list(_NAMES)
