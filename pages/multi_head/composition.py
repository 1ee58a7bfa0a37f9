"""Draw the lower half of the Multi-head page: scores against chance, how heads fit together, sets of heads off.

`show` draws it; `HeadsTogether` measures what it shows, and the functions below turn that into the component's JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import streamlit as st

from app.controls.bare_encoder import UNSAID
from app.controls.work import Shared
from app.frame import page
from app.frame.page import Context
from app.kit import pack, register
from app.markup import inline
from app.models import cache
from app.session import events, state
from core.analysis.heads.composition import RULE as FITS
from core.analysis.heads.composition import Composition, Way, composition, work
from core.analysis.heads.effects import HeadEffects, Value
from core.analysis.heads.jobs import MIXED, NAMED_FROM, RULE, HeadJobs, reads
from core.analysis.heads.null_distributions import BY_LUCK, Null
from core.analysis.heads.patterns import NAMES, Score
from core.analysis.heads.sets import (
    Change,
    SetEffect,
    changes,
    collected,
    pairs_of_largest,
    set_effects,
    variants,
)
from core.analysis.places import Kind
from core.language_model import LanguageModel
from core.messages import mark, say
from pages.multi_head.ablation import A_SECOND, MARKS, QUICK, Head, Here, Measure, Off, cost, write_off
from pages.multi_head.figure import Seen
from pages.multi_head.roles import COLUMNS, brief, halves

multi_head_composition = register("multi_head_composition", __file__)

KEYS = ("block", "head", "off", "pair", "compose")
DOTS = 40  # of a null distribution that are drawn

# What was taken away, in a sentence, for each kind of null (core/analysis/heads/null_distributions.py).
TAKEN: dict[str, str] = {
    "weights moved": mark("each row’s weights moved to any tokens that it may see"),
    "repeats taken out": mark("earlier copies replaced, the same places read"),
    "two halves that differ": mark("as many random tokens, the second half others than the first"),
    "words moved": mark("the words changed places under the map"),
}

Pair = tuple[Head, Head]  # a head that writes and one that reads

SHOWN = 6  # pairs that are drawn
MULTIPLIED = 2e11  # of `work`: up to here the composition of all pairs is computed without asking
_PAIR = re.compile(r"([0-9]{1,3})\.([0-9]{1,3}) ([0-9]{1,3})\.([0-9]{1,3})")


# ---------------------------------------------------------------------------------------------------- what is measured


def see_composition(lm: LanguageModel, way: Way, kind: Kind) -> Composition:
    """The scores of all pairs, in the order of arguments that the cache takes."""
    return composition(lm, way, kind)


def see_sets(
    lm: LanguageModel,
    text: str,
    target: str | None,
    kind: Kind,
    value: Value,
    row: int,
    token: int,
    sets: tuple[tuple[Head, ...], ...],
) -> tuple[SetEffect, ...]:
    """What becomes of one token's log-probability without each of the sets, and without each of their heads alone."""
    return set_effects(lm, text, sets, row=row, token=token, value=value, attention=kind, target=target)


@dataclass(frozen=True)
class HeadsTogether:
    """Measure heads together: all of it of the whole model, whatever is off in the picture above.

    off: the heads that are off above.   row: of the logits.   token: whose log-probability; -1: of a bare encoder none.
    alone: every head of the whole model off by itself; None: that takes long, and nobody has asked.
    """

    ctx: Context
    here: Here
    off: Off
    row: int
    token: int
    alone: HeadEffects | None
    way: Way
    pair_text: str

    @classmethod
    def of(cls, ctx: Context, here: Here, off: Off, row: int, token: int, heads: int) -> HeadsTogether:
        """What the page's fields ask for."""
        alone = Measure(ctx, here, Off((), off.value), row, token, heads).known
        return cls(ctx, here, off, row, token, alone, state.get("compose"), state.get("pair"))

    @cached_property
    def composition(self) -> Composition | None:
        """Of all pairs of heads; None where that takes long."""
        kind = self.here[2]
        kinds: list[Kind] = (
            [kind, kind] if kind != "cross" else ["self" if self.way == "Q" else "encoder", kind]
        )
        if work(self.ctx.lm, kinds) > MULTIPLIED:
            return None
        found: Composition = cache.call(see_composition, self.ctx.model_key, self.way, kind)
        return found

    @cached_property
    def chosen(self) -> Pair | None:
        """The chosen pair, or else the one that fits best; None where no head follows another."""
        found = self.composition
        if found is None or found.strongest is None:
            return None
        read = _PAIR.fullmatch(self.pair_text)
        if read is not None:
            i, h, j, g = map(int, read.groups())
            layers, heads, readers, _ = found.scores.shape
            if i < layers and j < readers and h < heads and g < heads and found.follows[i, j]:
                return (i, h), (j, g)
        i, h, j, g = found.strongest
        return (i, h), (j, g)

    @property
    def score(self) -> float | None:
        """How well the chosen pair fits."""
        if self.composition is None or self.chosen is None:
            return None
        (i, h), (j, g) = self.chosen
        return float(self.composition.scores[i, h, j, g])

    @cached_property
    def first(self) -> tuple[tuple[Head, ...], ...]:
        """The sets that a learner chose: the heads that are off above, and the pair."""
        chosen: list[tuple[Head, ...]] = [self.off.heads] if len(self.off.heads) > 1 else []
        within = self.here[2] != "cross"  # there the writer is a head of another attention
        if self.chosen is not None and within:
            chosen.append(self.chosen)
        return tuple(dict.fromkeys(chosen))

    @property
    def sets(self) -> tuple[tuple[Head, ...], ...]:
        """All sets to switch off: the chosen ones, and the pairs of the heads that matter most alone."""
        pairs = pairs_of_largest(self.alone) if self.alone is not None else ()
        return tuple(dict.fromkeys([*self.first, *pairs]))

    @property
    def quick(self) -> bool:
        """Whether the sets are measured without asking."""
        return cost(self.ctx.lm, len(self.ctx.ids), 48) <= QUICK

    @cached_property
    def measured(self) -> tuple[SetEffect, ...] | None:
        """Every set off; None as long as nobody has asked where that takes long; of a bare encoder none, ()."""
        if self.token < 0:
            return ()
        if not self.quick:
            found = self.job.measured
            return collected(self.sets, found.results) if found.ended else None
        done: tuple[SetEffect, ...] = cache.call(see_sets, self.ctx.model_key, *self.given)
        return done

    @property
    def given(self) -> tuple[str, str | None, Kind, Value, int, int, tuple[tuple[Head, ...], ...]]:
        """The arguments of `see_sets`."""
        return *self.here, self.off.value, self.row, self.token, self.sets

    @property
    def job(self) -> Shared:
        """The measuring, where it takes long."""
        text, target, kind = self.here
        sets, row, token, value = self.sets, self.row, self.token, self.off.value

        def make(known: Sequence[Change]) -> Iterator[Change]:
            return changes(
                self.ctx.lm, text, sets, row=row, token=token, value=value, attention=kind, target=target,
                known=[heads for heads, _ in known],
            )  # fmt: skip

        key = repr(("sets of heads off", self.ctx.model_key, *self.here, value, row, token, sets))
        return Shared("multi_head_composition", key, len(variants(sets)), say("sets measured"), make)

    @property
    def shown(self) -> list[SetEffect]:
        """The measured sets in the order in which they are shown: the chosen ones, then pairs that meet most."""
        found, first = self.measured or (), len(self.first)
        return [*found[:first], *sorted(found[first:], key=lambda one: -abs(one.beyond))][: first + SHOWN]


# --------------------------------------------------------------------------------------------------------- on the page


def show(lm: LanguageModel, seen: Seen, together: HeadsTogether) -> Callable[[], None]:
    """The heading, and below it the three panels; a button where measuring sets of heads takes long.

    Returns what measures those that were asked for: to be called when the page is drawn.
    """
    heading = say("More than chance, and heads together")
    st.html(f'<section class="gb-words"><h2>{inline(heading)}</h2></section>')
    blocks, heads = seen.maps.maps.shape[:2]
    chance = replace(seen.usual.chance, repeats=halves(together.ctx.asked, together.here))
    rows = chance_rows(replace(seen.usual, chance=chance), seen.block) if blocks else []
    named = seen.usual.names[seen.block] if blocks else ()
    picked = {key: state.get(key) for key in KEYS} | {"block": seen.block}
    draw(
        data={
            "blocks": blocks, "heads": heads, "block": seen.block, "head": seen.head,
            "mark": MARKS[seen.maps.attention], "names": [say(name) for name in named],
            "briefs": [brief(name) or say(name) for name in named], "mixed": [name == MIXED for name in named],
            "off": bool(together.off.heads),
            "chance": rows, "from": NAMED_FROM, "luck": BY_LUCK,
            "fit": _fit(together), "sets": _sets(lm, seen, together),
            "selection": events.selection("more", picked),
        },
        key="more",
        on={"select": lambda: events.select("more", KEYS)},
    )  # fmt: skip
    page.judged(RULE, FITS)
    if together.measured is not None:
        return lambda: None
    seconds = max(1, round(cost(together.ctx.lm, len(together.ctx.ids), 48) / A_SECOND))
    job = together.job
    slot = job.buttons(say("Switch off pairs of heads, about {seconds} s", seconds=seconds))
    return partial(job.go_on, slot, job.total, whole=False)


def draw(data: dict[str, Any], key: str, on: Mapping[str, Any]) -> Any:
    """Mount the picture; `on` maps its events to callbacks."""
    return multi_head_composition(data=data, key=key, on=on)


# ------------------------------------------------------------------------------------------------ the record


def chance_rows(jobs: HeadJobs, block: int) -> list[dict[str, Any]]:
    """A row for each score with a null: the heads of one block, and what they come to by chance."""
    chance = jobs.chance
    rows = [
        _row("where", NAMES[job], NAMES[job], jobs.scores[job], chance.text[job], block)
        for job in COLUMNS
        if job in chance.text and chance.text[job].how == "weights moved"
    ]
    rows += [
        _row("copies", NAMES[job], NAMES[job], jobs.scores[job], chance.text[job], block)
        for job in ("same", "induction")
        if job in chance.text
    ]
    if "induction" in chance.repeats and "induction" in jobs.repeats:
        scored, null = jobs.repeats["induction"], chance.repeats["induction"]
        rows.append(_row("copies", mark("induction, random tokens"), NAMES["induction"], scored, null, block))
    rows += [
        _row("words", name, reads(name), score, chance.class_nulls[name], block)
        for name, score in chance.classes.items()
    ]
    for row in rows:
        row["named"] = [
            name == row["names"] and above
            for name, above in zip(jobs.names[block], row["above"], strict=True)
        ]
        row["name"], row["names"] = say(row["name"]), say(row["names"])
    return rows


def _row(group: str, label: str, names: str, score: Score, null: Null, block: int) -> dict[str, Any]:
    weight, above = score.weight, score.above_even
    heads = null.draws.shape[2]
    drawn = np.linspace(0, len(null.draws) - 1, min(DOTS, len(null.draws))).round().astype(int)
    dots = np.sort(null.draws[:, block], axis=0)[drawn]  # (dots, H), a quantile each
    return {
        "group": group, "name": label, "names": names, "tokens": score.rows, "line": null.line,
        "how": say(TAKEN[null.how]), "draws": len(null.draws),
        "values": [0.0] * heads if weight is None else weight[block].tolist(),
        "mean": null.draws[:, block].mean(0).tolist(), "reached": null.reached(score)[block].tolist(),
        "above": null.above(score)[block].tolist(),
        "large": [False] * heads if above is None else (above[block] >= NAMED_FROM).tolist(),
        "dots": pack(dots.T),
    }  # fmt: skip


def _fit(together: HeadsTogether) -> dict[str, Any] | None:
    """How well what each head writes fits what each later one reads; None where that takes long."""
    found, pair = together.composition, together.chosen
    if found is None:
        return None
    return {
        "way": found.way, "scores": pack(found.scores.reshape(-1)), "chance": found.chance, "line": found.line,
        "shape": list(found.scores.shape), "follows": found.follows.astype(int).tolist(),
        "mark": MARKS[found.writers], "pair": pair, "score": together.score,
    }  # fmt: skip


def _sets(lm: LanguageModel, seen: Seen, together: HeadsTogether) -> dict[str, Any] | None:
    """The sets of heads that are off, together and alone; None where nobody has asked for what takes long."""
    measured, kind = together.measured, together.here[2]
    if measured is None:
        return None
    if together.token < 0:
        return {"token": "", "now": False, "chosen": 0, "rows": [], "pairs": 0, "unsaid": say(UNSAID)}
    stack = seen.maps.maps.shape[:2]
    return {
        "token": lm.tokenizer.display(together.token), "now": len(together.off.heads) > 1,
        "chosen": len(together.first),
        "rows": [_set(one) | {"off": write_off(one.heads, kind, *stack)} for one in together.shown],
        "pairs": len(measured) - len(together.first),
    }  # fmt: skip


def _set(one: SetEffect) -> dict[str, Any]:
    return {
        "heads": [list(head) for head in one.heads], "singles": list(one.singles), "joint": one.joint,
        "total": one.total, "beyond": one.beyond,
    }  # fmt: skip
