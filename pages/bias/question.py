"""The Bias page's question: what removing the gender direction does to a test, or what it leaves for a classifier.

Of a learner's own lists: what a single word of them does, or how many words they need.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import comb

from app.controls.predict import Answer
from core.vectors.association import LEVEL
from core.vectors.debiasing import Direction
from core.vectors.residual_bias import FEW
from core.vectors.word_lists import AssociationTest, Lists, WordList, ten_tests
from pages.bias import sentences, weat
from pages.bias.figure import Seen
from pages.bias.weat import Table, usual_table

SMALL = 0.2  # an effect size below this counts as none (Cohen 1988)
AS_BEFORE = 0.9  # of the effect size that is left: from here on it counts as unchanged
GONE = ("as much", "less", "nothing: ±0.2", "the opposite sign")
SIZES, P = ("2", "3", "4", "8"), LEVEL  # words of X and of Y; what is beyond chance
TOLD = ("half: guessing", "more than 55 %", "more than 75 %")
# What each of these answers says of the vectors without the direction.
FOUND = (
    "That is no better than guessing: so few words do not show what else a side shares, if it shares anything.",
    "Better than guessing, and far from sure: the rest of the vectors tells the sides apart in part.",
    "The words of a side still lie near each other: their other numbers were never touched.",
)
UNSURE = (
    "It may be chance: a classifier that saw nearly all words does not surely tell the sides apart (step 6)."
)


@dataclass(frozen=True)
class Question:
    """One question.

    kind: "effect" of a test without the direction; "few": told apart by a classifier that saw few words; "one": own
        lists without the word that carries most; "least": how many words own lists need.
    removed: whether the direction is taken out while it is asked.
    """

    kind: str
    text: str
    options: tuple[str, ...]
    table: Table
    lists: Lists
    d: float
    removed: bool = False

    def judge(self) -> Answer:
        """Compute the answer now: the test once more without the direction, or many small classifiers."""
        if self.kind == "few":
            share, others = weat.few(self.table)
            index = 2 if share > 0.75 else 1 if share > 0.55 else 0
            why = f"Of {others} other words, a share of {share:.3f} is put on its old side: the mean over 40 draws."
            return Answer(index, " ".join((why, *self._means(index))), {"share": share})
        if self.kind == "least":
            ways = [comb(2 * int(size), int(size)) for size in SIZES]
            index = next(at for at, many in enumerate(ways) if 2 / many < P)
            told = ", ".join(f"{size} and {size}: {many:,}" for size, many in zip(SIZES, ways))
            return Answer(
                index,
                f"So many ways there are to split the words of X and Y ({told}). Two are always as far apart as the "
                f"lists: they themselves, and X and Y exchanged. So with {SIZES[index]} and {SIZES[index]} p can be "
                f"2 / {ways[index]} = {2 / ways[index]:.3f}.",
                {"p": 2 / ways[index]},
            )
        if self.kind == "one":
            word, side, after = without_one(self.table, self.lists, self.removed)
            why = f"Without “{word}” of {side} d goes from {self.d:.3f} to {after:.3f}; no other word does as much."
            return Answer(left(self.d, after), why, {"before": self.d, "after": after})
        after = weat.shown(self.table, self.lists, True).sure.d
        index = left(self.d, after)
        why = (
            f"d goes from {self.d:.3f} to {after:.3f}. The projection takes one direction out of "
            f"{self.table.words.size}; what the lists share along the others stays."
        )
        return Answer(index, why, {"before": self.d, "after": after})

    def _means(self, index: int) -> list[str]:
        """Say what a share of held-out words means, by the right option, and what the open model's rows are made of."""
        rest = weat.left(self.table)
        if isinstance(rest, str):
            return []
        sides = rest[0]
        found = FOUND[index] if index == 0 or sides.beyond_chance else UNSURE
        if self.table.which != "model":
            return [found]
        return [found, sentences.pieced(self.table, weat.singles(self.table, sides.words))]


def without_one(table: Table, lists: Lists, removed: bool) -> tuple[str, str, float]:
    """Find the word of X or Y without which d falls most towards 0: the word, its list, d without it.

    Raises ValueError: no list has a word to spare.
    """
    before = weat.shown(table, lists, removed)
    found = []
    for side, one in zip("XY", before.lists):
        for word in one.words if len(one.words) > 2 else ():
            fewer = WordList(one.name, tuple(other for other in one.words if other != word))
            after = weat.shown(table, replace(lists, **{side.lower(): fewer}), removed).measured
            if after is not None:
                found.append((abs(after.d), word, side, after.d))
    if not found:
        raise ValueError("no list has a word to spare")
    _, word, side, d = min(found)
    return word, side, d


def left(before: float, after: float) -> int:
    """Choose which of `GONE` an effect size has come to."""
    if abs(after) < SMALL:
        return 2
    if before * after < 0:
        return 3
    return 1 if abs(after) < AS_BEFORE * abs(before) else 0


def ask(seen: Seen) -> Question:
    """Ask about the chosen test with nothing removed; about the classifier where something is.

    Where the chosen lists or the chosen table can be neither, the question is about test 7 on GloVe.
    """
    if seen.test is None:
        return _of_own(seen)
    known = isinstance(seen.direction, Direction)
    if seen.removed and not isinstance(weat.left(seen.table), str):
        text = (
            f"A linear classifier sees {FEW} words that leaned to `he` and {FEW} that leaned to `she`, without the "
            "direction. How many of the other words does it put on their side?"
        )
        return Question("few", text, TOLD, seen.table, seen.lists, 0.0)
    done = seen.whole.measured
    if known and done is not None and not seen.removed:
        return _effect(seen.table, seen.lists, seen.test, done.d)
    usual = usual_table()
    test = ten_tests()[6]
    return _effect(usual, test.lists, test, weat.shown(usual, test.lists, False).sure.d)


def _of_own(seen: Seen) -> Question:
    """Ask about the learner's lists: without one word, or, where they are too short, how long they must be."""
    done = seen.now.measured
    if done is None or max(len(one.words) for one in seen.now.lists[:2]) < 3:
        text = (
            f"X and Y with 2, 3, ... words each: from how many on can p be below {P:g}, whatever the words?"
        )
        return Question("least", text, SIZES, seen.table, seen.lists, 0.0)
    text = f"Leave out the one word of X or Y that carries most of it. What is left of d = {done.d:.2f} of your lists?"
    return Question("one", text.replace("= -", "= −"), GONE, seen.table, seen.lists, done.d, seen.removed)


def _effect(table: Table, lists: Lists, test: AssociationTest | None, d: float) -> Question:
    which = "your lists" if test is None else f"test {test.number}"
    text = f"Take the gender direction out of every vector of {table.name}. What is left of d = {d:.2f} of {which}?"
    return Question("effect", text.replace("= -", "= −"), GONE, table, lists, d)
