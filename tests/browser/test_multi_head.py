"""The Multi-head page in a real browser: what it draws against `core`, by mouse and by keyboard."""

from __future__ import annotations

import statistics
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import core
from core.analysis.attention_steps import attention_steps
from core.analysis.head_effects import head_effects, knock_out, switch_off
from core.analysis.head_patterns import NAMES, head_jobs, head_maps
from core.analysis.head_shares import head_shares
from core.analysis.query_key import query_key
from core.hooks import intervene
from tests.browser import checks, driver
from tests.browser.test_attention import slowdown

TEXT = "Lily lost a red ball. Ben found the red"
BLOCK, HEAD = 3, 2


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page on the test's text and head; returns what the picture shows."""
    driver.open_page(page, "multi_head", **({"v": 1, "text": TEXT, "block": BLOCK, "head": HEAD} | query))
    state: dict[str, Any] = driver.component_state(page, "multi_head")
    return state


def wait(page: Page, **wanted: Any) -> dict[str, Any]:
    """Wait until the picture's state has these values."""
    state: dict[str, Any] = driver.wait_for_state(
        page, "multi_head", lambda now: all(now[name] == value for name, value in wanted.items())
    )
    return state


def tile(page: Page, block: int, head: int) -> tuple[float, float]:
    """The middle of a head's small map on the screen: the frames of all tiles stand in order."""
    boxes = (
        driver.component(page, "multi_head")
        .locator("[data-part=grid] rect")
        .evaluate_all(
            "all => all.map(t => t.getBoundingClientRect()).map(b => [b.x + b.width / 2, b.y + b.height / 2])"
        )
    )
    heads = driver.component_state(page, "multi_head")["heads"]
    x, y = boxes[block * heads + head]
    return float(x), float(y)


def token(page: Page, side: str, place: int) -> Any:
    """A token's chip in the panel of lines."""
    return driver.component(page, "multi_head").locator(f'[data-part="{side} tokens"] .gb-chip').nth(place)


def press(page: Page, selector: str) -> None:
    """Click one of the picture's own buttons."""
    driver.component(page, "multi_head").locator(selector).click()


def has_added(count: int, state: dict[str, Any]) -> bool:
    """Whether the picture has added so many heads up."""
    return bool(state["join"]["added"] == count)


def test_every_head_is_named_as_core_names_it_and_a_click_chooses_it(
    page: Page, lm: core.LanguageModel
) -> None:
    state = opened(page)
    maps = head_maps(lm, TEXT)
    jobs = head_jobs(lm, maps)
    assert state["roles"] == [name for line in jobs.names for name in line]
    assert state["tokens"] == [lm.tokenizer.display(i) for i in maps.ids]
    grid = driver.component(page, "multi_head").locator("[data-part=grid]").text_content() or ""
    for block, head in [(0, 0), (1, 3), (2, 2), (3, 2)]:
        assert f"L{block}H{head}" in grid
        page.mouse.click(*tile(page, block, head))
        page.mouse.move(5, 5)
        state = wait(page, block=block, head=head, exact=True, shown=[block, head])
        np.testing.assert_allclose(state["weights"], maps.maps[block, head, -1], atol=1e-5)
        assert state["role"] == jobs.names[block][head]
        at = [NAMES[job] for job in ("previous", "recent", "first", "itself", "same", "induction")]
        scores = {NAMES[job]: score.weight for job, score in jobs.scores.items() if score.weight is not None}
        for name, shown in zip(at, state["scores"], strict=False):
            assert (shown is None) == (name not in scores)
            assert shown is None or shown == pytest.approx(scores[name][block, head], abs=1e-5)
        if state["score"] is not None:
            assert f"{state['score']:.2f}" in grid
    page.wait_for_url(lambda url: "block=3" in url or "block" not in url)  # 3 is where the app begins
    driver.wait_until_drawn(page)
    page.mouse.dblclick(*tile(page, 1, 3))
    page.locator('[data-component="attention"]').wait_for()
    driver.wait_until_drawn(page)
    arrived = driver.component_state(page, "attention")
    assert (arrived["block"], arrived["head"], arrived["tokens"]) == (1, 3, state["tokens"])


def test_pointing_at_tokens_tiles_and_cells_shows_their_weights(page: Page, lm: core.LanguageModel) -> None:
    opened(page)
    maps = head_maps(lm, TEXT).maps
    spent = []
    figure = driver.component(page, "multi_head")
    for row in (2, 5, 8, 3, 9, 1):
        token(page, "left", row).hover(force=True)
        state = wait(page, row=row)
        np.testing.assert_allclose(state["weights"], maps[BLOCK, HEAD, row], atol=1e-5)
        spent.append(float(figure.get_attribute("data-ms") or "nan"))
    for block, head in [(0, 1), (2, 3), (1, 0)]:
        page.mouse.move(*tile(page, block, head))
        state = wait(page, shown=[block, head])
        np.testing.assert_allclose(state["weights"], maps[block, head, -1], atol=0.5 / 255 + 1e-6)
        spent.append(float(figure.get_attribute("data-ms") or "nan"))
    page.mouse.move(5, 5)
    wait(page, shown=[BLOCK, HEAD])
    assert statistics.median(spent) < 16 * slowdown(), f"pointing takes {spent} ms in the browser"
    token(page, "left", 4).click(force=True)
    page.mouse.move(5, 5)
    wait(page, row=4)
    page.wait_for_url(lambda url: "row=4" in url)
    driver.wait_until_drawn(page)
    press(page, "[data-panel=map]")
    wait(page, panel="map")
    driver.wait_until_drawn(page)  # an image has no size before it is decoded
    x, y, width, height = figure.locator('[data-part="map"] image').evaluate(
        "image => (({x, y, width, height}) => [x, y, width, height])(image.getBoundingClientRect())"
    )
    n = len(maps[0, 0])
    page.mouse.click(x + width * 3.5 / n, y + height * 7.5 / n)
    page.mouse.move(5, 5)
    wait(page, row=7, col=3)


def test_query_and_key_multiply_to_the_score(page: Page, lm: core.LanguageModel) -> None:
    opened(page, panel="pair", row=6)
    asked = query_key(attention_steps(lm, TEXT, BLOCK, HEAD), 6)
    rows = driver.component(page, "multi_head").locator('[data-part="pair keys"] .gb-chip')
    for key in (0, 3, 6):
        rows.nth(key).hover(force=True)
        pair = wait(page, col=key)["pair"]
        np.testing.assert_allclose(pair["products"], asked.products[key], rtol=1e-4, atol=1e-4)
        assert pair["sum"] == pytest.approx(float(asked.scores[key]), rel=1e-4, abs=1e-3)
        assert pair["scaled"] == pytest.approx(float(asked.scaled[key]), rel=1e-4, abs=1e-3)
    text = driver.component(page, "multi_head").locator('[data-part="pair sum"]').text_content() or ""
    assert f"{asked.weights[6]:.3f}" in text


def test_the_steps_add_the_heads_up_to_the_attentions_output(page: Page, lm: core.LanguageModel) -> None:
    state = opened(page)
    shares = head_shares(lm, TEXT, BLOCK)
    figure = driver.component(page, "multi_head")
    assert state["step"] == 0
    for name in ("map", "pair", "join"):
        press(page, "[data-act=next]")
        state = wait(page, panel=name)
    for added in range(5):
        state = driver.wait_for_state(page, "multi_head", partial(has_added, added))
        join = state["join"]
        assert join["share"] == pytest.approx(float(shares.shares[:added].sum()), abs=1e-4)
        length = float(np.linalg.norm(shares.vectors[:added].sum(axis=0)))
        assert join["length"] == pytest.approx(length, rel=1e-4, abs=1e-4)
        figure.focus()
        if added < 4:
            page.keyboard.press(".")
    assert join["share"] == pytest.approx(1, abs=1e-4)
    assert join["gap"] < 1e-3 * float(np.abs(shares.out).max())
    np.testing.assert_allclose(join["norms"], shares.norms, rtol=1e-4)
    assert "the very same numbers" in (figure.locator('[data-part="join sum"]').text_content() or "")
    page.keyboard.press(".")
    state = wait(page, panel="effect")
    assert state["step"] == state["steps"] - 1
    page.keyboard.press("Shift+ArrowLeft")
    wait(page, panel="join")
    page.keyboard.press("Escape")
    wait(page, panel="lines")
    page.keyboard.press(" ")
    assert wait(page, panel="map")["playing"]
    page.keyboard.press(" ")
    wait(page, playing=False)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.locator('[data-component="home"]').wait_for()


def test_heads_switched_off_change_the_maps_and_the_prediction(page: Page, lm: core.LanguageModel) -> None:
    state = opened(page, block=1, head=3)
    before = state["next"][0]
    press(page, "[data-off=head]")
    state = wait(page, changed=True, off=["1.3"])
    found = knock_out(lm, TEXT, [(1, 3)])
    for shown in state["next"]:
        assert shown["before"] == pytest.approx(float(found.before[shown["id"]]), abs=1e-4)
        assert shown["after"] == pytest.approx(float(found.after[shown["id"]]), abs=1e-4)
    with intervene(*switch_off([(1, 3)])):
        maps = head_maps(lm, TEXT).maps
    driver.component(page, "multi_head").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    state = wait(page, block=3, head=2, exact=True)
    np.testing.assert_allclose(state["weights"], maps[3, 2, -1], atol=1e-5)
    page.keyboard.press("o")
    wait(page, off=["1.3", "3.2"])
    press(page, "[data-off=block]")
    wait(page, off=["1.3", "3.0", "3.1", "3.2", "3.3"])
    press(page, "[data-off=all]")
    state = driver.wait_for_state(page, "multi_head", lambda now: len(now["off"]) == 16 and now["changed"])
    everything = knock_out(lm, TEXT, [(block, head) for block in range(4) for head in range(4)])
    driver.wait_for_state(
        page,
        "multi_head",
        lambda now: all(abs(t["after"] - float(everything.after[t["id"]])) < 1e-4 for t in now["next"]),
    )
    page.wait_for_url(lambda url: "off=%2A" in url or "off=*" in url)
    press(page, "[data-off=none]")
    state = wait(page, off=[], changed=False)
    assert state["next"][0]["after"] == pytest.approx(before["before"], abs=1e-6)


def test_every_head_is_a_dot_of_weight_and_effect(page: Page, lm: core.LanguageModel) -> None:
    effect = opened(page, panel="effect")["effect"]
    alone = head_effects(lm, TEXT)
    np.testing.assert_allclose(effect["change"], alone.change, atol=1e-3)
    np.testing.assert_allclose(effect["weight"], head_maps(lm, TEXT).maps[:, :, -1].max(-1), atol=1e-5)
    figure = driver.component(page, "multi_head")
    assert figure.locator("[data-dot]").count() == 16
    block, head = np.unravel_index(int(np.abs(alone.change).argmax()), alone.change.shape)
    figure.locator(f'[data-dot="{block}.{head}"]').click(force=True)
    page.mouse.move(5, 5)
    wait(page, block=int(block), head=int(head))
    shown = figure.locator('[data-part="dot names"]').text_content() or ""
    assert f"{np.exp(alone.before):.3f} → {np.exp(alone.after[block, head]):.3f}" in shown


def part(page: Page, name: str) -> str:
    """The words in a part of the picture."""
    return driver.component(page, "multi_head").locator(f'[data-part="{name}"]').text_content() or ""


def test_a_score_says_on_what_it_rests_and_what_it_measures(page: Page, lm: core.LanguageModel) -> None:
    text = "A red ball was lost. She found the red"
    state = opened(page, text=text)
    jobs = head_jobs(lm, head_maps(lm, text))
    assert state["role"] == jobs.names[BLOCK][HEAD] == NAMES["induction"]
    assert jobs.scores["induction"].rows == 1
    assert "on 1 token of this text" in part(page, "header")
    twice = jobs.repeats["induction"].weight
    assert twice is not None
    assert f"random tokens said twice {twice[BLOCK, HEAD]:.2f}: no general habit" in part(page, "header")
    figure = driver.component(page, "multi_head")
    for name in (NAMES["first"], "spread evenly", "induction on random tokens"):
        figure.locator(f'[data-score="{name}"]').hover()
        tip = figure.locator(".gb-tip")
        tip.wait_for()
        assert "ean over" in tip.inner_text()


def test_a_later_token_is_said_to_be_out_of_sight(page: Page) -> None:
    opened(page, panel="map")
    driver.wait_until_drawn(page)
    box = driver.component(page, "multi_head").locator('[data-part="map"] image').bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.95 * box["width"], box["y"] + 0.3 * box["height"])
    driver.wait_for_state(page, "multi_head", lambda now: now["col"] > now["row"])
    assert "cannot see" in part(page, "header")
    assert "it comes later" in part(page, "header")


def test_names_follow_the_heads_that_are_off(page: Page, lm: core.LanguageModel) -> None:
    text = "A red ball was lost. She found the red"
    state = opened(page, text=text, off="1.3")
    with intervene(*switch_off([(1, 3)])):
        jobs = head_jobs(lm, head_maps(lm, text))
    assert state["roles"] == [name for line in jobs.names for name in line]
    usual = head_jobs(lm, head_maps(lm, text)).scores["induction"].weight
    assert usual is not None
    assert state["was"] == f"induction {usual[BLOCK, HEAD]:.2f}"
    assert f"all heads on: {state['was']}" in part(page, "header")
    assert "later heads read differently" in part(page, "grid hint")
    press(page, "[data-off=all]")
    driver.wait_for_state(page, "multi_head", lambda now: len(now["off"]) == 16)
    assert "later heads" not in part(page, "grid hint")
    assert "nowhere" in part(page, "grid hint")


def test_reset_sets_back_what_a_head_that_is_off_adds(page: Page) -> None:
    opened(page, off="1.3", instead="mean")
    chosen = page.get_by_role("radio", name="its mean over the text")
    assert chosen.get_attribute("aria-checked") == "true"
    press(page, "[data-off=none]")
    wait(page, off=[], changed=False)
    expect(page.get_by_role("radio", name="nothing")).to_be_checked()
    page.wait_for_url(lambda url: "instead" not in url)


def test_the_largest_effect_stands_in_words(page: Page, lm: core.LanguageModel) -> None:
    text = "A red ball was lost. She found the red"
    effect = opened(page, text=text, panel="effect")["effect"]
    alone = head_effects(lm, text)
    block, head = alone.largest
    assert effect["largest"] == [block, head]
    assert block < BLOCK, "on this text a head before the chosen one matters most"
    assert f"L{block}H{head} " in part(page, "effect axes")
    change = f"{np.exp(alone.before):.3f} → {np.exp(alone.after[block, head]):.3f}"
    assert change in part(page, "effect axes")
    with intervene(*switch_off([(block, head)])):
        less = head_maps(lm, text).maps[BLOCK, HEAD, -1]
    row = head_maps(lm, text).maps[BLOCK, HEAD, -1]
    col = int(row.argmax())
    np.testing.assert_allclose(effect["reader"], [BLOCK, HEAD, col, row[col], less[col]], atol=1e-4)
    assert f"{less[col]:.2f} of its attention, not" in part(page, "effect axes")
    press(page, "[data-off=all]")
    driver.wait_for_state(page, "multi_head", lambda now: len(now["off"]) == 16)
    driver.wait_until_drawn(page)
    assert "none is left to switch off" in part(page, "effect axes")


@pytest.mark.parametrize("size", [driver.DESKTOP, driver.PHONE])
def test_no_dots_name_lies_on_a_dot_or_another_name(page: Page, size: Any) -> None:
    page.set_viewport_size(size)
    opened(page, text="A red ball was lost. She found the red", panel="effect")
    driver.wait_until_drawn(page)
    boxes = "all => all.map(e => e.getBoundingClientRect()).map(b => [b.left, b.right, b.top, b.bottom])"
    figure = driver.component(page, "multi_head")
    names = figure.locator('[data-part="dot names"] text').evaluate_all(boxes)
    dots = figure.locator("[data-dot]").evaluate_all(boxes)
    assert len(names) >= 12
    for i, (left, right, top, bottom) in enumerate(names):
        for l, r, t, b in names[:i]:  # noqa: E741
            assert right <= l or r <= left or bottom <= t + 3 or b <= top + 3
        for l, r, t, b in dots:  # noqa: E741
            x, y = (l + r) / 2, (t + b) / 2
            assert not (left < x < right and top + 3 < y < bottom - 3)


def test_a_phone_is_told_to_tap(page: Page) -> None:
    page.set_viewport_size(driver.PHONE)
    opened(page)
    driver.wait_until_drawn(page)
    assert "tap one" in part(page, "grid hint")
    assert "point" not in part(page, "grid hint")


def test_the_frame_of_a_pair_holds_its_number(page: Page) -> None:
    opened(page, panel="pair")
    figure = driver.component(page, "multi_head")
    frame = figure.locator('[data-part="pair sum"] rect').first.bounding_box()
    edges = figure.locator('[data-part="pair rows"] text').evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().right)"
    )
    assert frame
    assert max(edges) <= frame["x"] + frame["width"] - 3


def test_pointing_at_a_role_dims_the_other_heads(page: Page) -> None:
    state = opened(page)
    figure = driver.component(page, "multi_head")
    name = next(name for name in dict.fromkeys(state["roles"]) if 0 < state["roles"].count(name) < 16)
    figure.locator(f'[data-role="{name}"]').hover()
    expect(figure.locator("[data-part=dim] rect")).to_have_count(16 - state["roles"].count(name))


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ({"model": "./both", "text": "The cat saw the dog"}, "self"),
        ({"model": "./pair", "text": "A fox", "stack": "encoder"}, "encoder"),
        ({"model": "./pair", "text": "A fox", "target": "The dog", "stack": "decoder"}, "self"),
        (
            {"model": "./pair", "text": "A fox", "target": "The", "stack": "decoder", "attention": "cross"},
            "cross",
        ),
    ],
)
def test_every_shape_of_model_draws_every_panel(
    own_page: Page, models: Path, query: dict[str, str], kind: Any
) -> None:
    state = opened(own_page, **query, block=1, head=1)
    lm = core.load(str(models / query["model"].removeprefix("./")))
    target = query.get("target", "") if query["model"] == "./pair" else None
    maps = head_maps(lm, query["text"], attention=kind, target=target).maps
    assert state["kind"] == kind
    np.testing.assert_allclose(state["weights"], maps[1, 1, state["row"]], atol=1e-5)
    for panel in ("map", "pair", "join", "effect"):
        press(own_page, f"[data-panel={panel}]")
        state = wait(own_page, panel=panel)
    shares = head_shares(lm, query["text"], 1, row=state["row"], attention=kind, target=target)
    press(own_page, "[data-panel=join]")
    np.testing.assert_allclose(wait(own_page, panel="join")["join"]["shares"][:3], shares.shares, atol=1e-4)
    assert own_page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_hundred_and_forty_four_heads_are_drawn_and_named(own_page: Page, models: Path) -> None:
    text = "The fox and the crow sat in the wood and the sun and the wind met a lion by the river"
    state = opened(own_page, model="./large", text=text, block=7, head=11)
    lm = core.load(str(models / "large"))
    assert len(state["roles"]) == 144
    figure = driver.component(own_page, "multi_head")
    for block, head in [(0, 0), (11, 11), (5, 7)]:
        own_page.mouse.click(*tile(own_page, block, head))
        own_page.mouse.move(5, 5)
        state = wait(own_page, block=block, head=head, exact=True)
        expected = head_maps(lm, "".join(state["tokens"][1:])).maps[block, head, -1]
        np.testing.assert_allclose(state["weights"], expected, atol=1e-5)
    press(own_page, "[data-panel=effect]")
    assert not wait(own_page, panel="effect")["effect"]["measured"]
    own_page.get_by_role("button", name="Measure 144 heads").click()
    effect = driver.wait_for_state(own_page, "multi_head", lambda now: now["effect"]["measured"], 60)[
        "effect"
    ]
    alone = head_effects(lm, "".join(state["tokens"][1:]))
    np.testing.assert_allclose(effect["change"], alone.change, atol=1e-3)
    assert figure.locator("[data-dot]").count() == 144
    names = figure.locator("[data-part=grid]").text_content() or ""
    assert "H11" in names
    assert "L11" in names
    driver.wait_until_drawn(own_page)
    width = figure.locator("[data-part=grid] image").evaluate("image => image.getBoundingClientRect().width")
    assert width > 380


def test_predict_notebook_and_link(
    page: Page, browser: Browser, server: driver.Server, tmp_path: Any
) -> None:
    opened(page, row=6, off="1.3", panel="join", added=2)
    checks.answered(page)
    checks.run_notebook(page, tmp_path)
    checks.link_restores(page, browser, server, "multi_head")


@pytest.mark.parametrize("panel", ["lines", "map", "pair", "join", "effect"])
def test_accessible_and_whole_on_the_first_screen(page: Page, panel: str) -> None:
    driver.open_page(page, "multi_head", panel=panel, off="0.1")
    for theme in ("dark", "light"):
        checks.accessible(page, "multi_head", theme, "16 heads")
    checks.first_screen(page)
    small = (
        driver.component(page, "multi_head")
        .locator("button:visible")
        .evaluate_all(
            "all => all.filter(b => b.offsetHeight < 44 && !b.matches('.gb-door')).map(b => b.outerHTML)"
        )
    )
    assert not small
