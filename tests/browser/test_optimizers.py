"""The Optimizers page in a real browser: what it draws is what core computes; hands, keys, searches, other shapes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

import core
from core.analysis.health.landscape import measure, random_plane
from core.runs import recorded
from core.runs.worker import here
from core.training.adam_steps import STEPS, follow, place, train
from core.training.optimizer_comparison import RATES, quintet
from core.training.race import race
from core.training.rate_finder import search
from core.training.rules import KINDS, Rule
from core.training.surfaces import SURFACES
from pages.optimizers import runs as real_runs
from pages.optimizers.figure import NAMES
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

TEXT = "Once upon a time, Lily saw a"


@pytest.fixture(scope="module")
def server(training_server: driver.Server) -> driver.Server:
    """A server with workers."""
    return training_server


def opened(page: Page, **query: Any) -> Any:
    """Open the page; the race's state."""
    driver.open_page(page, "optimizers", **({"text": TEXT} | query))
    return driver.component_state(page, "optimizers")


def tracks(surface: str, steps: int, start: Any = None, **settings: Any) -> Any:
    """The race that the page should show."""
    ground = SURFACES[surface]
    rates = ground.rates | settings.pop("rates", {})
    return race(ground, start or ground.start, [Rule(kind, rates[kind], **settings) for kind in KINDS], steps)


def agree(state: Any, expected: Any) -> None:
    """What stands at the shown step is what core's tracks have there."""
    for shown, track in zip(state["tracks"], expected, strict=True):
        at = min(state["lap"], track.steps)
        assert shown["id"] == track.rule.kind
        np.testing.assert_allclose(shown["point"], track.points[at], rtol=1e-5, atol=1e-6)
        assert shown["loss"] == pytest.approx(track.losses[at], rel=1e-5, abs=1e-6)


def lacks(kind: str, state: Any) -> bool:
    """Whether this optimizer takes no part."""
    return kind not in [one["id"] for one in state["tracks"]]


def press(page: Page, figure: str, selector: str) -> None:
    """Click a part of a picture."""
    driver.component(page, figure).locator(selector).first.click()


def waits(page: Page, **wanted: Any) -> Any:
    """Until the race's state has these values."""
    return driver.wait_for_state(
        page, "optimizers", lambda now: all(now[key] == value for key, value in wanted.items())
    )


def test_everybody_stands_where_core_puts_them_and_steps_by_hand_and_key(
    page: Page, lm: core.LanguageModel
) -> None:
    state = opened(page)
    expected = tracks("ravine", 60)
    assert (state["surface"], state["lap"], state["steps"]) == ("ravine", 14, 60)
    agree(state, expected)
    assert state["tokens"] == [lm.tokenizer.display(i) for i in lm.encode(TEXT)]
    np.testing.assert_allclose(state["tokenLosses"][1:], -lm.score(TEXT).numpy(), rtol=1e-3, atol=1e-4)
    press(page, "optimizers", "[data-act=next]")
    agree(waits(page, lap=15), expected)
    driver.component(page, "optimizers").focus()
    page.keyboard.press(",")
    page.keyboard.press(",")
    agree(waits(page, lap=13), expected)
    page.keyboard.press("Home")
    state = waits(page, lap=0)
    assert all(one["point"] == pytest.approx(state["start"]) for one in state["tracks"])
    page.keyboard.press("Space")
    assert waits(page, playing=True)
    agree(waits(page, lap=60, playing=False), expected)
    slider = driver.component(page, "optimizers").locator("[data-lap]")
    slider.evaluate(
        "e => { e.value = 12; e.dispatchEvent(new Event('input')); e.dispatchEvent(new Event('change')); }"
    )
    agree(waits(page, lap=12), expected)
    page.wait_for_url(lambda url: "lap=12" in url)


def test_the_numbers_of_a_step_and_of_the_real_runs_are_cores(page: Page) -> None:
    state = opened(page, surface="rosenbrock", lap=7, decay=0.1, nesterov=1, beta=0.8, beta2=0.9)
    settings = {"momentum": 0.8, "beta1": 0.8, "beta2": 0.9, "weight_decay": 0.1, "nesterov": True}
    expected = dict(zip(KINDS, tracks("rosenbrock", 60, **settings)))
    assert state["step"] == 7
    for number, kind in enumerate(KINDS, start=1):
        driver.component(page, "optimizers").focus()
        page.keyboard.press(str(number))
        state = waits(page, racer=kind)
        track = expected[kind]
        agree({**state, "tracks": state["tracks"]}, list(expected.values()))
        for axis, lines in enumerate(state["lines"]):
            shown = dict(lines)
            assert shown["g"] == pytest.approx(track.gradients[6, axis], rel=1e-5)
            assert shown["move"] == pytest.approx(track.points[7, axis], rel=1e-5, abs=1e-6)
            for name, column in (("m", track.first), ("v", track.second), ("mHat", track.first_hat)):
                assert (name in shown) == (not np.isnan(column).any()), (kind, name)
                if name in shown:
                    assert shown[name] == pytest.approx(column[6, axis], rel=1e-5, abs=1e-7)
            if "direction" in shown:
                assert shown["direction"] == pytest.approx(track.directions[6, axis], rel=1e-5, abs=1e-7)
    page.wait_for_url(lambda url: "racer=muon" in url)
    # The five real runs are drawn with their losses.
    state = driver.component_state(page, "toy")
    assert not state["own"] and state["rates"] == dict(RATES)
    for kind in KINDS:
        held = recorded(f"optimizers-{kind}").points().held_out
        assert state["held"][kind] == pytest.approx(held[np.isfinite(held)][-1], rel=1e-5)
    assert [run["id"] for run in state["chart"]["runs"]] == [f"optimizers-{kind}" for kind in KINDS]
    assert all(run["count"] == 200 for run in state["chart"]["runs"])
    table = real_runs.recipe()
    shown = driver.component_state(page, "recipe")
    assert shown["full"] == table["full"]["loss"]
    assert shown["rows"] == [[row["removed"], row["loss"], row["step_time"]] for row in table["rows"]]


def test_the_start_follows_the_hand(page: Page) -> None:
    state = opened(page, surface="waves")
    box = driver.component(page, "optimizers").locator("[data-start] circle").nth(1).bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 150, y + 90, steps=4)
    page.mouse.up()
    before = state["start"]
    state = driver.wait_for_state(page, "optimizers", lambda now: now["start"] != before)
    assert state["start"][0] > before[0] + 1 and state["start"][1] < before[1] - 0.5
    agree(state, tracks("waves", 60, tuple(state["start"])))
    page.wait_for_url(lambda url: "start=" in url)
    driver.component(page, "optimizers").focus()
    page.keyboard.press("ArrowRight")
    moved = driver.wait_for_state(page, "optimizers", lambda now: now["start"][0] > state["start"][0] + 0.1)
    agree(moved, tracks("waves", 60, tuple(moved["start"])))
    driver.wait_until_drawn(page)
    checks.quickly(page, "optimizers", "ArrowRight", "ArrowRight", "ArrowDown")
    goal = [moved["start"][0] + 2 * 5.6 / 28, moved["start"][1] - 4.2 / 21]
    driver.wait_for_state(
        page, "optimizers", lambda now: bool(np.allclose(now["start"], goal, rtol=0, atol=0.02))
    )
    driver.wait_until_drawn(page)
    page.get_by_role("combobox", name="Surface").click()
    page.get_by_role("option", name="Bowl").click()
    agree(waits(page, surface="bowl", start=[-2.0, 1.2]), tracks("bowl", 60))


def test_dials_and_switches(page: Page) -> None:
    state = opened(page)
    figure = driver.component(page, "optimizers")
    dial = figure.locator("[data-rate=sgd]")
    dial.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    driver.wait_for_state(page, "optimizers", lambda now: now["rates"]["sgd"] > 0.11)

    def stands(now: dict[str, Any]) -> bool:  # the dial turns first, what it asks for comes after it
        way = tracks("ravine", 60, rates={"sgd": now["rates"]["sgd"]})[0]
        loss = way.losses[min(now["lap"], way.steps)]
        return bool(now["tracks"][0]["loss"] == pytest.approx(loss, rel=1e-5, abs=1e-6))

    state = driver.wait_for_state(page, "optimizers", stands)
    expected = tracks("ravine", 60, rates={"sgd": state["rates"]["sgd"]})
    agree(state, expected)
    assert state["tracks"][0]["diverged"] == expected[0].diverged
    press(page, "optimizers", "[data-on=momentum]")
    state = driver.wait_for_state(page, "optimizers", lambda now: len(now["tracks"]) == 4)
    assert "momentum" not in [one["id"] for one in state["tracks"]]
    page.wait_for_url(lambda url: "racers=sgd" in url and "rates=sgd" in url)
    for kind in ("sgd", "adam", "adamw", "muon"):
        press(page, "optimizers", f"[data-on={kind}]")
        driver.wait_for_state(page, "optimizers", partial(lacks, kind))
    assert "Nobody takes part" in (figure.locator('[data-part="numbers"]').text_content() or "")
    press(page, "optimizers", "[data-on=adam]")
    driver.wait_for_state(page, "optimizers", lambda now: [one["id"] for one in now["tracks"]] == ["adam"])


def test_who_leaves_the_picture_and_who_diverges_is_said(page: Page) -> None:
    state = opened(page, rates="sgd:0.2 momentum:1e9", lap=-1)
    expected = tracks("ravine", 60, rates={"sgd": 0.2, "momentum": 1e9})
    fates = [one["fate"] for one in state["tracks"]]
    assert fates[0] == f"diverged at {expected[0].diverged}"
    assert fates[1] == "diverged at 1"
    assert fates[2:] == ["", "", ""]
    left = expected[0].left
    assert left is not None and expected[0].diverged is not None and left < expected[0].diverged
    slider = driver.component(page, "optimizers").locator("[data-lap]")
    slider.evaluate(
        f"e => {{ e.value = {left}; e.dispatchEvent(new Event('input')); e.dispatchEvent(new Event('change')); }}"
    )
    assert waits(page, lap=left)["tracks"][0]["fate"] == f"out since {left}"
    shown = driver.component(page, "optimizers").locator('[data-part="row sgd"]').text_content() or ""
    assert f"out since {left}" in shown


def test_a_weights_moments_are_cores_and_doors_lead_home_and_to_the_lab(
    page: Page, lm: core.LanguageModel
) -> None:
    opened(page, block=2, matrix="O", adam=0.003)
    rule = Rule("adam", 0.003)
    ran = train(lm, TEXT, place(lm, 2, "O"), rule)
    state = driver.component_state(page, "moments")
    assert (state["row"], state["col"]) == ran.middling
    assert state["tick"] == state["steps"] == STEPS
    np.testing.assert_allclose(state["losses"], ran.losses, rtol=1e-3)

    def same(state: Any) -> None:
        now = follow(ran, state["row"], state["col"])[state["tick"] - 1]
        shown = state["numbers"]
        for name, value in {
            "g": now.gradient, "m": now.memory.first, "v": now.memory.second, "mHat": now.first_hat,
            "vHat": now.second_hat, "direction": now.direction, "before": now.before, "after": now.after,
        }.items():  # fmt: skip
            assert shown[name] == pytest.approx(float(value), rel=5e-3, abs=1e-7), name
        assert {line: value for line, value, _ in state["lines"]}["move"] == shown["after"]

    same(state)
    figure = driver.component(page, "moments")
    figure.locator("[data-tick]").evaluate(
        "e => { e.value = 3; e.dispatchEvent(new Event('input')); e.dispatchEvent(new Event('change')); }"
    )
    same(driver.wait_for_state(page, "moments", lambda now: now["tick"] == 3))
    box = figure.locator(".op-matrix image").bounding_box()
    assert box
    figure.locator(".op-matrix").click(
        position={"x": box["width"] * 0.25, "y": box["height"] * 0.75}, force=True
    )
    state = driver.wait_for_state(page, "moments", lambda now: (now["row"], now["col"]) != ran.middling)
    driver.wait_until_drawn(page)
    assert abs(state["row"] - 96) <= 1 and abs(state["col"] - 32) <= 1
    same(state)
    page.wait_for_url(lambda url: "wrow=" in url and "tick=3" in url)
    figure.focus()
    page.keyboard.press("ArrowDown")
    same(driver.wait_for_state(page, "moments", lambda now: now["row"] == state["row"] + 1))
    driver.wait_until_drawn(page)
    checks.quickly(page, "moments", "ArrowDown", "ArrowDown", "ArrowRight")
    driver.wait_for_state(
        page, "moments", lambda now: (now["row"], now["col"]) == (state["row"] + 3, state["col"] + 1)
    )
    driver.wait_until_drawn(page)
    # Escape leads home, a door to the lab.
    driver.component(page, "optimizers").focus()
    page.keyboard.press("End")
    waits(page, lap=60)
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "/optimizers" not in url)
    driver.wait_until_drawn(page)
    assert "Lily" in page.get_by_role("textbox", name="Your text").first.input_value()
    page.get_by_role("link", name="Optimizers", exact=True).first.click()
    page.locator('[data-component="optimizers"]').wait_for()
    driver.wait_until_drawn(page)
    press(page, "toy", "[data-door=lab]")
    page.wait_for_url(lambda url: "/lab" in url)


def test_the_five_are_stopped_and_trained_anew(page: Page, server: driver.Server) -> None:
    opened(page, toyrates="adam:0.02")
    train, stop = (page.get_by_role("button", name=name) for name in ("Train all five", "Stop them"))
    with driver.busy(server):
        train.click()
        state = driver.wait_for_state(page, "toy", lambda now: now["own"])
        assert state["rates"]["adam"] == 0.02
        stop.click()
        driver.wait_for_state(page, "toy", lambda now: now["own"] and not now["going"])
    train.click()
    driver.wait_for_state(
        page, "toy", lambda now: now["chart"] and any(run["count"] > 2 for run in now["chart"]["runs"]), 120
    )
    page.wait_for_url(lambda url: "quintet=" in url)


def test_the_race_in_three_dimensions_is_the_race_and_is_in_the_notebook_and_the_link(
    page: Page, browser: Browser, server: driver.Server, tmp_path: Path
) -> None:
    opened(page, surface="beale", lap=30, racer="momentum", rates="adam:0.3", matrix="Q", wrow=3, wcol=4)
    ground = driver.chart(page, "optimizers_ground")
    assert ground.locator("canvas").count() == 0, "it is drawn when the visitor comes near"
    ground.scroll_into_view_if_needed()
    ground.locator("canvas").first.wait_for()
    shown = driver.component_state(page, "optimizers_ground")
    flat = driver.component_state(page, "optimizers")
    assert shown["surface"] == "beale" and set(shown["ways"]) == {one["id"] for one in flat["tracks"]}
    surface = SURFACES["beale"]
    for kind, points in shown["ways"].items():
        heights = [surface.loss(np.array(point)) for point in points[:5]]
        np.testing.assert_allclose(shown["losses"][kind][:5], heights, rtol=1e-6)
    assert driver.picture_of(page, "optimizers_ground", tmp_path / "race.png").startswith(b"\x89PNG")
    assert "<image" in driver.drawing_of(page, "optimizers_ground"), "what WebGL draws is in it"
    page.set_viewport_size(driver.PHONE)
    driver.wait_until_drawn(page)
    page.wait_for_timeout(500)  # Plotly draws anew after the page has come to rest
    checks.apart(page, '[class*="st-key-gb-chart-plotly-optimizers_ground"]', ".modebar-group", ".legendtext")
    page.set_viewport_size(driver.DESKTOP)
    driver.wait_until_drawn(page)
    driver.chart(page, "optimizers_ground").get_by_role("button", name="Table, files").press("Enter")
    rows = page.locator(".gb-twin tbody tr")
    rows.first.wait_for()
    assert rows.count() == sum(map(len, shown["ways"].values()))
    page.keyboard.press("Escape")
    rows.first.wait_for(state="hidden")
    # The answer, the notebook and the link.
    checks.answered(page)
    checks.run_notebook(page, tmp_path)
    checks.link_restores(page, browser, server, "optimizers")


def test_searches_show_what_core_finds(page: Page, lm: core.LanguageModel) -> None:
    opened(page, finder="sgd")
    assert driver.component_state(page, "finder")["trials"] == 0
    page.get_by_role("button", name="Search: 100 steps").click()
    state = driver.wait_for_state(page, "finder", lambda now: now["trials"] == 100)
    expected = list(search(lm, TEXT, "sgd"))
    np.testing.assert_allclose(state["losses"], [trial.loss for trial in expected], rtol=5e-3, atol=1e-3)
    np.testing.assert_allclose(state["rates"], [trial.rate for trial in expected], rtol=1e-5)
    driver.wait_until_drawn(page)
    page.get_by_role("button", name="Measure 441 points").click()
    state = driver.wait_for_state(page, "landscape", lambda now: now["rows"] == 21, 120)
    grid = np.array(list(measure(lm, random_plane(lm), TEXT)))
    shown = np.array(state["heights"]).reshape(21, 21)
    np.testing.assert_allclose(shown[::5, ::5], grid[::5, ::5], rtol=1e-3)
    turned = driver.wait_for_state(page, "optimizers_land", lambda now: now["path"] is not None)
    np.testing.assert_allclose(np.array(turned["heights"])[::5, ::5], grid[::5, ::5], rtol=1e-3)
    assert turned["path"]["steps"][0] == 0
    driver.chart(page, "optimizers_land").scroll_into_view_if_needed()
    driver.chart(page, "optimizers_land").locator("canvas").first.wait_for()
    driver.wait_until_drawn(page)
    page.get_by_role("radio", name="the training path’s own").click()
    driver.wait_for_state(page, "landscape", lambda now: now["rows"] == 0)
    driver.wait_until_drawn(page)
    page.get_by_role("button", name="Measure 441 points").click()
    state = driver.wait_for_state(page, "landscape", lambda now: now["rows"] == 21, 120)
    assert state["path"]["steps"][0] == 0 and state["path"]["losses"][0] > state["path"]["losses"][-1]
    last = len(state["path"]["steps"]) - 1
    assert state["path"]["moment"] == last
    driver.wait_until_drawn(page)
    driver.component(page, "landscape").focus()
    page.keyboard.press(",")
    driver.wait_for_state(page, "landscape", lambda now: now["path"] and now["path"]["moment"] == last - 1)


@pytest.mark.parametrize(
    "query",
    [
        {"model": "./both", "text": "The cat saw the dog"},
        {"model": "./pair", "text": "A fox", "target": "The dog", "stack": "decoder"},
    ],
)
def test_other_shapes_of_model_show_their_own_weights(
    own_page: Page, models: Path, query: dict[str, str]
) -> None:
    opened(own_page, **query, block=1, matrix="V")
    lm = core.load(str(models / query["model"].removeprefix("./")))
    where = place(lm, 1, "V", query.get("stack", "encoder"))
    ran = train(lm, query["text"], where, Rule("adam", 1e-3), query.get("target"))
    state = driver.component_state(own_page, "moments")
    np.testing.assert_allclose(state["losses"], ran.losses, rtol=1e-3)
    assert own_page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("query", [{"surface": "saddle", "lap": -1, "rates": "sgd:5", "decay": 0.1}])
def test_accessible_and_whole_on_the_first_screen(page: Page, query: dict[str, Any]) -> None:
    opened(page, **query)
    for theme in ("dark", "light"):
        checks.accessible(page, "optimizers", theme, "Race on the surface")
    checks.first_screen(page)
    small = (
        driver.component(page, "optimizers")
        .locator("button:visible, input:visible")
        .evaluate_all("all => all.filter(b => b.offsetHeight < 44).map(b => b.outerHTML)")
    )
    assert not small


def test_own_runs_are_followed_live_and_can_be_given_up(
    browser: Browser, server: driver.Server, findings: driver.Findings
) -> None:
    owner = "c" * 32
    store = server.store()
    for kind, spec in quintet({"sgd": 1e6}, steps=12).items():
        here(store, spec.replace(eval_every=6), owner, name=NAMES[kind], group="five-here")
    context = driver.new_context(browser, server, owner=owner)
    tab = context.new_page()
    findings.watch(tab, server.url)
    opened(tab, quintet="five-here")
    state = driver.wait_for_state(
        tab, "toy", lambda now: now["own"] and now["chart"]["runs"][2]["count"] == 12 and not now["going"]
    )
    counts = [run["count"] for run in state["chart"]["runs"]]
    assert counts[0] < 12 and counts[1:] == [12] * 4
    assert state["chart"]["runs"][0]["state"] == "diverged"
    row = driver.component(tab, "toy").locator('[data-part="row sgd"]').text_content() or ""
    assert "diverged" in row
    kept = {run.name: store.points(run.id).held_out for run in store.list(group="five-here")}
    held = kept["Adam"][np.isfinite(kept["Adam"])][-1]
    assert state["held"]["adam"] == pytest.approx(held, rel=1e-5)
    tab.get_by_role("button", name="Show the recorded ones").click()
    driver.wait_for_state(tab, "toy", lambda now: not now["own"])
    context.close()
    assert not findings.messages
