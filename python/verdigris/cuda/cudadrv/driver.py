"""`CudaAPIError`, a fault of the device, and the classes of streams and events."""

from verdigris._verdigris import Event, Stream
from verdigris.errors import DeviceError as CudaAPIError

__all__ = ["CudaAPIError", "Event", "Stream"]
