"""The page's one question: how few numbers and examples teach an old model a new job, with the controls beside it."""

from __future__ import annotations

from typing import Any

from app.kit.arms import Arm
from core.analysis.seeds import apart
from core.runs import adaptations
from core.runs.adaptations import Place
from core.training import adapting
from core.training.fine_tune_spec import Way
from pages.adaptability import studies
from pages.adaptability.studies import BASE, told

QUESTION = "How few numbers and examples teach an old model a new job?"
ENOUGH = 0.8  # of held-out texts right: what the page calls enough; the line on its chart
CONTROL = "shuffled"
NAMES: dict[Way, str] = {
    "full": "every weight", "lora": "LoRA", "frozen": "head alone", "scratch": "no old model",
}  # fmt: skip
CONTROLS = ("scratch", CONTROL)  # what shows that the old model, and that the labels are needed


def curves() -> dict[str, list[Place]]:
    """Return the curves of the chart: three ways to adapt, then the two controls."""
    found: dict[str, list[Place]] = {way: adaptations.curve("examples", way) for way in NAMES}
    return found | {CONTROL: adaptations.shuffled()}


def name(way: str) -> str:
    """Name a curve."""
    return next((named for known, named in NAMES.items() if known == way), "shuffled labels")


def record(own: list[Arm]) -> dict[str, Any]:
    """Turn the curves into what the chart draws: the study of few examples with its controls."""
    study = studies.record("examples", [], own)
    series = [
        {
            "key": way, "name": f"{name(way)}: {places[0].trained:,}",
            "points": [studies.point(place) for place in places],
        }
        for way, places in curves().items()
    ]  # fmt: skip
    each = [
        f"mean of n = {len(adapting.SEEDS)} seeds, bars: 95 %",
        "after each name: the numbers that are learned",
    ]
    return study | {
        "series": series, "title": f"{adapting.HELD_OUT} held-out texts judged right, %", "under": each,
        "enough": ENOUGH,
    }  # fmt: skip


def rows(at: int) -> list[dict[str, Any]]:
    """List what each way comes to with `at` examples: a row of the table beside the chart."""
    found = {way: _at(places, at) for way, places in curves().items()}
    return [
        {"key": way, "name": name(way), "numbers": place.trained, "shares": list(place.shares),
         "mean": place.interval.mean, "low": place.interval.low, "high": place.interval.high,
         "control": way in CONTROLS}
        for way, place in found.items()
    ]  # fmt: skip


def findings(at: int) -> list[str]:
    """Answer the question from the recorded runs, and say what the controls show with `at` examples."""
    return [_examples(), _numbers(), _controls(at)]


def _at(places: list[Place], at: int) -> Place:
    return next(place for place in places if place.at == at)


def _examples() -> str:
    """Say from how many examples on each way is right often enough."""
    parts = []
    for way, places in curves().items():
        first = next((place for place in places if place.interval.mean >= ENOUGH), None)
        if way in ("full", "lora"):
            many = f"{first.at:,}, with {told(first.interval)}" if first else f"more than {places[-1].at:,}"
            parts.append(f"{name(way)} needs {many}")
    head = curves()["frozen"][-1]
    most = f"the head alone has too few numbers even with {head.at:,}: {told(head.interval)}"
    if head.interval.mean >= ENOUGH:
        most = f"the head alone has {told(head.interval)} with {head.at:,}"
    said = "; ".join([*parts, most])
    return f"How few examples? For {100 * ENOUGH:.0f} % right, {said}."


def _numbers() -> str:
    """Say what the fewest numbers of LoRA come to beside all of them."""
    few, whole = adaptations.curve("rank", "lora")[0], adaptations.curve("rank", "full")[0]
    differ = apart(few.shares, whole.shares)
    beside = {0: "the seeds do not tell that from", 1: "more than", -1: "less than"}[differ]
    return (
        f"How few numbers? LoRA of rank {few.at} learns {few.trained:,}, {100 * few.trained / whole.trained:.1f} % of "
        f"all, and after {adapting.SOME} examples is right on {told(few.interval)}: {beside} all {whole.trained:,} "
        f"with {told(whole.interval)}."
    )


def _controls(at: int) -> str:
    """Say what is left without the old model, and without true labels."""
    lora, scratch, mixed = (_at(curves()[way], at) for way in ("lora", "scratch", CONTROL))
    ahead = apart(lora.shares, scratch.shares)
    helps = {
        1: "less than LoRA, so the old model helps", 0: "which the seeds do not tell from LoRA",
        -1: "more than LoRA",
    }[ahead]  # fmt: skip
    less = apart(lora.shares, mixed.shares) > 0
    taught = "so the labels teach" if less else "which the seeds do not tell from true ones"
    return (
        f"Controls, with {at:,}: without the old model, the same network from random weights, "
        f"{told(scratch.interval)}, {helps}; LoRA on shuffled labels {told(mixed.interval)}, {taught}."
    )


def verdict(said: list[dict[str, Any]], text: str, at: int) -> str:
    """Say what LoRA makes of the learner's text, and quote its beginning."""
    short = text if len(text) <= 22 else f"{text[:20].rstrip()}…"
    return f"{studies.verdict('examples', said, at)} “{short}”"


def base_line() -> str:
    """Name the old model and the new job, beside the claim."""
    return f"old model: `{BASE}`, which has read tales; new job: is a text good or bad news?"
