"""The server's memory: one reader on every page, then ten readers, each with a text of their own, on every page."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app import chapters
from tests.benchmarks import pair
from tests.browser import driver

ONE_MB, TEN_MB = 900, 1100
TEXTS = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily lived by the lake. One day,",
    "It was raining, and Ben the baker",
    "Tim gave Lily a golden ball. Thank you,",
    "On a frosty morning, the shoemaker went out",
    "The fox and the crow sat in the wood and",
    "Tom and Anna went to the market. Anna bought",
    "The wind met a lion by the river, and the lion",
    "A small boat came home. In the boat sat a",
    "Ruth lost her key. She looked under the",
)


def resident(server: driver.Server) -> float:
    """Resident megabytes of the server process now."""
    answer = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(server.process.pid)], capture_output=True, text=True, check=True
    )
    return int(answer.stdout) / 1000


@pytest.mark.timeout(3600)  # 270 pages are opened
def test_one_session_and_ten(tmp_path: Path, report: Callable[[pair.Figure], None]) -> None:
    slugs = [chapter.slug for section in chapters.shown().values() for chapter in section]
    assert len(set(TEXTS)) == 10 and "home" in slugs
    most: dict[int, float] = {}
    with driver.serving(tmp_path) as server, driver.launched() as browser:
        highest = 0.0
        for number, text in enumerate(TEXTS, start=1):
            tab = driver.new_context(browser, server).new_page()  # left open: its session lives on
            for slug in slugs:
                driver.open_page(tab, slug, text=text)
                highest = max(highest, resident(server))
            most[number] = highest
    one = pair.Figure("one session, every page opened once", [most[1]], ONE_MB, "MB")
    ten = pair.Figure("ten sessions on ten texts, every page opened by each", [most[10]], TEN_MB, "MB")
    report(one)
    report(ten)
    assert one.reached and ten.reached
