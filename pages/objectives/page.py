"""Objectives: one sentence as three kinds of training examples, on three shapes of model, and how their losses fall."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app.controls import own_run
from app.frame import page
from app.session import events, state
from core.messages import say
from core.training.examples import STEPS, lesson_losses, lessons
from core.training.objectives import masked, next_token, span_corruption
from pages.objectives import export, own_runs, question
from pages.objectives.export import FIGURE, KEYS

EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily saw a big red ball in the park.",
    "Tim was sad because his boat was gone.",
    "Lily lost a red ball. Ben found the red",
)

ctx = page.begin("objectives", longest=FIGURE.longest)
lm = ctx.lm
found = FIGURE.of(ctx.asked)
seen = found.seen.beside(own_runs.own_three())
drawing = replace(found, seen=replace(seen, offer=own_runs.offer(seen.arms)))
made, drawn = seen.made, seen.drawn


def again() -> None:
    """Another draw of what is hidden."""
    state.set("seed", (state.get("seed") + 1) % 1_000_000)


page.claim(drawing.claim)
drawing.mount(
    "objectives",
    {
        "select": lambda: events.select("objectives", KEYS),
        "again": again,
        "train": own_runs.train,
        "stop": own_runs.stop,
    },
)

with page.controls():
    st.slider(say("Hidden share (BERT, T5: 0.15)"), 0.0, 0.9, step=0.05, width=230, **state.bind("mask_rate"))
    st.slider(say("Mean span length (T5: 3)"), 1, 10, width=230, **state.bind("span_length"))
    st.number_input(say("Seed of the draw"), 0, 999_999, step=1, width=150, **state.bind("seed"))
    st.button(say("Draw again"), key="objectives.again", on_click=state.whole(again))
    own_run.shorter(own_runs.following, STEPS)
    own_run.progress([arm.run for arm in seen.arms])

load = ctx.load_source


def notebook() -> list[str]:
    """The three examples, the losses and the question's answer, computed again."""
    return export.cells(load, made, *drawn, question.judge(lm, made, *drawn))


with page.foot():
    about = (ctx.model_key, seen.ids, drawn)
    asked = question.ask()
    page.predict(
        asked.text,
        asked.options,
        lambda: question.judge(lm, made, *drawn),
        about,
        page.another_text(EXAMPLES),
    )
    page.code(next_token, masked, span_corruption, lessons, lesson_losses)
    page.take_away(replace(drawing, seen=drawing.seen.still), None, notebook)

page.terms(
    "objective", "next-token prediction", "masked language modelling", "span corruption", "sentinel", "[MASK]",
    "causal mask", "cross-attention", "loss", "encoder", "decoder",
)  # fmt: skip
page.cheatsheet("objectives")
page.examples(EXAMPLES)
