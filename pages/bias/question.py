"""The Bias page's question: what removing the gender direction does to a test, or what it leaves for a classifier.

Of a learner's own lists: what a single word of them does, or how many words they need.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import comb

from app import questions
from app.controls.predict import Answer, draw
from app.session.state import Value
from core.messages import say
from core.vectors.association import LEVEL
from core.vectors.debiasing import Direction
from core.vectors.residual_bias import FEW
from core.vectors.word_lists import AssociationTest, Lists, WordList, ten_tests
from pages.bias import sentences, weat
from pages.bias.figure import STEPS, Seen
from pages.bias.weat import Table, usual_table

SMALL = 0.2  # an effect size below this counts as none (Cohen 1988)
AS_BEFORE = 0.9  # of the effect size that is left: from here on it counts as unchanged
REMOVAL = STEPS.index("removal")
GONE = ("same", "less", "gone", "turned")  # what an effect size comes to
SIZES, P = ("2", "3", "4", "8"), LEVEL  # words of X and of Y; what is beyond chance
MOSTLY, PARTLY = 0.75, 0.55  # of the other words put on their side


@dataclass(frozen=True)
class Question:
    """One question.

    kind: "effect" of a test without the direction; "few": told apart by a classifier that saw few words; "one": own
        lists without the word that carries most; "least": how many words own lists need.
    removed: whether the direction is taken out while it is asked.   shows: what puts the answer into the picture.
    """

    kind: str
    asked: questions.Asked
    table: Table
    lists: Lists
    d: float
    removed: bool = False
    shows: Mapping[str, Value] = field(default_factory=dict)

    def judge(self) -> Answer:
        """Compute the answer now: the test once more without the direction, or many small classifiers."""
        if self.kind == "few":
            return self._told_apart()
        if self.kind == "least":
            ways = [comb(2 * int(size), int(size)) for size in SIZES]
            index = next(at for at, many in enumerate(ways) if 2 / many < P)
            return self.asked.answer(
                self.asked.keys[index],
                {"p": 2 / ways[index]},
                told=", ".join(
                    say("{size} and {size}: {count}", size=size, count=f"{count:,}")
                    for size, count in zip(SIZES, ways)
                ),
                size=SIZES[index],
                least=f"2 / {ways[index]} = {2 / ways[index]:.3f}",
            )
        if self.kind == "one":
            word, side, after = without_one(self.table, self.lists, self.removed)
            chosen = self.lists.x if side == "X" else self.lists.y
            rest = " ".join(other for other in chosen.words if other != word)
            return self.asked.answer(
                GONE[left(self.d, after)], {"before": self.d, "after": after}, {f"list{side.lower()}": rest},
                before=self.d, after=after, word=word, side=side,
            )  # fmt: skip
        without = weat.shown(self.table, self.lists, True)
        after = without.sure.d
        key = _beyond_chance(self.d, without)
        return self.asked.answer(
            key, {"before": self.d, "after": after}, self.shows, before=self.d, after=after,
            p=f"{without.sure.chance.two_sided:.3f}", level=f"{LEVEL:g}",
        )  # fmt: skip

    def _told_apart(self) -> Answer:
        share, others = weat.few(self.table)
        asked = self.asked
        rest = weat.left(self.table)
        pieces = ""
        if not isinstance(rest, str):
            sides = rest[0]
            if not sides.beyond_chance:  # of all words no more is found than in shuffled ones
                asked = questions.ask("bias", "told-apart-by-chance", few=FEW, table=self.table.name)
            if self.table.which == "model":
                pieces = " " + sentences.pieced(self.table, weat.singles(self.table, sides.words))
        key = "mostly" if share > MOSTLY else "partly" if share > PARTLY else "guesses"
        return asked.answer(
            key, {"share": share}, {"stage": REMOVAL}, others=others, share=share, pieces=pieces
        )


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


def _beyond_chance(before: float, without: weat.Shown) -> str:
    """Choose which of `GONE` an effect has come to; however small, it is "gone" only where chance does as much."""
    after = without.sure.d
    if without.within:
        return "gone"
    if before * after < 0:
        return "turned"
    return "less" if abs(after) < AS_BEFORE * abs(before) else "same"


def ask(seen: Seen) -> Question:
    """Ask about the chosen test with nothing removed; about the classifier where something is.

    An open model whose chosen test finds nothing is asked about the classifier, too. Where the chosen lists or the
    chosen table can be neither, or GloVe's show no finding, it asks about test 7 on GloVe.
    """
    if seen.test is None:
        return _of_own(seen)
    known = isinstance(seen.direction, Direction)
    done = seen.whole.measured
    if known and done is not None and done.beyond_chance and not seen.removed:
        return _effect(seen.table, seen.test, done.d, {})
    of_model = seen.table.which == "model"
    if (seen.removed or of_model) and not isinstance(weat.left(seen.table), str):
        return Question(
            "few", questions.ask("bias", "told-apart", few=FEW, table=seen.table.name), seen.table, seen.lists, 0.0,
            removed=True,
        )  # fmt: skip
    usual = usual_table(seen.beside)
    test = ten_tests()[6]
    shows: dict[str, Value] = {"weat": "7", "vectors": "glove"}
    return _effect(usual, test, weat.shown(usual, test.lists, False).sure.d, shows)


def another(seed: int, seen: Seen) -> dict[str, Value]:
    """Choose another of the ten tests that find something, with nothing removed."""
    now = 0 if seen.test is None else seen.test.number
    found = [test.number for test in ten_tests() if not weat.shown(seen.table, test.lists, False).within]
    number = draw(seed, found or [7], now)
    return {"weat": str(number), "direction": "kept", "stage": -1}


def _of_own(seen: Seen) -> Question:
    """Ask about the learner's lists: without one word, or, where they are too short, how long they must be."""
    done = seen.now.measured
    if done is None or max(len(one.words) for one in seen.now.lists[:2]) < 3:
        return Question("least", questions.ask("bias", "least", p=f"{P:g}"), seen.table, seen.lists, 0.0)
    return Question(
        "one", questions.ask("bias", "without-a-word"), seen.table, seen.lists, done.d, seen.removed
    )


def _effect(table: Table, test: AssociationTest, d: float, shows: Mapping[str, Value]) -> Question:
    nearer, farther = (test.lists.a, test.lists.b) if d >= 0 else (test.lists.b, test.lists.a)
    asked = questions.ask(
        "bias", "removed", number=test.number, x=say(test.lists.x.name), y=say(test.lists.y.name),
        a=say(nearer.name), b=say(farther.name), table=table.name,
    )  # fmt: skip
    return Question(
        "effect", asked, table, test.lists, d, shows={**shows, "direction": "removed", "stage": -1}
    )
