"""Bias: an association test on word vectors, what chance makes of it, and what removing a direction leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any

import streamlit as st

from app import models
from app.frame import page, takeaway
from app.markup import inline
from app.runs import learned_vectors
from app.session import events
from core.messages import mark, say
from core.vectors import association, debiasing, residual_bias
from pages.bias import beside, controls, corpus_lab, export, question
from pages.bias.export import FIGURE, KEYS
from pages.bias.weat import NO_RUN

CODE: dict[str, tuple[Callable[..., Any], ...]] = {
    "cosine": (association.cosines, association.unit),
    "word": (association.association, association.cosines),
    "chance": (association.permutation_test, association.measure),
    "removal": (
        debiasing.gender_direction,
        debiasing.remove,
        residual_bias.leftover,
        residual_bias.told_apart,
    ),
}
WHOLE = (association.association, association.effect_size, association.permutation_test, association.measure)
EXAMPLES = (
    "The nurse helped the engineer, and the teacher thanked the pilot.",
    "The physics professor likes poetry, dance and old novels.",
    "A soldier came home to his family and opened a shop.",
    "The lawyer, the cook and the singer met in an office.",
)
NOT_SAID = {
    mark("Who meant what"): mark(
        "The vectors hold which words stand near which in a body of text (GloVe: Wikipedia of 2014, and news). What "
        "people did, what was written about them and what writers took for granted is all in it, unseparated."
    ),
    mark("Whether it is wrong"): mark(
        "Flowers differ from insects (test 1) by the same arithmetic as science from arts (test 8). Whether an "
        "association does harm is decided by what a system does with it; the test measures and does not judge."
    ),
    mark("How a model will act"): mark(
        "A small d on these lists promises nothing for other words, or for the text that a model writes; a large one "
        "proves no single unfair decision."
    ),
    mark("Anything about a person"): mark(
        "First names stand for groups here only because studies with people used them so. Their spelling matters, "
        "too: GloVe has small letters only, where Bill is also a bill, and Rose a rose."
    ),
    mark("That bias is gone"): mark(
        "A projection takes out what its direction defines, and d falls. What else the words of a side share is left, "
        "and a classifier may find it: step 6, after Gonen & Goldberg 2019."
    ),
}

ctx = page.begin("bias", longest=FIGURE.longest)
run = learned_vectors.checkpoint() or NO_RUN
found = FIGURE.of(ctx.asked)
drawing = replace(found, seen=found.seen.beside(run))
seen = drawing.seen.seen
lab = corpus_lab.CorpusLab(ctx)

page.claim(drawing.claim)
data = drawing.data
left, right = st.columns([54, 46], gap="medium")
with left:
    drawing.mount("picture", {"select": lambda: events.select("picture", KEYS)})
with right:
    beside.draw(data)
    if not seen.step and (shown := data["shown"])["d"] is not None:
        lines = [shown["dealt"], *shown["verdict"][1:], *([shown["names"]] if shown["names"] else [])]
        st.html("".join(f'<p class="gb-told">{escape(line)}</p>' for line in lines))

page.judged(association.RULE, *((residual_bias.RULE,) if seen.step == "removal" else ()))

with page.controls():
    controls.draw(seen, run)

asked = question.ask(seen)
opened = models.resolve(ctx.name).target
load = ctx.load_source

with page.foot():
    about = (asked.kind, asked.table.at, ctx.model_key, asked.lists)
    page.predict(
        asked.asked.text, asked.asked.options, asked.judge, about, lambda seed: question.another(seed, seen)
    )
    page.code(*CODE.get(seen.step, WHOLE))
    page.take_away(
        replace(drawing, seen=drawing.seen.still),
        lambda: takeaway.joined(export.table(seen), corpus_lab.table(lab)),
        lambda: [*export.cells(seen, load, asked), *corpus_lab.cells(lab)],
    )

entries = "".join(
    f"<dt>{inline(say(name))}</dt><dd>{inline(say(text))}</dd>" for name, text in NOT_SAID.items()
)
heading = inline(say("What these numbers do not say"))
st.html(f'<section class="gb-words" aria-label="{heading}"><h2>{heading}</h2><dl>{entries}</dl></section>')
go_on = lab.show()
page.terms(
    "WEAT", "association", "cosine", "effect size", "permutation test", "p-value", "gender direction", "projection",
    "probe", "classifier", "standard deviation", "interval", "GloVe", "word2vec", *corpus_lab.TERMS,
)  # fmt: skip
page.cheatsheet("bias")
page.examples(EXAMPLES)
go_on()
