"""Whose runs are whose: forgetting an owner, deleting a group, handing a group over. All in a larger transaction."""

from __future__ import annotations

import sqlalchemy as sa

from core.runs.schema import runs, texts, unsigned


def forget_owner(connection: sa.Connection, owner: str) -> int:
    """Delete all runs of an owner with their data, the texts that nobody else's run reads, and its unsigned id.

    A worker that trains one of them stops at its next step.

    Returns:
        How many runs there were.
    """
    connection.execute(unsigned.delete().where(unsigned.c.owner == owner))
    return _delete(connection, runs.c.owner == owner)


def delete_groups(connection: sa.Connection, groups: list[str]) -> int:
    """Delete all runs of these groups with their data, whoever owns them; return how many there were."""
    return _delete(connection, runs.c.collection.in_(groups)) if groups else 0


def hand_over(connection: sa.Connection, group: str, owner: str, into: str) -> int:
    """Give all runs of a group to an owner, in another group of theirs; return how many there are."""
    changed = runs.update().where(runs.c.collection == group).values(owner=owner, collection=into)
    return connection.execute(changed).rowcount


def _delete(connection: sa.Connection, which: sa.ColumnElement[bool]) -> int:
    read = set(connection.execute(sa.select(runs.c.text).where(which, runs.c.text != "")).scalars())
    count = connection.execute(runs.delete().where(which)).rowcount
    if read:
        used = sa.select(runs.c.text).distinct()
        connection.execute(texts.delete().where(texts.c.sha256.in_(read), texts.c.sha256.not_in(used)))
    return count
