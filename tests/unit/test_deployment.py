"""compose.yaml, Containerfile, .env.example, deploy/ and docs/deploy.md agree with each other and with the code."""

from __future__ import annotations

import http.server
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from app.server import limits as server_limits
from core.runs import limits
from scripts import caddy
from tests.deploy.commands import RUN, boxes

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
SETTINGS = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
VARIABLE = re.compile(r"GLASSBOX_[A-Z_]+")
USED = re.compile(r"\$\{([A-Z_]+)(?::-([^}]*))?\}")  # ${NAME} or ${NAME:-what else}


def known_to_the_code() -> set[str]:
    """Return every variable that the program itself or its commands read."""
    files = [file for folder in ("core", "app", "scripts") for file in (ROOT / folder).rglob("*.py")]
    named = {name for file in files for name in VARIABLE.findall(file.read_text(encoding="utf-8"))}
    return named | set(defaults())


def defaults() -> dict[str, float]:
    """Return the limits that the code has where nothing is set."""
    of_runs = {f"GLASSBOX_RUN_{each.name.upper()}": each.default for each in fields(limits.Limits)}
    of_visitors = {
        f"{server_limits.PREFIX}{each.name.upper()}": each.default for each in fields(server_limits.Limits)
    }
    return {name: float(str(value)) for name, value in {**of_runs, **of_visitors}.items()}


def test_every_variable_that_is_named_exists() -> None:
    texts = [ROOT / name for name in ("compose.yaml", "Containerfile", ".env.example", "docs/deploy.md")]
    texts += [file for file in DEPLOY.iterdir() if file.is_file()]
    known = known_to_the_code()
    for text in texts:
        unknown = set(VARIABLE.findall(text.read_text(encoding="utf-8"))) - known
        assert not unknown, f"{text.name} names {unknown}"


def test_every_setting_is_used_and_explained_and_every_used_one_is_there() -> None:
    used = dict(USED.findall(COMPOSE))
    assert set(used) <= set(SETTINGS)
    assert {name for name in SETTINGS if not name.startswith("GLASSBOX_")} <= set(used)
    for name, instead in used.items():
        if instead:
            assert SETTINGS[name] == instead, name
    assert len(SETTINGS["UPSTREAMS"].split()) == int(SETTINGS["SERVERS"])  # each server has visitors
    parts = re.split(r"\n\s*\n", EXAMPLE)
    for part in parts:
        if "=" in part and re.search(r"^[A-Z_]+=", part, re.MULTILINE):
            assert part.lstrip().startswith("#"), f"nothing explains {part}"


def test_what_visitors_may_do_is_what_the_code_would_say_itself() -> None:
    known = defaults()
    told = {name: float(SETTINGS[name]) for name in SETTINGS if name in known}
    assert told == {name: known[name] for name in told} and len(told) > 10


def test_every_image_is_pinned_and_every_part_has_a_health_check() -> None:
    bases = re.findall(r"^ARG BASE=(\S+)", CONTAINERFILE, re.MULTILINE)
    images = [*bases, *(service["image"] for service in SERVICES.values())]
    for image in images:
        name, _, tag = image.rpartition(":")
        assert ("/" in name and re.search(r"\d", tag)) or "${VERSION" in image, image
        assert "latest" not in image
    for name, service in SERVICES.items():
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert service["restart"] == "unless-stopped", name
        assert service["deploy"]["resources"]["limits"]["memory"], name
        for other, condition in service.get("depends_on", {}).items():
            assert condition == {"condition": "service_healthy"} and other in SERVICES


def test_nothing_outside_reaches_database_and_cluster() -> None:
    networks = yaml.safe_load(COMPOSE)["networks"]
    assert networks["inside"] == {"internal": True}
    for name, service in SERVICES.items():
        assert (service.get("ports") is not None) == (name == "caddy")
        if name in ("database", "scheduler", "worker"):
            assert service["networks"] == ["inside"], name
    assert SERVICES["caddy"]["networks"] == ["web"]
    trusted = SERVICES["server"]["environment"]["GLASSBOX_PROXIES"]
    assert networks["web"]["ipam"]["config"] == [{"subnet": trusted}]


def test_no_volume_is_taken_for_another() -> None:
    """podman finds a volume by the beginning of its name, and podman-compose then makes none."""
    volumes = yaml.safe_load(COMPOSE)["volumes"]
    assert not [
        (one, other) for one in volumes for other in volumes if one != other and other.startswith(one)
    ]
    used = [str(mount).split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])]
    assert {mount for mount in used if not mount.startswith("./")} == set(volumes)


def test_secrets_come_from_files_alone() -> None:
    declared = yaml.safe_load(COMPOSE)["secrets"]
    assert all(
        set(secret) == {"file"} and secret["file"].startswith("./secrets/") for secret in declared.values()
    )
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if "PASSWORD" in key or "KEY" in key or "CERT" in key or "CA_FILE" in key:
                assert str(value).startswith("/run/secrets/"), f"{name}: {key}"
                assert value.removeprefix("/run/secrets/") in service["secrets"], f"{name}: {key}"
    assert "tls://" in SERVICES["server"]["environment"]["GLASSBOX_SCHEDULER"]
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert {".env", "secrets/", "certificates/", "backups/"} <= set(ignored)


def test_the_image_runs_as_nobody_in_particular_and_hears_when_it_is_to_stop() -> None:
    final = CONTAINERFILE.split("\nFROM ")[-1]
    (user,) = re.findall(r"^USER (\S+)", final, re.MULTILINE)
    assert user == "10001:10001"
    for instruction in ("ENTRYPOINT", "CMD"):
        assert re.search(rf"^{instruction} \[", final, re.MULTILINE), instruction
    assert re.search(r"exec \S*python -m app.command", final)
    assert "HEALTHCHECK" in final
    for name in ("server", "scheduler", "worker"):
        service = SERVICES[name]
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_the_image_is_made_of_the_packages_first_and_holds_nothing_else() -> None:
    """So that a change of the code fetches no package again, and no secret of this folder gets in."""
    assert CONTAINERFILE.index("requirements.txt") < CONTAINERFILE.index("COPY core core")
    lines = (ROOT / ".containerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    allowed = [rule[1:] for rule in rules if rule.startswith("!")]
    assert rules[0] == "*"
    for words in re.findall(r"^COPY (?!--from)(.+)$", CONTAINERFILE, re.MULTILINE):
        for source in words.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert any(source == rule or source.startswith(f"{rule}/") for rule in allowed), source
    for rule in allowed:
        assert (ROOT / rule).exists(), rule
        assert not rule.startswith((".env", "secrets", "certificates", "backups", ".git"))


def test_the_commands_of_the_page_are_sound() -> None:
    found = boxes()
    assert {box.language for box in found} == {RUN, "console"}
    for box in found:
        checked = subprocess.run(["sh", "-n"], input=box.text, text=True, capture_output=True)
        assert checked.returncode == 0, f"{box.text}: {checked.stderr}"
        for script in re.findall(r"(deploy/\S+\.(?:sh|service))", box.text):
            assert (ROOT / script).is_file(), script
        for line in re.findall(
            r"docker compose (?:exec -T|logs --tail 20|build|restart) ([a-z-]+)", box.text
        ):
            assert line in SERVICES, line
    for script in DEPLOY.glob("*.sh"):
        checked = subprocess.run(["sh", "-n", str(script)], text=True, capture_output=True)
        assert checked.returncode == 0, f"{script}: {checked.stderr}"
        assert os.access(script, os.X_OK), script


@pytest.mark.skipif(shutil.which("openssl") is None, reason="this machine has no openssl")
def test_secrets_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    shutil.copy(DEPLOY / "secrets.sh", tmp_path / "deploy")

    def made() -> dict[str, bytes]:
        subprocess.run(["sh", str(tmp_path / "deploy" / "secrets.sh")], check=True, capture_output=True)
        return {file.name: file.read_bytes() for file in (tmp_path / "secrets").iterdir()}

    first = made()
    wanted = {Path(secret["file"]).name for secret in yaml.safe_load(COMPOSE)["secrets"].values()}
    assert set(first) == wanted and all(first.values())
    assert made() == first
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    (tmp_path / "secrets" / "database_password").unlink()
    again = made()
    assert (
        again["database_password"] != first["database_password"]
        and again["cluster.key"] == first["cluster.key"]
    )
    context = ssl.create_default_context(cafile=str(tmp_path / "secrets" / "cluster.pem"))
    context.load_cert_chain(tmp_path / "secrets" / "cluster.pem", tmp_path / "secrets" / "cluster.key")


def check(address: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the health check of a container."""
    return subprocess.run(
        [sys.executable, str(DEPLOY / "healthy.py"), address], text=True, capture_output=True, timeout=30,
        env={**os.environ, **(environment or {})},
    )  # fmt: skip


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_a_server_is_healthy_when_it_says_so(status: int, healthy: bool) -> None:
    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = check(f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()
    assert (done.returncode == 0) == healthy, done.stdout
    assert check(f"http://127.0.0.1:{server.server_port}/").returncode == 1  # gone


@contextmanager
def scheduler_like(folder: Path) -> Iterator[int]:
    """Listen as a scheduler does: TLS, and a greeting for whoever shows the same certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.pem"))
    context.load_cert_chain(folder / "cert.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                plain, _ = server.accept()
                with plain, context.wrap_socket(plain, server_side=True) as secure:
                    secure.sendall(b"greeting")
            except OSError:
                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(60)


def certificate(folder: Path) -> dict[str, str]:
    """Make an authority and a certificate of its own; return dask's variables for them."""
    folder.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(folder / "cert.pem")
    names = {"CA_FILE": "ca.pem", "CLIENT__CERT": "cert.pem", "CLIENT__KEY": "cert.pem"}
    return {f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(folder / file) for name, file in names.items()}


def test_a_part_of_the_cluster_is_healthy_when_it_takes_the_certificate(tmp_path: Path) -> None:
    own, foreign = certificate(tmp_path / "own"), certificate(tmp_path / "foreign")
    with scheduler_like(tmp_path / "own") as port:
        assert check(f"tls://127.0.0.1:{port}", own).returncode == 0
    with scheduler_like(tmp_path / "own") as port:
        assert check(f"tls://127.0.0.1:{port}", foreign).returncode == 1


@pytest.mark.parametrize("tls", ["", "tls internal"])
def test_caddy_takes_its_configuration(tls: str) -> None:
    program = caddy.find()
    assert program is not None, caddy.MISSING
    chosen = {**SETTINGS, "TLS": tls, "PATH": ""}
    command = [program, "adapt", "--config", str(DEPLOY / "Caddyfile"), "--adapter", "caddyfile"]
    done = subprocess.run(command, text=True, capture_output=True, env=chosen)
    assert done.returncode == 0, done.stderr
    assert "glassbox.example.org" in done.stdout and "glassbox_server" in done.stdout
    assert ('"module":"internal"' in done.stdout) == bool(tls)
