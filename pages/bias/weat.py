"""The association test: on which table, the chosen test, the ten beside it, what a projection leaves.

A table is GloVe, the open model's own rows, or what word2vec learned from a text; `core.vectors` computes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from app.kit.figures import Asked
from app.session.fields import DEFAULT_MODEL, Value
from app.words import sentence
from core.language_model import LanguageModel
from core.messages import mark, say
from core.runs.serialized import pack_vectors
from core.runs.word_recordings import recorded_words
from core.vectors.association import LEAST, Found, Measured, TooFewWords, find, measure
from core.vectors.debiasing import PAIRS, Direction, direct_bias, gender_direction
from core.vectors.residual_bias import FEW, Leftover, leftover, told_by_few
from core.vectors.static import StaticVectors, glove
from core.vectors.token_words import frequent, of_words, pieces
from core.vectors.word_lists import AssociationTest, Lists, WordList, read, ten_tests

NAMES = {"glove": "GloVe", "model": mark("The open model"), "learned": "word2vec"}
PAIRED = tuple(word for pair in PAIRS for word in pair)
BINS = 44  # of the histogram of splits
OWN = ("listx", "listy", "lista", "listb")
OWN_NAMES = (mark("your X"), mark("your Y"), mark("your A"), mark("your B"))
SIDES = ("X", "Y", "A", "B")


# ------------------------------------------------------------------------------------------ the tables

Run = tuple[str, int]  # of the learner's word2vec: its id and a checkpoint
NO_RUN: Run = ("", 0)


def _alone(function: Callable[..., Any], *arguments: Any) -> Any:
    """Compute a function of a table that belongs to no model, GloVe or word2vec: it gets None in the model's place."""
    return function(None, *arguments)


@dataclass(frozen=True)
class Table:
    """A chosen table.

    which: "glove", "model" or "learned".   name: what a sentence calls it.
    run: an own word2vec run.
    words: all words of GloVe or of the run; of the model, those that were asked for.
    call: computes a function of the model, and of more; GloVe and word2vec are of no model.
    """

    which: str
    name: str
    run: Run
    words: StaticVectors
    call: Callable[..., Any] = _alone

    @property
    def at(self) -> tuple[str, str, str, int]:
        """What `words_of` finds it by."""
        return self.which, self.name, *self.run


def choose(asked: Asked, wanted: Sequence[str], run: Run) -> tuple[Table, str]:
    """Choose the table; where it cannot be read, GloVe, and why.

    Args:
        wanted: words that the page asks for, beside the pairs of the gender direction.
        run: of the learner's.
    """
    which, why = str(asked.values["vectors"]), ""
    if which == "model":
        name = asked.label
        try:
            return Table(which, name, NO_RUN, of_words(asked.lm, (*wanted, *PAIRED), name), asked.call), ""
        except ValueError as error:  # training diverged, or a vocabulary of nothing that is asked for
            why = say("{model} has no table to test: {why} GloVe is used.", model=name, why=sentence(error))
    if which == "learned":
        return learned_table(run, beside(asked)), ""
    return usual_table(beside(asked)), why


def beside(asked: Asked) -> Callable[..., Any]:
    """Return a `Table.call` for GloVe and word2vec, whose results the app caches under the default model."""
    return partial(asked.beside, DEFAULT_MODEL)


def learned_table(run: Run, call: Callable[..., Any] = _alone) -> Table:
    """Return the table of the learner's own word2vec run, or of the recorded one."""
    name = say("your word2vec run") if run[0] else say("the recorded word2vec")
    return Table("learned", name, run, words_of(None, (), "learned", name, *run), call)


def usual_table(call: Callable[..., Any] = _alone) -> Table:
    """Return GloVe's table."""
    return Table("glove", "GloVe", NO_RUN, glove(), call)


def words_of(
    lm: LanguageModel | None, wanted: Sequence[str], which: str, name: str, run: str, step: int
) -> StaticVectors:
    """Load the words and vectors that `Table.at` names.

    Args:
        lm: the model whose rows "model" means.   wanted: the words that it is asked for, beside the pairs'.
    """
    if which == "model" and lm is not None:
        return of_words(lm, (*wanted, *PAIRED), name)
    if which == "learned":
        own = _own_words(run, step) if run else None
        kept = recorded_words()
        found = own if own is not None else kept.table(len(kept.steps) - 1)
        return StaticVectors(name, found.words, found.vectors)
    return glove()


def _own_words(run: str, step: int) -> StaticVectors | None:
    from app.runs.learned_vectors import table_at  # in the app alone there are own runs

    return table_at(run, step)


def source(table: Table, load: str, name: str = "table") -> str:
    """Write the table as source, for the notebook; of the model, a function of the words that are asked for.

    Args:
        load: the call that loads the open model.
        name: of the variable.
    """
    if table.which == "model":
        read = "from core.vectors.debiasing import PAIRS\nfrom core.vectors.token_words import of_words"
        return (
            f"{read}\n\nlm = {load}\npaired = [word for pair in PAIRS for word in pair]\n"
            f"{name} = lambda words: of_words(lm, [*words, *paired])"
        )
    if table.which == "learned" and table.run[0]:
        found = f"vectors({pack_vectors(table.words)!r})"
        return (
            f"from core.runs.serialized import vectors\n\nlearned = {found}\n{name} = lambda words: learned"
        )
    if table.which == "learned":
        return (
            "from core.runs.word_recordings import recorded_words\n\n"
            f"kept = recorded_words()\nlearned = kept.table(len(kept.steps) - 1)\n{name} = lambda words: learned"
        )
    return f"from core.vectors.static import glove\n\n{name} = lambda words: glove()"


# ------------------------------------------------------------------------------------------- the tests


@dataclass(frozen=True)
class Shown:
    """One test as it is drawn.

    Attributes:
        lists: as they were found in the table.
        measured: without its many splits, which `edges` (BINS + 1,) and `counts` (BINS,) sum up; None: refused.
        band: between what 95 % of the splits lie, as effect sizes: what is beyond it is beyond chance (`RULE`).
        pieced: of each list, how many words are several tokens of the open model: its table has no row of theirs.
        why: of a refused one, what is missing and what to do; else "".
    """

    lists: tuple[Found, Found, Found, Found]
    measured: Measured | None
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    band: tuple[float, float] = (0.0, 0.0)
    pieced: tuple[int, ...] = (0, 0, 0, 0)
    why: str = ""

    @property
    def shares(self) -> tuple[float, ...]:
        """Of each list, the share of words with a row of their own."""
        return tuple(
            (len(one.words) - many) / max(1, len(one.asked)) for one, many in zip(self.lists, self.pieced)
        )

    @property
    def conclusive(self) -> bool:
        """Whether the test was made, and the table has enough of every list."""
        return self.measured is not None and min(self.shares) >= LEAST

    @property
    def within(self) -> bool:
        """Whether as many random splits as `LEVEL`, or more, put the means as far apart: then it is no finding."""
        return self.measured is not None and not self.measured.beyond_chance

    @property
    def sure(self) -> Measured:
        """Of a test that was not refused."""
        assert self.measured is not None
        return self.measured


@dataclass(frozen=True)
class Singles:
    """Of the words that the classifier is about, how many are one token of the open model.

    Attributes:
        asked, asked_whole: the frequent words that the vocabulary can write, and the single tokens among them.
        probed, probed_whole: those that leaned most, and the single tokens among them.
    """

    asked: int
    asked_whole: int
    probed: int
    probed_whole: int


def test_of(number: str) -> AssociationTest | None:
    """Return one of the ten by its number in a link; None: the learner's own lists."""
    return None if number == "own" else ten_tests()[int(number) - 1]


def own_lists(values: Mapping[str, Value]) -> tuple[Lists, str]:
    """Read the learner's four lists, and say what is wrong with the first that cannot be read: it counts as empty."""
    lists, why = [], ""
    for key, side, name in zip(OWN, SIDES, OWN_NAMES):
        try:
            words = read(str(values[key]))
        except ValueError as error:
            words, why = (), why or say("List {side}: {error}.", side=side, error=error)
        lists.append(WordList(name, words))
    return Lists(*lists), why


def direction_of(table: Table) -> Direction | str:
    """Find the gender direction of a table, or say why it has none."""
    try:
        return gender_direction(table.words)
    except ValueError as why:
        return str(why)


def shown(table: Table, lists: Lists, removed: bool) -> Shown:
    """Make a test on the table, with or without the gender direction."""
    done: Shown = table.call(_shown, table.at, lists, removed)
    return done


def every(table: Table, removed: bool) -> list[Shown]:
    """Make the ten tests on the table."""
    done: list[Shown] = table.call(_every, table.at, removed)
    return done


def left(table: Table) -> tuple[Leftover, float] | str:
    """Measure what is left without the direction, and the direct bias of tests 7 and 8; or say why there is none."""
    done: tuple[Leftover, float] | str = table.call(_left, table.at)
    return done


def singles(table: Table, probed: tuple[str, ...]) -> Singles:
    """Count how many of the words that `left` sorts and probes are single tokens of the open model."""
    done: Singles = table.call(_singles, probed)
    return done


def few(table: Table) -> tuple[float, int]:
    """Measure the share told apart by a classifier that saw few words of either side, and count the others."""
    done: tuple[float, int] = table.call(_few, table.at)
    return done


At = tuple[str, str, str, int]


def asked(*lists: Lists) -> tuple[str, ...]:
    """Collect all words of some lists."""
    return tuple(word for one in lists for side in one.all for word in side.words)


def _shown(lm: LanguageModel | None, at: At, lists: Lists, removed: bool) -> Shown:
    return _made(lm, at, words_of(lm, asked(lists), *at), lists, removed)


def _every(lm: LanguageModel | None, at: At, removed: bool) -> list[Shown]:
    words = words_of(lm, asked(*(test.lists for test in ten_tests())), *at)
    return [_made(lm, at, words, test.lists, removed) for test in ten_tests()]


def _made(lm: LanguageModel | None, at: At, words: StaticVectors, lists: Lists, removed: bool) -> Shown:
    found = find(words, lists)
    pieced = (
        (0, 0, 0, 0) if lm is None or at[0] != "model" else tuple(several(lm, one.words) for one in found)
    )
    try:
        done = measure(words, lists, direction=gender_direction(words) if removed else None)
    except TooFewWords as why:
        return Shown(found, None, pieced=pieced, why=str(why))
    chance = done.chance
    spread = done.spread or 1.0
    reach = 1.02 * max(float(np.abs(chance.values).max()), abs(chance.observed), 1e-12)
    counts, edges = np.histogram(chance.values, BINS, (-reach, reach))
    far = chance.reach / spread
    slim = replace(done, chance=replace(chance, values=np.empty(0)))
    edge, count = tuple((edges / spread).tolist()), tuple(counts.tolist())
    return Shown(done.lists, slim, edge, count, (-far, far), pieced)


def several(lm: LanguageModel, words: Sequence[str]) -> int:
    """Count how many of the words are more than one token."""
    return sum(len(ids) > 1 for ids in pieces(lm, words))


def _left(lm: LanguageModel | None, at: At) -> tuple[Leftover, float] | str:
    tests = ten_tests()[6:8]
    words = words_of(lm, (*frequent(), *asked(*(test.lists for test in tests))), *at)
    targets = [word for test in tests for side in (test.lists.x, test.lists.y) for word in side.words]
    try:
        direction = gender_direction(words)
        rows = {words.row(word) for word in targets if word in words}
        return leftover(words, direction), direct_bias(words, direction, sorted(rows))
    except ValueError as why:
        return str(why)


def _singles(lm: LanguageModel, probed: tuple[str, ...]) -> Singles:
    written = [ids for ids in pieces(lm, frequent()) if ids]
    return Singles(
        len(written), sum(len(ids) == 1 for ids in written), len(probed), len(probed) - several(lm, probed)
    )


def _few(lm: LanguageModel | None, at: At) -> tuple[float, int]:
    words = words_of(lm, frequent(), *at)
    return told_by_few(words, gender_direction(words), FEW)
