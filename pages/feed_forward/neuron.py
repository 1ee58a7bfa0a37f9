"""What the chosen neuron is for: the tokens it pushes, and the texts that fire it most."""

from __future__ import annotations

from app.counts import counted
from core.analysis.neurons import top_texts
from core.analysis.neurons.feed_forward import NotLinear, Promoted, direct_effect, promoted
from core.analysis.neurons.top_texts import Window
from core.language_model import LanguageModel
from core.trace import Trace
from pages.feed_forward.figure import Says
from pages.feed_forward.sample import CORPORA, Sample

TOKENS = 6  # pushed up, and as many down
WINDOWS = 5

READ = "its row of W_out through the last norm to the vocabulary, past the blocks behind"
FELT = "what leaving it out changes here, past the blocks behind"
ENCODER = "An encoder’s neurons name no token: the decoder reads what they write."
BARE = "A bare encoder’s neurons name no token: it has no head that says tokens."


def see_says(
    lm: LanguageModel, text: str, block: int, row: int, neuron: int, *, stack: str, target: str | None, trace: Trace
) -> Says:  # fmt: skip
    """The tokens that a neuron pushes up and down: from its weights, or where they do not say, on this text."""
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
    """From the table that comes with the model, and what it was made of; None: there is none for these weights."""
    table = top_texts.bundled(lm)
    if table is None:
        return None
    about = table.about
    read = {**CORPORA, "functions": "Python functions"}[about["corpus"]]
    return table.windows(block, neuron), f"of {about['texts']:,} {read}, {counted(about['tokens'], 'token')}"


def windows(
    kept: tuple[list[Window], str] | None, sample: Sample | None, block: int, neuron: int, *, stack: str, moment: bool
) -> tuple[list[Window], str]:  # fmt: skip
    """The texts that fire a neuron most, and where they come from, or why there are none.

    Args:
        kept: from `bundled_windows`. sample: what was read on this page. moment: the model is at an earlier step.
    """
    found, about = kept if kept is not None else ([], "")
    if sample is not None and not (kept is not None and sample.corpus == "tales"):  # of those more are kept
        found, about = sample.top.windows(block, neuron), sample.words
    if found:
        return found[:WINDOWS], about
    if about:
        return [], f"It fires nowhere in the sample ({about})."
    if stack == "decoder":
        return [], "A decoder reads no text by itself, so there is no sample of its neurons."
    if moment:
        return [], "Kept for the finished model only. Below, a sample is read for this moment."
    return [], "None are kept for this model. Below, a sample is read for it."
