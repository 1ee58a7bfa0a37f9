"""Compare the trained pair, recorded or the learner's own (own_pair.py), at a checkpoint, and diagnose it."""

from __future__ import annotations

import math
from typing import Any

from app.counts import counted
from app.kit.arms import Arm, recorded_arms
from core.analysis.health.diagnosis import Diagnosis, diagnose
from core.analysis.health.evidence import Evidence, Health, of_run
from core.analysis.health.remedies import remedy
from core.messages import say
from core.runs.endings import retold
from pages.break_it.figure import CHARTS, NOTHING, WITHOUT_WORDS, by_block, charts


def recorded_names(part: str) -> dict[str, str]:
    """The recorded pair of a part."""
    return {"whole": "break-whole", "without": "break-twin" if part == NOTHING else f"break-{part}"}


def recorded_pair(part: str) -> list[Arm]:
    """The pair that was trained with and without the part."""
    return recorded_arms(recorded_names(part))


def judged(arms: list[Arm], upto: int | None = None) -> Diagnosis:
    """What the measurements of both say, as far as they have come, or as they were at a step."""
    whole, other = (evidence(arm, upto) for arm in arms)
    return diagnose(whole, other)


def evidence(arm: Arm, upto: int | None = None) -> Evidence:
    """One run, for the diagnosis, as it is or as it was at a step."""
    ended = retold(arm.ended) if upto is None else ""
    return of_run(arm.points, arm.checkpoints, guessing=arm.guessing, ended=ended, upto=upto)


def judged_at(arms: list[Arm], at: int | None) -> int | None:
    """The step up to which the diagnosis counts; None, all of it, where the newest checkpoint is shown."""
    return None if at == max(moments(arms), default=None) else at


def moments(arms: list[Arm]) -> list[int]:
    """The steps at which both were measured."""
    both = [{one.step for one in arm.checkpoints if one.health} for arm in arms]
    return sorted(both[0] & both[1])


def mended(arms: list[Arm], part: str, said: Diagnosis, upto: int | None = None) -> str:
    """What the diagnosis asks for, and whether that is what was taken out; then what its twin came to."""
    asked = remedy(said)
    if asked is None:
        if part == NOTHING:
            return say("No finding asks for a remedy.")
        return say("So far no finding asks for a remedy.")
    sentence = say(asked.sentence)
    if asked.part != part:
        if part == NOTHING:
            return f"{sentence} {say('But taken out here: nothing.')}"
        return f"{sentence} {say('But taken out here: {part}.', part=say(WITHOUT_WORDS[part]))}"
    whole = evidence(arms[0], upto).held_out
    right = f"{sentence} {say('That is what was taken out.')}"
    if whole is None:
        return right
    return f"{right} {say('The twin that kept it has a held-out loss of {loss}.', loss=f'{whole:.2f}')}"


def record_pair(arms: list[Arm], part: str, at: int | None) -> dict[str, Any]:
    """Turn the lower half of the picture into JSON.

    Args:
        part: what the second was trained without.
        at: the step of the checkpoint that is shown; None: none has been measured.
    """
    upto = judged_at(arms, at)
    spec, said = arms[1].spec, judged(arms, upto)
    seen = [next((one for one in arm.checkpoints if one.step == at), None) for arm in arms]
    health = [one.health if one else {} for one in seen]
    measured = all(health)
    layers = dict(spec.changes)
    size = f"{counted(layers['n_layers'], 'block')} × {layers['d_model']}"
    seeds = sorted({arm.spec.seed for arm in arms})
    seed = (
        say("seed {seed}", seed=seeds[0])
        if len(seeds) == 1
        else say("seeds {one} and {other}", one=seeds[0], other=seeds[1])
    )
    return {
        "about": say("held-out loss · {settings}", settings=f"{size}, {counted(spec.steps, 'step')}, {seed}"),
        "own": arms[0].run is not None,
        "runs": [arm.curve() | {"name": say(arm.name)} for arm in arms],
        "guessing": {
            "value": arms[0].guessing,
            "text": say("guessing: {sum}", sum=f"ln {spec.vocab_size} = {arms[0].guessing:.2f}"),
        },
        "at": at,
        "newest": at == max(moments(arms), default=None),
        "names": list(health[0]["names"]) if measured else [],
        "charts": most_apart(*health) if measured else [],
        "samples": [one.sample if one else "" for one in seen],
        "findings": [finding.sentence for finding in said.findings],
        "remedy": mended(arms, part, said, upto) if measured else "",
        "cost": said.cost if measured else say("The first measurements come with the first checkpoint."),
    }  # fmt: skip


def most_apart(whole: Health, other: Health) -> list[dict[str, Any]]:
    """The two of the charts in which the two models differ most, in the charts' own order."""
    gaps = {key: apart(by_block(whole, key), by_block(other, key)) for key in CHARTS}
    first = sorted(gaps, key=lambda key: -gaps[key])[:2]
    return [chart for chart in charts(whole, other) if chart["key"] in first]


def apart(whole: list[float | None], other: list[float | None]) -> float:
    """How far two lists of sizes are apart: the largest logarithm of their ratios; infinite where one is lost."""
    far = 0.0
    for one, two in zip(whole, other, strict=True):
        if one is None or two is None:
            return math.inf
        far = max(far, abs(math.log(max(one, 1e-30)) - math.log(max(two, 1e-30))))
    return far
