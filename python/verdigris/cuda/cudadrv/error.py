"""`CudaSupportError`: the device asked for cannot be used."""

from verdigris.errors import DeviceError as CudaDriverError
from verdigris.errors import DeviceError as CudaSupportError

__all__ = ["CudaDriverError", "CudaSupportError"]
