"""The picture of three questions to one pass: lens, direct attribution and patching (figure.js draws it).

`look` asks core for lens and attribution at once, `Measure` for the patches: at once where that is quick, else from
coarse to fine, with a bar, for all visitors together. The first round patches every eighth block, and each later one
those halfway between. Heads at one position at a time are many more passes: where it is not quick, only those of the
chosen block are patched. `record` turns all into the component's JSON. The arithmetic is core's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from streamlit.delta_generator import DeltaGenerator

from app.controls import work
from app.frame.page import Context
from app.kit import pack, register
from app.models import cache
from core.analysis.patching.patches import LEAST_GAP, NothingToRecover, Patching, slight
from core.analysis.patching.sweep import COARSE, patched, steps, sweep
from core.analysis.places import Kind
from core.analysis.stream.direct_attribution import Attribution, attribute
from core.analysis.stream.logit_lens import LogitLens, logit_lens
from core.language_model import LanguageModel
from pages.interpretability.controls import Asked

interpretability = register("interpretability", __file__)

TOP = 5  # tokens of the lens at each place
LOUD = 6  # neurons that are named

Array = np.ndarray[Any, Any]
JOB, HEADS = "interpretability", "interpretability.heads"
QUICK = 5e9  # weights x positions: up to here all places are patched without a bar
ASKS = 3e11  # and up to here all blocks, or else the first round of them, without being asked to
A_SECOND = 4e10  # of the same, roughly, on one processor

Ends = tuple[float, float, int, tuple[str, ...], str]  # see `see_ends`


# --------------------------------------------------------------------------- patches, at once or bit by bit


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
        """What is to be said where the texts differ by less than `LEAST_GAP`; "" where they do not."""
        if self.why or not self.total or not slight(self.clean, self.corrupted):
            return ""
        gap = abs(self.clean - self.corrupted)
        return (
            f"Both texts say nearly the same: {gap:.2f} apart, less than {LEAST_GAP:g}. There is hardly a difference "
            "to share out, so the shares mean little; take another pair."
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
    """Run both texts, ready to be patched. `asked` has a pair."""
    assert asked.pair is not None
    return Patching.of(lm, asked.pair, asked.token, asked.against, attention=kind)


def see_maps(lm: LanguageModel, asked: Asked, kind: Kind) -> tuple[Ends, dict[str, Array]]:
    """Measure what both texts say, and patch all sites and heads; {}: nothing can be patched."""
    found = prepared(lm, asked, kind)
    ends = _ends(found)
    return ends, {} if ends[-1] else patched(found, by_place=False)


def see_heads(lm: LanguageModel, asked: Asked, kind: Kind) -> Array:
    """Patch the heads at one position at a time, (L, H, T'): more work than all other maps together."""
    found = prepared(lm, asked, kind)
    lines = [found.by_head_and_place(layer) for layer in range(found.layers)]
    return np.array(lines).reshape(found.layers, found.heads, len(found.counterpart))


def see_ends(lm: LanguageModel, asked: Asked, kind: Kind) -> Ends:
    """Measure what both texts say, count the results, and name the sites, or why there are none."""
    return _ends(prepared(lm, asked, kind))


def _ends(found: Patching) -> Ends:
    why = ""
    try:
        found.recovered(0.0)
    except NothingToRecover as reason:
        why = str(reason)
    return found.clean, found.corrupted, steps(found, by_place=False), tuple(found.sites), why


def cost(lm: LanguageModel, positions: int, layers: int, sites: int, by_place: bool = True) -> float:
    """Estimate the work of all maps, in weights x positions, half of the blocks each on average."""
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
        """Return the maps so far; work that takes a moment is begun, longer work waits for `buttons`."""
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

    def asked_for(self) -> Maps:
        """Return the maps that need no work: none, while nobody has asked for them."""
        return Maps(why=self.asked.why if self.asked.pair is None else "")

    def _told(self, ends: Ends) -> Maps:
        clean, corrupted, total, sites, why = ends
        return Maps(total=total, clean=clean, corrupted=corrupted, sites=sites, why=why)

    def _quick(self) -> Maps:
        """Patch all that is looked at, at once."""
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
        """Count the results of the first round."""
        return len(range(0, self.layers, COARSE)) * (total // max(1, self.layers))

    def _job(self, total: int) -> work.Shared:
        """Return the patching of all sites and heads, block by block, as shared work."""
        return work.Shared(JOB, self.key, total, "results", self.make)

    def _heads(self, block: int) -> work.Shared:
        """Return the patching of a block's heads, position by position, as shared work."""

        def make(known: Sequence[Any]) -> Iterator[tuple[int, Array]]:
            found = prepared(self.ctx.lm, self.asked, self.kind)
            for at in range(len(known), len(found.counterpart)):
                yield at, found.by_head_and_place(block, [at])[:, at]

        assert self.asked.pair is not None
        written = self.ctx.lm.config.shape == "encoder-decoder" and self.kind != "encoder"
        places = self.positions if written else len(self.asked.pair.corrupted)
        return work.Shared(HEADS, repr((self.key, block)), places, "positions", make)

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
        bar = self._job(maps.total).buttons(f"Patch every block, about {self.seconds} s")
        if not self.by_place:
            return bar, None
        seconds = max(1, round(self.heads_weight / A_SECOND))
        label = f"Patch the heads of block {self.block} at every position, about {seconds} s"
        return bar, self._heads(self.block).buttons(label)

    def go_on(self, maps: Maps, slots: tuple[DeltaGenerator | None, DeltaGenerator | None]) -> None:
        """Do what is left to do, at the end of the page."""
        if maps.why or self.quick:
            return
        if self.by_place:
            drawn = self.block in maps.found.get("heads", {})
            self._heads(self.block).go_on(slots[1], whole=drawn)
        self._job(maps.total).go_on(slots[0], maps.total // max(1, self.layers), maps.whole)


def full(lines: Mapping[int, Array], layers: int) -> Array:
    """Stack the lines of the blocks that are patched, (L, ...), nan in those that are not."""
    some = next(iter(lines.values()))
    return np.stack([lines.get(layer, np.full_like(some, np.nan)) for layer in range(layers)])


# ----------------------------------------------------------------------------------------- the picture


@dataclass(frozen=True)
class Looked:
    """Of the clean text: what each depth would say, and the logit in parts. lens None: the model has no blocks.

    ids: of the rows of the logits, the decoder's in an encoder-decoder. probability: of the answer, at the row.
    """

    ids: tuple[int, ...]
    lens: LogitLens | None
    parts: Attribution
    probability: float


def look(lm: LanguageModel, asked: Asked) -> Looked:
    """Compute lens and attribution, from one pass."""
    with torch.no_grad():
        trace = lm.trace(asked.clean, asked.target)
    lens = logit_lens(lm, trace, TOP, asked.token) if lm.config.decoder_layers else None
    parts = attribute(
        lm, asked.clean, asked.token, asked.against, row=asked.row, target=asked.target, trace=trace
    )
    read = trace.ids if trace.decoder_ids is None else trace.decoder_ids
    chances = trace.logits[asked.row].detach().float().softmax(-1)
    return Looked(tuple(read.tolist()), lens, parts, float(chances[asked.token]))


def rows_of(asked: Asked, looked: Looked, kind: Kind, both: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the ids of the patched stack in the clean text, and for each its position in the corrupted one, or -1."""
    if both and kind != "encoder":
        return looked.ids, tuple(range(len(looked.ids)))
    if asked.pair is None:
        return looked.ids, (-1,) * len(looked.ids)
    return asked.pair.clean, asked.pair.back


def by_clean(line: Array, back: Sequence[int]) -> Array:
    """Move values (..., T') of the corrupted text's positions to the clean one's, (..., T); nan where there is none."""
    places = np.array([max(0, at) for at in back], dtype=int)
    values: Array = np.where(np.array(back) >= 0, line[..., places], np.nan)
    return values


def gathered(maps: Maps, back: Sequence[int]) -> dict[str, Array]:
    """Gather the maps so far by the clean text's positions: site -> (L, T), "head" -> (L, H), "heads" -> (L, H, T).

    nan: there is no counterpart, or the block is not patched yet (`Maps.found` has those that are).
    """
    layers = 1 + max((layer for lines in maps.found.values() for layer in lines), default=-1)
    return {
        name: full(
            lines if name == "head" else {layer: by_clean(line, back) for layer, line in lines.items()},
            layers,
        )
        for name, lines in maps.found.items()
        if lines
    }


SIGHTS = {"stream": "stream", "attention": "attention", "cross-attention": "cross", "mlp": "mlp"}


def strongest(found: Mapping[str, Array]) -> tuple[int, int] | None:
    """Find the stream's patch that brings most back, (position, block), of equals the latest block; None: none yet.

    What is put in before the first block is the other word itself: the first block that reads it counts from there on.
    """
    if "stream" not in found:
        return None
    values = np.nan_to_num(
        found["stream"][::-1], nan=-np.inf
    )  # the last block first; not patched yet: the last of all
    block, position = np.unravel_index(int(values.argmax()), values.shape)
    return int(position), len(values) - 1 - int(block)


def best_head(maps: Maps, layers: int) -> tuple[int, int] | None:
    """Find the head that brings most back alone, (block, head); None while not all are known."""
    values = maps.rows("head") if layers else None
    if values is None:
        return None
    block, head = np.unravel_index(int(values.argmax()), values.shape)
    return int(block), int(head)


CLAIM = "An answer can be traced through the model."


def record(
    lm: LanguageModel,
    asked: Asked,
    looked: Looked,
    maps: Maps,
    kind: Kind,
    *,
    stamp: str,
    seconds: int,
    opened: Sequence[str],
    selection: Mapping[str, Any],
) -> dict[str, Any]:
    """Turn all into what figure.js draws.

    Args:
        stamp: changes with model, texts and question. seconds: about how long the patches take, if they wait.
        opened: the parts of the picture that are open.
    """
    both = lm.config.shape == "encoder-decoder"
    ids, back = rows_of(asked, looked, kind, both)
    found = gathered(maps, back)
    word = _namer(lm)
    best = strongest(found)
    others = _others(asked, ids, back, both and kind != "encoder")
    special = lm.special_ids
    return {
        "stamp": f"{stamp}\x1f{maps.done}\x1f{sorted(maps.found.get('heads', ()))}",
        "tokens": [_token(word, id, special) for id in looked.ids],
        "rows": [
            _token(word, id, special) | {"other": None if o is None else word(o), "place": at}
            for id, o, at in zip(ids, others, back)
        ],
        "one": ids == looked.ids and not (both and kind == "encoder"),
        "stack": "decoder" if both and kind != "encoder" else "encoder" if both else "",
        "blocks": lm.config.n_layers if kind == "encoder" and both else lm.config.decoder_layers,
        "heads": lm.config.n_heads, "mark": "X" if kind == "cross" else "H",
        "row": asked.row,
        "answer": {"text": word(asked.token), "id": asked.token},
        "against": None if asked.against is None else {"text": word(asked.against), "id": asked.against},
        "probability": looked.probability, "firsts": [{"text": word(one), "id": one} for one in asked.firsts],
        "corrupted": asked.corrupted, "change": None if asked.change is None else [asked.change.old, asked.change.new],
        "says": {"clean": maps.clean, "corrupted": maps.corrupted},
        "lens": _lens(looked.lens, word), "vocabulary": lm.config.d_vocab,
        "parts": _parts(looked.parts, kind),
        "maps": {SIGHTS.get(name, name): pack(values) for name, values in found.items()},
        "patched": {SIGHTS.get(name, name): sorted(lines) for name, lines in maps.found.items()},
        "done": maps.done, "total": maps.total, "whole": maps.whole, "why": maps.why, "seconds": seconds,
        "slight": maps.slight, "opened": list(opened),
        "told": asked.said, "best": best and {"row": best[0], "tier": best[1]},
        "sites": [SIGHTS[site] for site in maps.sites] or ["stream", "attention", "mlp"],
        "selection": dict(selection),
    }  # fmt: skip


def _namer(lm: LanguageModel) -> Callable[[int], str]:
    return lm.tokenizer.display


def _token(word: Callable[[int], str], id: int, special: frozenset[int]) -> dict[str, Any]:
    return {"text": word(id), "id": id, "special": id in special}


def _others(asked: Asked, ids: Sequence[int], back: Sequence[int], written: bool) -> list[int | None]:
    """Return what stands in the corrupted text where another token does; the decoder reads the same in both."""
    if asked.pair is None or written:
        return [None] * len(ids)
    theirs = [asked.pair.corrupted[at] if at >= 0 else None for at in back]
    return [None if one is None or one == id else one for one, id in zip(theirs, ids)]


def _lens(lens: LogitLens | None, word: Callable[[int], str]) -> dict[str, Any] | None:
    if lens is None:
        return None
    assert lens.chance is not None and lens.rank is not None
    return {
        "ids": lens.ids.tolist(), "words": {int(id): word(int(id)) for id in np.unique(lens.ids)},
        "probabilities": pack(lens.probabilities), "own": pack(lens.own), "chance": pack(lens.chance),
        "rank": lens.rank.tolist(),
    }  # fmt: skip


def _parts(parts: Attribution, kind: Kind) -> dict[str, Any]:
    heads = parts.cross if kind == "cross" and parts.cross is not None else parts.heads
    loud = [
        sorted(
            ((int(n), float(line[n])) for n in np.argsort(-np.abs(line))[:LOUD]), key=lambda one: -abs(one[1])
        )
        for line in parts.neurons
    ]
    return {
        "lines": [vars(line) for line in parts.lines],
        "logit": parts.logit, "total": parts.total, "error": parts.error, "frozen": list(parts.frozen),
        "heads": pack(heads) if kind != "encoder" else None, "neurons": loud,
    }  # fmt: skip


def draw(data: dict[str, Any], key: str, on: Mapping[str, Callable[[], None]]) -> Any:
    """Mount the picture; `on` maps its event "select" to a callback."""
    return interpretability(data=data, key=key, on=on)
