"""The Attention page's question: one score doubled, and what the softmax makes of its weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app import markup, questions
from app.controls.predict import Answer, draw
from core.analysis.heads.steps import AttentionSteps, Change
from pages.attention.edits import LARGEST, with_edit, write_edits

SEEN = 0.005  # the smallest weight that is asked about by itself
NEAR = 0.1  # a weight that becomes 1.9 to 2.1 times as large has doubled


@dataclass(frozen=True)
class Question:
    """What is asked, the change that decides, and the row and column of the score that it doubles."""

    asked: questions.Asked
    change: Change
    row: int
    column: int
    shows: Mapping[str, str | int]

    def judge(self, before: AttentionSteps, after: AttentionSteps) -> Answer:
        """The right option and why, in the numbers of both runs."""
        cell = (self.row, self.column)
        now, then = float(before.pattern[cell]), float(after.pattern[cell])
        if then < now:
            key = "falls"
        else:
            times = then / now if now > 0 else np.inf if then > 0 else 1.0
            key = "double" if abs(times - 2) <= NEAR else "more" if times > 2 else "less"
        found = {"column": self.column, "now": now, "then": then}
        score, twice = (float(each.scores[cell]) for each in (before, after))
        return self.asked.answer(
            key, found, self.shows, now=now, then=then, score=f"{score:.2f}", twice=f"{twice:.2f}"
        )


def ask(
    steps: AttentionSteps,
    rows: Sequence[str],
    columns: Sequence[str],
    row: int,
    column: int,
    place: str,
    step: int,
) -> Question:
    """Ask about the chosen cell, or the highest score of its row that has not won it yet: doubled, it has much to win.

    A row with one key in view shares nothing out, so another row is asked about where there is one.

    Args:
        rows, columns: the tokens as they read. row: the chosen row. column: the chosen one; -1: none is.
        place: of the head, for the link (`write_edits`). step: that of the weights, which "Show it" opens.
    """
    in_view = np.isfinite(steps.masked)  # (T, S)
    if in_view[row].sum() < 2:
        row, column = int(np.argmax(in_view.sum(axis=1))), -1
    fits = in_view[row] & (np.abs(steps.scores[row]) <= LARGEST / 2)
    if not (0 <= column < len(columns) and fits[column]):
        column = _column(steps.pattern[row], fits)
    edits = with_edit(steps.change.edits, row, column, 2 * float(steps.scores[row, column]))
    asked = questions.ask(
        "attention", "double-score",
        row=_set_off(_shown(rows)[row]), token=_set_off(_shown(columns)[column]),
    )  # fmt: skip
    shows: dict[str, str | int] = {
        "edits": write_edits(edits, place, steps.change.shown), "row": row, "col": column, "step": step,
    }  # fmt: skip
    return Question(asked, replace(steps.change, edits=edits), row, column, shows)


def another(steps: AttentionSteps, row: int, column: int, seed: int) -> dict[str, int]:
    """Draw another cell to ask about, of those that read something and share it with others."""
    shared = (steps.pattern > SEEN) & (np.isfinite(steps.masked).sum(axis=1) > 1)[:, None]
    row, column = draw(seed, [(int(i), int(j)) for i, j in np.argwhere(shared)], (row, column))
    return {"row": row, "col": column}


def _column(weights: np.ndarray[Any, Any], fits: np.ndarray[Any, Any]) -> int:
    """Return the column of the largest weight below a half; where there is none, of the largest."""
    for allowed in (fits & (weights < 0.5), fits):
        if allowed.any():
            return int(np.argmax(np.where(allowed, weights, -1.0)))
    return int(np.argmax(weights))


def _set_off(token: str) -> str:
    """Set a token in mono; one without letters, such as a full stop, in quotation marks, too."""
    bare = markup.mono(token)
    return bare if any(sign.isalnum() for sign in token) else f"“{bare}”"


def _shown(tokens: Sequence[str]) -> list[str]:
    """Tokens with their position where a text has the same one twice, and the leading space as a dot."""
    return [
        markup.visible(token) + (f" ({i})" if tokens.count(token) > 1 else "")
        for i, token in enumerate(tokens)
    ]
