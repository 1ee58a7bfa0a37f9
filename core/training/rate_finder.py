"""The learning-rate finder (Smith 2017, section 3.3): the rate grows with each step while the loss is recorded.

At small rates nothing moves; then the loss falls, faster and faster; then the steps are too long and it climbs. A good
rate lies where the fall is steepest, below the rate at which the loss was lowest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.language_model import LanguageModel
from core.model.initial import initialise
from core.precision import choose
from core.training.eager import without_compiler
from core.training.muon import Muon
from core.training.rules import Kind
from core.training.text_loss import TextLoss, text_loss, trainable

Array = NDArray[np.float64]
STEPS = 100
RANGES: dict[Kind, tuple[float, float]] = {  # search ranges of the rates, from no effect to divergence
    "sgd": (1e-4, 1e2),
    "momentum": (1e-5, 1e2),
    "adam": (1e-6, 1e1),
    "adamw": (1e-6, 1e1),
    "muon": (1e-5, 1e2),
}
WORSE = 4.0  # the search ends at this many times the loss's total fall above its minimum


@dataclass(frozen=True)
class Trial:
    """One step of the search: the rate it was taken with, and the loss before it, in nats."""

    step: int
    rate: float
    loss: float


@dataclass(frozen=True)
class Found:
    """The result of a search.

    Attributes:
        smooth: (n,) the losses as a running mean.
        steepest: the trial where the smooth loss falls fastest; None: it never fell.
        lowest: the trial with the lowest smooth loss.
        end: "burst": the loss left all bounds and the search ended there; "learned": one text is soon known by heart,
            which leaves no gradient for the large rates to go wrong with; "open": neither.
    """

    trials: tuple[Trial, ...]
    smooth: Array
    steepest: int | None
    lowest: int
    end: Literal["burst", "learned", "open"]

    @property
    def rate(self) -> float | None:
        """The suggested rate: where the loss falls fastest; None: there is none."""
        return None if self.steepest is None else self.trials[self.steepest].rate


def search(
    lm: LanguageModel,
    text: str,
    kind: Kind = "adam",
    target: str | None = None,
    *,
    fresh: bool = False,
    steps: int = STEPS,
    low: float | None = None,
    high: float | None = None,
    seed: int = 0,
) -> Iterator[Trial]:
    """Train a copy of the model on `text` while the rate grows from `low` to `high`; yield a trial per step.

    Args:
        kind: the optimizer; with Muon the matrices inside blocks are Muon's, the rest Adam's, all at the same rate.
        fresh: begin with new weights drawn from `seed` instead of the trained ones.
        low, high: None: the optimizer's of `RANGES`.

    Raises:
        ValueError: fewer than 3 steps, or rates that do not grow.
    """
    low, high = (given if given is not None else usual for given, usual in zip((low, high), RANGES[kind]))
    if steps < 3 or not 0 < low < high or not math.isfinite(high):
        raise ValueError(
            f"a search needs at least 3 steps and rates that grow, not {steps} from {low:g} to {high:g}"
        )
    model = trainable(lm)
    if fresh:
        initialise(model, lm.config, seed)
    yield from grow(model, text_loss(lm, text, target), kind, np.geomspace(low, high, steps))


def grow(model: nn.Module, loss_of: TextLoss, kind: Kind, rates: Array) -> Iterator[Trial]:
    """Take one step with each of `rates`, until the loss diverges."""
    optimizers = optimizers_for(model, kind)
    first, best = math.nan, math.inf
    for at, rate in enumerate(rates):
        for optimizer in optimizers:
            optimizer.zero_grad()
            for group in optimizer.param_groups:
                group["lr"] = float(rate)
        loss = loss_of(model)
        value = loss.item()
        yield Trial(at, float(rate), value)
        first = value if at == 0 else first
        best = min(best, value)
        if not math.isfinite(value) or value - best > WORSE * max(first - best, 0.25 * first, 0.1):
            return
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()


def optimizers_for(model: nn.Module, kind: Kind, rate: float = 0.0) -> list[torch.optim.Optimizer]:
    """Build torch's optimizers with their usual settings: one for all weights, beside Muon one for the non-matrices."""
    without_compiler()
    weights = [(name, weight) for name, weight in model.named_parameters() if weight.requires_grad]
    everything = [weight for _, weight in weights]
    if kind == "sgd":
        return [torch.optim.SGD(everything, lr=rate)]
    if kind == "momentum":
        return [torch.optim.SGD(everything, lr=rate, momentum=0.9)]
    if kind == "adam":
        return [torch.optim.Adam(everything, lr=rate)]
    if kind == "adamw":
        return [torch.optim.AdamW(everything, lr=rate)]
    matrices = {name for name, weight in weights if "blocks." in name and weight.ndim == 2}
    inside = [weight for name, weight in weights if name in matrices]
    rest = [weight for name, weight in weights if name not in matrices]
    half = choose("auto", inside[0].device) == "bfloat16" if inside else False
    # torch's Muon multiplies in bfloat16 on every machine, which on some takes 40 times as long as float32.
    muon = Muon(inside, lr=rate, polar="jordan", products=torch.bfloat16 if half else torch.float32)
    return [muon, torch.optim.Adam(rest, lr=rate)]


def found(trials: Sequence[Trial], steps: int = STEPS, smoothing: float = 0.8) -> Found:
    """Analyse the curve: smoothed as a bias-corrected running mean, then its steepest and its lowest point.

    Args:
        steps: how many were planned.

    Raises:
        ValueError: no trials.
    """
    if not trials:
        raise ValueError("a search without trials has found nothing")
    losses = np.array([trial.loss for trial in trials])
    usable = int(np.isfinite(losses).sum()) if not np.isfinite(losses).all() else len(losses)
    smooth, mean = np.full(len(losses), np.nan), 0.0
    for at in range(usable):
        mean = smoothing * mean + (1 - smoothing) * losses[at]
        smooth[at] = mean / (1 - smoothing ** (at + 1))
    lowest = int(np.nanargmin(smooth)) if usable else 0
    steepest = None
    if lowest > 0 and smooth[lowest] < smooth[0]:
        logs = np.log([trial.rate for trial in trials[: lowest + 1]])
        slope = np.diff(smooth[: lowest + 1]) / np.diff(logs)
        steepest = int(slope.argmin()) + 1
    learned = smooth[lowest] < 0.05 * losses[0]
    end: Literal["burst", "learned", "open"] = (
        "burst" if len(trials) < steps else "learned" if learned else "open"
    )
    return Found(tuple(trials), smooth, steepest, lowest, end)
