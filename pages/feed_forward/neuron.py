"""Find what the chosen neuron is for: the tokens it pushes, and the texts that fire it most.

The texts come with the model, or from a sample of a corpus, read when a learner asks; the sample also says how often
each neuron fires. `SampleJob` reads it, and alone needs the app: the picture is drawn outside of the app, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.counts import counted
from core.analysis.neurons import top_texts
from core.analysis.neurons.feed_forward import NotLinear, Promoted, direct_effect, promoted
from core.analysis.neurons.firing import Firing, firing
from core.analysis.neurons.top_texts import TopTexts, Window, find_top, sample_texts
from core.language_model import LanguageModel
from core.messages import mark, say
from core.trace import Trace
from pages.feed_forward.figure import Says

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from app.frame.page import Context

TOKENS = 6  # pushed up, and as many down
WINDOWS = 5

READ = mark("its row of W_out through the last norm to the vocabulary, past the blocks behind")
FELT = mark("what leaving it out changes here, past the blocks behind")
ENCODER = mark("An encoder’s neurons name no token: the decoder reads what they write.")
BARE = mark("A bare encoder’s neurons name no token: it has no head that says tokens.")

TEXTS = 60
WORK = 1e12  # weights x tokens: a large model reads fewer texts
CORPORA: dict[str, str] = {
    "tales": mark("stories"),
    "fables": mark("fables"),
    "python": mark("Python files"),
    "own": mark("your text"),
}
READ_OF: dict[str, str] = {  # so many texts of a corpus
    "tales": mark("{texts} stories, {tokens}"),
    "fables": mark("{texts} fables, {tokens}"),
    "python": mark("{texts} Python files, {tokens}"),
    "functions": mark("{texts} Python functions, {tokens}"),
    "own": mark("your text, {tokens}"),
}


# ------------------------------------------------------------------------------------------------------------ a sample


@dataclass(frozen=True)
class Sample:
    """Hold what was read, and what it fired."""

    top: TopTexts
    firing: Firing
    corpus: str
    texts: int

    @property
    def read(self) -> str:
        """What was read, in words."""
        return say(READ_OF[self.corpus], texts=self.texts, tokens=counted(self.firing.tokens, "token"))

    @property
    def words(self) -> str:
        """What it is a sample of, in words."""
        return say("of {read}", read=self.read)


def texts_of(lm: LanguageModel, corpus: str, own: Sequence[int]) -> list[list[int]]:
    """List the ids of the texts that are read: of a corpus as many as the model can read in about half a minute."""
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


def read_sample(
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
class SampleJob:
    """Read a sample for the open model; only its stack that reads texts has one."""

    ctx: Context
    stack: str

    @property
    def can(self) -> bool:
        """Whether these neurons have a sample at all."""
        return self.stack != "decoder"

    @property
    def _about(self) -> str:
        from app.session import state

        own = self.ctx.text if state.get("corpus") == "own" else ""
        return repr(("top texts", self.ctx.model_key, state.get("corpus"), own))

    @property
    def known(self) -> Sample | None:
        """What was read, by this visitor or another; None: nobody has asked."""
        from app.models import cache

        return cache.kept(self._about) if self.can else None

    def run(self, slot: DeltaGenerator) -> None:
        """If it was asked for: read, saying in `slot` how far that is; then draw the page anew. A click stops it."""
        import streamlit as st

        from app.controls import work
        from app.models import cache
        from app.session import state

        if not state.memo("feed_forward").pop("asked", False) or self.known is not None or not self.can:
            return
        with slot, st.container(horizontal=True, vertical_alignment="center"):
            bar = st.progress(0.0, text=say("Reading"))
            st.button(say("Stop"), key="feed_forward.stop")
        began = time.monotonic()

        def progress(share: float) -> None:
            left = (time.monotonic() - began) * (1 - share) / max(share, 1e-6)
            said = say("{share} read, about {seconds} s left", share=f"{share:.0%}", seconds=f"{left:.0f}")
            bar.progress(min(1.0, share), text=said)

        cache.keep(self._about, read_sample(self.ctx.lm, state.get("corpus"), self.ctx.ids, progress))
        work.again()


def request_sample() -> None:
    """Note that the learner wants a sample read."""
    from app.session import state

    state.memo("feed_forward")["asked"] = True


def see_own(lm: LanguageModel, ids: tuple[int, ...]) -> Firing:
    """Count how often every neuron fires in the learner's own text."""
    return firing(lm, [list(ids)])


# ---------------------------------------------------------------------------------------------------- tokens and texts


def see_says(
    lm: LanguageModel, text: str, block: int, row: int, neuron: int, *, stack: str, target: str | None, trace: Trace
) -> Says:  # fmt: skip
    """Find the tokens that a neuron pushes up and down: from its weights, or where they do not say, on this text."""
    if stack == "encoder":
        return Says(why=ENCODER)
    if lm.config.head == "none":
        return Says(why=BARE)
    try:
        found, why = promoted(lm, block, neuron, TOKENS), READ
    except NotLinear:
        change = direct_effect(lm, text, block, neuron, row, target=target, trace=trace)
        found, why = Promoted.of(change, TOKENS), FELT
    return Says(found.ids, found.scores, found.low_ids, found.low_scores, why)


def bundled_windows(lm: LanguageModel, block: int, neuron: int) -> tuple[list[Window], str] | None:
    """Look into the table that comes with the model, and what it was made of; None: there is none for these weights."""
    table = top_texts.bundled(lm)
    if table is None:
        return None
    about = table.about
    read = say(
        READ_OF[about["corpus"]], texts=f"{about['texts']:,}", tokens=counted(about["tokens"], "token")
    )
    return table.windows(block, neuron), say("of {read}", read=read)


def strongest_texts(
    kept: tuple[list[Window], str] | None, sample: Sample | None, block: int, neuron: int, *, stack: str, moment: bool,
    below: bool = True,
) -> tuple[list[Window], str]:  # fmt: skip
    """Choose the texts that fire a neuron most, and where they come from, or why there are none.

    Args:
        kept: from `bundled_windows`. sample: what was read on this page. moment: the model is at an earlier step.
        below: a sample can be read under the picture.
    """
    found, about = kept if kept is not None else ([], "")
    if sample is not None and not (kept is not None and sample.corpus == "tales"):  # of those more are kept
        found, about = sample.top.windows(block, neuron), sample.words
    if found:
        return found[:WINDOWS], about
    if about:
        return [], say("It fires nowhere in the sample ({sample}).", sample=about)
    if stack == "decoder":
        return [], say("This decoder reads no text by itself, so there is no sample of its neurons.")
    if moment:
        return [], say("Kept for the finished model only. Below, a sample is read for this moment.")
    if below:
        return [], say("None are kept for this model. Below, a sample is read for it.")
    return [], say("None are kept for this model.")
