"""The export: words, tests and runs as a table, and notebook cells that make the test again and assert it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.runs import bias_recordings
from core.vectors.residual_bias import FEW
from core.vectors.word_lists import Lists, ten_tests
from pages.bias import corpus_lab, weat
from pages.bias.corpus_lab import CorpusLab
from pages.bias.figure import Seen
from pages.bias.question import SIZES, P, Question
from pages.bias.weat import Shown, Table, source

NAMES = (
    "what", "name", "list", "association", "effect size", "p, two-sided", "p, one-sided", "exact", "splits",
    "published d", "published p, one-sided", "share found", "conclusive", "not used",
)  # fmt: skip


def table(seen: Seen) -> Rows:
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


# -------------------------------------------------------------------------------------- the corpus lab


Rows = dict[str, Sequence[Any]]
COLUMNS = (
    "pronoun gap of", "profession", "gap, nats", "gap, low", "gap, high", "share of she", "tokens", "lab run", "dose",
    "she, dialled", "she, others",
)  # fmt: skip


def lab_table(lab: CorpusLab) -> Rows:
    """Export each profession of each model, then each recorded dose and remedy, then own runs."""
    shown, what, arms = lab.shown, lab.asked, lab.arms
    lines: list[tuple[Any, ...]] = []
    for one in shown:
        for gap in one.record(what.jobs)["gaps"]:
            if gap:
                lines.append((
                    one.name, gap["job"], gap["mean"], gap["low"], gap["high"], gap["share"], gap["tokens"],
                    *(None,) * 4,
                ))  # fmt: skip
    for dose in [*bias_recordings.curve(), *bias_recordings.remedies()[1:]]:
        for seed, (dialled, others) in enumerate(zip(dose.dialled, dose.others, strict=True)):
            name = f"recorded, {corpus_lab.NAMES[dose.remedy]}, seed {seed}"
            lines.append((*(None,) * 7, name, dose.at, dialled, others))
    for arm in arms:
        point = corpus_lab.own_point(arm)
        if point["trace"]:
            last = point["trace"][-1]
            lines.append(
                (*(None,) * 7, f"yours, {point['name']}", point["at"], last["dialled"], last["others"])
            )
    return dict(zip(COLUMNS, (list(column) for column in zip(*lines)), strict=True))


def lab_cells(lab: CorpusLab) -> list[str]:
    """Write notebook cells that ask each model again, and take the means of the recorded runs again."""
    load, shown, what = lab.load, lab.shown, lab.asked
    found = []
    for one in shown:
        if one.found is None:
            continue
        expected = {gap.job: round(gap.mean, 6) for gap in one.found.gaps}
        opened = load if one.open else f'core.load({one.name!r}, device="cpu")'
        found.append(f"""# %% The pronoun gap by profession, {one.name.replace(chr(10), " ")}
from core.analysis.tasks.pronoun_gap import measured, parsed

TEMPLATES = {[template.text for template in what.templates]!r}
EXPECTED = {expected!r}
found = measured({opened}, {list(what.jobs)!r}, parsed(TEMPLATES))
for gap in found.gaps:
    assert abs(gap.mean - EXPECTED[gap.job]) < 1e-3 + 1e-3 * abs(gap.mean), gap.job
    print(gap.job, gap.mean, gap.spread)""")
    means = [round(dose.spread("dialled").mean, 6) for dose in bias_recordings.curve()]
    found.append(f"""# %% Dose and response: means over the recorded seeds
from core.runs.bias_recordings import curve, slope

MEANS = {means!r}
assert all(abs(one.spread("dialled").mean - mean) < 1e-5 for one, mean in zip(curve(), MEANS, strict=True))
print([(one.at, one.spread("dialled"), one.spread("others")) for one in curve()])
print(slope(curve()))""")
    return found
