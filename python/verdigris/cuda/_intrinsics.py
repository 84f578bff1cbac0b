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


class _WarpSize(int):
    """Threads of a warp. A number on the host too; an int32 in kernels."""

    __slots__ = ()

    def __reduce__(self) -> str:
        return "warpsize"


grid = _Intrinsic("grid", "grid()", "grid(ndim): position of the thread in the grid; an int for 1 axis, a tuple for 2 and 3.")
gridsize = _Intrinsic("gridsize", "gridsize()", "gridsize(ndim): threads of the whole grid along each axis.")
syncthreads = _Intrinsic("syncthreads", "syncthreads()", "Waits for all threads of the block.")
threadIdx = _Dim3("threadIdx", "threadIdx", "Position of the thread in its block.")
blockIdx = _Dim3("blockIdx", "blockIdx", "Position of the block in the grid.")
blockDim = _Dim3("blockDim", "blockDim", "Threads of a block along each axis.")
gridDim = _Dim3("gridDim", "gridDim", "Blocks of the grid along each axis.")
laneid = _Lane("laneid", "laneid", "Position of the thread in its warp.")
warpsize = _WarpSize(32)

for _object in (grid, gridsize, syncthreads, threadIdx, blockIdx, blockDim, gridDim, laneid):
    register_builtin(_object, f"cuda.{_object.__name__}")
register_builtin(warpsize, "cuda.warpsize")
