"""The maps of patching: at once where that is quick, else with a bar; for a large model when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from streamlit.delta_generator import DeltaGenerator

from app import cache, work
from app.components.interpretability.asking import Asked
from app.page import Context
from core.analysis.patch_sweep import patched, steps, sweep
from core.analysis.patching import NothingToRecover, Patching
from core.analysis.places import Kind
from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]
JOB = "interpretability"
QUICK = 5e9  # weights x positions: up to here all places are patched without a bar
ASKS = 3e11  # and up to here without being asked to
A_SECOND = 3e10  # of the same, roughly, on one processor


LEAST = 1.0  # of a logit: shares of a smaller difference are large for next to nothing

Ends = tuple[float, float, int, tuple[str, ...], str]  # see `see_ends`


@dataclass(frozen=True)
class Maps:
    """What has been patched so far.

    found: site -> a line a block, as `core.analysis.patching` gives them: positions are the corrupted text's; "head"
    (H,) and "heads" (H, T') a block. done, total: results. clean, corrupted: what both texts say. why: nothing can be
    patched.
    """

    found: dict[str, list[Array]] = field(default_factory=dict)
    done: int = 0
    total: int = 0
    clean: float = 0.0
    corrupted: float = 0.0
    sites: tuple[str, ...] = ()
    why: str = ""

    @property
    def slight(self) -> str:
        """What is to be said where the texts differ by less than `LEAST`; "" where they do not."""
        gap = abs(self.clean - self.corrupted)
        if self.why or not self.total or gap >= LEAST:
            return ""
        return (
            f"Both texts say nearly the same: {gap:.2f} apart, less than {LEAST:g}. There is hardly a difference to "
            "share out, so the shares mean little; take another pair."
        )

    @property
    def whole(self) -> bool:
        """All is there."""
        return self.total > 0 and self.done == self.total


def prepared(lm: LanguageModel, asked: Asked, kind: Kind) -> Patching:
    """Both texts, run. `asked` has a pair."""
    assert asked.pair is not None
    return Patching.of(lm, asked.pair, asked.token, asked.against, attention=kind)


def see_maps(lm: LanguageModel, asked: Asked, kind: Kind) -> tuple[Ends, dict[str, Array]]:
    """What both texts say, and the maps of sites and heads; {}: nothing can be patched."""
    found = prepared(lm, asked, kind)
    ends = _ends(found, by_place=False)
    return ends, {} if ends[-1] else patched(found, by_place=False)


def see_heads(lm: LanguageModel, asked: Asked, kind: Kind) -> Array:
    """(L, H, T'): the heads at one position at a time, which are more work than all other maps together."""
    found = prepared(lm, asked, kind)
    lines = [found.by_head_and_place(layer) for layer in range(found.layers)]
    return np.array(lines).reshape(found.layers, found.heads, len(found.counterpart))


def see_ends(lm: LanguageModel, asked: Asked, kind: Kind) -> Ends:
    """What the clean and the corrupted text say, how many results there are, the sites, and why there are none."""
    return _ends(prepared(lm, asked, kind), by_place=True)


def _ends(found: Patching, by_place: bool) -> Ends:
    why = ""
    try:
        found.recovered(0.0)
    except NothingToRecover as reason:
        why = str(reason)
    return found.clean, found.corrupted, steps(found, by_place), tuple(found.sites), why


def cost(lm: LanguageModel, positions: int, layers: int, sites: int, by_place: bool = True) -> float:
    """How much work all maps are, in weights x positions, half of the blocks each on average."""
    variants = layers * (sites * positions + lm.config.n_heads * (1 + by_place * positions))
    return 0.5 * lm.n_parameters * positions * variants


@dataclass(frozen=True)
class Measure:
    """The maps of one question. positions: of the patched stack.

    by_place: heads are looked at one position at a time. Where all is quick, these are patched only then.
    """

    ctx: Context
    asked: Asked
    kind: Kind
    positions: int
    layers: int
    by_place: bool = True

    @property
    def key(self) -> str:
        """What the work hangs on."""
        return repr((self.ctx.model_key, self.asked, self.kind))

    @property
    def weight(self) -> float:
        """How much work it is."""
        return cost(self.ctx.lm, self.positions, self.layers, 3 + (self.kind != "encoder"))

    @property
    def quick(self) -> bool:
        """Whether what is looked at is patched at once, without a bar."""
        sites = 3 + (self.kind != "encoder")
        return cost(self.ctx.lm, self.positions, self.layers, sites, self.by_place) <= QUICK

    @property
    def seconds(self) -> int:
        """About how long it takes."""
        return max(1, round(self.weight / A_SECOND))

    def known(self) -> Maps:
        """What there is by now; work that takes a moment is begun, longer work waits for `button`."""
        if self.asked.pair is None:
            return Maps(why=self.asked.why)
        if self.quick:
            return self._quick()
        clean, corrupted, total, sites, why = cache.call(see_ends, self.ctx.model_key, self.asked, self.kind)
        ends = Maps(total=total, clean=clean, corrupted=corrupted, sites=sites, why=why)
        if why:
            return ends
        kept = cache.kept(self.key)
        if kept is None:
            job = work.of(JOB, self.key)
            if job is None and self.weight <= ASKS:
                work.begin(JOB, self.key, total, self.make)
                job = work.of(JOB, self.key)
            if job is None:
                return ends
            kept = tuple(job.done)
            if job.ended:
                cache.keep(self.key, kept)
        lines: dict[str, list[Array]] = {}
        for name, _, line in kept:
            lines.setdefault(name, []).append(line)
        return self._with(ends, lines, len(kept))

    def _quick(self) -> Maps:
        """All that is looked at, at once."""
        given = self.ctx.model_key, self.asked, self.kind
        (clean, corrupted, total, sites, why), maps = cache.call(see_maps, *given)
        ends = Maps(total=total, clean=clean, corrupted=corrupted, sites=sites, why=why)
        if why:
            return ends
        found = {name: list(rows) for name, rows in maps.items()}
        if not self.by_place:
            return self._with(ends, found, total)
        lines = list(cache.call(see_heads, *given))
        whole = replace(ends, total=total + len(lines))
        return self._with(whole, found | {"heads": lines}, whole.total)

    def _with(self, ends: Maps, found: dict[str, list[Array]], done: int) -> Maps:
        return Maps(found, done, ends.total, ends.clean, ends.corrupted, ends.sites)

    def make(self) -> Iterator[tuple[str, int, Array]]:
        """The work itself."""
        return sweep(prepared(self.ctx.lm, self.asked, self.kind))

    def buttons(self, maps: Maps) -> DeltaGenerator | None:
        """Where the work is long: the button that begins, stops or goes on with it; returns the place of its bar."""
        if maps.why or maps.whole or self.quick:
            return None
        return work.buttons(
            JOB, self.key, f"Patch every place, about {self.seconds} s", maps.total, self.make
        )

    def go_on(self, slot: DeltaGenerator | None) -> None:
        """Do what is left to do. Called at the end of the page."""
        if slot is not None:
            work.go_on(JOB, self.key, slot, "results", at_once=max(4, self.layers))
