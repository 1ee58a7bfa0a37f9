"""Export the Bias page: what its picture is (`FIGURE`), words, tests and runs as a table, notebook cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from app.charts import described
from app.kit.figures import Argument, Asked, Figure, StillChart
from core.messages import say
from core.vectors.residual_bias import FEW
from core.vectors.word_lists import Lists, ten_tests
from pages.bias import charts, figure, sentences, weat
from pages.bias.figure import STEPS, Seen
from pages.bias.weat import NO_RUN, Run, Shown, Table, source

if TYPE_CHECKING:
    from pages.bias.question import Question

KEYS = ("stage", "weat", "subject", "mate")
NAMED = (*STEPS, "test")  # the steps in a call
REMOVED = ("removed", "shown", "was", "pair", "text", "tests", "removal", "reach")  # what removal changes


@dataclass(frozen=True)
class Chosen:
    """The chosen test, as it is looked at and, for a file, without the gender direction.

    Attributes:
        run: word2vec that the learner has trained. lean: the parts of the step that is looked at are enough.
    """

    asked: Asked
    run: Run
    stage: int
    lean: bool = False

    @cached_property
    def seen(self) -> Seen:
        """The step that is looked at."""
        return figure.see(self.asked, self.run)

    @cached_property
    def kept(self) -> Seen:
        """The whole test, nothing removed but by the learner."""
        return self.seen if self.seen.step != "removal" else figure.see(_without_step(self.asked), self.run)

    @cached_property
    def bare(self) -> Seen:
        """The step of removal."""
        return figure.see(self.asked, self.run, removing=True)

    def beside(self, run: Run) -> Chosen:
        """Choose among the learner's own vectors, too, on a page that is asked again at each step."""
        return Chosen(self.asked, run, self.stage, lean=True)

    @property
    def still(self) -> Chosen:
        """A copy for a file, with the parts of all steps."""
        return replace(self, lean=False)


def _without_step(asked: Asked) -> Asked:
    return replace(asked, values={**asked.values, "stage": -1})


def look(asked: Asked) -> Chosen:
    """Read which step is looked at; the test is made when its numbers are needed."""
    at = asked.step("stage", NAMED)
    found = Chosen(replace(asked, values={**asked.values, "stage": at}), NO_RUN, at)
    if {"subject", "mate"} & asked.given.keys():
        sizes = [len(one.words) for one in found.seen.now.lists]
        asked.at_most("subject", sizes[0] + sizes[1] - 1)
        asked.at_most("mate", sizes[2] + sizes[3] - 1)
    return found


def record(test: Chosen) -> dict[str, Any]:
    """Turn the test into what figure.js draws, but for the selection; for a file, the step of removal beside it."""
    if test.lean:
        return figure.record(test.seen, lean=True)
    bare = figure.record(test.bare, lean=False)
    return figure.record(test.kept, lean=False) | {"without": {key: bare[key] for key in REMOVED}}


def select(test: Chosen) -> dict[str, Any]:
    """Return what is chosen; a word that no list has is none."""
    values, sizes = test.asked.values, [len(one.words) for one in test.seen.now.lists]
    words = {"subject": sizes[0] + sizes[1], "mate": sizes[2] + sizes[3]}
    chosen = {key: values[key] if int(values[key]) < count else -1 for key, count in words.items()}
    return {"stage": test.stage, "weat": values["weat"], **chosen}


def sentence(test: Chosen) -> str:
    """What is on the picture: the test, the table, what came out, what speaks against it."""
    seen = test.seen
    title = sentences.title(seen.test, seen.now)
    return " ".join(
        [
            say("{model}. {test}, on {table}.", model=test.asked.label, test=title, table=seen.table.name),
            *sentences.verdict(seen.now, seen.table),
            *seen.notes,
        ]
    )


def claim(test: Chosen) -> str:
    """State what the vectors are that the test reads."""
    table = test.seen.table
    if table.which == "model":
        return say("The token vectors of {model} take the same test as word vectors.", model=table.name)
    return say("Word vectors carry the associations of their text.")


def drawings(test: Chosen) -> list[StillChart]:
    """Draw the chart of the tests, and the same without the gender direction."""
    data = record(replace(test, lean=False))
    removal = STEPS.index("removal")
    return [
        StillChart(
            described.drawing(charts.tests(one)),
            say("Effect sizes of the tests, on {table}.", table=test.seen.table.name),
            step,
        )
        for step, one in ((-1, data), (removal, {**data, **data["without"]}))
    ]


FIGURE = Figure(
    "bias", figure.bias, look, record=record,
    select=select,
    claim=claim,
    sentence=sentence,
    table=lambda test: table(test.seen),
    arguments=(
        Argument("test", "weat"), Argument("vectors", "vectors"), Argument("direction", "direction"),
        Argument("x", "listx"), Argument("y", "listy"), Argument("a", "lista"), Argument("b", "listb"),
        Argument("subject", "subject"), Argument("mate", "mate"), Argument("step", "stage", lambda test: NAMED),
    ),
    longest=64, charts=drawings, tall=560,
    own=lambda test: say("with the recorded word2vec in place of yours") if test.seen.table.run[0] else "",
)  # fmt: skip

NAMES = (
    "what", "name", "list", "association", "effect size", "p, two-sided", "p, one-sided", "exact", "splits",
    "published d", "published p, one-sided", "share found", "conclusive", "not used",
)  # fmt: skip


def table(seen: Seen) -> dict[str, Sequence[Any]]:
    """Export each target word and word of the text, then each test, then what the removal left."""
    lines: list[tuple[Any, ...]] = []
    done = seen.now.measured
    if done is not None:
        for one, values in zip(done.lists, (done.x, done.y)):
            lines += [("word", word, one.name, float(s), *(None,) * 10) for word, s in zip(one.words, values)]
        lines += [("word of the text", word, "", s, *(None,) * 10) for word, s in seen.words]
    for test, shown in zip(ten_tests(), seen.every):
        lines.append(_line(f"test {test.number}", shown, test.published.d, test.published.p))
    if seen.test is None:
        lines.append(_line("your lists", seen.now, None, None))
    if seen.step == "removal" and not isinstance(rest := weat.left(seen.table), str):
        sides, direct = rest
        parts = {
            "told apart, vectors whole": sides.before.share, "told apart, direction removed": sides.after.share,
            "told apart, labels shuffled": sides.control[1], "direct bias before": direct,
        }  # fmt: skip
        lines += [("removal", name, "", value, *(None,) * 10) for name, value in parts.items()]
    return dict(zip(NAMES, (list(column) for column in zip(*lines))))


def _line(name: str, shown: Shown, d: float | None, p: float | None) -> tuple[Any, ...]:
    lists = " | ".join(one.name for one in shown.lists)
    unused = ", ".join(word for one in shown.lists for word in (*one.missing, *one.shared))
    share, done = min(shown.shares), shown.measured
    if done is None:
        return ("test", name, lists, *(None,) * 6, d, p, share, False, unused)
    chance = done.chance
    return (
        "test", name, lists, None, done.d, chance.two_sided, chance.p, chance.exact, chance.splits, d, p, share,
        shown.conclusive, unused,
    )  # fmt: skip


def cells(seen: Seen, load: str, asked: Question) -> list[str]:
    """Write notebook cells that make the shown test, the ten and the question's again.

    Args:
        load: the call that loads the open model, as source.
    """
    removed = "gender_direction(words)" if seen.without is not None else "None"
    first = f"""# %% The words and their vectors
import numpy as np
from core.vectors.association import TooFewWords, measure
from core.vectors.debiasing import gender_direction
from core.vectors.word_lists import Lists, WordList, ten_tests
{source(seen.table, load)}
{"" if seen.table.which == "model" else f"lm = {load}"}


def direction(words):
    return {removed}  # taken out of every vector


def asked_of(lists):
    return [word for side in lists.all for word in side.words]


def same(now, shown):
    np.testing.assert_allclose(np.ravel(now), np.ravel(shown), rtol=1e-4, atol=1e-5)"""
    return [first, _chosen(seen), _ten(seen), _question(asked, load, seen.table), *_removal(seen)]


def _written(lists: Lists) -> str:
    """Write four lists as source."""
    inner = ",\n    ".join(f"WordList({one.name!r}, {one.words!r})" for one in lists.all)
    return f"Lists(\n    {inner},\n)"


def _chosen(seen: Seen) -> str:
    done = seen.now.measured
    begin = "# %% The chosen test: associations, effect size, permutations\n"
    begin += f"LISTS = {_written(seen.lists)}\nwords = table(asked_of(LISTS))\n"
    if done is None:
        return f"""{begin}
try:
    measure(words, LISTS, direction=direction(words))
    raise AssertionError("the page could not make this test")
except TooFewWords as why:
    print(why)"""
    x, y = ([_short(value) for value in values] for values in (done.x, done.y))
    two_sided = done.chance.two_sided
    return f"""{begin}
done = measure(words, LISTS, direction=direction(words))
same(done.x, {x})
same(done.y, {y})
same([done.d, done.spread, done.chance.two_sided], [{_short(done.d)}, {_short(done.spread)}, {_short(two_sided)}])
assert (done.chance.exact, done.chance.splits) == {(done.chance.exact, done.chance.splits)}
assert [one.missing for one in done.lists] == {[one.missing for one in done.lists]}
print(done.d, done.chance.two_sided, done.beyond_chance, done.conclusive)"""


def _ten(seen: Seen) -> str:
    found = {
        test.number: (_short(one.measured.d), _short(one.measured.chance.two_sided), one.measured.conclusive)
        for test, one in zip(ten_tests(), seen.every)
        if one.measured is not None
    }
    return f"""# %% The ten tests
SHOWN = {found!r}
words = table([word for test in ten_tests() for word in asked_of(test.lists)])
for test in ten_tests():
    if test.number in SHOWN:
        one = measure(words, test.lists, direction=direction(words))
        d, p, conclusive = SHOWN[test.number]
        same([one.d, one.chance.two_sided], [d, p])
        assert one.conclusive == conclusive
        print(test.number, one.d, "published", test.published.d, "conclusive" if conclusive else "not conclusive")"""


def _question(asked: Question, load: str, shown: Table) -> str:
    from pages.bias.question import SIZES, P  # with what judges it, which is the app's

    numbers = asked.judge().numbers
    again = "asked = table" if asked.table.at == shown.at and shown.which == "learned" else None
    head = f"# %% The question\n{again or source(asked.table, load, 'asked')}\n"
    if asked.kind == "few":
        share = _short(numbers["share"])
        return f"""{head}from core.vectors.residual_bias import told_by_few
from core.vectors.token_words import frequent

words = asked(frequent())
share, others = told_by_few(words, gender_direction(words), {FEW})
same(share, {share})
print(share, others)"""
    if asked.kind == "least":
        return f"""# %% The question: no p is below two splits of all
from math import comb

ways = [comb(2 * size, size) for size in {tuple(map(int, SIZES))!r}]
same(next(2 / many for many in ways if 2 / many < {P}), {_short(numbers["p"])})
print(ways)"""
    if asked.kind == "one":
        return f"""{head}from dataclasses import replace

ASKED = {_written(asked.lists)}
words = asked(asked_of(ASKED))
whole = measure(words, ASKED, direction=direction(words))
rests = []
for side, one in zip("xy", whole.lists):
    for word in one.words if len(one.words) > 2 else ():
        fewer = WordList(one.name, tuple(other for other in one.words if other != word))
        rests.append((measure(words, replace(ASKED, **{{side: fewer}}), direction=direction(words)).d, word))
d, word = min(rests, key=lambda rest: abs(rest[0]))
same([whole.d, d], [{_short(numbers["before"])}, {_short(numbers["after"])}])
print(word, whole.d, d)"""
    return f"""{head}ASKED = {_written(asked.lists)}
words = asked(asked_of(ASKED))
before, after = measure(words, ASKED), measure(words, ASKED, direction=gender_direction(words))
same([before.d, after.d], [{_short(numbers["before"])}, {_short(numbers["after"])}])
print(before.d, after.d)"""


def _removal(seen: Seen) -> list[str]:
    rest = weat.left(seen.table) if seen.step == "removal" else ""
    if isinstance(rest, str):
        return []
    sides, direct = rest
    return [
        f"""# %% What is left without the direction
from core.vectors.residual_bias import leftover
from core.vectors.token_words import frequent

words = table([*frequent(), *(word for test in ten_tests()[6:8] for word in asked_of(test.lists))])
left = leftover(words, gender_direction(words))
assert (left.before.right, left.after.right) == {(sides.before.right, sides.after.right)}
same(left.control, {[_short(value) for value in sides.control]})
print(left.before, left.after, left.control, "direct bias before:", {_short(direct)})"""
    ]


def _short(value: Any) -> float:
    return float(f"{float(value):.6g}")
