"""From page to page by clicks in the pictures: the same text, model and selection arrive, and so does the link."""

from __future__ import annotations

from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser import driver

pytestmark = pytest.mark.full(reason="every link between the pages’ pictures")

TEXT = "Tim gave Lily a golden ball. Then"
WAYS = [
    "home tokenization home multi_head attention home attention multi_head decoding tokenization",
    "home feed_forward decoding",
    "home norm_residual attention decoding",
    "home embeddings tokenization home decoding",
    "break_it loss",
    "regularization lab",
    "optimizers loss",
]


def selection(page: Page) -> dict[str, str]:
    """What the address says."""
    return {key: values[-1] for key, values in parse_qs(urlsplit(page.url).query).items()}


@pytest.mark.parametrize("way", WAYS)
def test_a_door_carries_everything_along(page: Page, way: str) -> None:
    slugs = way.split()
    driver.open_page(page, slugs[0], text=TEXT, block=1, head=3, snapshot=2000)
    for start, end in pairwise(slugs):
        door = driver.component(page, start).locator(f"[data-door={end}]")
        assert door.count() == 1, f"{start} has one door to {end}"
        door.click()
        page.wait_for_url(f"**/{'' if end == 'home' else end}?*")
        driver.wait_until_drawn(page)
        state = driver.component_state(page, end)
        assert state
        kept = selection(page)
        assert (kept["text"], kept["snapshot"]) == (TEXT, "2000")
        assert (kept["block"], kept["head"]) == ("1", "3")
        for key, value in (("block", 1), ("head", 3)):
            assert state.get(key, value) == value


def test_a_round_trip_changes_nothing(page: Page) -> None:
    driver.open_page(page, "home", text=TEXT, block=2, head=1, follow=4)
    before = driver.component_state(page, "home")
    for start, end in (("home", "multi_head"), ("multi_head", "attention"), ("attention", "home")):
        driver.component(page, start).locator(f"[data-door={end}]").click()
        page.wait_for_url(f"**/{'' if end == 'home' else end}?*")
        driver.wait_until_drawn(page)
    assert driver.component_state(page, "home") == before
