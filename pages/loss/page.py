"""Loss: what a model gave to each token that came, as one number; from logits to gradient, for a text and a batch."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.controls import widgets
from app.controls.predict import Answer
from app.frame import page
from app.models import cache
from app.rooms import token_question
from app.session import events, state
from core.analysis.tasks.token_vote import token_vote
from core.messages import say
from core.training.losses import cross_entropy, logit_gradient, perplexity, score_batch, score_text
from pages.loss import batch, export
from pages.loss.export import FIGURE, KEYS
from pages.loss.question import another, ask

EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily saw a big red ball.",
    "Tom and Anna went to the xylophone",
    "the the the the the the",
    "Rain began to fall. So Theo ran home.",
)

ctx = page.begin("loss", longest=FIGURE.longest)
lm, shape = ctx.lm, ctx.lm.config.shape
drawing = FIGURE.of(ctx.asked)
told, at, hide, smoothing = drawing.seen.told, drawing.seen.at, drawing.seen.hide, drawing.seen.smoothing
target = ctx.decoder_text or None

page.claim(drawing.claim)
drawing.mount("loss", {"select": lambda: events.select("loss", KEYS)})


def asked_of_class() -> token_question.TokenQuestion | None:
    """The token of the followed place, for the class to predict."""
    if not len(told):
        return None
    return token_question.TokenQuestion(lm, told.kind, told.ids, token_vote(lm, told, at), told.logits[at])


with page.controls():
    st.slider(say("Label smoothing"), 0.0, 1.0, step=0.01, width=300, **state.bind("smoothing"))
    widgets.segments(say("Losses in"), "unit", ("nats", "bits"))
    if shape == "encoder" and lm.config.mask_id is not None:
        widgets.segments(
            say("Hide"),
            "hide",
            ("one", "all"),
            lambda n: say("one at a time") if n == "one" else say("all at once"),
        )
    if shape == "encoder-decoder":
        st.text_input(say("Answer to be scored"), **state.bind("target"))
    token_question.button(asked_of_class, say("Ask the class for this token"))

texts = batch.texts_of(lm, ctx.text, target, state.get("batch"))
rows = cache.share(batch.scored, ctx.model_key, texts, hide)
question = ask(lm, ctx.text, told, at)
load = ctx.load_source


def notebook() -> list[str]:
    """The losses, the formula, the batch and the question's answer, computed again."""
    given = {"TEXT": ctx.text, "TARGET": target, "HIDE": hide}
    answer: Answer | None = question.judge(told) if len(told) else None
    return export.cells(load, given, told, at, smoothing, rows, texts, question, answer)


with page.foot():
    about = (ctx.model_key, ctx.text, target, hide, question.at)
    asked = question.asked
    page.predict(asked.text, asked.options, lambda: question.judge(told), about, partial(another, told, at))
    page.code(cross_entropy, logit_gradient, score_text, score_batch, perplexity)
    page.take_away(drawing, lambda: export.table(lm, told, at, smoothing, rows), notebook)

batch.show(lm, ctx.model_key, texts, hide)
page.terms(
    "loss", "p", "cross-entropy", "nats and bits", "logits", "softmax", "perplexity", "label smoothing", "gradient",
    "batch", "padding", "log probability", "logarithm",
)  # fmt: skip
page.cheatsheet("loss")
page.examples(EXAMPLES)
