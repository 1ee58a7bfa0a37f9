"""The process that learns vocabularies: what it says, how it rests and goes on, and that it is never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from core.data.corpora import corpus
from core.text.learner import Learner, LearningFailed
from core.text.merging import Learning
from tests.processes import alive
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
FABLES = list(islice(corpus("fables"), 60))
KINDS = {"bpe": "bytes", "unigram": "spaces"}


@pytest.fixture
def learner() -> Iterator[Learner]:
    """A process that learns for some seconds."""
    made = Learner(FABLES, 3000, KINDS)
    yield made
    made.close()
    assert made.wait(30)
    assert not alive(made.pid)


@pytest.mark.full(reason="takes 2 s")
def test_it_tells_how_far_it_is_rests_and_goes_on(learner: Learner) -> None:
    until(lambda: learner.said is not None and learner.said.done > 0, "a step of the learner")
    learner.rest()
    first: Any = learner.so_far()
    second: Any = learner.so_far()
    merges = len(first["bpe"].merges)
    assert 0 < merges == len(second["bpe"].merges) and not learner.wait(0.3)
    assert first["unigram"].rounds == []
    learner.go_on()
    found: Any = learner.result()
    whole = Learning(FABLES, 3000).run()
    assert found["bpe"].merges == whole.merges and found["bpe"].merges[:merges] == first["bpe"].merges
    assert learner.so_far() is found and learner.failed == "", "what was asked for too late is all of it"


def test_one_that_is_killed_says_so_to_all_who_wait(learner: Learner) -> None:
    until(lambda: learner.said is not None, "a word of the learner")
    os.kill(learner.pid, signal.SIGKILL)
    with pytest.raises(LearningFailed, match=r"the process that learns them was ended \(signal 9\)"):
        learner.result()
    with pytest.raises(LearningFailed, match="signal 9"):
        learner.so_far()
    learner.rest()
    learner.go_on()


def test_an_error_of_its_own_is_said_in_words() -> None:
    learner = Learner(FABLES, 0, {"bpe": "bytes"})
    with pytest.raises(LearningFailed, match="ValueError: cannot learn 0 entries"):
        learner.result()


def test_what_cannot_be_read_is_said_too(learner: Learner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.text.vocabularies.read", lambda body: {}["merges"])
    with pytest.raises(
        LearningFailed, match=r"what the process that learns them said could not be read \(KeyError\)"
    ):
        learner.so_far()


def test_it_ends_when_nobody_can_hear_it_any_more(learner: Learner) -> None:
    learner.rest()
    until(lambda: learner.said is not None, "a word of the learner")
    learner._orders.close()
    assert learner.wait(30) and learner.failed == "the process that learns them was ended (status 0)"


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("rests", [False, True])
def test_it_ends_when_the_server_was_killed(rests: bool) -> None:
    source = f"""
import time
from core.text.learner import Learner
learner = Learner({FABLES!r}, 4000, {KINDS!r})
{"learner.rest()" if rests else ""}
while learner.said is None:
    time.sleep(0.01)
print(learner.pid, flush=True)
time.sleep(60)
"""
    server = subprocess.Popen([sys.executable, "-c", source], cwd=ROOT, stdout=subprocess.PIPE)
    assert server.stdout is not None
    pid = int(server.stdout.readline())
    assert alive(pid)
    server.kill()
    server.wait()
    server.stdout.close()
    until(lambda: not alive(pid), "the end of the learner")


def test_it_imports_neither_torch_nor_streamlit() -> None:
    source = (
        "import sys, core.text.learning_process as p; "
        "print([name for name in ('torch', 'streamlit', 'transformers', 'app') if name in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"
