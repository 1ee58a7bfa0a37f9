"""What a page's own picture is, in one record: `Figure`. The page, Take away and a notebook all draw from it.

    drawing = FIGURE.of(asked)                  # core computes; in the app the caches keep what it finds
    drawing.mount("picture", on={...})          # on the page
    drawing.data, drawing.table, drawing.call   # for a file, a spreadsheet, a notebook

`Asked` says what is drawn: the model, the text, a value for each field of the page. A page that shows models of its own
says so (`Figure.model`), and is asked without one. No Streamlit in here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

from app.kit.mounting import Component
from app.kit.packing import unpack
from app.session.fields import BY_KEY, DEFAULT_TEXT, FIELDS, Value

if TYPE_CHECKING:
    from core.analysis.places import Kind
    from core.language_model import LanguageModel

Seen = TypeVar("Seen")
Table = dict[str, Sequence[Any]]
PLACE = ("block", "head")  # a notebook says them in any case


def _none(*_: Any) -> Any:
    """Refuse to compute with an open model where the picture has models of its own: raises LookupError."""
    raise LookupError("This picture is of models of its own: nothing is computed with an open one.")


@dataclass(frozen=True)
class Asked:
    """What a picture is drawn of.

    Attributes:
        model: the open one; None for a picture of models of its own.
        text: as it reads it; "" for a picture without one.
        target: an encoder-decoder's target text so far, None for other models.
        values: by field, a value for each of them.
        name: the model's; label: its name in a sentence; key: changes with the model.
        call: `call(function, *arguments)` computes `function(lm, *arguments)`; the app keeps what it returns.
        share: the same, for what is large and only read.
        beside: `beside(name, function, *arguments)` computes `function(model, *arguments)` of the model of that name.
        open: `open(name)` is that model, only read; a ValueError or OSError where it is not here.
        given: the fields that a caller named, each with its word; a value of these that does not fit is an error.
        note: takes a message for the reader.
        rewound: `rewound(step, function, *arguments)` computes `function(model, *arguments)` of the open model at a
            step of its training; -1: finished.
        objects: what a caller gave besides values of fields (`Figure.takes`), by its word.
    """

    model: LanguageModel | None
    text: str
    target: str | None
    values: Mapping[str, Value]
    name: str
    label: str
    key: str
    call: Callable[..., Any]
    share: Callable[..., Any]
    beside: Callable[..., Any]
    open: Callable[[str], LanguageModel]
    given: Mapping[str, str] = field(default_factory=dict)
    note: Callable[[str], None] = lambda message: None
    rewound: Callable[..., Any] = _none
    objects: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lm(self) -> LanguageModel:
        """The open model.

        Raises:
            LookupError: the picture is of models of its own.
        """
        if self.model is None:
            raise LookupError("This picture is of models of its own: it was asked for without a model.")
        return self.model

    @property
    def alone(self) -> Asked:
        """The same without the open model and all that depends on it."""
        return replace(
            self, model=None, target=None, name="", label="", key="", call=_none, share=_none, rewound=_none
        )

    @property
    def both(self) -> bool:
        """Whether the model has an encoder and a decoder."""
        return self.lm.config.shape == "encoder-decoder"

    @property
    def stack(self) -> Literal["encoder", "decoder"] | None:
        """The selected stack of an encoder-decoder; None for a model with one stack."""
        return ("decoder" if self.values["stack"] == "decoder" else "encoder") if self.both else None

    @property
    def attention(self) -> Kind:
        """The selected kind of attention."""
        if not self.both:
            return "self"
        return cast("Kind", self.values["attention"]) if self.stack == "decoder" else "encoder"

    @property
    def blocks(self) -> int:
        """The number of blocks of the selected stack."""
        config = self.lm.config
        return config.decoder_layers if self.stack == "decoder" else config.n_layers

    @property
    def block(self) -> int:
        """The selected block; 0 of a model without any."""
        return self.at_most("block", max(0, self.blocks - 1))

    @property
    def head(self) -> int:
        """The selected head."""
        return self.at_most("head", self.lm.config.n_heads - 1)

    def at_most(self, key: str, most: int) -> int:
        """Return a number of a field that goes up to `most` here; what is more becomes that, or -1, the default.

        Raises:
            ValueError: the caller named a larger one.
        """
        value = int(self.values[key])
        if value > most and key in self.given:
            raise ValueError(f"{self.given[key]}={value} {BY_KEY[key].beyond(most)}.")
        least = int(BY_KEY[key].low)
        return value if value <= most else least if least < 0 else max(most, least)

    def followed(self, count: int, home: int) -> int:
        """Return the row that a picture of `count` tokens shows: the chosen one, the one followed, or `home`."""
        rows = [
            self.at_most(key, count - 1) if key in self.given else int(self.values[key])
            for key in ("row", "follow")
        ]
        return next(row for row in (*rows, home) if 0 <= row < count)

    def step(self, key: str, names: Sequence[str]) -> int:
        """Return a field that is a step, -1 for the whole picture; a caller may have given its name.

        Raises:
            ValueError: no such step.
        """
        value = self.values[key]
        if isinstance(value, str):
            if value not in names:
                raise ValueError(f"{self.given.get(key, key)}={value!r} is not one of {', '.join(names)}.")
            return names.index(value)
        if key in self.given:
            return self.at_most(key, len(names) - 1)
        return int(value) if 0 <= value < len(names) else -1


@dataclass(frozen=True)
class Argument(Generic[Seen]):
    """A word of the field that a picture takes, and the page's field behind it, whose checks it passes.

    Attributes:
        names: of a step that has a name: all steps' names. It may be given by name, and a notebook gives it so.
        numbered: how many the field is more than the word, where the field counts from 1.
        whole: the field is a choice among whole numbers, which a caller gives as such.
    """

    word: str
    key: str
    names: Callable[[Seen], Sequence[str]] | None = None
    numbered: int = 0
    whole: bool = False

    def read(self, value: object) -> Value:
        """Check a value that a caller gave.

        Raises:
            ValueError: the field does not allow it; in the field's own words.
        """
        if self.names is not None and isinstance(value, str):
            return value  # `Asked.step` knows the names
        number = self.whole and isinstance(value, Integral) and not isinstance(value, bool)
        try:
            checked = BY_KEY[self.key].check(str(value) if number else value)
        except ValueError as why:
            raise ValueError(f"{self.word}={value!r} {why}.") from None
        return checked + self.numbered if self.numbered and not isinstance(checked, str) else checked

    def written(self, value: Value, seen: Seen) -> Value:
        """Return what a caller gives for a field's value."""
        if self.whole:
            return int(value)
        if self.numbered and not isinstance(value, str):
            return value - self.numbered
        if self.names is not None and not isinstance(value, str):
            names = self.names(seen)
            return names[int(value)] if 0 <= value < len(names) else value
        return value


@dataclass(frozen=True)
class Taken:
    """What a caller may give a picture that is no value of a field, such as a curve.

    Attributes:
        read: returns it as the picture takes it; a TypeError or ValueError says why not. says: what it is, in words.
    """

    read: Callable[[Any], Any]
    says: str


@dataclass(frozen=True)
class StillChart:
    """A chart that stands beside a picture on its page, drawn for a file: nothing in it answers.

    Attributes:
        svg: the drawing; its colours are properties of the document. said: what it shows.
        step: of the picture that it belongs to; -1: whichever has none of its own.
    """

    svg: str
    said: str
    step: int = -1


@dataclass(frozen=True)
class Figure(Generic[Seen]):
    """Say what a page's own picture is.

    Attributes:
        name: of the page.
        component: what draws it.
        see: asks core; record: puts what core found into JSON, without the selection; select: the selection.
        claim: what the picture shows, in a sentence; sentence: what is on it, for who does not see it.
        table: its numbers, column name -> values.
        arguments: what a caller may choose.
        takes: what a caller may give besides, by its word.
        model: whether it shows the open model; else it is of models of its own. text: whether it shows the text.
        sample: the text of a call without one.
        longest: as many tokens as it holds; room, writes: as in `page.begin`.
        blank: parts of the data where a NaN says that there is nothing.
        charts: what stands beside it on the page, drawn for a file; saved: the one of these that SVG and PNG under Take
            away save; "" for the picture itself.
        digits: parts of the data that a file holds in half the bits, each with the decimals that the picture writes.
        tall: how high it is, in pixels, before a browser has said so.
        own: what of the page's picture no call can hold (runs of the learner's), in words; "" for nothing.
        named: fields that a call gives other values than the page has, for the same reason.
        carried: the script that computes the data where the picture carries its model (app/outside/model); "" for none.
        told: words for that script that only Python knows; measured: what Python measures for it, on the picture's text
            and on none, of the model at each moment of the training that the file carries.
    """

    name: str
    component: Component
    see: Callable[[Asked], Seen]
    record: Callable[[Seen], dict[str, Any]]
    select: Callable[[Seen], dict[str, Any]]
    claim: Callable[[Seen], str]
    sentence: Callable[[Seen], str]
    table: Callable[[Seen], Table]
    arguments: tuple[Argument[Seen], ...] = ()
    takes: Mapping[str, Taken] = field(default_factory=dict)
    model: bool = True
    text: bool = True
    sample: str = DEFAULT_TEXT
    longest: int | None = None
    room: int = 0
    writes: bool = False
    blank: tuple[str, ...] = ()
    charts: Callable[[Seen], Sequence[StillChart]] = lambda seen: ()
    saved: str = ""
    digits: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    tall: int = 560
    own: Callable[[Seen], str] = lambda seen: ""
    named: Callable[[Seen], Mapping[str, Value]] = lambda seen: {}
    carried: str = ""
    told: Callable[[Seen], Any] = lambda seen: None
    measured: Callable[[LanguageModel, str], Any] = lambda lm, text: None

    def of(self, asked: Asked) -> Drawing[Seen]:
        """Compute what the picture shows.

        Raises:
            ValueError: a value that the caller named does not fit.
        """
        if not self.model:
            asked = replace(asked.alone, text=asked.text if self.text else "")
        return Drawing(self, asked, self.see(asked))

    def values(self, arguments: Mapping[str, object]) -> tuple[dict[str, Value], dict[str, str]]:
        """Return a value for each field, the defaults where the caller named none, and the caller's words.

        Raises:
            TypeError: an argument that the picture does not take; ValueError: a value that its field does not allow.
        """
        known = {one.word: one for one in self.arguments}
        values = {one.key: one.default for one in FIELDS}
        given = {}
        for word, value in arguments.items():
            if word not in known:
                taken = ", ".join([*known, *self.takes])
                raise TypeError(f"show.{self.name} takes no {word!r}; it takes {taken}.")
            if value is not None:
                values[known[word].key] = known[word].read(value)
                given[known[word].key] = word
        return values, given


@dataclass(frozen=True)
class Drawing(Generic[Seen]):
    """One picture: what was asked, and what core found."""

    figure: Figure[Seen]
    asked: Asked
    seen: Seen

    @cached_property
    def data(self) -> dict[str, Any]:
        """What the component draws, as JSON."""
        return {**self.figure.record(self.seen), "selection": self.figure.select(self.seen)}

    @property
    def claim(self) -> str:
        """What the picture shows, in a sentence."""
        return self.figure.claim(self.seen)

    @property
    def sentence(self) -> str:
        """What is on the picture, for who does not see it."""
        return self.figure.sentence(self.seen)

    @property
    def table(self) -> Table:
        """The numbers of the picture, column name -> values."""
        return self.figure.table(self.seen)

    @property
    def charts(self) -> Sequence[StillChart]:
        """What stands beside the picture on the page, drawn for a file."""
        return self.figure.charts(self.seen)

    def mount(self, key: str, on: Mapping[str, Callable[[], None]] | None = None, **more: Any) -> Any:
        """Mount the picture in the page.

        Args:
            key: of the widget. on: callbacks by the picture's events.
            more: parts of the data that the page alone has, such as the text as the open model cuts it.
        """
        from app.session import events

        selection = events.selection(key, self.figure.select(self.seen))
        return self.figure.component(data={**self.data, **more, "selection": selection}, key=key, on=on)

    @property
    def call(self) -> str:
        """The call of `app.show` that draws this picture in a notebook, as source; `lm` is the model there."""
        asked, figure = self.asked, self.figure
        words = ["lm", repr(asked.text)] if figure.model else [f"text={asked.text!r}"] if figure.text else []
        words += [f"target={asked.target!r}"] if asked.target else []
        # what is shown, where that was fitted, and where a call can have it
        chosen = {**asked.values, **figure.select(self.seen), **figure.named(self.seen)}
        for one in figure.arguments:
            value = chosen[one.key]
            if value != BY_KEY[one.key].default or one.key in PLACE:
                words.append(f"{one.word}={one.written(value, self.seen)!r}")
        own = figure.own(self.seen)
        aside = f"  # {own}" if own else ""
        return f"show.{figure.name}({', '.join(words)}){aside}"


def not_numbers(data: Any, name: str = "") -> Iterator[str]:
    """Yield the names of all parts of a picture's data that hold a NaN; minus infinity is a number here (a mask)."""
    if isinstance(data, Mapping):
        if {"b64", "dtype", "shape"} <= data.keys():
            values = unpack(data)
            if values.dtype.kind == "f" and (values != values).any():
                yield name
        else:
            for key, value in data.items():
                yield from not_numbers(value, f"{name}.{key}" if name else str(key))
    elif isinstance(data, list | tuple):
        if any(True for one in data for _ in not_numbers(one)):
            yield name
    elif isinstance(data, float) and not math.isfinite(data):
        yield name or "a number"
