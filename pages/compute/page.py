"""Compute and memory: weights, operations and bytes of any configuration, what fits on a card, what sets the pace."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.controls.predict import draw
from app.frame import page
from app.session import events
from core.costs.memory import training_memory, using_memory
from core.costs.operations import flops_by_part
from core.costs.roofline import RULE, attainable, decode, prefill
from core.costs.weights import parameters_by_part
from pages.compute import at_scale, controls, export, figure, question, roofline
from pages.compute.export import FIGURE, KEYS

EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once",
    "Once upon a time, Lily saw a big dog. The dog was sad. Lily gave the dog a red ball. Then the dog was happy.",
)

ctx = page.begin("compute", longest=FIGURE.longest)
drawing = FIGURE.of(ctx.asked)
shown = drawing.seen.subject
known, at, key = at_scale.measured(ctx, shown)
machine = figure.machine(shown, known, at)

page.claim(drawing.claim)
with st.container(key="gb-compute-both", gap="xsmall"):
    drawing.mount(
        "picture",
        {"select": lambda: events.select("picture", KEYS)},
        stamp=repr((shown, sorted(known.items()), at)), machine=machine,
    )  # fmt: skip
    roofline.draw(shown, figure.works(shown, shown.length), machine, drawing.seen.focus)

page.judged(RULE)

with page.controls():
    controls.draw(shown, ctx.label)

asked = question.ask(shown)
judge = partial(asked.judge, shown)
load = ctx.load_source

with page.foot():
    page.predict(
        asked.asked.text,
        asked.asked.options,
        judge,
        (shown.config, shown.precision),
        lambda seed: question.another(draw(seed, question.ELSEWHERE, (shown.key, shown.length, shown.batch))),
    )
    page.code(training_memory, using_memory, prefill, attainable, decode, parameters_by_part, flops_by_part)
    page.take_away(
        drawing,
        partial(export.table, drawing.seen, known, at_scale.dials(shown)),
        lambda: export.cells(load, repr(ctx.text), shown, asked.batch, judge(), at_scale.dials(shown)),
    )

measure = at_scale.show(ctx, shown, known, at, key)
page.terms(
    "parameters", "byte", "optimizer", "activation", "gradient", "moments", "batch", "KV cache", "FLOP", "precision",
    "roofline", "operational intensity", "utilization",
)  # fmt: skip
page.cheatsheet("compute")
page.examples(EXAMPLES)
measure()
