"""The maps of patching: at once where that is quick, else with a bar; for a large model when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
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
    def whole(self) -> bool:
        """All is there."""
        return self.total > 0 and self.done == self.total


def prepared(lm: LanguageModel, asked: Asked, kind: Kind) -> Patching:
    """Both texts, run. `asked` has a pair."""
    assert asked.pair is not None
    return Patching.of(lm, asked.pair, asked.token, asked.against, attention=kind)


def see_maps(lm: LanguageModel, asked: Asked, kind: Kind) -> dict[str, Array] | str:
    """All maps, or why there are none."""
    try:
        return patched(prepared(lm, asked, kind))
    except NothingToRecover as reason:
        return str(reason)


def see_ends(lm: LanguageModel, asked: Asked, kind: Kind) -> tuple[float, float, int, tuple[str, ...], str]:
    """What the clean and the corrupted text say, how many results there are, the sites, and why there are none."""
    found = prepared(lm, asked, kind)
    why = ""
    try:
        found.recovered(0.0)
    except NothingToRecover as reason:
        why = str(reason)
    return found.clean, found.corrupted, steps(found), tuple(found.sites), why


def cost(lm: LanguageModel, positions: int, layers: int, sites: int) -> float:
    """How much work all maps are, in weights x positions, half of the blocks each on average."""
    variants = layers * (sites * positions + lm.config.n_heads * (1 + positions))
    return 0.5 * lm.n_parameters * positions * variants


@dataclass(frozen=True)
class Measure:
    """The maps of one question. positions: of the patched stack."""

    ctx: Context
    asked: Asked
    kind: Kind
    positions: int
    layers: int

    @property
    def key(self) -> str:
        """What the work hangs on."""
        return repr((self.ctx.model_key, self.asked, self.kind))

    @property
    def weight(self) -> float:
        """How much work it is."""
        return cost(self.ctx.lm, self.positions, self.layers, 3 + (self.kind != "encoder"))

    @property
    def seconds(self) -> int:
        """About how long it takes."""
        return max(1, round(self.weight / A_SECOND))

    def known(self) -> Maps:
        """What there is by now; work that takes a moment is begun, longer work waits for `button`."""
        if self.asked.pair is None:
            return Maps(why=self.asked.why)
        model = self.ctx.model_key
        clean, corrupted, total, sites, why = cache.call(see_ends, model, self.asked, self.kind)
        ends = Maps(total=total, clean=clean, corrupted=corrupted, sites=sites, why=why)
        if why:
            return ends
        if self.weight <= QUICK:
            maps = cache.call(see_maps, model, self.asked, self.kind)
            return self._with(ends, {name: list(rows) for name, rows in maps.items()}, total)
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

    def _with(self, ends: Maps, found: dict[str, list[Array]], done: int) -> Maps:
        return Maps(found, done, ends.total, ends.clean, ends.corrupted, ends.sites)

    def make(self) -> Iterator[tuple[str, int, Array]]:
        """The work itself."""
        return sweep(prepared(self.ctx.lm, self.asked, self.kind))

    def buttons(self, maps: Maps) -> DeltaGenerator | None:
        """Where the work is long: the button that begins, stops or goes on with it; returns the place of its bar."""
        if maps.why or maps.whole or self.weight <= QUICK:
            return None
        return work.buttons(
            JOB, self.key, f"Patch every place, about {self.seconds} s", maps.total, self.make
        )

    def go_on(self, slot: DeltaGenerator | None) -> None:
        """Do what is left to do. Called at the end of the page."""
        if slot is not None:
            work.go_on(JOB, self.key, slot, "results", at_once=max(4, self.layers))
