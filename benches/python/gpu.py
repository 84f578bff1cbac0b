"""Benches of a GPU: copies against the driver's own, and against CuPy where it is installed.

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

from verdigris import cuda
from verdigris.errors import UnsupportedError

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


def additions() -> str:
    """Whether kernels run on this device yet; their benches come with them."""

    @cuda.jit
    def nothing() -> None:
        pass

    try:
        nothing[1, 1]()
    except UnsupportedError as error:
        return f"Not measured: {error}"
    return "Not measured yet: additions of device arrays, overhead of a launch."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benches/results"))
    parser.add_argument("--megabytes", type=int, default=256)
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
    lines += ["", additions(), ""]
    file = arguments.out / (re.sub(r"[^a-z0-9]+", "-", device.name.lower()).strip("-") + ".md")
    file.write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
