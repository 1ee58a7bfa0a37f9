"""Regularization: dropout on the open model's activations, and small models trained with and without it and decay."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from app import markup
from app.controls import decoder_text, widgets
from app.frame import page
from app.session import events, state
from core.analysis.stream.weights import by_matrix
from core.messages import say
from core.training.dropout import dropout_mask, dropped, mean_over_masks, under_masks
from core.training.early_stopping import stop_early
from pages.regularization import export, figure, own_runs, runs, weights
from pages.regularization.export import FIGURE, KEYS
from pages.regularization.question import ask

EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily met Tim. Lily gave Tim",
    "Tom had a cat. Anna had a dog. Tom",
    "On a frosty morning,",
)

ctx = page.begin("regularization", longest=FIGURE.longest)
lm, blocks, target = ctx.lm, ctx.blocks, ctx.decoder_text
found = FIGURE.of(ctx.asked)
drawing = replace(found, seen=found.seen.beside(own_runs.own_four()))
shown = drawing.seen
place, rate, seed, clean, pair = shown.place, shown.rate, shown.seed, shown.clean, shown.pair


def another() -> None:
    """Another mask."""
    state.set("draw", (state.get("draw") + 1) % 10_000)


page.claim(drawing.claim)
drawing.mount(
    "picture",
    {
        "select": lambda: events.select("picture", KEYS, shown.row, shown.last),
        "another": another,
        "arrived": lambda: None,  # the run of the page that comes with it reads what is new
    },
)

drawn = not 0 <= state.get("stage") < figure.RUNS  # the runs, which come with the last step
if drawn and (gain := runs.compare_losses(pair, shown.arm)):
    st.caption(markup.escape(gain))
with page.controls():
    widgets.segments(
        say("Output of"),
        "site",
        tuple(figure.SITES),
        lambda name: "MLP" if name == "mlp" else say("Attention"),
    )
    widgets.pick(say("Block"), "block", blocks, most=8)
    st.slider(say("Dropout rate"), 0.0, 0.9, step=0.05, **state.bind("drop"))
    st.button(say("Another mask"), key="regularization.another", on_click=state.whole(another))
    st.toggle(
        say("In use"), help=say("A model in use drops nothing and scales nothing."), **state.bind("evaluate")
    )
    st.slider(say("Patience"), 0, 20, **state.bind("patience"))
    weights.moment(shown.steps, shown.moment)
if ctx.both:
    with ctx.slot:
        widgets.segments(
            say("Stack"), "stack", ("encoder", "decoder"), lambda name: markup.capital(say(str(name)))
        )
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
        replace(drawing, seen=shown.still),
        None,
        lambda: export.cells(
            load, given, place, rate, seed, clean, shown.masked, question, judge(), pair, shown.patience
        ),
    )

weights.show(
    ctx.label,
    ctx.model_key,
    place.hook.rpartition(".")[0],
    list(shown.arms.values()),
    own_runs.begin,
    own_runs.following,
)
page.terms(
    "step", "activation", "dropout", "expectation", "weight decay", "overfitting", "validation", "early stopping",
    "patience", "rms", "checkpoint",
)  # fmt: skip
page.cheatsheet("regularization")
page.examples(EXAMPLES)
