"""The exceptions: what they are, that they pickle, and how errors of the extension module reach Python."""

import copy
import pickle

import numpy as np
import pytest

from verdigris import cuda, errors
from verdigris._verdigris import Generator

CLASSES = [getattr(errors, name) for name in errors.__all__]
EXCEPTIONS = sorted({c for c in CLASSES if issubclass(c, errors.VerdigrisError)}, key=lambda c: c.__name__)


@pytest.mark.parametrize("cls", EXCEPTIONS)
def test_every_exception_pickles_with_its_attributes(cls):
    error = cls("words", code="some-code", filename="a.py", lineno=3, offset=5, block=(1, 2, 3))
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is cls
        assert str(again) == "words"
        assert (again.code, again.filename, again.lineno, again.offset, again.block) == ("some-code", "a.py", 3, 5, (1, 2, 3))


def test_attributes_are_none_where_there_is_no_place():
    error = errors.VerdigrisError("words")
    assert (error.code, error.filename, error.lineno, error.offset) == (None, None, None, None)


@pytest.mark.parametrize(
    "cls, base",
    [
        ("TypingError", TypeError),
        ("ArgumentError", TypeError),
        ("ShapeError", ValueError),
        ("BadValueError", ValueError),
        ("LaunchError", ValueError),
        ("DeviceError", RuntimeError),
        ("LibraryNotFound", errors.DeviceError),
        ("LibraryNotFound", OSError),
        ("SourceNotFound", OSError),
        ("AlreadyLoaded", ImportError),
        ("KernelIndexError", IndexError),
        ("KernelValueError", ValueError),
        ("KernelUnboundLocalError", UnboundLocalError),
    ],
)
def test_python_code_that_knows_nothing_of_us_can_catch_them(cls, base):
    cls = getattr(errors, cls)
    assert issubclass(cls, base)
    assert issubclass(cls, errors.VerdigrisError)


def test_a_missing_library_is_no_import_error():
    assert not issubclass(errors.LibraryNotFound, ImportError)


def test_numbas_names():
    assert errors.NumbaError is errors.VerdigrisError
    assert issubclass(errors.NumbaPerformanceWarning, UserWarning)
    assert issubclass(errors.LoweringError, errors.NumbaError)


def test_an_error_of_the_extension_is_of_the_documented_class():
    with pytest.raises(errors.BadValueError, match="99") as caught:
        Generator(99)
    assert caught.value.code == "generator-kind"


def test_a_diagnostic_carries_code_and_place_and_the_rendered_source():
    @cuda.jit
    def f(x):
        y = x[0]
        yield y

    with pytest.raises(errors.UnsupportedError) as caught:
        f[1, 1](np.zeros(1))
    error = caught.value
    line = f.py_func.__code__.co_firstlineno + 3
    assert error.code == "unsupported-syntax"
    assert (error.filename, error.lineno, error.offset) == (__file__, line, 9)
    text = str(error).splitlines()
    assert text[0].startswith("error[unsupported-syntax]: ")
    assert text[1].strip() == f"--> {__file__}:{line}:9"
    assert text[3].strip() == f"{line} |     yield y"
    assert text[4].endswith("|     ^^^^^^^")
    assert pickle.loads(pickle.dumps(error)).args == error.args
