"""Pages that are no chapters, as scripts: the glossary, the guide for teachers, and what of a lesson is printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import words
from app.lessons import library, sheets
from pages.teaching import guide
from tests.pages.conftest import OpenPage


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
    monkeypatch.setattr(guide, "text", lambda file=Path("none"): None)
    app = open_page("teaching")
    assert not app.exception and "docs/teaching.md" in app.info[0].value


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
