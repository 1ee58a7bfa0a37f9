"""The real app killed in the middle of a run: nothing of it is left, and the next start of it goes on."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import psutil

from tests.browser.driver import serving
from tests.faults.runs import OWNER, SETTINGS, finished, gone, in_the_middle, same_curve, small


def test_a_killed_app(tmp_path: Path) -> None:
    with serving(tmp_path, env=SETTINGS) as app, closing(app.store()) as store:
        id = store.create(small(), OWNER).id
        in_the_middle(store, id)
        me = psutil.Process(app.process.pid)
        family = [me, *me.children(recursive=True)]
        app.process.kill()
        app.process.wait()
        gone(family)
        assert not store.get(id).over  # its worker may have found time to put the run back into the queue
    with serving(tmp_path, env=SETTINGS) as app, closing(app.store()) as store:
        finished(store, id)
        same_curve(store, id)
