"""Bit generators for NumPy: the capsule, the stream, states, locks; NumPy's own distributions over them."""

import copy
import ctypes
import pickle

import numpy as np
import pytest
from scipy import stats
from threads import at_once

from verdigris import rand
from verdigris.errors import UnsupportedError

NAMES = ("XORWOW", "MRG32k3a", "Philox4x32", "MT19937")
KINDS = {"XORWOW": "xorwow", "MRG32k3a": "mrg32k3a", "Philox4x32": "philox", "MT19937": "mt19937"}


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def made(name, seed=42):
    return getattr(rand, name)(seed)


def test_raw_draws_are_the_generators(name):
    want = rand.Generator(KINDS[name], 42).bits(2000)
    assert np.array_equal(made(name).random_raw(1000).view("<u4"), want)
    assert made(name).random_raw() == int(want[0]) | int(want[1]) << 32
    assert made(name).random_raw((2, 3)).shape == (2, 3) and made(name).random_raw(5, output=False) is None


def test_doubles_and_halves(name):
    raw = made(name).random_raw(100)
    assert np.array_equal(np.random.Generator(made(name)).random(100), (raw >> np.uint64(11)) * 2.0**-53)
    generator = np.random.Generator(made(name))
    halves = [int(generator.integers(0, 2**32, dtype=np.uint32)) for _ in range(3)]
    assert halves == [int(raw[0]) & 0xFFFFFFFF, int(raw[0]) >> 32, int(raw[1]) & 0xFFFFFFFF]
    state = generator.bit_generator.state
    assert state["has_uint32"] == 1 and state["uinteger"] == int(raw[1]) >> 32
    assert generator.integers(0, 2**64, dtype=np.uint64) == raw[2]
    assert int(generator.integers(0, 2**32, dtype=np.uint32)) == int(raw[1]) >> 32


def test_numpys_distributions(name):
    generator = np.random.Generator(made(name))
    n = 50_000
    assert stats.kstest(generator.standard_normal(n), stats.norm.cdf).pvalue > 1e-4
    assert stats.kstest(generator.standard_normal(n, dtype=np.float32), stats.norm.cdf).pvalue > 1e-4
    assert stats.kstest(generator.gamma(2.0, size=n), stats.gamma(2).cdf).pvalue > 1e-4
    assert stats.chisquare(np.bincount(generator.integers(0, 10, n))).pvalue > 1e-4
    assert stats.chisquare(np.bincount(generator.choice(8, n))).pvalue > 1e-4
    sample = generator.multivariate_normal([1, 2], [[2, 1], [1, 2]], n)
    assert np.allclose(np.cov(sample.T), [[2, 1], [1, 2]], atol=0.1)
    order = np.arange(1000)
    generator.shuffle(order)
    assert sorted(order) == list(range(1000)) and order.tolist() != list(range(1000))
    assert np.random.RandomState(made(name)).rand() < 1


def test_states_copies_and_pickles(name):
    bits = made(name)
    generator = np.random.Generator(bits)
    generator.integers(0, 9, 5, dtype=np.uint32)
    copies = [copy.copy(bits), copy.deepcopy(bits), pickle.loads(pickle.dumps(bits)), made(name, 7)]
    copies[3].state = bits.state
    throughout = pickle.loads(pickle.dumps(generator))
    want = bits.random_raw(20)
    for other in copies:
        assert np.array_equal(other.random_raw(20), want) and other.state == bits.state
    assert np.array_equal(throughout.bit_generator.random_raw(20), want)
    kept = np.random.Generator(copies[3])
    copies[3].state = made(name).state
    assert kept.random() == np.random.Generator(made(name)).random()


@pytest.mark.parametrize(
    "state, error",
    [
        (5, TypeError),
        ({}, ValueError),
        ({"bit_generator": "PCG64"}, ValueError),
        ({"bit_generator": "XORWOW"}, ValueError),
        ({"bit_generator": "XORWOW", "state": {"seed": -1, "made": 0}, "has_uint32": 0, "uinteger": 0}, ValueError),
        ({"bit_generator": "XORWOW", "state": {"seed": 1, "made": 2**64}, "has_uint32": 0, "uinteger": 0}, ValueError),
        ({"bit_generator": "XORWOW", "state": {"seed": 1, "made": 0}, "has_uint32": 1, "uinteger": 2**32}, ValueError),
        ({"bit_generator": "XORWOW", "state": {"seed": 1.5, "made": 0}, "has_uint32": 0, "uinteger": 0}, ValueError),
    ],
)
def test_wrong_states_change_nothing(state, error):
    bits = made("XORWOW")
    with pytest.raises(error):
        bits.state = state
    assert np.array_equal(bits.random_raw(4), made("XORWOW").random_raw(4))


@pytest.mark.parametrize("name", NAMES[:3])
def test_advance_and_jumps(name):
    raw = made(name).random_raw(3000)
    bits = made(name)
    assert bits.advance(1000) is bits and bits.random_raw() == raw[1000]
    assert bits.advance(-1001).random_raw() == raw[0]
    jumped = made(name).jumped()
    assert np.array_equal(jumped.random_raw(5), made(name).advance(2**48).random_raw(5))
    assert not np.intersect1d(jumped.random_raw(1000), raw).size
    assert np.array_equal(made(name).jumped(2).random_raw(5), made(name).jumped().jumped().random_raw(5))


def test_a_twister_does_not_jump():
    with pytest.raises(UnsupportedError, match="MT19937"):
        made("MT19937").advance(5)


def test_seeds_and_spawned_streams(name):
    assert made(name).seed_seq.entropy == 42
    sequence = np.random.SeedSequence(42)
    assert made(name, sequence).random_raw() == made(name, np.random.SeedSequence(42)).random_raw() != made(name).random_raw()
    assert made(name, None).random_raw() != made(name, None).random_raw()
    assert made(name, [1, 2]).random_raw() == made(name, [1, 2]).random_raw()
    assert made(name, 2**70).random_raw() == made(name, 2**70).random_raw()
    with pytest.raises(ValueError):
        made(name, -1)
    first, second = made(name).spawn(2)
    assert type(first) is getattr(rand, name) and first.random_raw() != second.random_raw()
    assert len(np.random.Generator(made(name)).spawn(3)) == 3


def test_ctypes_functions_are_the_stream(name):
    bits = made(name)
    interface = bits.ctypes
    raw = made(name).random_raw(3)
    assert interface.next_uint64(interface.state) == raw[0]
    assert interface.next_uint32(interface.state) == int(raw[1]) & 0xFFFFFFFF
    assert interface.next_double(interface.state) == (int(raw[2]) >> 11) * 2.0**-53
    assert ctypes.cast(interface.bit_generator, ctypes.POINTER(ctypes.c_void_p))[0] == interface.state_address
    pytest.importorskip("cffi")
    assert bits.cffi.state is not None


def test_sixteen_threads_share_one_numpy_generator(name):
    generator = np.random.Generator(made(name))
    drawn = at_once(16, lambda _: np.concatenate([generator.random(500) for _ in range(20)]))
    serial = np.random.Generator(made(name)).random(16 * 20 * 500)
    assert np.array_equal(np.sort(np.concatenate(drawn)), np.sort(serial))


def test_numpys_random_is_not_imported_before_it_is_needed(python):
    loaded = "print('verdigris.rand._bits' in sys.modules)"
    code = f"import sys, verdigris; from verdigris import rand; rand.Generator(); {loaded}; rand.XORWOW; {loaded}"
    assert python("-c", code).stdout.split() == ["False", "True"]
    with pytest.raises(AttributeError, match="Nonsense"):
        rand.Nonsense  # noqa: B018
    assert "XORWOW" in dir(rand)
