"""Below the Embeddings picture: word2vec while it learns, and a map while t-SNE or UMAP settles it (by view.js).

Both are runs like any training run (core/runs): a worker does them, a link keeps them, and the page only reads.
"""

from __future__ import annotations

import streamlit as st

from app import events, page, state
from app.kit import register
from pages.embeddings import learning_learn as learn
from pages.embeddings import learning_settle as settle

embeddings_learning = register("embeddings_learning", __file__)

LEARN_KEYS = ("glimpse", "learnword")
SETTLE_KEYS = ("frame", "laidword")


def show(ctx: page.Context) -> None:
    """Both sections, each with its picture and its settings."""
    st.html('<section class="gb-words"><h2>word2vec, trained live</h2></section>')
    chosen = events.selection("embeddings-learn", {key: state.get(key) for key in LEARN_KEYS})
    embeddings_learning(
        data=learn.record() | {"selection": chosen},
        key="embeddings-learn",
        on_select_change=lambda: events.select("embeddings-learn", LEARN_KEYS),
        on_start_change=learn.start,
        on_stop_change=learn.stop,
        on_back_change=lambda: state.set("learned", ""),
    )
    learn.controls()
    st.html('<section class="gb-words"><h2>A map by t-SNE or UMAP, step by step</h2></section>')
    chosen = events.selection("embeddings-settle", {key: state.get(key) for key in SETTLE_KEYS})
    embeddings_learning(
        data=settle.record(ctx) | {"selection": chosen},
        key="embeddings-settle",
        on_select_change=lambda: events.select("embeddings-settle", SETTLE_KEYS),
        on_start_change=lambda: settle.start(ctx),
        on_stop_change=settle.stop,
        on_back_change=lambda: state.set("settled", ""),
    )
    settle.controls(ctx)
