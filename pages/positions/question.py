"""Ask the Positions page's question: in yet another order, which reading of the text changes more?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app import questions
from app.controls.predict import Answer
from core.analysis.positions.shuffle import shuffle
from core.language_model import LanguageModel
from core.messages import say
from pages.positions.order import Order


@dataclass(frozen=True)
class Question:
    """Hold what is asked: how far the tokens' vectors move in order `seed`, with positions and without."""

    asked: questions.Asked
    seed: int
    keep_last: bool
    both: bool  # the model has positions, so that there are two readings
    shows: Mapping[str, str | int]

    def judge(self, lm: LanguageModel, text: str, target: str | None) -> Answer:
        """Find which reading changes more: the mean change of a token's vector in each."""
        found = shuffle(lm, text, seed=self.seed, target=target, keep_last=self.keep_last)
        first = found.way("as it is")
        moved = float(first.change.mean())
        if not self.both:
            return self.asked.answer(
                "same" if first.same else "change", {"moved": moved}, self.shows, moved=_percent(moved)
            )
        plain = found.way("without positions")
        other = float(plain.change.mean())
        alike = (first.same and plain.same) or questions.is_same(moved, other)
        key = "alike" if alike else "with" if moved > other else "without"
        return self.asked.answer(
            key, {"moved": moved, "without": other}, self.shows,
            moved=_percent(moved), moved_without=_percent(other),
        )  # fmt: skip


def ask(lm: LanguageModel, order: Order, seed: int) -> Question:
    """Ask about the order after the one that the picture shows.

    Args:
        seed: of the picture's order.
    """
    what = say("words of the source") if lm.config.shape == "encoder-decoder" else say("words")
    coming = (seed + 1) % 10_000
    both = "without positions" in [one.way for one in order.found.ways]
    if both:
        asked = questions.ask("positions", "which-reading", what=what)
    else:
        asked = questions.ask("positions", "no-positions", what=what)
    return Question(asked, coming, order.kept, both, {"draw": coming})


def _percent(value: float) -> str:
    return f"{value:.1%}".replace("%", " %")
