"""Benches of a GPU: copies and additions against the driver's own copies, and against CuPy where it is installed; what a
launch costs.

Run by `make gpu-check`; writes its table to benches/results/<device>.md. The limit of a copy is what the driver does with pinned
memory when it is called with nothing around it, measured in the same run, peers in turn, medians of many.
"""

from __future__ import annotations

import argparse
import ctypes
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from verdigris import cuda, vectorize

ROUNDS = 15


def in_turn(peers: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Median seconds of each, run in turn so that a disturbance meets all."""
    times: dict[str, list[float]] = {name: [] for name in peers}
    for call in peers.values():
        call()
    for _ in range(ROUNDS):
        for name, call in peers.items():
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(all_) for name, all_ in times.items()}


def copies(nbytes: int) -> list[tuple[str, float, str]]:
    """Copies of so many bytes: rows of name, GB/s, and what it is to be held against."""
    driver = ctypes.CDLL("libcuda.so.1")
    pinned, plain = cuda.pinned_array(nbytes, np.uint8), np.ones(nbytes, np.uint8)
    pinned[:] = 3
    device = cuda.to_device(pinned)
    pointer = ctypes.c_uint64(device.__cuda_array_interface__["data"][0])
    address, size, stream = ctypes.c_void_p(pinned.ctypes.data), ctypes.c_size_t(nbytes), ctypes.c_void_p(1)

    def done(status: int) -> None:
        if status:
            raise RuntimeError(f"CUresult {status}")

    def raw_up() -> None:
        done(driver.cuMemcpyHtoDAsync_v2(pointer, address, size, stream))
        done(driver.cuStreamSynchronize(stream))

    def raw_down() -> None:
        done(driver.cuMemcpyDtoHAsync_v2(address, pointer, size, stream))
        done(driver.cuStreamSynchronize(stream))

    context = ctypes.c_void_p(cuda.current_context().handle)
    done(driver.cuCtxPushCurrent_v2(context))
    peers: dict[str, Callable[[], None]] = {
        "to the device, pinned, driver alone": raw_up,
        "to the device, pinned": lambda: device.copy_to_device(pinned),
        "to the device, ordinary": lambda: device.copy_to_device(plain),
        "to the host, pinned, driver alone": raw_down,
        "to the host, pinned": lambda: (device.copy_to_host(pinned), None)[1],
        "to the host, ordinary": lambda: (device.copy_to_host(plain), None)[1],
    }
    try:
        import cupy
    except ImportError:
        pass
    else:
        theirs = cupy.zeros(nbytes, cupy.uint8)
        peers["to the device, ordinary, CuPy"] = lambda: (theirs.set(plain), cupy.cuda.get_current_stream().synchronize())[1]
        peers["to the host, ordinary, CuPy"] = lambda: (theirs.get(out=plain), None)[1]
    seconds = in_turn(peers)
    done(driver.cuCtxPopCurrent_v2(ctypes.byref(ctypes.c_void_p())))
    rows = []
    for name, time_ in seconds.items():
        against = next((other for other in seconds if other.startswith(name) and other != name), None)
        held = f"{seconds[against] / time_:.2f} of {against.rsplit(', ', 1)[1]}" if against else ""
        rows.append((name, nbytes / time_ / 1e9, held))
    return rows


def additions(elements: int) -> tuple[str, float, str]:
    """`add` of so many float32 device arrays, held against the driver's copy between device arrays in the same run."""
    driver = ctypes.CDLL("libcuda.so.1")

    @vectorize(target="cuda")
    def add(a, b):  # type: ignore[no-untyped-def]
        return a + b

    a, b, out = (cuda.to_device(np.ones(elements, np.float32)) for _ in range(3))

    def address(array: cuda.DeviceNDArray) -> ctypes.c_uint64:
        return ctypes.c_uint64(array.__cuda_array_interface__["data"][0])

    context = ctypes.c_void_p(cuda.current_context().handle)
    if driver.cuCtxPushCurrent_v2(context):
        raise RuntimeError("the context is gone")

    def raw_copy() -> None:
        if driver.cuMemcpyDtoDAsync_v2(address(out), address(a), ctypes.c_size_t(4 * elements), ctypes.c_void_p(1)):
            raise RuntimeError("the driver refuses a copy")
        cuda.synchronize()

    seconds = in_turn({"copy": raw_copy, "add": lambda: (add(a, b, out=out), cuda.synchronize())[1]})
    driver.cuCtxPopCurrent_v2(ctypes.byref(ctypes.c_void_p()))
    # A copy moves each byte twice, an addition three.
    copied, added = 8 * elements / seconds["copy"] / 1e9, 12 * elements / seconds["add"] / 1e9
    return f"add {elements:.0e} float32", added, f"{added / copied:.2f} of the driver's copy on the device"


def launches(count: int) -> list[tuple[str, float, str]]:
    """Microseconds to order a launch: from Python, held against the driver's function with the same arguments from Rust."""

    @cuda.jit
    def saxpy(a, x, y):  # type: ignore[no-untyped-def]
        i = cuda.grid(1)
        if i < y.size:
            y[i] += a * x[i]

    @cuda.jit
    def nothing() -> None:
        pass

    x, y = (cuda.to_device(np.ones(256, np.float32)) for _ in range(2))
    rows = []
    for name, kernel, arguments in (("no arguments", nothing, ()), ("a number and two arrays", saxpy, (np.float32(2), x, y))):
        launcher = kernel[1, 256]
        launcher(*arguments)
        cuda.synchronize()
        ours, drivers = [], []
        for _ in range(ROUNDS):
            drivers.append(launcher._driver_seconds(count, arguments) / count)
            cuda.synchronize()
            start = time.perf_counter()
            for _ in range(count):
                launcher(*arguments)
            ours.append((time.perf_counter() - start) / count)
            cuda.synchronize()
        own, base = statistics.median(ours) * 1e6, statistics.median(drivers) * 1e6
        rows.append((name, own, f"{own - base:.2f} above {base:.2f} from Rust"))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benches/results"))
    parser.add_argument("--megabytes", type=int, default=256)
    parser.add_argument("--elements", type=int, default=100_000_000)
    arguments = parser.parse_args()
    device = cuda.get_current_device()
    rows = copies(arguments.megabytes << 20)
    lines = [
        f"# {device.name}",
        "",
        f"Copies of {arguments.megabytes} MiB, medians of {ROUNDS}.",
        "",
        "| copy | GB/s | held against |",
        "|---|---|---|",
    ]
    lines += [f"| {name} | {speed:.1f} | {held} |" for name, speed, held in rows]
    name, speed, held = additions(arguments.elements)
    lines += [f"| {name} | {speed:.1f} | {held} |"]
    lines += ["", "| launch | microseconds | held against |", "|---|---|---|"]
    # Fewer than a stream holds before a launch waits for room.
    lines += [f"| {name} | {own:.2f} | {held} |" for name, own, held in launches(200)]
    lines.append("")
    file = arguments.out / (re.sub(r"[^a-z0-9]+", "-", device.name.lower()).strip("-") + ".md")
    file.write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
