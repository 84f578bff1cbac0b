"""float16, dates and times in ufuncs, held against NumPy's own."""

import functools
import pickle

import numpy as np
import pytest
from ufuncs import EXPRESSIONS, made, ours, outcome, same, values

from verdigris import guvectorize, types, vectorize


def test_float16_is_a_type_like_any_other():
    f = made("a * b + a")
    x = values("e", 1000, np.random.default_rng(1))
    with np.errstate(all="ignore"):
        for size in (1, 7, 32, 1000):
            result = f(x[:size], x[::-1][:size])
            assert result.dtype == np.float16 and f.types == ["ee->e"]
            np.testing.assert_array_equal(result, x[:size] * x[::-1][:size] + x[:size])
    assert type(f(np.float16(2), 3.0)) is np.float16 and f(np.float16(2), 3.0) == 8
    assert f(np.float16([1]), 2).dtype == np.float16
    assert f(np.float16([1]), 2j).dtype == np.complex64
    assert f(np.float16([1]), np.int8([2])).dtype == (np.float16([1]) * np.int8([2])).dtype
    assert f(np.float16([1]), np.float32([2])).dtype == np.float32


def test_float16_in_signatures_of_every_form():
    for signature in ("float16(float16, float16)", types.float16(types.float16, types.float16), [(np.float16, np.dtype("e"))]):
        f = vectorize(signature)(lambda a, b: a - b)
        assert f.types == ["ee->e"]
        assert f(np.float16([3]), np.uint8([1])).dtype == np.float16
        assert isinstance(outcome(lambda f=f: f(np.ones(2), 1)), TypeError)


def test_float16_numbers_that_do_not_fit_are_numpys_affair():
    f = vectorize("float16(float16, float16)")(lambda a, b: a + b)
    with np.errstate(all="ignore"):
        same(outcome(lambda: f(np.float16([1]), 1e6)), outcome(lambda: np.add(np.float16([1]), 1e6)))
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow"):
        f(np.float16([60000]), np.float16([60000]))
    guarded = made("a * b if b < 2 else a")
    with np.errstate(over="raise"):
        assert (guarded(np.full(40, 60000, "e"), np.full(40, 60000, "e")) == 60000).all()


def test_literals_take_the_precision_of_float16_where_asked():
    assert made("a * 0.5", 1)(np.float16([3])).dtype == np.float64
    assert made("a * 0.5", 1, literals="weak")(np.float16([3])).dtype == np.float16


def test_float16_in_generalized_ufuncs():
    @guvectorize("(n)->()")
    def largest(x, out):
        best = x[0]
        for i in range(1, x.shape[0]):
            if x[i] > best:
                best = x[i]
        out[0] = best

    x = np.random.default_rng(2).normal(size=(5, 9)).astype("e")
    np.testing.assert_array_equal(largest(x), x.max(axis=1))
    assert largest(x).dtype == np.float16

    @guvectorize("(),()->(),()")
    def both(a, b):
        return a + b, a - b

    for ours_, numpys in zip(both(x[0], x[1]), (x[0] + x[1], x[0] - x[1]), strict=True):
        np.testing.assert_array_equal(ours_, numpys)
        assert ours_.dtype == np.float16


def test_float16_folds():
    f = made("a + b", identity=0)
    x = np.float16([1, 2, 3, 4] * 20)
    for call in (lambda g: g.reduce(x), lambda g: g.accumulate(x), lambda g: g.reduceat(x, [0, 5, 2])):
        same(call(f), call(np.add))


# --- dates and times ---

UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns"]
TIMES = {
    "add": ("a + b", np.add, ["Mm", "mM", "mm"]),
    "subtract": ("a - b", np.subtract, ["MM", "Mm", "mm"]),
    "less": ("a < b", np.less, ["MM", "mm"]),
    "equal": ("a == b", np.equal, ["MM", "mm"]),
    "not_equal": ("a != b", np.not_equal, ["MM", "mm"]),
    "larger": ("a if a > b or b != b else b", None, ["MM", "mm"]),
    "quotient": ("a / b", np.true_divide, ["mm"]),
}


@pytest.mark.parametrize("target", ["cpu", "parallel"])
@pytest.mark.parametrize("name", TIMES)
def test_units_meet_as_numpys_do(name, target):
    text, numpys, kinds = TIMES[name]
    f = made(text, target=target)
    rng = np.random.default_rng(5)
    for kind in kinds:
        for left in UNITS:
            for right in UNITS:
                a, b = values(f"{kind[0]}8[{left}]", 37, rng), values(f"{kind[1]}8[{right}]", 37, rng)
                expected = outcome(lambda a=a, b=b: (numpys or _larger)(a, b))
                if isinstance(expected, Exception):
                    # No number of days is a month.
                    assert isinstance(outcome(lambda a=a, b=b: f(a, b)), TypeError), (name, left, right)
                    continue
                for way in (f, f.ufunc):
                    result = outcome(functools.partial(way, a, b))
                    assert result.dtype == expected.dtype, (name, left, right)
                    np.testing.assert_array_equal(result, expected, f"{name} {left} {right}")


def _larger(a, b):
    common = np.result_type(a, b)
    a, b = a.astype(common), b.astype(common)
    return np.where((a > b) | np.isnat(b), a, b)


def test_not_a_time_is_kept():
    f = made("a + b")
    dates = np.array(["2024-02-28", "NaT"], "M8[D]")
    assert f(dates, np.timedelta64(2, "D")).astype(str).tolist() == ["2024-03-01", "NaT"]
    assert np.isnat(f(dates, np.timedelta64("NaT"))).all()
    assert f(dates, np.timedelta64(36, "h")).astype(str).tolist() == ["2024-02-29T12", "NaT"]
    # An integer counts the date's own unit.
    assert f(dates, 2).astype(str).tolist() == ["2024-03-01", "NaT"]
    # Months of dates have days.
    assert f(np.array(["2024-02"], "M8[M]"), np.timedelta64(30, "D")).astype(str).tolist() == ["2024-03-02"]


def test_times_in_signatures_methods_and_other_bodies():
    for signature in (
        "timedelta64[s](datetime64[s], datetime64[s])",
        "NPTimedelta('s')(NPDatetime('s'), NPDatetime('s'))",
        types.NPTimedelta("s")(types.NPDatetime("s"), types.NPDatetime("s")),
    ):
        f = vectorize([signature])(lambda a, b: a - b)
        later, earlier = np.array(["2024-01-02"], "M8[D]"), np.array(["2024-01-01T12"], "M8[h]")
        assert f(later, earlier) == np.timedelta64(12 * 3600, "s") and f(later, earlier).dtype == "m8[s]"
        assert isinstance(outcome(functools.partial(f, later.astype("M8[ns]"), earlier)), TypeError)
        assert pickle.loads(pickle.dumps(f))(later, earlier) == f(later, earlier)
    assert types.NPDatetime("D") is pickle.loads(pickle.dumps(types.NPDatetime("D")))
    total = made("a + b", identity=0)
    times = np.arange(10).astype("m8[ms]")
    assert total.reduce(times) == np.timedelta64(45, "ms")
    np.testing.assert_array_equal(total.accumulate(times), np.add.accumulate(times))
    total.at(times, [0, 0], np.timedelta64(1, "s"))
    assert times[0] == np.timedelta64(2, "s")
    out = np.zeros(2, "m8[us]")
    assert made("a - b")(np.array([5, 7], "m8[ms]"), np.timedelta64(1, "s"), out=out) is out
    assert out.tolist() == np.array([-995_000, -993_000], "m8[us]").tolist()


def test_every_unit_has_a_loop_of_its_own_and_numpys_types_one():
    f = made("a - b")
    assert f(np.array([1], "m8[D]"), np.array([1], "m8[D]")).dtype == "m8[D]"
    assert f(np.array([1], "m8[s]"), np.array([1], "m8[ms]")).dtype == "m8[ms]"
    assert f(np.array([1], "m8[D]"), np.array([1], "m8[D]")).dtype == "m8[D]"
    assert f(np.array([1.5]), 0.5) == 1


def test_times_in_generalized_ufuncs():
    @guvectorize(["(datetime64[s][:], timedelta64[s][:])"], "(n)->()")
    def span(x, out):
        low = x[0]
        high = x[0]
        for i in range(x.shape[0]):
            if x[i] < low:
                low = x[i]
            if x[i] > high:
                high = x[i]
        out[0] = high - low

    x = np.array([["2024-01-01", "2024-01-03"], ["2024-02-01", "2024-01-30"]], "M8[D]")
    assert span(x).tolist() == np.array([2, 2], "m8[D]").astype("m8[s]").tolist()


def test_no_expression_lost_a_dtype():
    assert {c for e in EXPRESSIONS.values() for c in e.dtypes} == set("?bhilBHILefdFD")
    assert ours("sum").nin == 2
