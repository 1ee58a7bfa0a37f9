"""Pages over a store of runs that cannot be read: they and the bundled models work on, and say what is to be done."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import runs as run_face
from core.runs import Store
from core.runs.schema import VERSION
from tests.pages.conftest import OWNER, OpenPage, Runs
from tests.pages.test_rewind import every_page, said, whole


def damaged(path: Path) -> None:
    path.write_bytes(b"no database " * 2000)


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")


def another_version(path: Path) -> None:
    with closing(Store(f"sqlite:///{path}")) as store, store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE glassbox_schema SET version = 7")


KINDS: dict[str, tuple[Callable[[Path], None], str]] = {
    "damaged": (damaged, "cannot be read (file is not a database)"),
    "of something else": (foreign, "it is a database of something else"),
    "of another version": (another_version, f"its schema is 7, ours is {VERSION}"),
}


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Puts a broken store where this server has its own."""
    monkeypatch.setenv("GLASSBOX_DATA", str(tmp_path))

    def put(kind: str) -> None:
        KINDS[kind][0](tmp_path / "runs.sqlite")
        run_face.use(None)

    yield put
    run_face.use(None)


def check(app: AppTest, kind: str) -> None:
    """The page is whole, works on its model, and says what is wrong and what to do."""
    whole(app)
    told = said(app)
    assert KINDS[kind][1] in told
    assert "pictures and models work on" in told and "move runs.sqlite out of its folder" in told
    assert told.count("move runs.sqlite") == 1


@pytest.mark.full(reason="the other cases take 10 s", quick_cases=1)
@every_page
def test_every_page_works_without_its_store(
    slug: str, broken: Callable[[str], None], open_page: OpenPage
) -> None:
    broken("damaged")
    check(open_page(slug), "damaged")


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_store_is_told(
    kind: str, broken: Callable[[str], None], open_page: OpenPage, tmp_path: Path
) -> None:
    broken(kind)
    app = open_page("home", model=f"run:{'0' * 24}")
    check(app, kind)
    assert str(tmp_path) not in said(app)
    assert "Nothing can be trained here" in str(run_face.command("0" * 24, "stop"))


def test_a_run_that_cannot_be_read_hides_no_other(open_page: OpenPage, runs: Runs) -> None:
    store = runs.store
    good, bad = (runs.queued(name=name).id for name in ("Whole", "Torn"))
    with store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE glassbox_runs SET spec = '{' WHERE id = ?", (bad,))
    mine = [run.id for run in run_face.mine()]
    assert good in mine and bad not in mine
    app = open_page("home", model=f"run:{bad}")
    whole(app)
    assert "This run is damaged in the store" in said(app)
    for id in (good, bad):
        store.delete(id, OWNER)
