"""Interpretability: when an answer is known, who says it, and where it comes from: lens, attribution, patching."""

from __future__ import annotations

from functools import partial

from app.controls import decoder_text
from app.frame import page
from app.models import cache
from app.session import events, state
from core.analysis.patching.corrupting import corrupt
from core.analysis.patching.patches import RULE, Patching
from core.analysis.patching.text_pairs import text_pair
from core.analysis.stream.direct_attribution import attribute
from core.analysis.stream.logit_lens import logit_lens
from pages.interpretability import classic, controls, explainers, export, figure, path, question

KEYS = ("stage", "sight", "row", "tier", "block", "head", "shade", "extent", "unfold")
EXAMPLES = (
    "A red ball was lost. She found the red",
    "Lily lost a red ball. Ben found the red",
    "Once upon a time, Lily saw a big dog. The dog",
)

ctx = page.begin("interpretability", longest=controls.LONGEST)
lm, config = ctx.lm, ctx.lm.config
both = ctx.both
decoding = ctx.stack == "decoder"
kind = ctx.attention
target = ctx.decoder_text
masks = [place for place, token in enumerate(ctx.ids) if token == config.mask_id]
row = state.get("follow") if state.get("follow") >= 0 else masks[0] if masks else -1
twin: controls.Other = cache.call(
    controls.other_text,
    ctx.model_key,
    ctx.text,
    target,
    state.get("corrupted"),
    row,
    state.get("dealt"),
    controls.LONGEST,
)
asked: controls.Asked = cache.call(
    controls.ask, ctx.model_key, ctx.text, target, twin, row, state.get("asked"), state.get("versus")
)
looked: figure.Looked = cache.call(figure.look, ctx.model_key, asked)
layers = config.n_layers if kind == "encoder" else config.decoder_layers
places = len(figure.rows_of(asked, looked, kind, both)[0])
block = min(state.get("block"), max(0, layers - 1))
measure = figure.Measure(
    ctx, asked, kind, places, layers, by_place=state.get("extent") == "here", block=block
)
there = controls.opened()
found = measure.known() if controls.PATCHES in there or measure.quick else measure.asked_for()

page.claim(figure.CLAIM)
picked = {key: state.get(key) for key in KEYS} | {"block": block}
figure.draw(
    figure.record(
        lm, asked, looked, found, kind, stamp="\x1f".join([ctx.model_key, repr(asked), kind]),
        seconds=measure.seconds, opened=there, selection=events.selection("picture", picked),
    ),
    key="picture",
    on={
        "select": lambda: events.select("picture", KEYS),
    },
)  # fmt: skip

page.judged(RULE)

with page.controls():
    controls.draw(ctx, asked)
slots = measure.buttons(found) if controls.PATCHES in there else (None, None)
if both:
    with ctx.slot:
        controls.stacks(decoding)
        decoder_text.draw(ctx)

paths = path.PathsToHead(
    ctx, asked, kind, layers, places, found.why, figure.best_head(found, layers), found.slight
)
explained = explainers.Explanations.of(ctx, target, asked.row, asked.token)
predict = question.ask(
    lm, asked, found, layers, "X" if kind == "cross" else "H", together=controls.PATCHES in there
)
judge = partial(predict.judge, lm, asked, looked, kind)
load = ctx.load_source

with page.foot():
    about = (ctx.model_key, asked, kind, predict.heads)
    page.predict(predict.said.text, predict.said.options, judge, about, lambda _: controls.next_pair(ctx))
    page.code(
        logit_lens, attribute, corrupt, text_pair, Patching.of, Patching.by_place, Patching.by_head,
        *(explainers.CODE if controls.TOKENS in there else ()),
    )  # fmt: skip
    page.take_away(
        "interpretability",
        partial(export.table, lm, asked, looked, found, kind),
        lambda: [
            *export.cells(load, asked, looked, found, kind, predict, judge()),
            *classic.cells(ctx),
            *(paths.cells() if controls.PATCHES in there else ()),
            *(explained.cells() if controls.TOKENS in there else ()),
        ],
    )

longer = [classic.show(ctx)]
if controls.PATCHES in there:
    longer.append(paths.show())
longer.append(controls.more(explained.show))
page.terms(
    "logit lens", "logits", "direct attribution", "activation patching", "path patching", "corrupted text",
    "residual stream", "gradient", "head", "L1H0", "neuron", "norm", "ablation", *(["cross-attention"] if both else []),
    *explainers.TERMS,
)  # fmt: skip
page.cheatsheet("interpretability")
page.examples(EXAMPLES)
if controls.PATCHES in there:
    measure.go_on(found, slots)
for go_on in longer:
    go_on()
