"""Export the Fine-tuning page: every way's worth as a table, and notebook cells that ask the tuned models again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from app import runs
from app.runs.trained import Arm
from core.runs.serialized import pack_tuned
from core.training.fine_tune_spec import FineTuneSpec, Task, Way
from pages.fine_tuning import ways
from pages.fine_tuning.question import Question


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
    asked: Question,
) -> list[str]:
    """Cells that open each way's model, ask it of the text, and count what LoRA learns."""
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
    rank, targets = asked.rank, asked.targets
    second = f"""# %% What LoRA learns, counted
from core.training.fine_tune_spec import compared
from core.training.tuned import count

base = core.load("tales-bert").config
now, then = (count(compared({job!r}, "lora", rank=r, targets={targets!r}), base) for r in ({rank}, {2 * rank}))
assert (now.learned, then.learned) == ({asked.now.learned}, {asked.then.learned})
print(now, then)"""
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
    return [first, second, third]
