"""The list of devices, and a device's context."""

from typing import Any

from verdigris.cuda import gpus

__all__ = ["get_context", "gpus"]


def get_context(devnum: int | None = None) -> Any:
    """The context of the device of that number, or of the one in use on this thread."""
    return (gpus.current if devnum is None else gpus[devnum]).context
