"""Embeddings: a word becomes a row of a table; rows on a map, neighbours, analogies, and one word in two contexts."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import markup
from app.controls import widgets
from app.frame import page
from app.session import events, state
from core.vectors.analogies import solve
from core.vectors.contextual import compare
from core.vectors.map_view import map_view
from core.vectors.sentences import pool, sentence_vectors
from core.vectors.static import StaticVectors
from pages.embeddings import export, figure, in_context, learning, sentences, turned
from pages.embeddings.question import another, ask

LONGEST = 64  # tokens of the text
KEYS = ("follow", "seek", "analogy", "gaze", "stage")
EXAMPLES = (
    "A red ball was lost. She found the red",
    "The king and the queen lived in a big house",
    "Paris is in France and Rome is in Italy",
    "On Monday it rained, on Tuesday it snowed",
    "Once upon a time, Lily saw a",
)

ctx = page.begin("embeddings", longest=LONGEST)
tables, lacking = figure.tables_of(ctx)
seen = figure.look_up(ctx, tables)
gaze = str(state.get("gaze"))

page.claim("A word is a row of numbers; related words point the same way.")
data = figure.record(ctx, seen, gaze)
data["selection"] = events.selection("picture", {key: state.get(key) for key in KEYS})
figure.draw(
    data,
    key="picture",
    on={
        "select": lambda: events.select("picture", KEYS),
        "need": figure.send_again,
    },
)

with page.controls():
    if len(tables) > 1:
        widgets.segments("Table", "vectors", tuple(tables), lambda which: tables[str(which)].name)
    if lacking:
        st.caption(markup.escape(lacking))
    widgets.segments(
        "Map seen along",
        "gaze",
        ("all", "near", "analogy"),
        lambda which: {"all": "all words", "near": "the neighbours"}.get(str(which), "the analogy"),
    )

pair = in_context.read_pair(ctx)
question = ask(seen.table, seen.pieces, seen.subject.row)
load = ctx.load_source
beside = sentences.readers_beside(ctx)
read = partial(sentences.compare_readers, ctx, load, beside, *sentences.sentences())

with page.foot():
    about = (seen.which, figure.key_of(ctx, seen), question.row, question.beside)
    page.predict(
        question.asked.text, question.asked.options, question.judge, about,
        partial(another, seen.table, seen.pieces, seen.subject.row),
    )  # fmt: skip
    page.code(
        StaticVectors.look_up, StaticVectors.cosines, StaticVectors.around, solve, map_view, compare, sentence_vectors,
        pool,
    )  # fmt: skip
    page.take_away(
        "embeddings",
        lambda: export.table(ctx, seen, pair, gaze, sentences.table(read())),
        lambda: [
            *export.cells(load, ctx, seen, question, question.judge(), pair),
            *sentences.cells(read()),
        ],
    )

st.html(
    '<section class="gb-words"><h2>The same words in three dimensions</h2><p class="gb-hint">What the flat map lays on '
    "each other lies apart in a third direction: drag to turn it. A dot without room for its word says it when "
    "you point at it.</p></section>"
)
turned.draw(ctx, seen)
in_context.show(ctx, pair, seen.table, figure.key_of(ctx, seen))
sentences.show(ctx, read())
learning.show(ctx)
page.terms(
    "token", "embedding", "one-hot", "GloVe", "cosine", "PCA", "analogy", "static vector", "vector in context",
    "sentence vector", "probe", "word2vec", "negative sampling", "t-SNE", "UMAP",
)  # fmt: skip
page.cheatsheet("embeddings")
page.examples(EXAMPLES)
