"""Composition scores: how strongly a later head reads what an earlier head writes, from their weights alone.

A head writes x W_V W_O into the stream, and a later one compares x W_Q with x W_K, or hands on x W_V (rows are tokens).
K-composition is |W_V W_O W_K W_Q^T| over the product of both parts' lengths (Frobenius): the overlap of the first
head's output space with the space that the second head's keys read; Q- and V-composition by the same with W_Q or W_V
(Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits", "Composition scores"). Two random heads come
to about 1/sqrt(D).

Not in it: a rotation by position (the score is that of a token with itself), a norm's division by the token's length,
a norm of queries and keys, and which tokens really stand in a text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from core.analysis.places import Kind, Place, stack_of
from core.language_model import LanguageModel
from core.messages import later, mark
from core.model.norm import Normalise
from core.verdict_rule import Rule

Array = np.ndarray[Any, Any]
Way = Literal["K", "Q", "V"]
DRAWS = 64  # pairs of random heads


@dataclass(frozen=True, kw_only=True)
class Composition:
    """Scores of all pairs of heads from 0 to 1; 0 where the reader does not come after the writer.

    scores: (L, H, M, H) by the writer's layer and head, then the reader's.
    follows: (L, M) bool, whether that layer's heads read what those write.
    chance: the mean score of two random heads; line: the largest of `DRAWS` such pairs.
    writers: the attention that the writers belong to; the same as the readers' but under cross-attention.
    """

    way: Way
    attention: Kind
    writers: Kind
    scores: Array
    follows: Array
    chance: float
    line: float

    @property
    def above(self) -> Array:
        """(L, H, M, H) what lies above chance; 0 where nothing is read."""
        return np.where(self.follows[:, None, :, None], self.scores - self.chance, 0.0)

    @property
    def strongest(self) -> tuple[int, int, int, int] | None:
        """Layers and heads of the writer and the reader with the highest score; None: no head follows another."""
        if not self.follows.any():
            return None
        return tuple(int(i) for i in np.unravel_index(int(self.scores.argmax()), self.scores.shape))  # type: ignore[return-value]


def composition(
    lm: LanguageModel, way: Way = "K", attention: Kind = "self", *, gain: bool = True, seed: int = 0
) -> Composition:
    """Compute the composition score of every pair of heads.

    Args:
        way: which of the reader's inputs is compared with the writer's output: its keys, queries or values.
        attention: whose heads read. Under "cross" keys and values come from the encoder's heads, queries from the
            decoder's own.
        gain: multiply the gain of the norm before each head in, as part of what it reads.
        seed: of the random heads.

    Raises:
        ValueError: no such attention or way.
    """
    if way not in ("K", "Q", "V"):
        raise ValueError(f"way={way!r} is not one of K, Q, V")
    across = attention == "cross"
    writers: Kind = attention if not across else "self" if way == "Q" else "encoder"
    sources, readers = _places(lm, writers), _places(lm, attention)
    with torch.no_grad():
        left = [_writes(place, gain) for place in sources]
        right = [_reads(lm, place, way, across, gain) for place in readers]
        heads = lm.config.n_heads
        written = [(r_v @ w_o).norm(dim=(1, 2)) for r_v, w_o in left]  # (H,) each
        read = [(_every(meets, heads) @ then.transpose(1, 2)).norm(dim=(1, 2)) for meets, then in right]
        first, then = np.ogrid[: len(left), : len(right)]
        # Under cross-attention the decoder's own heads of the same block come before, and all of the encoder's do.
        follows = first < then if not across else first <= then if way == "Q" else (first >= 0) & (then >= 0)
        scores = np.zeros((len(left), heads, len(right), heads))
        for i, j in np.argwhere(follows).tolist():
            lengths = written[i][:, None] * read[j]  # (H, H)
            product = _product_lengths(left[i], right[j]) / lengths.clamp(min=torch.finfo(lengths.dtype).tiny)
            scores[i, :, j] = product.cpu().numpy()
    chance = random_scores(lm.config.d_model, lm.config.head_size, seed=seed)
    return Composition(
        way=way, attention=attention, writers=writers, scores=scores, follows=follows,
        chance=float(chance.mean()), line=float(chance.max()),
    )  # fmt: skip


def _places(lm: LanguageModel, attention: Kind) -> list[Place]:
    return [Place.of(lm, layer, 0, attention) for layer in range(len(stack_of(lm, attention).blocks))]


def _writes(place: Place, gain: bool) -> tuple[Tensor, Tensor]:
    """Return W_V, reduced to a square by QR, (H, K, K) and W_O (H, K, D): norms of products with them are preserved."""
    attn = place.attn
    return _square(_times(_every(attn.W_V, attn.n_heads), _gain(place.norm, gain))), attn.W_O


def _reads(lm: LanguageModel, place: Place, way: Way, across: bool, gain: bool) -> tuple[Tensor, Tensor]:
    """Return the matrix that reads the stream, (H, D, K) or of shared heads (H_kv, D, K), and the other factor (H,
    K, K)."""
    attn = place.attn
    q, k, v = attn.W_Q, attn.W_K, attn.W_V  # (H, D, K), (H_kv, D, K) twice
    then = {"K": q, "Q": _every(k, attn.n_heads), "V": attn.W_O.transpose(1, 2)}[way]
    meets = {"K": k, "Q": q, "V": v}[way]
    asks, answers = _gain(place.norm, gain), _gain(place.norm, gain)
    if across:
        answers = _gain(getattr(stack_of(lm, "encoder"), "ln_final", None), gain)
    first, second = (asks, answers) if way == "Q" else (answers, asks)
    return _times(meets, first), _square(then if way == "V" else _times(then, second))


def _times(weights: Tensor, gain: Tensor | None) -> Tensor:
    """Scale each row of (H, D, K) weights by its part of the gain."""
    return weights if gain is None else weights * gain[:, None]


def _gain(norm: Any, wanted: bool) -> Tensor | None:
    """Return the gain (D,) of a norm, if it has one and it is wanted."""
    return norm.w if wanted and isinstance(norm, Normalise) else None


def _every(weights: Tensor, heads: int) -> Tensor:
    """Repeat shared key or value heads for every query head that uses them: (H, D, K)."""
    return weights.repeat_interleave(heads // len(weights), dim=0)


def _square(tall: Tensor) -> Tensor:
    """Return R of the QR decomposition: (H, min(D, K), K). |tall X| = |R X|, since Q is orthonormal."""
    return torch.linalg.qr(tall, mode="r").R


def _product_lengths(left: tuple[Tensor, Tensor], right: tuple[Tensor, Tensor]) -> Tensor:
    """Compute the norm of the product of each writer of one layer with each reader of another: (H, H)."""
    (r_v, w_o), (meets, then) = left, right
    middle = torch.einsum("hkd,gdj->hgkj", w_o, meets)  # (H, H or H_kv, K, K)
    middle = (r_v[:, None] @ middle).repeat_interleave(len(then) // len(meets), dim=1)  # (H, H, K, K)
    return (middle @ then.transpose(1, 2)[None]).norm(dim=(2, 3))


def random_scores(d_model: int, d_head: int, *, draws: int = DRAWS, seed: int = 0) -> Array:
    """Compute the scores of pairs of random normal heads: (N,)."""
    draw = torch.Generator().manual_seed(seed)

    def heads(*shape: int) -> Tensor:
        return torch.randn(draws, *shape, generator=draw)

    r_v, w_o = _square(heads(d_model, d_head)), heads(d_head, d_model)
    meets, then = heads(d_model, d_head), _square(heads(d_model, d_head))
    product = r_v @ (w_o @ meets) @ then.transpose(1, 2)
    lengths = (r_v @ w_o).norm(dim=(1, 2)) * (meets @ then.transpose(1, 2)).norm(dim=(1, 2))
    return (product.norm(dim=(1, 2)) / lengths).double().numpy()


def work(lm: LanguageModel, attentions: Sequence[Kind]) -> float:
    """Estimate the multiplications of one map of scores."""
    heads = math.prod(len(stack_of(lm, kind).blocks) * lm.config.n_heads for kind in attentions)
    return heads / 2 * lm.config.d_model * lm.config.head_size**2


RULE = Rule(
    mark("Two heads: “fit better than any random pair”, “a little better”, “no better”"),
    mark(
        "How much of what the reader’s matrix takes in lies where the writer’s matrix writes: the norm of their "
        "product over the product of their norms."
    ),
    later(
        "Better: above the highest of {draws} pairs of random matrices of the same shape. A little: above their mean.",
        draws=DRAWS,
    ),
    later("The model’s weights, no text; {draws} random pairs.", draws=DRAWS),
    later(
        "None over pairs: of pairs that are random, 1 in {some} lies above the line, so among hundreds some do.",
        some=DRAWS + 1,
    ),
    mark("Elhage et al. 2021, composition scores"),
    composition,
)
