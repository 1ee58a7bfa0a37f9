"""A server whose places are all taken, in a browser: it says so, and lets in who comes when one has left."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import driver

pytestmark = pytest.mark.full(reason="a server of its own that is full")


def test_a_full_server_says_so_and_lets_in_who_comes_later(browser: Browser, tmp_path: Path) -> None:
    env = {"GLASSBOX_REAL": "none", "GLASSBOX_LIMIT_PAGES": "1"}
    with driver.serving(tmp_path, env=env) as server:
        first = driver.new_context(browser, server)
        driver.open_page(first.new_page(), "loss")
        second = driver.new_context(browser, server, viewport=driver.PHONE)
        page = second.new_page()
        answer = page.goto("/attention")
        assert answer is not None and answer.status == 503
        expect(page.get_by_role("status")).to_contain_text("This Glassbox is full, 1 place is taken")
        assert driver.axe_lines(driver.axe(page)) == []
        first.close()
        page.wait_for_timeout(1000)
        page.get_by_role("link", name="Try again").click()
        page.wait_for_function(driver.DRAWN)
        second.close()
