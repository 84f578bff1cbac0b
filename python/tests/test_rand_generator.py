"""`rand.Generator`, `rand.block` and `rand.QRNG`: shapes, outputs, errors, states. The streams are tested in the crate and by
`make golden`.
"""

import copy
import hashlib
import os
import pickle

import numpy as np
import pytest
from scipy import stats
from threads import at_once

from verdigris import cuda, rand
from verdigris.errors import ArgumentError, BadValueError, LibraryNotFound, ShapeError

FREE = ("xorwow", "mrg32k3a", "philox", "mt19937", "sobol32", "sobol64", "owen_sobol32", "owen_sobol64")
PSEUDO = FREE[:4]


def made(kind="xorwow", seed=42, **options):
    return rand.Generator(kind, None if kind.startswith("sobol") else seed, **options)


def test_the_first_numbers_of_curand():
    assert made().bits(4).tolist() == [0x11ECE47F, 0x28FF4CC2, 0x6BA5A19E, 0x938D0A4A]
    assert made("mt19937").bits(1)[0] == np.random.RandomState(42).randint(0, 2**32, dtype=np.uint32)
    assert made("sobol32").bits(4).tolist() == [0, 2**31, 3 << 30, 1 << 30]
    assert rand.Generator(101, 42).bits() == 0x11ECE47F


@pytest.mark.parametrize("kind", FREE)
def test_shapes_strides_and_devices_hold_the_same_numbers(kind):
    flat = made(kind).uniform(24)
    assert flat.dtype == np.float64 and ((flat > 0) & (flat <= 1)).all()
    shaped = made(kind).uniform((2, 3, 4))
    assert np.array_equal(shaped.reshape(-1), flat)
    strided = np.full((4, 12), -1.0)[::2, ::1].reshape(2, 3, 4).copy()[::-1]
    assert made(kind).uniform(out=strided) is strided
    assert np.array_equal(strided, shaped)
    fortran = np.empty((2, 3, 4), order="F")
    made(kind).uniform(out=fortran)
    assert np.array_equal(fortran, shaped)
    sparse = np.full(48, -1.0)
    made(kind).uniform(out=sparse[::2])
    assert np.array_equal(sparse[::2], flat) and (sparse[1::2] == -1).all()
    device = cuda.to_device(np.zeros((2, 3, 4)))
    made(kind).uniform(out=device)
    assert np.array_equal(device.copy_to_host(), shaped)
    assert made(kind).uniform() == flat[0]
    assert made(kind).uniform((0, 3)).shape == (0, 3)


@pytest.mark.parametrize("kind", FREE)
@pytest.mark.parametrize("n", [1, 3, 127, 1001])
def test_odd_sizes_and_dtypes(kind, n):
    for dtype in (np.float32, np.float64):
        for how in ("random", "uniform", "normal", "lognormal", "exponential"):
            numbers = getattr(made(kind), how)(n, dtype=dtype)
            assert numbers.shape == (n,) and numbers.dtype == dtype and np.isfinite(numbers).all(), how
            twice = made(kind)
            parts = [getattr(twice, how)(k, dtype=dtype) for k in (n // 2, n - n // 2)]
            if how != "uniform":
                assert np.array_equal(np.concatenate(parts), numbers), how


def test_distributions():
    generator = made("philox")
    n = 200_000
    checks = [
        (generator.random(n), stats.uniform()),
        (generator.between(2, 5, n), stats.uniform(2, 3)),
        (generator.normal(n, 3.0, 0.5), stats.norm(3, 0.5)),
        (generator.normal(n, 3.0, 0.5, method="curand"), stats.norm(3, 0.5)),
        (generator.lognormal(n, 0.25, 0.5), stats.lognorm(0.5, scale=np.exp(0.25))),
        (generator.exponential(n, 2.0), stats.expon(scale=2)),
        (generator.gamma(n, 2.5, 1.5), stats.gamma(2.5, scale=1.5)),
        (generator.gamma(n, 0.3), stats.gamma(0.3)),
    ]
    for sample, truth in checks:
        assert stats.kstest(sample, truth.cdf).pvalue > 1e-4
    counts = np.bincount(generator.integers(-5, 5, n) + 5, minlength=10)
    assert stats.chisquare(counts).pvalue > 1e-4 and len(counts) == 10
    heads = generator.binomial(30, 0.4, n)
    assert (
        stats.chisquare(
            np.bincount(heads, minlength=31)[4:21], stats.binom(30, 0.4).pmf(range(4, 21)) * n, sum_check=False
        ).pvalue
        > 1e-4
    )
    assert abs(generator.poisson(n, 6.5).mean() - 6.5) < 0.05
    assert sorted(generator.permutation(100)) == list(range(100))
    table = np.arange(30).reshape(10, 3)
    generator.shuffle(table)
    assert sorted(table[:, 0]) == list(range(0, 30, 3)) and (table[:, 1] == table[:, 0] + 1).all()


@pytest.mark.slow
@pytest.mark.parametrize("kind", PSEUDO)
def test_distributions_at_ten_million(kind):
    generator = made(kind)
    for how, truth in (("random", stats.uniform()), ("normal", stats.norm()), ("exponential", stats.expon())):
        for dtype in (np.float32, np.float64):
            sample = np.sort(getattr(generator, how)(10**7, dtype=dtype))
            assert stats.kstest(sample.astype(np.float64), truth.cdf).pvalue > 1e-4, (how, dtype)
    sample = generator.gamma(10**7, 1.7)
    assert stats.kstest(sample, stats.gamma(1.7).cdf).pvalue > 1e-4
    counts = np.bincount(generator.integers(0, 1000, 10**7), minlength=1000)
    assert stats.chisquare(counts).pvalue > 1e-4
    normal = generator.normal(10**7)
    assert abs(stats.skew(normal)) < 0.005 and abs(stats.kurtosis(normal)) < 0.01


def test_integers_have_numpys_edges():
    generator = made()
    assert set(generator.integers(3, shape=500).tolist()) == {0, 1, 2}
    assert set(generator.integers(1, 3, 500, endpoint=True).tolist()) == {1, 2, 3}
    assert generator.integers(0, 256, 100, dtype=np.uint8).dtype == np.uint8
    assert generator.integers(2**63, 2**64, 100, dtype=np.uint64).min() >= 2**63
    assert generator.integers(-(2**63), 2**63, 3).dtype == np.int64
    out = np.zeros((2, 2), np.int16)
    assert generator.integers(5, 6, out=out) is out and (out == 5).all()


def test_blocks_do_not_depend_on_the_split():
    for options in (
        {},
        {"distribution": "normal", "dtype": np.float32},
        {"distribution": "integers", "low": 0, "high": 10**12},
        {"distribution": "gamma", "k": 2.0},
        {"kind": "xorwow", "distribution": "bits", "dtype": np.uint32},
        {"kind": "mrg32k3a"},
    ):
        whole = rand.block(5, 0, 5000, **options)
        parts = np.concatenate([rand.block(5, a, b, **options) for a, b in ((0, 1), (1, 1), (1, 777), (777, 4096), (4096, 5000))])
        assert np.array_equal(whole, parts), options
    far = rand.block(5, 2**40, 2**40 + 3)
    assert np.array_equal(far[1:], rand.block(5, 2**40 + 1, 2**40 + 3))
    with pytest.raises(BadValueError, match="offset"):
        rand.block(5, 1, 2, kind="mt19937")
    with pytest.raises(BadValueError):
        rand.block(5, 2, 1)
    with pytest.raises(BadValueError, match="block"):
        rand.block(5, 0, 1, distribution="uniform")


@pytest.mark.parametrize("kind", FREE)
def test_states_copies_and_pickles_go_on(kind):
    generator = made(kind)
    generator.uniform(777, dtype=np.float32)
    others = [copy.copy(generator), copy.deepcopy(generator), pickle.loads(pickle.dumps(generator)), made(kind)]
    others[3].state = generator.state
    want = generator.uniform(500)
    for other in others:
        assert np.array_equal(other.uniform(500), want)
        assert other.position == generator.position
    with pytest.raises(BadValueError, match="state"):
        generator.state = b"nonsense"
    with pytest.raises(BadValueError, match="state"):
        generator.state = made("philox" if kind != "philox" else "xorwow").state


def test_setters_are_curands():
    generator = made(seed=1)
    generator.bits(100)
    generator.seed = 1
    assert generator.position == 100
    generator.set_seed(2)
    assert np.array_equal(generator.bits(10), made(seed=2, offset=100).bits(10))
    generator.set_offset(5)
    assert np.array_equal(generator.bits(10), made(seed=2, offset=5).bits(10))
    generator.skip(1000)
    assert np.array_equal(generator.bits(10), made(seed=2, offset=1015).bits(10))
    assert (generator.kind, generator.seed, generator.ordering, generator.dims) == ("xorwow", 2, "default", 1)
    first, second = (s.bits(20).tolist() for s in generator.spawn(2))
    assert first != second
    sobol = made("sobol32", dims=2)
    assert sobol.bits(4).tolist() == [0, 2**31, 0, 2**31]
    sobol.dims = 1
    assert sobol.bits(2).tolist() == [3 << 30, 1 << 30]


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda g: g.uniform(3, dtype=np.int32), BadValueError, "float32 or float64"),
        (lambda g: g.uniform(3, dtype=">f8"), BadValueError, "float32 or float64"),
        (lambda g: g.uniform(out=[1.0]), ArgumentError, "not list"),
        (lambda g: g.uniform(out=np.zeros(3, np.int64)), BadValueError, "int64"),
        (lambda g: g.uniform(out=np.zeros(3), dtype=np.float32), BadValueError, "out has dtype"),
        (lambda g: g.uniform(4, out=np.zeros(3)), ShapeError, "shape"),
        (lambda g: g.uniform(out=np.broadcast_to(np.zeros(1), (3,))), ArgumentError, "read-only|share"),
        (lambda g: g.uniform(out=np.lib.stride_tricks.as_strided(np.zeros(1), (3,), (0,))), ArgumentError, "share"),
        (lambda g: g.uniform(out=np.lib.stride_tricks.as_strided(np.zeros(9), (7, 3), (8, 8))), ArgumentError, "share"),
        (lambda g: g.normal(3, method="curand"), ShapeError, "even"),
        (lambda g: g.normal(3, method="other"), BadValueError, "method"),
        (lambda g: g.normal(3, 0.0, -1.0), BadValueError, "sigma"),
        (lambda g: g.normal(3, float("nan")), BadValueError, "mean"),
        (lambda g: g.poisson(3, 0.0), BadValueError, "Poisson"),
        (lambda g: g.poisson(3, float("nan")), BadValueError, "Poisson"),
        (lambda g: g.exponential(3, -1.0), BadValueError, "scale"),
        (lambda g: g.gamma(3, 0.0), BadValueError, "shape"),
        (lambda g: g.binomial(5, 1.1, 3), BadValueError, "p must"),
        (lambda g: g.binomial(-5, 0.1, 3), BadValueError, "trials"),
        (lambda g: g.integers(5, 5), BadValueError, "empty"),
        (lambda g: g.integers(0, 300, dtype=np.uint8), BadValueError, "fit"),
        (lambda g: g.integers(0, 3, dtype=np.float64), BadValueError, "integer"),
        (lambda g: g.between(1.0, 1.0), BadValueError, "empty"),
        (lambda g: g.shuffle([1, 2]), ArgumentError, "list"),
        (lambda g: g.uniform(-1), ValueError, "negative"),
        (lambda g: g.set_offset(-1), BadValueError, "offset"),
        (lambda g: setattr(g, "seed", 2**64), BadValueError, "seed"),
        (lambda g: setattr(g, "dims", 2), BadValueError, "dimensions"),
        (lambda g: setattr(g, "ordering", "dynamic"), BadValueError, "dynamic"),
        (lambda g: setattr(g, "ordering", "odd"), BadValueError, "'odd'"),
        (lambda g: made("nonsense"), BadValueError, "xorwow"),
        (lambda g: made("mt19937", offset=3), BadValueError, "offset"),
        (lambda g: rand.Generator("sobol32", seed=3), BadValueError, "seed"),
        (lambda g: made("sobol32", dims=0), BadValueError, "20000"),
        (lambda g: made("sobol32", dims=3).uniform(4), ShapeError, "multiple of 3"),
        (lambda g: made("sobol32").gamma(4), BadValueError, "pseudorandom"),
        (lambda g: made("sobol64").bits(4, dtype=np.uint32), BadValueError, "64-bit"),
    ],
)
def test_wrong_calls_leave_the_stream_alone(call, error, words):
    generator = made()
    with pytest.raises(error, match=words):
        call(generator)
    assert np.array_equal(generator.bits(4), made().bits(4))


def test_strides_that_do_not_nest_are_filled_in_c_order():
    base = np.zeros(9)
    out = np.lib.stride_tricks.as_strided(base, (3, 2), (16, 24))
    assert np.array_equal(made().uniform(out=out), made().uniform((3, 2)))
    assert base[[0, 2, 3, 4, 5, 7]].all() and not base[[1, 6, 8]].any()


def test_an_error_leaves_out_as_it_was():
    out = np.zeros(3)
    out.flags.writeable = False
    with pytest.raises(ArgumentError, match="read-only"):
        made().uniform(out=out)
    assert (out == 0).all()


@pytest.mark.parametrize("kind", PSEUDO)
def test_sixteen_threads_share_one_generator(kind):
    generator = made(kind)
    drawn = at_once(16, lambda _: np.concatenate([generator.bits(1001) for _ in range(8)]))
    assert np.array_equal(np.sort(np.concatenate(drawn)), np.sort(made(kind).bits(16 * 8 * 1001)))


DIGEST = """
import hashlib, numpy as np
from verdigris import rand
h = hashlib.sha256()
for kind in ("xorwow", "philox", "mrg32k3a", "sobol32"):
    g = rand.Generator(kind)
    for dtype in (np.float32, np.float64):
        for how in ("normal", "lognormal", "exponential", "random"):
            h.update(getattr(g, how)(150_001, dtype=dtype).tobytes())
    if "sobol" not in kind:
        h.update(g.gamma(3000, 0.7).tobytes() + g.binomial(100, 0.3, 3000).tobytes() + g.integers(0, 99, 3000).tobytes())
print(h.hexdigest())
"""


def test_own_distributions_have_one_digest_everywhere(python):
    masks = [
        {},
        {"VERDIGRIS_NUM_THREADS": "1"},
        {"VERDIGRIS_NUM_THREADS": "2"},
        {"VERDIGRIS_CPU": "haswell"},
        {"VERDIGRIS_CPU": "x86-64"},
        {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-AVX2_Usable,-AVX2,-FMA_Usable,-AVX512F", "VERDIGRIS_CPU": "x86-64"},
    ]
    digests = {python("-c", DIGEST, **mask).stdout.strip() for mask in masks}
    assert len(digests) == 1 and len(digests.pop()) == len(hashlib.sha256().hexdigest())


def test_tables_that_are_missing_are_named(python):
    code = """
from verdigris import rand
for kind in ("scrambled_sobol32", "scrambled_sobol64", "mtgp32"):
    try:
        rand.Generator(kind)
    except OSError as error:
        print(type(error).__name__, kind, "owen_sobol" in str(error) or "philox" in str(error))
"""
    out = python("-c", code, VERDIGRIS_CURAND="/nowhere/libcurand.so.10").stdout.splitlines()
    assert out == [f"LibraryNotFound {kind} True" for kind in ("scrambled_sobol32", "scrambled_sobol64", "mtgp32")]
    assert issubclass(LibraryNotFound, OSError)


@pytest.mark.skipif(not os.environ.get("VERDIGRIS_CURAND"), reason="no cuRAND is named to read tables from")
def test_tables_of_an_installed_curand():
    assert rand.Generator("scrambled_sobol32").bits(3).any() and rand.Generator("mtgp32").bits(3).any()


def test_qrng_and_quasi():
    quasi = rand.QRNG(rand.QRNG.SOBOL32, ndim=2)
    array = np.zeros(8, np.uint32)
    quasi.generate(array)
    assert array.tolist() == [0, 2**31, 3 << 30, 1 << 30] * 1 + array[4:].tolist() and quasi.ndim == 2
    quasi.generate(array, 4)
    quasi.offset = 0
    signed = np.zeros(2, np.int32)
    quasi.generate(signed)
    assert signed.tolist() == [0, 0]
    wide = np.zeros(2, np.uint64)
    rand.QRNG(rand.QRNG.SOBOL64).generate(wide)
    assert wide.tolist() == [0, 2**63]
    with pytest.raises(ShapeError):
        quasi.generate(np.zeros(3, np.uint32))
    with pytest.raises(BadValueError, match="32-bit"):
        quasi.generate(np.zeros(2, np.uint64))
    with pytest.raises(BadValueError, match="PRNG"):
        rand.QRNG(101)
    with pytest.raises(BadValueError, match="QRNG"):
        rand.PRNG(201)
    first, second = rand.quasi(4), rand.quasi(4)
    assert first.tolist() != second.tolist() and rand.quasi(4, bits=64, nd=2).dtype == np.uint64
    with pytest.raises(ValueError):
        rand.quasi(4, bits=16)
