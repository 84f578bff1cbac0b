"""Names of Numba's that cannot be had on the device there is: calling one says why, and what to do instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from verdigris.errors import UnsupportedError

_LINKED = "code of other compilers cannot be linked: write the function in Python and jit it with device=True"
_WHY = {
    **dict.fromkeys(("Archive", "CUSource", "Cubin", "Fatbin", "LTOIR", "LinkableCode", "Object", "PTXSource"), _LINKED),
    "compile_all": "code for linking by other programs is not made: `cuda.compile` gives PTX",
    "declare_device": "functions of other compilers cannot be linked: write the function in Python and jit it with device=True",
    "open_ipc_handle": "arrays are not shared between processes: use multiprocessing.shared_memory and copy from it",
    "set_memory_manager": "the memory of arrays is verdigris' own",
}


def _refusal(name: str, why: str) -> Callable[..., NoReturn]:
    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        raise UnsupportedError(f"cuda.{name}: {why}", code="unsupported-on-device")

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = f"Refused: {why}."
    return refuse


globals().update({_name: _refusal(_name, _why) for _name, _why in _WHY.items()})
__all__ = sorted(_WHY)
