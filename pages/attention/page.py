"""Attention: one head from x to output, operation by operation, and what becomes of the output when one is changed."""

from __future__ import annotations

from app.controls import decoder_text, stacks, widgets
from app.frame import page
from app.models import cache
from app.session import events, state
from core.analysis.heads.masks import under_masks
from core.analysis.heads.shared_keys import share_keys
from core.analysis.heads.steps import AttentionSteps, Change, attention_steps, replace_scores
from core.messages import say
from core.model.attention import Attention, attention_pattern, attention_scores
from pages.attention.controls import change_controls
from pages.attention.edits import apply_event, write_edits
from pages.attention.export import FIGURE, answer_cell, cells, variant_cells
from pages.attention.figure import compute
from pages.attention.question import another, ask
from pages.attention.variants import TERMS, Below, Reading

CHANGES = ("edits", "scale", "mask", "turn", "sharpness", "local")  # what a learner alters in the head
EXAMPLES = (
    "A red ball was lost. She found the red",
    "Lily lost a red ball. Ben found the red",
    'Tim gave Lily a golden ball. "Thank you,',
    'Once upon a time, Lily met Tim. "Good morning, Lily," said',
)


ctx = page.begin("attention", longest=FIGURE.longest, writes=FIGURE.writes)
config = ctx.lm.config
both = ctx.both
decoding = ctx.stack == "decoder"
kind = ctx.attention
target = ctx.decoder_text
blocks = ctx.blocks
block, head = state.get("block"), state.get("head")
drawing = FIGURE.of(ctx.asked)
seen = drawing.seen
steps, place, rows, columns, row, asking = (
    seen.steps,
    seen.place,
    seen.rows,
    seen.columns,
    seen.row,
    seen.asking,
)


def run(change: Change) -> AttentionSteps:
    """The open head with a change."""
    where = (block, head, kind, change, steps.position)
    done: AttentionSteps = cache.call(compute, ctx.model_key, ctx.text, target, *where)
    return done


def edited() -> None:
    """A score typed or dragged in the picture, hidden, or given back."""
    found = apply_event(events.sent("picture", "edit"), seen.edits, seen.shown, len(rows), len(columns))
    state.set("edits", write_edits(found[0], place, found[1]))


def restored() -> None:
    """Everything about the head as the model has it."""
    state.update({key: state.BY_KEY[key].default for key in CHANGES})


page.claim(drawing.claim)
drawing.mount(
    "picture",
    {
        "select": lambda: events.select("picture", ("step", "row", "col", "head"), row, asking, seen.column),
        "edit": edited,
        "reset": restored,
    },
)

with page.controls():
    if both:
        stacks.pick_stack()
    if decoding:
        stacks.pick_attention()
    widgets.pick(say("Block"), "block", blocks, most=16 - config.n_heads)
    widgets.pick(say("Head"), "head", config.n_heads, most=16 - blocks)
    change_controls(steps, config)
decoder_text.draw(ctx)

load = ctx.load_source
question = ask(steps, rows, columns, row, state.get("col"), place, seen.names.index("softmax"))
reading = Reading(ctx.text, target, kind, steps.position)
below = Below(ctx, reading, state.get("reach"), state.get("sinks"))


def notebook() -> list[str]:
    """The shown numbers and the question's answer, computed again."""
    answer = answer_cell(run(question.change), ctx.text, target, question.row, steps.pattern[question.row])
    lower = [] if config.head == "none" else variant_cells(reading, below.measured())
    return [*cells(steps, load, ctx.text, target, row, seen.column, seen.likely), answer, *lower]


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
    page.take_away(drawing, None, notebook)

below.show(rows)
page.terms(
    "head", "query", "key", "value", "attention", "attention score", "row", "mask", "causal mask", "softmax",
    "temperature", "residual stream", *TERMS, *(["cross-attention"] if both else []),
)  # fmt: skip
page.cheatsheet("attention")
page.examples(EXAMPLES)
