"""Interpretability: when an answer is known, who says it, and where it comes from: lens, attribution, patching."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from app.controls import decoder_text
from app.frame import page
from app.kit.figures import Drawing
from app.session import events, state
from core.analysis.patching.corrupting import corrupt
from core.analysis.patching.patches import RULE, Patching
from core.analysis.patching.text_pairs import text_pair
from core.analysis.stream.direct_attribution import attribute
from core.analysis.stream.logit_lens import logit_lens
from pages.interpretability import classic, controls, explainers, export, figure, path, question
from pages.interpretability.export import FIGURE, KEYS

EXAMPLES = (
    "A red ball was lost. She found the red",
    "Lily lost a red ball. Ben found the red",
    "Once upon a time, Lily saw a big dog. The dog",
)

ctx = page.begin("interpretability", longest=FIGURE.longest)
lm, target = ctx.lm, ctx.decoder_text
plain = export.look(ctx.asked)
asked, looked, kind, there = plain.question, plain.looked, plain.kind, plain.opened
layers, places = plain.layers, plain.places
measure = controls.Measure(
    ctx, asked, kind, places, layers, by_place=state.get("extent") == "here", block=plain.selection["block"]
)
found = measure.known() if figure.PATCHES in there or measure.quick else measure.asked_for()
drawing = Drawing(FIGURE, ctx.asked, replace(plain, maps=found, seconds=measure.seconds))

page.claim(drawing.claim)
drawing.mount("picture", {"select": lambda: events.select("picture", KEYS)})

page.judged(RULE)

with page.controls():
    controls.draw(ctx, asked)
slots = measure.buttons(found) if figure.PATCHES in there else (None, None)
if ctx.both:
    with ctx.slot:
        controls.stack_pickers(ctx.stack == "decoder")
        decoder_text.draw(ctx)

paths = path.PathsToHead(
    ctx, asked, kind, layers, places, found.why, figure.best_head(found, layers), found.slight
)
explained = explainers.Explanations.of(ctx, target, asked.row, asked.token)
predict = question.ask(
    lm, asked, found, layers, "X" if kind == "cross" else "H", together=figure.PATCHES in there
)
judge = partial(predict.judge, lm, asked, looked, kind)
load = ctx.load_source

with page.foot():
    about = (ctx.model_key, asked, kind, predict.heads)
    page.predict(predict.said.text, predict.said.options, judge, about, lambda _: controls.next_pair(ctx))
    page.code(
        logit_lens, attribute, corrupt, text_pair, Patching.of, Patching.by_place, Patching.by_head,
        *(explainers.CODE if figure.TOKENS in there else ()),
    )  # fmt: skip
    page.take_away(
        replace(drawing, seen=drawing.seen.still),
        None,
        lambda: [
            *export.cells(load, asked, looked, found, kind, predict, judge()),
            *classic.cells(ctx),
            *(paths.cells() if figure.PATCHES in there else ()),
            *(explained.cells() if figure.TOKENS in there else ()),
        ],
    )

longer = [classic.show(ctx)]
if figure.PATCHES in there:
    longer.append(paths.show())
longer.append(controls.more(explained.show))
page.terms(
    "logit lens", "logits", "direct attribution", "activation patching", "path patching", "corrupted text",
    "residual stream", "gradient", "head", "L1H0", "neuron", "norm", "ablation",
    *(["cross-attention"] if ctx.both else []), *explainers.TERMS,
)  # fmt: skip
page.cheatsheet("interpretability")
page.examples(EXAMPLES)
if figure.PATCHES in there:
    measure.go_on(found, slots)
for go_on in longer:
    go_on()
