"""The Adaptability picture: how few examples and numbers are enough, and four studies behind that, one at a time.

The functions here ask `core` and turn its answers into the component's JSON; they compute nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.kit import register
from app.kit.arms import Arm
from core.analysis.tasks.in_context import Game
from core.messages import mark, say
from core.training.adapting import STUDIES, Study
from pages.adaptability import answer, games, studies, vectors

adaptability = register("adaptability", __file__)

STEPS = (*STUDIES, "context")
TITLES = {
    "rank": mark("Rank against quality"), "examples": mark("Few examples against many"),
    "prompt": mark("Vectors in front"), "context": mark("In the prompt against by steps"),
}  # fmt: skip


def step_of(stage: int) -> str:
    """Return the step that is looked at: a study, "context", or "" for the page's question."""
    return STEPS[stage] if 0 <= stage < len(STEPS) else ""


def record(
    arms: dict[Study, list[Arm]], text: str, what: games.Shown, weighed: tuple[list[float], str],
    chosen: Mapping[str, int], steps: tuple[str, ...],
) -> dict[str, Any]:  # fmt: skip
    """Turn the question and the studies into what figure.js draws, but for the selection.

    Args:
        weighed: the shares of the answers to the prompt, and why there are none. chosen: the place of each study.
        steps: whose parts are needed: all in a file, the one that is looked at on a page, which is asked again at each.
    """
    near = vectors.near(vectors.name_of(chosen["prompt"])) if "prompt" in steps else None
    found = {study: studies.findings(study) for study in STUDIES}
    verdicts = {
        study: studies.judged(study, text)
        for study in STUDIES
        if study in steps or ("" in steps and study == "examples")
    }
    at = chosen["examples"]
    if steps == ("",):
        found = {study: found[study][:1] for study in STUDIES}
    for study in verdicts:
        if study in steps:  # the whole picture says it in its answer
            found[study] = [*found[study], studies.verdict(study, verdicts[study], chosen[study])]
    if near:
        found["prompt"] = [*found["prompt"], vectors.told(near)]
    context = games.findings(what.game)
    if steps == ("",):  # one that can be done from the prompt, and one that cannot
        other: Game = "pairs" if what.game == "kinds" else "kinds"
        found_there = say(
            "Another game, {game}: {finding}", game=say(games.TITLES[other]), finding=games.findings(other)[0]
        )
        context = [context[0], found_there]
    said = [*answer.findings(at), answer.verdict(verdicts["examples"], text, at)] if "" in steps else []
    return {
        "text": text,
        "studies": {study: studies.record(study, verdicts.get(study, []), arms[study]) for study in STUDIES},
        "game": games.record(what, *weighed),
        "findings": {**found, "context": context},
        "answer": {"question": say(answer.QUESTION), "at": at, "rows": answer.rows(at), "said": said}
        if said
        else None,
        "main": answer.record(arms["examples"]) if said else None,
        "near": near,
        "judged": verdicts,
        "live": studies.live([arm for study in STUDIES for arm in arms[study]]),
    }
