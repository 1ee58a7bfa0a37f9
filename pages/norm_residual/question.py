"""The page's question: the sum without one line, which the picture does not show, read by the model's own head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app import markup
from app.controls.predict import Answer
from core.analysis.stacks import Stack
from core.analysis.stream.ledger_lines import without_line
from core.language_model import LanguageModel
from pages.norm_residual.figure import SUM, Seen

MOST = ("Attention", "The MLPs", "The same, within a tenth")
FALLS = ("Rises", "Falls", "Stays, within a tenth")


@dataclass(frozen=True)
class Question:
    """What is asked: about the likeliest token without `line`; line "": about two sums, where there are no logits."""

    text: str
    options: tuple[str, ...]
    line: str

    def judge(self, lm: LanguageModel, seen: Seen, stack: Stack | None) -> Answer:
        """The right option and why, in the model's numbers."""
        return self._left_out(lm, seen, stack) if self.line else self._longer(seen)

    def _left_out(self, lm: LanguageModel, seen: Seen, stack: Stack | None) -> Answer:
        assert seen.top is not None
        logits = without_line(lm, seen.book, self.line, stack=stack)
        after, now = float(logits.softmax(-1)[seen.top]), int(logits.argmax())
        before, logit = seen.probability, float(logits[seen.top])
        index = 2 if abs(after - before) <= 0.1 * before else 0 if after > before else 1
        name = markup.mono(markup.visible(lm.tokenizer.display(now)))
        winner = "it stays the likeliest" if now == seen.top else f"{name} is the likeliest then"
        why = (
            f"With the whole sum it has probability {before:.3f} and logit {seen.logit:.3f}; without that line "
            f"{after:.3f} and {logit:.3f}, and {winner}."
        )
        return Answer(
            index, why,
            {"before": before, "after": after, "logit": seen.logit, "without": logit, "token": seen.top},
        )  # fmt: skip

    def _longer(self, seen: Seen) -> Answer:
        sums = longer(seen)
        (a, b), most = sums, max(sums)
        index = 2 if abs(a - b) <= 0.1 * most else 0 if a > b else 1
        why = f"All attention lines together are {a:.3f} long, all MLP lines {b:.3f}."
        return Answer(index, why, {"attention": a, "mlp": b})


def longer(seen: Seen) -> tuple[float, float]:
    """The lengths of all attention lines together, and of all MLP lines."""
    found = []
    for parts in (("attention", "cross-attention"), ("mlp",)):
        vectors = [entry.vector for entry in seen.book.entries if entry.part in parts]
        found.append(float(np.linalg.norm(np.sum(vectors, axis=0))) if vectors else 0.0)
    return found[0], found[1]


def ask(lm: LanguageModel, seen: Seen, chosen: str) -> Question:
    """About the chosen line; where the sum is chosen, about the longest."""
    word = markup.mono(markup.visible(lm.tokenizer.display(seen.ids[seen.book.row])))
    if seen.top is None:
        text = f"For {word}: add up all that attention wrote, and all that the MLPs wrote. Which is longer?"
        return Question(text, MOST, "")
    longest = max(seen.book.entries, key=lambda entry: entry.norm).name
    line = longest if chosen == SUM else chosen
    said = markup.mono(markup.visible(lm.tokenizer.display(seen.top)))
    text = f"Leave the line of {markup.mono(line)} out of the sum: the probability of {said} …"
    return Question(text, FALLS, line)
