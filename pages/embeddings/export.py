"""Export the Embeddings page: what its picture is (`FIGURE`), its numbers as a table, and notebook cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.kit.figures import Argument, Asked, Figure, Table
from app.markup import visible
from core.messages import say
from core.runs.serialized import pack_vectors
from pages.embeddings import figure
from pages.embeddings.figure import ANSWERS, NEAR, Seen

if TYPE_CHECKING:
    from app.questions import Answer
    from pages.embeddings.in_context import Pair
    from pages.embeddings.question import Question

WRITTEN = 24  # numbers of each of the text's rows that the table holds
KEYS = ("follow", "seek", "analogy", "gaze", "stage")


def see(asked: Asked) -> Seen:
    """Look a word up in GloVe or in the model's own table; a run's vectors join on the page (`Seen.with_run`)."""
    tables, lacking = figure.tables_of(asked)
    which = str(asked.values["vectors"])
    if which not in tables and "vectors" in asked.given:
        raise ValueError(
            f"table={which!r}: {lacking if which == 'model' else 'vectors of a training run are on the page alone.'}"
        )
    return figure.look_up(asked, tables, lacking, which if which in tables else "glove")


def sentence(seen: Seen) -> str:
    """What is on the picture: the word's row, its neighbours, and the analogy."""
    table, subject, found = seen.table, seen.subject, seen.analogy
    near = ", ".join(f"“{visible(one.word)}” {one.cosine:.3f}" for one in seen.near[:3])
    put = say("The analogy: {refused}", refused=seen.refused)
    if found is not None:
        best = found.answers[0]
        a, b, c, answer = (visible(word) for word in (found.a, found.b, found.c, best.word))
        put = say(
            "{a} is to {b} as {c} is to {answer}, cosine {cosine}.",
            a=a, b=b, c=c, answer=answer, cosine=f"{best.cosine:.3f}",
        )  # fmt: skip
    about = {
        "label": seen.asked.label, "word": visible(subject.word), "row": f"{subject.row:,}", "count": f"{len(table):,}",
    }  # fmt: skip
    if seen.which == "model":
        first = say("{label}, its own table: “{word}” is row {row} of {count}.", **about)
    else:
        first = say(
            "{label}, the text in words of {table}: “{word}” is row {row} of {count}.",
            table=table.name,
            **about,
        )
    nearest = say("Nearest by cosine: {near}.", near=near)
    return " ".join([first, *([subject.said] if subject.said else []), nearest, put])


def table(seen: Seen, pair: Pair | None = None, below: Sequence[tuple[Any, ...]] = ()) -> Table:
    """List the looked-up row, its neighbours, the analogy; then the rows of the text's tokens in the open model.

    Args:
        pair: the word in two sentences, below the picture. below: lines of what else stands there, in the same columns.
    """
    name, mine = seen.table.name, seen.asked.name
    lines: list[tuple[Any, ...]] = [
        ("looked up", name, seen.subject.word, at, _short(value))
        for at, value in enumerate(seen.lookup.product)
    ]
    lines += [("nearest, cosine", name, one.word, one.row, _short(one.cosine)) for one in seen.near]
    if seen.analogy is not None:
        many = ANSWERS if seen.gaze == "analogy" else 1
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
    if pair is not None:
        lines += [
            (f"{pair.word!r} in two sentences, depth {at}", mine, pair.word, at, _short(value))
            for at, value in enumerate(pair.cosines)
        ]
    lines += below
    own = seen.tables.get("model")
    for place, (token, id) in enumerate(zip(seen.tokens, seen.ids)):
        lines.append((f"token {place} of the text", mine, token, id, None))
        if own is not None:
            lines += [
                (f"number {at} of token {place}", mine, token, id, _short(value))
                for at, value in enumerate(own.vectors[id, :WRITTEN])
            ]
    names = ("what", "table", "word", "row or number", "value")
    return dict(zip(names, (list(column) for column in zip(*lines))))


FIGURE = Figure(
    "embeddings", figure.embeddings, see,
    record=figure.record,
    # a call has no vectors of a run
    select=lambda seen: {key: seen.asked.values[key] for key in KEYS}
    | {"vectors": "glove" if seen.which == "learned" else seen.which},
    claim=lambda seen: say("A word is a row of numbers; related words point the same way."),
    sentence=sentence,
    table=table,
    arguments=(
        Argument("table", "vectors"), Argument("row", "follow"), Argument("word", "seek"),
        Argument("analogy", "analogy"), Argument("along", "gaze"), Argument("step", "stage"),
    ),
    longest=64,
    own=lambda seen: "with GloVe in place of your run's vectors" if seen.which == "learned" else "",
)  # fmt: skip


def cells(load: str, seen: Seen, question: Question, answer: Answer, pair: Pair) -> list[str]:
    """Write cells that look the word up again, find its neighbours, put the analogy, and answer the question.

    Args:
        load: the call that loads the model, as source.
        pair: the word in two sentences, below the picture.
    """
    first = f"""# %% A word's row, by a one-hot product
import numpy as np
from core.vectors.static import glove, of_model

TEXT = {seen.asked.text!r}
lm = {load}
static = glove()
{"own = of_model(lm)" if "model" in seen.tables else ""}
{_chosen(seen)}


def same(now, shown):
    np.testing.assert_allclose(np.ravel(now), np.ravel(shown), rtol=2e-4, atol=2e-5)


ids = lm.encode(TEXT)
assert ids == {list(seen.ids)}
{_rows(seen, seen.ids)}
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
