"""Expressions over measures: the checks of a lesson's questions, and the numbers in its prose.

    weight(L3H2, 10, 3) / weight(L3H2, 10, 10) > 200 and said() == ·ball

A recursive-descent parser over a closed grammar; nothing is evaluated as Python.

    check    := "always" | one ("and" one)*
    one      := value ("<" | "<=" | ">" | ">=" | "==" | "!=") value
    value    := product (("+" | "-") product)*
    product  := factor (("*" | "/") factor)*
    factor   := number | token | measure "(" arguments ")" | "(" value ")"

A token is written with its leading space as a dot, `·ball`, or between quotes; an argument with a comma or a bracket in
it stands between quotes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from core.analysis.measures import MEASURES, MeasureError, Measures, Number

_SIGNS = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d+)?)
      | (?P<quoted>"[^"]*"|“[^”]*”)
      | (?P<measure>[a-z]+)\s*\((?P<inside>(?:[^()"“”]|"[^"]*"|“[^”]*”)*)\)
      | (?P<token>·[^\s()<>=!+*/,]+)
      | (?P<word>always|and)\b
      | (?P<sign><=|>=|==|!=|[<>+\-*/()])
    )""",
    re.VERBOSE,
)
_ARGUMENT = re.compile(r"""\s*("[^"]*"|“[^”]*”|[^,]*?)\s*(?:,|$)""")
_COMBINE: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
}  # fmt: skip
EQUAL = 1e-4  # numbers that differ by less are the same


@dataclass(frozen=True)
class Call:
    """A measure with its arguments, as it is written in an expression."""

    name: str
    arguments: tuple[str, ...]


def calls(text: str) -> list[Call]:
    """List the measures of an expression, in order. Raises MeasureError: it does not parse."""
    parser = _Parser(text)
    parser.check()
    return parser.calls


def check(text: str, measures: Measures) -> bool:
    """Decide whether a comparison of measures holds.

    Raises:
        MeasureError: it does not parse, or a measure cannot be taken on this model and text.
    """
    return _Parser(text, measures).check()


def value(text: str, measures: Measures) -> str:
    """Compute one measure, as prose shows it: `{p(·ball)}` is filled with it. Raises MeasureError as `check`."""
    call = named(text)
    return measures.written(call.name, measures.value(call.name, call.arguments))


def named(text: str) -> Call:
    """Parse a single measure. Raises MeasureError: it is none."""
    found = _SIGNS.fullmatch(text.strip())
    if found is None or found["measure"] is None:
        raise MeasureError(f"“{text}” is no measure: write for example p(·ball)")
    return _call(found)


def _call(found: re.Match[str]) -> Call:
    name, inside = found["measure"], found["inside"].strip()
    if name not in MEASURES:
        raise MeasureError(f"there is no measure “{name}”: there are {', '.join(MEASURES)}")
    arguments = tuple(_unquoted(one[1]) for one in _arguments(inside))
    return Call(name, arguments)


def _arguments(inside: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(inside):
        found = _ARGUMENT.match(inside, at)
        if found is None:
            raise MeasureError(f"the arguments “{inside}” cannot be read")
        yield found
        at = found.end()


def _unquoted(raw: str) -> str:
    return raw[1:-1] if len(raw) > 1 and raw[0] in '"“' and raw[-1] in '"”' else raw


def _equal(a: Number, b: Number) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    return abs(a - b) < EQUAL


def _differ(a: Number, b: Number) -> bool:
    return not _equal(a, b)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": _equal, "!=": _differ,
}  # fmt: skip


class _Parser:
    """One expression, read from left to right; without `measures` it is only parsed, and every value is 1."""

    def __init__(self, text: str, measures: Measures | None = None) -> None:
        self.text, self.measures = text, measures
        self.calls: list[Call] = []
        self.signs: list[re.Match[str]] = []
        at = 0
        while text[at:].strip():
            found = _SIGNS.match(text, at)
            if found is None:
                raise MeasureError(f"“{text}” cannot be read from “{text[at:].strip()}” on")
            self.signs.append(found)
            at = found.end()
        self.at = 0

    def _next(self, *wanted: str) -> str:
        """Take the next sign if it is one of these, else ""."""
        if self.at < len(self.signs) and self.signs[self.at][0].strip() in wanted:
            self.at += 1
            return self.signs[self.at - 1][0].strip()
        return ""

    def check(self) -> bool:
        if self._next("always"):
            holds = True
        else:
            holds = self._one()
            while self._next("and"):
                holds = self._one() and holds
        if self.at < len(self.signs):
            raise MeasureError(f"“{self.text}” goes on after its end: “{self.signs[self.at][0].strip()}”")
        return holds

    def _one(self) -> bool:
        left = self._value()
        sign = self._next(*_COMPARE)
        if not sign:
            raise MeasureError(f"“{self.text}” compares nothing: write for example p(·ball) > 0.9")
        right = self._value()
        if sign not in ("==", "!=") and isinstance(left, str) != isinstance(right, str):
            raise MeasureError(f"“{self.text}” compares a token with a number")
        return _COMPARE[sign](left, right)

    def _value(self) -> Number:
        return self._row(lambda: self._row(self._factor, "*", "/"), "+", "-")

    def _row(self, part: Callable[[], Number], *signs: str) -> Number:
        left = part()
        while sign := self._next(*signs):
            right = part()
            if isinstance(left, str) or isinstance(right, str):
                raise MeasureError(f"“{self.text}” calculates with a token")
            if sign == "/" and not right:
                raise MeasureError(f"“{self.text}” divides by 0")
            left = _COMBINE[sign](left, right)
        return left

    def _factor(self) -> Number:
        if self._next("("):
            inside = self._value()
            if not self._next(")"):
                raise MeasureError(f"“{self.text}” lacks a closing bracket")
            return inside
        if self.at == len(self.signs):
            raise MeasureError(f"“{self.text}” ends too early")
        found = self.signs[self.at]
        self.at += 1
        if found["number"] is not None:
            return float(found["number"])
        if found["quoted"] is not None:
            return found["quoted"][1:-1]
        if found["token"] is not None:
            return " " + found["token"][1:]
        if found["measure"] is None:
            raise MeasureError(
                f"“{self.text}” has “{found[0].strip()}” where a measure or a number should be"
            )
        call = _call(found)
        self.calls.append(call)
        if self.measures is None:
            return "" if call.name == "said" else 1.0
        return self.measures.value(call.name, call.arguments)
