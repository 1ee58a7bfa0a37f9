"""Analogies by vector arithmetic: a is to b as c is to ?

The answer is the word whose vector points most nearly where b - a + c does, all vectors at length 1 and none of the
three words allowed (Mikolov et al. 2013, "Linguistic Regularities"; called 3CosAdd in Levy & Goldberg 2014).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.messages import say
from core.vectors.static import Neighbour, StaticVectors

Array = NDArray[np.float32]
QUESTIONS = Path(__file__).parent.parent.parent / "assets" / "vectors" / "analogies.txt"
AT_ONCE = 256  # questions per matrix product: their cosines with GloVe's 20,000 words are 20 MB

Question = tuple[str, str, str, str]


@dataclass(frozen=True)
class Analogy:
    """a : b :: c : ? with its answer, and what a map needs to draw it.

    Attributes:
        answers: the nearest words, best first, a, b and c left out.
        points: (5, D) a, b, c and the best answer at length 1, then the target b - a + c as it is.
    """

    a: str
    b: str
    c: str
    answers: tuple[Neighbour, ...]
    points: Array

    @property
    def answer(self) -> str:
        """The best answer."""
        return self.answers[0].word

    @property
    def arrows(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The two arrows, from and to a row of `points`: a to b, and its copy at c, which ends at the target.

        Equal in D dimensions, and in every map that is linear, such as PCA's.
        """
        return (0, 1), (2, 4)


@dataclass(frozen=True)
class Section:
    """Questions of one kind: rows of four words, the last one the right answer."""

    name: str
    questions: tuple[Question, ...]

    @property
    def grammar(self) -> bool:
        """Whether it asks for grammatical forms ("gram...") rather than for facts."""
        return self.name.startswith("gram")


@dataclass(frozen=True)
class Score:
    """The number of right answers of a section.

    asked: all questions.   covered: those whose four words are in the table; only they are put.   right: of these.
    """

    name: str
    asked: int
    covered: int
    right: int

    @property
    def share(self) -> float | None:
        """right / covered; None where no question is covered."""
        return self.right / self.covered if self.covered else None


def solve(table: StaticVectors, a: str, b: str, c: str, count: int = 10) -> Analogy:
    """Solve a : b :: c : ? by 3CosAdd.

    Raises:
        UnknownWord: a word is not in the table; the message offers words spelt alike.
        ValueError: two of the three are the same word, or the table holds no fourth.
    """
    rows = [table.row(word) for word in (a, b, c)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        if rows[one] == rows[other]:
            raise ValueError(
                say(
                    "an analogy needs three different words, but {word} stands twice",
                    word=repr(table.words[rows[one]]),
                )
            )
    if len(table) < 4:
        raise ValueError(
            say(
                "{table} has only {count} words: there is none left to be the answer",
                table=table.name,
                count=len(table),
            )
        )
    unit = table.unit(np.array(rows))
    target = unit[1] - unit[0] + unit[2]  # (D,)
    words = [table.words[row] for row in rows]
    answers = tuple(table.neighbours(target, count=max(1, count), exclude=words))
    points = np.concatenate([unit, table.unit(np.array([answers[0].row])), target[None]])  # (5, D)
    return Analogy(words[0], words[1], words[2], answers, points)


@lru_cache(maxsize=1)
def sections() -> tuple[Section, ...]:
    """Load Google's 19,544 analogies in 14 sections, in lowercase (Mikolov et al. 2013, "Efficient Estimation")."""
    return read_sections(QUESTIONS.read_text(encoding="utf-8"))


def read_sections(text: str) -> tuple[Section, ...]:
    """Parse sections in the format of word2vec's `questions-words.txt`: `: name`, then four words per line.

    Raises:
        ValueError: a line with other than four words, or before the first name; the message has its number, from 1.
    """
    found: list[tuple[str, list[Question]]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = [sys.intern(word) for word in line.lower().split()]  # interned: 900 words occur 78,000 times
        if words[:1] == [":"]:
            found.append((" ".join(words[1:]), []))
        elif words:
            if len(words) != 4 or not found:
                raise ValueError(
                    f"line {number} of the analogies is {line!r}: write ': name', then four words a line"
                )
            found[-1][1].append((words[0], words[1], words[2], words[3]))
    return tuple(Section(name, tuple(questions)) for name, questions in found)


def score(table: StaticVectors, asked: Sequence[Section] | None = None) -> Iterator[Score]:
    """Count the analogies of each section that the table gets right; yield section by section.

    Args:
        asked: None: Google's.
    """
    unit = table.unit()  # (V, D)
    for section in sections() if asked is None else asked:
        rows = [
            [table.row(word) for word in question] for question in section.questions if _all(table, question)
        ]
        right = _right(unit, np.array(rows, dtype=np.int64).reshape(-1, 4))
        yield Score(section.name, len(section.questions), len(rows), right)


def total(scores: Sequence[Score], name: str = "all") -> Score:
    """Sum the sections."""
    return Score(
        name,
        sum(one.asked for one in scores),
        sum(one.covered for one in scores),
        sum(one.right for one in scores),
    )


def _all(table: StaticVectors, question: Question) -> bool:
    return all(word in table for word in question)


def _right(unit: Array, rows: NDArray[np.int64]) -> int:
    """Count the questions (N, 4) whose fourth word is the nearest to b - a + c."""
    right = 0
    for first in range(0, len(rows), AT_ONCE):
        a, b, c, d = rows[first : first + AT_ONCE].T
        near = (unit[b] - unit[a] + unit[c]) @ unit.T  # (N, V): cosines up to the target's length
        each = np.arange(len(a))
        for known in (a, b, c):
            near[each, known] = -np.inf
        right += int((near.argmax(axis=1) == d).sum())
    return right
