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
    "opt": (bool, int),
    "shared_memory_carveout": (int, str, type(None)),
    "cache": (bool,),
    "inline": (bool, str, FunctionType),
    "forceinline": (bool,),
    "lto": (bool, type(None)),
    "nopython": (bool,),
}

# Options that ask for what cannot be done; their empty values are harmless.
_REFUSED = {
    "link": "code of other compilers cannot be linked",
    "abi": "kernels have no C entry points",
    "abi_info": "kernels have no C entry points",
    "argtypes": "the signature is the first argument: `@cuda.jit((float32[:],))`",
    "restype": "the signature is the first argument: `@cuda.jit(float32(float32), device=True)`",
}


def jit(
    func_or_sig: Any = None,
    device: bool = False,
    *,
    fma: bool = True,
    fastmath: bool = False,
    boundscheck: bool | None = None,
    debug: bool = False,
    extensions: list[Any] | None = None,
    lineinfo: bool = False,
    launch_bounds: int | tuple[int, ...] | None = None,
    max_registers: int | None = None,
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

    `extensions` are objects that see the arguments of each launch: `prepare_args(ty, val, stream=, retr=)` of each, the last
    first, is given an argument's type (None for an object that kernels do not take) and value and returns what to use
    instead; functions that it appends to `retr` are called after the launch.

    With `debug=True` a thread that divides by zero (`/`, `//`, `%`, `divmod`) raises ZeroDivisionError; else the result is
    NumPy's. On a GPU the failure of a thread is told when somebody waits for the launch (a synchronise, a copy); with
    `debug=True` by the launch, which then waits. `lineinfo=True` tells profilers the lines. `launch_bounds` is the most
    threads of a block, or with the fewest blocks that a multiprocessor should hold; `max_registers` limits the registers of
    a thread. The last three change no result, and on the CPU they ask for nothing.
    """
    _judge(options)
    if boundscheck not in (None, True, False):
        raise ArgumentError(f"boundscheck must be True, False or None, not {boundscheck!r}", code="bad-option")
    if not isinstance(fastmath, bool):
        raise ArgumentError(f"cuda.jit option 'fastmath' must be bool, not {fastmath!r}", code="bad-option")
    checked = boundscheck is not False
    extensions = list(extensions or ())
    for extension in extensions:
        if not callable(getattr(extension, "prepare_args", None)):
            raise ArgumentError(
                f"cuda.jit option 'extensions' must hold objects with a method prepare_args, not {extension!r}", code="bad-option"
            )
    for name, value in (("debug", debug), ("lineinfo", lineinfo)):
        if not isinstance(value, bool):
            raise ArgumentError(f"cuda.jit option {name!r} must be bool, not {value!r}", code="bad-option")
    gpu = {"debug": debug, "lineinfo": lineinfo, **_bounds(launch_bounds), "max_registers": max_registers}
    if max_registers is not None and not _is_count(max_registers):
        raise ArgumentError(f"cuda.jit option 'max_registers' must be int, above 0, not {max_registers!r}", code="bad-option")

    def make(function: Callable[..., Any], signatures: list[Any] | None) -> Any:
        if not isinstance(function, FunctionType):
            raise ArgumentError(f"cuda.jit takes a Python function, not {function!r}", code="bad-function")
        taken = Function(function)
        if device:
            made: Any = DeviceFunction(taken, function, signatures or [])
        else:
            made = Kernel(taken, function, signatures, bool(fma), checked, fastmath, gpu, list(extensions))
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


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 31


def _is_carveout(value: Any) -> bool:
    if isinstance(value, str):
        return value.lower() in ("default", "maxl1", "maxshared")
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and -1 <= value <= 100)


def _bounds(given: Any) -> dict[str, int | None]:
    """Threads of a block at most, and blocks of a multiprocessor at least, of `launch_bounds`."""
    bounds = given if isinstance(given, tuple) else (given,)
    if given is not None and not (1 <= len(bounds) <= 3 and all(map(_is_count, bounds))):
        raise ArgumentError(
            f"cuda.jit option 'launch_bounds' must be the threads of a block, or up to three such numbers, not {given!r}",
            code="bad-option",
        )
    return {"max_threads": bounds[0], "min_blocks": bounds[1] if len(bounds) > 1 else None}


def _judge(options: dict[str, Any]) -> None:
    for name, value in options.items():
        if name in _REFUSED:
            if value:
                raise UnsupportedError(f"cuda.jit option {name!r}: {_REFUSED[name]}", code="unsupported-option")
        elif name == "shared_memory_carveout" and not _is_carveout(value):
            raise ArgumentError(
                f"cuda.jit option {name!r} must be a percentage, -1, 'default', 'maxl1' or 'maxshared', not {value!r}",
                code="bad-option",
            )
        elif name not in _WITHOUT_EFFECT:
            own = (
                "boundscheck",
                "debug",
                "device",
                "extensions",
                "fastmath",
                "fma",
                "launch_bounds",
                "lineinfo",
                "max_registers",
            )
            known = ", ".join(sorted([*_WITHOUT_EFFECT, *own]))
            raise ArgumentError(f"cuda.jit has no option {name!r}; it has {known}", code="bad-option")
        elif not isinstance(value, _WITHOUT_EFFECT[name]):
            kinds = " or ".join(kind.__name__ for kind in _WITHOUT_EFFECT[name])
            raise ArgumentError(f"cuda.jit option {name!r} must be {kinds}, not {value!r}", code="bad-option")
