"""Attention: one head from x to output, operation by operation, and what becomes of the output when one is changed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from app import markup
from app.controls import decoder_text, widgets
from app.frame import page
from app.models import cache
from app.session import events, state
from core.analysis.heads.masks import under_masks
from core.analysis.heads.shared_keys import share_keys
from core.analysis.heads.steps import AttentionSteps, Change, attention_steps, replace_scores
from core.model.attention import Attention, attention_pattern, attention_scores
from pages.attention.controls import change_controls
from pages.attention.edits import apply_event, read_edits, read_shown, write_edits
from pages.attention.export import answer_cell, cells, table, variant_cells
from pages.attention.figure import compute, draw, record, step_names
from pages.attention.question import another, ask
from pages.attention.variants import TERMS, Below, Reading

LONGEST = 64  # tokens: as many rows and columns as the picture holds
CHANGES = ("edits", "scale", "mask", "turn", "sharpness", "local")  # what a learner alters in the head
EXAMPLES = (
    "A red ball was lost. She found the red",
    "Lily lost a red ball. Ben found the red",
    'Tim gave Lily a golden ball. "Thank you,',
    'Once upon a time, Lily met Tim. "Good morning, Lily," said',
)


ctx = page.begin("attention", longest=LONGEST, writes=True)
config = ctx.lm.config
both = ctx.both
decoding = ctx.stack == "decoder"
kind = ctx.attention
target = ctx.decoder_text
blocks = ctx.blocks
block, head = state.get("block"), state.get("head")
masks = [place for place, token in enumerate(ctx.ids) if token == config.mask_id]
position = None
if config.shape == "encoder":
    position = masks[0] if masks else events.followed(len(ctx.ids), len(ctx.ids) - 1)


def run(change: Change) -> AttentionSteps:
    """The open head with a change."""
    where = (block, head, kind, change, position)
    done: AttentionSteps = cache.call(compute, ctx.model_key, ctx.text, target, *where)
    return done


place = f"{kind}.{block}.{head}.{len(ctx.ids)}.{len(target or '')}"
given = (state.get("edits"), place, LONGEST, LONGEST)
edits, shown = read_edits(*given), read_shown(*given)
local = state.get("local") and kind != "cross"
change = Change(
    scale=state.get("scale"), mask=state.get("mask"), turn=state.get("turn"),
    temperature=float(state.get("sharpness")), edits=edits, shown=shown,
    window=state.get("reach") if local else None, sinks=state.get("sinks") if local else 0,
)  # fmt: skip
try:
    steps = run(change)
except IndexError:
    state.note("The link changes a score that this text does not have; the scores are the model's own.")
    edits, shown, steps = (), (), run(replace(change, edits=(), shown=()))
rows, columns = ([ctx.lm.tokenizer.display(i) for i in side] for side in (steps.ids, steps.key_ids))
asking = masks[0] if masks and config.shape == "encoder" else len(rows) - 1  # the row that predicts
row = events.followed(len(rows), asking)
column = state.get("col") if 0 <= state.get("col") < len(columns) else int(np.argmax(steps.pattern[row]))
names = step_names(steps)
told = 0 <= state.get("step") < len(names)  # else the whole picture, which is drawn around the scores
step = state.get("step") if told else names.index("scores")
likely = [int(i) for i in dict.fromkeys([*np.argsort(-steps.before)[:4], *np.argsort(-steps.after)[:5]])][:5]


def edited() -> None:
    """A score typed or dragged in the picture, hidden, or given back."""
    found = apply_event(events.sent("picture", "edit"), edits, shown, len(rows), len(columns))
    state.set("edits", write_edits(found[0], place, found[1]))


def restored() -> None:
    """Everything about the head as the model has it."""
    state.update({key: state.BY_KEY[key].default for key in CHANGES})


page.claim("A head scores every pair of tokens, then mixes values by those scores.")
chosen = {"step": step if told else -1, "row": row, "col": column}
draw(
    record(steps, ctx.lm, likely, events.selection("picture", chosen)),
    key="picture",
    on={
        "select": lambda: events.select("picture", ("step", "row", "col", "head"), row, asking, column),
        "edit": edited,
        "reset": restored,
    },
)

with page.controls():
    if both:
        widgets.segments("Stack", "stack", ("encoder", "decoder"), markup.capital)
    if decoding:
        widgets.segments("Attention", "attention", ("self", "cross"), markup.capital)
    widgets.pick("Block", "block", blocks, most=16 - config.n_heads)
    widgets.pick("Head", "head", config.n_heads, most=16 - blocks)
    change_controls(steps, config)
decoder_text.draw(ctx)

load = ctx.load_source
question = ask(steps, rows, columns, row, state.get("col"), place, names.index("softmax"))
reading = Reading(ctx.text, target, kind, steps.position)
below = Below(ctx, reading, state.get("reach"), state.get("sinks"))


def notebook() -> list[str]:
    """The shown numbers and the question's answer, computed again."""
    answer = answer_cell(run(question.change), ctx.text, target, question.row, steps.pattern[question.row])
    lower = [] if config.head == "none" else variant_cells(reading, below.measured())
    return [*cells(steps, load, ctx.text, target, row, column, likely), answer, *lower]


with page.foot():
    page.predict(
        question.asked.text, question.asked.options, lambda: question.judge(steps, run(question.change)),
        (ctx.model_key, ctx.text, target, kind, block, head, steps.change, question.row, question.column),
        lambda seed: another(steps, question.row, question.column, seed),
    )  # fmt: skip
    page.code(
        attention_scores,
        attention_pattern,
        Attention.forward,
        attention_steps,
        replace_scores,
        under_masks,
        share_keys,
    )
    page.take_away("attention", partial(table, steps, names[step], rows, columns), notebook)

below.show(rows)
page.terms(
    "head", "query", "key", "value", "attention", "attention score", "row", "mask", "causal mask", "softmax",
    "temperature", "residual stream", *TERMS, *(["cross-attention"] if both else []),
)  # fmt: skip
page.cheatsheet("attention")
page.examples(EXAMPLES)
