"""pyculib's one setting: `PYCULIB_WARNINGS`, read once, has its performance warnings shown."""

from __future__ import annotations

import os

from ...errors import PerformanceWarning

__all__ = ["PerformanceWarning", "warnings_wanted"]

_WARNINGS = os.environ.get("PYCULIB_WARNINGS", "0").strip() or "0"


def warnings_wanted() -> bool:
    """Whether performance warnings are shown."""
    return _WARNINGS != "0"
