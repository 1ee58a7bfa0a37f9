"""The tables of 30 November 2026, before they had revisions: whatever a store has of them, it has all after this.

Until then a table that was new was made when a store was opened, and the columns that rooms got later were not added.
What stands here is a copy, so that it stays as it was.

Revision: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

meta = sa.MetaData()
version = sa.Table("glassbox_schema", meta, sa.Column("version", sa.Integer, primary_key=True))
texts = sa.Table(
    "glassbox_texts",
    meta,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
runs = sa.Table(
    "glassbox_runs",
    meta,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("owner", sa.String(128), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("collection", sa.Text, nullable=False),
    sa.Column("spec", sa.Text, nullable=False),
    sa.Column("text", sa.String(64), nullable=False, index=True),
    sa.Column("parent", sa.Text, nullable=False),
    sa.Column("revision", sa.Text, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("control", sa.String(8), nullable=False),
    sa.Column("allowance", sa.Integer, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("steps", sa.Integer, nullable=False),
    sa.Column("tokens", sa.BigInteger, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("queued", sa.Double, nullable=False),
    sa.Column("started", sa.Double),
    sa.Column("finished", sa.Double),
    sa.Column("ended", sa.Text, nullable=False),
    sa.Column("lease", sa.String(64), nullable=False),
    sa.Column("lease_until", sa.Double, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
)


def _of_run() -> sa.Column[str]:
    return sa.Column("run", sa.ForeignKey("glassbox_runs.id", ondelete="CASCADE"), primary_key=True)


points = sa.Table(
    "glassbox_points",
    meta,
    _of_run(),
    sa.Column("step", sa.Integer, primary_key=True),
    sa.Column("loss", sa.Double),
    sa.Column("learning_rate", sa.Double),
    sa.Column("gradient_norm", sa.Double),
    sa.Column("update_norm", sa.Double),
    sa.Column("tokens", sa.BigInteger),
    sa.Column("seconds", sa.Double),
    sa.Column("held_out", sa.Double),
    sqlite_with_rowid=False,
)
checkpoints = sa.Table(
    "glassbox_checkpoints",
    meta,
    _of_run(),
    sa.Column("step", sa.Integer, primary_key=True),
    sa.Column("held_out", sa.Double),
    sa.Column("sample", sa.Text, nullable=False),
    sa.Column("health", sa.Text, nullable=False),
    sa.Column("maps", sa.LargeBinary),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("weights", sa.LargeBinary),
)
models = sa.Table(
    "glassbox_models",
    meta,
    _of_run(),
    sa.Column("config", sa.Text, nullable=False),
    sa.Column("tokenizer", sa.Text, nullable=False),
)
states = sa.Table(
    "glassbox_states",
    meta,
    _of_run(),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
starts = sa.Table(
    "glassbox_starts",
    meta,
    _of_run(),
    sa.Column("weights", sa.LargeBinary, nullable=False),
    sa.Column("config", sa.Text, nullable=False),
    sa.Column("tokenizer", sa.Text, nullable=False),
)
origins = sa.Table(
    "glassbox_origins",
    meta,
    _of_run(),
    sa.Column("address", sa.String(64), nullable=False, index=True),
    sa.Column("room", sa.BigInteger, nullable=False),
)
unsigned = sa.Table(
    "glassbox_unsigned",
    meta,
    sa.Column("owner", sa.String(128), primary_key=True),
    sa.Column("until", sa.Double),
)


rooms = sa.Table(
    "glassbox_rooms",
    meta,
    sa.Column("id", sa.String(24), primary_key=True),
    sa.Column("code", sa.String(6), nullable=False, unique=True),
    sa.Column("owner", sa.String(128), nullable=False, index=True),
    sa.Column("opened", sa.Double, nullable=False),
    sa.Column("touched", sa.Double, nullable=False),
    sa.Column("phase", sa.String(16), nullable=False),
    sa.Column("resumes", sa.String(16), nullable=False),
    sa.Column("closes", sa.Double),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("prompt", sa.Integer),
    sa.Column("talk", sa.Boolean, nullable=False),
    sa.Column("shown", sa.Boolean, nullable=False),
    sa.Column("lead", sa.Text, nullable=False),
    sa.Column("gathered", sa.Integer, nullable=False),
    sa.Column("invitation", sa.String(64), nullable=False),
    sa.Column("invited", sa.Double, nullable=False),
    sa.Column("remote", sa.String(64), nullable=False),
)


def _of_room() -> sa.Column[str]:
    return sa.Column("room", sa.ForeignKey("glassbox_rooms.id", ondelete="CASCADE"), primary_key=True)


members = sa.Table(
    "glassbox_members",
    meta,
    _of_room(),
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("seen", sa.Double, nullable=False),
    sa.UniqueConstraint("room", "number"),
)
prompts = sa.Table(
    "glassbox_prompts",
    meta,
    _of_room(),
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("options", sa.Text, nullable=False),
    sa.Column("many", sa.Integer, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
)
votes = sa.Table(
    "glassbox_votes",
    meta,
    _of_room(),
    sa.Column("prompt", sa.Integer, primary_key=True),
    sa.Column("round", sa.Integer, primary_key=True),
    sa.Column("member", sa.String(32), primary_key=True),
    sa.Column("choice", sa.Integer, nullable=False),
    sa.Column("word", sa.String(20), nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.ForeignKeyConstraint(["room", "member"], [members.c.room, members.c.id], ondelete="CASCADE"),
    sa.ForeignKeyConstraint(["room", "prompt"], [prompts.c.room, prompts.c.n], ondelete="CASCADE"),
)


words = sa.Table(
    "glassbox_words",
    meta,
    _of_room(),
    sa.Column("prompt", sa.Integer, primary_key=True),
    sa.Column("word", sa.String(60), primary_key=True),
    sa.Column("shown", sa.Boolean, nullable=False),
    sa.Column("token", sa.Text),
    sa.Column("probability", sa.Double),
    sa.ForeignKeyConstraint(["room", "prompt"], [prompts.c.room, prompts.c.n], ondelete="CASCADE"),
)
views = sa.Table(
    "glassbox_views",
    meta,
    _of_room(),
    sa.Column("member", sa.String(32), primary_key=True),
    sa.Column("id", sa.String(12), nullable=False),
    sa.Column("link", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.ForeignKeyConstraint(["room", "member"], [members.c.room, members.c.id], ondelete="CASCADE"),
)
deals = sa.Table(
    "glassbox_deals",
    meta,
    _of_room(),
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("spec", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("says", sa.Text, nullable=False),
    sa.Column("member", sa.String(32), nullable=False),
    sa.Column("run", sa.String(32), nullable=False),
)

pictures = sa.Table(
    "glassbox_pictures",
    meta,
    _of_room(),
    sa.Column("link", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)


def upgrade() -> None:
    """Make the tables that are missing, and the columns that rooms did not have from the beginning."""
    bind = op.get_bind()
    there = set(sa.inspect(bind).get_table_names())
    meta.create_all(bind)
    if runs.name in there and unsigned.name not in there:  # from before cookies were signed
        bind.execute(unsigned.insert().from_select(["owner"], sa.select(runs.c.owner).distinct()))
    if rooms.name in there:
        _complete_rooms(bind)


def _complete_rooms(bind: sa.Connection) -> None:
    """Add what a room knows of a second device that teaches: none was let in."""
    columns = {each["name"] for each in sa.inspect(bind).get_columns(rooms.name)}
    missing = [
        sa.Column(name, kind, nullable=False, server_default=default)
        for name, kind, default in (
            ("invitation", sa.String(64), ""), ("invited", sa.Double(), "0"), ("remote", sa.String(64), ""),
        )
        if name not in columns
    ]  # fmt: skip
    with op.batch_alter_table(rooms.name) as table:
        for column in missing:
            table.add_column(column)
    with op.batch_alter_table(rooms.name) as table:  # the default was for the rows that were there
        for column in missing:
            table.alter_column(column.name, server_default=None)
