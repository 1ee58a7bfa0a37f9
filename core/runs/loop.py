"""The work loop of a run of any kind: it reads the run's control word before every step.

The database may be unavailable for a minute, the process may be killed, the run may be deleted meanwhile: the store
always holds a whole curve up to some step, and a state to resume from.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core.precision import settle
from core.runs import kinds
from core.runs.corrections import remaining
from core.runs.journal import PATIENCE, Journal
from core.runs.kinds import Reached, Work
from core.runs.lease import MOST_RELIEFS, Lease, Row
from core.runs.records import LostLease, RunError, SchemaError, State, StoreAway, StoreFull, Word
from core.runs.store import Store

log = logging.getLogger("glassbox.runs")
KEEPS_SLOT = 60.0  # seconds that a paused run keeps its worker if no run waits
# minimum seconds between two stored states (GLASSBOX_SAVE), the work that a killed worker may lose...
SAVE_EVERY = 2.0
_SAVE_SHARE = 50  # ...and this many times the cost of storing one
_BLIND = 1.0  # seconds before a failed read of the control word is retried
_ASK = 0.5  # seconds between two questions whether others wait


class _Leave(Exception):
    """Raised to stop work here; the run continues later, on another worker."""


@dataclass
class Training:
    """One worker's work on one run.

    Args:
        leaving: called before every step: must this process stop?
        watch: called with every point (the progress bar of the command line).
        patience: seconds that the database may be away.
        longest: seconds of computing after which the run is ended.
        slice: seconds after which the run goes back into the queue, if a run of another owner waits there that will
            end sooner.
    """

    store: Store
    lease: Lease
    leaving: Callable[[], bool] = lambda: False
    watch: Callable[[Reached], None] = lambda point: None
    patience: float = PATIENCE
    longest: float = math.inf
    slice: float = math.inf
    _word: Word = "run"
    _blind_until: float = 0.0
    _saved: int = -1  # step of the last state
    _seen: int = -1  # step of the last checkpoint
    _last: Reached | None = None
    _save_at: float = 0.0

    def run(self) -> None:
        """Run until the end, a long pause, or a lost lease. Errors are recorded in the run."""
        self.journal = Journal(self.lease, self.patience)
        self._every = float(os.environ.get("GLASSBOX_SAVE", "").strip() or SAVE_EVERY)
        self._save_at = time.monotonic() + self._every
        self._slice_ends = time.monotonic() + self.slice
        try:
            self._train()
        except _Leave:
            log.info("Run %s goes on later", self.lease.id)
        except LostLease as why:
            log.info("Run %s: %s", self.lease.id, why)
        except StoreAway as why:  # the lease expires; another worker continues when the database is back
            log.warning("Run %s is let go: %s", self.lease.id, why)
        except SchemaError as why:  # a newer Glassbox goes on with it
            log.warning("Run %s is let go: %s", self.lease.id, why)
        except StoreFull as why:
            with suppress(LostLease, StoreAway):
                self._last_words(str(why))
        finally:
            self.journal.close()
            self.lease.close()

    def _train(self) -> None:
        from core.diverged import Diverged

        try:
            self.work = work = self._begin()
            self._moments = set(work.checkpoint_steps)
            self.lease.planned = frozenset(self._moments | {0})
            untouched = work.glance() if work.done_steps == 0 else None
            while not work.done:
                if (word := self._obey()) == "stop":
                    return self._end("stopped", f"Stopped at step {work.done_steps:,}.")
                self._last = point = work.step()
                self.journal.add(_row(point))
                self.watch(point)
                if word == "step":
                    self._insist(self.lease.stepped)
                if untouched is not None:  # deferred: the first point should not wait for it
                    self.journal.put(untouched())
                    untouched = None
                self._keep()
                if point.seconds > self.longest and not work.done:
                    return self._end(
                        "stopped", f"Stopped at step {work.done_steps:,}: {_too_long(self.longest)}."
                    )
            self._end("done", f"{work.ended[:1].upper()}{work.ended[1:]}.")
        except Diverged as why:
            self._end("diverged", str(why))
        except (_Leave, RunError):
            raise
        except Exception as why:  # any error of the training ends this run, not the worker
            log.warning("Run %s failed", self.lease.id, exc_info=True)
            self._fail(str(why) or type(why).__name__)

    def _begin(self) -> Work:
        """Restore the work: from the run's last state, from its parent's checkpoint, or from scratch."""
        asked = self.store.get(self.lease.id).spec
        spec = settle(asked)
        if spec != asked:  # stored before the first step, so that the run is always resumed in this precision
            self._insist(lambda: self.lease.settle(spec.to_json()))
        text = self.store.text(spec.text) if spec.text else None
        state = self.lease.state()
        work = kinds.begin(spec, text, state, self.lease.start)
        if state is not None:
            self._saved = work.done_steps
        else:
            self._insist(lambda: self.lease.describe(*work.about()))
        return work

    def _obey(self) -> Word:
        """Read the control word for the next step: run, step or stop. Waits while it is pause.

        Raises:
            _Leave: this process has to go, or gives its slot up; LostLease.
        """
        if self.leaving():
            self._save()
            self._insist(self.lease.put_back)
            raise _Leave
        if time.monotonic() >= self._slice_ends:
            self._slice_ends = time.monotonic() + _ASK
            if self._insist(self._shorter_waits):
                self._save()
                self._insist(self.lease.requeue_last)
                raise _Leave
        before = self._word
        self._read()
        if self._word == "pause":
            if before == "run":
                self._moment()  # a pause is for looking at the present state
            self._pause()
        return self._word

    def _shorter_waits(self) -> bool:
        """Return whether a run of another owner waits that will end sooner than this one."""
        waiting = self.lease.waiting_of_others()
        if not waiting:
            return False
        self.journal.flush()  # what is left of this run is estimated by its stored points
        own = remaining(self.store, self.store.get(self.lease.id))
        return any(remaining(self.store, self.store.get(id)) < own for id in waiting)

    def _read(self) -> None:
        now = time.monotonic()
        if now < self._blind_until:
            return
        try:
            self._word, _ = self.lease.look()
        except StoreAway:  # continue with the last word; the journal measures how long
            self._blind_until = now + _BLIND

    def _pause(self) -> None:
        self._save()
        self._insist(lambda: self.lease.show("paused"))
        since = asked = time.monotonic()
        while self._word == "pause":
            time.sleep(0.03)
            self._read()
            if self.leaving():
                self._insist(self.lease.put_back)
                raise _Leave
            now = time.monotonic()
            if self._word == "pause" and now - asked > _ASK:
                asked = now
                wanted = now - since > KEEPS_SLOT or self._insist(self.lease.others_wait)
                if wanted and self._insist(self.lease.give_up_slot):
                    raise _Leave
        self._insist(lambda: self.lease.show("running"))

    def _keep(self) -> None:
        """Store a checkpoint after a step where one is due, or a state when the last one is old."""
        if self.work.done_steps in self._moments and not self.work.done:
            self._moment()
        if time.monotonic() >= self._save_at:
            self._hand_in_state()

    def _hand_in_state(self) -> None:
        begun = time.monotonic()
        self.journal.save(self.work.done_steps, self.work.state())
        cost = time.monotonic() - begun
        self._save_at = time.monotonic() + max(self._every, _SAVE_SHARE * cost)
        self._saved = self.work.done_steps

    def _save(self) -> None:
        """Store everything up to now before returning."""
        if self._saved != self.work.done_steps:
            self._hand_in_state()
        self.journal.flush()

    def _moment(self) -> None:
        if self._seen != self.work.done_steps:
            self._seen = self.work.done_steps
            known = self._last is not None and self._last.step == self.work.done_steps
            self.journal.put(self.work.moment(self._last.held_out if known and self._last else None))

    def _end(self, state: State, words: str) -> None:
        self._moment()
        self.journal.flush()
        self._insist(lambda: self.lease.end(state, words, self.work.done_steps))

    def _fail(self, words: str) -> None:
        """Store what there is, and the reason of the failure."""
        # a full disk may cost the last points of the curve, but not the recorded reason
        with suppress(StoreFull):
            self.journal.flush()
        self._last_words(words)

    def _last_words(self, words: str) -> None:
        rows = self.journal.unwritten
        for more_room in (False, True):
            if more_room:
                self.store.database.make_room()
            with suppress(StoreFull):
                return self._insist(lambda: self.lease.end("failed", words, None, rows))
        log.error("Run %s: the disk is full, and not even this can be stored: %s", self.lease.id, words)

    def _insist(self, call: Callable[[], Any]) -> Any:
        """Retry while the database is unavailable, up to the journal's limit, and in a full store while making room
        helps."""
        until, relieved = time.monotonic() + self.patience, 0
        while True:
            try:
                return call()
            except StoreFull:
                relieved += 1
                if relieved > MOST_RELIEFS or not self.lease.relieve():
                    raise
            except StoreAway:
                if time.monotonic() > until:
                    raise
                time.sleep(0.25)


def _too_long(seconds: float) -> str:
    return f"it has computed for {max(1, round(seconds / 60))} minutes, twice what one run may take here"


def _row(point: Reached) -> Row:
    return (
        point.step, point.loss, point.learning_rate, point.gradient_norm, point.update_norm, point.tokens,
        point.seconds, point.held_out,
    )  # fmt: skip
