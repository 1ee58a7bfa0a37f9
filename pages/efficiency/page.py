"""Efficiency: weights of 8, 4 and 2 bits, what they save and what they cost, on the learner's own model and text."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from html import escape

import streamlit as st

from app import markup
from app.charts import vega
from app.charts.frame import About
from app.controls import decoder_text
from app.controls.predict import draw
from app.frame import page
from app.session import events
from core.efficiency import speed as speed_of
from core.efficiency.compressing import compress_steps
from core.efficiency.frontier import front
from core.efficiency.gguf_contents import block, contents
from core.efficiency.judging import RULE, judge
from core.efficiency.quantization import decode, encode, nearest
from core.efficiency.quantization_report import beside_steps, first_choices
from core.messages import say
from pages.efficiency import export, figure, smaller, speed, stored
from pages.efficiency.export import FIGURE, KEYS
from pages.efficiency.measure import Measure, setting_controls
from pages.efficiency.question import ELSEWHERE, another, ask

EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily saw a big dog. The dog",
    "Tim gave Lily a golden ball. Then Lily",
    "Ben was sad because his blue kite",
)

ctx = page.begin("efficiency", longest=FIGURE.longest)
lm, both, target = ctx.lm, ctx.both, ctx.decoder_text
asked_for = FIGURE.of(ctx.asked)
setting = asked_for.seen.setting
measure = Measure(ctx, setting, target)
file = stored.Section(ctx, stored.stored_weights(ctx))
drawing = replace(asked_for, seen=asked_for.seen.beside(measure.found, file.found))
seen = drawing.seen
found, looked = seen.found, seen.looked

page.claim(drawing.claim, say("losses over {texts}", texts=found.over))
there = looked and (looked.row, looked.group, looked.moved is not None)
with st.container(key="gb-efficiency-both", gap="xsmall"):
    drawing.mount(
        "picture",
        {"select": lambda: events.select("picture", KEYS)},
        # names what is shown: under the same one only the selection has changed
        stamp=repr((measure.key, seen.place, there, found.now is not None, len(found.points), found.times)),
    )
    if seen.stage in (-1, figure.LAST):
        chart = vega.once(figure.front_chart, vega.part(drawing.data, "points", "original", "came"))
        vega.draw(About("efficiency_front", *figure.front_facts(drawing.data)), [chart])

page.judged(RULE, speed_of.RULE)

with page.controls():
    setting_controls(both)
    bars = measure.one_button(), measure.all_button()
for note in (*seen.said, *stored.rounding_note(ctx, file.found)):
    st.caption(markup.escape(note))
if both:
    with ctx.slot:
        decoder_text.draw(ctx)

question = ask(lm, setting)
pruned = smaller.pruning_cells(ctx)
load = ctx.load_source

with page.foot():
    page.predict(
        question.asked.text,
        question.asked.options,
        partial(question.judge, ctx),
        (ctx.model_key, question.now, question.then),
        lambda seed: another(draw(seed, ELSEWHERE, (setting.bits, setting.granularity))),
    )
    page.code(
        encode,
        decode,
        nearest,
        first_choices,
        judge,
        front,
        compress_steps,
        beside_steps,
        *((contents, block) if file.found else ()),
    )
    page.take_away(
        replace(drawing, seen=seen.still),
        lambda: drawing.table,
        lambda: [
            *export.cells(
                load,
                {"TEXT": ctx.text, "TARGET": target},
                setting,
                looked,
                found.now,
                found.own,
                found.points,
                question,
                question.judge(ctx),
            ),
            *file.cells(),
            *pruned,
        ],
    )

if found.now is not None:
    st.html("".join(f'<p class="gb-told">{escape(line)}</p>' for line in figure.told(found.now)))
file.show()
bar = speed.show(measure)
below = smaller.show(ctx)
page.terms(
    "quantization", "grid", "GPTQ", "calibration", "Pareto front", "int8", "first choice kept", "logits", "parameters",
    *smaller.TERMS,
)  # fmt: skip
page.cheatsheet("efficiency")
page.examples(EXAMPLES)
measure.go_on(*bars, bar)
below()
