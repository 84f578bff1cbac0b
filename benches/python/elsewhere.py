"""Numba of another release beside the one installed here: in a process of its own that runs when told to.

`VERDIGRIS_BENCH_NUMBA` names its Python. A run is one line there and one back, some tens of microseconds.
"""

import atexit
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

PYTHON = os.environ.get("VERDIGRIS_BENCH_NUMBA")


def there():
    return bool(PYTHON)


def candidate(body, inputs, results, fastmath=False, may_differ=0.0):
    """That Numba's loop over all cores, for a body of `bodies`."""
    from benches.python.protocol import Candidate

    folder = pathlib.Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
    for n, array in enumerate(inputs):
        np.save(folder / f"in{n}.npy", array)
    command = [PYTHON, "-m", "benches.python.elsewhere", body.__name__, str(int(fastmath)), str(folder)]
    command += [np.dtype(r).name for r in results]
    root = pathlib.Path(__file__).resolve().parents[2]
    child = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(child.kill)

    def tell(word):
        child.stdin.write(word + "\n")
        child.stdin.flush()
        answer = child.stdout.readline()
        if not answer:
            raise RuntimeError(f"{PYTHON} ended early")
        return answer.strip()

    version = tell("version")
    # It has them by now.
    for path in folder.glob("in*.npy"):
        path.unlink()

    def output():
        tell("save")
        outputs = [np.load(folder / f"out{n}.npy") for n in range(len(results))]
        return outputs[0] if len(outputs) == 1 else np.stack(outputs)

    label = f"Numba {version} prange{', fastmath' if fastmath else ''}"
    return Candidate(label, lambda: tell("run"), output, may_differ)


def main():
    """The process at the other end."""
    import numba

    from benches.python import bodies

    name, fastmath, folder, *results = sys.argv[1:]
    folder, body = pathlib.Path(folder), getattr(bodies, name)
    inputs = [np.load(path) for path in sorted(folder.glob("in*.npy"))]
    outputs = [np.empty(inputs[0].shape, result) for result in results]
    if len(outputs) == 1:
        loop = bodies.prange(body, len(inputs), bool(int(fastmath)))
    else:
        loop = bodies.prange_of_two_results(body, bool(int(fastmath)))
    for line in sys.stdin:
        word = line.strip()
        if word == "run":
            loop(*inputs, *outputs)
        elif word == "save":
            for n, out in enumerate(outputs):
                np.save(folder / f"out{n}.npy", out)
        svml = " with SVML" if numba.config.USING_SVML else ""
        print(numba.__version__ + svml if word == "version" else "done", flush=True)


if __name__ == "__main__":
    main()
