"""The Multi-head page in a real browser: what it draws against `core`, by mouse and by keyboard."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import core
from core.analysis.heads.composition import composition
from core.analysis.heads.effects import head_effects, knock_out, switch_off
from core.analysis.heads.jobs import head_jobs
from core.analysis.heads.patterns import NAMES, head_maps
from core.analysis.heads.query_key import query_key
from core.analysis.heads.sets import set_effects
from core.analysis.heads.shares import head_shares
from core.analysis.heads.steps import attention_steps
from core.decoding.answering import answer_with
from core.hooks import intervene
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

TEXT = "A red ball was lost. She found the red"
BLOCK, HEAD = 3, 2
BOXES = "all => all.map(e => e.getBoundingClientRect()).map(b => [b.left, b.right, b.top, b.bottom])"


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
    middles = driver.middles(page, driver.component(page, "multi_head"), "[data-part=grid] rect")
    return middles[block * driver.component_state(page, "multi_head")["heads"] + head]


def token(page: Page, side: str, place: int) -> Any:
    """A token's chip in the panel of lines."""
    return driver.component(page, "multi_head").locator(f'[data-part="{side} tokens"] .gb-chip').nth(place)


def press(page: Page, selector: str) -> None:
    """Click one of the picture's own buttons."""
    driver.component(page, "multi_head").locator(selector).click()


def part(page: Page, name: str) -> str:
    """The words in a part of the picture."""
    return driver.component(page, "multi_head").locator(f'[data-part="{name}"]').text_content() or ""


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
    figure = driver.component(page, "multi_head")
    for row in (2, 5, 8, 3, 9, 1):
        driver.hover(page, token(page, "left", row))
        state = wait(page, row=row)
        np.testing.assert_allclose(state["weights"], maps[BLOCK, HEAD, row], atol=1e-5)
    for block, head in [(0, 1), (2, 3), (1, 0)]:
        page.mouse.move(*tile(page, block, head))
        state = wait(page, shown=[block, head])
        np.testing.assert_allclose(state["weights"], maps[block, head, -1], atol=0.5 / 255 + 1e-6)
    page.mouse.move(5, 5)
    wait(page, shown=[BLOCK, HEAD])
    driver.click(page, token(page, "left", 4))
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
    page.mouse.move(x + 0.95 * width, y + 0.3 * height)
    driver.wait_for_state(page, "multi_head", lambda now: now["col"] > now["row"])
    assert "cannot see" in part(page, "header")
    assert "it comes later" in part(page, "header")
    page.mouse.click(x + width * 3.5 / n, y + height * 7.5 / n)
    page.mouse.move(5, 5)
    state = wait(page, row=7, col=3)
    name = next(name for name in dict.fromkeys(state["roles"]) if 0 < state["roles"].count(name) < 16)
    figure.locator(f'[data-role="{name}"]').hover()
    expect(figure.locator("[data-part=dim] rect")).to_have_count(16 - state["roles"].count(name))
    for name in (NAMES["first"], "spread evenly", "induction on random tokens"):
        figure.locator(f'[data-score="{name}"]').hover()
        expect(figure.locator(".gb-tip")).to_contain_text("ean over")


def multiplied(page: Page, lm: core.LanguageModel, row: int) -> None:
    """In the panel of queries and keys, the products of a row with some keys are those of `core`."""
    asked = query_key(attention_steps(lm, TEXT, BLOCK, HEAD), row)
    figure = driver.component(page, "multi_head")
    keys = figure.locator('[data-part="pair keys"] .gb-chip')
    for key in (0, 3, 6):
        driver.hover(page, keys.nth(key))
        pair = wait(page, col=key)["pair"]
        np.testing.assert_allclose(pair["products"], asked.products[key], rtol=1e-4, atol=1e-4)
        assert pair["sum"] == pytest.approx(float(asked.scores[key]), rel=1e-4, abs=1e-3)
        assert pair["scaled"] == pytest.approx(float(asked.scaled[key]), rel=1e-4, abs=1e-3)
    frame = figure.locator('[data-part="pair sum"] rect').first.bounding_box()
    edges = [right for _, right, _, _ in figure.locator('[data-part="pair rows"] text').evaluate_all(BOXES)]
    assert frame
    assert max(edges) <= frame["x"] + frame["width"] - 3
    page.mouse.move(5, 5)


def test_the_steps_add_the_heads_up_to_the_attentions_output(page: Page, lm: core.LanguageModel) -> None:
    state = opened(page)
    shares = head_shares(lm, TEXT, BLOCK)
    figure = driver.component(page, "multi_head")
    assert state["step"] == 0 and state["whole"]
    press(page, "[data-act=next]")
    assert wait(page, panel="lines", whole=False)["step"] == 0
    for name in ("map", "pair"):
        press(page, "[data-act=next]")
        state = wait(page, panel=name)
    multiplied(page, lm, state["row"])
    press(page, "[data-act=next]")
    wait(page, panel="join")
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
    wait(page, panel="lines", whole=True)
    page.keyboard.press(" ")
    assert wait(page, panel="map", playing=True)["playing"]
    page.keyboard.press(" ")
    wait(page, playing=False)
    page.keyboard.press("Escape")
    wait(page, panel="lines", whole=True)
    page.keyboard.press("Escape")
    page.locator('[data-component="home"]').wait_for()


def test_heads_switched_off_change_the_maps_and_the_prediction(page: Page, lm: core.LanguageModel) -> None:
    state = opened(page, block=1, head=3, instead="mean")
    before = state["next"][0]
    page.get_by_text("nothing", exact=True).click()
    page.wait_for_url(lambda url: "instead" not in url)
    driver.wait_until_drawn(page)
    press(page, "[data-off=head]")
    state = wait(page, changed=True, off=["1.3"])
    found = knock_out(lm, TEXT, [(1, 3)])
    for shown in state["next"]:
        assert shown["before"] == pytest.approx(float(found.before[shown["id"]]), abs=1e-4)
        assert shown["after"] == pytest.approx(float(found.after[shown["id"]]), abs=1e-4)
    plain = head_jobs(lm, head_maps(lm, TEXT))
    with intervene(*switch_off([(1, 3)])):
        maps = head_maps(lm, TEXT).maps
        jobs = head_jobs(lm, head_maps(lm, TEXT), chance=plain.chance)
    driver.component(page, "multi_head").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    state = wait(page, block=3, head=2, exact=True)
    np.testing.assert_allclose(state["weights"], maps[3, 2, -1], atol=1e-5)
    assert state["roles"] == [name for line in jobs.names for name in line]
    assert state["was"].startswith(plain.names[3][2])
    assert f"all heads on: {state['was']}" in part(page, "header")
    assert "later heads read differently" in part(page, "grid hint")
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
    driver.wait_until_drawn(page)
    assert "later heads" not in part(page, "grid hint")
    assert "nowhere" in part(page, "grid hint")
    press(page, "[data-off=none]")
    state = wait(page, off=[], changed=False)
    assert state["next"][0]["after"] == pytest.approx(before["before"], abs=1e-6)


def test_every_head_is_a_dot_of_weight_and_effect(page: Page, lm: core.LanguageModel) -> None:
    effect = opened(page, panel="effect")["effect"]
    alone, maps = head_effects(lm, TEXT), head_maps(lm, TEXT).maps
    np.testing.assert_allclose(effect["change"], alone.change, atol=1e-3)
    np.testing.assert_allclose(effect["weight"], maps[:, :, -1].max(-1), atol=1e-5)
    # On a phone and on a desktop no name lies on a dot.
    figure = driver.component(page, "multi_head")
    for size in (driver.PHONE, driver.DESKTOP):
        page.set_viewport_size(size)
        driver.wait_until_drawn(page)
        assert figure.locator("[data-dot]").count() == 16
        no_name_lies_on_a_dot(figure)
        if size == driver.PHONE:
            assert "tap one" in part(page, "grid hint")
            assert "point" not in part(page, "grid hint")
    # The head whose effect is largest is named, and a click chooses it.
    block, head = alone.largest
    assert effect["largest"] == [block, head]
    assert block < BLOCK, "on this text a head before the chosen one matters most"
    with intervene(*switch_off([(block, head)])):
        less = head_maps(lm, TEXT).maps[BLOCK, HEAD, -1]
    row = maps[BLOCK, HEAD, -1]
    col = int(row.argmax())
    np.testing.assert_allclose(effect["reader"], [BLOCK, HEAD, col, row[col], less[col]], atol=1e-4)
    # What is written is the rounded form of what the state holds: rounding anew here could differ in the last place.
    changed = (
        f"{np.exp(effect['before']):.3f} → {np.exp(effect['before'] + effect['change'][block][head]):.3f}"
    )
    said = part(page, "effect axes")
    assert f"L{block}H{head} " in said
    assert changed in said
    assert f"{effect['reader'][4]:.2f} of its attention, not" in said
    driver.click(page, figure.locator(f'[data-dot="{block}.{head}"]'))
    page.mouse.move(5, 5)
    wait(page, block=int(block), head=int(head), exact=True)
    expect(figure.locator('[data-part="dot names"]')).to_contain_text(changed)
    press(page, "[data-off=all]")
    driver.wait_for_state(page, "multi_head", lambda now: len(now["off"]) == 16 and now["changed"])
    expect(figure.locator('[data-part="effect axes"]')).to_contain_text("none is left to switch off")


def no_name_lies_on_a_dot(figure: Any) -> None:
    """Nor on another name."""
    names = figure.locator('[data-part="dot names"] text').evaluate_all(BOXES)
    dots = figure.locator("[data-dot]").evaluate_all(BOXES)
    assert len(names) >= 12
    for i, (left, right, top, bottom) in enumerate(names):
        for l, r, t, b in names[:i]:  # noqa: E741
            assert right <= l or r <= left or bottom <= t + 3 or b <= top + 3
        for l, r, t, b in dots:  # noqa: E741
            x, y = (l + r) / 2, (t + b) / 2
            assert not (left < x < right and top + 3 < y < bottom - 3)


def test_below_the_picture_scores_stand_beside_chance_and_heads_work_together(
    page: Page, lm: core.LanguageModel
) -> None:
    opened(page, block=1, head=0)
    state = below(page)
    jobs, fits = head_jobs(lm, head_maps(lm, TEXT)), composition(lm)
    for row in state["rows"]:
        job = next((job for job, name in NAMES.items() if name == row["name"]), None)
        if job is not None:
            assert row["line"] == pytest.approx(jobs.chance.text[job].line, abs=1e-6)
            np.testing.assert_allclose(row["values"], jobs.scores[job].weight[1], atol=1e-5)
            assert row["named"] == [name == row["name"] for name in jobs.names[1]]
    assert {row["name"] for row in state["rows"]} >= {"previous token", "induction", "punctuation"}
    assert fits.strongest
    i, h, j, g = fits.strongest
    assert state["pair"] == [[i, h], [j, g]]
    assert state["score"] == pytest.approx(fits.scores[i, h, j, g], abs=1e-6)
    assert len(state["sets"]) == 7

    figure = driver.component(page, "multi_head_composition")
    driver.click(page, figure.locator('[data-cell="0.3"]'))
    wait(page, block=1, head=3, exact=True)
    driver.wait_until_drawn(page)
    figure.locator('[data-fit="map"]').click(position=cell_of(figure, (0, 1), (2, 3)), force=True)
    state = below(page, pair=[[0, 1], [2, 3]])
    assert state["score"] == pytest.approx(fits.scores[0, 1, 2, 3], abs=1e-6)
    wait(page, block=2, head=3, exact=True)
    page.keyboard.press("ArrowDown")
    below(page, pair=[[0, 2], [2, 3]])
    figure.locator("[data-way=Q]").click()
    queries = composition(lm, "Q")
    state = below(page, way="Q", pair=[[0, 2], [2, 3]])
    assert state["score"] == pytest.approx(queries.scores[0, 2, 2, 3], abs=1e-6)
    (pair,) = set_effects(lm, TEXT, [[(0, 2), (2, 3)]])
    assert state["sets"][0]["heads"] == [[0, 2], [2, 3]]
    assert state["sets"][0]["joint"] == pytest.approx(pair.joint, abs=1e-4)
    assert state["sets"][0]["total"] == pytest.approx(pair.total, abs=1e-4)
    page.get_by_role("button", name="Switch off L0H2 + L2H3").click()
    wait(page, off=["0.2", "2.3"], changed=True)
    page.wait_for_url(lambda url: "pair=" in url and "compose=Q" in url and "off=" in url)


def below(page: Page, **wanted: Any) -> dict[str, Any]:
    """Wait until the part below the picture, as the page has answered, has these values."""
    driver.wait_for_state(
        page, "multi_head_composition", lambda now: all(now[name] == value for name, value in wanted.items())
    )
    if "pair" in wanted:
        driver.wait_for_state(
            page, "multi_head_composition", lambda now: now["sets"][0]["heads"] == wanted["pair"]
        )
    driver.wait_until_drawn(page)
    state: dict[str, Any] = driver.component_state(page, "multi_head_composition")
    return state


def cell_of(figure: Any, writer: tuple[int, int], reader: tuple[int, int]) -> Any:
    """Where a pair's cell lies in the map of a model with 4 blocks of 4 heads."""
    box = figure.locator('[data-fit="map"]').bounding_box()
    row, col = 4 * writer[0] + writer[1], 4 * reader[0] + reader[1]
    return {"x": box["width"] * (col + 0.5) / 16, "y": box["height"] * (row + 0.5) / 16}


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ({"model": "./both", "text": "The cat saw the dog"}, "self"),
        ({"model": "./pair", "text": "A fox", "stack": "encoder"}, "encoder"),
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


def test_the_model_writes_an_answer_and_heads_get_names(own_page: Page, models: Path) -> None:
    text, lm = "The fox and the crow", core.load(str(models / "pair"))
    state = opened(own_page, model="./pair", text=text, block=1, head=1)
    assert state["kind"] == "cross", "where nothing is typed, the model's own answer is read"
    written = answer_with(lm, "", lm.generate(text, max_new_tokens=63).ids)
    ids = lm.tokenizer.encode(written, add_special_tokens=False)
    assert len(state["tokens"]) == 1 + len(ids)
    own_page.get_by_role("button", name="Let the model write it").click()
    expect(own_page.get_by_label("Answer so far").first).to_have_value(written)
    state = driver.wait_for_state(own_page, "multi_head", lambda now: len(now["tokens"]) == 1 + len(ids))
    maps = head_maps(lm, text, attention="cross", target=written).maps
    np.testing.assert_allclose(state["weights"], maps[1, 1, state["row"]], atol=1e-5)


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
    effect = driver.wait_for_state(own_page, "multi_head", lambda now: now["effect"]["measured"])["effect"]
    alone = head_effects(lm, "".join(state["tokens"][1:]))
    np.testing.assert_allclose(effect["change"], alone.change, atol=1e-3)
    assert figure.locator("[data-dot]").count() == 144
    names = figure.locator("[data-part=grid]").text_content() or ""
    assert "H11" in names
    assert "L11" in names
    driver.wait_until_drawn(own_page)
    width = figure.locator("[data-part=grid] image").evaluate("image => image.getBoundingClientRect().width")
    assert width > 380


def test_accessible_and_whole_on_the_first_screen_and_in_the_notebook_and_the_link(
    page: Page, browser: Browser, server: driver.Server, tmp_path: Path
) -> None:
    opened(page, row=6, off="0.1 1.3", added=2)
    for theme, panels in {"dark": ("map", "join", "effect"), "light": ("effect", "pair", "lines")}.items():
        for panel in panels:
            press(page, f"[data-panel={panel}]")
            wait(page, panel=panel)
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
    # The answer, the notebook and the link.
    page.set_viewport_size(driver.DESKTOP)
    driver.wait_until_drawn(page)
    press(page, "[data-panel=join]")
    wait(page, panel="join")
    driver.wait_for_link(page, "panel=join")
    driver.wait_until_drawn(page)
    checks.answered(page)
    checks.run_notebook(page, tmp_path)
    checks.link_restores(page, browser, server, "multi_head")
