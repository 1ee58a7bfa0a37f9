"""The run store: all data of all runs, in one database that server, workers and shell share.

A learner's requests are here: start, command, delete; reading of a run's data is in `core.runs.curves`. A worker's
writes are in `core.runs.lease`, scheduling in `core.runs.queue`. Each method is one transaction: it happens as a whole
or not at all.
"""

from __future__ import annotations

import json
import logging
import secrets
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from core.messages import later
from core.runs import kinds, queue
from core.runs.curves import NOT_THERE, Curves
from core.runs.database import Database
from core.runs.kinds import TRAIN, Spec
from core.runs.limits import LONGEST_NAME, LONGEST_NOTE
from core.runs.own_texts import drop_texts, keep_text, read_text
from core.runs.records import (
    ACTIVE,
    ENDED,
    WORDS,
    NoSuchRun,
    NotYours,
    Run,
    RunError,
    Word,
)
from core.runs.revision import revision
from core.runs.schema import models, origins, runs, starts, unsigned

Runs = list[Run]

_ROW = (
    "id", "owner", "name", "collection", "spec", "state", "control", "step", "steps", "created", "started",
    "finished", "ended", "parent", "revision", "seed", "seconds", "tokens",
    "note",
)  # fmt: skip
_RUN = tuple(runs.c[name] for name in _ROW)
_TEXT, _WHOLE, _TIME = (str,), (int,), (int, float)
_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("id", "owner", "name", "group", "ended", "parent", "revision", "note"), _TEXT),
    **dict.fromkeys(("step", "steps", "seed", "tokens"), _WHOLE),
    **dict.fromkeys(("created", "seconds"), _TIME),
    **dict.fromkeys(("started", "finished"), (*_TIME, type(None))),
}
_told: set[str] = set()  # unreadable runs that were logged already
log = logging.getLogger("glassbox.runs")


class Store(Curves):
    """A run store.

    Args:
        url: of the database; None: GLASSBOX_DB, else a SQLite file in the folder GLASSBOX_DATA (.glassbox).

    Raises:
        SchemaError: another version of Glassbox wrote it, or it is of an unknown kind.
        StoreAway: from every method, while the database does not answer; StoreFull: there is no room to write.
    """

    def __init__(self, url: str | None = None) -> None:
        super().__init__(Database(url))

    @property
    def url(self) -> str:
        """The database's address, with its password: not for logs."""
        return self.database.url

    def close(self) -> None:
        """Close every connection."""
        self.database.close()

    def create(self, spec: Spec, owner: str, name: str = "", text: str | None = None, group: str = "") -> Run:
        """Queue a run. The limits are checked by `Engine.submit`.

        Args:
            text: the own text that `spec.text` is the fingerprint of; None where the store has it already, and the
                owner has brought it before or forks a run that reads it.

        Raises:
            RunError: the text is not the spec's, is nowhere, or is another owner's; the parent of a fork has no such
                checkpoint.
            NoSuchRun: the parent is not there.
        """
        with self.database.writing() as connection:
            return self.add(connection, spec, owner, name, text, group)

    def add(
        self,
        connection: sa.Connection,
        spec: Spec,
        owner: str,
        name: str = "",
        text: str | None = None,
        group: str = "",
        address: str = "",
        room: int = 0,
    ) -> Run:
        """Queue a run as `create` does, within a larger transaction.

        Args:
            address: where it is asked for from; room: bytes that it is estimated to keep.
        """
        id = secrets.token_hex(12)
        start = self._start(connection, spec) if spec.parent else None
        brought = keep_text(connection, owner, spec.text, spec.parent, text)
        fresh = self._fresh(spec, owner, name, group)
        connection.execute(runs.insert().values(id=id, brought=brought, **fresh))
        connection.execute(origins.insert().values(run=id, address=address[:64], room=room))
        if start is not None:
            connection.execute(starts.insert().values(run=id, **start))
        return self._get(connection, id)

    def _fresh(self, spec: Spec, owner: str, name: str, group: str) -> dict[str, Any]:
        """Build the row of a new run."""
        return {
            "owner": owner,
            "name": name.strip()[:LONGEST_NAME],
            "collection": group,
            "spec": spec.to_json(),
            "text": spec.text,
            "parent": spec.parent,
            "revision": revision(),
            "seed": spec.seed,
            "state": "queued",
            "control": "run",
            "steps": spec.steps,
            "created": self.database.now,
            "queued": self.database.now,
            **dict.fromkeys(("allowance", "step", "tokens", "attempts"), 0),
            **dict.fromkeys(("seconds", "lease_until"), 0.0),
            **dict.fromkeys(("ended", "lease"), ""),
        }

    def get(self, id: str) -> Run:
        """Return a run as it is now. Raises NoSuchRun."""
        with self.database.reading() as connection:
            return self._get(connection, id)

    def list(
        self,
        owner: str | None = None,
        group: str | None = None,
        limit: int | None = 100,
        kind: str | None = None,
        active: bool = False,
    ) -> Runs:
        """List runs, the newest first; None: of any owner, group or kind, or as many as there are.

        Args:
            active: only those that wait, train or are paused.
        """
        wanted = sa.select(*_RUN).order_by(runs.c.created.desc(), runs.c.id).limit(limit)
        if owner is not None:
            wanted = wanted.where(runs.c.owner == owner)
        if group is not None:
            wanted = wanted.where(runs.c.collection == group)
        if kind is not None:
            wanted = wanted.where(_is_kind(kind))
        if active:
            wanted = wanted.where(runs.c.state.in_(ACTIVE))
        with self.database.reading() as connection:
            rows = connection.execute(wanted).all()
            waits = any(row.state == "queued" for row in rows)
            places = queue.places(connection) if waits else {}
        return [run for row in rows if (run := _readable(row, places)) is not None]

    def command(self, id: str, owner: str, word: Word) -> Run:
        """Send a command to a run: run (also: resume), pause, step (one step, then pause), stop.

        The last command wins, whichever window it came from. It has no effect on a run that has ended.

        Raises:
            NoSuchRun: there is none. NotYours: it is another's. RunError: no such word.
        """
        if word not in WORDS:
            raise RunError(f"{word!r} is no command: there are {', '.join(WORDS)}")
        with self.database.writing() as connection:
            row = self._owned(connection, id, owner)
            if row.state in ACTIVE:
                connection.execute(runs.update().where(runs.c.id == id).values(self._said(word, row)))
                drop_texts(connection)
            return self._get(connection, id)

    def _said(self, word: Word, row: Any) -> dict[str, Any]:
        """Return the changes of a command: with a worker only the control word, which the worker obeys."""
        values: dict[str, Any] = {"control": word, "allowance": 0}
        if word == "step":
            values["allowance"] = (row.allowance if row.control == "step" else 0) + 1
        if row.lease:
            return values
        if word == "stop":
            values |= {"state": "stopped", "finished": self.database.now, "ended": "Stopped."}
        elif word == "pause":
            values |= {"state": "paused"}
        elif row.state == "paused":
            values |= {"state": "queued", "queued": self.database.now}
        return values

    def rename(self, id: str, owner: str, name: str) -> Run:
        """Rename a run. Raises NoSuchRun, NotYours."""
        return self._describe(id, owner, name=name.strip()[:LONGEST_NAME])

    def annotate(self, id: str, owner: str, note: str) -> Run:
        """Replace the note of a run. Raises NoSuchRun, NotYours."""
        return self._describe(id, owner, note=note.strip()[:LONGEST_NOTE])

    def _describe(self, id: str, owner: str, **values: str) -> Run:
        """Change the texts that an owner gives a run."""
        with self.database.writing() as connection:
            self._owned(connection, id, owner)
            connection.execute(runs.update().where(runs.c.id == id).values(values))
            return self._get(connection, id)

    def delete(self, id: str, owner: str) -> None:
        """Delete a run and all its data; a worker that trains it stops at its next step.

        Raises:
            NoSuchRun: there is none. NotYours: it is another's.
        """
        with self.database.writing() as connection:
            self._owned(connection, id, owner)
            connection.execute(runs.delete().where(runs.c.id == id))
            drop_texts(connection)

    def place(self, id: str) -> int:
        """Return 0 when the run has a worker or needs none, else its place in the queue, from 1. Raises NoSuchRun."""
        return self.get(id).place

    def counts(self, owner: str, address: str = "") -> tuple[int, int, int]:
        """Count the active runs of an owner; the waiting runs of everybody; those of an address."""
        with self.database.reading() as connection:
            return self.count(connection, owner, address)

    def count(self, connection: sa.Connection, owner: str, address: str = "") -> tuple[int, int, int]:
        """Count as `counts` does, within a larger transaction."""
        count = sa.select(sa.func.count()).select_from(runs)
        waits = runs.c.state == "queued"
        here = count.join(origins, origins.c.run == runs.c.id).where(waits, origins.c.address == address)
        asked = [count.where(runs.c.owner == owner, runs.c.state.in_(ACTIVE)), count.where(waits)]
        active, waiting = (int(connection.execute(each).scalar_one()) for each in asked)
        return active, waiting, int(connection.execute(here).scalar_one()) if address else 0

    def take_over(self, owner: str, seconds: float) -> bool:
        """Return whether a browser with this unsigned id may continue as its owner.

        Owners from before ids were signed may, once: for `seconds` from the first time on, as a browser that opens
        several pages asks several times.
        """
        with self.database.writing() as connection:
            row = connection.execute(sa.select(unsigned).where(unsigned.c.owner == owner)).first()
            if row is None:
                return False
            now = connection.execute(sa.select(self.database.now)).scalar_one()
            if row.until is not None:
                return bool(now < row.until)
            known = sa.select(runs.c.id).where(runs.c.owner == owner).limit(1)
            this = unsigned.c.owner == owner
            if connection.execute(known).first() is None:
                connection.execute(unsigned.delete().where(this))
                return False
            connection.execute(unsigned.update().where(this).values(until=now + seconds))
            return True

    def text(self, sha256: str, owner: str | None = None) -> str:
        """Return an own text by its fingerprint.

        Args:
            owner: who asks to see it; None: nobody, it is read for a run that may read it.

        Raises:
            RunError: it is not stored, or another owner's.
        """
        with self.database.reading() as connection:
            return read_text(connection, sha256, owner)

    def _start(self, connection: sa.Connection, spec: Spec) -> dict[str, Any]:
        """Copy what a run begins with that has a parent (a fork): the parent may be deleted later."""
        id, _, step = spec.parent.partition("@")
        if not step.isdecimal():
            raise RunError(f"parent={spec.parent!r} must name a run and a step: RUN@STEP")
        weights = self._weights(connection, id, int(step))
        written = connection.execute(sa.select(runs.c.spec).where(runs.c.id == id)).scalar_one()
        kinds.check_parent(spec, json.loads(written))
        row = connection.execute(
            sa.select(models.c.config, models.c.tokenizer).where(models.c.run == id)
        ).one()
        return {"weights": weights, "config": row.config, "tokenizer": row.tokenizer}

    def _get(self, connection: sa.Connection, id: str) -> Run:
        row = connection.execute(sa.select(*_RUN).where(runs.c.id == id)).first()
        if row is None:
            raise NoSuchRun(NOT_THERE)
        return _run(row, queue.places(connection) if row.state == "queued" else {})

    def _owned(self, connection: sa.Connection, id: str, owner: str) -> Any:
        row = connection.execute(sa.select(runs).where(runs.c.id == id).with_for_update()).first()
        if row is None:
            raise NoSuchRun(NOT_THERE)
        if not secrets.compare_digest(row.owner.encode(), owner.encode()):
            raise NotYours(
                later("this run was started in another browser: look at it as you like, or fork it")
            )
        return row


def _run(row: Any, places: dict[str, int]) -> Run:
    """Build a run from its row. Raises RunError: the row is damaged, or another version of Glassbox wrote its spec."""
    values = dict(zip(_ROW, row))
    values["group"] = values.pop("collection")
    try:
        values["spec"] = _spec(values["spec"])
        _check(values)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as why:
        raise RunError(
            later("this run is damaged in the store, or of another version: {why}", why=str(why))
        ) from why
    return Run(**values, place=places.get(values["id"], 0))


def _check(values: dict[str, Any]) -> None:
    """Return whether the values of a row have the types of `Run`: SQLite does not enforce types."""
    if values["state"] not in (*ACTIVE, *ENDED) or values["control"] not in WORDS:
        raise ValueError(f"state {values['state']!r}, word {values['control']!r}")
    for name, kinds_of in _KINDS.items():
        if not isinstance(values[name], kinds_of):
            raise ValueError(f"{name} is {values[name]!r}")


def _readable(row: Any, places: dict[str, int]) -> Run | None:
    """Build a run for a list: an unreadable one is left out and logged."""
    try:
        return _run(row, places)
    except RunError as why:
        if row.id not in _told:
            _told.add(row.id)
            log.warning("Run %s is left out of its owner's list: %s", row.id, why)
        return None


@lru_cache(maxsize=512)
def _spec(written: str) -> Any:
    return kinds.read_spec(written)


def _is_kind(kind: str) -> sa.ColumnElement[bool]:
    """Return the condition for runs of a kind, by the beginning of their specs: those of training name none."""
    if kind == TRAIN:
        return runs.c.spec.not_like('{"kind":%')
    return runs.c.spec.like(f'{{"kind":"{kind}",%')
