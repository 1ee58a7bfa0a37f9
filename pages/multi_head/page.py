"""Multi-head: every head of a model in one view, what each of them does, how they join, and what depends on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from app.controls import bare_encoder, decoder_text, stacks, widgets
from app.controls.predict import draw
from app.frame import page
from app.session import events
from core.analysis.heads.composition import composition
from core.analysis.heads.effects import Knockout, head_effects, knock_out, switch_off
from core.analysis.heads.jobs import RULE, name_heads
from core.analysis.heads.null_distributions import head_chance
from core.analysis.heads.patterns import head_maps, pattern_scores
from core.analysis.heads.sets import set_effects
from core.analysis.heads.shares import head_outputs, head_shares
from core.messages import say
from core.model.attention import Attention
from pages.multi_head import ablation, export, figure
from pages.multi_head.ablation import Head, write_off
from pages.multi_head.composition import HeadsTogether, show
from pages.multi_head.export import FIGURE
from pages.multi_head.figure import KEYS
from pages.multi_head.question import ask

FEW = 3  # rows above this one: a head of an earlier row has hardly a choice
EXAMPLES = (
    "A red ball was lost. She found the red",
    "Lily lost a red ball. Ben found the red",
    "Tim, Lily, Ben, Anna, Tim, Lily, Ben,",
    'Once upon a time, Lily met Tim. "Good morning, Lily," said',
    "the cat the cat the cat the",
)

ctx = page.begin("multi_head", longest=FIGURE.longest, writes=FIGURE.writes)
lm, config = ctx.lm, ctx.lm.config
both = ctx.both
decoding = ctx.stack == "decoder"
kind = ctx.attention
target = ctx.decoder_text
here = (ctx.text, target, kind)

found = FIGURE.of(ctx.asked)
plain, maps, off, likely = found.seen.plain, found.seen.maps, found.seen.off, found.seen.likely
blocks, heads = found.seen.usual.evenness.shape
block, head, row, home = found.seen.block, found.seen.head, found.seen.row, found.seen.home
logit_row = -1 if kind == "encoder" else row
job = ablation.Measure(ctx, here, off, logit_row, likely, blocks * heads)
# Where it takes long to switch each head off, the page measures block by block, and draws what it has.
seen = replace(found.seen, effects=job.so_far, largest=job.largest(row), running=job.running)
drawing = replace(found, seen=seen)

page.claim(drawing.claim)
drawing.mount("heads", {"select": lambda: events.select("heads", KEYS), "measure": ablation.request})

page.judged(RULE)

with page.controls():
    if both:
        stacks.pick_stack()
    if decoding:
        stacks.pick_attention()
    widgets.pick(say("Block"), "block", blocks, most=16 - config.n_heads)
    widgets.pick(say("Head"), "head", config.n_heads, most=16 - blocks)
    widgets.segments(say(figure.OFF), "instead", ("zero", "mean"), lambda name: say(figure.OFF_ADDS[name]))
decoder_text.draw(ctx)

slot = st.container(key="gb-measuring")
together = HeadsTogether.of(ctx, here, off, logit_row, likely, blocks * heads)
# A row that reads hardly any token loses nothing without a head: then the question is about the text's last row.
elsewhere = kind == "self" and row < FEW <= home
asked_row, asked_token = logit_row, likely
if elsewhere:
    asked_row, asked_token = home, int(plain.probabilities(home).argmax())
about = "" if kind == "encoder" or likely < 0 else lm.tokenizer.display(asked_token)
question = ask(
    maps, block, head, home if elsewhere else row, about, lambda given: write_off(given, kind, blocks, heads), elsewhere
)  # fmt: skip


def without_heads(given: Sequence[Head]) -> Knockout:
    """The prediction with these heads off."""
    return knock_out(
        lm, ctx.text, given, row=asked_row, value=off.value, trace=plain, attention=kind, target=target
    )


def another(seed: int) -> dict[str, Any]:
    """Another head to ask about."""
    at, one = draw(seed, [(at, one) for at in range(blocks) for one in range(heads)], (block, head))
    return {"block": at, "head": one, "off": ""}


def judge() -> page.Answer:
    """The question's answer: of a bare encoder, how far the text's vector turns."""
    if likely < 0:
        return bare_encoder.judge(
            lm, ctx.text, switch_off(question.off, off.value), question.start, question.shows
        )
    return question.judge(without_heads)


def notebook() -> list[str]:
    """The shown numbers and the question's answer, computed again."""
    asked = {"TEXT": ctx.text, "KIND": kind} | ({"TARGET": target} if both else {})
    shown = [token["id"] for token in figure.following(lm, maps, seen.without)["tokens"]]
    if likely < 0:
        without_them = f"*switch_off({list(question.off)}, {off.value!r})"
        return [
            *export.cells(ctx.load_source, asked, off, seen, shown, (), together),
            bare_encoder.cell(
                ctx.text, without_them, "from core.analysis.heads.effects import switch_off", judge()
            ),
        ]
    tried = [without_heads(given) for given in (question.off, *([one] for one in question.off))]
    return export.cells(ctx.load_source, asked, off, seen, shown, tried, together)


with page.foot():
    hangs_on = (ctx.model_key, *here, asked_row, question.off, off.value)
    if likely < 0:
        turned = bare_encoder.ask(question.start)
        page.predict(turned.text, turned.options, judge, hangs_on, another)
    else:
        page.predict(question.asked.text, question.asked.options, judge, hangs_on, another)
    page.code(
        head_outputs, pattern_scores, head_chance, Attention.forward, head_maps, name_heads, head_shares, knock_out,
        head_effects, composition, set_effects,
    )  # fmt: skip
    page.take_away(drawing, lambda: export.table(seen, together), notebook)

measure_sets = show(lm, seen, together)
page.terms(
    "head", "L1H0", "row", "attention", "query", "key", "value", "residual stream", "softmax", "ablation",
    "induction head", "repeats", "by chance", "composition", "share of the output", "W_O", "log probability",
    *(["cross-attention"] if both else []),
)  # fmt: skip
page.cheatsheet("multi_head")
page.examples(EXAMPLES)
job.run(slot)
measure_sets()
