"""Optimizers: five of them race downhill; Adam on one weight of the open model; real runs, rates and landscapes."""

from __future__ import annotations

from app import cache, events, models, page, state
from core.training.moments import follow, train
from core.training.race import race
from core.training.rules import adam, gradient_descent, momentum, muon
from pages.optimizers import below, land, panels, question, search, setup, take
from pages.optimizers import figure as view
from pages.optimizers.controls import race_controls

LONGEST = 64  # tokens that are trained on: each step is a real one
RACE = ("start", "racers", "rates", "racer", "lap")
EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily saw a big red ball.",
    "the the the the the the the the",
    "Tom and Anna went to the xylophone",
    "One day it rained. So Theo stayed at home and read a book.",
)

wish = setup.read()
ctx = page.begin("optimizers", longest=LONGEST)
lm = ctx.lm
both = lm.config.shape == "encoder-decoder"
target = (ctx.target or None) if both else None
tracks = race(wish.surface, wish.start, wish.rules, wish.steps)

page.claim("What an optimizer remembers decides where it steps.")
picked = events.selection("race", {key: state.get(key) for key in RACE})
losses = cache.call(below.token_losses, ctx.model_key, ctx.text, target)
view.draw(
    view.record(wish, tracks, picked, ctx.tokens, losses),
    key="race",
    on={"select": lambda: events.select("race", RACE), "visit": lambda: events.visit("race")},
)
race_controls()

weight = below.weight_of(ctx, target)
opened = models.resolve(ctx.name).target
load = f"core.load({str(opened)!r}" + ("" if ctx.snapshot is None else f", snapshot={ctx.snapshot}") + ")"
found = [*search.cells(ctx, target), *land.cells(ctx, target)]


def notebook() -> list[str]:
    """The weight's steps, the race and the question's answer, computed again."""
    return take.cells(load, wish, tracks, weight, question.judge(weight), found)


with page.foot():
    page.predict(
        question.text(weight), question.OPTIONS, lambda: question.judge(weight)[0],
        (ctx.model_key, ctx.text, target, weight.rule, weight.row, weight.col),
    )  # fmt: skip
    page.code(race, gradient_descent, momentum, adam, muon, train, follow)
    page.take_away("optimizers", lambda: take.table(weight, weight.trained(), tracks), notebook)

panels.ground(wish, tracks)
panels.moments(weight)
panels.real_runs()
go_on = panels.rate_and_land(ctx, target)
page.terms(
    "optimizer", "gradient", "learning rate", "gradient descent", "momentum", "Nesterov", "Adam", "moments",
    "bias correction", "AdamW", "weight decay", "Muon", "saddle", "diverged", "loss landscape",
)  # fmt: skip
page.cheatsheet("optimizers")
page.examples(EXAMPLES)
go_on()
