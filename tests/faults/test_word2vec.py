"""word2vec in a worker that is killed in the middle: another goes on, and it ends as if nobody had disturbed it."""

from __future__ import annotations

import numpy as np
import pytest

import core.runs
from core.runs import Store
from core.runs.word_specs import WordsSpec
from core.runs.word_vectors import Learning, reading_of
from tests.faults.runs import finished, in_the_middle, server, worker_of

SPEC = WordsSpec(corpus="fables", min_count=3, size=32, epochs=30, steps=300, checkpoints=6)


def undisturbed() -> Learning:
    """The same learning, here, on one thread."""
    learning = Learning(SPEC, reading_of(SPEC))
    learning.moment()
    while not learning.done:
        learning.step()
        if learning.done_steps in learning.checkpoint_steps:
            learning.moment()
    return learning


@pytest.mark.full(reason="starts processes and waits for them, 4 s")
def test_a_killed_worker(lite: Store) -> None:
    with server() as process:
        id = process.say(SPEC.to_json())
        in_the_middle(lite, id)
        worker_of(process).kill()
        run = finished(lite, id)
    assert (run.state, run.ended) == ("done", "All words read."), run
    wanted = undisturbed()
    np.testing.assert_array_equal(core.runs.table(lite, id).vectors, wanted.learning.table.vectors)
    np.testing.assert_array_equal(lite.places(id, run.steps).points, wanted.placed)
    assert lite.points(id).tokens.tolist() == wanted.learning.ends.tolist()
    assert lite.steps(id) == list(wanted.checkpoint_steps)
