"""The Adaptability picture: how few examples and numbers are enough, and four studies behind that, one at a time.

The functions here ask `core` and turn its answers into the component's JSON; they compute nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from app.kit import register
from app.runs.trained import Arm
from app.session import state
from core.analysis.tasks.in_context import Game
from core.training.adapting import STUDIES, Study
from pages.adaptability import answer, charts, games, studies, vectors

adaptability = register("adaptability", __file__)

STEPS = (*STUDIES, "context")
TITLES = {
    "rank": "Rank against quality", "examples": "Few examples against many", "prompt": "Vectors in front",
    "context": "In the prompt against by steps",
}  # fmt: skip


def step() -> str:
    """Return the step that is looked at: a study, "context", or "" for the page's question."""
    at = int(state.get("stage"))
    return STEPS[at] if 0 <= at < len(STEPS) else ""


def record(arms: dict[Study, list[Arm]], text: str, what: games.Shown) -> dict[str, Any]:
    """Turn the question, or the study that is looked at, into what figure.js draws, but for the selection."""
    now = step()
    near = vectors.near(vectors.name_of(studies.chosen("prompt"))) if now == "prompt" else None
    found = {study: studies.findings(study) for study in STUDIES}
    verdicts = {
        study: studies.judged(study, text)
        for study in STUDIES
        if now == study or (not now and study == "examples")
    }
    at = studies.chosen("examples")
    if not now:
        found = {study: found[study][:1] for study in STUDIES}
    for study in verdicts:
        if now:  # the whole picture says it in its answer
            found[study] = [*found[study], studies.verdict(study, verdicts[study])]
    if near:
        found["prompt"] = [*found["prompt"], vectors.told(near)]
    context = games.findings(what.game)
    if not now:  # one that can be done from the prompt, and one that cannot
        other: Game = "pairs" if what.game == "kinds" else "kinds"
        context = [context[0], f"Another game, {games.TITLES[other]}: {games.findings(other)[0]}"]
    return {
        "studies": {study: studies.record(study, verdicts.get(study, []), arms[study]) for study in STUDIES},
        "game": games.record(what),
        "findings": {**found, "context": context},
        "answer": None
        if now
        else {
            "question": answer.QUESTION,
            "at": at,
            "rows": answer.rows(at),
            "said": [*answer.findings(at), answer.verdict(verdicts["examples"], text)],
        },
        "main": None if now else answer.record(arms["examples"]),
        "near": near,
        "judged": verdicts,
        "live": studies.live([arm for study in STUDIES for arm in arms[study]]),
    }


def draw(data: dict[str, Any], key: str, on: Mapping[str, Callable[[], None]]) -> None:
    """Mount the charts, and the picture that says what they show; `on` maps its events to callbacks."""
    with st.container(key="gb-steps-above-adaptability"):
        left, right = st.columns([56, 44], gap="medium")
    with right:
        adaptability(data=data, key=key, on=on)
    chosen = {study: studies.chosen(study) for study in STUDIES} | {"context": games.count()}
    with left:
        charts.draw(data, TITLES, chosen, step())
