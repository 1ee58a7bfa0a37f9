"""The Bias page's question: what removing the gender direction does to a test, or what it leaves for a classifier."""

from __future__ import annotations

from dataclasses import dataclass

from app.components.bias import Seen, said, tested
from app.components.bias.tables import Table, usual_table
from app.predict import Answer
from core.vectors.debiasing import Direction
from core.vectors.leftover import FEW
from core.vectors.word_lists import AssociationTest, Lists, ten_tests

SMALL = 0.2  # an effect size below this counts as none (Cohen 1988)
AS_BEFORE = 0.9  # of the effect size that is left: from here on it counts as unchanged
GONE = ("as much", "less", "nothing: ±0.2", "the opposite sign")
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
    """kind: "effect" of a test without the direction, "few": told apart by a classifier that saw few words."""

    kind: str
    text: str
    options: tuple[str, ...]
    table: Table
    lists: Lists
    d: float

    def judge(self) -> Answer:
        """Computed now: the test once more without the direction, or many small classifiers."""
        if self.kind == "few":
            share, others = tested.few(self.table)
            index = 2 if share > 0.75 else 1 if share > 0.55 else 0
            why = f"Of {others} other words, a share of {share:.3f} is put on its old side: the mean over 40 draws."
            return Answer(index, " ".join((why, *self._means(index))), {"share": share})
        after = tested.shown(self.table, self.lists, True).sure.d
        index = left(self.d, after)
        why = (
            f"d goes from {self.d:.3f} to {after:.3f}. The projection takes one direction out of "
            f"{self.table.words.size}; what the lists share along the others stays."
        )
        return Answer(index, why, {"before": self.d, "after": after})

    def _means(self, index: int) -> list[str]:
        """What a share of held-out words says, by the right option, and what the open model's rows are made of."""
        rest = tested.left(self.table)
        if isinstance(rest, str):
            return []
        sides = rest[0]
        found = FOUND[index] if index == 0 or sides.beyond_chance else UNSURE
        if self.table.which != "model":
            return [found]
        return [found, said.pieced(self.table, tested.singles(self.table, sides.words))]


def left(before: float, after: float) -> int:
    """Which of `GONE` an effect size has come to."""
    if abs(after) < SMALL:
        return 2
    if before * after < 0:
        return 3
    return 1 if abs(after) < AS_BEFORE * abs(before) else 0


def ask(seen: Seen) -> Question:
    """About the chosen test with nothing removed; about the classifier where something is.

    Where the chosen lists or the chosen table can be neither, the question is about test 7 on GloVe.
    """
    known = isinstance(seen.direction, Direction)
    if seen.removed and not isinstance(tested.left(seen.table), str):
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
    return _effect(usual, test.lists, test, tested.shown(usual, test.lists, False).sure.d)


def _effect(table: Table, lists: Lists, test: AssociationTest | None, d: float) -> Question:
    which = "your lists" if test is None else f"test {test.number}"
    text = f"Take the gender direction out of every vector of {table.name}. What is left of d = {d:.2f} of {which}?"
    return Question("effect", text.replace("= -", "= −"), GONE, table, lists, d)
