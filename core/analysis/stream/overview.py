"""The whole model on one text, as arrays, for the picture on Home. Every number comes from one recorded pass."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.analysis.stacks import Stack
from core.analysis.stream.logit_lens import logit_lens
from core.language_model import LanguageModel, Text
from core.trace import Trace, residual_streams

Floats = NDArray[np.float32]
STRIP = 8  # how many numbers of a query, key or value are kept
TOP = 9  # how many next tokens are named


@dataclass(frozen=True)
class Heads:
    """All attention heads of one kind, in every block of a stack. S is T, or the source's length under cross-attention.

    pattern: (L, H, T, S), rows sum to 1.   added: (L, T), the norm of what all heads together add to a row.
    q: (L, H, T, n), k and v: (L, H, S, n): the first n numbers as they enter the product (rotary already turned);
    grouped key/value heads are repeated for the queries that share them.   q_norm (L, H, T), k_norm, v_norm (L, H, S).
    """

    pattern: Floats
    added: Floats
    q: Floats
    k: Floats
    v: Floats
    q_norm: Floats
    k_norm: Floats
    v_norm: Floats


@dataclass(frozen=True)
class Overview:
    """One pass through one stack of blocks.

    tokens, ids: the stack's own rows (T).   source: the tokens that cross-attention reads (S), else empty.
    embed (T, D), position (T, D) or None, token_type (T, D) or None: what the tables gave.
    resid: (L + 1, T), the norm of the stream entering block 0 and leaving each block.
    mlp: (L, T), the norm of what it adds.
    heads, cross: attention to the own rows and, in a decoder with a source, to the source.
    lens_ids, lens_probabilities: (L + 1, T), the logit lens's first guess; empty for a stack that predicts nothing.
    lens_own: (L + 1, T), what it gives to the token that the row says in the end.
    logits: (T, V) or None.   top_ids, top_probabilities: (T, 9), best first.   special: (T,), tokens that are no text.
    read: (T,) or None, the norm of what the unembedding reads.
    embed_norm, final_norm: whether a norm stands after the embedding, before the unembedding.
    kv_heads: the heads of keys and values that the H query heads share, H where each has its own.
    vocabulary: V.   parameters: of the whole model.   milliseconds: of the recorded pass.
    """

    shape: str
    stack: Stack
    tokens: list[str]
    ids: NDArray[np.int64]
    source: list[str]
    special: NDArray[np.bool_]
    embed: Floats
    position: Floats | None
    token_type: Floats | None
    resid: Floats
    mlp: Floats
    heads: Heads
    cross: Heads | None
    lens_ids: NDArray[np.int64]
    lens_probabilities: Floats
    lens_own: Floats
    logits: Floats | None
    top_ids: NDArray[np.int64]
    top_probabilities: Floats
    read: Floats | None
    embed_norm: bool
    final_norm: bool
    mask_id: int | None
    kv_heads: int
    vocabulary: int
    parameters: int
    milliseconds: float

    @property
    def n_blocks(self) -> int:
        """The number of blocks, L."""
        return len(self.mlp)

    @property
    def predicting_row(self) -> int:
        """The row to follow first: the last; of an encoder, the first mask, or else the last token of the text."""
        if self.shape != "encoder":
            return len(self.ids) - 1
        masks = (
            np.flatnonzero(self.ids == self.mask_id) if self.mask_id is not None else np.array([], dtype=int)
        )
        words = np.flatnonzero(~self.special)
        return int(masks[0]) if len(masks) else int(words[-1]) if len(words) else len(self.ids) - 1


def overview(lm: LanguageModel, text: Text, target: Text | None = None, stack: Stack = "decoder") -> Overview:
    """Run `lm` over `text` and keep what the picture of the whole model shows.

    Args:
        text: a text, or the ids of one.
        target: an encoder-decoder's beginning of the answer.
        stack: which half of an encoder-decoder; others have only one.

    Raises:
        ContextTooLong: the text has more tokens than the model has positions.
    """
    both = lm.config.shape == "encoder-decoder"
    trace, milliseconds = _timed(lm, text, target if both else None)
    decoding = not both or stack == "decoder"
    prefix = f"{stack}." if both else ""
    layers = lm.config.decoder_layers if decoding else lm.config.n_layers
    ids = trace.decoder_ids if decoding and trace.decoder_ids is not None else trace.ids
    says = decoding and lm.config.head != "none"
    logits = trace.logits.float() if says else None
    lens = logit_lens(lm, trace) if says and layers else None
    best = logits.softmax(dim=-1).topk(min(TOP, logits.shape[-1])) if logits is not None else None
    cross = f"{prefix}blocks.0.cross_attn.hook_pattern" in trace.hooks
    nothing = np.zeros((0, len(ids)))
    return Overview(
        shape=lm.config.shape,
        stack="decoder" if both and decoding else "encoder" if lm.config.shape != "decoder" else "decoder",
        tokens=[lm.tokenizer.display(int(token)) for token in ids],
        ids=ids.cpu().numpy(),
        source=[lm.tokenizer.display(int(token)) for token in trace.ids] if cross else [],
        special=np.isin(ids.cpu().numpy(), list(lm.special_ids)),
        embed=_array(trace[f"{prefix}hook_embed"]),
        position=_optional(trace, f"{prefix}hook_pos_embed"),
        token_type=_optional(trace, f"{prefix}hook_token_type_embed"),
        resid=_norms(residual_streams(trace, prefix, layers), len(ids)),
        mlp=_norms([trace[f"{prefix}blocks.{layer}.hook_mlp_out"] for layer in range(layers)], len(ids)),
        heads=_heads(trace, prefix, layers, "attn", lm.config.n_heads),
        cross=_heads(trace, prefix, layers, "cross_attn", lm.config.n_heads) if cross else None,
        lens_ids=lens.ids[..., 0] if lens else nothing.astype(np.int64),
        lens_probabilities=lens.probabilities[..., 0] if lens else nothing.astype(np.float32),
        lens_own=lens.own if lens else nothing.astype(np.float32),
        logits=None if logits is None else _array(logits),
        top_ids=best.indices.cpu().numpy() if best else nothing.T.astype(np.int64),
        top_probabilities=_array(best.values) if best else nothing.T.astype(np.float32),
        read=_norms([trace[f"{prefix}unembed.hook_in"]], 0)[0] if says else None,
        embed_norm=lm.config.embed_norm and lm.config.norm != "none",
        final_norm=lm.config.final_norm and lm.config.norm != "none",
        mask_id=lm.config.mask_id,
        kv_heads=lm.config.kv_heads,
        vocabulary=lm.config.d_vocab,
        parameters=lm.n_parameters,
        milliseconds=milliseconds,
    )


def _timed(lm: LanguageModel, text: Text, target: Text | None) -> tuple[Trace, float]:
    start = time.perf_counter()
    trace = lm.trace(text, target=target)
    return trace, 1000 * (time.perf_counter() - start)


def _heads(trace: Trace, prefix: str, layers: int, part: str, n_heads: int) -> Heads:
    out = "hook_attn_out" if part == "attn" else "hook_cross_attn_out"
    if not layers:
        none = np.zeros((0, n_heads, len(trace.ids), STRIP), dtype=np.float32)
        return Heads(none, none[:, 0, :, 0], none, none, none, *[none[..., 0]] * 3)
    collected: dict[str, list[Tensor]] = {"pattern": [], "q": [], "k": [], "v": []}
    for layer in range(layers):
        place = f"{prefix}blocks.{layer}.{part}."
        collected["pattern"].append(trace[place + "hook_pattern"])  # (H, T, S)
        turned = place + "hook_rot_q" in trace.hooks
        for name in ("q", "k", "v"):
            value = trace[
                place + ("hook_rot_" if turned and name != "v" else "hook_") + name
            ]  # (T, H or H_kv, K)
            collected[name].append(value.repeat_interleave(n_heads // value.shape[1], dim=1).transpose(0, 1))
    stacked = {name: torch.stack(values).float() for name, values in collected.items()}  # q: (L, H, T, K)
    return Heads(
        pattern=_array(stacked["pattern"]),
        added=_norms([trace[f"{prefix}blocks.{layer}.{out}"] for layer in range(layers)], 0),
        q=_array(stacked["q"][..., :STRIP]),
        k=_array(stacked["k"][..., :STRIP]),
        v=_array(stacked["v"][..., :STRIP]),
        q_norm=_array(stacked["q"].norm(dim=-1)),
        k_norm=_array(stacked["k"].norm(dim=-1)),
        v_norm=_array(stacked["v"].norm(dim=-1)),
    )


def _optional(trace: Trace, name: str) -> Floats | None:
    return _array(trace[name]) if name in trace.hooks else None


def _norms(values: list[Tensor], rows: int) -> Floats:
    return (
        _array(torch.stack(values).float().norm(dim=-1)) if values else np.zeros((0, rows), dtype=np.float32)
    )


def _array(value: Tensor) -> Floats:
    return value.detach().float().cpu().numpy()
