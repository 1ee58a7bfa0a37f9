"""Positions: six answers to how a model knows where a token stands, and what is left of order without any."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from app.controls import decoder_text, stacks, widgets
from app.frame import page
from app.models import cache
from app.session import events, state
from core.analysis.positions.distance_bias import alibi_bias, distance_bias
from core.analysis.positions.extrapolation import recorded
from core.analysis.positions.rotation import (
    one_by_distance,
    plain_turning,
    score_by_distance,
    turned_by,
    turning,
)
from core.analysis.positions.shuffle import compare_orders, shuffle
from core.analysis.positions.tables import model_table, shift, similarity_by_distance, sinusoidal
from core.analysis.positions.tiny import tiny_bias, tiny_table
from core.messages import say
from pages.positions import export, extrapolation, figure
from pages.positions.export import FIGURE, KEYS
from pages.positions.kinds import BIASES, TABLES
from pages.positions.question import ask

EXAMPLES = (
    "A red ball was lost. She found the red",
    "Tom gave Anna a book. Anna gave Tom",
    "the dog saw the cat",
    "one two three four five six seven",
)

ctx = page.begin("positions", longest=FIGURE.longest, writes=FIGURE.writes)
lm, config = ctx.lm, ctx.lm.config
both, target, stack, blocks = ctx.both, ctx.decoder_text, ctx.stack, ctx.blocks
drawing = FIGURE.of(ctx.asked)
shown = drawing.seen
kind, where, begins, seed, seen, order = (
    shown.kind,
    shown.where,
    shown.begins,
    shown.seed,
    shown.seen,
    shown.order,
)
pair, head, own_head = shown.pair, shown.head, shown.own_head


def another() -> None:
    """Draw another order."""
    state.set("draw", (state.get("draw") + 1) % 10_000)


page.claim(drawing.claim)
drawing.mount(
    "picture",
    {"select": lambda: events.select("picture", KEYS, pair[0], len(seen.ids) - 1), "another": another},
)

with page.controls():
    st.segmented_control(
        say("Kind of position"),
        list(figure.TITLES),
        required=True,
        format_func=lambda name: (
            say("{kind} · own", kind=figure.title(name)) if name == config.position else figure.title(name)
        ),
        **state.part(
            "kind", kind, lambda name: state.set("kind", "own" if name == config.position else name)
        ),
    )
    st.number_input(say("Text begins at position"), 0, 4_096, width=150, **state.bind("begins"))
    if own_head:
        widgets.pick(say("Block"), "block", blocks, most=6)
    if own_head or kind in BIASES:
        widgets.pick(say("Head"), "head", config.n_heads, most=4)
if both:
    with ctx.slot:
        stacks.pick_stack()
        decoder_text.draw(ctx)

question = ask(lm, order, seed)
judge = partial(question.judge, lm, ctx.text, target)
load = ctx.load_source
given = ctx.inputs
by, row = state.get("shift"), begins + pair[0]


def notebook() -> list[str]:
    """Write the notebook that computes the picture, the other order, the lower picture and the answer again."""
    below = extrapolation.cell(by, cache.call(extrapolation.held, ctx.model_key, stack, by, row))
    return export.cells(load, given, seen, where, order, seed, begins, pair, question, judge(), below)


def behind() -> list[Any]:
    """List the functions that made this picture."""
    if kind in TABLES:
        table = model_table if seen.source == "own" else tiny_table if kind == "learned" else sinusoidal
        return [table, similarity_by_distance]
    if kind == "rotary":
        return (
            [turning, one_by_distance, score_by_distance]
            if own_head
            else [plain_turning, turned_by, score_by_distance]
        )
    if kind in BIASES:
        return [distance_bias if seen.source == "own" else alibi_bias if kind == "alibi" else tiny_bias]
    return []


with page.foot():
    about = (ctx.model_key, ctx.text, target, question.seed)
    page.predict(question.asked.text, question.asked.options, judge, about, page.another_text(EXAMPLES))
    page.code(compare_orders, *behind(), shuffle, shift, recorded)
    page.take_away(drawing, None, notebook)

go_on = extrapolation.show(ctx.model_key, stack, kind, row, ctx.notes)
page.terms(
    "position", "head", "sinusoidal positions", "learned positions", "rotary position", "ALiBi", "relative bias",
    "embedding", "query", "key", "cosine", "causal mask", "extrapolation",
)  # fmt: skip
page.cheatsheet("positions")
page.examples(EXAMPLES)
go_on()
