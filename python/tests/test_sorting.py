"""pyculib's `sorting` and `rand.binding` against NumPy and the streams."""

import numpy as np
import pytest

from verdigris import cuda, rand
from verdigris.compat.pyculib import sorting
from verdigris.compat.pyculib.rand import binding
from verdigris.errors import BadValueError

DTYPES = ("f4", "f8", "i4", "u4", "i8", "u8")


def keys_of(dtype, n=1000, seed=1):
    generator = np.random.default_rng(seed)
    if dtype[0] == "f":
        return generator.standard_normal(n).astype(dtype)
    info = np.iinfo(dtype)
    return generator.integers(info.min, info.max, n, dtype=dtype, endpoint=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("descending", [False, True])
def test_sort_argsort_and_select(dtype, descending):
    keys = keys_of(dtype)
    want = np.sort(keys)[::-1] if descending else np.sort(keys)
    sorter = sorting.RadixSort(1000, dtype, descending)
    got, values = keys.copy(), np.arange(1000, dtype=np.uint32)
    sorter.sort(got, values)
    assert np.array_equal(got, want) and np.array_equal(keys[values], want)
    got = keys.copy()
    order = sorter.argsort(got)
    assert order.dtype == np.uint32 and np.array_equal(keys[order], want) and np.array_equal(got, want)
    got = keys.copy()
    sorter.select(10, got)
    assert np.array_equal(got[:10], want[:10]) and np.array_equal(got[10:], keys[10:])
    got = keys.copy()
    assert np.array_equal(keys[sorter.argselect(7, got)], want[:7])
    sorter.close()


def test_bits_of_keys_and_stability():
    keys = np.array([0x31, 0x12, 0x21, 0x11, 0x02], np.uint32)
    values = np.arange(5, dtype=np.uint32)
    sorting.RadixSort(5, "u4").sort(keys, values, begin_bit=0, end_bit=4)
    assert keys.tolist() == [0x31, 0x21, 0x11, 0x12, 0x02] and values.tolist() == [0, 2, 3, 1, 4]
    zeros = np.array([0.0, -0.0, -1.0])
    sorting.RadixSort(3, "f8").sort(zeros)
    assert np.signbit(zeros).tolist() == [True, True, False]


def test_device_arrays():
    keys = keys_of("f4")
    device = cuda.to_device(keys)
    order = sorting.RadixSort(1000, np.float32).argsort(device)
    assert np.array_equal(device.copy_to_host(), np.sort(keys)) and np.array_equal(
        order.copy_to_host(), np.argsort(keys, kind="stable")
    )
    assert sorting.RadixSort(5, np.float32).init_arg(4).copy_to_host().tolist() == [0, 1, 2, 3]


def test_segments():
    keys, values = keys_of("f4", 100), np.arange(100, dtype=np.uint32)
    got = keys.copy()
    sorting.segmented_sort(got, values, np.array([10, 10, 60], np.int32))
    want = np.concatenate([np.sort(keys[:10]), np.sort(keys[10:60]), np.sort(keys[60:])])
    assert np.array_equal(got, want) and np.array_equal(keys[values], want)
    with pytest.raises(ValueError):
        sorting.segmented_sort(got, values, np.array([60, 10], np.int32))
    with pytest.raises(ValueError):
        sorting.segmented_sort(got, values, np.array([101], np.int32))


def test_faults():
    sorter = sorting.RadixSort(3, "i4")
    with pytest.raises(TypeError, match="dtype mismatch"):
        sorter.sort(np.zeros(3, "f4"))
    with pytest.raises(ValueError, match="keys array too long"):
        sorter.sort(np.zeros(4, "i4"))
    with pytest.raises(KeyError):
        sorting.RadixSort(3, "c8")
    with pytest.raises(ValueError, match="bits"):
        sorter.sort(np.zeros(3, "i4"), begin_bit=5, end_bit=40)


def test_binding_is_the_stream():
    generator = binding.Generator(binding.CURAND_RNG_PSEUDO_XORWOW)
    generator.set_pseudo_random_generator_seed(42)
    out = np.zeros(8, np.uint32)
    generator.generate(out, 6)
    assert out[:6].tolist() == rand.Generator("xorwow", 42).bits(6).tolist() and not out[6:].any()
    device = cuda.to_device(np.zeros(4, np.float32))
    generator.set_offset(0)
    generator.generate_uniform(device, 4)
    assert np.array_equal(device.copy_to_host(), rand.Generator("xorwow", 42).uniform(4, dtype=np.float32))
    counts = np.zeros(10, np.uint32)
    generator.generate_poisson(counts, 10, 3.0)
    assert counts.any()
    with pytest.raises(binding.CuRandError) as caught:
        generator.generate_normal(np.zeros(3), 3, 0.0, 1.0)
    assert caught.value.args[0] == "CURAND_STATUS_LENGTH_NOT_MULTIPLE"
    with pytest.raises(binding.CuRandError):
        generator.set_quasi_random_generator_dimensions(2)
    with pytest.raises(BadValueError):
        generator.generate_uniform(counts, 3)
    quasi = binding.Generator(binding.CURAND_RNG_QUASI_SOBOL32)
    quasi.set_quasi_random_generator_dimensions(2)
    points = np.zeros(4, np.float64)
    quasi.generate_normal(points, 4, 0.0, 1.0)
    assert np.isfinite(points).all() and binding.libcurand().version == 10405
