"""Workers on this machine, as the app has them: the worker, or the server that holds scheduler and nanny, is killed."""

from __future__ import annotations

import pytest

from core.runs import Store
from tests.faults.runs import finished, in_the_middle, same_curve, server, small, worker_of


@pytest.mark.full(reason="starts processes and waits for them, 105 s")
def test_a_killed_worker(lite: Store) -> None:
    with server() as process:
        id = process.say(small(2400).to_json())  # long enough to be met in its middle twice by a busy machine
        step = in_the_middle(lite, id)
        worker_of(process).kill()
        in_the_middle(lite, id, after=step)
        worker_of(process).kill()
        finished(lite, id)
        same_curve(lite, id)


@pytest.mark.full(reason="starts processes and waits for them, 33 s")
def test_a_killed_server(lite: Store) -> None:
    with server() as process:
        id = process.say(small().to_json())
        in_the_middle(lite, id)
        process.kill()  # its worker notices and goes, too; it may find time to put the run back into the queue
        assert not lite.get(id).over
    with server():
        finished(lite, id)
        same_curve(lite, id)
