"""Loading of the chosen model: with progress when it is fetched, with a message and a fallback model when it fails."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from app import chapters, markup, models, runs
from app.models import cache
from app.session import state
from core import messages, real
from core.messages import later, mark, say

if TYPE_CHECKING:
    from core.config import ModelConfig
    from core.language_model import LanguageModel
    from core.runs import Run

log = logging.getLogger("glassbox")
PROGRESS = {
    "": mark("Opening {model}: {done} of {total} MB"),
    cache.READING: mark("Reading {model}: {done} of {total} MB"),
    cache.FETCHING: mark("Fetching {model}: {done} of {total} MB"),
}
BEFORE = {
    "": mark("Opening {model}"),
    cache.READING: mark("Reading {model}"),
    cache.FETCHING: mark("Fetching {model}: asking the hub"),
}  # while the size is not known
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
        return models.run_name(self.run) if self.run is not None else real.title(self.name.removeprefix("./"))

    @property
    def key(self) -> str:
        """The key for `cache.call`."""
        return cache.key(self.name, self.moment)


def open_model(slug: str) -> Opened:
    """Load the chosen model, or with a message a fallback: the finished one, the one that is open, a bundled one.

    On a page about predictions a fallback replaces a bare encoder, which stays the choice for all other pages.

    Args:
        slug: of the page.
    """
    first = models.bundled()
    usual = state.DEFAULT_MODEL if state.DEFAULT_MODEL in first else next(iter(first), "")
    name, moment = state.get("model"), state.get("snapshot")
    known = _look_up(name)
    waits = _waits(known, name, moment)
    if waits:  # it may open soon: the choice stays, and the page shows the usual model until then
        until = say("Until then this page shows {model}.", model=usual)
        state.note(until if waits == say(runs.AWAY) else f"{waits} {until}")
    memo = state.memo("opening")
    last: tuple[str, int] = memo.get("last", (usual, -1))  # if a model is refused, the open one stays open
    tried = [(usual, -1)] if waits else [(name, moment), (name, -1), last, (usual, -1)]
    for attempt in dict.fromkeys(tried):
        try:
            opened = _open(*attempt, known if attempt[0] == name else _look_up(attempt[0]))
        except (ValueError, OSError) as why:
            with messages.speaking(messages.ENGLISH):
                log.warning("model %r at %r does not open: %s", *attempt, why)
            said = models.without_places(str(why))
            state.note(said[:1].upper() + said[1:])
        except Exception:
            log.exception("model %r at %r does not open", *attempt)
            state.note(say("“{model}” could not be opened; the log says why.", model=attempt[0]))
        else:
            if attempt != (name, moment) and not waits:
                state.put({"model": attempt[0], "snapshot": attempt[1]})
                state.note(_shown(attempt[0], finished=attempt[0] == name))
            memo["last"] = attempt
            if slug in chapters.PREDICTS and opened.lm.config.head == "none":
                return _instead(opened, usual)
            return opened
    st.error(say("No model opens. `make models` trains the bundled ones again."))
    st.stop()


def _look_up(name: str) -> runs.Known:
    """Return what is known of the training run that a model comes from; of another model, nothing."""
    return runs.look(runs.run_id(name)) if runs.run_id(name) else runs.Known()


def _shown(name: str, finished: bool) -> str:
    """Say that a page shows a model as it is when finished, or another one instead."""
    if finished:
        return say(
            "This page shows {model} as it is when finished; the list of models has others.", model=name
        )
    return say("This page shows {model} instead; the list of models has others.", model=name)


def _instead(bare: Opened, usual: str) -> Opened:
    """Return a model with a vocabulary head for a page that needs one, in place of a bare encoder, with a message."""
    name = STANDS_IN if STANDS_IN in models.bundled() else usual
    state.note(
        say(
            "“{encoder}” is a bare encoder: it turns a text into vectors and says no words. This page is about the "
            "words that a model expects, so it shows {model}; the list of models has others.",
            encoder=bare.label[:80],
            model=name,
        )
    )
    return replace(_open(name, -1, runs.Known()), moments=())


def _waits(known: runs.Known, name: str, moment: int) -> str:
    """Return why the chosen training run has no model to show yet; "" when it has one."""
    if known.away:
        at = known.steps[-1] if moment < 0 and known.steps else moment
        return "" if known.run is not None and cache.is_at_hand(name, at) else known.why
    if known.run is None or known.steps or known.run.over:
        return ""
    run, place = known.run.name or say("This run"), known.run.place
    if not place:
        return say("“{run}” is just beginning and has no checkpoint yet.", run=run)
    return say(
        "“{run}” waits for a free worker, at place {place} in the queue, and has no checkpoint yet.",
        run=run, place=place,
    )  # fmt: skip


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
        raise ValueError(say("This run ended before its first checkpoint: there is no model to open."))
    moment = known.steps[-1] if moment < 0 else moment
    said = known.run.name or say("this run")
    return Opened(_that_says_words(load(name, moment), said), name, moment, known.steps, known.run)


def _that_says_words(lm: LanguageModel, name: str) -> LanguageModel:
    """Return the model if its head predicts tokens, or if it is a bare encoder, which most pages can show.

    Raises:
        ValueError: its head predicts classes or spans; the message says which, and on which page it can be used.
    """
    _says_words(lm.config, name)
    return lm


# What a model with another head does, and where it can be asked; by its head.
_WORDLESS = {
    "sequence": mark(
        "“{model}” names a class of the whole text ({classes}). This page is about the words that a model expects, of "
        "which it says none. Applications can ask it, under Sentiment; in a notebook, core.load opens it, and "
        "classify(text) asks it."
    ),
    "token": mark(
        "“{model}” names a class of each token ({classes}). This page is about the words that a model expects, of "
        "which it says none. In a notebook, core.load opens it, and tag(text) asks it."
    ),
    "span": mark(
        "“{model}” says where in a text the answer to a question starts and ends. This page is about the words that a "
        "model expects, of which it says none. Applications can ask it, under Question; in a notebook, core.load "
        "opens it, and answer(question, context) asks it."
    ),
}


def _says_words(config: ModelConfig, name: str) -> None:
    """Check as `_that_says_words` does, for a model that may not have been loaded."""
    if config.head in ("lm", "none"):
        return
    shown = ", ".join(config.labels[:5]) + (", ..." if len(config.labels) > 5 else "")
    raise ValueError(later(_WORDLESS[config.head], model=name[:80], classes=shown))


def load(name: str, moment: int = -1) -> LanguageModel:
    """Load a model of this server, with a progress bar while it is fetched and read.

    Raises:
        ValueError, OSError: it does not open; the message says why and what to do.
    """
    if cache.is_quick(name, moment):
        return cache.model(name, moment)
    place = st.empty()

    def report(stage: str, done: int, total: int) -> None:
        told = (PROGRESS if total else BEFORE)[stage]
        said = say(told, model=name, done=f"{done / 1e6:,.0f}", total=f"{total / 1e6:,.0f}")
        place.progress(min(1.0, done / total) if total else 0.0, markup.escape(said))

    try:
        return cache.opening(name, moment, report)
    finally:
        place.empty()
