"""Training lab: start a run, watch it learn, rewind every page to any moment of it, fork it, compare it."""

from __future__ import annotations

from functools import partial

from app import models, runs
from app.frame import page
from app.models import cache
from app.session import events, state
from core.analysis.heads.patterns import head_maps, pattern_scores
from core.checkpoints import CheckpointError
from core.training import objectives
from core.training.estimates import estimate
from core.training.text_loss import text_loss
from core.training.trainer import Trainer
from pages.lab import controls, curves, export, figure, own_runs, question, settings, strip

LONGEST = 64  # tokens of the text: what a map of the strip holds
EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily saw a",
    "Tim, Lily, Ben, Tim, Lily, Ben,",
    "the cat the cat the cat the",
)

curves.adopt()
spec = settings.current()  # before the frame, which says what did not fit
ctx = page.begin("lab", longest=LONGEST)
lm = ctx.lm
both = ctx.both
decoding = ctx.stack == "decoder"
kind = ctx.attention
target = ctx.decoder_text

shown = curves.shown(ctx.name)
first = shown[0] if shown else None
# The open model's own curve: the first is another while a run waits.
own = curves.find(ctx.name.removeprefix(runs.RUN))


def moment(step: int) -> strip.Moment:
    """The open model at a step of its training, on the text; -1: as it is."""
    finished = own is not None and own.run is None and step == own.steps[-1]
    key = cache.key(ctx.name, -1 if finished else step)
    found: strip.Moment = cache.call(strip.look, key, ctx.text, target, kind)
    return found


steps = own.steps if own is not None else ()
now = -1 if ctx.snapshot is None else ctx.snapshot
try:
    film = strip.film(strip.choose(steps, now) or [-1], moment)
except CheckpointError:  # the run was deleted since it was opened: the next run of the page says so
    film = strip.film([-1], lambda step: strip.look(lm, ctx.text, target, kind))

page.claim("Many small steps down the loss turn noise into words.", curves.facts(first))
controls.draw(first, spec)
plan = settings.planned(spec)
data = figure.record(
    lm, ctx.tokens, ctx.text, shown, film, plan,
    {
        "model": ctx.name,
        "label": own.name if own is not None else ctx.label,
        "x": state.get("axis"),
        "selection": events.selection(controls.KEY, {"model": ctx.name, "snapshot": state.get("snapshot")}),
    },
)  # fmt: skip
figure.draw(
    data,
    key=controls.KEY,
    on={
        "select": lambda: events.select(controls.KEY, ("model", "snapshot", "block", "head")),
        "command": controls.sent_command,
        "fork": controls.sent_fork,
        "axis": controls.axis,
        "changed": lambda: None,  # a new state or checkpoint: this run of the page is the answer
    },
)

asked = question.ask(own, ctx.snapshot, strip.unit(lm), f"{ctx.name} {ctx.text} {target}")
coming = question.coming(first, ctx.text, ctx.target or None) or asked
given = (moment, lm, ctx.text, target)
load = f"core.load({str(models.resolve(ctx.name).target)!r}{{more}})"


def notebook() -> list[str]:
    """The strip and the question's answer, measured again."""
    answer = question.measure(asked, *given)
    return export.cells(load, lm, {"TEXT": ctx.text, "KIND": kind, "TARGET": target}, film, asked, answer)


rows, cols = ([lm.tokenizer.display(i) for i in side] for side in strip.sides(lm, ctx.text, target, kind))

with page.foot():
    page.predict(coming.text, coming.options, partial(question.judge, coming, *given), (coming.about,))
    page.code(
        Trainer.learn, Trainer.backward, objectives.loss, text_loss, estimate, head_maps, pattern_scores
    )
    page.take_away("lab", partial(export.table, film, (rows, cols), own), notebook)

own_runs.draw(ctx, shown, own)
page.terms(
    "step", "loss", "batch", "rows of N tokens", "guessing", "validation", "optimizer", "learning rate",
    "gradient norm", "checkpoint", "fork", "head", "L1H0", "attention", "token", "parameters",
)  # fmt: skip
page.cheatsheet("lab")
page.examples(EXAMPLES)
