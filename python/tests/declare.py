"""What the files of compiler/tests/cases/run are written in: decorators that say on which data a function is tried, device
functions, and `cuda`.

A decorated function stays as it was; the test collects what was said of it.
"""

import dataclasses
import inspect
import itertools
import math
import types as python_types
import zlib

import numpy as np
import oracle

from verdigris import _verdigris
from verdigris import types as vg_types

BOOL = ("bool",)
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
INTS = SIGNED + UNSIGNED
FLOATS = ("float32", "float64")
REALS = ("bool", *INTS, *FLOATS)
COMPLEX = ("complex64", "complex128")
ALL = REALS + COMPLEX
SOME = ("int64", "uint8", "float32", "float64")
"""One of each kind."""


# --- values ---


def edges(dtype):
    """The values at which something may go wrong."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return np.array([False, True])
    if dtype.kind in "iu":
        low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
        near = {0, 1, 2, 3, 5, 7, 8, 10, 31, 32, 33, 63, 64, 65, 100}
        wide = {low, low + 1, low + 2, high, high - 1, high // 2, high // 2 + 1, high // 3}
        return np.array(sorted(v for v in near | {-v for v in near} | wide if low <= v <= high), dtype)
    if dtype.kind == "c":
        parts = [0.0, -0.0, 1.0, -2.0, 0.5, 3.0, math.inf, -math.inf, math.nan, 1e-30, 1e30]
        return np.array([complex(re, im) for re in parts for im in parts], dtype)
    info = np.finfo(dtype)
    positive = [
        0.0,
        1.0,
        0.5,
        1.5,
        2.0,
        2.5,
        3.0,
        3.5,
        0.1,
        7.0,
        100.0,
        1e10,
        123456.789,
        0.9999999,
        710.0,
        2.0**24 + 2,
        2.0**31,
        2.0**32,
        2.0**63,
        2.0**64,
    ]
    positive += [float(info.max), float(info.tiny), float(info.smallest_subnormal), float(info.eps), math.inf, math.pi]
    return np.array(positive + [-v for v in positive] + [math.nan], dtype)


def drawn(rng, dtype, count):
    """Random values: whole bit patterns, small ones, and ones near each other."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.integers(0, 2, count).astype(bool)
    if dtype.kind in "iu":
        whole = np.frombuffer(rng.bytes(count * dtype.itemsize), dtype)
        small = rng.integers(0 if dtype.kind == "u" else -20, 21, count).astype(dtype)
        return np.where(rng.random(count) < 0.5, whole, small)
    if dtype.kind == "c":
        real = np.dtype("float32" if dtype == np.complex64 else "float64")
        return np.stack([drawn(rng, real, count), moderate(rng, real, count)], axis=-1).view(dtype)[:, 0]
    bits = np.frombuffer(rng.bytes(count * dtype.itemsize), dtype)
    small = rng.normal(0.0, 3.0, count).astype(dtype)
    return np.where(rng.random(count) < 0.25, bits, np.where(rng.random(count) < 0.3, np.round(small), small))


def moderate(rng, dtype, count):
    """Values with which loops end and sums stay exact enough to read."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.integers(0, 2, count).astype(bool)
    if dtype.kind in "iu":
        return rng.integers(0 if dtype.kind == "u" else -30, 31, count).astype(dtype)
    if dtype.kind == "c":
        return (rng.normal(0.0, 2.0, count) + 1j * rng.normal(0.0, 2.0, count)).astype(dtype)
    values = rng.normal(0.0, 4.0, count)
    return np.where(rng.random(count) < 0.3, np.round(values), values).astype(dtype)


def between(low, high):
    """Integers or floats from `low` up to `high`."""

    def values(rng, dtype, count):
        if np.dtype(dtype).kind == "f":
            return rng.uniform(low, high, count).astype(dtype)
        return rng.integers(low, high + 1, count).astype(dtype)

    return values


def one_of(*choices):
    """Some of these."""

    def values(rng, dtype, count):
        return np.array(choices, dtype)[rng.integers(0, len(choices), count)]

    return values


def anything(rng, dtype, count):
    """Edges and random values, mixed."""
    special = edges(dtype)
    return np.where(rng.random(count) < 0.5, special[rng.integers(0, len(special), count)], drawn(rng, dtype, count)).astype(
        dtype
    )


def random(name):
    """A generator that depends on nothing but a name."""
    return np.random.default_rng(zlib.crc32(name.encode()))


# --- scalar functions ---


@dataclasses.dataclass(eq=False)
class Case:
    """A scalar function with the types it is tried on."""

    function: python_types.FunctionType
    types: tuple
    data: dict
    size: int
    ulp: int
    uniform: tuple
    returns: str | None
    plain: bool

    def variants(self):
        params = list(inspect.signature(self.function).parameters)
        for given in self.types:
            names = tuple(given.split(","))
            yield given, names if len(names) > 1 else names * len(params)

    def columns(self, types):
        """The arguments, one array each; uniform ones have one element."""
        params = list(inspect.signature(self.function).parameters)
        rng = random(f"{self.function.__name__} {types}")
        free = [i for i, p in enumerate(params) if p not in self.data and p not in self.uniform]
        columns = [self.data.get(p, anything)(rng, t, self.size) for p, t in zip(params, types, strict=True)]
        if not self.size:
            return [c[:0] for c in columns]
        if 0 < len(free) <= 2:
            # Every pair of edges, as far as there is room, before anything random.
            pairs = list(itertools.product(*(edges(types[i]) for i in free)))
            rng.shuffle(pairs)
            room = min(len(pairs), self.size * 3 // 4)
            for column, values in zip(free, zip(*pairs[:room], strict=True), strict=True):
                columns[column][:room] = values
        return [c[:1] if p in self.uniform else c for p, c in zip(params, columns, strict=True)]


def case(*types, size=None, ulp=0, uniform=(), returns=None, plain=True, **data):
    """A scalar function, tried on each of `types`: a name for all parameters, or names with commas between.

    `data` gives the values of a parameter, else they are edges and random ones. `uniform` parameters have one value for all
    elements. `ulp`: how far CPython's own result may be from C's. `plain=False`: CPython gives something else on purpose.
    """

    def keep(function):
        count = len(inspect.signature(function).parameters)
        elements = size if size is not None else 45 if count - len(data) < 1 else 101 if count - len(data) == 1 else 333
        function.__case__ = Case(
            function, types, data, elements, ulp, (uniform,) if isinstance(uniform, str) else uniform, returns, plain
        )
        return function

    return keep


# --- device functions ---


class Device:
    """A function that compiled code may call; called from Python it is itself, or what `running` says."""

    def __init__(self, function):
        self.function = function
        self.definition = _verdigris.Function(function)
        self.__name__ = function.__name__

    @property
    def __verdigris_definition__(self):
        return self.definition

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)


def device(function):
    """Makes a function callable from the cases of its file."""
    return Device(function)


# --- kernels ---


class Axes:
    """`threadIdx` and its like: while a thread runs, its numbers."""

    def __init__(self, name):
        self.values = None
        _verdigris.register_builtin(self, f"cuda.{name}")

    def number(self, axis):
        return cuda.made(int(self.values[axis]), "int32")

    x = property(lambda self: self.number(0))
    y = property(lambda self: self.number(1))
    z = property(lambda self: self.number(2))


class Marker:
    """Stands for `laneid` and `warpsize` when names are looked up, with no thread running."""

    def __init__(self, name):
        _verdigris.register_builtin(self, f"cuda.{name}")


class Cuda:
    """The names of `verdigris.cuda`, which CPython runs one thread after another."""

    def __init__(self):
        self.threadIdx, self.blockIdx, self.blockDim, self.gridDim = map(Axes, ("threadIdx", "blockIdx", "blockDim", "gridDim"))
        self.markers = {name: Marker(name) for name in ("laneid", "warpsize")}
        self.plain = False
        self.grid, self.gridsize = (self.function(name) for name in ("grid", "gridsize"))

    def made(self, number, t):
        return number if self.plain else oracle.T(t, number)

    def function(self, name):
        def position(n):
            sizes = [
                d * (b if name == "grid" else g)
                for d, b, g in zip(self.blockDim.values, self.blockIdx.values, self.gridDim.values, strict=True)
            ]
            threads = self.threadIdx.values if name == "grid" else (0, 0, 0)
            numbers = tuple(self.made(s + t, "int64") for s, t in zip(sizes, threads, strict=True))[: int(n)]
            return numbers[0] if len(numbers) == 1 else numbers

        _verdigris.register_builtin(position, f"cuda.{name}")
        return position

    @property
    def laneid(self):
        if self.threadIdx.values is None:
            return self.markers["laneid"]
        (x, y, z), (width, height, _) = self.threadIdx.values, self.blockDim.values
        return self.made((x + width * (y + height * z)) % 32, "int32")

    @property
    def warpsize(self):
        return self.markers["warpsize"] if self.threadIdx.values is None else self.made(32, "int64")

    def threads(self, grid, block, plain):
        """Goes through the threads of a launch in linear order; gives linear block and thread."""
        self.plain, self.gridDim.values, self.blockDim.values = plain, grid, block
        try:
            for b, (bz, by, bx) in enumerate(itertools.product(*(range(n) for n in reversed(grid)))):
                self.blockIdx.values = (bx, by, bz)
                for t, (tz, ty, tx) in enumerate(itertools.product(*(range(n) for n in reversed(block)))):
                    self.threadIdx.values = (tx, ty, tz)
                    yield b, t
        finally:
            for axes in (self.threadIdx, self.blockIdx, self.blockDim, self.gridDim):
                axes.values = None


cuda = Cuda()


@dataclasses.dataclass(eq=False)
class ArraySpec:
    """An array argument: element type (`"T"` for the case's), extents, contents, and layout if it is not the case's."""

    dtype: str
    shape: tuple
    fill: object
    layout: str | None


def array(dtype, *shape, fill=moderate, layout=None):
    """An array of values that `fill(rng, dtype, count)` gives. `layout`: C, F, A (with gaps), reversed, broadcast (stride 0)."""
    return ArraySpec(dtype, shape, fill, layout)


def zeros(dtype, *shape, layout=None):
    """An array of zeros."""
    return ArraySpec(dtype, shape, lambda rng, t, n: np.zeros(n, t), layout)


def counting(dtype, *shape, layout=None):
    """0, 1, 2 …"""
    return ArraySpec(dtype, shape, lambda rng, t, n: np.arange(n).astype(t), layout)


def shuffled(dtype, *shape, layout=None):
    """0, 1, 2 … in random order."""
    return ArraySpec(dtype, shape, lambda rng, t, n: rng.permutation(n).astype(t), layout)


@dataclasses.dataclass(eq=False)
class View:
    """An array as built: its buffer, and the window of it that a kernel gets."""

    buffer: np.ndarray
    window: np.ndarray
    layout: str


def build(spec, rng, element_type, layout):
    """The array of a spec in a layout."""
    dtype = np.dtype(element_type if spec.dtype == "T" else spec.dtype)
    layout = spec.layout or layout
    values = np.asarray(spec.fill(rng, dtype, math.prod(spec.shape)), dtype).reshape(spec.shape)
    if layout == "C":
        buffer = np.ascontiguousarray(values)
        return View(buffer, buffer, "C")
    if layout == "F":
        buffer = np.asfortranarray(values)
        return View(buffer, buffer, "F")
    if layout == "broadcast":
        buffer = np.ascontiguousarray(values[..., :1])
        return View(buffer, np.broadcast_to(buffer, spec.shape), "A")
    # A larger array around it; what lies between must stay as it is.
    around = drawn(rng, dtype, math.prod(2 * n + 3 for n in spec.shape)).reshape([2 * n + 3 for n in spec.shape])
    # Axis lengths are odd, so that both slices have n places.
    place = tuple(slice(2 * n, 0, -2) if layout == "reversed" and n else slice(1, 2 * n + 1, 2) for n in spec.shape)
    window = around[place]
    window[...] = values
    return View(around, window, "A")


@dataclasses.dataclass(eq=False)
class KernelCase:
    """A kernel with its launches, layouts, element types and arguments."""

    function: python_types.FunctionType
    launches: tuple
    types: tuple
    layouts: tuple
    arguments: dict
    plain: bool
    fails: bool

    def variants(self):
        for launch, t, layout in itertools.product(self.launches, self.types, self.layouts):
            grid, block = (tuple(x) if isinstance(x, tuple) else (x,) for x in launch)
            grid, block = grid + (1,) * (3 - len(grid)), block + (1,) * (3 - len(block))
            yield f"{launch[0]}x{launch[1]}-{t}-{layout}".replace(" ", ""), grid, block, t, layout

    def given(self, t, layout):
        """The arguments by name: views, or NumPy scalars."""
        rng = random(f"{self.function.__name__} {t} {layout}")
        for name, spec in self.arguments.items():
            if isinstance(spec, ArraySpec):
                yield name, build(spec, rng, t, layout)
            else:
                number = oracle.lift(spec)
                yield name, np.dtype(number.type).type(number.value)


def kernel_case(grid=1, block=32, *, launches=None, types=(None,), layouts=("C",), plain=True, fails=False, **arguments):
    """A kernel, tried on each launch, element type and layout; `arguments` by the names of its parameters: arrays or scalars."""

    def keep(function):
        order = inspect.signature(function).parameters
        function.__case__ = KernelCase(
            function, launches or ((grid, block),), types, layouts, {n: arguments[n] for n in order}, plain, fails
        )
        return function

    return keep


def array_type(view):
    """The type of an array argument."""
    window = view.window
    return vg_types.Array(vg_types.as_type(window.dtype.name), window.ndim, view.layout)
