"""Adaptability: LoRA's rank, few examples against many, vectors in front, and examples in the prompt, each measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from app import markup
from app.controls import unlike_text
from app.frame import page
from app.session import events
from core.analysis import seeds
from core.analysis.seeds import interval
from core.analysis.tasks import in_context
from core.messages import mark, say
from core.training import adapting, prompt_tuning, tuned
from pages.adaptability import answer, beside, controls, export, own, question, studies
from pages.adaptability.export import FIGURE, KEYS
from pages.adaptability.figure import TITLES

LONGEST = 100  # tokens of the text
CODE: dict[str, tuple[Callable[..., Any], ...]] = {
    "rank": (adapting.spec, tuned.count),
    "examples": (adapting.spec, seeds.apart),
    "prompt": (adapting.spec, prompt_tuning.nearest),
    "context": (in_context.rounds, in_context.weigh),
}
APART = mark("It does nothing on this page, nor would its Rewind: what reads your text is {model}, adapted.")
EXAMPLES = (
    "Nora lost her red kite in the storm. She looked for it all day.",
    "Ben gave the golden key back to Maya. She hid it in a box.",
    "Tim broke the blue cup. Nobody helped him.",
    "Sara won the race. Her friends made a cake for her.",
)

ctx = page.begin("adaptability", longest=LONGEST, apart=say(APART, model=studies.BASE))
found = FIGURE.of(ctx.asked)
drawing = replace(found, seen=found.seen.beside(own.own_runs()))
seen = drawing.seen
arms, what, step = seen.arms, seen.what, seen.step

page.claim(drawing.claim, answer.base_line())
with st.container(key="gb-steps-above-adaptability"):
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
with left:
    beside.draw(drawing.data, TITLES, seen.chosen, step)

if step == "context":
    answers = say("Nothing is adapted in the prompt: {model} answers.", model=drawing.data["game"]["model"])
    st.caption(markup.escape(answers))
unlike_text.note_of_news(ctx.text)
with page.controls():
    controls.draw(step or "examples", arms[step] if step in arms else arms["examples"], what)

asked = question.ask(step, what, seen.chosen["prompt"])
shares = seen.weighed[0]

with page.foot():
    page.predict(asked.said.text, asked.said.options, asked.judge, asked.about, asked.another)
    page.code(*CODE.get(step, CODE["examples"]), interval)
    page.take_away(
        replace(drawing, seen=seen.still),
        None,
        partial(export.cells, ctx.text, what, shares, asked),
    )

page.terms(
    "fine-tuning", "pretraining", "frozen body", "step", "guessing", "LoRA", "rank", "prompt tuning",
    "in-context learning", "seed", "interval", "cosine", "parameters",
)  # fmt: skip
page.cheatsheet("adaptability")
page.examples(EXAMPLES)
