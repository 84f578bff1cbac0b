"""`pyculib.fft`, by its documentation and the defects that users reported."""

import numpy as np
import pytest

from verdigris import cuda
from verdigris.compat.pyculib import fft
from verdigris.compat.pyculib.fft import FFTPlan, binding


def complex_array(*shape, dtype=np.complex64):
    rng = np.random.default_rng(1)
    return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(dtype)


@pytest.mark.parametrize("shape", [(16,), (6, 10), (3, 4, 5)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_plans_of_each_kind(shape, order):
    for single, double in [("f4", "c8"), ("f8", "c16")]:
        x = np.asarray(complex_array(*shape).real, single, order=order)
        plan = FFTPlan(shape, single, double)
        assert (plan.direction, plan.ishape, plan.oshape) == ("forward", shape, (*shape[:-1], shape[-1] // 2 + 1))
        y = plan.forward(x)
        assert y.dtype == double and np.allclose(y, np.fft.rfftn(x), atol=1e-4)
        with pytest.raises(TypeError, match="Invalid operation"):
            plan.inverse(y)
        if shape[-1] % 2 == 0:
            back = FFTPlan(y.shape, double, single)
            assert back.direction == "inverse" and back.oshape == shape
            assert np.allclose(back.inverse(y), x.size * x, atol=1e-3)
            with pytest.raises(TypeError, match="Invalid operation"):
                back.forward(y)
        z = np.asarray(complex_array(*shape), double, order=order)
        plan = FFTPlan(shape, double, double)
        assert plan.direction == "both"
        y = plan.forward(z)
        assert np.allclose(y, np.fft.fftn(z), atol=1e-3) and y.flags.f_contiguous == z.flags.f_contiguous
        out = np.empty_like(z)
        assert plan.inverse(y, out) is out and np.allclose(out, z.size * z, atol=1e-2)
        wanted = np.fft.fftn(z)
        assert plan.forward(z, z) is z and np.allclose(z, wanted, atol=1e-3)


def test_functions():
    x = complex_array(8, 6)
    y = np.empty_like(x)
    assert fft.fft(x, y) is y and np.allclose(y, np.fft.fft2(x), atol=1e-4)
    assert np.allclose(fft.ifft(y, np.empty_like(x)), 48 * x, atol=1e-3)
    z = x.copy()
    assert fft.fft_inplace(z) is z and np.allclose(z, y, atol=1e-4)
    assert np.allclose(fft.ifft_inplace(z), 48 * x, atol=1e-3)
    for n in (8, 9):
        real = x.real.ravel()[:n].copy()
        half = fft.fft(real, np.empty(n // 2 + 1, "c8"))
        assert np.allclose(fft.ifft(half, np.empty(n, "f4")), n * real, atol=1e-4)
    with pytest.raises(ValueError, match="Invalid type combination"):
        fft.fft_inplace(x.real.copy())
    with pytest.raises(ValueError, match="Invalid type combination"):
        fft.fft(x, np.empty((8, 6), "c16"))
    with pytest.raises(TypeError, match="Invalid operation"):
        fft.fft(np.empty(5, "c8"), np.empty(8, "f4"))


def test_batches_have_their_shape():
    x = complex_array(5, 8)
    plan = FFTPlan((8,), "c8", "c8", batch=5)
    y = plan.forward(x)
    assert y.shape == (5, 8) and np.allclose(y, np.fft.fft(x), atol=1e-4)
    # As programs that knew of the defect call it.
    flat = np.empty(40, "c8")
    plan.forward(x.ravel(), flat)
    assert np.allclose(flat.reshape(5, 8), y)


def test_device_arrays():
    x = complex_array(4, 6)
    d = cuda.to_device(x)
    y = FFTPlan((4, 6), "c8", "c8").forward(d)
    assert isinstance(y, cuda.DeviceNDArray) and np.allclose(y.copy_to_host(), np.fft.fft2(x), atol=1e-4)
    fft.fft_inplace(d)
    assert np.allclose(d.copy_to_host(), np.fft.fft2(x), atol=1e-4)


def test_wrong_arrays_are_refused():
    plan = FFTPlan((4, 6), "c8", "c8")
    with pytest.raises(ValueError, match="Incompatiable input array dtype"):
        plan.forward(np.zeros((4, 6)))
    for shape in [(4, 5), (5, 1), (4,), (24, 1)]:
        with pytest.raises(ValueError, match="Incompatible input array shape"):
            plan.forward(np.zeros(shape, "c8"))
        with pytest.raises(ValueError, match="Incompatible output shape"):
            plan.forward(np.zeros((4, 6), "c8"), np.zeros(shape, "c8"))
    with pytest.raises(ValueError):
        plan.forward(np.zeros((4, 6), "c8"), np.zeros((4, 6), "c16"))
    for shape in [(), (0,), (1, 2, 3, 4)]:
        with pytest.raises(ValueError):
            FFTPlan(shape, "c8", "c8")
    with pytest.raises(ValueError):
        FFTPlan((4, 1), "c8", "f4")
    with pytest.raises(ValueError):
        FFTPlan((4,), "c8", "c8", batch=0)


def test_binding():
    assert (binding.CUFFT_C2C, binding.CUFFT_R2C, binding.CUFFT_Z2D) == (0x29, 0x2A, 0x6C)
    assert binding.libcufft().version >= 1000
    x = complex_array(3, 8)
    d, out = cuda.to_device(x), cuda.device_array((3, 8), "c8")
    plan = binding.Plan.many((8,), binding.CUFFT_C2C, batch=3)
    plan.set_stream(cuda.stream())
    plan.set_fftw_all_mode()
    plan.forward(d, out)
    assert np.allclose(out.copy_to_host(), np.fft.fft(x), atol=1e-4)
    plan.inverse(out, out)
    assert np.allclose(out.copy_to_host(), 8 * x, atol=1e-4)
    real = x.real.copy()
    half = np.empty(13, "c8")
    binding.Plan.two(binding.CUFFT_R2C, 3, 7).exe(real, half, binding.CUFFT_FORWARD)
    assert np.allclose(half[:12].reshape(3, 4), np.fft.rfft2(real.ravel()[:21].reshape(3, 7)), atol=1e-4)
    back = np.empty(21, "f4")
    binding.Plan.two(binding.CUFFT_C2R, 3, 7).inverse(half, back)
    assert np.allclose(back, 21 * real.ravel()[:21], atol=1e-3)
    cube = complex_array(2, 3, 4, dtype="c16")
    binding.Plan.three(binding.CUFFT_Z2Z, 2, 3, 4).forward(cube, cube)
    binding.Plan.one(binding.CUFFT_Z2Z, 24).inverse(cube, np.empty_like(cube))
    with pytest.raises(ValueError):
        binding.Plan.one(1, 8)
    with pytest.raises(ValueError):
        plan.exe(d, out, 0)
    with pytest.raises(ValueError, match="elements"):
        binding.Plan.one(binding.CUFFT_C2C, 100).forward(d, out)
    with pytest.raises(TypeError):
        plan.forward(real, out)


def test_names_that_programs_import(python):
    code = (
        "from verdigris import compat; compat.install()\n"
        "from pyculib.fft import FFTPlan, fft\n"
        "from pyculib.fft.binding import Plan, CUFFT_C2C\n"
        "import accelerate.cuda.fft as a, pyculib; assert a is pyculib.fft\n"
    )
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
