"""Cached results: their size in bytes, and a copy for each caller. No Streamlit in here."""

from __future__ import annotations

import copy
import hashlib
import sys
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

if TYPE_CHECKING:
    from torch import nn

Value = TypeVar("Value")

_ATOMS = frozenset((type(None), bool, int, float, complex, str, bytes))
_NUMBERS = frozenset((type(None), bool, int, float, complex))
_NUMBER = 24  # bytes of a Python object header
_CODE = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)


def measure(result: Any, besides: nn.Module | None = None) -> int:
    """Measure the bytes of memory that a result holds: its arrays and tensors, each once, its strings and containers.

    Args:
        besides: a model whose weights are in memory anyway.
    """
    seen: set[int] = set()
    if besides is not None:
        seen.update(weight.untyped_storage().data_ptr() for weight in _weights(besides))
    total, rest = 0, [result]
    while rest:
        one = rest.pop()
        mark, size, parts = _look(one)
        if mark in seen:
            continue
        seen.add(mark)
        total += size
        for part in parts:
            if type(part) in _NUMBERS:
                total += _NUMBER
            else:
                rest.append(part)
    return total


def _look(one: Any) -> tuple[int, int, Iterable[Any]]:
    """Return an object's identity in memory, its size in bytes, and the objects that it refers to."""
    import torch

    if isinstance(one, torch.Tensor):
        storage = one.untyped_storage()
        return storage.data_ptr(), storage.nbytes(), ()
    if isinstance(one, np.ndarray):
        while isinstance(one.base, np.ndarray):
            one = one.base
        return id(one), one.nbytes, ()
    return id(one), sys.getsizeof(one, 64), _parts(one)


def _parts(one: Any) -> Iterable[Any]:
    import torch

    if isinstance(one, (str, bytes, *_CODE)):
        return ()
    if isinstance(one, Mapping) and not hasattr(one, "__dict__"):
        return [*one.keys(), *one.values()]
    if isinstance(one, (list, tuple, set, frozenset)):
        return list(one)
    if isinstance(one, torch.nn.Module):
        return _weights(one)
    return vars(one).values() if hasattr(one, "__dict__") else ()


def _weights(model: nn.Module) -> list[Any]:
    return [*model.parameters(), *model.buffers()]


def own(result: Value) -> Value:
    """Copy a result so that nothing mutable is shared.

    Quicker than `copy.deepcopy` on what results are made of: arrays, numbers, texts, and lists, tuples, dicts and
    dataclasses of them. Anything else it leaves to `copy.deepcopy`.
    """
    return cast(Value, _own(result))


def _own(one: Any) -> Any:
    kind = type(one)
    if kind in _ATOMS:
        return one
    if kind is np.ndarray:
        return one.copy(order="K") if one.dtype != object else copy.deepcopy(one)
    if kind is list:
        return [_own(part) for part in one]
    if kind is tuple:
        return tuple([_own(part) for part in one])
    if kind is dict:
        return {name: _own(part) for name, part in one.items()}
    if is_dataclass(kind) and hasattr(one, "__dict__") and not hasattr(kind, "__deepcopy__"):
        made = object.__new__(kind)
        for name, part in vars(one).items():
            object.__setattr__(made, name, _own(part))
        return made
    return copy.deepcopy(one)


def typed(args: Any) -> Hashable:
    """Return arguments as a key in which 1, 1.0 and True differ."""
    if isinstance(args, tuple):
        return (type(args), *(typed(part) for part in args))
    return type(args), args


def fingerprint(value: Any) -> str:
    """Hash a value by its contents: numbers, texts, arrays, and records and collections of them.

    Raises:
        TypeError: something in it is none of these.
    """
    found = hashlib.sha256()
    rest = [value]
    while rest:
        one = rest.pop()
        if type(one) in _ATOMS or isinstance(one, np.generic):
            found.update(f"{type(one).__name__} {one!r}\n".encode())
            continue
        found.update(f"{type(one).__qualname__}\n".encode())
        if isinstance(one, np.ndarray):
            found.update(f"{one.dtype} {one.shape}".encode() + one.tobytes())
        elif isinstance(one, Mapping):
            found.update(f"{len(one)}\n".encode())
            rest += [part for pair in one.items() for part in pair]
        elif isinstance(one, (list, tuple)):
            found.update(f"{len(one)}\n".encode())
            rest += one
        elif isinstance(one, (set, frozenset)):
            found.update("".join(sorted(map(fingerprint, one))).encode())
        elif is_dataclass(one) and not isinstance(one, type):
            rest += [getattr(one, field.name) for field in fields(one)]
        else:
            raise TypeError(f"{type(one).__name__} has no contents that could be told: {one!r}")
    return found.hexdigest()
