"""A picture that carries its model, on a phone: how long a text of a dozen tokens takes to compute, and to be drawn.

Chromium at a phone's width with its processor slowed to a quarter, from disk. The clock starts in the text's own event;
`computed` is what the file says of itself, from the text to the data; `drawn` ends in the frame after the new picture.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import core
from app import show
from app.outside.documents import CARRY
from tests.benchmarks import pair
from tests.browser import driver

WORDS = "One day Lily and Tim found a big red ball".split()  # ten words, a dozen tokens or so
SLOWER, LIMIT_MS, ROUNDS = 4, 100, 15

TYPED = """text => new Promise(done => {
    const area = document.querySelector("textarea");
    const before = document.querySelector("figure").dataset.draws;
    area.value = text;
    const start = performance.now();
    area.dispatchEvent(new Event("input"));
    const wait = () => document.querySelector("figure").dataset.draws === before ? requestAnimationFrame(wait)
        : requestAnimationFrame(() => {
            const said = document.querySelector(".gb-own-status").textContent;
            done([Number(said.match(/in (\\d+) ms/)[1]), performance.now() - start]);
        });
    requestAnimationFrame(wait);
})"""


@pytest.mark.parametrize("name", CARRY)
def test_a_dozen_tokens_on_a_phone(name: str, tmp_path: Path, report: Callable[[pair.Figure], None]) -> None:
    lm = core.load("tales-gpt")
    file = getattr(show, name)(lm, "A red ball").with_model(rewind=150).save(tmp_path / "carried.html")
    texts = [" ".join(WORDS[turn % 3 :] + WORDS[: turn % 3]) for turn in range(ROUNDS)]
    assert {len(lm.tokenizer.encode(text)) for text in texts} <= {11, 12, 13, 14}
    with driver.launched() as browser:
        page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
        page.goto(file.as_uri())
        page.wait_for_selector("figure[data-state]")
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        times = [page.evaluate(TYPED, f"{text} {turn}") for turn, text in enumerate(texts)][3:]
    where = f"{name}, a dozen tokens in its file, processor x 1/{SLOWER}"
    computed = pair.Figure(f"{where}: computed", [one for one, _ in times], LIMIT_MS, "ms")
    drawn = pair.Figure(f"{where}: drawn", [one for _, one in times], 3 * LIMIT_MS, "ms")
    report(computed)
    report(drawn)
    assert computed.reached and drawn.reached
