"""Stands for `pyculib.rand.binding`: cuRAND's host interface under pyculib's names."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ....errors import BadValueError, VerdigrisError
from ....rand._generator import make, on_gpu

CURAND_RNG_TEST = 0
CURAND_RNG_PSEUDO_DEFAULT = 100
CURAND_RNG_PSEUDO_XORWOW = 101
CURAND_RNG_PSEUDO_MRG32K3A = 121
CURAND_RNG_PSEUDO_MTGP32 = 141
CURAND_RNG_QUASI_DEFAULT = 200
CURAND_RNG_QUASI_SOBOL32 = 201
CURAND_RNG_QUASI_SCRAMBLED_SOBOL32 = 202
CURAND_RNG_QUASI_SOBOL64 = 203
CURAND_RNG_QUASI_SCRAMBLED_SOBOL64 = 204

CURAND_ORDERING_PSEUDO_BEST = 100
CURAND_ORDERING_PSEUDO_DEFAULT = 101
CURAND_ORDERING_PSEUDO_SEEDED = 102
CURAND_ORDERING_QUASI_DEFAULT = 201

CURAND_DIRECTION_VECTORS_32_JOEKUO6 = 101
CURAND_SCRAMBLED_DIRECTION_VECTORS_32_JOEKUO6 = 102
CURAND_DIRECTION_VECTORS_64_JOEKUO6 = 103
CURAND_SCRAMBLED_DIRECTION_VECTORS_64_JOEKUO6 = 104

CURAND_CHOOSE_BEST = 0
CURAND_ITR = 1
CURAND_KNUTH = 2
CURAND_HITR = 3
CURAND_M1 = 4
CURAND_M2 = 5
CURAND_BINARY_SEARCH = 6
CURAND_DISCRETE_GAUSS = 7
CURAND_REJECTION = 8
CURAND_DEVICE_API = 9
CURAND_FAST_REJECTION = 10
CURAND_3RD = 11
CURAND_DEFINITION = 12
CURAND_POISSON = 13

_STATUS = {
    "odd-length": ("CURAND_STATUS_LENGTH_NOT_MULTIPLE", "Length requested is not a multiple of dimension"),
    "not-a-multiple": ("CURAND_STATUS_LENGTH_NOT_MULTIPLE", "Length requested is not a multiple of dimension"),
    "generator-kind": ("CURAND_STATUS_TYPE_ERROR", "Generator is wrong type"),
    "no-such-setting": ("CURAND_STATUS_TYPE_ERROR", "Generator is wrong type"),
    "width": ("CURAND_STATUS_TYPE_ERROR", "Generator is wrong type"),
    "tables": ("CURAND_STATUS_INITIALIZATION_FAILED", "Initialization of CUDA failed"),
}
_OUT_OF_RANGE = ("CURAND_STATUS_OUT_OF_RANGE", "Argument out of range")


class CuRandError(Exception):
    """A call that cuRAND refuses; `args` are the status's name and text."""


class libcurand:
    """Stands for the library: its version is that of the cuRAND whose streams these are."""

    version = 10405


def _checked(call: Any, *arguments: Any) -> Any:
    try:
        return call(*arguments)
    except VerdigrisError as error:
        code = error.code or ""
        # The library's own words, where a GPU's memory was filled.
        told = (code, str(error)) if code.startswith("CURAND_STATUS") else _STATUS.get(code, _OUT_OF_RANGE)
        raise CuRandError(*told) from error


class Generator:
    """A generator of cuRAND's numbers; `devout` is an array, on the device or the host, of which the first `num` elements are
    filled.
    """

    def __init__(self, rng_type: int = CURAND_RNG_TEST) -> None:
        self._generator = _checked(make, int(rng_type) or CURAND_RNG_PSEUDO_DEFAULT, None, None, None, None)
        self._stream: Any = None

    def set_stream(self, stream: Any) -> None:
        """Orders work on a device; on the CPU every call has ended when it returns."""
        self._stream = stream

    def set_offset(self, offset: int) -> None:
        """Restarts with so many draws left out."""
        _checked(self._generator.set_offset, int(offset))

    def set_pseudo_random_generator_seed(self, seed: int) -> None:
        """Changes the seed."""
        _checked(self._generator.set_seed, int(seed) % 2**64)

    def set_quasi_random_generator_dimensions(self, num_dim: int) -> None:
        """Changes the dimensions."""
        _checked(self._generator.set_dims, int(num_dim))

    def generate(self, devout: Any, num: int) -> None:
        """Raw bits."""
        self._fill("bits", devout, num, {4: "u32", 8: "u64"}, "iu")

    def generate_uniform(self, devout: Any, num: int) -> None:
        """Uniform numbers in (0, 1]."""
        self._fill("uniform", devout, num, {4: "f32", 8: "f64"}, "f")

    def generate_normal(self, devout: Any, num: int, mean: float, stddev: float) -> None:
        """Normal numbers."""
        self._fill("curand_normal", devout, num, {4: "f32", 8: "f64"}, "f", float(mean), float(stddev))

    def generate_log_normal(self, devout: Any, num: int, mean: float, stddev: float) -> None:
        """Exponentials of normal numbers."""
        self._fill("curand_lognormal", devout, num, {4: "f32", 8: "f64"}, "f", float(mean), float(stddev))

    def generate_poisson(self, devout: Any, num: int, lmbd: float) -> None:
        """Poisson numbers of mean `lmbd`."""
        self._fill("poisson", devout, num, {4: "u32"}, "iu", float(lmbd))

    def _fill(self, what: str, array: Any, num: int, kinds: dict[int, str], letters: str, *parameters: float) -> None:
        dtype = np.dtype(array.dtype)
        kind = kinds.get(dtype.itemsize) if dtype.kind in letters else None
        if kind is None:
            raise BadValueError(f"{what} numbers do not fill an array of {dtype}", code="bad-array")
        host = isinstance(array, np.ndarray)
        gpu = on_gpu(array)
        if array.ndim != 1 or not 0 <= num <= array.size:
            raise CuRandError(*_OUT_OF_RANGE)
        flat = array[:num] if host or gpu else np.empty(num, dtype)
        view = flat.view(np.dtype(kind[0] + str(dtype.itemsize)))
        _checked(partial(self._generator.draw, stream=self._stream), f"{what}_{kind}", view, *parameters)
        if not (host or gpu):
            array[:num].copy_to_device(flat)
