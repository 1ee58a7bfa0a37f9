"""The record of one training step: a point of the curve."""

from __future__ import annotations

from dataclasses import dataclass

from core.language_model import LanguageModel


@dataclass(frozen=True)
class Point:
    """One step of a curve. Losses are nats per token; tokens are those read so far.

    `seconds` is the time spent in steps so far, without held-out losses and without what happens between steps.
    `gradient_norm` is that before clipping, `update_norm` how far all weights together moved.
    `held_out` is the mean loss over the held-out rows, at the steps that measure it, else None.
    `model` is the model in training itself: it moves on with the next step.
    """

    step: int
    loss: float
    learning_rate: float
    gradient_norm: float
    update_norm: float
    tokens: int
    seconds: float
    model: LanguageModel
    held_out: float | None = None
