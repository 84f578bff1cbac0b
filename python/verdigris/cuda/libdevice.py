"""Functions of NVIDIA's libdevice under their names, for kernels that use them by way of `numba.cuda.libdevice`.

Each is a device function over this package's own math library: the names are libdevice's, the accuracy is docs/math.md's.
Names that end in `f` work in float32. `fast_*` are their plain forms. Directed roundings (`_rd`, `_ru`, `_rz`) are exact;
results of unsigned functions are unsigned. Each is made when its name is first asked for.
"""

from __future__ import annotations

from typing import Any

from verdigris.cuda._texts import device_function
from verdigris.errors import UnsupportedError

#: Functions that have their names in Python's `math`, and in this package's.
# fmt: off
_MATH = [
    "acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "cos", "cosh", "erf", "erfc", "exp", "expm1",
    "fabs", "lgamma", "log", "log10", "log1p", "log2", "sin", "sinh", "sqrt", "tan", "tanh", ]
# fmt: on
_OWN_MATH = ["cospi", "sinpi", "erfcinv", "erfcx", "erfinv", "exp10", "normcdf", "normcdfinv", "rsqrt"]
_FAST_NAMES = ["cos", "exp", "exp10", "log", "log10", "log2", "sin", "tan"]

#: Functions of floats: name without `f`, parameters, and what it gives.
_FLOATS: dict[str, tuple[str, str]] = {
    **{name: ("x", f"math.{name}(x)") for name in _MATH},
    **{name: ("x", f"vmath.{name}(x)") for name in _OWN_MATH},
    "exp2": ("x", "math.exp2(x)"),
    "tgamma": ("x", "math.gamma(x)"),
    "ceil": ("x", "np.ceil(x)"),
    "floor": ("x", "np.floor(x)"),
    "trunc": ("x", "np.trunc(x)"),
    "rint": ("x", "np.rint(x)"),
    "nearbyint": ("x", "np.rint(x)"),
    "round": ("x", "math.copysign(np.floor(abs(x)) + (1.0 if abs(x) - np.floor(abs(x)) >= 0.5 else 0.0), x)"),
    "logb": ("x", "math.log2(abs(x)) if x == 0.0 or math.isinf(x) or math.isnan(x) else float(math.frexp(x)[1] - 1)"),
    "atan2": ("x, y", "math.atan2(x, y)"),
    "copysign": ("x, y", "math.copysign(x, y)"),
    "fdim": ("x, y", "vmath.fdim(x, y)"),
    "rcbrt": ("x", "1.0 / math.cbrt(x)"),
    "fmax": ("x, y", "np.fmax(x, y)"),
    "fmin": ("x, y", "np.fmin(x, y)"),
    "fmod": ("x, y", "math.fmod(x, y)"),
    "hypot": ("x, y", "math.hypot(x, y)"),
    "rhypot": ("x, y", "1.0 / math.hypot(x, y)"),
    "nextafter": ("x, y", "math.nextafter(x, y)"),
    "pow": ("x, y", "math.pow(x, y)"),
    "remainder": ("x, y", "math.remainder(x, y)"),
    "powi": ("x, n", "x ** n"),
    "ldexp": ("x, n", "math.ldexp(x, n)"),
    "scalbn": ("x, n", "math.ldexp(x, n)"),
    "fma": ("x, y, z", "cuda.fma(x, y, z)"),
}

#: Everything else: parameters, and what it gives.
_OTHERS: dict[str, tuple[str, str]] = {
    "sincos": ("x", "math.sin(x), math.cos(x)"),
    "sincosf": ("x", "np.float32(math.sin(np.float32(x))), np.float32(math.cos(np.float32(x)))"),
    "sincospi": ("x", "vmath.sinpi(x), vmath.cospi(x)"),
    "sincospif": ("x", "np.float32(vmath.sinpi(np.float32(x))), np.float32(vmath.cospi(np.float32(x)))"),
    "frexp": ("x", "math.frexp(x)"),
    "frexpf": ("x", "math.frexp(np.float32(x))"),
    "modf": ("x", "math.modf(x)"),
    "modff": ("x", "math.modf(np.float32(x))"),
    "ilogb": ("x", "np.int32(math.frexp(x)[1] - 1)"),
    "ilogbf": ("x", "np.int32(math.frexp(np.float32(x))[1] - 1)"),
    "abs": ("x", "np.int32(abs(x))"),
    "llabs": ("x", "np.int64(abs(x))"),
    "brev": ("x", "np.int32(cuda.brev(np.uint32(x)))"),
    "brevll": ("x", "np.int64(cuda.brev(np.uint64(x)))"),
    "clz": ("x", "np.int32(cuda.clz(np.uint32(x)))"),
    "clzll": ("x", "np.int32(cuda.clz(np.uint64(x)))"),
    "ffs": ("x", "np.int32(cuda.ffs(np.uint32(x)))"),
    "ffsll": ("x", "np.int32(cuda.ffs(np.uint64(x)))"),
    "popc": ("x", "np.int32(cuda.popc(np.uint32(x)))"),
    "popcll": ("x", "np.int32(cuda.popc(np.uint64(x)))"),
    "max": ("x, y", "np.int32(max(np.int32(x), np.int32(y)))"),
    "min": ("x, y", "np.int32(min(np.int32(x), np.int32(y)))"),
    "llmax": ("x, y", "max(np.int64(x), np.int64(y))"),
    "llmin": ("x, y", "min(np.int64(x), np.int64(y))"),
    "umax": ("x, y", "np.uint32(max(np.uint32(x), np.uint32(y)))"),
    "umin": ("x, y", "np.uint32(min(np.uint32(x), np.uint32(y)))"),
    "ullmax": ("x, y", "max(np.uint64(x), np.uint64(y))"),
    "ullmin": ("x, y", "min(np.uint64(x), np.uint64(y))"),
    "mul24": ("x, y", "np.int32((np.int64(x) << 40 >> 40) * (np.int64(y) << 40 >> 40))"),
    "mulhi": ("x, y", "np.int32(np.int64(np.int32(x)) * np.int64(np.int32(y)) >> 32)"),
    "umulhi": ("x, y", "np.uint32(np.uint64(np.uint32(x)) * np.uint64(np.uint32(y)) >> np.uint64(32))"),
    "sad": ("x, y, z", "np.uint32(abs(np.int64(np.int32(x)) - np.int64(np.int32(y))) + np.int64(z))"),
    "hadd": ("x, y", "np.int32(np.int64(np.int32(x)) + np.int64(np.int32(y)) >> 1)"),
    "rhadd": ("x, y", "np.int32(np.int64(np.int32(x)) + np.int64(np.int32(y)) + 1 >> 1)"),
    "saturatef": ("x", "np.float32(0.0) if not x > 0.0 else (np.float32(1.0) if x > 1.0 else np.float32(x))"),
    "isfinited": ("x", "np.int32(math.isfinite(x))"),
    "finitef": ("x", "np.int32(math.isfinite(np.float32(x)))"),
    "isinfd": ("x", "np.int32(math.isinf(x))"),
    "isinff": ("x", "np.int32(math.isinf(np.float32(x)))"),
    "isnand": ("x", "np.int32(math.isnan(x))"),
    "isnanf": ("x", "np.int32(math.isnan(np.float32(x)))"),
    "signbitd": ("x", "np.int32(math.copysign(1.0, x) < 0.0)"),
    "signbitf": ("x", "np.int32(math.copysign(1.0, x) < 0.0)"),
    "llrint": ("x", "np.int64(np.rint(x))"),
    "llrintf": ("x", "np.int64(np.rint(np.float32(x)))"),
    "fast_fdividef": ("x, y", "np.float32(x) / np.float32(y)"),
    "fast_powf": ("x, y", "np.float32(math.pow(np.float32(x), np.float32(y)))"),
    "dadd_rn": ("x, y", "cuda.fma(x, 1.0, y)"),  # never merged with a product, as CUDA has it
    "dmul_rn": ("x, y", "cuda.fma(x, y, -0.0)"),
    "ddiv_rn": ("x, y", "x / y"),
    "dsqrt_rn": ("x", "math.sqrt(x)"),
    "drcp_rn": ("x", "1.0 / x"),
    "fadd_rn": ("x, y", "cuda.fma(np.float32(x), np.float32(1.0), np.float32(y))"),
    "fsub_rn": ("x, y", "cuda.fma(np.float32(y), np.float32(-1.0), np.float32(x))"),
    "fmul_rn": ("x, y", "cuda.fma(np.float32(x), np.float32(y), np.float32(-0.0))"),
    "fdiv_rn": ("x, y", "np.float32(x) / np.float32(y)"),
    "fsqrt_rn": ("x", "np.float32(math.sqrt(np.float32(x)))"),
    "frsqrt_rn": ("x", "np.float32(1.0) / np.float32(math.sqrt(np.float32(x)))"),
    "frcp_rn": ("x", "np.float32(1.0) / np.float32(x)"),
    "fma_rn": ("x, y, z", "cuda.fma(x, y, z)"),
    "fmaf_rn": ("x, y, z", "np.float32(cuda.fma(np.float32(x), np.float32(y), np.float32(z)))"),
    "int2double_rn": ("x", "np.float64(np.int32(x))"),
    "uint2double_rn": ("x", "np.float64(np.uint32(x))"),
    "ll2double_rn": ("x", "np.float64(np.int64(x))"),
    "int2float_rn": ("x", "np.float32(np.int32(x))"),
    "ll2float_rn": ("x", "np.float32(np.int64(x))"),
    "double2float_rn": ("x", "np.float32(x)"),
    "double2int_rz": ("x", "np.int32(x)"),
    "double2int_rn": ("x", "np.int32(np.rint(x))"),
    "double2int_rd": ("x", "np.int32(math.floor(x))"),
    "double2int_ru": ("x", "np.int32(math.ceil(x))"),
    "double2ll_rz": ("x", "np.int64(x)"),
    "double2ll_rn": ("x", "np.int64(np.rint(x))"),
    "float2int_rz": ("x", "np.int32(np.float32(x))"),
    "float2int_rn": ("x", "np.int32(np.rint(np.float32(x)))"),
    "float2int_rd": ("x", "np.int32(math.floor(np.float32(x)))"),
    "float2int_ru": ("x", "np.int32(math.ceil(np.float32(x)))"),
    "float2ll_rz": ("x", "np.int64(np.float32(x))"),
    "float2ll_rn": ("x", "np.int64(np.rint(np.float32(x)))"),
}

# fmt: off
_OTHERS |= {
    "double_as_longlong": ("x", "np.float64(x).view(np.int64)"),
    "longlong_as_double": ("x", "np.int64(x).view(np.float64)"),
    "float_as_int": ("x", "np.float32(x).view(np.int32)"),
    "int_as_float": ("x", "np.int32(x).view(np.float32)"),
    "double2hiint": ("x", "np.int32(np.float64(x).view(np.int64) >> 32)"),
    "double2loint": ("x", "np.int32(np.float64(x).view(np.int64))"),
    "hiloint2double": ("x, y", "(np.int64(x) << 32 | np.int64(np.uint32(y))).view(np.float64)"),
    "half2float": ("x", "rounded.from_half(np.int16(x))"),
    "float2half_rn": ("x", "rounded.to_half(np.float32(x))"),
    "byte_perm": ("x, y, z", "rounded.byte_perm(x, y, z)"),
    "umul24": ("x, y", "np.uint32((np.int64(x) & 0xFFFFFF) * (np.int64(y) & 0xFFFFFF))"),
    "umul64hi": ("x, y", "rounded.mul64hi(np.uint64(x), np.uint64(y))"),
    "mul64hi": ("x, y", "rounded.signed_mul64hi(np.int64(x), np.int64(y))"),
    "uhadd": ("x, y", "np.uint32(np.int64(np.uint32(x)) + np.int64(np.uint32(y)) >> 1)"),
    "urhadd": ("x, y", "np.uint32(np.int64(np.uint32(x)) + np.int64(np.uint32(y)) + 1 >> 1)"),
    "usad": ("x, y, z", "np.uint32(abs(np.int64(np.uint32(x)) - np.int64(np.uint32(y))) + np.int64(z))"),
    "llround": ("x", f"np.int64({_FLOATS['round'][1]})"),
    "llroundf": ("x", f"np.int64({_FLOATS['round'][1].replace('(x)', '(np.float32(x))')})"),
    "remquo": ("x, y", "math.remainder(x, y), rounded.quotient_bits(x, y, math.remainder(x, y))"),
    "remquof": ("x, y", "np.float32(math.remainder(np.float32(x), np.float32(y))), "
                "rounded.quotient_bits(np.float64(np.float32(x)), np.float64(np.float32(y)), "
                "np.float64(np.float32(math.remainder(np.float32(x), np.float32(y)))))"),
    "fast_sincosf": _OTHERS["sincosf"],
    "uint2float_rn": ("x", "np.float32(np.uint32(x))"),
    "ull2double_rn": ("x", "np.float64(np.uint64(x))"),
    "ull2float_rn": ("x", "np.float32(np.uint64(x))"),
}
# fmt: on
_WHOLE = {"rn": "np.rint({})", "rd": "np.floor({})", "ru": "np.ceil({})", "rz": "np.trunc({})"}
for _how, _whole in _WHOLE.items():
    for _of, _float in (("double", "np.float64(x)"), ("float", "np.float32(x)")):
        for _to, _int in (("int", "np.int32"), ("uint", "np.uint32"), ("ll", "np.int64"), ("ull", "np.uint64")):
            _OTHERS[f"{_of}2{_to}_{_how}"] = ("x", f"{_int}({_whole.format(_float)})")
# Of float32 as float64, which holds them all and the products of two.
_X, _Y, _Z = (f"np.float64(np.float32({name}))" for name in "xyz")
for _how, _mode in (("rd", "-1"), ("ru", "1"), ("rz", "0")):
    _OTHERS |= {
        f"dadd_{_how}": ("x, y", f"rounded.add(np.float64(x), np.float64(y), {_mode})"),
        f"dmul_{_how}": ("x, y", f"rounded.mul(np.float64(x), np.float64(y), {_mode})"),
        f"ddiv_{_how}": ("x, y", f"rounded.div(np.float64(x), np.float64(y), {_mode})"),
        f"drcp_{_how}": ("x", f"rounded.div(1.0, np.float64(x), {_mode})"),
        f"dsqrt_{_how}": ("x", f"rounded.sqrt(np.float64(x), {_mode})"),
        f"fma_{_how}": ("x, y, z", f"rounded.fma(np.float64(x), np.float64(y), np.float64(z), {_mode})"),
        f"fadd_{_how}": ("x, y", f"rounded.narrow_sum({_X}, {_Y}, {_mode})"),
        f"fsub_{_how}": ("x, y", f"rounded.narrow_sum({_X}, -{_Y}, {_mode})"),
        f"fmul_{_how}": ("x, y", f"rounded.narrow({_X} * {_Y}, {_mode})"),
        f"fdiv_{_how}": ("x, y", f"rounded.div32({_X}, {_Y}, {_mode})"),
        f"frcp_{_how}": ("x", f"rounded.div32(1.0, {_X}, {_mode})"),
        f"fsqrt_{_how}": ("x", f"rounded.sqrt32({_X}, {_mode})"),
        f"fmaf_{_how}": ("x, y, z", f"rounded.narrow_sum({_X} * {_Y}, {_Z}, {_mode})"),
        f"double2float_{_how}": ("x", f"rounded.narrow(np.float64(x), {_mode})"),
        f"int2float_{_how}": ("x", f"rounded.narrow(np.float64(np.int32(x)), {_mode})"),
        f"uint2float_{_how}": ("x", f"rounded.narrow(np.float64(np.uint32(x)), {_mode})"),
    }
    for _of, _int, _above in (("ll", "np.int64(x)", "above_signed"), ("ull", "np.uint64(x)", "above_unsigned")):
        for _to, _float, _step in (("double", "np.float64", "stepped"), ("float", "np.float32", "stepped32")):
            _near = f"{_float}({_int})"
            _OTHERS[f"{_of}2{_to}_{_how}"] = (
                "x",
                f"rounded.{_step}({_near}, rounded.{_above}(np.float64({_near}), {_int}), {_mode})",
            )

for _name in ("j0", "j1", "y0", "y1"):
    _OTHERS[_name] = ("x", f"bessel.{_name}(np.float64(x))")
for _name in ("jn", "yn"):
    _OTHERS[_name] = ("n, x", f"bessel.{_name}(np.int64(np.int32(n)), np.float64(x))")
_BESSEL = ("j0", "j1", "y0", "y1", "jn", "yn")
for _name in _BESSEL:
    _params, _result = _OTHERS[_name]
    _OTHERS[_name + "f"] = (_params, f"np.float32({_result.replace('np.float64(x)', 'np.float64(np.float32(x))')})")

_FAST = {"fast_" + name + "f" for name in _FAST_NAMES}


def _single(params: str, expression: str) -> str:
    """The body of the float32 form."""
    names = params.split(", ")
    casts = "".join(f"    {name} = np.float32({name})\n" for name in names if name != "n")
    return f"{casts}    return np.float32({expression})\n"


def _text(name: str) -> str | None:
    plain = name.removeprefix("fast_") if name in _FAST else name
    if name in _OTHERS:
        params, expression = _OTHERS[name]
        return f"def {name}({params}):\n    return {expression}\n"
    if plain in _FLOATS:
        params, expression = _FLOATS[plain]
        return f"def {name}({params}):\n    return {expression}\n"
    if plain.endswith("f") and plain[:-1] in _FLOATS:
        params, expression = _FLOATS[plain[:-1]]
        return f"def {name}({params}):\n{_single(params, expression)}"
    return None


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    text = _text(name)
    if text is None:
        raise UnsupportedError(
            f"cuda.libdevice.{name} has no counterpart here: use a function of `math` or `verdigris.math`",
            code="unsupported-name",
        )
    names: dict[str, Any] = {}
    if name.removesuffix("f") in _BESSEL:
        from verdigris.cuda import _bessel

        names["bessel"] = _bessel
    made = device_function("libdevice", name, text, **names)
    globals()[name] = made
    return made


def __dir__() -> list[str]:
    return sorted({*_FLOATS, *(name + "f" for name in _FLOATS), *_OTHERS, *_FAST})
