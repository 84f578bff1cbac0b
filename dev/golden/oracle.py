"""cuRAND's host generator, driven through ctypes: the oracle that `rand` is held against.

Needs the PyPI packages of `requirements.txt` beside this file and neither a GPU nor a driver.  Nothing of the product uses
it. `python oracle.py` answers requests, one JSON object a line on standard input, so that the process under test never opens
libcurand.

"""

from __future__ import annotations

import ctypes
import glob
import hashlib
import json
import os
import sys

import numpy as np

KINDS = {
    "xorwow": 101,
    "mrg32k3a": 121,
    "mtgp32": 141,
    "mt19937": 142,
    "philox": 161,
    "sobol32": 201,
    "scrambled_sobol32": 202,
    "sobol64": 203,
    "scrambled_sobol64": 204,
}
ORDERINGS = {"best": 100, "default": 101, "seeded": 102, "legacy": 103, "dynamic": 104, "quasi": 201}
OUTPUTS = {
    "u32": ("Generate", np.uint32),
    "u64": ("GenerateLongLong", np.uint64),
    "uniform_f32": ("GenerateUniform", np.float32),
    "uniform_f64": ("GenerateUniformDouble", np.float64),
    "normal_f32": ("GenerateNormal", np.float32),
    "normal_f64": ("GenerateNormalDouble", np.float64),
    "lognormal_f32": ("GenerateLogNormal", np.float32),
    "lognormal_f64": ("GenerateLogNormalDouble", np.float64),
    "poisson": ("GeneratePoisson", np.uint32),
}


class CurandError(Exception):
    """A status other than success; `status` is cuRAND's number."""

    def __init__(self, call: str, status: int) -> None:
        super().__init__(f"{call}: status {status}")
        self.status = status


def library() -> ctypes.CDLL:
    """libcurand from the PyPI packages, with the runtime that it wants."""
    for folder in sys.path:
        for cudart in glob.glob(os.path.join(folder, "nvidia", "cu13", "lib", "libcudart.so.13")):
            ctypes.CDLL(cudart, mode=ctypes.RTLD_GLOBAL)
        for curand in glob.glob(os.path.join(folder, "nvidia", "cu13", "lib", "libcurand.so.10")):
            return ctypes.CDLL(curand)
        for curand in glob.glob(os.path.join(folder, "nvidia", "curand", "lib", "libcurand.so.10")):
            return ctypes.CDLL(curand)
    raise SystemExit("no libcurand: pip install -r dev/golden/requirements.txt")


_lib: ctypes.CDLL | None = None


def call(name: str, *arguments: object) -> None:
    """Calls a function of the library; raises CurandError unless it succeeds."""
    global _lib
    _lib = _lib or library()
    status = getattr(_lib, f"curand{name}")(*arguments)
    if status:
        raise CurandError(name, status)


class HostGenerator:
    """`curandCreateGeneratorHost` and its setters."""

    def __init__(
        self, kind: str, *, ordering: str | None = None, seed: int | None = None, offset: int = 0, dims: int | None = None
    ):
        self._handle = ctypes.c_void_p()
        call("CreateGeneratorHost", ctypes.byref(self._handle), KINDS[kind])
        if ordering is not None:
            self.set_ordering(ordering)
        if seed is not None:
            self.set_seed(seed)
        if dims is not None:
            self.set_dims(dims)
        if offset:
            self.set_offset(offset)

    def set_ordering(self, ordering: str) -> None:
        call("SetGeneratorOrdering", self._handle, ORDERINGS[ordering])

    def set_seed(self, seed: int) -> None:
        call("SetPseudoRandomGeneratorSeed", self._handle, ctypes.c_ulonglong(seed))

    def set_offset(self, offset: int) -> None:
        call("SetGeneratorOffset", self._handle, ctypes.c_ulonglong(offset))

    def set_dims(self, dims: int) -> None:
        call("SetQuasiRandomGeneratorDimensions", self._handle, ctypes.c_uint(dims))

    def draw(self, output: str, n: int, *parameters: float) -> np.ndarray:
        """A new array."""
        array = np.zeros(n, OUTPUTS[output][1])
        self.fill(output, array, *parameters)
        return array

    def fill(self, output: str, array: np.ndarray, *parameters: float) -> None:
        """Fills a contiguous array of the output's dtype."""
        name, dtype = OUTPUTS[output]
        assert array.dtype == dtype and array.flags.c_contiguous
        real = ctypes.c_float if output.endswith("f32") else ctypes.c_double
        where = array.ctypes.data_as(ctypes.c_void_p)
        call(name, self._handle, where, ctypes.c_size_t(array.size), *map(real, parameters))

    def __del__(self) -> None:
        if self._handle:
            call("DestroyGenerator", self._handle)


def answer(request: dict) -> list:
    """What a request's calls give: for each draw the hash of all values and the first few as bit patterns, or the status that
    refused it.
    """
    generator = HostGenerator(
        request["kind"],
        ordering=request.get("ordering"),
        seed=request.get("seed"),
        offset=request.get("offset", 0),
        dims=request.get("dims"),
    )
    results = []
    for step in request["calls"]:
        try:
            if "set_seed" in step:
                generator.set_seed(step["set_seed"])
                results.append({})
            elif "set_offset" in step:
                generator.set_offset(step["set_offset"])
                results.append({})
            elif "set_ordering" in step:
                generator.set_ordering(step["set_ordering"])
                results.append({})
            else:
                values = generator.draw(step["output"], step["n"], *step.get("parameters", ()))
                bits = values.view(np.uint32 if values.itemsize == 4 else np.uint64)
                results.append({"sha256": hashlib.sha256(values.tobytes()).hexdigest(), "first": bits[:24].tolist()})
        except CurandError as error:
            results.append({"status": error.status})
    return results


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
