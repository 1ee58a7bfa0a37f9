"""An empty machine for docs/deploy.md: a clone, and podman with storage of its own, as far as this machine allows.

What stands here in place of what the page speaks of is listed on the page under "What was run"; its own commands are
not changed. Each part has an address of its own in 127.0.0.0/8, as all containers share this machine's network.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme
import yaml

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".deploy"  # the images' storage: the next run makes only what has changed
SITE = "glassbox.example.org"
FRONT = "127.1.0.10"
ADDRESSES = {
    "caddy": FRONT, "database": "127.1.0.2", "scheduler": "127.1.0.3",
    "server": "127.1.0.11", "server-two": "127.1.0.12", "worker": "127.1.0.21", "worker-two": "127.1.0.22",
}  # fmt: skip
NAMES = {  # by which the parts know each other
    "database": "database", "scheduler": "scheduler", "server": "server",
    "glassbox-server-1": "server", "glassbox-server-2": "server-two",
}  # fmt: skip
NEEDED = {"podman": "podman", "runc": "runc", "podman-compose": "podman-compose",
          "debootstrap": "debootstrap", "git": "git", "curl": "curl", "openssl": "openssl"}  # fmt: skip
BASES = {"localhost/glassbox-bookworm": "bookworm", "localhost/glassbox-trixie": "trixie"}
OFFICIAL = {  # the names of the official images, and what stands for each
    "python": "docker.io/library/python:3.11-slim-bookworm",
    "database": "docker.io/library/postgres:17-bookworm",
    "caddy": "docker.io/library/caddy:2.10-alpine",
}
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")  # this machine's, by which registries are known


def lacking() -> list[str]:
    """Return Debian's packages that are needed and not here."""
    return [package for program, package in NEEDED.items() if shutil.which(program) is None]


def compose_here(text: str) -> dict[str, Any]:
    """Return compose.yaml as this machine can run it: one network, an address for each part, two of what is scaled."""
    found: dict[str, Any] = yaml.safe_load(text)
    services = found["services"]
    for name in ("server", "worker"):
        services[f"{name}-two"] = yaml.safe_load(yaml.safe_dump(services[name]))
        services[f"{name}-two"].pop("build", None)
    hosts = [f"{SITE}:{FRONT}", *(f"{name}:{ADDRESSES[part]}" for name, part in NAMES.items())]
    for name, service in services.items():
        own = ADDRESSES[name]
        service.pop("networks"), service.pop("ports", None), service["deploy"].pop("replicas", None)
        service |= {"network_mode": "host", "extra_hosts": hosts}
        if name != "caddy":  # its health address is in its own file
            check = service["healthcheck"]
            check["test"] = [part.replace("127.0.0.1", own) for part in check["test"]]
        if name.startswith("server"):
            service["command"] = ["run", "--host", own, "--port", "8501"]
            service["environment"] |= {
                "GLASSBOX_PROXIES": "127.0.0.0/8",
                "SSL_CERT_FILE": "/certificates/ca.pem",
            }
            service["volumes"].append("./certificates:/certificates:ro")
        elif name == "database":
            service["command"] = ["postgres", "-c", f"listen_addresses={own}"]
        elif name != "caddy":
            service["command"] += ["--host", own]
    services["server"]["build"]["network"] = "host"
    services["caddy"]["depends_on"]["server-two"] = {"condition": "service_healthy"}
    del found["networks"]
    return {**found, "x-podman": {"in_pod": False}}


@dataclass
class Machine:
    """A folder with a clone, and the variables under which its commands run.

    Attributes:
        clone: where the commands run. log: what they said.
    """

    clone: Path
    log: Path
    variables: Mapping[str, str]
    _over: threading.Event = field(default_factory=threading.Event)

    def run(self, command: str, seconds: float = 900, stdin: str | None = None) -> str:
        """Run a box of commands as somebody at a terminal would; return what it printed. Raises AssertionError."""
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"\n$ {command}\n")
            log.flush()
            done = subprocess.run(
                ["bash", "-eu", "-o", "pipefail", "-c", command], cwd=self.clone, env=dict(self.variables),
                stdout=subprocess.PIPE, stderr=log, text=True, timeout=seconds, check=False, input=stdin or "",
            )  # fmt: skip
            log.write(done.stdout)
        if done.returncode:
            said = self.log.read_text(encoding="utf-8")[-4000:]
            raise AssertionError(
                f"{command}\nended with {done.returncode}; at the end of {self.log}:\n{said}"
            )
        return done.stdout

    def podman(self, *arguments: str, check: bool = True, **options: Any) -> str:
        """Run podman beside the page's commands; return what it printed."""
        done = subprocess.run(
            ["podman", *arguments],
            env=dict(self.variables),
            capture_output=True,
            text=True,
            check=False,
            **options,
        )
        assert done.returncode == 0 or not check, f"podman {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def ask_for_health(self) -> None:
        """Ask every container for its health again and again, as systemd's timers do for podman elsewhere."""
        while not self._over.wait(2):
            for name in self.podman("ps", "--format", "{{.Names}}", check=False).split():
                self.podman("healthcheck", "run", name, check=False)

    def containers(self) -> dict[str, str]:
        """Return the state of each container, by its name."""
        lines = self.podman("ps", "--all", "--format", "{{.Names}} {{.State}}").splitlines()
        return dict(line.split(maxsplit=1) for line in lines)

    def end(self) -> None:
        """Remove what is left of it: containers and volumes; the images stay for the next time."""
        self._over.set()
        self.podman("rm", "--all", "--force", "--depend", "--time", "10", check=False)
        self.podman("volume", "prune", "--force", check=False)


@contextmanager
def empty_machine(folder: Path) -> Iterator[Machine]:
    """Make a machine with a clone, images that stand for the official ones, and nothing else; empty it at the end."""
    clone = folder / "glassbox"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
    machine = Machine(clone, folder / "commands.log", _variables(folder))
    machine.end()
    machine._over.clear()
    _images(machine, folder)
    thread = threading.Thread(target=machine.ask_for_health, daemon=True)
    try:
        (clone / "compose.here.yaml").write_text(
            yaml.safe_dump(compose_here((clone / "compose.yaml").read_text(encoding="utf-8"))),
            encoding="utf-8",
        )
        thread.start()
        yield machine
    finally:
        machine.end()
        thread.join(60)


def settings(machine: Machine) -> None:
    """Set what is another one on this machine in .env, and put a certificate of the test's own authority in place."""
    authority = trustme.CA()
    folder = machine.clone / "certificates"
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued = authority.issue_cert(SITE)
    for number, blob in enumerate(issued.cert_chain_pems):
        blob.write_to_path(folder / "site.pem", append=number > 0)
    issued.private_key_pem.write_to_path(folder / "site.key")
    home = Path(machine.variables["CURL_HOME"])
    (home / ".curlrc").write_text(
        f'connect-to = "{SITE}:443:{FRONT}:443"\ncacert = "{folder / "ca.pem"}"\n', encoding="utf-8"
    )
    path = machine.clone / ".env"
    text = path.read_text(encoding="utf-8")
    for name, value in {
        "TORCH": "locked", "TLS": "tls /certificates/site.pem /certificates/site.key", "SERVER_THREADS": "1",
        "CADDY": f"default_bind {FRONT}",
    }.items():  # fmt: skip
        lines = [f"{name}={value}" if line.startswith(f"{name}=") else line for line in text.splitlines()]
        text = "\n".join(lines) + "\n"
    path.write_text(text, encoding="utf-8")


def _variables(folder: Path) -> dict[str, str]:
    """Write podman's configuration and return the environment that takes it."""
    processes = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    (folder / "containers.conf").write_text(
        f'[containers]\nnetns="host"\ndefault_ulimits=["nofile={files}:{files}","nproc={processes}:{processes}"]\n'
        '[engine]\nruntime="runc"\n',
        encoding="utf-8",
    )
    docker = (
        folder / "bin" / "docker"
    )  # what Debian's package podman-docker is: another program may have that name here
    docker.parent.mkdir()
    docker.write_text('#!/bin/sh\nexec podman "$@"\n', encoding="utf-8")
    docker.chmod(0o755)
    KEPT.mkdir(exist_ok=True)
    driver = os.environ.get("GLASSBOX_DEPLOY_STORAGE", "overlay")
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver="{driver}"\ngraphroot="{KEPT / "store"}"\nrunroot="{folder / "run"}"\n',
        encoding="utf-8",
    )
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TERM")}
    return {
        **kept,
        "PATH": f"{docker.parent}{os.pathsep}{kept['PATH']}",
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "CURL_HOME": str(folder),
        "COMPOSE_FILE": "compose.here.yaml",
        "PODMAN_COMPOSE_PROVIDER": shutil.which("podman-compose") or "",
        "PODMAN_COMPOSE_WARNING_LOGS": "false",
        "PODMAN_IGNORE_CGROUPSV1_WARNING": "1",
        "DISABLE_HC_SYSTEMD": "true",
        "BUILDAH_FORMAT": "docker",
    }


def _images(machine: Machine, folder: Path) -> None:
    """Make what stands for the official images, where it is not kept from an earlier run."""
    there = machine.podman("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    for image, suite in BASES.items():
        if f"{image}:latest" not in there:
            _base(machine, folder / suite, suite, image)
    machine.podman("tag", "localhost/glassbox-bookworm", OFFICIAL["python"])
    for name in ("database", "caddy"):
        machine.podman(
            "build",
            "--network",
            "host",
            "--target",
            name,
            "--tag",
            OFFICIAL[name],
            str(ROOT / "tests/deploy/services"),
        )


def _base(machine: Machine, place: Path, suite: str, image: str) -> None:
    """Import a Debian made by debootstrap as an image that knows this machine's authorities."""
    programs = "--include=python3,python3-venv,ca-certificates"
    subprocess.run(
        ["debootstrap", "--variant=minbase", programs, suite, str(place)], check=True, capture_output=True
    )
    shutil.copy(AUTHORITIES, place / AUTHORITIES.relative_to("/"))
    changes = [f"--change=ENV {name}={AUTHORITIES}" for name in ("SSL_CERT_FILE", "PIP_CERT")]
    with subprocess.Popen(["tar", "-C", str(place), "-c", "."], stdout=subprocess.PIPE) as packed:
        machine.podman("import", *changes, "-", image, stdin=packed.stdout)
    shutil.rmtree(place)
