"""bfloat16 inside kernels: the type, and CUDA's functions of it under the names that `numba.cuda.bf16` gives them.

`bfloat16(x)` converts; it is a type in signatures, of shared and local arrays, and of the elements of host arrays whose dtype is
`ml_dtypes.bfloat16`. Operators compute in float32 and round once. The functions take their arguments to bfloat16 first and round
to the nearest once, unless their names say otherwise: `_rz` toward zero, `_rd` down, `_ru` up, `_sat` to what is nearest in
[0, 1], `_relu` with 0 for what is negative. Conversions to integers end at the integer's limits; a NaN becomes 0.
Each is a device function, made when its name is first asked for.
"""

from __future__ import annotations

from typing import Any

from verdigris.cuda._texts import device_function
from verdigris.types import bfloat16

# Parameters as bfloat16, as float32 and as float64, which hold every one of them.
_X, _Y, _Z = (f"bfloat16({name})" for name in "xyz")
_X32, _Y32 = f"np.float32({_X})", f"np.float32({_Y})"
_X64, _Y64, _Z64 = (f"np.float64(bfloat16({name}))" for name in "xyz")
_FMA = f"rounded.odd_fma({_X64}, {_Y64}, {_Z64})"

#: Parameters, and what it gives.
_FUNCTIONS: dict[str, tuple[str, str]] = {
    "habs": ("x", f"abs({_X})"),
    "hneg": ("x", f"-{_X}"),
    "hadd": ("x, y", f"{_X} + {_Y}"),
    "hsub": ("x, y", f"{_X} - {_Y}"),
    "hmul": ("x, y", f"{_X} * {_Y}"),
    "hdiv": ("x, y", f"{_X} / {_Y}"),
    "hfma": ("x, y, z", f"bfloat16({_FMA})"),
    "hfma_sat": ("x, y, z", f"bfloat16(rounded.saturated({_FMA}))"),
    "hfma_relu": ("x, y, z", f"bfloat16(rounded.not_negative({_FMA}))"),
    # Of numbers that are not ordered the plain ones are false, those with `u` true; `!=` in Python is true.
    "heq": ("x, y", f"{_X} == {_Y}"),
    "hne": ("x, y", f"{_X} < {_Y} or {_X} > {_Y}"),
    "hge": ("x, y", f"{_X} >= {_Y}"),
    "hgt": ("x, y", f"{_X} > {_Y}"),
    "hle": ("x, y", f"{_X} <= {_Y}"),
    "hlt": ("x, y", f"{_X} < {_Y}"),
    "hequ": ("x, y", f"not ({_X} < {_Y} or {_X} > {_Y})"),
    "hneu": ("x, y", f"not {_X} == {_Y}"),
    "hgeu": ("x, y", f"not {_X} < {_Y}"),
    "hgtu": ("x, y", f"not {_X} <= {_Y}"),
    "hleu": ("x, y", f"not {_X} > {_Y}"),
    "hltu": ("x, y", f"not {_X} >= {_Y}"),
    "hmax": ("x, y", f"bfloat16(rounded.larger({_X32}, {_Y32}))"),
    "hmin": ("x, y", f"bfloat16(rounded.smaller({_X32}, {_Y32}))"),
    "hmax_nan": ("x, y", f"bfloat16(np.maximum({_X32}, {_Y32}))"),
    "hmin_nan": ("x, y", f"bfloat16(np.minimum({_X32}, {_Y32}))"),
    "hisnan": ("x", f"math.isnan({_X32})"),
    "hisinf": ("x", f"np.int32(0 if not math.isinf({_X32}) else (1 if {_X32} > 0.0 else -1))"),
    "hrcp": ("x", f"bfloat16(np.float32(1.0) / {_X32})"),
    "hsqrt": ("x", f"bfloat16(math.sqrt({_X32}))"),
    "hrsqrt": ("x", f"bfloat16(vmath.rsqrt({_X64}))"),
    "htrunc": ("x", f"bfloat16(np.trunc({_X32}))"),
    "hceil": ("x", f"bfloat16(np.ceil({_X32}))"),
    "hfloor": ("x", f"bfloat16(np.floor({_X32}))"),
    "hrint": ("x", f"bfloat16(np.rint({_X32}))"),
    "hexp10": ("x", f"bfloat16(vmath.exp10({_X32}))"),
    "htanh_approx": ("x", f"bfloat16(math.tanh({_X32}))"),
    "bfloat16_to_float32": ("x", _X32),
    "float32_to_bfloat16": ("x", "bfloat16(np.float32(x))"),
    "float64_to_bfloat16": ("x", "bfloat16(np.float64(x))"),
    "bfloat16_to_int8_rz": ("x", f"np.int8({_X32})"),
    "bfloat16_to_uint8_rz": ("x", f"np.uint8({_X32})"),
}
for _name in ("log", "log2", "log10", "cos", "sin", "exp", "exp2", "tanh"):
    _FUNCTIONS[f"h{_name}"] = ("x", f"bfloat16(math.{_name}({_X32}))")
for _name in ("hadd", "hsub", "hmul"):
    _params, _result = _FUNCTIONS[_name]
    _FUNCTIONS[f"{_name}_rn"] = (_params, _result)
    _FUNCTIONS[f"{_name}_sat"] = (_params, f"bfloat16(rounded.saturated(np.float64({_result})))")
_WHOLE = {"rn": "np.rint", "rz": "np.trunc", "rd": "np.floor", "ru": "np.ceil"}
_MODES = {"rn": "", "rz": "0", "rd": "-1", "ru": "1"}
_EXACT = {name: f"np.float64(np.{name}(x))" for name in ("int16", "uint16", "int32", "uint32", "float32")}
_EXACT |= {name: f"rounded.short_of(np.{name}(x))" for name in ("int64", "uint64")}
for _how, _mode in _MODES.items():
    for _type, _float in _EXACT.items():
        _FUNCTIONS[f"{_type}_to_bfloat16_{_how}"] = (
            "x",
            f"bfloat16(rounded.brain({_float}, {_mode}))" if _mode else f"bfloat16({_float})",
        )
        if _type != "float32":
            _FUNCTIONS[f"bfloat16_to_{_type}_{_how}"] = ("x", f"np.{_type}({_WHOLE[_how]}({_X32}))")
for _type in ("int16", "uint16"):
    _FUNCTIONS[f"bfloat16_as_{_type}"] = ("x", f"{_X}.view(np.{_type})")
    _FUNCTIONS[f"{_type}_as_bfloat16"] = ("x", f"np.{_type}(x).view(bfloat16)")

# C's names of the types, in CUDA's own names of the conversions.
_OF_C = {"float": "float32", "double": "float64", "char": "int8", "uchar": "uint8", "short": "int16", "ushort": "uint16"}
_OF_C |= {"int": "int32", "uint": "uint32", "ll": "int64", "ull": "uint64"}

__all__ = ["bfloat16", *sorted(_FUNCTIONS)]


def _plain(name: str) -> str:
    """The name in `_FUNCTIONS` for one of CUDA's, such as `float2bfloat16_rn` or `bfloat16_as_short`."""
    for ours, types in ((name.split("2bfloat16"), "{0}_to_bfloat16{1}"), (name.split("_as_bfloat16"), "{0}_as_bfloat16{1}")):
        if len(ours) == 2 and ours[0] in _OF_C:
            return types.format(_OF_C[ours[0]], ours[1])
    for start, kind in (("bfloat162", "to"), ("bfloat16_as_", "as")):
        c_type, line, how = name.removeprefix(start).partition("_")
        if name.startswith(start) and c_type in _OF_C:
            return f"bfloat16_{kind}_{_OF_C[c_type]}{line}{how}"
    return name


def __getattr__(name: str) -> Any:
    plain = _plain(name)
    if plain not in _FUNCTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if plain != name:
        return globals().get(plain) or __getattr__(plain)
    params, result = _FUNCTIONS[name]
    made = device_function("bf16", name, f"def {name}({params}):\n    return {result}\n", bfloat16=bfloat16)
    globals()[name] = made
    return made


def __dir__() -> list[str]:
    return __all__
