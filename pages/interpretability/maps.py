"""The maps of patching: at once where that is quick, else from coarse to fine, with a bar, for all visitors together.

The first round patches every eighth block, and each later one those halfway between. Heads at one position at a time
are many more passes: where it is not quick, only those of the chosen block are patched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from streamlit.delta_generator import DeltaGenerator

from app import cache, work
from app.page import Context
from core.analysis.patching.patches import NothingToRecover, Patching
from core.analysis.patching.sweep import COARSE, patched, steps, sweep
from core.analysis.places import Kind
from core.language_model import LanguageModel
from pages.interpretability.asking import Asked

Array = np.ndarray[Any, Any]
JOB, HEADS = "interpretability", "interpretability.heads"
QUICK = 5e9  # weights x positions: up to here all places are patched without a bar
ASKS = 3e11  # and up to here all blocks, or else the first round of them, without being asked to
A_SECOND = 4e10  # of the same, roughly, on one processor


LEAST = 1.0  # of a logit: shares of a smaller difference are large for next to nothing

Ends = tuple[float, float, int, tuple[str, ...], str]  # see `see_ends`


@dataclass(frozen=True)
class Maps:
    """What has been patched so far.

    found: site -> block -> a line, as `core.analysis.patching.patches` gives them: positions are the corrupted text's;
    "head" (H,) and "heads" (H, T') a block. done, total: results, without "heads". clean, corrupted: what both texts
    say. why: nothing can be patched.
    """

    found: dict[str, dict[int, Array]] = field(default_factory=dict)
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

    def rows(self, name: str) -> Array | None:
        """All blocks of a map, (L, ...); None while one is not patched."""
        lines = self.found.get(name, {})
        if not lines or not self.whole:
            return None
        return np.stack([lines[layer] for layer in sorted(lines)])


def prepared(lm: LanguageModel, asked: Asked, kind: Kind) -> Patching:
    """Both texts, run. `asked` has a pair."""
    assert asked.pair is not None
    return Patching.of(lm, asked.pair, asked.token, asked.against, attention=kind)


def see_maps(lm: LanguageModel, asked: Asked, kind: Kind) -> tuple[Ends, dict[str, Array]]:
    """What both texts say, and the maps of sites and heads; {}: nothing can be patched."""
    found = prepared(lm, asked, kind)
    ends = _ends(found)
    return ends, {} if ends[-1] else patched(found, by_place=False)


def see_heads(lm: LanguageModel, asked: Asked, kind: Kind) -> Array:
    """(L, H, T'): the heads at one position at a time, which are more work than all other maps together."""
    found = prepared(lm, asked, kind)
    lines = [found.by_head_and_place(layer) for layer in range(found.layers)]
    return np.array(lines).reshape(found.layers, found.heads, len(found.counterpart))


def see_ends(lm: LanguageModel, asked: Asked, kind: Kind) -> Ends:
    """What the clean and the corrupted text say, how many results there are, the sites, and why there are none."""
    return _ends(prepared(lm, asked, kind))


def _ends(found: Patching) -> Ends:
    why = ""
    try:
        found.recovered(0.0)
    except NothingToRecover as reason:
        why = str(reason)
    return found.clean, found.corrupted, steps(found, by_place=False), tuple(found.sites), why


def cost(lm: LanguageModel, positions: int, layers: int, sites: int, by_place: bool = True) -> float:
    """How much work all maps are, in weights x positions, half of the blocks each on average."""
    variants = layers * (sites * positions + lm.config.n_heads * (1 + by_place * positions))
    return 0.5 * lm.n_parameters * positions * variants


@dataclass(frozen=True)
class Measure:
    """The maps of one question. positions: of the patched stack.

    by_place: heads are looked at one position at a time. Where all is quick, these are patched only then; elsewhere
        only those of `block`, and of the blocks that somebody has asked for before.
    """

    ctx: Context
    asked: Asked
    kind: Kind
    positions: int
    layers: int
    by_place: bool = True
    block: int = 0

    @property
    def key(self) -> str:
        """What the work hangs on."""
        return repr((self.ctx.model_key, self.asked, self.kind))

    @property
    def sites(self) -> int:
        """How many things of a place are patched."""
        return 3 + (self.kind != "encoder")

    @property
    def weight(self) -> float:
        """How much work it is, without heads at one position at a time."""
        return cost(self.ctx.lm, self.positions, self.layers, self.sites, by_place=False)

    @property
    def quick(self) -> bool:
        """Whether what is looked at is patched at once, without a bar."""
        return cost(self.ctx.lm, self.positions, self.layers, self.sites, self.by_place) <= QUICK

    @property
    def seconds(self) -> int:
        """About how long all blocks take."""
        return max(1, round(self.weight / A_SECOND))

    @property
    def heads_weight(self) -> float:
        """How much work the heads of the chosen block are at one position at a time."""
        share = (self.layers - self.block) / max(1, self.layers)
        return float(self.ctx.lm.n_parameters) * self.positions**2 * self.ctx.lm.config.n_heads * share

    def known(self) -> Maps:
        """What there is by now; work that takes a moment is begun, longer work waits for `buttons`."""
        if self.asked.pair is None:
            return Maps(why=self.asked.why)
        if self.quick:
            return self._quick()
        ends = self._told(cache.call(see_ends, self.ctx.model_key, self.asked, self.kind))
        if ends.why:
            return ends
        job = self._job(ends.total)
        if job.until is None and self.weight <= ASKS:
            job.wait(ends.total)
        elif job.until is None and self.weight * self._first(ends.total) / ends.total <= ASKS:
            job.wait(self._first(ends.total))
        lines: dict[str, dict[int, Array]] = {}
        there = job.measured.results
        for name, layer, line in there:
            lines.setdefault(name, {})[layer] = line
        if self.by_place:
            heads = self._heads(self.block)
            if heads.until is None and self.heads_weight <= ASKS:
                heads.wait(heads.total)
            lines |= {"heads": self._by_head()}
        return replace(ends, found=lines, done=len(there))

    def _told(self, ends: Ends) -> Maps:
        clean, corrupted, total, sites, why = ends
        return Maps(total=total, clean=clean, corrupted=corrupted, sites=sites, why=why)

    def _quick(self) -> Maps:
        """All that is looked at, at once."""
        given = self.ctx.model_key, self.asked, self.kind
        told, maps = cache.call(see_maps, *given)
        ends = self._told(told)
        if ends.why:
            return ends
        found = {name: dict(enumerate(rows)) for name, rows in maps.items()}
        if self.by_place:
            found["heads"] = dict(enumerate(cache.call(see_heads, *given)))
        return replace(ends, found=found, done=ends.total)

    def _first(self, total: int) -> int:
        """The results of the first round."""
        return len(range(0, self.layers, COARSE)) * (total // max(1, self.layers))

    def _job(self, total: int) -> work.Shared:
        """All sites and heads, block by block."""
        return work.Shared(JOB, self.key, total, "results", self.make)

    def _heads(self, block: int) -> work.Shared:
        """The heads of a block, position by position."""

        def make(known: Sequence[Any]) -> Iterator[tuple[int, Array]]:
            found = prepared(self.ctx.lm, self.asked, self.kind)
            for at in range(len(known), len(found.counterpart)):
                yield at, found.by_head_and_place(block, [at])[:, at]

        assert self.asked.pair is not None
        written = self.ctx.lm.config.shape == "encoder-decoder" and self.kind != "encoder"
        places = self.positions if written else len(self.asked.pair.corrupted)
        return work.Shared(HEADS, repr((self.key, block)), places, "positions", make)

    def _by_head(self) -> dict[int, Array]:
        """The blocks whose heads have been patched at every position."""
        found = {}
        for block in range(self.layers):
            there = self._heads(block).measured
            if there.ended:
                found[block] = np.stack([line for _, line in there.results], axis=1)
        return found

    def make(self, known: Sequence[tuple[str, int, Array]]) -> Iterator[tuple[str, int, Array]]:
        """What is left of the work."""
        done = {(name, layer) for name, layer, _ in known}
        return sweep(prepared(self.ctx.lm, self.asked, self.kind), by_place=False, coarse=True, known=done)

    def buttons(self, maps: Maps) -> tuple[DeltaGenerator | None, DeltaGenerator | None]:
        """Where the work is long: the buttons that begin, stop or go on with it; returns the places of their bars."""
        if maps.why or self.quick:
            return None, None
        bar = self._job(maps.total).buttons(f"Patch every block, about {self.seconds} s")
        if not self.by_place:
            return bar, None
        seconds = max(1, round(self.heads_weight / A_SECOND))
        label = f"Patch the heads of block {self.block} at every position, about {seconds} s"
        return bar, self._heads(self.block).buttons(label)

    def go_on(self, maps: Maps, slots: tuple[DeltaGenerator | None, DeltaGenerator | None]) -> None:
        """Do what is left to do. Called at the end of the page."""
        if maps.why or self.quick:
            return
        if self.by_place:
            drawn = self.block in maps.found.get("heads", {})
            self._heads(self.block).go_on(slots[1], whole=drawn)
        self._job(maps.total).go_on(slots[0], maps.total // max(1, self.layers), maps.whole)


def full(lines: Mapping[int, Array], layers: int) -> Array:
    """(L, ...): the lines of the blocks that are patched, nan in those that are not."""
    some = next(iter(lines.values()))
    return np.stack([lines.get(layer, np.full_like(some, np.nan)) for layer in range(layers)])
