"""Head functions: one name for each head, by the pattern score that is high and significant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.analysis.heads.null_distributions import BY_LUCK, DRAWS, FEWEST, PASSES, Chance, head_chance
from core.analysis.heads.patterns import (
    BROAD,
    NAMES,
    SHARP,
    HeadMaps,
    Job,
    Score,
    evenness,
    pattern_scores,
    repeat_scores,
)
from core.language_model import LanguageModel
from core.messages import later, mark
from core.verdict_rule import Rule, percent

Array = np.ndarray[Any, Any]
EVEN, MIXED, SHORT = mark("spread evenly"), mark("mixed"), mark("text too short")
SHORTEST = 4  # tokens to choose from; with fewer, the first token is also the recent one
NAMED_FROM = 0.3  # of the range from uniform attention (0) to the best possible (1)
EVEN_FROM = 0.9  # of the maximum entropy


@dataclass(frozen=True, kw_only=True)
class HeadJobs:
    """The functions of the heads: the scores, and the names that follow from them (`name_heads`)."""

    scores: dict[Job, Score]  # on the text; under cross-attention without those that compare places
    repeats: dict[Job, Score]  # on random tokens said twice; empty under cross-attention
    chance: Chance  # what the same scores come to by chance, and the scores by classes of words
    evenness: Array  # (L, H) from 0, every row reads one token, to 1, all that it may see alike
    names: tuple[tuple[str, ...], ...]  # L of H


def reads(name: str) -> str:
    """Return the name of a head that reads a class of words."""
    return f"reads {name}"


def head_jobs(
    lm: LanguageModel, maps: HeadMaps, repeats: dict[Job, Score] | None = None, chance: Chance | None = None
) -> HeadJobs:
    """Score and name the heads of `maps`.

    Args:
        repeats: of `repeat_scores`, which depend on the model only, so that a page computes them once; None: computed.
        chance: of `head_chance`: a page with heads off keeps the lines of the whole model; None: computed.
    """
    repeats = repeat_scores(lm, maps.attention) if repeats is None else repeats
    chance = head_chance(lm, maps) if chance is None else chance
    scores, spread = pattern_scores(maps), evenness(maps)
    names = name_heads(scores, repeats, spread, chance.proven(scores, repeats))
    names = _by_words(names, chance)
    if len(maps.key_ids) < SHORTEST or len(maps.ids) < 2:  # one row is no evidence of a habit
        names = tuple((SHORT,) * len(line) for line in names)
    return HeadJobs(scores=scores, repeats=repeats, chance=chance, evenness=spread, names=names)


def name_heads(
    scores: Mapping[Job, Score],
    repeats: Mapping[Job, Score],
    spread: Array,
    proven: Mapping[Job, Array] | None = None,
) -> tuple[tuple[str, ...], ...]:
    """Choose one name for each head: L of H.

    The sharp pattern with the largest excess over uniform attention, if that reaches `NAMED_FROM` of the possible
    excess (induction and same token: on the text or on repeats, whichever is more) and is significant; else the broad
    one; else "spread evenly" from `EVEN_FROM` of the maximum entropy; else "mixed".

    Args:
        scores, repeats: as in `HeadJobs`.
        spread: (L, H), of `evenness`.
        proven: (L, H) for each job, whether a head passes the line (`Chance.proven`); a job without counts as proven.
    """
    never = np.full(spread.shape, -np.inf)

    def reached(job: Job) -> Array:
        measured = [scores.get(job), repeats.get(job) if job in ("induction", "same") else None]
        above = [score.above_even for score in measured if score is not None]
        best = np.maximum.reduce([never, *(values for values in above if values is not None)])  # (L, H)
        return np.where((proven or {}).get(job, True), best, -np.inf)

    names = np.where(spread >= EVEN_FROM, EVEN, MIXED).astype(object)
    for jobs in (BROAD, SHARP):  # the sharp ones last: they take precedence
        table = np.stack([reached(job) for job in jobs])  # (jobs, L, H)
        best = table.argmax(0)
        named = np.array([NAMES[job] for job in jobs], dtype=object)[best]
        names = np.where(table.max(0) >= NAMED_FROM, named, names)
    return tuple(tuple(str(name) for name in line) for line in names)


def _by_words(names: tuple[tuple[str, ...], ...], chance: Chance) -> tuple[tuple[str, ...], ...]:
    """Find unnamed heads that read one class of words: far above uniform attention, and above the significance line."""
    best: dict[tuple[int, int], tuple[float, str]] = {}
    for name, score in chance.classes.items():
        above = score.above_even
        if above is None:
            continue
        for layer, head in np.argwhere(
            chance.class_nulls[name].above(score) & (above >= NAMED_FROM)
        ).tolist():
            found = float(above[layer, head]), reads(name)
            best[layer, head] = max(best.get((layer, head), (0.0, "")), found)
    return tuple(
        tuple(
            best[layer, head][1] if name == MIXED and (layer, head) in best else name
            for head, name in enumerate(line)
        )
        for layer, line in enumerate(names)
    )


RULE = Rule(
    mark("A head’s name: “previous token”, “induction”, ..., “mixed”"),
    mark(
        "How much of its attention a pattern takes, between even attention (0) and the most that is possible (1). "
        "Chance: its weights moved to other places, the repeats taken out, or the words exchanged."
    ),
    later(
        "Named from {named} on, and above the line that the luckiest head passes by chance in {luck} of the draws; of "
        "several patterns the one most above even attention. “spread evenly”: from {even} of the greatest entropy on. "
        "Else “mixed”.",
        named=f"{NAMED_FROM:g}", luck=percent(BY_LUCK), even=f"{EVEN_FROM:g}",
    ),
    later(
        "This text and random tokens said twice; {draws} draws of each line, or {fewest} to {most} where each takes a "
        "pass of the model.",
        draws=DRAWS, fewest=FEWEST, most=PASSES,
    ),
    mark("For all heads of the model at once, as the line is that of the luckiest; patterns are not corrected for."),
    mark("Westfall & Young 1993; patterns of Clark et al. 2019 and Olsson et al. 2022"),
    name_heads,
)  # fmt: skip
