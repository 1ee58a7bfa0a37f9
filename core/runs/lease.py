"""A worker's write access to a run while its lease holds.

Every write names the lease in its own transaction: when another process has taken the run over, or the run was deleted,
nothing is written and `LostLease` tells the worker to stop. So two workers can never mix their points, even with a slow
network or a stopped clock.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from core.runs.database import Database, insert_or_replace
from core.runs.maps import pack_maps, pack_places
from core.runs.own_texts import drop_texts
from core.runs.queue import Ticket, taken
from core.runs.records import COLUMNS, LostLease, Maps, Places, State, StoreAway, Word
from core.runs.retention import relieve
from core.runs.schema import checkpoints, models, points, runs, starts, states

MOST_RELIEFS = 50  # attempts to make room for one write
ASKED = 8  # waiting runs whose length a worker looks at
EXTRA = 6  # checkpoints of a run beyond those that its spec asks for, made when it was paused

Row = tuple[int, float, float, float, float, int, float, float | None]  # in the order of COLUMNS


@dataclass(frozen=True)
class Moment:
    """A checkpoint to be stored: `weights` as safetensors."""

    step: int
    held_out: float | None
    sample: str
    health: Mapping[str, Any]
    weights: bytes
    maps: Maps | Places | None = None


@dataclass
class Batch:
    """The contents of one transaction.

    Points, checkpoints, and the state to resume from, which is never ahead of the points.
    """

    points: list[Row] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    state: tuple[int, bytes] | None = None

    def __bool__(self) -> bool:
        return bool(self.points or self.moments or self.state)


class Lease:
    """A lease on a run for this process, renewed for `seconds` by each write or heartbeat."""

    def __init__(self, database: Database, id: str, token: str, seconds: float) -> None:
        self.database, self.id, self.token, self.seconds = database, id, token, seconds
        self.planned: frozenset[int] = (
            frozenset()
        )  # steps whose checkpoints the spec asks for; none: all are kept
        self._eye: sa.Connection | None = None
        self._query = _look(database)

    @classmethod
    def take(cls, database: Database, ticket: Ticket, seconds: float) -> Lease:
        """Exchange a ticket for a lease; works once.

        Raises:
            LostLease: the ticket was used, has run out, or its run is gone.
        """
        lease = cls(database, ticket.id, ticket.lease, seconds)
        with database.writing() as connection:
            lease._update(connection, lease=taken(ticket.lease), lease_until=database.now + seconds)
        lease.token = taken(ticket.lease)
        return lease

    def look(self) -> tuple[Word, int]:
        """Read the control word, and how many single steps are allowed. Cheap: called before every step.

        Raises:
            LostLease: not ours any more. StoreAway: the database does not answer.
        """
        with self.database.understood():
            try:
                if self._eye is None:  # a separate connection, kept open
                    self._eye = self.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                row = self._eye.exec_driver_sql(self._query, (self.id,)).first()
            except BaseException:
                self.close()
                raise
        if row is None or row[2] != self.token:
            raise LostLease("the run was deleted or taken over")
        return row[0], row[1]

    def beat(self) -> None:
        """Renew the lease. Raises LostLease, StoreAway."""
        with self.database.writing() as connection:
            self._update(connection, lease_until=self.database.now + self.seconds)

    def write(self, batch: Batch) -> None:
        """Store a batch and renew the lease, in one transaction. A step written before is overwritten.

        Raises:
            LostLease, StoreAway, StoreFull: nothing was stored.
        """
        with self.database.writing() as connection:
            values: dict[str, Any] = {"lease_until": self.database.now + self.seconds}
            if batch.points:
                step, *_, tokens, seconds, _ = batch.points[-1]
                values |= {"step": step, "tokens": tokens, "seconds": seconds}
            if batch.state is not None:
                values |= {"attempts": 0}
            self._update(connection, **values)
            self._points(connection, batch.points)
            for moment in batch.moments:
                self._moment(connection, moment)
            if batch.state is not None:
                step, body = batch.state
                connection.execute(
                    insert_or_replace(connection, states), {"run": self.id, "step": step, "body": body}
                )

    def describe(self, config: Mapping[str, Any], tokenizer: str) -> None:
        """Store what every checkpoint of the run shares. Raises LostLease, StoreAway, StoreFull."""
        row = {"run": self.id, "config": json.dumps(dict(config)), "tokenizer": tokenizer}
        with self.database.writing() as connection:
            self._update(connection, lease_until=self.database.now + self.seconds)
            connection.execute(insert_or_replace(connection, models), row)

    def settle(self, spec: str) -> None:
        """Store the spec, as JSON, with all automatic choices resolved. Raises LostLease, StoreAway."""
        with self.database.writing() as connection:
            self._update(connection, spec=spec, lease_until=self.database.now + self.seconds)

    def state(self) -> bytes | None:
        """Return the last stored state to resume from, None at a first start."""
        with self.database.reading() as connection:
            body = connection.execute(sa.select(states.c.body).where(states.c.run == self.id)).scalar()
        return None if body is None else bytes(body)

    def start(self) -> tuple[bytes, str, str] | None:
        """Return the weights, tokenizer and configuration (JSON) that a fork begins with, None for a run from
        scratch."""
        with self.database.reading() as connection:
            row = connection.execute(
                sa.select(starts.c.weights, starts.c.tokenizer, starts.c.config).where(
                    starts.c.run == self.id
                )
            ).first()
        return None if row is None else (bytes(row.weights), row.tokenizer, row.config)

    def show(self, state: State) -> None:
        """Store the displayed state: running or paused. Raises LostLease, StoreAway."""
        with self.database.writing() as connection:
            self._update(connection, state=state, lease_until=self.database.now + self.seconds)

    def stepped(self) -> None:
        """Count one of the single steps; after the last one the control word is pause again.

        Raises:
            LostLease, StoreAway: nothing was stored.
        """
        left = sa.case((runs.c.allowance > 0, runs.c.allowance - 1), else_=0)
        with self.database.writing() as connection:
            self._update(connection, lease_until=self.database.now + self.seconds)
            mine = runs.update().where(runs.c.id == self.id, runs.c.control == "step")
            connection.execute(mine.values(allowance=left))
            connection.execute(mine.where(runs.c.allowance == 0).values(control="pause"))

    def relieve(self) -> bool:
        """Make room in a full store at the cost of the owner who keeps the most; return whether there is some now."""
        try:
            return relieve(self.database, self.id)
        except StoreAway:
            return False

    def others_wait(self) -> bool:
        """Return whether a run waits for a worker."""
        with self.database.reading() as connection:
            waiting = sa.select(runs.c.id).where(runs.c.state == "queued").limit(1)
            return connection.execute(waiting).first() is not None

    def waiting_of_others(self) -> list[str]:
        """Return the ids of the runs of other owners that wait for a worker: the next ones, `ASKED` at most."""
        with self.database.reading() as connection:
            mine = sa.select(runs.c.owner).where(runs.c.id == self.id).scalar_subquery()
            others = sa.select(runs.c.id).where(runs.c.state == "queued", runs.c.owner != mine)
            return list(connection.execute(others.order_by(runs.c.queued).limit(ASKED)).scalars())

    def give_up_slot(self) -> bool:
        """Release the worker of a paused run, unless it was just resumed. Raises LostLease."""
        with self.database.writing() as connection:
            self._update(connection, lease_until=self.database.now + self.seconds)
            left = connection.execute(
                runs.update()
                .where(runs.c.id == self.id, runs.c.control == "pause")
                .values(state="paused", lease="", lease_until=0.0)
            )
            return bool(left.rowcount)

    def put_back(self) -> None:
        """Requeue the run at the front, because this worker has to stop. Raises LostLease."""
        self._requeue(runs.c.created)

    def requeue_last(self) -> None:
        """Requeue the run behind those that wait now. Raises LostLease."""
        self._requeue(self.database.now)

    def _requeue(self, queued: Any) -> None:
        with self.database.writing() as connection:
            self._update(
                connection,
                state=sa.case((runs.c.control == "pause", "paused"), else_="queued"),
                lease="",
                lease_until=0.0,
                queued=queued,
            )

    def end(self, state: State, words: str, step: int | None, rows: Sequence[Row] = ()) -> None:
        """End the run and record why.

        Args:
            step: the last one; points beyond it, which a lost worker may have left, are dropped (None: keep all).
            rows: the last points.

        Raises:
            LostLease, StoreAway, StoreFull: nothing was stored.
        """
        with self.database.writing() as connection:
            # The state of an ended run is not needed (forks begin from its checkpoints): deleting it makes room for the
            # rest.
            for left in (states, starts):
                connection.execute(left.delete().where(left.c.run == self.id))
            self._points(connection, rows)
            last = {"step": step} if step is not None else {"step": rows[-1][0]} if rows else {}
            self._update(
                connection,
                state=state,
                ended=words,
                finished=self.database.now,
                lease="",
                lease_until=0.0,
                allowance=0,
                **last,
            )
            drop_texts(connection)
            if step is not None:
                for table in (points, checkpoints):
                    connection.execute(table.delete().where(table.c.run == self.id, table.c.step > step))

    def close(self) -> None:
        """Close the connection that reads the control word."""
        eye, self._eye = self._eye, None
        if eye is not None:
            eye.invalidate() if eye.closed else eye.close()

    def _update(self, connection: sa.Connection, **values: Any) -> None:
        mine = runs.update().where(runs.c.id == self.id, runs.c.lease == self.token).values(**values)
        if not connection.execute(mine).rowcount:
            raise LostLease("the run was deleted or taken over")

    def _points(self, connection: sa.Connection, rows: Sequence[Row]) -> None:
        if not rows:
            return
        if connection.dialect.name == "postgresql":  # one statement with a list per column: ten times as fast
            lists = {name: list(column) for name, column in zip(COLUMNS, zip(*rows))}
            connection.execute(_MANY, {"run": self.id, **lists})
        else:
            connection.execute(
                insert_or_replace(connection, points),
                [{"run": self.id, **dict(zip(COLUMNS, row))} for row in rows],
            )

    def _moment(self, connection: sa.Connection, moment: Moment) -> None:
        connection.execute(
            insert_or_replace(connection, checkpoints),
            {
                "run": self.id,
                "step": moment.step,
                "held_out": moment.held_out,
                "sample": moment.sample,
                "health": json.dumps(moment.health),
                "maps": _packed(moment.maps),
                "size": len(moment.weights),
                "weights": moment.weights,
            },
        )
        if self.planned and moment.step not in self.planned:
            self._keep_latest(connection)

    def _keep_latest(self, connection: sa.Connection) -> None:
        """Keep the weights of the latest unplanned checkpoints only: a run may be paused at every step."""
        mine = sa.and_(checkpoints.c.run == self.id, checkpoints.c.step.not_in(self.planned))
        kept = sa.select(checkpoints.c.step).where(mine, checkpoints.c.weights.is_not(None))
        steps = list(connection.execute(kept.order_by(checkpoints.c.step)).scalars())
        old = sa.and_(checkpoints.c.run == self.id, checkpoints.c.step.in_(steps[:-EXTRA]))
        connection.execute(checkpoints.update().where(old).values(weights=None))


def _packed(maps: Maps | Places | None) -> bytes | None:
    if maps is None:
        return None
    return pack_places(maps) if isinstance(maps, Places) else pack_maps(maps)


_TYPES = {"step": "integer", "tokens": "bigint"}
_LISTS = ", ".join(f"CAST(:{name} AS {_TYPES.get(name, 'double precision')}[])" for name in COLUMNS)
_MANY = sa.text(
    f"INSERT INTO {points.name} (run, {', '.join(COLUMNS)}) "
    f"SELECT :run, each.* FROM unnest({_LISTS}) AS each ON CONFLICT (run, step) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
)


def _look(database: Database) -> str:
    mark = "?" if database.engine.dialect.name == "sqlite" else "%s"
    return f"SELECT control, allowance, lease FROM {runs.name} WHERE id = {mark}"
