"""Ask the Positions page's question: one probability in yet another order, against that in the order shown."""

from __future__ import annotations

from dataclasses import dataclass

from app import markup
from app.controls.predict import Answer
from core.analysis.health.component_ablation import missing
from core.analysis.positions.shuffle import Shuffled, Way, shuffle
from core.language_model import LanguageModel
from pages.positions.order import Order

ALIKE = 0.001  # of a probability: less is no difference here
OPTIONS = ("Higher", "Lower", f"The same, within {ALIKE:g}")
UNSAID = ("Change", "Stay the same, each with its token")  # of a bare encoder's vectors


@dataclass(frozen=True)
class Question:
    """Hold what is asked: the probability of `token` at `row` of the predictions, in order `seed`, read in `way`.

    Attributes:
        shown: the seed of the order that the picture shows.
        token: -1: of a bare encoder; asked is whether its vectors change in another order.
    """

    text: str
    way: Way
    shown: int
    seed: int
    keep_last: bool
    row: int
    token: int

    @property
    def options(self) -> tuple[str, ...]:
        """List what may be answered."""
        return OPTIONS if self.token >= 0 else UNSAID

    def judge(self, lm: LanguageModel, text: str, target: str | None) -> Answer:
        """Find the right option, with the probability in both orders; of a bare encoder with the largest change."""
        if self.token < 0:
            return self._of_vectors(lm, text)
        orders = [
            shuffle(lm, text, seed=seed, target=target, keep_last=self.keep_last)
            for seed in (self.shown, self.seed)
        ]
        before, after = (float(one.way(self.way).after[self.row, self.token]) for one in orders)
        index = 2 if abs(after - before) <= ALIKE else 0 if after > before else 1
        reason = self._reason(lm, orders, alike=index == 2)
        return Answer(index, f"It was {before:.3f} and is {after:.3f}. {reason}", {
            "before": before, "after": after, "token": self.token,
        })  # fmt: skip

    def _of_vectors(self, lm: LanguageModel, text: str) -> Answer:
        """Test whether the vectors of a bare encoder are the same in the other order, each with its token."""
        found = shuffle(lm, text, seed=self.seed, keep_last=self.keep_last).way(self.way)
        most = float(found.change.max())
        reason = "Its positions tell each token another place, and all read each other."
        if found.same:
            reason = (
                "Every vector is the same: without positions attention weighs a set, and a set has no order."
            )
        told = f"The largest change is {most:.3f} of the usual length. {reason}"
        return Answer(int(found.same), told, {"change": most})

    def _reason(self, lm: LanguageModel, orders: list[Shuffled], alike: bool) -> str:
        if orders[0].order == orders[1].order:
            return "There is no other order to read."
        if orders[0].way(self.way).same:
            return (
                "Every vector is the same: without positions attention weighs a set, and a set has no order."
            )
        if self.way == "as it is" and missing(lm.config, "position"):
            return "The model is told no positions, yet its causal mask shows each token other tokens than before."
        if self.way == "as it is":
            return "The model is told where each token stands: the same words in another order are another text to it."
        if alike:
            return "Positions are gone. The causal mask could still tell orders apart; here it hardly changes a thing."
        return "Positions are gone, but the causal mask is not: each token still sees only what stands before it."


def ask(lm: LanguageModel, order: Order, seed: int) -> Question:
    """Ask about the order after the one that the picture shows, read in a way in which order counts.

    Args:
        seed: of the picture's order.
    """
    what = "source" if lm.config.shape == "encoder-decoder" else "words"
    seeds = (seed, (seed + 1) % 10_000)
    open_ways = [one for one in order.found.ways if one.way == "without positions" and not one.same]
    found = open_ways[0] if open_ways else order.found.way("as it is")
    pair = order.pair(found)
    if pair is None:
        ways = [one.way for one in order.found.ways]
        way: Way = "without positions" if "without positions" in ways else "as it is"
        how = "Take positions away" if way == "without positions" else "No positions are told"
        text = f"{how} and shuffle the {what} once more: the vectors of the tokens …"
        return Question(text, way, *seeds, order.kept, order.row, order.token)
    now = pair[1]
    word = markup.mono(markup.visible(lm.tokenizer.display(order.token)))
    how = " and read them without positions" if open_ways else ""
    held = f"{now:.3f}" if now >= ALIKE else f"under {ALIKE:g}"
    text = f"Shuffle the {what} once more{how}: the probability of {word}, in this order {held}, becomes …"
    return Question(text, found.way, *seeds, order.kept, order.row, order.token)
