"""Random numbers in a GPU's memory: run on one, and against the stand-in of the driver and cuRAND (test_gpu_standin.py).

The stand-in makes Philox's numbers as cuRAND does, and of other kinds numbers that depend on the same settings."""

import numpy as np
import pytest

from verdigris import cuda, errors, rand
from verdigris.compat.pyculib.rand import binding

pytestmark = pytest.mark.gpu

PSEUDO = ["xorwow", "mrg32k3a", "philox", "mt19937"]
KINDS = [*PSEUDO, "sobol32", "sobol64"]
CALLS = [("bits", np.uint32, 6), ("uniform", np.float64, 10), ("uniform", np.float32, 4), ("bits", np.uint64, 8)] * 3


def on_a_gpu():
    return "Stand-in" not in str(cuda.get_current_device().name)


def same_numbers(kind):
    """Whether the machine makes the host's numbers."""
    return on_a_gpu() or kind == "philox"


def filled(generator, how, n, dtype, *parameters, **options):
    out = cuda.device_array(n, dtype)
    assert getattr(generator, how)(*parameters, out=out, **options) is out
    return out.copy_to_host()


@pytest.mark.parametrize("kind", KINDS)
def test_integers_and_uniforms_are_the_hosts(kind):
    def both():
        return rand.Generator(kind), rand.Generator(kind)

    wide = kind == "sobol64"
    for how, dtype in (("bits", np.uint64 if wide else np.uint32), ("uniform", np.float32), ("uniform", np.float64)):
        device, host = both()
        for n in (5, 4096, 100_001, 1):
            made = filled(device, how, n, dtype)
            assert made.dtype == dtype
            if same_numbers(kind):
                np.testing.assert_array_equal(made, getattr(host, how)(n, dtype=dtype), err_msg=f"{how} {n}")
            elif how == "uniform":
                assert made.min() > 0 and made.max() <= 1


@pytest.mark.parametrize("kind", PSEUDO)
def test_calls_of_several_sorts_follow_each_other_as_on_the_host(kind):
    device, host = rand.Generator(kind, 7), rand.Generator(kind, 7)
    for how, dtype, n in [
        ("bits", np.uint32, 6),
        ("uniform", np.float64, 10),
        ("uniform", np.float32, 4),
        ("bits", np.uint64, 8),
    ] * 3:
        made = filled(device, how, n, dtype)
        if same_numbers(kind):
            np.testing.assert_array_equal(made, getattr(host, how)(n, dtype=dtype))
    assert device.position == host_position(host, kind)


def host_position(host, kind):
    if same_numbers(kind):
        return host.position
    for how, dtype, n in [
        ("bits", np.uint32, 6),
        ("uniform", np.float64, 10),
        ("uniform", np.float32, 4),
        ("bits", np.uint64, 8),
    ] * 3:
        getattr(host, how)(n, dtype=dtype)
    return host.position


@pytest.mark.parametrize("options", [{"offset": 12345}, {"ordering": "legacy"}, {"ordering": "best", "seed": 2**63 + 5}])
def test_settings_reach_the_gpu(options):
    seed = options.pop("seed", 9)
    device, host = rand.Generator("philox", seed, **options), rand.Generator("philox", seed, **options)
    np.testing.assert_array_equal(filled(device, "bits", 1000, np.uint32), host.bits(1000))
    if on_a_gpu():
        device, host = rand.Generator("xorwow", seed, **options), rand.Generator("xorwow", seed, **options)
        np.testing.assert_array_equal(filled(device, "bits", 10000, np.uint32), host.bits(10000))
        device, host = rand.Generator("xorwow", seed, ordering="seeded"), rand.Generator("xorwow", seed, ordering="seeded")
        np.testing.assert_array_equal(filled(device, "bits", 10000, np.uint32), host.bits(10000))


def test_dimensions_reach_the_gpu():
    device, host = rand.Generator("sobol32", dims=3), rand.Generator("sobol32", dims=3)
    for n in (30, 3000):
        made = filled(device, "bits", n, np.uint32)
        if on_a_gpu():
            np.testing.assert_array_equal(made, host.bits(n))
    with pytest.raises(errors.ShapeError):
        filled(device, "bits", 10, np.uint32)


def test_the_stream_goes_from_machine_to_machine():
    device, host = rand.Generator("philox", 1), rand.Generator("philox", 1)
    np.testing.assert_array_equal(filled(device, "uniform", 11, np.float32), host.uniform(11, dtype=np.float32))
    np.testing.assert_array_equal(device.uniform(7), host.uniform(7))
    np.testing.assert_array_equal(filled(device, "uniform", 11, np.float64), host.uniform(11))
    np.testing.assert_array_equal(filled(device, "normal", 12, np.float64), host.normal(12))
    np.testing.assert_array_equal(filled(device, "integers", 12, np.int64, 6), host.integers(6, shape=12))
    copy = rand.Generator.__copy__(device)
    np.testing.assert_array_equal(filled(copy, "bits", 8, np.uint32), filled(device, "bits", 8, np.uint32))
    for generator in (device, host):
        generator.set_offset(3)
    np.testing.assert_array_equal(filled(device, "bits", 8, np.uint32), host.bits(8))


@pytest.mark.parametrize("kind", PSEUDO)
def test_normal_numbers_are_the_hosts_but_for_last_digits(kind):
    for dtype, close in ((np.float32, 2e-5), (np.float64, 1e-13)):
        device, host = rand.Generator(kind, 5), rand.Generator(kind, 5)
        for how in ("normal", "lognormal"):
            made = filled(device, how, 1000, dtype, None, 1.0, 0.5, method="curand")
            if same_numbers(kind):
                expected = getattr(host, how)(1000, 1.0, 0.5, dtype=dtype, method="curand")
                np.testing.assert_allclose(made, expected, rtol=close, atol=close)


def test_poisson_numbers():
    device = rand.Generator("xorwow", 5)
    for dtype in (np.uint32, np.int32):
        made = filled(device, "poisson", 4000, dtype, None, 12.0)
        assert made.dtype == dtype
        assert abs(made.mean() - 12) < 1
    with pytest.raises(errors.BadValueError):
        filled(device, "poisson", 4, np.uint32, None, -1.0)


def test_any_layout_and_streams():
    host = rand.Generator("philox", 3).uniform((6, 5))
    whole = cuda.to_device(np.zeros((5, 12)))
    part = whole.T[::2]
    stream = cuda.stream()
    rand.Generator("philox", 3).uniform(out=part, stream=stream)
    stream.synchronize()
    np.testing.assert_array_equal(part.copy_to_host(), host)
    assert not whole.T[1::2].copy_to_host().any()
    empty = cuda.device_array(0)
    assert rand.Generator("philox", 3).uniform(out=empty) is empty


def test_pyculibs_generators_fill_where_the_array_is():
    out = cuda.device_array(100, np.float32)
    prng = rand.PRNG(rand.PRNG.XORWOW, seed=4)
    prng.uniform(out, size=60)
    made = out.copy_to_host()
    assert (made[:60] > 0).all() and not made[60:].any()
    if on_a_gpu():
        expected = np.empty(60, np.float32)
        rand.PRNG(rand.PRNG.XORWOW, seed=4).uniform(expected)
        np.testing.assert_array_equal(made[:60], expected)
    prng.stream = cuda.stream()
    prng.normal(out, 2.0, 0.5)
    prng.stream.synchronize()
    assert abs(out.copy_to_host().mean() - 2) < 0.5
    with pytest.raises(errors.ShapeError):
        prng.normal(out, 2.0, 0.5, size=3)
    points = rand.quasi(12, nd=3, device=True)
    assert (points.device[:4], points.dtype, points.shape) == ("cuda", np.uint32, (12,))
    assert rand.uniform(10, device=True).device.startswith("cuda")
    assert rand.poisson(4.0, 10, device=True).dtype == np.uint32
    generator = binding.Generator(binding.CURAND_RNG_PSEUDO_XORWOW)
    generator.set_stream(cuda.stream())
    generator.generate_uniform(out, 100)
    generator.generate(cuda.device_array(10, np.int32), 10)
    with pytest.raises(binding.CuRandError, match="LENGTH_NOT_MULTIPLE"):
        generator.generate_normal(out, 3, 0.0, 1.0)
