"""Several server processes behind Caddy: what is asked for, what Caddy is told, and what the terminal says."""

from __future__ import annotations

import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from app.models import room
from app.rooms import addresses
from app.server import launch, proxy, several
from app.session import visitors
from core import server_process
from core.runs import engine
from scripts import browser, caddy, environment, installation
from tests.waiting import until

LOG = Path("/data/8501.log")
NAMED = "make run PORT={}"
FRONT = proxy.Front("127.0.0.1", 8501, (20001, 20002))
SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of several processes from outside, and a data folder of the test's own."""
    for name in (
        several.VARIABLE,
        several.LISTENS,
        server_process.VARIABLE,
        "GLASSBOX_ADDRESS",
        "GLASSBOX_PROXIES",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GLASSBOX_DATA", str(tmp_path))


# ------------------------------------------------------------------------------------------------- what is asked for


@pytest.mark.parametrize(("written", "count"), [("", 1), ("1", 1), (" 4 ", 4), ("64", 64)])
def test_how_many_processes(written: str, count: int) -> None:
    assert several.how_many({several.VARIABLE: written}) == count
    assert several.how_many({}) == 1


@pytest.mark.parametrize("written", ["0", "-1", "two", "2.5", "65", "²", "1e1"])
def test_a_number_that_is_none_is_refused_in_words(written: str) -> None:
    with pytest.raises(several.Refused, match="write one from 1 to 64"):
        several.how_many({several.VARIABLE: written})


@pytest.mark.parametrize("written", [None, "", "1"])
def test_one_process_is_started_as_ever(written: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable nothing is looked for and nothing stands in front."""
    asked: list[tuple[Any, ...]] = []

    def serve(*given: Any) -> int:
        asked.append(given)
        return 7

    monkeypatch.setattr(launch, "serve", serve)
    monkeypatch.setattr(proxy, "find", lambda environment: pytest.fail("no Caddy is needed"))
    variables = {} if written is None else {several.VARIABLE: written}
    assert several.serve("python", "127.0.0.1", None, NAMED, "opens", ["-x"], environment=variables) == 7
    ((python, host, port, opens, extra, _, given),) = asked
    assert (python, host, opens, extra, given) == ("python", "127.0.0.1", "opens", ["-x"], variables)
    assert port >= launch.FIRST_PORT


def test_without_caddy_the_message_says_what_to_install(tmp_path: Path) -> None:
    nothing = {several.VARIABLE: "2", "PATH": str(tmp_path)}
    with pytest.raises(several.Refused, match=r"GLASSBOX_SERVERS=2 needs .*\n.*apt-get install caddy"):
        several.serve("python", "127.0.0.1", None, NAMED, "", [], environment=nothing)


def test_a_refusal_is_a_problem_of_make_run_and_one_line_of_glassbox_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from app import command

    monkeypatch.setenv(several.VARIABLE, "many")
    monkeypatch.setattr(environment, "ensure", lambda *_: "python")
    with pytest.raises(installation.Problem, match="GLASSBOX_SERVERS=many is no number"):
        environment.command_run(None, [])
    assert command.main(["run"]) == 2
    assert capsys.readouterr().err.startswith("glassbox run: GLASSBOX_SERVERS=many is no number")


@pytest.mark.parametrize(
    ("address", "proxies", "port", "expected"),
    [
        ("", "", 8600, (8600, "")),
        ("http://glassbox.school", "", 8600, (8600, "")),
        ("https://glassbox.school/", "", None, (443, "glassbox.school")),
        ("https://glassbox.school:8443", "", None, (8443, "glassbox.school")),
        ("https://glassbox.school", "", 8600, (8600, "glassbox.school")),
        ("https://glassbox.school", "10.0.0.5", 8600, (8600, "")),  # that proxy has the certificates
    ],
)
def test_where_visitors_come_in(
    address: str, proxies: str, port: int | None, expected: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "choose_port", lambda asked, named: asked)
    variables = {"GLASSBOX_ADDRESS": address, "GLASSBOX_PROXIES": proxies}
    front = several.front_of("0.0.0.0", port, NAMED, 3, variables)
    assert (front.port, front.name) == expected
    assert front.proxies == tuple(filter(None, [proxies]))
    assert len(set(front.ports)) == 3 and all(20_000 <= each < 32_000 for each in front.ports)


def test_a_port_in_use_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "is_free", lambda port, host="": port >= 20_000)
    with pytest.raises(launch.NoPort, match=r"Port 8600 is in use. Choose another: make run PORT=8601"):
        several.front_of("127.0.0.1", 8600, NAMED, 2, {})


def test_a_proxy_that_is_no_address_is_said() -> None:
    with pytest.raises(several.Refused, match="'me' is no address or network"):
        several.front_of("127.0.0.1", None, NAMED, 2, {"GLASSBOX_PROXIES": "10.0.0.5, me"})


def test_a_port_of_the_administrators_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "may_open", lambda port: port >= 1024)
    with pytest.raises(launch.NoPort, match=r"This user may not open port 443\. .*make run PORT=8600"):
        several.front_of("127.0.0.1", None, NAMED, 2, {"GLASSBOX_ADDRESS": "https://glassbox.school"})


# ------------------------------------------------------------------------------------------------- what each is told


def test_one_process_trains_and_all_share_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(several, "processors", lambda: 8)
    front = proxy.Front("0.0.0.0", 8501, (20001, 20002, 20003), proxies=("10.0.0.5",))
    told = [several.variables_of(number, front, {"A": "b"}) for number in (1, 2, 3)]
    assert [each[server_process.VARIABLE] for each in told] == ["1/3", "2/3", "3/3"]
    assert {each["OMP_NUM_THREADS"] for each in told} == {"2"} and {each["A"] for each in told} == {"b"}
    assert {each["GLASSBOX_PROXIES"] for each in told} == {"127.0.0.1,10.0.0.5"}
    assert several.variables_of(1, front, {"OMP_NUM_THREADS": "5"})["OMP_NUM_THREADS"] == "5"
    monkeypatch.setattr(several, "processors", lambda: 2)
    assert several.variables_of(1, front, {})["OMP_NUM_THREADS"] == "1"


@pytest.mark.parametrize(
    ("place", "own", "shared"), [("", 3, 1), ("1/4", 3, 4), ("2/4", 0, 4), ("0/2", 3, 1), ("a/b", 3, 1)]
)
def test_the_first_process_has_the_workers(
    place: str, own: int, shared: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(server_process.VARIABLE, place)
    monkeypatch.setenv("GLASSBOX_WORKERS", "3")
    monkeypatch.delenv("GLASSBOX_SCHEDULER", raising=False)
    assert (engine.own_workers(), engine.machine_workers(), server_process.count()) == (own, 3, shared)
    monkeypatch.setenv("GLASSBOX_SCHEDULER", "tls://127.0.0.1:8786")
    assert engine.own_workers() == engine.machine_workers() == 0
    assert bool(engine.own_scheduler()) == bool(own)


def test_the_memory_for_models_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(room.VARIABLE, "1000")
    alone = room.allowed()
    monkeypatch.setenv(server_process.VARIABLE, "2/4")
    assert room.allowed() == alone // 4 == 250 * 10**6
    monkeypatch.delenv(room.VARIABLE)
    monkeypatch.setattr(room, "_whole", lambda: 8 * 2**30)
    assert room.allowed() == 2**30


@pytest.mark.parametrize(
    ("front", "alone"), [("127.0.0.1", True), ("0.0.0.0", False), ("192.168.1.7", False)]
)
def test_phones_reach_what_stands_in_front(front: str, alone: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server process itself listens on this machine alone, which says nothing."""
    monkeypatch.setenv(several.LISTENS, front)
    assert several.LISTENS == addresses.FRONT
    assert addresses._listens_alone() is alone


def test_a_visitor_counts_by_the_address_that_caddy_forwards() -> None:
    told = several.variables_of(1, FRONT, {})["GLASSBOX_PROXIES"]
    # uvicorn has put the forwarded address in the place of Caddy's
    scope: Any = {
        "type": "http",
        "client": ("198.51.100.1", 0),
        "headers": [(b"x-forwarded-for", b"198.51.100.1")],
    }
    assert visitors.address_of(scope, visitors.proxies(told)) == "198.51.100.1"


# ------------------------------------------------------------------------------------------------- Caddy


def test_what_caddy_is_told() -> None:
    text = proxy.caddyfile(FRONT, "secret", Path("/data/a log"))
    for said in (
        "admin off", "auto_https off", "http://:8501 {", "bind 127.0.0.1", "flush_interval -1", "max_size 7MB",
        "to 127.0.0.1:20001 127.0.0.1:20002", "lb_policy cookie glassbox_server_8501 secret",
        'output file "/data/a log"', "HttpOnly; SameSite=Lax",
    ):  # fmt: skip
        assert said in text
    assert "Secure" not in text and "trusted_proxies" not in text and "https://" not in text


def test_encrypted_by_caddy_or_by_who_stands_in_front() -> None:
    own = proxy.caddyfile(proxy.Front("0.0.0.0", 443, (20001,), name="glassbox.school"), "s", LOG)
    assert "https://glassbox.school:443 {" in own and "SameSite=Lax; Secure" in own
    assert "auto_https disable_redirects" in own and "skip_install_trust" in own
    assert 'header Strict-Transport-Security "max-age=31536000"' in own
    behind = proxy.caddyfile(
        proxy.Front("0.0.0.0", 8501, (20001,), proxies=("10.0.0.5", "10.1.0.0/16")), "s", LOG
    )
    assert "trusted_proxies 10.0.0.5 10.1.0.0/16" in behind and "header X-Forwarded-Proto https" in behind
    assert proxy.Front("::", 443, (1,), name="2001:db8::1").address == "https://[2001:db8::1]:443"


def test_the_configuration_is_its_users_alone(tmp_path: Path) -> None:
    path = several.write(FRONT)
    first = path.read_text()
    assert path.is_relative_to(tmp_path.resolve()) and str(path.with_name("8501.log")) in first
    assert several.write(FRONT).read_text() != first, "another secret at every start"
    assert several.write(proxy.Front("127.0.0.1", 8502, (20001,))) != path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("front", "shown"),
    [
        (FRONT, "http://localhost:8501"),
        (proxy.Front("0.0.0.0", 443, (1,), name="a.school"), "https://a.school"),
        (proxy.Front("0.0.0.0", 8443, (1,), name="a.school"), "https://a.school:8443"),
    ],
)
def test_the_address_that_is_printed(front: proxy.Front, shown: str) -> None:
    assert several._shown(front) == shown


def test_an_encrypted_address_is_not_told_to_be_encrypted() -> None:
    assert launch.who_reaches("0.0.0.0", 443, "opens").endswith("encrypt it with a proxy in front of it.")
    assert "encrypt" not in launch.who_reaches("0.0.0.0", 443, "opens", encrypted=True)


# ------------------------------------------------------------------------------------------------- start, watch, end


def part(name: str, *command: str) -> several.Part:
    return several.Part(name, list(command) or SLEEPS, {}, "; its visitors are with another one")


def exits(status: int) -> list[str]:
    return [sys.executable, "-c", f"raise SystemExit({status})"]


def crew(servers: list[several.Part], front: proxy.Front, last: several.Part | None = None) -> several.Crew:
    return several.Crew(front, servers, last or part("Caddy"), lambda line: None)


def test_one_that_ends_at_its_start_is_named_and_nothing_is_left() -> None:
    found = crew([part("Server process 1 of 2", *exits(3)), part("Server process 2 of 2")], FRONT)
    assert found.begin().startswith("Server process 1 of 2 ended before it answered (exit status 3)")
    found.end()
    assert [each.name for each in found.parts] == ["Server process 1 of 2"], "the others wait for the first"


def test_caddy_that_does_not_begin_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(launch, "wait_until_healthy", lambda *_: True)
    monkeypatch.setattr(several, "listens", lambda host, port: False)
    last = part(
        "Caddy", sys.executable, "-c", "print('more', flush=True); raise SystemExit('Error: no such name')"
    )
    last.says = tmp_path / "start.log"
    found = crew([part("one"), part("two")], FRONT, last)
    try:
        why = found.begin()
        assert why.startswith("Caddy ended before it answered (exit status 1)")
        assert why.endswith("it said: Error: no such name")
        assert [each.status for each in found.parts[:2]] == [None, None]
    finally:
        found.end()
    assert all(each.status is not None for each in found.parts)


@pytest.mark.full(reason="takes more than a second")
def test_one_that_ends_is_started_again_and_told_later_and_later() -> None:
    one = part("Server process 2 of 2", *exits(5))
    now = time.monotonic()
    one.start()
    waits = []
    for _ in range(7):
        assert one.process is not None
        one.process.wait()
        said = one.keep(now)
        assert said.startswith("Server process 2 of 2 ended (exit status 5) and is started again in ")
        assert said.endswith("; its visitors are with another one.")
        assert one.again is not None
        waits.append(one.again - now)
        before = one.process.pid
        assert one.keep(now) == "" and one.process.pid == before, "not before its time"
        now = one.again
        assert one.keep(now) == "" and one.process.pid != before
        one.started = now
    assert waits == [1, 3, 7, 15, 30, 30, 30]


def test_one_that_has_stood_long_is_started_again_at_once() -> None:
    one = part("one")
    one.start()
    assert one.process is not None
    assert one.keep(time.monotonic()) == "", "it runs"
    one.process.kill()
    one.process.wait()
    one.falls = 3
    later = one.started + several.STOOD + 1
    assert "(by SIGKILL) and is started again now;" in one.keep(later)
    assert one.keep(later) == "" and one.status is None
    crew_end(one)


def crew_end(one: several.Part) -> None:
    found = crew([one], FRONT)
    found.parts.append(one)
    found.end()


@pytest.mark.full(reason="takes more than a second")
def test_who_does_not_end_when_asked_is_ended(tmp_path: Path) -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    one, other = part("stubborn", sys.executable, "-c", stubborn), part("polite")
    one.says = tmp_path / "said"
    for each in (one, other):
        each.start()
    found = crew([one, other], FRONT)
    found.parts += [one, other]
    until(one.says.read_bytes, "it not to hear any more")
    begun = time.monotonic()
    found.end(1.0)
    assert time.monotonic() - begun < 30
    assert (one.status, other.status) == (-9, -15)


@pytest.mark.full(reason="takes 2 s")
@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell no child of its parent's end")
def test_nobody_outlives_a_supervisor_that_is_killed() -> None:
    code = (
        "import sys, time; from app.server import several\n"
        "one = several.Part('one', [sys.executable, '-c', 'import time; time.sleep(60)'], {})\n"
        "one.start(); print(one.process.pid, flush=True); time.sleep(60)"
    )
    import psutil

    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=environment.ROOT, stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout is not None
        child = psutil.Process(int(supervisor.stdout.readline()))
        supervisor.kill()
        gone, _ = psutil.wait_procs([child], timeout=60)
        assert gone == [child]


@pytest.mark.parametrize(
    ("status", "said"),
    [(0, "exit status 0"), (2, "exit status 2"), (-15, "by SIGTERM"), (-99, "by signal 99")],
)
def test_how_a_process_ended(status: int, said: str) -> None:
    assert several.manner(status) == said


# ------------------------------------------------------------------------------------------------- Caddy for the tests


def test_caddy_is_fetched_and_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Debian's package would start a web server: it is unpacked beside the checkout."""
    asked: list[list[str]] = []

    def works(command: list[str], folder: str | None = None) -> bool:
        asked.append(command)
        if command[:2] == ["apt-get", "download"]:
            assert folder is not None
            Path(folder, "caddy_2_amd64.deb").touch()
        if command[0] == "dpkg-deb":
            (caddy.FOLDER / "usr" / "bin").mkdir(parents=True)
            program = caddy.FOLDER / "usr" / "bin" / "caddy"
            program.write_text("#!/bin/sh\n")
            program.chmod(0o755)
        return True

    (tmp_path / "bin").mkdir()
    for name in ("apt-get", "dpkg-deb"):
        (tmp_path / "bin" / name).write_text("#!/bin/sh\n")
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(caddy, "FOLDER", tmp_path / ".caddy")
    monkeypatch.setattr(caddy, "_works", works)
    assert caddy.find() is None
    assert caddy.ensure(lambda line: None) == str(tmp_path / ".caddy" / "usr" / "bin" / "caddy")
    assert not any("install" in command for command in asked)
    fetched = len(asked)
    assert caddy.ensure(lambda line: None) and [command[-1] for command in asked[fetched:]] == ["version"]


def test_without_apt_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(caddy, "FOLDER", tmp_path / ".caddy")
    monkeypatch.setattr(browser, "is_root", lambda: True)
    with pytest.raises(caddy.NoCaddy, match="apt-get install caddy"):
        caddy.ensure(lambda line: None)
