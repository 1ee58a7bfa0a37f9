"""The queue: which run gets a worker next, and requeueing of runs whose worker was lost."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.runs.database import Database
from core.runs.own_texts import drop_texts
from core.runs.schema import origins, runs

MOST_ATTEMPTS = 5
FAR = 600.0  # seconds ahead that no lease reaches, unless the clock was put back


@dataclass(frozen=True)
class Ticket:
    """The right to take a run over, once: valid until its lease expires."""

    id: str
    lease: str


def order(connection: sa.Connection) -> list[str]:
    """Return the ids of the waiting runs, the next one first.

    In the order they came, but an owner's second run comes after every other owner's first: in a class, everybody
    trains before anybody trains twice. Among runs that are their owners' first, or second, network addresses alternate,
    so that inventing owners gives no advantage.
    """
    columns = runs.c.id, runs.c.owner, runs.c.state, origins.c.address
    rows = connection.execute(
        sa.select(*columns)
        .outerjoin(origins, origins.c.run == runs.c.id)
        .where(runs.c.state.in_(("queued", "running")))
        .order_by(runs.c.queued, runs.c.id)
    ).all()
    turns: Counter[str] = Counter()  # by owner
    before: Counter[tuple[int, str]] = (
        Counter()
    )  # by address, among runs that are their owners' first, second and so on
    waiting: list[tuple[int, int, int, str]] = []
    for id, owner, state, address in sorted(rows, key=lambda row: row.state == "queued"):
        turn, where = turns[owner], address or owner
        if state == "queued":
            waiting.append((turn, before[turn, where], len(waiting), id))
        turns[owner] += 1
        before[turn, where] += 1
    return [id for *_, id in sorted(waiting)]


def places(connection: sa.Connection) -> dict[str, int]:
    """Return each run's place in the queue: id -> place, from 1."""
    return {id: place for place, id in enumerate(order(connection), start=1)}


def claim(database: Database, seconds: float) -> Ticket | None:
    """Claim the next run of the queue, for `seconds`; None when none waits."""
    with database.writing() as connection:
        waiting = order(connection)
        for id in waiting:
            if ticket := hold(connection, database, id, seconds):
                return ticket
    return None


def hold(connection: sa.Connection, database: Database, id: str, seconds: float) -> Ticket | None:
    """Claim one queued run, unless another process was faster."""
    lease = secrets.token_hex(12)
    taken = connection.execute(
        runs.update()
        .where(runs.c.id == id, runs.c.state == "queued")
        .values(
            state="running",
            lease=lease,
            lease_until=database.now + seconds,
            attempts=runs.c.attempts + 1,
            started=sa.func.coalesce(runs.c.started, database.now),
        )
    )
    return Ticket(id, lease) if taken.rowcount else None


def drop(database: Database, ticket: Ticket) -> None:
    """Release the run of a lost worker before its lease expires."""
    with database.writing() as connection:
        connection.execute(
            runs.update()
            .where(runs.c.id == ticket.id, runs.c.lease.in_(_both(ticket)))
            .values(lease_until=0.0)
        )


def requeue(database: Database, silent: Sequence[Silent] | None = None) -> int:
    """Requeue runs whose lease has expired, as their control word asks; return how many there were.

    Args:
        silent: only those of which nothing has been heard since; None: all whose lease has expired.
    """
    lost = _expired(database)
    if silent is not None:
        lost = sa.or_(sa.false(), *(one.holds() for one in silent))
    free: dict[str, Any] = {"lease": "", "lease_until": 0.0}
    over = {**free, "finished": database.now, "allowance": 0}
    with database.reading() as connection:
        if not connection.execute(sa.select(runs.c.id).where(lost).limit(1)).first():
            return 0
    moves: list[tuple[Any, dict[str, Any]]] = [
        (runs.c.control == "stop", {**over, "state": "stopped", "ended": "Stopped."}),
        (
            runs.c.attempts >= MOST_ATTEMPTS,
            {
                **over,
                "state": "failed",
                "ended": f"The process that trained it was lost {MOST_ATTEMPTS} times in a row: "
                "it may need more memory than there is.",
            },
        ),
        (runs.c.control == "pause", {**free, "state": "paused"}),
        (sa.true(), {**free, "state": "queued"}),
    ]
    count = 0
    with database.writing() as connection:
        for which, values in moves:
            count += connection.execute(runs.update().where(lost, which).values(values)).rowcount
        drop_texts(connection)  # one of them may have ended
    return count


def _expired(database: Database) -> sa.ColumnElement[bool]:
    return sa.and_(runs.c.lease != "", runs.c.lease_until < database.now)


@dataclass(frozen=True)
class Silent:
    """A lease whose time is over, as it was written last. until: the end of its time; 0.0: its worker is known lost."""

    id: str
    lease: str
    until: float

    def holds(self) -> sa.ColumnElement[bool]:
        """Return the condition that nothing has been heard of it since."""
        return sa.and_(runs.c.id == self.id, runs.c.lease == self.lease, runs.c.lease_until == self.until)


class Watch:
    """The leases of other processes, watched by a clock that nobody sets before their runs are requeued.

    Leases go by the database's clock. When that is put forward, all of them seem to have expired at once; when it is
    put back, the lease of a lost worker would last for as long as the jump. So a lease whose time is over, or far
    ahead, is given up only when its worker has not renewed it while we looked on.

    Args:
        seconds: of a lease. A worker renews it four times in that.
        clock: seconds of a clock that only goes on.
    """

    def __init__(
        self, database: Database, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.database, self.seconds, self.clock = database, seconds, clock
        self._since: dict[Silent, float] = {}

    def requeue(self) -> int:
        """Requeue the runs whose worker was lost; return how many there were."""
        now = self.clock()
        self._since = {one: self._since.get(one, now) for one in self._silent()}
        lost = [one for one, since in self._since.items() if not one.until or now - since >= self.seconds / 2]
        return requeue(self.database, lost) if lost else 0

    def _silent(self) -> list[Silent]:
        far = self.database.now + max(FAR, 3 * self.seconds)
        odd = sa.and_(runs.c.lease != "", runs.c.lease_until > far)
        with self.database.reading() as connection:
            columns = runs.c.id, runs.c.lease, runs.c.lease_until
            rows = connection.execute(sa.select(*columns).where(sa.or_(_expired(self.database), odd))).all()
        return [Silent(*row) for row in rows]


def waiting(database: Database) -> int:
    """Count the runs that wait for a worker."""
    with database.reading() as connection:
        held = sa.select(sa.func.count()).where(runs.c.state == "queued")
        return int(connection.execute(held).scalar_one())


def training(database: Database) -> int:
    """Count the runs that have a worker."""
    with database.reading() as connection:
        held = sa.select(sa.func.count()).where(runs.c.lease != "", runs.c.lease_until >= database.now)
        return int(connection.execute(held).scalar_one())


def taken(lease: str) -> str:
    """Derive the lease that replaces a ticket's when a worker takes it, so that no second worker can."""
    return f"{lease}+"


def _both(ticket: Ticket) -> tuple[str, str]:
    return ticket.lease, taken(ticket.lease)
