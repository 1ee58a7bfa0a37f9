"""Read the three studies with labels: recorded curves, a learner's runs beside them, what is said of a text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from app import unlike
from app.counts import counted
from app.kit.arms import Arm
from app.session.fields import Value
from core.analysis.seeds import Interval, apart
from core.messages import mark, say
from core.runs import adaptations
from core.runs.adaptations import Place
from core.training import adapting
from core.training.adapting import Study
from core.training.fine_tune_spec import Way

BASE = adapting.spec("full").base  # what every run of the page adapts
NAMES: dict[Way, str] = {
    "scratch": mark("from scratch"), "frozen": mark("frozen body"), "full": mark("full"), "lora": mark("LoRA"),
    "prompt": mark("prompt tuning"),
}  # fmt: skip
PROSE: dict[Way, str] = {
    "scratch": mark("training from scratch"), "frozen": mark("the head alone on a frozen body"),
    "full": mark("full fine-tuning"), "lora": mark("LoRA of rank {rank}"), "prompt": mark("prompt tuning"),
}  # fmt: skip
FIELDS: dict[Study, str] = {"rank": "rank", "examples": "few", "prompt": "front"}
AXES: dict[Study, tuple[str, str]] = {
    "rank": (mark("rank of A and B"), mark("rank")),
    "examples": (mark("labelled examples"), mark("examples")),
    "prompt": (mark("vectors in front"), mark("vectors")),
}
ASKED: dict[Study, Way] = {
    "rank": "lora",
    "examples": "lora",
    "prompt": "prompt",
}  # whose models read the text


def chosen(study: Study, values: Mapping[str, Value]) -> int:
    """Find the recorded place that is nearest to the page's own number; `values`: by field."""
    wanted = int(values[FIELDS[study]])
    return min(adapting.places(study), key=lambda place: abs(place - wanted))


def own_point(study: Study, arm: Arm) -> dict[str, Any]:
    """Turn an own run into a point: where on the axis, and the share that was right when it was measured last."""
    spec: Any = arm.spec
    values = [value for value in arm.points.held_out.tolist() if math.isfinite(value)]
    at = {"rank": spec.rank, "examples": spec.examples, "prompt": spec.vectors}[study]
    return {
        "id": arm.id, "study": study, "way": spec.way, "name": say(NAMES[spec.way]), "at": at, "seed": spec.seed,
        "value": values[-1] if values else None, "going": arm.going,
    }  # fmt: skip


def judge(name: str, text: str) -> dict[str, Any]:
    """Let a recorded run's model judge a text; {"why"} where that holds for nothing."""
    try:
        label, probability = _classified(name, text)
    except ValueError as why:  # too long for the base's context, or nothing to read
        return {"why": str(why)}
    return unlike.judged(label, probability, text, labelled=True)


@lru_cache(maxsize=256)
def _classified(name: str, text: str) -> tuple[str, float]:
    label, probability = adaptations.adapted(name).classify(text)[0]
    return label, probability


def judged(study: Study, text: str) -> list[dict[str, Any]]:
    """Let each place's model of the first seed judge a text."""
    way = ASKED[study]
    return [
        {"at": at, **judge(adapting.name(adapting.at(study, way, at, adapting.SEEDS[0])), text)}
        for at in adapting.places(study)
    ]


def verdict(study: Study, said: list[dict[str, Any]], at: int) -> str:
    """Say what the model of a place makes of the text."""
    one = next(one for one in said if one["at"] == at)
    if "why" in one:
        return say("Your text: {why}.", why=one["why"])
    sure = say(unlike.GUESS) if one.get("guess") else f"{one['probability']:.2f}"
    values = {"at": f"{at:,}", "examples": adapting.SOME, "says": one["says"], "sure": sure}
    if study == "rank":
        return say("Your text, by LoRA of rank {at} after {examples} examples: {says}, {sure}.", **values)
    if study == "examples":
        return say("Your text, by LoRA after {at} examples: {says}, {sure}.", **values)
    return say(
        "Your text, by a prompt of {vectors} after {examples} examples: {says}, {sure}.",
        vectors=counted(at, "vector"), **values,
    )  # fmt: skip


def record(study: Study, said: list[dict[str, Any]], own: list[Arm]) -> dict[str, Any]:
    """Turn a study into what the picture draws; `said`: the verdicts on the text, where they are shown."""
    varied = adapting.WAYS if study == "examples" else adapting.ways(study)[:1]
    lines = () if study == "examples" else adapting.LINES
    axis, short = AXES[study]
    return {
        "key": study, "title": title(study), "axis": say(axis), "short": say(short),
        "places": list(adapting.places(study)),
        "low": 0.3, "chance": 0.5, "asked": ASKED[study], "own": [own_point(study, arm) for arm in own],
        "series": [
            {"key": way, "name": say(NAMES[way]), "points": [point(place) for place in adaptations.curve(study, way)]}
            for way in varied
        ],
        "lines": [{"key": way, "name": say(NAMES[way]), **_spread(line(study, way))} for way in lines],
        "judged": said,
    }  # fmt: skip


def line(study: Study, way: Way) -> Interval:
    """Return the interval of a way that does not vary along the axis."""
    return adaptations.curve(study, way)[0].interval


def title(study: Study) -> str:
    """Say what the chart shows."""
    values = {"seeds": len(adapting.SEEDS), "steps": adapting.STEPS}
    if study != "examples":
        return say(
            "Held-out news judged right, %: {seeds} seeds, 95 % interval; {examples} examples, {steps} steps",
            examples=adapting.SOME, **values,
        )  # fmt: skip
    return say(
        "Held-out news judged right, %: {seeds} seeds, 95 % interval; LoRA of rank {rank}, {steps} steps",
        rank=adapting.RANK, **values,
    )  # fmt: skip


def point(place: Place) -> dict[str, Any]:
    return {
        "at": place.at, "shares": list(place.shares), **_spread(place.interval), "trained": place.trained,
        "head": place.head, "bytes": place.bytes, "seconds": place.seconds,
    }  # fmt: skip


def _spread(one: Interval) -> dict[str, float]:
    return {"mean": one.mean, "low": one.low, "high": one.high}


def told(one: Interval, *, rounds: bool = False) -> str:
    """Write a share with the number behind it and its 95 % interval: 88.1 % (n = 3, 81 to 95).

    Args:
        rounds: whether rounds were counted; else it is what the sentence says.
    """
    low, high = (f"{100 * value:.0f}" for value in (one.low, one.high))
    values = {"mean": f"{100 * one.mean:.1f}", "count": one.of, "low": low, "high": high}
    if rounds:
        return say("{mean} % (n = {count} rounds, {low} to {high})", **values)
    return say("{mean} % (n = {count}, {low} to {high})", **values)


def findings(study: Study) -> list[str]:
    """Say what the recorded runs of a study found, in sentences made from their numbers."""
    return {"rank": _of_ranks, "examples": _of_examples, "prompt": _of_prompts}[study]()


def _of_ranks() -> list[str]:
    lora = adaptations.curve("rank", "lora")
    full = adaptations.curve("rank", "full")[0]
    first, last = lora[0], lora[-1]
    better = apart(last.shares, first.shares)
    said = {
        1: mark(
            "Rank {rank} is right on {right}, more than rank {other} with {beside}; it learns {numbers} numbers in "
            "A and B instead of {fewer}."
        ),
        -1: mark(
            "Rank {rank} is right on {right}, less than rank {other} with {beside}; it learns {numbers} numbers in "
            "A and B instead of {fewer}."
        ),
        0: mark(
            "Rank {rank} is right on {right}, no different, within the interval, from rank {other} with {beside}; it "
            "learns {numbers} numbers in A and B instead of {fewer}."
        ),
    }[better]
    return [
        say(
            said, rank=last.at, right=told(last.interval), other=first.at, beside=told(first.interval),
            numbers=f"{last.trained - last.head:,}", fewer=f"{first.trained - first.head:,}",
        ),
        say(
            "Full fine-tuning learns {numbers} and is right on {right}; the head alone, on a frozen body, on "
            "{frozen}.",
            numbers=f"{full.trained:,}", right=told(full.interval), frozen=told(line("rank", "frozen")),
        ),
    ]  # fmt: skip


def _of_examples() -> list[str]:
    curves = {way: adaptations.curve("examples", way) for way in adapting.WAYS}
    rule = say(
        "Told apart, with n = {count} seeds each, is what differs by an amount whose 95 % interval, seed by seed, "
        "leaves out 0.",
        count=len(adapting.SEEDS),
    )
    found = [_told(curves, "full", "scratch"), _told(curves, "lora", "full"), _told(curves, "full", "frozen")]
    return [*found, rule]


def _told(curves: dict[Way, tuple[Place, ...]], one: Way, other: Way) -> str:
    """Say where a way is ahead of another, and where the seeds do not tell."""
    found: dict[int, list[str]] = {1: [], -1: [], 0: []}
    for a, b in zip(curves[one], curves[other], strict=True):
        found[apart(a.shares, b.shares)].append(f"{a.at:,}")
    name, beside = (say(PROSE[way], rank=adapting.RANK) for way in (one, other))
    values = {
        "way": f"{name[:1].upper()}{name[1:]}", "other": beside,
        "ahead": _listed(found[1]), "behind": _listed(found[-1]), "untold": _listed(found[0]),
    }  # fmt: skip
    if not found[1] and not found[-1]:
        return say("{way}: with {untold} examples the seeds do not tell it from {other}.", **values)
    if not found[-1]:
        said = say("{way} is ahead of {other} with {ahead} examples", **values)
    elif not found[1]:
        said = say("{way} is behind {other} with {behind} examples", **values)
    else:
        said = say(
            "{way} is ahead of {other} with {ahead} examples and behind {other} with {behind} examples",
            **values,
        )
    if not found[0]:
        return f"{said}."
    return say("{said}; with {untold} the seeds do not tell.", said=said, untold=values["untold"])


def _listed(items: list[str]) -> str:
    if len(items) < 2:
        return "".join(items)
    return say("{items} and {last}", items=", ".join(items[:-1]), last=items[-1])


def _of_prompts() -> list[str]:
    prompts = adaptations.curve("prompt", "prompt")
    best = max(prompts, key=lambda place: place.interval.mean)
    ahead = apart(best.shares, adaptations.curve("prompt", "frozen")[0].shares)
    said = {
        1: mark(
            "{vectors}, {numbers} numbers, are right on {right}: more than the same frozen body without them, "
            "{frozen}; full: {full}."
        ),
        -1: mark(
            "{vectors}, {numbers} numbers, are right on {right}: less than the same frozen body without them, "
            "{frozen}; full: {full}."
        ),
        0: mark(
            "{vectors}, {numbers} numbers, are right on {right}: no different, within the interval, from the same "
            "frozen body without them, {frozen}; full: {full}."
        ),
    }[ahead]
    return [
        say(
            said, vectors=counted(best.at, "vector"), numbers=f"{best.trained - best.head:,}",
            right=told(best.interval), frozen=told(line("prompt", "frozen")), full=told(line("prompt", "full")),
        ),
        say(
            "Lester et al. (2021, figure 1) found prompts to reach full fine-tuning only in models of billions of "
            "weights."
        ),
    ]  # fmt: skip


def live(own: list[Arm]) -> list[dict[str, object]]:
    """Return the runs that are going, as curves.js follows them; nothing where none is."""
    going = [arm for arm in own if arm.going]
    return [arm.curve() for arm in going]
