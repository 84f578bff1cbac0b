"""`verdigris.rand`. That the streams are cuRAND's is tested in the crate; here: arrays, errors, threads."""

import numpy as np
import pytest
from threads import at_once

import verdigris as vg
from verdigris import rand as curand
from verdigris.errors import ArgumentError, BadValueError, ShapeError

XORWOW = curand.PRNG.XORWOW


def drawn(n, dtype=np.float64, how="uniform", *parameters, **options):
    array = np.empty(n, dtype)
    getattr(curand.PRNG(rndtype=XORWOW, **options), how)(array, *parameters)
    return array


def test_uniform_numbers_are_the_integers_scaled():
    bits = np.empty(8, np.uint32)
    from verdigris._verdigris import Generator

    Generator(XORWOW, 42).draw("bits_u32", bits)
    assert bits[:4].tolist() == [0x11ECE47F, 0x28FF4CC2, 0x6BA5A19E, 0x938D0A4A]
    expected = np.float32(2.0**-33) + bits.astype(np.float32) * np.float32(2.0**-32)
    assert np.array_equal(drawn(8, np.float32, seed=42), expected)


def test_a_million_numbers():
    numbers = drawn(1_000_000, seed=7)
    assert numbers.min() > 0 and numbers.max() <= 1
    assert abs(numbers.mean() - 0.5) < 0.002
    normals = drawn(1_000_000, np.float64, "normal", 3.0, 2.0, seed=7)
    assert abs(normals.mean() - 3) < 0.01 and abs(normals.std() - 2) < 0.01
    assert np.array_equal(
        np.log(drawn(1000, np.float64, "lognormal", 0.0, 1.0)).round(9), drawn(1000, np.float64, "normal", 0, 1).round(9)
    )
    counts = drawn(100_000, np.int32, "poisson", 4.5)
    assert abs(counts.mean() - 4.5) < 0.05 and counts.min() >= 0


def test_seed_and_offset():
    whole = drawn(100, np.float32, seed=3)
    assert np.array_equal(drawn(60, np.float32, seed=3, offset=40), whole[40:])
    prng = curand.PRNG(XORWOW, seed=3)
    assert (prng.seed, prng.offset, prng.rndtype) == (3, 0, 101)
    part = np.empty(100, np.float32)
    prng.uniform(part[:50])
    prng.uniform(part[50:])
    assert np.array_equal(part, whole)
    prng.offset = 0
    prng.uniform(part, size=10)
    assert np.array_equal(part[:10], whole[:10])
    assert curand.PRNG(seed=-1).seed == 2**64 - 1
    assert not np.array_equal(drawn(10, seed=1), drawn(10, seed=2))


def test_size_fills_a_prefix_only():
    array = np.full(10, -1.0)
    curand.PRNG().uniform(array, 4)
    assert (array[:4] > 0).all() and (array[4:] == -1).all()


def test_nothing_is_drawn_for_an_empty_array():
    prng = curand.PRNG(seed=5)
    prng.uniform(np.empty(0))
    array = np.empty(4)
    prng.uniform(array)
    assert np.array_equal(array, drawn(4, seed=5))


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda p: p.uniform(np.empty((2, 2))), ArgumentError, "Only accept 1-D array"),
        (lambda p: p.uniform(np.empty(8)[::2]), ArgumentError, "Only accept unit strided array"),
        (lambda p: p.uniform(np.empty(8)[::-1]), ArgumentError, "Only accept unit strided array"),
        (lambda p: p.uniform(np.empty(8, np.int32)), ValueError, "Only accept float or double arrays"),
        (lambda p: p.uniform(np.empty(8, ">f8")), ValueError, "Only accept float or double arrays"),
        (lambda p: p.poisson(np.empty(8), 3), ValueError, "Only accept 32-bit integer arrays"),
        (lambda p: p.poisson(np.empty(8, "i4"), 0), BadValueError, "mean of a Poisson"),
        (lambda p: p.normal(np.empty(3), 0, 1), ShapeError, "even number"),
        (lambda p: p.uniform(np.empty(3), 4), ShapeError, "the array holds 3"),
        (lambda p: p.uniform(np.empty(3), -1), ShapeError, "the array holds 3"),
        (lambda p: p.uniform([1.0]), ArgumentError, "not list"),
        (lambda p: p.uniform(np.broadcast_to(np.float64(1), (3,))), ArgumentError, "unit strided"),
        (lambda p: curand.PRNG(122), BadValueError, "122"),
        (lambda p: curand.PRNG(-3), BadValueError, "-3"),
        (lambda p: curand.PRNG(offset=-1), BadValueError, "offset"),
    ],
)
def test_wrong_calls_leave_the_stream_alone(call, error, words):
    prng = curand.PRNG(seed=9)
    with pytest.raises(error, match=words):
        call(prng)
    array = np.empty(4)
    prng.uniform(array)
    assert np.array_equal(array, drawn(4, seed=9))


def test_read_only_and_misaligned_arrays_are_refused():
    locked = np.zeros(4)
    locked.flags.writeable = False
    with pytest.raises(ArgumentError, match="writ"):
        curand.PRNG().uniform(locked)
    assert (locked == 0).all()
    misaligned = np.zeros(33, np.uint8)[1:].view(np.float64)
    with pytest.raises(ArgumentError):
        curand.PRNG().uniform(misaligned)


def test_eight_threads_share_one_generator():
    prng = curand.PRNG(seed=11)
    arrays = [np.empty(4096 * 4, np.float32) for _ in range(8)]
    at_once(8, lambda i: [prng.uniform(arrays[i][k : k + 4096]) for k in range(0, arrays[i].size, 4096)])
    got = np.sort(np.concatenate(arrays))
    assert np.array_equal(got, np.sort(drawn(got.size, np.float32, seed=11)))


def test_bits_do_not_depend_on_the_number_of_threads():
    with vg.num_threads(1):
        one = drawn(300_000, np.float64, "normal", 0, 1, seed=13)
    assert np.array_equal(one, drawn(300_000, np.float64, "normal", 0, 1, seed=13))


def test_functions_that_make_arrays():
    a, b = curand.uniform(10), curand.uniform(10)
    assert a.dtype == np.float64 and not np.array_equal(a, b)
    assert curand.normal(0, 1, 4, np.float32).dtype == np.float32
    assert (curand.lognormal(0, 1, 4) > 0).all()
    assert curand.poisson(3, 5).dtype == np.uint32
