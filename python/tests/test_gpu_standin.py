"""The GPU's Python side against the stand-in of the driver: by value, and by the calls that were made."""

import textwrap
from pathlib import Path

import pytest
import standin

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


def test_auto_leaves_the_gpu_alone_until_it_runs_kernels(on_standin):
    out = on_standin(
        """
        import verdigris
        info = verdigris.info()
        print(info["device"], info["gpu"], sep="|")
        assert "for the CPU only" in info["device_reason"]
        assert info["libraries"] == {}
        """,
        VERDIGRIS_DEVICE="auto",
    )
    assert out == "cpu|NVIDIA's driver (CUDA 13.1) has 2 GPUs\n"


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
