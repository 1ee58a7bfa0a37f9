"""Runs, as the pages see them: whose they are, what the store knows of them, and words instead of errors.

Pages that speak of models in training ask for no kind and get those alone; word2vec and maps of words have a kind.

The store may be away (a database that restarts): then every question here gets an empty answer at once, a note on top
of the page says so, and the next question after a moment asks again. A page never trains; the engine's workers do.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

import streamlit as st

from app.session import owner as owners
from app.session import state, visitors

if TYPE_CHECKING:
    from core.language_model import LanguageModel
    from core.runs import Checkpoint, Engine, Maps, Places, Points, Run, Store
    from core.runs.kinds import Spec
    from core.runs.records import Word
    from core.training.estimates import Estimate
    from core.vectors.static import StaticVectors

log = logging.getLogger("glassbox")
Answer = TypeVar("Answer")
REST = 2.0  # seconds without a question to a store that did not answer the last one
REMEMBERED = 64  # runs whose last state is kept for the time that the store is away
AWAY = (
    "The store of the training runs does not answer just now. Pictures and models work on; nothing of a run is lost, "
    "and what was done to one in this moment may be done again when it is back."
)
RUN = "run:"  # before its id, a run as the name of a model
_RUN_ID = re.compile(r"[0-9a-f]{8,64}")
LOST = "Nothing can be trained here, and no run can be shown; pictures and models work on. {}."

_opening = threading.Lock()
_beginning, _closing = threading.Event(), threading.Event()
_expected = threading.Event()  # by a page quicker than the engine
_store: Store | None = None
_engine: Engine | None = None
_rest_until = 0.0
_trouble = AWAY  # what was told when the store did not answer last
_lost = ""  # what is told while it cannot be read
_known: OrderedDict[str, tuple[Run, tuple[int, ...]]] = OrderedDict()


def store() -> Store:
    """The server's run store, opened at the first question.

    Raises StoreAway: the database does not answer; SchemaError: another version of Glassbox wrote it.
    """
    global _store
    with _opening:
        if _store is None:
            from core.runs import Store

            _store = Store()
        return _store


def use(opened: Store | None, engine: Engine | None = None) -> None:
    """Take this store and this engine from now on; None: the usual store at the next question, no engine."""
    global _store, _engine, _rest_until, _lost
    with _opening:
        _store, _engine, _rest_until, _lost = opened, engine, 0.0, ""


def begin() -> None:
    """Start what hands runs to workers; waits for a store that is away. Runs in a thread beside the first visitor."""
    _beginning.set()
    try:
        _begin()
    finally:
        _beginning.clear()


def _begin() -> None:
    from core.runs import Engine, RunError, StoreAway

    while not _closing.is_set():
        try:
            started = Engine(store())
        except StoreAway as why:
            log.warning("%s; trying again", why)
            _closing.wait(REST)
        except (RunError, ValueError, OSError):
            log.exception("Nothing can be trained on this server")
            return
        else:
            use(store(), started)  # a run may be put into the queue before the workers are warm
            started.start(wait=False)
            if _expected.is_set():
                started.expect()
            _measure()
            return


def _measure() -> None:
    """Measure how fast this machine trains, once, before a page asks what a run would take."""
    from core.precision import choose
    from core.training.estimates import measured_rate

    try:
        measured_rate(choose("auto"))
    except ValueError as why:  # of a variable; pages say so where they tell what a run would take
        log.warning("%s", why)


def expect() -> None:
    """Somebody looks at a page that trains: let workers come, so that they stand when Start is pressed."""
    _expected.set()
    if _engine is not None:
        _engine.expect()


def leave() -> None:
    """The server is about to end: wait for no store that is away."""
    _closing.set()


def left() -> None:
    """The server has ended; another one of this process may begin."""
    _closing.clear()


def close() -> None:
    """End the workers; runs that they trained go on when a server starts again."""
    leave()
    _expected.clear()
    ended = _engine
    use(None)
    if ended is not None:
        ended.close()
    if not _beginning.is_set():
        left()


def engine() -> Engine | None:
    """What trains here; None in a process that only looks."""
    return _engine


def starting() -> bool:
    """Whether the workers of this server are still on their way."""
    return _engine is not None and _engine.starting


def owner() -> str:
    """The random id of this browser (app/session/owner.py), or without cookies one of this session."""
    if (known := owners.read(st.context.cookies.get(owners.COOKIE))) is not None:
        return known
    mine: str = state.memo("owner").setdefault("id", owners.new())
    return mine


def address() -> str:
    """A name of the network address that this browser comes from (app/session/visitors.py); "" where none is known."""
    return visitors.name_of(st.context.headers.get(visitors.HEADER, ""))


def greet() -> None:
    """Say on top of a page that the store cannot be read, where that is so, before the page is drawn.

    A file that nobody has opened yet is looked at; a database of another machine is asked by who needs it.
    """
    if _lost:
        state.note(_lost)
    elif _store is None and _place():
        _ask(store)


def claim(owner: str) -> bool | None:
    """Whether a browser that brings this id without a signature may go on as its owner; None: not to be told now."""
    from core.runs import RunError

    try:
        return store().take_over(owner, owners.TAKES_OVER)
    except (RunError, ValueError):
        return None


def away() -> str:
    """Why the store does not answer, or ""."""
    asked, why = _ask(lambda: store().counts(""))
    return "" if asked is not None else why


def run_id(name: str) -> str:
    """The id in "run:ID"; "" for every other model."""
    id = name.removeprefix(RUN)
    return id if name.startswith(RUN) and _RUN_ID.fullmatch(id) else ""


def mine(kind: str = "train") -> list[Run]:
    """The runs of this browser, the newest first."""
    return _ask(lambda: store().list(owner=owner(), kind=kind))[0] or []


def offered(name: str) -> list[Run]:
    """The runs for the list of models: this browser's, and the one called `name` ("run:ID") where it is another's."""
    own = mine()
    id = run_id(name)
    if not id or any(run.id == id for run in own):
        return own
    other = look(id).run
    return own if other is None else [*own, other]


def grouped(group: str, kind: str = "train") -> list[Run]:
    """The runs that were started together under this name, whoever started them: who knows it may look."""
    return _ask(lambda: store().list(group=group, kind=kind))[0] or []


def find(id: str, kind: str = "train") -> Run | None:
    """A run, whoever started it: who knows its id may look. None: there is none of this kind."""
    run = _ask(lambda: store().get(id))[0]
    return run if run is not None and run.kind == kind else None


@dataclass(frozen=True)
class Known:
    """What is known of a run: itself and the steps that can be opened, or why there is none; `away`: from memory."""

    run: Run | None = None
    steps: tuple[int, ...] = ()
    why: str = ""
    away: bool = False


def look(id: str) -> Known:
    """A run and its checkpoints, whoever started it; while the store is away, what it said last."""
    found, why = _ask(lambda: (store().get(id), tuple(store().steps(id))))
    if found is not None and found[0].kind != "train":
        return Known(
            why="This run adapts a model, on the Fine-tuning page."
            if found[0].kind == "fine_tune"
            else "This run trains no language model: it learns or lays out words, on the Embeddings page."
        )
    if found is not None:
        _known[id] = found
        _known.move_to_end(id)
        while len(_known) > REMEMBERED:
            _known.popitem(last=False)
        return Known(*found)
    if why == AWAY:
        run, steps = _known.get(id, (None, ()))
        return Known(run, steps, why, away=True)
    return Known(why=why)


def is_mine(run: Run) -> bool:
    """Whether this browser may command it."""
    return run.owner == owner()


def points(id: str, after: int = -1) -> Points | None:
    """The curve after a step; None: no such run."""
    return _ask(lambda: store().points(id, after))[0]


def checkpoints(id: str) -> list[Checkpoint]:
    """The moments of a run, in order."""
    return _ask(lambda: store().checkpoints(id))[0] or []


def steps(id: str) -> tuple[int, ...]:
    """The steps of the checkpoints that can be opened, in order."""
    return look(id).steps


def maps(id: str, step: int) -> Maps | None:
    """The attention patterns of the run's prompt at a checkpoint."""
    return _ask(lambda: store().maps(id, step))[0]


def weights(id: str, step: int) -> bytes | None:
    """The weights of a checkpoint as safetensors."""
    return _ask(lambda: store().weights(id, step))[0]


def places(id: str, step: int) -> Places | None:
    """Where the words of a run lie on its map at a checkpoint."""
    return _ask(lambda: store().places(id, step))[0]


def table(id: str, step: int) -> StaticVectors | None:
    """The vectors of a word2vec run at a checkpoint."""
    from core.runs import table as read

    return _ask(lambda: read(store(), id, step))[0]


def tuned(id: str, step: int) -> LanguageModel | None:
    """The model of a fine-tuning run at a checkpoint; None: it cannot be had."""
    from core.runs.loading import tuned_model

    return _ask(lambda: tuned_model(store(), id, step))[0]


def text(fingerprint: str) -> str | None:
    """An own text that a run was started with; None: it is not here."""
    return _ask(lambda: store().text(fingerprint))[0]


def estimate(spec: Spec, text: str | None = None) -> Estimate:
    """Parameters, bytes and seconds of a run, before it starts.

    Raises ValueError: it is not started here: too large (LimitExceeded), or its text too small; the message says why.
    """
    if _engine is not None:
        return _engine.estimate(spec, text)
    from core.runs import kinds

    return kinds.estimate(spec, text)


def side_by_side() -> int:
    """How many runs train at once here, each at its own speed: workers, as far as there are processors for them."""
    workers = _engine.workers if _engine is not None else 1
    return max(1, min(workers or 1, os.cpu_count() or 1))


def start(spec: Spec, text: str | None = None, name: str = "", group: str = "") -> Run | str:
    """Put a run into the queue; a string says why not, and what to do.

    Args:
        text: the own text that `spec.text` is the fingerprint of.
        group: runs that belong together (the pairs of a page).
    """
    if _engine is None:
        return away() or "Nothing trains here: this server was started without workers."
    trainer, mine, where = _engine, owner(), address()
    begun, why = _ask(lambda: trainer.submit(spec, mine, text=text, name=name, group=group, address=where))
    return why if begun is None else begun


def command(id: str, word: str) -> str:
    """Say run, pause, step or stop to a run: "" when it was heard, else why not.

    The last word counts, whichever of the owner's windows it comes from.
    """
    heard, why = _ask(lambda: store().command(id, owner(), cast("Word", word)))  # the store checks the word
    if heard is not None and _engine is not None:
        _engine.wake()  # a run that goes on need not wait for the engine's next look
    return why


def rename(id: str, name: str) -> str:
    """Call a run something else: "" when done, else why not."""
    return _ask(lambda: store().rename(id, owner(), name))[1]


def delete(id: str) -> str:
    """Delete a run and everything it wrote: "" when done, else why not."""

    def gone() -> bool:
        store().delete(id, owner())
        return True

    return _ask(gone)[1]


def _ask(question: Callable[[], Answer]) -> tuple[Answer | None, str]:
    """The store's answer and "", or None and why there is none, in words."""
    from core.runs import RunError, SchemaError, StoreAway, StoreDamaged

    global _lost
    if time.monotonic() < _rest_until:
        return _away()
    try:
        answer = question()
        state.unsay(_trouble)
        _lost = ""
        return answer, ""
    except StoreAway as why:
        log.warning("%s", why)
        return _rest(AWAY)
    except (StoreDamaged, SchemaError) as why:
        told = LOST.format(_sentence(why))
        if told != _lost:  # once: it stays so until somebody moves the file
            log.warning("%s: %s", _place() or "GLASSBOX_DB", why)
        _lost = told
        return _rest(told)
    except (RunError, ValueError) as why:
        return None, _sentence(why)


def _sentence(why: Exception) -> str:
    said = str(why)
    return said[:1].upper() + said[1:]


def _place() -> str:
    """The file of the store, for the log alone; "" where it is none: an address may hold a password."""
    from core.runs.schema import default_url

    url = default_url()
    return url.removeprefix("sqlite:///") if url.startswith("sqlite:") else ""


def _rest(why: str) -> tuple[None, str]:
    """Ask no more for a moment, and say why there is no answer."""
    global _rest_until, _trouble
    _rest_until, _trouble = time.monotonic() + REST, why
    return _away()


def _away() -> tuple[None, str]:
    state.note(_trouble)
    return None, _trouble
