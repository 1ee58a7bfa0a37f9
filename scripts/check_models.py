"""Do models have the scores that their cards say? Each figure beside the card's, which has an interval.

`make models ARGS="--check"` measures the bundled models; after `make models ARGS="--out FOLDER"`, which trains them
anew beside them, `make models ARGS="--check --out FOLDER"` measures those, against the cards that are shipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LOSS, INTERVAL = "held_out_loss", "held_out_interval"
PARTS = ("senses", "scores", "alignment", "pointed")  # of a card, besides its loss
_VALUES = ("error", "score", "loss")  # how a figure with an interval is called, where it is no share
_ROUNDED = 1e-4  # a card's figures have four places


@dataclass(frozen=True)
class Figure:
    """A number of a card and the interval that it was measured with."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Compared:
    """One figure of one model: what the card says, and what was measured now; None: nothing was."""

    model: str
    what: str
    card: Figure
    now: float | None

    @property
    def inside(self) -> bool:
        """Whether what was measured lies within the card's interval."""
        return self.now is not None and self.card.low - _ROUNDED <= self.now <= self.card.high + _ROUNDED


def figures(card: Mapping[str, Any]) -> dict[str, Figure]:
    """Every figure of a card that has an interval, by where it stands: "scores translate model exact"."""
    found: dict[str, Figure] = {}
    if LOSS in card and INTERVAL in card:
        found[LOSS] = Figure(card[LOSS], card[INTERVAL]["low"], card[INTERVAL]["high"])
    for part in PARTS:
        found |= _within(card.get(part), (part,))
    return found


def _within(node: Any, path: tuple[str, ...]) -> dict[str, Figure]:
    if isinstance(node, Mapping):
        own = {}
        if "low" in node and "high" in node:
            own[" ".join(path)] = Figure(_value(node), float(node["low"]), float(node["high"]))
        inner: Iterator[tuple[str, Any]] = iter(node.items())
    elif isinstance(node, Sequence) and not isinstance(node, str):
        own, inner = {}, ((str(n), each) for n, each in enumerate(node))
    else:
        return {}
    for name, each in inner:
        own |= _within(each, (*path, name))
    return own


def _value(node: Mapping[str, Any]) -> float:
    if "right" in node and "of" in node:
        return float(node["right"]) / float(node["of"])
    return float(next(node[name] for name in _VALUES if name in node))


def compare(name: str, card: Mapping[str, Any], now: Mapping[str, Any]) -> list[Compared]:
    """Every figure of the card beside the same one of `now`, which is laid out as a card.

    Raises:
        ValueError: the card's loss has no interval, so nothing can be said of it.
    """
    if INTERVAL not in card:
        raise ValueError(
            f"the card of {name} has no {INTERVAL}: python -m scripts.train_models {name} --intervals"
        )
    measured = figures(now)
    return [
        Compared(name, what, figure, measured[what].value if what in measured else None)
        for what, figure in figures(card).items()
    ]


def table(found: Sequence[Compared]) -> str:
    """A line for each figure: what it is, the card's value and interval, the value now, and whether it fits."""
    head = ("model", "figure", "card", "95 %", "now", "")
    lines = [
        (
            one.model,
            one.what,
            f"{one.card.value:.4f}",
            f"{one.card.low:.4f} to {one.card.high:.4f}",
            "not measured" if one.now is None else f"{one.now:.4f}",
            "" if one.inside else "OUTSIDE",
        )
        for one in found
    ]
    widths = [max(map(len, column)) for column in zip(head, *lines)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in (head, *lines)
    )


def verdict(found: Sequence[Compared]) -> str:
    """How many fit, in a sentence."""
    outside = [one for one in found if not one.inside]
    models = ", ".join(dict.fromkeys(one.model for one in found))
    if not outside:
        all_of_them = "The one figure" if len(found) == 1 else f"All {len(found)} figures"
        lie = "lies" if len(found) == 1 else "lie"
        return f"{all_of_them} of {models} {lie} within the intervals of the cards."
    named = "; ".join(f"{one.model}: {one.what}" for one in outside[:5])
    return f"{len(outside)} of {len(found)} figures lie outside the intervals of the cards: {named}."
