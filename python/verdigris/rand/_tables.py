"""Where an installed cuRAND may lie that the dynamic linker does not know: beside NumPy, as pip puts it."""

from __future__ import annotations

import os
import sys

from .._verdigris import load_curand

# The kinds that need its tables.
NEEDED = {"mtgp32", "scrambled_sobol32", "scrambled_sobol64", 141, 202, 204}

_PLACES = (("cu13", "lib"), ("curand", "lib"), ("cu12", "lib"))


def find() -> None:
    """Names the first libcurand of pip's on Python's path, unless `VERDIGRIS_CURAND` names one; opens nothing."""
    if os.environ.get("VERDIGRIS_CURAND"):
        return
    for folder in sys.path:
        for place in _PLACES:
            library = os.path.join(folder, "nvidia", *place, "libcurand.so.10")
            if os.path.exists(library):
                load_curand(library)
                return
