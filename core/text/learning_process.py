"""The process that learns vocabularies: what it is asked for on standard input, what it found on standard output.

    in:  a line of JSON (documents, size, pretokens, patterns), then lines of one word: GO, REST, TELL
    out: lines of JSON: "progress"; "bytes" (that many follow: `vocabularies.write`) with "end", whether that is all
         there is to learn; or "error"

It ends with its work, after a long rest, or as soon as its input closes: then whoever asked has gone. It imports
neither PyTorch nor Streamlit, and is ready after a quarter of a second.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from typing import Any, BinaryIO

from core.text import pretokens
from core.text.vocabularies import JointLearning, write

GO, REST, TELL = b"go", b"rest", b"tell"  # learn on; wait; tell what is learned so far
EVERY = 0.1  # seconds between two signs of progress
LONG = 600.0  # seconds of a rest after which nobody is expected to come back
BEHIND = 5  # how far it steps back where processors are short: pages are drawn first
log = logging.getLogger("glassbox.learning")


class Wishes:
    """What was asked for last, heard by one thread and looked up by another between two steps."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._going, self._tell = True, False

    def hear(self, orders: BinaryIO) -> None:
        """Take orders until their end; then end this process, whatever it does."""
        with suppress(OSError, ValueError):
            for order in orders:
                with self._changed:
                    word = order.strip()
                    self._tell = self._tell or word == TELL
                    self._going = word == GO if word in (GO, REST) else self._going
                    self._changed.notify_all()
        os._exit(0)

    def wait(self) -> bool:
        """Wait until there is something to do; return whether that is to tell how far it is."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._going or self._tell, LONG):
                os._exit(0)
            tell, self._tell = self._tell, False
            return tell


def learn(order: dict[str, Any], wishes: Wishes, answers: BinaryIO) -> None:
    """Learn what was asked for, with signs of progress, and write down what came of it."""
    pretokens.use(order["patterns"])
    learning = JointLearning(order["documents"], order["size"], order["pretokens"])
    told = 0.0
    for progress in learning:
        if time.monotonic() - told > EVERY:
            told = time.monotonic()
            _say(answers, {"progress": asdict(progress)})
        while wishes.wait():
            _give(answers, learning, end=False)
    _give(answers, learning, end=True)


def _give(answers: BinaryIO, learning: JointLearning, end: bool) -> None:
    body = write(learning.so_far())
    _say(answers, {"bytes": len(body), "end": end}, body)


def _say(answers: BinaryIO, what: dict[str, Any], body: bytes = b"") -> None:
    with suppress(OSError):  # nobody listens any more: the input closes, too
        answers.write(json.dumps(what).encode("ascii") + b"\n" + body)
        answers.flush()


def main() -> None:
    """Learn what standard input asks for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the server; this ends with it
    with suppress(AttributeError, OSError):
        os.nice(BEHIND)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # other output must not be taken for an answer
    first = sys.stdin.buffer.readline()
    if not first:
        return
    wishes = Wishes()
    threading.Thread(target=wishes.hear, args=(sys.stdin.buffer,), name="orders", daemon=True).start()
    try:
        learn(json.loads(first), wishes, answers)
    except Exception as why:
        log.exception("A vocabulary was not learned")
        _say(answers, {"error": f"{type(why).__name__}: {why}"})
    sys.stderr.flush()
    os._exit(0)  # the other thread still waits for a line


if __name__ == "__main__":
    main()
