"""Remedies for the diagnosis's findings: the component of a transformer that would have prevented each."""

from __future__ import annotations

from dataclasses import dataclass

from core.analysis.health.diagnosis import Diagnosis
from core.config import Part
from core.messages import mark


@dataclass(frozen=True)
class Remedy:
    """A component to add, and its effect in a sentence."""

    part: Part
    sentence: str


_RESIDUAL = Remedy(
    "residual",
    mark("Residual connections, x + f(x): what enters a part also leaves it, and the gradient passes back."),
)
_NORM = Remedy("norm", mark("Norms: what attention and MLP read is brought to one size."))
REMEDIES: dict[str, Remedy] = {
    "reads ahead": Remedy(
        "mask", mark("A causal mask: before softmax the scores of later tokens become −∞.")
    ),
    "order unseen": Remedy("position", mark("Positions: each token brings along where it stands.")),
    "size not held": _NORM,
    "overflow": _NORM,
    "nothing carried": _RESIDUAL,
    "gradient fades": _RESIDUAL,
    "attention decided": Remedy(
        "scale", mark("The scale 1/√d: products of d numbers are divided by the root of d.")
    ),
}


def remedy(found: Diagnosis) -> Remedy | None:
    """Choose the remedy of the most severe finding that has one; None: no finding has one.

    Like the diagnosis, it does not know how the model was changed.
    """
    return next((REMEDIES[one.sign] for one in found.findings if one.sign in REMEDIES), None)
