"""`make page` refuses names that no page can have, before it writes anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import environment, new_page
from scripts.installation import Problem


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one page, a table of contents and a module of core."""
    for folder in ("app", "pages/loss", "core/analysis/stream"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "core/analysis/stream/ledger.py").touch()
    (tmp_path / "app/chapters.py").write_text(
        'CHAPTERS = (\n    _chapter(\n        2, "planned",\n    ),\n    _chapter(\n        3, "loss",\n    ),\n)\n'
    )
    return tmp_path


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "it has no name"),
        ("Big", "small letters"),
        ("1st", "small letters"),
        ("a-b", "small letters"),
        ("../up", "small letters"),
        ("class", "keyword"),
        ("runs", "reserved"),
        ("x" * 25, "25 characters"),
        ("loss", "in use: pages/loss"),
        ("ledger", "in use: core/analysis/stream/ledger.py"),
        ("planned", "in use: app/chapters.py"),
    ],
)
def test_a_bad_name_is_refused_with_the_reason_and_a_way_out(name: str, why: str, root: Path) -> None:
    before = sorted(root.rglob("*"))
    with pytest.raises(Problem) as refused:
        new_page.write_page(name, root)
    assert str(refused.value).startswith("No page was written: ")
    assert why in str(refused.value)
    assert "make page NAME=" in str(refused.value)
    assert sorted(root.rglob("*")) == before


def test_every_address_of_the_server_is_reserved() -> None:
    from app.kit import modules
    from app.rooms import routes as rooms
    from app.server import metrics, stream

    made = [*modules.routes(), *metrics.routes(None, None), *stream.routes(None), *rooms.routes(None, None)]
    first = {route.path.split("/")[1] for route in made}
    assert first
    assert first <= set(new_page.RESERVED)


def test_a_page_stands_at_the_end_of_its_section_under_its_own_name(root: Path) -> None:
    written = new_page.write_page("two_words", root)
    chapters = (root / "app/chapters.py").read_text(encoding="utf-8")
    assert (
        chapters.index('"planned"') < chapters.index('2, "two_words", "Two words"') < chapters.index('"loss"')
    )
    for path in written:
        text = (root / path).read_text(encoding="utf-8")
        assert "my_page" not in text
        assert "My page" not in text
    assert all(path in new_page.describe_page("two_words", written) for path in written)


def test_without_its_place_in_the_table_of_contents_nothing_is_written(root: Path) -> None:
    (root / "app/chapters.py").write_text("CHAPTERS = ()\n")
    with pytest.raises(Problem, match="section III"):
        new_page.write_page("mine", root)
    assert not (root / "pages/mine").exists()


def test_the_command_says_why_it_wrote_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert environment.main(["page", ""]) == 1
    assert capsys.readouterr().out.strip() == (
        "No page was written: it has no name. Give one: make page NAME=my_page"
    )
