"""Type objects and the forms of signatures."""

import pickle

import numpy as np
import pytest

import verdigris as vg
from verdigris import types
from verdigris.errors import ArgumentError
from verdigris.types import Array, Signature, as_type, float32, float64, int64, signature, void

NAMES = sorted(set(types.__all__) - {"Array", "Scalar", "Signature", "Void", "as_type", "signature"})
SCALARS = sorted({s.name for s in vars(types).values() if isinstance(s, types.Scalar)} - {"bfloat16"})


def test_the_fourteen_scalar_types_have_numpys_dtypes():
    assert len(SCALARS) == 14
    for name in SCALARS:
        scalar = as_type(name)
        assert scalar.dtype == np.dtype(name)
        assert as_type(np.dtype(name)) is as_type(np.dtype(name).type) is scalar
        assert as_type(np.dtype(name).newbyteorder(">")) is scalar


@pytest.mark.parametrize("name", NAMES)
def test_every_name_pickles_to_itself(name):
    thing = getattr(types, name)
    assert pickle.loads(pickle.dumps(thing)) is thing


@pytest.mark.parametrize("name", ["f8", "intp", "double", "uchar", "c16", "b1", "none"])
def test_short_names_are_the_packages_too(name):
    space = {}
    exec(f"from verdigris import {name}", space)
    assert space[name] is getattr(types, name)
    with pytest.raises(AttributeError, match="no attribute 'f16'"):
        _ = vg.f16


def test_pythons_numbers_name_types():
    assert [as_type(t) for t in (bool, int, float, complex)] == [types.boolean, int64, float64, types.complex128]


@pytest.mark.parametrize(
    "written, spelled",
    [
        ("float32(float32, float32)", "float32(float32, float32)"),
        ("f4(f4,f8)", "float32(float32, float64)"),
        (
            " void( int64[:] , float32[:, ::1], u1[::1, :] ) ",
            "void(array(int64, 1d, A), array(float32, 2d, C), array(uint8, 2d, F))",
        ),
        ("(float32, int32)", "(float32, int32)"),
        ("(float32,)", "(float32)"),
        ("(float32)", "(float32)"),
        ("f4, f4", "(float32, float32)"),
        ("void()", "void()"),
        ("np.float32(types.int8)", "float32(int8)"),
        (float32(float64, int64), "float32(float64, int64)"),
        (void(float32[:]), "void(array(float32, 1d, A))"),
        ((np.float32, "f8", int, types.complex64[::1]), "(float32, float64, int64, array(complex64, 1d, C))"),
        ([vg.uint16], "(uint16)"),
    ],
)
def test_signatures(written, spelled):
    read = signature(written)
    assert repr(read) == spelled
    assert pickle.loads(pickle.dumps(read)) == read
    assert hash(pickle.loads(pickle.dumps(read))) == hash(read)


@pytest.mark.parametrize(
    "wrong, words",
    [
        ("float32", "is a type, not a signature"),
        (float32, "is a type, not a signature"),
        ("foo(f4)", "'foo' in"),
        ("f4(f4", "is not a signature"),
        ("f4(1)", "`1` in"),
        ("f4(x=f4)", "is not a type"),
        ("f4[:](f4)", "cannot be the type of a result"),
        ("f4((f4, f4))", "an argument that is not a type"),
        ("void(f4[0])", "names no axis"),
        ("void(f4[::2])", "names no array type"),
        ("void(f4[:, ::1, :])", "only the first or the last axis"),
        ("void(f4[:, :, :, :, :, :, :, :, :])", "at most 8 axes"),
        ("__import__('os').system('true')", "is not"),
        (3, "is not a signature"),
        (("f4", object), "is not a type"),
        ((np.longdouble,), "float128 is not a type of compiled code"),
    ],
)
def test_what_is_no_signature(wrong, words):
    with pytest.raises(ArgumentError, match="(?s)" + words.replace("(", r"\(").replace("[", r"\[")):
        signature(wrong)


def test_layouts():
    assert float64[:] == Array(float64, 1, "A")
    assert float64[::1] == Array(float64, 1, "C")
    assert float64[:, :, ::1] == Array(float64, 3, "C")
    assert float64[::1, :] == Array(float64, 2, "F")
    assert float64[::1] != float64[:] != float32[:]
    assert Array(float64, 1, "C", readonly=True) != float64[::1]
    for wrong in (
        lambda: float64[0],
        lambda: float64[1:],
        lambda: float64[::1, ::1],
        lambda: Array("f8", 1, "C"),
        lambda: Array(float64, 1, "K"),
    ):
        with pytest.raises(ArgumentError):
            wrong()


def test_a_call_with_a_value_converts_it():
    assert type(float32(1.5)) is np.float32
    assert type(types.boolean(1)) is np.bool
    assert isinstance(float32(float32), Signature)
