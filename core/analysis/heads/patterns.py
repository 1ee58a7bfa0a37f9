"""Attention patterns: all maps of a model from one pass, and scores of typical patterns per head.

A score is the part of a head's attention that falls on one kind of pair: on each token's predecessor, on the first
token, and so on. transformer-lens calls it "mul" and defines it for previous token, same token ("duplicate") and
induction. The last two are also measured on random tokens said twice, where only the repetition can be known
(Elhage et al. 2021; Olsson et al. 2022, "In-context Learning and Induction Heads").
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from core.analysis.places import Kind, Place, stack_of, traced
from core.hooks import Intervention, intervene, recording
from core.language_model import LanguageModel, Text
from core.messages import mark
from core.trace import Trace

Array = np.ndarray[Any, Any]
Job = Literal["induction", "same", "previous", "next", "itself", "recent", "first", "last"]
# patterns with one column per row
SHARP: tuple[Job, ...] = ("induction", "same", "previous", "next", "itself")
BROAD: tuple[Job, ...] = ("recent", "first", "last")  # named when no sharp one is reached
NAMES: dict[Job, str] = {
    "induction": mark("induction"), "same": mark("same token"), "previous": mark("previous token"),
    "next": mark("next token"), "itself": mark("itself"), "recent": mark("recent tokens"),
    "first": mark("first token"), "last": mark("last token"),
}  # fmt: skip
RECENT = 3  # tokens before a token that count as recent


@dataclass(frozen=True, kw_only=True)
class HeadMaps:
    """All maps of one attention. Rows of a map add up to 1."""

    attention: Kind
    ids: tuple[int, ...]  # T, the query tokens
    key_ids: tuple[int, ...]  # S, the key tokens
    causal: bool  # causal: no token sees a later one
    maps: Array  # (L, H, T, S)
    beside: tuple[int, ...] = ()  # the other text of an encoder-decoder's pass

    def read_most(self, row: int, col: int | None = None) -> tuple[Array, Array]:
        """Return the weight and column (L, H) that each head gives most to from `row`, or the weight at `col`."""
        line = self.maps[:, :, row]  # (L, H, S)
        columns = line.argmax(-1) if col is None else np.full(line.shape[:2], col)
        return np.take_along_axis(line, columns[..., None], -1)[..., 0], columns


@dataclass(frozen=True, kw_only=True)
class Score:
    """How much of each head's attention falls on one kind of (row, column) pair.

    value: (L, H) from 0 to 1, the part of all its attention: transformer-lens's "mul".
    even: the value of a head with uniform attention over visible tokens.
    most: the greatest possible value: the part of the rows that have such a pair at all.
    rows: how many rows those are.
    """

    value: Array
    even: float
    most: float
    rows: int

    @property
    def weight(self) -> Array | None:
        """(L, H) from 0 to 1: the attention on such pairs, over the rows that have one; None: no row has."""
        return self.value / self.most if self.rows else None

    @property
    def above_even(self) -> Array | None:
        """(L, H) the value rescaled: uniform attention is 0, the best possible 1.

        None: the text cannot distinguish them.
        """
        room = self.most - self.even
        return (self.value - self.even) / room if room > 1e-6 else None


def head_maps(
    lm: LanguageModel,
    text: Text,
    *,
    attention: Kind = "self",
    target: Text | None = None,
    trace: Trace | None = None,
) -> HeadMaps:
    """Compute every map of every head of one attention, from one pass that ends with the last map.

    Args:
        attention: "self", or in an encoder-decoder also "cross" and "encoder".
        target: an encoder-decoder's beginning of the answer.
        trace: the pass of this text and target, if available (made under the same interventions); None: computed now.

    Raises:
        ValueError: no such attention, an empty text, or a trace of another text.
        ContextTooLong: more tokens than the model has positions for.
    """
    batch = lm.batch(text, target)
    source, written = (tuple(ids[0].tolist()) for ids in (batch[0], batch[-1]))
    asking = source if attention == "encoder" else written
    answering = written if attention == "self" else source
    if trace is None:
        patterns = [pattern[0] for pattern in run_patterns(lm, batch, attention)]
    else:
        seen = traced(lm, text, target, trace)
        patterns = [seen[name].detach() for name in _pattern_names(lm, attention)]
    none = np.zeros((0, lm.config.n_heads, len(asking), len(answering)), dtype=np.float32)
    return HeadMaps(
        attention=attention, ids=asking, key_ids=answering,
        causal=stack_of(lm, attention).causal and attention != "cross",
        maps=torch.stack(patterns).cpu().numpy() if patterns else none,
        beside=() if len(batch) == 1 or attention == "cross" else written if attention == "encoder" else source,
    )  # fmt: skip


def run_patterns(lm: LanguageModel, batch: tuple[Tensor, ...], attention: Kind) -> list[Tensor]:
    """Compute the maps of a batch of texts, L of (B, H, T, S); the pass ends with the last of them."""
    names = _pattern_names(lm, attention)
    last: list[Tensor] = []

    def enough(pattern: Tensor) -> Tensor:
        last.append(pattern)
        raise _Enough

    stop = [Intervention((name,), enough, "all patterns are known") for name in names[-1:]]
    with torch.inference_mode(), recording(names[:-1]) as seen, suppress(_Enough), intervene(*stop):
        lm.transformer(*batch)
    return [*(seen[name] for name in names[:-1]), *last]


def _pattern_names(lm: LanguageModel, attention: Kind) -> list[str]:
    layers = range(len(stack_of(lm, attention).blocks))
    return [f"{Place.of(lm, layer, 0, attention).attn_name}.hook_pattern" for layer in layers]


class _Enough(Exception):
    """Ends a pass whose remaining results are not needed."""


def pattern_scores(maps: HeadMaps) -> dict[Job, Score]:
    """Score every pattern that the attention can have: the value of transformer-lens's `detect_head(..., "mul")`."""
    allowed = may_see(maps)  # (T, S)
    even = allowed / allowed.sum(1, keepdims=True)  # (T, S)
    flat = maps.maps.reshape(*maps.maps.shape[:2], -1)  # (L, H, T S)
    whole = flat.sum(-1)  # (L, H)
    scores = {}
    for job, pairs in pairs_of(maps).items():
        pairs &= allowed
        rows = int(pairs.any(1).sum())
        value = flat @ pairs.ravel().astype(flat.dtype) / whole
        scores[job] = Score(
            value=value, even=float((even * pairs).sum() / len(even)), most=rows / len(even), rows=rows
        )
    return scores


def may_see(maps: HeadMaps) -> Array:
    """Return the visible columns of each row: (T, S) bool."""
    shape = (len(maps.ids), len(maps.key_ids))
    return np.tri(*shape, dtype=bool) if maps.causal else np.ones(shape, dtype=bool)


def pairs_of(maps: HeadMaps) -> dict[Job, Array]:
    """Return the (row, column) pairs of each pattern: (T, S) bool each."""
    ids, keys = np.array(maps.ids), np.array(maps.key_ids)
    row, col = np.arange(len(ids))[:, None], np.arange(len(keys))[None]
    same = ids[:, None] == keys[None]
    if maps.attention != "cross":
        same &= (col < row) if maps.causal else (col != row)
    after = np.zeros_like(same)
    after[:, 1:] = same[:, :-1]  # the token after an earlier copy of the row's token
    pairs: dict[Job, Array] = {"induction": after, "same": same}
    if maps.attention != "cross":
        pairs |= {"previous": col == row - 1, "itself": col == row}
        pairs["recent"] = (col < row) & (col >= row - RECENT)
        if not maps.causal:
            pairs["next"] = col == row + 1
    pairs["first"] = np.broadcast_to(col == 0, same.shape).copy()
    if not maps.causal:
        pairs["last"] = np.broadcast_to(col == len(keys) - 1, same.shape).copy()
    return pairs


def evenness(maps: HeadMaps) -> Array:
    """Compute each row's entropy over its maximum, averaged over rows with more than one column: (L, H).

    1 where no row has one.
    """
    choices = may_see(maps).sum(1)  # (T,)
    chosen = maps.maps[:, :, choices > 1]  # (L, H, rows, S)
    if not chosen.shape[2]:
        return np.ones(maps.maps.shape[:2])
    entropy = -(chosen * np.log(np.maximum(chosen, np.finfo(chosen.dtype).tiny))).sum(-1)  # (L, H, rows)
    return (entropy / np.log(choices[choices > 1])).mean(-1)


def repeat_scores(
    lm: LanguageModel, attention: Kind = "self", *, period: int = 20, texts: int = 4, seed: int = 0
) -> dict[Job, Score]:
    """Average the scores over texts of `period` random tokens said twice (no two alike, nothing special).

    They depend on the model and the seed only. Under cross-attention, or in a context too short to say two tokens
    twice, there is nothing to measure: {}. A decoder with a source reads the tokens there once.
    """
    said, rows = texts_said_twice(lm, attention, period=period, texts=texts, seed=seed)
    if not rows:
        return {}
    read = [rows]
    if lm.config.shape == "encoder-decoder":
        read = [rows, said] if attention == "encoder" else [said, rows]
    patterns = run_patterns(lm, tuple(torch.tensor(ids, device=lm.device) for ids in read), attention)
    if not patterns:
        return {}
    causal, maps = stack_of(lm, attention).causal, torch.stack(patterns).mean(1).cpu().numpy()  # (L, H, T, T)
    # Which rows have which pairs is the same for every text: no token stands twice in a period.
    ids = tuple(rows[0])
    return pattern_scores(HeadMaps(attention=attention, ids=ids, key_ids=ids, causal=causal, maps=maps))


def texts_said_twice(
    lm: LanguageModel, attention: Kind = "self", *, period: int = 20, texts: int = 4, seed: int = 0
) -> tuple[list[list[int]], list[list[int]]]:
    """Draw the texts of `repeat_scores`: `period` random ids each, and those said twice between the special ones.

    Both are empty where there is nothing to measure.
    """
    frame, usual = frame_and_usual(lm, attention)
    period = min(period, len(usual), (lm.config.n_ctx - len(frame[0]) - len(frame[1])) // 2)
    if attention == "cross" or period < 2:
        return [], []
    draw = torch.Generator().manual_seed(seed)
    said = [[usual[i] for i in torch.randperm(len(usual), generator=draw)[:period]] for _ in range(texts)]
    return said, [[*frame[0], *once, *once, *frame[1]] for once in said]


def frame_and_usual(lm: LanguageModel, attention: Kind) -> tuple[tuple[list[int], list[int]], list[int]]:
    """Return the special tokens before and after every text that this attention reads, and all ordinary tokens."""
    config, special = lm.config, lm.special_ids
    usual = [i for i in range(min(config.d_vocab, len(lm.tokenizer))) if i not in special]
    if config.shape == "encoder-decoder" and attention == "self":
        return ([] if config.decoder_start_id is None else [config.decoder_start_id], []), usual
    ids, bare = lm.tokenizer.encode("a"), lm.tokenizer.encode("a", add_special_tokens=False)
    first = next((at for at in range(len(ids)) if ids[at : at + len(bare)] == bare), 0)
    return (ids[:first], ids[first + len(bare) :]), usual
