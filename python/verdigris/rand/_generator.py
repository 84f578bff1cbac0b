"""`Generator`: one stream, arrays of any shape, every distribution."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .. import _verdigris
from ..errors import ArgumentError, BadValueError, ShapeError
from . import _tables

__all__ = ["Generator", "block"]

_ORDERINGS = {"best": 100, "default": 101, "seeded": 102, "legacy": 103, "dynamic": 104, "quasi": 201}
_FLOATS = {"float32": "f32", "float64": "f64"}
_BITS = {"uint32": "u32", "uint64": "u64"}
_LIMIT = 2**64


def ordering_number(ordering: str | int) -> int:
    """cuRAND's number of an ordering, which is given as that or by its name."""
    if isinstance(ordering, str):
        try:
            return _ORDERINGS[ordering]
        except KeyError:
            raise BadValueError(
                f"no ordering is called {ordering!r}; there are {', '.join(_ORDERINGS)}", code="ordering"
            ) from None
    return int(ordering)


def counted(value: Any, what: str) -> int:
    """A number of draws or a seed: a whole number of 64 bits."""
    number = operator.index(value)
    if not 0 <= number < _LIMIT:
        raise BadValueError(f"{what} is a number from 0 to 2**64 - 1, not {number}", code=what.split()[-1])
    return number


def make(
    kind: str | int, seed: int | None, offset: int | None, ordering: str | int | None, dims: int | None
) -> _verdigris.Generator:
    """The extension's generator of these settings."""
    if not isinstance(kind, str):
        kind = operator.index(kind)
        if not 0 <= kind < 2**32:
            raise BadValueError(f"{kind} is the number of no generator", code="generator-kind")
    elif kind != kind.lower():
        kind = kind.lower()
    if kind in _tables.NEEDED:
        _tables.find()
    return _verdigris.Generator(
        kind,
        None if seed is None else counted(seed, "a seed"),
        None if offset is None else counted(offset, "an offset"),
        None if ordering is None else ordering_number(ordering),
        None if dims is None else counted(dims, "the number of dims"),
    )


def on_gpu(array: Any) -> bool:
    """Whether an array is ours, in a GPU's memory."""
    return isinstance(array, _verdigris.DeviceNDArray) and array.device != "cpu"


def on_device(array: Any) -> bool:
    """Whether an array is a device array, of ours or one that copies as ours do."""
    return hasattr(type(array), "copy_to_device")


@contextmanager
def _flat(out: Any, dtype: np.dtype[Any]) -> Iterator[np.ndarray[Any, Any]]:
    """A contiguous array of one dimension that becomes `out`, in C order, when the block ends without an error."""
    plain = isinstance(out, np.ndarray)
    if plain and out.flags.c_contiguous and out.flags.aligned and type(out) is np.ndarray:
        yield out.reshape(-1)
        return
    buffer = np.empty(out.size, dtype)
    yield buffer
    shaped = buffer.reshape(out.shape)
    if plain:
        out[...] = shaped
    else:
        out.copy_to_device(shaped)


def _overlaps_itself(array: np.ndarray[Any, Any]) -> bool:
    """Whether two elements of an array have a byte in common."""
    axes = sorted((abs(s), n) for s, n in zip(array.strides, array.shape, strict=True) if n > 1)
    if array.size == 0 or not axes:
        return False
    reach = array.itemsize
    for stride, extent in axes:
        if stride < reach:
            break
        reach += stride * (extent - 1)
    else:
        return False
    # Steps that do not nest, as of a view made by as_strided: look at every element.
    if axes[0][0] == 0:
        return True
    starts = np.zeros(1, np.int64)
    for stride, extent in axes:
        starts = (starts[:, None] + stride * np.arange(extent)).reshape(-1)
    starts.sort()
    return bool((np.diff(starts) < array.itemsize).any())


def _checked_out(out: Any, dtypes: dict[str, str]) -> np.dtype[Any]:
    if not (isinstance(out, np.ndarray) or on_device(out)):
        raise ArgumentError(f"out must be an array, not {type(out).__name__}", code="bad-array")
    dtype = np.dtype(out.dtype)
    if dtype.name not in dtypes or not dtype.isnative:
        raise BadValueError(f"out has dtype {dtype}, not {' or '.join(dtypes)}", code="bad-dtype")
    if isinstance(out, np.ndarray):
        if not out.flags.writeable:
            raise ArgumentError("out cannot be written: it is read-only", code="bad-array")
        if _overlaps_itself(out):
            raise ArgumentError("out has elements that share memory", code="bad-array")
    return dtype


# What cuRAND fills a GPU's memory with.
_CURANDS = {"bits", "uniform", "curand_normal", "curand_lognormal", "poisson"}


def _match(out: Any, shape: Any) -> None:
    """Refuses a shape that is not the output's."""
    if shape is not None and tuple(np.atleast_1d(shape)) != tuple(out.shape):
        raise ShapeError(f"out has shape {tuple(out.shape)}, not {shape}", code="out-shape")


class Generator:
    """A stream of random numbers.

    `kind` is `"xorwow"`, `"mrg32k3a"`, `"mtgp32"`, `"mt19937"`, `"philox"`, `"sobol32"`, `"scrambled_sobol32"`, `"sobol64"`,
    `"scrambled_sobol64"`, `"owen_sobol32"`, `"owen_sobol64"` or cuRAND's number of one; `ordering` a name (`"best"`,
    `"default"`, `"seeded"`, `"legacy"`) or number; `dims` is for the quasirandom ones, whose arrays hold all values of
    dimension 0, then of dimension 1, and so on.

    Every distribution takes `shape` (a number, a tuple, or None for one number) or `out=`, an array of any shape and strides,
    or a device array, which is filled in C order and returned. An error leaves the stream where it was. Calls from several
    threads take turns.

    In a GPU's memory NVIDIA's cuRAND makes its own numbers, on `stream`, if the generator has drawn nothing on the host since
    it was made or its offset set; all else is made on the host and copied. The stream is one: a call goes on where the last
    one ended, wherever that was. Integers and uniform numbers are the same on both machines; normal numbers of
    `method="curand"` differ in the last digits.

    """

    def __init__(
        self,
        kind: str | int = "xorwow",
        seed: int | None = None,
        *,
        offset: int | None = None,
        ordering: str | int | None = None,
        dims: int | None = None,
    ) -> None:
        self._core = make(kind, seed, offset, ordering, dims)

    # --- settings ---

    @property
    def kind(self) -> str:
        """The generator's name."""
        return self._core.kind

    @property
    def seed(self) -> int:
        """The seed. Setting another one restarts the stream at its position, as in cuRAND; setting the same one does nothing."""
        return self._core.seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._core.set_seed(counted(seed, "a seed"))

    @property
    def ordering(self) -> str:
        """The ordering's name. Setting another one restarts the stream at its position."""
        return self._core.ordering

    @ordering.setter
    def ordering(self, ordering: str | int) -> None:
        self._core.set_ordering(ordering_number(ordering))

    @property
    def dims(self) -> int:
        """Dimensions of a quasirandom generator; the points go on when another number is set."""
        return self._core.dims

    @dims.setter
    def dims(self, dims: int) -> None:
        self._core.set_dims(counted(dims, "the number of dims"))

    @property
    def position(self) -> int:
        """Where the stream stands as cuRAND counts it."""
        return self._core.position

    def set_seed(self, seed: int) -> None:
        """As setting `seed`."""
        self.seed = seed

    def set_offset(self, offset: int) -> None:
        """Restarts the stream with so many draws left out."""
        self._core.set_offset(counted(offset, "an offset"))

    def set_ordering(self, ordering: str | int) -> None:
        """As setting `ordering`."""
        self.ordering = ordering

    def skip(self, n: int) -> None:
        """Leaves out `n` raw draws (points, of a quasirandom generator)."""
        self._core.skip(counted(n, "a skip"))

    def spawn(self, n: int) -> list[Generator]:
        """`n` generators with streams of their own; further calls give further ones."""
        return [self._of(core) for core in self._core.spawn(counted(n, "the number of streams"))]

    @property
    def state(self) -> bytes:
        """All that the rest of the stream depends on. Can be set, to a state of the same kind."""
        return self._core.saved()

    @state.setter
    def state(self, state: bytes) -> None:
        self._core.restore(bytes(state))

    @classmethod
    def _of(cls, core: _verdigris.Generator) -> Generator:
        generator = cls.__new__(cls)
        generator._core = core
        return generator

    @classmethod
    def _restored(cls, kind: str, state: bytes) -> Generator:
        if kind in _tables.NEEDED:
            _tables.find()
        return cls._of(_verdigris.Generator.restored(state))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self)._restored, (self.kind, self.state)

    def __copy__(self) -> Generator:
        return self._restored(self.kind, self.state)

    def __deepcopy__(self, memo: dict[int, Any]) -> Generator:
        return self.__copy__()

    def __repr__(self) -> str:
        dims = f", dims={self.dims}" if self._core.is_quasi else ""
        return f"Generator({self.kind!r}, seed={self.seed}, ordering={self.ordering!r}{dims}, position={self.position})"

    # --- cuRAND's numbers ---

    def bits(self, shape: Any = None, *, out: Any = None, dtype: Any = None, stream: Any = None) -> Any:
        """Raw draws: uint32, or uint64, which only the 64-bit quasirandom generators have in cuRAND and which are two draws of
        others.
        """
        if dtype is None and out is None:
            dtype = np.uint64 if "sobol64" in self.kind else np.uint32
        return self._fill("bits", shape, out, dtype, _BITS, stream=stream)

    def uniform(self, shape: Any = None, *, out: Any = None, dtype: Any = None, stream: Any = None) -> Any:
        """cuRAND's uniform numbers, in (0, 1]: 1 occurs, 0 does not. See `random` for [0, 1)."""
        return self._fill("uniform", shape, out, dtype, _FLOATS, stream=stream)

    def normal(
        self,
        shape: Any = None,
        mean: float = 0.0,
        sigma: float = 1.0,
        *,
        out: Any = None,
        dtype: Any = None,
        method: str = "own",
        stream: Any = None,
    ) -> Any:
        """Normal numbers. `method="own"`: one draw each, the same bits on every machine. `method="curand"`: what cuRAND's host
        library gives on this machine, which depends on its C library; of XORWOW and MRG32k3a an even number.

        """
        return self._fill(self._by("normal", method), shape, out, dtype, _FLOATS, float(mean), float(sigma), stream=stream)

    def lognormal(
        self,
        shape: Any = None,
        mean: float = 0.0,
        sigma: float = 1.0,
        *,
        out: Any = None,
        dtype: Any = None,
        method: str = "own",
        stream: Any = None,
    ) -> Any:
        """The exponentials of `normal`'s numbers."""
        return self._fill(self._by("lognormal", method), shape, out, dtype, _FLOATS, float(mean), float(sigma), stream=stream)

    def poisson(self, shape: Any = None, lam: float = 1.0, *, out: Any = None, stream: Any = None) -> Any:
        """cuRAND's Poisson numbers of mean `lam`, above 0 and at most 400000; uint32 (or int32, in `out`)."""
        if out is not None and getattr(out, "dtype", None) == np.int32 and (isinstance(out, np.ndarray) or on_gpu(out)):
            self._fill("poisson", None, out.view(np.uint32), None, {"uint32": "u32"}, float(lam), stream=stream)
            return out
        dtype = np.uint32 if out is None else None
        return self._fill("poisson", shape, out, dtype, {"uint32": "u32"}, float(lam), stream=stream)

    # --- our own on top ---

    def random(self, shape: Any = None, *, out: Any = None, dtype: Any = None) -> Any:
        """Uniform numbers in [0, 1)."""
        return self._fill("random", shape, out, dtype, _FLOATS)

    def between(self, low: float, high: float, shape: Any = None, *, out: Any = None, dtype: Any = None) -> Any:
        """Uniform numbers in [low, high)."""
        return self._fill("between", shape, out, dtype, _FLOATS, float(low), float(high))

    def exponential(self, shape: Any = None, scale: float = 1.0, *, out: Any = None, dtype: Any = None) -> Any:
        """Exponential numbers of mean `scale`."""
        return self._fill("exponential", shape, out, dtype, _FLOATS, float(scale))

    def gamma(self, shape: Any = None, k: float = 1.0, scale: float = 1.0, *, out: Any = None) -> Any:
        """Gamma numbers (float64) of shape parameter `k`, times `scale`."""
        return self._fill("gamma", shape, out, None, {"float64": "f64"}, float(k), float(scale))

    def integers(
        self, low: int, high: int | None = None, shape: Any = None, *, out: Any = None, dtype: Any = None, endpoint: bool = False
    ) -> Any:
        """Whole numbers in [low, high), or [0, low) if only one end is given; `endpoint` takes in the upper end. Of dtype
        int64 or uint64, or a narrower type that holds the range.

        """
        low, high = (0, operator.index(low)) if high is None else (operator.index(low), operator.index(high))
        high -= not endpoint
        wanted = np.dtype(np.int64 if dtype is None else dtype) if out is None else np.dtype(getattr(out, "dtype", np.int64))
        if wanted.kind not in "iu":
            raise BadValueError(f"integers have an integer dtype, not {wanted}", code="bad-dtype")
        info = np.iinfo(wanted)
        if high < low or low < info.min or high > info.max:
            raise BadValueError(f"the range from {low} to {high} is empty or does not fit {wanted}", code="range")
        wide = np.dtype(np.uint64 if wanted == np.uint64 else np.int64)
        fill = self._core.integers_u64 if wide.kind == "u" else self._core.integers_i64
        return self._through(lambda flat: fill(flat, low, high), shape, out, wanted, wide)

    def binomial(self, n: int, p: float, shape: Any = None, *, out: Any = None) -> Any:
        """Numbers of successes (int64) in `n` trials of probability `p`."""
        trials = counted(n, "the number of trials")
        return self._through(
            lambda flat: self._core.binomial_i64(flat, trials, float(p)), shape, out, np.dtype(np.int64), np.dtype(np.int64)
        )

    def permutation(self, x: Any) -> np.ndarray[Any, Any]:
        """The numbers below `x` in a random order, or a copy of the array `x` with its first axis in a random order."""
        if isinstance(x, (int, np.integer)):
            order = np.arange(counted(x, "the length"), dtype=np.int64)
            self._core.shuffle_i64(order)
            return order
        array = np.asarray(x)
        if array.ndim == 0:
            raise ShapeError("an array without an axis has no order", code="no-axis")
        order = np.arange(len(array), dtype=np.int64)
        self._core.shuffle_i64(order)
        return array[order]

    def shuffle(self, x: Any) -> None:
        """Puts the first axis of an array in a random order, in place."""
        if not isinstance(x, np.ndarray):
            raise ArgumentError(f"only arrays are shuffled in place, not {type(x).__name__}", code="bad-array")
        if not x.flags.writeable:
            raise ArgumentError("the array cannot be written: it is read-only", code="bad-array")
        x[...] = self.permutation(x)

    # --- how an array is filled ---

    @staticmethod
    def _by(distribution: str, method: str) -> str:
        if method == "own":
            return distribution
        if method == "curand":
            return f"curand_{distribution}"
        raise BadValueError(f"method is 'own' or 'curand', not {method!r}", code="method")

    def _fill(
        self, what: str, shape: Any, out: Any, dtype: Any, dtypes: dict[str, str], *parameters: float, stream: Any = None
    ) -> Any:
        if out is None:
            wanted = np.dtype(next(reversed(dtypes)) if dtype is None else dtype)
            if wanted.name not in dtypes or not wanted.isnative:
                raise BadValueError(f"{what} numbers have dtype {' or '.join(dtypes)}, not {wanted}", code="bad-dtype")
        else:
            wanted = _checked_out(out, dtypes)
            if dtype is not None and np.dtype(dtype) != wanted:
                raise BadValueError(f"out has dtype {wanted}, not {np.dtype(dtype)}", code="bad-dtype")
        call = f"{what}_{dtypes[wanted.name]}"
        if on_gpu(out) and what in _CURANDS:
            _match(out, shape)
            self._core.draw(call, out, *parameters, stream=stream)
            return out
        return self._through(lambda flat: self._core.draw(call, flat, *parameters), shape, out, wanted, wanted)

    def _through(self, fill: Any, shape: Any, out: Any, dtype: np.dtype[Any], drawn: np.dtype[Any]) -> Any:
        """Fills an array of `drawn` and gives it as `dtype`: a new array of a shape, `out`, or one number."""
        if out is not None:
            _match(out, shape)
            _checked_out(out, {dtype.name: ""})
            if drawn == dtype:
                with _flat(out, drawn) as flat:
                    fill(flat)
            else:
                buffer = np.empty(out.size, drawn)
                fill(buffer)
                narrow = buffer.astype(dtype).reshape(out.shape)
                if isinstance(out, np.ndarray):
                    out[...] = narrow
                else:
                    out.copy_to_device(narrow)
            return out
        array = np.empty(() if shape is None else shape, drawn)
        flat = array.reshape(-1)
        fill(flat)
        if drawn != dtype:
            array = array.astype(dtype)
        return array[()] if shape is None else array


def block(
    seed: int,
    start: int,
    stop: int,
    *,
    kind: str = "philox",
    distribution: str = "random",
    dtype: Any = np.float64,
    **parameters: Any,
) -> Any:
    """Elements `start` to `stop` of the endless array that a seed stands for.

    Element `i` depends on `seed`, `kind`, `distribution`, `dtype` and `i` only, so an array may be made in any blocks, by any
    threads, processes or dask chunks. `distribution` is the name of a method of `Generator` of our own: `random`, `normal`,
    `lognormal`, `exponential`, `between`, `gamma`, `integers`, `binomial` or `bits`; its parameters go by name. `kind` is one
    that starts anywhere: `philox` (nearly free), `xorwow` or `mrg32k3a`.

    """
    start, stop = counted(start, "the start"), counted(stop, "the stop")
    if stop < start:
        raise BadValueError(f"a block from {start} to {stop} is none", code="range")
    if distribution not in _WORDS:
        raise BadValueError(f"no block of {distribution!r}; there are {', '.join(_WORDS)}", code="distribution")
    if distribution in ("normal", "lognormal") and parameters.get("method", "own") != "own":
        raise BadValueError("blocks are of method 'own': cuRAND's normal numbers depend on how calls are split", code="method")
    words = _WORDS[distribution] or (1 if np.dtype(dtype).itemsize == 4 else 2)
    if distribution == "integers":
        low, high = parameters.get("low", 0), parameters.get("high")
        width = (low if high is None else high - low) + bool(parameters.get("endpoint"))
        words = 2 if width <= 2**32 else 4
    if distribution not in ("gamma", "integers", "binomial"):
        parameters["dtype"] = dtype
    generator = Generator(kind, seed, offset=start * words % _LIMIT)
    if generator._core.is_quasi:
        raise BadValueError(f"{kind} is no generator for blocks", code="quasirandom")
    return getattr(generator, distribution)(shape=stop - start, **parameters)


# 32-bit draws an element takes; 0: one for four bytes, two for eight.
_WORDS = {
    "random": 0,
    "normal": 0,
    "lognormal": 0,
    "exponential": 0,
    "between": 0,
    "bits": 0,
    "gamma": 2,
    "integers": 2,
    "binomial": 2,
}
