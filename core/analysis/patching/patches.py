"""Activation patching: which activations carry the information in which two texts differ?

Two texts that differ in little get different answers. The corrupted one is read again and again, each time with one
value of the clean pass put in its place: a token's stream, what an attention or MLP adds to it, one head's output. The
share of the clean answer that is restored measures the information at that place (Vig et al. 2020; Meng et al. 2022,
section 2; Wang et al. 2022, "Interpretability in the Wild"; Zhang & Nanda 2024 on how to do it well). 0: nothing, 1:
all of it.

Only what lies behind a place can change, so that every variant begins at its own block, and under a causal mask at its
own position: those before it are read once for all variants. Many variants run in one batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor

from core.analysis.patching.text_pairs import TextPair
from core.analysis.places import Kind, stack_of
from core.analysis.stream.direct_attribution import NoLogits, direction
from core.analysis.stream.resuming import (
    Before,
    read_before,
    run_behind,
    run_blocks,
    run_text,
    run_to_row,
    say,
)
from core.hooks import Intervention, intervene, needs_whole_text, recording
from core.messages import later, mark
from core.model.transformer import EncoderDecoder, Transformer
from core.verdict_rule import Rule

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]
Site = Literal["stream", "attention", "cross-attention", "mlp"]
SITES: tuple[Site, ...] = get_args(Site)
HOOKS: dict[Site, str] = {
    "stream": "hook_resid_pre", "attention": "hook_attn_out", "cross-attention": "hook_cross_attn_out",
    "mlp": "hook_mlp_out",
}  # fmt: skip
POSITIONS = 1024  # of all variants that run as one batch
WORTH = 256  # positions of a batch from which on it gains nothing to be larger
SAME = 1e-6  # logit differences closer than this, relative to their size, are one


Variant = tuple[
    str, Sequence[tuple[int, int | None]]
]  # a hook, and the (position, head) pairs that are put in there


@dataclass(frozen=True)
class Spot:
    """One activation. position: in the corrupted text, None: all that have a counterpart. head: of `attention`.

    site: ignored where a head is given.
    """

    layer: int
    site: Site = "stream"
    position: int | None = None
    head: int | None = None


LEAST_GAP = 1.0  # logits: shares of a smaller difference are large for next to nothing


def slight(clean: float, corrupted: float) -> bool:
    """Return whether two texts' answers lie so near that shares of their difference mean little."""
    return abs(clean - corrupted) < LEAST_GAP


RULE = Rule(
    mark("Two texts: “the shares mean little”"),
    mark(
        "How far the answer’s logit (or its lead over the other answer) lies in the clean text from that in "
        "the corrupted one: the difference of which every patch restores a share."
    ),
    later(
        "Warned of below {least} logit: less than a factor of {factor} in the odds, which a single "
        "head may make of nothing. Where both are equal, nothing is shared out at all.",
        least=f"{LEAST_GAP:g}",
        factor=f"{math.exp(LEAST_GAP):.1f}",
    ),
    mark("One pair of texts; all of it is measured, nothing is drawn."),
    mark(
        "None: nothing is tested. What a patch restores is measured without an error of chance, and holds "
        "for this pair."
    ),
    mark("Our rule; normalized logit differences as in Wang et al. 2023 and Heimersheim & Nanda 2024"),
    slight,
)


class NothingToRecover(ValueError):
    """Raised when both texts have the same logit difference, so that there is nothing to restore."""


@dataclass(frozen=True, kw_only=True)
class Patching:
    """A pair of passes, ready to be patched. T' positions of the corrupted text in the patched stack.

    Attributes:
        pair: the texts, and the rows that are asked.
        token, against: the answer is logit(token) - logit(against); against None: logit(token) alone.
        clean, corrupted: that difference in both passes.
        sites: what can be patched in this stack; layers: its blocks.
        counterpart: (T',) for each position of the corrupted text the clean one's, or -1.
        first: the first position at which the two stacks differ at all; before it a patch does nothing.
    """

    pair: TextPair
    token: int
    against: int | None
    clean: float
    corrupted: float
    attention: Kind
    half: str  # before the names of its hooks: "", "encoder." or "decoder."
    layers: int
    heads: int
    sites: tuple[Site, ...]
    counterpart: Tensor
    first: int
    stack: Transformer
    decoder: Transformer
    values: Mapping[str, Tensor]  # of the clean pass, (T, ...) by hook name
    streams: tuple[Tensor, ...]  # of the corrupted pass, (1, T', D), entering each block
    source: Tensor | None  # (1, S, D) that the corrupted pass's cross-attention reads
    written: Tensor | None  # (1, T, D) entering the decoder, where the encoder is patched
    readout: tuple[Tensor, float]

    @classmethod
    def of(
        cls,
        lm: LanguageModel,
        pair: TextPair,
        token: int,
        against: int | None = None,
        *,
        attention: Kind = "self",
    ) -> Patching:
        """Run both texts and keep what patching needs.

        Args:
            attention: whose heads are patched, and with it which stack: "self", or "cross" or "encoder" of an
                encoder-decoder.

        Raises:
            NoLogits: the model has no head that says tokens.
            ValueError: no such attention or token; or as `LanguageModel.batch`.
        """
        stack = stack_of(lm, attention)
        model = lm.transformer
        decoder = model.decoder if isinstance(model, EncoderDecoder) else model
        if decoder.unembed is None:
            raise NoLogits(f"{lm.name} has no head that says tokens, so it has no logits of them")
        if wrong := [one for one in (token, against) if one is not None and not 0 <= one < lm.config.d_vocab]:
            raise ValueError(f"token id {wrong[0]} lies outside the vocabulary of {lm.config.d_vocab:,}")
        one = decoder is model
        half = "" if one else "encoder." if attention == "encoder" else "decoder."
        blocks, wanted = _names(half, len(stack.blocks), attention == "cross")
        last = f"{'' if one else 'decoder.'}unembed.hook_in"
        streams, written = [f"{name}.hook_resid_pre" for name in blocks], "decoder.blocks.0.hook_resid_pre"
        with torch.no_grad():
            with recording([*wanted, last], batch_axis=False) as values:
                run_text(model, lm.batch(list(pair.clean), pair.target))
            with recording([*streams, written, last]) as seen:
                source = run_text(model, lm.batch(list(pair.corrupted), pair.target))
        readout = direction(decoder.unembed, token, against)
        clean, corrupted = (
            float(x[row].double() @ readout[0] + readout[1])
            for x, row in ((values[last], pair.clean_row), (seen[last][0], pair.row))
        )
        texts = one or attention == "encoder"  # else the decoder's rows, which are the same in both passes
        places = pair.counterpart if texts else range(seen[last].shape[1])
        return cls(
            pair=pair, token=token, against=against, clean=clean, corrupted=corrupted, attention=attention, half=half,
            layers=len(blocks), heads=lm.config.n_heads, first=_shared(pair) if texts and stack.causal else 0,
            sites=tuple(site for site in SITES if site != "cross-attention" or half == "decoder."),
            counterpart=torch.tensor(places, device=lm.device), stack=stack, decoder=decoder, values=dict(values),
            streams=tuple(seen[name] for name in streams), source=source, written=seen.get(written), readout=readout,
        )  # fmt: skip

    @property
    def gap(self) -> float:
        """The clean text's logit difference minus the corrupted one's."""
        return self.clean - self.corrupted

    def recovered(self, said: Tensor | Array | float) -> Array:
        """Scale logit differences to shares of the gap: 0 the corrupted text's, 1 the clean one's.

        Raises:
            NothingToRecover: there is no gap.
        """
        if abs(self.gap) <= SAME * max(abs(self.clean), abs(self.corrupted), 1e-30):
            raise NothingToRecover(later("Both texts get the same answer: there is nothing to recover."))
        values = said.double().cpu().numpy() if isinstance(said, Tensor) else np.asarray(said, dtype=float)
        shares: Array = (values - self.corrupted) / self.gap
        return shares

    def by_place(self, site: Site, layer: int) -> Array:
        """Patch one position at a time: (T',); NaN where it has no counterpart in the clean text."""
        places = self._places(layer, quiet=site != "stream")
        return self._spread(
            self._alone(self._hook(site, layer), layer, [(at, None) for at in places]), places
        )

    def by_head(self, layer: int) -> Array:
        """Patch one head's output at a time, at all positions that have a counterpart: (H,)."""
        return self.recovered(self._run(layer, self._of_heads(layer)))

    def by_layer(self, layer: int) -> dict[str, Array]:
        """Patch by position and by head together: site -> `by_place`, "head" -> `by_head`. Faster for a small model."""
        places = {site: self._places(layer, quiet=site != "stream") for site in self.sites}
        single = [(self._hook(site, layer), [(at, None)]) for site in self.sites for at in places[site]]
        found = self.recovered(self._run(layer, [*single, *self._of_heads(layer)]))
        lines, first = dict[str, Array](), 0
        for site, where in places.items():
            lines[site] = self._spread(found[first : first + len(where)], where)
            first += len(where)
        return lines | {"head": found[first:]}

    def by_head_and_place(self, layer: int, positions: Sequence[int] | None = None) -> Array:
        """Patch one head's output at one position at a time: (H, T').

        Args:
            positions: of the corrupted text; the others are nan. None: all.
        """
        places = self._places(layer, quiet=True)
        wanted = places if positions is None else [at for at in places if at in positions]
        found = self._alone(
            self._hook(None, layer), layer, [(at, head) for head in range(self.heads) for at in wanted]
        )
        found = found.reshape(self.heads, len(wanted))
        lines = np.stack([self._spread(found[head], wanted) for head in range(self.heads)])
        if positions is not None:
            lines[:, [at for at in range(lines.shape[1]) if at not in positions]] = np.nan
        return lines

    def together(self, spots: Sequence[Spot]) -> float:
        """Patch many activations at once and return the restored share. Without spots: 0 up to rounding."""
        edits: dict[str, list[tuple[int, int | None]]] = {}
        layers = [spot.layer for spot in spots]
        for spot in spots:
            name = self._hook(spot.site if spot.head is None else None, spot.layer)
            where = self._all() if spot.position is None else [spot.position]
            edits.setdefault(name, []).extend((at, spot.head) for at in where)
        changes = [self._change(name, [pairs]) for name, pairs in edits.items()]
        with torch.no_grad(), intervene(*changes):
            said = self.resume(min(layers, default=0), 1, self.layers - 1 in layers)
        return float(self.recovered(said)[0])

    # ------------------------------------------------------------------------------------------- the passes

    def _hook(self, site: Site | None, layer: int) -> str:
        place = f"{self.half}blocks.{layer}"
        if site is not None:
            return f"{place}.{HOOKS[site]}"
        return f"{place}.{'cross_attn' if self.attention == 'cross' else 'attn'}.hook_z"

    def _all(self) -> list[int]:
        """Return the positions that have a counterpart and can influence the answer's row."""
        last = (
            self.pair.row + 1 if self.stack is self.decoder and self.stack.causal else len(self.counterpart)
        )
        return [at for at in range(last) if self.counterpart[at] >= 0]

    def _places(self, layer: int, quiet: bool) -> list[int]:
        """Return the positions where a patch has an effect.

        quiet: after the last attention only the answer's row is read.
        """
        places = [at for at in self._all() if at >= self.first]
        if quiet and self.stack is self.decoder and layer == self.layers - 1:
            places = [at for at in places if at == self.pair.row]
        return places

    def _spread(self, found: Array, places: Sequence[int]) -> Array:
        """Scatter values to their positions.

        (T',), 0 where a patch has no effect, NaN where there is no counterpart.
        """
        line = np.where(self.counterpart.cpu().numpy() >= 0, 0.0, np.nan)
        line[list(places)] = found
        return line

    def _of_heads(self, layer: int) -> list[Variant]:
        """Patch each head at all positions."""
        places = self._places(layer, quiet=True)
        return [(self._hook(None, layer), [(at, head) for at in places]) for head in range(self.heads)]

    def _alone(self, name: str, layer: int, edits: Sequence[tuple[int, int | None]]) -> Array:
        return self.recovered(self._run(layer, [(name, [edit]) for edit in edits]))

    @cached_property
    def _before(self) -> Before | None:
        """The keys and values of the corrupted text's positions before the answer's row.

        None: each run recomputes all.
        """
        if (
            self.stack is not self.decoder
            or not self.stack.causal
            or self.source is not None
            or not self.pair.row
        ):
            return None
        with torch.no_grad():
            return read_before(self.stack, [x[:, : self.pair.row] for x in self.streams])

    def _run(self, layer: int, variants: Sequence[Variant]) -> Tensor:
        """Compute the logit difference with each variant's activations patched in: (N,)."""
        before = None if needs_whole_text() else self._before
        said = torch.zeros(len(variants), dtype=torch.float64)
        for which, same in self._batches(layer, variants, before is not None):
            some = [variants[one] for one in which]
            names = dict.fromkeys(name for name, _ in some)
            changes = [
                self._change(one, [at if name == one else () for name, at in some], same) for one in names
            ]
            with torch.no_grad(), intervene(*changes):
                last = layer == self.layers - 1
                if before is None or not same:
                    answers = self.resume(layer, len(some), last)
                else:
                    x = self.streams[layer][:, same : self.pair.row + 1].expand(len(some), -1, -1)
                    x = run_behind(self.decoder, layer, x, before.first(same), same, last)
                    answers = say(self.decoder, x, self.readout)
            said[which] = answers.cpu()
        return said

    def _batches(
        self, layer: int, variants: Sequence[Variant], causal: bool
    ) -> Iterator[tuple[list[int], int]]:
        """Group variants into batches, and return how many leading positions no variant of a batch changes.

        Args:
            causal: whether a position can change only those behind it.
        """
        starts = [
            min((at for at, _ in edits), default=self.pair.row) if causal else 0 for _, edits in variants
        ]
        length = self.pair.row + 1 if causal else self.streams[layer].shape[1]
        batch = list[int]()
        for one in sorted(range(len(variants)), key=starts.__getitem__):
            if batch:
                same = min(starts[batch[0]], self.pair.row)
                held, later = len(batch) * (length - same), starts[one] > starts[batch[0]]
                if held + length - same > POSITIONS or (later and held >= WORTH):
                    yield batch, same
                    batch = []
            batch.append(one)
        if batch:
            yield batch, min(starts[batch[0]], self.pair.row)

    def _change(
        self, name: str, variants: Sequence[Sequence[tuple[int, int | None]]], left_out: int = 0
    ) -> Intervention:
        """Build the edit that replaces the activations of each variant of the batch by those of the clean pass.

        Args:
            left_out: positions at the beginning that the pass does not read.
        """
        rows = [(i, at, head) for i, edits in enumerate(variants) for at, head in edits]
        clean, device = self.values[name], self.counterpart.device
        which = torch.tensor([i for i, _, _ in rows], dtype=torch.long, device=device)
        where = torch.tensor([at for _, at, _ in rows], dtype=torch.long, device=device)
        heads = None
        if rows and rows[0][2] is not None:
            heads = torch.tensor([head for _, _, head in rows], dtype=torch.long, device=device)
        theirs = self.counterpart[where]
        where = where - left_out

        def edit(value: Tensor) -> Tensor:  # (N, T', ...)
            value = value.clone()
            if heads is None:
                value[which, where] = clean[theirs]
            else:
                value[which, where, heads] = clean[theirs, heads]
            return value

        return Intervention((name,), edit, f"{name} of the clean text", whole_text=False)

    def resume(self, layer: int, variants: int, last: bool = True) -> Tensor:
        """Compute the logit difference of variants that differ from block `layer` on: (variants,).

        Args:
            last: whether something is put into the last block, which then has to be run for all rows.
        """
        x = self.streams[layer].expand(variants, -1, -1)
        source = None if self.source is None else self.source.expand(variants, -1, -1)
        if self.stack is not self.decoder:
            source = self.stack.head(run_blocks(self.stack, layer, x, None))  # (variants, S, D)
            assert self.written is not None
            layer, x = 0, self.written.expand(variants, -1, -1)
        if last and self.stack is self.decoder:
            x = run_blocks(self.decoder, layer, x, source, self.pair.row)[:, self.pair.row]
        else:
            x = run_to_row(self.decoder, layer, x, source, self.pair.row)
        return say(self.decoder, x, self.readout)


def _names(half: str, layers: int, cross: bool) -> tuple[list[str], set[str]]:
    """Return the blocks' names, and the hooks whose clean values are kept."""
    blocks = [f"{half}blocks.{layer}" for layer in range(layers)]
    kept = [hook for site, hook in HOOKS.items() if site != "cross-attention" or half == "decoder."]
    kept += ["cross_attn.hook_z" if cross else "attn.hook_z"]
    return blocks, {f"{name}.{hook}" for name in blocks for hook in kept}


def _shared(pair: TextPair) -> int:
    """Count the leading tokens that both texts share."""
    same = [one == other for one, other in zip(pair.clean, pair.corrupted)]
    return same.index(False) if False in same else len(same)
