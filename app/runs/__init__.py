"""Runs for the pages: ownership, the store's records, and messages instead of exceptions.

Pages that speak of models in training ask for no kind and get those alone; word2vec and maps of words have a kind.

The store may be unavailable (a database restart): then every query here returns an empty result at once, a note at the
top of the page says so, and a query a few seconds later tries again. Pages never train; the engine's workers do.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

import streamlit as st

from app.run_names import RUN as RUN
from app.run_names import run_id as run_id
from app.session import owner as owners
from app.session import state, visitors
from core.messages import Later, later, mark, say

if TYPE_CHECKING:
    from core.language_model import LanguageModel
    from core.runs import Checkpoint, Engine, Maps, Places, Points, Run, Store
    from core.runs.kept import Kept
    from core.runs.kinds import Spec
    from core.runs.records import Word
    from core.training.estimates import Estimate
    from core.vectors.static import StaticVectors

log = logging.getLogger("glassbox")
Answer = TypeVar("Answer")
REST = 2.0  # seconds without a query after one that the store did not answer
QUEUE_KEPT = 3.0  # seconds that an estimate of the time in the queue is kept: many sessions poll it
REMEMBERED = 64  # runs whose last state is cached for the time that the store is unavailable
AWAY = mark(
    "The store of the training runs does not answer just now. Pictures and models work on; nothing of a run is "
    "lost, and what was done to one in this moment may be done again when it is back."
)
LOST = mark("Nothing can be trained here, and no run can be shown; pictures and models work on. {why}.")

_opening = threading.Lock()
_beginning, _closing = threading.Event(), threading.Event()
_expected = threading.Event()  # set by a page before the engine has started
_store: Store | None = None
_engine: Engine | None = None
_rest_until = 0.0
_trouble = later(AWAY)  # the error of the last query that failed
_lost: Later | None = None  # the message while the store cannot be read
_queue: dict[int, tuple[float, float]] = {}  # by place: when it was estimated, and seconds
_known: OrderedDict[str, tuple[Run, tuple[int, ...]]] = OrderedDict()


def store() -> Store:
    """Return the server's run store, opened on first use.

    Raises StoreAway: the database does not answer; SchemaError: another version of Glassbox wrote it.
    """
    global _store
    with _opening:
        if _store is None:
            from core.runs import Store

            _store = Store()
        return _store


def use(opened: Store | None, engine: Engine | None = None) -> None:
    """Use this store and engine from now on; None: the default store at the next query, no engine."""
    global _store, _engine, _rest_until, _lost
    with _opening:
        _store, _engine, _rest_until, _lost = opened, engine, 0.0, None
        _queue.clear()


def begin() -> None:
    """Start the engine; waits for an unavailable store. Runs in a thread beside the first visitor."""
    _beginning.set()
    try:
        _begin()
    finally:
        _beginning.clear()


def _begin() -> None:
    from core.runs import Engine, RunError, StoreAway, StoreInUse

    while not _closing.is_set():
        try:
            started = Engine(store())
        except (StoreAway, StoreInUse) as why:
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
    except ValueError as why:  # of an environment variable; pages name it beside a run's estimate
        log.warning("%s", why)


def expect() -> None:
    """Start workers ahead of time, because a page that trains was opened."""
    _expected.set()
    if _engine is not None:
        _engine.expect()


def leave() -> None:
    """Prepare for shutdown: do not wait for an unavailable store."""
    _closing.set()


def left() -> None:
    """Reset after shutdown; another server of this process may start."""
    _closing.clear()


def close() -> None:
    """Stop the workers; their runs continue when a server starts again."""
    leave()
    _expected.clear()
    ended = _engine
    use(None)
    if ended is not None:
        ended.close()
    if not _beginning.is_set():
        left()


def engine() -> Engine | None:
    """Return this server's engine; None in a process that only reads."""
    return _engine


def workers() -> int | None:
    """Return how many processes train here; None before the engine has started."""
    return None if _engine is None else _engine.side_by_side


def starting() -> bool:
    """Return whether this server's workers are still starting."""
    return _engine is not None and _engine.starting


def owner() -> str:
    """Return this browser's random id (app/session/owner.py), or without cookies one of this session."""
    if (known := owners.read(st.context.cookies.get(owners.COOKIE))) is not None:
        return known
    mine: str = state.memo("owner").setdefault("id", owners.new())
    return mine


def visitor() -> str:
    """Return whose turn a page's long work takes: this browser, or all browsers without cookies of its network address.

    A new id for each page without cookies would give a script as many turns as it opens pages.
    """
    known = owners.read(st.context.cookies.get(owners.COOKIE))
    return known or address() or owner()


def address() -> str:
    """Return a name for the browser's network address (app/session/visitors.py); "" where it is unknown."""
    return visitors.name_of(st.context.headers.get(visitors.HEADER, ""))


def greet() -> None:
    """Show a note at the top of the page if the store cannot be read, before the page is drawn.

    A SQLite file that is not open yet is checked; a remote database is first contacted by a query that needs it.
    """
    if _lost:
        state.note(str(_lost))
    elif _store is None and _place():
        _ask(store)


def claim(owner: str) -> bool | None:
    """Return whether a browser with this unsigned id may continue as its owner; None: cannot be decided now."""
    from core.runs import RunError

    try:
        return store().take_over(owner, owners.TAKES_OVER)
    except (RunError, ValueError):
        return None


def away() -> str:
    """Return why the store is unavailable, or ""."""
    asked, why = _ask(lambda: store().counts(""))
    return "" if asked is not None else why


def mine(kind: str | None = "train") -> list[Run]:
    """List all runs of this browser, newest first; kind None: of any kind."""
    return _ask(lambda: store().list(owner=owner(), kind=kind, limit=None))[0] or []


def offered(name: str) -> list[Run]:
    """List the runs for the model picker: this browser's, and the run called `name` ("run:ID") if it is another's."""
    own = mine()
    id = run_id(name)
    if not id or any(run.id == id for run in own):
        return own
    other = look(id).run
    return own if other is None else [*own, other]


def grouped(group: str, kind: str = "train") -> list[Run]:
    """List the runs that were started together under this group, whoever owns them.

    Knowing the group grants reading.
    """
    return _ask(lambda: store().list(group=group, kind=kind))[0] or []


def may_add(group: str) -> bool:
    """Return whether this browser may add runs to a group: knowing it grants reading, and nothing else."""
    found = _ask(lambda: store().list(group=group))[0]
    return found is not None and all(is_mine(run) for run in found)


def find(id: str, kind: str = "train") -> Run | None:
    """Find a run, whoever owns it: knowing its id grants reading. None: there is none of this kind."""
    run = _ask(lambda: store().get(id))[0]
    return run if run is not None and run.kind == kind else None


@dataclass(frozen=True)
class Known:
    """A run and the steps that can be opened, or why there is none; `away`: read from the cache."""

    run: Run | None = None
    steps: tuple[int, ...] = ()
    why: str = ""
    away: bool = False


def look(id: str) -> Known:
    """Read a run and its checkpoints, whoever owns it; from the cache while the store is unavailable."""
    found, why = _ask(lambda: (store().get(id), tuple(store().steps(id))))
    if found is not None and found[0].kind != "train":
        return Known(
            why=say("This run adapts a model, on the Fine-tuning page.")
            if found[0].kind == "fine_tune"
            else say(
                "This run trains no language model: it learns or lays out words, on the Embeddings page."
            )
        )
    if found is not None:
        _known[id] = found
        _known.move_to_end(id)
        while len(_known) > REMEMBERED:
            _known.popitem(last=False)
        return Known(*found)
    if why == say(AWAY):
        run, steps = _known.get(id, (None, ()))
        return Known(run, steps, why, away=True)
    return Known(why=why)


def is_mine(run: Run) -> bool:
    """Return whether this browser may control the run."""
    return run.owner == owner()


def points(id: str, after: int = -1) -> Points | None:
    """Read the curve after a step; None: no such run."""
    return _ask(lambda: store().points(id, after))[0]


def checkpoints(id: str) -> list[Checkpoint]:
    """Read the checkpoints of a run, in order."""
    return _ask(lambda: store().checkpoints(id))[0] or []


def steps(id: str) -> tuple[int, ...]:
    """Read the steps of the checkpoints that can be opened, in order."""
    return look(id).steps


def maps(id: str, step: int) -> Maps | None:
    """Read the attention patterns of the run's prompt at a checkpoint."""
    return _ask(lambda: store().maps(id, step))[0]


def weights(id: str, step: int) -> bytes | None:
    """Read the weights of a checkpoint as safetensors."""
    return _ask(lambda: store().weights(id, step))[0]


def places(id: str, step: int) -> Places | None:
    """Read the map positions of a run's words at a checkpoint."""
    return _ask(lambda: store().places(id, step))[0]


def table(id: str, step: int) -> StaticVectors | None:
    """Read the vectors of a word2vec run at a checkpoint."""
    from core.runs import table as read

    return _ask(lambda: read(store(), id, step))[0]


def tuned(id: str, step: int) -> LanguageModel | None:
    """Load the model of a fine-tuning run at a checkpoint; None: not available."""
    from core.runs.loading import tuned_model

    return _ask(lambda: tuned_model(store(), id, step))[0]


def kept() -> Kept | None:
    """Count what the store keeps of this browser; None: it cannot be read now."""
    from core.runs.kept import kept as count

    return _ask(lambda: count(store().database, owner()))[0]


def delete_old() -> int:
    """Delete runs that ended longer ago than this server keeps them; return how many there were. Runs in a thread.

    Raises RunError: the store cannot be read now.
    """
    from core.runs.kept import days
    from core.runs.kept import delete_old as delete

    after = days()
    return 0 if after is None else delete(store().database, after)


def copies() -> int:
    """Count the copies of the store from before an upgrade that lie beside it."""
    from core.runs.location import copies as listed

    return len(_ask(lambda: listed(store().database.engine.url))[0] or ())


def own_text(fingerprint: str) -> str | None:
    """Read a text that this browser has brought for a run; None: it is not stored here, or another's."""
    return _ask(lambda: store().text(fingerprint, owner()))[0]


def text(fingerprint: str) -> str | None:
    """Read the text of a run, whoever brought it, to measure it: it is shown to nobody. None: it is not stored here."""
    return _ask(lambda: store().text(fingerprint))[0]


def estimate(spec: Spec, text: str | None = None) -> Estimate:
    """Estimate parameters, bytes and seconds of a run before it starts; once for all that a page says about it.

    Raises ValueError: it is not started here: too large (LimitExceeded), or its text too small; the message says why.
    """
    asked, known = (spec.to_json(), text), state.memo_of_run("estimates")
    if asked not in known:
        try:
            known[asked] = _estimate(spec, text)
        except ValueError as why:
            known[asked] = why
    if isinstance(known[asked], ValueError):
        raise known[asked]
    found: Estimate = known[asked]
    return found


def _estimate(spec: Spec, text: str | None) -> Estimate:
    if _engine is not None:
        return _engine.estimate(spec, text)
    from core.runs import kinds

    return kinds.estimate(spec, text)


def queue_seconds(place: int = 0) -> float:
    """Estimate the seconds until a worker is free for the run at a place of the queue (0: for a new run)."""
    if _engine is None:
        return 0.0
    from core.runs.corrections import queue_seconds

    then, known = _queue.get(place, (0.0, 0.0))
    if time.monotonic() - then > QUEUE_KEPT or not then:
        workers = max(1, _engine.side_by_side)
        known = _ask(lambda: queue_seconds(store(), workers, place))[0] or 0.0
        _queue[place] = (time.monotonic(), known)
    return known


def side_by_side() -> int:
    """Return how many runs train in parallel here at full speed: workers, up to the number of processors."""
    workers = _engine.side_by_side if _engine is not None else 1
    return max(1, min(workers or 1, os.cpu_count() or 1))


def start(spec: Spec, text: str | None = None, name: str = "", group: str = "") -> Run | str:
    """Queue a run; a returned string says why it was refused, and what to do.

    Args:
        text: the own text that `spec.text` is the fingerprint of.
        group: runs that belong together (the pairs of a page).
    """
    if _engine is None:
        return away() or say("Nothing trains here: this server was started without workers.")
    trainer, mine, where = _engine, owner(), address()
    begun, why = _ask(lambda: trainer.submit(spec, mine, text=text, name=name, group=group, address=where))
    return why if begun is None else begun


def command(id: str, word: str) -> str:
    """Send run, pause, step or stop to a run: "" if accepted, else the reason.

    The last command wins, whichever of the owner's windows it comes from.
    """
    # the store validates the command
    heard, why = _ask(lambda: store().command(id, owner(), cast("Word", word)))
    if heard is not None and _engine is not None:
        _engine.wake()  # a resumed run need not wait for the engine's next poll
    return why


def rename(id: str, name: str) -> str:
    """Rename a run: "" when done, else the reason."""
    return _ask(lambda: store().rename(id, owner(), name))[1]


def annotate(id: str, note: str) -> str:
    """Replace the note of a run: "" when done, else the reason."""
    return _ask(lambda: store().annotate(id, owner(), note))[1]


def delete(id: str) -> str:
    """Delete a run and all its data: "" when done, else the reason."""

    def gone() -> bool:
        store().delete(id, owner())
        return True

    return _ask(gone)[1]


def _ask(question: Callable[[], Answer]) -> tuple[Answer | None, str]:
    """Query the store: return its answer and "", or None and the reason as a message."""
    from core.runs import RunError, SchemaError, StoreAway, StoreDamaged

    global _lost
    if time.monotonic() < _rest_until:
        return _away()
    try:
        answer = question()
        state.unsay(str(_trouble))
        _lost = None
        return answer, ""
    except StoreAway as why:
        log.warning("%s", why)
        return _rest(later(AWAY))
    except (StoreDamaged, SchemaError) as why:
        told = later(LOST, why=_sentence(why))
        if told != _lost:  # only once: a damaged file stays so until somebody moves it
            log.warning("%s: %s", _place() or "GLASSBOX_DB", why)
        _lost = told
        return _rest(told)
    except (RunError, ValueError) as why:
        return None, _sentence(why)


def _sentence(why: Exception) -> str:
    said = str(why)
    return said[:1].upper() + said[1:]


def _place() -> str:
    """Return the file of the store, for the log only; "" for a database URL, which may hold a password."""
    from core.runs.location import default_url

    url = default_url()
    return url.removeprefix("sqlite:///") if url.startswith("sqlite:") else ""


def _rest(why: Later) -> tuple[None, str]:
    """Suspend queries for a few seconds, and record why there is no answer."""
    global _rest_until, _trouble
    _rest_until, _trouble = time.monotonic() + REST, why
    return _away()


def _away() -> tuple[None, str]:
    said = str(_trouble)
    state.note(said)
    return None, said
