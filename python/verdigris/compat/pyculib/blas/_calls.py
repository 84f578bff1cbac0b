"""pyculib's calls with explicit sizes, leading dimensions and increments, on memory as it lies.

Each function is one routine: it lays windows over the arrays' memory, column after column as cuBLAS reads it, and runs. A
window that the memory does not hold is a `ShapeError`. What a routine's arguments are called, and their order, is `SIGNATURES`;
`binding` and `Blas` are both made from it.
"""

from __future__ import annotations

from typing import Any

from ...._verdigris import blas_run
from ....errors import ArgumentError, ShapeError

# The arguments after which a leading dimension or an increment follows in the binding's form are upper and lower case: A, x.
SIGNATURES = {
    "gbmv": ("trans m n kl ku alpha A x beta y", "SDCZ"),
    "gemv": ("trans m n alpha A x beta y", "SDCZ"),
    "trmv": ("uplo trans diag n A x", "SDCZ"),
    "tbmv": ("uplo trans diag n k A x", "SDCZ"),
    "tpmv": ("uplo trans diag n AP x", "SDCZ"),
    "trsv": ("uplo trans diag n A x", "SDCZ"),
    "tbsv": ("uplo trans diag n k A x", "SDCZ"),
    "tpsv": ("uplo trans diag n AP x", "SDCZ"),
    "symv": ("uplo n alpha A x beta y", "SDCZ"),
    "hemv": ("uplo n alpha A x beta y", "CZ"),
    "sbmv": ("uplo n k alpha A x beta y", "SD"),
    "hbmv": ("uplo n k alpha A x beta y", "CZ"),
    "spmv": ("uplo n alpha AP x beta y", "SD"),
    "hpmv": ("uplo n alpha AP x beta y", "CZ"),
    "ger": ("m n alpha x y A", "SD"),
    "geru": ("m n alpha x y A", "CZ"),
    "gerc": ("m n alpha x y A", "CZ"),
    "syr": ("uplo n alpha x A", "SDCZ"),
    "her": ("uplo n alpha x A", "CZ"),
    "spr": ("uplo n alpha x AP", "SD"),
    "hpr": ("uplo n alpha x AP", "CZ"),
    "syr2": ("uplo n alpha x y A", "SDCZ"),
    "her2": ("uplo n alpha x y A", "CZ"),
    "spr2": ("uplo n alpha x y A", "SD"),
    "hpr2": ("uplo n alpha x y A", "CZ"),
    "gemm": ("transa transb m n k alpha A B beta C", "SDCZ"),
    "syrk": ("uplo trans n k alpha A beta C", "SDCZ"),
    "herk": ("uplo trans n k alpha A beta C", "CZ"),
    "symm": ("side uplo m n alpha A B beta C", "SDCZ"),
    "hemm": ("side uplo m n alpha A B beta C", "CZ"),
    "trsm": ("side uplo trans diag m n alpha A B", "SDCZ"),
    "trmm": ("side uplo trans diag m n alpha A B C", "SDCZ"),
    "dgmm": ("side m n A x C", "SDCZ"),
    "geam": ("transa transb m n alpha A beta B C", "SDCZ"),
}
PACKED = {"spr2", "hpr2"}

FLAGS = {
    "trans": {"N": "N", "T": "T", "C": "C", "H": "C"},
    "uplo": {"U": "U", "L": "L"},
    "side": {"L": "L", "R": "R"},
    "diag": {True: "U", False: "N"},
}
FLAGS["transa"] = FLAGS["transb"] = FLAGS["trans"]


def takes(routine: str, name: str) -> str | None:
    """What follows an argument in the binding's form: `"ld"`, `"inc"` or nothing."""
    if name in ("A", "B", "C") and routine not in PACKED:
        return "ld"
    return "inc" if name in ("x", "y") else None


class Call:
    """One call: its arguments by name, the leading dimensions and increments among them."""

    def __init__(self, routine: str, arguments: dict[str, Any], stream: Any) -> None:
        self.routine = routine
        self.arguments = arguments
        self.stream = stream

    def __getitem__(self, name: str) -> Any:
        return self.arguments[name]

    def size(self, name: str) -> int:
        value = self[name].__index__()
        if value < 0:
            raise ShapeError(
                f"{self.routine}: `{name}` is {value}, and has to be 0 or more",
                code="bad-size",
                routine=self.routine,
                operand=name,
            )
        return value

    def vector(self, name: str, length: int) -> tuple[Any, ...]:
        """A window of elements `inc` apart; a negative one begins at its end."""
        step = self["inc" + name].__index__()
        if step == 0:
            raise ShapeError(f"{self.routine}: `inc{name}` is 0", code="bad-size", routine=self.routine, operand=f"inc{name}")
        return (self[name], 0 if step > 0 else -step * max(length - 1, 0), (length,), (step,))

    def matrix(self, name: str, rows: int, cols: int) -> tuple[Any, ...]:
        """A window of columns `ld` apart."""
        ld = self["ld" + name.lower()].__index__()
        if ld < max(1, rows):
            text = f"{self.routine}: `{name}` has a leading dimension of {ld}, and columns of {rows} elements"
            raise ShapeError(text, code="leading-dimension", routine=self.routine, operand=name)
        return (self[name], 0, (rows, cols), (1, ld))

    def packed(self, name: str, n: int) -> tuple[Any, ...]:
        return (self[name], 0, (n * (n + 1) // 2,), (1,))

    def number(self, name: str) -> complex:
        try:
            return complex(self[name])
        except (TypeError, ValueError):
            text = f"{self.routine}: `{name}` has to be a number, not {self[name]!r}"
            raise ArgumentError(text, code="bad-scalar", routine=self.routine, operand=name) from None

    def flags(self, *names: str) -> list[str]:
        return [FLAGS[name][self[name]] for name in names]

    def run(
        self, flags: list[str], ints: list[int], numbers: list[complex], arrays: list[Any], routine: str | None = None
    ) -> Any:
        return blas_run(routine or self.routine, flags, ints, numbers, arrays, self.stream)


def _turned(flag: str, rows: int, cols: int) -> tuple[int, int]:
    return (rows, cols) if flag == "N" else (cols, rows)


def run(routine: str, arguments: dict[str, Any], stream: Any) -> None:
    """Runs a routine of levels 2 and 3 or an extension."""
    c = Call(routine, arguments, stream)
    kind = routine
    if kind == "gemv":
        (trans,) = c.flags("trans")
        m, n = c.size("m"), c.size("n")
        length, inner = _turned(trans, m, n)
        c.run(
            [trans], [], [c.number("alpha"), c.number("beta")], [c.matrix("A", m, n), c.vector("x", inner), c.vector("y", length)]
        )
    elif kind == "gbmv":
        (trans,) = c.flags("trans")
        m, n, kl, ku = c.size("m"), c.size("n"), c.size("kl"), c.size("ku")
        length, inner = _turned(trans, m, n)
        arrays = [c.matrix("A", kl + ku + 1, n), c.vector("x", inner), c.vector("y", length)]
        c.run([trans], [m, kl, ku], [c.number("alpha"), c.number("beta")], arrays)
    elif kind in ("symv", "hemv", "sbmv", "hbmv", "spmv", "hpmv"):
        n = c.size("n")
        ints = [c.size("k")] if kind[1] == "b" else []
        a = c.packed("AP", n) if kind[1] == "p" else c.matrix("A", ints[0] + 1 if ints else n, n)
        c.run(c.flags("uplo"), ints, [c.number("alpha"), c.number("beta")], [a, c.vector("x", n), c.vector("y", n)])
    elif kind in ("trmv", "trsv", "tbmv", "tbsv", "tpmv", "tpsv"):
        n = c.size("n")
        ints = [c.size("k")] if kind[1] == "b" else []
        a = c.packed("AP", n) if kind[1] == "p" else c.matrix("A", ints[0] + 1 if ints else n, n)
        c.run(c.flags("uplo", "trans", "diag"), ints, [], [a, c.vector("x", n)])
    elif kind in ("ger", "geru", "gerc"):
        m, n = c.size("m"), c.size("n")
        c.run([], [], [c.number("alpha")], [c.vector("x", m), c.vector("y", n), c.matrix("A", m, n)])
    elif kind in ("syr", "her", "spr", "hpr", "syr2", "her2", "spr2", "hpr2"):
        n = c.size("n")
        vectors = [c.vector("x", n), c.vector("y", n)] if kind.endswith("2") else [c.vector("x", n)]
        a = c.packed("A" if kind in PACKED else "AP", n) if kind[1] == "p" else c.matrix("A", n, n)
        c.run(c.flags("uplo"), [], [c.number("alpha")], [*vectors, a])
    elif kind == "gemm":
        ta, tb = c.flags("transa", "transb")
        m, n, k = c.size("m"), c.size("n"), c.size("k")
        arrays = [c.matrix("A", *_turned(ta, m, k)), c.matrix("B", *_turned(tb, k, n)), c.matrix("C", m, n)]
        c.run([ta, tb], [], [c.number("alpha"), c.number("beta")], arrays)
    elif kind in ("syrk", "herk"):
        uplo, trans = c.flags("uplo", "trans")
        n, k = c.size("n"), c.size("k")
        c.run(
            [uplo, trans], [], [c.number("alpha"), c.number("beta")], [c.matrix("A", *_turned(trans, n, k)), c.matrix("C", n, n)]
        )
    elif kind in ("symm", "hemm"):
        side, uplo = c.flags("side", "uplo")
        m, n = c.size("m"), c.size("n")
        order = m if side == "L" else n
        arrays = [c.matrix("A", order, order), c.matrix("B", m, n), c.matrix("C", m, n)]
        c.run([side, uplo], [], [c.number("alpha"), c.number("beta")], arrays)
    elif kind in ("trsm", "trmm"):
        flags = c.flags("side", "uplo", "trans", "diag")
        m, n = c.size("m"), c.size("n")
        order = m if flags[0] == "L" else n
        a, b = c.matrix("A", order, order), c.matrix("B", m, n)
        if kind == "trmm":
            out = c.matrix("C", m, n)
            # Judged before C is written: A apart from C, and B either apart from it or the same matrix.
            blas_run(kind, flags, [], [c.number("alpha")], [a, out], c.stream, True)
            if out[0] is not b[0] or out[3] != b[3]:
                c.run(["N", "N"], [], [1, 0], [b, b, out], "geam")
            b = out
        c.run(flags, [], [c.number("alpha")], [a, b])
    elif kind == "dgmm":
        (side,) = c.flags("side")
        m, n = c.size("m"), c.size("n")
        c.run([side], [], [], [c.matrix("A", m, n), c.vector("x", m if side == "L" else n), c.matrix("C", m, n)])
    else:
        ta, tb = c.flags("transa", "transb")
        m, n = c.size("m"), c.size("n")
        arrays = [c.matrix("A", *_turned(ta, m, n)), c.matrix("B", *_turned(tb, m, n)), c.matrix("C", m, n)]
        c.run([ta, tb], [], [c.number("alpha"), c.number("beta")], arrays)
