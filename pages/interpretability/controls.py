"""The controls below the picture (another text, a token, one that is taken off it), and its patches bit by bit.

Patches come at once where that is quick, else from coarse to fine, with a bar, for all visitors together. The first
round patches every eighth block, and each later one those halfway between. Heads at one position at a time are many
more passes: where it is not quick, only those of the chosen block are patched.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import markup
from app.controls import stacks, work
from app.frame.page import Context
from app.models import cache
from app.session import state
from core.analysis.patching.holder_pairs import draw_pair
from core.analysis.patching.sweep import COARSE, sweep
from core.analysis.places import Kind
from core.messages import mark, say, say_of
from pages.interpretability.figure import (
    A_SECOND,
    ASKS,
    LONGEST,
    NOTHING,
    PATCHES,
    QUICK,
    SAYS,
    TOKENS,
    Array,
    Asked,
    Maps,
    at_once,
    cost,
    parts_open,
    prepared,
    see_ends,
    sites_of,
    told,
)

JOB, HEADS = "interpretability", "interpretability.heads"


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
        return sites_of(self.kind)

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
        """Return the maps so far; work that takes a moment is begun, longer work waits for `buttons`."""
        if self.asked.pair is None:
            return Maps(why=self.asked.why)
        if self.quick:
            return at_once(self.ctx.asked.call, self.asked, self.kind, self.by_place)
        ends = told(cache.call(see_ends, self.ctx.model_key, self.asked, self.kind))
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

    def asked_for(self) -> Maps:
        """Return the maps that need no work: none, while nobody has asked for them."""
        return Maps(why=self.asked.why if self.asked.pair is None else "")

    def _first(self, total: int) -> int:
        """Count the results of the first round."""
        return len(range(0, self.layers, COARSE)) * (total // max(1, self.layers))

    def _job(self, total: int) -> work.Shared:
        """Return the patching of all sites and heads, block by block, as shared work."""
        return work.Shared(JOB, self.key, total, say("results"), self.make)

    def _heads(self, block: int) -> work.Shared:
        """Return the patching of a block's heads, position by position, as shared work."""

        def make(known: Sequence[Any]) -> Iterator[tuple[int, Array]]:
            found = prepared(self.ctx.lm, self.asked, self.kind)
            for at in range(len(known), len(found.counterpart)):
                yield at, found.by_head_and_place(block, [at])[:, at]

        assert self.asked.pair is not None
        written = self.ctx.lm.config.shape == "encoder-decoder" and self.kind != "encoder"
        places = self.positions if written else len(self.asked.pair.corrupted)
        return work.Shared(HEADS, repr((self.key, block)), places, say("positions"), make)

    def _by_head(self) -> dict[int, Array]:
        """Collect the blocks whose heads have been patched at every position."""
        found = {}
        for block in range(self.layers):
            there = self._heads(block).measured
            if there.ended:
                found[block] = np.stack([line for _, line in there.results], axis=1)
        return found

    def make(self, known: Sequence[tuple[str, int, Array]]) -> Iterator[tuple[str, int, Array]]:
        """Patch what is left."""
        done = {(name, layer) for name, layer, _ in known}
        return sweep(prepared(self.ctx.lm, self.asked, self.kind), by_place=False, coarse=True, known=done)

    def buttons(self, maps: Maps) -> tuple[DeltaGenerator | None, DeltaGenerator | None]:
        """Draw, where the work is long, buttons that begin, stop or go on with it; returns the places of their bars."""
        if maps.why or self.quick:
            return None, None
        bar = self._job(maps.total).buttons(say("Patch every block, about {seconds} s", seconds=self.seconds))
        if not self.by_place:
            return bar, None
        seconds = max(1, round(self.heads_weight / A_SECOND))
        label = say(
            "Patch the heads of block {block} at every position, about {seconds} s",
            block=self.block,
            seconds=seconds,
        )
        return bar, self._heads(self.block).buttons(label)

    def go_on(self, maps: Maps, slots: tuple[DeltaGenerator | None, DeltaGenerator | None]) -> None:
        """Do what is left to do, at the end of the page."""
        if maps.why or self.quick:
            return
        if self.by_place:
            drawn = self.block in maps.found.get("heads", {})
            self._heads(self.block).go_on(slots[1], whole=drawn)
        self._job(maps.total).go_on(slots[0], maps.total // max(1, self.layers), maps.whole)


# --------------------------------------------------------------------------- the row below the picture


def draw(ctx: Context, asked: Asked) -> None:
    """Draw the row of widgets below the picture: what belongs to a part that is not open is not shown."""
    there = opened()
    _answer(ctx, asked)
    if SAYS in there or PATCHES in there:
        _versus(ctx, asked)
    if PATCHES not in there:
        return
    st.text_input(
        say("Corrupted text"), placeholder=asked.corrupted or say("type one"), width=330,
        **state.bind("corrupted"),
    )  # fmt: skip
    st.button(
        say("Another pair"), key="interpretability.pair", on_click=state.whole(lambda: state.update(next_pair(ctx))),
        icon=":material/shuffle:",
        help=say("Who has it? A clean and a corrupted text about two people and a thing, drawn until "
"the model answers both rightly; for a model that does not, another change of your "
"text."),
    )  # fmt: skip


def _answer(ctx: Context, asked: Asked) -> None:
    """Draw the list of tokens that either text finds likely; -1, the likeliest, moves with the text."""
    word = ctx.lm.tokenizer.display
    names = {id: f"{markup.visible(word(id))}  id {id}" for id in asked.likely}
    view = (
        f"{zlib.crc32(repr(names).encode('utf-8', 'replace')):x}"  # a list answers with the words it showed
    )
    first = asked.likely[0]

    def chosen(id: int | None) -> None:
        state.set("asked", -1 if id is None else id)

    st.selectbox(
        say("Explain"), list(names), format_func=lambda id: names.get(id, str(id)), filter_mode=None,
        **state.part(f"asked.{view}", first, chosen),
    )  # fmt: skip


def _versus(ctx: Context, asked: Asked) -> None:
    """Draw the choice between the logit alone and its difference to what the corrupted text says."""
    word = ctx.lm.tokenizer.display
    other = asked.against
    against = say("another token") if other is None else markup.visible(word(other))
    options = {"less": say("less {token}", token=against), "alone": say("its logit alone")}
    st.segmented_control(
        say_of("noun", "Measure"), list(options), required=True,
        format_func=lambda one: markup.escape(options[str(one)]),
        **state.part(
            "versus", "alone" if other is None else "less",
            lambda one: state.set("versus", NOTHING if one == "alone" else -1),
        ),
    )  # fmt: skip


def stack_pickers(decoding: bool) -> None:
    """Draw the choice of the patched stack, of an encoder-decoder."""
    stacks.pick_stack()
    if decoding:
        stacks.pick_attention()


def next_pair(ctx: Context) -> dict[str, str | int]:
    """Return the fields of the next pair of Toyland that the model answers rightly; else another change of the text."""
    first = int(state.get("dealt")) + 1
    drawn = draw_pair(ctx.lm, first, LONGEST)
    chosen: dict[str, str | int] = {"corrupted": "", "dealt": first}
    if drawn is not None:
        pair, seed = drawn
        chosen = {"text": pair.clean, "corrupted": pair.corrupted, "dealt": seed, "target": ""}
    return chosen | {
        "asked": -1,
        "versus": -1,
        "follow": -1,
        "row": -1,
        "tier": -1,
        "sight": "stream",
        "stage": -1,
    }


# --------------------------------------------------------------------------- parts that open on demand

MORE = mark("Which tokens it rests on, and whether that is true: five explainers, probes and a circuit")


def opened() -> tuple[str, ...]:
    """List the open parts."""
    return parts_open(state.snapshot())


def more(show: Callable[[], Callable[[], None]]) -> Callable[[], None]:
    """Draw the part below the picture, closed at first; `show` draws what is in it, and is called when it is open.

    Returns what measures the rest: to be called when the page is drawn.
    """
    there = opened()

    def changed(now: bool) -> None:
        rest = [part for part in there if part != TOKENS]
        state.set("unfold", " ".join([*rest, TOKENS] if now else rest))

    box = st.expander(say(MORE), **state.part("unfold.tokens", TOKENS in there, changed))
    if TOKENS not in there:
        return lambda: None
    with box:
        return show()
