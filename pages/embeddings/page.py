"""Embeddings: a word becomes a row of a table; rows on a map, neighbours, analogies, and one word in two contexts."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from app import markup
from app.controls import widgets
from app.frame import page
from app.runs import learned_vectors as learned
from app.session import events, state
from core.messages import say
from core.vectors.analogies import solve
from core.vectors.contextual import compare
from core.vectors.map_view import map_view
from core.vectors.sentences import pool, sentence_vectors
from core.vectors.static import StaticVectors
from pages.embeddings import export, in_context, learning, sentences, turned
from pages.embeddings.export import FIGURE, KEYS
from pages.embeddings.question import another, ask

SENT = 10  # maps and word lists that a browser is taken to hold
EXAMPLES = (
    "A red ball was lost. She found the red",
    "The king and the queen lived in a big house",
    "Paris is in France and Rome is in Italy",
    "On Monday it rained, on Tuesday it snowed",
    "Once upon a time, Lily saw a",
)

ctx = page.begin("embeddings", longest=FIGURE.longest)
run = learned.checkpoint()
vectors = None if run is None else learned.table_at(*run)
if vectors is None and state.get("vectors") == "learned":
    state.put({"vectors": "glove"})
found = FIGURE.of(ctx.asked)
drawing = found if run is None or vectors is None else replace(found, seen=found.seen.with_run(run, vectors))
seen = drawing.seen
tables = seen.tables


def send_again() -> None:
    """Send maps and lists of words again: a browser says that it has not got one."""
    state.memo("embeddings.sent").clear()


page.claim(drawing.claim)
sent: list[str] = state.memo("embeddings.sent").get("keys", [])
replace(drawing, seen=replace(seen, held=tuple(sent))).mount(
    "picture", {"select": lambda: events.select("picture", KEYS), "need": send_again}
)
state.memo("embeddings.sent")["keys"] = [*sent, *(name for name in seen.large if name not in sent)][-SENT:]

with page.controls():
    if len(tables) > 1:
        widgets.segments(say("Table"), "vectors", tuple(tables), lambda which: tables[str(which)].name)
    if seen.lacking:
        st.caption(markup.escape(seen.lacking))
    widgets.segments(
        say("Map seen along"),
        "gaze",
        ("all", "near", "analogy"),
        lambda which: {"all": say("all words"), "near": say("the neighbours")}.get(
            str(which), say("the analogy")
        ),
    )

pair = in_context.read_pair(ctx)
question = ask(seen.table, seen.pieces, seen.subject.row)
load = ctx.load_source
beside = sentences.readers_beside(ctx)
read = partial(sentences.compare_readers, ctx, load, beside, *sentences.sentences())

with page.foot():
    about = (seen.which, seen.key, question.row, question.beside)
    page.predict(
        question.asked.text, question.asked.options, question.judge, about,
        partial(another, seen.table, seen.pieces, seen.subject.row),
    )  # fmt: skip
    page.code(
        StaticVectors.look_up, StaticVectors.cosines, StaticVectors.around, solve, map_view, compare, sentence_vectors,
        pool,
    )  # fmt: skip
    page.take_away(
        drawing,
        lambda: export.table(seen, pair, sentences.table(read())),
        lambda: [
            *export.cells(load, seen, question, question.judge(), pair),
            *sentences.cells(read()),
        ],
    )

st.html(
    f'<section class="gb-words"><h2>{say("The same words in three dimensions")}</h2><p class="gb-hint">'
    + say(
        "What the flat map lays on each other lies apart in a third direction: drag to turn it. A dot without room for "
        "its word says it when you point at it."
    )
    + "</p></section>"
)
turned.draw(ctx, seen)
in_context.show(ctx, pair, seen.table, seen.key)
sentences.show(ctx, read())
learning.show(ctx)
page.terms(
    "token", "embedding", "one-hot", "GloVe", "cosine", "PCA", "analogy", "static vector", "vector in context",
    "sentence vector", "probe", "word2vec", "negative sampling", "t-SNE", "UMAP",
)  # fmt: skip
page.cheatsheet("embeddings")
page.examples(EXAMPLES)
