"""Vector types: `float32x3`, or in CUDA's spelling `float3`, with the attributes `x`, `y`, `z` and `w`.

They exist inside kernels, where a vector is made from numbers and other vectors, as many items in all as it has.
"""

from __future__ import annotations

from typing import Any, NoReturn

from verdigris._verdigris import register_builtin
from verdigris.errors import UnsupportedError

_SHORT = {
    "int8": ["char"],
    "int16": ["short"],
    "int32": ["int"],
    "int64": ["long", "longlong"],
    "uint8": ["uchar"],
    "uint16": ["ushort"],
    "uint32": ["uint"],
    "uint64": ["ulong", "ulonglong"],
    "float32": ["float"],
    "float64": ["double"],
}


class VectorType:
    """The type of vectors of one to four numbers. Called in a kernel, it makes one."""

    def __init__(self, elem: str, count: int) -> None:
        self.__name__ = self.name = f"{elem}x{count}"
        self.base_type = elem
        self.num_elements = count
        self.attr_names = ("x", "y", "z", "w")[:count]

    def __call__(self, *items: Any) -> NoReturn:
        raise UnsupportedError(f"cuda.{self.name} exists only inside a kernel", code="outside-kernel")

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> str:
        return self.name


__all__: list[str] = []
for _elem, _names in _SHORT.items():
    for _count in (1, 2, 3, 4):
        _type = VectorType(_elem, _count)
        register_builtin(_type, f"cuda.{_type.name}")
        for _name in (_type.name, *(f"{short}{_count}" for short in _names)):
            globals()[_name] = _type
            __all__.append(_name)
