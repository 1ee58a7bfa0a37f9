"""Loss: what a model gave to each token that came, as one number; from logits to gradient, for a text and a batch."""

from __future__ import annotations

import streamlit as st

from app.controls import widgets
from app.controls.predict import Answer
from app.frame import page
from app.models import cache
from app.session import events, state
from core.language_model import LanguageModel
from core.training.losses import (
    Hide,
    ScoredText,
    cross_entropy,
    logit_gradient,
    perplexity,
    score_batch,
    score_text,
)
from pages.loss import batch, export, figure
from pages.loss.question import ask

LONGEST = 32  # tokens: a row each
KEYS = ("follow", "formula", "given")
EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily saw a big red ball.",
    "Tom and Anna went to the xylophone",
    "the the the the the the",
    "Rain began to fall. So Theo ran home.",
)

ctx = page.begin("loss", longest=LONGEST)
lm, shape = ctx.lm, ctx.lm.config.shape
hide: Hide = state.get("hide")
smoothing, unit = float(state.get("smoothing")), str(state.get("unit"))
target = (ctx.target or None) if shape == "encoder-decoder" else None


def scored(lm: LanguageModel, text: str, target: str | None, hide: Hide) -> ScoredText:
    """`score_text`, as the cache calls it."""
    return score_text(lm, text, target, hide)


told: ScoredText = cache.share(scored, ctx.model_key, ctx.text, target, hide)
follow = state.get("follow")
at = next((n for n, place in enumerate(told.places) if 0 <= follow <= place), len(told) - 1)

page.claim("A token’s loss is −log of the probability it was given.")
data = figure.record(
    lm, told, hide, smoothing, unit, events.selection("loss", {key: state.get(key) for key in KEYS})
)
data["stamp"] = "\x1f".join([ctx.model_key, ctx.text, str(target), hide, str(smoothing), unit])
figure.draw(
    data,
    key="loss",
    on={"select": lambda: events.select("loss", KEYS)},
)

with page.controls():
    st.slider("Label smoothing", 0.0, 1.0, step=0.01, width=300, **state.bind("smoothing"))
    widgets.segments("Losses in", "unit", ("nats", "bits"))
    if shape == "encoder" and lm.config.mask_id is not None:
        widgets.segments(
            "Hide", "hide", ("one", "all"), lambda n: "one at a time" if n == "one" else "all at once"
        )
    if shape == "encoder-decoder":
        st.text_input("Answer to be scored", **state.bind("target"))

texts = batch.texts_of(lm, ctx.text, target, state.get("batch"))
rows = cache.share(batch.scored, ctx.model_key, texts, hide)
question = ask(lm, told, smoothing)
load = ctx.load_source


def notebook() -> list[str]:
    """The losses, the formula, the batch and the question's answer, computed again."""
    given = {"TEXT": ctx.text, "TARGET": target, "HIDE": hide}
    answer: Answer | None = question.judge(lm, told) if len(told) else None
    return export.cells(load, given, told, at, smoothing, rows, texts, question, answer)


with page.foot():
    about = (ctx.model_key, ctx.text, target, hide)
    page.predict(question.text, question.options, lambda: question.judge(lm, told), about)
    page.code(cross_entropy, logit_gradient, score_text, score_batch, perplexity)
    page.take_away("loss", lambda: export.table(lm, told, at, smoothing, rows), notebook)

batch.show(lm, ctx.model_key, texts, hide)
page.terms(
    "loss", "p", "cross-entropy", "nats and bits", "logits", "softmax", "perplexity", "label smoothing", "gradient",
    "batch", "padding", "log probability",
)  # fmt: skip
page.cheatsheet("loss")
page.examples(EXAMPLES)
