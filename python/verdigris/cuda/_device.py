"""The device, its context, streams and events.

Where the device is this machine's processor, that is the one entry of `gpus`, so that code that lists devices finds one;
else the entries are the machine's GPUs. `is_gpu()` tells.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from verdigris import _verdigris
from verdigris._verdigris import Event, Stream, facts, get_num_threads
from verdigris.errors import DeviceError, UnsupportedError

if TYPE_CHECKING:
    import asyncio


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
    MAX_REGISTERS_PER_BLOCK = 64 << 10
    TOTAL_CONSTANT_MEMORY = 64 << 10
    UNIFIED_ADDRESSING = 1
    MANAGED_MEMORY = 1
    CONCURRENT_MANAGED_ACCESS = 1
    CAN_MAP_HOST_MEMORY = 1
    COOPERATIVE_LAUNCH = 1
    INTEGRATED = 1
    COMPUTE_CAPABILITY_MAJOR, COMPUTE_CAPABILITY_MINOR = compute_capability

    def __init__(self) -> None:
        self._context = Context(self)

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

    @property
    def supports_bfloat16(self) -> bool:
        """Whether kernels may use bfloat16."""
        return True

    def get_primary_context(self) -> Context:
        """The context of this device."""
        return self._context

    @property
    def context(self) -> Context:
        """The context of this device."""
        return self._context

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


class GpuDevice:
    """An NVIDIA GPU. Its numbers have CUDA's names: `MULTIPROCESSOR_COUNT`, `MAX_THREADS_PER_BLOCK` …"""

    kind = "cuda"
    supports_float16 = True
    supports_bfloat16 = True

    def __init__(self, gpu: Any) -> None:
        self._gpu = gpu
        self._context = Context(self)

    def __getattr__(self, name: str) -> int:
        if not name.isupper():
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        try:
            value: int = self._gpu.attribute(name)
        except ValueError as error:
            raise AttributeError(str(error)) from None
        setattr(self, name, value)
        return value

    @property
    def id(self) -> int:
        """Its number, from 0."""
        number: int = self._gpu.id
        return number

    @property
    def name(self) -> str:
        """Its name."""
        name: str = self._gpu.name
        return name

    @property
    def uuid(self) -> str:
        """Its identity, as nvidia-smi prints it."""
        uuid: str = self._gpu.uuid
        return uuid

    @property
    def compute_capability(self) -> tuple[int, int]:
        """(9, 0) is sm_90."""
        capability: tuple[int, int] = self._gpu.compute_capability
        return capability

    def get_primary_context(self) -> Context:
        """The context of this device."""
        return self._context

    @property
    def context(self) -> Context:
        """The context of this device."""
        return self._context

    def __enter__(self) -> GpuDevice:
        self._context.push()
        return self

    def __exit__(self, *raised: object) -> None:
        self._context.pop()

    def reset(self) -> None:
        """Waits for all work, and gives back the memory that is kept for reuse. Arrays live on."""
        self._context.reset()

    def __repr__(self) -> str:
        return f"<device {self.id}: {self.name}>"


class MemoryInfo(NamedTuple):
    """Bytes of the device's memory."""

    free: int
    total: int


class Context:
    """What belongs to the device while this process uses it."""

    def __init__(self, device: Device | GpuDevice) -> None:
        self.device = device
        self._before: list[int] = []

    @property
    def _gpu(self) -> Any:
        return getattr(self.device, "_gpu", None)

    @property
    def handle(self) -> int:
        """The driver's handle of it, for other libraries; 0 on the CPU."""
        return self._gpu.handle if self._gpu else 0

    def synchronize(self) -> None:
        """Waits for all work; on the CPU it has ended when its call returned."""
        if self._gpu:
            self._gpu.synchronize()

    @property
    def deallocations(self) -> Deallocations:
        """Memory that waits to be freed: none, since arrays are freed when their last owner is."""
        return Deallocations(self)

    def reset(self) -> None:
        """On a GPU, waits for all work and gives back the memory that is kept for reuse; arrays are freed with their last
        owner."""
        if self._gpu:
            self._gpu.synchronize()
            self._gpu.trim_pool()

    def get_memory_info(self) -> MemoryInfo:
        """Bytes free and in all: the GPU's, or the machine's memory."""
        if self._gpu:
            return MemoryInfo(*self._gpu.memory_info())
        page = os.sysconf("SC_PAGE_SIZE")
        return MemoryInfo(os.sysconf("SC_AVPHYS_PAGES") * page, os.sysconf("SC_PHYS_PAGES") * page)

    def get_compute_capability(self) -> tuple[int, int]:
        """The device's."""
        return self.device.compute_capability

    def get_pool_info(self) -> dict[str, int | None]:
        """What the pool of a GPU's arrays has done, in bytes: `used`, `used_high`, `reserved`, `reserved_high`, `limit`, and
        how many `arrays` there are."""
        if not self._gpu:
            raise UnsupportedError("the device is the CPU, whose arrays come from no pool", code="unsupported-on-device")
        info: dict[str, int | None] = self._gpu.pool()
        return info

    def set_pool_limit(self, limit: int | None) -> None:
        """Limits the bytes of all arrays of a GPU together; beyond it is a `MemoryError`. `None` takes the limit away."""
        if not self._gpu:
            raise UnsupportedError("the device is the CPU, whose arrays come from no pool", code="unsupported-on-device")
        self._gpu.set_pool_limit(limit)

    def trim_pool(self, keep: int = 0) -> None:
        """Gives the memory that a GPU's pool keeps for reuse back, but `keep` bytes."""
        if self._gpu:
            self._gpu.trim_pool(keep)

    def push(self) -> None:
        """Makes its device the thread's, until `pop`."""
        if self._gpu:
            self._before.append(gpus.current.id)
            _verdigris.select_gpu(self.device.id)

    def pop(self) -> None:
        """Makes the device before `push` the thread's again."""
        if self._gpu and self._before:
            _verdigris.select_gpu(self._before.pop())

    def __enter__(self) -> Context:
        self.push()
        return self

    def __exit__(self, *raised: object) -> None:
        self.pop()


class Deallocations:
    """Of a context: always empty."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def __len__(self) -> int:
        return 0

    def clear(self) -> None:
        """Gives the memory that a GPU's pool keeps for reuse back."""
        self._context.trim_pool()


class _Devices:
    """All devices, by number. Made at first use: that chooses the device."""

    def __init__(self) -> None:
        self._found: list[Any] | None = None

    @property
    def _all(self) -> list[Any]:
        if self._found is None:
            gpus = _verdigris.gpus()
            self._found = [Device()] if gpus is None else [GpuDevice(gpu) for gpu in gpus]
        return self._found

    @property
    def lst(self) -> list[Any]:
        return list(self._all)

    @property
    def current(self) -> Any:
        return self._all[_verdigris.current_gpu() or 0]

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, number: int) -> Any:
        return self._all[number]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._all)

    def __repr__(self) -> str:
        return repr(self._all)


gpus = _Devices()


def is_available() -> bool:
    """Whether kernels can be launched: always, unless a GPU was asked for that is not there."""
    return facts()["device"] != "none"


def is_float16_supported() -> bool:
    """Whether kernels may use float16: always."""
    return True


def is_bfloat16_supported() -> bool:
    """Whether kernels may use bfloat16: always."""
    return True


def is_supported_version() -> bool:
    """Whether the version of the CUDA runtime is one that this package knows: it uses none."""
    return True


def is_gpu() -> bool:
    """Whether kernels run on a GPU."""
    try:
        return _verdigris.current_gpu() is not None
    except DeviceError:
        return False


def detect() -> bool:
    """Prints what was looked for and what is used; says whether kernels can be launched."""
    found = facts()
    if found["device"] == "none":
        print(f"no device: {found['device_reason']}")
        return False
    print(f"{len(gpus)} device{'s' if len(gpus) > 1 else ''}: {gpus.current.name} ({found['device_reason']})")
    print(found["gpu"])
    return True


def list_devices() -> _Devices:
    """All devices."""
    return gpus


def get_current_device() -> Any:
    """The device in use on this thread."""
    return gpus.current


current_device = get_current_device


def select_device(device_id: int) -> Context:
    """Makes a device the current one of this thread. On the CPU there is one, number 0."""
    if device_id not in range(len(gpus)):
        there = "this machine has one, number 0" if len(gpus) == 1 else f"this machine has {len(gpus)}, numbered from 0"
        raise DeviceError(f"there is no device {device_id!r}: {there}", code="no-device")
    if is_gpu():
        _verdigris.select_gpu(device_id)
    context: Context = gpus[device_id].get_primary_context()
    return context


def current_context(devnum: int | None = None) -> Context:
    """The context of the current device."""
    return gpus.current.get_primary_context() if devnum is None else select_device(devnum)


def close() -> None:
    """Gives the device's unused memory back. What it holds is freed with its last owner."""
    for device in gpus:
        device.get_primary_context().reset()


def synchronize() -> None:
    """Waits for all work on the current device; on the CPU it has ended when its call returned."""
    current_context().synchronize()


@contextlib.contextmanager
def defer_cleanup() -> Iterator[None]:
    """Nothing to put off: memory is given back in the order of its stream, which disturbs nothing."""
    yield


def profile_start() -> None:
    """Tells a GPU's profiler to begin. On the CPU there is nobody to tell: profilers of the CPU see all threads."""
    if is_gpu():
        gpus.current._gpu.profile(True)


def profile_stop() -> None:
    """Tells a GPU's profiler to end. On the CPU there is nobody to tell."""
    if is_gpu():
        gpus.current._gpu.profile(False)


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


_defaults: dict[int, Stream] = {}


def default_stream() -> Stream:
    """The stream of work for which none is named."""
    if is_gpu():
        return _verdigris.external_stream(1)
    return _defaults.setdefault(0, Stream())


def legacy_default_stream() -> Stream:
    """The default stream that all threads share."""
    return default_stream()


def per_thread_default_stream() -> Stream:
    """The default stream of whichever thread uses it; on the CPU there is one for all."""
    return _verdigris.external_stream(2) if is_gpu() else default_stream()


def external_stream(ptr: int) -> Stream:
    """A stream that another library made, by the driver's handle of it. It must live as long as anything ordered on it."""
    if not is_gpu():
        text = "cuda.external_stream: the device is the CPU, which has no streams of other libraries: use cuda.stream()"
        raise UnsupportedError(text, code="unsupported-on-device")
    return _verdigris.external_stream(ptr)


def settle(loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any]) -> Any:
    """A callback of a stream that settles a future, on the loop's own thread."""

    def done(stream: Stream, status: int, arg: Any) -> None:
        def set_it() -> None:
            if future.cancelled():
                return
            if status:
                future.set_exception(DeviceError(f"the work before failed: CUresult {status}", code="callback", status=status))
            else:
                future.set_result(stream)

        loop.call_soon_threadsafe(set_it)

    return done


def event(timing: bool = True) -> Event:
    """A new event."""
    return Event(timing)


def event_elapsed_time(evtstart: Event, evtend: Any) -> float:
    """Milliseconds between two recorded events."""
    return evtstart.elapsed_time(evtend)
