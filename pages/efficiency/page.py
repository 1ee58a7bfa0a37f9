"""Efficiency: weights of 8, 4 and 2 bits, what they save and what they cost, on the learner's own model and text."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import markup
from app.controls import decoder_text
from app.controls.predict import draw
from app.frame import page
from app.session import events, state
from core.efficiency import speed as speed_of
from core.efficiency.compressing import compress_steps
from core.efficiency.frontier import front
from core.efficiency.gguf_contents import block, contents
from core.efficiency.judging import RULE, judge
from core.efficiency.quantization import decode, encode, nearest
from core.efficiency.quantization_report import beside_steps, first_choices
from pages.efficiency import export, figure, smaller, speed, stored
from pages.efficiency.measure import Measure, chosen_setting, setting_controls
from pages.efficiency.question import ELSEWHERE, another, ask

LONGEST = 64  # tokens of the text
KEYS = ("stage", "block", "piece", "output", "slice")
EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily saw a big dog. The dog",
    "Tim gave Lily a golden ball. Then Lily",
    "Ben was sad because his blue kite",
)

ctx = page.begin("efficiency", longest=LONGEST)
lm, config = ctx.lm, ctx.lm.config
both = ctx.both
stack = ctx.stack
target = ctx.decoder_text
setting, said = chosen_setting(lm)
measure = Measure(ctx, setting, target)
own, times = measure.original
found = measure.known()
file = stored.Section(ctx, stored.stored_weights(ctx))
points = measure.points()
there = figure.pieces(lm, stack)
place = (min(state.get("block"), max((block for block, _ in there), default=0)), state.get("piece"))
if there and place not in there:  # the piece of another shape
    place = next(one for one in there if one[0] == place[0])
looked = (
    figure.look(
        lm, there[place], measure.matrix(there[place]), setting, state.get("output"), state.get("slice")
    )
    if there
    else None
)
ids = figure.rows_read(lm, ctx.text, target)

page.claim(figure.claim(points, found), f"losses over {measure.over}")
picked = {key: state.get(key) for key in KEYS}
figure.draw(
    figure.record(
        lm, ids, looked, found, own, measure.over, times, points, setting, stack=stack, place=place,
        stamp=repr((measure.key, place, looked and (looked.row, looked.group, looked.moved is not None),
                    found is not None, len(points), times)),
        came=file.found, selection=events.selection("picture", picked),
    ),
    key="picture",
    on={"select": lambda: events.select("picture", KEYS)},
)  # fmt: skip

page.judged(RULE, speed_of.RULE)

with page.controls():
    setting_controls(both)
    bars = measure.one_button(), measure.all_button()
for note in (*said, *stored.rounding_note(ctx, file.found)):
    st.caption(markup.escape(note))
if both:
    with ctx.slot:
        decoder_text.draw(ctx)

question = ask(lm, setting)
pruned = export.pruning_cells(ctx)
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
        "efficiency",
        partial(export.table, lm, ids, looked, found, own, points, file.lines()),
        lambda: [
            *export.cells(
                load,
                {"TEXT": ctx.text, "TARGET": target},
                setting,
                looked,
                found,
                own,
                points,
                question,
                question.judge(ctx),
            ),
            *file.cells(),
            *pruned,
        ],
    )

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
