"""The functions of compiler/tests/cases/run, run by the interpreter, by compiled code of one lane and of 32, and by CPython.

Without contraction every backend must give what the oracle gives, bit for bit (NaNs are equal), and the oracle what CPython gives
wherever it has not left CPython's meaning. With contraction the backends must agree among themselves.
"""

import cmath
import concurrent.futures
import functools
import importlib.util
import inspect
import math
import pathlib
import struct
import sys

import numpy as np
import pytest

from verdigris import _verdigris
from verdigris import types as vg_types

HERE = pathlib.Path(__file__).resolve().parent
CASES = HERE.parents[1] / "compiler" / "tests" / "cases" / "run"


def load(path):
    """A module by its file, importable under its stem from then on."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


oracle = load(HERE / "oracle.py")
declare = load(HERE / "declare.py")
BESIDE = concurrent.futures.ThreadPoolExecutor(2)
"""Compiles and runs while CPython computes what is expected."""
BACKENDS = ("interpreter", "lanes=1", "lanes=32")
EXACT = ("lanes=1, exact flags", "lanes=32, exact flags")


def collect():
    for path in sorted(CASES.glob("*.py")):
        module = load(path)
        for name, function in vars(module).items():
            if inspect.isfunction(function) and hasattr(function, "__case__"):
                yield f"{path.stem}.{name}", function.__case__


ALL = list(collect())
SCALAR = [
    (f"{name}({given})", case, types) for name, case in ALL if isinstance(case, declare.Case) for given, types in case.variants()
]
KERNELS = [
    (f"{name}[{label}]", case, launch)
    for name, case in ALL
    if isinstance(case, declare.KernelCase)
    for label, *launch in case.variants()
]


# --- running ---


@functools.cache
def lowered(case, types, fma):
    arguments = tuple(map(vg_types.as_type, types))
    signature = vg_types.Signature(vg_types.as_type(case.returns), arguments) if case.returns else arguments
    return _verdigris.Lowered(_verdigris.Function(case.function), signature, kernel=False, fma=fma)


def substitute(value):
    """What a device function or a type is in the oracle's world."""
    if isinstance(value, declare.Device):
        return in_oracle(value)
    if isinstance(value, type) and issubclass(value, np.generic):
        return oracle.of_type(np.dtype(value).name)
    return value


@functools.cache
def in_oracle(thing):
    return oracle.world(thing.function, substitute)


def plain(function):
    """The function as CPython runs it; only NumPy's types become CPython's."""
    names = {n: oracle.PlainNumpy() if v is np else v for n, v in function.__globals__.items()}
    return type(function)(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)


def flat(value):
    """The numbers of a result, tuples flattened."""
    if isinstance(value, tuple):
        return [x for item in value for x in flat(item)]
    return [] if value is None else [value]


def file_of(case):
    return pathlib.Path(case.function.__code__.co_filename).name


def steps(a, b):
    """How many floats lie from `a` to `b`, complex ones by the worse part; 0 for NaNs, signs of zero count."""
    if isinstance(a, complex) or isinstance(b, complex):
        a, b = complex(a), complex(b)
        return max(steps(a.real, b.real), steps(a.imag, b.imag))
    if isinstance(a, float) or isinstance(b, float):
        a, b = float(a), float(b)
        if a != a or b != b:
            return 0 if a != a and b != b else math.inf
        if a == b:
            return 0 if math.copysign(1, a) == math.copysign(1, b) else 1
        x, y = (struct.unpack("<q", struct.pack("<d", v))[0] for v in (a, b))
        return abs((x if x >= 0 else -(2**63) - x) - (y if y >= 0 else -(2**63) - y))
    return 0 if a == b else math.inf


def same_bits(got, expected):
    """Elements that are not equal: to the bit, except that NaNs are alike, in each part of a complex number."""
    if got.dtype.kind == "c":
        real = np.dtype(f"f{got.dtype.itemsize // 2}")
        got, expected = (x.view(real).reshape(-1, 2) for x in (np.ascontiguousarray(got), np.ascontiguousarray(expected)))
        return np.flatnonzero(same_floats(got, expected).any(axis=1))
    if got.dtype.kind == "f":
        return np.flatnonzero(same_floats(got, expected))
    return np.flatnonzero(got != expected)


def same_floats(got, expected):
    whole = np.dtype(f"u{got.dtype.itemsize}")
    return (got.view(whole) != expected.view(whole)) & ~(np.isnan(got) & np.isnan(expected))


# --- scalar functions ---


def evaluate(case, types, columns, count, results):
    """The oracle's results, one array each, and its first fault. CPython is asked where it must agree."""
    function = in_oracle(case)
    in_cpython = plain(case.function)
    rows, first = [], None
    with np.errstate(all="ignore"):
        for element in range(count):
            values = [c[element % len(c)].item() for c in columns]
            oracle.departures.clear()
            try:
                result = flat(function(*(oracle.T(t, v) for t, v in zip(types, values, strict=True))))
            except (oracle.OutOfBounds, IndexError, UnboundLocalError, ValueError) as error:
                first = first or fault_of(error, case.function, 0, element)
                rows.append(None)
                continue
            left = list(oracle.departures)
            result = [oracle.cast(t, oracle.lift(x)).value for t, x in zip(results, result, strict=True)]
            rows.append(result)
            if case.plain and not case.returns and not left and set(types) <= {"bool", "int64", "float64", "complex128"}:
                try:
                    expected = flat(in_cpython(*values))
                except oracle.NotPlain:
                    continue
                worst = max(map(steps, result, expected), default=0)
                assert worst <= case.ulp, (
                    f"the oracle is wrong: {case.function.__name__}{tuple(values)} is {expected} in CPython, not {result}"
                )
    zero = [0] * len(results)
    return [np.array([(r or zero)[i] for r in rows], dtype=t) for i, t in enumerate(results)], [r is None for r in rows], first


FAULTS = {oracle.OutOfBounds: "index", IndexError: "tuple index", UnboundLocalError: "unassigned", ValueError: "zero step"}


def fault_of(error, function, block, thread):
    """An exception as a backend reports it."""
    kind = FAULTS.get(type(error))
    if kind is None or (kind == "zero step" and "range()" not in str(error) and "arg 3" not in str(error)):
        raise error
    trace, line = error.__traceback__, None
    while trace:
        if trace.tb_frame.f_code.co_filename == function.__code__.co_filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    return (kind, block, thread, line, tuple(error.args) if kind == "index" else None)


def run(function, backend, count, columns, uniform):
    outputs, fault = function.run_scalar(backend, count, [np.ascontiguousarray(c).tobytes() for c in columns], uniform)
    return [np.frombuffer(data, dtype=t) for t, data in zip(function.results, outputs, strict=True)], fault


def check_scalar(case, types, backends=BACKENDS):
    columns = case.columns(types)
    params = list(inspect.signature(case.function).parameters)
    uniform = sum(1 << i for i, p in enumerate(params) if p in case.uniform)
    count = max((len(c) for i, c in enumerate(columns) if not uniform >> i & 1), default=case.size)
    exact = lowered(case, types, False)
    runs = [BESIDE.submit(run, exact, backend, count, columns, uniform) for backend in backends]
    expected, failed, fault = evaluate(case, types, columns, count, exact.results)
    # A loop over elements stops at a fault, with the warp that has it.
    skip = np.arange(count) >= failed.index(True) // 32 * 32 if any(failed) else np.zeros(count, bool)
    for backend, running in zip(backends, runs, strict=True):
        got, reported = running.result()
        compare_scalar(case, types, columns, backend, got, expected, skip, exact)
        assert same_fault_as(reported, fault, backend), f"{backend} reports {reported}, not {fault}"
    fused = lowered(case, types, True)
    if fused.ir != exact.ir:
        reference, _ = run(fused, "interpreter", count, columns, uniform)
        for backend in backends[1:]:
            got, _ = run(fused, backend, count, columns, uniform)
            compare_scalar(case, types, columns, f"{backend}, fma", got, reference, skip, fused)


def compare_scalar(case, types, columns, backend, got, expected, skip, function):
    for i, (g, e) in enumerate(zip(got, expected, strict=True)):
        wrong = [k for k in same_bits(g, e) if not skip[k]]
        if wrong:
            k = wrong[0]
            arguments = ", ".join(f"{t}({c[k % len(c)].item()!r})" for t, c in zip(types, columns, strict=True))
            text = f"{case.function.__name__}({arguments}) of {file_of(case)}: {backend} gives {g.dtype}({g[k].item()!r}) "
            text += f"as result {i}, not {e[k].item()!r}; element {k}, {len(wrong)} of {len(g)} are wrong\n{function.ir}"
            pytest.fail(text, pytrace=False)


@pytest.mark.parametrize(("case", "types"), [pytest.param(c, t, id=n) for n, c, t in SCALAR])
def test_function(case, types):
    check_scalar(case, types)


@pytest.mark.slow
@pytest.mark.parametrize(("case", "types"), [pytest.param(c, t, id=n) for n, c, t in SCALAR])
def test_function_with_exact_flags(case, types):
    check_scalar(case, types, ("interpreter", *EXACT))


# --- kernels ---


def launch(case, grid, block, t, layout, in_cpython):
    """The kernel's arrays after each thread ran in turn, the first fault, and where warps that have a fault have stored."""
    arguments, views = {}, {}
    for name, value in case.given(t, layout):
        if isinstance(value, declare.View):
            views[name] = value
            arguments[name] = oracle.Array(value.window, name, in_cpython)
        else:
            arguments[name] = value.item() if in_cpython else oracle.lift(value)
    function = plain(case.function) if in_cpython else in_oracle(case)
    first, faulty, stores = None, set(), {}
    with np.errstate(all="ignore"):
        for number, thread in declare.cuda.threads(grid, block, in_cpython):
            try:
                function(**arguments)
            except (IndexError, UnboundLocalError, ValueError) as error:
                first = first or fault_of(error, case.function, number, thread)
                faulty.add((number, thread // 32))
            if case.fails:
                for name in views:
                    stores.setdefault((number, thread // 32), []).extend((name, place) for place in arguments[name].stores)
                    arguments[name].stores.clear()
    return views, first, {place for warp in faulty for place in stores[warp]}


PLAIN = {"bool", "int64", "float64", "complex128"}


def check_kernel(case, grid, block, t, layout):
    given = dict(case.given(t, layout))
    arguments, buffers, types = passed(given)
    exact, fused = (_verdigris.Lowered(_verdigris.Function(case.function), types, kernel=True, fma=fma) for fma in (False, True))

    def started(function):
        return [BESIDE.submit(function.run_kernel, backend, list(grid), list(block), arguments, buffers) for backend in BACKENDS]

    runs = started(exact)
    oracle.departures.clear()
    expected, fault, unsure = launch(case, grid, block, t, layout, False)
    assert (fault is not None) == case.fails, f"CPython's fault: {fault}"
    dtypes = {(v.window if isinstance(v, declare.View) else v).dtype.name for v in given.values()}
    if case.plain and not oracle.departures and dtypes <= PLAIN:
        again, same_fault, _ = launch(case, grid, block, t, layout, True)
        assert same_fault == fault
        for name, view in again.items():
            wrong = same_bits(expected[name].buffer.ravel(), view.buffer.ravel())
            assert not len(wrong), f"the oracle is wrong about {name}: {expected[name].window} is {view.window} in CPython"
    setting = f"grid {grid}, block {block}, {t}, {layout}"
    compare_kernel(case, exact, runs, [memory(v.buffer) for v in expected.values()], fault, unsure, given, setting)
    if fused.ir != exact.ir:
        runs = started(fused)
        reference, fault = runs[0].result()
        compare_kernel(case, fused, runs, reference, fault, unsure, given, f"{setting}, fma")


def passed(given):
    """Arguments, buffers and types as the backends take them."""
    arguments, buffers, types = [], [], []
    for value in given.values():
        if isinstance(value, declare.View):
            w, base = value.window, value.buffer
            arguments.append((len(buffers), start(value) if w.size else 0, list(w.shape), list(w.strides)))
            buffers.append(memory(base))
            types.append(declare.array_type(value))
        else:
            arguments.append(value.tobytes())
            types.append(vg_types.as_type(value.dtype.name))
    return arguments, buffers, tuple(types)


def compare_kernel(case, function, runs, wanted, fault, unsure, given, setting):
    views = {name: v for name, v in given.items() if isinstance(v, declare.View)}
    for backend, running in zip(BACKENDS, runs, strict=True):
        outputs, reported = running.result()
        label = f"{case.function.__name__} of {file_of(case)}: {backend}"
        for (name, view), data, right in zip(views.items(), outputs, wanted, strict=True):
            got, right = (np.frombuffer(x, view.buffer.dtype) for x in (data, right))
            wrong = same_bits(got, right)
            if backend == "lanes=32" and unsure:
                aside = positions(view, [place for array, place in unsure if array == name])
                wrong = [k for k in wrong if k not in aside]
            if len(wrong):
                k = wrong[0]
                scalars = {n: v for n, v in given.items() if n not in views}
                text = f"{label} leaves {name}[{k}] (flat, in memory) as {got[k]!r}, not {right[k]!r}; "
                text += f"{len(wrong)} of {len(got)} are wrong; {setting}, {scalars}\n{function.ir}"
                pytest.fail(text, pytrace=False)
        assert same_fault_as(reported, fault, backend), f"{label} reports {reported}, not {fault}"


def start(view):
    """Where a view begins in its buffer, in bytes."""
    return view.window.__array_interface__["data"][0] - view.buffer.__array_interface__["data"][0]


def positions(view, places):
    """Flat positions in memory of elements of a view."""
    window = view.window
    return {(start(view) + sum(i * s for i, s in zip(place, window.strides, strict=True))) // window.itemsize for place in places}


def same_fault_as(reported, fault, backend):
    """A warp stops at its first fault: which of its lanes is reported, and at which place, is then its own affair."""
    if backend != "lanes=32" or reported is None or fault is None:
        return reported == fault
    return reported[1] == fault[1] and reported[2] // 32 == fault[2] // 32 and (reported[2] != fault[2] or reported == fault)


def memory(array):
    """The bytes of an array that has no gaps, as they lie."""
    return array.tobytes("A")


@pytest.mark.parametrize(("case", "variant"), [pytest.param(c, v, id=n) for n, c, v in KERNELS])
def test_kernel(case, variant):
    check_kernel(case, *variant)


# --- the table of operations ---

ROWS = _verdigris.op_rows()


@pytest.mark.parametrize("index", range(len(ROWS)), ids=[f"{name} {operands[-1]}" for name, operands, _ in ROWS])
def test_row(index):
    name, operands, result = ROWS[index]
    function = _verdigris.Lowered.of_row(index)
    rng = declare.random(f"{name} {operands}")
    size = 165 if len(operands) == 1 else 517
    case = declare.Case(lambda *x: None, (), {}, size, 0, (), None, False)
    case.function = [lambda a: a, lambda a, b: a, lambda a, b, c: a][len(operands) - 1]
    columns = case.columns(operands)
    if name == "pow" and operands[0].startswith("float"):
        columns[0][-200:], columns[1][-200:] = abs(rng.normal(0, 3, 200)), rng.normal(0, 3, 200)
    with np.errstate(all="ignore"):
        expected = [
            oracle.row(name, *(oracle.T(t, v.item()) for t, v in zip(operands, x, strict=True)))
            for x in zip(*columns, strict=True)
        ]
    assert {x.type for x in expected} == {result}
    expected = np.array([x.value for x in expected], result)
    for backend in (*BACKENDS, *EXACT):
        [got], _ = run(function, backend, len(columns[0]), columns, 0)
        wrong = same_bits(got, expected)
        if len(wrong):
            k = wrong[0]
            arguments = [c[k].item() for c in columns]
            pytest.fail(
                f"{name} of {operands} on {arguments}: {backend} gives {got[k]!r}, not {expected[k]!r}; {len(wrong)} wrong",
                pytrace=False,
            )


def test_three_hundred_functions():
    assert len(ALL) >= 300
    names = [name for name, _ in ALL]
    assert len(set(names)) == len(names)


def test_functions_reach_every_row():
    """The language reaches each row at three types at least, unless lowering widens to fewer."""
    reached = {}
    for _, case, types in SCALAR:
        for fma in (False, True):
            for name, operands in lowered(case, types, fma).used_rows:
                reached.setdefault(name, set()).add(operands[-1])
    # Shifts and bit operators are done in 64 bits; floats have two types.
    fewer = {"shl": {"int64", "uint64"}, "shr": {"int64", "uint64"}}
    # Steps of the math library, and functions that Python does not have: test_math.py runs them.
    elsewhere = {"tobits", "ofbits", "float_pow", "float_fmod", "exp10", "sinpi", "cospi", "rsqrt", "erfcx", "erfinv", "erfcinv"}
    elsewhere |= {"normcdf", "normcdfinv", "remainder", "round", "fdim"}
    elsewhere |= {name for name, _, _ in ROWS if name.endswith(("_far", "_fast"))}
    for name in {name for name, _, _ in ROWS} - elsewhere:
        takes = fewer.get(name, {operands[-1] for n, operands, _ in ROWS if n == name})
        if name in ("bool", *oracle.INTEGERS, "float32", "float64"):
            missing = takes - reached.get(name, set()) - {name}
            assert not missing, f"no case converts {missing} to {name}"
        else:
            found = reached.get(name, set()) & takes
            assert len(found) >= min(3, len(takes)), f"cases reach {name} at {found} only, of {takes}"


# --- the oracle itself ---


UFUNCS = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "floordiv": np.floor_divide,
    "mod": np.remainder,
    "min": np.minimum,
    "max": np.maximum,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "shl": np.left_shift,
    "shr": np.right_shift,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}


def values_of(dtype):
    return np.arange(np.iinfo(dtype).min, np.iinfo(dtype).max + 1).astype(dtype)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize(
    "name",
    ["add", "sub", "mul", "floordiv", "mod", "min", "max", "and", "or", "xor", "eq", "ne", "lt", "le", "gt", "ge", "shl", "shr"],
)
def test_oracle_is_numpy_on_every_pair(name, dtype):
    ufunc = UFUNCS[name]
    all_values = values_of(dtype)
    with np.errstate(all="ignore"):
        expected = ufunc.outer(all_values, all_values).tolist()
    numbers = [oracle.T(dtype, v) for v in all_values.tolist()]
    for a, line in zip(numbers, expected, strict=True):
        assert [oracle.row(name, a, b).value for b in numbers] == line
    oracle.departures.clear()


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_oracle_is_numpy_on_every_value(dtype):
    all_values = values_of(dtype)
    numbers = [oracle.T(dtype, v) for v in all_values.tolist()]
    with np.errstate(all="ignore"):
        for name, ufunc in [("neg", np.negative), ("abs", np.abs), ("not", np.invert)]:
            assert [oracle.row(name, x).value for x in numbers] == ufunc(all_values).tolist()
        for t in declare.REALS:
            assert [oracle.cast(t, x).value for x in numbers] == all_values.astype(t).tolist()
        exponents = range(np.iinfo(dtype).max + 1)
        for n in exponents:
            powers = [oracle.row("pow", x, oracle.T(dtype, n)).value for x in numbers]
            assert powers == np.power(all_values, np.dtype(dtype).type(n)).tolist()
    oracle.departures.clear()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_oracle_is_numpy_on_floats(dtype):
    rng = declare.random(f"floats {dtype}")
    special = declare.edges(dtype)
    a, b = (np.concatenate([x.ravel(), declare.drawn(rng, dtype, 5000)]) for x in np.meshgrid(special, special))
    names = [
        ("add", np.add),
        ("sub", np.subtract),
        ("mul", np.multiply),
        ("div", np.divide),
        ("mod", np.remainder),
        ("fmod", np.fmod),
    ]
    with np.errstate(all="ignore"):
        for name, ufunc in names:
            got = np.array(
                [
                    oracle.row(name, oracle.T(dtype, x), oracle.T(dtype, y)).value
                    for x, y in zip(a.tolist(), b.tolist(), strict=True)
                ],
                dtype,
            )
            expected = ufunc(a, b)
            if name == "mod":
                # NumPy takes x % inf to be NaN nowhere, and gives the sign of a zero as we do.
                expected = np.where(b == 0, np.nan, expected).astype(dtype)
            wrong = same_bits(got, expected)
            assert not len(wrong), (name, a[wrong[0]], b[wrong[0]], got[wrong[0]], expected[wrong[0]])
        for name, ufunc in [("sqrt", np.sqrt), ("floor", np.floor), ("ceil", np.ceil), ("trunc", np.trunc), ("rint", np.rint)]:
            got = np.array([oracle.row(name, oracle.T(dtype, x)).value for x in a.tolist()], dtype)
            assert not len(same_bits(got, ufunc(a))), name
    oracle.departures.clear()


def test_oracle_promotes_as_the_language_does():
    numbers = {t: oracle.cast(t, oracle.lift(True)) for t in declare.ALL}
    assert (numbers["int8"] + numbers["int8"]).type == "int64"
    assert (numbers["uint8"] + numbers["uint32"]).type == "uint64"
    assert (numbers["uint64"] + numbers["int8"]).type == "int64"
    assert (numbers["int16"] * numbers["float32"]).type == "float32"
    assert (numbers["uint16"] * numbers["float32"]).type == "float64"
    assert (numbers["float32"] / numbers["float32"]).type == "float32"
    assert (numbers["int8"] / numbers["int8"]).type == "float64"
    assert (numbers["float32"] ** numbers["int64"]).type == "float32"
    assert (numbers["complex64"] * numbers["float64"]).type == "complex128"


def test_steps_counts_floats():
    assert steps(1.0, 1.0) == 0
    assert steps(1.0, math.nextafter(1.0, 2.0)) == 1
    assert steps(-0.0, 0.0) == 1
    assert steps(math.nan, math.nan) == 0
    assert steps(math.nan, 1.0) == math.inf
    assert steps(complex(1, 2), complex(1, math.nextafter(2.0, 3.0))) == 1
    assert steps(cmath.inf, 3.0) > 10
