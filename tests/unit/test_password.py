"""The database's password from a file: put into the address, kept out of what is said, refused where it is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from core.runs.location import default_url
from core.runs.password import VARIABLE, with_password
from core.runs.records import SchemaError

PLAIN = "postgresql+psycopg://glassbox@database/glassbox"


def test_an_address_stays_as_it_is_without_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert with_password(PLAIN) == PLAIN


@pytest.mark.parametrize("password", ["plain", "with:every/sign@that an?address#has%", "ünï"])
def test_the_password_of_the_file_is_in_the_address(
    password: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text(password + "\n", encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "password"))
    monkeypatch.setenv("GLASSBOX_DB", PLAIN)
    found = sa.make_url(default_url())
    assert (found.password, found.username, found.host) == (password, "glassbox", "database")


def test_a_password_in_the_address_is_taken_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text("other", encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "password"))
    given = PLAIN.replace("glassbox@", "glassbox:mine@")
    assert with_password(given) == given


def test_a_missing_and_an_empty_file_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "absent"))
    with pytest.raises(SchemaError, match=r"GLASSBOX_DB_PASSWORD_FILE=.*absent cannot be read"):
        with_password(PLAIN)
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "empty"))
    with pytest.raises(SchemaError, match="empty: it has to hold the database's password"):
        with_password(PLAIN)


def test_an_address_that_is_none_is_refused_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text("secret", encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "password"))
    with pytest.raises(SchemaError, match="no address of a database") as why:
        with_password("nonsense")
    assert "secret" not in str(why.value)
