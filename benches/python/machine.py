"""What a table of figures was measured on, and the pinning of every library's threads to one number."""

import os
import platform
import sys

# Read by their libraries at import, so they are set before any of those.
THREAD_VARIABLES = ("VERDIGRIS_NUM_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def pin_threads(count):
    """Gives each library `count` threads.  Must run before NumPy, Numba or verdigris is imported."""
    loaded = {"numpy", "numba", "verdigris"} & set(sys.modules)
    if loaded:
        raise RuntimeError(f"threads must be pinned before {', '.join(sorted(loaded))} is imported")
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(count)


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def description(threads):
    """Lines that head a table: the processor, threads and versions."""
    import numba
    import numpy

    import verdigris

    return "\n".join(
        [
            f"- {processor()}, {len(os.sched_getaffinity(0))} cores usable, every library pinned to {threads} threads",
            f"- {platform.system()} {platform.release()}, Python {platform.python_version()}",
            f"- verdigris {verdigris.__version__}, NumPy {numpy.__version__}, Numba {numba.__version__}",
        ]
    )
