"""Kernels after fork, in spawned processes, and from many threads at once."""

import multiprocessing
import os
import threading

import numpy as np

from verdigris import cuda


@cuda.jit
def scale(x, factor):
    for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        x[i] = x[i] * factor + 1


def scaled(factor):
    x = np.arange(200_000.0)
    scale[500, 64](x, factor)
    return bool((x == np.arange(200_000.0) * factor + 1).all())


def fresh(factor):
    """As `scaled`, by a kernel that this process has to compile."""

    @cuda.jit
    def kernel(x, f):
        i = cuda.grid(1)
        if i < x.size:
            x[i] = i * f

    x = np.zeros(10_000, np.float32)
    kernel[100, 128](x, factor)
    return bool((x == np.arange(10_000) * factor).all())


def both(factor):
    return scaled(factor) and fresh(factor)


def test_a_forked_child_launches():
    assert both(2)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, b"y" if both(3) else b"n")
        finally:
            os._exit(0)
    os.close(write)
    assert os.read(read, 1) == b"y"
    os.waitpid(child, 0)
    os.close(read)
    assert both(4)


def test_worker_processes_launch():
    assert both(2)
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert pool.map(both, range(6)) == [True] * 6, method


def test_sixteen_threads_launch_at_once():
    @cuda.jit
    def shared(x, f):
        i = cuda.grid(1)
        if i < x.size:
            x[i] += f

    wrong = []
    start = threading.Barrier(16)

    def work(number):
        start.wait()
        for lap in range(20):
            # Several argument types, so that threads meet while compiling.
            x = np.zeros(5000, [np.float32, np.float64, np.int64][(number + lap) % 3])
            shared[40, 128](x, number)
            if not (x == number).all():
                wrong.append((number, lap))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(shared.signatures) == 3


def test_other_python_threads_run_during_a_launch():
    @cuda.jit
    def wait(x):
        n = 0
        while n < 40_000_000:
            n += 1
            x[0] += 1.0

    laps = 0
    d = cuda.to_device(np.zeros(1))
    thread = threading.Thread(target=lambda: wait[1, 1](d))
    wait[1, 1](cuda.to_device(np.zeros(1)))
    thread.start()
    while thread.is_alive():
        laps += 1
    thread.join()
    assert laps > 10
    assert d[0] == 40_000_000
