"""A cluster through TLS: it trains, and whoever has no certificate of its authority reaches nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client
from distributed.security import Security

from core.runs import Store
from tests.faults.cluster import Cluster, certificates
from tests.faults.runs import finished, same_curve, small


@pytest.fixture(scope="module")
def cluster(shared: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Scheduler, nanny with its worker, and server, which speak TLS only."""
    cluster = Cluster(tmp_path_factory.mktemp("tls"), shared.url)
    yield cluster
    cluster.close()


def test_a_run_is_trained_through_tls(cluster: Cluster, shared: Store) -> None:
    assert cluster.address.startswith("tls://")
    id = cluster.server.say(small(60).to_json())
    finished(shared, id)
    same_curve(shared, id)


def test_without_tls_nobody_gets_in(cluster: Cluster) -> None:
    with pytest.raises(OSError, match=r"imed out|closed|Connect"):
        Client(cluster.address.replace("tls", "tcp"), timeout=3, set_as_default=False)


def test_a_certificate_of_another_authority_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    certificates(tmp_path)
    foreign = Security(
        tls_ca_file=str(tmp_path / "ca.pem"),
        tls_client_cert=str(tmp_path / "cert.pem"),
        tls_client_key=str(tmp_path / "cert.pem"),
        require_encryption=True,
    )
    with pytest.raises(OSError, match=r"imed out|certificate|Connect"):
        Client(cluster.address, timeout=3, security=foreign, set_as_default=False)


def test_the_right_certificate_is_let_in(cluster: Cluster) -> None:
    folder = cluster.folder
    own = Security(
        tls_ca_file=str(folder / "ca.pem"),
        tls_client_cert=str(folder / "cert.pem"),
        tls_client_key=str(folder / "cert.pem"),
        require_encryption=True,
    )
    with Client(cluster.address, timeout=60, security=own, set_as_default=False) as client:
        assert len(client.nthreads()) == 1
        assert all(address.startswith("tls://") for address in client.nthreads())
