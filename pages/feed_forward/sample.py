"""A sample of a corpus, read when a learner asks: which texts fire every neuron most, and how often each fires."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import cache, state, work
from app.counts import counted
from app.page import Context
from core.analysis.neurons.firing import Firing, firing
from core.analysis.neurons.top_texts import TopTexts, find_top, sample_texts
from core.language_model import LanguageModel

TEXTS = 60
WORK = 1e12  # weights x tokens: a large model reads fewer texts
CORPORA: dict[str, str] = {
    "tales": "stories",
    "fables": "fables",
    "python": "Python files",
    "own": "your text",
}


@dataclass(frozen=True)
class Sample:
    """What was read, and what it fired."""

    top: TopTexts
    firing: Firing
    corpus: str
    texts: int

    @property
    def words(self) -> str:
        """What was read, in words."""
        read = "your text" if self.corpus == "own" else f"{self.texts} {CORPORA[self.corpus]}"
        return f"of {read}, {counted(self.firing.tokens, 'token')}"


def texts_of(lm: LanguageModel, corpus: str, own: Sequence[int]) -> list[list[int]]:
    """The ids of the texts that are read: of a corpus as many as the model can read in about half a minute."""
    if corpus == "own":
        return [list(own)]
    room = WORK / max(1, lm.n_parameters)
    found: list[list[int]] = []
    for ids in sample_texts(lm, corpus, TEXTS):
        room -= len(ids)
        if found and room < 0:
            break
        found.append(ids)
    return found


def read(
    lm: LanguageModel, corpus: str, own: Sequence[int], progress: Callable[[float], None] | None = None
) -> Sample:
    """Read a sample twice: for how often, and for where most.

    Args:
        own: the ids of the learner's text. progress: called with the share that is done.
    """
    texts = texts_of(lm, corpus, own)
    total = 2 * sum(map(len, texts))

    def told(before: int) -> Callable[[int], None] | None:
        return None if progress is None else lambda tokens: progress((before + tokens) / total)

    fired = firing(lm, texts, progress=told(0))
    return Sample(find_top(lm, texts, progress=told(total // 2)), fired, corpus, len(texts))


@dataclass(frozen=True)
class Job:
    """The reading of a sample for the open model; only its stack that reads texts has one."""

    ctx: Context
    stack: str

    @property
    def can(self) -> bool:
        """Whether these neurons have a sample at all."""
        return self.stack != "decoder"

    @property
    def _about(self) -> str:
        own = self.ctx.text if state.get("corpus") == "own" else ""
        return repr(("top texts", self.ctx.model_key, state.get("corpus"), own))

    @property
    def known(self) -> Sample | None:
        """What was read, by this visitor or another; None: nobody has asked."""
        return cache.kept(self._about) if self.can else None

    def run(self, slot: DeltaGenerator) -> None:
        """If it was asked for: read, saying in `slot` how far that is; then draw the page anew. A click stops it."""
        if not state.memo("feed_forward").pop("asked", False) or self.known is not None or not self.can:
            return
        with slot, st.container(horizontal=True, vertical_alignment="center"):
            bar = st.progress(0.0, text="Reading")
            st.button("Stop", key="feed_forward.stop")
        began = time.monotonic()

        def progress(share: float) -> None:
            left = (time.monotonic() - began) * (1 - share) / max(share, 1e-6)
            bar.progress(min(1.0, share), text=f"{share:.0%} read, about {left:.0f} s left")

        cache.keep(self._about, read(self.ctx.lm, state.get("corpus"), self.ctx.ids, progress))
        work.again()


def asked() -> None:
    """The learner wants a sample read."""
    state.memo("feed_forward")["asked"] = True


def see_own(lm: LanguageModel, ids: tuple[int, ...]) -> Firing:
    """How often every neuron fires in the learner's own text."""
    return firing(lm, [list(ids)])
