"""Switch heads off: which ones are, as text for the link, and what becomes of a prediction without each head alone.

In the link "3.2 1.*" is head 2 of block 3 and all of block 1, "*" every head. A letter in front names another attention
than the usual: "c3.2" a decoder's cross-attention, "e3.2" an encoder-decoder's encoder; `layout.js` reads the same.

Every head alone is measured at once where that is quick, else when the learner asks, with progress and a stop: block by
block in a thread of its own, once for all visitors, so that a second one sees what the first has measured. `Measure`
does that; it alone needs the app, and asks for it when it measures: the picture is drawn outside of the app, too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from app.kit.figures import Asked
from core.analysis.heads.effects import HeadEffects, LayerEffects, Resumable, Value, head_effects, switch_off
from core.analysis.heads.patterns import head_maps
from core.analysis.patching.sweep import COARSE, coarse_to_fine
from core.analysis.places import Kind
from core.hooks import intervene
from core.language_model import LanguageModel
from core.messages import say

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from app.controls import work
    from app.frame.page import Context

Head = tuple[int, int]  # block, head
Here = tuple[str, str | None, Kind]  # text, an encoder-decoder's target, attention

MARKS: dict[Kind, str] = {"self": "", "cross": "c", "encoder": "e"}
QUICK = 3e9  # weights x tokens x heads: up to here all heads are measured without asking
A_SECOND = 3e10  # of the same, roughly, on one processor
NOTHING = 1e-4  # nats: below it a head's absence changes nothing that the page could show
_PART = re.compile(r"([ce]?)(?:(\*)|([0-9]{1,3})\.(?:(\*)|([0-9]{1,3})))")


@dataclass(frozen=True)
class Off:
    """Name the heads that are off, and what stands in their place."""

    heads: tuple[Head, ...] = ()
    value: Value = "zero"

    def applied(self, kind: Kind) -> AbstractContextManager[None]:
        """Passes run inside go without these heads."""
        return intervene(*switch_off(self.heads, self.value, kind))


def read_off(text: str, kind: Kind, blocks: int, heads: int) -> tuple[Head, ...]:
    """Read which heads of one attention `text` switches off, in order; whatever does not fit is left out."""
    found: set[Head] = set()
    for part in text.split():
        read = _PART.fullmatch(part)
        if read is None or read[1] != MARKS[kind]:
            continue
        rows = range(blocks) if read[2] else [int(read[3])]
        for block in rows:
            found |= {(block, head) for head in (range(heads) if read[2] or read[4] else [int(read[5])])}
    return tuple(sorted((block, head) for block, head in found if block < blocks and head < heads))


def write_off(off: Collection[Head], kind: Kind, blocks: int, heads: int) -> str:
    """Write heads that are off as text, as short as it goes: whole blocks and whole models are one part each."""
    mark, chosen = MARKS[kind], set(off)
    if blocks and len(chosen) == blocks * heads:
        return f"{mark}*"
    parts = []
    for block in range(blocks):
        line = [head for head in range(heads) if (block, head) in chosen]
        parts += [f"{mark}{block}.*"] if len(line) == heads else [f"{mark}{block}.{head}" for head in line]
    return " ".join(parts)


# ----------------------------------------------------------------------------------------------------- each head alone


@dataclass(frozen=True)
class Largest:
    """Name the head whose absence changes the prediction most, and what every head then gives from the chosen row."""

    head: Head
    weights: np.ndarray[Any, Any]  # (L, H, S)


def see_effects(
    lm: LanguageModel,
    text: str,
    target: str | None,
    kind: Kind,
    off: Off,
    row: int,
    token: int,
) -> HeadEffects:
    """What becomes of one token's log-probability when every head is switched off alone, besides those that are off."""
    with off.applied(kind):
        return head_effects(
            lm,
            text,
            row=row,
            token=token,
            value=off.value,
            attention=kind,
            target=target,
        )


def cost(lm: LanguageModel, tokens: int, heads: int) -> float:
    """How much work it is to switch every head off alone, in weights x tokens x heads."""
    return float(lm.n_parameters) * tokens * heads


def see_row(
    lm: LanguageModel, text: str, target: str | None, kind: Kind, off: Off, row: int
) -> np.ndarray[Any, Any]:
    """What every head gives from one row without the heads that are off: (L, H, S)."""
    with off.applied(kind):
        return head_maps(lm, text, attention=kind, target=target).maps[:, :, row].copy()


def quick_effects(asked: Asked, here: Here, off: Off, row: int, token: int) -> HeadEffects | None:
    """What becomes of one token's log-probability without each head, where measuring that is quick; else None."""
    config = asked.lm.config
    tokens = len(asked.lm.tokenizer.encode(asked.text))
    if token < 0 or cost(asked.lm, tokens, asked.blocks * config.n_heads) > QUICK:
        return None
    found: HeadEffects = asked.call(see_effects, *here, off, row, token)
    return found


def largest_of(asked: Asked, here: Here, off: Off, effects: HeadEffects | None, row: int) -> Largest | None:
    """The head that matters most, and what all give from `row` without it; None: not measured, or none matters."""
    if effects is None or not effects.complete or abs(effects.change[effects.largest]) < NOTHING:
        return None
    less = Off((*off.heads, effects.largest), off.value)
    return Largest(effects.largest, asked.call(see_row, *here, less, row))


def request() -> None:
    """Note that the learner wants the heads measured, however long it takes."""
    from app.session import state

    state.memo("multi_head")["asked"] = True


@dataclass(frozen=True)
class Measure:
    """Measure `here` without the heads of `off`, the probability of `token` at `row` of the logits.

    token: -1 of a bare encoder, which gives none a probability: nothing is measured.
    """

    ctx: Context
    here: Here
    off: Off
    row: int
    token: int
    heads: int  # in all

    @property
    def _about(self) -> str:
        return repr(("heads off", self.ctx.model_key, *self.here, self.off, self.row, self.token))

    @property
    def known(self) -> HeadEffects | None:
        """The effects of all heads, at once where that is quick; None as long as they are not all measured."""
        found = self.so_far
        return found if found is not None and found.complete else None

    @cached_property
    def so_far(self) -> HeadEffects | None:
        """The same, with nan in blocks that are still to be measured; None as long as none is."""
        if self.token < 0:
            return None
        if cost(self.ctx.lm, len(self.ctx.ids), self.heads) > QUICK:
            there = self._job.measured.results
            return HeadEffects.of(there, self.here[2], self.off.value, self._job.total) if there else None
        return quick_effects(self.ctx.asked, self.here, self.off, self.row, self.token)

    def largest(self, row: int) -> Largest | None:
        """The head that matters most, and what all give from `row` without it; None: not measured, or none matters."""
        return largest_of(self.ctx.asked, self.here, self.off, self.known, row)

    @property
    def _job(self) -> work.Shared:
        """The measuring, block by block, from coarse to fine."""
        from app.controls import work

        return work.Shared(
            "multi_head",
            self._about,
            self.heads // self.ctx.lm.config.n_heads,
            say("blocks measured"),
            self._make,
        )

    def _make(self, known: Sequence[LayerEffects]) -> Iterator[LayerEffects]:
        text, target, kind = self.here
        with self.off.applied(kind):
            run = Resumable.of(self.ctx.lm, text, self.row, self.token, self.off.value, kind, target)
        done = {one.layer for one in known}
        for layer in (layer for layer in coarse_to_fine(run.layers) if layer not in done):
            with self.off.applied(kind):
                found = run.effects(layer)
            yield found

    @property
    def running(self) -> bool:
        """The learner has asked for it, and not stopped it."""
        from app.session import state

        if self.token < 0 or self.known is not None:
            return False
        return bool(state.memo("multi_head").get("asked") or self._job.until)

    def run(self, slot: DeltaGenerator) -> None:
        """If it was asked for: measure what is left, saying in `slot` how far that is; then draw the page anew.

        Called when the page is drawn. Stop ends it, and what was measured stays.
        """
        import streamlit as st

        from app.session import state

        wanted = self.running
        state.memo("multi_head").pop("asked", None)
        if not wanted:
            return
        job = self._job
        job.wait(job.total)
        with slot, st.container(horizontal=True, vertical_alignment="center"):
            bar = st.container()
            st.button(say("Stop"), key="multi_head.stop", on_click=state.whole(job.wait), args=(0,))
        there = len(job.measured.results)  # the page is drawn anew when there are twice as many
        job.go_on(bar, first=max(2 * there, len(range(0, job.total, COARSE))), whole=False)
