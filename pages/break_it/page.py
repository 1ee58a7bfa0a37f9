"""Break it: one part taken out of the open model now, and out of a small model in training; what the numbers say."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from app import markup
from app.controls import decoder_text, own_run, widgets
from app.frame import page
from app.session import events, state
from core.analysis.health.component_ablation import losses_without, read, without
from core.analysis.health.diagnosis import RULE, diagnose
from core.analysis.health.remedies import remedy
from core.analysis.health.training_health import order_seen
from core.analysis.stream.depth import measure_depth
from core.messages import say
from pages.break_it import export, own_pair
from pages.break_it.export import FIGURE, KEYS
from pages.break_it.figure import CHOICES
from pages.break_it.pair import judged_at
from pages.break_it.question import ask

EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily met Tim. Lily gave Tim",
    "Tom had a cat. Anna had a dog. Tom",
    "On a bright day like this, Theo liked to sit outside and think.",
)

ctx = page.begin("break_it", longest=FIGURE.longest)
lm, target = ctx.lm, ctx.decoder_text
found = FIGURE.of(ctx.asked)
part = found.seen.part
drawing = replace(found, seen=found.seen.beside(own_pair.own_pair(part)))
shown = drawing.seen
pair, arms, steps = shown.pair, shown.arms, shown.steps


def begin() -> None:
    """Train both anew."""
    own_pair.begin(part)


page.claim(drawing.claim)
drawing.mount(
    "picture",
    {
        "select": lambda: events.select("picture", KEYS),
        "arrived": lambda: None,  # the run of the page that comes with it reads the new checkpoint
    },
)
if shown.instead:
    st.caption(markup.escape(shown.instead))

page.judged(RULE)

with page.controls():
    widgets.segments(say("Take out"), "part", tuple(CHOICES), lambda name: say(CHOICES[str(name)]))
    if len(steps) > 1:
        st.select_slider(
            say("Trained pair at step"),
            range(len(steps)),
            format_func=lambda i: f"{steps[i]:,}",
            **state.part("look", shown.moment, lambda index: state.set("look", index)),
        )
    if not own_run.under_way(arms, "break_it.stop", say("Stop both")):
        spend, refused = own_run.cost(partial(own_pair.following, part))
        own_run.shorter(partial(own_pair.following, part), own_pair.specs(part, 0)["whole"].steps)
        own_run.button(say("Train both now"), spend, "break_it.start", False, on_click=state.whole(begin))
        own_run.warn(refused)
if why := state.memo("break_it").pop("why", ""):
    st.warning(markup.escape(why))
if target is not None:
    with ctx.slot:
        decoder_text.draw(ctx)

question = ask(lm, ctx.label, part)
elsewhere = page.another_text(EXAMPLES)
judge = partial(question.judge, lm, ctx.text, target, pair[0].loss)
load = ctx.load_source
given = ctx.inputs

with page.foot():
    page.predict(
        question.asked.text,
        question.asked.options,
        judge,
        (ctx.model_key, ctx.text, target),
        lambda seed: {**elsewhere(seed), "part": question.part},
    )
    page.code(without, losses_without, diagnose, remedy, read, measure_depth, order_seen)
    page.take_away(
        replace(drawing, seen=shown.still),
        None,
        lambda: export.cells(load, given, part, pair, arms, judge(), judged_at(arms, shown.at)),
    )

page.terms(
    "step", "residual stream", "norm", "1/√d", "mask", "activation", "cosine", "gradient", "attention entropy",
    "validation", "guessing", "nats and bits", "checkpoint",
)  # fmt: skip
page.cheatsheet("break_it")
page.examples(EXAMPLES)
