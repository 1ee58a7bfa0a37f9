"""Word alignment read off cross-attention, and its error against the true alignment.

Alignment error rate of links A with sure links S and possible links P, S within P (Och & Ney 2003, section 2.2):

    AER = 1 - (|A and S| + |A and P|) / (|A| + |S|)

Over many sentences the four counts are added up first. Marks of punctuation have no links, so none are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.analysis.heads.cross_reading import (
    Array,
    CrossReading,
    Rule,
    cross_reading,
    is_mark,
    rules,
    word_spans,
)
from core.data.tasks import TASKS
from core.data.toyland.spanish import Translation, words

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Links = frozenset[tuple[int, int]]  # index of an English word, index of a Spanish word
SHARES = (1.0, 0.7, 0.5)  # share of the largest weight from which a written word is linked
_DRAWS = 1_000  # bootstrap draws


@dataclass(frozen=True)
class Counts:
    """The counts of an error rate: links found, sure links, and how many of the found are sure, or possible."""

    found: int
    sure: int
    found_sure: int
    found_possible: int

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.found + other.found,
            self.sure + other.sure,
            self.found_sure + other.found_sure,
            self.found_possible + other.found_possible,
        )

    @property
    def error(self) -> float:
        """Alignment error rate, 0 to 1; NaN where there are no links to find and none were found."""
        total = self.found + self.sure
        return 1 - (self.found_sure + self.found_possible) / total if total else float("nan")

    @property
    def precision(self) -> float:
        """The share of the found links that are possible."""
        return self.found_possible / self.found if self.found else float("nan")

    @property
    def recall(self) -> float:
        """The share of the sure links that were found."""
        return self.found_sure / self.sure if self.sure else float("nan")


def compared(found: Iterable[tuple[int, int]], sure: Iterable[Any], possible: Iterable[Any]) -> Counts:
    """Count the links of one sentence; a sure link counts as possible, too."""
    links, certain = set(found), {(i, j) for i, j in sure}
    maybe = certain | {(i, j) for i, j in possible}
    return Counts(len(links), len(certain), len(links & certain), len(links & maybe))


def links(weights: Array, read: Sequence[str], written: Sequence[str], share: float = 1.0) -> Links:
    """Link each written word to the word with its largest weight, and to any with at least `share` of that.

    Args:
        weights: (W', W) what each written word reads of each word of the source.
    """
    usable = np.array([not is_mark(word) for word in read], dtype=bool)
    if not usable.any():
        return frozenset()
    found: set[tuple[int, int]] = set()
    for row, word in enumerate(written):
        here = np.where(usable, weights[row], -np.inf)
        if is_mark(word) or not here.max() > 0:
            continue
        found.update((int(column), row) for column in np.flatnonzero(here >= share * here.max()))
    return frozenset(found)


def diagonal(read: Sequence[str], written: Sequence[str]) -> Links:
    """Link the k-th of n written words to the source word at the same relative position: a baseline without words."""
    sources = [at for at, word in enumerate(read) if not is_mark(word)]
    targets = [at for at, word in enumerate(written) if not is_mark(word)]
    if not sources:
        return frozenset()
    places = [int((k + 0.5) * len(sources) / len(targets)) for k in range(len(targets))]
    return frozenset((sources[place], target) for place, target in zip(places, targets))


class LexicalModel:
    """IBM model 1 (Brown et al. 1993, section 4.2): p(Spanish word | English word), by expectation maximization.

    Args:
        pairs: English and Spanish words of each sentence. rounds: of expectation maximization.
    """

    def __init__(self, pairs: Iterable[tuple[Sequence[str], Sequence[str]]], rounds: int = 8) -> None:
        self._source: dict[str, int] = {"": 0}  # "" stands for the null word
        self._target: dict[str, int] = {}
        source, target, word = [], [], []
        count = 0
        for read, written in pairs:
            here = [0, *(self._source.setdefault(each, len(self._source)) for each in lowered(read))]
            for each in lowered(written):
                t = self._target.setdefault(each, len(self._target))
                source += here
                target += [t] * len(here)
                word += [count] * len(here)
                count += 1
        rows, columns, owner = np.array(source), np.array(target), np.array(word)
        self._chance = np.full((len(self._source), len(self._target)), 1.0)  # (English, Spanish)
        for _ in range(rounds):
            each = self._chance[rows, columns]
            each /= np.bincount(owner, each, count)[
                owner
            ]  # expected links of each written word, adding up to 1
            expected = np.zeros_like(self._chance)
            np.add.at(expected, (rows, columns), each)
            self._chance = expected / np.maximum(expected.sum(1, keepdims=True), 1e-300)

    def chance(self, read: str, written: str) -> float:
        """Return p(written | read); "" as `read` is the null word; 0 for an unseen word."""
        row, column = self._source.get(read.lower()), self._target.get(written.lower())
        return 0.0 if row is None or column is None else float(self._chance[row, column])

    def links(self, read: Sequence[str], written: Sequence[str]) -> Links:
        """Link each written word to its likeliest source word, unless the null word is likelier."""
        found = set()
        for row, said in enumerate(written):
            chances = [0.0 if is_mark(word) else self.chance(word, said) for word in read]
            best = int(np.argmax(chances)) if chances else -1
            if not is_mark(said) and best >= 0 and chances[best] > self.chance("", said):
                found.add((best, row))
        return frozenset(found)


def lowered(read: Sequence[str]) -> list[str]:
    """Lowercase the words and drop punctuation."""
    return [word.lower() for word in read if not is_mark(word)]


# ---------------------------------------------------------------- a model's alignments


def word_weights(found: CrossReading, rule: Rule) -> Array:
    """Compute the weights between words.

    (W', W), for each word of a translation those of the English words after the prefix.
    """
    return found.gathered(rule, found.words, word_spans(found.source, _behind_prefix(found.source)))


def _behind_prefix(source: str) -> int:
    prefix = TASKS["translate"].prefix
    return len(prefix) if source.startswith(prefix) else 0


def told(lm: LanguageModel, example: Translation) -> CrossReading:
    """Force the model to write the generator's Spanish, whose alignment is known."""
    return cross_reading(lm, TASKS["translate"].prefix + example.english, example.spanish)


def counted(found: CrossReading, example: Translation, rule: Rule, share: float) -> Counts:
    """Count the links that a rule reads off a translation against the true alignment."""
    made = links(word_weights(found, rule), words(example.english), words(example.spanish), share)
    return compared(made, example.links, example.possible)


@dataclass(frozen=True)
class Chosen:
    """The rule with the lowest error on the examples that it was chosen on."""

    rule: Rule
    share: float
    error: float


def choose(lm: LanguageModel, examples: Sequence[Translation]) -> Chosen:
    """Choose the best of all rules and shares on examples that are used for nothing else; the first of ties.

    Raises:
        ValueError: there is no example.
    """
    if not examples:
        raise ValueError("there is no example to choose a head on")
    readings = [(told(lm, example), example) for example in examples]
    best: Chosen | None = None
    for rule in rules(lm.config.decoder_layers, lm.config.n_heads):
        weights = [word_weights(found, rule) for found, _ in readings]
        for share in SHARES:
            total = Counts(0, 0, 0, 0)
            for one, (_, example) in zip(weights, readings):
                made = links(one, words(example.english), words(example.spanish), share)
                total += compared(made, example.links, example.possible)
            if best is None or total.error < best.error:
                best = Chosen(rule, share, total.error)
    assert best is not None
    return best


def interval(counts: Sequence[Counts], seed: int = 0) -> tuple[float, float]:
    """Compute the 95 % interval of the error rate: percentiles of a bootstrap over sentences."""
    rows = np.array([[one.found, one.sure, one.found_sure, one.found_possible] for one in counts])
    draws = np.random.default_rng(seed).integers(0, len(rows), (_DRAWS, len(rows)))
    sums = rows[draws].sum(1)  # (draws, 4)
    errors = 1 - (sums[:, 2] + sums[:, 3]) / np.maximum(sums[:, 0] + sums[:, 1], 1)
    low, high = np.percentile(errors, [2.5, 97.5])
    return float(low), float(high)


def said(counts: Sequence[Counts]) -> dict[str, float]:
    """Round error rate with its interval, precision and recall for a card."""
    total = Counts(0, 0, 0, 0)
    for one in counts:
        total += one
    low, high = interval(counts)
    named = {
        "error": total.error,
        "low": low,
        "high": high,
        "precision": total.precision,
        "recall": total.recall,
    }
    return {name: round(value, 4) for name, value in named.items()}
