"""Regularization: dropout on the open model's activations, and small models trained with and without it and decay."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import markup
from app.controls import decoder_text, widgets
from app.frame import page
from app.models import cache
from app.session import events, state
from core.analysis.stream.weights import by_matrix
from core.training.dropout import dropout_mask, dropped, mean_over_masks, under_masks
from core.training.early_stopping import stop_early
from pages.regularization import export, figure, runs, weights
from pages.regularization.question import ask

LONGEST = 64  # tokens of the text
KEYS = ("row", "number", "arm", "stage")
EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily met Tim. Lily gave Tim",
    "Tom had a cat. Anna had a dog. Tom",
    "On a frosty morning,",
)

ctx = page.begin("regularization", longest=LONGEST)
lm, config = ctx.lm, ctx.lm.config
both = ctx.both
target = ctx.decoder_text
rate, seed, site, evaluate = (state.get(key) for key in ("drop", "draw", "site", "evaluate"))
stack = state.get("stack")
blocks = ctx.blocks
block = min(state.get("block"), blocks - 1)
place = figure.place_of(lm, stack, block, site)
clean = cache.call(figure.see, ctx.model_key, ctx.text, target, place.hook)
last = len(clean.ids) - 1
row = events.followed(last + 1, last)
masked = cache.call(figure.see_masked, ctx.model_key, ctx.text, target, place.hook, rate, seed)
arms = runs.all_arms()
arm = state.get("arm")
pair = [arms["plain"], arms[arm]]
others = [one for key, one in arms.items() if key not in ("plain", arm)]
steps = runs.moments(pair)
glance = state.get("glance") if 0 <= state.get("glance") < len(steps) else len(steps) - 1
at = steps[glance] if steps else None


def another() -> None:
    """Another mask."""
    state.set("draw", (state.get("draw") + 1) % 10_000)


page.claim("Noise and small weights hinder learning by heart.")
tokens = [{"text": text, "id": i} for text, i in zip(ctx.tokens, ctx.ids, strict=True)]
data = {
    "tokens": tokens,
    "dropout": figure.record_dropout(lm, clean, masked, place, rate, seed, evaluate, row),
    "trained": runs.record_runs(pair, others, state.get("patience"), at),
    "selection": events.selection("picture", {key: state.get(key) for key in KEYS} | {"row": row}),
}
figure.draw(
    data,
    key="picture",
    on={
        "select": lambda: events.select("picture", KEYS, row, last),
        "another": another,
        "arrived": lambda: None,  # the run of the page that comes with it reads what is new
    },
)

drawn = not 0 <= state.get("stage") < figure.RUNS  # the runs, which come with the last step
if drawn and (gain := runs.gain(pair, arm)):
    st.caption(markup.escape(gain))
with page.controls():
    widgets.segments(
        "Output of", "site", tuple(figure.SITES), lambda name: {"mlp": "MLP"}.get(str(name), "Attention")
    )
    widgets.pick("Block", "block", blocks, most=8)
    st.slider("Dropout rate", 0.0, 0.9, step=0.05, **state.bind("drop"))
    st.button("Another mask", key="regularization.another", on_click=state.whole(another))
    st.toggle("In use", help="A model in use drops nothing and scales nothing.", **state.bind("evaluate"))
    st.slider("Patience", 0, 20, **state.bind("patience"))
    weights.moment(steps, glance)
if both:
    with ctx.slot:
        widgets.segments("Stack", "stack", ("encoder", "decoder"), markup.capital)
        decoder_text.draw(ctx)

question = ask(lm, clean, rate, place.words)
judge = partial(question.judge, lm, ctx.text, target, place.hook, seed, clean)
load = ctx.load_source
given = ctx.inputs

with page.foot():
    about = (ctx.model_key, ctx.text, target, place.hook, seed)
    page.predict(question.asked.text, question.asked.options, judge, about, page.another_text(EXAMPLES))
    page.code(dropout_mask, dropped, mean_over_masks, under_masks, stop_early, by_matrix)
    page.take_away(
        "regularization",
        partial(export.table, lm, clean, masked, row),
        lambda: export.cells(
            load, given, place, rate, seed, clean, masked, question, judge(), pair, state.get("patience")
        ),
    )

weights.show(
    ctx.label,
    ctx.model_key,
    place.hook.rpartition(".")[0],
    list(arms.values()),
    runs.begin,
    runs.following,
)
page.terms(
    "step", "activation", "dropout", "expectation", "weight decay", "overfitting", "validation", "early stopping",
    "patience", "rms", "checkpoint",
)  # fmt: skip
page.cheatsheet("regularization")
page.examples(EXAMPLES)
