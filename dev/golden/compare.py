"""Random calls of every generator, held against cuRAND's host generator: `make golden`.

The oracle answers in a process of its own, before ours is asked, and ours checks at the end that no libcurand is mapped (the
tables of scrambled Sobol and MTGP32 are read only in a second run, which says so).  Integers and uniforms must be equal, and
so must normals by pairs on the same C library; normals by inversion may differ by a few units in the last place of a float64.

"""

from __future__ import annotations

import argparse
import hashlib
import json
import pathlib
import random
import subprocess
import sys

import numpy as np

SEEDS = (0, 1, 42, 2**32 - 1, 2**33 + 5, 2**63 + 12345)
ORDERINGS = {
    "xorwow": ("best", "default", "seeded", "legacy"),
    "mrg32k3a": ("best", "default", "legacy"),
    "philox": ("best", "default", "legacy"),
    "mt19937": ("default", "legacy"),
    "mtgp32": ("best", "default", "legacy"),
}
QUASI = ("sobol32", "scrambled_sobol32", "sobol64", "scrambled_sobol64")
TABLES = {"mtgp32", "scrambled_sobol32", "scrambled_sobol64"}
PAIRS = {"xorwow", "mrg32k3a"}
FLOATS = ("uniform_f32", "uniform_f64", "normal_f32", "normal_f64", "lognormal_f32", "lognormal_f64")
LAMBDAS = (
    0.01,
    0.5,
    5.0,
    9.99,
    10.0,
    31.9,
    32.0,
    63.0,
    64.0,
    100.0,
    777.7,
    1999.0,
    2000.0,
    4000.0,
    8000.0,
    8001.0,
    123456.0,
    400000.0,
)


def one_call(rng: random.Random, kind: str, dims: int) -> dict:
    raw = "u64" if kind.endswith("64") else "u32"
    output = rng.choice((raw, raw, *FLOATS, "poisson"))
    n = rng.choice((1, 2, 5, 100, 1000, 4097, 5000, 20_000)) if rng.random() < 0.9 else rng.randrange(1, 300_000)
    n = min(n, 2000) if kind == "mt19937" else n
    if "normal" in output and kind in PAIRS:
        n += n % 2
    n = max(1, n // dims) * dims
    step = {"output": output, "n": n}
    if "normal" in output:
        step["parameters"] = [rng.choice((0.0, 1.0, -2.5)), rng.choice((1.0, 0.25, 2.0))]
    elif output == "poisson":
        step["parameters"] = [rng.choice(LAMBDAS)]
    return step


def one_case(rng: random.Random, kind: str) -> dict:
    quasi = kind in QUASI
    dims = rng.choice((1, 1, 2, 3, 7, 40, 300)) if quasi else 1
    case = {"kind": kind}
    if quasi:
        case["dims"] = dims
    else:
        case["seed"] = rng.choice((*SEEDS, rng.randrange(2**64)))
        case["ordering"] = rng.choice(ORDERINGS[kind])
    if kind not in ("mt19937", "mtgp32"):
        case["offset"] = rng.choice((0, 0, 1, 5, 4096, 12345, 2**20 + 7, 2**31 - 3, 2**40 + 3, rng.randrange(2**45)))
    calls = []
    for _ in range(rng.randrange(1, 5)):
        calls.append(one_call(rng, kind, dims))
        if rng.random() < 0.2 and not quasi:
            calls.append({"set_seed": rng.choice((*SEEDS, rng.randrange(2**64)))})
        if rng.random() < 0.2 and kind not in ("mt19937", "mtgp32"):
            calls.append({"set_offset": rng.choice((0, 3, rng.randrange(2**40)))})
        if rng.random() < 0.1 and not quasi:
            calls.append({"set_ordering": rng.choice(ORDERINGS[kind])})
    case["calls"] = calls
    return case


def ours(case: dict) -> list[np.ndarray | None]:
    from verdigris import rand

    generator = rand.Generator(
        case["kind"], case.get("seed"), offset=case.get("offset"), ordering=case.get("ordering"), dims=case.get("dims")
    )
    outputs: list[np.ndarray | None] = []
    for step in case["calls"]:
        if "set_seed" in step:
            generator.set_seed(step["set_seed"])
        elif "set_offset" in step:
            generator.set_offset(step["set_offset"])
        elif "set_ordering" in step:
            generator.set_ordering(step["set_ordering"])
        else:
            what, n, parameters = step["output"], step["n"], step.get("parameters", [])
            dtype = {"f32": np.float32, "f64": np.float64, "u32": np.uint32, "u64": np.uint64}.get(what[-3:])
            if what.startswith(("u3", "u6")):
                outputs.append(generator.bits(n, dtype=dtype))
            elif what == "poisson":
                outputs.append(generator.poisson(n, *parameters))
            elif what.startswith("uniform"):
                outputs.append(generator.uniform(n, dtype=dtype))
            else:
                outputs.append(getattr(generator, what.split("_")[0])(n, *parameters, dtype=dtype, method="curand"))
            continue
        outputs.append(None)
    return outputs


def close(values: np.ndarray, bits: list[int], sigma: float) -> bool:
    """Within a few units in the last place of the first values; a normal's own error counts in units of what `sigma` makes of
    it.
    """
    first = np.array(bits, values.view("u4" if values.itemsize == 4 else "u8").dtype).view(values.dtype)
    near = values[: len(first)].astype(np.float64)
    return bool(np.all(np.abs(near - first) <= 64 * np.finfo(values.dtype).eps * np.maximum(np.abs(near), sigma)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--python", default=sys.executable, help="the Python that has cuRAND's packages, for the oracle")
    parser.add_argument("--no-tables", action="store_true", help="leave out the generators whose tables are cuRAND's")
    arguments = parser.parse_args()

    rng = random.Random(arguments.seed)
    kinds = [*ORDERINGS, *QUASI]
    if arguments.no_tables:
        kinds = [kind for kind in kinds if kind not in TABLES]
    # cuRAND takes ten seconds to seed an MT19937.
    weights = [0.1 if kind == "mt19937" else 1.0 for kind in kinds]
    cases = [one_case(rng, kind) for kind in rng.choices(kinds, weights, k=arguments.cases)]
    oracle = pathlib.Path(__file__).with_name("oracle.py")
    lines = "\n".join(map(json.dumps, cases))
    answers = subprocess.run(
        [arguments.python, str(oracle)], input=lines, capture_output=True, text=True, check=True
    ).stdout.splitlines()

    failures, checked, exact = [], 0, 0
    for case, answer in zip(cases, map(json.loads, answers), strict=True):
        for step, got, want in zip(case["calls"], ours(case), answer, strict=True):
            if got is None:
                continue
            checked += 1
            assert "sha256" in want, (case, step, want)
            inverse = case["kind"] not in PAIRS and case["kind"] != "philox"
            if hashlib.sha256(got.tobytes()).hexdigest() == want["sha256"]:
                exact += 1
            elif not (
                inverse and step["output"].endswith("normal_f64") and close(got, want["first"], abs(step["parameters"][1]))
            ):
                failures.append((case, step))
    mapped = "libcurand" in pathlib.Path("/proc/self/maps").read_text()
    for case, step in failures[:10]:
        print("differs:", json.dumps(step), "in", json.dumps(case))
    near = checked - exact - len(failures)
    print(f"{len(cases)} cases, {checked} outputs: {exact} equal, {near} within tolerance, {len(failures)} differ")
    print("libcurand was opened for its tables" if mapped else "no libcurand in this process")
    if arguments.no_tables and mapped:
        print("it should not have been")
        return 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
