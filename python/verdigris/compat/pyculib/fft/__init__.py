"""Stands for `pyculib.fft`: `FFTPlan`, and functions that plan and transform at once. Nothing is scaled: `ifft(fft(x))` is n
times `x`.

Mended: `forward` and `inverse` work without `out`, results of a batch have its shape, shapes are compared as wholes, and real
arrays of odd length can be had back by `ifft` into one. Host arrays of any order and strides are transformed where they lie.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...._verdigris import DeviceNDArray, device_array
from ....errors import BadValueError, ShapeError
from ....fft._transform import run
from . import binding

__all__ = ["FFTPlan", "fft", "fft_inplace", "ifft", "ifft_inplace"]

_OPERATIONS = {
    ("f", "F"): binding.CUFFT_R2C,
    ("d", "D"): binding.CUFFT_D2Z,
    ("F", "f"): binding.CUFFT_C2R,
    ("D", "d"): binding.CUFFT_Z2D,
    ("F", "F"): binding.CUFFT_C2C,
    ("D", "D"): binding.CUFFT_Z2Z,
}
_FORWARD = (binding.CUFFT_R2C, binding.CUFFT_D2Z)
_INVERSE = (binding.CUFFT_C2R, binding.CUFFT_Z2D)


class FFTPlan:
    """A transform of all axes of arrays of one shape, or of a batch of them.

    `shape` is that of the *input*, one to three extents; for complex to real the last is half of the real length plus 1, the
    real length being even. `itype` and `otype` are the element types. With `batch` arrays at once, arrays have shape
    `(batch, *shape)`, or are flat with as many elements.
    """

    MODE_NATIVE = binding.CUFFT_COMPATIBILITY_NATIVE
    MODE_FFTW_PADDING = binding.CUFFT_COMPATIBILITY_FFTW_PADDING
    MODE_FFTW_ASYMMETRIC = binding.CUFFT_COMPATIBILITY_FFTW_ASYMMETRIC
    MODE_FFTW_ALL = binding.CUFFT_COMPATIBILITY_FFTW_ALL
    MODE_DEFAULT = binding.CUFFT_COMPATIBILITY_DEFAULT
    SUPPORTED_TYPES = frozenset((np.dtype(i), np.dtype(o)) for i, o in _OPERATIONS)

    def __init__(self, shape: Any, itype: Any, otype: Any, batch: int = 1, stream: Any = 0, mode: int = MODE_DEFAULT) -> None:
        self.itype, self.otype = np.dtype(itype), np.dtype(otype)
        operation = _OPERATIONS.get((self.itype.char, self.otype.char))
        if operation is None:
            raise BadValueError("Invalid type combination", code="bad-dtype")
        self.operation = operation
        self.shape = tuple(int(n) for n in np.atleast_1d(np.asarray(shape, np.intp)))
        if not 1 <= len(self.shape) <= 3 or min(self.shape) < 1:
            raise ShapeError(f"a plan has one to three extents of at least 1, not {self.shape}", code="shape")
        if batch < 1:
            raise BadValueError(f"a batch has at least one array, not {batch}", code="batch")
        self.batch, self.stream, self.mode = int(batch), stream, mode
        self._lengths = self.shape
        if operation in _INVERSE:
            self._lengths = self.shape[:-1] + (2 * (self.shape[-1] - 1),)
        self._check_lengths()
        self.ishape = self.shape
        self.oshape = self._lengths if operation in _INVERSE else self.shape
        if operation in _FORWARD:
            self.oshape = self.shape[:-1] + (self.shape[-1] // 2 + 1,)

    def _check_lengths(self) -> None:
        if self._lengths[-1] < 1:
            raise ShapeError(f"a half spectrum of {self.shape[-1]} element has no real array of even length", code="shape")

    @property
    def direction(self) -> str:
        """`'forward'`, `'inverse'` or `'both'`."""
        if self.operation in _FORWARD:
            return "forward"
        return "inverse" if self.operation in _INVERSE else "both"

    def forward(self, ary: Any, out: Any = None) -> Any:
        """Transforms `ary` into `out`, which may be `ary` itself, or into a new array; gives that."""
        if self.operation in _INVERSE:
            raise TypeError("Invalid operation")
        return self._run(True, ary, out)

    def inverse(self, ary: Any, out: Any = None) -> Any:
        """The inverse transform, not scaled."""
        if self.operation in _FORWARD:
            raise TypeError("Invalid operation")
        return self._run(False, ary, out)

    def _run(self, forward: bool, ary: Any, out: Any) -> Any:
        if not isinstance(ary, np.ndarray | DeviceNDArray):
            raise TypeError(f"a plan transforms arrays, not {type(ary).__name__}")
        if ary.dtype != self.itype:
            raise BadValueError("Incompatiable input array dtype", code="bad-dtype")
        source = self._fitted(ary, self.ishape, "Incompatible input array shape")
        if out is None:
            out = self._made(ary, (self.batch, *self.oshape) if self.batch > 1 else self.oshape)
        elif out.dtype != self.otype:
            raise BadValueError("Incompatiable output array dtype", code="bad-dtype")
        target = self._fitted(out, self.oshape, "Incompatible output shape")
        axes = [(axis + 1, n) for axis, n in enumerate(self._lengths)]
        run(binding.KINDS[self.operation], forward, source, axes, 1.0, out=target, stream=self.stream)
        return out

    def _fitted(self, ary: Any, shape: tuple[int, ...], message: str) -> Any:
        """A view of the array with the batch as its first axis."""
        whole = (self.batch, *shape)
        if ary.shape == whole:
            return ary
        if self.batch == 1 and ary.shape == shape:
            return ary[None] if isinstance(ary, np.ndarray) else ary.reshape(*whole)
        if ary.ndim == 1 and ary.size >= math.prod(whole):
            return binding.dense(ary, whole)
        raise ShapeError(message, code="shape")

    def _made(self, like: Any, shape: tuple[int, ...]) -> Any:
        if isinstance(like, DeviceNDArray):
            return device_array(shape, self.otype, None, "F" if like.is_f_contiguous() and not like.is_c_contiguous() else "C")
        return np.empty(shape, self.otype, "F" if like.flags.fnc else "C")


def _planned(ary: Any, out: Any, stream: Any) -> FFTPlan:
    plan = FFTPlan(ary.shape, ary.dtype, out.dtype, stream=stream or 0)
    if plan.operation in _INVERSE and out.ndim == ary.ndim and out.shape[-1] // 2 + 1 == ary.shape[-1]:
        # The output says whether the real length is odd.
        plan.oshape = plan._lengths = plan._lengths[:-1] + (out.shape[-1],)
    return plan


def fft(ary: Any, out: Any, stream: Any = None) -> Any:
    """Transforms all axes of `ary` into `out`, whose element types say how; gives `out`."""
    return _planned(ary, out, stream).forward(ary, out)


def ifft(ary: Any, out: Any, stream: Any = None) -> Any:
    """The inverse transform, not scaled."""
    return _planned(ary, out, stream).inverse(ary, out)


def fft_inplace(ary: Any, stream: Any = None) -> Any:
    """Transforms a complex array into itself."""
    return fft(ary, ary, stream)


def ifft_inplace(ary: Any, stream: Any = None) -> Any:
    """The inverse transform of a complex array into itself, not scaled."""
    return ifft(ary, ary, stream)
