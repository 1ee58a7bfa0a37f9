"""Every head switched off alone: at once where that is quick, else when the learner asks, with progress and a stop.

Block by block in a thread of its own, once for all visitors: a second one sees what the first has measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import cache, state, work
from app.page import Context
from core.analysis.heads.effects import HeadEffects, LayerEffects, Resumable
from core.analysis.heads.jobs import NAMED_FROM
from core.analysis.heads.nulls import CONTENT, Chance, Null
from core.analysis.heads.patterns import Job, Score
from core.analysis.patching.sweep import COARSE, coarse_to_fine
from core.analysis.places import Kind
from pages.multi_head.figure import QUICK, Largest, Off, cost, see_chance, see_effects, see_halves, see_row

NOTHING = 1e-4  # nats: below it a head's absence changes nothing that the page could show
Here = tuple[str, str | None, Kind]  # text, an encoder-decoder's target, attention


def by_chance(ctx: Context, here: Here, repeats: dict[Job, Score]) -> Chance:
    """What every score comes to by chance, in the whole model.

    Args:
        repeats: the scores on repeats. Where none is high enough for a name, what they come to by chance is left out:
            it decides nothing above the fold, and `halves` measures it for what stands below.
    """
    text: Chance = cache.call(see_chance, ctx.model_key, *here)
    above = [score.above_even for job, score in repeats.items() if job in CONTENT]
    high = any(one is not None and (one >= NAMED_FROM).any() for one in above)
    return replace(text, repeats=halves(ctx, here)) if high else text


def halves(ctx: Context, here: Here) -> dict[Job, Null]:
    """What the scores on repeats come to by chance."""
    found: dict[Job, Null] = cache.call(see_halves, ctx.model_key, here[2])
    return found


def asked() -> None:
    """The learner wants the heads measured, however long it takes."""
    state.memo("multi_head")["asked"] = True


@dataclass(frozen=True)
class Measure:
    """What is to be measured: `here` without the heads of `off`, the probability of `token` at `row` of the logits.

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
        quick: HeadEffects = cache.call(
            see_effects, self.ctx.model_key, *self.here, self.off, self.row, self.token
        )
        return quick

    def largest(self, row: int) -> Largest | None:
        """The head that matters most, and what all give from `row` without it; None: not measured, or none matters."""
        effects = self.known
        if effects is None or abs(effects.change[effects.largest]) < NOTHING:
            return None
        off = Off((*self.off.heads, effects.largest), self.off.value)
        return Largest(effects.largest, cache.call(see_row, self.ctx.model_key, *self.here, off, row))

    @property
    def _job(self) -> work.Shared:
        """The measuring, block by block, from coarse to fine."""
        return work.Shared(
            "multi_head", self._about, self.heads // self.ctx.lm.config.n_heads, "blocks measured", self._make
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
        if self.token < 0 or self.known is not None:
            return False
        return bool(state.memo("multi_head").get("asked") or self._job.until)

    def run(self, slot: DeltaGenerator) -> None:
        """If it was asked for: measure what is left, saying in `slot` how far that is; then draw the page anew.

        Called when the page is drawn. Stop ends it, and what was measured stays.
        """
        wanted = self.running
        state.memo("multi_head").pop("asked", None)
        if not wanted:
            return
        job = self._job
        job.wait(job.total)
        with slot, st.container(horizontal=True, vertical_alignment="center"):
            bar = st.container()
            st.button("Stop", key="multi_head.stop", on_click=state.whole(job.wait), args=(0,))
        there = len(job.measured.results)  # the page is drawn anew when there are twice as many
        job.go_on(bar, first=max(2 * there, len(range(0, job.total, COARSE))), whole=False)
