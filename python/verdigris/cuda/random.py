"""Random numbers inside kernels: xoroshiro128+ generators, one for each thread.

States are records of two uint64 in a device array. Each is 2**64 numbers further along the same sequence than the one
before it, so that threads never share numbers. The generator is Blackman and Vigna's; states, seeds and numbers are the
same as those of `numba.cuda.random`.

>>> import numpy as np
>>> from verdigris import cuda
>>> from verdigris.cuda.random import create_xoroshiro128p_states, xoroshiro128p_uniform_float32
>>> @cuda.jit
... def fill(states, out):
...     i = cuda.grid(1)
...     if i < out.size:
...         out[i] = xoroshiro128p_uniform_float32(states, i)
>>> out = np.zeros(3, np.float32)
>>> fill[1, 3](create_xoroshiro128p_states(3, seed=1), out)
>>> bool(((out >= 0) & (out < 1)).all())
True
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import float32, float64, int64, uint64

from verdigris import types as _types
from verdigris._verdigris import DeviceNDArray, to_device
from verdigris.cuda._decorators import jit

__all__ = [
    "create_xoroshiro128p_states",
    "init_xoroshiro128p_state",
    "init_xoroshiro128p_states",
    "xoroshiro128p_dtype",
    "xoroshiro128p_jump",
    "xoroshiro128p_next",
    "xoroshiro128p_normal_float32",
    "xoroshiro128p_normal_float64",
    "xoroshiro128p_type",
    "xoroshiro128p_uniform_float32",
    "xoroshiro128p_uniform_float64",
]

xoroshiro128p_dtype = np.dtype([("s0", np.uint64), ("s1", np.uint64)], align=True)
xoroshiro128p_type = _types.from_dtype(xoroshiro128p_dtype)

_JUMP = (uint64(0xBEAC0467EBA5FACB), uint64(0xD86B048B86AA9922))
_TURN32 = np.float32(2 * math.pi)
_TURN64 = np.float64(2 * math.pi)
_MASK = (1 << 64) - 1


@jit(device=True)
def _rotated(x, by):
    return (x << uint64(by)) | (x >> uint64(64 - by))


@jit(device=True)
def init_xoroshiro128p_state(states, index, seed):
    """Begins the state at `index` with a seed, spread over its bits by a round of SplitMix64."""
    z = uint64(seed) + uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> uint64(27))) * uint64(0x94D049BB133111EB)
    z = z ^ (z >> uint64(31))
    states[int64(index)]["s0"] = z
    states[int64(index)]["s1"] = z


@jit(device=True)
def xoroshiro128p_next(states, index):
    """The next 64 random bits of the state at `index`."""
    at = int64(index)
    first = states[at]["s0"]
    second = states[at]["s1"]
    mixed = first ^ second
    states[at]["s0"] = _rotated(first, 55) ^ mixed ^ (mixed << uint64(14))
    states[at]["s1"] = _rotated(mixed, 36)
    return first + second


@jit(device=True)
def xoroshiro128p_jump(states, index):
    """Moves the state at `index` on by 2**64 numbers."""
    at = int64(index)
    first = uint64(0)
    second = uint64(0)
    for word in _JUMP:
        for bit in range(64):
            if word & (uint64(1) << uint64(bit)):
                first ^= states[at]["s0"]
                second ^= states[at]["s1"]
            xoroshiro128p_next(states, at)
    states[at]["s0"] = first
    states[at]["s1"] = second


@jit(device=True)
def xoroshiro128p_uniform_float64(states, index):
    """The next float64 of [0, 1)."""
    return (xoroshiro128p_next(states, index) >> uint64(11)) * (float64(1) / float64(1 << 53))


@jit(device=True)
def xoroshiro128p_uniform_float32(states, index):
    """The next float32 of [0, 1]: a float64 of [0, 1) rounded."""
    return float32(xoroshiro128p_uniform_float64(states, index))


@jit(device=True)
def xoroshiro128p_normal_float32(states, index):
    """The next normal float32 of mean 0 and deviation 1, from two uniform ones by Box and Muller's method."""
    radius = xoroshiro128p_uniform_float32(states, index)
    angle = xoroshiro128p_uniform_float32(states, index)
    return math.sqrt(float32(-2.0) * math.log(radius)) * math.cos(_TURN32 * angle)


@jit(device=True)
def xoroshiro128p_normal_float64(states, index):
    """The next normal float64 of mean 0 and deviation 1, from two uniform float32 (as Numba's) by Box and Muller's method."""
    radius = float64(xoroshiro128p_uniform_float32(states, index))
    angle = float64(xoroshiro128p_uniform_float32(states, index))
    return math.sqrt(float64(-2.0) * math.log(radius)) * math.cos(_TURN64 * angle)


# --- states on the host ---
#
# A jump is linear over the bits of a state. So a jump by any number of subsequences is a matrix of 128 x 128 bits, kept as
# what it makes of each single bit; with the matrix for k jumps, k states give the next k at once.


def _step(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    def rotated(x: np.ndarray, by: int) -> np.ndarray:
        return (x << uint64(by)) | (x >> uint64(64 - by))

    mixed = low ^ high
    return rotated(low, 55) ^ mixed ^ (mixed << uint64(14)), rotated(mixed, 36)


def _one_jump() -> np.ndarray:
    """The matrix of one jump: row b is the state that a state of bit b alone becomes."""
    bits = uint64(1) << np.arange(64, dtype=np.uint64)
    none = np.zeros(64, np.uint64)
    low, high = np.concatenate([bits, none]), np.concatenate([none, bits])
    jumped = np.zeros((128, 2), np.uint64)
    for word in _JUMP:
        for bit in range(64):
            if int(word) >> bit & 1:
                jumped[:, 0] ^= low
                jumped[:, 1] ^= high
            low, high = _step(low, high)
    return jumped


def _jumped(matrix: np.ndarray, states: np.ndarray) -> np.ndarray:
    """Each state (a row of two words) multiplied by the matrix."""
    out = np.zeros_like(states)
    for bit in range(128):
        chosen = uint64(0) - ((states[:, bit // 64] >> uint64(bit % 64)) & uint64(1))
        out[:, 0] ^= matrix[bit, 0] & chosen
        out[:, 1] ^= matrix[bit, 1] & chosen
    return out


def _first(seed: int) -> np.ndarray:
    z = (seed + 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    z ^= z >> 31
    return np.array([[z, z]], np.uint64)


def init_xoroshiro128p_states(states: DeviceNDArray, seed: int, subsequence_start: int = 0, stream: Any = 0) -> None:
    """Begins the states of a device array of `xoroshiro128p_dtype` with a seed, the first at a subsequence given."""
    count = states.size
    with np.errstate(over="ignore"):
        matrix = _one_jump()
        filled = _first(int(seed) & _MASK)
        power, left = matrix, int(subsequence_start)
        while left:
            if left & 1:
                filled = _jumped(power, filled)
            power, left = _jumped(power, power), left >> 1
        while len(filled) < count:
            more = _jumped(matrix, filled[: count - len(filled)])
            filled = np.concatenate([filled, more])
            matrix = _jumped(matrix, matrix)
    host = np.empty(count, xoroshiro128p_dtype)
    host["s0"], host["s1"] = filled[:count, 0], filled[:count, 1]
    states.copy_to_device(host.reshape(states.shape), stream=stream)


def create_xoroshiro128p_states(n: int, seed: int, subsequence_start: int = 0, stream: Any = 0) -> DeviceNDArray:
    """A device array of `n` states, begun with a seed."""
    states = to_device(np.empty(n, xoroshiro128p_dtype), stream=stream)
    init_xoroshiro128p_states(states, seed, subsequence_start, stream)
    return states
