"""Optimizers: five of them race downhill; Adam on one weight of the open model; real runs, rates and landscapes."""

from __future__ import annotations

import streamlit as st

from app import markup
from app.controls.predict import draw
from app.frame import page
from app.models import cache
from app.session import events
from core.messages import say
from core.training.adam_steps import follow, train
from core.training.race import race
from core.training.rules import adam, gradient_descent, momentum, muon
from pages.optimizers import controls, export, figure, measured, moments, question, runs
from pages.optimizers.export import FIGURE, KEYS

LONGEST = 64  # tokens that are trained on: each step is a real one
EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily saw a big red ball.",
    "the the the the the the the the",
    "Tom and Anna went to the xylophone",
    "One day it rained. So Theo stayed at home and read a book.",
)

setup = controls.read()
ctx = page.begin("optimizers", longest=LONGEST)
lm = ctx.lm
both = ctx.both
target = (ctx.target or None) if both else None
drawing = FIGURE.of(ctx.asked)
tracks = drawing.seen.tracks

page.claim(drawing.claim)
losses = cache.call(moments.token_losses, ctx.model_key, ctx.text, target)
drawing.mount(
    "race",
    {"select": lambda: events.select("race", KEYS)},
    **figure.with_text(setup, ctx.tokens, losses),
)
controls.draw_verdict(setup, tracks)
controls.race_controls()

weight = moments.weight_of(ctx, target)
load = ctx.load_source
found = [*measured.finder_cells(ctx, target), *measured.land_cells(ctx, target)]


def notebook() -> list[str]:
    """The weight's steps, the race and the question's answer, computed again."""
    return export.cells(load, setup, tracks, weight, question.judge(weight), found)


def heading(title: str, about: str) -> None:
    """A panel's title and what it is good for."""
    said = f'<p class="gb-hint">{markup.inline(about)}</p>'
    st.html(f'<section class="gb-words"><h2>{markup.inline(title)}</h2>{said}</section>')


with page.foot():
    asked = question.ask(weight)
    page.predict(
        asked.text, asked.options, lambda: question.judge(weight)[0],
        (ctx.model_key, ctx.text, target, weight.rule, weight.matrix, weight.block, weight.row, weight.col),
        lambda seed: {"matrix": draw(seed, list(moments.MATRIX_NAMES), weight.matrix), "wrow": -1, "wcol": -1},
    )  # fmt: skip
    page.code(gradient_descent, momentum, adam, muon, race, train, follow)
    page.take_away(drawing, lambda: export.table(weight, weight.trained(), tracks), notebook)

heading(
    say("The race, seen from the side"),
    say(
        "The same surface and the same steps, with the loss as height: drag to turn it. Thin "
        "lines join points of one loss. A way is grey where the surface hides it, and ends "
        "where it leaves the picture."
    ),
)
figure.draw_perspective(setup, tracks)
heading(
    say("Adam on one weight of this model"),
    say(
        "Real training steps of a copy of the open model on your text. Adam keeps two "
        "numbers for each weight: the mean of its gradients and the mean of their squares. "
        "β₁, β₂ and weight decay are those of the race."
    ),
)
moments.panel(weight)
heading(
    say("The same five on a real model"),
    say(
        "A small GPT learns tales: 130,000 weights instead of two, and a new batch at each "
        "step. Here the slope is never known exactly, and no two weights are equally steep."
    ),
)
runs.five_panel()
heading(
    say("What a fast recipe is made of"),
    say(
        "The fast recipe of the training lab, each part taken away in turn and everything "
        "else kept: what is it worth?"
    ),
)
runs.recipe_panel()
heading(
    say("Which rate? Let it grow and watch"),
    say(
        "The rate of a real run grows a little at each step, from far too small to far too "
        "large (Smith 2017)."
    ),
)
searching = measured.finder_panel(ctx, target)
heading(
    say("The landscape around this model"),
    say(
        "The same picture as the race, for all the weights of the model: a plane is laid "
        "through them, and the loss of your text is measured at every point of a grid on it "
        "(Li et al. 2018)."
    ),
)
measuring = measured.land_panel(ctx, target)

page.terms(
    "optimizer", "step", "gradient", "batch", "seed", "learning rate", "gradient descent", "momentum", "Nesterov",
    "Adam", "moments", "bias correction", "AdamW", "weight decay", "Muon", "saddle", "diverged", "loss landscape",
)  # fmt: skip
page.cheatsheet("optimizers")
page.examples(EXAMPLES)
measured.go_on(ctx, target, searching, measuring)
