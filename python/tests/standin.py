"""The stand-in of NVIDIA's driver and libraries (device/standin) from Python: where it is, and what it recorded.

`environment()` is what a process needs to find it as its driver; within such a process `Standin()` asks it.
"""

import ctypes
import os
from pathlib import Path

_NAME = "libverdigris_driver_standin.so"
# One file under the names of all.
_NAMES = ("libcuda.so.1", "libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13", "libcufft.so.12", "libcurand.so.10")


def library():
    """Where the stand-in was built, or None: `VERDIGRIS_DRIVER_STANDIN` says so, else cargo's folder."""
    named = os.environ.get("VERDIGRIS_DRIVER_STANDIN")
    if named:
        return Path(named)
    repository = Path(__file__).parents[2]
    folders = [Path(os.environ.get("CARGO_TARGET_DIR", repository / "target")) / kind for kind in ("debug", "release")]
    return next((folder / _NAME for folder in folders if (folder / _NAME).exists()), None)


def environment(folder, devices=2):
    """Variables of a process whose driver and libraries are the stand-in; `folder` is one of its own."""
    for name in _NAMES:
        link = Path(folder) / name
        if not link.exists():
            link.symlink_to(library())
    return {
        "LD_LIBRARY_PATH": str(folder),
        # Before those of NVIDIA's packages, which may be installed.
        "VERDIGRIS_CUDA_LIB_DIR": str(folder),
        "VERDIGRIS_DEVICE": "cuda",
        "VERDIGRIS_STANDIN_DEVICES": str(devices),
        "VERDIGRIS_REQUIRE_GPU": "1",
        "CUDA_VISIBLE_DEVICES": "0,1",
    }


class Standin:
    """The stand-in of this process."""

    HANDLER = ctypes.CFUNCTYPE(
        None,
        ctypes.c_char_p,
        ctypes.POINTER(ctypes.c_uint),
        ctypes.POINTER(ctypes.c_uint),
        ctypes.c_uint,
        ctypes.c_size_t,
        ctypes.POINTER(ctypes.c_size_t),
        ctypes.POINTER(ctypes.c_ubyte),
    )

    def __init__(self):
        self._library = ctypes.CDLL("libcuda.so.1")
        self._library.standin_calls.restype = ctypes.c_size_t
        self._library.standin_code.restype = ctypes.c_uint32
        self._library.standin_live.restype = ctypes.c_size_t
        self._library.standin_pending.restype = ctypes.c_size_t
        self._library.standin_faults.restype = ctypes.c_size_t

    def calls(self):
        """The calls since the last time, without those that make a context current."""
        room = self._library.standin_calls(None, ctypes.c_size_t(0)) + 1
        text = ctypes.create_string_buffer(room)
        length = self._library.standin_calls(text, ctypes.c_size_t(room))
        assert length <= room
        lines = text.raw[:length].decode().split("\n") if length else []
        return [line for line in lines if not line.startswith(("cuCtxGetCurrent", "cuCtxPushCurrent", "cuCtxPopCurrent"))]

    def names(self):
        """The names of those."""
        return [line.split("(")[0] for line in self.calls()]

    def fail(self, function, status, after=0):
        """Has a function fail once, after so many calls."""
        self._library.standin_fail(function.encode(), status, after)

    def read(self, address, nbytes):
        """Device memory as it is now."""
        room = ctypes.create_string_buffer(nbytes)
        assert self._library.standin_read(ctypes.c_uint64(address), room, ctypes.c_size_t(nbytes)), hex(address)
        return room.raw

    def write(self, address, data):
        """Changes device memory."""
        assert self._library.standin_write(ctypes.c_uint64(address), data, ctypes.c_size_t(len(data))), hex(address)

    def on_launch(self, handler):
        """Has `handler(name, grid, block, shared, parameters)` act in the place of kernels; parameters are bytes."""

        def called(name, grid, block, shared, count, lengths, data):
            at, parameters = 0, []
            for i in range(count):
                parameters.append(bytes(data[at : at + lengths[i]]))
                at += lengths[i]
            handler(name.decode(), tuple(grid[:3]), tuple(block[:3]), shared, parameters)

        self._handler = self.HANDLER(called)
        self._library.standin_on_launch(self._handler)

    def code(self):
        """CRC-32 of the PTX of what is being launched."""
        return self._library.standin_code()

    def faults(self):
        """What kernels did since the last time that ends a context on a GPU; the contexts live again."""
        text = ctypes.create_string_buffer(1 << 16)
        length = self._library.standin_faults(text, ctypes.c_size_t(len(text)))
        return text.raw[:length].decode(errors="replace")

    def live(self):
        """Blocks of device memory."""
        return self._library.standin_live()

    def pending(self):
        """Work ordered and not done."""
        return self._library.standin_pending()
