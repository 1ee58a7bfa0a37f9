"""Faithfulness of explanations: remove tokens in an explanation's order, and see how fast the prediction falls.

Deletion: the tokens with the highest value first; the earlier the number falls, the better. Insertion: from a text in
which all of them are replaced, the highest come back first; the earlier it rises, the better (Samek et al. 2017,
"Evaluating the Visualization of What a Deep Neural Network has Learned"; Petsiuk et al. 2018, "RISE", section 4.1). The
baseline is random orders on the same text: an explainer's p is the share of them that are as good. Five explainers and
two sides are ten tests of one text, so p is corrected for all of them (Holm 1979): if no explainer knew anything, one
of the ten would be called better than random on 1 of 20 texts. `RULE` says it in words.

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
from core.messages import later, mark
from core.verdict_rule import Rule

Array = np.ndarray[Any, Any]
Side = Literal["deletion", "insertion"]
Verdict = Literal["better than random", "like random", "worse than random", "too few tokens"]
SIDES: tuple[Side, ...] = ("deletion", "insertion")
ORDERS = 200  # random orders: so many that the best rank, 1 / 201, passes the correction for ten tests
POINTS = 12  # approximate number of points of a curve, besides its beginning
BY_LUCK = 0.05  # of texts on which any of the tests passes by chance
AT_ONCE = 64  # texts per progress report


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The number as tokens are removed (or put back) in one order.

    `values` (P,) at `Faithfulness.counts`; `area` under it.
    """

    order: tuple[int, ...]
    values: Array
    area: float
    as_good: float  # share of random orders at least as good, from 1 / (ORDERS + 1): p of one test
    corrected: float  # the same, corrected for all tests of the text
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
    tested = [(side, name) for side in SIDES for name in ranks]
    values = {(side, name): ask.curve(ranks[name], counts, side) for side, name in tested}
    found = [_shares(float(area(counts, values[side, name])), areas[side], side) for side, name in tested]
    better, worse = (holm(shares) for shares in zip(*found)) if found else ([], [])
    few = many < fewest(len(tested))
    curves: dict[Side, dict[str, Curve]] = {side: {} for side in SIDES}
    for at, (side, name) in enumerate(tested):
        curves[side][name] = Curve(
            order=ranks[name], values=values[side, name], area=float(area(counts, values[side, name])),
            as_good=found[at][0], corrected=better[at], verdict=_verdict(better[at], worse[at], few),
        )  # fmt: skip
    whole, empty = ask.value(np.ones(many, dtype=bool)), ask.value(np.zeros(many, dtype=bool))
    return Faithfulness(
        counts=counts, at=whole, base=empty, deletion=curves["deletion"], insertion=curves["insertion"],
        random=random, areas=areas,
    )  # fmt: skip


def area(counts: Array, values: Array) -> Array:
    """Average curves (..., P) over the share of removed tokens, by the trapezoid rule: (...)."""
    found: Array = np.trapezoid(values, counts / counts[-1], axis=-1)
    return found


def fewest(tests: int) -> int:
    """Return how many tokens a text needs: of fewer, even the best of all orders is too likely by chance."""
    return next(many for many in range(1, 20) if tests <= BY_LUCK * math.factorial(many))


def holm(shares: Sequence[float]) -> list[float]:
    """Correct the p values of several tests (Holm 1979): what is at most a level is found at that level in all of them.

    The smallest times the number of tests, the next times one less, and so on; none below a smaller one, none above 1.
    """
    order = sorted(range(len(shares)), key=lambda at: shares[at])
    found, least = [0.0] * len(shares), 0.0
    for rank, at in enumerate(order):
        least = max(least, min(1.0, (len(shares) - rank) * shares[at]))
        found[at] = least
    return found


def _shares(own: float, areas: Array, side: Side) -> tuple[float, float]:
    """Compute the shares of orders at least as good, and at least as bad, the tested one among them."""
    slack = 1e-9 * max(1.0, float(np.abs(areas).max()))
    less, more = (1 + int(found.sum()) for found in (areas <= own + slack, areas >= own - slack))
    better, worse = (less, more) if side == "deletion" else (more, less)
    return better / (1 + len(areas)), worse / (1 + len(areas))


def _verdict(better: float, worse: float, few: bool) -> Verdict:
    if few:
        return "too few tokens"
    return (
        "better than random"
        if better <= BY_LUCK
        else "worse than random"
        if worse <= BY_LUCK
        else "like random"
    )


RULE = Rule(
    mark("An explainer: “better than random”, “like random”, “worse than random”"),
    mark(
        "The area under its curve as tokens go (the lower, the better) or come back (the higher, the "
        "better), and how many random orders of the same tokens do as well: that share is p."
    ),
    later(
        "Better than random: a corrected p of at most {level}. Worse: the same, of the orders that do as "
        "badly.",
        level=f"{BY_LUCK:g}",
    ),
    later(
        "One text; {orders} random orders of its tokens, with seed 0. In a gone token’s place stands what is "
        "chosen above: a neutral token, the mean of all tokens’ vectors, or zeros.",
        orders=ORDERS,
    ),
    mark(
        "Holm’s, over all tests of the text: each explainer taken away and put back, ten with five "
        "explainers."
    ),
    "Samek et al. 2017; Petsiuk et al. 2018; Holm 1979",
    faithfulness,
)


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
