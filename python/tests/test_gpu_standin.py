"""The GPU's Python side against the stand-in of the driver: by value, and by the calls that were made."""

import textwrap
from pathlib import Path

import pytest
import standin

import verdigris

pytestmark = pytest.mark.skipif(
    standin.library() is None, reason="the stand-in is not built: cargo build -p verdigris-driver-standin"
)

HERE = Path(__file__).parent


@pytest.fixture
def on_standin(python, tmp_path):
    """Runs Python text in a process whose driver is the stand-in, with `gpu` asking it; gives what it printed."""

    def run(text, **variables):
        head = f"import sys; sys.path.insert(0, {str(HERE)!r})\nfrom standin import Standin\ngpu = Standin()\n"
        environment = standin.environment(tmp_path) | {"VERDIGRIS_REQUIRE_GPU": ""} | variables
        done = python("-c", head + textwrap.dedent(text), **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_the_gpu_tests_pass_on_the_stand_in(python, tmp_path):
    """The tests that are marked `gpu`, which `make gpu-check` runs on a GPU, stand in files named so."""
    files = [str(file) for file in HERE.glob("test_gpu_*.py") if file != Path(__file__)]
    arguments = ["-m", "pytest", "-q", "-x", "-m", "gpu", "-p", "no:cacheprovider", *files]
    done = python(*arguments, **standin.environment(tmp_path), VERDIGRIS_CACHE="0")
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " skipped" not in done.stdout.splitlines()[-1], done.stdout[-2000:]


@pytest.mark.slow
def test_gpu_check_passes_on_the_stand_in(python):
    package = Path(verdigris.__file__).parents[1]
    done = python(str(HERE.parents[1] / "dev" / "gpu_check.py"), "--stand-in", str(standin.library()), "--package", str(package))
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert done.stdout.endswith(" passed, 0 failed\n")


def test_auto_takes_the_gpu_that_there_is(on_standin):
    out = on_standin(
        """
        import verdigris
        info = verdigris.info()
        print(info["device"], info["gpu"], sep="|")
        assert info["device_reason"] == "VERDIGRIS_DEVICE=auto"
        from verdigris import cuda
        assert cuda.is_gpu() and cuda.to_device([1.0]).device == "cuda:0"
        """,
        VERDIGRIS_DEVICE="auto",
    )
    assert out == "cuda:0|NVIDIA's driver (CUDA 13.1) has 2 GPUs\n"


def test_auto_takes_the_cpu_and_warns_where_a_gpu_does_not_run_kernels(on_standin):
    text = """
        import warnings
        gpu.fail("cuLinkComplete", 222)
        import numpy as np, verdigris
        from verdigris import cuda
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            array = cuda.to_device(np.arange(3.0))
        print(cuda.is_gpu(), verdigris.info()["device_reason"])
        print(*[str(w.message) for w in caught], sep="\\n")
        assert array.copy_to_host().tolist() == [0, 1, 2]
        """
    out = on_standin(text, VERDIGRIS_DEVICE="").splitlines()
    assert out[0] == "False auto: no usable GPU"
    assert len(out) == 2 and "CUDA_ERROR_UNSUPPORTED_PTX_VERSION" in out[1] and "kernels run on the CPU" in out[1]
    # Who asks for a GPU by name is not second-guessed.
    assert on_standin(text, VERDIGRIS_DEVICE="cuda").startswith("True VERDIGRIS_DEVICE=cuda\n")


def test_info_names_device_driver_and_libraries(on_standin):
    out = on_standin(
        """
        import verdigris
        info = verdigris.info()
        assert set(info["libraries"]) == {"libcudart", "libcublasLt", "libcublas", "libcufft", "libcurand"}
        print(info["device"], info["device_reason"])
        from verdigris import cuda
        print(cuda.gpus, cuda.get_current_device().compute_capability)
        """
    )
    assert out.splitlines()[0] == "cuda:0 VERDIGRIS_DEVICE=cuda"
    assert "[<device 0: Stand-in 0>, <device 1: Stand-in 1>] (9, 0)" in out


def test_copies_are_the_calls_that_they_should_be(on_standin):
    on_standin(
        """
        import numpy as np
        from verdigris import cuda
        host = np.arange(24, dtype=np.float32).reshape(4, 6)
        d = cuda.to_device(host)
        gpu.calls()
        d.copy_to_host()
        (copy, wait) = gpu.calls()
        pointer = d.__cuda_array_interface__["data"][0]
        assert copy.startswith("cuMemcpyDtoHAsync_v2(") and f"from={pointer}, bytes=96, stream=1)" in copy, copy
        assert wait == "cuStreamSynchronize(stream=1)", wait
        gpu.calls()
        d[:, :2].copy_to_host()
        (copy, wait) = gpu.calls()
        assert copy.startswith("cuMemcpy2DAsync_v2(") and copy.endswith("4 x 8 pitch 8 <- 24"), copy
        # A row of a device array is one copy, from where the row is.
        d[2].copy_to_host()
        assert f"from={pointer + 48}, bytes=24, stream=1)" in gpu.calls()[0]
        # On a stream of its own, to pinned memory: ordered there, and not waited for.
        stream = cuda.stream()
        pinned = cuda.pinned_array((4, 6), np.float32)
        gpu.calls()
        d.copy_to_host(pinned, stream=stream)
        lines = gpu.calls()
        assert f"bytes=96, stream={stream.handle})" in "".join(line for line in lines if "DtoH" in line), lines
        assert not [line for line in lines if "Synchronize" in line], lines
        assert gpu.pending() and not pinned.any()
        stream.synchronize()
        assert (pinned == host).all()
        """
    )


def test_memory_is_freed_with_its_last_owner_behind_its_users(on_standin):
    on_standin(
        """
        import gc
        import numpy as np
        from verdigris import cuda
        d = cuda.to_device(np.arange(100.0))
        view = d[10:20]
        live = gpu.live()
        del d
        gc.collect(); cuda.synchronize()
        assert gpu.live() == live
        stream = cuda.stream()
        pinned = cuda.pinned_array(10)
        view.copy_to_host(pinned, stream=stream)
        gpu.calls()
        del view
        gc.collect()
        # Behind the copy on the other stream.
        names = gpu.names()
        assert names.index("cuStreamWaitEvent") < names.index("cuMemFreeAsync"), names
        cuda.synchronize()
        stream.synchronize()
        assert gpu.live() == live - 1
        assert (pinned == np.arange(10.0, 20.0)).all()
        """
    )


def test_faults_are_exceptions_with_the_drivers_name(on_standin):
    on_standin(
        """
        import numpy as np
        import pytest
        from verdigris import cuda, errors
        d = cuda.to_device(np.arange(10.0))
        gpu.fail("cuMemcpyDtoHAsync_v2", 719)
        with pytest.raises(errors.DeviceError, match="copying 80 bytes from device 0 to the host: .*_LAUNCH_FAILED") as caught:
            d.copy_to_host()
        assert (caught.value.code, caught.value.status) == ("CUDA_ERROR_LAUNCH_FAILED", 719)
        gpu.fail("cuMemFreeAsync", 1)
        del d
        with pytest.raises(errors.DeviceError, match="freeing 80 bytes on device 0"):
            cuda.synchronize()
        cuda.synchronize()
        gpu.fail("cuMemAllocFromPoolAsync", 2)
        assert (cuda.to_device(np.ones(4)).copy_to_host() == 1).all()
        stream = cuda.stream()
        gpu.fail("cuStreamSynchronize", 700)
        with pytest.raises(errors.DeviceError, match="ILLEGAL_ADDRESS"):
            stream.synchronize()
        """
    )


def test_a_driver_that_does_not_start_is_told_and_the_cpu_serves(on_standin):
    text = """
        import warnings
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            gpu.fail("cuInit", 803)
            import numpy as np, verdigris
            from verdigris import cuda
            try:
                print(cuda.to_device(np.ones(2)).device, [str(w.message) for w in caught])
            except verdigris.errors.DeviceError as error:
                print(error)
        """
    auto = on_standin(text, VERDIGRIS_DEVICE="auto")
    assert auto.startswith("cpu ["), auto
    assert "cuInit answers 803 (CUDA_ERROR_SYSTEM_DRIVER_MISMATCH)" in auto
    asked = on_standin(text, VERDIGRIS_DEVICE="cuda:1")
    assert asked.startswith(
        "VERDIGRIS_DEVICE=cuda:1 asks for a GPU: NVIDIA's driver does not work: libcuda.so.1 is there, but cuInit"
    ), asked
    none = on_standin("import verdigris; print(verdigris.info()['gpu'])", VERDIGRIS_DEVICE="auto", VERDIGRIS_STANDIN_DEVICES="0")
    assert none == "NVIDIA's driver is installed but finds no GPU\n"
    number = on_standin(text.replace('gpu.fail("cuInit", 803)', "pass"), VERDIGRIS_DEVICE="cuda:7")
    assert "has 2 GPUs, so there is no number 7" in number


def test_a_forked_child_is_told_to_spawn(on_standin):
    on_standin(
        """
        import os
        import numpy as np
        from verdigris import cuda, errors
        d = cuda.to_device(np.ones(3))
        pid = os.fork()
        if pid == 0:
            try:
                d.copy_to_host()
            except errors.DeviceError as error:
                os._exit(0 if "spawn" in str(error) and error.code == "forked" else 1)
            os._exit(2)
        assert os.waitpid(pid, 0)[1] == 0
        assert (d.copy_to_host() == 1).all()
        """
    )


def test_arrays_alive_at_the_end_of_the_process_do_no_harm(on_standin):
    on_standin(
        """
        import numpy as np
        from verdigris import cuda
        keep = [cuda.to_device(np.ones(3)), cuda.stream(), cuda.event(), cuda.pinned_array(10)]
        import builtins
        builtins.keep = keep
        """
    )


def test_import_loads_no_driver(python, tmp_path):
    text = "import verdigris; print('libcuda' in open('/proc/self/maps').read())"
    done = python("-c", text, **standin.environment(tmp_path))
    assert done.stdout == "False\n", done.stderr


FAILS = """
        import struct
        import numpy as np
        import pytest
        from verdigris import cuda, errors

        @cuda.jit
        def bad(x, i):
            if x[0] > 3:
                raise ValueError("too large")
            x[i] = 1

        LINE = bad.py_func.__code__.co_firstlineno

        def fail(site, block, thread, axis=1, index=70, extent=4):
            def act(name, grid, size, shared, parameters):
                (status,) = struct.unpack("<Q", parameters[0][-8:])
                assert gpu.read(status, 56) == bytes(56)
                rank = ~(block * 2048 + thread) & (1 << 64) - 1
                gpu.write(status, struct.pack("<QIIQQIIqq", rank, 0, site, block, thread, axis, 0, index, extent))
            gpu.on_launch(act)
"""


WAITS = [
    "cuda.synchronize()",
    "d.copy_to_host()",
    "d[0]",
    "stream.synchronize()",
    "event.synchronize()",
    "d.copy_to_device(np.zeros(4))",
    "cuda.to_device(np.zeros(1))",
]


@pytest.mark.parametrize("wait", WAITS)
def test_a_failure_is_raised_by_the_next_wait(on_standin, wait):
    on_standin(
        f"""
        {FAILS}
        d = cuda.to_device(np.zeros(4))
        stream, event = cuda.stream(), cuda.event()
        for _ in range(2):
            fail(2, 5, 33)
            bad[(3, 2), (8, 8), stream](d, 70)
            event.record(stream)
            with pytest.raises(errors.KernelIndexError, match="index 70 is out of bounds for axis 0 of `x`") as caught:
                {wait}
            assert caught.value.lineno == LINE + 4 and caught.value.block == (2, 1, 0) and caught.value.thread == (1, 4, 0)
            cuda.synchronize()
            stream.synchronize()
        fail(1, 0, 3)
        bad[1, 8](d, 0)
        with pytest.raises(ValueError, match="too large") as caught:
            cuda.synchronize()
        assert caught.value.thread == (3, 0, 0) and caught.value.lineno == LINE + 3
        """
    )


def test_debug_and_host_arrays_raise_at_the_launch(on_standin):
    on_standin(
        f"""
        {FAILS}
        watched = cuda.jit(debug=True)(bad.py_func)
        d = cuda.to_device(np.zeros(4))
        fail(2, 0, 1)
        with pytest.raises(IndexError):
            watched[1, 8](d, 70)
        with pytest.raises(IndexError):
            bad[1, 8](np.zeros(4), 70)
        cuda.synchronize()
        import pickle
        again = pickle.loads(pickle.dumps(watched))
        with pytest.raises(IndexError):
            again[1, 8](d, 70)
        """
    )


def test_printed_lines_are_shown_when_waited_for(on_standin):
    out = on_standin(
        """
        import struct
        from verdigris import cuda

        @cuda.jit
        def say(v):
            print("v is", v)

        def act(name, grid, size, shared, parameters):
            value, status = struct.unpack("<QQ", parameters[0])
            lines, room, used, lost = struct.unpack("<QQQQ", gpu.read(status + 56, 32))
            assert room == 1 << 20 and used == lost == 0
            gpu.write(lines, struct.pack("<IIQQQ", 32, 0, 0, 0, value))
            gpu.write(status + 72, struct.pack("<Q", 32))

        gpu.on_launch(act)
        say[1, 1](7)
        print("launched")
        cuda.synchronize()
        say[1, 1](8)
        cuda.synchronize()
        """
    )
    assert out == "launched\nv is 7\nv is 8\n"


def test_the_end_of_a_script_tells_what_nobody_waited_for(python, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            from verdigris import cuda

            @cuda.jit
            def say(v):
                print("v is", v)
                if v == 8:
                    raise ValueError("eight")

            say[1, 1](7)
            say[1, 1, cuda.stream()](8)
            print("launched")
            """
        )
    )
    done = python(str(script), **standin.environment(tmp_path))
    assert done.returncode == 0
    assert sorted(done.stdout.splitlines()[1:]) == ["v is 7", "v is 8"] and done.stdout.startswith("launched\n")
    assert "ValueError: eight" in done.stderr and "script.py" in done.stderr, done.stderr


def test_cubins_are_kept_between_processes(on_standin, tmp_path):
    text = """
        import numpy as np
        from verdigris import cuda

        @cuda.jit
        def put(x):
            x[0] = 1

        put[1, 1](cuda.to_device(np.zeros(1)))
        names = gpu.names()
        print(names.count("cuLinkComplete"), names.count("cuModuleLoadDataEx"))
        """
    cache = {"VERDIGRIS_CACHE": "1", "VERDIGRIS_CACHE_DIR": str(tmp_path / "cache")}
    assert [on_standin(text, **cache) for _ in range(2)] == ["1 1\n", "0 1\n"]
    # One that the driver refuses is made anew.
    refused = text.replace("put[1, 1]", 'gpu.fail("cuModuleLoadDataEx", 209)\n        put[1, 1]', 1)
    assert on_standin(refused, **cache) == "1 2\n"
    # What is damaged is a miss.
    for file in (tmp_path / "cache").glob("*.vgo"):
        file.write_bytes(file.read_bytes()[:-3])
    assert on_standin(text, **cache) == "1 1\n"


def test_recursion_has_the_stack_that_it_needs(on_standin):
    on_standin(
        """
        import numpy as np
        from verdigris import cuda

        @cuda.jit(device=True)
        def fib(n):
            return n if n < 2 else fib(n - 1) + fib(n - 2)

        @cuda.jit
        def run(x):
            x[0] = fib(x[1])

        d = cuda.to_device(np.zeros(2, np.int64))
        for _ in range(2):
            run[1, 1](d)
        calls = gpu.calls()
        (limit,) = [n for n, line in enumerate(calls) if line.startswith("cuCtxSetLimit(")]
        # A kibibyte for each of 130 calls, as the stand-in's compiler tells nothing.
        assert f"value={130 * 1024 + 1024})" in calls[limit], calls[limit]
        assert limit < next(n for n, line in enumerate(calls) if line.startswith("cuLaunchKernel("))
        """
    )


def test_launches_do_not_wait_and_cost_one_call(on_standin):
    on_standin(
        """
        import numpy as np
        from verdigris import cuda

        @cuda.jit(boundscheck=False)
        def put(x, v):
            x[cuda.grid(1)] = v

        d = cuda.to_device(np.zeros(64))
        launcher = put[1, 64]
        launcher(d, 1.0)
        gpu.calls()
        launcher(d, 2.0)
        assert gpu.names() == ["cuLaunchKernel"]
        checked = cuda.jit(put.py_func)[1, 64]
        checked(d, 1.0)
        gpu.calls()
        checked(d, 2.0)
        assert gpu.names() == ["cuLaunchKernel"]
        """
    )


def test_a_gpus_array_is_filled_by_curand_on_its_stream(on_standin):
    on_standin(
        """
        import numpy as np
        from verdigris import cuda, rand
        out, stream = cuda.device_array(1000, np.float32), cuda.stream()
        generator = rand.Generator("xorwow", 42, offset=5)
        gpu.calls()
        generator.uniform(out=out, stream=stream)
        assert gpu.pending() > 0
        calls = [call for call in gpu.calls() if call.startswith("curand")]
        names = [call.split("(")[0] for call in calls]
        assert names == ["curandCreateGenerator", "curandSetGeneratorOrdering", "curandSetPseudoRandomGeneratorSeed",
            "curandSetGeneratorOffset", "curandSetStream", "curandGenerateUniform"], names
        pointer = out.__cuda_array_interface__["data"][0]
        assert f"out={pointer}, n=1000)" in calls[-1] and f"stream={stream.handle})" in calls[4], calls
        # In place where it can be: no copy, and the next call needs nothing more.
        gpu.calls()
        generator.uniform(out=out[16:32], stream=stream)
        assert gpu.names() == ["curandGenerateUniform", "cuEventRecord"]
        del generator
        assert "curandDestroyGenerator" in gpu.names()
        """
    )


def test_without_curand_the_host_makes_the_numbers(on_standin, tmp_path):
    out = on_standin(
        """
        import os, numpy as np
        os.remove(os.environ["VERDIGRIS_CUDA_LIB_DIR"] + "/libcurand.so.10")
        from verdigris import _libraries, cuda, rand
        _libraries.directories = lambda: []
        out = cuda.device_array(100)
        rand.Generator("xorwow", 42).uniform(out=out)
        np.testing.assert_array_equal(out.copy_to_host(), rand.Generator("xorwow", 42).uniform(100))
        print(any(name.startswith("curand") for name in gpu.names()))
        """
    )
    assert out == "False\n"


def test_a_failure_of_curands_is_told_with_its_name(on_standin):
    on_standin(
        """
        import pytest
        from verdigris import cuda, errors, rand
        out = cuda.device_array(100)
        gpu.fail("curandGenerateUniformDouble", 201)
        with pytest.raises(errors.DeviceError) as caught:
            rand.Generator("xorwow", 42).uniform(out=out)
        assert str(caught.value) == "curandGenerateUniformDouble: CURAND_STATUS_LAUNCH_FAILURE (201)"
        assert (caught.value.code, caught.value.status) == ("CURAND_STATUS_LAUNCH_FAILURE", 201)
        """
    )


def test_products_of_any_order_are_one_call_without_copies(on_standin):
    on_standin(
        """
        import numpy as np
        from verdigris import blas, cuda
        a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
        stream = cuda.stream()
        blas.gemm(cuda.to_device(a), cuda.to_device(b))
        for left, right, flags in (("C", "C", (0, 0)), ("F", "C", (0, 1)), ("C", "F", (1, 0)), ("F", "F", (1, 1))):
            given = cuda.to_device(np.array(a, order=left)), cuda.to_device(np.array(b, order=right))
            out = cuda.device_array((2, 4))
            cuda.synchronize()
            gpu.calls()
            blas.gemm(*given, out=out, stream=stream)
            calls = gpu.calls()
            assert not any(call.startswith(("cuMemcpy", "cuMemAlloc")) for call in calls), calls
            calls = [call for call in calls if call.startswith("cublas")]
            assert [call.split("(")[0] for call in calls] == ["cublasSetStream_v2", "cublasDgemm_v2_64"], calls
            assert f"stream={stream.handle})" in calls[0], calls
            places = [x.__cuda_array_interface__["data"][0] for x in (*given, out)]
            # The result lies row after row: the transposed product, the factors exchanged.
            lds = [3 if left == "C" else 2, 4 if right == "C" else 3]
            head = f"transa={flags[0]}, transb={flags[1]}, m=4, n=2, k=3"
            assert head in calls[1] and f"a={places[1]}, lda={lds[1]}, b={places[0]}, ldb={lds[0]}" in calls[1], calls[1]
            assert f"c={places[2]}, ldc=4)" in calls[1], calls[1]
            assert calls[1].endswith(" Z(1.0, 0.0) Z(0.0, 0.0)"), calls[1]
            stream.synchronize()
            np.testing.assert_array_equal(out.copy_to_host(), a @ b)
        """
    )


def test_transforms_are_one_plan_and_one_call(on_standin):
    on_standin(
        """
        import numpy as np
        from verdigris import cuda, fft
        x = cuda.to_device(np.arange(60.0).reshape(3, 20).astype("complex64"))
        out, stream = cuda.device_array((3, 20), "complex64"), cuda.stream()
        cuda.synchronize()
        gpu.calls()
        fft.fft(x, out=out, stream=stream)
        names = gpu.names()
        assert [n for n in names if n.startswith("cufft")] == ["cufftCreate", "cufftSetAutoAllocation", "cufftMakePlanMany64",
            "cufftSetStream", "cufftSetWorkArea", "cufftExecC2C"], names
        fft.ifft(x, out=out, norm="forward", stream=stream)
        calls = [call for call in gpu.calls() if call.startswith("cufft")]
        assert [call.split("(")[0] for call in calls] == ["cufftSetStream", "cufftSetWorkArea", "cufftExecC2C"], calls
        places = [array.__cuda_array_interface__["data"][0] for array in (x, out)]
        assert f"from={places[0]}, to={places[1]}, direction=1)" in calls[-1], calls
        assert f"stream={stream.handle})" in calls[0], calls
        """
    )


def test_a_library_that_is_missing_is_named(on_standin):
    on_standin(
        """
        import os, numpy as np, pytest
        for name in ("libcublas.so.13", "libcufft.so.12"):
            os.remove(os.environ["VERDIGRIS_CUDA_LIB_DIR"] + "/" + name)
        from verdigris import _libraries, blas, cuda, errors, fft
        _libraries.directories = lambda: []
        x = cuda.to_device(np.eye(3))
        with pytest.raises(errors.LibraryNotFound, match="NVIDIA's libcublas was not found"):
            blas.gemm(x, x)
        with pytest.raises(errors.LibraryNotFound, match="NVIDIA's libcufft was not found"):
            fft.fft(x)
        """
    )


def test_failures_of_the_libraries_are_told_with_their_names(on_standin):
    on_standin(
        """
        import numpy as np, pytest
        from verdigris import blas, cuda, errors, fft
        x = cuda.to_device(np.eye(3))
        gpu.fail("cublasDgemm_v2_64", 13)
        with pytest.raises(errors.DeviceError) as caught:
            blas.gemm(x, x)
        assert str(caught.value) == "cublasDgemm_v2_64: CUBLAS_STATUS_EXECUTION_FAILED (13)"
        gpu.fail("cufftMakePlanMany64", 5)
        with pytest.raises(errors.DeviceError) as caught:
            fft.fft(x)
        assert str(caught.value) == "cufftMakePlanMany64: CUFFT_INTERNAL_ERROR (5)"
        np.testing.assert_allclose(fft.fft(x).copy_to_host(), np.fft.fft(np.eye(3)))
        """
    )
