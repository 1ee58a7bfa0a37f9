"""docs/deploy.md from an empty machine to a class behind TLS: its own commands, and what has to be true after them."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.deploy.commands import under
from tests.deploy.machine import ADDRESSES, SITE, Machine, empty_machine, lacking, settings

ACT = (Path(__file__).parent / "act.py").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine on which everything from "Set it up" to "Start it" has been run."""
    if missing := lacking():
        pytest.fail(f"this needs more of Debian's packages: apt-get install {' '.join(missing)}")
    with empty_machine(tmp_path_factory.mktemp("deploy")) as found:
        choose, secrets = under("Set it up")
        found.run(choose)
        found.run(secrets)
        settings(found)
        build, answers, class_check = under("Start it")
        found.run(build, 3600)
        found.run(answers)
        said = found.run(class_check)
        assert "vote" in said and "fails" not in said, said
        yield found


def act(machine: Machine, *words: str) -> str:
    """Be a teacher's browser that reaches Glassbox through Caddy; return what it printed."""
    return machine.run(f"docker compose exec -T server python - {' '.join(words)}", stdin=ACT).strip()


def runs(machine: Machine) -> dict[str, tuple[str, int]]:
    """Return of each run in the database its state and the step that it has reached."""
    query = "SELECT id, state, step FROM glassbox_runs"
    rows = machine.run(
        f"docker compose exec -T database psql --username glassbox --tuples-only --csv --command '{query}'"
    )
    return {id: (state, int(step)) for id, state, step in (row.split(",") for row in rows.split())}


def trained(machine: Machine, seconds: float = 120) -> dict[str, tuple[str, int]]:
    """Wait until every run has ended, and return them."""
    until = time.monotonic() + seconds
    while any(state in ("queued", "running") for state, _ in runs(machine).values()):
        assert time.monotonic() < until, runs(machine)
        time.sleep(2)
    return runs(machine)


def test_every_part_is_healthy_and_as_small_as_it_may_be(machine: Machine) -> None:
    states = machine.containers()
    assert len(states) == len(ADDRESSES) and set(states.values()) == {"running"}
    for name in states:
        told = json.loads(machine.podman("inspect", name))[0]
        assert told["State"]["Health"]["Status"] == "healthy", name
        assert told["HostConfig"]["Memory"] > 0, name
        if "database" not in name:
            assert (told["HostConfig"]["ReadonlyRootfs"] and not told["EffectiveCaps"]) or "caddy" in name, (
                name
            )
    password = (machine.clone / "secrets" / "database_password").read_text(encoding="utf-8").strip()
    key = (machine.clone / "secrets" / "cluster.key").read_text(encoding="utf-8").splitlines()[1]
    for secret in (password, key):
        assert secret not in "".join(machine.podman("inspect", name) for name in states)
        assert secret not in machine.podman("image", "inspect", "localhost/glassbox:local")
        assert secret not in machine.run("docker compose logs")


def test_the_cluster_trains_and_nothing_else_does(machine: Machine) -> None:
    machine.run("docker compose stop worker worker-two")
    before = set(runs(machine))
    act(machine, "begin")
    time.sleep(10)
    (own,) = set(runs(machine)) - before
    assert runs(machine)[own] == ("queued", 0)
    machine.run("docker compose start worker worker-two")
    state, step = trained(machine)[own]
    assert state == "done" and step > 0


def test_who_has_no_certificate_reaches_neither_scheduler_nor_database(machine: Machine) -> None:
    with socket.create_connection((ADDRESSES["scheduler"], 8786), 5) as plain:
        plain.sendall(b"\0" * 64)
        plain.settimeout(10)
        with suppress(ConnectionResetError):
            assert plain.recv(1024)[:1] in (b"", b"\x15")  # closed, or a TLS alert: no greeting of dask's
    with pytest.raises(AssertionError, match="ended with"):
        machine.run(
            "docker compose exec -T -e PGPASSWORD=wrong database "
            f"psql --host {ADDRESSES['database']} --username glassbox --command 'SELECT 1'"
        )


def test_what_is_watched_is_told(machine: Machine) -> None:
    logs, figures, sizes = [machine.run(command) for command in under("Watching it")]
    assert "Glassbox is running" in logs
    assert "glassbox_pages_open" in figures
    assert "size" in sizes and "(1 row)" in sizes
    health = json.loads(machine.run(f"curl --fail --silent https://{SITE}/healthz"))
    assert health["status"] == "ok" and health["store"] == "answers"
    status = f"curl --silent --output /dev/null --write-out '%{{http_code}}' https://{SITE}"
    assert machine.run(f"{status}/metrics") == "404" and machine.run(f"{status}/_stcore/metrics") == "404"


def test_a_server_that_ends_hands_its_visitors_to_the_other(machine: Machine) -> None:
    before = json.loads(act(machine, "begin"))
    trained(machine)
    machine.run("docker compose stop server-two")
    try:
        assert act(machine, "again", f"'{json.dumps(before)}'") == before["code"]
    finally:
        machine.run("docker compose start server-two")


def test_a_backup_brings_run_and_room_back(machine: Machine) -> None:
    known = json.loads(act(machine, "begin"))
    kept = trained(machine)
    (keep,) = under("Back up")
    machine.run(keep)
    act(machine, "begin")  # what is made after the backup is not in it
    assert len(trained(machine)) > len(kept)
    same, lost = under("Bring a backup back")
    machine.run(same)
    wait_for(machine)
    assert runs(machine) == kept
    assert act(machine, "again", f"'{json.dumps(known)}'") == known["code"]

    machine.run("docker compose down --volumes && rm -rf secrets .env")
    assert machine.containers() == {} and not machine.podman("volume", "ls", "--quiet").split()
    machine.run(lost)
    wait_for(machine)
    assert runs(machine) == kept
    assert act(machine, "again", f"'{json.dumps(known)}'") == known["code"]


def test_another_version_takes_over_and_everything_is_there(machine: Machine) -> None:
    known = json.loads(act(machine, "begin"))
    kept = trained(machine)
    backup, update = under("Updating")
    machine.run(backup)
    machine.run(update, 3600)
    image = json.loads(machine.podman("inspect", "glassbox_server_1"))[0]["ImageName"]
    assert image == "localhost/glassbox:next"
    assert runs(machine) == kept
    assert act(machine, "again", f"'{json.dumps(known)}'") == known["code"]


def test_it_stops_within_ten_seconds_and_leaves_nothing(machine: Machine) -> None:
    began = time.monotonic()
    machine.run("docker compose stop server")
    assert time.monotonic() - began < 10
    assert machine.podman("inspect", "glassbox_server_1", "--format", "{{.State.ExitCode}}").strip() == "0"
    machine.run("docker compose start server")
    stop, delete = under("Taking it down")
    machine.run(stop)
    assert machine.containers() == {} and machine.podman("volume", "ls", "--quiet").split()
    machine.run(delete)
    assert not machine.podman("volume", "ls", "--quiet").split()


def wait_for(machine: Machine) -> None:
    """Wait until Glassbox answers through Caddy."""
    machine.run(under("Start it")[1])
