"""Below the picture: the path to one head, sender by sender, into its query, its keys and its values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from app.controls import work
from app.frame.page import Context
from app.kit import register
from app.models import cache
from app.models.sweeps import Measured
from app.session import events, state
from core.analysis.patching.patches import NothingToRecover
from core.analysis.patching.paths import INTO, Paths, Piece, Sender, gathered, paths, pieces, senders_of, walk
from core.analysis.places import Kind
from core.language_model import LanguageModel
from core.messages import mark, say
from pages.interpretability.figure import A_SECOND, QUICK, Asked, prepared

path = register("interpretability_path", __file__)

JOB = "interpretability_path"
KEYS = ("block", "head", "compose", "sight")
CROSS = mark(
    "A head of cross-attention has its keys and values from the encoder, so no path of "
    "the decoder leads to them. Below your text choose Self under Attention, or Encoder "
    "under Stack."
)


def see_paths(lm: LanguageModel, asked: Asked, kind: Kind, block: int, head: int) -> Paths | str:
    """Patch all paths to one head, or say why there are none."""
    try:
        return paths(lm, prepared(lm, asked, kind), block, head)
    except NothingToRecover as reason:
        return str(reason)


@dataclass(frozen=True)
class PathsToHead:
    """The path to one head for the page's question.

    positions: of the patched stack. why: there is none, because of the texts. slight: what is to be said where they
    hardly differ. best: the head that brings most back, which is looked at until another one is chosen; None: not known
    yet.
    """

    ctx: Context
    asked: Asked
    kind: Kind
    layers: int
    positions: int
    why: str
    best: tuple[int, int] | None
    slight: str = ""

    @property
    def block(self) -> int:
        """The receiver's block: the chosen head's, or that of the head which brings most back."""
        if state.get("sight") != "heads" and self.best is not None:
            return self.best[0]
        return max(0, min(int(state.get("block")), self.layers - 1))

    @property
    def head(self) -> int:
        """The receiver."""
        if state.get("sight") != "heads" and self.best is not None:
            return self.best[1]
        return int(state.get("head"))

    @property
    def told(self) -> str:
        """Why there is no path to show; "" where there is one."""
        return self.why or (
            say(CROSS) if self.kind == "cross" else "" if self.layers else say("This model has no heads.")
        )

    @property
    def key(self) -> str:
        """What the work hangs on."""
        return repr((self.ctx.model_key, self.asked, self.kind, self.block, self.head))

    @property
    def weight(self) -> float:
        """How much work it is, in weights x positions."""
        count = 1 + len(self.senders)
        share = (self.layers - self.block) / max(1, self.layers)
        return float(self.ctx.lm.n_parameters) * len(self.ctx.ids) * len(INTO) * count * share

    def known(self) -> Paths | None:
        """Return the paths, at once where that is quick, else those that have been walked; None: none yet."""
        if self.told:
            return None
        if self.quick:
            found = cache.call(see_paths, self.ctx.model_key, self.asked, self.kind, self.block, self.head)
            return found if isinstance(found, Paths) else None
        there = self._walked.results
        return gathered(self.senders, self.block, self.head, there) if there else None

    @cached_property
    def _walked(self) -> Measured:
        """What there is in this run of the page, where it is not quick."""
        return self._job.measured

    @property
    def quick(self) -> bool:
        """Whether all paths are walked at once, without a bar."""
        return self.weight <= QUICK

    @property
    def senders(self) -> tuple[Sender, ...]:
        """Who may speak to the head."""
        config = self.ctx.lm.config
        crossed = config.shape == "encoder-decoder" and self.kind == "self"
        return senders_of(config.n_heads, self.block, crossed)

    @property
    def _job(self) -> work.Shared:
        """The walking, some senders at a time."""
        lm, asked, block, head = self.ctx.lm, self.asked, self.block, self.head  # the thread has no session
        assert asked.pair is not None

        def make(known: Sequence[Piece]) -> Iterator[Piece]:
            return walk(lm, prepared(lm, asked, self.kind), block, head, known=len(known))

        written = lm.config.shape == "encoder-decoder" and self.kind != "encoder"
        places = self.positions if written else len(asked.pair.corrupted)
        return work.Shared(JOB, self.key, pieces(self.senders, places), say("parts"), make)

    def show(self) -> Callable[[], None]:
        """Draw the heading and the three maps; a button where walking takes long.

        Returns what walks the paths that were asked for: to be called when the page is drawn.
        """
        title = escape(say("The path to one head"))
        st.html(f'<section class="gb-words"><h2>{title}</h2></section>')
        found = self.known()
        picked = {"compose": state.get("compose"), "block": self.block, "head": self.head}
        path(
            data=record(self, found, events.selection("path", picked)), key="path",
            on={"select": lambda: events.select("path", KEYS)},
        )  # fmt: skip
        if self.told or self.quick:
            return lambda: None
        job, seconds = self._job, max(1, round(self.weight / A_SECOND))
        slot = job.buttons(say("Walk every path, about {seconds} s", seconds=seconds))
        return partial(job.go_on, slot, whole=self._walked.ended)

    def cells(self) -> list[str]:
        """Write a notebook cell that walks the paths again, where all have been walked."""
        found = self.known()
        if found is None or not found.complete:
            return []
        lines = "\n".join(
            f"same(way.shares[{into!r}], {[float(f'{value:.6g}') for value in found.shares[into]]}, 2e-3)"
            for into in INTO
        )
        return [
            f"""# %% The path to one head
from core.analysis.patching.paths import paths

way = paths(lm, found, {self.block}, {self.head})
assert [sender.name for sender in way.senders] == {[sender.name for sender in found.senders]!r}
{lines}"""
        ]


def record(asked: PathsToHead, found: Paths | None, selection: dict[str, Any]) -> dict[str, Any]:
    """Turn the paths into what path.js draws."""
    config = asked.ctx.lm.config
    data: dict[str, Any] = {
        "tokens": list(asked.ctx.tokens), "block": asked.block, "head": asked.head, "heads": config.n_heads,
        "blocks": asked.layers, "why": asked.told, "slight": asked.slight, "senders": [], "shares": {},
        "whole": {}, "best": None,
        "cross": asked.kind == "self" and config.shape == "encoder-decoder", "selection": selection,
    }  # fmt: skip
    if found is None:
        return data
    whole = found.complete
    into, at = found.strongest if whole else (INTO[0], 0)
    return data | {
        "senders": [
            {"name": one.name, "layer": one.layer, "head": one.head, "cross": one.cross}
            for one in found.senders
        ],
        "shares": {name: [_known(value) for value in line] for name, line in found.shares.items()},
        "whole": {name: _known(value) for name, value in found.whole.items()},
        "best": {"into": into, "sender": found.senders[at].name, "share": float(found.shares[into][at])}
        if whole
        else None,
    }


def _known(value: float) -> float | None:
    """Return a share; None where that path has not been walked."""
    return None if np.isnan(value) else float(value)
