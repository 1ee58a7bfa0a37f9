"""Loading of the chosen model: with progress when it is fetched, with a message and a fallback model when it fails."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from app import chapters, markup, models, runs
from app.models import cache
from app.session import state

if TYPE_CHECKING:
    from core.config import ModelConfig
    from core.language_model import LanguageModel
    from core.runs import Run

log = logging.getLogger("glassbox")
STANDS_IN = "tales-bert"  # fallback for a bare encoder: an encoder with a vocabulary head


@dataclass(frozen=True)
class Opened:
    """The model that a page shows.

    Attributes:
        moment: the training step of its weights; -1: finished.
        moments: the steps that it can be rewound to, in order; () where none were kept.
        run: the training run that it comes from, or None.
    """

    lm: LanguageModel
    name: str
    moment: int
    moments: tuple[int, ...]
    run: Run | None = None

    @property
    def label(self) -> str:
        """Its name in a sentence: a run's learner-given name, a folder without its path."""
        return models.run_name(self.run) if self.run is not None else self.name.removeprefix("./")

    @property
    def key(self) -> str:
        """The key for `cache.call`."""
        return cache.key(self.name, self.moment)


def open_model(slug: str) -> Opened:
    """Load the chosen model, or with a message a fallback that opens: the finished one, then a bundled one.

    On a page about predictions a fallback replaces a bare encoder, which stays the choice for all other pages.

    Args:
        slug: of the page.
    """
    first = models.bundled()
    usual = state.DEFAULT_MODEL if state.DEFAULT_MODEL in first else next(iter(first), "")
    name, moment = state.get("model"), state.get("snapshot")
    known = runs.look(runs.run_id(name)) if runs.run_id(name) else runs.Known()
    waits = _waits(known, name, moment)
    if waits:  # it may open soon: the choice stays, and the page shows the usual model until then
        state.note(f"{waits} Until then this page shows {usual}.".removeprefix(f"{runs.AWAY} "))
    tried = [(usual, -1)] if waits else [(name, moment), (name, -1), (usual, -1)]
    for attempt in dict.fromkeys(tried):
        try:
            opened = _open(*attempt, known)
        except (ValueError, OSError) as why:
            log.warning("model %r at %r does not open: %s", *attempt, why)
            said = models.without_places(str(why))
            state.note(said[:1].upper() + said[1:])
        except Exception:
            log.exception("model %r at %r does not open", *attempt)
            state.note(f"“{attempt[0]}” could not be opened; the log says why.")
        else:
            if attempt != (name, moment) and not waits:
                state.put({"model": attempt[0], "snapshot": attempt[1]})
                how = "as it is when finished" if attempt[0] == name else "instead"
                state.note(f"This page shows {attempt[0]} {how}; the list of models has others.")
            if slug in chapters.PREDICTS and opened.lm.config.head == "none":
                return _instead(opened, usual)
            return opened
    st.error("No model opens. `make models` trains the bundled ones again.")
    st.stop()


def _instead(bare: Opened, usual: str) -> Opened:
    """Return a model with a vocabulary head for a page that needs one, in place of a bare encoder, with a message."""
    name = STANDS_IN if STANDS_IN in models.bundled() else usual
    state.note(
        f"“{bare.label[:80]}” is a bare encoder: it turns a text into vectors and says no words. This page is about "
        f"the words that a model expects, so it shows {name}; the list of models has others."
    )
    return replace(_open(name, -1, runs.Known()), moments=())


def _waits(known: runs.Known, name: str, moment: int) -> str:
    """Return why the chosen training run has no model to show yet; "" when it has one."""
    if known.away:
        at = known.steps[-1] if moment < 0 and known.steps else moment
        return "" if known.run is not None and cache.is_at_hand(name, at) else known.why
    if known.run is None or known.steps or known.run.over:
        return ""
    place = known.run.place
    waits = f"waits for a free worker, at place {place} in the queue," if place else "is just beginning"
    return f"“{known.run.name or 'This run'}” {waits} and has no checkpoint yet."


def _open(name: str, moment: int, known: runs.Known) -> Opened:
    source = models.resolve(name).source
    if source != "run":
        published = models.published_config(name) if source == "hub" else None
        if published is not None:
            _says_words(published, name)  # before hundreds of megabytes are fetched
        lm = _that_says_words(load(name, moment), name)
        return Opened(lm, name, moment, cache.moments(name) if source == "bundled" else ())
    if known.run is None:
        raise ValueError(known.why)
    if not known.steps:
        raise ValueError("This run ended before its first checkpoint: there is no model to open.")
    moment = known.steps[-1] if moment < 0 else moment
    said = known.run.name or "this run"
    return Opened(_that_says_words(load(name, moment), said), name, moment, known.steps, known.run)


def _that_says_words(lm: LanguageModel, name: str) -> LanguageModel:
    """Return the model if its head predicts tokens, or if it is a bare encoder, which most pages can show.

    Raises:
        ValueError: its head predicts classes or spans; the message says which, and on which page it can be used.
    """
    _says_words(lm.config, name)
    return lm


def _says_words(config: ModelConfig, name: str) -> None:
    """Check as `_that_says_words` does, for a model that may not have been loaded."""
    if config.head in ("lm", "none"):
        return
    shown = ", ".join(config.labels[:5]) + (", ..." if len(config.labels) > 5 else "")
    says = {
        "sequence": f"names a class of the whole text ({shown})",
        "token": f"names a class of each token ({shown})",
        "span": "says where in a text the answer to a question starts and ends",
    }[config.head]
    ask = {"sequence": "classify(text)", "token": "tag(text)", "span": "answer(question, context)"}
    task = {"sequence": "Sentiment", "span": "Question"}.get(config.head)
    there = f"Applications can ask it, under {task}; " if task else ""
    raise ValueError(
        f"“{name[:80]}” {says}. This page is about the words that a model expects, of which it says none. "
        f"{there}{'in' if there else 'In'} a notebook, core.load opens it, and {ask[config.head]} asks it."
    )


def load(name: str, moment: int = -1) -> LanguageModel:
    """Load a model of this server, with a progress bar while it is fetched and read.

    Raises:
        ValueError, OSError: it does not open; the message says why and what to do.
    """
    if cache.is_quick(name, moment):
        return cache.model(name, moment)
    place = st.empty()

    def report(stage: str, done: int, total: int) -> None:
        share = f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB" if total else "asking the hub" if stage else ""
        said = f"{stage or 'Opening'} {name}" + (f": {share}" if share else "")
        place.progress(min(1.0, done / total) if total else 0.0, markup.escape(said))

    try:
        return cache.opening(name, moment, report)
    finally:
        place.empty()
