"""Fetching the published models: which command, when, and what is said where it fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core import installation, real_packages
from scripts import environment, real_models


@pytest.fixture
def uv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """The commands that would be run, with a uv that is always there; the folder is one of this test's."""
    asked: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, stdout="")

    monkeypatch.setenv(real_packages.VARIABLE, str(tmp_path / "real"))
    monkeypatch.setattr(real_models, "find_uv", lambda: ["uv"])
    monkeypatch.setattr(real_packages.subprocess, "run", run)
    return asked


def test_files_are_checked_nothing_is_built_and_nothing_else_comes(
    uv: list[list[str]], tmp_path: Path
) -> None:
    assert real_models.bring("python") == 0
    fetch, ready = uv
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(fetch)
    assert fetch[fetch.index("--target") + 1] == str(tmp_path / "real") and fetch[-1] == str(
        real_packages.LOCK
    )
    assert ready == ["python", "-m", "core.real"]


def test_what_is_here_is_not_fetched_again_until_the_lock_changes(
    uv: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real_models.bring("python")
    assert "0.18 GB" in capsys.readouterr().out
    real_models.bring("python")
    assert [command[-1] for command in uv] == [str(real_packages.LOCK), "core.real", "core.real"]
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(real_packages, "digest", lambda: "another")
    real_models.bring("python")
    assert uv[-2][-1] == str(real_packages.LOCK)


def test_left_out_is_left_out(uv: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(real_packages.VARIABLE, "None")
    assert real_models.bring("python") == 0 and uv == []


@pytest.mark.parametrize("how", ["no network", "no uv", "no folder"])
def test_what_fails_is_said_and_the_program_goes_on(
    how: str, uv: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:  # fmt: skip
    if how == "no network":
        monkeypatch.setattr(
            real_packages.subprocess, "run",
            lambda command, **_: subprocess.CompletedProcess(command, 2, stdout="error: dns\nhint: proxy"),
        )  # fmt: skip
    elif how == "no uv":
        monkeypatch.setattr(real_models, "find_uv", lambda: None)

        def none() -> list[str]:
            raise real_models_problem

        real_models_problem = environment.Problem("uv could not be found")
        monkeypatch.setattr(real_models, "install_uv", none)
    else:
        (tmp_path / "real").write_text("a file", encoding="utf-8")
    assert real_models.bring("python") == 1
    said = capsys.readouterr().out
    assert "Glassbox works without them" in said and "make real" in said
    assert {"no network": "hint: proxy", "no uv": "could not be found", "no folder": "real"}[how] in said
    assert not real_packages.is_fetched(tmp_path / "real")


def test_the_folder_is_the_one_named_or_the_checkouts_or_the_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for value, wanted in {
        "": installation.ROOT / ".real",
        "NONE": None,
        "none": None,
        str(tmp_path): tmp_path,
    }.items():
        monkeypatch.setenv(real_packages.VARIABLE, value)
        assert real_packages.home() == wanted
    monkeypatch.setenv(real_packages.VARIABLE, "")
    monkeypatch.setattr(installation, "ROOT", tmp_path / "site-packages")
    installed = real_packages.home()
    assert installed is not None and installed.name == "real" and installed.parent == installation.home()
    assert "site-packages" not in installed.parts
    if sys.platform == "linux":
        assert installed == tmp_path / "data" / "glassbox" / "real"


def test_pip_fetches_as_uv_does(tmp_path: Path) -> None:
    uv, pip = real_packages.with_uv(["uv"], "python", tmp_path), real_packages.with_pip("python", tmp_path)
    for words in (
        ["--no-deps"],
        ["--require-hashes"],
        ["--only-binary", ":all:"],
        ["--target", str(tmp_path)],
    ):
        assert all(" ".join(words) in " ".join(command) for command in (uv, pip))
    assert uv[-2:] == pip[-2:] == ["-r", str(real_packages.LOCK)]


def test_the_app_does_not_wait_for_them() -> None:
    begun: list[str] = []
    real_models.beside("python", lambda python: begun.append(python) or 0).join(60)  # type: ignore[func-returns-value]
    assert begun == ["python"]
