"""Faithfulness of explanations: remove tokens in an explanation's order, and see how fast the prediction falls.

Deletion: the tokens with the highest value first; the earlier the number falls, the better. Insertion: from a text in
which all of them are replaced, the highest come back first; the earlier it rises, the better (Samek et al. 2017,
"Evaluating the Visualization of What a Deep Neural Network has Learned"; Petsiuk et al. 2018, "RISE", section 4.1). The
yardstick is random orders on the same text: an explainer counts as better than random if, of `ORDERS` of them, so few
are as good that this would happen to any of the explainers by chance in 1 of 20 texts (Sidak 1967).

Limits: a text with words replaced is one that the model never read, so a fall may come from the hole
and not from the missing word (Hooker et al. 2019). And the curve speaks of this text, baseline and number only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from torch import Tensor

from core.analysis.explaining.explainers import order_of
from core.analysis.explaining.readout import Readout

Array = np.ndarray[Any, Any]
Side = Literal["deletion", "insertion"]
Verdict = Literal["better than random", "like random", "worse than random", "too few tokens"]
SIDES: tuple[Side, ...] = ("deletion", "insertion")
ORDERS = 100  # random orders
POINTS = 12  # approximate number of points of a curve, besides its beginning
BY_LUCK = 0.05
AT_ONCE = 64  # texts per progress report


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The number as tokens are removed (or put back) in one order.

    `values` (P,) at `Faithfulness.counts`; `area` under it.
    """

    order: tuple[int, ...]
    values: Array
    area: float
    as_good: float  # share of random orders at least as good, from 1 / (ORDERS + 1)
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Faithfulness:
    """Curves of explainers by name, and of random orders.

    counts: (P,) how many tokens are gone (deletion) or back (insertion) at each point of a curve.
    at, base: the number with all tokens, and with none.   random: (R, P) for both sides; areas: (R,) under them.
    """

    counts: Array
    at: float
    base: float
    deletion: dict[str, Curve]
    insertion: dict[str, Curve]
    random: dict[Side, Array]
    areas: dict[Side, Array]

    def side(self, name: Side) -> dict[str, Curve]:
        """Return the curves of one side."""
        return self.deletion if name == "deletion" else self.insertion

    def band(self, name: Side, low: float = 0.05, high: float = 0.95) -> Array:
        """Compute quantiles of the random orders' curves: (3, P) for `low`, the median, and `high`."""
        found: Array = np.quantile(self.random[name], [low, 0.5, high], axis=0)
        return found


def faithfulness(
    asked: Readout, base: Tensor, explained: Mapping[str, Array], *, orders: int = ORDERS, points: int = POINTS,
    seed: int = 0,
) -> Faithfulness:  # fmt: skip
    """Compare explainers by deletion and insertion, and each with random orders.

    Args:
        base: (N, D) the vectors that stand for tokens that are gone.
        explained: (N,) values of each explainer.
        orders: how many random ones.   points: of a curve, about; a longer text's tokens go several at a time.

    Raises:
        ValueError: fewer than two tokens that can be taken away, or fewer than one order or point.
    """
    for found in faithfulness_steps(asked, base, explained, orders=orders, points=points, seed=seed):
        if isinstance(found, Faithfulness):
            return found
    raise AssertionError("the last step is the result")


def faithfulness_steps(
    asked: Readout, base: Tensor, explained: Mapping[str, Array], *, orders: int = ORDERS, points: int = POINTS,
    seed: int = 0,
) -> Iterator[Faithfulness | tuple[int, int]]:  # fmt: skip
    """Compare explainers in batches, for a page that shows progress or stops; yields texts measured and texts in all.

    The last that it yields is the result.
    """
    many = len(asked.free)
    if many < 2:
        raise ValueError(
            "the text has one token that can be taken away, so there is no order to compare: write two or more"
        )
    if orders < 1 or points < 1:
        raise ValueError(f"orders={orders} and points={points} must be at least 1")
    some = np.linspace(0, many, min(points, many) + 1).round().astype(int)
    counts = np.unique([*some, *(many - some)])  # as many tokens stay at some point as are removed at another
    ranks = {name: order_of(values, asked.free) for name, values in explained.items()}
    draw = np.random.default_rng(seed)
    drawn = [tuple(draw.permutation(many).tolist()) for _ in range(orders)]
    ask = _Subsets(asked, base)
    for order in ranks.values():
        ask.need(order, counts, SIDES)
    # The tokens left when the first of an order are removed are those put back when its last ones come first: a
    # reversed random order is a random order, too, and needs no texts of its own.
    for order in drawn:
        ask.need(order, counts, ("deletion",))
    yield from ask.measure()
    yield _compared(ask, counts, ranks, drawn)


def _compared(
    ask: _Subsets, counts: Array, ranks: Mapping[str, tuple[int, ...]], drawn: Sequence[tuple[int, ...]]
) -> Faithfulness:
    """Build all curves from the measured numbers."""
    many = len(ask.asked.free)
    random: dict[Side, Array] = {
        "deletion": np.stack([ask.curve(order, counts, "deletion") for order in drawn]),
        "insertion": np.stack([ask.curve(order[::-1], counts, "insertion") for order in drawn]),
    }
    areas = {side: area(counts, random[side]) for side in SIDES}
    curves = {
        side: {
            name: _curve(order, ask.curve(order, counts, side), counts, areas[side], side, len(ranks))
            for name, order in ranks.items()
        }
        for side in SIDES
    }
    whole, empty = ask.value(np.ones(many, dtype=bool)), ask.value(np.zeros(many, dtype=bool))
    return Faithfulness(
        counts=counts, at=whole, base=empty, deletion=curves["deletion"], insertion=curves["insertion"],
        random=random, areas=areas,
    )  # fmt: skip


def area(counts: Array, values: Array) -> Array:
    """Average curves (..., P) over the share of removed tokens, by the trapezoid rule: (...)."""
    found: Array = np.trapezoid(values, counts / counts[-1], axis=-1)
    return found


def by_luck(share: float, explainers: int) -> float:
    """Return the probability that the best of so many explainers reaches `share` by chance.

    1 - (1 - share)^explainers.
    """
    return 1.0 - (1.0 - share) ** explainers


def _curve(
    order: tuple[int, ...], values: Array, counts: Array, areas: Array, side: Side, explainers: int
) -> Curve:
    many = len(order)
    own = float(area(counts, values))
    slack = 1e-9 * max(1.0, float(np.abs(areas).max()))
    better = areas <= own + slack if side == "deletion" else areas >= own - slack
    worse = areas >= own - slack if side == "deletion" else areas <= own + slack
    as_good, as_bad = ((1 + int(found.sum())) / (1 + len(areas)) for found in (better, worse))
    verdict: Verdict = "like random"
    if by_luck(1 / math.factorial(min(many, 20)), explainers) > BY_LUCK:
        verdict = "too few tokens"  # even the best possible rank is too likely by chance
    elif by_luck(as_good, explainers) <= BY_LUCK:
        verdict = "better than random"
    elif by_luck(as_bad, explainers) <= BY_LUCK:
        verdict = "worse than random"
    return Curve(order=order, values=values, area=own, as_good=as_good, verdict=verdict)


class _Subsets:
    """The number for subsets of kept tokens, each measured once however many curves pass through it."""

    def __init__(self, asked: Readout, base: Tensor) -> None:
        self.asked, self.base = asked, base
        self.known: dict[bytes, float] = {}

    def need(self, order: Sequence[int], counts: Array, sides: Sequence[Side]) -> None:
        for side in sides:
            for keep in _kept(order, counts, side):
                self.known.setdefault(np.packbits(keep).tobytes(), math.nan)

    def measure(self) -> Iterator[tuple[int, int]]:
        keys = list(self.known)
        raw = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), -1)
        keep = np.unpackbits(raw, axis=1, count=len(self.asked.free)).astype(bool)
        for first in range(0, len(keys), AT_ONCE):
            part = keys[first : first + AT_ONCE]
            found = self.asked.kept(keep[first : first + AT_ONCE], self.base).tolist()
            self.known.update(zip(part, found, strict=True))
            yield first + len(part), len(keys)

    def value(self, keep: Array) -> float:
        return self.known[np.packbits(keep).tobytes()]

    def curve(self, order: Sequence[int], counts: Array, side: Side) -> Array:
        return np.array([self.value(keep) for keep in _kept(order, counts, side)])


def _kept(order: Sequence[int], counts: Array, side: Side) -> Array:
    """Return (P, len(order)) bool.

    The kept tokens when the first ones of the order are removed, or only they are kept.
    """
    rank = np.empty(len(order), dtype=int)
    rank[list(order)] = np.arange(len(order))
    first: Array = rank[None] < counts[:, None]
    return ~first if side == "deletion" else first
