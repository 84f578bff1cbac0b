"""What compiled code should give: numbers with machine types, in plain Python.

A `T` is a value of one type of the language. Its operators follow docs/semantics.md and the table of operations: the type of a
result, wrapping, division by zero, saturation, rounding to float32. Undecorated functions run on it as they are, in a world where
literals, `math`, `numpy` and a few builtins are made of it too (`world`). Whatever gives something else than CPython says so in
`departures`, so that a test knows when CPython itself is the judge.
"""

import ast
import builtins
import ctypes
import inspect
import math
import operator
import textwrap
import types

import numpy as np

from verdigris import _verdigris

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
LIBM = ctypes.CDLL("libm.so.6")
C_NAMES = {"gamma": "tgamma"}

departures = []
"""Where the last run left CPython's meaning."""


def depart(what):
    departures.append(what)


# --- types ---


def is_int(t):
    return t in INTEGERS


def is_float(t):
    return t in ("float32", "float64")


def is_complex(t):
    return t in ("complex64", "complex128")


def bits(t):
    return 1 if t == "bool" else int(t.lstrip("uintflocmpex"))


def part(t):
    return {"complex64": "float32", "complex128": "float64"}.get(t, t)


def arithmetic(a, b):
    """The type of `a + b`."""
    if not (is_float(part(a)) or is_float(part(b))):
        return "uint64" if a[0] == b[0] == "u" else "int64"
    narrow = {"bool", "int8", "int16", "uint8", "float32", "complex64"}
    wide = "" if {a, b} <= narrow else "64"
    if is_complex(a) or is_complex(b):
        return "complex128" if wide else "complex64"
    return "float64" if wide else "float32"


def true_division(a, b):
    t = arithmetic(a, b)
    return "float64" if is_int(t) else t


def power_type(a, b):
    return a if is_float(a) and (is_int(b) or b == "bool") else arithmetic(a, b)


def unify(a, b):
    """The narrowest type that holds both."""
    if a == b or b == "bool":
        return a
    if a == "bool":
        return b
    if is_float(part(a)) or is_float(part(b)):
        narrow = {"int8", "int16", "uint8", "uint16", "float32", "complex64"}
        single = {a, b} <= narrow
        if is_complex(a) or is_complex(b):
            return "complex64" if single else "complex128"
        return "float32" if single else "float64"
    if a[0] == b[0]:
        return a if bits(a) >= bits(b) else b
    signed, unsigned = (a, b) if a[0] == "i" else (b, a)
    size = max(bits(signed), 2 * bits(unsigned))
    return f"int{size}" if size <= 64 else "float64"


# --- rounding and conversion ---


def single(x):
    """`x` rounded to float32."""
    return ctypes.c_float(x).value


def rounded(t, x):
    return single(x) if t == "float32" else x


def wrapped(t, x):
    """The integer `x` in the width of `t`."""
    if t == "bool":
        return bool(x & 1)
    size = bits(t)
    y = x & ((1 << size) - 1)
    if t[0] == "i" and y >> (size - 1):
        y -= 1 << size
    if y != x:
        depart("wrapped")
    return y


def truncated(t, x):
    """The float `x` as an integer: towards zero, saturating, NaN to 0."""
    size = bits(t)
    low, high = (-(1 << (size - 1)), (1 << (size - 1)) - 1) if t[0] == "i" else (0, (1 << size) - 1)
    if x != x or math.isinf(x) or not low <= int(x) <= high:
        depart("saturated")
        return 0 if x != x else high if x > 0 else low
    return int(x)


def cast(t, v):
    """The row `t(v)` of the table, for real numbers; for complex ones, the conversion to a complex type."""
    source, x = v.type, v.value
    if source == t:
        return v
    if is_complex(t):
        z = complex(x)
        return T(t, complex(rounded(part(t), z.real), rounded(part(t), z.imag)))
    if is_complex(source):
        raise TypeError(f"{source} does not convert to {t}")
    if t == "bool":
        return T(t, x != 0)
    if is_float(t):
        if is_float(source):
            return T(t, rounded(t, x))
        # NumPy's conversion rounds an integer once.
        y = float(np.dtype(t).type(np.dtype("uint64" if x > 2**63 - 1 else "int64").type(x)))
        if int(y) != x:
            depart("an integer rounded")
        return T(t, y)
    return T(t, truncated(t, x) if is_float(source) else wrapped(t, int(x)))


# --- rows on values of one type ---


def c_function(name, t):
    function = getattr(LIBM, C_NAMES.get(name, name) + ("f" if t == "float32" else ""))
    number = ctypes.c_float if t == "float32" else ctypes.c_double
    function.restype, function.argtypes = number, None
    return lambda *xs: function(*map(number, xs))


EXACT = ("sqrt", "floor", "ceil", "trunc", "rint", "copysign", "fma", "fmod", "nextafter")
"""Functions with one right result, so that the C library's is ours."""

ROW_NAMES = {"pow": "float_pow", "gamma": "tgamma"}


def c_math(name, t, *xs):
    """The C library's function where its result is exact; else the math library's as the interpreter computes it.

    That must be within 2 units in the last place of the C library's: each has its own error of less than one. It departs
    where CPython's raises, and where CPython's last bit is its own."""
    python = {"pow": math.pow, "fmod": math.fmod, "rint": None}.get(name, getattr(math, name, None))
    if python:
        try:
            python(*xs)
        except (ValueError, OverflowError):
            depart(f"math.{name}")
    theirs = c_function(name, t)(*xs) if hasattr(LIBM, C_NAMES.get(name, name)) else None
    if name in EXACT:
        return theirs
    depart(f"math.{name}")
    ours = _verdigris.math_row(ROW_NAMES.get(name, name), t, list(xs))
    # glibc's own errors of these are larger.
    units = {"gamma": 8, "tgamma": 8, "lgamma": 8}.get(name, 2)
    if (
        theirs is not None
        and not near(t, ours, theirs, units)
        and not (name == "lgamma" and abs(ours - theirs) < 1e-6 * abs(xs[0]))
    ):
        raise AssertionError(f"{name}{xs} of {t} is {ours!r}, the C library's {theirs!r}")
    return ours


def near(t, a, b, units):
    """Whether two floats are the same but for that many units in the last place (NaN is NaN; of zeros the sign counts)."""
    if a != a or b != b:
        return a != a and b != b
    if a == b:
        return a != 0 or math.copysign(1.0, a) == math.copysign(1.0, b)
    if math.isinf(a) or math.isinf(b):
        return False
    return abs(a - b) <= units * float(np.spacing(np.dtype(t).type(max(abs(a), abs(b)))))


def float_div(t, a, b):
    if b == 0:
        depart("float division by zero")
        return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)
    return rounded(t, a / b)


def fmod(a, b):
    return math.nan if math.isinf(a) or b == 0 or a != a or b != b else math.fmod(a, b)


def float_mod(t, a, b):
    if b == 0:
        depart("float modulo zero")
    rest = fmod(a, b)
    if rest == 0:
        return math.copysign(0.0, b)
    return rounded(t, rest + b) if (b < 0) != (rest < 0) else rest


def float_floordiv(t, a, b):
    if b == 0:
        return float_div(t, a, b)
    rest = fmod(a, b)
    quotient = rounded(t, rounded(t, a - rest) / b)
    if rest != 0 and (b < 0) != (rest < 0):
        quotient = rounded(t, quotient - 1.0)
    if quotient != quotient or math.isinf(quotient):
        return quotient
    if quotient == 0:
        return math.copysign(0.0, a / b)
    floor = float(math.floor(quotient))
    return floor + 1.0 if rounded(t, quotient - floor) > 0.5 else floor


def int_power(t, a, b):
    if b < 0:
        depart("an integer to a negative power")
        return {1: 1, -1: -1 if b & 1 else 1}.get(a, 0)
    exact = a**b if abs(a) < 2 or b <= 64 else pow(a, b, 1 << bits(t))
    if abs(a) >= 2 and b > 64:
        depart("wrapped")
    return wrapped(t, exact)


def float_power(t, a, b):
    if (a == 0 and b < 0) or (a < 0 and math.isfinite(a) and math.isfinite(b) and b != int(b)):
        depart("float power")
    return c_math("pow", t, a, b)


def shift_left(t, a, b):
    if not 0 <= b < bits(t):
        depart("shift count")
        return 0
    return wrapped(t, a << b)


def shift_right(t, a, b):
    if b < 0:
        depart("shift count")
    return a >> (b if 0 <= b < bits(t) else 64)


def int_floordiv(t, a, b):
    if b == 0:
        depart("integer division by zero")
        return 0
    return wrapped(t, a // b)


def int_mod(t, a, b):
    if b == 0:
        depart("integer modulo zero")
        return 0
    return wrapped(t, a % b)


ROWS = {
    "add": lambda t, a, b: a + b,
    "sub": lambda t, a, b: a - b,
    "mul": lambda t, a, b: a * b,
    "neg": lambda t, a: -a,
    "abs": lambda t, a: abs(a),
    "div": float_div,
    "floordiv": lambda t, a, b: (int_floordiv if is_int(t) else float_floordiv)(t, a, b),
    "mod": lambda t, a, b: (int_mod if is_int(t) else float_mod)(t, a, b),
    "fmod": lambda t, a, b: c_math("fmod", t, a, b),
    "pow": lambda t, a, b: (int_power if is_int(t) else float_power)(t, a, b),
    "min": lambda t, a, b: b if b < a else a,
    "max": lambda t, a, b: b if b > a else a,
    "and": lambda t, a, b: a & b,
    "or": lambda t, a, b: a | b,
    "xor": lambda t, a, b: a ^ b,
    "not": lambda t, a: not a if t == "bool" else ~a,
    "shl": lambda t, a, b: a if b == 0 else shift_left(t, int(a), int(b)),
    "shr": lambda t, a, b: a if b == 0 else shift_right(t, int(a), int(b)),
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "isnan": lambda t, a: a != a,
    "isinf": lambda t, a: math.isinf(a),
    "isfinite": lambda t, a: math.isfinite(a),
}
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
TESTS = ("isnan", "isinf", "isfinite")


def row(name, *args):
    """The row `name` of the table on `T`s, which have the types that the row takes."""
    values = [a.value for a in args]
    t = args[0].type
    if name == "select":
        return args[1] if values[0] else args[2]
    if name in (*INTEGERS, "bool", "float32", "float64"):
        return cast(name, args[0])
    if name in ("tobits", "ofbits"):
        kinds = {"float32": "int32", "float64": "int64", "int32": "float32", "int64": "float64"}
        return T(kinds[t], np.array(values[0], t).view(kinds[t]).item())
    if name in COMPARISONS:
        return T("bool", ROWS[name](*values))
    if name in TESTS:
        return T("bool", ROWS[name](t, *values))
    if name == "fma":
        return T(t, c_math("fma", t, *values))
    if name == "cbrt":
        return T(t, c_math("cbrt", t, *values))
    result = ROWS[name](t, *values) if name in ROWS else c_math({"tgamma": "gamma"}.get(name, name), t, *values)
    if is_int(t):
        return T(t, wrapped(t, result))
    return T(t, rounded(t, result) if is_float(t) else result)


# --- complex numbers: CPython's formulas on pairs ---


def _real(t, name, a, b):
    return row(name, T(t, a), T(t, b)).value


def complex_mul(t, a, b):
    rr, ii = _real(t, "mul", a.real, b.real), _real(t, "mul", a.imag, b.imag)
    ri, ir = _real(t, "mul", a.real, b.imag), _real(t, "mul", a.imag, b.real)
    return complex(_real(t, "sub", rr, ii), _real(t, "add", ri, ir))


def complex_div(t, a, b):
    if b == 0:
        depart("complex division by zero")
        return complex(float_div(t, a.real, abs(b.real)), float_div(t, a.imag, abs(b.real)))

    def add(x, y):
        return rounded(t, x + y)

    def mul(x, y):
        return rounded(t, x * y)

    # A NaN in the divisor goes through the second case, and makes both parts NaN as CPython's third does.
    if abs(b.real) >= abs(b.imag):
        ratio = float_div(t, b.imag, b.real)
        by = add(b.real, mul(b.imag, ratio))
        re, im = add(a.real, mul(a.imag, ratio)), add(a.imag, -mul(a.real, ratio))
    else:
        ratio = float_div(t, b.real, b.imag)
        by = add(mul(b.real, ratio), b.imag)
        re, im = add(mul(a.real, ratio), a.imag), add(mul(a.imag, ratio), -a.real)
    return complex(float_div(t, re, by), float_div(t, im, by))


def complex_pow(t, a, b):
    if b.imag == 0 and abs(b.real) <= 100 and b.real == math.floor(b.real):
        n, result, square = int(abs(b.real)), complex(1.0, 0.0), a
        while n:
            if n & 1:
                result = complex_mul(t, result, square)
            square = complex_mul(t, square, square)
            n >>= 1
        if not (math.isfinite(result.real) and math.isfinite(result.imag)):
            # CPython raises.
            depart("complex power")
        if b.real < 0:
            if result == 0:
                depart("zero to a negative power")
            return complex_div(t, complex(1.0, 0.0), result)
        return result
    if a == 0:
        if b.imag != 0 or b.real < 0:
            depart("zero to a complex power")
        return 0j
    size, angle = c_math("hypot", t, a.real, a.imag), c_math("atan2", t, a.imag, a.real)
    length, phase = c_math("pow", t, size, b.real), rounded(t, angle * b.real)
    if b.imag != 0:
        length = float_div(t, length, c_math("exp", t, rounded(t, angle * b.imag)))
        phase = rounded(t, phase + rounded(t, b.imag * c_math("log", t, size)))
    result = complex(rounded(t, length * c_math("cos", t, phase)), rounded(t, length * c_math("sin", t, phase)))
    if not (math.isfinite(result.real) and math.isfinite(result.imag)):
        depart("complex power")
    return result


# --- numbers ---


def lift(x):
    """A Python or NumPy number as a `T`."""
    if isinstance(x, T):
        return x
    if isinstance(x, np.generic):
        return T(x.dtype.name, x.item())
    for kind, t in ((bool, "bool"), (int, "int64"), (float, "float64"), (complex, "complex128")):
        if isinstance(x, kind):
            return T("uint64" if t == "int64" and x >= 2**63 else t, x)
    return None


def binary(name, result_type):
    def forward(self, other):
        other = lift(other)
        return NotImplemented if other is None else apply(name, result_type, self, other)

    def backward(self, other):
        other = lift(other)
        return NotImplemented if other is None else apply(name, result_type, other, self)

    return forward, backward


def apply(name, result_type, a, b):
    t = result_type(a.type, b.type)
    if is_complex(t):
        x, y = cast(t, a).value, cast(t, b).value
        p = part(t)
        if name == "pow":
            z = complex_pow("float64", x, y)
            return T(t, complex(rounded(p, z.real), rounded(p, z.imag)))
        formula = {"mul": complex_mul, "div": complex_div}.get(name)
        if formula:
            return T(t, formula(p, x, y))
        if name not in ("add", "sub"):
            raise TypeError(f"{name} of complex numbers")
        return T(t, complex(_real(p, name, x.real, y.real), _real(p, name, x.imag, y.imag)))
    if name in ("and", "or", "xor", "shl", "shr") and is_float(t):
        raise TypeError(f"{name} of floats")
    before = len(departures)
    x, y = cast(t, a), cast(t, b)
    if name in ("add", "sub", "mul") or (name == "div" and is_float(a.type) != is_float(b.type)):
        del departures[before:]  # CPython rounds the integer in the same way
    if t != "float64" and is_float(t):
        depart("float32")
    result = row(name, x, y)
    # A literal square is a product.
    return row("mul", x, x) if name == "pow" and is_float(t) and y.value == 2.0 and b.literal else result


def bit_type(a, b):
    return "bool" if a == b == "bool" else arithmetic(a, b)


def compared(name):
    def method(self, other):
        other = lift(other)
        if other is None:
            return NotImplemented
        if is_complex(self.type) or is_complex(other.type):
            return T("bool", ROWS[name](self.value, other.value))
        a, b = self, other
        if is_float(a.type) != is_float(b.type):
            a, b = cast("float64", a), cast("float64", b)
        return T("bool", ROWS[name](a.value, b.value))

    return method


class T:
    """A value of one type of the language."""

    __slots__ = ("literal", "type", "value")

    def __init__(self, type, value, literal=False):
        self.type, self.value, self.literal = type, value, literal

    __add__, __radd__ = binary("add", arithmetic)
    __sub__, __rsub__ = binary("sub", arithmetic)
    __mul__, __rmul__ = binary("mul", arithmetic)
    __truediv__, __rtruediv__ = binary("div", true_division)
    __floordiv__, __rfloordiv__ = binary("floordiv", arithmetic)
    __mod__, __rmod__ = binary("mod", arithmetic)
    __pow__, __rpow__ = binary("pow", power_type)
    __and__, __rand__ = binary("and", bit_type)
    __or__, __ror__ = binary("or", bit_type)
    __xor__, __rxor__ = binary("xor", bit_type)
    __lshift__, __rlshift__ = binary("shl", lambda a, b: arithmetic(a, a))
    __rshift__, __rrshift__ = binary("shr", lambda a, b: arithmetic(a, a))
    __eq__, __ne__ = compared("eq"), compared("ne")
    __lt__, __le__ = compared("lt"), compared("le")
    __gt__, __ge__ = compared("gt"), compared("ge")
    __hash__ = None

    def __neg__(self):
        if is_complex(self.type):
            return T(self.type, complex(-self.value.real, -self.value.imag))
        return row("neg", cast(arithmetic(self.type, self.type), self))

    def __pos__(self):
        return self if is_complex(self.type) else cast(arithmetic(self.type, self.type), self)

    def __invert__(self):
        if self.type == "bool":
            depart("~ of a bool")
            return row("not", self)
        return row("not", cast(arithmetic(self.type, self.type), self))

    def __abs__(self):
        if self.type == "bool":
            return cast("int8", self)
        if is_complex(self.type):
            p = part(self.type)
            return T(p, c_math("hypot", p, self.value.real, self.value.imag))
        return row("abs", self)

    def __bool__(self):
        return bool(self.value)

    def __index__(self):
        if not is_int(self.type):
            raise TypeError("an index must be an integer")
        return self.value

    @property
    def real(self):
        return T(part(self.type), self.value.real) if is_complex(self.type) else self

    @property
    def imag(self):
        return T(part(self.type), self.value.imag) if is_complex(self.type) else cast(self.type, lift(False))

    def conjugate(self):
        return T(self.type, complex(self.value.real, -self.value.imag)) if is_complex(self.type) else self

    def __repr__(self):
        return f"{self.type}({self.value!r})"


# --- builtins, math and numpy for T ---


def least(name):
    def function(*args):
        items = [lift(x) for x in (args[0] if len(args) == 1 else args)]
        t = items[0].type
        for item in items:
            t = unify(t, item.type)
        best = cast(t, items[0])
        for item in items[1:]:
            item = cast(t, item)
            best = row({"min": "and", "max": "or"}[name] if t == "bool" else name, best, item)
        return best

    return function


def to_int(x=False):
    x = lift(x)
    return x if is_int(x.type) else cast("int64", x)


def to_float(x=False):
    x = lift(x)
    return x if is_float(x.type) else cast("float64", x)


def to_complex(*args):
    args = [lift(x) for x in args] or [lift(False)]
    t = "complex64" if all(part(x.type) == "float32" for x in args) else "complex128"
    if len(args) == 1:
        return args[0] if is_complex(args[0].type) else cast(t, args[0])
    return T(t, complex(*(cast(part(t), x).value for x in args)))


def round_to(x, digits=None):
    x = lift(x)
    if not is_float(x.type):
        return cast(arithmetic(x.type, x.type), x)
    if digits is None:
        return cast("int64", row("rint", x))
    depart("round to digits")
    power = T(x.type, rounded(x.type, 10.0 ** abs(int(lift(digits).value))))
    out, back = ("mul", "div") if digits >= 0 else ("div", "mul")
    scaled = row(out, x, power)
    return row(back, row("rint", scaled), power) if math.isfinite(scaled.value) else x


def counted(*args):
    """`range`, whose numbers are int32 if all arguments are, uint64 if all are unsigned, else int64."""
    args = [lift(x) for x in args]
    if all(x.type in ("bool", "int8", "int16", "int32") for x in args):
        t = "int32"
    elif all(x.type[0] == "u" for x in args) or (
        "uint64" in [x.type for x in args] and all(x.type[0] == "u" or (x.literal and x.value >= 0) for x in args)
    ):
        t = "uint64"
    else:
        t = "int64"
    return (T(t, i) for i in builtins.range(*(int(x.value) for x in args)))


def math_function(name, of_integer):
    def function(*args):
        args = [lift(x) for x in args]
        t = None
        for x in args:
            f = x.type if is_float(x.type) else of_integer(x.type)
            t = f if t is None else unify(t, f)
        before = len(departures)
        args = [cast(t, x) for x in args]
        del departures[before:]
        if t == "float32":
            depart("float32")
        if name == "fabs":
            return row("abs", *args)
        return row({"gamma": "tgamma"}.get(name, name), *args)

    return function


def to_integer(name):
    def function(x):
        x = lift(x)
        return cast("int64", row(name, x)) if is_float(x.type) else cast(arithmetic(x.type, x.type), x)

    return function


def float_test(name):
    def function(x):
        x = lift(x)
        if is_complex(x.type):
            parts = row(name, x.real), row(name, x.imag)
            return row("and" if name == "isfinite" else "or", *parts)
        return row(name, x) if is_float(x.type) else T("bool", name == "isfinite")

    return function


def logarithm(x, base=None):
    log = math_function("log", lambda t: "float64")
    if base is None:
        return log(x)
    if (before := lift(base)).value in (0, 1):
        depart("logarithm to base 1 or 0")
    return log(x) / log(before)


def scaled_by(factor):
    def function(x):
        x = lift(x)
        t = "float32" if x.type == "float32" else "float64"
        return row("mul", cast(t, x), T(t, rounded(t, factor)))

    return function


def greatest_common_divisor(a, b):
    a, b = lift(a), lift(b)
    t = arithmetic(a.type, b.type)
    return T(t, wrapped(t, math.gcd(cast(t, a).value, cast(t, b).value)))


UNARY = (
    "sqrt exp exp2 expm1 log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh cbrt erf erfc gamma lgamma"
)
Math = types.SimpleNamespace(
    **{
        name: math_function(name, lambda t: "float64")
        for name in [*UNARY.split(), "copysign", "atan2", "hypot", "nextafter", "pow", "fmod", "fabs"]
    },
    **{name: to_integer(name) for name in ("floor", "ceil", "trunc")},
    **{name: float_test(name) for name in TESTS},
    log=logarithm,
    degrees=scaled_by(180.0 / math.pi),
    radians=scaled_by(math.pi / 180.0),
    gcd=greatest_common_divisor,
    pi=math.pi,
    e=math.e,
    tau=math.tau,
    inf=math.inf,
    nan=math.nan,
)


def numpy_extreme(least):
    def function(a, b):
        a, b = lift(a), lift(b)
        t = unify(a.type, b.type)
        a, b = cast(t, a), cast(t, b)
        if t == "bool":
            return row("and" if least else "or", a, b)
        x, y = a.value, b.value
        if x != x or y != y:
            return a if x != x else b
        if x == y == 0 and is_float(t):
            return a if (math.copysign(1, x) < 0) == least else b
        return a if (x < y if least else x > y) else b

    return function


def sign(x):
    x = lift(x)
    one = T(x.type, 1 if is_int(x.type) else 1.0)
    return one if x.value > 0 else row("neg", one) if x.value < 0 else T(x.type, x.value * x.value)


def square(x):
    x = lift(x)
    return x * x if is_complex(x.type) or x.type == "bool" else row("mul", x, x)


def rounding(name):
    def function(x):
        x = lift(x)
        return row(name, x) if is_float(x.type) else x

    return function


def of_type(t):
    def convert(*args):
        args = [lift(x) for x in args] or [lift(False)]
        if t == "bool":
            return T(t, bool(args[0]))
        if len(args) == 2:
            return T(t, complex(*(cast(part(t), x).value for x in args)))
        return cast(t, args[0])

    return convert


def small_float(t):
    return "float32" if t == "bool" or bits(t) <= 16 else "float64"


NUMPY_NAMES = {
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "log": "log",
}  # fmt: skip
SAME_NAMES = [
    "sqrt",
    "cbrt",
    "exp",
    "exp2",
    "expm1",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "hypot",
    "copysign",
    "nextafter",
    "rint",
    "fmod",
    "fabs",
]
Numpy = types.SimpleNamespace(
    **{t: of_type(t) for t in (*INTEGERS, "float32", "float64", "complex64", "complex128")},
    **{name: math_function(c, small_float) for name, c in [*NUMPY_NAMES.items(), *zip(SAME_NAMES, SAME_NAMES, strict=True)]},
    **{name: rounding(name) for name in ("floor", "ceil", "trunc")},
    **{name: float_test(name) for name in TESTS},
    bool_=of_type("bool"),
    minimum=numpy_extreme(True),
    maximum=numpy_extreme(False),
    sign=sign,
    square=square,
    abs=abs,
    where=lambda c, a, b: cast(unify(lift(a).type, lift(b).type), lift(a) if c else lift(b)),
    real=lambda x: lift(x).real,
    imag=lambda x: lift(x).imag,
    conj=lambda x: lift(x).conjugate(),
    logical_not=lambda x: T("bool", not lift(x)),
    power=operator.pow,
    remainder=operator.mod,
    floor_divide=operator.floordiv,
    true_divide=operator.truediv,
    bitwise_xor=operator.xor,
    left_shift=operator.lshift,
    pi=math.pi,
    inf=math.inf,
    nan=math.nan,
)
Builtins = {
    "min": least("min"),
    "max": least("max"),
    "int": to_int,
    "float": to_float,
    "complex": to_complex,
    "bool": lambda x=False: T("bool", bool(x)),
    "round": round_to,
    "range": counted,
    "len": lambda x: lift(len(x)),
    "divmod": lambda a, b: (lift(a) // b, lift(a) % b),
    "pow": operator.pow,
    "sum": lambda items, start=0: sum(items, start=lift(start)),
}


class NotPlain(Exception):
    """Something that CPython's numbers do not have."""


class PlainNumpy:
    """What of NumPy means the same to CPython's numbers."""

    int64, float64, complex128, bool_, pi, inf, nan = int, float, complex, bool, math.pi, math.inf, math.nan

    def __getattr__(self, name):
        raise NotPlain(name)


# --- functions in a world of T ---


class Literals(ast.NodeTransformer):
    """Puts names of `T`s for the numbers of a function."""

    def __init__(self):
        self.values = {}

    def visit_Constant(self, node):
        if type(node.value) not in (int, float, complex):
            return node
        name = f"literal_{len(self.values)}"
        value = lift(node.value)
        self.values[name] = T(value.type, value.value, literal=True)
        return ast.copy_location(ast.Name(name, ast.Load()), node)

    def visit_UnaryOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Name) and (value := self.values.get(node.operand.id)):
            self.values[node.operand.id] = T(value.type if value.type != "uint64" else "int64", -value.value, literal=True)
            return node.operand
        return node


# Functions being made, each with a list that will hold it: one that calls itself finds itself there.
UNDER_WAY = {}


def world(function, substitutes):
    """`function` as it runs on `T`s: its text, with the literals, modules, builtins and constants it names, made of `T`."""
    if function in UNDER_WAY:
        made = UNDER_WAY[function]
        return lambda *args: made[0](*args)
    made = UNDER_WAY[function] = []
    try:
        made.append(rewritten(function, substitutes))
    finally:
        del UNDER_WAY[function]
    return made[0]


def rewritten(function, substitutes):
    text, first = inspect.getsourcelines(function)
    tree = ast.parse(textwrap.dedent("".join(text)))
    definition = tree.body[0]
    definition.decorator_list = []
    literals = Literals()
    definition.body = [literals.visit(statement) for statement in definition.body]
    ast.increment_lineno(tree, first - 1)
    names = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    used = {*function.__code__.co_names, *function.__code__.co_freevars}
    lifted = {name: lifted_value(names[name], substitutes) for name in used & names.keys()}
    scope = {**lifted, **Builtins, **literals.values}
    exec(compile(tree, function.__code__.co_filename, "exec"), scope)
    made = scope[function.__name__]
    made.__defaults__ = tuple(lifted_value(d, substitutes) for d in function.__defaults__ or ()) or None
    return made


def lifted_value(value, substitutes):
    if value is math:
        return Math
    if value is np:
        return Numpy
    if isinstance(value, tuple):
        return tuple(lifted_value(x, substitutes) for x in value)
    if isinstance(value, np.ndarray):
        return Array(value, "constant")
    if isinstance(value, types.BuiltinFunctionType) and value.__module__ == "math":
        return getattr(Math, value.__name__)
    if callable(value) or isinstance(value, types.ModuleType):
        return substitutes(value)
    if (number := lift(value)) is not None:
        return T(number.type, number.value, literal=isinstance(value, int))
    return substitutes(value)


# --- arrays ---


class OutOfBounds(IndexError):
    """An index out of bounds: axis, index, extent."""


class Array:
    """An array whose elements are `T`s, or Python's numbers if `plain`."""

    def __init__(self, data, name, plain=False):
        self.data, self.name, self.plain, self.stores = data, name, plain, []

    def number(self, n):
        return n if self.plain else T("int64", n)

    @property
    def shape(self):
        return tuple(self.number(n) for n in self.data.shape)

    @property
    def size(self):
        return self.number(self.data.size)

    @property
    def ndim(self):
        return self.number(self.data.ndim)

    def __len__(self):
        return len(self.data)

    def __iter__(self):
        return (self[i] for i in range(len(self.data)))

    def place(self, index):
        index = index if isinstance(index, tuple) else (index,)
        if len(index) != self.data.ndim:
            raise TypeError("an index for each axis")
        place = []
        for axis, (i, extent) in enumerate(zip(map(operator.index, index), self.data.shape, strict=True)):
            at = i + extent if i < 0 else i
            if not 0 <= at < extent:
                raise OutOfBounds(axis, i if i < 2**63 else i - 2**64, extent)
            place.append(at)
        return tuple(place)

    def __getitem__(self, index):
        item = self.data[self.place(index)]
        return item.item() if self.plain else T(item.dtype.name, item.item())

    def __setitem__(self, index, value):
        place = self.place(index)
        self.stores.append(place)
        self.data[place] = value if self.plain else cast(self.data.dtype.name, lift(value)).value
