"""How the whole suite is shared between processes (pytest-xdist): whole files, quick ones beside slow ones."""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

TOURS = "tests/browser/test_tours.py"  # half of the quick tier's time in a browser


class BothEnds(LoadScopeScheduling):
    """A file is one process's work, so that its fixtures are made once; the processes begin at opposite ends.

    The tours share no fixture of their file, so each is a work of its own: the processes finish together.

    The tests stand in the order of `pytest_collection_modifyitems`, from the quick ones to the slow. The first process
    takes files from the end and the second from the beginning, until they meet: what waits (faults) and what measures
    time shares the machine with one computing process, and of two that hold a browser each has other pages open.
    """

    def _split_scope(self, nodeid: str) -> str:
        """Return the work that a test belongs to: its file, or a tour alone."""
        file = nodeid.split("::", 1)[0]
        return nodeid if file == TOURS else file

    def _assign_work_unit(self, node: WorkerController) -> None:
        if self.nodes.index(node) % 2 == 0:  # the next file is taken from the front of the queue
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)


def scheduler(config: Any, log: Any) -> BothEnds:
    """For xdist's hook of that name: files stay in their order, however many tests they hold."""
    config.option.loadscopereorder = False
    return BothEnds(config, log)
