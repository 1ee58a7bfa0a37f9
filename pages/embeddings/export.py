"""Export the Embeddings page: rows, neighbours and the analogy as a table, and notebook cells for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.controls.predict import Answer
from app.frame.page import Context
from core.runs.serialized import pack_vectors
from pages.embeddings.figure import ANSWERS, NEAR, Seen
from pages.embeddings.in_context import Pair
from pages.embeddings.question import Question

WRITTEN = 24  # numbers of each of the text's rows that the table holds


def table(
    ctx: Context, seen: Seen, pair: Pair, gaze: str, below: Sequence[tuple[Any, ...]]
) -> dict[str, Sequence[Any]]:
    """List the looked-up row, its neighbours, the analogy; then the rows of the text's tokens in the open model.

    Args:
        below: lines of what stands below the picture, in the same columns.
    """
    name = seen.table.name
    lines: list[tuple[Any, ...]] = [
        ("looked up", name, seen.subject.word, at, _short(value))
        for at, value in enumerate(seen.lookup.product)
    ]
    lines += [("nearest, cosine", name, one.word, one.row, _short(one.cosine)) for one in seen.near]
    if seen.analogy is not None:
        many = ANSWERS if gaze == "analogy" else 1
        asked = f"{seen.analogy.a} : {seen.analogy.b} = {seen.analogy.c} : ?"
        lines += [
            (f"analogy {asked}", name, one.word, one.row, _short(one.cosine))
            for one in seen.analogy.answers[:many]
        ]
    if seen.beside:
        lines += [
            (
                "nearest in the other table, cosine",
                seen.other_table.name,
                one.word,
                one.row,
                _short(one.cosine),
            )
            for one in seen.beside
        ]
    lines += [
        (f"{pair.word!r} in two sentences, depth {at}", ctx.name, pair.word, at, _short(value))
        for at, value in enumerate(pair.cosines)
    ]
    lines += below
    own = seen.tables.get("model")
    for place, (token, id) in enumerate(zip(ctx.tokens, ctx.ids)):
        lines.append((f"token {place} of the text", ctx.name, token, id, None))
        if own is not None:
            lines += [
                (f"number {at} of token {place}", ctx.name, token, id, _short(value))
                for at, value in enumerate(own.vectors[id, :WRITTEN])
            ]
    names = ("what", "table", "word", "row or number", "value")
    return dict(zip(names, (list(column) for column in zip(*lines))))


def cells(load: str, ctx: Context, seen: Seen, question: Question, answer: Answer, pair: Pair) -> list[str]:
    """Write cells that look the word up again, find its neighbours, put the analogy, and answer the question.

    Args:
        load: the call that loads the model, as source.
        pair: the word in two sentences, below the picture.
    """
    first = f"""# %% A word's row, by a one-hot product
import numpy as np
from core.vectors.static import glove, of_model

TEXT = {ctx.text!r}
lm = {load}
static = glove()
{"own = of_model(lm)" if "model" in seen.tables else ""}
{_chosen(seen)}


def same(now, shown):
    np.testing.assert_allclose(np.ravel(now), np.ravel(shown), rtol=2e-4, atol=2e-5)


ids = lm.encode(TEXT)
assert ids == {list(ctx.ids)}
{_rows(seen, ctx.ids)}
found = table.look_up({seen.subject.row})
assert found.one_hot.sum() == 1 and found.word == {seen.subject.word!r}
same(found.product[:8], {[_short(v) for v in seen.lookup.product[:8]]})
assert (found.product == table.vectors[{seen.subject.row}]).all()"""
    near = {one.row: _short(one.cosine) for one in seen.near}
    second = f"""# %% Its neighbours by cosine
near = table.around({seen.subject.row}, {NEAR})
assert [one.row for one in near] == {list(near)}
same([one.cosine for one in near], {list(near.values())})
print([(one.word, round(one.cosine, 3)) for one in near])"""
    asked = f"""# %% The question: whose row points most nearly the same way
ROW = {question.row}
cosines = [table.written(ROW, other).cosine for other in {list(question.rows.values())}]
print(table.words[ROW], [round(cosine, 3) for cosine in cosines])
assert table.around(ROW, 1)[0].row == {question.near}
same(cosines, {[_short(value) for value in answer.numbers.values()]})"""
    return [first, second, *_analogy(seen), asked, *_in_context(pair)]


def _analogy(seen: Seen) -> list[str]:
    if seen.analogy is None:
        return []
    found = seen.analogy
    answers = {one.row: _short(one.cosine) for one in found.answers[:3]}
    return [
        f"""# %% An analogy by arithmetic
from core.vectors.analogies import solve

analogy = solve(table, *{seen.triple!r}, count={ANSWERS})
assert [one.row for one in analogy.answers[:3]] == {list(answers)}
same([one.cosine for one in analogy.answers[:3]], {list(answers.values())})
print(analogy.a, ":", analogy.b, "=", analogy.c, ":", analogy.answer)"""
    ]


def _in_context(pair: Pair) -> list[str]:
    if pair.said:
        return []
    first, second = (side["text"] for side in pair.sides)
    return [
        f"""# %% One word in two sentences
from core.vectors.contextual import compare, occurrence

WORD, FIRST, SECOND = {pair.word!r}, {first!r}, {second!r}
compared = compare(occurrence(lm, FIRST, WORD), occurrence(lm, SECOND, WORD))
np.testing.assert_allclose(compared.static, {_short(pair.static)}, atol=1e-4)
np.testing.assert_allclose(compared.cosines, {[_short(v) for v in pair.cosines]}, atol=1e-3)
np.testing.assert_allclose(compared.usual, {[_short(v) for v in pair.usual]}, atol=1e-3)
print(compared.cosines)"""
    ]


def _chosen(seen: Seen) -> str:
    """Write the chosen table as source."""
    if seen.which == "learned" and seen.run is not None:
        return f"from core.runs.serialized import vectors\n\ntable = vectors({pack_vectors(seen.table)!r})"
    return f"table = {'own' if seen.which == 'model' else 'static'}"


def _rows(seen: Seen, ids: Sequence[int]) -> str:
    own = seen.tables.get("model")
    if own is None:
        return ""
    shown = [[_short(value) for value in own.vectors[id, :4]] for id in ids]
    return f"same(own.vectors[ids, :4], {shown})"


def _short(value: Any) -> float:
    return float(f"{float(value):.6g}")
