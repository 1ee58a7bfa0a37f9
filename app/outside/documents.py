"""Pictures as documents: one picture, several states of one with a switch, or several pictures below each other.

No Streamlit in here, nor in anything that this reaches.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import chapters
from app.counts import counted
from app.kit.figures import Asked, Drawing, Table, not_numbers
from app.kit.packing import narrowed
from app.outside import file_record, rendering, standalone
from app.outside.model.packed import NotCarried, check, packed
from app.session.fields import BY_KEY, query
from core.messages import say, say_of

if TYPE_CHECKING:
    from torch import Tensor

    from app.outside.widget import PictureWidget
    from core.language_model import LanguageModel

WARNED = 2_000_000  # bytes of a document from which on a reader waits for it
MOST = 8_000_000  # and that a notebook or a mail does not carry well
COLOURS = ("light", "dark")
EARLY = 30  # a file rewinds to this part of a training: a thirtieth
CARRY = ("home", "attention", "multi_head")  # pages whose picture can be computed in its file
LIVE = "GLASSBOX_LIVE"  # the variable with the address of the app that files link to
COPIES = 3  # pictures of one page in one cell from which on a notebook is better off with `page`


def snippet(drawing: Drawing[Any]) -> str:
    """Return the HTML that shows a picture's saved file in a slide or on a course page; the file lies beside it."""
    # Every run of a page asks for this, so the picture itself is not made.
    figure, live = drawing.figure, bool(_server(os.environ.get(LIVE, "")))
    return standalone.snippet(f"{_file(drawing)}.html", title=_title(drawing), tall=figure.tall, live=live)


def _file(drawing: Drawing[Any]) -> str:
    return file_record.name_file(drawing.figure.name, drawing.asked.name)


def address(drawing: Drawing[Any]) -> str:
    """Return the link to the page that shows this, without the app's own address: "/attention?v=1&model=..."."""
    figure, asked = drawing.figure, drawing.asked
    fitted = {key: value for key, value in figure.select(drawing.seen).items() if key in BY_KEY}
    texts = {"text": asked.text} if figure.text else {}
    texts |= {"model": asked.name, "target": asked.target or ""} if figure.model else {}
    return f"/{'' if figure.name == 'home' else figure.name}?{query({**asked.values, **fitted, **texts})}"


def _title(drawing: Drawing[Any]) -> str:
    title, label = say(chapters.BY_SLUG[drawing.figure.name].title), drawing.asked.label
    return f"{title}, {label}" if label else title


class Document(ABC):
    """Pictures in one document, ready to be shown or saved. A notebook shows it when it is the value of a cell."""

    def __init__(self, title: str, theme: str | None, live: str | None) -> None:
        if theme not in (None, *COLOURS):
            raise ValueError(f"theme={theme!r} is not one of {', '.join(COLOURS)}.")
        self.title = title
        self._theme = theme
        self._live = _server(os.environ.get(LIVE, "") if live is None else live)

    def __repr__(self) -> str:
        return f"<{self.title}: {self.sentence}>"

    @property
    @abstractmethod
    def pictures(self) -> tuple[Picture, ...]:
        """The pictures of the document, in their order."""

    @property
    def sentence(self) -> str:
        """What is on the pictures, for who does not see them."""
        return " ".join(one.sentence for one in self.pictures)

    @property
    def _parts(self) -> list[standalone.Part]:
        return [one._part(self._live) for one in self.pictures]

    @property
    def tall(self) -> int:
        """The height to begin with, in pixels; a frame learns from the document how high it is."""
        return sum(one._drawing.figure.tall for one in self.pictures)

    def html(self, whole: bool = True, fonts: bool = True) -> str:
        """Write it as HTML.

        Args:
            whole: a document of its own; else a fragment for a page of yours, with the picture in a frame, and the
                sentence and the table beside it, which stay where no script runs.
            fonts: carry the fonts of the labels, 118 kB; else the reader's own are taken, which may be wider.

        Raises:
            ValueError: it is larger than `MOST` bytes; the message says what to leave out.
        """
        parts = self._parts
        document = standalone.document(
            parts, title=self.title, colours=self._theme, fonts=fonts, tables=whole
        )
        self._weigh(document, parts)
        return document if whole else standalone.frame(document, parts, title=self.title, tall=self.tall)

    def _weigh(self, document: str, parts: Sequence[standalone.Part]) -> None:
        """Warn of a large document, and refuse a huge one; a model that it carries was asked for."""
        size = len(document.encode("utf-8", "replace"))
        asked_for = len(standalone.models_of(parts))
        if size - asked_for < WARNED and size <= MOST:
            return
        weights = {
            (i, name): len(json.dumps(part))
            for i, one in enumerate(parts)
            for name, part in one.states[0].data.items()
        }
        which, most = max(weights, key=weights.__getitem__)
        asked = self.pictures[which]._drawing.asked
        what = "This picture takes" if len(parts) == 1 else f"These {len(parts)} pictures take"
        states = max(len(one.states) for one in parts)
        advice = [f"take fewer than {states} states"] if states > 1 else []
        advice += [f"take fewer than {len(parts)} pictures"] if len(parts) > 1 else []
        advice += (
            [f"leave out the model, {asked_for / 1e6:.1f} MB, or the step to rewind to"] if asked_for else []
        )
        if asked.model is not None:
            count = counted(len(asked.model.tokenizer.encode(asked.text)), "token")
            advice += [f"leave out a part of the text, which has {count}", "or take a smaller model"]
        helps = ", ".join(advice)
        said = f"{what} {size / 1e6:.1f} MB, {weights[which, most] / 1e6:.1f} MB of it its “{most}”."
        said += f" {helps[:1].upper()}{helps[1:]}." if helps else ""
        if size > MOST:
            raise ValueError(f"{said} Above {MOST / 1e6:.0f} MB nothing is written.")
        warnings.warn(said, stacklevel=4)

    def save(self, path: str | Path, fonts: bool = True) -> Path:
        """Save it as one HTML file, or a picture as SVG or PNG, as its ending says, and return its path.

        Args:
            fonts: as in `html`.

        Raises:
            ValueError: another ending; several pictures as SVG or PNG.
            rendering.NoBrowser: an SVG or a PNG is drawn by a browser, and there is none; the message says what helps.
        """
        there = Path(path)
        ending = there.suffix.lower()
        if ending in (".svg", ".png"):
            if len(self.pictures) > 1:
                raise ValueError(f"{there.name} holds one picture, and these are {len(self.pictures)}.")
            there.write_bytes(rendering.drawn(self.html(), ending))
        elif ending in (".html", ".htm"):
            standalone.write(there, self.html(fonts=fonts))
        else:
            raise ValueError(f"{there.name} ends in none of .html, .svg and .png.")
        return there

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        written = self.html(whole=False)
        for one in self.pictures:
            _count_copy(one._drawing.figure.name, len(written))
        return {"text/html": written, "text/plain": f"{self.title}: {self.sentence}"}


class Picture(Document):
    """One picture, or several states of one with a switch between them.

    Args:
        drawings: by the label of the switch; one drawing without a switch has the label "".
        switch: what the switch changes, in a word.
    """

    def __init__(
        self, drawing: Drawing[Any] | Mapping[str, Drawing[Any]], theme: str | None = None, live: str | None = None,
        switch: str = "",
    ) -> None:  # fmt: skip
        self._drawings = dict(drawing) if isinstance(drawing, Mapping) else {"": drawing}
        self._drawing, self._switch = next(iter(self._drawings.values())), switch
        self._packed: Mapping[str, Any] | None = None
        self._measured: Sequence[Any] = ()
        figure = self._drawing.figure
        super().__init__(_title(self._drawing), theme, live)
        self.file = _file(self._drawing)
        for one in self._drawings.values():
            if broken := sorted(set(not_numbers(one.data)) - set(figure.blank)):
                raise ValueError(
                    f"show.{figure.name}: {', '.join(broken[:6])} hold values that are no numbers (NaN or infinite), "
                    "so there is nothing to draw. Weights that are no numbers do that, and so does a diverged training."
                )

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """This picture alone."""
        return (self,)

    @property
    def data(self) -> dict[str, Any]:
        """What the picture draws, as JSON; of several states, the first."""
        return self._drawing.data

    @property
    def table(self) -> Table:
        """The numbers of the picture, column name -> values; of several states, the first's."""
        return self._drawing.table

    @property
    def claim(self) -> str:
        """What the picture shows, its heading; of several states, the first's."""
        return self._drawing.claim

    @property
    def sentence(self) -> str:
        """What is on the picture, for who does not see it."""
        return self._drawing.sentence

    @property
    def asked(self) -> Asked:
        """What the picture is drawn of; of several states, the first."""
        return self._drawing.asked

    @property
    def link(self) -> str:
        """The link to the page that shows this, without the app's own address; `show.link` reads it."""
        return address(self._drawing)

    def variants(self, **values: Sequence[Any] | Mapping[str, Any]) -> Picture:
        """Draw the picture for several values of one argument, with a switch above that chooses among them.

            show.multi_head(lm, text).variants(off=["", "3.2", "3.2 3.3"])  # a forward pass each, now
            show.attention(lm, text).variants(mask={"causal": True, "sees all": False})

        Args:
            values: of one argument of the picture, in a list, or by the label that the switch shows.

        Raises:
            TypeError: not one argument, or none of the picture's.
            ValueError: fewer than two values, or one that does not fit.
        """
        figure, asked = self._drawing.figure, self._drawing.asked
        if len(values) != 1:
            raise TypeError(f"variants takes one argument with its values, not {len(values)}.")
        [(word, options)] = values.items()
        named = dict(options) if isinstance(options, Mapping) else {_named(one): one for one in options}
        if len(named) < 2:
            raise ValueError(f"{word}: variants takes two values or more.")
        made = {}
        for label, value in named.items():
            read, given = figure.values({word: value})
            now = {**asked.values, **{key: read[key] for key in given}}
            made[label] = figure.of(replace(asked, values=now, given={**asked.given, **given}))
        return Picture(made, self._theme, self._live, word)

    def with_model(self, rewind: int | None = None) -> Picture:
        """Let the picture carry its model: the saved file computes it anew for any text, and needs no server for that.

        Args:
            rewind: a step of the model's training to which the file can go back (`core.snapshots`), besides the model
                as it is.

        Raises:
            NotCarried: the model is too large or no decoder, or the page's picture is not computed in a file.
            ValueError: the picture has several states, or the model keeps no snapshot of that step.
        """
        figure, asked = self._drawing.figure, self._drawing.asked
        if not figure.carried:
            can = ", ".join(f"show.{name}" for name in CARRY)
            raise NotCarried(f"show.{figure.name} cannot carry its model; {can} can.")
        if len(self._drawings) > 1:
            raise ValueError(
                "A picture with several states does not carry its model as well: in the file it computes any."
            )
        check(asked.lm)
        carrying = Picture(self._drawing, self._theme, self._live)
        moments = _moments(asked, rewind)
        carrying._packed = packed(moments)
        carrying._measured = [figure.measured(lm, asked.text) for lm in moments.values()]
        return carrying

    def widget(self) -> PictureWidget:
        """Make a widget of the picture: its `selection` follows the picture, and setting that moves it.

        It needs anywidget and a running kernel; a saved notebook shows nothing of it, where the picture itself stays.

        Raises:
            ImportError: anywidget is not installed.
        """
        try:
            from app.outside.widget import PictureWidget
        except ModuleNotFoundError as why:
            if why.name not in ("anywidget", "traitlets"):
                raise
            raise ImportError(
                "A widget needs anywidget, which is not installed: `pip install anywidget`. Without it the picture "
                "itself stands in the notebook, but Python does not hear what is chosen."
            ) from None
        part = self._part(self._live)
        return PictureWidget(self._drawing, self.html(), part)

    @property
    def snippet(self) -> str:
        """The HTML that shows the saved file in a slide or on a course page, where the file lies beside it."""
        return standalone.snippet(
            f"{self.file}.html", title=self.title, tall=self.tall, live=bool(self._live)
        )

    @cached_property
    def _states(self) -> tuple[standalone.State, ...]:
        return tuple(
            standalone.State(
                narrowed(one.data, one.figure.digits),
                one.claim,
                one.sentence,
                one.table,
                label,
                one.charts,
                file_record.describe_picture(one.figure.name, one.asked, address(one)),
            )
            for label, one in self._drawings.items()
        )

    def _part(self, live: str) -> standalone.Part:
        component = self._drawing.figure.component
        link = f"{live}{self.link}" if live else ""
        return standalone.Part(
            component, self.title, self.file, self._states, self._switch, link, own=self._own
        )

    @property
    def _own(self) -> standalone.Own | None:
        """The model that the picture carries, and what it is computed of."""
        if self._packed is None:
            return None
        figure, asked, seen = self._drawing.figure, self._drawing.asked, self._drawing.seen
        values = {**asked.values, "block": asked.block, "head": asked.head}
        longest = figure.longest or asked.lm.config.n_ctx
        return standalone.Own(
            figure.carried, self._packed, asked.text, values, figure.select(seen), figure.told(seen), self._measured,
            longest,
        )  # fmt: skip


class Page(Document):
    """Several pictures below each other in one document; `pictures` by their headings, or a list without any."""

    def __init__(
        self, pictures: Sequence[Picture] | Mapping[str, Picture], title: str | None = None, theme: str | None = None,
        live: str | None = None,
    ) -> None:  # fmt: skip
        self._headings = tuple(pictures) if isinstance(pictures, Mapping) else ("",) * len(pictures)
        self._pictures = tuple(pictures.values() if isinstance(pictures, Mapping) else pictures)
        if not self._pictures or not all(isinstance(one, Picture) for one in self._pictures):
            raise TypeError(
                "show.page takes pictures, as show.attention returns them, in a list or by their headings."
            )
        super().__init__(title or "; ".join(dict.fromkeys(one.title for one in self._pictures)), theme, live)

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The pictures of the document, in their order."""
        return self._pictures

    @property
    def _parts(self) -> list[standalone.Part]:
        return [
            replace(part, heading=heading)
            for part, heading in zip(super()._parts, self._headings, strict=True)
        ]


def another_moment(asked: Asked) -> int | None:
    """Choose the step of its training to which a file may rewind: an early one, or from an early one the end.

    Early is the snapshot nearest to a thirtieth of the training, by ratio: a model that has begun to learn.
    """
    from core.catalogue import snapshots
    from core.checkpoints import CheckpointError

    try:
        kept = snapshots(asked.name)
    except CheckpointError:
        return None  # a model from a folder keeps none
    if len(kept) < 2:
        return None
    if int(asked.values["snapshot"]) >= 0:
        return kept[-1]
    return min(kept[:-1], key=lambda step: abs(math.log((step + 1) / (kept[-1] / EARLY))))


def _moments(asked: Asked, rewind: int | None) -> dict[str, LanguageModel]:
    """Return the model as it is, and at an earlier step if one is asked for, by what each is called.

    Raises:
        ValueError: the model keeps no snapshot of that step.
    """
    from core.catalogue import load, snapshots

    if rewind is None:
        return {asked.label: asked.lm}
    kept = snapshots(asked.name)
    if rewind not in kept:
        raise ValueError(
            f"rewind={rewind}: {asked.name} keeps the steps {', '.join(map(str, kept)) or 'none'}."
        )
    table = asked.lm.transformer.state_dict()["embed.W_E"]
    here = next((step for step in reversed(kept) if _same(load(asked.name, snapshot=step), table)), None)
    now = asked.label
    if here is not None:
        step = f"{here:,}"
        now = say("step {step}, the end", step=step) if here == kept[-1] else say("step {step}", step=step)
    return {now: asked.lm, say("step {step}", step=f"{rewind:,}"): load(asked.name, snapshot=rewind)}


def _same(lm: LanguageModel, table: Tensor) -> bool:
    return bool((lm.transformer.state_dict()["embed.W_E"] == table).all())


def _named(value: Any) -> str:
    """Return how a switch names a value."""
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    return str(value) if value != "" else say_of("switch", "none")


def _server(live: str) -> str:
    """Check the address of a running app; "" for none.

    Raises:
        ValueError: it is no address of the web.
    """
    if live and not re.fullmatch(r"https?://[^\s\"'<>?#]+", live):
        raise ValueError(f"live={live!r} is not the address of an app, https://...")
    return live.rstrip("/")


# How many pictures of a page, and bytes, the cell that runs has shown, and whether that was said already.
_copies: dict[str, Any] = {"cell": None, "shown": {}, "said": False}


def _count_copy(name: str, size: int) -> None:
    """Warn once when one cell shows a page's picture again and again: the notebook keeps every copy."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    cell = getattr(shell, "execution_count", None)
    if cell is None or cell != _copies["cell"]:
        _copies.update(cell=cell, shown={})
    count, bytes_ = _copies["shown"].get(name, (0, 0))
    _copies["shown"][name] = count, bytes_ = count + 1, bytes_ + size
    if count >= COPIES and not _copies["said"]:
        _copies["said"] = True
        warnings.warn(
            f"This cell shows {count} pictures of show.{name}, and the notebook keeps each with all its code: "
            f"{bytes_ / 1e6:.1f} MB so far. show.page([...]) puts them into one document that has the code once.",
            stacklevel=4,
        )
