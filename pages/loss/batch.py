"""Below the Loss picture: several texts as the rows of one batch, filled up to one length (batch.js draws it).

The functions here ask `core.training.losses` and turn the answer into the component's JSON.
"""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from app import markup, reading
from app.controls import widgets
from app.counts import counted
from app.kit import register
from app.markup import inline
from app.models import cache
from app.session import state
from core.language_model import LanguageModel
from core.messages import say, say_of
from core.training.losses import Hide, ScoredBatch, perplexity, score_batch

loss_batch = register("loss_batch", __file__)

LONGEST = 20  # tokens of a row
ROWS = 6
CHARACTERS = LONGEST * reading.CHARACTERS_PER_TOKEN  # that are looked at, to see whether a row holds a text

Texts = tuple[tuple[str, str | None], ...]


def texts_of(lm: LanguageModel, text: str, target: str | None, lines: str) -> Texts:
    """The learner's own text, then the lines of the batch's box, each as far as a row holds it."""
    own = (_short(lm, text), _short(lm, target) if target else None)
    others = [line for line in lines.splitlines() if line.strip()][: ROWS - 1]
    read = [_short(lm, line) for line in others]
    return (own, *((line, None) for line in read if line))


def _short(lm: LanguageModel, text: str) -> str:
    """`text` as far as a row holds it; "" if this model reads nothing in it."""
    found = reading.read(lm, text, "", LONGEST)
    return found.text if len(found.ids) > found.special else ""


def cut(lm: LanguageModel, text: str, lines: str) -> str:
    """What of the texts a row does not hold, and why; "": it holds all of them."""
    said = []
    if any(
        len(lm.tokenizer.encode(reading.clean(whole[:CHARACTERS])[0])) > LONGEST
        for whole in (text, *lines.splitlines()[: ROWS - 1])
    ):
        said.append(
            say(
                "A row holds {longest} tokens, a place of the picture each: of a longer text the first are read.",
                longest=LONGEST,
            )
        )
    more = sum(bool(line.strip()) for line in lines.splitlines()) - (ROWS - 1)
    if more > 0:
        values = {"rows": ROWS, "texts": counted(more, "further text")}
        if more == 1:
            said.append(say("The picture has {rows} rows: {texts} is left out.", **values))
        else:
            said.append(say("The picture has {rows} rows: {texts} are left out.", **values))
    return " ".join(said)


def scored(lm: LanguageModel, texts: Texts, hide: Hide) -> ScoredBatch:
    """`score_batch`, as the cache calls it."""
    return score_batch(lm, texts, hide)


def record(lm: LanguageModel, batch: ScoredBatch, padding: str) -> dict[str, Any]:
    """Turn a scored batch into what batch.js draws. padding: "ignored" or "counted"."""
    word = lm.tokenizer.display
    ids, losses, scores = batch.ids.tolist(), batch.losses.tolist(), batch.scores.tolist()
    counts = [sum(mine) for mine in scores]
    total, count = float(batch.losses[batch.scores].sum()), sum(counts)
    whole = batch.losses.numel()
    means = [None if math.isnan(mean) else mean for mean in batch.rows]
    known = [mean for mean in means if mean is not None]
    mean, counted = (batch.mean(), batch.mean(ignore_padding=False)) if count else (0.0, 0.0)
    return {
        "rows": [
            {
                "cells": [{"text": word(i), "loss": loss, "pad": not mine} for i, loss, mine in zip(*row)],
                "mean": average,
                "count": n,
            }
            for row, average, n in zip(zip(ids, losses, scores), means, counts)
        ],
        "padding": padding,
        "pad": word(batch.pad),
        "sum": total,
        "count": count,
        "pads": whole - count,
        "padSum": float(batch.losses[~batch.scores].sum()),
        "mean": mean,
        "counted": counted,
        "perplexity": [perplexity(mean), perplexity(counted)],
        "rowMean": sum(known) / len(known) if known else 0.0,
    }  # fmt: skip


def show(lm: LanguageModel, key: str, texts: Texts, hide: Hide) -> None:
    """The heading, the box with the other texts, the choice about padding, and the picture."""
    heading = inline(say("A batch: several texts at once"))
    st.html(f'<section class="gb-words"><h2>{heading}</h2></section>')
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.text_area(say("Other texts of the batch, one a line"), height=90, width=480, **state.bind("batch"))
        widgets.segments(
            say("Padding"),
            "padding",
            ("ignored", "counted"),
            lambda name: say("ignored (ignore_index)") if name == "ignored" else say_of("padding", "counted"),
        )
    if said := cut(lm, str(state.get("text")), str(state.get("batch"))):
        st.caption(markup.escape(said))
    batch = cache.share(scored, key, texts, hide)
    loss_batch(data=record(lm, batch, state.get("padding")), key="batch-picture")
