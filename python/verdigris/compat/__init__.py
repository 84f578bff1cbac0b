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
    "pyculib": "pyculib",
    "pyculib.rand": "pyculib.rand",
    "accelerate": "accelerate",
    "accelerate.cuda": "pyculib",
    "accelerate.cuda.rand": "pyculib.rand",
}
_NUMBA = {
    "numba": "numba",
    "numba.cuda": "numba_cuda",
    "numba.types": "numba_types",
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
        sys.modules[name] = _stand_in(ours)


def _stand_in(ours: str) -> ModuleType:
    if ours == "numba_cuda":
        return importlib.import_module("verdigris.cuda")
    if ours == "numba_types":
        return importlib.import_module("verdigris.types")
    return importlib.import_module(f"verdigris.compat.{ours}")


def _is_ours(module: ModuleType) -> bool:
    return module.__name__.split(".")[0] == "verdigris"
