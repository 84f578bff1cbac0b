"""Device functions made from texts when their names are first asked for: what `libdevice` and `bf16` consist of."""

from __future__ import annotations

import linecache
import os
from typing import Any


def device_function(module: str, name: str, text: str, **names: Any) -> Any:
    """The device function that `text` defines; it sees `math`, `np`, `vmath` (this package's functions), `cuda`, `rounded`
    and `names`."""
    import math

    import numpy as np

    import verdigris.math as vmath
    from verdigris import cuda
    from verdigris.cuda import _rounded

    file = os.path.join(os.path.dirname(__file__), module, f"{name}.py")
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    world = {"math": math, "np": np, "vmath": vmath, "cuda": cuda, "rounded": _rounded, **names}
    world["__name__"] = f"verdigris.cuda.{module}"
    exec(compile(text, file, "exec"), world)
    # Its text may call the built-in function of its name.
    return cuda.jit(device=True)(world.pop(name))
