"""Transforms of a GPU's arrays: run on one, and against the stand-in of the driver and cuFFT (test_gpu_standin.py).

What the host gives, which is tested against SciPy, is what the GPU has to give."""

import itertools

import numpy as np
import pytest

from verdigris import cuda, errors, fft

pytestmark = pytest.mark.gpu

LAYOUTS = ["C", "F", "gaps", "back", "part"]


def numbers(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    made = rng.uniform(-1, 1, shape)
    if np.dtype(dtype).kind == "c":
        made = made + 1j * rng.uniform(-1, 1, shape)
    return made.astype(dtype)


def on_device(host, layout="C"):
    """The array on the device, lying so."""
    if layout in ("C", "F"):
        return cuda.to_device(np.array(host, order=layout))
    if layout == "gaps":
        made = cuda.to_device(np.zeros([2 * n + 1 for n in host.shape], host.dtype))[(slice(1, None, 2),) * host.ndim]
        made = made[tuple(slice(n) for n in host.shape)]
    elif layout == "part":
        made = cuda.to_device(np.zeros([n + 2 for n in host.shape], host.dtype))[tuple(slice(1, n + 1) for n in host.shape)]
    else:
        made = cuda.to_device(np.zeros(host.shape, host.dtype))[(slice(None, None, -1),) * host.ndim]
    made.copy_to_device(host)
    return made


def compare(made, expected, what=""):
    assert made.device.startswith("cuda"), what
    assert (made.dtype, made.shape) == (expected.dtype, expected.shape), what
    tolerance = 2e-5 if expected.dtype.char in "fF" else 1e-12
    np.testing.assert_allclose(
        made.copy_to_host(), expected, rtol=tolerance, atol=tolerance * max(1, expected.size), err_msg=what
    )


def same(name, host, layout="C", **options):
    call = getattr(fft, name)
    given = on_device(host, layout)
    compare(call(given, **options), call(host, **options), f"{name} {host.dtype} {host.shape} {layout} {options}")
    np.testing.assert_array_equal(given.copy_to_host(), host, err_msg=f"{name}: the input has changed")


@pytest.mark.parametrize("dtype", ["complex64", "complex128", "float32", "float64"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_axis(dtype, layout):
    x = numbers((3, 6, 5), dtype)
    for axis, norm in itertools.product((0, 1, -1), (None, "ortho", "forward")):
        for name in ("fft", "ifft"):
            same(name, x, layout, axis=axis, norm=norm)
        if x.dtype.kind == "f":
            for name in ("rfft", "ihfft"):
                same(name, x, layout, axis=axis, norm=norm)
        else:
            for name in ("irfft", "hfft"):
                same(name, x, layout, axis=axis, norm=norm)
    # Cropped and padded.
    for n in (3, 4, 9):
        for name in ("fft", *(["rfft"] if x.dtype.kind == "f" else ["irfft"])):
            same(name, x, layout, axis=1, n=n)


@pytest.mark.parametrize("dtype", ["complex64", "complex128", "float64"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_several_axes(dtype, layout):
    x = numbers((3, 2, 4, 5), dtype)
    real = x.dtype.kind == "f"
    for axes in ((0, 1), (2, 3), (3, 1), (1, 2, 3), (0, 2), (0, 1, 2, 3), (3, 2, 1, 0)):
        same("fftn", x, layout, axes=axes)
        same("ifftn", x, layout, axes=axes, norm="ortho")
        same("rfftn" if real else "irfftn", x, layout, axes=axes)
        if real:
            same("ihfftn", x, layout, axes=axes)
        else:
            same("hfftn", x, layout, axes=axes)
    same("fft2", x, layout, s=(6, 3))
    same("rfft2" if real else "irfft2", x, layout, s=(6, 3))


def test_into_arrays_of_the_callers():
    x = numbers((4, 6), "complex128")
    for layout in LAYOUTS:
        for axis in (0, 1):
            out = on_device(np.zeros_like(x), layout)
            assert fft.fft(on_device(x), axis=axis, out=out) is out
            compare(out, fft.fft(x, axis=axis), layout)
            inside = on_device(x, layout)
            assert fft.ifft(inside, axis=axis, out=inside) is inside
            compare(inside, fft.ifft(x, axis=axis), layout)
    half = on_device(np.zeros((4, 4), "complex128"), "gaps")
    fft.rfft(on_device(x.real.copy(), "part"), out=half)
    compare(half, fft.rfft(x.real))
    back = on_device(np.zeros((4, 6)), "F")
    fft.irfft(half, 6, out=back)
    compare(back, x.real)
    overwritten = fft.fft(on_device(x), overwrite_x=True)
    compare(overwritten, fft.fft(x))
    # Overlapping in any other way.
    memory = cuda.to_device(np.zeros(20, "complex128"))
    memory[:12].copy_to_device(x.ravel()[:12])
    fft.fft(memory[:12], out=memory[4:16])
    compare(memory[4:16], fft.fft(x.ravel()[:12]))


def test_plans_and_streams():
    x = numbers((3, 8), "float64")
    stream = cuda.stream()
    with fft.Plan((3, 8), "float64", axes=-1, norm="backward") as plan:
        y = plan.forward(cuda.to_device(x, stream=stream), stream=stream)
        back = plan.inverse(y, stream=stream)
        stream.synchronize()
        compare(y, fft.rfft(x))
        compare(back, x)
    made = fft.ifft(fft.fft(cuda.to_device(x, stream=stream), stream=stream), stream=stream)
    stream.synchronize()
    compare(made, x.astype("complex128"))
    fft.clear_plan_cache()
    compare(fft.fft(on_device(x)), fft.fft(x))


def test_edges():
    compare(fft.fft(on_device(numbers((1,), "complex64"))), fft.fft(numbers((1,), "complex64")))
    assert fft.fft(on_device(numbers((0, 3), "complex64"))).shape == (0, 3)
    compare(fft.rfft(on_device(numbers((2, 1), "float32"))), fft.rfft(numbers((2, 1), "float32")))
    compare(fft.fft(cuda.to_device(np.arange(6))), fft.fft(np.arange(6)))
    compare(fft.fft(cuda.to_device(np.arange(6, dtype="float16"))), fft.fft(np.arange(6, dtype="float16")))
    odd = on_device(numbers(9, "float32"))[1:]
    compare(fft.rfft(odd), fft.rfft(numbers(9, "float32")[1:]))


def test_what_is_refused():
    x = on_device(numbers((3, 4), "float64"))
    for name, what in (("dct", "cosine"), ("dst", "sine"), ("dctn", "cosine")):
        with pytest.raises(errors.UnsupportedError, match=f"cuFFT has no {what} transforms") as caught:
            getattr(fft, name)(x)
        assert caught.value.code == "unsupported-on-device"
    with pytest.raises(errors.DeviceError, match="one of input and output is in a GPU's memory"):
        fft.fft(x, out=np.zeros((3, 4), "complex128"))
    with pytest.raises(ValueError, match="invalid number of data points"):
        fft.fft(x, 0)


def test_pyculibs_plans():
    from verdigris.compat.pyculib import fft as pyculib
    from verdigris.compat.pyculib.fft import binding

    x = numbers((4, 6), "complex64")
    out = cuda.device_array((4, 6), "complex64")
    pyculib.fft(on_device(x), out)
    compare(out, fft.fftn(x))
    pyculib.ifft_inplace(out)
    compare(out, 24 * x)
    real, half = on_device(numbers((4, 6), "float64")), cuda.device_array((4, 4), "complex128")
    stream = cuda.stream()
    plan = pyculib.FFTPlan((4, 6), np.float64, np.complex128, stream=stream)
    cuda.synchronize()
    plan.forward(real, half)
    stream.synchronize()
    compare(half, fft.rfftn(numbers((4, 6), "float64")))
    many = binding.Plan.many((6,), binding.CUFFT_C2C, 4)
    target = cuda.device_array((4, 6), "complex64")
    many.forward(on_device(x), target)
    compare(target, fft.fft(x))
