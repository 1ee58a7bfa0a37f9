"""Lessons in a real browser: three played to their end on a phone, by finger and by key."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from app.lessons import library
from app.lessons.reading import Lesson
from tests.browser import driver
from tests.browser.playing import answer, at

pytestmark = pytest.mark.full(
    reason="whole lessons; test_lessons.py plays a lesson's first steps in the quick tier"
)

# With a question at nearly every step; on a published model; with a text to type and no question.
LESSONS = ["likeliest", "real-knows", "your-sentence"]


@pytest.fixture(scope="module")
def server(real_server: driver.Server) -> driver.Server:
    """The app as everybody has it: one lesson plays on a published model."""
    return real_server


@pytest.mark.parametrize("lesson", [library.find(name) for name in LESSONS], ids=LESSONS)
def test_every_step_on_a_phone_by_finger_and_by_key(lesson: Lesson, page: Page) -> None:
    page.set_viewport_size(driver.PHONE)
    driver.open_page(page, lesson.steps[0].at.slug, path=lesson.name)
    for mark, step in enumerate(lesson.steps, 1):
        at(page, mark)
        box = page.locator(".gb-lesson").bounding_box()
        assert box is not None and box["y"] + box["height"] <= 845 and box["height"] <= 0.56 * 844
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        if mark == 2:
            for key, there in (("b", 1), ("n", 2)):
                page.keyboard.press(key)
                at(page, there)
        if step.question is not None and mark % 3:  # one may go on without an answer, too
            answer(page, step.question.right)
        if mark % 2 and mark < len(lesson.steps):
            page.keyboard.press("n")
            at(page, mark + 1)
            heading = page.evaluate("document.activeElement.id")
            assert heading == "gb-lesson-title", "the next step's heading has the focus"
        else:
            page.locator('.gb-lesson [data-act="next"]').click()
    page.wait_for_selector(".gb-lesson", state="detached")
