"""Scores of a text-to-text model on its tasks, by the ground truth that each example brings along.

translate   exact: one of the tellings that the generator allows for these events
summarize   wish, turn, end: what the text says of each, by replaying the story; all: all three
question    exact: the answer, word for word
sentiment   exact: "positive" or "negative"
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from core.data.tasks import TASKS, Pair, Split
from core.decoding.together import answers
from core.vectors.probe import Accuracy, wilson

if TYPE_CHECKING:
    from core.language_model import LanguageModel

FIRST_SEED = 900_000_000  # seed of the scored examples: far from those of any training


@dataclass(frozen=True)
class Judged:
    """One example with what was written for it.

    right: what was asked of it -> whether it is so.   group: the kind of example.
    """

    pair: Pair
    written: str
    right: dict[str, bool]
    group: str


@dataclass(frozen=True)
class Score:
    """Right answers with their 95 % intervals (Wilson 1927): of all examples, and by kind of example.

    all: what is asked -> share.   groups: kind -> what is asked -> share.
    """

    all: dict[str, Accuracy]
    groups: dict[str, dict[str, Accuracy]]


def examples(
    name: str,
    count: int,
    seed: int = FIRST_SEED,
    split: Split = "held_out",
    skip: frozenset[str] = frozenset(),
) -> list[Pair]:
    """Generate the first `count` pairs of a task, each source once; sources in `skip` are left out.

    Raises:
        ValueError: no task has that name.
    """
    if name not in TASKS:
        raise ValueError(f"no task is called {name!r}: choose among {', '.join(TASKS)}")
    seen = set(skip)
    found: list[Pair] = []
    for pair in islice(TASKS[name].pairs(seed, split), 100 * count):
        if pair.source not in seen:
            seen.add(pair.source)
            found.append(pair)
        if len(found) == count:
            break
    return found


def judge(name: str, pair: Pair, written: str) -> Judged:
    """Judge what is right in `written`, ignoring spaces at its ends."""
    right, group = _JUDGES[name](written.strip(), pair)
    return Judged(pair, written.strip(), right, group)


def tried(lm: LanguageModel, name: str, pairs: Sequence[Pair]) -> list[Judged]:
    """Generate the model's own answers to `pairs`, greedily, and judge them.

    Raises as `core.decoding.together.answers`.
    """
    written = answers(lm, [pair.source for pair in pairs])
    return [judge(name, pair, text) for pair, text in zip(pairs, written, strict=True)]


def score(judged: Sequence[Judged]) -> Score:
    """Compute the shares of what is right.

    Raises:
        ValueError: there is nothing to count.
    """
    if not judged:
        raise ValueError("there is no example to score")
    groups = sorted({one.group for one in judged})
    return Score(
        _shares(judged),
        {group: _shares([one for one in judged if one.group == group]) for group in groups},
    )


def _shares(judged: Sequence[Judged]) -> dict[str, Accuracy]:
    return {asked: wilson(sum(one.right[asked] for one in judged), len(judged)) for asked in judged[0].right}


def _translation(written: str, pair: Pair) -> tuple[dict[str, bool], str]:
    return {"exact": written in pair.truth.allowed}, ""


def _summary(written: str, pair: Pair) -> tuple[dict[str, bool], str]:
    from core.data.toyland.summaries import facts_right

    facts = facts_right(written, pair.truth)
    right = {"wish": facts.wish, "turn": facts.turn, "end": facts.end, "all": facts.all_right}
    return right, str(pair.truth.story.arc)


def _answer(written: str, pair: Pair) -> tuple[dict[str, bool], str]:
    return {"exact": written == pair.target}, str(pair.truth.kind)


def _sentiment(written: str, pair: Pair) -> tuple[dict[str, bool], str]:
    review: Any = pair.truth
    group = "contrast" if review.contrast else "negation" if review.negation else "plain"
    return {"exact": written == pair.target}, group


_JUDGES: dict[str, Callable[[str, Pair], tuple[dict[str, bool], str]]] = {
    "translate": _translation,
    "summarize": _summary,
    "question": _answer,
    "sentiment": _sentiment,
}
