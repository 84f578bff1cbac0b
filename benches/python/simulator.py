"""Numba's CUDA simulator, which runs each thread of a kernel as a thread of Python.

It takes the place of `numba.cuda` for a whole process, so it has one of its own that runs when told to: a line
there and one back, some tens of microseconds.
"""

import atexit
import json
import os
import pathlib
import subprocess
import sys

import numpy as np

BLOCK = 256


def sums(blocks, x):
    """The simulator's run of `block_sums` in `kernels`, over the float32 numbers `x`."""
    from benches.python.protocol import Candidate

    child = subprocess.Popen(
        [sys.executable, "-m", "benches.python.simulator", str(blocks)],
        cwd=pathlib.Path(__file__).resolve().parents[2],
        env=os.environ | {"NUMBA_ENABLE_CUDASIM": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(child.kill)

    def tell(line):
        child.stdin.write(line + "\n")
        child.stdin.flush()
        answer = child.stdout.readline()
        if not answer:
            raise RuntimeError("the simulator's process ended early")
        return answer

    version = tell(json.dumps(x.tolist())).strip()
    return Candidate(f"Numba {version} simulator", lambda: tell("run"), lambda: np.array(json.loads(tell("output")), np.float32))


if __name__ == "__main__":
    # The process at the other end. The simulator looks for `cuda` among the module's names.
    import numba
    from numba import cuda, float32

    @cuda.jit
    def block_sums(x, sums):
        tile = cuda.shared.array(BLOCK, float32)
        t = cuda.threadIdx.x
        total = float32(0.0)
        for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
            total += x[i]
        tile[t] = total
        cuda.syncthreads()
        half = BLOCK // 2
        while half > 0:
            if t < half:
                tile[t] += tile[t + half]
            cuda.syncthreads()
            half //= 2
        if t == 0:
            sums[cuda.blockIdx.x] = tile[0]

    blocks = int(sys.argv[1])
    x = np.array(json.loads(sys.stdin.readline()), np.float32)
    out = np.zeros(blocks, np.float32)
    print(numba.__version__, flush=True)
    for line in sys.stdin:
        if line.strip() == "run":
            block_sums[blocks, BLOCK](x, out)
            print("done", flush=True)
        else:
            print(json.dumps(out.tolist()), flush=True)
