"""Write a store with the code of an earlier version: run in a checkout of it, `python .../write.py NAME FOLDER`.

It knows that version's public names alone. NAME.sqlite.xz is the file as that version left it; NAME.json says what that
version read in it, and how it would have made its tables in PostgreSQL.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
import lzma
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path.cwd()))

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.runs import Store
from core.runs.lease import Lease
from core.runs.loop import Training
from core.runs.queue import claim
from core.training.spec import TrainSpec

AUTHOR, OTHER, TEACHER = "a" * 32, "b" * 32, "c" * 32
TEXT = "\n\n".join(f"The {n}th line of a text that somebody brought says {n * n}." for n in range(60))


def spec(**changes: Any) -> TrainSpec:
    """A run of one thin block, on characters of the text."""
    shape = {"n_layers": 1, "d_model": 8, "n_heads": 1, "d_head": 8, "d_mlp": 8}
    return TrainSpec(
        steps=12, changes=shape, corpus="own", text=hashlib.sha256(TEXT.encode()).hexdigest(), tokenizer="characters",
        batch_tokens=64, context=16, checkpoints=3, eval_every=4, prompt="The", **changes,
    )  # fmt: skip


def train(store: Store, steps: int = 1000) -> None:
    """Train the next run of the queue to its end, or until its worker has to leave after some steps."""
    ticket = claim(store.database, 60.0)
    assert ticket is not None
    left = iter([False] * steps + [True])
    Training(store, Lease.take(store.database, ticket, 60.0), leaving=lambda: next(left)).run()


def write_runs(store: Store) -> list[str]:
    """An own text; a run of it and another's fork of that, both trained; one that is half-way, paused, and its fork."""
    first = store.create(spec(seed=3), AUTHOR, "first", text=TEXT, group="pair").id
    train(store)
    parent = f"{first}@{store.steps(first)[-1]}"
    fork = store.create(spec(seed=4, parent=parent), OTHER, "fork").id
    train(store)
    half = store.create(spec(seed=5), AUTHOR, "half-way").id
    train(store, 7)
    store.command(half, AUTHOR, "pause")
    return [first, fork, half, store.create(spec(seed=6, parent=parent), OTHER, "waits").id]


def write_room(store: Store) -> str:
    """A room with two members and a vote of each."""
    from core.rooms import Asking, Rooms, member_of

    rooms = Rooms(store.database)
    id: str = rooms.open(TEACHER).id
    for secret in ("one", "two"):
        rooms.join(id, secret)
    rooms.ask(id, TEACHER, Asking("What comes next?", ("ball", "hat")))
    for choice, secret in enumerate(("one", "two")):
        rooms.vote(id, member_of(id, secret), 1, 1, choice)
    if hasattr(rooms, "send_view"):
        rooms.send_view(id, member_of(id, "one"), "/loss?text=ball")
    if hasattr(rooms, "deal"):
        from core.rooms import Size

        rooms.deal(id, TEACHER, [Size(spec(seed=7), "small", "a small one")])
    return id


def read_rows(store: Store) -> dict[str, list[list[Any]]]:
    """The rows of the rooms' tables, by table: columns in alphabetical order."""
    (meta,) = tables()[1:]
    with store.database.reading() as connection:
        return {
            table.name: [
                list(row)
                for row in connection.execute(
                    sa.select(*sorted(table.columns, key=lambda each: str(each.name))).order_by(
                        *table.primary_key
                    )
                )
            ]
            for table in meta.sorted_tables
        }


def plain(value: Any) -> Any:
    """Plain JSON of a record."""
    return json.loads(
        json.dumps(value, default=lambda one: one.tolist() if hasattr(one, "tolist") else dict(one))
    )


def read_run(store: Store, id: str) -> dict[str, Any]:
    """What this version reads of a run."""
    run = store.get(id)
    names = [each.name for each in dataclasses.fields(run) if each.name not in ("spec", "place")]
    kept = store.checkpoints(id)
    columns = store.points(id).columns()
    return plain(
        {
            "run": {name: getattr(run, name) for name in names},
            "spec": json.loads(run.spec.to_json()),
            "points": {
                name: [None if np.isnan(one) else one for one in column] for name, column in columns.items()
            },
            "checkpoints": [dataclasses.asdict(one) for one in kept],
            "weights": {one.step: hashlib.sha256(store.weights(id, one.step)).hexdigest() for one in kept if one.kept},
            "model": hashlib.sha256(store.model(id)[1].encode()).hexdigest() if kept else "",
        }
    )  # fmt: skip


def tables() -> list[sa.MetaData]:
    """The tables of this version, of runs and, where it has them, of rooms."""
    found = []
    for name in ("core.runs.schema", "core.rooms.schema"):
        try:
            found.append(importlib.import_module(name).meta)
        except ModuleNotFoundError:
            continue
    return found


def statements() -> list[str]:
    """How this version would have made its tables in PostgreSQL."""
    dialect = postgresql.dialect()
    made: list[str] = []
    for meta in tables():
        for table in meta.sorted_tables:
            made.append(str(sa.schema.CreateTable(table).compile(dialect=dialect)))
            indexes = sorted(table.indexes, key=lambda each: str(each.name))
            made += [str(sa.schema.CreateIndex(index).compile(dialect=dialect)) for index in indexes]
    try:
        revisions = importlib.import_module("core.runs.migrations").REVISIONS
        made.append(f"CREATE TABLE {revisions} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    except ModuleNotFoundError:  # a version from before the revisions
        pass
    return [" ".join(each.split()) for each in made]


def main(name: str, folder: Path) -> None:
    """Write the two files of a version."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "runs.sqlite"
        with closing(Store(f"sqlite:///{path}")) as store:
            ids = write_runs(store)
            room = write_room(store) if len(tables()) == 2 else ""
            told = {
                "runs": {id: read_run(store, id) for id in ids},
                "room": room,
                "rows": read_rows(store) if room else {},
                "text": {"sha256": spec().text, "body": store.text(spec().text)},
                "postgresql": statements(),
            }
        with closing(sqlite3.connect(path)) as last:
            last.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            last.execute("VACUUM")
        (folder / f"{name}.sqlite.xz").write_bytes(lzma.compress(path.read_bytes(), preset=9))
    (folder / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
