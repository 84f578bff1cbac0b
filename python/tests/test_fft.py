"""`verdigris.fft` against SciPy's own: results, dtypes, memory layouts and errors."""

import gc
import pickle
import sys
import threading
import warnings

import numpy as np
import pytest
import scipy.fft
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from verdigris import cuda, fft
from verdigris.errors import BadValueError, VerdigrisError

ONE = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]
MANY = [name + end for name in ONE for end in ("n", "2")]
TRIGONOMETRIC = ["dct", "idct", "dst", "idst"]
TRIGONOMETRIC_MANY = [name + "n" for name in TRIGONOMETRIC]
REAL_INPUT = {"rfft", "ihfft", "rfftn", "ihfftn", "rfft2", "ihfft2"}
NORMS = [None, "backward", "ortho", "forward"]
DTYPES = ["f4", "f8", "c8", "c16"]


def array(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.uniform(-1, 1, shape)
    return x.astype(dtype)


def both(name, *args, **kwargs):
    """Our result and SciPy's, or the two errors."""
    results = []
    for module in (fft, scipy.fft):
        try:
            results.append(getattr(module, name)(*args, **kwargs))
        except Exception as error:
            results.append(error)
    return results


def check(name, x, *args, **kwargs):
    """Holds our result against SciPy's, and the input against itself."""
    before = np.array(x)
    ours, theirs = both(name, x, *args, **kwargs)
    if isinstance(theirs, Exception):
        assert isinstance(ours, Exception), f"{name}{args}{kwargs}: SciPy raises {theirs!r}"
        if kwargs.get("norm") == "nonsense":
            # Of two mistakes either may be named.
            assert isinstance(ours, ValueError | TypeError | IndexError)
            return
        if "zero-length FFT requested" in str(theirs):
            # A cosine transform of type 1 and length 1: SciPy's RuntimeError is a slip of its own.
            assert isinstance(ours, ValueError)
            return
        same = any(isinstance(ours, kind) for kind in type(theirs).__mro__[:-2] if kind is not Exception)
        assert same, f"{name}{args}{kwargs}: {ours!r} where SciPy raises {theirs!r}"
        return
    if isinstance(ours, Exception):
        # SciPy makes something of half spectra with no real length; NumPy refuses them, and so do we. And of cosine transforms
        # of type 1 and length 1, where there is none to do.
        no_length = name.strip("2n") in ("irfft", "hfft") and "number of data points (0)" in str(ours)
        assert no_length or (theirs.size == 0 and "size < 2" in str(ours)), f"{name}{args}{kwargs}: {ours!r}"
        return
    assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
    if theirs.size:
        eps = np.finfo(ours.dtype).eps
        size = max(np.linalg.norm(theirs.ravel()), 1e-300)
        assert np.linalg.norm((ours - theirs).ravel()) <= 60 * eps * size, f"{name}{args}{kwargs}"
    assert np.array_equal(np.asarray(x), before), "the input was changed"


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("dtype", DTYPES)
def test_one_axis(name, dtype):
    if name in REAL_INPUT and dtype[0] == "c":
        return
    for n in [*range(1, 20), 37, 64, 97, 100, 1009, 9000]:
        check(name, array(n, dtype))
    x = array((6, 5, 8), dtype)
    for norm in NORMS:
        for axis in range(-3, 3):
            check(name, x, axis=axis, norm=norm)
            for n in (1, 3, 6, 13):
                check(name, x, n, axis, norm)
                check(name, x[::-1, :, ::-2], n=n, axis=axis, norm=norm)


@pytest.mark.parametrize("name", MANY)
@pytest.mark.parametrize("dtype", DTYPES)
def test_several_axes(name, dtype):
    if name in REAL_INPUT and dtype[0] == "c":
        return
    x = array((4, 6, 5, 3), dtype)
    for axes in [None, (0, 1), (-1, 0), (2,), (3, 1, 0), 1]:
        for norm in NORMS:
            check(name, x, axes=axes, norm=norm)
        check(name, np.asfortranarray(x), axes=axes)
        check(name, x[:, ::-1, 1:, ::2].transpose(2, 0, 3, 1), axes=axes)
    for s in [(3, 9), (8, 2), (5, 1), (-1, 7)]:
        check(name, x, s=s)
        check(name, x, s=s, axes=(0, 2))
        check(name, x, s, (1, -1), "ortho")


@pytest.mark.parametrize("name", TRIGONOMETRIC)
@pytest.mark.parametrize("type", [1, 2, 3, 4])
def test_cosine_and_sine_transforms(name, type):
    for dtype in DTYPES:
        for n in [*range(1, 18), 30, 37, 64, 101]:
            check(name, array(n, dtype), type)
        x = array((6, 5, 8), dtype)
        for norm in NORMS:
            for axis in (-1, 0, 1):
                check(name, x, type, None, axis, norm)
                check(name, x[:, ::-1], type, n=4, axis=axis, norm=norm)
                if dtype[0] == "f":
                    for orthogonalize in (False, True):
                        check(name, x, type, 9, axis, norm, orthogonalize=orthogonalize)
    x = array((6, 5, 8), "f8")
    for axes in [None, (0, 1), (2,), ()]:
        for norm in NORMS:
            check(name + "n", x, type, axes=axes, norm=norm)
            check(name + "n", x, type, s=(4, 9), norm=norm)


def test_other_dtypes_become_what_scipy_makes_of_them():
    for dtype in ["?", "i1", "u2", "i4", "i8", "f2", ">f4", ">c16", "O"]:
        x = np.arange(12).reshape(3, 4).astype(dtype)
        for name in ["fft", "rfft", "irfft", "fftn", "dct", "dstn"]:
            if not (name in REAL_INPUT and dtype == ">c16"):
                check(name, x)
    packed = np.zeros(7, [("a", "i1"), ("z", "c16"), ("b", "i1")])
    packed["z"] = array(7, "c16")
    check("fft", packed["z"])
    check("fft", [1, 2, 3])
    check("fft", (1.0, 2j))
    check("ifftn", [[1, 2], [3, 4]])
    check("rfft", np.matrix([[1.0, 2.0, 3.0]]))
    check("fft", np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]))
    for name in ("fft", "rfft", "dct"):
        ours, theirs = both(name, array(9, "f8").astype(np.longdouble))
        assert ours.dtype == theirs.dtype and np.array_equal(ours, theirs)


def test_bytes_in_the_other_order_are_read_and_written():
    for dtype in ("f2", "f4", "f8", "c8", "c16", "i4"):
        plain = array((6, 10), "f4").astype(dtype)
        swapped = plain.astype(np.dtype(dtype).newbyteorder())
        for name in ("fft", "ihfft2", "dctn"):
            if plain.dtype.kind == "c" and name in REAL_INPUT:
                continue
            wanted = getattr(fft, name)(plain)
            given = getattr(fft, name)(swapped)
            assert given.dtype == wanted.dtype and given.dtype.isnative and np.array_equal(given, wanted)
            out = np.zeros(wanted.shape, wanted.dtype.newbyteorder())
            assert getattr(fft, name)(swapped, out=out) is out and np.array_equal(out, wanted)


@pytest.mark.parametrize("dtype", DTYPES)
def test_any_number_of_short_rows(dtype):
    # Lengths around the squares of registers' lanes, of which rows go alone, by twos or by strips.
    for n in (8, 16, 32, 64, 128, 256, 512, 1024):
        for rows in (1, 2, 3, 7, 16, 33):
            x = array((rows, n), dtype)
            for name in ("fft", "ifft", "irfft", "rfft", "ihfft"):
                if dtype[0] == "f" or name not in REAL_INPUT:
                    check(name, x)
                    check(name, np.asfortranarray(x), axis=0)
                    check(name, x, n=n - 1)
            if dtype[0] == "c":
                wanted = fft.ifft(x, norm="ortho")
                y = np.zeros((rows, 2 * n), dtype)[:, 1 : n + 1]
                y[...] = x
                fft.ifft(y, norm="ortho", out=y)
                assert np.linalg.norm(y - wanted) <= 60 * np.finfo(dtype).eps * np.linalg.norm(wanted)


def test_arrays_without_elements_may_lie_anywhere():
    for dtype in ("f4", "f8", "c8", "c16"):
        packed = np.zeros((6, 0, 4), [("a", "i1"), ("z", dtype)])
        x = packed["z"]
        for name in ("fft", "irfft", "dct", "dst"):
            check(name, x, axis=0)
            check(name, x, n=9, axis=-1)
        out = np.zeros((6, 0, 4), [("a", "i1"), ("z", np.result_type(dtype, "c8"))])["z"]
        assert fft.fft(x, axis=0, out=out) is out


def test_large_results_begin_at_a_cache_line():
    for n in (1 << 12, 15015, 1 << 16, 1 << 20):
        for result in (
            fft.fft(array(n, "c16")),
            fft.rfft(array(n, "f8")),
            fft.dct(array(n, "f8")),
            fft.fft2(array((64, n // 64), "c16")),
        ):
            assert result.ctypes.data % 64 == 0 and result.flags.owndata and result.base is None
    # They are arrays as others are, and those made after them are NumPy's own.
    result.resize(result.size + 100, refcheck=False)
    assert result[-1] == 0 and np._core.multiarray.get_handler_name(result) == "verdigris"
    result.resize(3, refcheck=False)
    assert np._core.multiarray.get_handler_name(np.empty(1 << 20)) == np._core.multiarray.get_handler_name()
    kept = [fft.fft(array(1 << 14, "c16")) for _ in range(20)]
    assert all(np.array_equal(x, kept[0]) for x in kept)


def test_real_input_gives_an_exactly_hermitian_result():
    for shape in [(8,), (9,), (4, 6), (5, 7, 3)]:
        y = fft.fftn(array(shape, "f4"))
        flipped = np.roll(np.flip(y), 1, tuple(range(y.ndim)))
        assert np.array_equal(y, flipped.conj())


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_the_arguments(data):
    name = data.draw(st.sampled_from(ONE + MANY + TRIGONOMETRIC + TRIGONOMETRIC_MANY))
    shape = data.draw(st.lists(st.integers(0, 9), max_size=4).map(tuple))
    x = array(shape, data.draw(st.sampled_from(DTYPES)))
    for axis in range(x.ndim):
        step = data.draw(st.sampled_from([1, 1, 2, -1, -3]))
        x = x[(slice(None),) * axis + (slice(None, None, step),)]
    if data.draw(st.booleans()):
        x = x.T
    norm = data.draw(st.sampled_from([*NORMS, "nonsense"]))
    length = st.integers(-2, 12)
    kwargs = {"norm": norm}
    if name in TRIGONOMETRIC + TRIGONOMETRIC_MANY:
        kwargs["type"] = data.draw(st.integers(1, 4))
    if name in ONE + TRIGONOMETRIC:
        kwargs |= {"n": data.draw(st.none() | length), "axis": data.draw(st.integers(-4, 3))}
    else:
        axes = data.draw(st.none() | st.lists(st.integers(-4, 3), max_size=4).map(tuple))
        kwargs |= {"s": data.draw(st.none() | st.lists(length, max_size=4).map(tuple))}
        if axes is not None or data.draw(st.booleans()):
            kwargs["axes"] = axes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(name, x, **kwargs)


def test_errors_are_of_scipys_kinds_and_ours():
    x = array((3, 4), "c8")
    cases = [
        ("fft", (x, 0), ValueError, "invalid number of data points"),
        ("fft", (x, -1), ValueError, "invalid number of data points"),
        ("fft", (x, 2.5), TypeError, "integer"),
        ("fft", (x, None, 2), IndexError, "out of bounds"),
        ("fft", (5.0,), IndexError, "out of bounds"),
        ("fft", ([],), ValueError, "invalid number of data points"),
        ("irfft", (x[:, :1],), ValueError, "nvalid number of data points"),
        ("rfft", (x,), TypeError, "real"),
        ("fftn", (x, None, (0, 0)), ValueError, "unique"),
        ("fftn", (x, None, (0, 2)), ValueError, "dimensionality"),
        ("fftn", (x, (1, 2, 3)), ValueError, "more axes"),
        ("fftn", (x, (2,), (0, 1)), ValueError, "same length"),
        ("fftn", (x, "a"), ValueError, "integers"),
        ("rfftn", (x.real, (), ()), ValueError, "at least 1 axis"),
        ("dct", (x, 5), ValueError, "type"),
        ("dct", (x[:, :1], 1), ValueError, "size < 2"),
        ("fft", (x, None, -1, "none"), ValueError, "norm"),
        ("fft", (x, None, -1, None, False, 0), ValueError, "workers"),
        ("fft", (x, None, -1, None, False, -1000), ValueError, "workers"),
        ("fft", ("text",), ValueError, "convert"),
    ]
    for name, args, kind, words in cases:
        with pytest.raises(kind, match=words):
            getattr(fft, name)(*args)
    with pytest.raises(NotImplementedError, match="Plan"):
        fft.fft(x, plan=1)
    with pytest.raises(TypeError, match="stream"):
        fft.fft(x, stream="x")
    with pytest.raises(ValueError, match="shape"):
        fft.fft(x, out=np.empty((3, 5), "c8"))
    with pytest.raises(TypeError):
        fft.fft(x, out=np.empty((3, 4), "f4"))
    with pytest.raises(TypeError):
        fft.fft(x, out=[1])
    frozen = np.zeros((3, 4), "c8")
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        fft.fft(x, out=frozen)
    with pytest.raises(VerdigrisError) as caught:
        fft.fft(x, 0)
    assert pickle.loads(pickle.dumps(caught.value)).code == "fft-length"


def test_out_and_overlaps():
    x = array((6, 8), "c8")
    wanted = scipy.fft.fft(x, axis=0)
    out = np.full((6, 16), 7, "c8")
    assert fft.fft(x, axis=0, out=out[:, ::2]).base is out
    assert np.allclose(out[:, ::2], wanted, rtol=1e-5) and (out[:, 1::2] == 7).all()
    same = x.copy()
    assert fft.fft(same, axis=0, out=same) is same
    assert np.allclose(same, wanted, atol=1e-5)
    # The input overlaps the output, but not element by element.
    memory = array(100, "c16")
    wanted = scipy.fft.fft(memory[:40])
    fft.fft(memory[:40], out=memory[20:60])
    assert np.allclose(memory[20:60], wanted)
    memory = array(100, "c16")
    wanted = scipy.fft.ifft(memory[:50][::-1])
    fft.ifft(memory[:50][::-1], out=memory[:50])
    assert np.allclose(memory[:50], wanted)
    real = array(64, "f8")
    wanted = scipy.fft.rfft(real[:62])
    fft.rfft(real[:62], out=real.view("c16"))
    assert np.allclose(real.view("c16"), wanted)
    wide = np.empty((6, 8), "c16")
    fft.fft(x, out=wide)
    assert np.allclose(wide, scipy.fft.fft(x), atol=1e-5)
    overlapping = np.lib.stride_tricks.as_strided(np.zeros(20, "c8"), (6, 8), (8, 8))
    with pytest.raises(ValueError, match="overlap"):
        fft.fft(x, out=overlapping)
    # A broadcast input is read as what it shows.
    check("fftn", np.broadcast_to(array(8, "c8"), (6, 8)))


@pytest.mark.parametrize("n", [1, 2, 5, 256, 1009, 10_000])
@pytest.mark.parametrize("real", ["f4", "f8"])
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft"])
def test_a_plain_row_goes_into_out(name, real, n):
    x = array(n, real if name == "rfft" else {"f4": "c8", "f8": "c16"}[real])
    if name == "irfft" and n == 1:
        with pytest.raises(ValueError):
            fft.irfft(x, out=np.empty(0, real))
        return
    transform = getattr(fft, name)
    kept = x.copy()
    wanted = transform(x)
    out = np.full_like(wanted, np.nan)
    assert transform(x, out=out) is out and np.array_equal(out, wanted)
    swapped = np.zeros(wanted.size, wanted.dtype.newbyteorder())
    assert np.array_equal(transform(x, out=swapped), wanted)
    # What lies beside the row is not written.
    wide = np.full(wanted.size + 2, np.nan, wanted.dtype)
    transform(x, out=wide[1:-1])
    assert np.array_equal(wide[1:-1], wanted) and np.isnan(wide[[0, -1]]).all()
    assert np.array_equal(x, kept)
    for bad, error in [
        (np.zeros(wanted.size + 1, wanted.dtype), ValueError),
        (np.zeros(wanted.size - 1, wanted.dtype), ValueError),
        (np.zeros((wanted.size, 1), wanted.dtype), ValueError),
        (np.zeros(wanted.size, "i8"), TypeError),
        ([0] * wanted.size, TypeError),
    ]:
        with pytest.raises(error):
            transform(x, out=bad)
        assert not np.any(bad)
    frozen = np.zeros_like(wanted)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        transform(x, out=frozen)
    assert not frozen.any()


@pytest.mark.parametrize("n", [2, 64, 1009])
def test_a_plain_row_and_an_out_that_shares_its_memory(n):
    x = array(n, "c16")
    wanted = fft.fft(x)
    same = x.copy()
    assert fft.fft(same, out=same) is same and np.allclose(same, wanted)
    for shift in (1, n // 2, n - 1, n):
        memory = np.zeros(2 * n, "c16")
        memory[:n] = x
        fft.fft(memory[:n], out=memory[shift : shift + n])
        assert np.allclose(memory[shift : shift + n], wanted)
        memory[shift : shift + n] = x
        fft.fft(memory[shift : shift + n], out=memory[:n])
        assert np.allclose(memory[:n], wanted)


def test_overwrite_x_uses_the_inputs_memory():
    x = array((6, 8), "c16")
    wanted = scipy.fft.fft(x)
    assert fft.fft(x, overwrite_x=True) is x
    assert np.allclose(x, wanted)
    frozen = array((6, 8), "c16")
    frozen.flags.writeable = False
    assert np.allclose(fft.fft(frozen, overwrite_x=True), scipy.fft.fft(frozen))
    real = array(12, "f4")
    wanted = scipy.fft.dct(real)
    assert fft.dct(real, overwrite_x=True) is real
    assert np.allclose(real, wanted, atol=1e-5)


def test_values_that_are_no_numbers_stay_in_their_lanes():
    for n in (7, 16, 60, 64, 97):
        x = array((n, 19), "c8")
        x[1, 4] = np.nan
        x[2, 9] = np.inf
        y = fft.fft(x, axis=0)
        finite = np.isfinite(y).all(0)
        assert finite.sum() == 17 and not finite[4] and not finite[9]
    assert np.isnan(fft.irfft([1, complex(np.nan, np.nan), 2])).all()


def test_workers_change_nothing():
    x = array((64, 60, 14), "f4")
    before = fft.get_workers()
    one = fft.fftn(x, workers=1)
    assert np.array_equal(one, fft.fftn(x)) and np.array_equal(one, fft.fftn(x, workers=-1))
    with fft.set_workers(1):
        assert fft.get_workers() == 1
        assert np.array_equal(one, fft.fftn(x))
    assert fft.get_workers() == before


def test_device_arrays():
    x = array((4, 6, 10), "f4")
    d = cuda.to_device(x)
    for name in ("rfftn", "fftn", "dctn", "fft"):
        y = getattr(fft, name)(d)
        assert isinstance(y, cuda.DeviceNDArray)
        wanted = getattr(scipy.fft, name)(x)
        assert y.dtype == wanted.dtype and np.allclose(y.copy_to_host(), wanted, atol=1e-4)
    assert np.array_equal(d.copy_to_host(), x)
    z = cuda.to_device(array((4, 6), "c16"))
    host = z.copy_to_host()
    assert fft.fft(z, out=z) is z
    assert np.allclose(z.copy_to_host(), scipy.fft.fft(host))
    out = np.empty((4, 6), "c16")
    fft.ifft(z, out=out)
    assert np.allclose(out, host)
    assert np.allclose(fft.fft(cuda.to_device(np.arange(5))).copy_to_host(), scipy.fft.fft(np.arange(5)))
    assert np.allclose(fft.irfft(cuda.to_device(np.arange(5.0))).copy_to_host(), scipy.fft.irfft(np.arange(5.0)))
    assert np.array_equal(fft.fftshift(d).copy_to_host(), np.fft.fftshift(x))
    strided = cuda.to_device(array((6, 8), "c8"))[::2, 1:]
    assert np.allclose(fft.fft2(strided).copy_to_host(), scipy.fft.fft2(strided.copy_to_host()), atol=1e-5)


def test_helpers():
    for n in (1, 2, 7, 8):
        assert np.array_equal(fft.fftfreq(n, 0.5), np.fft.fftfreq(n, 0.5))
        assert np.array_equal(fft.rfftfreq(n, 0.5), np.fft.rfftfreq(n, 0.5))
    x = array((4, 5), "f8")
    assert np.array_equal(fft.fftshift(x, 0), np.fft.fftshift(x, 0))
    assert np.array_equal(fft.ifftshift(x), np.fft.ifftshift(x))
    for real in (False, True):
        for n in [*range(1, 2000), 10**6 + 3, 2**31 + 11]:
            assert fft.next_fast_len(n, real) == scipy.fft.next_fast_len(n, real)
            assert fft.prev_fast_len(n, real) == scipy.fft.prev_fast_len(n, real)
    with pytest.raises(ValueError):
        fft.next_fast_len(-1)
    with pytest.raises(TypeError):
        fft.next_fast_len(3.5)
    a = np.cos(np.arange(16.0))
    assert np.allclose(fft.ifht(fft.fht(a, 0.1, 0.5), 0.1, 0.5), a)
    assert fft.fhtoffset(0.1, 0.5) == scipy.fft.fhtoffset(0.1, 0.5)


def test_plans():
    x = array((4, 6, 10), "c8")
    with fft.Plan(x.shape, x.dtype, axes=(0, 2), norm="ortho") as plan:
        y = plan.forward(x)
        assert y.dtype == x.dtype and np.allclose(y, scipy.fft.fftn(x, axes=(0, 2), norm="ortho"), atol=1e-5)
        assert np.allclose(plan.inverse(y), x, atol=1e-6)
        assert plan.forward(y, out=y) is y
        assert plan.workspace_bytes > 0 and not plan.closed
        with pytest.raises(ValueError, match="shape"):
            plan.forward(x[:2])
        with pytest.raises(TypeError, match="complex64"):
            plan.forward(["a"])
        with pytest.raises(ValueError, match="output"):
            plan.forward(x, out=np.empty((4, 6, 11), "c8"))
    assert plan.closed and "closed" in repr(plan)
    with pytest.raises(BadValueError, match="closed"):
        plan.forward(x)
    real = fft.Plan((7, 9), "f8")
    x = array((7, 9), "f8")
    assert real.output_shape == (7, 5) and real.output_dtype == np.complex128
    assert np.allclose(real.forward(x), scipy.fft.rfft2(x)) and np.allclose(real.inverse(real.forward(x)), x)
    for kind in ("dct", "dst"):
        for type in (1, 2, 3, 4):
            plan = fft.Plan((7, 9), "f8", kind=kind, type=type, norm="ortho")
            assert np.allclose(plan.forward(x), getattr(scipy.fft, kind + "n")(x, type, norm="ortho"))
            assert np.allclose(plan.inverse(plan.forward(x)), x)
    device = real.forward(cuda.to_device(x))
    assert isinstance(device, cuda.DeviceNDArray) and np.allclose(device.copy_to_host(), scipy.fft.rfft2(x))
    for arguments, kind in [(((3, 0),), ValueError), (((), "f4"), ValueError), (((3,), "i4"), TypeError)]:
        with pytest.raises(kind):
            fft.Plan(*arguments)
    with pytest.raises(ValueError, match="kind"):
        fft.Plan((3,), kind="fht")


def test_the_cache_counts_and_is_bounded():
    fft.clear_plan_cache()
    fft.fft(array(1000, "c16"))
    fft.fft(array(1000, "c16"))
    info = fft.plan_cache_info()
    assert (info.hits, info.misses, info.plans) == (1, 1, 1) and info.bytes >= 16000
    before = info.max_plans, info.max_bytes
    try:
        fft.limit_plan_cache(plans=2)
        for n in (10, 11, 12):
            fft.fft(array(n, "c16"))
        assert fft.plan_cache_info().plans == 2
        fft.limit_plan_cache(bytes=0)
        assert fft.plan_cache_info()[2:4] == (0, 0)
        check("fft", array(50, "c8"))
        with pytest.raises(ValueError):
            fft.limit_plan_cache(-1)
    finally:
        fft.limit_plan_cache(*before)


def test_many_threads_at_once():
    plan = fft.Plan((100, 30), "c16")
    x = array((100, 30), "c16")
    wanted = scipy.fft.fft2(x)
    failures = []

    def work(seed):
        for i in range(20):
            if i % 5 == 0:
                fft.clear_plan_cache()
            n = 50 + (seed + i) % 7
            y = array((n, 6), "f4", seed)
            if not (np.allclose(plan.forward(x), wanted) and np.allclose(fft.rfft2(y), scipy.fft.rfft2(y), atol=1e-3)):
                failures.append((seed, i))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_convolution_and_correlation(mode):
    shapes = [((9,), (4,)), ((4,), (9,)), ((6, 7), (3, 2)), ((1, 5), (1, 1)), ((5, 4, 3), (5, 4, 3))]
    for first, second in shapes:
        for dtypes in [("f4", "f4"), ("f8", "f4"), ("c8", "f4"), ("c16", "c16"), ("i4", "i2")]:
            a, b = array(first, "c16"), array(second, "c16", 1)
            a, b = ((x if to[0] == "c" else 100 * x.real).astype(to) for x, to in zip((a, b), dtypes, strict=True))
            wanted = scipy.signal.fftconvolve(a, b, mode)
            ours = fft.fftconvolve(a, b, mode)
            # SciPy multiplies integers as integers where no axis is left to transform.
            assert ours.shape == wanted.shape and ours.dtype == np.result_type(wanted.dtype, np.float32)
            assert np.allclose(ours, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())
            wanted = scipy.signal.correlate(a, b, mode, "fft")
            assert np.allclose(fft.fftcorrelate(a, b, mode), wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())
    a, b = array((3, 8), "f8"), array((1, 4), "f8")
    assert np.allclose(fft.fftconvolve(a, b, mode, axes=1), scipy.signal.fftconvolve(a, b, mode, axes=1))


def test_convolution_errors():
    a = array((3, 4), "f8")
    for arguments in [(a, a[0]), (a, a, "other"), (a, a, "full", 2), (a, a, "full", ()), (a[:, :3], a[:2], "valid")]:
        with pytest.raises(ValueError):
            fft.fftconvolve(*arguments)
        with pytest.raises(ValueError):
            scipy.signal.fftconvolve(*arguments)
    assert fft.fftconvolve(a, a[:0]).size == 0
    device = fft.fftconvolve(cuda.to_device(a), cuda.to_device(a))
    assert np.allclose(device.copy_to_host(), scipy.signal.fftconvolve(a, a))


def test_nothing_is_leaked():
    x = array((20, 30), "c16")
    before = sys.getrefcount(x)
    for _ in range(50):
        fft.fft(x)
        fft.fft2(x, out=x)
        fft.fft(x[0])
        with pytest.raises(ValueError):
            fft.fft(x, 0)
    gc.collect()
    assert sys.getrefcount(x) == before


def test_forked_children_transform(python):
    done = python(
        "-c",
        "import os, threading, numpy as np; from verdigris import fft\n"
        "x = np.ones((256, 256), 'c16'); fft.fft2(x)\n"
        "stop = False\n"
        "def plan():\n"
        "    n = 1000\n"
        "    while not stop: n += 1; fft.fft(np.ones(n % 3000 + 1))\n"
        "t = threading.Thread(target=plan); t.start()\n"
        "for _ in range(20):\n"
        "    pid = os.fork()\n"
        "    if pid == 0:\n"
        "        os._exit(0 if fft.fft2(x)[0, 0] == 65536 and fft.fft(np.ones(77))[0] == 77 else 1)\n"
        "    assert os.waitpid(pid, 0)[1] == 0\n"
        "stop = True; t.join()\n",
    )
    assert done.returncode == 0, done.stderr


def test_along_no_axes_a_list_is_an_array():
    for x in ([1, 2, 3], np.arange(3.0), np.ma.masked_array([1.0, 2.0])):
        for name in ("fftn", "ifftn", "dctn", "idstn"):
            ours, wanted = getattr(fft, name)(x, axes=[]), getattr(scipy.fft, name)(x, axes=[])
            assert type(ours) is type(wanted) is np.ndarray
            assert ours.dtype == wanted.dtype and np.array_equal(ours, wanted)


def test_one_element_is_a_spectrum_in_several_dimensions():
    for name in ("irfftn", "hfftn", "irfft2", "hfft2"):
        ours, wanted = (getattr(module, name)(array((3, 1), "c8"), norm="ortho") for module in (fft, scipy.fft))
        assert ours.shape == wanted.shape == (3, 1)
        assert np.allclose(ours, wanted)
    with pytest.raises(ValueError, match="number of data points"):
        fft.irfft(array((3, 1), "c8"))


@pytest.mark.parametrize("name", ["x86-64", "haswell"])
def test_the_processor_may_be_masked(python, name):
    done = python(
        "-c",
        "import numpy as np, scipy.fft; from verdigris import fft\n"
        "rng = np.random.default_rng(1)\n"
        "for shape in ((5, 256), (3, 1024), (2, 960), (3, 1155), (1, 10007), (16, 128, 24), (65536,)):\n"
        "    for dtype, bound in (('c8', 2e-6), ('c16', 4e-15)):\n"
        "        x = (rng.uniform(-1, 1, shape) + 1j * rng.uniform(-1, 1, shape)).astype(dtype)\n"
        "        for ours, peer in ((fft.fftn, scipy.fft.fftn), (fft.ifft, scipy.fft.ifft), (fft.irfftn, scipy.fft.irfftn)):\n"
        "            y = peer(x.astype('c16'))\n"
        "            assert np.linalg.norm(ours(x) - y) <= bound * np.linalg.norm(y), (shape, dtype)\n"
        "        y = scipy.fft.rfftn(x.real.astype('f8'))\n"
        "        assert np.linalg.norm(fft.rfftn(x.real) - y) <= bound * np.linalg.norm(y), (shape, dtype)\n",
        VERDIGRIS_CPU=name,
    )
    assert done.returncode == 0, done.stderr
