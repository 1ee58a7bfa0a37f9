"""Compare one word in two sentences, depth by depth; probe its senses; score all analogies, section by section.

The functions here ask `core.vectors` and turn its answers into the component's JSON; they compute nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from app import markup, models, reading
from app.counts import counted
from app.frame.page import Context
from app.kit import register
from app.models import cache
from app.session import state
from core.language_model import LanguageModel
from core.messages import say, say_of
from core.vectors.analogies import Score, score, sections, total
from core.vectors.contextual import Occurrence, compare, occurrence
from core.vectors.meanings import meant, read, told_apart
from core.vectors.probe import Accuracy
from core.vectors.static import StaticVectors
from core.zoo import card

in_context = register("embeddings_in_context", __file__)

READER = "tales-bert"  # the bundled encoder
EACH = 120  # sentences of each sense, at most
KEEPS = ("sentence", "telling", "unread")  # what a card's probes were kept from seeing


def probe_senses(lm: LanguageModel, word: str) -> dict[str, Any]:
    """Probe a word's senses (called by the cache); {"said": why} where it cannot be measured."""
    try:
        examples = meant(word, many=EACH)
        vectors = read(lm, examples)
        told = told_apart(lm, examples, vectors=vectors)
        worded = told_apart(lm, examples, keep="telling", vectors=vectors)
    except ValueError as why:
        return {"said": models.reason(why)}
    return {
        "word": told.word,
        "senses": list(told.senses),
        "about": say(
            "{senses}? {sentences} held out, {fitted} fitted on",
            senses=say(" or ").join(told.senses),
            sentences=counted(told.judged, "sentence"),
            fitted=told.fitted,
        ),
        "more": "",
        "static": _accuracy(told.static),
        "layers": [_accuracy(one) for one in told.layers],
        "worded": [_accuracy(one) for one in (worded.static, *worded.layers)],
        "fitted": told.fitted,
        "judged": told.judged,
        "best": told.best,
        "said": "",
    }


def _accuracy(one: Accuracy) -> dict[str, float]:
    return {"right": one.right, "of": one.of, "share": one.share, "low": one.low, "high": one.high}


def probes_on_card(name: str) -> dict[str, Any]:
    """Read the probes of all ambiguous words from a bundled model's card, in the form of `probe_senses`."""
    senses = card(name)["senses"]
    every, worded, unread = ([senses[keep]["static"], *senses[keep]["layers"]] for keep in KEEPS)
    for one in (*every, *worded, *unread):
        one["share"] = one["right"] / one["of"]
    return {
        "word": "",
        "senses": [],
        "about": say(
            "{name}'s card: {words}, {count} sentences held out",
            name=name,
            words=counted(len(senses["sentence"]["words"]), "word"),
            count=every[0]["of"],
        ),
        "more": say(
            "On wordings that {name} itself never read: {share} at best",
            name=name,
            share=f"{max(one['share'] for one in unread):.0%}",
        ),
        "static": every[0],
        "layers": every[1:],
        "worded": worded,
        "fitted": senses["sentence"]["fitted"],
        "judged": every[0]["of"],
        "best": senses["telling"]["best"],
        "said": "",
    }


def scores_of(key: str, table: StaticVectors) -> list[Score]:
    """Score all analogies put to a table, a section at a time, with progress; kept for the next visitor."""
    kept: list[Score] | None = cache.kept(f"analogies {key}")
    if kept is not None:
        return kept
    place, found = st.empty(), list[Score]()
    many = sum(len(one.questions) for one in sections())
    for one in score(table):
        found.append(one)
        done = total(found).asked
        place.progress(done / many, say("{done} of {many} analogies", done=f"{done:,}", many=f"{many:,}"))
    place.empty()
    cache.keep(f"analogies {key}", found)
    return found


def show(ctx: Context, pair: Pair, table: StaticVectors, key: str) -> None:
    """Draw the heading, the boxes with the word and the two sentences, the buttons, and the picture.

    Args:
        table: whose analogies are scored, and its key among others.
    """
    heading = say("One word in two sentences, and all analogies")
    st.html(f'<section class="gb-words"><h2>{heading}</h2></section>')
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.text_input(say("Word to follow"), width=110, **state.bind("sense"))
        st.text_input(say("One sentence"), width=256, **state.bind("first"))
        st.text_input(say_of("sentence", "Another"), width=256, **state.bind("second"))
        st.button(
            say("Probe its senses"), key="embeddings.probe", on_click=state.whole(state.set), args=("probed", True),
            disabled=state.get("probed"),
            help=say("Fits a simple classifier at each depth and judges it by sentences that it never saw."),
        )  # fmt: skip
        st.button(
            say("Score all analogies"), key="embeddings.score", on_click=state.whole(state.set), args=("scored", True),
            disabled=state.get("scored"),
        )  # fmt: skip
    if READER in models.bundled() and ctx.name != READER:
        st.caption(say("{model} reads both sides of a word: choose it in the list of models.", model=READER))
    probe = probes_on_card(READER)
    if state.get("probed"):
        with st.spinner(say("Reading sentences with {word}", word=markup.escape(pair.word))):
            probe = cache.call(probe_senses, ctx.model_key, pair.word.strip().lower())
    scores = scores_of(key, table) if state.get("scored") else []
    in_context(data=record(ctx, pair, probe, table.name, scores), key="more")


def record(
    ctx: Context, pair: Pair, probe: dict[str, Any], name: str, scores: Sequence[Score]
) -> dict[str, Any]:
    """Describe what in_context.js draws, as its JSON."""
    return {
        "model": ctx.short_name,
        "shape": ctx.lm.config.shape,
        "pair": {
            "word": pair.word, "sides": list(pair.sides), "static": pair.static, "cosines": list(pair.cosines),
            "usual": list(pair.usual), "said": pair.said,
        },
        "probe": probe,
        "scores": {
            "name": name,
            "sections": [
                {"name": one.name, "covered": one.covered, "right": one.right, "asked": one.asked}
                for one in scores
            ],
            "all": None if not scores else _total(scores),
        },
    }  # fmt: skip


def _total(scores: Sequence[Score]) -> dict[str, Any]:
    whole = total(scores)
    return {"covered": whole.covered, "right": whole.right, "asked": whole.asked, "share": whole.share}


# ------------------------------------------------------------------------------------------------- two sentences

LONGEST = 1000  # characters of a sentence


@dataclass(frozen=True)
class Pair:
    """The word in both sentences.

    sides: of each sentence, its tokens, which of them are the word, and the text as it was read.
    static: the cosine of the two rows of the table.   cosines, usual: (L + 1,) by depth.
    said: why there is nothing to compare; "" where there is.
    """

    word: str
    sides: tuple[dict[str, Any], ...] = ()
    static: float = 0.0
    cosines: tuple[float, ...] = ()
    usual: tuple[float, ...] = ()
    said: str = ""


def read_pair(ctx: Context) -> Pair:
    """Read the word and the sentences of the boxes below the picture."""
    word, first, second = (
        reading.clean(str(state.get(key)))[0][:LONGEST] for key in ("sense", "first", "second")
    )
    pair: Pair = cache.call(compare_word, ctx.model_key, word, first, second)
    return pair


def compare_word(lm: LanguageModel, word: str, first: str, second: str) -> Pair:
    """Compare a word in two sentences (called by the cache)."""
    try:
        one, other = occurrence(lm, first, word), occurrence(lm, second, word)
    except ValueError as why:
        return Pair(word, said=models.reason(why))
    found = compare(one, other)
    if not (np.isfinite(found.cosines).all() and np.isfinite(found.usual).all()):
        return Pair(word, said=say("The model's vectors are no numbers any more: its training diverged."))
    return Pair(
        word, (_side(lm, one), _side(lm, other)), found.static,
        tuple(found.cosines.tolist()), tuple(found.usual.tolist()),
    )  # fmt: skip


def _side(lm: LanguageModel, seen: Occurrence) -> dict[str, Any]:
    return {
        "text": seen.text,
        "tokens": [lm.tokenizer.display(id) for id in lm.encode(seen.text)],
        "mine": list(seen.positions),
    }
