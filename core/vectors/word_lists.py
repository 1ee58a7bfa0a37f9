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


# number: names of the four lists in the file, each with what a learner calls it; d and p as published; are they names?
_TESTS: tuple[tuple[tuple[tuple[str, str], ...], float, float, bool], ...] = (
    ((("flowers", "flowers"), ("insects", "insects"), ("pleasant_5", "pleasant"), ("unpleasant_5a", "unpleasant")),
     1.50, 1e-7, False),
    ((("instruments", "instruments"), ("weapons", "weapons"), ("pleasant_5", "pleasant"),
      ("unpleasant_5a", "unpleasant")), 1.53, 1e-7, False),
    ((("european_american_names_5", "European American names"), ("african_american_names_5", "African American names"),
      ("pleasant_5", "pleasant"), ("unpleasant_5b", "unpleasant")), 1.41, 1e-8, True),
    ((("european_american_names_7", "European American names"), ("african_american_names_7", "African American names"),
      ("pleasant_5", "pleasant"), ("unpleasant_5b", "unpleasant")), 1.50, 1e-4, True),
    ((("european_american_names_7", "European American names"), ("african_american_names_7", "African American names"),
      ("pleasant_9", "pleasant"), ("unpleasant_9", "unpleasant")), 1.28, 1e-3, True),
    ((("male_names", "men’s names"), ("female_names", "women’s names"), ("career", "career"), ("family", "family")),
     1.81, 1e-3, True),
    ((("math", "mathematics"), ("arts", "arts"), ("male_terms", "male words"), ("female_terms", "female words")),
     1.06, 0.018, False),
    ((("science", "science"), ("arts_2", "arts"), ("male_terms_2", "male words"), ("female_terms_2", "female words")),
     1.24, 1e-2, False),
    ((("mental_disease", "mental disease"), ("physical_disease", "physical disease"), ("temporary", "temporary"),
      ("permanent", "permanent")), 1.38, 1e-2, False),
    ((("young_people_names", "young people’s names"), ("old_people_names", "old people’s names"),
      ("pleasant_9", "pleasant"), ("unpleasant_9", "unpleasant")), 1.21, 1e-2, True),
)  # fmt: skip


@lru_cache(maxsize=1)
def ten_tests() -> tuple[AssociationTest, ...]:
    """Load the ten tests of Caliskan et al. 2017, in their order (numbered from 1, as there)."""
    words: dict[str, list[str]] = json.loads(FILE.read_text(encoding="utf-8"))
    found = []
    for number, (named, d, p, names) in enumerate(_TESTS, start=1):
        lists = Lists(*(WordList(said, tuple(words[key])) for key, said in named))
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
        raise ValueError(f"{len(words):,} words are more than the {MOST} that a list holds: leave some out")
    long = next((word for word in words if len(word) > LONGEST), None)
    if long is not None:
        raise ValueError(
            f"{long[:LONGEST]!r}… has {len(long):,} characters, and a word has at most {LONGEST}: "
            "put a comma or a blank between words"
        )
    return words
