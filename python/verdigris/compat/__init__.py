"""Runs programs written for other packages: `pyculib`, `accelerate.cuda` and, when asked, `numba`.

`install()` puts stand-ins into `sys.modules`; `python -m verdigris.compat [--numba] script.py [args]` does so and runs a
script. A stand-in has what verdigris has of the package and nothing else: other names are missing, with an error that says so.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from ..errors import AlreadyLoaded

__all__ = ["install"]

# The name a program imports, and the module of ours that stands for it.
_ALWAYS = {
    "pyculib": "verdigris.compat.pyculib",
    "pyculib.blas": "verdigris.compat.pyculib.blas",
    "pyculib.blas.binding": "verdigris.compat.pyculib.blas.binding",
    "pyculib.fft": "verdigris.compat.pyculib.fft",
    "pyculib.fft.binding": "verdigris.compat.pyculib.fft.binding",
    "pyculib.rand": "verdigris.compat.pyculib.rand",
    "pyculib.rand.binding": "verdigris.compat.pyculib.rand.binding",
    "pyculib.sorting": "verdigris.compat.pyculib.sorting",
    "accelerate": "verdigris.compat.accelerate",
    "accelerate.cuda": "verdigris.compat.pyculib",
    "accelerate.cuda.blas": "verdigris.compat.pyculib.blas",
    "accelerate.cuda.blas.binding": "verdigris.compat.pyculib.blas.binding",
    "accelerate.cuda.fft": "verdigris.compat.pyculib.fft",
    "accelerate.cuda.fft.binding": "verdigris.compat.pyculib.fft.binding",
    "accelerate.cuda.rand": "verdigris.compat.pyculib.rand",
    "accelerate.cuda.rand.binding": "verdigris.compat.pyculib.rand.binding",
    "accelerate.cuda.sorting": "verdigris.compat.pyculib.sorting",
}
_NUMBA = {
    "numba": "verdigris.compat.numba",
    "numba.cuda": "verdigris.cuda",
    "numba.cuda.devicearray": "verdigris.cuda.cudadrv.devicearray",
    "numba.cuda.cudadrv": "verdigris.cuda.cudadrv",
    "numba.cuda.cudadrv.devicearray": "verdigris.cuda.cudadrv.devicearray",
    "numba.cuda.cudadrv.devices": "verdigris.cuda.cudadrv.devices",
    "numba.cuda.cudadrv.driver": "verdigris.cuda.cudadrv.driver",
    "numba.cuda.cudadrv.error": "verdigris.cuda.cudadrv.error",
    "numba.types": "verdigris.types",
    "numba.core": "verdigris.compat.numba",
    "numba.extending": "verdigris.compat.numba",
    "numba.core.types": "verdigris.types",
    "numba.core.errors": "verdigris.errors",
    "numba.errors": "verdigris.errors",
}


def install(numba: bool = False) -> None:
    """Makes `import pyculib` and `import accelerate.cuda`, and with `numba=True` `import numba`, find verdigris.

    Refused with `AlreadyLoaded`, an ImportError, if the real package has been imported: two halves of two packages do not mix.
    """
    wanted = _ALWAYS | (_NUMBA if numba else {})
    for name in wanted:
        loaded = sys.modules.get(name)
        if loaded is not None and not _is_ours(loaded):
            raise AlreadyLoaded(
                f"the real {name} is already loaded (from {getattr(loaded, '__file__', None) or 'memory'}): "
                "call verdigris.compat.install() before anything imports it",
                code="already-loaded",
                name=name,
            )
    for name, ours in wanted.items():
        sys.modules[name] = importlib.import_module(ours)


def _is_ours(module: ModuleType) -> bool:
    return module.__name__.split(".")[0] == "verdigris"
