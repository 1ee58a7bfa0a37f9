"""Reading of runs: curves, checkpoints, weights."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from core.messages import later
from core.runs.database import Database
from core.runs.maps import unpack_maps, unpack_places
from core.runs.records import COLUMNS, Checkpoint, Maps, NoSuchRun, Places, Points, RunError
from core.runs.schema import checkpoints, models, points, runs

NOT_THERE = later("there is no such run: it was deleted, or the link is not complete")


class Curves:
    """The reading half of a store: knowing a run's id grants reading."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def points(self, id: str, after: int = -1) -> Points:
        """Return the curve after a step. Raises NoSuchRun."""
        wanted = (
            sa.select(*(points.c[name] for name in COLUMNS))
            .where(points.c.run == id, points.c.step > after)
            .order_by(points.c.step)
        )
        with self.database.reading() as connection:
            rows = connection.execute(wanted).all()
            if not rows:
                self._exists(connection, id)
        return Points.of([tuple(row) for row in rows])

    def checkpoints(self, id: str) -> list[Checkpoint]:
        """List the checkpoints of a run, in order. Raises NoSuchRun."""
        columns = (checkpoints.c[name] for name in ("step", "held_out", "sample", "health"))
        kept = checkpoints.c.weights.is_not(None)
        with self.database.reading() as connection:
            self._exists(connection, id)
            rows = connection.execute(
                sa.select(*columns, kept.label("kept"))
                .where(checkpoints.c.run == id)
                .order_by(checkpoints.c.step)
            ).all()
        return [
            Checkpoint(row.step, row.held_out, row.sample, _health(row.health), bool(row.kept))
            for row in rows
        ]

    def steps(self, id: str) -> list[int]:
        """List the steps of the checkpoints with weights, by one cheap query. Raises NoSuchRun."""
        with self.database.reading() as connection:
            rows = connection.execute(
                sa.select(checkpoints.c.step)
                .where(checkpoints.c.run == id, checkpoints.c.weights.is_not(None))
                .order_by(checkpoints.c.step)
            ).all()
            if not rows:
                self._exists(connection, id)
        return [step for (step,) in rows]

    def weights(self, id: str, step: int) -> bytes:
        """Return the weights of a checkpoint: safetensors, names as in `named_parameters`.

        Raises:
            NoSuchRun: there is no run. RunError: it keeps none of that step; the message says which it keeps.
        """
        with self.database.reading() as connection:
            return self._weights(connection, id, step)

    def maps(self, id: str, step: int) -> Maps | None:
        """Return the attention patterns of the spec's prompt at a checkpoint, None where there are none.

        Raises NoSuchRun.
        """
        body = self._shown(id, step)
        return None if body is None else unpack_maps(body)

    def places(self, id: str, step: int) -> Places | None:
        """Return the map positions of a run's words at a checkpoint, None where it has no map. Raises NoSuchRun."""
        body = self._shown(id, step)
        return None if body is None else unpack_places(body)

    def model(self, id: str) -> tuple[dict[str, Any], str]:
        """Return what all checkpoints of a run share: its ModelConfig as a dict, and its tokenizer as JSON.

        For word2vec, plain values and the words.

        Raises:
            NoSuchRun: there is no run. RunError: it has not begun yet.
        """
        with self.database.reading() as connection:
            row = connection.execute(
                sa.select(models.c.config, models.c.tokenizer).where(models.c.run == id)
            ).first()
            if row is None:
                self._exists(connection, id)
                raise RunError(later("this run has not begun yet, so it has no model to open"))
        return json.loads(row.config), row.tokenizer

    def _shown(self, id: str, step: int) -> bytes | None:
        with self.database.reading() as connection:
            body = connection.execute(
                sa.select(checkpoints.c.maps).where(checkpoints.c.run == id, checkpoints.c.step == step)
            ).scalar()
            if body is None:
                self._exists(connection, id)
        return None if body is None else bytes(body)

    def _weights(self, connection: sa.Connection, id: str, step: int) -> bytes:
        body = connection.execute(
            sa.select(checkpoints.c.weights).where(checkpoints.c.run == id, checkpoints.c.step == step)
        ).scalar()
        if body is None:
            self._exists(connection, id)
            kept = connection.execute(
                sa.select(checkpoints.c.step)
                .where(checkpoints.c.run == id, checkpoints.c.weights.is_not(None))
                .order_by(checkpoints.c.step)
            ).scalars()
            if there := ", ".join(map(str, kept)):
                raise RunError(
                    later(
                        "this run keeps no weights of step {step}; it keeps those of {kept}",
                        step=step,
                        kept=there,
                    )
                )
            raise RunError(
                later("this run keeps no weights of step {step}; it keeps those of none", step=step)
            )
        return bytes(body)

    def _exists(self, connection: sa.Connection, id: str) -> None:
        if connection.execute(sa.select(runs.c.id).where(runs.c.id == id)).first() is None:
            raise NoSuchRun(NOT_THERE)


def _health(written: str) -> dict[str, Any]:
    """Parse the measurements of a checkpoint; empty where damaged, since the weights may be intact."""
    try:
        found = json.loads(written)
    except (ValueError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
