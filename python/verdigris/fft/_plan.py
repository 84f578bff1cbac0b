"""Plans that are kept, and the cache of those that are not."""

from __future__ import annotations

import math
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np

from .._verdigris import DeviceNDArray, FftPlan, device_array, fft_cache_clear, fft_cache_info, fft_cache_limit
from ..errors import ArgumentError, BadValueError, ShapeError
from ._arguments import FLOATS, count_workers, norm_factor, shape_and_axes

_COMPLEX = {"f": np.dtype(np.complex64), "d": np.dtype(np.complex128)}
_INVERSE = {1: 1, 2: 3, 3: 2, 4: 4}


class Plan:
    """A transform prepared for arrays of one shape and type.

    Parameters
    ----------
    shape : sequence of ints
        Shape of the input of `forward`.
    dtype : dtype
        Its elements: complex64 or complex128 for complex transforms, float32 or float64 for real ones.
    axes : int or sequence of ints, optional
        The axes to transform, all unless given. Of a real transform the last one is halved to n/2 + 1.
    norm : {"backward", "ortho", "forward"}, optional
        As in `fft`.
    kind : {"fft", "dct", "dst"}, optional
        The family; the dtype tells real from complex Fourier transforms.
    type : int, optional
        Type of a cosine or sine transform.
    workers : int, optional
        Most threads a run uses.

    A plan is used by any number of threads at once and needs no cache. It holds its memory until `close`, the end of a `with`
    block, or its own end.

    >>> plan = Plan((4, 6), np.float32)
    >>> plan.output_shape, plan.output_dtype
    ((4, 4), dtype('complex64'))
    >>> x = np.ones((4, 6), np.float32)
    >>> np.allclose(plan.inverse(plan.forward(x)), x)
    True
    """

    def __init__(
        self,
        shape: Any,
        dtype: Any = np.complex128,
        axes: Any = None,
        norm: str | None = None,
        *,
        kind: str = "fft",
        type: int = 2,
        workers: int | None = None,
    ) -> None:
        self.shape = tuple(int(n) for n in np.atleast_1d(np.asarray(shape, np.intp)))
        self.dtype = np.dtype(dtype)
        if self.dtype not in FLOATS:
            raise ArgumentError(f"plans are of float32, float64, complex64 and complex128, not of {self.dtype}", code="bad-dtype")
        lengths, self.axes = shape_and_axes(self.shape, None, axes)
        if not lengths:
            raise BadValueError("at least 1 axis must be transformed", code="axes")
        self.norm = norm
        self.kind = kind
        self._workers = count_workers(workers)
        real = self.dtype.kind == "f"
        points: float = math.prod(lengths)
        if kind == "fft":
            names = ("r2c", "c2r") if real else ("c2c", "c2c")
        elif kind in ("dct", "dst"):
            if not real:
                raise ArgumentError(f"a {kind} plan is of real elements, not of {self.dtype}", code="bad-dtype")
            if type not in _INVERSE:
                raise BadValueError("invalid type; must be one of (1, 2, 3, 4)", code="trigonometric-type")
            names = (f"{kind}{type}", f"{kind}{_INVERSE[type]}")
            shift = {"dct1": -1, "dst1": 1}.get(names[0], 0)
            points = math.prod(2.0 * (n + shift) for n in lengths)
        else:
            raise BadValueError(f"there are plans of kind 'fft', 'dct' and 'dst', not of {kind!r}", code="plan-kind")
        output = list(self.shape)
        if names[0] == "r2c":
            output[self.axes[-1]] = lengths[-1] // 2 + 1
        self.output_shape = tuple(output)
        self.output_dtype = _COMPLEX[self.dtype.char] if names[0] == "r2c" else self.dtype
        pairs = list(zip(self.axes, lengths, strict=True))
        double = self.dtype.char in "dD"

        def planned(name: str, forward: bool) -> FftPlan:
            return FftPlan(name, forward, double, pairs, norm_factor(norm, forward, points), norm == "ortho")

        self._plans: tuple[FftPlan, FftPlan] | None = (planned(names[0], True), planned(names[1], False))

    def forward(self, x: Any, out: Any = None, *, stream: Any = None) -> Any:
        """Transforms an array of the plan's shape and dtype into `out` (which may be `x`) or a new array; gives that.

        Arrays in a GPU's memory are transformed there, by cuFFT on `stream`.
        """
        return self._run(0, x, self.shape, self.dtype, out, self.output_shape, self.output_dtype, stream)

    def inverse(self, y: Any, out: Any = None, *, stream: Any = None) -> Any:
        """The inverse transform, from an array of `output_shape` and `output_dtype`."""
        return self._run(1, y, self.output_shape, self.output_dtype, out, self.shape, self.dtype, stream)

    def _run(
        self, which: int, x: Any, shape: Any, dtype: Any, out: Any, out_shape: Any, out_dtype: Any, stream: Any = None
    ) -> Any:
        plans = self._plans
        if plans is None:
            raise BadValueError("the plan has been closed", code="plan-closed")
        if not isinstance(x, DeviceNDArray):
            x = np.asarray(x)
            if not np.can_cast(x.dtype, dtype, "same_kind"):
                raise ArgumentError(f"the plan is for elements of {dtype}, not of {x.dtype}", code="bad-dtype")
            x = np.require(x, dtype.newbyteorder("="), "A")
        elif x.dtype != dtype:
            raise ArgumentError(f"the plan is for elements of {dtype}, not of {x.dtype}", code="bad-dtype")
        if x.shape != shape:
            raise ShapeError(f"the plan is for arrays of shape {shape}, not of {x.shape}", code="shape")
        if out is None and isinstance(x, DeviceNDArray):
            out = device_array(out_shape, out_dtype, stream=stream)
        return plans[which].run(x, out, self._workers, stream)

    @property
    def workspace_bytes(self) -> int:
        """Bytes that a run works in on each thread, beside its arrays."""
        plans = self._plans
        return 0 if plans is None else max(plan.workspace for plan in plans)

    @property
    def closed(self) -> bool:
        """Whether `close` has been called."""
        return self._plans is None

    def close(self) -> None:
        """Lets go of the plan's memory; runs in other threads end as they would."""
        self._plans = None

    def __enter__(self) -> Plan:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        state = ", closed" if self.closed else ""
        return f"<Plan {self.kind} of {self.dtype} {self.shape} along axes {self.axes}{state}>"


class PlanCacheInfo(NamedTuple):
    """What the cache of plans holds and has done: a plan is that of one axis's length, type and kind."""

    hits: int
    misses: int
    plans: int
    bytes: int
    max_plans: int
    max_bytes: int


def plan_cache_info() -> PlanCacheInfo:
    """What the cache holds and has done."""
    return PlanCacheInfo(*fft_cache_info())


def clear_plan_cache() -> None:
    """Drops all cached plans and sets the counts to 0."""
    fft_cache_clear()


def limit_plan_cache(plans: int | None = None, bytes: int | None = None) -> None:
    """Sets how many plans and how many bytes the cache holds at most; what is not given stays. 0 turns the cache off.

    The bounds are 256 plans and 256 MiB unless set.
    """
    for value in (plans, bytes):
        if value is not None and value < 0:
            raise BadValueError(f"a bound of the cache is at least 0, not {value}", code="cache-limit")
    fft_cache_limit(plans, bytes)
