"""The Adaptability page's question: how far a few vectors in front of the text come, where nothing else is learned.

While prompts are looked at: a pair is told, then told otherwise. Which partner does the model name?
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app import questions
from app.controls.predict import Answer, draw
from app.counts import counted
from app.markup import mono
from app.models import cache
from app.session import state
from app.session.state import Value
from core.analysis.seeds import Interval, apart
from core.analysis.tasks.in_context import MODELS, Asked, Round
from core.messages import say
from core.runs import adaptations
from core.runs.adaptations import Place
from core.training import adapting
from pages.adaptability import studies
from pages.adaptability.figure import STEPS
from pages.adaptability.games import GAME, Shown, weighed


@dataclass(frozen=True)
class Vectors:
    """Ask what so many vectors in front of the text bring, beside a head alone and beside every weight."""

    said: questions.Asked
    at: int

    @property
    def about(self) -> tuple[object, ...]:
        """What decides the answer."""
        return (self.at,)

    def judge(self) -> Answer:
        """Compare the recorded runs of all seeds."""
        found = worth(self.at)
        key = "head" if apart(found["prompt"].shares, found["frozen"].shares) <= 0 else "between"
        if apart(found["prompt"].shares, found["full"].shares) >= 0:
            key = "full"
        numbers: dict[str, float | int | str] = {way: place.interval.mean for way, place in found.items()}
        return self.said.answer(
            key, numbers, {"stage": STEPS.index("prompt")}, examples=adapting.SOME, seeds=len(adapting.SEEDS),
            numbers_learned=found["prompt"].trained - found["prompt"].head,
            **{way: percent(place.interval) for way, place in found.items()},
        )  # fmt: skip

    def another(self, seed: int) -> Mapping[str, Value]:
        """Ask about another number of vectors."""
        return {"front": draw(seed, adapting.places("prompt"), self.at)}


@dataclass(frozen=True)
class ToldTwice:
    """Ask after four pairs, the asked one told once more with another partner."""

    said: questions.Asked
    prompt: str
    options: tuple[str, ...]
    first: str
    last: str

    @property
    def about(self) -> tuple[object, ...]:
        """What decides the answer."""
        return (self.prompt, self.options)

    def judge(self) -> Answer:
        """Find the right option, with the shares of all answers."""
        shares: list[float] = cache.call(weighed, cache.key(MODELS[GAME]), self.prompt, self.options)
        best = self.options[max(range(len(shares)), key=shares.__getitem__)]
        key = "first" if best == self.first else "last" if best == self.last else "another"
        told = ", ".join(f"{mono(word)} {share:.3f}" for word, share in zip(self.options, shares))
        numbers: dict[str, float | int | str] = {
            f"share of {word}": share for word, share in zip(self.options, shares)
        }
        return self.said.answer(key, numbers, told=told)

    def another(self, seed: int) -> Mapping[str, Value]:
        """Draw other words."""
        return {
            "lot": (int(state.get("lot")) + 1 + seed) % 10_000,
            "game": GAME,
            "solved": "",
            "sought": "",
        }


def worth(at: int) -> dict[str, Place]:
    """Return what so many vectors in front came to, and what stands beside them in the same study."""
    found = {way: adaptations.curve("prompt", way) for way in ("prompt", "frozen", "full")}
    return {way: next(place for place in places if place.at == at) for way, places in found.items()}


def percent(one: Interval) -> str:
    """Write a share with its interval."""
    return say(
        "{mean} % ({low} to {high})",
        mean=f"{100 * one.mean:.0f}", low=f"{100 * one.low:.0f}", high=f"{100 * one.high:.0f}",
    )  # fmt: skip


def ask(step: str, what: Shown, at: int) -> Vectors | ToldTwice:
    """Ask about vectors in front; while the prompts of pairs are looked at, about a pair that is told twice.

    Args:
        at: how many vectors.
    """
    if step == "context" and what.game == GAME:
        return told_twice(what.played, what.asked)
    vectors = say("one vector") if at == 1 else counted(at, "vector")
    return Vectors(questions.ask("adaptability", "vectors", vectors=vectors, base=mono(studies.BASE)), at)


def told_twice(played: Round, asked: Asked) -> ToldTwice:
    """Ask: the partner of another pair is told as that of the asked word, last."""
    first = asked.options[asked.right]
    last = asked.options[(asked.right + 1) % len(asked.options)]
    examples = list(dict.fromkeys(played.examples))
    twice = Round(GAME, (*examples, f"{asked.text} {last})"), (asked,))
    prompt = twice.prompt(asked, len(twice.examples))
    said = questions.ask(
        "adaptability", "told-twice", one=mono(f"{asked.text} {first})"), other=mono(f"{asked.text} {last})"),
        model=MODELS[GAME],
    )  # fmt: skip
    return ToldTwice(said, prompt, asked.options, first, last)
