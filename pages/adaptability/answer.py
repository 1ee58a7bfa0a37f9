"""The page's one question: how few numbers and examples teach an old model a new job, with the controls beside it."""

from __future__ import annotations

from typing import Any

from app.kit.arms import Arm
from core.analysis.seeds import apart
from core.messages import mark, say
from core.runs import adaptations
from core.runs.adaptations import Place
from core.training import adapting
from core.training.fine_tune_spec import Way
from pages.adaptability import studies
from pages.adaptability.studies import BASE, told

QUESTION = mark("How few numbers and examples teach an old model a new job?")
ENOUGH = 0.8  # of held-out texts right: what the page calls enough; the line on its chart
CONTROL = "shuffled"
NAMES: dict[Way, str] = {
    "full": mark("every weight"), "lora": mark("LoRA"), "frozen": mark("head alone"), "scratch": mark("no old model"),
}  # fmt: skip
CONTROLS = ("scratch", CONTROL)  # what shows that the old model, and that the labels are needed


def curves() -> dict[str, tuple[Place, ...]]:
    """Return the curves of the chart: three ways to adapt, then the two controls."""
    found: dict[str, tuple[Place, ...]] = {way: adaptations.curve("examples", way) for way in NAMES}
    return found | {CONTROL: adaptations.shuffled()}


def name(way: str) -> str:
    """Name a curve."""
    return next((say(named) for known, named in NAMES.items() if known == way), say("shuffled labels"))


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
        say("mean of n = {count} seeds, bars: 95 %", count=len(adapting.SEEDS)),
        say("after each name: the numbers that are learned"),
    ]
    return study | {
        "series": series, "title": say("{count} held-out texts judged right, %", count=adapting.HELD_OUT),
        "under": each,
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


def _at(places: tuple[Place, ...], at: int) -> Place:
    return next(place for place in places if place.at == at)


def _examples() -> str:
    """Say from how many examples on each way is right often enough."""
    parts = []
    adapted = {way: places for way, places in curves().items() if way in ("full", "lora")}
    reached: dict[int, str] = {}  # from how many examples on -> the way
    for way, places in adapted.items():
        first = next((place for place in places if place.interval.mean >= ENOUGH), None)
        reached[(first or places[-1]).at] = way
        parts.append(
            say(
                "{way} needs {examples}, with {right}",
                way=name(way), examples=f"{first.at:,}", right=told(first.interval),
            )
            if first
            else say("{way} needs more than {examples}", way=name(way), examples=f"{places[-1].at:,}")
        )  # fmt: skip
    fewest, later = min(reached), reached[max(reached)]
    full, lora = (_at(places, fewest) for places in adapted.values())
    if len(reached) > 1 and not apart(full.shares, lora.shares):
        parts.append(
            say(
                "with {examples}, {way} has {right}, and the seeds do not tell the two apart",
                examples=f"{fewest:,}", way=name(later), right=told(_at(adapted[later], fewest).interval),
            )
        )  # fmt: skip
    head = curves()["frozen"][-1]
    values = {"examples": f"{head.at:,}", "right": told(head.interval)}
    parts.append(
        say("the head alone has {right} with {examples}", **values)
        if head.interval.mean >= ENOUGH
        else say("the head alone has too few numbers even with {examples}: {right}", **values)
    )
    return say(
        "How few examples? For {enough} % right, {ways}.", enough=f"{100 * ENOUGH:.0f}", ways="; ".join(parts)
    )


def _numbers() -> str:
    """Say what the fewest numbers of LoRA come to beside all of them."""
    few, whole = adaptations.curve("rank", "lora")[0], adaptations.curve("rank", "full")[0]
    said = {
        0: mark(
            "How few numbers? LoRA of rank {rank} learns {numbers}, {share} % of all, and after {examples} examples "
            "is right on {right}: the seeds do not tell that from all {all} with {whole}."
        ),
        1: mark(
            "How few numbers? LoRA of rank {rank} learns {numbers}, {share} % of all, and after {examples} examples "
            "is right on {right}: more than all {all} with {whole}."
        ),
        -1: mark(
            "How few numbers? LoRA of rank {rank} learns {numbers}, {share} % of all, and after {examples} examples "
            "is right on {right}: less than all {all} with {whole}."
        ),
    }[apart(few.shares, whole.shares)]
    return say(
        said, rank=few.at, numbers=f"{few.trained:,}", share=f"{100 * few.trained / whole.trained:.1f}",
        examples=adapting.SOME, right=told(few.interval), all=f"{whole.trained:,}", whole=told(whole.interval),
    )  # fmt: skip


def _controls(at: int) -> str:
    """Say what is left without the old model, and without true labels."""
    lora, scratch, mixed = (_at(curves()[way], at) for way in ("lora", "scratch", CONTROL))
    without = {
        1: mark(
            "Controls, with {examples}: without the old model, the same network from random weights, {right}, less "
            "than LoRA, so the old model helps"
        ),
        0: mark(
            "Controls, with {examples}: without the old model, the same network from random weights, {right}, which "
            "the seeds do not tell from LoRA"
        ),
        -1: mark(
            "Controls, with {examples}: without the old model, the same network from random weights, {right}, more "
            "than LoRA"
        ),
    }[apart(lora.shares, scratch.shares)]
    shuffled = (
        mark("LoRA on shuffled labels {right}, so the labels teach")
        if apart(lora.shares, mixed.shares) > 0
        else mark("LoRA on shuffled labels {right}, which the seeds do not tell from true ones")
    )
    first = say(without, examples=f"{at:,}", right=told(scratch.interval))
    return f"{first}; {say(shuffled, right=told(mixed.interval))}."


def verdict(said: list[dict[str, Any]], text: str, at: int) -> str:
    """Say what LoRA makes of the learner's text, and quote its beginning."""
    short = text if len(text) <= 22 else f"{text[:20].rstrip()}…"
    return f"{studies.verdict('examples', said, at)} “{short}”"


def base_line() -> str:
    """Name the old model and the new job, beside the claim."""
    return say(
        "old model: {model}, which has read tales; new job: is a text good or bad news?", model=f"`{BASE}`"
    )
