"""Scaling: a ladder of sizes, the law of the smaller ones and what it foretells, the frontier, and published laws."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from html import escape

import streamlit as st

from app.controls.predict import draw
from app.frame import page
from app.session import events
from core.messages import mark, say
from core.runs import ladder_recordings
from core.scaling import bootstrap, fit
from core.scaling.forecast import RULE, forecast
from core.scaling.law import Law
from core.scaling.surface import fit_surface
from pages.scaling import beside, class_runs, controls, export, own, published, question
from pages.scaling.export import FIGURE, KEYS

EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, there was a girl called Lily.",
)

APART = mark(
    "Neither it, nor its Rewind, nor your text does anything on this page: the ladder is "
    "of models of its own, all trained on the same stories."
)

ctx = page.begin("scaling", apart=say(APART))
mine = own.own_runs()
found = FIGURE.of(ctx.asked)
drawing = replace(found, seen=found.seen.beside(mine))
shown = drawing.seen
seen = shown.seen

page.claim(drawing.claim)
with st.container(key="gb-steps-above-scaling"):
    left, right = st.columns([56, 44], gap="medium")
with right:
    drawing.mount(
        "picture",
        {
            "select": lambda: events.select("picture", KEYS),
            "arrived": lambda: None,  # the run of the page that comes with it reads what is new
        },
        tokens=list(ctx.tokens),
    )
    if "frontier" in shown.layers:
        beside.draw_frontier(drawing.data["frontier"], loud=shown.step == "frontier")
with left:
    beside.draw_ladder(seen, mine, shown.layers, " ".join(shown.told))
st.html("".join(f'<p class="gb-told">{escape(line)}</p>' for line in shown.told))

page.judged(RULE)

with page.controls():
    controls.draw(seen)
asked = question.ask(seen)

kept = [
    one for one in mine if not one.of_class
]  # the class's runs go with the room: no notebook finds them later

with page.foot():
    page.predict(
        asked.asked.text,
        asked.asked.options,
        asked.judge,
        (asked.held, asked.tables),
        lambda seed: question.another(draw(seed, question.ELSEWHERE, (seen.withheld, seen.tables))),
    )
    page.code(Law.__call__, forecast, fit, bootstrap, fit_surface, ladder_recordings.frontier)
    page.take_away(replace(drawing, seen=shown.still), None, partial(export.cells, seen, kept, asked))

controls.train(mine)
class_runs.draw(mine)
bar = st.empty()
published.show(seen.tables, mine)
page.terms(
    "scaling law", "power law", "N, D and C", "compute", "frontier", "held out", "bootstrap", "seed", "interval",
    "parameters", "emergence",
)  # fmt: skip
page.cheatsheet("scaling")
page.examples(EXAMPLES)
own.measure(own.unmeasured(mine), bar)
