"""What gives way when a store grows: an owner's oldest ended runs, and checkpoints of runs that ended long ago.

Curves are small and stay with their run; weights are what fills a disk. Of a run that gives way the first and the last
checkpoint stay as long as possible: what it began as, and what it became.
"""

from __future__ import annotations

import sqlalchemy as sa

from core.runs.database import Database
from core.runs.limits import largest_store
from core.runs.records import ENDED
from core.runs.schema import checkpoints, runs, texts

SHARE = 0.75  # of the largest store that weights may take


def make_way(database: Database, owner: str, kept: int, most: int | None = None) -> None:
    """Delete what is over the limits; runs that have not ended are never touched.

    Args:
        kept: runs of `owner`; the ones that ended longest ago are deleted beyond.
        most: bytes of all weights (None: three quarters of GLASSBOX_RUNS_MB).
    """
    most = int(SHARE * largest_store()) if most is None else most
    with database.writing() as connection:
        _delete_runs(connection, owner, kept)
        over = _weight(connection) - most
        for which in (_between, _all):
            if over > 0:
                over -= _drop_weights(connection, over, which)


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
    connection.execute(texts.delete().where(texts.c.sha256.not_in(sa.select(runs.c.text).distinct())))


def _weight(connection: sa.Connection) -> int:
    """Bytes of all weights that are kept."""
    size = sa.select(sa.func.coalesce(sa.func.sum(checkpoints.c.size), 0))
    return int(connection.execute(size.where(checkpoints.c.weights.is_not(None))).scalar_one())


def _drop_weights(connection: sa.Connection, over: int, which: sa.ColumnElement[bool]) -> int:
    """Drop the weights of ended runs, the longest ended first, until `over` bytes are free; how many are."""
    found = connection.execute(
        sa.select(checkpoints.c.run, checkpoints.c.step, checkpoints.c.size)
        .join(runs, runs.c.id == checkpoints.c.run)
        .where(checkpoints.c.weights.is_not(None), runs.c.state.in_(ENDED), which)
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
