"""Compute and memory: weights, operations and bytes of any configuration, what fits on a card, what sets the pace."""

from __future__ import annotations

from functools import partial

from app.controls.predict import draw
from app.frame import page
from app.session import events, state
from core.costs.memory import training_memory, using_memory
from core.costs.operations import flops_by_part
from core.costs.roofline import RULE, attainable, decode, prefill
from core.costs.weights import parameters_by_part
from pages.compute import at_scale, controls, export, figure, question
from pages.compute.subject import subject

LONGEST = 512  # tokens of the text
KEYS = ("counted", "together", "long")
EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once",
    "Once upon a time, Lily saw a big dog. The dog was sad. Lily gave the dog a red ball. Then the dog was happy.",
)

ctx = page.begin("compute", longest=LONGEST)
shown = subject(ctx)
known, at, key = at_scale.measured(ctx, shown)

page.claim("With AdamW, training holds at least 4 times the weights.")
figure.draw(
    figure.record(
        shown, list(ctx.tokens), known, at, events.selection("picture", {key: state.get(key) for key in KEYS})
    ),
    shown,
    key="picture",
    on={
        "select": lambda: events.select("picture", KEYS),
    },
)  # fmt: skip

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
        "compute",
        partial(export.table, shown, ctx.tokens, known, at_scale.dials(shown)),
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
