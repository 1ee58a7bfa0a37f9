"""Whose an own text is: a run says whether its owner brought the text, or only forked another's run.

Revision: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

runs = sa.table("glassbox_runs", *map(sa.column, ("id", "owner", "text", "parent", "brought")))


def upgrade() -> None:
    """Add the column. Who brought a text was not recorded: whose run is no fork of another's that reads it, did."""
    kind = sa.Boolean()
    op.add_column(runs.name, sa.Column("brought", kind, nullable=False, server_default=sa.false()))
    bind = op.get_bind()
    asked = sa.select(runs.c.id, runs.c.owner, runs.c.text, runs.c.parent).where(runs.c.text != "")
    readers = {row.id: row for row in bind.execute(asked)}

    def is_fork(row: sa.Row) -> bool:
        parent = readers.get(row.parent.partition("@")[0])
        return parent is not None and parent.text == row.text and parent.owner != row.owner

    authors = {(row.text, row.owner) for row in readers.values() if not is_fork(row)}
    for text, owner in sorted(authors):
        these = runs.update().where(runs.c.text == text, runs.c.owner == owner)
        bind.execute(these.values({runs.c.brought: sa.true()}))
