"""Ufuncs of ours on other packages' arrays: masked arrays, pandas, dask, xarray, and whoever speaks NEP 13."""

import time

import numpy as np
import pytest

from verdigris import guvectorize, vectorize


@vectorize
def hypotenuse(a, b):
    return (a * a + b * b) ** 0.5


@vectorize
def double(x):
    return x + x


# Names by which NumPy or pandas know ufuncs; the bodies are something else.
def _named(name, body):
    body.__name__ = name
    return body


def add(a, b):
    return a * 10 + b


def subtract(a, b):
    return a + b


def multiply(a, b):
    return a - b


def power(a, b):
    return a + 2 * b


def floor_divide(a, b):
    return a * b + 1


BODIES = [add, subtract, multiply, power, floor_divide]


@pytest.mark.parametrize("where", ["file", "notebook", "exec"])
def test_cloudpickle_takes_text_and_names_to_a_process_without_them(python, tmp_path, where):
    pytest.importorskip("cloudpickle")
    source = (
        "from verdigris import cuda, guvectorize, vectorize\n"
        "scale = 3.0\n"
        "def inner(x):\n    return x * scale\n"
        "inner_on_device = cuda.jit(device=True)(inner)\n"
        "@vectorize\ndef outer(x):\n    return inner_on_device(x) + 1\n"
        "@guvectorize('(n)->()')\ndef first(x, out):\n    out[0] = x[0] * scale\n"
        "@cuda.jit\ndef kernel(a):\n    a[cuda.grid(1)] += scale\n"
    )
    sender = tmp_path / "sender.py"
    ran = {
        "file": source,
        "notebook": "import linecache\nname = '<ipython-input-1-abc>'\n",
        "exec": "import linecache\nname = '<made here>'\n",
    }[where]
    if where != "file":
        ran += (
            f"text = {source!r}\nlinecache.cache[name] = (len(text), None, text.splitlines(True), name)\n"
            "exec(compile(text, name, 'exec'))\n"
        )
    sender.write_text(ran + "import cloudpickle\nopen('objects', 'wb').write(cloudpickle.dumps((outer, first, kernel)))\n")
    receiver = tmp_path / "receiver.py"
    receiver.write_text(
        "import pickle\nimport numpy as np\nouter, first, kernel = pickle.load(open('objects', 'rb'))\n"
        "assert outer(np.array([1.0, 2.0])).tolist() == [4, 7]\n"
        "assert first(np.array([[2.0], [3.0]])).tolist() == [6, 9]\n"
        "a = np.zeros(32)\nkernel[1, 32](a)\nassert (a == 3).all()\n"
    )
    for program in (sender, receiver):
        out = python(
            "-c",
            f"import os; os.chdir({str(tmp_path)!r}); exec(compile(open({str(program)!r}).read(), {str(program)!r}, 'exec'))",
        )
        assert out.returncode == 0, out.stderr
        sender.unlink(missing_ok=True)


def test_masked_arrays_keep_their_masks():
    a = np.ma.masked_array([3.0, 5.0, 8.0], mask=[False, True, False])
    b = np.ma.masked_array([4.0, 12.0, 15.0], mask=[False, False, True])
    ours, numpys = hypotenuse(a, b), np.hypot(a, b)
    assert type(ours) is type(numpys) is np.ma.MaskedArray
    np.testing.assert_array_equal(ours.mask, numpys.mask)
    np.testing.assert_array_equal(ours.compressed(), numpys.compressed())
    plain = hypotenuse(a, np.array([4.0, 12.0, 15.0]))
    np.testing.assert_array_equal(plain.mask, a.mask)


def test_array_priority_decides_whose_wrapping_counts():
    class Low(np.ndarray):
        __array_priority__ = 1

    class High(np.ndarray):
        __array_priority__ = 20

    x = np.arange(3.0)
    low, high = x.view(Low), x.view(High)
    assert type(hypotenuse(low, high)) is type(np.hypot(low, high)) is High
    assert type(hypotenuse(high, low)) is High
    assert type(hypotenuse(low, x)) is Low


@pytest.mark.parametrize("body", BODIES, ids=lambda b: b.__name__)
def test_names_that_numpy_and_pandas_know_mean_what_their_bodies_say(body):
    pandas = pytest.importorskip("pandas")
    f = vectorize(body)
    x, y = np.array([7, 2, 5]), np.array([3, 4, 6])
    series = f(pandas.Series(x, index=list("abc")), pandas.Series(y, index=list("abc")))
    assert list(series) == [body(int(a), int(b)) for a, b in zip(x, y, strict=True)] and list(series.index) == list("abc")
    fold = x[0]
    for element in x[1:]:
        fold = body(int(fold), int(element))
    assert f.reduce(x) == fold
    assert list(f(pandas.Series(x), 2)) == [body(int(a), 2) for a in x]
    assert f(pandas.DataFrame({"p": x, "q": y}), 1)["q"].tolist() == [body(int(a), 1) for a in y]


def test_series_apply_calls_it_once_on_the_whole():
    pandas = pytest.importorskip("pandas")
    series = pandas.Series(np.arange(5.0), name="n")
    result = series.apply(double)
    assert isinstance(result, pandas.Series) and list(result) == [0, 2, 4, 6, 8] and result.name == "n"


def test_series_apply_costs_less_than_twice_a_call_on_the_values():
    pandas = pytest.importorskip("pandas")
    series = pandas.Series(np.arange(1_000_000.0))

    def least(call):
        times = []
        for _ in range(15):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        return min(times)

    # On a busy machine one measurement says little.
    assert any(least(lambda: series.apply(double)) < 2 * least(lambda: double(series.values)) for _ in range(5))


def test_masked_frames_and_arrays_come_back_whole():
    pandas = pytest.importorskip("pandas")
    masked = np.ma.masked_array(np.arange(6.0).reshape(2, 3), mask=[[0, 1, 0], [1, 0, 0]])
    for ours, numpys in [(double(masked), np.add(masked, masked)), (hypotenuse(masked, masked.T[0, 0]), np.hypot(masked, 0.0))]:
        assert type(ours) is np.ma.MaskedArray and (ours.mask == numpys.mask).all()
        np.testing.assert_array_equal(ours.filled(-1), numpys.filled(-1))
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, np.nan]}, index=["x", "y"])
    result = double(frame)
    assert isinstance(result, pandas.DataFrame) and result.equals(frame + frame)
    left, right = pandas.Series([1.0, 2.0], index=["a", "b"]), pandas.Series([3.0, 4.0], index=["b", "c"])
    pandas.testing.assert_series_equal(hypotenuse(left, right), np.hypot(left, right))


@pytest.mark.parametrize("scheduler", ["synchronous", "threads", pytest.param("processes", marks=pytest.mark.slow)])
def test_dask_arrays_stay_lazy_and_give_the_same(scheduler):
    dask = pytest.importorskip("dask.array")
    x, y = np.arange(60.0).reshape(6, 10), np.arange(10.0)
    lazy = hypotenuse(dask.from_array(x, chunks=(2, 5)), dask.from_array(y, chunks=4))
    assert isinstance(lazy, dask.Array)
    np.testing.assert_array_equal(lazy.compute(scheduler=scheduler), hypotenuse(x, y))
    blocks = dask.from_array(x, chunks=(2, 5)).map_blocks(double)
    np.testing.assert_array_equal(blocks.compute(scheduler=scheduler), x + x)

    norm = guvectorize("(n)->()")(_norm)
    rows = dask.apply_gufunc(norm, norm.signature, dask.from_array(x, chunks=(2, 10)), output_dtypes=float)
    np.testing.assert_array_equal(rows.compute(scheduler="threads"), norm(x))


def _norm(x, out):
    total = 0.0
    for i in range(x.shape[0]):
        total += x[i] * x[i]
    out[0] = total


def test_xarray_arrays_keep_their_coordinates():
    xarray = pytest.importorskip("xarray")
    a = xarray.DataArray(
        np.arange(6.0).reshape(2, 3), dims=("row", "column"), coords={"column": [10, 20, 30]}, attrs={"unit": "m"}
    )
    b = xarray.DataArray([1.0, 2.0], dims="row")
    ours, numpys = hypotenuse(a, b), np.hypot(a, b)
    assert ours.dims == numpys.dims and list(ours["column"]) == [10, 20, 30]
    np.testing.assert_allclose(ours.values, numpys.values, rtol=1e-15)
    np.testing.assert_array_equal(double(xarray.Dataset({"v": a}))["v"], 2 * a)
    norm = guvectorize("(n)->()")(_norm)
    rows = xarray.apply_ufunc(norm, a, input_core_dims=[["column"]])
    assert rows.dims == ("row",)
    np.testing.assert_array_equal(rows, norm(a.values))
