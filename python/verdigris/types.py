"""The types of compiled functions, as objects: `float32`, `float64[:, ::1]`, `float32(float32, float32)`.

Names are NumPy's, with Numba's short ones beside them. `signature` reads all the forms in which a signature is written.
"""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterable
from typing import Any, NoReturn, overload

import numpy as np

from .errors import ArgumentError, UnsupportedError

__all__ = [
    "Array",
    "CPointer",
    "NPDatetime",
    "NPTimedelta",
    "NamedTuple",
    "Record",
    "Scalar",
    "Signature",
    "Tuple",
    "UniTuple",
    "Void",
    "as_type",
    "from_dtype",
    "signature",
    "typeof",
]  # and every name of a type: see the end


class Scalar:
    """The type of a number or a bool. Called with types it makes a signature, called with a value it converts it;
    indexed, an array type.
    """

    __slots__ = ("name",)
    name: str

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def __verdigris_type__(self) -> str:
        return self.name

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's dtype of the same numbers; of bfloat16, that of the package ml_dtypes."""
        if self.name == "bfloat16":
            return np.dtype(_brain())
        return np.dtype(self.name)

    @property
    def bitwidth(self) -> int:
        """Bits of a number."""
        return {"bool": 1, "bfloat16": 16}.get(self.name) or self.dtype.itemsize * 8

    @property
    def underlying_float(self) -> Scalar:
        """The type of the parts of a complex number."""
        if not self.name.startswith("complex"):
            raise AttributeError(f"{self.name} is no complex type")
        return float32 if self.name == "complex64" else float64

    @overload
    def __call__(self, *arguments: Type) -> Signature: ...
    @overload
    def __call__(self, value: complex, /) -> np.generic: ...
    def __call__(self, *arguments: Any) -> Any:
        if len(arguments) == 1 and not isinstance(arguments[0], Scalar | Array):
            return self.dtype.type(arguments[0])
        return Signature(self, tuple(map(as_type, arguments)))

    def __getitem__(self, axes: slice | tuple[slice, ...]) -> Array:
        return Array.from_slices(self, axes if isinstance(axes, tuple) else (axes,))

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> Any:
        if "[" in self.name:
            return _time, tuple(self.name[:-1].split("["))
        return self.name if self.name != "bool" else "boolean"


def _brain() -> Any:
    """The class of bfloat16 numbers, which NumPy itself does not have."""
    try:
        from ml_dtypes import bfloat16
    except ImportError:
        raise UnsupportedError(
            "host arrays of bfloat16 need the package ml_dtypes: install it, or pass the bits as uint16 and use "
            "cuda.bf16.uint16_as_bfloat16 in the kernel",
            code="no-dtype",
        ) from None
    return bfloat16


_UNITS = ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as")
_TIMES: dict[str, Scalar] = {}


def _time(kind: str, unit: str) -> Scalar:
    """The one type of dates or times of a unit."""
    if unit not in _UNITS:
        raise ArgumentError(f"{unit!r} is no unit of dates and times: those are {', '.join(_UNITS)}", code="bad-type")
    name = f"{kind}[{unit}]"
    return _TIMES.setdefault(name, Scalar(name))


def NPDatetime(unit: str) -> Scalar:
    """The type of dates counted in a unit, under Numba's name; as a string, `datetime64[D]`."""
    return _time("datetime64", unit)


def NPTimedelta(unit: str) -> Scalar:
    """The type of times counted in a unit, under Numba's name; as a string, `timedelta64[D]`."""
    return _time("timedelta64", unit)


class Record:
    """The type of a structured dtype's records, or of strings of a length; indexed, of an array of them."""

    __slots__ = ("np_dtype",)
    np_dtype: np.dtype[Any]

    def __init__(self, dtype: Any) -> None:
        self.np_dtype = np.dtype(dtype)
        if self.np_dtype.names is None and self.np_dtype.kind not in "SU":
            raise ArgumentError(f"{self.np_dtype} is no structured dtype", code="bad-type")

    @property
    def __verdigris_record__(self) -> np.dtype[Any]:
        return self.np_dtype

    def __getitem__(self, axes: slice | tuple[slice, ...]) -> Array:
        return Array.from_slices(self, axes if isinstance(axes, tuple) else (axes,))

    def __eq__(self, other: object) -> bool:
        return self.np_dtype == other.np_dtype if isinstance(other, Record) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.np_dtype)

    def __repr__(self) -> str:
        return f"Record({self.np_dtype})"

    def __reduce__(self) -> tuple[object, ...]:
        return Record, (self.np_dtype,)


class NamedTuple:
    """The type of a named tuple: the class's name, its fields, and the types of the items."""

    __slots__ = ("__verdigris_items__", "fields", "name")
    name: str
    fields: tuple[str, ...]

    def __init__(self, name: str, fields: Iterable[str], items: Iterable[Any]) -> None:
        self.name, self.fields, self.__verdigris_items__ = name, tuple(fields), tuple(items)

    def _key(self) -> tuple[object, ...]:
        return self.name, self.fields, self.__verdigris_items__

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, NamedTuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{f}: {t}' for f, t in zip(self.fields, self.__verdigris_items__, strict=True))})"

    def __reduce__(self) -> tuple[object, ...]:
        return NamedTuple, self._key()


def Tuple(items: Iterable[Any]) -> tuple[Any, ...]:
    """The type of a tuple, from those of its items, under Numba's name."""
    return tuple(map(as_type, items))


def UniTuple(item: Any, count: int) -> tuple[Any, ...]:
    """The type of a tuple of items of one type, under Numba's name."""
    return (as_type(item),) * count


def CPointer(item: Any) -> NoReturn:
    """Refused: there are no pointers here."""
    text = f"kernels take no pointers, and so no CPointer({item!r}): declare an array, {item!r}[::1], and pass one"
    raise UnsupportedError(text, code="unsupported-type")


class Void:
    """The type of what a kernel returns."""

    __slots__ = ()

    def __call__(self, *arguments: Type) -> Signature:
        return Signature(self, tuple(map(as_type, arguments)))

    def __repr__(self) -> str:
        return "void"

    def __reduce__(self) -> str:
        return "void"


class Array:
    """The type of an array: element type, number of axes, and layout `"C"`, `"F"` or `"A"` (any strides)."""

    __slots__ = ("dtype", "layout", "ndim", "readonly")
    dtype: Scalar | Record
    ndim: int
    layout: str
    readonly: bool

    def __init__(self, dtype: Scalar | Record, ndim: int, layout: str, readonly: bool = False) -> None:
        if not isinstance(dtype, Scalar | Record):
            raise ArgumentError(f"an array's element type is a scalar type, not {dtype!r}", code="bad-type")
        if layout not in ("C", "F", "A"):
            raise ArgumentError(f"an array's layout is 'C', 'F' or 'A', not {layout!r}", code="bad-type")
        if not 0 <= ndim <= 8:
            raise ArgumentError(f"an array has at most 8 axes, not {ndim}", code="bad-type")
        self.dtype, self.ndim, self.layout, self.readonly = dtype, int(ndim), layout, bool(readonly)

    @classmethod
    def from_slices(cls, dtype: Scalar | Record, axes: tuple[Any, ...]) -> Array:
        """`[:]`, `[:, :]`: any strides; `::1` on the last axis: C; on the first: Fortran."""
        steps = [axis.step if axis == slice(None, None, axis.step) else axis for axis in axes if isinstance(axis, slice)]
        if len(steps) != len(axes) or any(step not in (None, 1) for step in steps) or steps.count(1) > 1:
            raise ArgumentError(
                f"{_subscript(axes)} names no array type: write `:` for each axis, `::1` for a dense one", code="bad-type"
            )
        layout = "A"
        if steps[-1] == 1:
            layout = "C"
        elif steps[0] == 1:
            layout = "F"
        elif 1 in steps:
            raise ArgumentError(f"{_subscript(axes)}: only the first or the last axis can be the dense one", code="bad-type")
        return cls(dtype, len(axes), layout)

    def _key(self) -> tuple[object, ...]:
        return self.dtype, self.ndim, self.layout, self.readonly

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Array) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"array({self.dtype}, {self.ndim}d, {self.layout}{', readonly' if self.readonly else ''})"

    def __reduce__(self) -> tuple[object, ...]:
        return Array, self._key()


def _subscript(axes: tuple[Any, ...]) -> str:
    def one(axis: Any) -> str:
        if not isinstance(axis, slice):
            return repr(axis)
        start, stop = ("" if x is None else repr(x) for x in (axis.start, axis.stop))
        return f"{start}:{stop}" + ("" if axis.step is None else f":{axis.step!r}")

    return f"[{', '.join(map(one, axes))}]"


class Signature:
    """Types of arguments and of the result; `return_type` is None where it is to be inferred."""

    __slots__ = ("args", "return_type")
    args: tuple[Scalar | Array, ...]
    return_type: Scalar | Void | tuple[Scalar, ...] | None

    def __init__(self, return_type: Scalar | Void | tuple[Scalar, ...] | None, args: tuple[Scalar | Array, ...]) -> None:
        self.return_type, self.args = return_type, args

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Signature):
            return NotImplemented
        return self.args == other.args and self.return_type == other.return_type

    def __hash__(self) -> int:
        return hash((self.return_type, self.args))

    def __repr__(self) -> str:
        result = "" if self.return_type is None else repr(self.return_type)
        return f"{result}({', '.join(map(repr, self.args))})"

    def __reduce__(self) -> tuple[object, ...]:
        return Signature, (self.return_type, self.args)


Type = Scalar | Array


def from_dtype(dtype: Any) -> Scalar | Record:
    """The type of an array's elements."""
    dtype = np.dtype(dtype)
    return Record(dtype) if dtype.names is not None or dtype.kind in "SU" else as_type(dtype)


def as_type(thing: Any) -> Any:
    """The type that an object names: a type of ours, a NumPy dtype or scalar class, a Python number class, or a string."""
    if isinstance(thing, Scalar | Array | Record | NamedTuple):
        return thing
    if isinstance(thing, tuple):
        return tuple(map(as_type, thing))
    if isinstance(thing, Void):
        return thing
    ours = of_numba(thing)
    if ours is not None:
        return ours
    if isinstance(thing, np.dtype) and thing.names is not None:
        return Record(thing)
    if isinstance(thing, str):
        found = _parse(thing)
        if isinstance(found, Scalar | Array):
            return found
        raise ArgumentError(f"{thing!r} is not the name of a type", code="bad-type")
    if isinstance(thing, type) and thing in _PYTHON:
        return _PYTHON[thing]
    if isinstance(thing, np.dtype) or (isinstance(thing, type) and issubclass(thing, np.generic)):
        scalar = _BY_DTYPE.get(np.dtype(thing).newbyteorder("="))
        if scalar is not None:
            return scalar
        if np.dtype(thing).name == "bfloat16":
            return bfloat16
        if isinstance(thing, np.dtype) and thing.kind in "mM" and thing.name.endswith("]"):
            return _time(*thing.name[:-1].split("["))
        raise ArgumentError(f"{np.dtype(thing)} is not a type of compiled code", code="bad-type")
    raise ArgumentError(f"{thing!r} is not a type", code="bad-type")


def of_numba(thing: Any) -> Any:
    """The type of ours that stands for one of Numba's own (`numba.float32`, `numba.float32[:, ::1]`, `numba.from_dtype(...)`),
    so that programs which take only `cuda` from here keep their types; None for an object that is none.
    """
    kind = type(thing)
    if not kind.__module__.startswith("numba.") or not any(base.__name__ == "Type" for base in kind.__mro__):
        return None
    names = {base.__name__ for base in kind.__mro__}
    if "Literal" in names and hasattr(thing, "literal_type"):
        return of_numba(thing.literal_type)
    if kind.__name__ == "Bfloat16":
        return bfloat16
    if names & {"Boolean", "Integer", "Float", "Complex"}:
        found = _NAMES.get(thing.name)
        if isinstance(found, Scalar):
            return found
    elif kind.__name__ == "NoneType":
        return void
    elif "NPDatetime" in names:
        return NPDatetime(thing.unit)
    elif "NPTimedelta" in names:
        return NPTimedelta(thing.unit)
    elif kind.__name__ == "Array":
        return Array(as_type(thing.dtype), thing.ndim, thing.layout, not thing.mutable)
    elif "Record" in names:
        return Record(thing.dtype)
    elif kind.__name__ in ("CharSeq", "UnicodeCharSeq"):
        return Record(np.dtype(("S" if kind.__name__ == "CharSeq" else "U", thing.count)))
    elif kind.__name__ in ("NamedTuple", "NamedUniTuple"):
        return NamedTuple(thing.instance_class.__name__, thing.instance_class._fields, map(as_type, thing.types))
    elif "BaseTuple" in names:
        return tuple(map(as_type, thing.types))
    elif names & {"EnumMember", "IntEnumMember"}:
        return as_type(thing.dtype)
    raise ArgumentError(f"Numba's type {thing} is not a type of compiled code", code="bad-type")


def typeof(value: Any) -> Any:
    """The type of a value, as Numba's function of this name tells it; void for None."""
    if isinstance(value, tuple):
        items = tuple(map(typeof, value))
        fields = getattr(type(value), "_fields", None)
        return items if fields is None else NamedTuple(type(value).__name__, fields, items)
    if isinstance(value, np.ndarray) or (type(value).__name__ == "DeviceNDArray" and hasattr(value, "is_c_contiguous")):
        element = from_dtype(value.dtype)
        layout = "C" if _in_order(value, -1) else "F" if _in_order(value, 1) else "A"
        flags = getattr(value, "flags", None)
        return Array(element, value.ndim, layout, isinstance(value, np.ndarray) and not flags["WRITEABLE"])
    if isinstance(value, np.generic):
        return from_dtype(value.dtype)
    if value is None:
        return void
    if isinstance(value, enum.Enum) and not isinstance(value, int | float):
        return typeof(value.value)
    for kind, found in _PYTHON.items():
        if isinstance(value, kind):
            if found is int64 and not -(2**63) <= value < 2**63:
                return uint64
            return found
    raise ArgumentError(f"a {type(value).__qualname__} has no type in compiled code", code="bad-type")


def _in_order(array: Any, step: int) -> bool:
    """Whether the elements lie one after another, the last axis (-1) or the first (1) fastest."""
    expected = array.dtype.itemsize
    for extent, stride in list(zip(array.shape, array.strides, strict=True))[::step]:
        if extent == 0:
            return True
        if extent != 1 and stride != expected:
            return False
        expected *= extent
    return True


def signature(thing: Any) -> Signature:
    """The signature that an object writes: `float32(float32, float32)`, the same as a string, a string `"(float32,
    float32)"` or a tuple of types, whose result is inferred."""
    if isinstance(thing, Signature):
        return thing
    if type(thing).__module__.startswith("numba."):
        if hasattr(thing, "return_type"):
            result = None if thing.return_type is None else as_type(thing.return_type)
            return Signature(result, tuple(map(as_type, thing.args)))
        thing = as_type(thing)
    if isinstance(thing, str):
        found = _parse(thing)
        if isinstance(found, tuple):
            return Signature(None, tuple(map(as_type, found)))
        if isinstance(found, Signature):
            return found
        raise ArgumentError(
            f"{thing!r} is a type, not a signature: write its arguments, as in '{thing}({thing})'", code="bad-signature"
        )
    if isinstance(thing, Scalar | Array | Void):
        raise ArgumentError(
            f"{thing!r} is a type, not a signature: write its arguments, as in {thing!r}(float64)", code="bad-signature"
        )
    if isinstance(thing, Iterable):
        return Signature(None, tuple(map(as_type, thing)))
    raise ArgumentError(f"{thing!r} is not a signature", code="bad-signature")


def _parse(text: str) -> Any:
    """A type, a signature, or a tuple of types; evaluated by hand, so that a string can name nothing but types."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ArgumentError(f"{text!r} is not a signature: {error.msg}", code="bad-signature") from None
    # "(float32)" is one argument in brackets, which Python's grammar drops.
    if text.strip().startswith("(") and not isinstance(tree, ast.Tuple):
        return (_evaluate(tree, text),)
    return _evaluate(tree, text)


def _evaluate(node: ast.expr, text: str) -> Any:
    match node:
        case ast.Name(name) | ast.Attribute(ast.Name("types" | "np" | "numpy" | "numba" | "verdigris" | "vg" | "nb"), name):
            found = _NAMES.get(name)
            if found is None:
                raise ArgumentError(f"{name!r} in {text!r} is not the name of a type", code="bad-type")
            return found
        case ast.Tuple(items):
            return tuple(_evaluate(item, text) for item in items)
        case ast.Call(ast.Name("Tuple"), [ast.Tuple(items)], []):
            return tuple(_evaluate(item, text) for item in items)
        case ast.Call(ast.Name("UniTuple"), [item, ast.Constant(int(count))], []) if 1 <= count <= 32:
            return (_evaluate(item, text),) * count
        case ast.Call(ast.Name("NPDatetime"), [ast.Constant(str(unit))], []):
            return _time("datetime64", unit)
        case ast.Call(ast.Name("NPTimedelta"), [ast.Constant(str(unit))], []):
            return _time("timedelta64", unit)
        case ast.Call(func, arguments, []):
            result = _evaluate(func, text)
            types = tuple(_evaluate(a, text) for a in arguments)
            if not isinstance(result, Scalar | Void) and not (isinstance(result, tuple) and isinstance(func, ast.Call)):
                raise ArgumentError(f"`{ast.unparse(func)}` in {text!r} cannot be the type of a result", code="bad-signature")
            if not all(isinstance(type_, Scalar | Array) for type_ in types):
                raise ArgumentError(f"`{ast.unparse(node)}` in {text!r} has an argument that is not a type", code="bad-signature")
            return Signature(result, types)
        case ast.Subscript(ast.Name("datetime64" | "timedelta64" as kind), ast.Name(unit)):
            return _time(kind, unit)
        case ast.Subscript(ast.Name("datetime64" | "timedelta64" as kind), ast.Constant(str(unit))):
            return _time(kind, unit)
        case ast.Subscript(value, axes):
            element = _evaluate(value, text)
            if isinstance(element, Scalar):
                return element[tuple(_axis(a, text) for a in (axes.elts if isinstance(axes, ast.Tuple) else [axes]))]
    raise ArgumentError(f"`{ast.unparse(node)}` in {text!r} is not a type", code="bad-signature")


def _axis(node: ast.expr, text: str) -> slice:
    match node:
        case ast.Slice(None, None, None):
            return slice(None)
        case ast.Slice(None, None, ast.Constant(int(step))):
            return slice(None, None, step)
    raise ArgumentError(f"`{ast.unparse(node)}` in {text!r} names no axis: write `:` or `::1`", code="bad-type")


boolean = Scalar("bool")
int8 = Scalar("int8")
int16 = Scalar("int16")
int32 = Scalar("int32")
int64 = Scalar("int64")
uint8 = Scalar("uint8")
uint16 = Scalar("uint16")
uint32 = Scalar("uint32")
uint64 = Scalar("uint64")
float16 = Scalar("float16")
bfloat16 = Scalar("bfloat16")
float32 = Scalar("float32")
float64 = Scalar("float64")
complex64 = Scalar("complex64")
complex128 = Scalar("complex128")
void = Void()

bool_ = b1 = boolean
byte = uchar = u1 = uint8
char = i1 = int8
i2, i4, i8 = int16, int32, int64
u2, u4, u8 = uint16, uint32, uint64
intc, uintc = int32, uint32
short, ushort = int16, uint16
long_, ulong = int64, uint64
int_ = intp = ssize_t = longlong = int64
uint = uintp = size_t = ulonglong = uint64
f2, f4, f8 = float16, float32, float64
float_ = double = float64
c8, c16 = complex64, complex128
none = void

_NAMES = {name: thing for name, thing in list(globals().items()) if isinstance(thing, Scalar | Void)}
_NAMES |= {"bool": boolean, "int": int64, "float": float64, "complex": complex128}
_BY_DTYPE = {scalar.dtype: scalar for scalar in _NAMES.values() if isinstance(scalar, Scalar) and scalar is not bfloat16}
_PYTHON: dict[type, Scalar] = {bool: boolean, int: int64, float: float64, complex: complex128}
__all__ += sorted(name for name in _NAMES if name not in ("bool", "int", "float", "complex"))
