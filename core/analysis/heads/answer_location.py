"""Answer localization: which sentence of a passage cross-attention points to while the answer is written.

The sentence that gets the largest sum of weights, over the pieces of the answer. It is what was read, not why the
answer came out as it did: a word is read where it stands, and the model may have known it otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.analysis.heads.cross_reading import (
    Array,
    CrossReading,
    Rule,
    Spans,
    cross_reading,
    rules,
    sentence_spans,
    word_spans,
)
from core.data.tasks import TASKS
from core.data.toyland.asked import Asked

if TYPE_CHECKING:
    from core.language_model import LanguageModel

MIDDLE = " context: "


@dataclass(frozen=True)
class Chosen:
    """The rule that is right most often on the examples it was chosen on, and that share."""

    rule: Rule
    right: float


def source_of(question: str, context: str) -> str:
    """Join question and context to the model's input."""
    return f"{TASKS['question'].prefix}{question}{MIDDLE}{context}"


def sentences(source: str) -> Spans:
    """Return the sentences of the passage, as characters of the source; () if there is no passage."""
    at = source.find(MIDDLE)
    return sentence_spans(source, at + len(MIDDLE)) if at >= 0 else ()


def shares(found: CrossReading, rule: Rule) -> Array:
    """Distribute the answer's attention over the sentences of the passage: (sentences,), adding up to 1."""
    spans = sentences(found.source)
    whole = ((0, len(found.written)),)
    weights = found.gathered(rule, whole, spans)[0] if found.written else np.zeros(len(spans))
    total = weights.sum()
    return weights / total if total > 0 else np.full(len(spans), 1 / max(1, len(spans)))


def truth(example: Asked) -> int:
    """Return the index in `sentences` of the sentence with the answer: the one with most of its characters."""
    source = source_of(example.question, example.context)
    first = len(source) - len(example.context)
    start, end = example.sentence[0] + first, example.sentence[1] + first
    shared = [min(end, stop) - max(start, begin) for begin, stop in sentences(source)]
    return int(np.argmax(shared))


def read(lm: LanguageModel, example: Asked) -> CrossReading:
    """Generate the model's own answer."""
    return cross_reading(lm, source_of(example.question, example.context), most=24)


def choose(lm: LanguageModel, examples: Sequence[Asked]) -> Chosen:
    """Choose the best rule on examples that are used for nothing else; the first of ties.

    Raises:
        ValueError: there is no example.
    """
    if not examples:
        raise ValueError("there is no example to choose a head on")
    readings = [(read(lm, example), truth(example)) for example in examples]
    best: Chosen | None = None
    for rule in rules(lm.config.decoder_layers, lm.config.n_heads):
        right = float(np.mean([int(np.argmax(shares(found, rule))) == true for found, true in readings]))
        if best is None or right > best.right:
            best = Chosen(rule, right)
    assert best is not None
    return best


def chance(example: Asked) -> float:
    """Return the probability that a random sentence is the right one."""
    return 1 / len(sentences(source_of(example.question, example.context)))


def most_alike(example: Asked) -> int:
    """Choose the sentence with most words of the question: a baseline without a model; the first of ties."""
    source = source_of(example.question, example.context)
    asked = _words(example.question)
    return int(np.argmax([len(asked & _words(source[first:end])) for first, end in sentences(source)]))


def _words(text: str) -> set[str]:
    return {text[first:end].lower() for first, end in word_spans(text)}
