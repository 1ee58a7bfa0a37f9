"""Positions: six answers to how a model knows where a token stands, and what is left of order without any."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from app import markup
from app.controls import decoder_text, widgets
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
from core.config import Position
from pages.positions import export, extrapolation, figure
from pages.positions.kinds import BIASES, TABLES, Seen, Where, see
from pages.positions.order import Order, see_order
from pages.positions.question import ask

LONGEST = 24  # tokens: a chip each, side by side
KEYS = ("row", "col", "number", "stage")
EXAMPLES = (
    "A red ball was lost. She found the red",
    "Tom gave Anna a book. Anna gave Tom",
    "the dog saw the cat",
    "one two three four five six seven",
)

ctx = page.begin("positions", longest=LONGEST, writes=True)
lm, config = ctx.lm, ctx.lm.config
both = ctx.both
target = ctx.decoder_text
stack = ctx.stack
blocks = ctx.blocks
kind: Position = config.position if state.get("kind") == "own" else state.get("kind")
where = Where(stack, min(state.get("block"), blocks - 1), state.get("head"))
begins, seed = state.get("begins"), state.get("draw")

seen: Seen = cache.call(see, ctx.model_key, ctx.text, target, kind, where, begins)
order: Order = cache.call(see_order, ctx.model_key, ctx.text, target, seed)
last = len(seen.ids) - 1
pair = figure.chosen(events.followed(len(seen.ids), last), state.get("col"), last)
own_head = kind == "rotary" and seen.source == "own"
head = where.head if kind not in BIASES else min(where.head, len(seen.bias.values) - 1 if seen.bias else 0)
place = f"{f'{stack} ' if both else ''}block {where.block}, head {head}" if own_head else f"head {head}"


def another() -> None:
    """Draw another order."""
    state.set("draw", (state.get("draw") + 1) % 10_000)


page.claim("Attention alone sees a bag of words; positions give it order.")
figure.draw(
    figure.record(
        lm, seen, order, place, head, begins, pair,
        events.selection("picture", {key: state.get(key) for key in KEYS} | {"row": pair[0]}),
    ),
    key="picture",
    on={
        "select": lambda: events.select("picture", KEYS, pair[0], last),
        "another": another,
    },
)  # fmt: skip

with page.controls():
    st.segmented_control(
        "Kind of position",
        list(figure.TITLES),
        required=True,
        format_func=lambda name: figure.TITLES[name] + (" · own" if name == config.position else ""),
        **state.part(
            "kind", kind, lambda name: state.set("kind", "own" if name == config.position else name)
        ),
    )
    st.number_input("Text begins at position", 0, 4_096, width=150, **state.bind("begins"))
    if own_head:
        widgets.pick("Block", "block", blocks, most=6)
    if own_head or kind in BIASES:
        widgets.pick("Head", "head", config.n_heads, most=4)
if both:
    with ctx.slot:
        widgets.segments("Stack", "stack", ("encoder", "decoder"), markup.capital)
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
    page.predict(question.text, question.options, judge, (ctx.model_key, ctx.text, target, question.seed))
    page.code(compare_orders, *behind(), shuffle, shift, recorded)
    page.take_away("positions", partial(export.table, lm, seen, order, head, begins, pair), notebook)

go_on = extrapolation.show(ctx.model_key, stack, kind, row, ctx.notes)
page.terms(
    "position", "head", "sinusoidal positions", "learned positions", "rotary position", "ALiBi", "relative bias",
    "embedding", "query", "key", "cosine", "causal mask", "extrapolation",
)  # fmt: skip
page.cheatsheet("positions")
page.examples(EXAMPLES)
go_on()
