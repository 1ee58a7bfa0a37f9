"""One attention head, operation by operation, from its input to its contribution to the residual stream.

Every array comes out of a real forward pass and the model's own functions. A `Change` alters the scores; the
pattern, the values it mixes and the prediction then come out of a second real pass with those scores in it.
Vaswani et al. 2017, section 3.2; Su et al. 2021 (turns); Press et al. 2022 and Raffel et al. 2020 (biases).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from core.analysis.heads.masks import MaskRule
from core.analysis.places import Kind, Place, stack_of, traced
from core.hooks import Intervention, intervene
from core.model.attention import Geometry, attention_scores

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Trace

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Change:
    """Changes to one head; the default changes nothing.

    Args:
        scale: multiply the scores by the model's 1/sqrt(d_head) (True) or leave them as they are.
        mask: keep the causal mask. turn: keep the rotary rotation, or the ALiBi or relative bias.
        temperature: the scores are divided by it before the softmax; above 0.
        edits: (row, column, value) puts `value` in place of that query-key product; -inf hides the key from the query.
        window, sinks: each query sees its nearest `window` keys and the first `sinks` only
            (`core.analysis.heads.masks`).
        shown: (row, column) of keys that stay in view in spite of mask and window.
    """

    scale: bool = True
    mask: bool = True
    turn: bool = True
    temperature: float = 1.0
    edits: tuple[tuple[int, int, float], ...] = ()
    window: int | None = None
    sinks: int = 0
    shown: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class NormParts:
    """(resid - mean) / scale * gain + shift, the four operands: (T, 1), (T, 1), (D,), (D,)."""

    mean: Array
    scale: Array
    gain: Array
    shift: Array


@dataclass(frozen=True, kw_only=True)
class AttentionSteps:
    """The operations of one head over T queries and S keys, with changes applied.

    None where the model has no such step.
    """

    layer: int
    head: int
    attention: Kind
    kv_head: int
    change: Change
    ids: tuple[int, ...]  # T, the rows' tokens
    key_ids: tuple[int, ...]  # S, the columns'

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
    plain: Array  # (T, D) what it adds as the model has it

    position: int  # whose prediction is shown: a row of the logits
    before: Array  # (V,) probabilities at `position`, the model as it is; (0,) of a bare encoder
    after: Array  # (V,) and with the change

    @property
    def asked(self) -> Array:
        """(T, K) the queries as they enter the product."""
        return next(a for a in (self.rot_q, self.q_norm, self.q) if a is not None)

    @property
    def answered(self) -> Array:
        """(S, K) the keys as they enter the product."""
        return next(a for a in (self.rot_k, self.k_norm, self.k) if a is not None)

    @property
    def changed(self) -> bool:
        """Whether the head differs from the model's own."""
        return self.change != Change()

    @property
    def blind(self) -> tuple[int, ...]:
        """The fully masked rows: a softmax of them would be 0 / 0, so such a row reads nothing."""
        return tuple(int(row) for row in np.flatnonzero((self.masked == -np.inf).all(axis=1)))

    @property
    def moved(self) -> Array:
        """(T,) the relative change of each row's output: |result - plain| / |plain|; 0 where it was 0."""
        size = np.linalg.norm(self.plain, axis=1)
        far: Array = np.linalg.norm(self.result - self.plain, axis=1) / np.where(size > 0, size, 1.0)
        return far


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
    trace: Trace | None = None,
) -> AttentionSteps:
    """Run `text` and return every step of one head of block `layer`, with the whole model's prediction.

    Args:
        text, target: text or token ids; target is an encoder-decoder's.
        attention: "self", or in an encoder-decoder also "cross" and "encoder".
        change: what to alter in this head only.
        position: the row of the logits to predict from; None: the last.
        trace: the pass of this text and target, if it is at hand (made under the same interventions); None: made now.

    Raises:
        ValueError: no such layer, head, attention or position, temperature not above 0, an edit to nan or +inf, a
            window in cross-attention or one that holds nothing, or a trace of another text.
        IndexError: a cell to change outside the scores.
        ContextTooLong: more tokens than the model has positions for.
    """
    place = Place.of(lm, layer, head, attention)
    trace = traced(lm, text, target, trace)
    with torch.no_grad():
        parts = _inputs(lm, trace, place)
        geometry = _geometry(place, parts["x"])
        given = _queries_and_keys(trace, place, geometry, change)
        altered, used = _scores(given, place, geometry, change)
    after = trace
    if change != Change():
        with intervene(replace_scores(place.attn_name, head, used)):
            after = lm.trace(text, target)
    z = after[f"{place.attn_name}.hook_z"][:, head]  # (T, K)
    at = after.rows - 1 if position is None else position
    if not 0 <= at < after.rows:
        raise ValueError(f"position {at} is not one of the {after.rows} positions that predict")
    ids, key_ids = _sides(trace, attention)
    return AttentionSteps(
        layer=layer, head=head, attention=attention, kv_head=place.kv_head, change=change,
        ids=ids, key_ids=key_ids,
        **{name: _numpy(value) for name, value in {**parts, **given, **_weights(place)}.items()},
        **{name: _numpy(value) for name, value in altered.items()},
        norm=_norm_parts(place, trace, parts["resid"]),
        factor=place.attn.scale if change.scale else 1.0,
        causal=place.stack.causal and not place.cross,
        pattern=_numpy(after[f"{place.attn_name}.hook_pattern"][head]),
        z=_numpy(z), result=_numpy(z @ place.attn.W_O[head]), position=at,
        plain=_numpy(trace[f"{place.attn_name}.hook_z"][:, head] @ place.attn.W_O[head]),
        before=_numpy(trace.probabilities(at)),
        after=_numpy(after.probabilities(at)),
    )  # fmt: skip


def replace_scores(attn_name: str, head: int, scores: Tensor) -> Intervention:
    """Return an intervention: one head of `attn_name`, e.g. "blocks.3.attn", uses these scores (T, S)."""

    def edit(value: Tensor) -> Tensor:  # (B, H, T, S)
        value = value.clone()
        value[:, head] = scores
        return value

    names = (f"{attn_name}.hook_attn_scores",)
    return Intervention(names, edit, f"{attn_name} head {head}: other scores", whole_text=True)


def _inputs(lm: LanguageModel, trace: Trace, place: Place) -> dict[str, Tensor]:
    resid = trace[place.resid_name]  # (T, D)
    x = resid if place.norm is None else place.norm(resid)
    source = x
    if place.cross:
        encoder = stack_of(lm, "encoder")
        last = "hook_normalized_resid_post" if place.block.post_norm else "hook_resid_post"
        source = encoder.head(trace[f"encoder.blocks.{len(encoder.blocks) - 1}.{last}"])  # (S, D)
    return {"resid": resid, "x": x, "source": source}


def _norm_parts(place: Place, trace: Trace, resid: Tensor) -> NormParts | None:
    norm = place.norm
    if norm is None or norm.kind == "none":
        return None
    scale = trace[f"{place.block_name}.{'ln2' if place.cross else 'ln1'}.hook_scale"]  # (T, 1)
    mean = resid.mean(-1, keepdim=True) if norm.kind == "layer" else torch.zeros_like(resid[:, :1])
    gain = torch.ones_like(resid[0]) if norm.w is None else norm.w
    shift = torch.zeros_like(resid[0]) if norm.b is None else norm.b
    return NormParts(mean=_numpy(mean), scale=_numpy(scale), gain=_numpy(gain), shift=_numpy(shift))


def _queries_and_keys(
    trace: Trace, place: Place, geometry: Geometry, change: Change
) -> dict[str, Tensor | None]:
    attn, heads = place.attn, {"q": place.head, "k": place.kv_head, "v": place.kv_head}
    out: dict[str, Tensor | None] = {n: trace[f"{place.attn_name}.hook_{n}"][:, i] for n, i in heads.items()}
    normed, rotary = hasattr(attn, "q_norm"), hasattr(attn, "hook_rot_q")
    for n, norm in (("q", "q_norm"), ("k", "k_norm")):
        out[norm] = getattr(attn, norm)(out[n]) if normed else None
        unturned = out[norm] if normed else out[n]
        turned = trace[f"{place.attn_name}.hook_rot_{n}"][:, heads[n]] if rotary else None
        out[f"rot_{n}"] = turned if change.turn or not rotary else unturned
    return out | {"cos": geometry.cos, "sin": geometry.sin}


def _scores(
    given: dict[str, Tensor | None], place: Place, geometry: Geometry, change: Change
) -> tuple[dict[str, Tensor | None], Tensor]:
    """Compute the arrays from `scores` to `masked`, and the scores that enter the softmax."""
    if not (math.isfinite(change.temperature) and change.temperature > 0):
        raise ValueError(f"temperature={change.temperature} must be a number above 0")
    q, k = (next(given[n] for n in (f"rot_{s}", f"{s}_norm", s) if given[n] is not None) for s in "qk")
    assert q is not None and k is not None
    scores = attention_scores(q[None, :, None], k[None, :, None], 1.0, Geometry())[0, 0]  # (T, S)
    _check_cells(change, scores)
    for row, col, value in change.edits:
        scores[row, col] = value
    scaled = scores * place.attn.scale if change.scale else scores
    bias = (
        None if geometry.bias is None else geometry.bias[0, place.head].to(scaled) * float(change.turn)
    )  # (T, S)
    biased = scaled if bias is None else scaled + bias
    allowed = _allowed(scores, place, geometry, change)
    masked = biased.masked_fill(~allowed, -torch.inf)
    arrays = {"scores": scores, "scaled": scaled, "bias": bias, "biased": biased, "allowed": allowed}
    return {**arrays, "masked": masked}, masked / change.temperature


def _check_cells(change: Change, scores: Tensor) -> None:
    for row, col in [*(edit[:2] for edit in change.edits), *change.shown]:
        if not (0 <= row < scores.shape[0] and 0 <= col < scores.shape[1]):
            raise IndexError(f"cell ({row}, {col}) lies outside the scores, {tuple(scores.shape)}")
    for row, col, value in change.edits:
        if math.isnan(value) or value == math.inf:
            raise ValueError(f"cell ({row}, {col}): a score is a number or -inf, not {value}")


def _allowed(scores: Tensor, place: Place, geometry: Geometry, change: Change) -> Tensor:
    """Compute the changed mask: (T, S) bool."""
    allowed = torch.ones_like(scores, dtype=torch.bool)
    if geometry.allowed is not None and change.mask:
        allowed = allowed & geometry.allowed[0, 0]
    if change.window is not None:
        if place.cross:
            raise ValueError("cross-attention reads another text: no window of places in one text fits it")
        places = torch.arange(len(scores), device=scores.device)
        allowed &= MaskRule(causal=False, window=change.window, sinks=change.sinks).allowed(places, places)
    for row, col in change.shown:
        allowed[row, col] = True
    return allowed


def _geometry(place: Place, x: Tensor) -> Geometry:
    """Return the model's own masks, angles and biases for x (T, D)."""
    if place.cross:
        return Geometry()
    return place.stack.geometry(torch.arange(len(x), device=x.device), 0, None, x.dtype)


def _weights(place: Place) -> dict[str, Tensor | None]:
    attn, head, kv = place.attn, place.head, place.kv_head
    biases = {"b_Q": (attn.b_Q, head), "b_K": (attn.b_K, kv), "b_V": (attn.b_V, kv)}
    return {
        "W_Q": attn.W_Q[head], "W_K": attn.W_K[kv], "W_V": attn.W_V[kv], "W_O": attn.W_O[head],
        **{name: None if bias is None else bias[index] for name, (bias, index) in biases.items()},
    }  # fmt: skip


def _sides(trace: Trace, attention: Kind) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the ids of the query tokens (T) and of the key tokens (S)."""
    source = tuple(trace.ids.tolist())
    written = source if trace.decoder_ids is None else tuple(trace.decoder_ids.tolist())
    return (source if attention == "encoder" else written), (written if attention == "self" else source)


def _numpy(value: Any) -> Any:
    return None if value is None else value.detach().cpu().numpy().copy()
