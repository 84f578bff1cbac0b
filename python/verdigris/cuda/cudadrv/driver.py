"""`CudaAPIError`: a fault of the device."""

from verdigris.errors import DeviceError as CudaAPIError

__all__ = ["CudaAPIError"]
