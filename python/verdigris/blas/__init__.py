"""cuBLAS's routines: `gemm`, `trsm`, `dot` and the rest, in the mathematical view.

    from verdigris import blas
    c = blas.gemm(a, b)                                # a new array
    blas.gemm(a, b, alpha=2, beta=1, out=c)            # c = 2 a b + c, in place
    x = blas.trsm(a, b, uplo="L")                      # a, b as they are

Element (i, j) of a matrix is what `a[i, j]` says: C order, Fortran order and any strides give the same result, and nothing is
transposed but by `trans`. Operands are NumPy arrays, device arrays, and whatever has memory to share (DLPack, the buffer
protocol, `__cuda_array_interface__`); results are where the operands are. In a GPU's memory NVIDIA's cuBLAS does the work, on
`stream`; answers that are numbers are waited for. All have one dtype: float32, float64, complex64 or complex128. Python's
numbers take it. No operand changes but `out`, which may be one of the operands that the routine updates.

Errors name the routine and the operand, and nothing has been written then.
"""

from __future__ import annotations

from typing import Any

from .._verdigris import asum, axpy, dot, dotc, gemm, gemv, ger, nrm2
from ._batch import (
    gels_batched,
    gemm_batched,
    gemm_grouped,
    gemm_strided_batched,
    gemv_batched,
    geqrf_batched,
    getrf_batched,
    getri_batched,
    getrs_batched,
    matinv_batched,
    trsm_batched,
)
from ._handle import Handle
from ._matrix import dgmm, geam, gemm3m, hemm, her2k, herk, herkx, symm, syr2k, syrk, syrkx, tpttr, trmm, trsm, trttp
from ._matvec import (
    gbmv,
    gerc,
    hbmv,
    hemv,
    her,
    her2,
    hpmv,
    hpr,
    hpr2,
    sbmv,
    spmv,
    spr,
    spr2,
    symv,
    syr,
    syr2,
    tbmv,
    tbsv,
    tpmv,
    tpsv,
    trmv,
    trsv,
)
from ._mixed import gemm_ex, matmul
from ._plan import Plan
from ._vector import amax, amin, copy, rot, rotg, rotm, rotmg, scal, swap

dotu, geru = dot, ger

__all__ = [
    "Blas",
    "Handle",
    "Plan",
    "amax",
    "amin",
    "asum",
    "axpy",
    "copy",
    "dgmm",
    "dot",
    "dotc",
    "dotu",
    "gbmv",
    "geam",
    "gels_batched",
    "gemm",
    "gemm3m",
    "gemm_batched",
    "gemm_ex",
    "gemm_grouped",
    "gemm_strided_batched",
    "gemv",
    "gemv_batched",
    "geqrf_batched",
    "ger",
    "gerc",
    "geru",
    "getrf_batched",
    "getri_batched",
    "getrs_batched",
    "hbmv",
    "hemm",
    "hemv",
    "her",
    "her2",
    "her2k",
    "herk",
    "herkx",
    "hpmv",
    "hpr",
    "hpr2",
    "matinv_batched",
    "matmul",
    "nrm2",
    "rot",
    "rotg",
    "rotm",
    "rotmg",
    "sbmv",
    "scal",
    "spmv",
    "spr",
    "spr2",
    "swap",
    "symm",
    "symv",
    "syr",
    "syr2",
    "syr2k",
    "syrk",
    "syrkx",
    "tbmv",
    "tbsv",
    "tpmv",
    "tpsv",
    "tpttr",
    "trmm",
    "trmv",
    "trsm",
    "trsm_batched",
    "trsv",
    "trttp",
]


def __getattr__(name: str) -> Any:
    if name == "Blas":
        # pyculib's class, under the name that a ported script looks for; it stands on this package.
        from ..compat.pyculib.blas import Blas

        return Blas
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
