"""One remembered value: its allowed values, and its format in a link. No Streamlit in here."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import Literal

from core.messages import say, say_of

Value = str | int | float | bool
Kind = Literal["text", "int", "float", "bool", "choice"]


@dataclass(frozen=True)
class Field:
    """One remembered value: its key (widget key and link parameter), kind, default, and what is allowed.

    `low` and `high` bound a number; `fit` may tighten `high` to the model at hand. `selection` marks what a reset of
    the page puts back (the model and the texts stay). `shown`, marked in the context "field", says what the default is
    where it is a code (-1, 0). `slides`: a whole number that a slider drags. `steps`: a step of what a picture tells;
    it belongs to its page, and another page opens on the whole picture.
    """

    key: str
    kind: Kind
    default: Value
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    selection: bool = True
    shown: str = ""
    slides: bool = False
    steps: bool = False

    @property
    def dragged(self) -> bool:
        """Whether a slider changes it: one drag is one undo step."""
        return self.slides or self.kind == "float"

    def parse(self, raw: str) -> Value:
        """Parse the value `raw` of a link; ValueError explains in a learner's words why it is invalid."""
        match self.kind:
            case "text":
                # A lone surrogate has no UTF-8 encoding, so no widget and no link could hold it.
                return raw.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            case "bool":
                if raw not in {"0", "1"}:
                    raise ValueError(say("is neither 0 nor 1"))
                return raw == "1"
            case "choice":
                if raw not in self.choices:
                    raise ValueError(say("is not one of {choices}", choices=", ".join(self.choices)))
                return raw
            case "int" | "float":
                return self._number(raw)

    def _number(self, raw: str) -> Value:
        try:
            # int() and float() also read "1_0" and other scripts' digits; a link holds plain ones only.
            if not raw.isascii() or "_" in raw or len(raw) > 24:
                raise ValueError
            number: int | float = int(raw) if self.kind == "int" else float(raw)
        except ValueError:
            raise ValueError(
                say("is not a whole number") if self.kind == "int" else say("is not a number")
            ) from None
        if not self.low <= number <= self.high:  # also refuses nan
            least = 0 if self.shown and self.low < 0 else self.low  # values below 0 stand for the default
            raise ValueError(
                say("is not between {least} and {most}", least=f"{least:,.12g}", most=f"{self.high:,.12g}")
            )
        return number

    def check(self, value: object) -> Value:
        """Check a value of Python as `parse` checks one of a link; a number of numpy's counts as Python's.

        Raises:
            ValueError: as `parse` does; the message goes on after "NAME=VALUE ".
        """
        if self.kind == "bool":
            if not isinstance(value, bool):
                raise ValueError(say("is neither True nor False"))
            return value
        if self.kind in ("text", "choice"):
            if not isinstance(value, str):
                raise ValueError(say("is not a text"))
            return self.parse(value)
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise ValueError(say("is not a whole number") if self.kind == "int" else say("is not a number"))
        if self.kind == "int" and not isinstance(value, numbers.Integral):
            raise ValueError(say("is not a whole number"))
        return self.parse(self.render(value))  # type: ignore[arg-type]  # a number of whichever library

    def beyond(self, most: int) -> str:
        """Say that a number is more than there is."""
        return say("is more than this model and text have ({most})", most=f"{most:,}")

    def name(self, value: Value) -> str:
        """Describe `value` in a learner's words: "the last token" rather than -1."""
        if self.shown and value == self.default:
            return say_of("field", self.shown)
        return self.render(value) or say("nothing")

    def render(self, value: Value) -> str:
        """Format `value` for a link."""
        if self.kind == "bool":
            return "1" if value else "0"
        if self.kind == "int":
            return str(int(value))
        if self.kind == "float":
            return f"{float(value):.12g}"  # 0.1 stays 0.1, and no typed number is rounded
        return str(value)
