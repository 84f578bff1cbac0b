"""PTX of functions: `compile`, `compile_ptx` and their kin, which need no GPU.

Judges the options, which are Numba's; making the PTX is the extension's affair.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from verdigris._verdigris import DeviceFunction, Function, Kernel
from verdigris._verdigris import compile_ptx as _make
from verdigris.cuda._device import get_current_device
from verdigris.errors import ArgumentError, UnsupportedError

OLDEST_CC = (7, 5)
"""The compute capability that PTX is made for where none is asked for: every later GPU runs it."""


def _text_of(pyfunc: Any) -> Any:
    if isinstance(pyfunc, Kernel | DeviceFunction):
        return pyfunc.__verdigris_definition__
    if isinstance(pyfunc, FunctionType):
        return Function(pyfunc)
    raise ArgumentError(
        f"PTX is made of a Python function, a kernel or a device function, not of {pyfunc!r}", code="bad-function"
    )


def _capability(cc: Any) -> tuple[int, int]:
    if cc is None:
        return OLDEST_CC
    if isinstance(cc, tuple) and len(cc) == 2 and all(isinstance(n, int) and 0 <= n < 256 for n in cc):
        return cc
    raise ArgumentError(f"cc must be a tuple of two numbers such as (8, 0), not {cc!r}", code="bad-option")


def _bounds(launch_bounds: Any) -> tuple[int | None, int | None]:
    """Threads of a block at most, and blocks of a multiprocessor at least."""
    given = () if launch_bounds is None else launch_bounds if isinstance(launch_bounds, tuple) else (launch_bounds,)
    if len(given) > 2 or not all(isinstance(n, int) and not isinstance(n, bool) and 0 < n < 2**31 for n in given):
        text = f"launch_bounds must be a positive number, or a tuple of one or two, not {launch_bounds!r}"
        raise ArgumentError(text, code="bad-option")
    threads, blocks = (*given, None, None)[:2]
    return threads, blocks


def compile(
    pyfunc: Callable[..., Any],
    sig: Any,
    debug: bool | None = None,
    lineinfo: bool = False,
    device: bool = True,
    fastmath: bool = False,
    cc: tuple[int, int] | None = None,
    opt: bool | None = None,
    abi: str = "c",
    abi_info: dict[str, str] | None = None,
    output: str = "ptx",
    *,
    fma: bool = True,
    boundscheck: bool | None = None,
    launch_bounds: int | tuple[int, ...] | None = None,
    max_registers: int | None = None,
    forceinline: bool = False,
) -> tuple[str, Any]:
    """PTX of `pyfunc` for the signature `sig`, and the type of what it returns; no GPU is needed.

    `device=True` gives a function that other code calls, as a C compiler for GPUs lays it out: scalars by value, an array as
    its address, extents and strides (in bytes), several results as a struct; what would raise in Python ends the launch.
    `device=False` gives a kernel, whose one parameter is a struct of 64-bit words (docs/ptx.md says which).

    `cc` is the compute capability, `(7, 5)` if none is given: later GPUs run that too. `debug=True` checks indexes and tells
    tools the lines of this file, `lineinfo=True` only the latter; `opt=False` leaves the optimiser out. `launch_bounds` and
    `max_registers` are told to the driver. `fma` and `fastmath` mean what they mean to `cuda.jit`.
    """
    if output != "ptx":
        raise UnsupportedError(f"cuda.compile: output {output!r} is not made here: use 'ptx'", code="unsupported-option")
    if abi not in ("c", "numba"):
        raise ArgumentError(f"cuda.compile: abi must be 'c' or 'numba', not {abi!r}", code="bad-option")
    if abi_info:
        raise UnsupportedError("cuda.compile: abi_info: the function keeps its own name", code="unsupported-option")
    if not isinstance(fastmath, bool):
        raise ArgumentError(f"cuda.compile: fastmath must be bool, not {fastmath!r}", code="bad-option")
    registers_ok = max_registers is None or (isinstance(max_registers, int) and 0 < max_registers < 2**31)
    if not registers_ok:
        raise ArgumentError(f"cuda.compile: max_registers must be a positive number, not {max_registers!r}", code="bad-option")
    threads, blocks = _bounds(launch_bounds)
    text, _, returns = _make(
        _text_of(pyfunc),
        sig,
        _capability(cc),
        device=bool(device),
        fma=bool(fma),
        fastmath=fastmath,
        boundscheck=bool(debug) if boundscheck is None else bool(boundscheck),
        lineinfo=bool(lineinfo or debug),
        optimise=opt is None or bool(opt),
        max_threads=threads,
        min_blocks=blocks,
        max_registers=max_registers,
    )
    return text, _returned(returns)


def _returned(name: str) -> Any:
    """The type of that name, if `verdigris.types` has it."""
    from verdigris import types

    if name in ("none", "None"):
        return types.void
    return getattr(types, name, name)


def compile_ptx(
    pyfunc: Callable[..., Any],
    sig: Any,
    debug: bool | None = None,
    lineinfo: bool = False,
    device: bool = False,
    fastmath: bool = False,
    cc: tuple[int, int] | None = None,
    opt: bool | None = None,
    abi: str = "numba",
    abi_info: dict[str, str] | None = None,
    **options: Any,
) -> tuple[str, Any]:
    """As `compile`, of a kernel unless `device=True`."""
    return compile(pyfunc, sig, debug, lineinfo, device, fastmath, cc, opt, abi, abi_info, "ptx", **options)


def compile_for_current_device(pyfunc: Callable[..., Any], sig: Any, **options: Any) -> tuple[str, Any]:
    """As `compile`, for the compute capability of the device in use (of the CPU: the one it stands for)."""
    return compile(pyfunc, sig, cc=get_current_device().compute_capability, **options)


def compile_ptx_for_current_device(pyfunc: Callable[..., Any], sig: Any, **options: Any) -> tuple[str, Any]:
    """As `compile_ptx`, for the compute capability of the device in use (of the CPU: the one it stands for)."""
    return compile_ptx(pyfunc, sig, cc=get_current_device().compute_capability, **options)
