"""Kernels and ufuncs on the stand-in of the driver, acted by the CPU: what a GPU would do with what a launch hands it.

`act(standin)` has every launch read its parameter's words, and nothing else, as docs/ptx.md says: numbers from their bits,
arrays from address, extents and strides in the stand-in's memory. The kernel or ufunc then runs on the CPU, and what
was written goes back to that memory. So a wrong address, stride, order or missing
copy shows. What only a GPU's code does (failures, printed lines) does not.
"""

import gc
import struct
import zlib
from collections import namedtuple

import numpy as np

from verdigris import cuda, types
from verdigris._verdigris import Kernel, Ufunc

ERRORS = []


class Words:
    """The words of a launch, taken in order."""

    def __init__(self, gpu, data):
        self.gpu, self.words, self.spans = gpu, struct.unpack(f"<{len(data) // 8}Q", data), []
        self.at, self.arrays = 0, {}

    def take(self, count):
        taken = self.words[self.at : self.at + count]
        assert len(taken) == count, "too few words"
        self.at += count
        return taken

    def scalar(self, dtype):
        if dtype.kind == "c":
            part = np.dtype(f"f{dtype.itemsize // 2}")
            return dtype.type(complex(self.scalar(part), self.scalar(part)))
        (word,) = self.take(1)
        if dtype == np.float16:
            # As float32 of the same number.
            return np.float16(np.frombuffer(struct.pack("<Q", word)[:4], np.float32)[0])
        data = struct.pack("<Q", word)
        assert data[dtype.itemsize :].strip(b"\0") == b"", "more bits than the type has"
        return np.frombuffer(data[: dtype.itemsize], dtype)[0]

    def place(self, ndim):
        address, *rest = self.take(1 + 2 * ndim)
        strides = struct.unpack(f"<{ndim}q", struct.pack(f"<{ndim}Q", *rest[ndim:]))
        return address, tuple(rest[:ndim]), strides

    def array(self, dtype, ndim):
        return self.over(dtype, *self.place(ndim))

    def over(self, dtype, *place):
        """What lies there; the same array for the same place, as a kernel's arguments may be one array."""
        key = dtype, *place
        if key not in self.arrays:
            self.arrays[key] = self._over(dtype, *place)
        return self.arrays[key]

    def _over(self, dtype, address, shape, strides):
        if 0 in shape:
            return np.zeros(shape, dtype)
        low = address + sum((n - 1) * step for n, step in zip(shape, strides, strict=True) if step < 0)
        high = address + dtype.itemsize + sum((n - 1) * step for n, step in zip(shape, strides, strict=True) if step > 0)
        for known, data, _ in self.spans:
            if known <= low and high <= known + len(data):
                # The same memory under another name.
                return np.ndarray(shape, dtype, data, address - known, strides)
        data = bytearray(self.gpu.read(low, high - low))
        self.spans.append((low, data, bytes(data)))
        return np.ndarray(shape, dtype, data, address - low, strides)

    def value(self, ty):
        if ty is None:
            return None
        if isinstance(ty, tuple):
            return tuple(self.value(item) for item in ty)
        if isinstance(ty, types.NamedTuple):
            return namedtuple(ty.name, ty.fields)(*map(self.value, ty.__verdigris_items__))
        if isinstance(ty, types.Record):
            return self.records(ty.np_dtype, 1)[0]
        if isinstance(ty, types.Array):
            if isinstance(ty.dtype, types.Record):
                return self.records(ty.dtype.np_dtype, ty.ndim)
            return self.array(np.dtype(ty.dtype.name), ty.ndim)
        return self.scalar(np.dtype(ty.name))

    def records(self, dtype, ndim):
        """Each number of a record is an array: all have to lie where the record says."""
        found = None
        for offset, shape in leaves(dtype):
            address, extents, strides = self.place(ndim + len(shape))
            here = (address - offset, extents[:ndim], strides[:ndim])
            assert found in (None, here), (found, here)
            assert extents[ndim:] == shape
            found = here
        return self.over(dtype, *found)

    def write_back(self):
        for address, data, before in self.spans:
            # Where nothing was written nothing is: others may have written there.
            changed = np.flatnonzero(np.frombuffer(data, np.uint8) != np.frombuffer(before, np.uint8))
            for run in np.split(changed, np.flatnonzero(np.diff(changed) != 1) + 1) if changed.size else ():
                self.gpu.write(address + int(run[0]), bytes(data[run[0] : run[-1] + 1]))


def leaves(dtype, offset=0, shape=()):
    """Offset and shape of each number of a record."""
    if dtype.subdtype:
        elem, own = dtype.subdtype
        yield from leaves(elem, offset, shape + own)
    elif dtype.fields:
        for name in dtype.names:
            field, at = dtype.fields[name][:2]
            yield from leaves(field, offset + at, shape)
    elif dtype.kind in "SU":
        yield offset, (*shape, dtype.itemsize // (1 if dtype.kind == "S" else 4))
    else:
        yield offset, shape


_TEXTS = {}


def kernel_of(name, code):
    """The kernels of that entry with the types that each is compiled for: those whose PTX is what was launched, if any is."""
    fitting = []
    for thing in gc.get_objects():
        if type(thing) is Kernel and "kernel_" + safe(thing.__verdigris_definition__.name) == name:
            fitting += [(thing, signature) for signature in thing.signatures]
    assert fitting, f"no kernel {name}"

    def crc(kernel, signature):
        key = id(kernel), signature
        if key not in _TEXTS:
            capability = cuda.get_current_device().compute_capability
            for other, text in kernel.inspect_ptx(cc=capability).items():
                _TEXTS[id(kernel), other] = kernel, zlib.crc32(text.encode())
        return _TEXTS[key][1]

    # Of arrays that are not aligned the code is another.
    return [found for found in fitting if crc(*found) == code] or fitting


def safe(name):
    return "".join(c if c.isalnum() and c.isascii() else "_" for c in name)


def act(gpu):
    """Has everything that is launched acted from now on."""

    def handler(name, grid, block, shared, parameters):
        if name.startswith("verdigris_"):
            return  # The stand-in knows these itself.
        try:
            (data,) = parameters
            if not name.startswith("kernel_"):
                sweep(gpu, name, data, grid, block)
                return
            for kernel, signature in reversed(kernel_of(name, gpu.code())):
                words = Words(gpu, data)
                try:
                    arguments = [words.value(ty) for ty in signature]
                except AssertionError:
                    continue
                if words.at + 1 == len(words.words):
                    kernel[grid, block, 0, shared]._on_cpu(*arguments)
                    words.write_back()
                    return
            raise AssertionError(f"{name}: no signature has {len(data) // 8} words")
        except BaseException as error:  # A callback of C's: told by the test.
            ERRORS.append(error)

    gpu.on_launch(handler)


def sweep(gpu, name, data, grid, block):
    """A ufunc's loop: each element of operands stepped along its axes, or each set of core arrays."""
    kind, _, called = name.partition("_")
    code = gpu.code()
    for ufunc in [u for u in gc.get_objects() if type(u) is Ufunc and safe(u.__verdigris_definition__.name) == called]:
        for letters, texts in ufunc.inspect_ptx().items():
            if any(zlib.crc32(text.encode()) == code for text in texts):
                words = Words(gpu, data)
                loop(ufunc, kind, letters, words, grid[0] * block[0])
                return words.write_back()
    raise AssertionError(f"{name}: no loop has this code")


def loop(ufunc, kind, letters, words, threads):
    inputs, outputs = letters.split("->")
    types_ = [np.dtype(letter) for letter in inputs + outputs]
    total = len(words.words) - 2
    cores = [[] for _ in types_]
    if kind == "cores":
        sides = (ufunc.signature or "").split("->")
        cores = [[n for n in operand.split(",") if n] for side in sides for operand in side[1:-1].split("),(")]
        if not ufunc.signature:
            cores = [[] for _ in types_]

    # Per operand an address and what its core takes, and a step along each axis; then the axes' extents.
    def is_array(k):
        return kind == "cores" and (k >= ufunc.nin or bool(cores[k]))

    def entries(k):
        return 1 if is_array(k) or kind == "elements" or types_[k].kind != "c" else 2

    fixed = sum(entries(k) + (2 * max(len(cores[k]), 1) if is_array(k) else 0) for k in range(len(types_)))
    stepped = sum(entries(k) for k in range(len(types_))) + 1
    axes, rest = divmod(total - fixed, stepped)
    assert not rest and axes > 0
    placed = []
    for k, dtype in enumerate(types_):
        address, *steps = words.take(1 + axes)
        if entries(k) == 2:
            second, *again = words.take(1 + axes)
            assert second == address + dtype.itemsize // 2 and again == steps
        shape, strides = (), ()
        if is_array(k):
            n = max(len(cores[k]), 1)
            shape, strides = tuple(words.take(n)), signed(words.take(n))
        placed.append((address, signed(steps), shape, strides))
    extents = tuple(words.take(axes))
    (count,) = words.take(1)
    assert count == int(np.prod(extents)) and threads > 0 and words.at + 1 == len(words.words)
    arrays = [
        words.over(dtype, address, extents + shape, steps + strides)
        for dtype, (address, steps, shape, strides) in zip(types_, placed, strict=True)
    ]
    arrays = [array[..., 0] if is_array(k) and not cores[k] else array for k, array in enumerate(arrays)]
    with np.errstate(all="ignore"):
        ufunc.ufunc(*arrays)


def signed(words):
    return struct.unpack(f"<{len(words)}q", struct.pack(f"<{len(words)}Q", *words))
