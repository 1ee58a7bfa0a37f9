"""Whose runs are whose: forgetting an owner, deleting a group, handing a group over. All in a larger transaction."""

from __future__ import annotations

import sqlalchemy as sa

from core.runs.own_texts import drop_texts
from core.runs.schema import runs, unsigned


def forget_owner(connection: sa.Connection, owner: str) -> int:
    """Delete all runs of an owner with their data, the texts that it alone has brought, and its unsigned id.

    A worker that trains one of them stops at its next step. A text stays until the runs of others that were forked from
    one of these have ended.

    Returns:
        How many runs there were.
    """
    connection.execute(unsigned.delete().where(unsigned.c.owner == owner))
    return delete_runs(connection, runs.c.owner == owner)


def delete_groups(connection: sa.Connection, groups: list[str]) -> int:
    """Delete all runs of these groups with their data, whoever owns them; return how many there were."""
    return delete_runs(connection, runs.c.collection.in_(groups)) if groups else 0


def hand_over(connection: sa.Connection, group: str, owner: str, into: str) -> int:
    """Give all runs of a group to an owner, in another group of theirs; return how many there are."""
    changed = runs.update().where(runs.c.collection == group).values(owner=owner, collection=into)
    return connection.execute(changed).rowcount


def delete_runs(connection: sa.Connection, which: sa.ColumnElement[bool]) -> int:
    """Delete runs with their data, and the texts that nobody needs any more; return how many runs there were."""
    count = connection.execute(runs.delete().where(which)).rowcount
    drop_texts(connection)
    return count
