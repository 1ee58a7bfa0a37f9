"""The guide for teachers: its links lead somewhere in the app too, and what it says of numbers and steps is so."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from app import chapters
from app.lessons import library, sheets
from app.rooms import bar, feed
from core.rooms import records, states
from pages.classroom import room
from pages.teaching import guide

GUIDE = guide.FILE.read_text(encoding="utf-8")
BAR = (Path(bar.__file__).parent / "bar.js").read_text(encoding="utf-8")


def test_every_link_of_the_app_leads_to_a_page_or_a_lesson() -> None:
    text = guide.text()
    assert text is not None
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert len(links) > 40
    beside = {"lessons", "glossary"}
    for link in links:
        parts = urlsplit(link)
        assert parts.path in {"./", *beside, *chapters.BY_SLUG}, link
        if parts.query:
            assert parse_qs(parts.query)["path"][0] in library.ORDER
    assert (
        "](./?path=why-ball&mark=1)" in text
        and "](attention)" in text
        and ".md" not in re.sub(r"`[^`]*`", "", text)
    )
    # What the app has no page for stays as words.
    assert "Pictures elsewhere" in text and "[Pictures elsewhere]" not in text


def test_without_the_file_there_is_no_guide(tmp_path: Path) -> None:
    assert guide.text(tmp_path / "none.md") is None


def test_every_lesson_is_named_by_its_title() -> None:
    named = re.findall(r"\[([^\]]+)\]\(lessons/([\w-]+)\.md\)", GUIDE)
    assert len({file for _, file in named}) >= 10
    for title, file in named:
        if file in library.ORDER:
            assert title == library.find(file).title
        else:
            name = file.removesuffix("-sheet-with-answers").removesuffix("-sheet")
            assert name in sheets.names(), file


def test_the_steps_of_the_first_hour_are_the_lessons() -> None:
    steps = library.find("why-ball").steps
    named = re.findall(r"step (\d+), ([A-Z][\w ]+)", GUIDE)
    assert len(named) >= 6
    for number, title in named:
        assert steps[int(number) - 1].title.startswith(title.strip()), (number, title)
    assert "steps 2 and 3, Pieces; A row alone" in GUIDE and [one.title for one in steps[1:3]] == [
        "Pieces",
        "A row alone",
    ]
    asked = [one.question is not None for one in steps]
    assert asked[5] and asked[7] and asked[8] and asked[12] and not asked[-1]


def test_the_numbers_of_the_guide_are_the_rooms() -> None:
    assert records.MEMBERS == 200 and "A room holds 200 phones" in GUIDE
    assert feed.PLACES * feed.THIRDS_ROOM // 3 == 10 and "Ten may follow live" in GUIDE
    assert states.FEW == 5 and "Fewer than five votes are not broken down" in GUIDE
    assert records.COUNTDOWN == 3 and "three seconds, then nothing more counts" in GUIDE
    assert abs(states.LOW - 1 / 3) < 1e-9 and states.HIGH == 0.7 and "Up to seven in ten" in GUIDE
    assert records.ROUNDS == 2


def test_buttons_are_called_as_they_are() -> None:
    for name in (
        "Close the vote",
        "Let them talk",
        "Ask again",
        "Reveal",
        "Next",
        "Projector page",
        "Phone as remote",
        "Hide votes here",
    ):
        assert f"*{name}*" in GUIDE and f'"{name}"' in BAR, name
    said = " ".join(room.steps())
    for name in ("Open a room", "Projector page", "Ask the class for this token", "Close the vote", "Reveal"):
        assert f"`{name}`" in said
    source = Path(room.__file__).read_text(encoding="utf-8")
    assert '"Open a room"' in source and '"Ask the class for this token"' in source
