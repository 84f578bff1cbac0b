"""Finding a function's text, and what its names stand for."""

import enum
import importlib.util
import linecache
import math
import pickle
import subprocess
import sys
import textwrap
from collections import namedtuple
from math import sin as sinus

import cloudpickle
import numpy as np
import pytest

import verdigris as vg
from verdigris._verdigris import Function
from verdigris.errors import SourceChanged, SourceNotFound, TypingError, UnsupportedError


def load(path, name="written"):
    """Imports a file by Python's own loader, which pytest's does not rewrite."""
    loader = importlib.machinery.SourceFileLoader(name, str(path))
    spec = importlib.util.spec_from_loader(name, loader)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(text, name="written.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return path

    return write


# --- the text ---


def test_a_functions_own_lines_with_decorators():
    def keep(f):
        return f

    @keep
    # between
    def f(x):
        # inside
        return x

    taken = Function(f)
    assert taken.text.splitlines() == ["@keep", "# between", "def f(x):", "    # inside", "    return x"]
    assert taken.first_line == f.__code__.co_firstlineno
    assert taken.name == "f"
    assert taken.file == __file__


def test_lambdas_on_one_line_are_told_apart(written):
    module = load(
        written(
            """
            pair = (lambda a, b: a + b), (lambda a, b: a - b)
            nested = lambda x: (lambda x: x + 1)
            if 1: short = lambda x: x * 2
            else: short = lambda x: x * 3
            first = 1; second = lambda x: x * 4
            spread = [
                lambda x: x * 5,
                lambda x: x * 6,
            ]
            é = lambda x: x, lambda x: x * 7
            """
        )
    )

    def body(function):
        """The lambda that the compiler would take: the text from the column given."""
        parts, _, _ = Function(function).__reduce__()[1]
        _, text, _, _, name, line, column = parts
        assert name == "<lambda>"
        compile(text, "text", "exec")
        return text.splitlines()[line - 1].encode()[column:].decode()

    assert body(module.pair[0]).startswith("lambda a, b: a + b)")
    assert body(module.pair[1]).startswith("lambda a, b: a - b)")
    assert body(module.nested) == "lambda x: (lambda x: x + 1)"
    assert body(module.nested(0)) == "lambda x: x + 1)"
    assert body(module.short) == "lambda x: x * 2"
    assert body(module.second) == "lambda x: x * 4"
    assert body(module.spread[0]) == "lambda x: x * 5,"
    assert body(module.spread[1]) == "lambda x: x * 6,"
    assert body(module.é[1]) == "lambda x: x * 7"


def test_a_changed_file_is_refused(written):
    path = written("def f(x):\n    return x + 1\n")
    module = load(path)
    Function(module.f)
    path.write_text("# a new line\ndef f(x):\n    return x + 1\n")
    with pytest.raises(SourceChanged, match="reload the module") as caught:
        Function(module.f)
    assert (caught.value.filename, caught.value.lineno) == (str(path), 1)
    # The same line, another body: what getsource would not notice.
    path.write_text("def f(x):\n    return x + 2\n")
    with pytest.raises(SourceChanged):
        Function(module.f)
    path.write_text("def f(x:\n")
    with pytest.raises(SourceChanged):
        Function(module.f)
    path.write_text("def f(x):\n    return x + 1\n")
    assert Function(module.f).text == "def f(x):\n    return x + 1\n"


@pytest.mark.parametrize(
    "before, after",
    [("x + 1", "x + 1.0"), ("x * 0.0", "x * -0.0"), ("x + a", "x + b"), ("x in (1, 2)", "x in (1, True)"), ("x.real", "x.imag")],
)
def test_a_change_in_a_constant_or_a_name_counts(written, before, after):
    path = written(f"def f(x):\n    return {before}\n")
    module = load(path)
    path.write_text(f"def f(x):\n    return {after}\n")
    with pytest.raises(SourceChanged):
        Function(module.f)


def test_the_text_is_taken_at_decoration(written):
    path = written("def f(x):\n    return x\n")
    taken = Function(load(path).f)
    path.write_text("")
    linecache.checkcache(str(path))
    assert taken.text == "def f(x):\n    return x\n"
    assert taken.meanings() == {}


def test_text_given_to_exec_while_a_caller_holds_it():
    """Among texts that look alike the one is taken of which the code is."""
    decoys = "def scaled(x):\n    return x * 3\n", "def scaled(x):\n    return x * 2.0\n"
    template = """
        @vectorize
        def {name}(x):
            return x * {factor} + offset
    """

    def made(name, factor):
        text = template.format(name=name, factor=factor)
        scope = {"vectorize": vg.vectorize, "offset": 1}
        exec(textwrap.dedent(text), scope)
        return scope[name]

    def plain(factor):
        source = f"def scaled(x):\n    return x * {factor}\nother = lambda x: x - {factor}\n"
        scope = {}
        exec(source, scope)
        return vg.vectorize(scope["scaled"]), vg.vectorize(scope["other"])

    x = np.arange(5)
    assert made("first", 2)(x).tolist() == (x * 2 + 1).tolist()
    assert made("second", 5)(x).tolist() == (x * 5 + 1).tolist()
    for factor in (2, 3, 7):
        scaled, other = plain(factor)
        assert scaled(x).tolist() == (x * factor).tolist()
        assert other(x).tolist() == (x - factor).tolist()
    assert len(decoys) == 2


def test_text_given_to_exec_that_nobody_holds():
    def without_text():
        scope = {}
        # What looks like the text and is not: other code.
        similar = "def lost(x):\n    return x + 2\n"
        exec("def lost(x):\n    return x + 1\n", scope)
        return scope["lost"], similar

    lost, similar = without_text()
    with pytest.raises(SourceNotFound, match="while a variable of a caller holds it"):
        vg.vectorize(lost)
    assert similar


def test_text_known_to_linecache_only_as_in_notebooks():
    text = "def cell(x):\n    return x + 1\n"
    linecache.cache["<ipython-input-7>"] = (len(text), None, text.splitlines(True), "<ipython-input-7>")
    scope = {"__name__": "__main__"}
    exec(compile(text, "<ipython-input-7>", "exec"), scope)
    assert Function(scope["cell"]).text == text


def test_no_text_says_what_to_do():
    scope = {"__name__": "__main__"}
    exec("def f(x):\n    return x\n", scope)
    with pytest.raises(SourceNotFound, match="put the function into a file or a notebook cell"):
        Function(scope["f"])


@pytest.mark.parametrize(
    "thing, words",
    [(abs, "no Python text"), (int, "class `int`"), (staticmethod(len), "method"), (3, "int object is not a Python function")],
)
def test_what_is_no_function_is_refused(thing, words):
    with pytest.raises(UnsupportedError, match=words):
        Function(thing)


def test_a_nested_function_keeps_its_columns(written):
    module = load(
        written(
            '''
            def outer():
                def inner(x):
                    """less
            indented"""
                    return nowhere + x
                return inner
            '''
        )
    )
    taken = Function(module.outer())
    assert taken.text == 'def inner(x):\n    """less\nindented"""\n    return nowhere + x\n'


@pytest.mark.parametrize(
    "text",
    [
        "def f(x): return x\n",
        "def f(x): return x  # no newline",
        'def f(x):\n    """Text\nfar left\n    """\n',
        "def f(x):\n    return (x +\n1)\n",
        "def f(x):\n    return x\n    # after\n\n    y = (1,\n2)\n",
        "@wrap(\n1)\n\n# between\ndef f(x,\ny=1):\n\tif x:\n\t\treturn 1\n\n\treturn 2\n",
        "def f(x):\n    def g(y):\n        return y\n    return x\n",
        "def f(x):\n    pass\n# left\n    return x\n",
    ],
)
@pytest.mark.parametrize("after", ["", "\n\n# a comment\nx = 1\n", "\ndef g(x):\n    return x\n", "\nx = [\n]\n"])
@pytest.mark.parametrize("indent", ["", "    "])
def test_where_a_function_ends(written, text, after, indent):
    if after and not text.endswith("\n"):
        text += "\n"
    outer = "wrap = lambda n: lambda f: f\n" + ("if True:\n" if indent else "")
    body = (text + after).splitlines(True)
    # Only lines that begin a logical line can move.
    shifted = [line if line[:1] in "1f2y#" and i else indent + line for i, line in enumerate(body)]
    module = load(_write(written, outer + "".join(shifted)))
    taken = Function(module.f)
    assert taken.text.split() == text.split()
    assert compile(taken.text, "taken", "exec")


def _write(written, text):
    path = written("")
    path.write_text(text)
    return path


def test_conditional_definitions_of_one_name(written):
    module = load(
        written(
            """
            if True:
                def f(x): return 1
            else:
                def f(x): return 2
            g = f
            def f(x): return 3
            """
        )
    )
    assert Function(module.g).text == "def f(x): return 1\n"
    assert Function(module.f).text == "def f(x): return 3\n"


# --- names ---

LIMIT = 7
TABLE = np.arange(6, dtype=np.int32).reshape(2, 3)
Point = namedtuple("Point", "x y")
ORIGIN = Point(1, 2.5)


class Colour(enum.IntEnum):
    RED = 3


class Shade(enum.Enum):
    DARK = 0.5


class Settings:
    depth = 4
    inner = Point(8, 9)


def helper(x):
    return x


def meaning(function, path):
    return Function(function).meanings()[path]


def test_constants():
    double = np.float32(1.5)
    big = 2**200

    def f(x):
        return (
            LIMIT,
            math.pi,
            np.inf,
            double,
            ORIGIN.x,
            Colour.RED,
            Shade.DARK.value,
            Settings.depth,
            Settings.inner.y,
            None,
            big,
        )

    found = Function(f).meanings()
    assert found["LIMIT"] == "constant 7"
    assert found["math.pi"] == f"constant {math.pi!r}"
    assert found["np.inf"] == "constant inf"
    assert found["double"] == "constant float32(1.5)"
    assert found["ORIGIN.x"] == "constant 1"
    assert found["Colour.RED"] == "constant 3"
    assert found["Shade.DARK.value"] == "constant 0.5"
    assert found["Settings.depth"] == "constant 4"
    assert found["Settings.inner.y"] == "constant 9"
    assert found["big"].startswith("unsupported: an int that does not fit")


@pytest.mark.parametrize("dtype", ["?", "i1", "u2", "i4", "u8", "f4", "f8", "c8", "c16", ">f8", ">i2"])
def test_numpy_scalars_and_arrays_of_every_type(dtype):
    scalar = np.array([1], dtype)[0]
    array = np.ones((2, 3), dtype)[:, ::-1]
    zero_dimensional = np.array(1, dtype)

    def f():
        return scalar, array, zero_dimensional

    name = np.dtype(dtype).name
    found = Function(f).meanings()
    assert name in found["scalar"] and found["scalar"].startswith("constant")
    assert found["array"] == f"constant array({name}, 2d, C, readonly)"
    assert found["zero_dimensional"] == found["scalar"]


def test_builtins_by_identity_whatever_the_alias():
    other = np

    def f(x):
        return sinus(x) + other.sin(x) + abs(x) + np.abs(x) + len(x)

    found = Function(f).meanings()
    assert found["sinus"] == "builtin math.sin"
    assert found["other.sin"] == "builtin numpy.sin"
    assert found["abs"] == "builtin abs"
    assert found["np.abs"].startswith("builtin numpy.abs")
    assert found["len"] == "builtin len"


def test_types():
    def f(x):
        return np.float32(x), np.longlong(x), vg.float64(x), vg.boolean(x), np.longdouble(x), np.number(x)

    found = Function(f).meanings()
    assert found["np.float32"] == "type float32"
    assert found["np.longlong"] == "type int64"
    assert found["vg.float64"] == "type float64"
    assert found["vg.boolean"] == "type bool"
    assert found["np.longdouble"] == "unsupported: the class `longdouble`"
    assert found["np.number"] == "builtin numpy.number"


def test_what_cannot_be_used_says_what_it_is_and_what_to_do():
    items = [1, 2]
    table = {}
    masked = np.ma.ones(3)
    text = np.array(["a"])
    deep = np.ones((1,) * 9)

    def f(x):
        return helper(x), items, table, np.random.rand(), sorted(x), Shade.DARK, masked, text, deep, math.nowhere, math

    found = Function(f).meanings()
    assert found["helper"] == "unsupported: the Python function `helper` (decorate it with `@cuda.jit(device=True)`)"
    assert found["items"] == "unsupported: a list (use a tuple, or a NumPy array)"
    assert found["table"] == "unsupported: a dict (pass what you need of it as arguments)"
    assert (
        found["np.random.rand"] == "unsupported: the function `numpy.random.rand` (use the states and functions of `cuda.random`)"
    )
    assert found["sorted"] == "unsupported: the built-in function `sorted` (use a tuple of fixed length, or an array)"
    assert found["Shade.DARK"] == "constant 0.5"
    assert "masked array" in found["masked"]
    assert "array of str" in found["text"]
    assert "9 dimensions" in found["deep"]
    assert found["math.nowhere"] == "unsupported: the missing attribute `nowhere` of the module `math`"
    assert found["math"] == "unsupported: the module `math`"


def test_a_name_may_be_defined_after_the_function():
    def outer():
        def f(x):
            return x + later

        taken = Function(f)
        assert taken.meanings() == {}
        later = 5
        assert taken.meanings() == {"later": "constant 5"}
        later = 6
        # Frozen by the first look that found all of them.
        assert taken.meanings() == {"later": "constant 5"}
        return later

    assert outer() == 6


class Device:
    """What a decorator gives: an object with a definition."""

    def __init__(self, function):
        self.py_func = function
        self.__verdigris_definition__ = Function(function)

    __verdigris_definition__ = None


def test_compiled_functions_and_recursion():
    @Device
    def double(x):
        return x * factor

    @Device
    def quadruple(x):
        return double(double(x))

    factor = 2

    @Device
    def loop(x):
        return loop(x - 1)

    assert quadruple.__verdigris_definition__.meanings() == {"double": "function double"}
    assert loop.__verdigris_definition__.meanings() == {"loop": "function loop"}


def test_defaults():
    table = np.arange(3.0)

    def f(x, n=4, t=table, k=None):
        return x

    assert Function(f).meanings() == {
        "n": "constant 4",
        "t": "constant array(float64, 1d, C, readonly)",
        "k": "constant None",
    }


def test_a_fault_in_the_text_is_a_typed_error_with_its_place():
    def f(**rest):
        return rest

    with pytest.raises((UnsupportedError, TypingError)) as caught:
        Function(f).meanings()
    assert caught.value.filename == __file__
    assert caught.value.lineno == f.__code__.co_firstlineno
    assert "def f(**rest):" in str(caught.value)


# --- pickling ---


@pytest.mark.parametrize("pickler", [pickle, cloudpickle])
def test_pickles_with_text_and_names(pickler):
    scale = 2.5

    def f(x, n=4):
        return sinus(x) * scale * LIMIT * TABLE[0, n]

    taken = Function(f)
    again = pickle.loads(pickler.dumps(taken))
    assert again.text == taken.text
    assert again.first_line == taken.first_line
    assert again.meanings() == taken.meanings()
    assert again.meanings()["scale"] == "constant 2.5"


def test_unpickles_where_the_file_is_not(written):
    path = written("import math\nK = 3\ndef f(x):\n    return math.sin(x) * K\n")
    data = pickle.dumps(Function(load(path).f))
    path.unlink()
    script = "import pickle, sys; f = pickle.loads(bytes.fromhex(sys.argv[1])); print(f.meanings(), f.text.count('return'))"
    out = subprocess.run([sys.executable, "-c", script, data.hex()], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "{'K': 'constant 3', 'math.sin': 'builtin math.sin'} 1"
