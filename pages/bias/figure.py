"""The Bias picture: words of two lists on an axis between two others, ten tests beside each other, and chance.

The functions here ask `core.vectors` and turn its answers into the component's JSON; they compute nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.kit import pack, register
from app.kit.figures import Asked
from app.session.fields import Value
from core.language_model import LanguageModel
from core.messages import say
from core.vectors.association import Measured, association, unit
from core.vectors.debiasing import Direction, remove
from core.vectors.residual_bias import Leftover
from core.vectors.word_lists import AssociationTest, Lists
from pages.bias import sentences, weat
from pages.bias.weat import NO_RUN, Run, Shown, Table, choose

bias = register("bias", __file__)

STEPS = ("cosine", "word", "means", "effect", "chance", "removal")
_WORD = re.compile(r"\w+")
MOST = 14  # words of the text on the axis
LEAST_REACH = 2.1  # between -2 and 2 effect sizes lie where X and Y are equally large
SAMPLE = 9  # words of either side that are named, from the farthest out to the last
BESIDE = (6, 7, 8)  # the tests that are about gender


@dataclass(frozen=True)
class Seen:
    """All that the page shows.

    lm, text: the open model and the text as it reads it.
    step: that is looked at, "" for the whole test.
    test: one of the ten; None: `lists` are the learner's own.
    direction: of gender, or why the table has none.   removed: whether every vector is without it.
    now: the chosen test as it is looked at; whole: with nothing removed.
    words: the text's words that the table has, with their association.
    notes: what is wrong with a table or own lists, for the page to say.
    values: by field. beside: computes of tables that are of no model.
    """

    lm: LanguageModel
    text: str
    step: str
    table: Table
    test: AssociationTest | None
    lists: Lists
    direction: Direction | str
    removed: bool
    now: Shown
    whole: Shown
    every: list[Shown]
    words: list[tuple[str, float]]
    notes: list[str]
    values: Mapping[str, Value]
    beside: Callable[..., Any]

    @property
    def without(self) -> Direction | None:
        """The direction that is taken out of every vector, if one is."""
        return self.direction if self.removed and isinstance(self.direction, Direction) else None


def step_of(stage: int) -> str:
    """Return the step that is looked at, or "" for the whole test."""
    return STEPS[stage] if 0 <= stage < len(STEPS) else ""


def see(asked: Asked, run: Run = NO_RUN, removing: bool | None = None) -> Seen:
    """Make the chosen test on the chosen table.

    Args:
        run: word2vec that the learner has trained.
        removing: without the gender direction; None: as the fields and the step say.
    """
    values = asked.values
    step = "removal" if removing else step_of(int(values["stage"]))
    test = weat.test_of(str(values["weat"]))
    lists, wrong = (test.lists, "") if test else weat.own_lists(values)
    table, trouble = choose(asked, (*weat.asked(lists), *_WORD.findall(asked.text)), run)
    direction = weat.direction_of(table)
    wished = values["direction"] == "removed" or step == "removal"
    removed = wished and isinstance(direction, Direction)
    now = weat.shown(table, lists, removed)
    whole = weat.shown(table, lists, False) if removed else now
    no_way = (
        say("Nothing was removed: {why}.", why=direction) if wished and isinstance(direction, str) else ""
    )
    seen = Seen(
        asked.lm, asked.text, step, table, test, lists, direction, removed, now, whole, weat.every(table, removed), [],
        [one for one in (trouble, wrong, no_way) if one], values, weat.beside(asked),
    )  # fmt: skip
    seen.words.extend(_own_words(seen, asked.text))
    return seen


def _own_words(seen: Seen, text: str) -> list[tuple[str, float]]:
    """Return the first words of the text that the table has, each once, with their association to A and B."""
    if seen.now.measured is None:
        return []
    table = seen.table.words
    known = {table.row(word): word for word in reversed(_WORD.findall(text)) if word in table}
    kept = list(reversed(known.items()))[:MOST]
    if not kept:
        return []
    rows_of = [
        [row for row, _ in kept],
        *([table.row(word) for word in one.words] for one in seen.now.lists[2:]),
    ]
    of: list[np.ndarray] = [table.vectors[rows] for rows in rows_of]
    if seen.without is not None:
        direction = seen.without.vector
        of = [remove(vectors, direction) for vectors in of]
    return list(zip((word for _, word in kept), association(*of).tolist()))


def chosen(seen: Seen) -> tuple[int, int]:
    """Return the target and the attribute that are looked at, by their places in X, Y and A, B."""
    done = seen.now.measured
    if done is None:
        return 0, 0
    targets, others = done.cosines.shape
    subject, mate = int(seen.values["subject"]), int(seen.values["mate"])
    return (subject if 0 <= subject < targets else 0), (mate if 0 <= mate < others else 0)


# ------------------------------------------------------------------------------------------------- the data


def record(seen: Seen, lean: bool) -> dict[str, Any]:
    """Turn the test into what figure.js draws, but for the selection and, of a file, the step of removal.

    Args:
        lean: the parts of the step that is looked at are enough.
    """
    word = seen.lm.tokenizer.display
    return {
        "tokens": [word(id) for id in seen.lm.tokenizer.encode(seen.text)],
        "table": {"which": seen.table.which, "name": seen.table.name},
        "test": "own" if seen.test is None else str(seen.test.number),
        "removed": seen.removed,
        "shown": _test(seen.now) | {
            "title": sentences.title(seen.test, seen.now),
            "verdict": sentences.verdict(seen.now, seen.table),
            "dealt": " ".join(
                [*([sentences.dealt(seen.now.measured)] if seen.now.measured else []), sentences.found_in(seen.table)]
            ),
            "names": say(sentences.NAMES) if seen.test is not None and seen.test.names else "",
            "left": sentences.left_out(seen.now),
        },
        "was": _was(seen),
        "pair": _pair(seen) if seen.step == "cosine" or not lean else None,
        "text": [{"word": word, "s": s} for word, s in seen.words],
        "tests": [_row(str(at), one, test) for at, (one, test) in enumerate(zip(seen.every, weat.ten_tests()), 1)]
        + ([_row("own", seen.now, None)] if seen.test is None else []),
        "removal": _removal(seen) if seen.step == "removal" else None, "reach": _reach(seen),
    }  # fmt: skip


def _reach(seen: Seen) -> float:
    """Compute how far the axis of effect sizes goes, ±: to 2, or to the largest where unequal lists allow more."""
    before = weat.every(seen.table, False) if seen.step == "removal" else []
    found = [LEAST_REACH]
    for one in (*seen.every, *before, seen.now, seen.whole):
        if one.measured is None:
            continue
        x, y = len(one.measured.x), len(one.measured.y)
        ends = [abs(end) for end in (*one.band, *(one.edges if one is seen.now else ()))]
        # Where all associations are equal but for rounding, splits have no end in standard deviations; d has.
        found += [abs(one.measured.d), min(1.02 * (x + y) / math.sqrt(x * y), max(ends))]
    return max(found)


def _test(shown: Shown) -> dict[str, Any]:
    """Turn the chosen test into JSON, with everything that a step writes down."""
    lists = [
        {"name": say(one.name), "words": list(one.words), "asked": len(one.asked)}
        for one in shown.lists
    ]  # fmt: skip
    if shown.measured is None:
        return {"lists": lists, "d": None}
    done = shown.measured
    chance = done.chance
    return {
        "lists": lists, "x": done.x.tolist(), "y": done.y.tolist(), "cosines": pack(done.cosines),
        "means": _means(done), "spread": done.spread, "d": done.d,
        "p": chance.two_sided, "said_p": sentences.chance(chance.two_sided), "exact": chance.exact,
        "splits": chance.splits, "far": chance.far, "edges": list(shown.edges), "counts": list(shown.counts),
        "conclusive": shown.conclusive, "within": shown.within,
    }  # fmt: skip


def _means(done: Measured) -> list[float]:
    return [float(done.x.mean()), float(done.y.mean())]


def _row(number: str, shown: Shown, test: AssociationTest | None) -> dict[str, Any]:
    """Turn one of the ten into a line."""
    done = shown.measured
    return {
        "number": number, "short": say(sentences.SHORT[number]) if test else say("your lists"),
        "share": min(shown.shares),
        "names": [say(one.name) for one in shown.lists],
        "found": [[len(one.words) - many, len(one.asked)] for one, many in zip(shown.lists, shown.pieced)],
        "published": {"d": test.published.d, "p": sentences.chance(test.published.p)} if test else None,
        "d": done.d if done else None, "p": sentences.chance(done.chance.two_sided) if done else "", "why": shown.why,
        "band": list(shown.band), "conclusive": shown.conclusive, "within": shown.within,
    }  # fmt: skip


def _was(seen: Seen) -> dict[str, Any] | None:
    """Return where the words lay with nothing removed."""
    if not seen.removed or seen.whole.measured is None:
        return None
    done = seen.whole.measured
    return {
        "x": done.x.tolist(),
        "y": done.y.tolist(),
        "d": done.d,
        "means": [float(done.x.mean()), float(done.y.mean())],
    }


def _pair(seen: Seen) -> dict[str, Any] | None:
    """Take the cosine of the chosen two apart, as a sum of products of their numbers."""
    if seen.now.measured is None:
        return None
    subject, mate = chosen(seen)
    table, lists = seen.table.words, seen.now.lists
    targets, others = (*lists[0].words, *lists[1].words), (*lists[2].words, *lists[3].words)
    rows = [table.row(targets[subject]), table.row(others[mate])]
    vectors = table.vectors[rows].astype(np.float64)
    if seen.without is not None:
        vectors = remove(vectors, seen.without.vector)
    one, other = unit(vectors)
    lengths = np.linalg.norm(vectors, axis=1)
    return {
        "dot": float(vectors[0] @ vectors[1]), "lengths": lengths.tolist(), "cosine": float(one @ other),
        "products": pack(one * other),
    }  # fmt: skip


def _removal(seen: Seen) -> dict[str, Any]:
    """Compare the tests about gender before and after, and what a classifier still tells apart."""
    if isinstance(seen.direction, str):
        return {"why": seen.direction}
    before = weat.every(seen.table, False)
    pairs = [
        {"name": say("test {number}", number=number), "before": one.d, "after": two.d}
        for number in BESIDE
        if (one := before[number - 1].measured) and (two := seen.every[number - 1].measured)
    ]
    if seen.test is None or seen.test.number not in BESIDE:
        one, two = seen.whole.measured, seen.now.measured
        name = say("your lists") if seen.test is None else say("test {number}", number=seen.test.number)
        pairs = [*([{"name": name, "before": one.d, "after": two.d}] if one and two else []), *pairs]
    rest = weat.left(seen.table)
    found = {
        "why": "", "pairs": pairs, "share": float(seen.direction.shares[0]), "of": len(seen.direction.pairs),
        "rest": rest if isinstance(rest, str) else None,
    }  # fmt: skip
    if isinstance(rest, str):
        return found
    sides, direct = rest
    half = len(sides.words) // 2
    return found | {
        "direct": direct, "words": len(sides.words),
        "said": [sentences.kept(sides), *_pieced(seen.table, sides)],
        "one": list(sides.words[: half : half // SAMPLE]), "two": list(sides.words[half :: half // SAMPLE]),
        "bars": [
            {"name": say("vectors whole"), "share": sides.before.share, "low": sides.before.low,
             "high": sides.before.high},
            {"name": say("direction removed"), "share": sides.after.share, "low": sides.after.low,
             "high": sides.after.high},
            {"name": say("labels shuffled"), "share": sides.control[1], "low": sides.control[0],
             "high": sides.control[2]},
        ],
    }  # fmt: skip


def _pieced(table: Table, sides: Leftover) -> list[str]:
    return [sentences.pieced(table, weat.singles(table, sides.words))] if table.which == "model" else []
