"""What gives way in a store that grows, and what never does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.data.corpora import fingerprint
from core.runs import RunError, Store
from core.runs.lease import Batch, Moment
from core.runs.retention import make_way
from tests.runs import OTHER, OWNER, rows, taken, tiny


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of the test's own."""
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield store
    store.close()


def kept_run(store: Store, owner: str = OWNER, end: bool = True, **spec: object) -> str:
    """A run with three checkpoints of 100 bytes."""
    id = store.create(tiny(**spec), owner, text="a text" if spec else None).id
    lease = taken(store)
    moments = [Moment(step, None, "", {}, bytes(100)) for step in (0, 3, 6)]
    lease.write(Batch(rows(1, 6), moments))
    if end:
        lease.end("done", "All steps done.", 6)
    return id


def test_within_the_limits_nothing_goes(store: Store) -> None:
    ids = [kept_run(store) for _ in range(3)]
    make_way(store.database, OWNER, kept=3, most=900)
    assert [store.steps(id) for id in ids] == [[0, 3, 6]] * 3


def test_the_longest_ended_give_way_first_and_keep_their_ends(store: Store) -> None:
    first, second, third = (kept_run(store) for _ in range(3))
    make_way(store.database, OWNER, kept=9, most=750)
    assert [store.steps(id) for id in (first, second, third)] == [[0, 6], [0, 6], [0, 3, 6]]
    make_way(store.database, OWNER, kept=9, most=450)
    assert [store.steps(id) for id in (first, second, third)] == [[6], [6], [0, 6]]
    make_way(store.database, OWNER, kept=9, most=0)
    assert [store.steps(id) for id in (first, second, third)] == [[6], [6], [6]]
    assert [each.kept for each in store.checkpoints(first)] == [False, False, True]
    assert len(store.points(first)) == 6
    with pytest.raises(RunError, match="it keeps those of 6"):
        store.weights(first, 0)


def test_what_has_not_ended_is_never_touched(store: Store) -> None:
    running = kept_run(store, end=False)
    waiting = store.create(tiny(), OWNER).id
    make_way(store.database, OWNER, kept=0, most=0)
    assert store.steps(running) == [0, 3, 6]
    assert store.get(waiting).state == "queued"


def test_an_owner_keeps_so_many_runs(store: Store) -> None:
    text = {"corpus": "own", "text": fingerprint("a text")}
    first = kept_run(store, **text)
    later = [kept_run(store) for _ in range(2)]
    others = kept_run(store, OTHER)
    make_way(store.database, OWNER, kept=2)
    assert {run.id for run in store.list()} == {*later, others}
    with pytest.raises(RunError, match="paste it again"):
        store.text(fingerprint("a text"))
    assert first not in {run.id for run in store.list()}
