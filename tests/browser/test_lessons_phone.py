"""Lessons in a real browser: each played to its end by keys, and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from app.lessons.reading import Lesson
from tests.browser import driver
from tests.browser.playing import answer, at, every_lesson


@pytest.fixture(scope="module")
def server(real_server: driver.Server) -> driver.Server:
    """The app as everybody has it: one lesson plays on a published model."""
    return real_server


@every_lesson
def test_every_step_by_keys(lesson: Lesson, page: Page) -> None:
    driver.open_page(page, lesson.steps[0].at.slug, path=lesson.name)
    for mark in range(1, len(lesson.steps)):
        at(page, mark)
        page.keyboard.press("n")
    at(page, len(lesson.steps))
    heading = page.evaluate("document.activeElement.id")
    assert heading == "gb-lesson-title", "the next step's heading has the focus"
    page.keyboard.press("b")
    at(page, len(lesson.steps) - 1)


@every_lesson
def test_every_step_on_a_phone(lesson: Lesson, page: Page) -> None:
    page.set_viewport_size(driver.PHONE)
    driver.open_page(page, lesson.steps[0].at.slug, path=lesson.name)
    for mark, step in enumerate(lesson.steps, 1):
        at(page, mark)
        box = page.locator(".gb-lesson").bounding_box()
        assert box is not None and box["y"] + box["height"] <= 845 and box["height"] <= 0.56 * 844
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        if step.question is not None:
            answer(page, step.question.right)
        page.locator('.gb-lesson [data-act="next"]').click()
    page.wait_for_selector(".gb-lesson", state="detached")
