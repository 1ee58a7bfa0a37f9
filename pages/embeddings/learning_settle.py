"""A map by t-SNE or UMAP: PCA's at first, then every moment of a learner's own run."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app import cache, models, own_run, page, runs, state, widgets
from app.counts import counted
from app.kit import pack
from core.runs.word_specs import MapSpec
from core.vectors.projection import neighbours_kept, pca
from pages.embeddings import learning_shown as shown

if TYPE_CHECKING:
    from core.language_model import LanguageModel
    from core.vectors.static import StaticVectors

METHODS = {"tsne": "t-SNE", "umap": "UMAP"}
LOSSES = {"tsne": "KL(P ‖ Q), nats", "umap": "Cross-entropy, nats an edge"}
SIZES = (500, 2000, 20_000)

Laid = tuple[list[str], NDArray[np.float32], float]  # words, their places, the share of neighbours kept


def record(ctx: page.Context) -> dict[str, Any]:
    """What view.js draws."""
    run = shown.find("settled", "map")
    spec = wished(ctx) if run is None else run.spec
    told = shown.live(run) if run is not None else _start(ctx, spec)
    spend, refused = shown.cost(wished(ctx))
    method = METHODS[spec.method]
    return told | {
        "mode": "settle",
        "stamp": f"settle {run.id if run is not None else spec.to_json()}",
        "own": run is not None,
        "families": [],
        "familyOf": {},
        "loss": LOSSES[spec.method],
        "about": about(spec),
        "word": state.get("laidword"),
        "buttons": [f"Lay out by {METHODS[wished(ctx).method]}", f"Lay out by {METHODS[wished(ctx).method]}", "Stop"],
        "plan": spend,
        "cannot": shown.cannot(),
        "refused": refused,
        "note": shown.refused("settled"),
        "method": method,
    }  # fmt: skip


def about(spec: MapSpec) -> str:
    """A map's settings in words."""
    whose = {"glove": "GloVe", "model": f"W_E of {spec.model}", "run": "your word2vec run"}[spec.source]
    near = f"perplexity {spec.near}" if spec.method == "tsne" else f"{spec.near} neighbours, seed {spec.seed}"
    return f"{METHODS[spec.method]} of up to {counted(spec.words, 'word')} of {whose}; {near}"


def wished(ctx: page.Context) -> MapSpec:
    """The map of the page's settings."""
    source, parent, model = state.get("source"), "", ""
    if source == "learned" and (parent := _last_moment(str(state.get("learned")))):
        source = "run"
    elif source == "model" and _is_bundled(ctx):
        model = ctx.name
    else:
        source, parent = "glove", ""
    return MapSpec(
        source=source, model=model, parent=parent, method=state.get("layout"), words=state.get("laid"),
        near=state.get("near"),
    )  # fmt: skip


def _last_moment(id: str) -> str:
    run = runs.find(id, "word2vec") if id else None
    steps = [one.step for one in runs.checkpoints(id) if one.kept] if run is not None else []
    return f"{id}@{steps[-1]}" if steps else ""


def _is_bundled(ctx: page.Context) -> bool:
    return models.resolve(ctx.name).source == "bundled" and ctx.snapshot is None


def _start(ctx: page.Context, spec: MapSpec) -> dict[str, Any]:
    """Before the first step: as PCA lays the same words out, which takes no time."""
    if spec.source == "model":
        words, points, kept = cache.call(of_model, ctx.model_key, spec.words)
    elif spec.source == "run":
        id, _, step = spec.parent.partition("@")
        table = runs.table(id, int(step))
        words, points, kept = _of_glove(spec.words) if table is None else laid_out(table, spec.words)
    else:
        words, points, kept = _of_glove(spec.words)
    return {
        "words": words,
        "of": len(words),
        "steps": [0],
        "places": [pack(points)],
        "kin": [[kept, kept]],
        "mine": False,
    }


def laid_out(table: StaticVectors, count: int) -> Laid:
    """PCA's map of the first words of a table, their vectors taken as directions."""
    vectors = table.unit(slice(0, count))
    points = pca(vectors).place(vectors)
    return list(table.words[:count]), points, neighbours_kept(vectors, points)


def of_model(lm: LanguageModel, count: int) -> Laid:
    """The same of a model's own token table."""
    from core.vectors.static import of_model as read

    return laid_out(read(lm), count)


@lru_cache(maxsize=4)
def _of_glove(count: int) -> Laid:
    from core.vectors.static import glove

    return laid_out(glove(), count)


def start(ctx: page.Context) -> None:
    """Start the map of the settings, and show it."""
    spec = wished(ctx)
    shown.begin(spec, "settled", f"{METHODS[spec.method]}, {counted(spec.words, 'word')}")
    state.set("frame", -1)


def stop() -> None:
    """Stop the shown map."""
    shown.stop("settled")


def controls(ctx: page.Context) -> None:
    """The settings of the next map."""
    sources = {"glove": "GloVe"}
    if _is_bundled(ctx):
        sources["model"] = f"{ctx.name}’s W_E"
    if state.get("learned"):
        sources["learned"] = "Your word2vec"
    if state.get("source") not in sources:
        state.put({"source": "glove"})
    if state.get("laid") not in SIZES:
        state.put({"laid": min(SIZES, key=lambda size: abs(size - state.get("laid")))})
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        widgets.segments("Method", "layout", tuple(METHODS), lambda name: METHODS[str(name)])
        widgets.segments("Vectors", "source", tuple(sources), lambda name: sources[str(name)])
        widgets.segments("Words", "laid", SIZES, lambda size: f"{int(size):,}")
        shown.number("Perplexity" if state.get("layout") == "tsne" else "Neighbours", "near", 100)
        own_run.progress([shown.find("settled", "map")])
