"""WEAT, the Word Embedding Association Test (Caliskan, Bryson & Narayanan 2017, Science 356, pp. 183-186).

How near are two sets of target words X and Y to two sets of attribute words A and B? The association of one word is

    s(w, A, B) = mean over a of cos(w, a) - mean over b of cos(w, b)

and the test asks whether X has more of it than Y: how much more, in standard deviations (`effect_size`), and how often
as much comes about when the words are dealt to X and Y by chance (`permutation_test`).

Not known here: what the words stand for, and whether a difference between them is wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.messages import Later, later, mark
from core.vectors.debiasing import Direction, remove
from core.vectors.word_lists import Lists, WordList
from core.verdict_rule import Rule, percent

if TYPE_CHECKING:
    from core.vectors.static import StaticVectors

Array = NDArray[np.float64]

EXACT = 200_000  # maximum number of splits of an exact test
DRAWS = 50_000  # splits drawn where there are more
LEAST = 0.7  # minimum share of a list that a table must have
LEVEL = 0.05  # a two-sided p up to this is beyond chance
_AT_ONCE = 10_000


class TooFewWords(ValueError):
    """Raised when a list has too few words in the table; the message says which, how many, and what to do."""


def unit(vectors: np.ndarray) -> Array:
    """Normalize each row to length 1: (N, D) -> (N, D); a zero row stays."""
    wide = np.asarray(vectors, dtype=np.float64)
    # Divide by the largest number first, so that squares of tiny or huge vectors neither underflow nor overflow.
    largest = np.abs(wide).max(axis=1, keepdims=True, initial=0.0)
    scaled = wide / np.where(largest > 0, largest, 1.0)
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    found: Array = scaled / np.where(lengths > 0, lengths, 1.0)
    return found


def cosines(words: np.ndarray, others: np.ndarray) -> Array:
    """Compute cos(w, o) of every word with every other: (N, D), (M, D) -> (N, M); 0 for a zero vector."""
    return unit(words) @ unit(others).T


def association(words: np.ndarray, a: np.ndarray, b: np.ndarray) -> Array:
    """Compute s(w, A, B) of each word, between -2 and 2.

    Args:
        words: (N, D).   a: (|A|, D).   b: (|B|, D).

    Returns:
        (N,).
    """
    return cosines(words, a).mean(axis=1) - cosines(words, b).mean(axis=1)


def pooled_spread(x: np.ndarray, y: np.ndarray) -> float:
    """Compute the standard deviation of the associations of X and Y together (ddof 0)."""
    return float(np.concatenate([x, y]).std())


def effect_size(x: np.ndarray, y: np.ndarray) -> float:
    """Compute d = (mean of s over X - mean of s over Y) / standard deviation of s over X and Y together.

    The deviation is that of the words at hand, divided by their number (ddof 0): the formula's set is all of X and Y
    and no sample of more. So d lies between -2 and 2 where X and Y are equally large (else between -1 / sqrt(q (1 - q))
    and its opposite, q being X's share of the words). Divided by one less, 16 words would give a d 3 % nearer to 0.

    Args:
        x: (|X|,) associations s(w, A, B).   y: (|Y|,).

    Returns:
        d; 0 where all associations are equal.
    """
    spread = pooled_spread(x, y)
    # Equal associations differ by rounding only, which is no scale to measure in.
    same = spread <= 1e-12 * max(1e-300, float(np.abs(np.concatenate([x, y])).max()))
    return 0.0 if same else float((x.mean() - y.mean()) / spread)


@dataclass(frozen=True)
class Permutations:
    """The permutation distribution of the difference between the means of X and Y.

    Attributes:
        observed: mean of s over X - mean of s over Y.
        values: (P,) the same for each split of all words into parts as large as X and Y.
        reached: how many of `values` are at least `observed`.
        p: one-sided, as the paper's: the share of splits that reach `observed`, it itself among them, so never 0.
        far: how many of `values` lie at least as far from 0 as `observed`, on either side.
        two_sided: the share of these.
        reach: the least distance from 0 within which 1 - `LEVEL` of `values` lie.
        exact: whether `values` are all splits there are; else a sample drawn with a seed.
        splits: how many there are.
        draws: how many of them were looked at.
    """

    observed: float
    values: Array
    reached: int
    p: float
    far: int
    two_sided: float
    reach: float
    exact: bool
    splits: int
    draws: int


def reaching(values: np.ndarray, observed: float) -> NDArray[np.bool_]:
    """Return which of `values` are at least `observed`, up to rounding in the order of summation."""
    found: NDArray[np.bool_] = values >= observed - 1e-12 * max(1.0, abs(observed))
    return found


def permutation_test(
    x: np.ndarray, y: np.ndarray, *, seed: int = 0, exact: int = EXACT, draws: int = DRAWS
) -> Permutations:
    """Run a permutation test of X's mean association above Y's, and of its distance from Y's on either side.

    Where there are at most `exact` splits, each is looked at and p is the share that reaches the observed difference
    (the paper counts those beyond it only, so that its p may be 0). Else `draws` of them are drawn at random, and
    p = (1 + those that reach it) / (1 + draws): the observed split counts as one of them (Phipson & Smyth 2010).
    The paper's statistic is the difference of sums over X and Y of equal size; the difference of means orders those
    splits alike, and also serves where missing words have left X and Y unequal.

    Args:
        x: (|X|,) associations.   y: (|Y|,).

    Raises:
        ValueError: X or Y is empty.
    """
    if not len(x) or not len(y):
        raise ValueError("a permutation test needs at least one word on either side")
    pooled = np.concatenate([x, y]).astype(np.float64)
    many = math.comb(len(pooled), len(x))
    everything = many <= exact
    fewer = min(len(x), len(y))  # a split is represented by its smaller part
    parts = _every_split(len(pooled), fewer) if everything else _drawn(len(pooled), fewer, draws, seed)
    sums = pooled[parts].sum(axis=1)
    if fewer < len(x):
        sums = pooled.sum() - sums
    values = sums / len(x) - (pooled.sum() - sums) / len(y)
    observed = float(x.mean() - y.mean())
    reached, far = (
        int(reaching(*one).sum()) for one in ((values, observed), (np.abs(values), abs(observed)))
    )
    p, two_sided = (one / many if everything else (1 + one) / (1 + draws) for one in (reached, far))
    # The least of the values that so many do not exceed: what lies beyond it has a two-sided p of at most `LEVEL`.
    reach = float(np.quantile(np.abs(values), 1 - LEVEL, method="inverted_cdf"))
    return Permutations(observed, values, reached, p, far, two_sided, reach, everything, many, len(values))


@lru_cache(maxsize=8)
def _every_split(words: int, chosen: int) -> NDArray[np.int16]:
    """List every choice of `chosen` words of all: (P, chosen); shared and read-only, at most 4 MB."""
    flat = chain.from_iterable(combinations(range(words), chosen))
    found = np.fromiter(flat, dtype=np.int16, count=math.comb(words, chosen) * chosen).reshape(-1, chosen)
    found.flags.writeable = False
    return found


@lru_cache(maxsize=8)
def _drawn(words: int, chosen: int, draws: int, seed: int) -> NDArray[np.int16]:
    """Draw choices uniformly at random: (draws, chosen); shared and read-only."""
    chance = np.random.default_rng(seed)
    found = []
    for first in range(0, draws, _AT_ONCE):
        order = chance.random((min(_AT_ONCE, draws - first), words), dtype=np.float32)
        found.append(order.argpartition(chosen - 1, axis=1)[:, :chosen].astype(np.int16))
    every = np.concatenate(found)
    every.flags.writeable = False
    return every


RULE = Rule(
    mark("A test: “beyond chance”, “within chance: no finding”, “not conclusive”"),
    mark(
        "How far the mean association of X lies from that of Y, on either side, and how many splits of the "
        "same words into two such lists put their means as far apart: two-sided p. The published p is "
        "one-sided (X above Y only)."
    ),
    later(
        "Beyond chance: two-sided p of at most {level}; the grey bar is the same rule drawn, {share} of the "
        "splits. Not conclusive, whatever p: under {least} of one of the four lists is in the table.",
        level=f"{LEVEL:g}",
        share=percent(1 - LEVEL),
        least=percent(LEAST),
    ),
    later(
        "The words of X and Y that the table has; all their splits up to {exact}, else {draws} drawn with "
        "seed 0.",
        exact=f"{EXACT:,}",
        draws=f"{DRAWS:,}",
    ),
    later(
        "None: each test is one that was published on its own. Of ten tests of nothing, {passed} would pass "
        "on average.",
        passed=f"{10 * LEVEL:g}",
    ),
    mark("Caliskan, Bryson & Narayanan 2017; p of drawn splits as in Phipson & Smyth 2010"),
    permutation_test,
)


# ------------------------------------------------------------------------------------------- on a table of words


@dataclass(frozen=True)
class Found:
    """A list of words as found in a table.

    Attributes:
        asked: the words of the list, each once.
        words: those that the test uses, as they were written; rows: their rows in the table.
        missing: those that the table does not have.
        shared: those left out because they stand in another list, too.
    """

    name: str
    asked: tuple[str, ...]
    words: tuple[str, ...]
    rows: tuple[int, ...]
    missing: tuple[str, ...]
    shared: tuple[str, ...]

    @property
    def share(self) -> float:
        """The used share of the words that were asked for."""
        return len(self.words) / max(1, len(self.asked))


@dataclass(frozen=True)
class Measured:
    """The test's result on a table of words.

    Attributes:
        lists: X, Y, A, B as they were found.
        cosines: (|X| + |Y|, |A| + |B|) of each target with each attribute.
        x, y: (|X|,), (|Y|,) associations of the targets.
        spread: standard deviation of x and y together (ddof 0).
        d: the effect size.
    """

    lists: tuple[Found, Found, Found, Found]
    cosines: Array
    x: Array
    y: Array
    spread: float
    d: float
    chance: Permutations

    @property
    def short(self) -> tuple[Found, ...]:
        """The lists of which the table has less than `LEAST`."""
        return tuple(one for one in self.lists if one.share < LEAST)

    @property
    def conclusive(self) -> bool:
        """Whether enough of every list was found for a conclusion about it."""
        return not self.short

    @property
    def beyond_chance(self) -> bool:
        """Whether the two-sided p is at most `LEVEL`."""
        return self.chance.two_sided <= LEVEL


def find(table: StaticVectors, lists: Lists) -> tuple[Found, Found, Found, Found]:
    """Find the words of a test in a table. Two spellings of one row count as one word.

    A word in both lists of a pair belongs to neither side, and is left out of both. A target that is an attribute, too,
    is left out of the targets: its cosine with itself is 1 whatever the table holds.
    """
    x, y, a, b = (_rows(table, words) for words in lists.all)
    out = (set(y) | set(a) | set(b), set(x) | set(a) | set(b), set(b), set(a))
    found = [_found(table, *one) for one in zip(lists.all, (x, y, a, b), out)]
    return found[0], found[1], found[2], found[3]


def measure(
    table: StaticVectors, lists: Lists, seed: int = 0, direction: Direction | None = None
) -> Measured:
    """Run the whole test on a table's vectors.

    Args:
        direction: removed from every vector first, those of the attributes, too; None: nothing is removed.

    Raises:
        TooFewWords: fewer than two words of a target list, or none of an attribute list, are left.
    """
    found = find(table, lists)
    for one, least in zip(found, (2, 2, 1, 1)):
        if len(one.words) < least:
            raise TooFewWords(_too_few(one, least, table.name))
    vectors = [table.vectors[list(one.rows)] for one in found]
    x, y, a, b = vectors if direction is None else (remove(one, direction.vector) for one in vectors)
    every = cosines(np.concatenate([x, y]), np.concatenate([a, b]))  # (|X| + |Y|, |A| + |B|)
    on_x, on_y = association(x, a, b), association(y, a, b)
    chance = permutation_test(on_x, on_y, seed=seed)
    return Measured(found, every, on_x, on_y, pooled_spread(on_x, on_y), effect_size(on_x, on_y), chance)


def _rows(table: StaticVectors, words: WordList) -> dict[int, str]:
    """Map rows to words as they were first written."""
    rows: dict[int, str] = {}
    for word in words.words:
        if word in table:
            rows.setdefault(table.row(word), word)
    return rows


def _found(table: StaticVectors, words: WordList, rows: dict[int, str], left: set[int]) -> Found:
    missing = tuple(dict.fromkeys(word for word in words.words if word not in table))
    used = {row: word for row, word in rows.items() if row not in left}
    shared = tuple(word for row, word in rows.items() if row in left)
    return Found(words.name, (*rows.values(), *missing), tuple(used.values()), tuple(used), missing, shared)


def _too_few(one: Found, least: int, table: str) -> Later:
    name = later(one.name)
    if not one.asked:
        if least > 1:
            return later("the list “{name}” is empty: write two words or more into it", name=name)
        return later("the list “{name}” is empty: write a word into it", name=name)
    values = {
        "asked": len(one.asked), "name": name, "used": len(one.words), "table": table, "missing": len(one.missing),
        "shared": len(one.shared), "least": least,
    }  # fmt: skip
    if len(one.asked) == 1:
        if one.shared:
            return later(
                "of the {asked} word of “{name}” the test can use {used}: {table} lacks {missing}, {shared} stand in "
                "another list, too. It needs {least}: write more common words into it, each in one list only",
                **values,
            )
        return later(
            "of the {asked} word of “{name}” the test can use {used}: {table} lacks {missing}. It needs {least}: write "
            "more common words into it, each in one list only",
            **values,
        )
    if one.shared:
        return later(
            "of the {asked} words of “{name}” the test can use {used}: {table} lacks {missing}, {shared} stand in "
            "another list, too. It needs {least}: write more common words into it, each in one list only",
            **values,
        )
    return later(
        "of the {asked} words of “{name}” the test can use {used}: {table} lacks {missing}. It needs {least}: write "
        "more common words into it, each in one list only",
        **values,
    )
