"""The Attention page in a real browser: every step's numbers against `core`, by mouse and by keyboard."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import core
from core.analysis.heads.cost import LENGTHS
from core.analysis.heads.masks import MaskRule, under_masks
from core.analysis.heads.shared_keys import sharings
from core.analysis.heads.steps import AttentionSteps, Change, attention_steps
from core.decoding.answering import answer_with
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

TEXT = "The cat sat. The dog saw the cat"
BLOCK, HEAD = 2, 1


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page on the test's text, block and head; returns what the picture shows."""
    driver.open_page(page, "attention", v=1, text=TEXT, block=BLOCK, head=HEAD, **query)
    state: dict[str, Any] = driver.component_state(page, "attention")
    return state


def wait(page: Page, **wanted: Any) -> dict[str, Any]:
    """Wait until the picture's state has these values."""
    state: dict[str, Any] = driver.wait_for_state(
        page, "attention", lambda now: all(now[name] == value for name, value in wanted.items())
    )
    return state


def value_of(steps: AttentionSteps, state: dict[str, Any]) -> float:
    """The number that core has for the cell that the picture shows."""
    matrices = {"scores": steps.scores, "scale": steps.scaled, "mask": steps.masked, "softmax": steps.pattern}
    if state["step"] in matrices:
        return float(matrices[state["step"]][state["row"], state["col"]])
    q, k = (a if b is None else b for a, b in ((steps.q, steps.q_norm), (steps.k, steps.k_norm)))
    turned = steps.rot_k if state["keyed"] else steps.rot_q
    strips = {"x": steps.x, "q": q, "k": k, "v": steps.v, "turn": turned, "sum": steps.z, "out": steps.result}
    return float(strips[state["step"]][state["col" if state["keyed"] else "row"], state["dim"]])


def agrees(state: dict[str, Any], steps: AttentionSteps) -> None:
    """The shown cell, its written-out sum and the predictions are core's."""
    expected = value_of(steps, state)
    if np.isfinite(expected):
        assert state["value"] == pytest.approx(expected, rel=1e-4, abs=1e-4)
    else:
        assert state["value"] is None
    if state["step"] in ("scores", "v", "turn", "sum", "out") and not state["edits"]:
        assert state["sum"] == pytest.approx(expected, rel=1e-3, abs=1e-3)
        assert sum(state["terms"]) + state["rest"] == pytest.approx(expected, rel=1e-3, abs=1e-3)
    for token in state["next"]:
        assert token["before"] == pytest.approx(float(steps.before[token["id"]]), abs=1e-4)
        assert token["after"] == pytest.approx(float(steps.after[token["id"]]), abs=1e-4)


def predicts(state: dict[str, Any], steps: AttentionSteps) -> bool:
    """Whether the first of the shown predictions is that of `steps`."""
    first = state["next"][0]
    return abs(first["after"] - float(steps.after[first["id"]])) < 1e-4


def cell(page: Page, row: int, column: int) -> tuple[float, float]:
    """Where the middle of a cell of the large matrix is on the screen: from the frames that mark a chosen one."""
    middles = driver.middles(page, driver.component(page, "attention"), "[data-part=panels] text")
    return middles[row * round(len(middles) ** 0.5) + column]


def row_is_in_view(page: Page, row: int) -> bool:
    """Return whether the picture shows the chip of this row."""
    figure = driver.component(page, "attention")
    box = figure.locator("[data-part=chips] .gb-chip").nth(row).bounding_box()
    clip = figure.locator("#att-rows rect").evaluate(
        "r => [r.y.baseVal.value, r.y.baseVal.value + r.height.baseVal.value]"
    )
    top = figure.locator("svg").first.bounding_box()
    assert box and top
    middle = box["y"] + box["height"] / 2 - top["y"]
    return bool(clip[0] <= middle <= clip[1])


def test_every_step_both_ways_shows_the_numbers_of_core_and_the_explained_row(
    page: Page, lm: core.LanguageModel
) -> None:
    opened(page)
    # Nothing was chosen but a step: the page asks what it asked before.
    asked = page.locator(".st-key-gb-card-predict .gb-line span").first
    before = asked.inner_text()
    page.locator('[data-component="attention"] .gb-steps [data-act="next"]').click()
    driver.wait_for_link(page, "step=0")
    driver.wait_until_drawn(page)
    assert asked.inner_text() == before
    # Every step shows the numbers of core, on the way there and back.
    state = driver.component_state(page, "attention")
    steps = attention_steps(lm, TEXT, BLOCK, HEAD)
    assert (state["block"], state["head"], state["step"]) == (BLOCK, HEAD, "x")
    assert state["tokens"] == [lm.tokenizer.display(i) for i in steps.ids]
    figure = driver.component(page, "attention")
    figure.locator("[data-act=next]").click()
    for name in state["steps"][1:]:
        agrees(wait(page, step=name), steps)
        figure.focus()
        page.keyboard.press(".")
    assert wait(page, step="scores")["whole"], "after the last step"
    page.keyboard.press(",")
    agrees(wait(page, step=state["steps"][-1]), steps)
    for name in reversed(state["steps"][:-1]):
        page.keyboard.press("Shift+ArrowLeft")
        agrees(wait(page, step=name), steps)
    figure.locator("[data-act=back]")
    figure.locator(".att-step").nth(state["steps"].index("softmax")).click()
    agrees(wait(page, step="softmax"), steps)
    figure.locator(".att-step").first.click()
    wait(page, step="x")
    driver.wait_until_drawn(page)
    # A longer text brings the explained row into view, and the keys bring the first one.
    text = "Once upon a time, Lily lived by the lake. One day, she met a cat and a dog"
    page.get_by_label("Your text").first.fill(text)
    page.keyboard.press("Control+Enter")
    state = driver.wait_for_state(page, "attention", lambda now: len(now["tokens"]) > 20)
    driver.wait_until_drawn(page)
    row = state["row"]
    assert row == len(state["tokens"]) - 1
    assert row_is_in_view(page, row) and not row_is_in_view(page, 0), (
        "the card explains a row that the picture shows"
    )
    figure.focus()
    for _ in range(row):
        page.keyboard.press("ArrowUp")
    wait(page, row=0)
    driver.wait_until_drawn(page)
    assert row_is_in_view(page, 0) and not row_is_in_view(page, row)


def test_hover_select_and_arrows(page: Page, lm: core.LanguageModel) -> None:
    state = opened(page)
    assert state["step"] == "scores"
    steps = attention_steps(lm, TEXT, BLOCK, HEAD)
    for row, column in [(4, 2), (5, 3), (6, 1), (2, 7), (8, 0), (3, 3), (7, 5), (1, 1)]:
        page.mouse.move(*cell(page, row, column))
        agrees(wait(page, row=row, col=column, hover=True), steps)
    page.mouse.move(5, 5)
    wait(page, hover=False)
    page.mouse.click(*cell(page, 5, 3))
    wait(page, row=5, col=3)
    expect(page.locator(".att-edit")).to_be_focused()
    page.keyboard.press("Escape")  # closes the box for a new value
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    agrees(wait(page, row=4, col=2), steps)
    driver.wait_for_link(page, "row=4", "col=2")


def test_escape_leads_to_home_and_the_token_of_a_chosen_row_is_followed_on_other_pages(page: Page) -> None:
    state = opened(page)
    driver.component(page, "attention").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    row = wait(page, row=len(state["tokens"]) - 3)["row"]
    driver.wait_for_link(page, f"follow={row}", f"row={row}")
    page.keyboard.press("Escape")
    driver.component(page, "home").wait_for()
    driver.wait_for_state(page, "home", lambda now: now["row"] == row)
    driver.wait_until_drawn(page)
    page.wait_for_url(f"**head={HEAD}**")
    assert driver.component_state(page, "home")["block"] == BLOCK
    driver.component(page, "home").press("ArrowUp")
    driver.wait_for_link(page, f"follow={row - 1}", without="row=")
    driver.wait_until_drawn(page)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Positions").click()
    driver.component(page, "positions").wait_for()
    driver.wait_for_state(page, "positions", lambda now: now["cell"]["row"] == row - 1)


def test_a_click_counts_when_the_picture_is_drawn_anew_in_the_middle_of_it(page: Page) -> None:
    opened(page)
    page.mouse.move(*cell(page, 5, 3))
    wait(page, row=5, col=3, hover=True)
    page.mouse.down()
    driver.component(page, "attention").locator("svg").first.evaluate(
        "svg => svg.querySelectorAll('*').forEach(node => node.replaceWith(node.cloneNode(true)))"
    )
    page.mouse.up()
    assert page.locator(".att-edit").input_value() != ""
    driver.wait_for_link(page, "row=5", "col=3")


def test_an_edited_score_and_a_window_on_the_head_reach_the_prediction(
    page: Page, lm: core.LanguageModel
) -> None:
    before = opened(page, row=3, col=1, step=5)
    driver.component(page, "attention").focus()
    page.keyboard.press("Enter")
    box = page.locator(".att-edit")
    box.fill("99")
    box.press("Enter")
    state = wait(page, changed=True)
    steps = attention_steps(lm, TEXT, BLOCK, HEAD, change=Change(edits=((3, 1, 99.0),)))
    agrees(state, steps)
    assert state["edits"] == [[3, 1, 99]]
    assert state["value"] == 99
    page.keyboard.press(".")
    page.keyboard.press(".")
    page.keyboard.press(".")
    agrees(wait(page, step="softmax"), steps)
    assert driver.component_state(page, "attention")["value"] > 0.5
    page.get_by_role("button", name="Reset", exact=True).last.click()
    after = wait(page, changed=False)
    assert [token["after"] for token in after["next"]] == [token["before"] for token in before["next"]]
    driver.wait_until_drawn(page)
    # A window on this head alone changes the prediction, and its menu stays open.
    page.get_by_role("button", name="Sliding window").click()
    page.locator('[data-testid="stCheckbox"] label', has_text="On this head").click()
    steps = attention_steps(lm, TEXT, BLOCK, HEAD, change=Change(window=4, sinks=1))
    state = driver.wait_for_state(page, "attention", partial(predicts, steps=steps))
    agrees(state, steps)
    assert state["moved"] == pytest.approx(steps.moved.tolist(), abs=1e-4)
    driver.wait_for_link(page, "local=1")
    slider = page.get_by_test_id("stPopoverBody").get_by_role("slider").first  # the menu stays open
    slider.focus()
    page.keyboard.press("ArrowLeft")
    steps = attention_steps(lm, TEXT, BLOCK, HEAD, change=Change(window=3, sinks=1))
    agrees(driver.wait_for_state(page, "attention", partial(predicts, steps=steps)), steps)


def test_hidden_scores_a_blind_row_and_a_key_shown_in_spite_of_the_mask(
    page: Page, lm: core.LanguageModel
) -> None:
    opened(page, row=0, col=0, step=6)
    figure = driver.component(page, "attention")
    figure.focus()
    page.keyboard.press("Delete")  # the only key that row 0 sees
    state = wait(page, changed=True)
    hidden = (0, 0, -np.inf)
    agrees(state, attention_steps(lm, TEXT, BLOCK, HEAD, change=Change(edits=(hidden,))))
    assert (state["blind"], state["edits"]) == ([0], [[0, 0, None]])
    assert "reads nothing: all scores are −∞" in state["hint"]
    for _ in range(2):
        page.keyboard.press(".")
    state = wait(page, step="softmax")
    assert state["value"] == 0
    assert "nan" not in figure.inner_text().lower()
    page.keyboard.press(",")
    wait(page, step="mask")
    page.mouse.click(*cell(page, 2, 5))  # in the future
    box = page.locator(".att-edit")
    assert box.input_value() == "−∞"
    box.fill("4")
    box.press("Enter")
    state = driver.wait_for_state(page, "attention", lambda now: len(now["edits"]) == 2)
    shown = Change(edits=(hidden, (2, 5, state["edits"][1][2])), shown=((2, 5),))
    agrees(state, attention_steps(lm, TEXT, BLOCK, HEAD, change=shown))
    assert state["value"] == pytest.approx(4, abs=1e-3)
    page.mouse.click(*cell(page, 3, 1))
    page.get_by_role("button", name="Hide: minus infinity").click()
    driver.wait_for_state(page, "attention", lambda now: [3, 1, None] in now["edits"])
    page.mouse.click(*cell(page, 2, 5))
    box.press("Backspace")  # Delete would hide it
    box.press("Enter")
    driver.wait_for_state(
        page, "attention", lambda now: [edit[:2] for edit in now["edits"]] == [[0, 0], [3, 1]]
    )


def test_masks_shared_keys_and_the_cost(page: Page, lm: core.LanguageModel) -> None:
    opened(page)
    figure = driver.component(page, "attention_variants")
    state = driver.component_state(page, "attention_variants")
    rules = [MaskRule(), MaskRule(causal=False), MaskRule(window=4), MaskRule(window=4, sinks=1)]
    for shown, rule, one in zip(state["masks"], rules, under_masks(lm, TEXT, rules)):
        assert shown["loss"] == pytest.approx(one.loss, abs=1e-4)
        for token in shown["next"]:
            assert token["p"] == pytest.approx(float(one.probabilities[token["id"]]), abs=1e-4)
        assert shown["seen"] == np.flatnonzero(rule.matrix(len(one.allowed))[state["row"]]).tolist()
    for shown, way in zip(state["shared"], sharings(lm, TEXT), strict=True):
        assert (shown["kv"], shown["bytes"]) == (way.kv_heads, way.cache)
        assert shown["loss"] == pytest.approx(way.loss, abs=1e-4)
    figure.focus()
    page.keyboard.press("ArrowUp")
    row = state["row"] - 1
    state = driver.wait_for_state(page, "attention_variants", lambda now: now["row"] == row)
    assert state["masks"][2]["seen"] == np.flatnonzero(rules[2].matrix(row + 1)[row]).tolist()
    wait(page, row=row)  # the picture above follows
    at = driver.component_state(page, "attention")["tokens"].index(" sat")
    figure.locator("[data-part=masks] text", has_text="·sat").first.hover()
    driver.wait_for_state(
        page,
        "attention_variants",
        lambda now: now["hover"] and now["masks"][0]["seen"] == list(range(at + 1)),
    )
    page.get_by_role("button", name="Measure now").click()
    page.get_by_role("button", name="Measure again").wait_for()
    driver.wait_until_drawn(page)
    cost = driver.component_state(page, "attention_variants")["cost"]
    first, last = cost[0], cost[-1]
    assert [one["n"] for one in cost] == list(LENGTHS[: len(cost)]) and len(cost) >= 5
    assert (first["n"], last["bytes"]) == (16, 4 * last["n"] ** 2 * 4)
    said = " ".join(figure.locator("text").all_text_contents())
    left_out = "Longer texts would not have fitted into the time" in said
    assert (last["n"] == LENGTHS[-1]) != left_out, "on a busy machine it ends earlier, and says so"
    assert last["attention"] > first["attention"] * last["n"] / first["n"] / 4
    state = driver.component_state(page, "attention_variants")
    assert state["curves"]["attention"][0] > 0


def test_dragging_a_score_moves_the_prediction_while_it_is_held(page: Page) -> None:
    opened(page, row=4, col=2)
    x, y = cell(page, 4, 2)
    page.mouse.click(x, y)
    page.locator(".att-edit").wait_for()
    page.mouse.move(x, y)
    page.mouse.down()
    for up in range(1, 9):
        page.mouse.move(x, y - 25 * up)
        page.wait_for_timeout(40)
    held = wait(page, changed=True)
    page.mouse.up()
    assert held["edits"][0][:2] == [4, 2]
    last = float(page.locator(".att-edit").input_value())
    driver.wait_for_state(
        page, "attention", lambda now: now["edits"] and abs(now["edits"][0][2] - last) < 0.01
    )


def test_switches_text_and_head_change_the_picture(page: Page, lm: core.LanguageModel) -> None:
    opened(page, row=3, col=1)
    # With scaling off, the card says so.
    card = driver.component(page, "attention").locator("[data-part=card]")
    expect(card).to_contain_text("then ÷ √32")
    page.get_by_text("Scale by 1/√32").click()
    state = driver.wait_for_state(page, "attention", lambda now: now["changed"])
    assert state["step"] == "scores"
    expect(card).to_contain_text(f"scaling is off: it stays {state['value']:.2f}".replace("-", "−"))
    expect(card).not_to_contain_text("√32")
    driver.wait_until_drawn(page)
    page.get_by_text("Scale by 1/√32").click()
    wait(page, changed=False)
    driver.wait_until_drawn(page)
    # Each switch, the head and the text change the numbers as they do in core.
    for label, change in [
        ("Causal mask", Change(mask=False)),
        ("Turn by position", Change(mask=False, turn=False)),
        ("Scale by 1/√", Change(mask=False, turn=False, scale=False)),
    ]:
        page.locator('[data-testid="stCheckbox"] label', has_text=label).click()
        steps = attention_steps(lm, TEXT, BLOCK, HEAD, change=change)
        state = driver.wait_for_state(page, "attention", partial(predicts, steps=steps))
        agrees(state, steps)
    driver.component(page, "attention").focus()
    page.keyboard.press("3")
    state = wait(page, head=3)
    agrees(state, attention_steps(lm, TEXT, BLOCK, 3, change=Change(mask=False, turn=False, scale=False)))
    box = page.get_by_label("Your text").first
    box.fill("Ben ran")
    box.press("Control+Enter")
    state = driver.wait_for_state(page, "attention", lambda now: "".join(now["tokens"]).endswith("Ben ran"))
    agrees(
        state, attention_steps(lm, "Ben ran", BLOCK, 3, change=Change(mask=False, turn=False, scale=False))
    )


def test_predict_notebook_and_link(
    page: Page, browser: Browser, server: driver.Server, lm: core.LanguageModel, tmp_path: Any
) -> None:
    opened(page, row=6, mask=0, sharpness=0.5)
    said = checks.answered(page)
    change = Change(mask=False, temperature=0.5)
    steps = attention_steps(lm, TEXT, BLOCK, HEAD, change=change)
    column = int(np.where(steps.pattern[6] < 0.5, steps.pattern[6], 0).argmax())
    edits = ((6, column, 2 * float(steps.scores[6, column])),)
    after = attention_steps(lm, TEXT, BLOCK, HEAD, change=replace(change, edits=edits))
    told = f"from {steps.pattern[6, column]:.3f} to {after.pattern[6, column]:.3f}."
    assert told in said
    page.get_by_role("button", name="Show it").click()
    state = wait(page, step="softmax", row=6, col=column)
    agrees(state, after)
    expect(page.locator(".gb-reveal")).to_contain_text(told)
    page.get_by_role("button", name="Take it back").click()
    agrees(driver.wait_for_state(page, "attention", partial(predicts, steps=steps)), steps)
    expect(page.locator(".gb-reveal")).to_contain_text(told)
    page.get_by_role("button", name="Another").click()
    expect(page.locator(".gb-reveal")).to_have_count(0)
    checks.run_notebook(page, tmp_path)
    checks.link_restores(page, browser, server, "attention")


def test_a_key_is_hidden_by_its_button_or_by_delete_after_a_click(page: Page, lm: core.LanguageModel) -> None:
    names = opened(page, row=6, col=3)["steps"]
    plain = attention_steps(lm, TEXT, BLOCK, HEAD)
    figure = driver.component(page, "attention")
    for step in ("scores", "softmax"):
        figure.locator(".att-step").nth(names.index(step)).click()
        wait(page, step=step, whole=False, row=6, col=3)
        hidden = attention_steps(lm, TEXT, BLOCK, HEAD, change=Change(edits=((6, 3, -math.inf),)))
        figure.get_by_role("button", name="Hide this key from the row").click()
        agrees(wait(page, edits=[[6, 3, None]]), hidden)
        figure.get_by_role("button", name="Show it again").click()
        agrees(wait(page, edits=[]), plain)
        page.mouse.click(*cell(page, 6, 4))
        wait(page, row=6, col=4)
        if step == "scores":  # the box for another score takes the focus
            expect(figure.locator(".att-edit")).to_be_focused()
        page.keyboard.press("Delete")
        hidden = attention_steps(lm, TEXT, BLOCK, HEAD, change=Change(edits=((6, 4, -math.inf),)))
        agrees(wait(page, edits=[[6, 4, None]], row=6, col=4), hidden)
        # The next step starts with nothing hidden, from the cell that this one started from.
        page.mouse.move(5, 5)
        figure.get_by_role("button", name="Show it again").click()
        wait(page, edits=[])
        figure.focus()
        page.keyboard.press("ArrowLeft")
        wait(page, row=6, col=3, hover=False)
        driver.wait_until_drawn(page)


def test_a_full_stop_that_is_asked_about_is_set_off(page: Page) -> None:
    driver.open_page(page, "attention", text="A red ball was lost. She found the red", row=9, col=6)
    wait(page, row=9, col=6)
    asked = page.locator(".st-key-gb-card-predict h2")
    expect(asked).to_contain_text("has for “.”. What becomes")


def test_an_encoder_decoder_reads_its_source_and_the_model_writes_the_rows(
    own_page: Page, models: Path
) -> None:
    text, lm = "The fox and the crow", core.load(models / "pair")
    driver.open_page(own_page, "attention", model="./pair", text=text, block=1, head=1)
    written = answer_with(lm, "", lm.generate(text, max_new_tokens=63).ids)
    rows = 1 + len(lm.tokenizer.encode(written, add_special_tokens=False))
    assert rows > 2
    state = wait(own_page, row=rows - 1)
    agrees(state, attention_steps(lm, text, 1, 1, attention="cross", target=written))
    own_page.get_by_role("button", name="Let the model write it").click()
    driver.wait_for_link(own_page, "target=")
    agrees(wait(own_page, row=rows - 1), attention_steps(lm, text, 1, 1, attention="cross", target=written))


def test_a_narrow_matrix_says_what_a_score_is(page: Page) -> None:
    driver.open_page(page, "attention", model="tales-t5")
    hint = driver.component(page, "attention").locator("[data-hint]")
    assert hint.text_content() == "row asks, column answers: do the two fit?", "over a narrow matrix, too"


def test_the_rows_that_are_out_of_view_are_named_and_come_in_by_a_press(page: Page) -> None:
    text = (
        "Once upon a time there was a small house beside the park, and Cyril lived there. One day he lost it"
    )
    driver.open_page(page, "attention", text=text)
    figure = driver.component(page, "attention")
    rows = len(driver.component_state(page, "attention")["tokens"])
    # The last row is followed, so the beginning is out of view: a sign at the top says so, and is a button.
    assert figure.get_by_role("button", name="below").count() == 0
    above = figure.get_by_role("button", name="above")
    first = int(above.inner_text().split("–")[1].split()[0]) + 1
    assert above.inner_text() == f"rows 0–{first - 1}\nabove" and 0 < first < rows
    chip = figure.locator('g[data-part="chips"] text').first
    clip = figure.locator("#att-rows rect")
    assert chip.bounding_box()["y"] < clip.evaluate("one => one.getBoundingClientRect().top")  # type: ignore[index]
    above.click()
    figure.get_by_role("button", name="below").wait_for()
    assert above.count() == 0 and figure.locator('g[data-part="chips"] text').first.text_content() == "<s>"
    assert figure.get_by_role("button", name="below").inner_text().endswith(f"–{rows - 1} below")
