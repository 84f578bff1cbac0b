"""The functions' names and docstrings.

Many functions differ in a sentence and share their parameters: each parameter's text stands here once, by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_PARAMETERS = {
    "x": ("array_like or device array", ""),
    "type": ("{1, 2, 3, 4}, optional", "The type of the transform, 2 unless given. The inverse of type 2 is type 3."),
    "n": ("int, optional", "The length: what is longer is cropped, what is shorter padded with zeros."),
    "s": ("int or sequence of ints, optional", "The lengths: what is longer is cropped, what is shorter padded with zeros."),
    "axis": ("int, optional", "The axis, the last unless given."),
    "axes": ("int or sequence of ints, optional", "The axes; the last as many as `s` has, or all, unless given."),
    "norm": (
        '{"backward", "ortho", "forward"}, optional',
        "Which direction is divided by the number of points: the inverse, both by its root, or the forward one.",
    ),
    "overwrite_x": ("bool, optional", "Whether the memory of `x` may be used for the result."),
    "workers": (
        "int, optional",
        "Most threads to use; the pool's unless given. Negative numbers count down from the processors.",
    ),
    "orthogonalize": (
        "bool, optional",
        "Whether elements at the ends are scaled so that the transform is orthogonal but for its factor; as `norm` is\n"
        '        "ortho" or not unless given.',
    ),
    "plan": ("None", "SciPy's keyword, which has to be None: see `Plan`."),
    "out": ("array, optional", "Where the result goes, of its shape; returned."),
    "stream": ("optional", "Orders work on a device; on the CPU all is done when the call returns."),
}

_TEXT = """{what}

    Parameters
    ----------
{parameters}

    Returns
    -------
    array
        {output}

    Raises
    ------
    ValueError
        A length below 1, {value}an unknown norm, an `out` of another shape.
    TypeError
        Elements that the transform is not for.
"""

_NO_AXIS = """    IndexError
        No such axis.
"""


def document(function: Callable[..., Any], name: str, what: str, given: str, output: str, lengths: str | None = None) -> None:
    """Makes `function` the public one of that name: `what` it does, with which elements `given`, to which `output`.

    `lengths` is said of `n` or `s` instead of the usual.
    """
    code = function.__code__
    instead = {"x": given, **({"n": lengths, "s": lengths} if lengths else {})}
    parameters = []
    for parameter in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
        kind, text = _PARAMETERS[parameter]
        parameters.append(f"    {parameter} : {kind}\n        {instead.get(parameter, text)}")
    several = "axes" in code.co_varnames
    value = ("a bad axis, " if several else "") + ("an unknown type, " if "type" in code.co_varnames else "")
    text = _TEXT.format(what=what, parameters="\n".join(parameters), output=output, value=value)
    function.__doc__ = text + ("" if several else _NO_AXIS) + "    "
    function.__name__ = function.__qualname__ = name
