"""Words with two meanings in company: short texts in which a word is meant in one sense from first to last.

A text that uses a word again means the same by it (Gale, Church & Yarowsky 1992, "One Sense Per Discourse"). So who
is asked for a hidden word of one scene does well to know what the word meant in another: that is how a reader without
a dictionary can learn that a word has senses. Every other scene says another word for it: "shore" or "treasury".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

from core.data.toyland.dials import Split
from core.data.toyland.discourse import Discourse
from core.data.toyland.state import Person, State
from core.data.toyland.template import Template, parse_lines
from core.data.toyland.words import HE_NAMES, HOMONYMS, OTHER, SHE_NAMES
from core.messages import say

FEWEST, MOST = 1, 3  # scenes of one text
APART = 4  # of so many tellings one is kept from training


@dataclass(frozen=True)
class Scene:
    """One sentence: characters `start` to `end` of it are `word`, meant in `sense`.

    telling: which of the ways to tell that sense it is, counted from 0; those of `unread(word)` are kept from training.
    """

    text: str
    word: str
    start: int
    end: int
    sense: str
    telling: int


def unread(word: str) -> frozenset[int]:
    """The tellings of either sense of a word that no training text holds: one in four, others from word to word."""
    count = min(len(tellings(word, sense)) for sense in HOMONYMS[word])
    return frozenset(range(list(HOMONYMS).index(word) % APART, count, APART))


@cache
def tellings(word: str, sense: str) -> tuple[Template, ...]:
    """The ways to tell a sense."""
    return parse_lines(HOMONYMS[word][sense])


def scenes(seed: int = 0, split: Split = "train", word: str | None = None) -> Iterator[tuple[Scene, ...]]:
    """Texts without end, each of one to three scenes of one word in one sense; the same ones for the same seed.

    Args:
        split: "train" holds no telling that is `unread`, every text of "held_out" holds one, "any" is free.
        word: None: every word of `HOMONYMS` in turn.

    Raises:
        ValueError: Toyland knows no two senses of the word.
    """
    if word is not None and word not in HOMONYMS:
        raise ValueError(
            say(
                "{word} has no two senses in Toyland: choose from {words}",
                word=repr(word),
                words=", ".join(HOMONYMS),
            )
        )
    draw = Random(f"scenes {seed} {split} {word}")
    while True:
        chosen = word or draw.choice(list(HOMONYMS))
        sense = draw.choice(list(HOMONYMS[chosen]))
        apart = unread(chosen) if split != "any" else frozenset()
        numbers = [number for number in range(len(tellings(chosen, sense))) if number not in apart]
        told = draw.sample(numbers, draw.randint(FEWEST, MOST))
        if split == "held_out":
            told[draw.randrange(len(told))] = draw.choice(sorted(apart))
        yield _text(chosen, sense, told, draw)


def scene_texts(seed: int = 0, split: Split = "train") -> Iterator[str]:
    """The same as text, one a document; in every other scene, drawn by the seed, another word of that sense stands."""
    draw = Random(f"scene texts {seed} {split}")
    for told in scenes(seed, split):
        yield " ".join(scene.text if draw.random() < 0.5 else _otherwise(scene) for scene in told)


def _otherwise(scene: Scene) -> str:
    other = OTHER[scene.word][scene.sense]
    return scene.text[: scene.start] + other + scene.text[scene.end :]


def _text(word: str, sense: str, numbers: list[int], draw: Random) -> tuple[Scene, ...]:
    """One person has all the memories and dreams, or each scene another."""
    alone = draw.random() < 0.5
    names = [draw.choice((*SHE_NAMES, *HE_NAMES))] * len(numbers)
    if not alone:
        names = draw.sample((*SHE_NAMES, *HE_NAMES), len(numbers))
    people = {name: Person(name, name, "she" if name in SHE_NAMES else "he") for name in names}
    writer = Discourse(dict(people), draw)
    writer.known = set(people)  # everybody is called by the name alone
    found = []
    for name, number in zip(names, numbers):
        writer.write(tellings(word, sense)[number], {"a": name}, State({}))
        text, _ = writer.finish()
        place = re.search(rf"\b{word}\b", text, re.IGNORECASE)
        assert place is not None  # a test reads every telling
        found.append(Scene(text, word, place.start(), place.end(), sense, number))
    return tuple(found)
