"""Residual information after the removal of a direction (Gonen & Goldberg 2019, "Lipstick on a Pig", sections 3 and 4).

A linear classifier predicts the side of the words farthest along the direction from their vectors without it. If it
succeeds on held-out words, the rest of the vectors still encodes the side. The control fits the same classifier on
shuffled labels.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.messages import later, mark
from core.vectors.association import unit
from core.vectors.debiasing import PAIRS, Direction, lean, remove
from core.vectors.probe import Accuracy, wilson
from core.vectors.static import StaticVectors
from core.vectors.word_lists import first_names, ten_tests
from core.verdict_rule import Rule

Array = NDArray[np.float64]

SIDE = 400  # words of either side
FOLDS = 10
SHUFFLES = 200
FEW = 10  # training words of either side for a classifier with few
_PENALTY = 1.0
_NAMELIKE = 0.3  # minimum cosine with the mean of the known first names for a word to count as a name

# Words with gender in their meaning, beyond the pairs and the tests' lists: separating them is no bias.
GENDERED = (
    "abortion actor actress aunt bachelor ballerina baroness beard boyfriend boyfriends boyhood boys breast "
    "breastfeeding breasts bride brides bro brother brotherhood brothers businessman businessmen businesswoman "
    "cameraman chairman chairmen chairwoman cheerleader cheerleaders chromosome congressman congressmen congresswoman "
    "councilman councilwoman countess cowboy cowboys dad daddy daughters diva duchess duke earl emperor empress "
    "estrogen father fatherhood fathers female females feminine femininity feminism feminist feminists fetus fiance "
    "fiancee fiancée fireman fishermen fraternity freshmen gentleman gentlemen gentlewoman girlfriend girlfriends "
    "girls godfather gown granddaughter granddaughters grandfather grandma grandmother grandpa grandson grandsons "
    "guys gynecologist heir heiress heroine hers herself himself horsemen hostess housewife housewives husband "
    "husbands king kings lactation lad ladies lads lady lesbian lesbians lingerie macho madam maid maiden male males "
    "mama manhood masculine masculinity maternal maternity matriarch men menopause mens midwife midwives mistress mom "
    "mommies mommy moms monastery monk monks motherhood mothers mr mrs ms mum nephew nephews niece nieces nude nun "
    "nuns obstetrics ovarian pa papa paternal paternity patriarch policeman policemen policewoman pornographic "
    "pornography pregnancy pregnant prince princes princess princesses prostate prostitute prostitutes prostitution "
    "queen queens schoolboy schoolgirl sexes sir sisterhood sisters sons sorority sperm spokesman spokesmen "
    "spokeswoman stepdaughter stepfather stepmother stepson stepsons testicular testosterone transgender uncle uncles "
    "uterus vagina vaginal waiter waitress widow widower widows wife witch witches wives woman womb women womens"
).split()


@dataclass(frozen=True)
class Leftover:
    """The accuracy of separating the two sides.

    Attributes:
        words: (2 N,) those that leaned most to the pairs' second words, then those that leaned most to the first.
        before, after: held-out words on the right side, with the vectors whole and without the direction.
        control: (low, mean, high) of the held-out share with shuffled labels, without the direction: 95 % of the
            shuffles lie between low and high.
        shuffles: how many there were.
    """

    words: tuple[str, ...]
    before: Accuracy
    after: Accuracy
    control: tuple[float, float, float]
    shuffles: int

    @property
    def beyond_chance(self) -> bool:
        """Whether the accuracy without the direction is significant: the whole interval above the control's."""
        return self.after.low > self.control[2]


def leaning(table: StaticVectors, direction: Direction, side: int = SIDE) -> NDArray[np.int64]:
    """Choose the words that lean most to the pairs' second words, then those to the first: (2 n,) rows.

    n is `side`, or a quarter of the words there are to choose from where that is less. Left out are words with anything
    but letters, of fewer than three, those that tell a gender by their meaning, and first names, as far as they are
    known or lie near the known ones.

    Raises:
        ValueError: too few words to hold any out; the message says how many there are.
    """
    rows = np.flatnonzero(_usable(table))
    side = min(side, len(rows) // 4)
    if side < FOLDS:
        raise ValueError(
            later(
                "{table} has {count} words to choose from, and at least {least} are needed to tell its two sides "
                "apart: a larger table has them",
                table=table.name,
                count=f"{len(rows):,}",
                least=4 * FOLDS,
            )
        )
    order = rows[np.argsort(-lean(table, direction)[rows], kind="stable")]
    return np.concatenate([order[:side], order[: -side - 1 : -1]])


def told_apart(
    vectors: np.ndarray, labels: np.ndarray, folds: int = FOLDS, seed: int = 0
) -> NDArray[np.int64]:
    """Count the words that cross-validated classifiers put on their right side.

    A linear classifier by least squares with a penalty on its weights (ridge), on vectors at length 1: each fold is
    judged by one that was fitted on all others.

    Args:
        vectors: (N, D).   labels: (N,) or (N, S) of +1 and -1: each column is a task of its own.

    Returns:
        (S,) how many of the N words are right.
    """
    wanted = labels.reshape(len(labels), -1).astype(np.float64)  # (N, S)
    x = unit(vectors)  # frequent words have long vectors, and should not get larger weights
    order = np.random.default_rng(seed).permutation(len(x))
    right = np.zeros(wanted.shape[1], dtype=np.int64)
    for part in np.array_split(order, folds):
        rest = np.setdiff1d(order, part)
        said = _fitted(x[rest], wanted[rest], x[part])  # (n, S)
        right += ((said > 0) == (wanted[part] > 0)).sum(axis=0)
    return right


def leftover(
    table: StaticVectors,
    direction: Direction,
    *,
    side: int = SIDE,
    folds: int = FOLDS,
    shuffles: int = SHUFFLES,
    seed: int = 0,
) -> Leftover:
    """Measure the separation of the two sides before and after the direction is removed.

    Raises:
        ValueError: as `leaning`.
    """
    rows = leaning(table, direction, side)
    labels = np.repeat([1.0, -1.0], len(rows) // 2)
    bare = remove(table.vectors[rows], direction.vector)
    before = told_apart(table.vectors[rows], labels, folds, seed)
    after = told_apart(bare, labels, folds, seed)
    chance = np.random.default_rng(seed + 1)
    mixed = np.stack([chance.permutation(labels) for _ in range(shuffles)], axis=1)  # (N, S)
    shares = told_apart(bare, mixed, folds, seed) / len(rows)
    low, high = np.quantile(shares, [0.025, 0.975])
    return Leftover(
        tuple(table.words[row] for row in rows),
        wilson(int(before[0]), len(rows)),
        wilson(int(after[0]), len(rows)),
        (float(low), float(shares.mean()), float(high)),
        shuffles,
    )


def told_by_few(
    table: StaticVectors,
    direction: Direction,
    few: int = FEW,
    *,
    side: int = SIDE,
    draws: int = 40,
    seed: int = 0,
) -> tuple[float, int]:
    """Measure the accuracy without the direction of classifiers trained on only `few` words of either side.

    Returns:
        The mean share over as many draws of those words, each judged on all others; and how many others there are.

    Raises:
        ValueError: as `leaning`.
    """
    rows = leaning(table, direction, side)
    half = len(rows) // 2
    few = min(few, half - 1)
    x, wanted = unit(remove(table.vectors[rows], direction.vector)), np.repeat([1.0, -1.0], half)[:, None]
    chance = np.random.default_rng(seed)
    shares = []
    for _ in range(draws):
        seen = np.concatenate([chance.choice(half, few, False), half + chance.choice(half, few, False)])
        rest = np.setdiff1d(np.arange(len(rows)), seen)
        shares.append(((_fitted(x[seen], wanted[seen], x[rest]) > 0) == (wanted[rest] > 0)).mean())
    return float(np.mean(shares)), len(rows) - 2 * few


def _fitted(x: Array, wanted: Array, asked: Array) -> Array:
    """Fit ridge regression on (x, wanted) and predict `asked`: (n, S)."""
    middle, level = x.mean(axis=0), wanted.mean(axis=0)
    centred = x - middle
    gram = centred.T @ centred + _PENALTY * np.eye(x.shape[1])
    weights = np.linalg.solve(gram, centred.T @ (wanted - level))  # (D, S)
    found: Array = (asked - middle) @ weights + level
    return found


def _usable(table: StaticVectors) -> NDArray[np.bool_]:
    """Return whether a word may be used: (V,)."""
    told: Collection[str] = {
        *GENDERED, *first_names(), *(word.lower() for pair in PAIRS for word in pair),
        *(word.lower() for test in ten_tests() if test.number in (7, 8) for side in (test.lists.a, test.lists.b)
          for word in side.words),
    }  # fmt: skip
    plain = np.array(
        [
            word.strip().isalpha() and len(word.strip()) > 2 and word.strip().lower() not in told
            for word in table.words
        ]
    )
    names = [table.row(name) for name in sorted(first_names()) if name in table]
    if not names:
        return plain
    near = table.cosines(table.unit(np.array(names)).mean(axis=0))
    namelike: NDArray[np.bool_] = near >= _NAMELIKE
    return plain & ~namelike


RULE = Rule(
    mark("What a projection leaves: “still lie near each other”, or “does not surely find more”"),
    later(
        "The share of held-out words that a linear classifier puts on their old side ({folds}-fold "
        "cross-validation, without the direction).",
        folds=FOLDS,
    ),
    mark(
        "Found: Wilson’s whole 95 % interval of that share lies above 95 % of the shares that shuffled "
        "labels give."
    ),
    later(
        "Up to {side} words of either side, those that leaned most; {shuffles} shuffles of the labels.",
        side=SIDE,
        shuffles=SHUFFLES,
    ),
    mark("None: one verdict."),
    "Gonen & Goldberg 2019; Wilson 1927",
    leftover,
)
