"""Break it: one part taken out of the open model now, and out of a small model in training; what the numbers say."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import markup
from app.controls import decoder_text, own_run, widgets
from app.frame import page
from app.models import cache
from app.session import events, state
from core.analysis.health.component_ablation import losses_without, read, without
from core.analysis.health.diagnosis import RULE, diagnose
from core.analysis.health.remedies import remedy
from core.analysis.health.training_health import order_seen
from core.analysis.stream.depth import measure_depth
from pages.break_it import export, figure, pair
from pages.break_it.question import ask

LONGEST = 64  # tokens of the text
KEYS = ("part", "stage")
EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily met Tim. Lily gave Tim",
    "Tom had a cat. Anna had a dog. Tom",
    "On a bright day like this, Theo liked to sit outside and think.",
)

ctx = page.begin("break_it", longest=LONGEST)
lm = ctx.lm
target = ctx.decoder_text
part, instead = figure.fitting(lm, state.get("part"))
seen = cache.call(figure.see, ctx.model_key, ctx.text, target, part)
arms = pair.pair_of(part)
steps = pair.moments(arms)
look = state.get("look") if 0 <= state.get("look") < len(steps) else len(steps) - 1
at = steps[look] if steps else None


def begin() -> None:
    """Train both anew."""
    pair.begin(part)


page.claim("Every part has a job: take it out and measure.")
tokens = [{"text": text, "id": i} for text, i in zip(ctx.tokens, ctx.ids, strict=True)]
data = {
    "tokens": tokens,
    "name": ctx.label,
    "part": part,
    "parts": list(figure.CHOICES),
    "words": figure.titles(ctx.label, part),
    "now": figure.record_now(lm, ctx.text, target, seen),
    "pair": pair.record_pair(arms, part, at),
    "selection": events.selection("picture", {"part": part, "stage": state.get("stage")}),
}
figure.draw(
    data,
    key="picture",
    on={
        "select": lambda: events.select("picture", KEYS),
        "arrived": lambda: None,  # the run of the page that comes with it reads the new checkpoint
    },
)
if instead:
    st.caption(markup.escape(instead))

page.judged(RULE)

with page.controls():
    widgets.segments("Take out", "part", tuple(figure.CHOICES), lambda name: figure.CHOICES[str(name)])
    if len(steps) > 1:
        st.select_slider(
            "Trained pair at step",
            range(len(steps)),
            format_func=lambda i: f"{steps[i]:,}",
            **state.part("look", look, lambda index: state.set("look", index)),
        )
    if not own_run.under_way(arms, "break_it.stop", "Stop both"):
        spend, refused = own_run.cost(partial(pair.following, part))
        own_run.shorter(partial(pair.following, part), pair.specs(part, 0)["whole"].steps)
        own_run.button("Train both now", spend, "break_it.start", False, on_click=state.whole(begin))
        own_run.warn(refused)
if why := state.memo("break_it").pop("why", ""):
    st.warning(markup.escape(why))
if target is not None:
    with ctx.slot:
        decoder_text.draw(ctx)

question = ask(lm, ctx.label, part)
elsewhere = page.another_text(EXAMPLES)
judge = partial(question.judge, lm, ctx.text, target, seen[0].loss)
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
        "break_it",
        partial(export.table, lm, seen),
        lambda: export.cells(load, given, part, seen, arms, judge(), pair.judged_at(arms, at)),
    )

page.terms(
    "step", "residual stream", "norm", "1/√d", "mask", "activation", "cosine", "gradient", "attention entropy",
    "validation", "guessing", "nats and bits", "checkpoint",
)  # fmt: skip
page.cheatsheet("break_it")
page.examples(EXAMPLES)
