"""Loads and stores with CUDA's hints to the caches, which a processor needs none of: plain loads and stores."""

from __future__ import annotations

from verdigris.cuda._decorators import jit


@jit(device=True)
def ldca(array, i):
    """An element, cached at all levels."""
    return array[i]


@jit(device=True)
def ldcg(array, i):
    """An element, cached at the global level."""
    return array[i]


@jit(device=True)
def ldcs(array, i):
    """An element that is likely to be read once."""
    return array[i]


@jit(device=True)
def ldlu(array, i):
    """An element that is read for the last time."""
    return array[i]


@jit(device=True)
def ldcv(array, i):
    """An element, not from a cache."""
    return array[i]


@jit(device=True)
def stcg(array, i, value):
    """Stores an element, cached at the global level."""
    array[i] = value


@jit(device=True)
def stcs(array, i, value):
    """Stores an element that is not soon read again."""
    array[i] = value


@jit(device=True)
def stwb(array, i, value):
    """Stores an element, written back at all levels."""
    array[i] = value


@jit(device=True)
def stwt(array, i, value):
    """Stores an element, written through to memory."""
    array[i] = value
