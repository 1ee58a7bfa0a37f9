"""One attention head, operation by operation, from what it reads to what it adds to the residual stream.

Every array comes out of a real forward pass and the model's own functions. A `Change` alters the scores; the
pattern, the values it mixes and the prediction then come out of a second real pass with those scores in it.
Vaswani et al. 2017, section 3.2; rotary turns: Su et al. 2021; ALiBi: Press et al. 2022; relative bias: Raffel
et al. 2020.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from core.hooks import Intervention, intervene
from core.model.attention import Attention, Geometry, attention_scores
from core.model.block import Block
from core.model.norm import Normalise
from core.model.transformer import EncoderDecoder, Transformer

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Trace

Kind = Literal["self", "cross", "encoder"]
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Change:
    """What a learner alters in one head; the default alters nothing.

    Args:
        scale: multiply the scores by the model's 1/sqrt(d_head) (True) or leave them as they are.
        mask: keep the causal mask. turn: keep the rotary turn. bias: keep the ALiBi or relative bias.
        temperature: the scores are divided by it before the softmax; above 0.
        edits: (row, column, value) puts `value` in place of that query-key product.
    """

    scale: bool = True
    mask: bool = True
    turn: bool = True
    bias: bool = True
    temperature: float = 1.0
    edits: tuple[tuple[int, int, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class NormParts:
    """(resid - mean) / scale * gain + shift, the four operands: (T, 1), (T, 1), (D,), (D,)."""

    mean: Array
    scale: Array
    gain: Array
    shift: Array


@dataclass(frozen=True, kw_only=True)
class AttentionSteps:
    """The operations of one head over T queries and S keys, in order; None where the model has no such step.

    `scores` to `masked` and `pattern` are the head's as changed; `q`, `k`, `v` no change can reach.
    """

    layer: int
    head: int
    attention: Kind
    kv_head: int
    change: Change
    tokens: tuple[str, ...]  # T, the rows
    keys: tuple[str, ...]  # S, the columns

    resid: Array  # (T, D) the residual stream
    norm: NormParts | None  # None: the head reads the stream itself (post-norm)
    x: Array  # (T, D) what W_Q reads
    source: Array  # (S, D) what W_K and W_V read: x, or the encoder's output
    W_Q: Array  # (D, K)
    W_K: Array  # (D, K)
    W_V: Array  # (D, K)
    W_O: Array  # (K, D)
    b_Q: Array | None  # (K,)
    b_K: Array | None  # (K,)
    b_V: Array | None  # (K,)
    q: Array  # (T, K)
    k: Array  # (S, K)
    v: Array  # (S, K)
    q_norm: Array | None  # (T, K) after the query norm
    k_norm: Array | None  # (S, K) after the key norm
    rot_q: Array | None  # (T, K) turned by position
    rot_k: Array | None  # (S, K)
    cos: Array | None  # (T, K) of the angles; pairs are (i, i + K/2)
    sin: Array | None  # (T, K)
    scores: Array  # (T, S) q . k
    factor: float  # what the next step multiplies by; 1 when the model does not scale
    scaled: Array  # (T, S)
    bias: Array | None  # (T, S) what the position adds; zeros when switched off
    biased: Array  # (T, S)
    causal: bool  # the model hides the future here
    allowed: Array  # (T, S) bool
    masked: Array  # (T, S) -inf where not allowed
    pattern: Array  # (T, S) rows sum to 1
    z: Array  # (T, K) the values, mixed
    result: Array  # (T, D) z W_O: what this head adds to the stream

    position: int  # whose prediction is shown: a row of the logits
    before: Array  # (V,) probabilities at `position`, the model as it is
    after: Array  # (V,) and with the change

    @property
    def asked(self) -> Array:
        """(T, K) the queries as they meet the keys."""
        return next(a for a in (self.rot_q, self.q_norm, self.q) if a is not None)

    @property
    def answered(self) -> Array:
        """(S, K) the keys as they meet the queries."""
        return next(a for a in (self.rot_k, self.k_norm, self.k) if a is not None)

    @property
    def changed(self) -> bool:
        """The head is not as the model has it."""
        return self.change != Change()


def attention_steps(
    lm: LanguageModel,
    text: str | Sequence[int],
    layer: int,
    head: int,
    *,
    attention: Kind = "self",
    change: Change = Change(),
    target: str | Sequence[int] | None = None,
    position: int | None = None,
) -> AttentionSteps:
    """Run `text` and return every step of one head of block `layer`, with what the whole model then predicts.

    Args:
        text: text or token ids. target: the decoder's text, for an encoder-decoder.
        attention: "self", or in an encoder-decoder also "cross" and "encoder".
        change: what to alter in this head only.
        position: the row of the logits to predict from; None: the last.

    Raises:
        ValueError: no such layer, head, attention or cell, or a temperature that is not above 0.
        ContextTooLong: more tokens than the model has positions for.
    """
    place = _Place.of(lm, layer, head, attention)
    extra = {} if target is None else {"target": target}
    trace = lm.trace(text, **extra)
    read = _reader(trace, place)
    with torch.no_grad():
        parts = _inputs(lm, trace, place)
        given = _queries_and_keys(read, place, change)
        altered = _scores(given, place, change)
    after = trace
    if change != Change():
        with intervene(replace_scores(place.attn_name, head, altered["used"], _words(change))):
            after = lm.trace(text, **extra)
    z = _reader(after, place)("hook_z", head)
    at = len(after.logits) - 1 if position is None else position
    if not 0 <= at < len(after.logits):
        raise ValueError(f"position {at} is not one of the {len(after.logits)} positions that predict")
    tokens, keys = _sides(trace, attention)
    return AttentionSteps(
        layer=layer, head=head, attention=attention, kv_head=place.kv_head, change=change,
        tokens=tokens, keys=keys,
        **{name: _numpy(value) for name, value in {**parts, **given, **_weights(place)}.items()},
        **{name: _numpy(value) for name, value in altered.items() if name != "used"},
        norm=_norm_parts(place, trace, parts["resid"]),
        factor=place.attn.scale if change.scale else 1.0,
        causal=place.causal,
        pattern=_numpy(after[f"{place.attn_name}.hook_pattern"][head]),
        z=_numpy(z),
        result=_numpy(z @ place.attn.W_O[head].detach()),
        position=at,
        before=_numpy(trace.logits[at].softmax(-1)),
        after=_numpy(after.logits[at].softmax(-1)),
    )  # fmt: skip


def replace_scores(attn_name: str, head: int, scores: Tensor, label: str) -> Intervention:
    """One head uses these scores (T, S) instead of its own; all others keep theirs.

    Args:
        attn_name: the attention layer, e.g. "blocks.3.attn" or "decoder.blocks.0.cross_attn".
    """

    def edit(value: Tensor) -> Tensor:  # (B, H, T, S)
        value = value.clone()
        value[:, head] = scores
        return value

    names = (f"{attn_name}.hook_attn_scores",)
    return Intervention(names, edit, f"{attn_name} head {head}: {label}", whole_text=True)


@dataclass(frozen=True)
class _Place:
    """Where a head lives in the model."""

    stack: Transformer
    block: Block
    attn: Attention
    norm: Normalise | None
    block_name: str
    resid_name: str
    attn_name: str
    head: int
    kv_head: int
    cross: bool

    @classmethod
    def of(cls, lm: LanguageModel, layer: int, head: int, attention: Kind) -> _Place:
        model = lm.transformer
        both = isinstance(model, EncoderDecoder)
        if attention not in (("self", "cross", "encoder") if both else ("self",)):
            raise ValueError(f"attention={attention!r}: {lm.name} is a {lm.config.shape} without it")
        stack = model if not both else model.encoder if attention == "encoder" else model.decoder
        if not 0 <= layer < len(stack.blocks):
            raise ValueError(f"block {layer} is not one of the {len(stack.blocks)} blocks, counted from 0")
        if not 0 <= head < lm.config.n_heads:
            raise ValueError(f"head {head} is not one of the {lm.config.n_heads} heads, counted from 0")
        block, cross = stack.blocks[layer], attention == "cross"
        prefix = "" if not both else "encoder." if attention == "encoder" else "decoder."
        name = f"{prefix}blocks.{layer}"
        read = "hook_resid_pre"
        if cross:
            read = "hook_normalized_resid_mid" if block.post_norm else "hook_resid_mid"
        norm = None if block.post_norm else block.ln2 if cross else block.ln1
        attn = block.cross_attn if cross else block.attn
        share = lm.config.n_heads // lm.config.kv_heads
        attn_name = f"{name}.cross_attn" if cross else f"{name}.attn"
        return cls(stack, block, attn, norm, name, f"{name}.{read}", attn_name, head, head // share, cross)

    @property
    def causal(self) -> bool:
        return self.stack.causal and not self.cross


def _reader(trace: Trace, place: _Place) -> Callable[[str, int], Tensor]:
    """read(hook, head): one head's (T, K) from a hook of this attention layer."""
    return lambda hook, head: trace[f"{place.attn_name}.{hook}"][:, head]


def _inputs(lm: LanguageModel, trace: Trace, place: _Place) -> dict[str, Tensor]:
    resid = trace[place.resid_name]  # (T, D)
    x = resid if place.norm is None else place.norm(resid)
    source = x
    if place.cross:
        encoder = lm.transformer.encoder
        last = "hook_normalized_resid_post" if place.block.post_norm else "hook_resid_post"
        source = encoder.head(trace[f"encoder.blocks.{len(encoder.blocks) - 1}.{last}"])  # (S, D)
    return {"resid": resid, "x": x, "source": source}


def _norm_parts(place: _Place, trace: Trace, resid: Tensor) -> NormParts | None:
    norm = place.norm
    if norm is None or norm.kind == "none":
        return None
    scale = trace[f"{place.block_name}.{'ln2' if place.cross else 'ln1'}.hook_scale"]  # (T, 1)
    mean = resid.mean(-1, keepdim=True) if norm.kind == "layer" else torch.zeros_like(resid[:, :1])
    gain = torch.ones_like(resid[0]) if norm.w is None else norm.w
    shift = torch.zeros_like(resid[0]) if norm.b is None else norm.b
    return NormParts(mean=_numpy(mean), scale=_numpy(scale), gain=_numpy(gain), shift=_numpy(shift))


def _queries_and_keys(
    read: Callable[[str, int], Tensor], place: _Place, change: Change
) -> dict[str, Tensor | None]:
    attn = place.attn
    q, k = read("hook_q", place.head), read("hook_k", place.kv_head)  # (T, K), (S, K)
    out: dict[str, Tensor | None] = {"q": q, "k": k, "v": read("hook_v", place.kv_head)}
    normed = hasattr(attn, "q_norm")
    out["q_norm"], out["k_norm"] = (attn.q_norm(q), attn.k_norm(k)) if normed else (None, None)
    out.update(rot_q=None, rot_k=None, cos=None, sin=None)
    if hasattr(attn, "hook_rot_q"):
        geometry = _geometry(place, len(q), q)
        out.update(cos=geometry.cos, sin=geometry.sin)
        out["rot_q"] = read("hook_rot_q", place.head) if change.turn else out["q_norm"] if normed else q
        out["rot_k"] = read("hook_rot_k", place.kv_head) if change.turn else out["k_norm"] if normed else k
    return out


def _scores(given: dict[str, Tensor | None], place: _Place, change: Change) -> dict[str, Tensor | None]:
    if not (math.isfinite(change.temperature) and change.temperature > 0):
        raise ValueError(f"temperature={change.temperature} must be a number above 0")
    q, k = (next(given[n] for n in (f"rot_{s}", f"{s}_norm", s) if given[n] is not None) for s in "qk")
    assert q is not None
    assert k is not None
    scores = attention_scores(q[None, :, None], k[None, :, None], 1.0, Geometry())[0, 0]  # (T, S)
    for row, col, value in change.edits:
        if not (0 <= row < scores.shape[0] and 0 <= col < scores.shape[1]):
            raise ValueError(f"cell ({row}, {col}) lies outside the scores, {tuple(scores.shape)}")
        scores[row, col] = value
    scaled = scores * place.attn.scale if change.scale else scores
    geometry = Geometry() if place.cross else _geometry(place, len(q), q)
    bias = None
    if geometry.bias is not None:
        bias = geometry.bias[0, place.head].to(scaled.dtype) * float(change.bias)  # (T, S)
    biased = scaled if bias is None else scaled + bias
    allowed = torch.ones_like(scores, dtype=torch.bool)
    if geometry.allowed is not None and change.mask:
        allowed = geometry.allowed[0, 0]
    masked = biased.masked_fill(~allowed, -torch.inf)
    return {
        "scores": scores, "scaled": scaled, "bias": bias, "biased": biased, "allowed": allowed,
        "masked": masked, "used": masked / change.temperature,
    }  # fmt: skip


def _geometry(place: _Place, length: int, like: Tensor) -> Geometry:
    return place.stack._geometry(torch.arange(length, device=like.device), 0, None, like.dtype)


def _weights(place: _Place) -> dict[str, Tensor | None]:
    attn, head, kv = place.attn, place.head, place.kv_head
    biases = {"b_Q": (attn.b_Q, head), "b_K": (attn.b_K, kv), "b_V": (attn.b_V, kv)}
    return {
        "W_Q": attn.W_Q[head], "W_K": attn.W_K[kv], "W_V": attn.W_V[kv], "W_O": attn.W_O[head],
        **{name: None if bias is None else bias[index] for name, (bias, index) in biases.items()},
    }  # fmt: skip


def _sides(trace: Trace, attention: Kind) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tokens that ask (T) and those that answer (S)."""
    source = tuple(trace.tokens)
    written = tuple(getattr(trace, "decoder_tokens", None) or source)
    return (source if attention == "encoder" else written), (written if attention == "self" else source)


def _words(change: Change) -> str:
    off = [name for name in ("scale", "mask", "turn", "bias") if not getattr(change, name)]
    parts = [f"no {name}" for name in off] + [f"score ({r}, {c}) = {v:g}" for r, c, v in change.edits]
    return ", ".join(parts + ([f"temperature {change.temperature:g}"] if change.temperature != 1 else []))


def _numpy(value: Any) -> Any:
    return None if value is None else value.detach().cpu().numpy().copy()


def without(change: Change, part: Literal["scale", "mask", "turn", "bias"]) -> Change:
    """The same change with one more part of the head switched off."""
    return replace(change, **{part: False})
