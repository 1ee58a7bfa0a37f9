"""Export the Fine-tuning page: every way's worth as a table, and notebook cells that ask the tuned models again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from app import runs
from app.controls.predict import Answer
from app.runs.trained import Arm
from core.config import ModelConfig
from core.runs.serialized import pack_tuned
from core.training.fine_tune_spec import FineTuneSpec, Task, Way, compared
from core.training.tuned import count
from pages.fine_tuning import ways


def table(arms: Mapping[Way, Arm], records: Sequence[Mapping[str, Any]]) -> dict[str, Sequence[Any]]:
    """A line for each way."""
    lines = []
    for (_, arm), record in zip(arms.items(), records, strict=True):
        worth = ways.last(arm)
        accuracy = worth.get("accuracy") or {}
        old = worth.get("old") or [None, None]
        right, of = accuracy.get("right"), accuracy.get("of")
        lines.append((
            arm.name, "own" if arm.run else "recorded", right, of, None if of is None else right / of,
            accuracy.get("low"), accuracy.get("high"), worth.get("trained"), worth.get("head"), worth.get("bytes"),
            worth.get("seconds"), old[1], old[0], record["judged"].get("says"), record["judged"].get("probability"),
        ))  # fmt: skip
    names = (
        "way", "run", "right", "of", "held-out accuracy", "low", "high", "numbers learned", "of these the head's",
        "bytes", "seconds", "old loss before", "old loss after", "says of the text", "probability",
    )  # fmt: skip
    return dict(zip(names, (list(column) for column in zip(*lines))))


def _packed(arm: Arm) -> str:
    """What an own run has learned, as the notebook carries it; "": it is recorded, or keeps nothing just now."""
    kept = [one.step for one in arm.checkpoints if one.kept]
    weights = runs.weights(arm.id, kept[-1]) if arm.run is not None and kept else None
    return "" if weights is None else pack_tuned(cast("FineTuneSpec", arm.spec), weights)


def cells(
    job: Task,
    arms: Mapping[Way, Arm],
    records: Sequence[Mapping[str, Any]],
    text: str,
    question: str,
    base: ModelConfig,
    adding: tuple[int, tuple[str, ...]],
    answer: Answer,
) -> list[str]:
    """Cells that open each way's model, ask it of the text, and count what LoRA learns.

    Args:
        base: the model that is adapted.   adding: LoRA's rank, and the matrices beside which it learns.
        answer: of the page's question.
    """
    said = {
        arm.id: (record["judged"]["says"], float(f"{record['judged']['probability']:.6g}"))
        for (_, arm), record in zip(arms.items(), records, strict=True)
        if "says" in record["judged"] and not arm.going
    }
    own = {arm.id: packed for arm in arms.values() if arm.id in said and (packed := _packed(arm))}
    ask = "best = lm.classify(TEXT)[0]" if job == "sentiment" else (
        "first = lm.answer(QUESTION, TEXT)[0]\n    best = (first.text, first.probability)"
    )  # fmt: skip
    first = f"""# %% Each way's model, asked of the text
from core.runs.serialized import tuned_model
from core.runs.tuned_recordings import tuned_recording

TEXT, QUESTION = {text!r}, {question!r}
OWN = {own!r}  # what your runs have learned
for id, (says, probability) in {said!r}.items():
    lm = tuned_model(OWN[id]) if id in OWN else tuned_recording(id)
    {ask}
    assert best[0] == says and abs(best[1] - probability) < 1e-4
    print(id, *best)"""
    rank, targets = adding
    now = count(compared(job, "lora", rank=rank, targets=targets), base)
    second = f"""# %% What LoRA learns, counted
from core.training.fine_tune_spec import compared
from core.training.tuned import count

base = core.load("tales-bert").config
now = count(compared({job!r}, "lora", rank={rank}, targets={targets!r}), base)
assert now.learned == {now.learned}
print(now)"""
    counted = {
        arm.id: (one["right"], one["of"], one["low"], one["high"])
        for arm in arms.values()
        if (one := ways.last(arm).get("accuracy"))
    }
    third = f"""# %% The intervals of the accuracies (Wilson 1927)
from core.vectors.probe import wilson

for id, (right, of, low, high) in {counted!r}.items():
    found = wilson(right, of)
    assert abs(found.low - low) < 1e-6 and abs(found.high - high) < 1e-6
    print(id, found)"""
    asked = {
        name: float(f"{value:.6g}") for name, value in answer.numbers.items() if isinstance(value, float)
    }
    fourth = f"""# %% The question: the other task
from core.runs import recorded

for way, shown in {asked!r}.items():
    worth = recorded(f"finetune-{answer.shows["job"]}-{{way}}").checkpoints()[-1].health["accuracy"]
    print(way, worth)
    assert abs(worth["right"] / worth["of"] - shown) < 1e-5"""
    return [first, second, third, fourth]
