"""The Positions page's question: yet another order, read without positions, and one probability."""

from __future__ import annotations

from dataclasses import dataclass

from app import widgets
from app.components.positions.order import Order
from app.predict import Answer
from core.analysis.shuffle import Way, shuffle
from core.language_model import LanguageModel

OPTIONS = ("Higher", "Lower", "The same")
UNSAID = ("Change", "Stay the same, each with its token")  # of a bare encoder's vectors


@dataclass(frozen=True)
class Question:
    """What is asked: the probability of `token` at `row` of the predictions, in the order of `seed`, read in `way`.

    token: -1: of a bare encoder; asked is whether its vectors change.
    """

    text: str
    way: Way
    seed: int
    keep_last: bool
    row: int
    token: int

    @property
    def options(self) -> tuple[str, ...]:
        """What may be answered."""
        return OPTIONS if self.token >= 0 else UNSAID

    def judge(self, lm: LanguageModel, text: str, target: str | None) -> Answer:
        """The right option, with the probability before and after."""
        found = shuffle(lm, text, seed=self.seed, target=target, keep_last=self.keep_last).way(self.way)
        causal = lm.config.shape == "decoder" and lm.config.causal
        if found.same:
            reason = (
                "Every vector is the same: without positions attention weighs a set, and a set has no order."
            )
            if causal:
                reason = "There is no other order to read."
        elif self.way == "as it is":
            reason = "The model is told no positions, yet its causal mask shows each token other tokens than before."
        else:
            reason = "Positions are gone, but the causal mask is not: each token still sees only what stands before it."
        if self.token < 0:
            most = float(found.change.max())
            told = f"The largest change is {most:.3f} of the usual length. "
            if not found.same:
                reason = "Its positions tell each token another place, and all read each other."
            return Answer(int(found.same), told + reason, {"change": most})
        before, after = (float(rows[self.row, self.token]) for rows in (found.before, found.after))
        index = 2 if found.same else 0 if after > before else 1
        return Answer(index, f"It was {before:.3f} and is {after:.3f}. {reason}", {
            "before": before, "after": after, "token": self.token,
        })  # fmt: skip


def ask(lm: LanguageModel, order: Order, seed: int) -> Question:
    """About the order after the one that the picture shows.

    Args:
        seed: of the picture's order.
    """
    ways = [found.way for found in order.found.ways]
    way: Way = "without positions" if "without positions" in ways else "as it is"
    what = "source" if lm.config.shape == "encoder-decoder" else "words"
    how = "Take positions away" if way == "without positions" else "No positions are told"
    asked = "the vectors of the tokens …"
    if order.token >= 0:
        word = widgets.mono(widgets.visible(lm.tokenizer.display(order.token)))
        asked = f"the probability of {word} becomes …"
    text = f"{how} and shuffle the {what} once more: {asked}"
    return Question(text, way, (seed + 1) % 10_000, order.kept, order.row, order.token)
