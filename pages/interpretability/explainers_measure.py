"""What the lower half of the Interpretability page measures, and when: at once where that is quick, else when asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from app import cache, work
from app.page import Context
from core.analysis.explaining.explainers import NAMES, explain
from core.analysis.explaining.faithfulness import AT_ONCE, ORDERS, POINTS, Faithfulness, faithfulness_steps
from core.analysis.explaining.integrated_gradients import Attribution, integrated_gradients
from core.analysis.explaining.readout import Baseline, Readout, Says, baseline, neutral_token
from core.language_model import LanguageModel

QUICK = 4e10  # weights x tokens: up to here without asking
A_SECOND = 3e10  # of the same, roughly, on one processor
SHORTER = (1, 2, 4, 8, 16)  # numbers of steps whose delta is shown beside that of the chosen number
JOB = "explain"


@dataclass(frozen=True)
class Ask:
    """What is explained: a number of the prediction, and against what."""

    text: str
    target: str | None
    row: int
    token: int
    says: Says
    blank: Baseline
    steps: int

    def readout(self, lm: LanguageModel) -> Readout:
        """The number as a function of the tokens' vectors."""
        return Readout.of(
            lm, self.text, row=self.row, token=self.token, target=self.target or None, says=self.says
        )


@dataclass(frozen=True, kw_only=True)
class Explained:
    """Everything that was measured of one question. `judged` is None where there is only one token to take away."""

    ids: tuple[int, ...]
    split: int
    free: tuple[int, ...]
    attribution: Attribution
    deltas: tuple[tuple[int, float], ...]
    values: dict[str, np.ndarray[Any, Any]]
    judged: Faithfulness | None


def explaining(lm: LanguageModel, ask: Ask) -> Iterator[Any]:
    """The measurements one after the other; the last is `Explained`."""
    of = ask.readout(lm)
    base = baseline(of, ask.blank)
    attribution = integrated_gradients(of, base, ask.steps)
    yield "integrated gradients"
    deltas = []
    for steps in SHORTER:
        deltas.append((steps, integrated_gradients(of, base, steps).delta))
    yield "their steps"
    values = explain(of, base, ask.steps)
    yield "the other explainers"
    judged = None
    if len(of.free) > 1:
        for found in faithfulness_steps(of, base, values):
            if isinstance(found, Faithfulness):
                judged = found
            else:
                yield found
    yield Explained(
        ids=of.ids, split=of.split, free=of.free, attribution=attribution, deltas=tuple(deltas), values=values,
        judged=judged,
    )  # fmt: skip


def see(lm: LanguageModel, ask: Ask) -> Explained:
    """All of it, in the order of arguments that the cache takes."""
    *_, last = explaining(lm, ask)
    assert isinstance(last, Explained)
    return last


def passes(ask: Ask, tokens: int) -> int:
    """About how many texts are read, gradients counted three times, and how many batches that makes."""
    curves = (ORDERS + 2 * len(NAMES)) * min(POINTS, tokens)
    return 3 * (2 * ask.steps + sum(SHORTER)) + min(curves, 2 ** min(tokens, 20))


def seconds(lm: LanguageModel, ask: Ask, tokens: int) -> float:
    """About how long all of it takes."""
    return lm.n_parameters * passes(ask, tokens) * tokens / A_SECOND


def job(ctx: Context, ask: Ask) -> work.Shared:
    """Return the whole measurement as work that all visitors share, where it takes long."""
    total = passes(ask, len(ctx.ids)) // AT_ONCE + 4
    make = work.anew(partial(explaining, ctx.lm, ask))
    return work.Shared(JOB, f"explained {ctx.model_key} {ask!r}", total, "steps", make, about=True)


def known(ctx: Context, ask: Ask) -> Explained | None:
    """What was measured, if it is quick or was asked for.

    Raises:
        ValueError: there is nothing to measure (see `Readout.of`), so that no work is to be asked for.
    """
    ask.readout(ctx.lm)
    if seconds(ctx.lm, ask, len(ctx.ids)) * A_SECOND <= QUICK:
        quick: Explained = cache.call(see, ctx.model_key, ask)
        return quick
    last = job(ctx, ask).measured.results[-1:]
    return last[0] if last and isinstance(last[0], Explained) else None


def blank_word(lm: LanguageModel, blank: Baseline) -> str:
    """What stands in a token's place, in words; a token as it reads."""
    if blank == "zero":
        return "zeros"
    if blank == "mean":
        return "the mean of all tokens’ vectors"
    token = neutral_token(lm)
    return "" if token is None else lm.tokenizer.display(token)
