"""The table of contents: complete, in order, and covering every point of the subject."""

from __future__ import annotations

from collections import Counter

import pytest

from app import chapters
from app.chapters import CHAPTERS

# How many points each section of the subject has; a heading without points of its own counts as one.
POINTS = {
    "1": 1, "2.1": 4, "2.2": 3, "2.3": 3, "3.1": 3, "3.2": 2, "3.3": 2, "3.4": 1, "3.5": 1,
    "4.1": 3, "4.2": 2, "5.1": 1, "5.2": 1, "5.3": 1, "6.1": 2, "7.1": 1, "7.2": 1, "7.3": 2,
    "8.1": 1, "8.2": 1, "8.3": 1, "9.1": 1, "9.2": 1, "9.3": 1, "10.1": 1, "10.2": 1, "10.3": 1,
    "11": 2, "12": 5, "13": 3,
}  # fmt: skip


def test_all_27_pages_in_seven_sections() -> None:
    assert len(CHAPTERS) == 27
    assert len({chapter.slug for chapter in CHAPTERS}) == 27
    assert list(dict.fromkeys(chapter.section for chapter in CHAPTERS)) == list(chapters.SECTIONS)
    per_section = Counter(chapter.section for chapter in CHAPTERS)
    assert [per_section[name] for name in chapters.SECTIONS] == [4, 4, 7, 2, 2, 7, 1]


def test_every_point_of_the_subject_is_covered() -> None:
    covered = Counter(cover.section for chapter in CHAPTERS for cover in chapter.covers)
    missing = {section: points for section, points in POINTS.items() if covered[section] < points}
    assert not missing


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.slug)
def test_each_chapter_says_what_shows_each_point(chapter: chapters.Chapter) -> None:
    assert chapter.covers
    assert all(cover.section and cover.term and cover.shown for cover in chapter.covers)
    assert chapter.icon.startswith(":material/")
    assert chapter.path.startswith("pages/")
    assert chapter.path.endswith(f"/{chapter.slug}.py")


def test_only_pages_that_exist_are_shown() -> None:
    shown = [chapter for group in chapters.shown().values() for chapter in group]
    files = {path.relative_to(chapters.ROOT).as_posix() for path in (chapters.ROOT / "pages").rglob("*.py")}
    assert [chapter.path for chapter in shown] == [
        chapter.path for chapter in CHAPTERS if chapter.path in files
    ]
    assert files - {"pages/__init__.py"} <= {chapter.path for chapter in CHAPTERS}, "a page without a chapter"


def test_following_skips_pages_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        chapters.Chapter, "exists", property(lambda chapter: chapter.slug in {"home", "loss"})
    )
    following = chapters.following("home")
    assert following is not None
    assert following.slug == "loss"
    assert chapters.following("loss") is None
