"""How tests play a lesson: wait for a step, answer its question, read its strip."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from app.lessons import library
from tests.browser import driver

SHIPPED = [library.find(name) for name in library.ORDER]
every_lesson = pytest.mark.parametrize("lesson", SHIPPED, ids=[one.name for one in SHIPPED])


STATE = "JSON.parse(document.querySelector('.gb-lesson')?.dataset.state ?? '{}')"


def strip(page: Page) -> dict[str, Any]:
    """What the strip shows."""
    found: dict[str, Any] = page.evaluate(STATE)
    return found


def at(page: Page, mark: int) -> dict[str, Any]:
    """Wait until a step is shown on its drawn page."""
    page.wait_for_function(f"mark => {STATE}.mark === mark", arg=mark)
    driver.wait_until_drawn(page)
    return strip(page)


def answer(page: Page, index: int) -> dict[str, Any]:
    """Choose an option and wait for what it shows."""
    page.locator(f'[data-option="{index}"]').click()
    # Where the answer stands on another page there is no strip for a moment.
    page.wait_for_function(f"Number.isInteger({STATE}.right)")
    driver.wait_until_drawn(page)
    return strip(page)
