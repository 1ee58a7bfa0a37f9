"""What the store keeps of an owner, and for how long."""

from __future__ import annotations

import os
from dataclasses import dataclass

import sqlalchemy as sa

from core.runs.database import Database
from core.runs.ownership import delete_runs
from core.runs.records import ENDED
from core.runs.schema import checkpoints, runs
from core.settings import whole

VARIABLE = "GLASSBOX_KEEP_DAYS"
_DAY = 86_400.0  # seconds


@dataclass(frozen=True)
class Kept:
    """What there is of an owner. runs: how many; texts: that it has brought for them; bytes: of their weights."""

    runs: int
    texts: int
    bytes: int


def kept(database: Database, owner: str) -> Kept:
    """Count what the store keeps of an owner."""
    mine = runs.c.owner == owner
    texts = sa.select(sa.func.count(runs.c.text.distinct())).where(mine, runs.c.brought)
    weights = sa.select(sa.func.coalesce(sa.func.sum(checkpoints.c.size), 0)).join(
        runs, runs.c.id == checkpoints.c.run
    )
    asked = (
        sa.select(sa.func.count()).select_from(runs).where(mine),
        texts,
        weights.where(mine, checkpoints.c.weights.is_not(None)),
    )
    with database.reading() as connection:
        return Kept(*(int(connection.execute(each).scalar_one()) for each in asked))


def days() -> int | None:
    """Read GLASSBOX_KEEP_DAYS: days for which a run is kept after its end; None: until something else deletes it.

    Raises:
        ValueError: it is no whole number from 1 on.
    """
    return whole(VARIABLE, 1) if os.environ.get(VARIABLE, "").strip() else None


def delete_old(database: Database, after: int) -> int:
    """Delete runs that ended more than `after` days ago, with their data and the texts that nobody needs any more.

    Returns:
        How many there were.
    """
    old = sa.and_(runs.c.state.in_(ENDED), runs.c.finished < database.now - _DAY * after)
    with (
        database.reading() as connection
    ):  # most of the time there is none, and nobody has to wait for a writer
        if connection.execute(sa.select(runs.c.id).where(old).limit(1)).first() is None:
            return 0
    with database.writing() as connection:
        return delete_runs(connection, old)
