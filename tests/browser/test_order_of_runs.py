"""What a picture shows when a browser is handed two runs of a page in the wrong order."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser

from app.kit.mounting import UNPACKED

pytestmark = pytest.mark.full(reason="a race between two runs, played many times")

SEEN = "const component = ({ data, parentElement }) => { parentElement.append(data); return () => {}; };"


def test_what_an_earlier_run_sent_does_not_come_after_a_later_one(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<p></p><p></p>")
    shown = page.evaluate(
        f"""async () => {{
            const script = {json.dumps(SEEN + UNPACKED)};
            const module = await import("data:text/javascript," + encodeURIComponent(script));
            const [first, second] = document.querySelectorAll("p");
            const give = (parentElement, ...data) => module.default({{ data, parentElement }});
            give(first, "a", 1); give(first, "c", 3); give(first, "b", 2); give(first, "d", 3);
            give(second, "e", 2);
            return [first.textContent, second.textContent];
        }}"""
    )
    page.close()
    assert shown == ["acd", "e"]
