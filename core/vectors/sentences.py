"""Text embeddings and their similarity: from an encoder's stream, or from word vectors.

An encoder of sentences was trained so that texts of one meaning point the same way, its tokens' vectors pooled to one
(Reimers & Gurevych 2019, "Sentence-BERT", section 3). The mean of any other model's stream, and the mean of word
vectors, can be compared in the same way, and were trained for something else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.checkpoints.sentence import CARD
from core.hooks import Intervention, intervene, recording
from core.language_model import LanguageModel
from core.messages import say
from core.model.transformer import ContextTooLong, EncoderDecoder, Transformer
from core.trace import stream_names
from core.vectors.static import StaticVectors

Array = NDArray[np.float32]
_AT_ONCE = 32  # texts per pass
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True)
class Pooling:
    """The pooling of a model's tokens to one vector.

    kinds: of "first" (the first token's), "max" and "mean" over all tokens, side by side where there are several.
    normalised: divided by its length.   longest: the most tokens, special ones too.   lower: in lower case.
    """

    kinds: tuple[str, ...] = ("mean",)
    normalised: bool = False
    longest: int | None = None
    lower: bool = False

    @classmethod
    def of(cls, lm: LanguageModel) -> Pooling:
        """Read a model's pooling from its own files; the mean where they specify none.

        Raises:
            ValueError: they ask for something else; the message names it.
        """
        said = lm.card.get(CARD)
        if not isinstance(said, dict):
            return cls()
        kinds, longest = said.get("pooling"), said.get("longest")
        refused = said.get("refused")
        if not refused and (
            not isinstance(kinds, list) or not kinds or set(map(str, kinds)) - {"first", "max", "mean"}
        ):
            refused = f"its card asks for {str(kinds)[:60]}"
        if refused:
            raise ValueError(
                say(
                    "{model}: {refused}, which Glassbox does not compute; it pools by the first token, the largest or "
                    "the mean, and divides by the length",
                    model=lm.name, refused=refused,
                )
            )  # fmt: skip
        longest = longest if type(longest) is int and longest > 0 else None
        return cls(tuple(kinds or ()), said.get("normalised") is True, longest, said.get("lower") is True)


@torch.inference_mode()
def sentence_vectors(lm: LanguageModel, texts: Sequence[str], pooling: Pooling | None = None) -> Array:
    """Embed each text: (N, D), or (N, n D) for n poolings side by side.

    Of a decoder and an encoder the stream behind the last block is pooled, of an encoder-decoder that of its encoder.
    Special tokens count, as in Sentence-BERT; padding does not.

    Args:
        pooling: None: as the model's own files say (`Pooling.of`).

    Raises:
        ContextTooLong: a text has more tokens than the model reads; the message has both numbers.
        ValueError: no text, one without tokens, or a pooling that is not supported.
    """
    pooling = Pooling.of(lm) if pooling is None else pooling
    if not texts:
        raise ValueError("there is no text: give at least one")
    ids = [lm.encode(_read(text, pooling)) for text in texts]
    longest = min(lm.config.n_ctx, pooling.longest or lm.config.n_ctx)
    most = max(map(len, ids))
    if most > longest:
        raise ContextTooLong(
            say(
                "a text has {count} tokens; for a sentence vector {model} reads {longest}",
                count=f"{most:,}", model=lm.name, longest=f"{longest:,}",
            )
        )  # fmt: skip
    found = []
    for first in range(0, len(ids), _AT_ONCE):
        rows, mask = _padded(ids[first : first + _AT_ONCE], lm)
        found.append(pool(_stream(lm, rows, mask), mask, pooling).float().cpu().numpy())
    return np.concatenate(found)


@torch.inference_mode()
def token_vectors(lm: LanguageModel, ids: Sequence[int]) -> Array:
    """Compute the vectors that `sentence_vectors` pools: each token's stream after the last block, (T, D).

    Raises:
        ContextTooLong: more tokens than the model has positions for.
    """
    rows = torch.tensor([list(ids)], device=lm.device)
    found: Array = _stream(lm, rows, torch.ones_like(rows, dtype=torch.bool))[0].float().cpu().numpy()
    return found


def text_cosine(lm: LanguageModel, text: str, *changes: Intervention) -> float:
    """Compute the cosine between a text's embedding with and without `changes`."""
    plain = sentence_vectors(lm, [text])
    with intervene(*changes):
        changed = sentence_vectors(lm, [text])
    return float(cosines(np.concatenate([plain, changed]))[0, 1])


def pool(stream: Tensor, mask: Tensor, pooling: Pooling) -> Tensor:
    """Pool (B, T, D) by the mask (B, T) bool, False at padding, to one vector per text: (B, n D)."""
    real = mask[..., None]  # (B, T, 1)
    made = {
        "first": lambda: stream[torch.arange(len(mask)), mask.int().argmax(1)],  # (B, D)
        "max": lambda: stream.masked_fill(~real, -torch.inf).amax(1),
        "mean": lambda: (stream * real).sum(1) / real.sum(1),
    }
    vectors = torch.cat([made[kind]() for kind in pooling.kinds], dim=-1)
    return F.normalize(vectors, dim=-1) if pooling.normalised else vectors


def mean_of_words(table: StaticVectors, text: str) -> tuple[Array, tuple[str, ...]]:
    """Average the vectors of a text's words, and return the words without one, as they are written.

    Raises:
        ValueError: no word of the text is in the table.
    """
    words = _WORD.findall(text)
    known = [word for word in words if word.lower() in table]
    if not known:
        raise ValueError(say("{table} has no word of {text}", table=table.name, text=repr(text[:60])))
    vectors = table.vectors[[table.row(word.lower()) for word in known]]  # (W, D)
    return vectors.mean(0, dtype=np.float32), tuple(word for word in words if word not in known)


def cosines(vectors: Array) -> Array:
    """Compute the cosine of each two of (N, D) vectors: (N, N), 1 for the same direction."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit = vectors / np.where(lengths > 0, lengths, 1)
    return np.clip(unit @ unit.T, -1, 1)


def nearest(likeness: Array) -> list[int]:
    """Find the most similar text of each, by `cosines`; of a single text none: [].

    Of equally near ones the first.
    """
    if len(likeness) < 2:
        return []
    others = likeness.copy()
    np.fill_diagonal(others, -np.inf)
    return [int(at) for at in others.argmax(1)]


def _read(text: str, pooling: Pooling) -> str:
    return text.strip().lower() if pooling.lower else text.strip()


def _padded(ids: Sequence[Sequence[int]], lm: LanguageModel) -> tuple[Tensor, Tensor]:
    """Pad ids to rows of one length (B, T), with a mask (B, T), False at padding."""
    width, blank = max(map(len, ids)), lm.config.pad_id or 0
    rows = torch.tensor([[*row, *[blank] * (width - len(row))] for row in ids], device=lm.device)
    lengths = torch.tensor([len(row) for row in ids], device=lm.device)
    return rows, torch.arange(width, device=lm.device) < lengths[:, None]


def _stream(lm: LanguageModel, rows: Tensor, mask: Tensor) -> Tensor:
    """Compute the stream after the last block and final norm, if any: (B, T, D)."""
    model = lm.transformer
    stack: Transformer = model.encoder if isinstance(model, EncoderDecoder) else model
    if stack.unembed is None and stack.label_head is None:
        return stack(rows, mask=mask)
    name = next(reversed(stream_names(stack.hook_names, "", len(stack.blocks))), "hook_embed")
    with recording([name]) as seen:
        stack(rows, mask=mask)
    return seen[name] if stack.ln_final is None else stack.ln_final(seen[name])
