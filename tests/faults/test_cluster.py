"""Every part of a cluster killed in the middle of a run: worker, nanny, scheduler, server, database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.runs import Store
from tests.faults.cluster import Cluster
from tests.faults.postgres import Postgres
from tests.faults.runs import finished, in_the_middle, same_curve, small


@pytest.fixture(scope="module")
def cluster(shared: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One cluster for all tests here: each brings back what it killed."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"), shared.url)
    yield cluster
    cluster.close()


@pytest.fixture
def run(cluster: Cluster, shared: Store) -> str:
    """The id of a run in the middle of its training."""
    id = cluster.server.say(small().to_json())
    in_the_middle(shared, id)
    return id


def test_a_killed_worker(cluster: Cluster, shared: Store, run: str) -> None:
    cluster.worker().kill()
    finished(shared, run)
    same_curve(shared, run)


def test_a_killed_nanny(cluster: Cluster, shared: Store, run: str) -> None:
    cluster.nanny.kill()
    cluster.start_nanny()
    finished(shared, run)
    same_curve(shared, run)


def test_a_killed_scheduler(cluster: Cluster, shared: Store, run: str) -> None:
    cluster.scheduler.kill()
    cluster.start_scheduler()
    cluster.nanny.close()  # dask's workers go when their scheduler does; whoever runs them starts them again
    cluster.start_nanny()
    finished(shared, run)
    same_curve(shared, run)


def test_a_killed_server(cluster: Cluster, shared: Store, run: str) -> None:
    cluster.server.kill()
    assert not shared.get(run).over
    cluster.start_server()
    finished(shared, run)
    same_curve(shared, run)


def test_a_killed_database(cluster: Cluster, shared: Store, run: str, postgres: Postgres) -> None:
    postgres.kill()
    postgres.start()
    finished(shared, run)
    same_curve(shared, run)
