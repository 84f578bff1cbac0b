"""What exists inside kernels only.

The compiler knows each of these objects by identity, so that an alias (`from verdigris.cuda import grid as g`) means the
same. Outside a kernel they have no value, and say so.
"""

from __future__ import annotations

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


grid = _Intrinsic("grid", "grid()", "grid(ndim): position of the thread in the grid; an int for 1 axis, a tuple for 2 and 3.")
gridsize = _Intrinsic("gridsize", "gridsize()", "gridsize(ndim): threads of the whole grid along each axis.")
syncthreads = _Intrinsic("syncthreads", "syncthreads()", "Waits for all threads of the block.")
syncthreads_count = _Intrinsic(
    "syncthreads_count",
    "syncthreads_count()",
    "syncthreads_count(p): waits for all threads of the block; how many of them have a true `p`, an int32.",
)
syncthreads_and = _Intrinsic(
    "syncthreads_and",
    "syncthreads_and()",
    "syncthreads_and(p): waits for all threads of the block; 1 if `p` is true for all of them, else 0.",
)
syncthreads_or = _Intrinsic(
    "syncthreads_or",
    "syncthreads_or()",
    "syncthreads_or(p): waits for all threads of the block; 1 if `p` is true for one of them, else 0.",
)
threadfence = _Intrinsic("threadfence", "threadfence()", "Orders this thread's writes for all threads of the device.")
threadfence_block = _Intrinsic("threadfence_block", "threadfence_block()", "Orders this thread's writes for its block.")
threadfence_system = _Intrinsic(
    "threadfence_system", "threadfence_system()", "Orders this thread's writes for the device and the host."
)
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


def _function(name: str, text: str) -> _Intrinsic:
    made = _Intrinsic(name, f"{name}()", name + text)
    register_builtin(made, f"cuda.{name}")
    return made


shfl_sync = _function("shfl_sync", "(mask, value, lane): the value of another lane.")
shfl_up_sync = _function(
    "shfl_up_sync", "(mask, value, delta): the value of the lane `delta` below; its own where there is none."
)
shfl_down_sync = _function(
    "shfl_down_sync", "(mask, value, delta): the value of the lane `delta` above; its own where there is none."
)
shfl_xor_sync = _function("shfl_xor_sync", "(mask, value, lane_mask): the value of the lane whose number differs in those bits.")
all_sync = _function("all_sync", "(mask, predicate): whether it is true for all lanes of the mask.")
any_sync = _function("any_sync", "(mask, predicate): whether it is true for one lane of the mask.")
eq_sync = _function("eq_sync", "(mask, predicate): whether it is the same for all lanes of the mask.")
ballot_sync = _function("ballot_sync", "(mask, predicate): the lanes of the mask for which it is true, as bits; int32.")
match_any_sync = _function("match_any_sync", "(mask, value): the lanes of the mask with the same value, as bits; int32.")
match_all_sync = _function(
    "match_all_sync", "(mask, value): the mask and True if all its lanes have the same value, else 0 and False."
)
activemask = _function("activemask", "(): the lanes that run this together, as bits; uint32.")
lanemask_lt = _function("lanemask_lt", "(): the lanes below this one, as bits; uint32.")
syncwarp = _function("syncwarp", "(mask=0xffffffff): waits for the lanes of the mask.")
popc = _function("popc", "(x): how many bits are set.")
brev = _function("brev", "(x): the bits in reverse, of 32 or 64.")
clz = _function("clz", "(x): zero bits above the highest that is set.")
ffs = _function("ffs", "(x): the place of the lowest bit that is set, counted from 1; 0 for 0.")
fma = _function("fma", "(a, b, c): a*b + c, rounded once.")
selp = _function("selp", "(predicate, a, b): a if the predicate is true, else b.")
cbrt = _function("cbrt", "(x): the cube root.")
nanosleep = _function("nanosleep", "(ns): lets others go first; here a thread has nobody to wait for.")

_REGISTERED: tuple[Any, ...] = (
    grid,
    gridsize,
    syncthreads,
    syncthreads_count,
    syncthreads_and,
    syncthreads_or,
    threadfence,
    threadfence_block,
    threadfence_system,
    threadIdx,
    blockIdx,
    blockDim,
    gridDim,
    laneid,
)
for _object in _REGISTERED:
    register_builtin(_object, f"cuda.{_object.__name__}")
register_builtin(warpsize, "cuda.warpsize")
