"""word2vec, trained live: the recorded run of the first screen, or a learner's own, and the next one's settings."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import streamlit as st

from app import own_run, state, widgets
from app.counts import counted
from app.kit import pack
from app.own_corpus import own, own_corpus
from core.data.corpora import check_text, fingerprint
from core.runs.word_recordings import RecordedWords, recorded_words
from core.runs.word_specs import WordsSpec
from core.vectors.families import FAMILIES, families, of
from core.vectors.static import UnknownWord
from pages.embeddings import learning_shown as shown

CORPORA = {"tales": "Tales", "fables": "Fables", "python": "Python", "own": "Own text"}
MOST = 150_000  # words of a named corpus; an own text is read whole
NEAREST = 8


def record() -> dict[str, Any]:
    """What view.js draws."""
    run = shown.find("learned", "word2vec")
    spec = run.spec if run is not None else recorded_words().spec
    told = shown.live(run) if run is not None else _recorded(recorded_words())
    spend, refused = _plan()
    return told | {
        "mode": "learn",
        "stamp": f"learn {run.id if run is not None else 'recorded'}",
        "own": run is not None,
        "families": list(FAMILIES) if spec.corpus == "tales" else [],
        "familyOf": _families() if spec.corpus == "tales" else {},
        "guessing": {"value": spec.guessing, "text": f"guessing: {1 + spec.negatives} ln 2 = {spec.guessing:.2f}"},
        "loss": "Loss, nats a pair",
        "about": about(spec),
        "word": state.get("learnword"),
        "buttons": ["Train it here", "Train it again", "Stop"],
        "plan": spend,
        "cannot": shown.cannot(),
        "refused": refused,
        "note": shown.refused("learned"),
    }  # fmt: skip


def about(spec: WordsSpec) -> str:
    """A run's settings in words."""
    read = f"{counted(spec.most, 'word')} of the {spec.corpus}" if spec.corpus in ("tales", "python") else (
        "the fables" if spec.corpus == "fables" else "an own text"
    )  # fmt: skip
    return (
        f"{read}, {spec.epochs} times; {counted(spec.size, 'number')} a word, window {spec.window}, "
        f"{spec.negatives} random words a pair, seed {spec.seed}"
    )


def _families() -> dict[str, int]:
    known = families()
    return dict(zip(known, of(tuple(known))))


def _recorded(words: RecordedWords) -> dict[str, Any]:
    """The recorded run: all its moments come with the page."""
    near = _near(str(state.get("learnword")))
    return {
        "run": _curve(),
        "mine": False,
        "words": list(words.words),
        "of": words.of,
        "steps": list(words.steps),
        "places": _places(),
        "kin": [list(pair) for pair in words.kin],
        "near": near if isinstance(near, list) else [],
        "why": near if isinstance(near, str) else "",
    }


@lru_cache(maxsize=1)
def _places() -> list[dict[str, Any]]:
    return [pack(places) for places in recorded_words().places]


@lru_cache(maxsize=1)
def _curve() -> dict[str, Any]:
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
def _near(word: str) -> list[list[list[Any]]] | str:
    """The nearest recorded words of one at every moment; a sentence where it was not recorded."""
    words = recorded_words()
    try:
        return [
            [[one.word, round(one.cosine, 6)] for one in words.table(moment).neighbours(word, NEAREST)]
            for moment in range(len(words.steps))
        ]
    except UnknownWord as why:
        said = str(why)
        return said[:1].upper() + said[1:] + "."


def wished() -> tuple[WordsSpec, str | None]:
    """The run of the page's settings, and its own text.

    Raises:
        ValueError: there is no own text yet, or it is no text.
    """
    corpus, text, name = state.get("corpus"), None, ""
    if corpus == "own":
        if not own().strip():
            raise ValueError("Bring a text of your own first: “Your corpus” takes it")
        text, name = _checked(own())
    spec = WordsSpec(
        corpus=corpus,
        text=name,
        most=MOST if text is None else 2_000_000,
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


def _plan() -> tuple[str, str]:
    try:
        return shown.cost(*wished())
    except ValueError as why:
        return "", f"{why}."


def start() -> None:
    """Start the run of the settings, and show it."""
    try:
        spec, text = wished()
    except ValueError as why:
        shown.refuse("learned", f"{why}.")
        return
    shown.begin(spec, "learned", f"word2vec, {CORPORA[spec.corpus].lower()}", text)
    state.set("glimpse", -1)


def stop() -> None:
    """Stop the shown run."""
    shown.stop("learned")


def controls() -> None:
    """The settings of the next run."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        widgets.segments("It reads", "corpus", tuple(CORPORA), lambda name: CORPORA[str(name)])
        if state.get("corpus") == "own":
            own_corpus()
        shown.number("Numbers a word", "dims", 300)
        shown.number("Window", "window", 20)
        shown.number("Random words", "negatives", 25)
        shown.number("Times read", "epochs", 200)
        more = st.popover("More", key="embeddings-learn-more", on_change="rerun")
        if more.open:
            with more:
                shown.number("Left out below so many times", "rare", 1000, 260)
                st.number_input(
                    "Partly skipped above this share of the text (0: none)",
                    0.0, 0.1, step=0.0001, format="%.4f", width=260, **state.bind("often"),
                )  # fmt: skip
                st.number_input("Seed", 0, 999_999, step=1, width=260, **state.bind("learnseed"))
        own_run.progress([shown.find("learned", "word2vec")])
