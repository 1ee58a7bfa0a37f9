"""The real app killed in the middle of a run: nothing of it is left, and the next start of it goes on."""

from __future__ import annotations

import socket
import urllib.request
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from app.server.start import LEAVES
from tests.browser.driver import serving
from tests.faults.runs import OWNER, SETTINGS, finished, gone, in_the_middle, same_curve, small
from tests.waiting import until


@pytest.mark.full(reason="starts processes and waits for them, 11 s")
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


@pytest.mark.full(reason="starts processes and waits for them, 4 s")
def test_an_app_that_somebody_watches_ends_when_it_is_told_to(tmp_path: Path) -> None:
    with serving(tmp_path, env=SETTINGS) as app, closing(app.store()) as store:
        id = store.create(small(), OWNER).id
        with urllib.request.urlopen(f"{app.url}/runs/{id}/events") as stream:
            assert stream.readline()
            app.process.terminate()
            app.process.wait(LEAVES + 1)
        assert "Something does not answer" not in app.output()


@pytest.mark.full(reason="2 cases, 7 s together")
@pytest.mark.parametrize("answers", [False, True], ids=["refuses", "says nothing"])
def test_an_app_whose_database_is_away_ends_when_it_is_told_to(tmp_path: Path, answers: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes connections, and says nothing
        port = mute.getsockname()[1]
        if not answers:
            mute.close()
        away = {"GLASSBOX_DB": f"postgresql+psycopg://glassbox@127.0.0.1:{port}/runs"}
        with serving(tmp_path, env={**SETTINGS, **away}) as app:
            until(lambda: app.output().count("does not answer") >= 1, "the server to miss its database")
            app.process.terminate()
            app.process.wait(LEAVES + 1)
