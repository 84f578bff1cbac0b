"""The device, its context, streams and events.

For now the only device is this machine's processor. It is one entry of `gpus`, so that code that lists devices finds
one; `is_gpu()` tells.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from verdigris._verdigris import Event, Stream, facts, get_num_threads
from verdigris.errors import DeviceError


class Device:
    """The processor as a device: warps of 32 lanes, up to 1,024 threads a block."""

    id = 0
    kind = "cpu"
    compute_capability = (7, 5)
    WARP_SIZE = 32
    MAX_THREADS_PER_BLOCK = 1024
    MAX_BLOCK_DIM_X = 1024
    MAX_BLOCK_DIM_Y = 1024
    MAX_BLOCK_DIM_Z = 64
    MAX_GRID_DIM_X = 2**31 - 1
    MAX_GRID_DIM_Y = 65535
    MAX_GRID_DIM_Z = 65535
    MAX_SHARED_MEMORY_PER_BLOCK = 48 << 10
    TOTAL_CONSTANT_MEMORY = 64 << 10
    UNIFIED_ADDRESSING = 1
    MANAGED_MEMORY = 1
    CONCURRENT_MANAGED_ACCESS = 1
    CAN_MAP_HOST_MEMORY = 1
    COOPERATIVE_LAUNCH = 1
    INTEGRATED = 1
    COMPUTE_CAPABILITY_MAJOR, COMPUTE_CAPABILITY_MINOR = compute_capability

    @property
    def MULTIPROCESSOR_COUNT(self) -> int:
        """Threads of the pool: each runs one block at a time."""
        return get_num_threads()

    @property
    def MAX_THREADS_PER_MULTI_PROCESSOR(self) -> int:
        """Threads that run on one thread of the pool: those of one block."""
        return self.MAX_THREADS_PER_BLOCK

    @property
    def uuid(self) -> str:
        """A name of this machine's processor that stays the same, in the form of a GPU's."""
        import uuid

        return f"CPU-{uuid.uuid5(uuid.NAMESPACE_OID, f'{os.uname().nodename} {self.name}')}"

    @property
    def supports_float16(self) -> bool:
        """Whether kernels may use float16."""
        return True

    def get_primary_context(self) -> Context:
        """The context of this device."""
        return _context

    @property
    def context(self) -> Context:
        """The context of this device."""
        return _context

    def __enter__(self) -> Device:
        return self

    def __exit__(self, *raised: object) -> None:
        return None

    @property
    def name(self) -> str:
        """The processor's name."""
        try:
            with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    if line.startswith("model name"):
                        return line.partition(":")[2].strip()
        except OSError:
            pass
        return os.uname().machine

    def reset(self) -> None:
        """Nothing to do: the processor keeps no state."""

    def __repr__(self) -> str:
        return f"<device {self.id}: {self.name}>"


class MemoryInfo(NamedTuple):
    """Bytes of the machine's memory."""

    free: int
    total: int


class Context:
    """What belongs to the device while this process uses it."""

    def __init__(self, device: Device) -> None:
        self.device = device

    def synchronize(self) -> None:
        """Waits for all work; on the CPU it has ended when its call returned."""

    def reset(self) -> None:
        """Nothing to do: arrays are freed with their last owner."""

    def get_memory_info(self) -> MemoryInfo:
        """Bytes free and in all: the machine's memory."""
        page = os.sysconf("SC_PAGE_SIZE")
        return MemoryInfo(os.sysconf("SC_AVPHYS_PAGES") * page, os.sysconf("SC_PHYS_PAGES") * page)

    def get_compute_capability(self) -> tuple[int, int]:
        """The device's."""
        return self.device.compute_capability

    def push(self) -> None:
        """Nothing to do: there is one context."""

    def pop(self) -> None:
        """Nothing to do: there is one context."""

    def __enter__(self) -> Context:
        return self

    def __exit__(self, *raised: object) -> None:
        return None


class _Devices:
    """All devices, by number."""

    def __init__(self) -> None:
        self._all = [Device()]

    @property
    def lst(self) -> list[Device]:
        return list(self._all)

    @property
    def current(self) -> Device:
        return self._all[0]

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, number: int) -> Device:
        return self._all[number]

    def __iter__(self) -> Iterator[Device]:
        return iter(self._all)

    def __repr__(self) -> str:
        return repr(self._all)


gpus = _Devices()
_context = Context(gpus[0])
_default_stream = Stream()


def is_available() -> bool:
    """Whether kernels can be launched: always, unless a GPU was asked for that is not there."""
    return facts()["device"] != "none"


def is_gpu() -> bool:
    """Whether kernels run on a GPU."""
    return facts()["device"].startswith("cuda")


def detect() -> bool:
    """Prints what was looked for and what is used; says whether kernels can be launched."""
    found = facts()
    if found["device"] == "none":
        print(f"no device: {found['device_reason']}")
        return False
    print(f"1 device: {gpus.current.name} ({found['device_reason']})")
    print(found["gpu"])
    return True


def list_devices() -> _Devices:
    """All devices."""
    return gpus


def get_current_device() -> Device:
    """The device in use."""
    return gpus.current


current_device = get_current_device


def select_device(device_id: int) -> Context:
    """Makes a device the current one. There is one, number 0."""
    if device_id != 0:
        raise DeviceError(f"there is no device {device_id!r}: this machine has one, number 0", code="no-device")
    return _context


def current_context(devnum: int | None = None) -> Context:
    """The context of the current device."""
    return _context if devnum is None else select_device(devnum)


def close() -> None:
    """Gives the device back. Nothing to do: what it holds is freed with its last owner."""


def synchronize() -> None:
    """Waits for all work; on the CPU it has ended when its call returned."""


@contextlib.contextmanager
def defer_cleanup() -> Iterator[None]:
    """On a GPU, puts off freeing memory; here memory is freed with its last owner, which disturbs nothing."""
    yield


def profile_start() -> None:
    """Tells a GPU's profiler to begin. There is nobody to tell: profilers of the CPU see all threads."""


def profile_stop() -> None:
    """Tells a GPU's profiler to end. There is nobody to tell."""


@contextlib.contextmanager
def profiling() -> Iterator[None]:
    """`profile_start` and `profile_stop` around a block."""
    profile_start()
    try:
        yield
    finally:
        profile_stop()


def stream() -> Stream:
    """A new stream."""
    return Stream()


def default_stream() -> Stream:
    """The stream of work for which none is named."""
    return _default_stream


legacy_default_stream = default_stream
per_thread_default_stream = default_stream


def event(timing: bool = True) -> Event:
    """A new event."""
    return Event(timing)


def event_elapsed_time(evtstart: Event, evtend: Any) -> float:
    """Milliseconds between two recorded events."""
    return evtstart.elapsed_time(evtend)
