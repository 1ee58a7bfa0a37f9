"""Eviction from a growing store: an owner's oldest ended runs, and checkpoints of the owner who keeps the most.

Curves are small and stay with their run; weights are what fills a disk. They are evicted from the owner with the most
bytes. Of an evicted run the first and the last checkpoint stay as long as possible.
"""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa

from core.runs.database import Database
from core.runs.limits import SHARE, largest_store
from core.runs.own_texts import drop_texts
from core.runs.records import ACTIVE, ENDED, StoreFull
from core.runs.schema import checkpoints, origins, runs, starts, states

_AT_ONCE = 32 * 2**20  # bytes that are freed together when the store is full...
_PART = 16  # ...but no more than such a part of it
STOPPED = (
    "Stopped: the store was full, and the runs of its owner took the most of it. Delete some, then fork it."
)


def make_way(database: Database, owner: str, kept: int, most: int | None = None) -> None:
    """Run `clear` in its own transaction."""
    with database.writing() as connection:
        clear(connection, owner, kept, most=most)


def clear(
    connection: sa.Connection,
    owner: str,
    kept: int,
    wanted: int = 0,
    room: int | None = None,
    most: int | None = None,
) -> None:
    """Delete what is over the limits; runs that have not ended are never touched.

    Args:
        kept: runs of `owner`; the ones that ended longest ago are deleted beyond.
        wanted: bytes that a run of `owner` is about to keep.
        room: bytes of the weights of `owner`; None: as many as there are.
        most: bytes of all weights (None: three quarters of GLASSBOX_RUNS_MB).
    """
    most = int(SHARE * largest_store()) if most is None else most
    _delete_runs(connection, owner, kept)
    held = held_by(connection)
    if room is not None and (over := held[owner] + wanted - room) > 0:
        held[owner] -= _drop(connection, owner, over)
    over = sum(held.values()) + wanted - most
    while over > 0 and held:
        (largest, mine), *others = held.most_common(2)
        # up to the size of the next largest owner: then both are evicted in turn
        ahead = max(1, mine - others[0][1]) if others else over
        freed = _drop(connection, largest, min(over, ahead))
        over -= freed
        held[largest] -= freed
        if not freed:
            del held[largest]


def held_by(connection: sa.Connection) -> Counter[str]:
    """Sum the bytes of stored weights by owner."""
    size = sa.func.sum(checkpoints.c.size)
    rows = connection.execute(
        sa.select(runs.c.owner, size)
        .join(runs, runs.c.id == checkpoints.c.run)
        .where(checkpoints.c.weights.is_not(None))
        .group_by(runs.c.owner)
    ).all()
    return Counter({owner: int(bytes) for owner, bytes in rows})


def reserved(connection: sa.Connection, owner: str) -> int:
    """Sum the estimated bytes of an owner's unfinished runs."""
    room = sa.select(sa.func.coalesce(sa.func.sum(origins.c.room), 0)).join(runs, runs.c.id == origins.c.run)
    return int(connection.execute(room.where(runs.c.owner == owner, runs.c.state.in_(ACTIVE))).scalar_one())


def relieve(database: Database, id: str) -> bool:
    """Make room in a full store at the cost of the owner who keeps the most; return whether there is some now.

    Only who keeps more than the owner of the run `id`, for which room is sought, gives way; False where nobody who does
    has anything left to give: then this run has to end.
    """
    try:
        with database.writing() as connection:
            mine = connection.execute(sa.select(runs.c.owner).where(runs.c.id == id)).scalar()
            held = held_by(connection)
            for owner, bytes in _states(connection).items():
                held[owner] += bytes
            if mine is None or not held:
                return False
            some = min(_AT_ONCE, largest_store() // _PART)
            for owner in sorted(held, key=lambda owner: (held[owner], owner == mine), reverse=True):
                if owner == mine:
                    return False
                if _drop(connection, owner, some) or _stop(connection, database, owner):
                    return True
            return False
    except StoreFull:  # the disk is too full even to record the eviction
        return False


def _states(connection: sa.Connection) -> Counter[str]:
    """Sum the bytes of resumable states by owner."""
    rows = connection.execute(
        sa.select(runs.c.owner, sa.func.sum(sa.func.length(states.c.body)))
        .join(runs, runs.c.id == states.c.run)
        .group_by(runs.c.owner)
    ).all()
    return Counter({owner: int(bytes) for owner, bytes in rows})


def _stop(connection: sa.Connection, database: Database, owner: str) -> int:
    """Stop the unfinished runs of an owner, and delete what only they need; return how many there were."""
    going = sa.select(runs.c.id).where(runs.c.owner == owner, runs.c.state.in_(ACTIVE))
    ids = list(connection.execute(going).scalars())
    for left in (states, starts):
        connection.execute(left.delete().where(left.c.run.in_(ids)))
    over = {"finished": database.now, "ended": STOPPED, "lease": "", "lease_until": 0.0, "allowance": 0}
    connection.execute(
        runs.update().where(runs.c.id.in_(ids)).values(state="stopped", control="stop", **over)
    )
    drop_texts(connection)
    _drop(connection, owner, _AT_ONCE)
    return len(ids)


def _delete_runs(connection: sa.Connection, owner: str, kept: int) -> None:
    count = sa.select(sa.func.count()).select_from(runs).where(runs.c.owner == owner)
    over = connection.execute(count).scalar_one() - kept
    if over <= 0:
        return
    oldest = (
        sa.select(runs.c.id)
        .where(runs.c.owner == owner, runs.c.state.in_(ENDED))
        .order_by(runs.c.finished, runs.c.id)
        .limit(over)
    )
    ids = list(connection.execute(oldest).scalars())
    connection.execute(runs.delete().where(runs.c.id.in_(ids)))
    drop_texts(connection)


def _drop(connection: sa.Connection, owner: str, over: int) -> int:
    """Drop weights of an owner's ended runs until `over` bytes are free, first and last checkpoints last.

    Return how many.
    """
    freed = 0
    for which in (_between, _all):
        if freed < over:
            freed += _drop_weights(connection, owner, over - freed, which)
    return freed


def _drop_weights(connection: sa.Connection, owner: str, over: int, which: sa.ColumnElement[bool]) -> int:
    """Drop the weights of an owner's ended runs, the longest ended first, until `over` bytes are free."""
    found = connection.execute(
        sa.select(checkpoints.c.run, checkpoints.c.step, checkpoints.c.size)
        .join(runs, runs.c.id == checkpoints.c.run)
        .where(checkpoints.c.weights.is_not(None), runs.c.owner == owner, runs.c.state.in_(ENDED), which)
        .order_by(runs.c.finished, checkpoints.c.run, checkpoints.c.step)
    ).all()
    freed = 0
    for run, step, size in found:
        if freed >= over:
            break
        this = sa.and_(checkpoints.c.run == run, checkpoints.c.step == step)
        connection.execute(checkpoints.update().where(this).values(weights=None))
        freed += size
    return freed


_other = checkpoints.alias("other")
_last = sa.select(sa.func.max(_other.c.step)).where(_other.c.run == checkpoints.c.run).scalar_subquery()
_between = sa.and_(checkpoints.c.step > 0, checkpoints.c.step < _last)
_all = checkpoints.c.step < _last  # the last one is what a link to the run opens
