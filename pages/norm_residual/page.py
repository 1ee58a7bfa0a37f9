"""Norm and residual: one token's stream as a ledger of all that was written into it, and the norms that read it."""

from __future__ import annotations

import zlib
from functools import partial

import streamlit as st

from app import markup
from app.controls import decoder_text, stacks, widgets
from app.frame import page
from app.session import events, state
from core.analysis.stream.ledger import ledger
from core.analysis.stream.ledger_lines import direct_logits
from core.analysis.stream.normalization import norm_steps
from core.language_model import LanguageModel
from core.messages import mark, say
from core.model.block import Block
from core.model.norm import Normalise
from pages.norm_residual import export, figure, gradients
from pages.norm_residual.export import FIGURE, KEYS
from pages.norm_residual.question import another, ask

LINES = {
    "embedding": mark("Embedding"), "attention": mark("Attention"), "cross": mark("Cross"), "mlp": "MLP",
    "sum": mark("Sum"),
}  # fmt: skip
OTHERS = {
    "position": mark("Position"),
    "type": mark("Type"),
    "norms": mark("Norms"),
}  # only while one is chosen
NORMS = {"own": mark("The model’s"), "layer": "LayerNorm", "rms": "RMSNorm"}
EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily saw a big dog. The dog",
    "Tim gave Lily a golden ball. Then Lily",
    "the the the the the the",
    "Once",
)


def follow_picker(lm: LanguageModel, seen: figure.Seen) -> None:
    """The tokens by name; -1, the last one, stands at its place and moves with the text."""
    last = len(seen.ids) - 1
    names = [f"{at}  {markup.visible(lm.tokenizer.display(i))}" for at, i in enumerate(seen.ids)]
    rows = [-1 if at == last else at for at in range(last + 1)]
    shown = -1 if seen.book.row == last else seen.book.row
    # A list answers with the words it showed: a new text has a new list.
    view = f"{zlib.crc32(repr(names).encode('utf-8', 'replace')):x}"
    st.selectbox(
        say("Follow token"), rows, format_func=lambda at: names[at], filter_mode=None,
        **state.part(f"follow.{view}", shown, lambda at: state.set("follow", at)),
    )  # fmt: skip


ctx = page.begin("norm_residual", longest=FIGURE.longest)
lm = ctx.lm
both, stack, target, blocks = ctx.both, ctx.stack, ctx.decoder_text, ctx.blocks
block = min(state.get("block"), max(0, blocks - 1))
drawing = FIGURE.of(ctx.asked)
seen, place, kind = drawing.seen.seen, drawing.seen.place, drawing.seen.kind

page.claim(drawing.claim)
drawing.mount("picture", {"select": lambda: events.select("picture", KEYS)})

with page.controls():
    names = {name: said for name, said in LINES.items() if name != "cross" or stack == "decoder"}
    if state.get("line") not in names:
        names[state.get("line")] = (LINES | OTHERS)[state.get("line")]
    widgets.segments(say("Line of"), "line", tuple(names), lambda name: say(names[str(name)]))
    if blocks:
        widgets.pick(say("Block"), "block", blocks, most=8)
    widgets.segments(say("Norm"), "norm", tuple(NORMS), lambda name: say(NORMS[str(name)]))
    follow_picker(lm, seen)
if both:
    with ctx.slot:
        stacks.pick_stack()
        decoder_text.draw(ctx)

ways = gradients.both_ways(lm, seen, block, stack)
question = ask(lm, seen)
judge = partial(question.judge, seen, stack, blocks)
load = ctx.load_source
given = {"TEXT": ctx.text, "ROW": seen.book.row, "STACK": stack} | (
    {} if target is None else {"TARGET": target}
)

with page.foot():
    about = (ctx.model_key, ctx.text, target, stack, seen.book.row)
    page.predict(question.asked.text, question.asked.options, judge, about, partial(another, seen))
    page.code(Block.forward, Normalise.forward, norm_steps, ledger, direct_logits)
    page.take_away(
        drawing,
        partial(export.table, lm, seen, place, kind, ways),
        lambda: export.cells(load, given, seen, place, kind, ways, block, blocks, judge()),
    )

measure = gradients.show(lm, seen, block, ways, ctx.notes)
page.terms(
    "embedding", "row", "residual stream", "norm", "LayerNorm", "RMSNorm", "pre-norm", "post-norm", "ledger", "cosine",
    "rms", "logits", "gradient", "activation",
)  # fmt: skip
page.cheatsheet("norm_residual")
page.examples(EXAMPLES)
measure()
