"""Bit generators for `numpy.random.Generator`: NumPy's distributions over our streams.

Each is a `numpy.random.BitGenerator` whose capsule, and so everything that NumPy draws, is ours. A stream is 64-bit draws,
each two 32-bit draws of the generator with the first one low, so `random_raw(n).view("uint32")` is cuRAND's sequence of that
seed.

"""

from __future__ import annotations

import copy
import operator
from collections import namedtuple
from typing import Any

import numpy as np
from numpy.random import BitGenerator

from .._verdigris import BitCore
from ..errors import UnsupportedError
from . import _tables

__all__ = ["MT19937", "MTGP32", "XORWOW", "MRG32k3a", "Philox4x32"]

_Interface = namedtuple("interface", ["state_address", "state", "next_uint64", "next_uint32", "next_double", "bit_generator"])
# 64-bit draws between one stream and its neighbour by `jumped`; a stream has 2**63.
_JUMP = 2**48


class _Bits(BitGenerator):
    """A whole number from 0 to 2**64 - 1 is the generator's seed itself, so that the stream is cuRAND's of that seed. None
    takes one from the operating system, and anything else that NumPy takes for a seed goes through
    `numpy.random.SeedSequence`.

    """

    _kind = ""
    _jumps = True

    def __init__(self, seed: Any = None) -> None:
        super().__init__(seed)
        plain = isinstance(seed, (int, np.integer)) and not isinstance(seed, (bool, np.bool_)) and 0 <= int(seed) < 2**64
        if self._kind in _tables.NEEDED:
            _tables.find()
        self._seed = int(seed) if plain else int(self._seed_sequence().generate_state(1, np.uint64)[0])
        self._core = BitCore(self._kind, self._seed, 0, None)
        self._capsule = self._core.capsule()

    def _seed_sequence(self) -> Any:
        return BitGenerator.seed_seq.__get__(self)

    @property
    def capsule(self) -> Any:
        """What NumPy draws through."""
        return self._capsule

    @property
    def state(self) -> dict[str, Any]:
        """The seed, the 64-bit draws made, and the half of one that is left over. Can be set."""
        with self.lock:
            made, spare = self._core.standing()
        return {
            "bit_generator": type(self).__name__,
            "state": {"seed": self._seed, "made": made},
            "has_uint32": int(spare is not None),
            "uinteger": spare or 0,
        }

    @state.setter
    def state(self, state: dict[str, Any]) -> None:
        if not isinstance(state, dict):
            raise TypeError("state must be a dict")
        if state.get("bit_generator") != type(self).__name__:
            raise ValueError(f"state must be for a {type(self).__name__} bit generator")
        try:
            seed, made = operator.index(state["state"]["seed"]), operator.index(state["state"]["made"])
            spare = operator.index(state["uinteger"]) if operator.index(state["has_uint32"]) else None
        except (KeyError, TypeError):
            raise ValueError(
                "state lacks a whole number that it must have: state.seed, state.made, has_uint32 or uinteger"
            ) from None
        if not (0 <= seed < 2**64 and 0 <= made < 2**64 and 0 <= (spare or 0) < 2**32):
            raise ValueError("state has a number that is too large or negative")
        other = BitCore(self._kind, seed, made, spare)
        with self.lock:
            self._core.become_(other)
            self._seed = seed

    def _at(self, made: int) -> None:
        other = BitCore(self._kind, self._seed, made % 2**63, None)
        with self.lock:
            self._core.become_(other)

    def advance(self, delta: int) -> _Bits:
        """Leaves out `delta` 64-bit draws, or goes back if it is negative; a half left over is dropped. Returns the bit
        generator.
        """
        if not self._jumps:
            raise UnsupportedError(f"{type(self).__name__} cannot advance: it has no way but to draw", code="no-jump")
        with self.lock:
            made, _ = self._core.standing()
        self._at(made + operator.index(delta))
        return self

    def jumped(self, jumps: int = 1) -> _Bits:
        """A bit generator `jumps` times 2**48 64-bit draws further on."""
        other = copy.copy(self)
        return other.advance(operator.index(jumps) * _JUMP)

    def random_raw(self, size: Any = None, output: bool = True) -> Any:
        """64-bit draws."""
        count = 1 if size is None else int(np.prod(size, dtype=np.int64))
        if count < 0:
            raise ValueError("negative dimensions are not allowed")
        drawn = np.empty(count, np.uint64)
        with self.lock:
            self._core.raw(drawn)
        if not output:
            return None
        return int(drawn[0]) if size is None else drawn.reshape(size)

    def _benchmark(self, cnt: int, method: str = "uint64") -> None:
        if method not in ("uint64", "double"):
            raise ValueError(f"Unknown method: {method}")
        with self.lock:
            self._core.raw(np.empty(int(cnt), np.uint64))

    @property
    def ctypes(self) -> Any:
        """The functions and the state for ctypes. Hold `lock` to call them."""
        import ctypes

        state, long, short, double = self._core.addresses()
        return _Interface(
            state,
            ctypes.c_void_p(state),
            ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)(long),
            ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_void_p)(short),
            ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_void_p)(double),
            self._bitgen(),
        )

    def _bitgen(self) -> Any:
        import ctypes

        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        return ctypes.c_void_p(pointer(self._capsule, b"BitGenerator"))

    @property
    def cffi(self) -> Any:
        """The functions and the state for cffi, which must be installed. Hold `lock` to call them."""
        import cffi

        ffi = cffi.FFI()
        state, long, short, double = self._core.addresses()
        return _Interface(
            state,
            ffi.cast("void *", state),
            ffi.cast("uint64_t (*)(void *)", long),
            ffi.cast("uint32_t (*)(void *)", short),
            ffi.cast("double (*)(void *)", double),
            ffi.cast("void *", self._bitgen().value),
        )

    def spawn(self, n_children: int) -> list[Any]:
        """`n_children` bit generators seeded by children of `seed_seq`."""
        return [type(self)(child) for child in self.seed_seq.spawn(n_children)]

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self._seed_sequence(), self.state)

    def __getstate__(self) -> Any:
        return self.state, self._seed_sequence()

    def __setstate__(self, state: Any) -> None:
        self.state = state[0] if isinstance(state, tuple) else state

    def __copy__(self) -> Any:
        return _restored(type(self), self._seed_sequence(), self.state)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return _restored(type(self), copy.deepcopy(self._seed_sequence(), memo), self.state)


def _restored(kind: type[_Bits], seed_sequence: Any, state: dict[str, Any]) -> _Bits:
    made = kind(seed_sequence)
    made.state = state
    return made


class XORWOW(_Bits):
    """Marsaglia's XORWOW, cuRAND's default generator."""

    _kind = "xorwow"


class MRG32k3a(_Bits):
    """L'Ecuyer's MRG32k3a. Its draws are whole numbers below 4294967087 stretched to 32 bits, so 209 of the 2**32 values never
    come.
    """

    _kind = "mrg32k3a"


class Philox4x32(_Bits):
    """Salmon's Philox4x32-10, as cuRAND lays it out."""

    _kind = "philox"


class MT19937(_Bits):
    """Matsumoto's and Nishimura's MT19937 in cuRAND's 8192 lanes; NumPy's own bit generator of that name is one of them."""

    _kind = "mt19937"
    _jumps = False


class MTGP32(_Bits):
    """Saito's MTGP32. Its parameter sets are read from an installed cuRAND."""

    _kind = "mtgp32"
    _jumps = False
