"""Training lab: start a run, watch it learn, rewind every page to any moment of it, fork it, compare it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from app import models, runs
from app.frame import page
from app.session import events, state
from core.analysis.heads.patterns import head_maps, pattern_scores
from core.training import objectives
from core.training.estimates import estimate
from core.training.text_loss import text_loss
from core.training.trainer import Trainer
from pages.lab import controls, curves, export, own_runs, question, settings
from pages.lab.export import FIGURE

EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily saw a",
    "Tim, Lily, Ben, Tim, Lily, Ben,",
    "the cat the cat the cat the",
)

own_runs.return_to_running()
curves.adopt()
spec = settings.current()  # before the frame, which says what did not fit
ctx = page.begin("lab", longest=FIGURE.longest)
lm, target, kind = ctx.lm, ctx.decoder_text, ctx.attention

shown = curves.shown(ctx.name)
first = shown[0] if shown else None
# The open model's own curve: the first is another while a run waits.
own = curves.find(ctx.name.removeprefix(runs.RUN))
asked_for = FIGURE.of(ctx.asked)
drawing = replace(asked_for, seen=asked_for.seen.beside(shown, own))
seen = drawing.seen

page.claim(drawing.claim, curves.facts(first))
controls.draw(shown, spec)
plan = settings.planned(spec)
starts = state.get("view") != "figure"  # else nothing here starts a run
following = {"plan": plan, "next": {"text": plan["line"], "wrong": bool(plan["refused"])}} if starts else {}
drawing.mount(
    controls.KEY,
    {
        "select": lambda: events.select(controls.KEY, ("model", "snapshot", "block", "head")),
        "command": controls.sent_command,
        "fork": controls.sent_fork,
        "axis": controls.axis,
        "changed": lambda: None,  # a new state or checkpoint: this run of the page is the answer
    },
    tokens=list(ctx.tokens),
    **following,
)

asked = question.ask(own, f"{ctx.name} {ctx.text} {target}")
coming = question.coming(first, ctx.text, ctx.target or None) or asked
given = (seen.moment, lm, ctx.text, target)
load = f"core.load({str(models.resolve(ctx.name).target)!r}{{more}})"


def notebook() -> list[str]:
    """The strip and the question's answer, measured again."""
    answer = question.measure(asked, *given)
    values = {"TEXT": ctx.text, "KIND": kind, "TARGET": target}
    return export.cells(load, lm, values, seen.film, asked, answer)


with page.foot():
    answer = partial(question.judge, coming, *given)
    page.predict(
        coming.asked.text, coming.asked.options, answer, (coming.about,), page.another_text(EXAMPLES)
    )
    page.code(
        Trainer.learn, Trainer.backward, objectives.loss, text_loss, estimate, head_maps, pattern_scores
    )
    page.take_away(replace(drawing, seen=seen.still), None, notebook)

own_runs.draw(ctx, shown, own)
page.terms(
    "step", "loss", "batch", "rows of N tokens", "guessing", "validation", "optimizer", "learning rate",
    "gradient norm", "checkpoint", "fork", "head", "L1H0", "attention", "token", "parameters",
)  # fmt: skip
page.cheatsheet("lab")
page.examples(EXAMPLES)
