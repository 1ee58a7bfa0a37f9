"""What is measured below the Multi-head picture: how heads fit together by their weights, and sets of heads off."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from app import cache, state
from app.page import Context
from app.work import Shared
from core.analysis.heads.composition import Composition, Way, composition, work
from core.analysis.heads.effects import HeadEffects, Value
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
from pages.multi_head.figure import QUICK, Off, cost
from pages.multi_head.measure import Here, Measure
from pages.multi_head.off import Head

Pair = tuple[Head, Head]  # a head that writes and one that reads

SHOWN = 6  # pairs that are drawn
MULTIPLIED = 2e11  # of `work`: up to here the composition of all pairs is computed without asking
_PAIR = re.compile(r"([0-9]{1,3})\.([0-9]{1,3}) ([0-9]{1,3})\.([0-9]{1,3})")


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
class Further:
    """What is asked about heads together: all of it of the whole model, whatever is off in the picture above.

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
    def of(cls, ctx: Context, here: Here, off: Off, row: int, token: int, heads: int) -> Further:
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
        return Shared("multi_head_composition", key, len(variants(sets)), "sets measured", make)

    @property
    def shown(self) -> list[SetEffect]:
        """The measured sets in the order in which they are shown: the chosen ones, then pairs that meet most."""
        found, first = self.measured or (), len(self.first)
        return [*found[:first], *sorted(found[first:], key=lambda one: -abs(one.beyond))][: first + SHOWN]
