"""Measures the errors of the math library and prints the tables of docs/math.md.

    python dev/measure_math.py single [NAME ...]    every float32 of the functions of one argument, 10^7 pairs of those of two
    python dev/measure_math.py oracle [NAME ...]    float64's error on 10^6 float32 each, and lgamma's around its zeros
    python dev/measure_math.py double [NAME ...]    float64 on --count arguments each (default 10^6), and 10^7 pairs
    python dev/measure_math.py complex [NAME ...]   complex128 on --count / 10 arguments each
    python dev/measure_math.py table                what is known so far

float32 is compared with our own float64, which is compiled, so that every argument takes minutes a function; where the
function is odd, even or not defined there, negative arguments are compared with what that asks for. What float64's error may
add is what `oracle` finds against MPFR. float64 and complex128 are compared with MPFR in 128 bits (sinpi and cospi in 200) on
samples that python/tests/test_math.py names, and in units of the last place of the exact value. Runs may be stopped at any
time: what was found is kept in a folder (--results) and gone on with.
"""

import argparse
import json
import math
import sys
import time
from pathlib import Path

import gmpy2
import numpy as np
from gmpy2 import mpfr

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python" / "tests"))

import test_math as tests  # noqa: E402
import test_math_complex as complex_tests  # noqa: E402

import verdigris  # noqa: E402
from verdigris import vectorize  # noqa: E402

STEP = 1 << 18
ONE = {**tests.ONE, **tests.INVERSE}
PAIRS = 10**7
ORACLE = 10**6
BITS = 128


# --- what was found ---


class Results:
    """A table of results by kind and name, kept in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found = json.loads(path.read_text()) if path.exists() else {}

    def of(self, kind: str, name: str) -> dict:
        return self.found.setdefault(kind, {}).setdefault(name, {"done": 0, "worst": 0.0, "at": None})

    def keep(self) -> None:
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(self.found, indent=1))
        new.replace(self.path)


def note(entry: dict, errors, columns) -> None:
    """Takes in errors (NaN counts as the worst) at arguments."""
    if errors.max() <= entry["worst"] and entry["at"] is not None:
        return
    errors = np.where(np.isnan(errors), np.inf, errors)
    i = int(errors.argmax())
    if errors[i] > entry["worst"] or entry["at"] is None:
        entry["worst"] = float(errors[i])
        entry["at"] = [repr(complex(c[i])) if np.iscomplexobj(c) else repr(float(c[i])) for c in columns]


# --- float32 ---


@vectorize
def units(got, exact):
    """Units of float32's last place between them; infinite for another sign, NaN if one is NaN."""
    end = 3.402823669209385e38
    a = min(max(got, -end), end)
    b = min(max(exact, -end), end)
    place = min(max(math.frexp(b)[1], -125), 128)
    error = abs(a - b) * math.ldexp(1.0, 24 - place)
    error = math.inf if math.copysign(1.0, a) != math.copysign(1.0, b) else error
    error = math.nan if (got != got) != (exact != exact) else error
    return np.float32(0.0 if got != got and exact != exact else error)


def single_error(function):
    @vectorize
    def error(x):
        return units(np.float64(function(x)), function(np.float64(x)))

    return error


def pair_error(function):
    @vectorize
    def error(x, y):
        return units(np.float64(function(x, y)), function(np.float64(x), np.float64(y)))

    return error


ODD = ("sin", "tan", "sinpi", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "cbrt", "erf", "erfinv")
EVEN = ("cos", "cospi", "cosh")
POSITIVE = ("log", "log2", "log10", "rsqrt", "acosh")


def mirrored(name: str, function, x):
    """Errors of negative arguments by those of positive ones: 0 for what symmetry or the domain asks for, else infinite."""
    got = function(x)
    if name in POSITIVE:
        right = np.isnan(got)
    else:
        other = -function(-x) if name in ODD else function(-x)
        right = (got.view(np.uint32) == other.view(np.uint32)) | (np.isnan(got) & np.isnan(other))
    return np.where(right, np.float32(0), np.float32(np.inf))


def single(results: Results, name: str) -> None:
    entry = results.of("float32", name)
    if name in tests.TWO:
        return single_pairs(results, name)
    error = single_error(ONE[name][0])
    began, kept = time.perf_counter(), time.perf_counter()
    while entry["done"] < 1 << 32:
        x = np.arange(entry["done"], entry["done"] + STEP, dtype=np.uint32).view(np.float32)
        by_symmetry = entry["done"] > 1 << 31 and name in ODD + EVEN + POSITIVE
        note(entry, mirrored(name, ONE[name][0], x) if by_symmetry else error(x), (x,))
        entry["done"] += STEP
        if time.perf_counter() > kept + 2:
            kept = time.perf_counter()
            results.keep()
    print(f"{name}: {entry['worst']:.4f} at {entry['at']}, {time.perf_counter() - began:.0f} s", flush=True)


def drawn_pairs(name: str, count: int, seed: int, dtype: str):
    """Columns of about `count` pairs from the samples of a function of two arguments."""
    rng = np.random.default_rng(seed)
    samples = tests.TWO[name][2]
    with np.errstate(over="ignore", under="ignore"):
        return [[draw(rng, count // len(samples)).astype(dtype) for draw in sample] for sample in samples]


def single_pairs(results: Results, name: str) -> None:
    entry = results.of("float32", name)
    error = pair_error(tests.TWO[name][0])
    while entry["done"] < PAIRS:
        for columns in drawn_pairs(name, STEP, entry["done"], "float32"):
            # Half of them from all float32 there are.
            rng = np.random.default_rng(entry["done"] + 1)
            every = [rng.integers(0, 1 << 32, len(columns[0]), dtype=np.uint32).view(np.float32) for _ in columns]
            columns = [np.concatenate(c) for c in zip(columns, every, strict=True)]
            note(entry, error(*columns), columns)
            entry["done"] += len(columns[0])
    print(f"{name}: {entry['worst']:.4f} at {entry['at']}, {entry['done']} pairs", flush=True)


# --- float64's error at float32 arguments ---


def plain(name: str):
    """The function of MPFR's numbers; an inverse takes argument and result."""
    return {**ONE, **tests.TWO}[name][1].function


def relative(name: str, function, got, columns):
    """(exact - got) / exact."""
    bits = 200 if name in ("sinpi", "cospi") else BITS
    with gmpy2.context(precision=bits, emax=1 << 40, emin=-(1 << 40)):
        out = []
        for y, *args in zip(got.tolist(), *(c.tolist() for c in columns), strict=True):
            exact = function(*map(mpfr, args), mpfr(y)) if name in tests.INVERSE else function(*map(mpfr, args))
            out.append(float((exact - y) / exact) if exact else (0.0 if y == 0 else math.inf))
        return np.array(out)


def floats(name: str, rng, count: int):
    """float32 arguments: half of all bits, half of the function's samples."""
    samples = ONE[name][2]
    x = [rng.integers(0, 1 << 32, count // 2, dtype=np.uint32).view(np.float32)]
    with np.errstate(over="ignore", under="ignore"):
        x += [draw(rng, count // 2 // len(samples)).astype(np.float32) for draw in samples]
    return np.concatenate(x).astype(np.float64)


def oracle(results: Results, name: str) -> None:
    if name in tests.TWO:
        return
    entry = results.of("oracle", name)
    ours = ONE[name][0]
    while entry["done"] < ORACLE:
        x = floats(name, np.random.default_rng(entry["done"] + 7), 20_000)
        got = ours(x)
        # Where float32 has numbers; lgamma's zeros are measured below.
        plain_ones = (abs(got) > 2.0**-151) & (abs(got) < 2.0**129)
        if name == "lgamma":
            plain_ones &= (abs(got) > 2.0**-10) | (x > 0)
        error = abs(relative(name, plain(name), got[plain_ones], (x[plain_ones],)))
        note(entry, error, (x[plain_ones],))
        entry["done"] += len(x)
        results.keep()
    print(
        f"{name}: float64's error at float32 arguments is 2^{math.log2(entry['worst'] or 2**-99):.1f} at most, {entry['at']}",
        flush=True,
    )
    if name == "lgamma":
        zeros(results)


def zeros(results: Results) -> None:
    """lgamma of every float32 near its negative zeros: units of float32's last place."""
    entry = results.of("oracle", "lgamma near its zeros")
    if entry["done"]:
        return
    ours = ONE["lgamma"][0]
    b = np.arange(int(np.float32(-2.0).view(np.uint32)), int(np.float32(-20.0).view(np.uint32)), dtype=np.uint32)
    x = b.view(np.float32)
    x = x[abs(ours(x.astype(np.float64))) < 2.0**-10]
    got = ours(x)
    with gmpy2.context(precision=BITS):
        exact = [gmpy2.lgamma(mpfr(a))[0] for a in x.tolist()]
        error = [tests.units(y, e, np.dtype("float32")) for y, e in zip(got, exact, strict=True)]
    note(entry, np.array(error), (x,))
    entry["done"] = len(x)
    results.keep()
    print(f"lgamma: {entry['worst']:.4f} units near its zeros ({len(x)} float32), at {entry['at']}", flush=True)


# --- float64 ---


def double_units(name: str, got, columns):
    """Errors in units of the last place of the exact values."""
    r = relative(name, plain(name), got, columns)
    m, e = np.frexp(abs(got))
    # The exact value's own mantissa: below a power of two it lies in the binade below.
    below = (m == 0.5) & (r < 0)
    size = np.where(below, 1.0, m)
    tiny = e < -1021
    return abs(r) * np.where(tiny, abs(got) * 2.0**1000 * 2.0**74, size * 2.0**53)


def double(results: Results, name: str, count: int) -> None:
    entry = results.of("float64", name)
    ours, _, samples = {**ONE, **tests.TWO}[name]
    count = max(count, PAIRS) if name in tests.TWO else count
    while entry["done"] < count:
        seed = entry["done"] + 11
        if name in tests.TWO:
            drawn = drawn_pairs(name, 24_000, seed, "float64")
        else:
            rng = np.random.default_rng(seed)
            drawn = [[draw(rng, 24_000 // len(samples))] for draw in samples]
            if name in ("sin", "cos", "tan"):
                drawn.append([np.array(tests.HARD)])
        for columns in drawn:
            got = ours(*columns)
            ok = np.isfinite(got) & (got != 0)
            if name == "lgamma":
                ok &= columns[0] > 0
            columns, got = [c[ok] for c in columns], got[ok]
            note(entry, double_units(name, got, columns), columns)
            entry["done"] += len(got)
        results.keep()
    print(f"{name}: {entry['worst']:.4f} at {entry['at']}, {entry['done']} arguments", flush=True)


# --- complex128 ---


COMPLEX = {name: getattr(gmpy2, name, None) for name in complex_tests.OURS}


def complex_errors(results: Results, name: str, count: int) -> None:
    entry = results.of("complex128", name)
    ours, exactly = complex_tests.OURS[name], COMPLEX[name]
    if exactly is None:
        exactly = {"log10": lambda z: gmpy2.log(z) / gmpy2.log(mpfr(10))}[name]
    while entry["done"] < count:
        z = np.concatenate(list(complex_tests.samples(np.random.default_rng(entry["done"] + 5), 2500)))
        got = ours(z)
        errors = []
        with gmpy2.context(precision=BITS, emax=1 << 40, emin=-(1 << 40)):
            for a, y in zip(z.tolist(), got.tolist(), strict=True):
                exact = exactly(gmpy2.mpc(a))
                size = gmpy2.sqrt(gmpy2.norm(exact))
                if not math.isfinite(y.real) or not math.isfinite(y.imag) or not size or size > 1e308 or size < 1e-300:
                    errors.append(0.0)
                    continue
                off = gmpy2.sqrt(gmpy2.norm(exact - gmpy2.mpc(y)))
                errors.append(float(off / mpfr(2) ** (gmpy2.get_exp(size) - 53)))
        note(entry, np.array(errors), (z,))
        entry["done"] += len(z)
        results.keep()
    print(f"{name}: {entry['worst']:.3f} at {entry['at']}, {entry['done']} arguments", flush=True)


def table(found: dict) -> None:
    print(
        "| function | float32, every argument | at | float64's error there | float64 | at | of |\n|---|---|---|---|---|---|---|"
    )
    for name in tests.NAMES:
        s = found.get("float32", {}).get(name, {})
        o = found.get("oracle", {}).get(name, {})
        d = found.get("float64", {}).get(name, {})
        whole = s.get("done", 0) >= (1 << 32) or (name in tests.TWO and s)
        print(
            f"| `{name}` "
            f"| {format(s['worst'], '.4f') if whole else '—'} | {', '.join(s['at']) if whole else ''} "
            f"| {power_text(o['worst']) if o.get('worst') else '—'} "
            f"| {format(d['worst'], '.3f') if d else '—'} | {', '.join(d['at']) if d else ''} "
            f"| {count_text(d['done']) if d else ''} |"
        )
    near = found.get("oracle", {}).get("lgamma near its zeros")
    if near:
        print(f"\nlgamma of the {near['done']} float32 near its negative zeros: {near['worst']:.4f} units against MPFR.")
    if "complex128" in found:
        print("\n| complex function | largest error in norm | at | of |\n|---|---|---|---|")
        for name, c in found["complex128"].items():
            print(f"| `{name}` | {c['worst']:.2f} | {', '.join(c['at'])} | {count_text(c['done'])} |")


def power_text(x: float) -> str:
    return f"2^{math.log2(x):.1f}"


def count_text(count: int) -> str:
    power = int(math.log10(count))
    return f"{count / 10**power:.1f} 10^{power}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["single", "oracle", "double", "complex", "table"])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--count", type=int, default=10**6)
    parser.add_argument("--results", type=Path, default=HERE.parent / "target" / "math-errors")
    options = parser.parse_args()
    options.results.mkdir(parents=True, exist_ok=True)
    if options.what == "table":
        return table(
            {kind: found for part in options.results.glob("*.json") for kind, found in json.loads(part.read_text()).items()}
        )
    results = Results(options.results / f"{options.what}.json")
    verdigris.set_num_threads(1)
    every = list(complex_tests.OURS) if options.what == "complex" else tests.NAMES
    for name in options.names or every:
        with np.errstate(all="ignore"):
            match options.what:
                case "single":
                    single(results, name)
                case "oracle":
                    oracle(results, name)
                case "double":
                    double(results, name, options.count)
                case "complex":
                    complex_errors(results, name, options.count // 10)
        results.keep()


if __name__ == "__main__":
    main()
