"""Contextual word vectors: one vector at each depth of a model, and the similarity of two occurrences by depth.

At the bottom a word has its own row of the token table, the same in every text; each block then adds information from
the surrounding words (Peters et al. 2018; Ethayarajh 2019, "How Contextual are Contextualized Word Representations?").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.hooks import recording
from core.language_model import LanguageModel
from core.messages import say
from core.trace import residual_streams

Array = NDArray[np.float32]
LONGEST_WORD = 100  # maximum characters of a word to follow
_AT_ONCE = 32  # texts per pass


@dataclass(frozen=True)
class Occurrence:
    """A word where it stands in a text, at every depth of a model.

    Attributes:
        start, end: its characters in the text.   positions: its tokens; tokens: the same as the vocabulary writes them.
        static: (D,) mean of its tokens' rows in the token table.
        layers: (L + 1, D) mean of the stream at its tokens: entering block 0, then leaving each block.
        everywhere: (L + 1, T', D) the stream at every token that is no special one.
    """

    text: str
    word: str
    start: int
    end: int
    positions: tuple[int, ...]
    tokens: tuple[str, ...]
    static: Array
    layers: Array
    everywhere: Array


@dataclass(frozen=True)
class Comparison:
    """Two occurrences, depth by depth.

    static: the cosine of their rows of the token table: 1 for the same word.
    cosines: (L + 1,) of their streams.   usual: (L + 1,) the mean cosine of any token of one text and any of the other,
        which says how much a cosine of that depth is worth: streams often share a direction.
    """

    static: float
    cosines: Array
    usual: Array


def find_word(text: str, word: str, number: int = 0) -> tuple[int, int]:
    """Find the nth occurrence of a whole word in a text, ignoring case: (first, past last) character.

    Args:
        number: which of its occurrences, from 0.

    Raises:
        ValueError: no word given, it does not occur, or not so often; the message says how often.
    """
    word = word.strip()
    if not word:
        raise ValueError(say("write the word that you want to follow"))
    if len(word) > LONGEST_WORD:
        raise ValueError(
            say(
                "{word} has {count} characters: follow at most {most}",
                word=repr(_short(word)), count=f"{len(word):,}", most=LONGEST_WORD,
            )
        )  # fmt: skip
    found = [match.span() for match in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE)]
    if not found:
        raise ValueError(
            say("{word} does not stand in the text {text}", word=repr(word), text=repr(_short(text)))
        )
    if not 0 <= number < len(found):
        times = "once" if len(found) == 1 else f"{len(found)} times"
        raise ValueError(f"{word!r} stands in the text {times}, so there is no occurrence {number} (from 0)")
    return found[number]


def positions(lm: LanguageModel, text: str, start: int, end: int) -> list[int]:
    """Return the tokens that overlap the characters start to end (excluded) of a text, counting special ones.

    Raises:
        ValueError: none does (the tokenizer leaves those characters out).
    """
    spans = lm.tokenizer.offsets(text)
    held = [at for at, (first, last) in enumerate(spans) if first < end and last > start]
    if not held:
        raise ValueError(
            say("no token of {model} stands for {text}", model=lm.name, text=repr(text[start:end]))
        )
    return held


def occurrence(lm: LanguageModel, text: str, word: str, number: int = 0) -> Occurrence:
    """Record one word of a text through an encoder or a decoder; of an encoder-decoder, through its encoder.

    Raises:
        ValueError: the word does not stand there (see `find_word`).
        ContextTooLong: the text has more tokens than the model reads.
    """
    start, end = find_word(text, word, number)
    return occurrence_at(lm, text, start, end)


def occurrence_at(lm: LanguageModel, text: str, start: int, end: int) -> Occurrence:
    """Record characters start to end (excluded) as `occurrence` does; raises the same errors."""
    at = positions(lm, text, start, end)
    prefix = "encoder." if lm.config.shape == "encoder-decoder" else ""
    with torch.inference_mode():
        trace = lm.trace(text)
        streams = residual_streams(trace, prefix, lm.config.n_layers) or [trace[f"{prefix}hook_embed"]]
        every = torch.stack([stream.float() for stream in streams]).cpu().numpy()  # (L + 1, T, D)
        static = trace[f"{prefix}hook_embed"].float().cpu().numpy()  # (T, D)
    ordinary = [place for place, id in enumerate(trace.ids.tolist()) if id not in lm.special_ids]
    return Occurrence(
        text=text,
        word=text[start:end],
        start=start,
        end=end,
        positions=tuple(at),
        tokens=tuple(trace.tokens[position] for position in at),
        static=static[at].mean(axis=0),
        layers=every[:, at].mean(axis=1),
        everywhere=every[:, ordinary],
    )


def vectors_at(lm: LanguageModel, places: Sequence[tuple[str, int, int]]) -> tuple[Array, Array]:
    """Compute `static` (N, D) and `layers` (L + 1, N, D) of many words: (text, start, end) each, in batches.

    Texts of the same number of tokens go through the model together. Raises as `occurrence_at` does.
    """
    prefix, depth = "encoder." if lm.config.shape == "encoder-decoder" else "", lm.config.n_layers
    stack: nn.Module = lm.transformer.get_submodule(prefix.rstrip("."))
    leaving = "hook_normalized_resid_post" if lm.config.norm_placement == "post" else "hook_resid_post"
    names = [f"{prefix}hook_embed"]
    if depth:
        names += [f"{prefix}blocks.0.hook_resid_pre"]
    names += [f"{prefix}blocks.{layer}.{leaving}" for layer in range(depth)]
    ids = [lm.encode(text) for text, _, _ in places]
    held = [positions(lm, *place) for place in places]
    found = np.zeros((len(names), len(places), lm.config.d_model), dtype=np.float32)
    for length in sorted(set(map(len, ids))):
        alike = [at for at, one in enumerate(ids) if len(one) == length]
        for first in range(0, len(alike), _AT_ONCE):
            part = alike[first : first + _AT_ONCE]
            with torch.inference_mode(), recording(names) as seen:
                stack(torch.tensor([ids[at] for at in part], device=lm.device))
            streams = np.stack([seen[name].float().cpu().numpy() for name in names])  # (1 + L + 1, B, T, D)
            for row, at in enumerate(part):
                found[:, at] = streams[:, row, held[at]].mean(axis=1)
    return found[0], found[1:] if depth else found


def compare(one: Occurrence, other: Occurrence) -> Comparison:
    """Compare two occurrences at each depth of the model that read both."""
    unit, second = _unit(one.everywhere), _unit(other.everywhere)
    usual = np.einsum("ld,ld->l", unit.mean(axis=1), second.mean(axis=1))  # mean of all pairs' products
    cosines = np.einsum("ld,ld->l", _unit(one.layers), _unit(other.layers))
    static = float(_unit(one.static) @ _unit(other.static))
    return Comparison(static, cosines.astype(np.float32), usual.astype(np.float32))


def _unit(vectors: Array) -> Array:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32, copy=False)


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
