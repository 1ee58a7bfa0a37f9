"""Read the three studies with labels: recorded curves, a learner's runs beside them, what is said of a text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from app import unlike
from app.kit.arms import Arm
from app.session.fields import Value
from core.analysis.seeds import Interval, apart
from core.runs import adaptations
from core.runs.adaptations import Place
from core.training import adapting
from core.training.adapting import Study
from core.training.fine_tune_spec import Way

BASE = adapting.spec("full").base  # what every run of the page adapts
NAMES: dict[Way, str] = {
    "scratch": "from scratch", "frozen": "frozen body", "full": "full", "lora": "LoRA", "prompt": "prompt tuning",
}  # fmt: skip
PROSE: dict[Way, str] = {
    "scratch": "training from scratch", "frozen": "the head alone on a frozen body", "full": "full fine-tuning",
    "lora": f"LoRA of rank {adapting.RANK}", "prompt": "prompt tuning",
}  # fmt: skip
FIELDS: dict[Study, str] = {"rank": "rank", "examples": "few", "prompt": "front"}
AXES: dict[Study, tuple[str, str]] = {
    "rank": ("rank of A and B", "rank"),
    "examples": ("labelled examples", "examples"),
    "prompt": ("vectors in front", "vectors"),
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
        "id": arm.id, "study": study, "way": spec.way, "name": NAMES[spec.way], "at": at, "seed": spec.seed,
        "value": values[-1] if values else None, "going": arm.going,
    }  # fmt: skip


@lru_cache(maxsize=256)
def judge(name: str, text: str) -> dict[str, Any]:
    """Let a recorded run's model judge a text; {"why"} where that holds for nothing."""
    try:
        label, probability = adaptations.adapted(name).classify(text)[0]
    except ValueError as why:  # too long for the base's context, or nothing to read
        return {"why": str(why)}
    return unlike.judged(label, probability, text, labelled=True)


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
        return f"Your text: {one['why']}."
    who = {
        "rank": f"LoRA of rank {at} after {adapting.SOME} examples",
        "examples": f"LoRA after {at:,} examples",
        "prompt": f"a prompt of {at} vector{'s' if at > 1 else ''} after {adapting.SOME} examples",
    }[study]
    sure = unlike.GUESS if one.get("guess") else f"{one['probability']:.2f}"
    return f"Your text, by {who}: {one['says']}, {sure}."


def record(study: Study, said: list[dict[str, Any]], own: list[Arm]) -> dict[str, Any]:
    """Turn a study into what the picture draws; `said`: the verdicts on the text, where they are shown."""
    varied = adapting.WAYS if study == "examples" else adapting.ways(study)[:1]
    lines = () if study == "examples" else adapting.LINES
    axis, short = AXES[study]
    return {
        "key": study, "title": title(study), "axis": axis, "short": short, "places": list(adapting.places(study)),
        "low": 0.3, "chance": 0.5, "asked": ASKED[study], "own": [own_point(study, arm) for arm in own],
        "series": [
            {"key": way, "name": NAMES[way], "points": [point(place) for place in adaptations.curve(study, way)]}
            for way in varied
        ],
        "lines": [{"key": way, "name": NAMES[way], **_spread(line(study, way))} for way in lines],
        "judged": said,
    }  # fmt: skip


def line(study: Study, way: Way) -> Interval:
    """Return the interval of a way that does not vary along the axis."""
    return adaptations.curve(study, way)[0].interval


def title(study: Study) -> str:
    """Say what the chart shows."""
    same = f"{adapting.SOME} examples" if study != "examples" else f"LoRA of rank {adapting.RANK}"
    return f"Held-out news judged right, %: {len(adapting.SEEDS)} seeds, 95 % interval; {same}, {adapting.STEPS} steps"


def point(place: Place) -> dict[str, Any]:
    return {
        "at": place.at, "shares": list(place.shares), **_spread(place.interval), "trained": place.trained,
        "head": place.head, "bytes": place.bytes, "seconds": place.seconds,
    }  # fmt: skip


def _spread(one: Interval) -> dict[str, float]:
    return {"mean": one.mean, "low": one.low, "high": one.high}


def told(one: Interval, of: str = "") -> str:
    """Write a share with the number behind it and its 95 % interval: 88.1 % (n = 3, 81 to 95); of: what was counted."""
    return (
        f"{100 * one.mean:.1f} % (n = {one.of}{of and f' {of}'}, {100 * one.low:.0f} to {100 * one.high:.0f})"
    )


def findings(study: Study) -> list[str]:
    """Say what the recorded runs of a study found, in sentences made from their numbers."""
    return {"rank": _of_ranks, "examples": _of_examples, "prompt": _of_prompts}[study]()


def _of_ranks() -> list[str]:
    lora = adaptations.curve("rank", "lora")
    full = adaptations.curve("rank", "full")[0]
    first, last = lora[0], lora[-1]
    better = apart(last.shares, first.shares)
    said = (
        "more than"
        if better > 0
        else "less than"
        if better < 0
        else "no different, within the interval, from"
    )
    return [
        f"Rank {last.at} is right on {told(last.interval)}, {said} rank {first.at} with {told(first.interval)}; "
        f"it learns {last.trained - last.head:,} numbers in A and B instead of {first.trained - first.head:,}.",
        f"Full fine-tuning learns {full.trained:,} and is right on {told(full.interval)}; the head alone, on a "
        f"frozen body, on {told(line('rank', 'frozen'))}.",
    ]


def _of_examples() -> list[str]:
    curves = {way: adaptations.curve("examples", way) for way in adapting.WAYS}
    rule = (
        f"Told apart, with n = {len(adapting.SEEDS)} seeds each, is what differs by an amount whose 95 % interval, "
        "seed by seed, leaves out 0."
    )
    found = [_told(curves, "full", "scratch"), _told(curves, "lora", "full"), _told(curves, "full", "frozen")]
    return [*found, rule]


def _told(curves: dict[Way, list[Place]], one: Way, other: Way) -> str:
    """Say where a way is ahead of another, and where the seeds do not tell."""
    found: dict[int, list[str]] = {1: [], -1: [], 0: []}
    for a, b in zip(curves[one], curves[other], strict=True):
        found[apart(a.shares, b.shares)].append(f"{a.at:,}")
    name, beside = PROSE[one], PROSE[other]
    parts = [f"ahead of {beside} with {_listed(found[1])} examples"] if found[1] else []
    parts += [f"behind {beside} with {_listed(found[-1])} examples"] if found[-1] else []
    said = f"{name[:1].upper()}{name[1:]} is {' and '.join(parts)}" if parts else ""
    if not found[0]:
        return f"{said}."
    untold = f"the seeds do not tell it from {beside}" if not parts else "the seeds do not tell"
    many = f"with {_listed(found[0])}"
    return f"{said}; {many} {untold}." if said else f"{name[:1].upper()}{name[1:]}: {many} examples {untold}."


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _of_prompts() -> list[str]:
    prompts = adaptations.curve("prompt", "prompt")
    best = max(prompts, key=lambda place: place.interval.mean)
    ahead = apart(best.shares, adaptations.curve("prompt", "frozen")[0].shares)
    said = (
        "more than" if ahead > 0 else "less than" if ahead < 0 else "no different, within the interval, from"
    )
    return [
        f"{best.at} vectors, {best.trained - best.head:,} numbers, are right on {told(best.interval)}: {said} the "
        f"same frozen body without them, {told(line('prompt', 'frozen'))}; full: {told(line('prompt', 'full'))}.",
        "Lester et al. (2021, figure 1) found prompts to reach full fine-tuning only in models of billions of weights.",
    ]


def live(own: list[Arm]) -> list[dict[str, object]]:
    """Return the runs that are going, as curves.js follows them; nothing where none is."""
    going = [arm for arm in own if arm.going]
    return [arm.curve() for arm in going]
