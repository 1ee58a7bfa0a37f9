"""The Feed-forward page in a real browser: its numbers against `core`, its hands, steps, switches, link, phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import core
from core.analysis.neurons import top_texts
from core.analysis.neurons.activation_curves import bends, curve
from core.analysis.neurons.feed_forward import promoted, token_steps
from core.analysis.neurons.knockouts import knock_out_neurons
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

TEXT = "The cook baked a"


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page on the test's text; returns what the picture shows."""
    driver.open_page(page, "feed_forward", **({"v": 1, "text": TEXT, "block": 3} | query))
    state: dict[str, Any] = driver.component_state(page, "feed_forward")
    return state


def until(page: Page, **wanted: Any) -> dict[str, Any]:
    """Until the picture's state has these values, and no run of the page is under way."""
    holds = lambda now: all(now[key] == value for key, value in wanted.items())  # noqa: E731
    driver.wait_for_state(page, "feed_forward", holds)
    driver.wait_until_drawn(page)
    return dict(driver.wait_for_state(page, "feed_forward", holds))


def test_before_the_first_step_no_neuron_is_called_the_strongest(page: Page) -> None:
    state = opened(page, snapshot=0, stage=3)
    figure = driver.component(page, "feed_forward")
    assert not core.load("tales-gpt", snapshot=0).transformer.blocks[3].mlp.W_out.any()
    assert state["needed"] == 0 and state["says"]["up"] == []
    expect(figure).to_contain_text("one of 512 that write nothing")
    expect(figure).to_contain_text("none writes anything")
    expect(figure).to_contain_text("so it pushes no token")
    expect(figure).not_to_contain_text("the strongest")


def test_every_number_is_cores(page: Page, lm: core.LanguageModel) -> None:
    state = opened(page, block=2, follow=2, neuron=76, silent="2.93", bend="gelu")
    as_is = token_steps(lm, TEXT, 2, 2)
    one = as_is.neuron(76)
    shown = state["neuron"]
    assert (shown["number"], state["row"], state["off"]) == (76, 2, [93])
    assert shown["pre"] == pytest.approx(one.pre, rel=1e-5)
    assert shown["post"] == pytest.approx(one.post, rel=1e-5)
    assert shown["share"] == pytest.approx(as_is.shares[76], rel=1e-5)
    total = sum(term["p"] for term in shown["terms"]) + shown["rest"]["sum"] + shown["bias"]
    assert total == pytest.approx(one.pre, abs=1e-4)
    for term in shown["terms"]:
        assert term["x"] * term["w"] == pytest.approx(term["p"], rel=1e-4)
        assert term["p"] == pytest.approx(one.products[term["d"]], rel=1e-5)
    bent = bends(lm, TEXT, 2)
    np.testing.assert_allclose(shown["along"], bent.post[:, 76], rtol=1e-5)
    assert state["fires"] == pytest.approx(bent.firing[2])
    assert state["needed"] == as_is.needed() and state["most"][0] == as_is.strongest(1)[0]
    assert state["beside"]["dot"] == pytest.approx(float(curve("gelu", np.array([one.pre])).y[0]), rel=1e-5)
    word = lm.tokenizer.display
    assert state["says"]["up"] == [word(i) for i in promoted(lm, 2, 76, 6).ids]
    kept = top_texts.bundled(lm)
    assert kept is not None and state["windows"] == len(kept.windows(2, 76))
    found = knock_out_neurons(lm, TEXT, 2, [93], row=2)
    for token in state["next"]:
        assert token["before"] == pytest.approx(found.before[token["id"]], abs=1e-5)
        assert token["after"] == pytest.approx(found.after[token["id"]], abs=1e-5)


def test_a_neuron_is_chosen_and_switched_off_by_hand(page: Page, lm: core.LanguageModel) -> None:
    state = opened(page)
    strongest = token_steps(lm, TEXT, 3).strongest(3)
    assert state["neuron"]["number"] == strongest[0] and state["off"] == []
    figure = driver.component(page, "feed_forward")
    figure.focus()
    page.keyboard.press("-")
    driver.wait_for_state(page, "feed_forward", lambda now: now["neuron"]["number"] == strongest[1])
    checks.quickly(page, "feed_forward", "-", "-", "+", "o")
    now = until(page, off=[strongest[2]])
    assert now["neuron"]["number"] == strongest[2]
    figure.get_by_role("button", name="Switch on").click()
    until(page, off=[])
    page.keyboard.press("+")
    figure.locator("[data-grid=post]").click(position={"x": 4, "y": 4})
    driver.wait_for_state(page, "feed_forward", lambda now: now["neuron"]["number"] == 0)
    driver.wait_for_link(page, "neuron=0")
    figure.locator('[data-row="2"]').click()
    now = until(page, row=2)
    assert now["neuron"]["pre"] == pytest.approx(token_steps(lm, TEXT, 3, 2).pre[0], rel=1e-4)
    page.keyboard.press("ArrowDown")
    until(page, row=3)


def test_groups_of_neurons_are_switched_off_below_the_picture(page: Page, lm: core.LanguageModel) -> None:
    opened(page)
    page.get_by_role("combobox", name="Switched off").click()
    page.get_by_role("option", name="all of the block").click()
    now = until(page, off=512)
    found = knock_out_neurons(lm, TEXT, 3, range(512))
    assert now["next"][0]["after"] == pytest.approx(found.after[now["next"][0]["id"]], abs=1e-5)
    driver.wait_for_link(page, "silence=all")


def test_the_steps_lead_through_the_layer_answer_and_notebook(
    page: Page, browser: Browser, server: driver.Server, tmp_path: Path
) -> None:
    state = opened(page, stage=0, neuron=330)
    figure = driver.component(page, "feed_forward")
    assert state["stage"]["step"] == 0 and figure.locator("[data-grid]").count() == 0
    figure.locator("[data-act=next]").click()
    driver.wait_for_state(page, "feed_forward", lambda now: now["stage"]["step"] == 1)
    assert figure.locator("[data-grid]").count() == 1
    figure.focus()
    page.keyboard.press(".")
    driver.wait_for_state(page, "feed_forward", lambda now: now["stage"]["step"] == 2)
    said = figure.locator('[data-part="step"]').text_content() or ""
    assert "ReLU²" in said and figure.locator("[data-grid]").count() == 2
    driver.wait_for_link(page, "stage=2")
    driver.wait_until_drawn(page)
    checks.link_restores(page, browser, server, "feed_forward")
    page.keyboard.press("Escape")
    driver.wait_for_state(page, "feed_forward", lambda now: now["stage"]["step"] == 4)
    driver.wait_until_drawn(page)
    # The question is answered, and the notebook runs.
    assert "of its length before the attention" in checks.answered(page)
    checks.run_notebook(page, tmp_path)


def test_a_sample_is_read_with_one_click(own_page: Page) -> None:
    driver.open_page(own_page, "feed_forward", model="./both", text="The fox and the crow", corpus="own")
    below = driver.component_state(own_page, "feed_forward_activations")
    assert not below["sampled"] and below["firing"]["tokens"] == len(
        driver.component_state(own_page, "feed_forward")["tokens"]
    )
    assert driver.component_state(own_page, "feed_forward")["windows"] == 0
    own_page.get_by_role("button", name="Read it").click()
    driver.wait_for_state(own_page, "feed_forward_activations", lambda now: now["sampled"])
    driver.wait_for_state(
        own_page, "feed_forward", lambda now: now["windows"] == 1 or "nowhere" in now["about"]
    )
