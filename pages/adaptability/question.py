"""The Adaptability page's question: a pair is told, then told otherwise. Which partner does the model name?"""

from __future__ import annotations

from dataclasses import dataclass

from app.controls.predict import Answer
from app.models import cache
from core.analysis.tasks.in_context import MODELS, Asked, Game, Round, rounds
from pages.adaptability import games
from pages.adaptability.games import Shown, weighed

OPTIONS = ("The first", "The last", "Another")
GAME: Game = "pairs"


@dataclass(frozen=True)
class Question:
    """Four pairs, then the asked one once more with another partner, then the question."""

    text: str
    prompt: str
    options: tuple[str, ...]
    first: str
    last: str

    def judge(self) -> Answer:
        """The right option, with the shares of all answers."""
        shares: list[float] = cache.call(weighed, cache.key(MODELS[GAME]), self.prompt, self.options)
        best = self.options[max(range(len(shares)), key=shares.__getitem__)]
        index = 0 if best == self.first else 1 if best == self.last else 2
        told = ", ".join(f"`{word}` {share:.3f}" for word, share in zip(self.options, shares))
        return Answer(
            index,
            f"{MODELS[GAME]} says {told}. Nothing was learned: only the prompt has changed.",
            {f"share of {word}": share for word, share in zip(self.options, shares)},
        )


def ask(what: Shown) -> Question:
    """About the pairs that are looked at; about drawn ones where the game is another."""
    if what.game == GAME:
        played, asked = what.played, what.asked
    else:
        played = rounds(GAME, 1, games.SEED)[0]
        asked = played.questions[0]
    return told_twice(played, asked)


def told_twice(played: Round, asked: Asked) -> Question:
    """The question: the partner of another pair is told as that of the asked word, last."""
    first = asked.options[asked.right]
    last = asked.options[(asked.right + 1) % len(asked.options)]
    examples = list(dict.fromkeys(played.examples))
    twice = Round(GAME, (*examples, f"{asked.text} {last})"), (asked,))
    prompt = twice.prompt(asked, len(twice.examples))
    text = f"Told first: `{asked.text} {first})`; at the end: `{asked.text} {last})`. Which does {MODELS[GAME]} name?"
    return Question(text, prompt, asked.options, first, last)
