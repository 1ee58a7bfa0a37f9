"""Word lists of the association test: the ten of Caliskan et al. 2017, and a learner's own.

A test holds two lists of targets against two lists of attributes: are the words of `x`, more than those of `y`, near
the words of `a` rather than those of `b`?
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.messages import later, mark

FILE = Path(__file__).parent.parent.parent / "assets" / "vectors" / "weat.json"
MOST = 60  # maximum words of a list
LONGEST = 40  # maximum characters of a word


@dataclass(frozen=True)
class WordList:
    """Words under a name, as they were written."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Lists:
    """Targets `x` and `y`, attributes `a` and `b`."""

    x: WordList
    y: WordList
    a: WordList
    b: WordList

    @property
    def all(self) -> tuple[WordList, WordList, WordList, WordList]:
        """The four, in the order of the test's name WEAT(x, y, a, b)."""
        return self.x, self.y, self.a, self.b


@dataclass(frozen=True)
class Published:
    """What Caliskan et al. 2017 (Science 356, table 1) report of GloVe 840B with 300 dimensions.

    d: the effect size.   p: the one-sided p-value, as it is printed there, rounded to a power of ten where it is small.
    """

    d: float
    p: float


@dataclass(frozen=True)
class AssociationTest:
    """One of the ten tests. `names`: whether targets are first names, which stand for groups of people."""

    number: int
    lists: Lists
    published: Published
    names: bool


# What a learner calls a list of the file.
_CALLED = {
    "flowers": mark("flowers"), "insects": mark("insects"), "instruments": mark("instruments"),
    "weapons": mark("weapons"), "pleasant_5": mark("pleasant"), "pleasant_9": mark("pleasant"),
    "unpleasant_5a": mark("unpleasant"), "unpleasant_5b": mark("unpleasant"), "unpleasant_9": mark("unpleasant"),
    "european_american_names_5": mark("European American names"),
    "european_american_names_7": mark("European American names"),
    "african_american_names_5": mark("African American names"),
    "african_american_names_7": mark("African American names"),
    "male_names": mark("men’s names"), "female_names": mark("women’s names"), "career": mark("career"),
    "family": mark("family"), "math": mark("mathematics"), "arts": mark("arts"), "arts_2": mark("arts"),
    "science": mark("science"), "male_terms": mark("male words"), "male_terms_2": mark("male words"),
    "female_terms": mark("female words"), "female_terms_2": mark("female words"),
    "mental_disease": mark("mental disease"), "physical_disease": mark("physical disease"),
    "temporary": mark("temporary"), "permanent": mark("permanent"),
    "young_people_names": mark("young people’s names"), "old_people_names": mark("old people’s names"),
}  # fmt: skip
# Names of the four lists in the file; d and p as published; are they names of people?
_TESTS: tuple[tuple[tuple[str, str, str, str], float, float, bool], ...] = (
    (("flowers", "insects", "pleasant_5", "unpleasant_5a"), 1.50, 1e-7, False),
    (("instruments", "weapons", "pleasant_5", "unpleasant_5a"), 1.53, 1e-7, False),
    (
        ("european_american_names_5", "african_american_names_5", "pleasant_5", "unpleasant_5b"),
        1.41, 1e-8, True,
    ),
    (
        ("european_american_names_7", "african_american_names_7", "pleasant_5", "unpleasant_5b"),
        1.50, 1e-4, True,
    ),
    (
        ("european_american_names_7", "african_american_names_7", "pleasant_9", "unpleasant_9"),
        1.28, 1e-3, True,
    ),
    (("male_names", "female_names", "career", "family"), 1.81, 1e-3, True),
    (("math", "arts", "male_terms", "female_terms"), 1.06, 0.018, False),
    (("science", "arts_2", "male_terms_2", "female_terms_2"), 1.24, 1e-2, False),
    (("mental_disease", "physical_disease", "temporary", "permanent"), 1.38, 1e-2, False),
    (("young_people_names", "old_people_names", "pleasant_9", "unpleasant_9"), 1.21, 1e-2, True),
)  # fmt: skip


@lru_cache(maxsize=1)
def ten_tests() -> tuple[AssociationTest, ...]:
    """Load the ten tests of Caliskan et al. 2017, in their order (numbered from 1, as there)."""
    words: dict[str, list[str]] = json.loads(FILE.read_text(encoding="utf-8"))
    found = []
    for number, (named, d, p, names) in enumerate(_TESTS, start=1):
        lists = Lists(*(WordList(_CALLED[key], tuple(words[key])) for key in named))
        found.append(AssociationTest(number, lists, Published(d, p), names))
    return tuple(found)


def first_names() -> frozenset[str]:
    """Collect all first names of the tests, in lowercase."""
    return frozenset(
        word.lower()
        for test in ten_tests()
        if test.names
        for side in (test.lists.x, test.lists.y)
        for word in side.words
    )


def read(text: str) -> tuple[str, ...]:
    """Parse a learner's list of words, each once, in order.

    Commas, semicolons, blanks and line ends stand between words; wide commas, as in Chinese, too.

    Raises:
        ValueError: more words than `MOST`, or a word longer than `LONGEST` characters; the message says which.
    """
    words = tuple(dict.fromkeys(word for word in re.split("[\\s,;\uff0c\u3001\uff1b]+", text) if word))
    if len(words) > MOST:
        raise ValueError(
            later(
                "{count} words are more than the {most} that a list holds: leave some out",
                count=f"{len(words):,}",
                most=MOST,
            )
        )
    long = next((word for word in words if len(word) > LONGEST), None)
    if long is not None:
        raise ValueError(
            later(
                "{word}… has {count} characters, and a word has at most {most}: put a comma or a blank between words",
                word=repr(long[:LONGEST]),
                count=f"{len(long):,}",
                most=LONGEST,
            )
        )
    return words
