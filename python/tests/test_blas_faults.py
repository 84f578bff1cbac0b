"""verdigris.blas given what it cannot take: each argument of each routine spoilt in turn.

Whatever is given, the call either works or raises an error of ours that names routine and operand, and then no array has changed.
"""

import inspect
import warnings

import numpy as np
import pytest

from verdigris import blas
from verdigris.errors import VerdigrisError

RNG = np.random.default_rng(7)


def matrix(rows, cols):
    return RNG.normal(size=(rows, cols)) + 1j * RNG.normal(size=(rows, cols))


def calls():
    """Routines with arguments that they take."""
    a, b, c = matrix(4, 4), matrix(4, 4), matrix(4, 4)
    x, y, ap, ab = matrix(1, 4)[0], matrix(1, 4)[0], matrix(1, 10)[0], matrix(3, 4)
    stack = np.stack([matrix(4, 4) + 4 * np.eye(4) for _ in range(3)])
    stacks = {"a": stack, "b": stack.copy(), "c": stack.copy()}
    lu, pivots, _ = blas.getrf_batched(stack)
    numbers, tri = {"alpha": 1, "beta": 2}, {"uplo": "U", "trans": "N", "diag": "N"}
    product = numbers | {"transa": "N", "transb": "T"}
    made = {
        "gemm": {"a": a, "b": b, "c": c} | product,
        "gemm3m": {"a": a, "b": b, "c": c} | product,
        "symm": {"a": a, "b": b, "c": c, "side": "L", "uplo": "U"} | numbers,
        "syrk": {"a": a, "c": c, "uplo": "U", "trans": "N"} | numbers,
        "her2k": {"a": a, "b": b, "c": c, "uplo": "U", "trans": "N"} | numbers,
        "trsm": {"a": a, "b": b, "alpha": 1, "side": "L"} | tri,
        "geam": {"a": a, "b": b} | product,
        "dgmm": {"a": a, "x": x, "side": "L"},
        "trttp": {"a": a, "uplo": "U"},
        "tpttr": {"ap": ap, "a": a, "uplo": "U"},
        "gemv": {"a": a, "x": x, "y": y, "trans": "N"} | numbers,
        "gbmv": {"ab": ab, "x": x, "y": y, "m": 4, "kl": 1, "ku": 1, "trans": "N"} | numbers,
        "hbmv": {"ab": ab, "x": x, "y": y, "uplo": "U"} | numbers,
        "spmv": {"ap": ap, "x": x, "y": y, "uplo": "U"} | numbers,
        "trsv": {"a": a, "x": x} | tri,
        "tbmv": {"ab": ab, "x": x} | tri,
        "tpsv": {"ap": ap, "x": x} | tri,
        "gerc": {"x": x, "y": y, "a": a, "alpha": 1},
        "her": {"x": x, "a": a, "alpha": 1, "uplo": "U"},
        "spr2": {"x": x, "y": y, "ap": ap, "alpha": 1, "uplo": "U"},
        "dotc": {"x": x, "y": y},
        "nrm2": {"x": x},
        "amax": {"x": x},
        "axpy": {"x": x, "y": y, "alpha": 2},
        "scal": {"alpha": 2, "x": x},
        "rot": {"x": x, "y": y, "c": 0.6, "s": 0.8},
        "rotm": {"x": x.real.copy(), "y": y.real.copy(), "param": np.array([-1.0, 1, 2, 3, 4])},
        "rotg": {"a": 1.0, "b": 2.0},
        "rotmg": {"d1": 1.0, "d2": 2.0, "x1": 3.0, "y1": 4.0},
        "gemm_batched": stacks | product,
        "gemv_batched": {"a": stack, "x": matrix(3, 4), "y": matrix(3, 4), "trans": "N"} | numbers,
        "trsm_batched": {"a": stack, "b": stacks["b"], "alpha": 1, "side": "L"} | tri,
        "getrf_batched": {"a": stack, "pivot": True},
        "getrs_batched": {"lu": lu, "pivots": pivots, "b": stacks["b"], "trans": "N"},
        "getri_batched": {"lu": lu, "pivots": pivots},
        "gels_batched": {"a": stack, "b": stacks["b"]},
        "gemm_ex": {name: m.real.astype(np.float16) for name, m in (("a", a), ("b", b), ("c", c))}
        | product
        | {"dtype": None, "compute": "float32"},
        "matmul": {"a": a.real.copy(), "b": b.real.copy(), "epilogue": "GELU_AUX_BIAS", "bias": np.ones(4), "transa": "N"},
    }
    return list(made.items())


class Refusing:
    """An object that NumPy cannot read."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("no")

    def __index__(self):
        raise ValueError("no index")


class OnAGpu:
    @property
    def __cuda_array_interface__(self):
        return {"shape": (4,), "typestr": "<f8", "data": (64, False), "version": 3}


class BadCapsule:
    def __dlpack_device__(self):
        return (1, 0)

    def __dlpack__(self, **options):
        raise BufferError("no")


ARRAYS = (
    None, 3, "x", [], [[1, 2], [3]], object(), np.zeros(()), np.zeros((2, 2, 2, 2)), np.zeros(5, object), np.array(["a"]),
    np.zeros((3, 3), np.int64), np.zeros((3, 5), complex), np.zeros((0, 4), complex), np.zeros(7, complex),
    np.ma.masked_array(np.zeros((4, 4), complex)), Refusing(), OnAGpu(), BadCapsule(), np.zeros((4, 4), np.float32),
    np.zeros(4, [("a", float)]), [np.zeros((2, 2)), np.zeros((3, 3))], np.nan,
)  # fmt: skip
NUMBERS = (
    None,
    "1",
    np.nan,
    np.inf,
    complex(np.nan, 0),
    10**400,
    object(),
    [1],
    np.zeros(2),
    np.array("a"),
    Refusing(),
    np.ma.masked,
)
FLAGS = (None, 1, "", "X", "NN", b"N", "\0", object(), "ñ")
EXTENTS = (None, 1.0, "1", -1, 2**63, 2**100, Refusing())
DTYPES = ("foo", 3, object(), np.float64, "S3")
STREAMS = (3.5, "x", object(), -5)
LETTERS = ("transa", "transb", "trans", "uplo", "side", "diag", "epilogue")


def judged(routine, arguments, must_fail):
    arrays = {name: (value, value.copy()) for name, value in arguments.items() if isinstance(value, np.ndarray)}
    try:
        getattr(blas, routine)(**arguments)
    except VerdigrisError as error:
        assert error.routine is not None and error.operand is not None, str(error)
        for name, (array, before) in arrays.items():
            assert array.dtype.kind not in "fc" or np.array_equal(array, before, equal_nan=True), f"{name} was written: {error}"
    else:
        assert not must_fail, f"{routine} took {arguments}"


@pytest.mark.parametrize(("routine", "arguments"), calls(), ids=lambda value: value if isinstance(value, str) else "")
def test_each_argument_spoilt(routine, arguments):
    getattr(blas, routine)(**arguments)
    takes = inspect.signature(getattr(blas, routine)).parameters
    optional = {name for name, one in takes.items() if one.default is None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, value in arguments.items():
            if isinstance(value, np.ndarray):
                spoilt, surely = ARRAYS, False
            elif name in LETTERS:
                spoilt, surely = FLAGS, True
            elif name in ("m", "kl", "ku"):
                spoilt, surely = EXTENTS, True
            else:
                spoilt, surely = (DTYPES, False) if name == "dtype" else (NUMBERS, True)
            for wrong in spoilt:
                judged(routine, arguments | {name: wrong}, surely and not (wrong is None and name in optional))
        if "stream" in takes:
            for wrong in STREAMS:
                judged(routine, arguments | {"stream": wrong}, True)
        if "out" in takes:
            for wrong in (*ARRAYS[1:], (1, 2)):
                judged(routine, arguments | {"out": wrong}, True)
            for value in [value for value in arguments.values() if isinstance(value, np.ndarray)]:
                judged(routine, arguments | {"out": value[::-1]}, False)
                locked = value.copy()
                locked.flags.writeable = False
                spread = np.lib.stride_tricks.as_strided(np.zeros(1, value.dtype), value.shape, (0,) * value.ndim)
                judged(routine, arguments | {"out": locked}, True)
                judged(routine, arguments | {"out": spread}, True)


@pytest.mark.parametrize("wrong", [5, None, (1,), (1, 2, 3), ("a", 2), (-1, 2), (1.5, 2), "ab"])
def test_plans_of_wrong_shapes(wrong):
    for shapes in ((wrong, (4, 4)), ((4, 4), wrong)):
        with pytest.raises(VerdigrisError):
            blas.Plan(*shapes)


@pytest.mark.parametrize("options", [{"dtype": "foo"}, {"dtype": 3}, {"alpha": "x"}, {"transa": 3}, {"beta": np.nan}])
def test_plans_of_wrong_options(options):
    with pytest.raises(VerdigrisError):
        blas.Plan((4, 4), (4, 4), **options)


@pytest.mark.parametrize(
    "wrong", [None, 3, [3], [{}], [{"a": np.eye(2)[None]}], [{"a": np.eye(2)[None], "b": 1, "zz": 1}], {}, "ab"]
)
def test_groups_that_are_none(wrong):
    with pytest.raises(VerdigrisError):
        blas.gemm_grouped(wrong)
