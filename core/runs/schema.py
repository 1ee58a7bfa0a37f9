"""The tables of the run store, as they stand today; `core.runs.migrations` brings earlier stores to them."""

from __future__ import annotations

import sqlalchemy as sa

VERSION = 3  # of the tables of runs and rooms: the last revision in core/runs/migrations

meta = sa.MetaData()
version = sa.Table("glassbox_schema", meta, sa.Column("version", sa.Integer, primary_key=True))
texts = sa.Table(
    "glassbox_texts",
    meta,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),  # zlib
)
runs = sa.Table(
    "glassbox_runs",
    meta,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("owner", sa.String(128), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("collection", sa.Text, nullable=False),  # Run.group
    sa.Column("spec", sa.Text, nullable=False),
    sa.Column("text", sa.String(64), nullable=False, index=True),  # sha-256 of an own text, or ""
    sa.Column("parent", sa.Text, nullable=False),
    sa.Column("revision", sa.Text, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("control", sa.String(8), nullable=False),
    sa.Column("allowance", sa.Integer, nullable=False),  # single steps requested and not yet taken
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("steps", sa.Integer, nullable=False),
    sa.Column("tokens", sa.BigInteger, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("queued", sa.Double, nullable=False),  # start of waiting: decides its place
    sa.Column("started", sa.Double),
    sa.Column("finished", sa.Double),
    sa.Column("ended", sa.Text, nullable=False),
    sa.Column("lease", sa.String(64), nullable=False),  # the lease's holder; "" none
    sa.Column("lease_until", sa.Double, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),  # workers lost since its state was last stored
    sa.Column("brought", sa.Boolean, nullable=False, server_default=sa.false()),  # its owner brought the text
    sa.Column("note", sa.Text, nullable=False, server_default=sa.text("''")),  # of its owner
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
    sqlite_with_rowid=False,  # the key is the order in which a curve is read
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
    sa.Column("size", sa.BigInteger, nullable=False),  # bytes of the weights
    sa.Column("weights", sa.LargeBinary),  # safetensors; NULL once evicted
)
models = sa.Table(  # what every checkpoint of a run shares
    "glassbox_models",
    meta,
    _of_run(),
    sa.Column("config", sa.Text, nullable=False),
    sa.Column("tokenizer", sa.Text, nullable=False),
)
states = sa.Table(  # the state to resume from
    "glassbox_states",
    meta,
    _of_run(),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
starts = sa.Table(  # the weights a fork begins with: its parent may be deleted
    "glassbox_starts",
    meta,
    _of_run(),
    sa.Column("weights", sa.LargeBinary, nullable=False),
    sa.Column("config", sa.Text, nullable=False),
    sa.Column("tokenizer", sa.Text, nullable=False),
)
origins = sa.Table(  # where a run was asked for, and what it was estimated to keep
    "glassbox_origins",
    meta,
    _of_run(),
    sa.Column("address", sa.String(64), nullable=False, index=True),
    sa.Column("room", sa.BigInteger, nullable=False),  # bytes
)
unsigned = sa.Table(  # owners of unsigned cookies: each is accepted once
    "glassbox_unsigned",
    meta,
    sa.Column("owner", sa.String(128), primary_key=True),
    sa.Column("until", sa.Double),  # when that acceptance ends; None: not used yet
)
