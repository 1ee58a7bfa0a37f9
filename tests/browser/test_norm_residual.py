"""The Norm and residual page in a real browser: ledger and norm against `core`, its steps, keys, link, phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch.nn.functional as F
from playwright.sync_api import Browser, Page

import core
from core.analysis.stream.depth_grid import gradient_by_depth
from core.analysis.stream.ledger import ledger
from core.analysis.stream.ledger_lines import direct_logits, gathered
from core.analysis.stream.norm_wiring import wired
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

NAME = "norm_residual"
TEXT = "Once upon a time, Lily saw a"


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page on the test's text and few blocks by depth; returns what the picture shows."""
    driver.open_page(page, NAME, **({"v": 1, "text": TEXT, "layers": 2} | query))
    state: dict[str, Any] = driver.component_state(page, NAME)
    return state


def wait(page: Page, **wanted: Any) -> dict[str, Any]:
    """Wait until the picture's state has these values."""
    state: dict[str, Any] = driver.wait_for_state(
        page, NAME, lambda now: all(now[name] == value for name, value in wanted.items())
    )
    return state


def test_lines_norm_and_wiring_are_cores_and_keys_move_line_number_and_token(
    page: Page, lm: core.LanguageModel
) -> None:
    state = opened(page, line="mlp", block=2, number=7)
    book = gathered(ledger(lm, TEXT))
    through = gathered(ledger(lm, TEXT, through_final=True))
    trace = lm.trace(TEXT)
    top = int(trace.logits[-1].argmax())
    direct = direct_logits(lm, book, through, top)
    for shown, entry in zip(state["lines"], book.entries, strict=True):
        assert shown["name"] == entry.name
        assert (shown["norm"], shown["cosine"], shown["running"]) == pytest.approx(
            (entry.norm, entry.cosine, entry.running), rel=1e-4, abs=1e-5
        )
        assert shown["logit"] == pytest.approx(direct.parts[entry.name], abs=1e-3)
    assert state["top"]["id"] == top and state["error"] < 1e-5
    assert sum(line["logit"] for line in state["lines"]) == pytest.approx(state["top"]["logit"], abs=1e-3)
    assert [pair["value"] for pair in state["up"]] == pytest.approx(
        [value for _, value in direct.up["L2 mlp"]], abs=1e-3
    )
    x = trace["blocks.2.hook_resid_mid"][-1].detach()
    ln2 = lm.transformer.blocks[2].ln2
    norm = state["norm"]
    assert (norm["name"], norm["kind"], norm["number"]) == ("blocks.2.ln2", "rms", 7)
    assert norm["x"] == pytest.approx(float(x[7]), rel=1e-4)
    assert norm["output"] == pytest.approx(
        float(F.rms_norm(x, x.shape, ln2.w, ln2.eps)[7].detach()), rel=1e-3
    )
    more = driver.wait_for_state(page, "norm_residual_gradients", lambda now: now["done"] == now["total"])
    for way in more["ways"]:
        own = wired(lm, trace, 2, -1, way["wiring"])
        assert [size for _, size in way["steps"]] == pytest.approx([size for _, size in own.steps], rel=1e-3)
    for shown, one in zip(more["variants"], gradient_by_depth(n_layers=2), strict=True):
        assert shown["name"] == one.variant.name
        np.testing.assert_allclose(shown["stream"]["mid"], np.median(one.stream, axis=0), rtol=1e-3)
    # Keys move line, number and token.
    driver.component(page, NAME).focus()
    page.keyboard.press("ArrowDown")
    wait(page, line="L3 attention")
    checks.quickly(page, NAME, "ArrowRight", "ArrowRight", "ArrowUp", "ArrowUp")
    state = wait(page, line="L2 attention")
    assert state["norm"]["number"] == 9
    page.keyboard.press("[")
    driver.wait_for_state(page, NAME, lambda now: now["row"] == len(now["tokens"]) - 2)
    driver.wait_until_drawn(page)
    wait(page, line="L2 attention")


def test_the_answer_the_notebook_and_the_link_and_clicks_choose_line_norm_and_token(
    page: Page, browser: Browser, server: driver.Server, lm: core.LanguageModel, tmp_path: Path
) -> None:
    opened(page, line="attention", block=3)
    assert "It differs from what entered by 0.0 % of its length" in checks.answered(page)
    checks.run_notebook(page, tmp_path)
    checks.link_restores(page, browser, server, NAME)
    # Clicks choose line, norm and token.
    figure = driver.component(page, NAME)
    figure.locator('[data-line="2"]').click()
    wait(page, line="L0 mlp")
    driver.wait_for_link(page, "line=mlp", "block=0")
    figure.locator('[data-line="9"]').click()
    state = wait(page, line="sum")
    assert state["norm"]["name"] == "ln_final"
    figure.locator('[data-token="3"]').click()
    state = wait(page, row=3)
    assert state["length"] == pytest.approx(float(np.linalg.norm(ledger(lm, TEXT, 3).final)), rel=1e-4)
    page.get_by_role("radio", name="LayerNorm").click()
    state = driver.wait_for_state(page, NAME, lambda now: now["norm"]["kind"] == "layer")
    x = lm.trace(TEXT)["blocks.3.hook_resid_post"][3].detach()
    assert state["norm"]["mean"] == pytest.approx(float(x.mean()), rel=1e-3, abs=1e-4)
    assert state["norm"]["scale"] == pytest.approx(float(x.std(unbiased=False)), rel=1e-3)


def test_the_steps_add_line_by_line_and_then_the_norm(
    page: Page, browser: Browser, server: driver.Server
) -> None:
    state = opened(page, written=0)
    figure = driver.component(page, NAME)
    lines, last = len(state["lines"]), state["stage"]["steps"] - 1
    assert state["written"] == 1 and figure.locator("[data-line]").count() == 2
    figure.locator("[data-act=next]").click()
    driver.wait_for_state(page, NAME, lambda now: now["written"] == 2 and now["line"] == "L0 attention")
    story = figure.locator('[data-part="story"]')
    assert f"{state['lines'][1]['norm']:.1f}" in (figure.locator('[data-part="step"]').text_content() or "")
    assert f"{state['lines'][1]['running']:.1f}" in (story.text_content() or "")
    figure.focus()
    page.keyboard.press(".")
    page.keyboard.press("Shift+ArrowRight")
    driver.wait_for_state(page, NAME, lambda now: now["stage"]["step"] == 3)
    driver.wait_for_link(page, "written=3")
    driver.wait_until_drawn(page)
    checks.link_restores(page, browser, server, NAME)
    figure.focus()
    for _ in range(lines - 3):
        page.keyboard.press("Shift+ArrowRight")
    driver.wait_for_state(page, NAME, lambda now: now["stage"]["step"] == lines)
    assert story.count() == 0 and figure.locator('[data-part="histograms"]').count() == 0
    page.keyboard.press("Escape")
    driver.wait_for_state(page, NAME, lambda now: now["stage"]["step"] == last)
    assert figure.locator('[data-part="histograms"]').count() == 1


def test_models_of_other_shapes_draw(own_page: Page, models: Path) -> None:
    state = opened(own_page, model="./both", text="The cat saw the dog", line="position")
    assert state["norm"]["kind"] is None and state["line"] == "position"
    state = opened(own_page, model="./pair", text="The cat saw", target="A dog", stack="encoder")
    assert not state["direct"] and state["top"] is None
    assert "No logits here" in driver.component(own_page, NAME).inner_text()
    state = opened(
        own_page, model="./pair", text="The cat saw", target="A dog", stack="decoder", line="cross", block=0
    )
    assert state["line"] == "L0 cross-attention" and state["norm"]["name"] == "decoder.blocks.0.ln2"
