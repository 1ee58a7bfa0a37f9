"""Below the Embeddings picture: one word in two sentences, depth by depth; a probe of its senses; analogies by section.

The functions here ask `core.vectors` and turn its answers into the component's JSON; they compute nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app import cache, models, state, widgets
from app.counts import counted
from app.kit import register
from app.page import Context
from core.language_model import LanguageModel
from core.vectors.analogies import Score, score, sections, total
from core.vectors.meanings import meant, read, told_apart
from core.vectors.probe import Accuracy
from core.vectors.static import StaticVectors
from core.zoo import card
from pages.embeddings.context import Pair

more = register("embeddings_in_context", __file__)

READER = "tales-bert"  # the bundled encoder
EACH = 120  # sentences of each sense, at most
KEEPS = ("sentence", "telling", "unread")  # what a card's probes were kept from seeing


def measured(lm: LanguageModel, word: str) -> dict[str, Any]:
    """The probe of a word's senses, as the cache calls it; {"said": why} where it cannot be measured."""
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
        "about": f"{' or '.join(told.senses)}? {counted(told.judged, 'sentence')} held out, {told.fitted} fitted on",
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


def on_card(name: str) -> dict[str, Any]:
    """The probes of all ambiguous words that a bundled model's card has, in the form of `measured`."""
    senses = card(name)["senses"]
    every, worded, unread = ([senses[keep]["static"], *senses[keep]["layers"]] for keep in KEEPS)
    for one in (*every, *worded, *unread):
        one["share"] = one["right"] / one["of"]
    return {
        "word": "",
        "senses": [],
        "about": f"{name}'s card: {counted(len(senses['sentence']['words']), 'word')}, "
        f"{every[0]['of']} sentences held out",
        "more": f"Told in ways that {name} never read: {max(one['share'] for one in unread):.0%} at best",
        "static": every[0],
        "layers": every[1:],
        "worded": worded,
        "fitted": senses["sentence"]["fitted"],
        "judged": every[0]["of"],
        "best": senses["telling"]["best"],
        "said": "",
    }


def scores_of(key: str, table: StaticVectors) -> list[Score]:
    """All analogies put to a table, a section at a time, with progress; kept for the next visitor."""
    kept: list[Score] | None = cache.kept(f"analogies {key}")
    if kept is not None:
        return kept
    place, found = st.empty(), list[Score]()
    many = sum(len(one.questions) for one in sections())
    for one in score(table):
        found.append(one)
        done = total(found).asked
        place.progress(done / many, f"{done:,} of {many:,} analogies")
    place.empty()
    cache.keep(f"analogies {key}", found)
    return found


def show(ctx: Context, pair: Pair, table: StaticVectors, key: str) -> None:
    """The heading, the boxes with the word and the two sentences, the buttons, and the picture.

    Args:
        table: whose analogies are scored, and its key among others.
    """
    st.html('<section class="gb-words"><h2>One word in two sentences, and all analogies</h2></section>')
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.text_input("Word to follow", width=110, **state.bind("sense"))
        st.text_input("One sentence", width=256, **state.bind("first"))
        st.text_input("Another", width=256, **state.bind("second"))
        st.button(
            "Probe its senses", key="embeddings.probe", on_click=state.whole(state.set), args=("probed", True),
            disabled=state.get("probed"),
            help="Fits a simple classifier at each depth and judges it by sentences that it never saw.",
        )  # fmt: skip
        st.button(
            "Score all analogies", key="embeddings.score", on_click=state.whole(state.set), args=("scored", True),
            disabled=state.get("scored"),
        )  # fmt: skip
    if READER in models.bundled() and ctx.name != READER:
        st.caption(f"{READER} reads both sides of a word: choose it in the list of models.")
    probe = on_card(READER)
    if state.get("probed"):
        with st.spinner(f"Reading sentences with {widgets.escape(pair.word)}"):
            probe = cache.call(measured, ctx.model_key, pair.word.strip().lower())
    scores = scores_of(key, table) if state.get("scored") else []
    more(data=record(ctx, pair, probe, table.name, scores), key="more")


def record(
    ctx: Context, pair: Pair, probe: dict[str, Any], name: str, scores: Sequence[Score]
) -> dict[str, Any]:
    """What view.js draws."""
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
