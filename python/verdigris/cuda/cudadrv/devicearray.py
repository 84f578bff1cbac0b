"""`DeviceNDArray`, the class of arrays on the device."""

from verdigris._verdigris import DeviceNDArray
from verdigris.cuda import is_cuda_array

__all__ = ["DeviceNDArray", "is_cuda_ndarray"]


def is_cuda_ndarray(obj: object) -> bool:
    """Whether an object is an array on the device."""
    return isinstance(obj, DeviceNDArray) or is_cuda_array(obj)
