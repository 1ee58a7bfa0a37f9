"""Add the note that an owner keeps with a run, and the lock of a room.

Revision: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns; the runs that are stored have no note, and the rooms are not locked."""
    op.add_column("glassbox_runs", sa.Column("note", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column(
        "glassbox_rooms", sa.Column("locked", sa.Boolean(), nullable=False, server_default=sa.false())
    )
