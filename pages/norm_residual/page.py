"""Norm and residual: one token's stream as a ledger of all that was written into it, and the norms that read it."""

from __future__ import annotations

from functools import partial

from app import markup
from app.controls import decoder_text, widgets
from app.frame import page
from app.models import cache
from app.session import events, state
from core.analysis.stream.ledger import ledger
from core.analysis.stream.ledger_lines import direct_logits
from core.analysis.stream.normalization import norm_steps
from core.model.block import Block
from core.model.norm import Normalise
from pages.norm_residual import export, figure, gradients
from pages.norm_residual.question import another, ask

LONGEST = 64  # tokens of the text
KEYS = ("line", "block", "number", "follow", "written")
LINES = {
    "embedding": "Embedding", "attention": "Attention", "cross": "Cross", "mlp": "MLP", "sum": "Sum",
}  # fmt: skip
NORMS = {"own": "The model’s", "layer": "LayerNorm", "rms": "RMSNorm"}
EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily saw a big dog. The dog",
    "Tim gave Lily a golden ball. Then Lily",
    "the the the the the the",
    "Once",
)

ctx = page.begin("norm_residual", longest=LONGEST)
lm, config = ctx.lm, ctx.lm.config
both = ctx.both
stack = ctx.stack
target = ctx.decoder_text
blocks = ctx.blocks
block = min(state.get("block"), max(0, blocks - 1))
masks = [place for place, token in enumerate(ctx.ids) if token == config.mask_id]
row = state.get("follow") if state.get("follow") >= 0 else masks[0] if masks else -1
try:
    seen = cache.share(figure.see, ctx.model_key, ctx.text, target, stack, row)
except ValueError:  # a position of another text, or of the other stack
    seen = cache.share(figure.see, ctx.model_key, ctx.text, target, stack, -1)
chosen = figure.chosen_line(seen, state.get("line"), block)
place = seen.places[chosen]
kind = figure.kind_shown(place, state.get("norm"))

page.claim(figure.claim(config))
stamp = "\x1f".join([ctx.model_key, ctx.text, str(target), str(stack), str(seen.book.row)])
selection = events.selection("picture", {key: state.get(key) for key in KEYS} | {"block": block})
figure.draw(
    figure.record(lm, seen, state.get("norm"), stamp, selection),
    key="picture",
    on={
        "select": lambda: events.select("picture", KEYS),
    },
)

with page.controls():
    names = {name: said for name, said in LINES.items() if name != "cross" or stack == "decoder"}
    if state.get("line") not in names:
        names[state.get("line")] = markup.capital(state.get("line"))
    widgets.segments("Line of", "line", tuple(names), lambda name: names[str(name)])
    if blocks:
        widgets.pick("Block", "block", blocks, most=8)
    widgets.segments("Norm", "norm", tuple(NORMS), lambda name: NORMS[str(name)])
    figure.follow_picker(lm, seen)
if both:
    with ctx.slot:
        widgets.segments("Stack", "stack", ("encoder", "decoder"), markup.capital)
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
        "norm_residual",
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
