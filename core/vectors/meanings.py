"""Can a probe tell what an ambiguous word means? Toyland knows. A table has one vector for all its meanings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.data.toyland import Dials, Story, stories
from core.data.toyland.senses import senses
from core.data.toyland.words.homonyms import HOMONYMS
from core.language_model import LanguageModel
from core.vectors.contextual import occurrence_at
from core.vectors.probe import Accuracy, accuracy, held_out

Array = NDArray[np.float32]
Keep = Literal["sentence", "telling"]


@dataclass(frozen=True)
class Meant:
    """A sentence with an ambiguous word, at characters start to end, meant in `sense`.

    telling: which of Toyland's ways to tell that sense it is; the same for sentences that differ in names alone.
    """

    text: str
    word: str
    start: int
    end: int
    sense: str
    telling: str


@dataclass(frozen=True)
class Told:
    """How often a probe names the right sense in sentences it never saw.

    static: from the word's own vector, as good as a guess.   layers: L + 1, from the stream at the word.
    fitted, judged: examples of either part.
    """

    word: str
    senses: tuple[str, ...]
    static: Accuracy
    layers: tuple[Accuracy, ...]
    fitted: int
    judged: int

    @property
    def best(self) -> int:
        """The depth with the most right answers, the first of several."""
        return max(range(len(self.layers)), key=lambda layer: (self.layers[layer].right, -layer))


def meant(word: str, many: int = 200, seed: int = 0) -> list[Meant]:
    """Different sentences of Toyland with a word in each of its two senses, `many` of each if there are so many.

    Raises:
        ValueError: Toyland knows no two senses of the word; the message names those of which it does.
    """
    if word not in HOMONYMS:
        raise ValueError(f"{word!r} has no two senses in Toyland: choose from {', '.join(HOMONYMS)}")
    shares = dict.fromkeys(HOMONYMS[word], 1 / len(HOMONYMS[word]))
    found: dict[str, dict[str, Meant]] = {sense: {} for sense in HOMONYMS[word]}
    for number, story in enumerate(stories(seed, Dials(sense_share={word: shares}))):
        for one in _in_story(story, word):
            if len(found[one.sense]) < many:
                found[one.sense].setdefault(one.text, one)
        if number >= 8 * many or all(len(texts) >= many for texts in found.values()):
            break
    return [one for texts in found.values() for one in texts.values()]


def told_apart(
    lm: LanguageModel,
    examples: Sequence[Meant],
    *,
    keep: Keep = "sentence",
    seed: int = 0,
    strength: float = 1.0,
) -> Told:
    """Fit a probe of the sense at each depth of a model and judge it by sentences held out.

    Args:
        examples: of one word (see `meant`).
        keep: "sentence": no sentence is on both sides; "telling": no way of telling is, so that the judged sentences
            have not one phrase in common with those fitted on.

    Raises:
        ValueError: the examples have one sense, or too few sentences to hold some out.
    """
    seen = [occurrence_at(lm, one.text, one.start, one.end) for one in examples]
    labels = [one.sense for one in examples]
    groups = [one.text if keep == "sentence" else f"{one.sense}: {one.telling}" for one in examples]
    train, test = held_out(labels, groups, seed=seed)
    layers = np.stack([one.layers for one in seen], axis=1)  # (L + 1, N, D)
    static = np.stack([one.static for one in seen])  # (N, D)
    return Told(
        examples[0].word,
        tuple(sorted(set(labels))),
        accuracy(static, labels, train, test, strength),
        tuple(accuracy(layer, labels, train, test, strength) for layer in layers),
        len(train),
        len(test),
    )


def _in_story(story: Story, word: str) -> Iterator[Meant]:
    for one in senses(story):
        if one.word == word:
            sentence = story.sentences[one.sentence_index]
            yield Meant(
                sentence.text, word, one.start, one.end, one.sense, _telling(sentence.text, word, one.sense)
            )


def _telling(text: str, word: str, sense: str) -> str:
    """The line of the scene that shares most words with a sentence."""
    own = set(text.lower().split())
    lines = [line for line in HOMONYMS[word][sense].splitlines() if line]
    return max(lines, key=lambda line: len(own & set(line.lower().split())))
