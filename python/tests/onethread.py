"""Runs a kernel's Python function in CPython, one thread after another: what the compiled kernel is compared with.

Only for kernels whose threads do not wait for each other. `cuda` in the function's globals is replaced for the run.
"""

import contextlib
import io
import itertools
import types

import numpy as np

from verdigris import cuda


class Axes:
    def __init__(self, x, y, z):
        self.x, self.y, self.z = x, y, z


class Vector:
    def __init__(self, kind, items):
        for name, item in zip(kind.attr_names, items, strict=True):
            setattr(self, name, np.dtype(kind.base_type).type(item))


class Thread:
    """`verdigris.cuda` as one thread sees it."""

    warpsize = 32

    def __init__(self, grid, block, block_index, thread_index):
        self.gridDim, self.blockDim = Axes(*grid), Axes(*block)
        self.blockIdx, self.threadIdx = Axes(*block_index), Axes(*thread_index)

    def grid(self, ndim):
        place = [getattr(self.blockIdx, a) * getattr(self.blockDim, a) + getattr(self.threadIdx, a) for a in "xyz"[:ndim]]
        return place[0] if ndim == 1 else tuple(place)

    def gridsize(self, ndim):
        size = [getattr(self.gridDim, a) * getattr(self.blockDim, a) for a in "xyz"[:ndim]]
        return size[0] if ndim == 1 else tuple(size)

    def __getattr__(self, name):
        kind = getattr(cuda, name)

        def make(*items):
            flat = []
            for item in items:
                flat += [getattr(item, n) for n in "xyzw" if hasattr(item, n)] if isinstance(item, Vector) else [item]
            return Vector(kind, flat)

        return make


def three(extents):
    extents = (extents,) if isinstance(extents, int) else tuple(extents)
    return extents + (1,) * (3 - len(extents))


def run(function, grid, block, *args):
    """Runs it for every thread; gives what was printed."""
    grid, block = three(grid), three(block)
    printed = io.StringIO()
    with np.errstate(all="ignore"), contextlib.redirect_stdout(printed):
        for bz, by, bx in itertools.product(*map(range, grid[::-1])):
            for tz, ty, tx in itertools.product(*map(range, block[::-1])):
                world = {**function.__globals__, "cuda": Thread(grid, block, (bx, by, bz), (tx, ty, tz))}
                one = types.FunctionType(function.__code__, world, function.__name__, function.__defaults__, function.__closure__)
                one(*args)
    return printed.getvalue()


def agree(function, grid, block, *args, exact=True, **options):
    """Whether the compiled kernel leaves in its arrays what CPython leaves."""
    ours = [np.copy(a) if isinstance(a, np.ndarray) else a for a in args]
    theirs = [np.copy(a) if isinstance(a, np.ndarray) else a for a in args]
    cuda.jit(function, fma=False, **options)[grid, block](*ours)
    run(function, grid, block, *theirs)
    for a, b in zip(ours, theirs, strict=True):
        if isinstance(a, np.ndarray):
            if exact:
                np.testing.assert_array_equal(a, b)
            else:
                np.testing.assert_allclose(a, b, rtol=1e-6 if a.dtype.itemsize <= 4 else 1e-12)
