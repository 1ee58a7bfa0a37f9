"""The Fine-tuning page in a real browser: the ways against their records, LoRA's steps, a real run, keys, phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from core.runs import recorded
from core.runs.tuned_recordings import learned, tuned_recording
from pages.fine_tuning import ways
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

TEXT = "Nora lost the red kite. Tom found the kite under the bench."
ANOTHER = "Ben came to the bridge. The road to the farm was under water."


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page on the test's text; returns what the picture shows."""
    driver.open_page(page, "fine_tuning", **({"v": 1, "text": TEXT} | query))
    state: dict[str, Any] = driver.component_state(page, "fine_tuning")
    return state


def test_the_ways_are_those_recorded(page: Page, tmp_path: Path) -> None:
    state = opened(page)
    assert [way["key"] for way in state["ways"]] == list(ways.WAYS)
    for way, shown in zip(state["ways"], state["chart"]["runs"], strict=True):
        run = recorded(f"finetune-sentiment-{way['key']}")
        worth = run.checkpoints()[-1].health
        assert (shown["count"], shown["held_out"]) == (
            len(run.points()),
            pytest.approx(run.points().held_out[-1]),
        )
        assert way["cells"]["accuracy"].startswith(f"{100 * run.points().held_out[-1]:.1f} %")
        assert way["cells"]["learned"] == f"{worth['trained']:,}"
        label, chance = tuned_recording(run.name).classify(TEXT)[0]
        assert way["judged"] == {"says": label, "probability": pytest.approx(chance, abs=1e-5)}
    driver.component(page, "fine_tuning").get_by_role("button", name="Seconds").click()
    driver.wait_for_state(page, "fine_tuning", lambda now: now["chart"]["x"] == "seconds")
    driver.wait_for_link(page, "axis=seconds")
    checks.run_notebook(page, tmp_path)


def test_what_lies_under_the_pointer_is_said_in_numbers(page: Page) -> None:
    state = opened(page)
    figure = driver.component(page, "fine_tuning")
    tip = figure.locator(".gb-tip:not(.gb-curves-tip)")
    for way in state["ways"]:
        worth, judged = way["worth"], way["judged"]
        old = worth["old"] and f"{worth['old'][1]:.3f} before, {worth['old'][0]:.3f} now"
        exact = {
            "accuracy": f"{worth['accuracy']['right']} of {worth['accuracy']['of']:,} right",
            "learned": f"{worth['trained']:,}, of these {worth['head']:,} the head’s",
            "bytes": f"{worth['bytes']:,} bytes",
            "seconds": f"{worth['seconds']:.2f} s",
            "forgets": old or "no old task",
            "says": f"{judged['says']}: {judged['probability']:.4f}",
        }
        for name, words in exact.items():
            driver.hover(page, figure.locator(f'[data-cell="{way["key"]} {name}"]'))
            expect(tip).to_contain_text(words)
    x, y = driver.middles(page, figure, "[data-curves=ways]")[0]
    page.mouse.move(x, y)
    said = figure.locator(".gb-curves-tip")
    expect(said).to_contain_text("validation")
    step = int(said.inner_text().split()[1])
    for way in state["ways"]:
        points = recorded(f"finetune-sentiment-{way['key']}").points()
        known = [value for at, value in zip(points.step, points.held_out, strict=True) if at <= step]
        last = [value for value in known if value == value][-1]
        expect(said).to_contain_text(f"validation {100 * last:.1f} %")
    cell = opened(page, stage=0, wrow=3, wcol=5)["lora"]["cell"]
    image = figure.locator('[data-part="lora W"] image')
    box = image.bounding_box()
    rows, columns = state_shape(page)
    assert box
    page.mouse.move(box["x"] + box["width"] * 5.5 / columns, box["y"] + box["height"] * 3.5 / rows)
    expect(tip).to_contain_text("W, row 3, column 5: " + f"{cell['w']:.4f}".replace("-", "−"))


def state_shape(page: Page) -> tuple[int, int]:
    """How large the shown matrix W is, as its title says."""
    title = driver.component(page, "fine_tuning").locator('[data-part="lora W"] text').text_content()
    assert title
    rows, columns = title.split(", ")[-1].split(" × ")
    return int(rows), int(columns)


def stage(page: Page, step: int) -> None:
    """Until this step is shown."""
    driver.wait_for_state(page, "fine_tuning", lambda now: now["stage"]["step"] == step)


def test_loras_steps_end_in_the_sum(page: Page, browser: Browser, server: driver.Server) -> None:
    state = opened(page, stage=0, wrow=3, wcol=5)
    figure = driver.component(page, "fine_tuning")
    assert figure.locator('[data-part="lora W"]').count() == 1
    assert figure.locator('[data-part="lora A"]').count() == 0
    figure.focus()
    for step in (1, 2, 3):
        page.keyboard.press(".")
        stage(page, step)
    assert figure.locator('[data-part="lora added"]').count() == 1
    found, cell = learned("finetune-sentiment-lora"), state["lora"]["cell"]
    a, b = (found[f"lora.{state['lora']['name']}.{letter}"] for letter in "AB")
    assert cell["added"] == pytest.approx(float(b[3] @ a[:, 5]) * cell["scale"], rel=1e-3, abs=1e-6)
    assert state["lora"]["sum"] == pytest.approx(cell["w"] + cell["added"], rel=1e-4, abs=1e-6)
    page.wait_for_url(lambda url: "stage=3" in url)
    driver.wait_until_drawn(page)
    checks.link_restores(page, browser, server, "fine_tuning")
    figure.focus()
    page.keyboard.press("Escape")
    driver.wait_for_state(page, "fine_tuning", lambda now: now["chart"] is not None)


def test_another_sentence_is_judged_anew(page: Page) -> None:
    before = opened(page)
    page.get_by_label("Your text", exact=True).first.fill(ANOTHER)
    page.keyboard.press("Control+Enter")
    now = driver.wait_for_state(
        page, "fine_tuning",
        lambda now: now["ways"][3]["judged"]["probability"] != before["ways"][3]["judged"]["probability"],
    )  # fmt: skip
    label, chance = tuned_recording("finetune-sentiment-lora").classify(ANOTHER)[0]
    assert now["ways"][3]["judged"] == {"says": label, "probability": pytest.approx(chance, abs=1e-5)}


def test_a_run_is_started_and_stopped(training_page: Page) -> None:
    page = training_page
    opened(page, rank=2)
    page.get_by_role("button", name="Train LoRA now").click()
    driver.wait_for_state(page, "fine_tuning", lambda now: now["ways"][3]["own"])
    driver.wait_for_state(page, "fine_tuning", lambda now: now["chart"]["runs"][3]["step"] > 0)
    page.get_by_role("button", name="Stop", exact=True).click()
    driver.wait_for_state(page, "fine_tuning", lambda now: now["chart"]["runs"][3]["state"] == "stopped")
    page.get_by_role("button", name="Recorded runs").click()
    driver.wait_for_state(page, "fine_tuning", lambda now: not now["ways"][3]["own"])
