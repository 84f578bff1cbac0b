"""SciPy's BLAS, called by Fortran's names through `scipy.linalg.cython_blas`: the oracle of the BLAS tests."""

import ctypes

import numpy as np
from scipy.linalg import cython_blas

_POINTER = ctypes.pythonapi.PyCapsule_GetPointer
_POINTER.restype, _POINTER.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
_NAME = ctypes.pythonapi.PyCapsule_GetName
_NAME.restype, _NAME.argtypes = ctypes.c_char_p, [ctypes.py_object]


class _C(ctypes.Structure):
    _fields_ = [("re", ctypes.c_float), ("im", ctypes.c_float)]


class _Z(ctypes.Structure):
    _fields_ = [("re", ctypes.c_double), ("im", ctypes.c_double)]


def _result(signature):
    kind = signature.split("(")[0].strip()
    if kind == "void":
        return None
    if "complex" in kind:
        return _C if "float" in kind or kind.endswith("_c") else _Z
    return {"int": ctypes.c_int, "float": ctypes.c_float, "double": ctypes.c_double}.get(
        kind.replace("__pyx_t_5scipy_6linalg_11cython_blas_", "")
    ) or {
        "s": ctypes.c_float,
        "d": ctypes.c_double,
        "c": _C,
        "z": _Z,
    }[kind.split("_")[-1]]


def call(name, *arguments):
    """Calls a routine. A letter is a flag, an int a size; numbers are NumPy scalars, arrays are passed where they are."""
    capsule = cython_blas.__pyx_capi__[name]
    signature = _NAME(capsule)
    held, pointers = [], []
    for argument in arguments:
        if isinstance(argument, str):
            value = ctypes.c_char(argument.encode())
        elif isinstance(argument, int):
            value = ctypes.c_int(argument)
        elif isinstance(argument, np.ndarray):
            pointers.append(ctypes.c_void_p(argument.ctypes.data))
            continue
        else:
            value = np.array([argument])
            held.append(value)
            pointers.append(ctypes.c_void_p(value.ctypes.data))
            continue
        held.append(value)
        pointers.append(ctypes.cast(ctypes.byref(value), ctypes.c_void_p))
    function = ctypes.CFUNCTYPE(_result(signature.decode()), *[ctypes.c_void_p] * len(pointers))(_POINTER(capsule, signature))
    answer = function(*pointers)
    return complex(answer.re, answer.im) if isinstance(answer, (_C, _Z)) else answer
