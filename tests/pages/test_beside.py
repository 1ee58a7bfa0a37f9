"""Pages that are no chapters, as scripts: the glossary, the guide for teachers, and what of a lesson is printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app import words
from app.lessons import library, sheets
from app.rooms.limits import Rate
from app.server import limits
from core import messages
from pages.teaching import guide
from tests.pages.conftest import OTHER, OpenPage, Runs

_MARK = re.compile(r"#+|\||\d\.|-")
_LINKED = re.compile(r"\]\(([^)]+)\)")
_CODE = re.compile(r"`[^`]+`")
_NAMED = re.compile(r"(?<!\*)\*([^*]+)\*(?!\*)")


def text_of(app: object) -> str:
    """All HTML of a page."""
    return " ".join(block.value for block in app.html)  # type: ignore[attr-defined]


def test_the_glossary_explains_every_term_and_leads_to_pages(open_page: OpenPage) -> None:
    app = open_page("glossary", model="tales-gpt", text="Once upon a time")
    assert not app.exception
    said = text_of(app)
    assert said.count("<dt ") == len(words.WORDS)
    # A page opens with the visitor's own text.
    assert (
        'href="attention?' in said
        and 'href="./?' in said
        and "Once" in said[said.index('href="attention?') :][:200]
    )


def test_the_guide_is_a_page_and_is_missed_in_words(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page("teaching")
    assert not app.exception and "One hour" in " ".join(one.value for one in app.markdown)
    app = open_page("teaching", lang="es")
    assert not app.exception and "Una hora" in " ".join(one.value for one in app.markdown)
    monkeypatch.setattr(guide, "text", lambda file=Path("none"): None)
    app = open_page("teaching")
    assert not app.exception and "docs/teaching.md" in app.info[0].value


def outline(told: str) -> list[tuple[str, int, list[str]]]:
    """What stands in each line of a guide: its mark, its cells, and its links."""
    return [
        (mark[0] if (mark := _MARK.match(line)) else "", line.count("|"), _LINKED.findall(line))
        for line in told.splitlines()
    ]


@pytest.mark.parametrize("language", [code for code in messages.LANGUAGES if code != messages.ENGLISH])
def test_the_guide_is_the_same_in_every_language(language: str) -> None:
    english = guide.text()
    with messages.speaking(language):
        other = guide.text()
    assert english and other and other != english
    assert outline(other) == outline(english)
    assert set(_CODE.findall(english)) == set(_CODE.findall(other)) - {f"`?lang={language}`"}


@pytest.mark.parametrize("language", [code for code in messages.LANGUAGES if code != messages.ENGLISH])
def test_the_guide_names_what_stands_on_the_screen(language: str) -> None:
    english = guide.FILE.read_text(encoding="utf-8")
    with messages.speaking(language):
        other = messages.twin(guide.FILE, ours=False).read_text(encoding="utf-8")
    said: dict[str, set[str]] = {}
    for (_, message), translated in messages.table(language).items():
        said.setdefault(message, set()).update(translated)
    pairs = [
        pair for pair in zip(_NAMED.findall(english), _NAMED.findall(other), strict=True) if pair[0] in said
    ]
    assert len(pairs) > 20
    assert [pair for pair in pairs if pair[1] not in said[pair[0]]] == []


def test_a_lesson_with_a_sheet_offers_it(open_page: OpenPage) -> None:
    app = open_page("lessons")
    for name in (sheets.names()[0], "likeliest"):
        app.session_state["gb"].memos.setdefault("lessons", {})["read"] = name
        app.run()
        assert not app.exception and library.find(name).title in text_of(app)
        choices = [one for one in app.segmented_control if one.label == "To print"]
        assert bool(choices) is (name in sheets.names())
        for choice, blank in (("Sheet", True), ("Sheet with answers", False)) if choices else ():
            choices[0].set_value(choice).run()
            assert not app.exception
            (sheet,) = [block.value for block in app.html if "<article" in block.value]
            assert ('class="gb-blank"' in sheet) is blank and "gb-sheet" in sheet
            choices = [one for one in app.segmented_control if one.label == "To print"]


def test_what_is_kept_is_said_as_this_server_is_set(
    open_page: OpenPage, queue: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASSBOX_KEEP_DAYS", "30")
    monkeypatch.setenv("GLASSBOX_RUN_KEPT", "7")
    app = open_page("kept")
    assert not app.exception
    said = text_of(app)
    assert "30 days after their end" in said and "beyond 7 of them" in said and "365 days" in said
    assert "no run in the database" in app.markdown[-1].value
    for owner in (queue.owner, OTHER, queue.owner):
        queue.queued(owner)
    app = open_page("kept")
    assert "Of you there are 2 runs now" in app.markdown[-1].value


def test_who_clicks_faster_than_a_page_can_take_is_told_so(
    open_page: OpenPage, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "slowed", Rate(1, 5.0))
    assert not [note for note in open_page("loss").info if "clicks" in note.value]
    limits.slowed.count(runs.owner)
    assert [note.value for note in open_page("loss").info if "None is lost" in note.value]
