"""Pictures outside of the app: in a notebook, a slide, a course page, a file.

    import core
    from app import show

    lm = core.load("tales-gpt")
    text = "A red ball was lost. She found the red"
    show.attention(lm, text, layer=3, head=2, row=10, step="softmax")  # in a cell: the picture
    show.home(lm, text).save("ball.html")  # one file, which asks for nothing

A function a picture, named as its page. A page that shows models of its own takes none: `show.scaling(withheld=3)`. No
Streamlit in here, nor in anything that this reaches.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from importlib import import_module
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import chapters, reading
from app.counts import counted
from app.kit import standalone
from app.kit.figures import Asked, Drawing, Figure, Table, not_numbers
from app.session.fields import BY_KEY, DEFAULT_TEXT

if TYPE_CHECKING:
    from core.language_model import LanguageModel

WARNED = 2_000_000  # bytes of a document from which on a reader waits for it
MOST = 8_000_000  # and that a notebook or a mail does not carry well
COLOURS = ("light", "dark")


def snippet(drawing: Drawing[Any]) -> str:
    """Return the HTML that shows a picture's saved file in a slide or on a course page; the file lies beside it."""
    figure = drawing.figure
    return standalone.snippet(f"{_file(figure)}.html", title=_title(drawing), tall=figure.tall)


def _file(figure: Figure[Any]) -> str:
    return f"glassbox-{figure.name}"


def _title(drawing: Drawing[Any]) -> str:
    title, label = chapters.BY_SLUG[drawing.figure.name].title, drawing.asked.label
    return f"{title}, {label}" if label else title


class Picture:
    """One picture, ready to be shown or saved. A notebook shows it when it is the value of a cell."""

    def __init__(self, drawing: Drawing[Any], theme: str | None = None) -> None:
        figure = drawing.figure
        self.title, self.file = _title(drawing), _file(figure)
        self._drawing, self._theme = drawing, theme
        if broken := sorted(set(not_numbers(drawing.data)) - set(figure.blank)):
            raise ValueError(
                f"show.{figure.name}: {', '.join(broken[:6])} hold values that are no numbers (NaN or infinite), so "
                "there is nothing to draw. Weights that are no numbers do that, and so does a diverged training."
            )

    def __repr__(self) -> str:
        return f"<{self.title}: {self.sentence}>"

    @property
    def data(self) -> dict[str, Any]:
        """What the picture draws, as JSON."""
        return self._drawing.data

    @property
    def table(self) -> Table:
        """The numbers of the picture, column name -> values."""
        return self._drawing.table

    @property
    def sentence(self) -> str:
        """What is on the picture, for who does not see it."""
        return self._drawing.sentence

    def html(self, whole: bool = True, fonts: bool = True) -> str:
        """Write the picture as HTML.

        Args:
            whole: a document of its own; else a fragment for a page of yours, with the picture in a frame, and the
                sentence and the table beside it, which stay where no script runs.
            fonts: carry the fonts of the labels, 118 kB; else the reader's own are taken, which may be wider.

        Raises:
            ValueError: it is larger than `MOST` bytes; the message says what to leave out.
        """
        figure, drawing = self._drawing.figure, self._drawing
        document = standalone.document(
            figure.component, drawing.data, title=self.title, claim=drawing.claim, sentence=self.sentence,
            table=self.table if whole else None, file=self.file, colours=self._theme, fonts=fonts,
            charts=drawing.charts,
        )  # fmt: skip
        self._weigh(len(document.encode("utf-8", "replace")))
        if whole:
            return document
        return standalone.frame(
            document, title=self.title, sentence=self.sentence, table=self.table, tall=figure.tall
        )

    @property
    def snippet(self) -> str:
        """The HTML that shows the saved file in a slide or on a course page, where the file lies beside it."""
        return snippet(self._drawing)

    def _weigh(self, size: int) -> None:
        """Warn of a large document, and refuse a huge one."""
        if size < WARNED:
            return
        parts = {name: len(json.dumps(part)) for name, part in self.data.items()}
        most = max(parts, key=parts.__getitem__)
        asked = self._drawing.asked
        said = f"This picture takes {size / 1e6:.1f} MB, {parts[most] / 1e6:.1f} MB of it its “{most}”."
        if asked.model is not None:
            count = counted(len(asked.model.tokenizer.encode(asked.text)), "token")
            said += f" Leave out a part of the text, which has {count}, or take a smaller model."
        if size > MOST:
            raise ValueError(f"{said} Above {MOST / 1e6:.0f} MB nothing is written.")
        warnings.warn(said, stacklevel=4)

    def save(self, path: str | Path, fonts: bool = True) -> Path:
        """Save the picture as one HTML file, and return its path.

        Args:
            fonts: as in `html`.

        Raises:
            ValueError: another ending than .html; an SVG or a PNG is drawn by a browser.
        """
        there = Path(path)
        if there.suffix.lower() not in (".html", ".htm"):
            raise ValueError(
                f"{there.name} does not end in .html. An SVG or a PNG is drawn by a browser: save the picture as HTML, "
                "open it, and press SVG or PNG below it."
            )
        standalone.write(there, self.html(fonts=fonts))
        return there

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self.html(whole=False), "text/plain": f"{self.title}: {self.sentence}"}


class Show:
    """A function that draws one page's picture."""

    def __init__(self, name: str) -> None:
        self.__name__ = self.__qualname__ = name

    @cached_property
    def figure(self) -> Figure[Any]:
        """What the page says of its picture; a page is not imported before somebody asks for its picture."""
        found: Figure[Any] = import_module(f"pages.{self.__name__}.export").FIGURE
        return found

    @property
    def __doc__(self) -> str:  # type: ignore[override]  # of an instance: what help() prints
        title = chapters.BY_SLUG[self.__name__].title
        figure = self.figure
        lines = [f"    {one.word}: {_allowed(one.key)}" for one in figure.arguments]
        if figure.text and not figure.model:
            lines.insert(0, "    text: what its models read")
        return "\n".join(
            [
                f"Draw the picture of the page {title}.",
                "",
                *lines,
                "    theme: light, dark, or the reader's own",
            ]
        )

    @property
    def __signature__(self) -> Signature:
        figure = self.figure
        words = [*(one.word for one in figure.arguments), "theme"]
        first = []
        if figure.model:
            first = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in ("lm", "text")]
            words.insert(0, "target")
        elif figure.text:
            first = [Parameter("text", Parameter.KEYWORD_ONLY, default=figure.sample)]
        return Signature([*first, *(Parameter(word, Parameter.KEYWORD_ONLY, default=None) for word in words)])

    def __call__(
        self,
        lm: LanguageModel | None = None,
        text: str | None = None,
        *,
        target: str | None = None,
        theme: str | None = None,
        **arguments: Any,
    ) -> Picture:
        """Draw the picture of a text as the model reads it.

        Args:
            lm: what `core.load` returns; a picture of models of its own takes none.
            text: a picture of models of its own takes it by its name, or not at all.
            target: an encoder-decoder's target text so far; without one, a small model writes it itself.
            theme: "light" or "dark"; None: what the reader's system prefers.
            arguments: what is chosen, by the words that `help` lists.

        Raises:
            TypeError: an argument that the picture does not take, or no model or text where it takes one.
            ValueError: a value that does not fit, named as in a page's link; a text that is empty or too long.
        """
        if theme not in (None, *COLOURS):
            raise ValueError(f"theme={theme!r} is not one of {', '.join(COLOURS)}.")
        figure = self.figure
        values, given = figure.values(arguments)
        if figure.model:
            return Picture(figure.of(_asked(figure, lm, text, target, values, given)), theme)
        if lm is not None or target is not None:
            raise TypeError(
                f"show.{figure.name} takes no model: its picture is of models of its own. What it takes goes by its "
                f"name: {', '.join(self.__signature__.parameters)}."
            )
        if text is not None and not figure.text:
            raise TypeError(f"show.{figure.name} takes no text.")
        return Picture(
            figure.of(_alone(figure, figure.sample if text is None else text, values, given)), theme
        )


def _allowed(key: str) -> str:
    """Say what a field allows."""
    field = BY_KEY[key]
    if field.kind == "choice":
        return ", ".join(field.choices)
    return {"int": "a whole number", "float": "a number", "bool": "True or False", "text": "a text"}[
        field.kind
    ]


@lru_cache(maxsize=4)
def _loaded(name: str) -> LanguageModel:
    """Load a model of a page's own, once."""
    import core

    return core.load(name)


def _beside(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    return function(_loaded(name), *arguments)


def _alone(figure: Figure[Any], text: str, values: Mapping[str, Any], given: Mapping[str, str]) -> Asked:
    """Ask for a picture of models of its own."""
    if not isinstance(text, str):
        raise TypeError(f"show.{figure.name}: text={text!r} is not a text.")
    if not text.strip():
        raise ValueError("The text is empty.")
    text, note = reading.clean(text)
    if note:
        warnings.warn(note, stacklevel=3)
    return Asked(None, text, None, values, "", "", "", _beside, _beside, _beside, _loaded, given, _warn).alone


def _asked(
    figure: Figure[Any], lm: LanguageModel | None, text: str | None, target: str | None, values: Mapping[str, Any],
    given: Mapping[str, str],
) -> Asked:  # fmt: skip
    """Ask for a picture of a model; the texts are read as the figure's page does."""
    if lm is None or not hasattr(lm, "trace") or not isinstance(text, str):
        raise TypeError(f"show.{figure.name} takes a model that core.load returns, and a text.")
    both = lm.config.shape == "encoder-decoder"
    for key in ("stack", "attention"):
        if key in given and not both:
            raise ValueError(
                f"{given[key]}={values[key]!r}: only a model with an encoder and a decoder has two."
            )
    if target and not both:
        raise ValueError("target: only a model with an encoder and a decoder has one.")
    if not lm.tokenizer.encode(reading.clean(text)[0], add_special_tokens=False):
        raise ValueError("The text is empty, or has nothing that this model reads.")
    room = figure.room if lm.config.shape == "decoder" else 0
    read = reading.read(lm, text, DEFAULT_TEXT, figure.longest, room)
    if read.clipped:
        raise ValueError(
            f"The text is longer than the {read.limit} tokens that fit: its first {len(read.text)} characters would."
        )
    aim, said = reading.read_target(lm, target or "", figure.longest) if both else (None, ())
    for note in (*read.notes, *said):
        warnings.warn(note, stacklevel=3)

    def computed(function: Callable[..., Any], *more: Any) -> Any:
        return function(lm, *more)

    if both and not aim and figure.writes and values["stack"] == "decoder":
        most = reading.rows_to_write(lm, figure.longest)
        aim = reading.write(lm, read.text, most) if most else ""
    return Asked(
        lm, read.text, aim, values, lm.name, lm.name, lm.name, computed, computed, _beside, _loaded, given, _warn,
    )  # fmt: skip


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=3)


home = Show("home")
attention = Show("attention")
multi_head = Show("multi_head")
loss = Show("loss")
norm_residual = Show("norm_residual")
positions = Show("positions")
feed_forward = Show("feed_forward")
decoding = Show("decoding")
break_it = Show("break_it")
regularization = Show("regularization")
interpretability = Show("interpretability")
scaling = Show("scaling")
fine_tuning = Show("fine_tuning")
multimodal = Show("multimodal")
applications = Show("applications")
adaptability = Show("adaptability")
embeddings = Show("embeddings")
objectives = Show("objectives")
compute = Show("compute")
families = Show("families")
tokenization = Show("tokenization")
