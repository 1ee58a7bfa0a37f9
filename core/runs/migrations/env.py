"""Alembic's environment: revisions run on the connection, and in the transaction, of `migrate`."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context

from core.runs.migrations import REVISIONS
from core.runs.schema import version

connection: sa.Connection = context.config.attributes["connection"]


def record(ctx: Any, step: Any, heads: Any, run_args: Any) -> None:
    """Write the number of the revision that was applied where every version of Glassbox looks for it."""
    connection.execute(version.delete())
    connection.execute(version.insert().values(version=int(step.up_revision_id)))


context.configure(connection=connection, version_table=REVISIONS, on_version_apply=record)
with context.begin_transaction():
    context.run_migrations()
