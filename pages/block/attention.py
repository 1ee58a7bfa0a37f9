"""Attention: one head from x to output, operation by operation, and what becomes of the output when one is changed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from app import cache, events, models, page, state, widgets
from app.components.attention import compute, draw, record, step_names
from app.components.attention.change import read_edits, with_edit, write_edits
from app.components.attention.question import TURNS, ask
from app.components.attention.take import answer_cell, cells, table
from core.analysis.attention_steps import AttentionSteps, Change, attention_steps, replace_scores
from core.model.attention import Attention, attention_pattern, attention_scores

LONGEST = 64  # tokens: as many rows and columns as the picture holds
EXAMPLES = (
    "A red ball was lost. She found the red",
    "Lily lost a red ball. Ben found the red",
    'Tim gave Lily a golden ball. "Thank you,',
    'Once upon a time, Lily met Tim. "Good morning, Lily," said',
)


ctx = page.begin("attention", longest=LONGEST)
config = ctx.lm.config
both = config.shape == "encoder-decoder"
decoding = both and state.get("stack") == "decoder"
kind = "self" if not both else state.get("attention") if decoding else "encoder"
target = ctx.target if both else None
blocks = config.decoder_layers if decoding else config.n_layers
block, head = state.get("block"), state.get("head")
masks = [place for place, token in enumerate(ctx.ids) if token == config.mask_id]
position = None
if config.shape == "encoder":
    position = masks[0] if masks else state.get("row") % len(ctx.ids)


def run(change: Change) -> AttentionSteps:
    """The open head with a change."""
    where = (block, head, kind, change, position)
    done: AttentionSteps = cache.call(compute, ctx.model_key, ctx.text, target, *where)
    return done


place = f"{kind}.{block}.{head}.{len(ctx.ids)}.{len(target or '')}"
edits = read_edits(state.get("edits"), place, LONGEST, LONGEST)
change = Change(
    scale=state.get("scale"), mask=state.get("mask"), turn=state.get("turn"),
    temperature=float(state.get("sharpness")), edits=edits,
)  # fmt: skip
try:
    steps = run(change)
except IndexError:
    state.note("The link changes a score that this text does not have; the scores are the model's own.")
    edits, steps = (), run(replace(change, edits=()))
rows, columns = ([ctx.lm.tokenizer.display(i) for i in side] for side in (steps.ids, steps.key_ids))
row = state.get("row") if 0 <= state.get("row") < len(rows) else len(rows) - 1
column = state.get("col") if 0 <= state.get("col") < len(columns) else int(np.argmax(steps.pattern[row]))
names = step_names(steps)
step = names.index("scores") if not 0 <= state.get("step") < len(names) else state.get("step")
likely = [int(i) for i in dict.fromkeys([*np.argsort(-steps.before)[:4], *np.argsort(-steps.after)[:5]])][:5]


def edited() -> None:
    """A score typed or dragged in the picture."""
    match events.sent("picture", "edit"):
        case {"row": int(r), "col": int(c), "value": int(value) | float(value)}:
            if 0 <= r < len(rows) and 0 <= c < len(columns):
                state.set("edits", write_edits(with_edit(edits, r, c, value), place))


def restored() -> None:
    """Everything about the head as the model has it."""
    state.update({"edits": "", "scale": True, "mask": True, "turn": True, "sharpness": 1.0})


page.claim("A head scores every pair of tokens, then mixes values by those scores.")
draw(
    record(
        steps,
        ctx.lm,
        likely,
        selection=events.selection("picture", {"step": step, "row": row, "col": column}),
    ),
    key="picture",
    on={
        "select": lambda: events.select("picture", ("step", "row", "col", "head")),
        "edit": edited,
        "reset": restored,
        "visit": lambda: events.visit("picture"),
    },
)

with page.controls():
    if both:
        widgets.segments("Stack", "stack", ("encoder", "decoder"), widgets.capital)
    if decoding:
        widgets.segments("Attention", "attention", ("self", "cross"), widgets.capital)
    widgets.pick("Block", "block", blocks, most=16 - config.n_heads)
    widgets.pick("Head", "head", config.n_heads, most=16 - blocks)
    if config.scale_scores:
        st.toggle(f"Scale by 1/√{config.head_size}", **state.bind("scale"))
    if steps.causal:
        st.toggle("Causal mask", **state.bind("mask"))
    if "turn" in names or "bias" in names:
        st.toggle(TURNS[config.position], **state.bind("turn"))
    st.slider("Softmax temperature", 0.1, 5.0, step=0.1, **state.bind("sharpness"))
    if both:
        st.text_input("Answer so far", **state.bind("target"))

opened = models.resolve(ctx.name).target
load = f"core.load({str(opened)!r}" + ("" if ctx.snapshot is None else f", snapshot={ctx.snapshot}") + ")"
question = ask(steps, config, rows, columns, row)


def notebook() -> list[str]:
    """The shown numbers and the question's answer, computed again."""
    answer = answer_cell(run(question.change), ctx.text, target, question.row, steps.pattern[question.row])
    return [*cells(steps, load, ctx.text, target, row, column, likely), answer]


with page.foot():
    page.predict(question.text, question.options, lambda: question.judge(steps, run(question.change)))
    page.code(Attention.forward, attention_scores, attention_pattern, attention_steps, replace_scores)
    page.take_away("attention", partial(table, steps, names[step], rows, columns), notebook)

page.terms("head", "query", "key", "value", "attention", "mask", "softmax", "temperature", "residual stream")
page.cheatsheet("attention")
page.examples(EXAMPLES)
