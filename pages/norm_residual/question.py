"""The page's question: of the sum at the end, all that the blocks wrote taken away again. What is left?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app import markup, questions
from app.controls.predict import Answer, draw
from core.analysis.stacks import Stack
from core.language_model import LanguageModel
from core.trace import residual_streams
from pages.norm_residual.figure import Seen

NEAR = 0.01  # of its length: less is the same vector
ALIKE = 0.9  # a cosine from which on it points the same way
WRITERS = ("attention", "cross-attention", "mlp")


@dataclass(frozen=True)
class Left:
    """What is left of the last sum without all that the blocks wrote, beside what had entered block 0."""

    apart: float  # |left - entered| / |entered|
    cosine: float
    times: float  # |left| / |entered|


@dataclass(frozen=True)
class Question:
    """What is asked."""

    asked: questions.Asked
    shows: Mapping[str, str | int]

    def judge(self, seen: Seen, stack: Stack | None, blocks: int) -> Answer:
        """Whether what is left is what entered, the same made larger or smaller, or something else."""
        found = left(seen, stack, blocks)
        key = "whole" if found.apart < NEAR else "scaled" if found.cosine >= ALIKE else "gone"
        numbers = {"apart": found.apart, "cosine": found.cosine, "times": found.times}
        return self.asked.answer(
            key, numbers, self.shows,
            apart=f"{found.apart:.1%}".replace("%", " %"), cosine=found.cosine, times=f"{found.times:.2f}",
        )  # fmt: skip


def left(seen: Seen, stack: Stack | None, blocks: int) -> Left:
    """Take every line that a block wrote away from the sum at the end."""
    entries = seen.book.entries
    written = [entry.vector for entry in entries if entry.part in WRITERS]
    rest = seen.book.final - np.sum(written, axis=0) if written else seen.book.final
    streams = residual_streams(seen.trace, f"{stack}." if stack else "", blocks)
    entered = streams[0][seen.book.row].detach().double().cpu().numpy() if streams else rest
    size, length = float(np.linalg.norm(entered)), float(np.linalg.norm(rest))
    apart = float(np.linalg.norm(rest - entered))
    cosine = float(rest @ entered) / (size * length) if size * length else 0.0
    return Left(apart / size if size else 0.0, cosine, length / size if size else 0.0)


def ask(lm: LanguageModel, seen: Seen) -> Question:
    """Ask about the followed token."""
    word = markup.mono(markup.visible(lm.tokenizer.display(seen.ids[seen.book.row])))
    return Question(
        questions.ask("norm_residual", "first-line", token=word), {"line": "embedding", "written": 0}
    )


def another(seen: Seen, seed: int) -> dict[str, int]:
    """Draw another token to ask about."""
    return {"follow": draw(seed, range(len(seen.ids)), seen.book.row)}
