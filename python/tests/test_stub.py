"""The stub of the extension module names what the binary has, and takes the same parameters."""

import ast
import inspect
from pathlib import Path

from verdigris import _verdigris

STUB = ast.parse((Path(_verdigris.__file__).parent / "_verdigris.pyi").read_text())


def public(names):
    return {name for name in names if not name.startswith("__")}


def test_the_modules_names_are_the_stubs():
    stated = {node.name for node in STUB.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    assert public(vars(_verdigris)) == stated


def test_each_class_has_the_members_the_stub_states():
    for node in STUB.body:
        if isinstance(node, ast.ClassDef):
            # Annotated names are attributes of instances, which Python code sets.
            stated = {m.name for m in node.body if isinstance(m, ast.FunctionDef)}
            assert public(vars(getattr(_verdigris, node.name))) == public(stated), node.name


def test_functions_take_the_parameters_the_stub_states():
    for node in STUB.body:
        if isinstance(node, ast.FunctionDef):
            real = list(inspect.signature(getattr(_verdigris, node.name)).parameters)
            args = node.args
            stated = [a.arg for a in [*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg] if a]
            assert real == stated, node.name
