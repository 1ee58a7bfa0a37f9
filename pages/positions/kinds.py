"""Collect from `core` what each kind of position shows for a text.

Of the open model where it has that kind; else by the formula, for a model of its size; what is learned and therefore
has no formula is then that of a tiny model (`core.analysis.positions.tiny`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from core.analysis.positions.distance_bias import DistanceBias, alibi_bias, distance_bias
from core.analysis.positions.rotation import ByTurn, Turning, plain_turning, score_by_distance, turning
from core.analysis.positions.tables import (
    ByDistance,
    measured_waves,
    model_table,
    similarity,
    similarity_by_distance,
    sinusoidal,
    sinusoidal_waves,
    within,
)
from core.analysis.positions.tiny import reached, tiny_bias, tiny_table
from core.analysis.stacks import Half, Stack
from core.config import Position
from core.language_model import LanguageModel
from core.trace import Trace

Array = np.ndarray[Any, Any]
Source = Literal["own", "formula", "tiny"]
TABLES: tuple[Position, ...] = ("sinusoidal", "learned")
BIASES: tuple[Position, ...] = ("alibi", "relative")

SPAN = 64  # positions of the waves and of the similarity
COLS = 128  # columns of a table that the picture holds


@dataclass(frozen=True)
class Where:
    """Locate the part of the model that is looked at: a stack (None: it has one), a block and a head of it."""

    stack: Stack | None
    block: int
    head: int


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Hold one kind of position on one text of T tokens that begins at some position.

    Attributes:
        source: whose it is: the open model's own, by formula, or a tiny model's.
        ids: (T,) of the stack that is looked at. embed: (T, D) its token vectors, before anything is added.
        start: the first position of `waves`. rows: (T,) the row of `waves` that each token has.
        notes: what was clipped.
        columns: of the table, those that are shown. width: how many there are.
        waves: (W, C) what stands in the table, by position and column; of rotary the cosine of each pair's angle.
        others: (W, C) of rotary, the sine. rates: (C,) radians a position.
        lengths: (C,) positions until a wave comes round.
        strength: (C,) how much of a column is that one wave.
        turning: of rotary. by: what distance does.
        alike: (T, T) the cosine of every two rows of a table, or without one of the token vectors.
        bias: of ALiBi and T5. scores: (H, T, T) that the open model's softmax gets, where the bias is its own.
        trained: rows of the table that training has reached; None: all.
    """

    kind: Position
    source: Source
    ids: tuple[int, ...]
    embed: Array
    causal: bool
    start: int = 0
    rows: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    columns: tuple[int, ...] = ()
    width: int = 0
    waves: Array | None = None
    others: Array | None = None
    rates: Array | None = None
    lengths: Array | None = None
    strength: Array | None = None
    turning: Turning | None = None
    alike: Array | None = None
    by: ByDistance | ByTurn | None = None
    bias: DistanceBias | None = None
    scores: Array | None = None
    trained: int | None = None


def see(lm: LanguageModel, text: str, target: str | None, kind: Position, where: Where, begins: int) -> Seen:
    """Collect one kind of position for the open model's text, its first token at position `begins`."""
    half = Half.of(lm, where.stack)
    trace = lm.trace(text, target)
    own = lm.config.position == kind
    base: dict[str, Any] = {
        "kind": kind,
        "source": "own"
        if own or kind == "none"
        else "tiny"
        if kind in ("learned", "relative")
        else "formula",
        "ids": tuple(half.ids(trace).tolist()),
        "embed": trace[f"{half.prefix}hook_embed"].double().cpu().numpy(),
        "causal": half.stack.causal,
    }
    length = len(base["ids"])
    if kind in TABLES:
        return Seen(**base, **_table(lm, kind, own, where, begins, length))
    if kind == "rotary":
        return Seen(**base, **_turning(lm, text, target, own, where, begins, length, trace))
    if kind in BIASES:
        return Seen(**base, **_bias(lm, kind, own, where, length, trace))
    return Seen(**base, alike=similarity(base["embed"]))


def places(begins: int, length: int, rows: int | None) -> tuple[range, tuple[int, ...], tuple[str, ...]]:
    """Choose the positions that are shown, the row of each token among them, and say what was clipped.

    Args:
        rows: of the table; None: it has no end.
    """
    if rows is None:
        window = range(begins, begins + max(SPAN, length))
        return window, tuple(range(length)), ()
    first = max(0, min(begins, rows - SPAN))
    window = range(first, min(rows, first + max(SPAN, length)))
    found = [within(begins + at, rows) for at in range(length)]
    said = next((note for _, note in reversed(found) if note), "")
    return window, tuple(max(0, row - first) for row, _ in found), (said,) if said else ()


def pairs_of(width: int) -> list[int]:
    """Choose columns, two by two, evenly spread over a table that is wider than the picture."""
    if width <= COLS:
        return list(range(width))
    pairs = np.linspace(0, width // 2 - 1, COLS // 2).round().astype(int)
    return [int(at) for pair in pairs for at in (2 * pair, 2 * pair + 1)]


def _table(
    lm: LanguageModel, kind: Position, own: bool, where: Where, begins: int, length: int
) -> dict[str, Any]:
    trained = None
    if own:
        table = model_table(lm, where.stack)
        window, rows, notes = places(begins, length, len(table))
    elif kind == "learned":
        table, trained = tiny_table(), reached()
        window, rows, notes = places(begins, length, len(table))
    else:
        window, rows, notes = places(begins, length, None)
        table = sinusoidal(window.stop, lm.config.d_model)
    width = table.shape[1]
    shown, columns = table[window.start : window.stop], pairs_of(width)
    found: dict[str, Any] = {
        "start": window.start, "rows": rows, "notes": notes, "columns": tuple(columns), "width": width,
        "waves": shown[:, columns], "trained": trained, "alike": similarity(shown[list(rows)]),
        "by": similarity_by_distance(shown),
    }  # fmt: skip
    if kind == "sinusoidal":
        waves = sinusoidal_waves(width)
        pair = [at // 2 for at in columns]
        return found | {"lengths": waves.wavelengths[pair], "rates": 2 * np.pi / waves.wavelengths[pair]}
    if len(shown) >= 4:
        found |= _measured(shown[:, columns])
    return found


def _measured(table: Array) -> dict[str, Any]:
    """Measure the strongest wave of each column of a learned table, in the table's order."""
    waves = measured_waves(table)
    back = np.argsort([at for (at,) in waves.columns])
    return {"lengths": waves.wavelengths[back], "strength": waves.strength[back]}


def _turning(
    lm: LanguageModel, text: str, target: str | None, own: bool, where: Where, begins: int, length: int, trace: Trace
) -> dict[str, Any]:  # fmt: skip
    width, theta = lm.config.head_size + lm.config.head_size % 2, lm.config.rope_theta
    if own:
        attention: Literal["self", "encoder"] = "encoder" if where.stack == "encoder" else "self"
        found = turning(lm, text, where.block, where.head, attention=attention, target=target, trace=trace)
    else:
        found = plain_turning(length, width, theta, causal=Half.of(lm, where.stack).stack.causal)
    window, rows, notes = places(begins, length, None)
    hands = (
        plain_turning(len(window), width, theta).begun_at(begins).turned_query
    )  # (W, P, 2): cosine and sine
    return {
        "start": window.start, "rows": rows, "notes": notes, "columns": tuple(range(hands.shape[1])),
        "width": hands.shape[1], "waves": hands[..., 0], "others": hands[..., 1], "rates": found.rates,
        "lengths": 2 * np.pi / found.rates, "turning": found if begins == 0 else found.begun_at(begins),
        "by": score_by_distance(found, SPAN - 1),
    }  # fmt: skip


def _bias(
    lm: LanguageModel, kind: Position, own: bool, where: Where, length: int, trace: Trace
) -> dict[str, Any]:
    half = Half.of(lm, where.stack)
    far = max(SPAN, length)
    if own:
        name = f"{half.block_name(where.block)}.attn.hook_attn_scores"
        return {
            "bias": distance_bias(lm, far, where.stack),
            "scores": trace[name].double().cpu().numpy(),
        }
    if kind == "alibi":
        return {"bias": alibi_bias(lm.config.n_heads, far, causal=half.stack.causal)}
    return {"bias": tiny_bias(far)}


def finite(values: Sequence[float] | Array) -> list[float | None]:
    """Convert numbers for JSON: what is not finite becomes null."""
    return [float(value) if np.isfinite(value) else None for value in np.ravel(np.asarray(values))]
