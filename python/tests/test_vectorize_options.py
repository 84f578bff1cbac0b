"""What `vectorize` takes besides a function: keywords and defaults, literals, error models; several results; interruption."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import verdigris
from verdigris import vectorize

rng = np.random.default_rng(11)


@vectorize
def scaled(x, factor=2.0, offset=1):
    return x * factor + offset


@vectorize
def divmod_(a, b):
    return a // b, a % b


# --- keywords and defaults ---


def test_arguments_by_name_and_defaults():
    x = np.arange(4.0)
    for keywords, result in (
        ({}, x * 2 + 1),
        ({"factor": 3.0}, x * 3 + 1),
        ({"offset": x}, x * 2 + x),
        ({"offset": 5, "factor": x}, x * x + 5),
    ):
        np.testing.assert_array_equal(scaled(x, **keywords), result)
    np.testing.assert_array_equal(scaled(x, 4.0), x * 4 + 1)
    np.testing.assert_array_equal(scaled(factor=4.0, x=x), x * 4 + 1)
    # A default is weak, as if it were written in the call.
    assert scaled(np.float32(3)).dtype == np.float32 and scaled(np.arange(3, dtype="f4")).dtype == np.float32
    out = np.empty(4)
    assert scaled(x, out=out) is out and scaled(x, offset=0, out=out, where=[True, False, True, True]) is out
    np.testing.assert_array_equal(out, [0, 3, 4, 6])
    for wrong in (lambda: scaled(), lambda: scaled(x, colour=1), lambda: scaled(factor=1), lambda: scaled(x, x=x)):
        with pytest.raises(TypeError):
            wrong()


# --- several results ---


@pytest.mark.parametrize("target", ["cpu", "parallel", "cuda"])
def test_several_results_are_numpys(target):
    f = vectorize(target=target)(lambda a, b: (a // b, a % b))
    assert f.nout == 2
    for dtype in ("i8", "f8", "u8", "f4"):
        a, b = (rng.integers(1, 100, (3, 700)).astype(dtype) for _ in range(2))
        for ours, theirs in zip(f(a, b), np.divmod(a, b), strict=True):
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)
        for ours, theirs in zip(f(a[:, ::2].T, b[0, 0]), np.divmod(a[:, ::2].T, b[0, 0]), strict=True):
            assert ours.strides == theirs.strides
            np.testing.assert_array_equal(ours, theirs)
    first, second = np.empty((3, 700)), np.empty((3, 700))
    assert f(a, b, out=(first, second))[0] is first
    whole, part = f(7, 2)
    assert (whole, part) == (3, 1) and isinstance(whole, np.int64)
    f(a, b, out=(None, second))
    np.testing.assert_array_equal(second, a % b)


def test_several_results_with_signatures():
    f = vectorize(["(float64, float64)", "(int64, int64)"])(divmod_.py_func)
    assert f.types == ["dd->dd", "ll->ll"]
    with pytest.raises(ValueError, match="returning a single value"):
        f.reduce(np.ones(3))


# --- literals ---


def test_weak_literals_take_their_operands_precision():
    def body(x):
        return (0.5 * x * x + 2 if x > 0.1 else 1.5 * x) - 3.25

    strong, weak = vectorize(body), vectorize(literals="weak")(body)
    x = rng.normal(size=100).astype("f4")
    assert strong(x).dtype == np.float64 and weak(x).dtype == np.float32
    half, many = np.float32(0.5), np.float32(1.5)
    expected = np.where(x > np.float32(0.1), half * x * x + np.float32(2), many * x) - np.float32(3.25)
    np.testing.assert_array_equal(weak(x), expected)
    assert weak(np.arange(3)).dtype == np.float64 and weak(x.astype("c8").real).dtype == np.float32

    @vectorize(literals="weak")
    def plus_one(x):
        return x + 1

    # 2**64 - 1 would be a float64 by Numba's rule for uint64 + int64.
    assert plus_one(np.uint64(2**64 - 2)) == 2**64 - 1
    assert plus_one(np.ones(2, "c8")).dtype == np.complex64
    with pytest.raises(verdigris.errors.ArgumentError, match="literals"):
        vectorize(literals="strong")


# --- other options ---


def test_options_that_are_refused_say_why():
    for option, text in (
        ({"error_model": "python"}, "error_model is 'numpy'"),
        ({"locals": {}}, "inferred"),
        ({"forceobj": True}, "object mode"),
        ({"writable_args": (0,)}, "guvectorize"),
    ):
        with pytest.raises(verdigris.errors.ArgumentError, match=text):
            vectorize(**option)
    vectorize(error_model="numpy", fastmath=True, cache=True, nopython=True)


def test_code_can_be_read():
    f = vectorize(["(float64, float64)", "(int64, int64)"])(lambda a, b: a * b)
    assert set(f.inspect_llvm()) == {"dd->d", "ll->l"} == set(f.inspect_asm())
    assert "fmul" in f.inspect_llvm("dd->d") and "mul" in f.inspect_asm("dd->d")
    with pytest.raises(KeyError, match="there is no loop"):
        f.inspect_asm("ff->f")


# --- faults in loops that NumPy calls ---


@pytest.mark.parametrize("size", [3, 5000])
def test_a_fault_in_a_loop_that_numpy_calls_is_its_own_exception(size):
    @vectorize
    def pick(a, b):
        return (1.0, 2.0)[int(a)] + b

    x = np.zeros(size)
    np.testing.assert_array_equal(pick.ufunc(x, x), x + 1)
    x[size // 2] = 2
    for call in (
        lambda: pick.ufunc(x, x),
        lambda: pick(x, x, where=x >= 0, out=np.zeros(size)),
        lambda: pick.ufunc.reduce(x[::-1] * 2),
        lambda: pick.accumulate(x[::-1]),
        lambda: pick.outer(x, x[:3]),
    ):
        with pytest.raises(IndexError):
            call()
    # Nothing is left behind.
    assert pick.ufunc(x * 0, x)[0] == 1.0


# --- interruption ---


@pytest.mark.parametrize("call", ["f.reduce(x)", "f.accumulate(x)", "g(y)", "f.ufunc(x, x)", "s(x[:1])"])
def test_long_calls_of_every_kind_can_be_interrupted(call, tmp_path):
    script = tmp_path / "long.py"
    script.write_text(
        textwrap.dedent(f"""
        import signal
        import numpy as np
        from verdigris import guvectorize, vectorize
        signal.signal(signal.SIGALRM, signal.default_int_handler)

        @vectorize
        def f(a, b):
            while a >= b:
                b = b * 0 - 1
            return a

        @vectorize
        def s(a):
            while a >= 0:
                a = a * 1
            return a

        @guvectorize("(n)->()")
        def g(x, out):
            while x[0] >= 0:
                out[0] = 1.0

        x, y = np.ones(1000), np.ones((3, 2))
        signal.setitimer(signal.ITIMER_REAL, 1.0)
        try:
            {call}
        except KeyboardInterrupt:
            print("interrupted")
        """)
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, env=os.environ)
    assert done.stdout == "interrupted\n", done.stderr


def test_several_results_in_signatures():
    def both(a, b):
        return a + b, a > b

    for signature in ("Tuple((float32, boolean))(float32, float32)", "UniTuple(float64, 2)(float64, float64)"):
        f = vectorize([signature])(both)
        total, larger = f(np.array([1.0, 5.0], f.types[0][0]), np.array([2.0, 3.0], f.types[0][0]))
        assert f.nout == 2 and total.tolist() == [3, 8] and larger.tolist() == [0, 1]
        assert f.types == [{"T": "ff->f?", "U": "dd->dd"}[signature[0]]]
    for wrong in ("Tuple(float32)(float32)", "UniTuple(float32, 0)(float32)"):
        with pytest.raises(verdigris.errors.ArgumentError):
            vectorize([wrong])(both)


# --- unknown options ---


def test_an_unknown_option_is_named():
    # TypeError as for any function, and KeyError as programs written for Numba expect.
    for kind in (TypeError, KeyError):
        with pytest.raises(kind, match="Unrecognized options: 'nonexistent'; there are target"):
            vectorize(nonexistent=2)
    assert scaled.is_dynamic and not vectorize(["int64(int64)"])(lambda x: x).is_dynamic


def test_reductions_in_a_type_that_a_loop_has_beside_another():
    f = vectorize("float64(float64, int64)", identity=0)(lambda a, b: a + b)
    x = np.arange(40).reshape(5, 4, 2)
    for axis in range(3):
        np.testing.assert_array_equal(f.reduce(x, axis=axis, dtype=np.float64), x.sum(axis=axis, dtype=np.float64))
    with pytest.raises(TypeError):
        f.reduce(x.astype("f8"), dtype=np.float64)


@pytest.mark.parametrize("x", [np.arange(5, dtype=np.uint64), np.linspace(0, 3, 5)])
def test_reductions_cast_to_the_type_asked_for_as_numpys(x):
    f = vectorize(lambda a, b: a + b, identity=0)
    for method in ("reduce", "accumulate"):
        got, want = getattr(f, method)(x, dtype=np.int64), getattr(np.add, method)(x, dtype=np.int64)
        assert got.dtype == want.dtype == np.int64
        np.testing.assert_array_equal(got, want)
    if x.dtype.kind == "f":
        for add in (f, np.add):
            with pytest.raises(TypeError):
                add(x, x, signature=("i8", None, "i8"))
