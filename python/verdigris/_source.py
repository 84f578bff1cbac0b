"""From a Python function to its text and the objects its names stand for.

`take` runs when a decorator does: it finds the function's text and proves, by compiling the file again, that the text
is the function's own. `lookup` and `default_values` run at the first compilation: they say which object a dotted path
means in the function's world. What an object means to the compiler is decided in Rust.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import inspect
import itertools
import linecache
import sys
import textwrap
import types
from collections.abc import Iterator
from functools import lru_cache
from importlib.machinery import SourceFileLoader, SourcelessFileLoader
from typing import Any
from zipimport import zipimporter

from .errors import SourceChanged, SourceNotFound, UnsupportedError

_FUTURE = 0
for _feature in __future__.all_feature_names:
    _FUTURE |= getattr(__future__, _feature).compiler_flag


# File, text, first line, indentation, name, and where in the text the function is: a line (1-based, 0 for the first function of
# that name) and for a lambda a column (UTF-8 bytes).
Taken = tuple[str, str, int, int, str, int, int | None]


def take(function: Any) -> Taken:
    """The text of `function`, found now."""
    if not isinstance(function, types.FunctionType):
        raise UnsupportedError(_not_a_function(function), code="unsupported-name")
    file = function.__code__.co_filename
    lines = _lines(function)
    if lines:
        try:
            return _taken(function, lines, _rewritten(function))
        except (SyntaxError, SourceChanged):
            # The text of `-c` does not change: the function is another one's.
            if file != "<string>":
                raise _changed(function) from None
    if file.startswith("<"):
        # Made by `exec`, of a text that whoever calls the decorator may hold still.
        for text in _held_by_callers(function):
            try:
                return _taken(function, [line + "\n" for line in text.split("\n")], loosely=False)
            except (SyntaxError, ValueError, SourceChanged):
                continue
    raise _not_found(function)


def _taken(function: types.FunctionType, lines: list[str], loosely: bool) -> Taken:
    text = "".join(lines)
    if function.__code__.co_name == "<lambda>":
        return _take_lambda(function, text, lines, loosely)
    return _take_def(function, text, lines, loosely)


# A longer text in a variable is data.
_LONGEST_HELD = 1 << 20


def _held_by_callers(function: types.FunctionType) -> Iterator[str]:
    """Texts in variables of the calling functions and modules, nearest first, that may be the one the function was made of."""
    name = function.__code__.co_name.strip("<>")
    seen = set()
    frame = sys._getframe(1)
    while frame is not None:
        for scope in (frame.f_locals, frame.f_globals):
            for value in list(scope.values()):
                if type(value) is str and id(value) not in seen and len(value) <= _LONGEST_HELD and name in value:
                    seen.add(id(value))
                    yield value
                    if value[:1].isspace():
                        yield textwrap.dedent(value)
        frame = frame.f_back


def _not_found(function: types.FunctionType) -> SourceNotFound:
    code = function.__code__
    return SourceNotFound(
        f"the text of `{function.__name__}` (line {code.co_firstlineno} of {code.co_filename}) cannot be found, and verdigris "
        "compiles from the text: put the function into a file or a notebook cell, or make the text known to `linecache` before "
        "it is decorated (a text given to `exec` is found while a variable of a caller holds it)",
        code="source-not-found",
        filename=code.co_filename,
        lineno=code.co_firstlineno,
    )


def _not_a_function(thing: object) -> str:
    if isinstance(thing, (staticmethod, classmethod, types.MethodType)):
        return "a method cannot be compiled: make it a plain function"
    if isinstance(thing, type):
        return f"the class `{thing.__name__}` cannot be compiled: decorate a function"
    if isinstance(thing, types.BuiltinFunctionType):
        return f"`{thing.__name__}` has no Python text to compile"
    return f"{type(thing).__name__} object is not a Python function"


def _of_command_line() -> list[str]:
    for option, text in itertools.pairwise(sys.orig_argv):
        if option.startswith("-") and not option.startswith("--") and option.endswith("c"):
            return textwrap.dedent(text).splitlines(keepends=True)
    return []


def _lines(function: types.FunctionType) -> list[str]:
    file = function.__code__.co_filename
    linecache.checkcache(file)
    lines = linecache.getlines(file, function.__globals__)
    if not lines and file == "<string>" and function.__module__ == "__main__":
        # `python -c TEXT`; that it is this function's text is checked later.
        lines = _of_command_line()
    if not lines:
        # A path stored relative in a .pyc, or moved with its package.
        moved = inspect.getsourcefile(function)
        if moved is not None and moved != file:
            linecache.checkcache(moved)
            lines = linecache.getlines(moved, function.__globals__)
    return lines


def _changed(function: types.FunctionType) -> SourceChanged:
    code = function.__code__
    return SourceChanged(
        f"line {code.co_firstlineno} of {code.co_filename} no longer holds the `{function.__name__}` that is being compiled: "
        "the file has changed since it was loaded; reload the module",
        code="source-changed",
        filename=code.co_filename,
        lineno=code.co_firstlineno,
    )


# --- finding the code again ---


@lru_cache(maxsize=8)
def _module_code(text: str, file: str, flags: int) -> types.CodeType:
    return compile(text, file, "exec", flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


@lru_cache(maxsize=2)
def _module_tree(text: str) -> ast.Module:
    return ast.parse(text)


def _codes(root: types.CodeType) -> Iterator[types.CodeType]:
    """Every code object under `root`, in order of appearance."""
    for constant in root.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from _codes(constant)


def _compiled_again(function: types.FunctionType, text: str) -> list[types.CodeType]:
    """The code objects that the text has where the function should be. One, but for several lambdas on a line."""
    code = function.__code__
    root = _module_code(text, code.co_filename, code.co_flags & _FUTURE)
    wanted = (code.co_qualname, code.co_firstlineno)
    return [c for c in _codes(root) if (c.co_qualname, c.co_firstlineno) == wanted]


def _rewritten(function: types.FunctionType) -> bool:
    """Whether the module was loaded by something that may have changed its code, as pytest does."""
    scope = function.__globals__
    spec = scope.get("__spec__")
    loader = scope.get("__loader__") if spec is None else spec.loader
    if loader is None or isinstance(loader, type):
        return False
    return type(loader) not in (SourceFileLoader, SourcelessFileLoader, zipimporter)


def _same(ours: types.CodeType, found: types.CodeType, loosely: bool) -> bool:
    if _arguments(ours) != _arguments(found):
        return False
    return loosely or (
        ours.co_code == found.co_code
        and ours.co_names == found.co_names
        and ours.co_varnames == found.co_varnames
        and ours.co_freevars == found.co_freevars
        and ours.co_cellvars == found.co_cellvars
        and len(ours.co_consts) == len(found.co_consts)
        and all(map(_same_constant, ours.co_consts, found.co_consts))
    )


def _arguments(code: types.CodeType) -> tuple[object, ...]:
    count = code.co_argcount + code.co_kwonlyargcount
    return (
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        code.co_varnames[:count],
        code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS),
    )


def _same_constant(a: object, b: object) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, types.CodeType) and isinstance(b, types.CodeType):
        return _same(a, b, loosely=False)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(_same_constant, a, b))
    # The text of a number tells -0.0 from 0.0, which == does not.
    return a == b if isinstance(a, frozenset) else repr(a) == repr(b)


# --- def ---


def _take_def(function: types.FunctionType, text: str, lines: list[str], loosely: bool) -> Taken:
    code = function.__code__
    found = _compiled_again(function, text)
    if not any(_same(code, c, loosely) for c in found):
        raise _changed(function)
    first = code.co_firstlineno
    return _dedented(code.co_filename, _block(lines, first, _last_line(code)), first, code.co_name, 0, None)


def _last_line(code: types.CodeType) -> int:
    """The last line that any instruction came from; what follows it can only be text that makes no code."""
    lines = [end for _, end, _, _ in code.co_positions() if end is not None]
    return max([code.co_firstlineno, *lines, *(_last_line(c) for c in code.co_consts if isinstance(c, types.CodeType))])


def _block(lines: list[str], first: int, last: int) -> list[str]:
    """The lines of the function that begins on line `first` and goes on at least to line `last`.

    By indentation, as far as that tells; strings and brackets may hold lines with less, so the text has to parse. (The
    tokenizer of `inspect.getblock` would do, but the first call compiles its regular expressions for 15 ms.)
    """
    margin = len(_margin(lines[first - 1]))
    while True:
        while last < len(lines) and _belongs(lines[last], margin):
            last += 1
        block = lines[first - 1 : last]
        while not block[-1].strip():
            block.pop()
        try:
            ast.parse("".join(_strip(line, margin) for line in block))
        except SyntaxError:
            if last == len(lines):
                raise
            last += 1
        else:
            return block


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t\f"))]


def _belongs(line: str, margin: int) -> bool:
    return not line.strip() or len(_margin(line)) > margin


def _dedented(file: str, block: list[str], first: int, name: str, line: int, column: int | None) -> Taken:
    """Strips the first line's indentation from every line; a line that has less (inside a string or brackets) loses
    what it has.
    """
    indent = len(_margin(block[0]))
    text = "".join(_strip(each, indent) for each in block)
    return file, text, first, indent, name, line, None if column is None else column - indent


def _strip(line: str, indent: int) -> str:
    return line[min(indent, len(_margin(line))) :]


# --- lambda ---


def _take_lambda(function: types.FunctionType, text: str, lines: list[str], loosely: bool) -> Taken:
    code = function.__code__
    if not any(_same(code, c, loosely) for c in _compiled_again(function, text)):
        raise _changed(function)
    node, first, last = _lambda_of(function, lines, _module_tree(text))
    return _dedented(code.co_filename, lines[first - 1 : last], first, "<lambda>", node.lineno - first + 1, node.col_offset)


def _lambda_of(function: types.FunctionType, lines: list[str], module: ast.Module) -> tuple[ast.Lambda, int, int]:
    """The lambda that the code was made from, and the first and last line of a text that parses alone and holds it."""
    code = function.__code__
    spots = [s for s in code.co_positions() if None not in s and (s[0], s[2]) != (s[1], s[3])]
    names = code.co_varnames[: _argument_count(code)]
    found = [
        (node, first, last)
        for node, first, last in _lambdas(module, lines, (1, len(lines)))
        if node.lineno == code.co_firstlineno
        and _argument_names(node.args) == names
        and all(_within(spot, node.body) for spot in spots)
    ]
    if not found:
        raise _changed(function)
    # An inner lambda stands after the one around it.
    if spots or len(found) == 1:
        return found[-1]
    raise UnsupportedError(
        f"line {code.co_firstlineno} of {code.co_filename} has {len(found)} lambdas that look alike, and Python was told to keep "
        "no columns: give each its own line",
        code="source-not-found",
        filename=code.co_filename,
        lineno=code.co_firstlineno,
    )


def _within(spot: tuple[int | None, ...], node: ast.expr) -> bool:
    line, end_line, column, end_column = spot
    return (node.lineno, node.col_offset) <= (line, column) and (end_line, end_column) <= (node.end_lineno, node.end_col_offset)


def _argument_count(code: types.CodeType) -> int:
    flags = code.co_flags
    return code.co_argcount + code.co_kwonlyargcount + bool(flags & inspect.CO_VARARGS) + bool(flags & inspect.CO_VARKEYWORDS)


def _argument_names(args: ast.arguments) -> tuple[str, ...]:
    """In the order of `co_varnames`."""
    named = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return tuple(a.arg for a in named if a is not None)


def _lambdas(node: ast.AST, lines: list[str], around: tuple[int, int]) -> Iterator[tuple[ast.Lambda, int, int]]:
    """Every lambda below `node`, outer before inner, with the lines of the smallest run of statements around it that
    parse alone.
    """
    for _, value in ast.iter_fields(node):
        children = value if isinstance(value, list) else [value]
        for i, child in enumerate(children):
            if not isinstance(child, ast.AST):
                continue
            inner = around
            if isinstance(child, ast.stmt):
                inner = _run(children, i, lines) or around
            if isinstance(child, ast.Lambda):
                yield child, *inner
            yield from _lambdas(child, lines, inner)


def _run(body: list[ast.stmt], i: int, lines: list[str]) -> tuple[int, int] | None:
    """The lines of statement `i` and of those that share lines with it; None if they do not begin where their first line does."""
    first = last = i
    while first > 0 and body[first - 1].end_lineno == _first_line(body[first]):
        first -= 1
    while last + 1 < len(body) and body[last].end_lineno == _first_line(body[last + 1]):
        last += 1
    start = _first_line(body[first])
    line = lines[start - 1].encode()
    decorated = start != body[first].lineno
    before, after = line[: body[first].col_offset], line[body[first].col_offset :]
    if not decorated and (before.strip() or after.startswith(b"elif")):
        return None
    return start, body[last].end_lineno or start


def _first_line(statement: ast.stmt) -> int:
    decorators = getattr(statement, "decorator_list", ())
    return min([statement.lineno, *(d.lineno for d in decorators)])


# --- what names stand for ---

MISSING = object()


def lookup(function: types.FunctionType, name: str) -> object:
    """The object a free name stands for now, or MISSING."""
    code = function.__code__
    if name in code.co_freevars and function.__closure__ is not None:
        try:
            return function.__closure__[code.co_freevars.index(name)].cell_contents
        except ValueError:
            return MISSING
    scope = function.__globals__
    if name in scope:
        return scope[name]
    provided = scope.get("__builtins__", builtins)
    if isinstance(provided, types.ModuleType):
        provided = vars(provided)
    return provided.get(name, MISSING)


def default_values(function: types.FunctionType) -> dict[str, object]:
    """The values of defaulted parameters."""
    code = function.__code__
    values = function.__defaults__ or ()
    names = code.co_varnames[code.co_argcount - len(values) : code.co_argcount]
    return {**dict(zip(names, values, strict=True)), **(function.__kwdefaults__ or {})}
