"""Records of plain values: frozen dataclasses, serialized as JSON in a store or a link, and validated when parsed."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Any, ClassVar, Literal, Self, cast, get_args, get_origin, get_type_hints


@lru_cache(maxsize=64)
def _resolved(kind: Hashable) -> Mapping[str, Any]:
    return get_type_hints(kind)


def hints_of(kind: type) -> Mapping[str, Any]:
    """Resolve the annotations of a record's class, cached: Python parses and compiles each of them anew every time."""
    found: Mapping[str, Any] = _resolved(cast(Hashable, kind))
    return found


class Plain:
    """The base class of such records.

    Attributes:
        called: what a message calls it.
        marks: what its JSON begins with: the version of the form, a kind where there are several.
    """

    called: ClassVar[str]
    marks: ClassVar[Mapping[str, Any]]

    def replace(self, **changes: Any) -> Self:
        """Return the same record with some values changed (validated again)."""
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]

    def to_dict(self, *, defaults: bool = True) -> dict[str, Any]:
        """Return plain values, as JSON holds them, after the marks. Without `defaults` only what differs from them."""
        values: dict[str, Any] = dict(self.marks)
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if defaults or value != field.default:
                values[field.name] = self._written(field.name, value)
        return values

    @staticmethod
    def _written(name: str, value: Any) -> Any:
        """Convert a field's value for JSON."""
        return value

    @classmethod
    def _upgraded(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Upgrade the values of an earlier version of the form to this one's."""
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build the record from the result of `to_dict`; missing values have their defaults.

        Raises:
            ValueError: another mark, an unknown name, a wrong type, or values that do not fit.
        """
        if not isinstance(values, Mapping):
            raise ValueError(f"a {cls.called} is a JSON object, not {type(values).__name__}")
        values = cls._upgraded(values)
        for mark, own in cls.marks.items():
            if values.get(mark) != own:
                raise ValueError(
                    f"this {cls.called} has {mark} {values.get(mark)!r}; this Glassbox reads {mark} {own!r}"
                )
        given = {name: value for name, value in values.items() if name not in cls.marks}
        known = {field.name for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        if unknown := sorted(given.keys() - known):
            raise ValueError(f"unknown in a {cls.called}: {', '.join(unknown)}")
        return cls(**given)

    def to_json(self, *, defaults: bool = True) -> str:
        """Serialize `to_dict` as compact JSON, always the same for the same record."""
        return json.dumps(self.to_dict(defaults=defaults), separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse the result of `to_json`. Raises ValueError as `from_dict` does, and for invalid JSON."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"this {cls.called} is not readable: {error}") from error
        return cls.from_dict(values)


class Ranged(Plain):
    """A record whose values are validated by their annotations and ranges.

    Attributes:
        _ranges: of a number, the least and the most. _apart: fields that the record checks itself.
    """

    _ranges: ClassVar[Mapping[str, tuple[float, float]]]
    _apart: ClassVar[tuple[str, ...]] = ()

    def _check(self) -> None:
        """Validate the values; called first in `__post_init__`. Raises ValueError; the message names the field."""
        hints = hints_of(type(self))
        for each in dataclasses.fields(self):  # type: ignore[arg-type]
            if each.name in self._apart:
                continue
            value = checked(each.name, getattr(self, each.name), hints[each.name])
            object.__setattr__(self, each.name, value)
            least, most = self._ranges.get(each.name, (-math.inf, math.inf))
            if isinstance(value, (int, float)) and not least <= value <= most:
                raise ValueError(f"{each.name}={value:g} must be between {least:g} and {most:,.12g}")


def checked(name: str, value: Any, kind: Any) -> Any:
    """Check that `value` has the field's annotated type; a whole number may stand for a float.

    Raises:
        ValueError: it is not; the message names the field.
    """
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ValueError(f"{name}={value!r} is not one of {', '.join(get_args(kind))}")
        return value
    kinds = get_args(kind) or (kind,)
    if float in kinds and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        said = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
        raise ValueError(f"{name}={value!r} must be {' or '.join(said.get(k, 'nothing') for k in kinds)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name}={value} must be a finite number")
    return value
