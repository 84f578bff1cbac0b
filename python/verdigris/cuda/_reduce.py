"""`cuda.reduce`: folds an array by a function of two values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from verdigris._vectorize import vectorize
from verdigris._verdigris import DeviceFunction, DeviceNDArray
from verdigris.errors import ArgumentError, ShapeError


class Reduce:
    """A reduction by a function of two values, which has to be associative.

    Made from a Python function or a device function, also as a decorator:

        @cuda.reduce
        def total(a, b):
            return a + b

        total(array)
    """

    def __init__(self, functor: Callable[[Any, Any], Any] | DeviceFunction) -> None:
        function = functor.py_func if isinstance(functor, DeviceFunction) else functor
        if function is None or not callable(function):
            raise ArgumentError(f"cuda.reduce takes a function of two values, not {functor!r}", code="bad-function")
        self._functor = functor
        self._fold = vectorize(function)
        if self._fold.nin != 2:
            name = getattr(function, "__name__", repr(function))
            raise ArgumentError(f"cuda.reduce takes a function of two values; {name} takes {self._fold.nin}", code="bad-function")

    def __call__(self, arr: Any, size: int | None = None, res: Any = None, init: Any = 0, stream: Any = 0) -> Any:
        """Folds `arr` (one axis; host or device) from the left, beginning with `init` as Numba does.

        `size` takes only so many of the first elements. With `res`, an array, the result is written to its first element
        and None is given; otherwise the result is given, of the array's dtype. An array without elements gives `init`.
        """
        if not isinstance(arr, DeviceNDArray):
            arr = np.asanyarray(arr)
        if arr.ndim != 1:
            raise ShapeError(f"cuda.reduce takes an array of one axis, not of {arr.ndim}", code="reduce")
        if res is not None and res.dtype != arr.dtype:
            raise ArgumentError(f"cuda.reduce of {arr.dtype} cannot store its result in {res.dtype}", code="dtype-mismatch")
        count = arr.size if size is None else min(int(size), arr.size)
        if count < 0:
            raise ArgumentError(f"cuda.reduce: the size {size} is negative", code="reduce")
        host = arr[:count].copy_to_host(stream=stream) if isinstance(arr, DeviceNDArray) else arr[:count]
        result = host.dtype.type(init)
        if count:
            folded = self._fold(result, self._fold.reduce(host))
            result = np.asarray(folded).astype(host.dtype)[()]
        if res is None:
            return result
        res[0] = result
        return None

    def __repr__(self) -> str:
        return f"<reduction by {self._functor!r}>"


reduce = Reduce
