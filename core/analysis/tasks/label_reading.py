"""Predictions of an encoder with a class or span head (core/model/heads.py), with the attention behind them.

The attention is the last block's, the mean of its heads: of the position that stands for the text where a class is
named, of the answer's own tokens where an answer is found. Attention is not an explanation: see Jain & Wallace 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from core.analysis.heads.cross_reading import Array, Spans, belongs
from core.decoding.labels import Answer
from core.hooks import recording

if TYPE_CHECKING:
    from core.language_model import LanguageModel


@dataclass(frozen=True)
class LabelReading:
    """One text, its predicted labels or answers, and the attention.

    labels: every class with its probability, likeliest first; () of a model that finds answers.
    answers: the likeliest spans, best first; () of a model that names classes.
    places: (T,) the characters of the text that each token stands for; (0, 0) for a special token, or of the question.
    weights: (T,) attention, adding up to 1 with what falls on those.
    """

    labels: tuple[tuple[str, float], ...]
    answers: tuple[Answer, ...]
    places: Spans
    weights: Array

    def gathered(self, parts: Spans) -> Array:
        """Sum the attention by parts: (parts,); a token belongs to the part with which it shares most characters."""
        return belongs(self.places, parts) @ self.weights


def read_class(lm: LanguageModel, text: str) -> LabelReading:
    """Classify a text; the attention is that of position 0, or the mean of all where the head reads their mean.

    Raises:
        ValueError: the model has another head.
        ContextTooLong: more tokens than the context.
    """
    with recording([_last(lm)], batch_axis=False) as seen:
        labels = lm.classify(text)
    pattern = _mean(seen[_last(lm)])  # (T, S)
    row = pattern.mean(0) if lm.config.pool == "mean" else pattern[0]
    return LabelReading(tuple(labels), (), tuple(lm.tokenizer.offsets(text)), row)


def read_answer(lm: LanguageModel, question: str, context: str, n_best: int = 5) -> LabelReading:
    """Find the answers in a context; the attention is the mean over the best answer's tokens.

    Raises:
        ValueError: the model has another head, or an empty question or context.
        ContextTooLong: more tokens than the context.
    """
    with recording([_last(lm)], batch_axis=False) as seen:
        answers = lm.answer(question, context, n_best=n_best)
    pattern = _mean(seen[_last(lm)])  # (T, S)
    pair = lm.tokenizer.pair(question, context)
    places = tuple(place if part == 1 else (0, 0) for place, part in zip(pair.offsets, pair.parts))
    best = answers[0]
    return LabelReading((), tuple(answers), places, pattern[best.first : best.last + 1].mean(0))


def _last(lm: LanguageModel) -> str:
    return f"blocks.{lm.config.n_layers - 1}.attn.hook_pattern"


def _mean(pattern: Tensor) -> Array:  # (H, T, S) -> (T, S)
    mean: Array = pattern.double().mean(0).cpu().numpy()
    return mean
