"""Train word2vec below the Embeddings picture, and lay a map out by t-SNE or UMAP, both while one looks on.

Both are runs like any training run (core/runs): a worker does them, a link keeps them, and the page only reads.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app import markup, models, runs
from app.controls import own_run, widgets
from app.controls.own_corpus import own, own_corpus
from app.counts import counted
from app.frame import page
from app.kit import pack, register
from app.models import cache
from app.runs.trained import Arm
from app.session import events, state
from app.session.fields import BY_KEY
from core.data.corpora import check_text, fingerprint
from core.language_model import LanguageModel
from core.messages import mark, say, say_of, spoken
from core.runs import Run
from core.runs.kinds import Spec
from core.runs.word_recordings import RecordedWords, recorded_words
from core.runs.word_specs import MapSpec, WordsSpec
from core.vectors.families import FAMILIES, families, of
from core.vectors.projection import neighbours_kept, pca
from core.vectors.static import StaticVectors, UnknownWord

embeddings_learning = register("embeddings_learning", __file__)

LEARN_KEYS = ("glimpse", "learnword")
SETTLE_KEYS = ("frame", "laidword")


def show(ctx: page.Context) -> None:
    """Draw both sections, each with its picture and its settings."""
    st.html(f'<section class="gb-words"><h2>{say("word2vec, trained live")}</h2></section>')
    chosen = events.selection("embeddings-learn", {key: state.get(key) for key in LEARN_KEYS})
    embeddings_learning(
        data=word2vec_record() | {"selection": chosen},
        key="embeddings-learn",
        on={
            "select": lambda: events.select("embeddings-learn", LEARN_KEYS),
            "start": start_word2vec,
            "stop": stop_word2vec,
            "back": lambda: state.set("learned", ""),
        },
    )
    word2vec_controls()
    st.html(f'<section class="gb-words"><h2>{say("A map by t-SNE or UMAP, step by step")}</h2></section>')
    chosen = events.selection("embeddings-settle", {key: state.get(key) for key in SETTLE_KEYS})
    embeddings_learning(
        data=map_record(ctx) | {"selection": chosen},
        key="embeddings-settle",
        on={
            "select": lambda: events.select("embeddings-settle", SETTLE_KEYS),
            "start": lambda: start_map(ctx),
            "stop": stop_map,
            "back": lambda: state.set("settled", ""),
        },
    )
    map_controls(ctx)


# ------------------------------------------------------------------------------------------------- word2vec

CORPORA = {
    "tales": mark("Tales"),
    "fables": mark("Fables"),
    "python": mark("Python"),
    "own": mark("Own text"),
}
MOST_WORDS = 150_000  # words of a named corpus; an own text is read whole
NEAREST = 8


def word2vec_record() -> dict[str, Any]:
    """Describe what learning.js draws, as its JSON."""
    run = find_run("learned", "word2vec")
    spec = run.spec if run is not None else recorded_words().spec
    told = live_run(run) if run is not None else _recorded_run(recorded_words())
    spend, refused = _word2vec_cost()
    return told | {
        "mode": "learn",
        "stamp": f"learn {run.id if run is not None else 'recorded'}",
        "own": run is not None,
        "families": [say_of("family", family) for family in FAMILIES] if spec.corpus == "tales" else [],
        "familyOf": _families() if spec.corpus == "tales" else {},
        "guessing": {
            "value": spec.guessing,
            "text": say("guessing: {sums} ln 2 = {loss}", sums=1 + spec.negatives, loss=f"{spec.guessing:.2f}"),
        },
        "loss": say("Loss, nats a pair"),
        "about": word2vec_about(spec),
        "word": state.get("learnword"),
        "buttons": [say("Train it here"), say("Train it again"), say("Stop")],
        "plan": spend,
        "cannot": no_workers(),
        "refused": refused,
        "note": refusal("learned"),
    }  # fmt: skip


def word2vec_about(spec: WordsSpec) -> str:
    """Write a run's settings in words."""
    words = counted(spec.most, "word")
    if spec.corpus == "tales":
        read = say("{words} of the tales", words=words)
    elif spec.corpus == "python":
        read = say("{words} of the python", words=words)
    else:
        read = say("the fables") if spec.corpus == "fables" else say("an own text")
    return say(
        "{read}, {epochs} times; {numbers} a word, window {window}, {negatives} random words "
        "a pair, seed {seed}",
        read=read,
        epochs=spec.epochs,
        numbers=counted(spec.size, "number"),
        window=spec.window,
        negatives=spec.negatives,
        seed=spec.seed,
    )


def _families() -> dict[str, int]:
    known = families()
    return dict(zip(known, of(tuple(known))))


def _recorded_run(words: RecordedWords) -> dict[str, Any]:
    """Describe the recorded run: all its moments come with the page."""
    near, why = list[Any](), ""
    try:
        near = _recorded_neighbours(str(state.get("learnword")))
    except UnknownWord as unknown:
        why = f"{str(unknown)[:1].upper()}{str(unknown)[1:]}."
    return {
        "run": _recorded_curve(),
        "mine": False,
        "words": list(words.words),
        "of": words.of,
        "steps": list(words.steps),
        "places": _recorded_places(),
        "kin": [list(pair) for pair in words.kin],
        "near": near,
        "why": why,
    }


@lru_cache(maxsize=1)
def _recorded_places() -> list[dict[str, Any]]:
    return [pack(places) for places in recorded_words().places]


@lru_cache(maxsize=1)
def _recorded_curve() -> dict[str, Any]:
    words = recorded_words()
    columns = words.points.columns()
    points = {
        name: pack(columns[name]) for name in ("step", "loss", "learning_rate", "update_norm", "tokens")
    }
    steps = list(words.steps)
    return {
        "id": "recorded", "name": "", "steps": words.spec.steps, "checkpoints": steps, "points": points,
        "state": "done",
    }  # fmt: skip


@lru_cache(maxsize=64)
def _recorded_neighbours(word: str) -> list[list[list[Any]]]:
    """List the nearest recorded words of one at every moment.

    Raises:
        UnknownWord: it was not recorded.
    """
    words = recorded_words()
    return [
        [[one.word, round(one.cosine, 6)] for one in words.table(moment).neighbours(word, NEAREST)]
        for moment in range(len(words.steps))
    ]


def word2vec_spec() -> tuple[WordsSpec, str | None]:
    """Describe the run of the page's settings, and its own text.

    Raises:
        ValueError: there is no own text yet, or it is no text.
    """
    corpus, text, name = state.get("corpus"), None, ""
    if corpus == "own":
        if not own().strip():
            raise ValueError(say("Bring a text of your own first: “Your corpus” takes it"))
        text, name = _checked(own())
    spec = WordsSpec(
        corpus=corpus,
        text=name,
        most=MOST_WORDS if text is None else 2_000_000,
        min_count=state.get("rare"),
        size=state.get("dims"),
        window=state.get("window"),
        negatives=state.get("negatives"),
        epochs=state.get("epochs"),
        often=float(state.get("often")),
        seed=state.get("learnseed"),
    )
    return spec, text


@lru_cache(maxsize=2)  # 5 MB take a while to look through, at every run of the page
def _checked(text: str) -> tuple[str, str]:
    text = check_text(text)
    return text, fingerprint(text)


def _word2vec_cost() -> tuple[str, str]:
    try:
        return run_cost(*word2vec_spec())
    except ValueError as why:
        return "", f"{why}."


def start_word2vec() -> None:
    """Start the run of the settings, and show it."""
    try:
        spec, text = word2vec_spec()
    except ValueError as why:
        refuse("learned", f"{why}.")
        return
    begin_run(spec, "learned", f"word2vec, {say(CORPORA[spec.corpus]).lower()}", text)
    state.set("glimpse", -1)


def stop_word2vec() -> None:
    """Stop the shown run."""
    stop_run("learned")


def word2vec_controls() -> None:
    """Draw the settings of the next run."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        widgets.segments(say("It reads"), "corpus", tuple(CORPORA), lambda name: say(CORPORA[str(name)]))
        if state.get("corpus") == "own":
            own_corpus()
        number_box(say("Numbers a word"), "dims", 300)
        number_box(say("Window"), "window", 20)
        number_box(say("Random words"), "negatives", 25)
        number_box(say("Times read"), "epochs", 200)
        more = st.popover(say("More"), key="embeddings-learn-more", on_change="rerun")
        if more.open:
            with more:
                number_box(say("Left out below so many times"), "rare", 1000, 260)
                st.number_input(
                    say("Partly skipped above this share of the text (0: none)"),
                    0.0, 0.1, step=0.0001, format="%.4f", width=260, **state.bind("often"),
                )  # fmt: skip
                st.number_input(say("Seed"), 0, 999_999, step=1, width=260, **state.bind("learnseed"))
        own_run.progress([find_run("learned", "word2vec")])


# ------------------------------------------------------------------------------------------------- maps

METHODS = {"tsne": "t-SNE", "umap": "UMAP"}
LOSSES = {"tsne": mark("KL(P ‖ Q), nats"), "umap": mark("Cross-entropy, nats an edge")}
SIZES = (500, 2000, 20_000)

Laid = tuple[list[str], NDArray[np.float32], float]  # words, their places, the share of neighbours kept


def map_record(ctx: page.Context) -> dict[str, Any]:
    """Describe what learning.js draws, as its JSON."""
    run = find_run("settled", "map")
    spec = map_spec(ctx) if run is None else run.spec
    told = live_run(run) if run is not None else _pca_start(ctx, spec)
    spend, refused = run_cost(map_spec(ctx))
    method, begin = METHODS[spec.method], say("Lay out by {method}", method=METHODS[map_spec(ctx).method])
    return told | {
        "mode": "settle",
        "stamp": f"settle {run.id if run is not None else spec.to_json()}",
        "own": run is not None,
        "families": [],
        "familyOf": {},
        "loss": say(LOSSES[spec.method]),
        "about": map_about(spec),
        "word": state.get("laidword"),
        "buttons": [begin, begin, say("Stop")],
        "plan": spend,
        "cannot": no_workers(),
        "refused": refused,
        "note": refusal("settled"),
        "method": method,
    }  # fmt: skip


def map_about(spec: MapSpec) -> str:
    """Write a map's settings in words."""
    whose = {
        "glove": "GloVe",
        "model": say("W_E of {model}", model=spec.model),
        "run": say("your word2vec run"),
    }
    if spec.method == "tsne":
        near = say("perplexity {perplexity}", perplexity=spec.near)
    else:
        near = say("{count} neighbours, seed {seed}", count=spec.near, seed=spec.seed)
    return say(
        "{method} of up to {words} of {whose}; {near}",
        method=METHODS[spec.method], words=counted(spec.words, "word"), whose=whose[spec.source], near=near,
    )  # fmt: skip


def map_spec(ctx: page.Context) -> MapSpec:
    """Describe the map of the page's settings."""
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


def _pca_start(ctx: page.Context, spec: MapSpec) -> dict[str, Any]:
    """Lay the same words out by PCA, which takes no time: the map before the first step."""
    if spec.source == "model":
        words, points, kept = cache.call(pca_of_model, ctx.model_key, spec.words)
    elif spec.source == "run":
        id, _, step = spec.parent.partition("@")
        table = runs.table(id, int(step))
        words, points, kept = _pca_of_glove(spec.words) if table is None else pca_of_table(table, spec.words)
    else:
        words, points, kept = _pca_of_glove(spec.words)
    return {
        "words": words,
        "of": len(words),
        "steps": [0],
        "places": [pack(points)],
        "kin": [[kept, kept]],
        "mine": False,
    }


def pca_of_table(table: StaticVectors, count: int) -> Laid:
    """Lay out the first words of a table by PCA, their vectors taken as directions."""
    vectors = table.unit(slice(0, count))
    points = pca(vectors).place(vectors)
    return list(table.words[:count]), points, neighbours_kept(vectors, points)


def pca_of_model(lm: LanguageModel, count: int) -> Laid:
    """Lay out a model's own token table by PCA (called by the cache)."""
    from core.vectors.static import of_model as read

    return pca_of_table(read(lm), count)


@lru_cache(maxsize=4)
def _pca_of_glove(count: int) -> Laid:
    from core.vectors.static import glove

    return pca_of_table(glove(), count)


def start_map(ctx: page.Context) -> None:
    """Start the map of the settings, and show it."""
    spec = map_spec(ctx)
    begin_run(spec, "settled", f"{METHODS[spec.method]}, {counted(spec.words, 'word')}")
    state.set("frame", -1)


def stop_map() -> None:
    """Stop the shown map."""
    stop_run("settled")


def map_controls(ctx: page.Context) -> None:
    """Draw the settings of the next map."""
    sources = {"glove": "GloVe"}
    if _is_bundled(ctx):
        sources["model"] = say("{model}’s W_E", model=ctx.name)
    if state.get("learned"):
        sources["learned"] = say("Your word2vec")
    if state.get("source") not in sources:
        state.put({"source": "glove"})
    if state.get("laid") not in SIZES:
        state.put({"laid": min(SIZES, key=lambda size: abs(size - state.get("laid")))})
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        widgets.segments(say("Method"), "layout", tuple(METHODS), lambda name: METHODS[str(name)])
        widgets.segments(say("Vectors"), "source", tuple(sources), lambda name: sources[str(name)])
        widgets.segments(say("Words"), "laid", SIZES, lambda size: f"{int(size):,}")
        number_box(say("Perplexity") if state.get("layout") == "tsne" else say("Neighbours"), "near", 100)
        own_run.progress([find_run("settled", "map")])


# ------------------------------------------------------------------------------------------------- what both share


def find_run(field: str, kind: str) -> Run | None:
    """Find the own run that a field of the link names; the picture says where there is none of this kind."""
    id = str(state.get(field))
    if not id:
        return None
    run = runs.find(id, kind)
    if run is None and not runs.away():
        state.put({field: ""})
        why = say(
            "The run that the link names is not here any more: it was deleted, or the link is not complete."
        )
        refuse(field, why)
    return run


def live_run(run: Run) -> dict[str, Any]:
    """Describe an own run for the picture: its curve, live while it goes on, and who may stop it."""
    points = runs.points(run.id)
    if points is None:
        return {
            "run": {"id": run.id, "name": "", "steps": run.steps, "live": True},
            "mine": runs.is_mine(run),
        }
    arm = Arm("", run.id, run.spec, points, runs.checkpoints(run.id), run)
    return {"run": arm.curve(), "mine": runs.is_mine(run), "ended": run.ended}


def begin_run(spec: Spec, field: str, name: str, text: str | None = None) -> None:
    """Put a run into the queue and show it; the picture says why one was not started."""
    begun = runs.start(spec, text, name=name)
    refuse(field, begun if isinstance(begun, str) else "")
    if not isinstance(begun, str):
        state.set(field, begun.id)


def refuse(field: str, why: str) -> None:
    """Say in the picture why nothing was started or shown, until something is."""
    state.memo("embeddings_learning")[field] = why


def refusal(field: str) -> str:
    """Return what `refuse` said last."""
    return str(state.memo("embeddings_learning").get(field, ""))


def stop_run(field: str) -> None:
    """Stop the run that a field names."""
    if why := runs.command(str(state.get(field)), "stop"):
        refuse(field, why)


def no_workers() -> str:
    """Say why nothing can be started here at all, or ""."""
    return "" if runs.engine() else say("Nothing trains on this server: it was started without workers.")


def run_cost(spec: Spec, text: str | None = None) -> tuple[str, str]:
    """Estimate what a run would take, in words, or why it would be refused: one of the two is ""."""
    memo: dict[str, tuple[str, str]] = state.memo("embeddings_costs")
    key = f"{spoken()} {spec.to_json()}"
    if key not in memo:
        if len(memo) > 50:
            memo.clear()
        try:
            found = runs.estimate(spec, text)
            memo[key] = (say("About {seconds} s on this machine.", seconds=max(1, round(found.seconds))), "")
        except ValueError as why:  # LimitExceeded among them
            said = str(why)
            memo[key] = ("", said[:1].upper() + said[1:] + ".")
    return memo[key]


def number_box(label: str, key: str, most: int, width: int = 120) -> None:
    """Draw a box for a whole number that a field holds."""
    low = int(BY_KEY[key].low)
    st.number_input(markup.escape(label), low, most, step=1, width=width, **state.bind(key))
