"""What exists inside kernels only.

The compiler knows each of these objects by identity, so that an alias (`from verdigris.cuda import grid as g`) means the
same. Outside a kernel they have no value, and say so.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any, NoReturn

from verdigris._verdigris import register_builtin
from verdigris.errors import UnsupportedError


class _Intrinsic:
    """A function or value that a running thread has. Each has its own docstring."""

    def __init__(self, name: str, how: str, doc: str) -> None:
        self.__name__ = name
        self._how = how
        self.__doc__ = doc

    def _refuse(self) -> NoReturn:
        raise UnsupportedError(f"cuda.{self._how} exists only inside a kernel, where a thread runs", code="outside-kernel")

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse()

    def __repr__(self) -> str:
        return f"<cuda.{self.__name__}>"

    def __reduce__(self) -> str:
        return self.__name__


def _intrinsic(function: FunctionType) -> _Intrinsic:
    """What takes the place of a function that only its name, signature and docstring are needed of."""
    name = function.__name__
    parameters = ", ".join(function.__code__.co_varnames)
    made = _Intrinsic(name, f"{name}()", f"{name}({parameters}): {function.__doc__}")
    register_builtin(made, f"cuda.{name}")
    return made


class _Dim3(_Intrinsic):
    """Coordinates of a running thread."""

    @property
    def x(self) -> NoReturn:
        self._refuse()

    @property
    def y(self) -> NoReturn:
        self._refuse()

    @property
    def z(self) -> NoReturn:
        self._refuse()


class _Lane(_Intrinsic):
    """A number that a running thread has."""

    def __index__(self) -> NoReturn:
        self._refuse()

    __int__ = __index__


class _Namespace:
    """A group of functions that exist inside kernels, such as `cuda.shared`."""

    def __init__(self, name: str, doc: str, **members: tuple[str, str]) -> None:
        self.__name__ = name
        self.__doc__ = doc
        for member, (how, text) in members.items():
            function = _Intrinsic(f"{name}.{member}", how, text)
            setattr(self, member, function)
            register_builtin(function, f"cuda.{name}.{member}")

    def __repr__(self) -> str:
        return f"<cuda.{self.__name__}>"

    def __reduce__(self) -> str:
        return self.__name__


class _WarpSize(int):
    """Threads of a warp. A number on the host too; an int32 in kernels."""

    __slots__ = ()

    def __reduce__(self) -> str:
        return "warpsize"


@_intrinsic
def grid(ndim: Any) -> Any:
    """Position of the thread in the grid; an int for 1 axis, a tuple for 2 and 3."""


@_intrinsic
def gridsize(ndim: Any) -> Any:
    """Threads of the whole grid along each axis."""


@_intrinsic
def syncthreads() -> Any:
    """Waits for all threads of the block."""


@_intrinsic
def syncthreads_count(p: Any) -> Any:
    """Waits for all threads of the block; how many of them have a true `p`, an int32."""


@_intrinsic
def syncthreads_and(p: Any) -> Any:
    """Waits for all threads of the block; 1 if `p` is true for all of them, else 0."""


@_intrinsic
def syncthreads_or(p: Any) -> Any:
    """Waits for all threads of the block; 1 if `p` is true for one of them, else 0."""


@_intrinsic
def threadfence() -> Any:
    """Orders this thread's writes for all threads of the device."""


@_intrinsic
def threadfence_block() -> Any:
    """Orders this thread's writes for its block."""


@_intrinsic
def threadfence_system() -> Any:
    """Orders this thread's writes for the device and the host."""


shared = _Namespace(
    "shared",
    "Memory that the threads of a block share.",
    array=(
        "shared.array()",
        "array(shape, dtype): an array shared by the block's threads; shape 0 takes the launch's dynamic shared memory.",
    ),
)
local = _Namespace(
    "local",
    "Memory that each thread has for itself.",
    array=("local.array()", "array(shape, dtype): an array of the thread's own."),
)
const = _Namespace(
    "const",
    "Memory that no thread changes.",
    array_like=("const.array_like()", "array_like(array): a global array, as it was when the kernel was compiled."),
)
cg = _Namespace(
    "cg",
    "Cooperative groups.",
    this_grid=("cg.this_grid()", "this_grid(): all threads of the launch; `sync()` of it waits for all of them."),
)
threadIdx = _Dim3("threadIdx", "threadIdx", "Position of the thread in its block.")
blockIdx = _Dim3("blockIdx", "blockIdx", "Position of the block in the grid.")
blockDim = _Dim3("blockDim", "blockDim", "Threads of a block along each axis.")
gridDim = _Dim3("gridDim", "gridDim", "Blocks of the grid along each axis.")
laneid = _Lane("laneid", "laneid", "Position of the thread in its warp.")
warpsize = _WarpSize(32)

atomic = _Namespace(
    "atomic",
    "Operations on an element of a global or shared array that no other thread comes between; each gives the old value.",
    add=("atomic.add()", "add(array, index, value): adds to the element."),
    sub=("atomic.sub()", "sub(array, index, value): subtracts from the element."),
    and_=("atomic.and_()", "and_(array, index, value): bitwise and. Integers."),
    or_=("atomic.or_()", "or_(array, index, value): bitwise or. Integers."),
    xor=("atomic.xor()", "xor(array, index, value): bitwise exclusive or. Integers."),
    inc=("atomic.inc()", "inc(array, index, value): adds 1, or becomes 0 where it was at `value` or above. Unsigned."),
    dec=("atomic.dec()", "dec(array, index, value): subtracts 1, or becomes `value` where it was 0 or above. Unsigned."),
    exch=("atomic.exch()", "exch(array, index, value): stores the value."),
    max=("atomic.max()", "max(array, index, value): the greater of both; left alone where either is NaN."),
    min=("atomic.min()", "min(array, index, value): the lesser of both; left alone where either is NaN."),
    nanmax=("atomic.nanmax()", "nanmax(array, index, value): the greater of both; NaN counts as missing."),
    nanmin=("atomic.nanmin()", "nanmin(array, index, value): the lesser of both; NaN counts as missing."),
    cas=("atomic.cas()", "cas(array, index, old, value): stores the value if the element is `old`."),
    compare_and_swap=(
        "atomic.compare_and_swap()",
        "compare_and_swap(array, old, value): stores the value into the first element if that is `old`.",
    ),
)


@_intrinsic
def shfl_sync(mask: Any, value: Any, lane: Any) -> Any:
    """The value of another lane."""


@_intrinsic
def shfl_up_sync(mask: Any, value: Any, delta: Any) -> Any:
    """The value of the lane `delta` below; its own where there is none."""


@_intrinsic
def shfl_down_sync(mask: Any, value: Any, delta: Any) -> Any:
    """The value of the lane `delta` above; its own where there is none."""


@_intrinsic
def shfl_xor_sync(mask: Any, value: Any, lane_mask: Any) -> Any:
    """The value of the lane whose number differs in those bits."""


@_intrinsic
def all_sync(mask: Any, predicate: Any) -> Any:
    """Whether it is true for all lanes of the mask."""


@_intrinsic
def any_sync(mask: Any, predicate: Any) -> Any:
    """Whether it is true for one lane of the mask."""


@_intrinsic
def eq_sync(mask: Any, predicate: Any) -> Any:
    """Whether it is the same for all lanes of the mask."""


@_intrinsic
def ballot_sync(mask: Any, predicate: Any) -> Any:
    """The lanes of the mask for which it is true, as bits; int32."""


@_intrinsic
def match_any_sync(mask: Any, value: Any) -> Any:
    """The lanes of the mask with the same value, as bits; int32."""


@_intrinsic
def match_all_sync(mask: Any, value: Any) -> Any:
    """The mask and True if all its lanes have the same value, else 0 and False."""


@_intrinsic
def activemask() -> Any:
    """The lanes that run this together, as bits; uint32."""


@_intrinsic
def lanemask_lt() -> Any:
    """The lanes below this one, as bits; uint32."""


@_intrinsic
def syncwarp(mask: Any = 0xFFFFFFFF) -> Any:
    """Waits for the lanes of the mask."""


@_intrinsic
def popc(x: Any) -> Any:
    """How many bits are set."""


@_intrinsic
def brev(x: Any) -> Any:
    """The bits in reverse, of 32 or 64."""


@_intrinsic
def clz(x: Any) -> Any:
    """Zero bits above the highest that is set."""


@_intrinsic
def ffs(x: Any) -> Any:
    """The place of the lowest bit that is set, counted from 1; 0 for 0."""


@_intrinsic
def fma(a: Any, b: Any, c: Any) -> Any:
    """`a * b + c`, rounded once."""


@_intrinsic
def selp(predicate: Any, a: Any, b: Any) -> Any:
    """`a` if the predicate is true, else `b`."""


@_intrinsic
def cbrt(x: Any) -> Any:
    """The cube root."""


@_intrinsic
def nanosleep(ns: Any) -> Any:
    """Lets others go first; here a thread has nobody to wait for."""


for _object in (threadIdx, blockIdx, blockDim, gridDim, laneid):
    register_builtin(_object, f"cuda.{_object.__name__}")
register_builtin(warpsize, "cuda.warpsize")


def literal_unroll(container: Any) -> Any:
    """The tuple itself: every loop over a tuple is unrolled, and its items may differ in type."""
    return container


register_builtin(literal_unroll, "tuple")
