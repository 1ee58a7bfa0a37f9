"""Read Toyland's tables: the words and tellings that stand in TOML files beside the code that reads them.

A `Table` is read when it is first asked for. What is read has the shape that the code needs, or `DamagedTable` names
the file and the place in it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

FOLDER = Path(__file__).parent
K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


class DamagedTable(ValueError):
    """A file of words or tellings cannot be read, or holds something else than it should."""

    def __init__(self, name: str, problem: str):
        super().__init__(f"Toyland's table {name}.toml is damaged: {problem}")


class Table(Mapping[K, V]):
    """A table that is read when it is first asked for, and then kept."""

    def __init__(self, reader: Callable[[], Mapping[K, V]]):
        self._reader = reader

    @cached_property
    def _rows(self) -> Mapping[K, V]:
        return self._reader()

    def __getitem__(self, key: K) -> V:
        return self._rows[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def read(name: str, shape: type[T]) -> T:
    """The file `name`.toml as a value of `shape`.

    A shape is `str`, `float`, `bool`, a `Literal`, a `tuple` of shapes (an array), `dict[str, shape]` (a table whose
    keys are data) or a dataclass (a table whose keys are its fields; those with a default may be missing).

    Raises:
        DamagedTable: the file is missing, no UTF-8, no TOML, or has another shape.
    """
    try:
        found = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # not UTF-8 and not TOML are errors of value
        raise DamagedTable(name, str(error)) from error
    value: T = _shaped(found, shape, name, "")
    return value


def read_each(folder: str, shape: type[T]) -> dict[str, T]:
    """Every file of a folder, as `read` does, by name ("events/moving") and in the order of the names.

    Raises:
        DamagedTable: as `read`, or the folder has no file.
    """
    names = sorted(f"{folder}/{path.stem}" for path in (FOLDER / folder).glob("*.toml"))
    if not names:
        raise DamagedTable(f"{folder}/*", "there is no such file")
    return {name: read(name, shape) for name in names}


def lines(block: str) -> tuple[str, ...]:
    """The lines of `block` that are not blank."""
    return tuple(line.strip() for line in block.splitlines() if line.strip())


def _shaped(value: Any, shape: Any, name: str, where: str) -> Any:
    """`value` as a value of `shape`; `where`: its place in the file, as "go.say"."""
    origin, inside = get_origin(shape), get_args(shape)
    if is_dataclass(shape) and isinstance(value, dict):
        return _record(value, shape, name, where)
    if origin is dict and isinstance(value, dict):
        return {key: _shaped(each, inside[1], name, f"{where}.{key}") for key, each in value.items()}
    if origin is tuple and isinstance(value, list):
        each_of = inside[:1] * len(value) if inside[-1] is Ellipsis else inside
        if len(value) == len(each_of):
            return tuple(
                _shaped(each, its, name, f"{where}[{number}]")
                for number, (each, its) in enumerate(zip(value, each_of))
            )
    if origin is Literal and value in inside:
        return value
    if (type(value) is shape and shape in {str, float, bool}) or (shape is float and type(value) is int):
        return value
    raise DamagedTable(name, f"{where.removeprefix('.') or 'it'} should be {_said(shape)}, not {value!r:.60}")


def _record(value: dict[str, Any], shape: Any, name: str, where: str) -> Any:
    known = _fields(shape)
    at = where.removeprefix(".") or "it"
    for key in value:
        if key not in known:
            raise DamagedTable(name, f"{at} has the unknown key {key!r}; there are {', '.join(known)}")
    for key, (_, required) in known.items():
        if required and key not in value:
            raise DamagedTable(name, f"{at} has no {key!r}")
    return shape(**{key: _shaped(each, known[key][0], name, f"{where}.{key}") for key, each in value.items()})


@cache
def _fields(shape: Any) -> dict[str, tuple[Any, bool]]:
    """The fields of a dataclass: name -> shape, and whether a table must have it."""
    hints = get_type_hints(shape)
    return {
        field.name: (hints[field.name], field.default is MISSING and field.default_factory is MISSING)
        for field in fields(shape)
    }


def _said(shape: Any) -> str:
    """A shape in words."""
    origin, inside = get_origin(shape), get_args(shape)
    if origin is tuple:
        many = "" if inside[-1] is Ellipsis else f"{len(inside)} "
        return f"an array of {many}values"
    if origin is Literal:
        return "one of " + ", ".join(map(repr, inside))
    return {str: "text", float: "a number", bool: "true or false"}.get(shape, "a table")
