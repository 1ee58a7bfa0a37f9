"""Rotary positions (Su et al. 2021, section 3.2): queries and keys are rotated pairwise, so that only distance counts.

Pair i of a head's K numbers, here (i, i + K / 2) as in Llama's files,  K) radians: the query's arrow and the key's turn
alike, and what their product sees is the difference of the two angles, which is the distance times the pair's rate./is
a vector ("arrow") in a plane. At position t it is rotated by t * theta^(-2i / K) radians, query and key alike, so that
their product depends on the difference of the two angles: the distance times the pair's rate. / K) radians: the query's
arrow and the key's turn alike, and what their product sees is the difference of the two angles, which is the distance
times the pair's rate.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from core.analysis.places import Place, row_of, traced
from core.analysis.positions.tables import HOW

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text
    from core.trace import Trace

Array = np.ndarray[Any, Any]
Side = Literal["query", "key"]


class NoRotation(ValueError):
    """Raised for a model without rotary positions; the message says what it has instead."""


def rotary_rates(d_head: int, theta: float = 10_000.0) -> Array:
    """Compute the rotation of each pair per position in radians, theta^(-2i / K): (K / 2,).

    Raises:
        ValueError: an odd width has a number without a partner.
    """
    if d_head < 2 or d_head % 2:
        raise ValueError(f"d_head={d_head}: rotary positions turn pairs of numbers, so it must be even")
    return theta ** (-np.arange(0, d_head, 2) / d_head)


def arrows(x: Array) -> Array:
    """Reshape x (..., K) into vectors of pairs (..., K / 2, 2): numbers i and i + K / 2."""
    half = x.shape[-1] // 2
    return np.stack([x[..., :half], x[..., half:]], axis=-1)


def turned_by(x: Array, angles: Array) -> Array:
    """Rotate vectors x (..., P, 2), each by its angle (..., P) in radians, counterclockwise:

    (a, b) -> (a cos - b sin, b cos + a sin)
    """
    cos, sin = np.cos(angles), np.sin(angles)
    a, b = x[..., 0], x[..., 1]
    return np.stack([a * cos - b * sin, b * cos + a * sin], axis=-1)


def in_turns(angle: float) -> str:
    """Format an angle in radians, with whole turns apart: "57.3°", "1 turn and 57.3°", "−90.0°"."""
    tenths = round(abs(math.degrees(angle)) * 10)
    whole, rest = divmod(tenths, 3600)
    sign, said = ("−" if angle < 0 and tenths else ""), f"{rest / 10:.1f}°"
    return f"{sign}{whole} turn{'s' if whole > 1 else ''} and {said}" if whole else f"{sign}{said}"


@dataclass(frozen=True, kw_only=True)
class Turning:
    """One head's queries and keys over a text as vectors of pairs, before and after rotation. P = K / 2 pairs.

    Attributes:
        rates: (P,) radians a position. angles: (T, P) = position * rate, not brought below a full turn.
        query, key: (T, P, 2) as they enter the rotation (after the query/key norm where there is one).
        turned_query, turned_key: (T, P, 2) as the model's pass had them.
        factor: what the score q . k is then multiplied by, 1 / sqrt(K), or 1.
        causal: a query sees no later key.
    """

    layer: int
    head: int
    rates: Array
    angles: Array
    query: Array
    key: Array
    turned_query: Array
    turned_key: Array
    factor: float
    causal: bool

    def pairs(self, query: int, key: int) -> PairProducts:
        """Decompose the score of one query and one key by pairs. Rows from 0, or from the end if negative.

        Raises:
            ValueError: no such row.
        """
        row, col = row_of(query, len(self.angles)), row_of(key, len(self.angles))
        q, k = self.turned_query[row], self.turned_key[col]  # (P, 2) each
        lengths = np.linalg.norm(self.query[row], axis=-1), np.linalg.norm(self.key[col], axis=-1)
        return PairProducts(
            query=row,
            key=col,
            turn=(row - col) * self.rates,
            between=_angle(self.query[row]) - _angle(self.key[col]),
            lengths=np.stack(lengths, axis=-1),
            products=(q * k).sum(-1),
        )

    @property
    def scores(self) -> Array:
        """(T, T): q . k of every query (row) and key, before the factor, also of keys that a mask then hides."""
        size = len(self.angles)
        q, k = self.turned_query.reshape(size, -1), self.turned_key.reshape(size, -1)  # (T, K) each
        products: Array = q @ k.T
        return products

    def begun_at(self, start: int) -> Turning:
        """Shift the text so that its first token is at position `start`.

        Every angle grows by start * rate, no score changes.

        Raises:
            ValueError: a position below 0.
        """
        if start < 0:
            raise ValueError(f"positions count from 0, so none is {start}")
        angles = self.angles + start * self.rates
        return dataclasses.replace(
            self, angles=angles, turned_query=turned_by(self.query, angles), turned_key=turned_by(self.key, angles)
        )  # fmt: skip

    def written(self, position: int, pair: int) -> str:
        """Format the angle of one pair at one position: "5 × 0.1 = 0.5 rad = 28.6°".

        Raises:
            ValueError: no such position or pair.
        """
        row, at = row_of(position, len(self.angles)), row_of(pair, len(self.rates))
        rate, angle = float(self.rates[at]), float(self.angles[row, at])
        return f"{row} × {rate:.4g} = {angle:.4g} rad = {in_turns(angle)}"


@dataclass(frozen=True, kw_only=True)
class PairProducts:
    """q . k of one query and key as a sum over pairs: products[i] = |q_i| |k_i| cos(between_i + turn_i).

    Attributes:
        turn: (P,) radians, (query - key) * rate: what distance adds to the angle between the two arrows.
        between: (P,) radians from the key's arrow to the query's before any turn.
        lengths: (P, 2) of the query's and the key's arrow, which no turn changes.
        products: (P,) from the pass; their sum is q . k.
    """

    query: int
    key: int
    turn: Array
    between: Array
    lengths: Array
    products: Array

    @property
    def score(self) -> float:
        """q . k, before the factor."""
        return float(self.products.sum())


def turning(
    lm: LanguageModel,
    text: Text,
    layer: int,
    head: int,
    *,
    attention: Literal["self", "encoder"] = "self",
    target: Text | None = None,
    trace: Trace | None = None,
) -> Turning:
    """Compute the rotation of one head's queries and keys over a text.

    Args:
        attention: "encoder" is an encoder-decoder's other stack; attention to a source turns nothing.
        trace: the pass of this text and target, if it is at hand; None: made now.

    Raises:
        NoRotation: the model has other positions, or none.
        ValueError: no such layer, head or attention, or a trace of another text.
    """
    if lm.config.position != "rotary":
        raise NoRotation(f"{lm.name} turns no arrows: it {HOW[lm.config.position]}")
    if attention not in ("self", "encoder"):
        raise NoRotation(f"attention={attention!r}: a source is read without positions, so nothing turns")
    place = Place.of(lm, layer, head, attention)
    trace = traced(lm, text, target, trace)
    name, attn = place.attn_name, place.attn

    def of(hook: str, head: int) -> Tensor:
        return trace[f"{name}.{hook}"][:, head]  # (T, K)

    with torch.no_grad():
        q, k = of("hook_q", head), of("hook_k", place.kv_head)
        if attn.qk_norm:
            q, k = attn.q_norm(q), attn.k_norm(k)
    rates = rotary_rates(lm.config.head_size, lm.config.rope_theta)
    return Turning(
        layer=layer, head=head, rates=rates, angles=np.arange(len(q))[:, None] * rates,
        query=arrows(_numpy(q)), key=arrows(_numpy(k)),
        turned_query=arrows(_numpy(of("hook_rot_q", head))),
        turned_key=arrows(_numpy(of("hook_rot_k", place.kv_head))),
        factor=attn.scale, causal=place.stack.causal,
    )  # fmt: skip


def plain_turning(length: int, d_head: int, theta: float = 10_000.0, *, causal: bool = True) -> Turning:
    """Build the rotation from its formula alone: every query and key is the vector (1, 0) in each pair.

    So q . k is sum_i cos(distance * w_i), and all effects come from the rotation alone.

    Raises:
        ValueError: an odd width, or no tokens.
    """
    if length < 1:
        raise ValueError(f"a text of {length} tokens has no positions")
    rates = rotary_rates(d_head, theta)
    arrow = np.tile(np.array([1.0, 0.0]), (length, len(rates), 1))  # (T, P, 2)
    still = Turning(
        layer=0, head=0, rates=rates, angles=np.arange(length)[:, None] * rates,
        query=arrow, key=arrow, turned_query=arrow, turned_key=arrow, factor=1.0, causal=causal,
    )  # fmt: skip
    return still.begun_at(0)


@dataclass(frozen=True)
class ByTurn:
    """Scores q . k over all queries and keys of a text as a function of a hypothetical distance.

    Content stays, position moves.

    Attributes:
        distances: (n,) query - key, rising from 0.
        mean, spread: (n,) of q . k, before the factor, over all T * T pairs; spread is the standard deviation.
    """

    distances: Array
    mean: Array
    spread: Array


def score_by_distance(found: Turning, longest: int | None = None) -> ByTurn:
    """Compute the effect of distance alone on this head's scores on this text (None: up to the text's length - 1).

    With the arrows as complex numbers q_i, k_i a score d apart is sum_i Re(q_i conj(k_i) e^{i d w_i}), w_i the rates:
    a waveform whose strengths are the pairs' own products, so that mean and spread need no pass for each distance.

    Raises:
        ValueError: a distance below 0.
    """
    last = len(found.angles) - 1 if longest is None else longest
    if last < 0:
        raise ValueError(f"a distance of {last} is none: give 0 or more")
    distances = np.arange(last + 1)
    q, k = _complex(found.query), _complex(found.key)  # (T, P)
    angle = distances[:, None] * found.rates  # (n, P)
    basis = np.concatenate([np.cos(angle), -np.sin(angle)], axis=1)  # (n, 2 P)
    size = basis.shape[1]
    total, square = np.zeros(size), np.zeros((size, size))
    for query in q:  # one query at a time, so that a long text needs no T * T rows
        products = query * k.conj()  # (T, P)
        parts = np.concatenate([products.real, products.imag], axis=1)  # (T, 2 P)
        total += parts.sum(0)
        square += parts.T @ parts
    count = len(q) * len(k)
    mean = basis @ (total / count)
    variance = np.einsum("np,pr,nr->n", basis, square / count, basis) - mean**2
    return ByTurn(distances, mean, np.sqrt(variance.clip(0)))


def one_by_distance(found: Turning, query: int, key: int, longest: int | None = None) -> ByTurn:
    """Compute one query-key score at each hypothetical distance. Its spread is 0.

    Raises:
        ValueError: no such row, or a distance below 0.
    """
    row, col = row_of(query, len(found.angles)), row_of(key, len(found.angles))
    one = dataclasses.replace(found, query=found.query[[row]], key=found.key[[col]])
    return score_by_distance(one, len(found.angles) - 1 if longest is None else longest)


def _angle(x: Array) -> Array:
    """Compute the direction of each vector in radians, between -pi and pi: (..., P, 2) -> (..., P)."""
    return np.arctan2(x[..., 1], x[..., 0])


def _complex(x: Array) -> Array:
    return x[..., 0].astype(np.float64) + 1j * x[..., 1].astype(np.float64)


def _numpy(value: Tensor) -> Array:
    return value.detach().double().cpu().numpy()
