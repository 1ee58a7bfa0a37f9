"""Home's question: which part of a block carries something from one row to another, asked of two rows of the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app import markup, questions
from app.controls.predict import Answer, draw
from app.frame.page import Context
from core.analysis.patching.carrying import Carried, carried
from core.analysis.stacks import Stack
from core.text import edit

MOVED = 1e-4  # of a row's length: less is rounding


@dataclass(frozen=True)
class Question:
    """What is asked: whether anything of the token at `place`, replaced by `other`, comes to `row`; -1: none."""

    asked: questions.Asked
    ctx: Context
    stack: Stack | None
    place: int
    other: int
    row: int
    shows: Mapping[str, str | int]

    def measure(self) -> Carried:
        """How far the row moves, in the model as it is, without attention, and without MLPs."""
        if self.place < 0:
            return Carried(0.0, 0.0, 0.0)
        ctx = self.ctx
        target = ctx.lm.encode(ctx.target, add_special_tokens=False) if ctx.both and ctx.target else None
        return carried(
            ctx.lm, ctx.ids, self.place, self.other, self.row, target=target, stack=self.stack
        )  # fmt: skip

    def judge(self) -> Answer:
        """Both carry what still moves the row when the other is off; where nothing moves it at all, neither does."""
        found = self.measure()
        attention, mlp = found.without_mlp > MOVED, found.without_attention > MOVED
        if found.whole > MOVED and not (
            attention or mlp
        ):  # each needs the other: what moved came through attention
            attention = True
        key = "both" if attention and mlp else "mlp" if mlp else "attention" if attention else "neither"
        if self.place < 0:
            key = "alone"
        values = {
            "whole": found.whole, "without_attention": found.without_attention, "without_mlp": found.without_mlp,
        }  # fmt: skip
        shown = {name: f"{value:.1%}".replace("%", " %") for name, value in values.items()}
        return self.asked.answer("neither" if key == "alone" else key, values, self.shows, **shown)


def ask(ctx: Context, ids: Sequence[int], tokens: Sequence[str], row: int, stack: str, home: int) -> Question:
    """Ask about the followed row, and for every other row about one before it or one behind it.

    Args:
        ids, tokens: of the rows of the picture. row: the followed one. home: the one that predicts.
        stack: which one the rows are of.
    """
    lm = ctx.lm
    of: Stack | None = ("decoder" if stack == "decoder" else "encoder") if ctx.both else None
    first = 1 if of == "decoder" else 0
    rows = [at for at in range(first, len(ids)) if ids[at] not in lm.special_ids] or list(
        range(first, len(ids))
    )
    place = _partner(rows, row)
    names = _shown(tokens)
    if place < 0:
        asked = questions.ask("home", "row-alone", row=markup.mono(names[row]))
        return Question(asked, ctx, of, -1, -1, row, {})
    spoken_for = lm.special_ids.union(ids)
    other = edit.substitute(lm.tokenizer, spoken_for, (ids[place] + 1) % lm.config.d_vocab)
    asked = questions.ask(
        "home", "between-rows", source=markup.mono(names[place]), row=markup.mono(names[row]),
        other=markup.mono(markup.visible(lm.tokenizer.display(other))),
    )  # fmt: skip
    shows: dict[str, str | int] = {"follow": -1 if row == home else row}
    if of != "decoder":
        shows["text"] = edit.replaced(lm.tokenizer, ctx.text, place, other)
    return Question(asked, ctx, of, place, other, row, shows)


def another(count: int, row: int, home: int, seed: int) -> dict[str, int]:
    """Draw another of `count` rows to ask about."""
    drawn = draw(seed, range(count), row)
    return {"follow": -1 if drawn == home else drawn}


def _partner(rows: Sequence[int], row: int) -> int:
    """Return a third of the text away: of odd rows round the end, so that it stands before some and behind others."""
    others = [at for at in rows if at != row]
    if not others:
        return -1
    at = next((n for n, each in enumerate(rows) if each >= row), len(rows) - 1)
    step = max(1, len(rows) // 3)
    found = rows[(at + step if at % 2 else at - step) % len(rows)]
    return found if found != row else others[0]


def _shown(tokens: Sequence[str]) -> list[str]:
    """Tokens with their position where a text has the same one twice."""
    return [
        markup.visible(token) + (f" ({i})" if tokens.count(token) > 1 else "")
        for i, token in enumerate(tokens)
    ]
