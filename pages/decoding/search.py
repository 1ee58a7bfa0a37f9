"""The exact search under the tree: at once where that is quick, else once for all visitors, with a bar and a stop."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

from streamlit.delta_generator import DeltaGenerator

from app import cache, work
from app.page import Context
from core.decoding.exact import Exact
from pages.decoding.ask import DEEPEST, HEAVY, Asked, most_passes, searched, searching

JOB = "decoding"


@dataclass(frozen=True)
class Search:
    """The likeliest text of as many tokens as the tree has levels."""

    ctx: Context
    asked: Asked
    depth: int

    @property
    def possible(self) -> bool:
        """Whether so few tokens are asked for that the passes can prove something."""
        return 0 < self.depth <= DEEPEST

    @property
    def quick(self) -> bool:
        """Whether it is done at once, without a bar."""
        return self.ctx.lm.n_parameters <= HEAVY

    @cached_property
    def known(self) -> Exact | None:
        """What it found; None: not yet, or nothing is searched. It begins without being asked to."""
        if not self.possible:
            return None
        place = tuple(self.asked.place().items())
        if self.quick:
            quick: Exact = cache.call(searched, self.ctx.model_key, self.asked.ids, self.depth, place)
            return quick
        if self._job.until is None:
            self._job.wait(self._job.total)
        last = self._job.measured.results[-1:]
        return last[0] if last and isinstance(last[0], Exact) else None

    @property
    def pending(self) -> str:
        """What is said in place of its result; "" where there is nothing to wait for."""
        if not self.possible or self.quick or self.known is not None:
            return ""
        if self._job.until:
            return "An exact search for a likelier text is under way: the bar below says how far it is."
        return "The exact search for a likelier text was stopped: it goes on by the button below."

    def buttons(self) -> DeltaGenerator | None:
        """The button that stops it or goes on; returns the place of its bar."""
        if not self.possible or self.quick:
            return None
        return self._job.buttons("Search for the likeliest text")

    def go_on(self, slot: DeltaGenerator | None) -> None:
        """Wait for what is left. Called at the end of the page."""
        if self.possible and not self.quick:
            self._job.go_on(slot, self._job.total, whole=self.known is not None)

    @property
    def _job(self) -> work.Shared:
        lm, ids, place = self.ctx.lm, self.asked.ids, tuple(self.asked.place().items())
        key = repr(("exact search", self.ctx.model_key, ids, self.depth, place))
        make = work.anew(partial(searching, lm, ids, self.depth, place))
        return work.Shared(JOB, key, most_passes(lm), "passes of the exact search", make, about=True)
