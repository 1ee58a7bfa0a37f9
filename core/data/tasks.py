"""Tasks as text to text (Raffel et al. 2020, section 2.4): a prefix says what to do, the answer is a text, too.

    translate English to Spanish: The dog sleeps.   ->   El perro duerme.

Every pair comes from Toyland with the truth it was told from, so that an answer can be judged by what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.messages import say

Split = Literal["train", "held_out"]

SPANS = "spans"  # not a task of its own: hidden spans of the corpus, mixed in among the tasks


@dataclass(frozen=True)
class Pair:
    """The source with its prefix, the target, and Toyland's ground truth about it."""

    source: str
    target: str
    truth: Any


@dataclass(frozen=True)
class Task:
    """A task by its name.

    prefix: what a source begins with.   what: the task in one sentence.
    share: of the examples where a spec names no shares.   characters: of a source and of a target, on average.
    """

    name: str
    prefix: str
    what: str
    share: float
    characters: tuple[int, int]
    _told: Callable[[int, Split], Iterator[tuple[str, str, Any]]]

    def pairs(self, seed: int = 0, split: Split = "train") -> Iterator[Pair]:
        """Yield endless pairs, the same for the same seed. Held out are combinations, as in the tales.

        Raises:
            ValueError: no split has that name, at the call.
        """
        if split not in ("train", "held_out"):
            raise ValueError(f"no split is called {split!r}: choose one of train, held_out")
        return (Pair(self.prefix + read, written, truth) for read, written, truth in self._told(seed, split))


def _translate(seed: int, split: Split) -> Iterator[tuple[str, str, Any]]:
    from core.data.toyland.spanish import translations

    return ((one.english, one.spanish, one) for one in translations(seed, split))


def _summarize(seed: int, split: Split) -> Iterator[tuple[str, str, Any]]:
    from core.data.toyland.summaries import summarized

    return ((one.text, one.summary, one) for one in summarized(seed, split))


def _question(seed: int, split: Split) -> Iterator[tuple[str, str, Any]]:
    from core.data.toyland.asked import asked

    return ((f"{one.question} context: {one.context}", one.answer, one) for one in asked(seed, split))


def _sentiment(seed: int, split: Split) -> Iterator[tuple[str, str, Any]]:
    from core.data.toyland.reviews import reviews

    return ((one.text, one.sentiment, one) for one in reviews(seed, split))


TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(
            "translate",
            "translate English to Spanish: ",
            "Sentences of Toyland, told in Spanish.",
            0.5,
            (88, 61),
            _translate,
        ),
        Task(
            "summarize", "summarize: ", "A story's wish, turning point and end.", 0.1, (952, 136), _summarize
        ),
        Task(
            "question",
            "question: ",
            "What some sentences of a story say: where, who, why, what first, yes or no.",
            0.2,
            (255, 9),
            _question,
        ),
        Task(
            "sentiment",
            "sentiment: ",
            "Whether a review is positive or negative.",
            0.1,
            (101, 8),
            _sentiment,
        ),
    )
}
SPANS_SHARE = 0.1
_SPAN_CHARACTERS = (270, 65)


def names() -> list[str]:
    """List what a mixture may hold: the tasks, and hidden spans."""
    return [*TASKS, SPANS]


def asks(text: str) -> bool:
    """Return whether a text begins with the prefix of a task."""
    return any(text.startswith(task.prefix.rstrip()) for task in TASKS.values())


def prefixes(card: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the prefix of each task that a model, or a run, was trained on, by its card."""
    spec = card.get("spec")
    learned = spec.get("tasks") if isinstance(spec, Mapping) else None
    if not isinstance(learned, Sequence) or isinstance(learned, str):
        return ()
    return tuple(TASKS[name].prefix for name, *_ in learned if name in TASKS)


def missing(text: str, card: Mapping[str, Any]) -> str:
    """Return what a text lacks for a model of these tasks, in words; "" where it has a prefix, or the model knows none.

    Args:
        card: of the model, or of a run.
    """
    from core.text.training import sentinel

    fronts = [f"“{prefix.strip()}”" for prefix in prefixes(card)]
    if not fronts or asks(text) or sentinel(0) in text:  # hidden spans are a task, too, without a prefix
        return ""
    *some, last = fronts
    told = say("{some} or {last}", some=", ".join(some), last=last) if some else last
    return say(
        "No task stands in front of your text: this model has learned from texts that begin with {beginnings}",
        beginnings=told,
    )


def characters(name: str) -> tuple[int, int]:
    """Return the mean characters of a source and of a target."""
    return _SPAN_CHARACTERS if name == SPANS else TASKS[name].characters


def mixture(shares: Sequence[tuple[str, float]] = ()) -> Mapping[str, float]:
    """Normalize shares by task to add up to 1; () takes the tasks' own.

    Raises:
        ValueError: an unknown task, one named twice, or shares that are not positive.
    """
    if not shares:
        shares = [*((task.name, task.share) for task in TASKS.values()), (SPANS, SPANS_SHARE)]
    found = dict(shares)
    if unknown := sorted(set(found) - set(names())):
        raise ValueError(f"no task is called {unknown[0]!r}: choose among {', '.join(names())}")
    if len(found) < len(shares):
        raise ValueError("a task is named twice among the shares: name each once")
    if wrong := [name for name, share in found.items() if not share > 0]:
        raise ValueError(f"the share of {wrong[0]} must be above 0: leave out a task that is not wanted")
    total = sum(found.values())
    return {name: share / total for name, share in found.items()}
