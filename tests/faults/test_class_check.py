"""The check before a class as a command, on the real app: it starts it, holds a class, and leaves nothing behind."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from app.rooms.addresses import VARIABLE
from app.server import launch
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
ROWS = {f"glassbox_{name}" for name in ("rooms", "members", "prompts", "votes")}


@pytest.mark.full(reason="starts processes and waits for them, 21 s")
def test_the_command_holds_a_class_on_the_real_app_and_leaves_nothing(tmp_path: Path) -> None:
    port = free_port()
    here = (
        f"http://127.0.0.1:{port}"  # in place of the network's address, which a machine of tests may not have
    )
    env = {**os.environ, "GLASSBOX_DATA": str(tmp_path), "GLASSBOX_REAL": "none", VARIABLE: here}
    command = [sys.executable, "-m", "scripts.class_check", "--phones", "20", "--port", str(port)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=200)
    said = " ".join(done.stdout.split())
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    for words in (
        f"Phones type 127.0.0.1:{port}/join", "20 phones joined", "Asked on the Classroom page",
        "20 votes of the first vote", "20 votes of the second vote", "Reveal:", "has ended on every screen",
        "Home takes", "11 lessons", "READY", f"{here}/join", "SmolLM2-135M is left out here",
    ):  # fmt: skip
        assert words in said, words
    assert launch.is_free(port), "its server is gone"
    with closing(sqlite3.connect(tmp_path / "runs.sqlite")) as store:
        tables = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rooms = [name for name in tables if name in ROWS]
        assert len(rooms) == len(ROWS)
        assert [store.execute(f"SELECT count(*) FROM {name}").fetchone() for name in rooms] == [(0,)] * len(
            ROWS
        )
