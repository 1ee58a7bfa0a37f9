"""Head importance: predictions after the ablation of heads.

A set of heads is switched off by `knock_out`, in one pass. All heads, one after the other, are measured by
`effects_by_layer`: the variants of one block run as one batch that starts at that block, since nothing before it
changes. Michel et al. 2019, "Are Sixteen Heads Really Better than One?", section 3 (zero); Wang et al. 2022 (mean).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.analysis.places import Kind, Place, row_of, stack_of, traced
from core.analysis.stream.resuming import run_blocks
from core.hooks import Intervention, ablate_head, intervene, recording
from core.language_model import LanguageModel, Text
from core.model.transformer import EncoderDecoder, Transformer
from core.trace import Trace

Array = np.ndarray[Any, Any]
Value = Literal["zero", "mean"]
POSITIONS = 1024  # positions of all variants in one batch: more gain no speed and take memory


@dataclass(frozen=True, kw_only=True)
class Knockout:
    """The prediction at one row with a set of heads ablated, and as it was.

    Probabilities add up to 1; a bare encoder has none.
    """

    heads: tuple[tuple[int, int], ...]  # (layer, head) each
    attention: Kind
    value: Value
    row: int  # of the logits
    before: Array  # (V,) probabilities
    after: Array  # (V,)

    def likely(self, count: int = 5) -> list[int]:
        """List ids to show: the `count` likeliest before, then those of the `count` likeliest after not yet named."""
        first, then = (np.argsort(-p, kind="stable")[:count].tolist() for p in (self.before, self.after))
        return list(dict.fromkeys([*first, *then]))


@dataclass(frozen=True, kw_only=True)
class LayerEffects:
    """Ablation of each head of one block, alone. Log-probabilities and divergence are in nats."""

    layer: int
    row: int  # of the logits
    token: int  # whose log-probability is measured
    before: float  # its log-probability, nothing off
    after: Array  # (H,) and with that head off
    divergence: Array  # (H,) KL(before || after) of the whole prediction, from 0
    likeliest: Array  # (H,) the id that is predicted instead, or still


@dataclass(frozen=True, kw_only=True)
class HeadEffects:
    """Ablation of each head of every block, alone, at one row. Log-probabilities and divergence are in nats."""

    attention: Kind
    value: Value
    row: int  # of the logits
    token: int  # whose log-probability is measured
    before: float  # its log-probability, nothing off
    after: Array  # (L, H) and with that head off
    divergence: Array  # (L, H) KL(before || after) of the whole prediction, from 0
    likeliest: Array  # (L, H) the id that is predicted instead, or still

    @classmethod
    def of(
        cls, blocks: Sequence[LayerEffects], attention: Kind, value: Value, layers: int | None = None
    ) -> HeadEffects:
        """Assemble measured blocks, in any order; at least one.

        Args:
            layers: of the model: nan, and -1 for an id, where a block is not measured. None: all are.
        """
        known = {one.layer: one for one in blocks}
        some, count = blocks[0], len(known) if layers is None else layers
        after, divergence = (np.full((count, len(some.after)), np.nan, some.after.dtype) for _ in range(2))
        likeliest = np.full(after.shape, -1, np.int64)
        for layer, one in known.items():
            after[layer], divergence[layer], likeliest[layer] = one.after, one.divergence, one.likeliest
        return cls(
            attention=attention, value=value, row=some.row, token=some.token, before=some.before, after=after,
            divergence=divergence, likeliest=likeliest,
        )  # fmt: skip

    @property
    def measured(self) -> int:
        """The number of measured blocks."""
        return int((self.likeliest >= 0).all(-1).sum())

    @property
    def complete(self) -> bool:
        """Whether every head is measured."""
        return self.measured == len(self.after)

    @property
    def change(self) -> Array:
        """(L, H) after - before: below 0 where the head helped the token."""
        return self.after - self.before

    @property
    def largest(self) -> tuple[int, int]:
        """The (layer, head) whose ablation changes the token's log-probability most, in either direction."""
        layer, head = np.unravel_index(
            int(np.nan_to_num(np.abs(self.change), nan=-1.0).argmax()), self.change.shape
        )
        return int(layer), int(head)


def switch_off(
    heads: Sequence[tuple[int, int]], value: Value = "zero", attention: Kind = "self"
) -> tuple[Intervention, ...]:
    """Return the interventions that ablate (layer, head) pairs, for `core.hooks.intervene(*...)`; none for no heads."""
    return tuple(ablate_head(layer, head, value, attention) for layer, head in heads)


def knock_out(
    lm: LanguageModel,
    text: Text,
    heads: Sequence[tuple[int, int]],
    *,
    row: int = -1,
    value: Value = "zero",
    attention: Kind = "self",
    target: Text | None = None,
    trace: Trace | None = None,
    without: Trace | None = None,
) -> Knockout:
    """Predict at `row` with and without a set of heads; every head may be in it, or none.

    Args:
        heads: (layer, head) pairs, counted from 0; naming one twice changes nothing.
        row: of the logits (the decoder's in an encoder-decoder), or from the end if negative.
        value: "zero", or "mean" over the positions of the text.
        trace, without: the passes of this text and target as it is and with the heads off, if they are at hand; None:
            made now.

    Raises:
        ValueError: no such head, attention or row, or a trace of another text.
        ContextTooLong: more tokens than the model has positions for.
    """
    heads = tuple(dict.fromkeys((int(layer), int(head)) for layer, head in heads))
    for layer, head in heads:
        Place.of(lm, layer, head, attention)
    plain = traced(lm, text, target, trace)
    row = row_of(row, plain.rows)
    if heads or without is not None:
        with intervene(*switch_off(heads, value, attention)):
            without = traced(lm, text, target, without)
    passes = (plain, plain if without is None else without)
    before, after = (one.probabilities(row).cpu().numpy().copy() for one in passes)
    return Knockout(heads=heads, attention=attention, value=value, row=row, before=before, after=after)


def head_effects(
    lm: LanguageModel,
    text: Text,
    *,
    row: int = -1,
    token: int | None = None,
    value: Value = "zero",
    attention: Kind = "self",
    target: Text | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> HeadEffects:
    """Ablate every head, one at a time, and measure one token's log-probability at `row`.

    Args:
        row, value, target: as for `knock_out`.
        token: its id; None: the one that the untouched model finds likeliest there.
        progress: called with (blocks measured, blocks in all) after each.

    Raises:
        ValueError: no such attention, row or token.
        ContextTooLong: more tokens than the model has positions for.
    """
    run = Resumable.of(lm, text, row, token, value, attention, target)
    done = []
    for layer in range(run.layers):
        done.append(run.effects(layer))
        if progress is not None:
            progress(len(done), run.layers)
    shape = (run.layers, lm.config.n_heads)
    return HeadEffects(
        attention=attention, value=value, row=run.row, token=run.token, before=run.before,
        after=np.array([e.after for e in done]).reshape(shape),
        divergence=np.array([e.divergence for e in done]).reshape(shape),
        likeliest=np.array([e.likeliest for e in done], dtype=np.int64).reshape(shape),
    )  # fmt: skip


def effects_by_layer(
    lm: LanguageModel,
    text: Text,
    *,
    row: int = -1,
    token: int | None = None,
    value: Value = "zero",
    attention: Kind = "self",
    target: Text | None = None,
) -> Iterator[LayerEffects]:
    """Ablate heads block by block, from 0, for a page that shows progress or stops. Arguments as for `head_effects`."""
    run = Resumable.of(lm, text, row, token, value, attention, target)
    for layer in range(run.layers):
        yield run.effects(layer)


@dataclass(frozen=True, kw_only=True)
class Resumable:
    """One clean pass, kept so that its variants can start at a later block."""

    stack: Transformer  # the attention whose heads are ablated
    decoder: Transformer  # the stack that predicts: the same, except for an encoder's heads
    attn_names: tuple[str, ...]  # L blocks
    streams: tuple[Tensor, ...]  # L streams (1, T, D), entering each block
    source: Tensor | None  # (1, S, D) the source of cross-attention
    written: Tensor | None  # (1, T, D) entering the decoder, where the heads are an encoder's
    value: Value
    row: int
    token: int
    logs: Tensor  # (V,) the untouched log-probabilities

    @property
    def layers(self) -> int:
        return len(self.streams)

    @property
    def before(self) -> float:
        return float(self.logs[self.token])

    @classmethod
    def of(
        cls, lm: LanguageModel, text: Text, row: int, token: int | None, value: Value, attention: Kind,
        target: Text | None,
    ) -> Resumable:  # fmt: skip
        model, stack = lm.transformer, stack_of(lm, attention)
        places = [Place.of(lm, layer, 0, attention) for layer in range(len(stack.blocks))]
        streams = [f"{place.block_name}.hook_resid_pre" for place in places]
        written = "decoder.blocks.0.hook_resid_pre"
        with torch.no_grad(), recording([*streams, written]) as seen:
            ids = lm.batch(text, target)
            if isinstance(model, EncoderDecoder):
                source = model.encode(ids[0])
                decoder, logits = model.decoder, model.decode(ids[1], source)
            else:
                source, decoder, logits = None, model, model(*ids)
        row = row_of(row, logits.shape[1])
        logs = logits[0, row].log_softmax(-1)
        chosen = int(logs.argmax()) if token is None else token
        if not 0 <= chosen < len(logs):
            raise ValueError(f"token id {chosen} lies outside the vocabulary of {len(logs):,}")
        return cls(
            stack=stack, decoder=decoder, attn_names=tuple(place.attn_name for place in places),
            streams=tuple(seen[name] for name in streams), source=source, written=seen.get(written),
            value=value, row=row, token=chosen, logs=logs,
        )  # fmt: skip

    def effects(self, layer: int) -> LayerEffects:
        """Ablate every head of block `layer`, alone."""
        heads = self.stack.config.n_heads
        size = max(1, POSITIONS // self.streams[layer].shape[1])
        parts = []
        for first in range(0, heads, size):
            off = range(first, min(first + size, heads))
            parts.append(self.without([((layer, head),) for head in off]))
        after = torch.cat(parts)  # (H, V)
        divergence = F.kl_div(after, self.logs.expand_as(after), reduction="none", log_target=True).sum(-1)
        return LayerEffects(
            layer=layer, row=self.row, token=self.token, before=self.before,
            after=after[:, self.token].cpu().numpy().copy(), divergence=divergence.clamp(min=0).cpu().numpy(),
            likeliest=after.argmax(-1).cpu().numpy(),
        )  # fmt: skip

    def without(self, sets: Sequence[Sequence[tuple[int, int]]]) -> Tensor:
        """Compute the log-probabilities at the row with each set of heads ablated, all in one batch: (N, V)."""
        layers = sorted({layer for heads in sets for layer, _ in heads})
        changes = []
        for layer in layers:
            off = [(i, head) for i, heads in enumerate(sets) for at, head in heads if at == layer]
            changes.append(_each_off(self.attn_names[layer], off, self.value))
        if not layers:
            return self.logs.expand(len(sets), -1)
        with torch.no_grad(), intervene(*changes):
            return self._from(layers[0], len(sets)).log_softmax(-1)

    def _from(self, layer: int, variants: int) -> Tensor:
        """Compute the logits at the row of variants that differ from block `layer` on: (variants, V)."""
        x = self.streams[layer].expand(variants, -1, -1)
        source = None if self.source is None else self.source.expand(variants, -1, -1)
        if self.stack is self.decoder:
            x = run_blocks(self.decoder, layer, x, source, self.row)
        else:
            source = self.stack.head(run_blocks(self.stack, layer, x, None, self.row))  # (variants, S, D)
            assert self.written is not None
            x = run_blocks(self.decoder, 0, self.written.expand(variants, -1, -1), source, self.row)
        return self.decoder.head(x[:, self.row : self.row + 1])[:, 0]


def _each_off(attn_name: str, off: Sequence[tuple[int, int]], value: Value) -> Intervention:
    """Build an intervention that ablates (variant of the batch, head) pairs: `ablate_head` for many heads at once."""

    def edit(z: Tensor) -> Tensor:  # (B, T, H, K)
        z = z.clone()
        for variant, head in off:
            one = z[variant, :, head]  # (T, K)
            z[variant, :, head] = 0.0 if value == "zero" else one.mean(dim=0, keepdim=True)
        return z

    return Intervention((f"{attn_name}.hook_z",), edit, f"{attn_name}: heads off", whole_text=value == "mean")
