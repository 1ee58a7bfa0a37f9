"""The journal: a thread that writes what the training loop hands it, and renews the lease meanwhile.

The loop never waits for a database. While that is unavailable the thread buffers everything and retries, for a minute;
writes are idempotent, so a lost reply does no harm.
"""

from __future__ import annotations

import threading
import time

from core.runs.lease import MOST_RELIEFS, Batch, Lease, Moment, Row
from core.runs.records import StoreAway, StoreFull

EVERY = 0.25  # seconds between two writes
PATIENCE = 60.0  # seconds that the database may be unavailable
_AGAIN = 0.25  # seconds between two attempts


class Journal:
    """Writes through a lease. Everything handed in with a state is stored with it or before it.

    Args:
        patience: seconds that the database may be away before the worker gives the run up.
    """

    def __init__(self, lease: Lease, patience: float = PATIENCE) -> None:
        self.lease, self.patience = lease, patience
        self._turn = threading.Condition()
        self._batch = Batch()
        self._busy = self._hurry = self._closed = False
        self._error: BaseException | None = None
        self._written = self._away = 0.0
        self._thread = threading.Thread(target=self._work, name=f"journal {lease.id}", daemon=True)
        self._thread.start()

    def add(self, row: Row) -> None:
        """Add a point. Raises the error that stopped the thread: LostLease, StoreFull, StoreAway for too long."""
        with self._turn:
            self._check()
            self._batch.points.append(row)
            if len(self._batch.points) == 1:
                self._turn.notify()

    def put(self, moment: Moment) -> None:
        """Add a checkpoint. Raises as `add`."""
        with self._turn:
            self._check()
            self._batch.moments.append(moment)
            self._turn.notify()

    def save(self, step: int, state: bytes) -> None:
        """Add the state to resume from, after the points up to it. Raises as `add`."""
        with self._turn:
            self._check()
            self._batch.state = (step, state)
            self._turn.notify()

    def flush(self) -> None:
        """Wait until all was stored. Raises as `add`."""
        with self._turn:
            self._hurry = True
            self._turn.notify()
            self._turn.wait_for(lambda: self._error is not None or not (self._batch or self._busy))
            self._hurry = False
            self._check()

    def close(self) -> None:
        """Stop the thread; what was not flushed is not written."""
        with self._turn:
            self._closed = True
            self._turn.notify()
        self._thread.join()

    @property
    def unwritten(self) -> list[Row]:
        """The points that could not be stored, once the thread has stopped."""
        with self._turn:
            return list(self._batch.points)

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        beat = self.lease.seconds / 4
        while True:
            with self._turn:
                while not (self._closed or self._due(beat)):
                    self._turn.wait(self._pause(beat))
                if self._closed:
                    return
                batch, self._batch, self._busy = self._batch, Batch(), True
            error = self._write(batch)
            with self._turn:
                self._busy = False
                if error is not None:
                    self._error = error
                    self._batch.points[:0] = batch.points
                self._turn.notify_all()
                if error is not None:
                    return

    def _due(self, beat: float) -> bool:
        since = time.monotonic() - self._written
        return (bool(self._batch) and (self._hurry or since >= EVERY)) or since >= beat

    def _pause(self, beat: float) -> float:
        wait = EVERY if self._batch else beat
        return max(0.0, wait - (time.monotonic() - self._written))

    def _write(self, batch: Batch) -> BaseException | None:
        away_since, relieved = None, 0
        while True:
            try:
                self.lease.write(batch)
                self._written = time.monotonic()
                return None
            except StoreFull as error:
                relieved += 1
                if relieved > MOST_RELIEFS or not self.lease.relieve():
                    return error
            except StoreAway as error:
                away_since = away_since or time.monotonic()
                if self._closed or time.monotonic() - away_since > self.patience:
                    return error
                time.sleep(_AGAIN)
            except BaseException as error:
                return error
