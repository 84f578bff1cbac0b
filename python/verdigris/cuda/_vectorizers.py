"""`cuda.vectorize` and `cuda.guvectorize`: those of the package, which run where kernels run unless they are told otherwise."""

from __future__ import annotations

from typing import Any

from .. import _guvectorize, _vectorize


def vectorize(signatures: Any = (), target: _vectorize.Target = "cuda", **options: Any) -> Any:
    """`verdigris.vectorize` with `target="cuda"`."""
    return _vectorize.vectorize(signatures, target=target, **options)


def guvectorize(signatures: Any, layout: str | None = None, target: _vectorize.Target = "cuda", **options: Any) -> Any:
    """`verdigris.guvectorize` with `target="cuda"`."""
    return _guvectorize.guvectorize(signatures, layout, target=target, **options)
