"""Word sense probes: does the stream encode the sense of an ambiguous word? A static table has one vector for all
senses."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.data.toyland.scenes import scenes, tellings, unread
from core.data.toyland.words import HOMONYMS
from core.language_model import LanguageModel
from core.vectors.contextual import vectors_at
from core.vectors.probe import Accuracy, accuracy, held_out, wilson

Array = NDArray[np.float32]
Keep = Literal["sentence", "telling", "unread"]
TURNS = 4  # folds: each way of telling is held out in one of them


@dataclass(frozen=True)
class Meant:
    """A sentence with an ambiguous word, at characters start to end, in the sense `sense`.

    telling: which of Toyland's ways to tell that sense it is; the same for sentences that differ in names alone.
    number: of that way among those of its sense. Both senses of a word begin alike in the ways of one number.
    """

    text: str
    word: str
    start: int
    end: int
    sense: str
    telling: str
    number: int


@dataclass(frozen=True)
class Told:
    """The accuracy of a probe for the sense on held-out sentences.

    static: from the word's own vector, no better than chance.   layers: L + 1, from the stream at the word.
    fitted, judged: examples that a probe was fitted on, and that it was judged by; where several probes take turns, the
    fewest and all.
    """

    word: str
    senses: tuple[str, ...]
    static: Accuracy
    layers: tuple[Accuracy, ...]
    fitted: int
    judged: int

    @property
    def best(self) -> int:
        """The depth with the most right answers, the first of ties."""
        return max(range(len(self.layers)), key=lambda layer: (self.layers[layer].right, -layer))


def meant(word: str, many: int = 200, seed: int = 0) -> list[Meant]:
    """Generate different Toyland sentences with a word in each of its two senses, `many` of each if there are so many.

    Every way of telling a sense comes as often as every other, as nearly as there are sentences.

    Raises:
        ValueError: Toyland knows no two senses of the word; the message names those of which it does.
    """
    found: dict[str, dict[str, Meant]] = {}
    texts = scenes(seed, "any", word)
    for sense in HOMONYMS.get(word, {}):
        lines = tellings(word, sense)
        for number in range(len(lines)):
            found[f"{sense} {number}"] = {}
    first = next(texts)  # validates the word
    for told in (first, *islice(texts, 4 * many)):
        for scene in told:
            line = tellings(word, scene.sense)[scene.telling].source
            found[f"{scene.sense} {scene.telling}"].setdefault(
                scene.text,
                Meant(scene.text, word, scene.start, scene.end, scene.sense, line, scene.telling),
            )
    return [
        one
        for sense in HOMONYMS[word]
        for one in _evenly([list(found[key].values()) for key in found if key.startswith(f"{sense} ")], many)
    ]


def told_apart(
    lm: LanguageModel,
    examples: Sequence[Meant],
    *,
    keep: Keep = "sentence",
    seed: int = 0,
    strength: float = 1.0,
    vectors: tuple[Array, Array] | None = None,
) -> Told:
    """Fit a probe of the sense at each depth of a model and test it on held-out sentences.

    Args:
        examples: of one word (see `meant`).
        keep: "sentence": no sentence is on both sides. "telling": no way of telling is, so that the judged sentences
            have not one phrase in common with those fitted on; of the ways that the corpus "senses" trains with, each
            quarter in turn is held out of both senses (else a probe would learn how each sense begins). "unread":
            judged by the ways that no model trained on that corpus has read, fitted on the others.
        vectors: what `read` gives for the examples; None: read now.

    Raises:
        ValueError: the examples have one sense, or too few sentences to hold some out.
    """
    labels = [one.sense for one in examples]
    parts = _parts(examples, labels, keep, seed)
    static, layers = read(lm, examples) if vectors is None else vectors

    def judged(of: Array) -> Accuracy:
        return _sum([accuracy(of, labels, train, test, strength) for train, test in parts])

    return Told(
        examples[0].word,
        tuple(sorted(set(labels))),
        judged(static),
        tuple(judged(layer) for layer in layers),
        min(len(train) for train, _ in parts),
        sum(len(test) for _, test in parts),
    )


def read(lm: LanguageModel, examples: Sequence[Meant]) -> tuple[Array, Array]:
    """Compute the vectors of the words of `examples`.

    (N, D) of the table, (L + 1, N, D) of the stream (see `vectors_at`).
    """
    return vectors_at(lm, [(one.text, one.start, one.end) for one in examples])


def every_word(
    lm: LanguageModel, keeps: Sequence[Keep], many: int = 200, seed: int = 0
) -> dict[Keep, list[Told]]:
    """Run `told_apart` for each ambiguous word of Toyland with the sentences of `meant(word, many, seed)`, in each
    way."""
    found: dict[Keep, list[Told]] = {keep: [] for keep in keeps}
    for word in HOMONYMS:
        examples = meant(word, many, seed)
        vectors = read(lm, examples)
        for keep in keeps:
            found[keep].append(told_apart(lm, examples, keep=keep, seed=seed, vectors=vectors))
    return found


def together(each: Iterable[Told]) -> Told:
    """Sum the results of all words, depth by depth. The best depth is then one for all.

    Raises:
        ValueError: no word given, or models of other depths.
    """
    every = list(each)
    if not every or len({len(one.layers) for one in every}) != 1:
        raise ValueError("give the probes of one or more words, all of one model")
    return Told(
        word=", ".join(one.word for one in every),
        senses=("either",),
        static=_sum([one.static for one in every]),
        layers=tuple(_sum(list(depth)) for depth in zip(*(one.layers for one in every))),
        fitted=sum(one.fitted for one in every),
        judged=sum(one.judged for one in every),
    )


def _sum(counts: Sequence[Accuracy]) -> Accuracy:
    return wilson(sum(one.right for one in counts), sum(one.of for one in counts))


def _evenly(lists: Sequence[list[Meant]], many: int) -> list[Meant]:
    """Choose `many` items, from all lists in turn."""
    turns = [[one[at] for one in lists if at < len(one)] for at in range(max(map(len, lists)))]
    return [one for turn in turns for one in turn][:many]


def _parts(
    examples: Sequence[Meant], labels: Sequence[str], keep: Keep, seed: int
) -> list[tuple[list[int], list[int]]]:
    """Split the examples into training and test sets, once or in folds."""
    if keep == "sentence":
        return [held_out(labels, [one.text for one in examples], seed=seed)]
    new = unread(examples[0].word)
    if keep == "unread":
        return [_apart(examples, new, frozenset(), seed)]
    numbers = sorted({one.number for one in examples} - new)
    Random(seed).shuffle(numbers)
    return [_apart(examples, numbers[turn::TURNS], new, seed) for turn in range(min(TURNS, len(numbers)))]


def _apart(
    examples: Sequence[Meant], numbers: Collection[int], never: Collection[int], seed: int
) -> tuple[list[int], list[int]]:
    """Choose training examples of other ways of telling, and test examples of those with `numbers`.

    Of each sense as many.
    """
    draw = Random(seed)
    parts: list[list[int]] = []
    for judged in (False, True):
        rows = {
            sense: [
                at
                for at, one in enumerate(examples)
                if one.sense == sense and one.number not in never and (one.number in numbers) == judged
            ]
            for sense in sorted({one.sense for one in examples})
        }
        fewest = min(map(len, rows.values()))
        if not fewest:
            raise ValueError(
                "each sense needs a sentence of a way of telling that is held out, and one of another"
            )
        parts.append(sorted(at for found in rows.values() for at in draw.sample(found, fewest)))
    return parts[0], parts[1]
