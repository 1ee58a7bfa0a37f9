"""Vocabularies learned in a process of their own: Python computes in one thread at a time, and pages need that one.

A learning makes and drops millions of small objects, too, which leave holes in the memory of a long-lived process.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from core.messages import Later, later
from core.text import pretokens, vocabularies
from core.text.learning_process import GO, REST, TELL
from core.text.vocabularies import Progress, Vocabulary

log = logging.getLogger("glassbox.learning")
_ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 60.0  # seconds in which a process answers; a round of Unigram may take some
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class LearningFailed(RuntimeError):
    """Raised where a process ended without what it was asked for; the message says how."""


class Learner:
    """A process that learns the vocabularies of one corpus, begun at once.

    Args:
        documents, size: as of `JointLearning`; kinds: its `pretokens`.

    Attributes:
        said: how far it is; None before it has said so.
        found: what was learned, once that is all; it can be used, but not be learned further here.
        pid: the number of the process.

    Raises:
        OSError: no process can be started.
    """

    def __init__(self, documents: Sequence[str], size: int, kinds: Mapping[str, str]) -> None:
        self.said: Progress | None = None
        self.found: dict[str, Vocabulary] | None = None
        self._failed: str | Later = ""  # several visitors wait, perhaps in several languages
        self._so_far: dict[str, Vocabulary] | None = None
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "core.text.learning_process"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT, env={**os.environ, **_ONE_THREAD},
        )  # fmt: skip
        self.pid = self._process.pid
        self._orders = cast(BinaryIO, self._process.stdin)
        self._writing = threading.Lock()
        self._writing.acquire()  # no word comes before the order
        order = {
            "documents": list(documents), "size": size, "pretokens": dict(kinds), "patterns": pretokens.patterns(),
        }  # fmt: skip
        body = json.dumps(order).encode("ascii") + b"\n"
        threading.Thread(target=self._listen, args=(body,), name=f"learner {self.pid}", daemon=True).start()

    def go_on(self) -> None:
        """Let it learn, as it does from its beginning."""
        self._send(GO)

    def rest(self) -> None:
        """Let it wait after the step that it is at."""
        self._send(REST)

    def so_far(self) -> dict[str, Vocabulary]:
        """Wait for what is learned so far, of a method that has not begun its letters; it then does what it did before.

        Raises:
            LearningFailed: it ended before, or does not answer.
        """
        with self._changed:
            self._so_far = None
        self._send(TELL)
        with self._changed:
            self._changed.wait_for(lambda: self._so_far or self.found or self._failed, _PATIENCE)
            found, self._so_far = self.found or self._so_far, None
        if found is None:
            raise LearningFailed(self._failed or later("the process that learns them does not answer"))
        return found

    @property
    def failed(self) -> str:
        """Why there will never be anything, in words; "" while there may be."""
        return str(self._failed)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end; return whether that came in time."""
        with self._changed:
            return bool(self._changed.wait_for(lambda: self.found or self._failed, seconds))

    def result(self) -> dict[str, Vocabulary]:
        """Wait for all that there is to learn.

        Raises:
            LearningFailed: it ended before.
        """
        self.wait()
        if self.found is None:
            raise LearningFailed(self._failed)
        return self.found

    def close(self) -> None:
        """End the process, which has nothing to store."""
        self._process.kill()

    def _send(self, word: bytes) -> None:
        with self._writing, suppress(OSError, ValueError):  # it has ended; who listens will say so
            self._orders.write(word + b"\n")
            self._orders.flush()

    def _listen(self, order: bytes) -> None:
        why: str | Later = ""
        try:
            try:
                with suppress(OSError):
                    self._orders.write(order)
                    self._orders.flush()
            finally:
                self._writing.release()
            why = self._hear(cast(BinaryIO, self._process.stdout))
        except Exception as broken:  # whatever it is, those who wait have to hear of it
            log.exception("What a learning process said could not be read")
            why = later(
                "what the process that learns them said could not be read ({error})",
                error=type(broken).__name__,
            )
            self._process.kill()
        ended = self._process.wait()
        with self._changed:
            if self.found is None:
                how = f"signal {-ended}" if ended < 0 else f"status {ended}"
                self._failed = why or later("the process that learns them was ended ({how})", how=how)
            self._changed.notify_all()
        for line in (self._orders, self._process.stdout):
            with suppress(OSError, ValueError):
                cast(BinaryIO, line).close()

    def _hear(self, answers: BinaryIO) -> str:
        """Read answers until their end; return the error among them, or ""."""
        why = ""
        for line in answers:
            said = json.loads(line)
            if "bytes" in said:
                body = answers.read(said["bytes"])
                if len(body) < said["bytes"]:
                    return ""
                found = vocabularies.read(body)
                with self._changed:
                    self._so_far, self.found = (None, found) if said["end"] else (found, None)
                    self._changed.notify_all()
            elif "progress" in said:
                self.said = Progress(**said["progress"])
            else:
                why = str(said["error"])
        return why
