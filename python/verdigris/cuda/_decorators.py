"""`cuda.jit`: from a Python function to a kernel or a device function.

Reads what stands in the brackets and judges the options by name; taking the function's text and compiling it are the
extension's affair.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

from verdigris._verdigris import DeviceFunction, Function, Kernel
from verdigris.errors import ArgumentError, UnsupportedError

# Options that change no result on this device: they ask for nothing that could be seen. The value says what they may be.
_WITHOUT_EFFECT: dict[str, tuple[type, ...]] = {
    "debug": (bool,),
    "opt": (bool, int),
    "lineinfo": (bool,),
    "max_registers": (int, type(None)),
    "launch_bounds": (int, tuple, type(None)),
    "shared_memory_carveout": (int, str, type(None)),
    "cache": (bool,),
    "inline": (bool, str),
    "forceinline": (bool,),
    "lto": (bool, type(None)),
    "nopython": (bool,),
}

# Options that ask for what cannot be done; their empty values are harmless.
_REFUSED = {
    "link": "code of other compilers cannot be linked",
    "extensions": "argument extensions are not called",
    "abi": "kernels have no C entry points",
    "abi_info": "kernels have no C entry points",
}


def jit(
    func_or_sig: Any = None,
    device: bool = False,
    *,
    fma: bool = True,
    fastmath: bool = False,
    boundscheck: bool | None = None,
    **options: Any,
) -> Any:
    """Makes a kernel, or with `device=True` a function that kernels call.

    Used as `@jit`, `@jit(device=True)`, `@jit("void(float32[:], int32)")` or with a list of signatures. A kernel without
    signatures is compiled for the types it is called with; one with signatures is compiled at once and takes nothing else.
    A device function is compiled into its callers, for the types they call it with; if it has signatures they convert
    what they pass and what it returns to the one that loses least.

    `fma=False` keeps `a*b + c` from being rounded only once. `fastmath=True` takes variants of `exp`, `log`, `pow`,
    `sin`, `cos`, `tan` and `tanh` that are faster and may be wrong by four units in the last place. `boundscheck=False`
    drops the check of indexes, which is on by default and makes an index out of bounds an IndexError.
    """
    _judge(options)
    if boundscheck not in (None, True, False):
        raise ArgumentError(f"boundscheck must be True, False or None, not {boundscheck!r}", code="bad-option")
    if not isinstance(fastmath, bool):
        raise ArgumentError(f"cuda.jit option 'fastmath' must be bool, not {fastmath!r}", code="bad-option")
    checked = boundscheck is not False

    def make(function: Callable[..., Any], signatures: list[Any] | None) -> Any:
        if not isinstance(function, FunctionType):
            raise ArgumentError(f"cuda.jit takes a Python function, not {function!r}", code="bad-function")
        taken = Function(function)
        if device:
            made: Any = DeviceFunction(taken, function, signatures or [])
        else:
            made = Kernel(taken, function, signatures, bool(fma), checked, fastmath)
        return functools.update_wrapper(made, function)

    if func_or_sig is None:
        return lambda function: make(function, None)
    if isinstance(func_or_sig, FunctionType):
        return make(func_or_sig, None)
    if isinstance(func_or_sig, Kernel | DeviceFunction):
        raise ArgumentError(f"{func_or_sig!r} is jitted already", code="bad-function")
    if callable(func_or_sig) and not isinstance(func_or_sig, str):
        raise ArgumentError(f"cuda.jit takes a Python function or a signature, not {func_or_sig!r}", code="bad-function")
    signatures = list(func_or_sig) if isinstance(func_or_sig, list) else [func_or_sig]
    return lambda function: make(function, signatures)


def _judge(options: dict[str, Any]) -> None:
    for name, value in options.items():
        if name in _REFUSED:
            if value:
                raise UnsupportedError(f"cuda.jit option {name!r}: {_REFUSED[name]}", code="unsupported-option")
        elif name not in _WITHOUT_EFFECT:
            known = ", ".join(sorted([*_WITHOUT_EFFECT, *_REFUSED, "boundscheck", "device", "fastmath", "fma"]))
            raise ArgumentError(f"cuda.jit has no option {name!r}; it has {known}", code="bad-option")
        elif not isinstance(value, _WITHOUT_EFFECT[name]):
            kinds = " or ".join(kind.__name__ for kind in _WITHOUT_EFFECT[name])
            raise ArgumentError(f"cuda.jit option {name!r} must be {kinds}, not {value!r}", code="bad-option")
