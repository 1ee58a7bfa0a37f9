"""Ask what twice as many texts, each twice as long, do to a training step's memory."""

from __future__ import annotations

from app.controls.predict import Answer
from app.counts import counted, times
from app.units import size
from core.costs.memory import held, training_memory
from pages.compute.subject import Subject

OPTIONS = ("Less than twice", "Two to four times", "More than four times")


def text(shown: Subject) -> str:
    """Write what is asked; it names both sizes."""
    return (
        f"Train on {counted(2 * shown.batch, 'text')} of {counted(2 * shown.length, 'token')} instead of "
        f"{shown.batch:,} of "
        f"{shown.length:,}. The memory of a step grows …"
    )


def judge(shown: Subject) -> Answer:
    """Judge by the formula of all four kinds, at both sizes."""
    now = training_memory(shown.config, shown.length, shown.precision)
    then = training_memory(shown.config, 2 * shown.length, shown.precision)
    before, after = held(now, shown.batch), held(then, 2 * shown.batch)
    ratio, more = after / before, then[-1].bytes(2 * shown.batch) / max(1, now[-1].bytes(shown.batch))
    index = 0 if ratio < 2 else 1 if ratio <= 4 else 2
    why = (
        f"From {size(before)} to {size(after)}: {ratio:.3f} times. Only the activations grow, {times(more)}; "
        "weights, gradients and optimizer stay what they are."
    )
    return Answer(index, why, {"before": before, "after": after, "ratio": ratio})
