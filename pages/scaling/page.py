"""Scaling: a ladder of sizes, the law of the smaller ones and what it foretells, the frontier, and published laws."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.controls.predict import draw
from app.frame import page
from app.session import events, state
from core.runs import ladder_recordings
from core.scaling import bootstrap, fit
from core.scaling.forecast import RULE, forecast
from core.scaling.law import Law
from core.scaling.surface import fit_surface
from pages.scaling import controls, export, figure, own, published, question
from pages.scaling.seen import shown

KEYS = ("stage", "withheld")
EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, there was a girl called Lily.",
)

APART = (
    "Neither it, nor its Rewind, nor your text does anything on this page: the ladder is of models of its own, all "
    "trained on the same stories."
)

ctx = page.begin("scaling", apart=APART)
mine = own.own_runs()
seen = shown([one.rung for one in mine])

page.claim("A few small models foretell a larger one, within a band.")
figure.draw(
    {
        **figure.record(seen, mine),
        "tokens": list(ctx.tokens),
        "selection": events.selection("picture", {key: state.get(key) for key in KEYS}),
    },
    seen,
    mine,
    key="picture",
    on={
        "select": lambda: events.select("picture", KEYS),
        "arrived": lambda: None,  # the run of the page that comes with it reads what is new
    },
)

page.judged(RULE)

with page.controls():
    controls.draw(seen)
asked = question.ask(seen)

with page.foot():
    page.predict(
        asked.asked.text,
        asked.asked.options,
        asked.judge,
        (asked.held, asked.tables),
        lambda seed: question.another(draw(seed, question.ELSEWHERE, (seen.withheld, seen.tables))),
    )
    page.code(Law.__call__, forecast, fit, bootstrap, fit_surface, ladder_recordings.frontier)
    page.take_away(
        "scaling_ladder", partial(export.table, seen, mine), partial(export.cells, seen, mine, asked)
    )

controls.train(mine)
bar = st.empty()
published.show(seen.tables, mine)
page.terms(
    "scaling law", "power law", "N, D and C", "compute", "frontier", "held out", "bootstrap", "seed", "interval",
    "parameters", "emergence",
)  # fmt: skip
page.cheatsheet("scaling")
page.examples(EXAMPLES)
own.measure(own.unmeasured(mine), bar)
