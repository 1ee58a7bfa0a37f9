"""The Attention page's question: a change that the picture does not show yet, and what the head makes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app import markup
from app.controls.predict import Answer
from core.analysis.heads.steps import AttentionSteps, Change
from core.config import ModelConfig

SHARES = ("more of its weight", "less of its weight", "the same, within 0.01")
MOVES = ("Rises", "Falls", "Stays within 0.01")
TURNS = {"rotary": "Turn by position", "alibi": "Position bias", "relative": "Position bias"}


@dataclass(frozen=True)
class Question:
    """What is asked, what may be answered, the change that decides, and the row and column it is about."""

    text: str
    options: tuple[str, ...]
    change: Change
    row: int
    column: int  # the column that the row reads most now
    candidates: tuple[int, ...]  # columns behind the options; empty: a question about `column`'s share
    names: tuple[str, ...]
    token: int = -1  # the next token whose probability is asked for, of a head that has one key only

    def judge(self, before: AttentionSteps, after: AttentionSteps) -> Answer:
        """The right option and why, in the numbers of both runs."""
        if self.token >= 0:
            return self._judge_token(float(before.before[self.token]), float(after.after[self.token]))
        old, new = before.pattern[self.row], after.pattern[self.row]
        if not self.candidates:
            return self._judge_share(float(old[self.column]), float(new[self.column]), after)
        best = int(np.argmax(new))
        index = self.candidates.index(best) if best in self.candidates else len(self.options) - 1
        why = f"Row {self._name(self.row)} gives {self._name(best)} {new[best]:.3f} then, and {old[best]:.3f} now; "
        why += (
            "it stays the most read."
            if best == self.column
            else f"{self._name(self.column)} falls from {old[self.column]:.3f} to {new[self.column]:.3f}."
        )
        return Answer(index, why, {"column": best, "then": float(new[best]), "now": float(old[best])})

    def _judge_token(self, now: float, then: float) -> Answer:
        index = 2 if abs(then - now) <= 0.01 else 0 if then > now else 1
        why = (
            f"It goes from {now:.3f} to {then:.3f}: with its only key out of view the head reads nothing and adds "
            "nothing. While there is one key, its share is 1, whatever its score."
        )
        return Answer(index, why, {"token": self.token, "then": then, "now": now})

    def _judge_share(self, now: float, then: float, after: AttentionSteps) -> Answer:
        index = 2 if abs(then - now) <= 0.01 else 0 if then > now else 1
        spread = after.masked[self.row][np.isfinite(after.masked[self.row])] / after.change.temperature
        if not len(spread):
            why = f"{self._name(self.column)} stays at {then:.3f}: every score of this row is −∞, it reads nothing."
            return Answer(index, why, {"column": self.column, "then": then, "now": now})
        why = (
            f"{self._name(self.column)} goes from {now:.3f} to {then:.3f}: the scores that the softmax sees "
            f"then spread over {float(np.ptp(spread)):.2f}, and the wider they spread, the more the largest takes."
        )
        return Answer(index, why, {"column": self.column, "then": then, "now": now})

    def _name(self, position: int) -> str:
        return markup.mono(self.names[position])


def ask(
    steps: AttentionSteps,
    config: ModelConfig,
    rows: Sequence[str],
    columns: Sequence[str],
    row: int,
    word: Callable[[int], str],
) -> Question:
    """The first of these that the picture does not show: no turn, no mask, no scale; else another temperature.

    A row with one key in view shares nothing out, so another row is asked about; where there is none, the prediction.

    Args:
        rows, columns: the tokens as they read. row: the chosen row, of which the question is, where that makes sense.
        word: how a person reads the token of an id.
    """
    change, names = steps.change, tuple(_shown(columns))
    in_view = np.isfinite(steps.masked).sum(axis=1)  # (T,) keys
    if in_view[row] < 2:
        row = int(np.argmax(in_view))
    if len(columns) < 2 and not steps.before.size:
        return _hotter(steps, rows, names, row)
    if len(columns) < 2:
        return _only(steps, names, row, word)
    if change.turn and config.position in TURNS and (steps.rot_q is not None or steps.bias is not None):
        what, other = f"“{TURNS[config.position]}” off", replace(change, turn=False)
    elif change.mask and steps.causal and len(columns) > 1:
        what, other = "“Causal mask” off", replace(change, mask=False)
        row = row if row < len(columns) - 1 else (len(columns) - 1) // 2
    elif change.scale and config.scale_scores:
        return _share(
            steps, f"“Scale by 1/√{config.head_size}” off", replace(change, scale=False), rows, names, row
        )
    else:
        return _hotter(steps, rows, names, row)
    order = np.argsort(-steps.pattern[row], kind="stable")
    first = [int(order[0]), *([row + 1, len(columns) - 1] if not other.mask and change.mask else [])]
    candidates = tuple(dict.fromkeys([*first, *map(int, order)]))[:3]
    options = (
        (*(names[i] for i in candidates), "another token")
        if len(columns) > 3
        else tuple(names[i] for i in candidates)
    )
    text = f"With {what}, what does {markup.mono(_shown(rows)[row])} read most?"
    if len(options) < 2:
        return _hotter(steps, rows, names, row)
    return Question(text, options, other, row, int(order[0]), candidates, names)


def _only(steps: AttentionSteps, names: tuple[str, ...], row: int, word: Callable[[int], str]) -> Question:
    """With one key there is nothing to share: what does the head bring at all?"""
    token = int(np.argmax(steps.before))
    said = markup.mono(markup.visible(word(token)))
    text = f"One key gets all of the softmax. Hide {markup.mono(names[0])} from the head: the probability of {said} …"
    change = replace(steps.change, edits=tuple((i, 0, -np.inf) for i in range(len(steps.ids))), shown=())
    return Question(text, MOVES, change, row, 0, (), names, token)


def _hotter(steps: AttentionSteps, rows: Sequence[str], names: tuple[str, ...], row: int) -> Question:
    other = 3.0 if steps.change.temperature < 2 else 0.5
    changed = replace(steps.change, temperature=other)
    return _share(steps, f"a softmax temperature of {other:g}", changed, rows, names, row)


def _share(
    steps: AttentionSteps, what: str, change: Change, rows: Sequence[str], names: tuple[str, ...], row: int
) -> Question:
    best = int(np.argmax(steps.pattern[row]))
    reader, read = markup.mono(_shown(rows)[row]), markup.mono(names[best])
    text = f"With {what}, how much does {reader} give {read}?"
    return Question(text, SHARES, change, row, best, (), names)


def _shown(tokens: Sequence[str]) -> list[str]:
    """Tokens with their position where a text has the same one twice, and the leading space as a dot."""
    return [
        markup.visible(token) + (f" ({i})" if tokens.count(token) > 1 else "")
        for i, token in enumerate(tokens)
    ]
