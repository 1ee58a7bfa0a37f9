"""What is kept, as a script: the page counts what the store has of this browser, and names copies of the database."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from streamlit.testing.v1 import AppTest

from app import runs as face
from core.data.corpora import fingerprint
from core.runs import Store
from core.runs.worker import here
from core.training import TrainSpec
from tests import earlier
from tests.pages.conftest import OTHER, OWNER, SMALL, OpenPage, Runs

BEFORE = "The database as it was before this server was upgraded"


def said(app: AppTest) -> str:
    """The sentence below the table, as it reads."""
    return " ".join(each.value for each in app.markdown)


def table(app: AppTest) -> str:
    """The table."""
    return " ".join(each.proto.body for each in app.get("html"))


def test_a_text_counts_for_who_brought_it(open_page: OpenPage, queue: Runs) -> None:
    assert "there is no run" in said(open_page("kept"))
    texts = ["\n\n".join(f"Line {n} of {name}." for n in range(80)) for name in ("mine", "theirs")]
    specs = [TrainSpec(**{**SMALL, "corpus": "own", "text": fingerprint(text)}) for text in texts]
    queue.store.create(specs[0], OWNER, text=texts[0])
    theirs = here(queue.store, specs[1], OTHER, text=texts[1])
    queue.store.create(specs[1].replace(parent=f"{theirs.id}@12"), OWNER)
    app = open_page("kept")
    assert "2 runs" in said(app) and "1 text of yours" in said(app), "the fork reads another's"
    assert BEFORE not in table(app)


def test_copies_from_before_an_upgrade_are_named(open_page: OpenPage, runs: Runs, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'runs.sqlite'}"
    earlier.put("words", url)
    with closing(Store(url)) as store:
        face.use(store)
        app = open_page("kept")
        assert BEFORE in table(app) and "1 file beside it" in table(app)
        face.use(runs.store)
