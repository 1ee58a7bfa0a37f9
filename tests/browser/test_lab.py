"""The Training lab in a real browser: a preset trained to its end; pause, rewind, fork, compare, reload, a watcher."""

from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page, expect

import core
from app.kit import modules
from core.runs import Run
from core.runs import load as load_run
from core.runs.worker import here
from core.training import TrainSpec
from pages.lab import presets
from tests import waiting
from tests.browser import checks, driver, tabs
from tests.pages.conftest import SMALL

left_to_full = pytest.mark.full(reason="more runs than the one that the quick tier trains")

NAME = "lab"
TEXT = "Once upon a time, Lily saw a"
OWNER, OTHER = "4" * 32, "9" * 32
WAIT = 240.0  # seconds that a run may take on a busy machine

# A run of seconds that never ends by itself, and one that does.
QUICK = TrainSpec(**(SMALL | {"tokenizer": "characters", "steps": 60, "checkpoints": 6}))
LONG = QUICK.replace(steps=20_000, eval_every=10)

# Counts the page's streams: those opened, and those that are still open.
COUNTED = """() => {
  const Real = window.EventSource;
  window.streams = [];
  window.EventSource = class extends Real { constructor(...given) { super(...given); window.streams.push(this); } };
}"""


@pytest.fixture(scope="module")
def server(training_server: driver.Server) -> driver.Server:
    """A server with workers."""
    return training_server


@pytest.fixture(scope="module")
def ended(server: driver.Server) -> Run:
    """A run in the server's store, trained to its end, of the browser OWNER."""
    with closing(server.store()) as store:
        return here(store, QUICK.replace(eval_every=5), OWNER, name="Run Z")


@contextmanager
def of_owner(
    browser: Browser, server: driver.Server, findings: driver.Findings, fresh: bool = False
) -> Iterator[Page]:
    """A tab of the browser OWNER; its runs that go on are stopped afterwards."""
    try:
        with tabs.opened(browser, server, findings, OWNER, fresh=fresh) as tab:
            yield tab
    finally:
        with closing(server.store()) as store:
            for run in store.list(owner=OWNER):
                if not run.over:
                    store.command(run.id, OWNER, "stop")


@pytest.fixture
def mine(browser: Browser, server: driver.Server, findings: driver.Findings) -> Iterator[Page]:
    """A tab of the owner."""
    with of_owner(browser, server, findings) as tab:
        yield tab


@pytest.fixture
def counted(browser: Browser, server: driver.Server, findings: driver.Findings) -> Iterator[Page]:
    """The same, in which the page's streams are counted."""
    with of_owner(browser, server, findings, fresh=True) as tab:
        tab.add_init_script(f"({COUNTED})()")
        yield tab


def press(page: Page, name: str) -> None:
    """A button of the row over the picture."""
    page.locator('[data-test-script-state="notRunning"]').wait_for()
    page.locator(".st-key-gb-lab-buttons").get_by_role("button", name=name, exact=True).click()


def first(state: Any) -> Any:
    """The curve that the picture is about."""
    return state["runs"][0]


def until(page: Page, holds: Any, seconds: float = WAIT) -> Any:
    """The state, as soon as it satisfies `holds`."""
    return driver.wait_for_state(page, NAME, holds, seconds)


def links(page: Page, words: str) -> None:
    """Wait until the address says so: it follows at the end of a page's run."""
    page.wait_for_function("words => location.href.includes(words)", arg=words, timeout=WAIT * 1000)


def agrees(state: Any, server: driver.Server, id: str) -> None:
    """The drawn curve is the stored one, to the point."""
    with closing(server.store()) as store:
        points, run = store.points(id), store.get(id)
    drawn = next(one for one in state["runs"] if one["id"] == id)
    measured = points.held_out[np.isfinite(points.held_out)]
    assert (drawn["count"], drawn["step"], drawn["state"]) == (len(points), int(points.step[-1]), run.state)
    assert drawn["loss"] == pytest.approx(float(points.loss[-1]), rel=1e-4)
    assert drawn["held_out"] == (pytest.approx(float(measured[-1]), rel=1e-4) if len(measured) else None)


# ---------------------------------------------------------------- a life of a run


@left_to_full
def test_the_default_preset_is_trained_to_its_end_and_every_page_shows_it(
    mine: Page, server: driver.Server
) -> None:
    driver.open_page(mine, NAME, text=TEXT)
    before = driver.component_state(mine, NAME)
    assert (
        first(before)["name"] == "tales-gpt" and before["now"] == 4500 and len(before["film"]["steps"]) == 6
    )
    press(mine, "Start")
    going = until(mine, lambda now: first(now)["name"].startswith("Run ") and now["model"])
    id = first(going)["id"]
    links(mine, f"run%3A{id}")
    assert going["guessing"] == pytest.approx(np.log(63), abs=0.2)
    state = until(mine, lambda now: first(now)["state"] == "done" and now["now"] == presets.default().steps)
    driver.wait_until_drawn(mine)
    agrees(state, server, id)
    assert first(state)["held_out"] < 0.65 * state["guessing"], "noise has become almost-words"
    with closing(server.store()) as store:
        assert state["moments"] == store.steps(id)
    mine.locator("figure[data-component=lab] [data-door=attention]").click()
    mine.locator("figure[data-component=attention][data-state]").wait_for()
    driver.wait_until_drawn(mine)
    shown = driver.component_state(mine, "attention")
    assert "".join(shown["tokens"]).endswith(TEXT)
    links(mine, f"run%3A{id}")


@left_to_full
def test_pause_one_step_space_resume_and_stop(mine: Page, server: driver.Server) -> None:
    driver.open_page(mine, NAME, text=TEXT, spec=LONG.to_json(defaults=False))
    press(mine, "Start")
    name = first(until(mine, lambda now: now["runs"][0]["name"] != "tales-gpt" and first(now)["step"] >= 3))[
        "name"
    ]
    press(mine, "Pause")
    paused = until(mine, lambda now: first(now)["state"] == "paused")
    assert "Resume goes on" in paused["news"] and first(paused)["name"] == name
    press(mine, "One step")
    until(
        mine, lambda now: first(now)["step"] == first(paused)["step"] + 1 and first(now)["state"] == "paused"
    )
    figure = driver.component(mine, NAME)
    figure.focus()
    mine.keyboard.press(".")
    until(
        mine, lambda now: first(now)["step"] == first(paused)["step"] + 2 and first(now)["state"] == "paused"
    )
    mine.keyboard.press(" ")
    until(mine, lambda now: first(now)["step"] > first(paused)["step"] + 6)
    mine.keyboard.press(" ")
    until(mine, lambda now: first(now)["state"] == "paused")
    press(mine, "Stop")
    state = until(mine, lambda now: first(now)["state"] == "stopped")
    driver.wait_until_drawn(mine)
    agrees(state, server, first(state)["id"])
    assert "fork of its last checkpoint" in state["news"]
    expect(
        mine.locator(".st-key-gb-lab-buttons").get_by_role("button", name="Resume", exact=True)
    ).to_be_enabled()


@left_to_full
def test_a_second_person_and_a_reload_see_the_same_curve_and_only_the_owner_commands(
    mine: Page, browser: Browser, server: driver.Server
) -> None:
    driver.open_page(mine, NAME, text=TEXT, spec=LONG.to_json(defaults=False))
    press(mine, "Start")
    going = until(
        mine, lambda now: now["model"] and first(now)["state"] == "running" and first(now)["step"] > 10
    )
    id = first(going)["id"]
    links(mine, f"run%3A{id}")
    context = driver.new_context(browser, server, owner=OTHER)
    other = context.new_page()
    other.goto(mine.url)
    driver.wait_until_drawn(other)
    watched = until(other, lambda now: first(now)["id"] == id and first(now)["step"] > first(going)["step"])
    assert not watched["mine"]
    buttons = other.locator(".st-key-gb-lab-buttons")
    assert buttons.get_by_role("button", name="Start", exact=True).is_visible()
    assert buttons.get_by_role("button", name="Stop", exact=True).is_disabled()
    driver.component(other, NAME).focus()
    other.keyboard.press(" ")  # not the owner's: nothing happens
    mine.reload()
    driver.wait_until_drawn(mine)
    until(mine, lambda now: first(now)["id"] == id and first(now)["step"] > first(watched)["step"])
    press(mine, "Pause")
    one, two = (until(tab, lambda now: first(now)["state"] == "paused") for tab in (mine, other))
    last = max(first(one)["step"], first(two)["step"])  # the word "paused" may come before the last point
    one, two = (until(tab, lambda now: first(now)["step"] == last) for tab in (mine, other))
    agrees(one, server, id)
    assert one["runs"] == two["runs"]
    with closing(server.store()) as store:
        store.delete(id, OWNER)
    # said over the curve at once, and from the page's next run on (a moment later) above a bundled model's
    expect(other.get_by_text("was deleted").first).to_be_visible(timeout=WAIT * 1000)
    until(other, lambda now: first(now)["id"] != id)
    expect(other.get_by_text("was deleted").first).to_be_visible(timeout=WAIT * 1000)
    context.close()


@left_to_full
def test_a_run_that_diverges_is_stopped_and_keeps_its_curve(mine: Page, server: driver.Server) -> None:
    wild = LONG.replace(optimizer="sgd", learning_rate=1e9)
    driver.open_page(mine, NAME, text=TEXT, spec=wild.to_json(defaults=False))
    press(mine, "Start")
    state = until(mine, lambda now: first(now)["state"] == "diverged")
    assert "curve is kept" in state["news"] and "Lower the peak rate" in state["news"]
    assert first(state)["count"] >= 1
    expect(mine.locator(".gb-lab-news")).to_be_visible()


# ---------------------------------------------------------------- Rewind, fork, compare


@left_to_full
def test_rewind_moves_the_model_of_every_page(mine: Page, ended: Run, server: driver.Server) -> None:
    driver.open_page(mine, NAME, model=f"run:{ended.id}", text=TEXT)
    steps = until(mine, lambda now: first(now)["state"] == "done" and first(now)["count"] == 60)["moments"]
    with closing(server.store()) as store:
        assert steps == store.steps(ended.id)
    knob = mine.locator("input.gb-rewind")
    knob.focus()
    mine.keyboard.press("Home")
    until(mine, lambda now: now["now"] == steps[0])
    mine.keyboard.press("ArrowRight")
    state = until(mine, lambda now: now["now"] == steps[1])
    assert knob.get_attribute("aria-valuetext") == f"step {steps[1]}"
    driver.wait_until_drawn(mine)
    links(mine, f"snapshot={steps[1]}")
    assert len(state["film"]["steps"]) == len(steps)
    mine.locator(f"g[data-frame='{steps[2]}']").click()
    until(mine, lambda now: now["now"] == steps[2])
    box = knob.bounding_box()
    assert box
    mine.mouse.click(box["x"] + box["width"] - 9, box["y"] + box["height"] / 2)
    until(mine, lambda now: now["now"] == steps[-1])
    mine.wait_for_function(
        "() => !location.href.includes('snapshot')"
    )  # the last moment is the finished model


@left_to_full
def test_a_fork_stands_beside_its_parent_on_every_axis(mine: Page, ended: Run, server: driver.Server) -> None:
    spec = QUICK.replace(steps=20, optimizer="adamw", learning_rate=0.003, warmup=0)
    driver.open_page(mine, NAME, model=f"run:{ended.id}", text=TEXT, spec=spec.to_json(defaults=False))
    until(mine, lambda now: first(now)["count"] == 60)
    mine.locator("input.gb-rewind").focus()
    mine.keyboard.press("Home")
    for _ in range(2):
        mine.keyboard.press("ArrowRight")
    at = until(mine, lambda now: now["now"] == now["moments"][2])["now"]
    driver.wait_until_drawn(mine)
    mine.locator(".gb-lab-fork").click()
    asked = mine.locator(".st-key-gb-lab-forked")
    expect(asked).to_contain_text("Optimizer: AdamW instead of Muon")
    asked.get_by_role("button", name="Fork with these changes").click()
    state = until(mine, lambda now: first(now)["id"] != ended.id and first(now)["state"] == "done")
    assert [one["id"] for one in state["runs"]][1] == ended.id
    with closing(server.store()) as store:
        fork = store.get(first(state)["id"])
    assert fork.parent == f"{ended.id}@{at}" and fork.spec.optimizer == "adamw" and fork.steps == 20
    for axis in ("tokens", "seconds", "step"):
        mine.locator(f"[data-x={axis}]").click()
        until(mine, lambda now, axis=axis: now["x"] == axis)
        driver.wait_until_drawn(mine)
    until(mine, lambda now: now["model"] == f"run:{fork.id}")


@left_to_full
def test_any_runs_are_compared_and_read_by_pointer_and_keys(mine: Page, ended: Run) -> None:
    driver.open_page(mine, NAME, runs=ended.id, text=TEXT)
    state = until(mine, lambda now: len(now["runs"]) == 2 and now["runs"][1]["count"] == 60)
    assert [one["id"] for one in state["runs"]] == ["tales-gpt", ended.id]
    chart = mine.locator("[data-curves=loss]")
    box = chart.bounding_box()
    assert box
    mine.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 80)
    tip = chart.locator(".gb-curves-tip")
    expect(tip).to_be_visible()
    assert (
        "tales-gpt" in tip.inner_text() and "validation" in tip.inner_text() and "Run Z" in tip.inner_text()
    )
    chart.focus()
    mine.keyboard.press("Home")
    mine.wait_for_function(
        "document.querySelector('[data-curves=loss]').getAttribute('aria-valuenow') === '1'"
    )
    said = str(chart.get_attribute("aria-valuetext"))
    assert "step 1" in said and "training 6.950" in said
    mine.keyboard.press("End")
    mine.wait_for_function(
        "document.querySelector('[data-curves=loss]').getAttribute('aria-valuenow') === '4500'"
    )
    assert "validation 0.569" in str(chart.get_attribute("aria-valuetext"))


@left_to_full
def test_a_curve_is_read_where_it_was_measured(mine: Page, ended: Run, server: driver.Server) -> None:
    driver.open_page(mine, NAME, model=f"run:{ended.id}", text=TEXT)
    until(mine, lambda now: first(now)["count"] == 60)
    with closing(server.store()) as store:
        points = store.points(ended.id)
    measured = {int(s): float(v) for s, v in zip(points.step, points.held_out) if np.isfinite(v)}
    chart = mine.locator("[data-curves=loss]")
    box = chart.bounding_box()
    assert box
    for share in (0.31, 0.44, 0.52):
        mine.mouse.move(box["x"] + share * box["width"], box["y"] + 80)
        expect(chart.locator(".gb-curves-tip")).to_be_visible()
        said = chart.locator(".gb-curves-tip").inner_text()
        step = int(re.findall(r"^step ([\d,]+)", said)[0])
        (loss,) = re.findall(r"training ([\d.]+)", said)
        at = int(points.step.tolist().index(step))
        assert float(loss) == pytest.approx(float(points.loss[at]), abs=6e-4), said
        value, when = re.findall(r"validation ([\d.]+)(?: at (\d+))?", said)[0]
        assert float(value) == pytest.approx(measured[int(when or step)], abs=6e-4), said


@left_to_full
def test_a_recorded_curve_that_is_much_longer_does_not_press_an_own_one_together(
    mine: Page, ended: Run
) -> None:
    driver.open_page(mine, NAME, model=f"run:{ended.id}", runs="tales-gpt", text=TEXT)
    until(mine, lambda now: len(now["runs"]) == 2 and first(now)["count"] == 60)
    chart = mine.locator("[data-curves=loss]")
    expect(chart).to_have_attribute("aria-valuemax", "60")
    driver.open_page(mine, NAME, model="tales-gpt", runs=ended.id, text=TEXT)
    expect(chart).to_have_attribute("aria-valuemax", "4500")  # the picture is about the long one


@left_to_full
def test_own_text_opens_the_box_that_takes_it(mine: Page) -> None:
    driver.open_page(mine, NAME, text=TEXT)
    mine.locator(".st-key-lab-corpus").get_by_role("combobox").click()
    mine.get_by_role("option", name=re.compile("Own text")).click()
    expect(mine.get_by_label("Paste a text")).to_be_visible()
    expect(mine.get_by_role("tab", name="Own text")).to_have_attribute("aria-selected", "true")


@left_to_full
def test_a_stream_closes_when_the_page_is_left(counted: Page, ended: Run, server: driver.Server) -> None:
    with closing(server.store()) as store:
        run = store.create(LONG, OWNER, name="Watched")
        driver.open_page(counted, NAME, runs=run.id, text=TEXT)
        until(counted, lambda now: any(one["step"] > 2 for one in now["runs"]))
        assert counted.evaluate("window.streams.filter(stream => stream.readyState === 1).length") == 1
        counted.get_by_test_id("stSidebarNav").get_by_role("link", name="Attention").click()
        counted.locator("figure[data-component=attention][data-state]").wait_for()
        counted.wait_for_function("window.streams.every(stream => stream.readyState === 2)")
        store.delete(run.id, OWNER)


# ---------------------------------------------------------------- settings and own texts

SEA = "The sea was calm and the moon was bright. The little boat went out and came home again.\n\n" * 60


def settings(page: Page, tab: str) -> None:
    """Open the Settings at one of their tabs."""
    page.locator('[data-test-script-state="notRunning"]').wait_for()
    page.locator(".st-key-gb-lab-more button").first.click()
    page.get_by_role("tab", name=tab).click()


def brings(page: Page, name: str, body: bytes) -> None:
    """Upload a file under Own text."""
    page.locator(".st-key-lab-upload input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/plain", "buffer": body}
    )


@left_to_full
def test_the_settings_show_the_present_values_also_when_they_are_opened_late(mine: Page) -> None:
    driver.open_page(mine, NAME, text=TEXT)
    mine.locator("[data-x=tokens]").click()  # any run of the page before they are opened
    until(mine, lambda now: now["x"] == "tokens")
    mine.wait_for_url("**axis=tokens*")
    usual = presets.default()
    settings(mine, "Steps")
    shown = mine.get_by_role("spinbutton", name="Steps", exact=True)
    expect(shown).to_have_value(str(usual.steps))
    expect(mine.get_by_label("Tokens of a step")).to_have_value(str(usual.batch_tokens))
    expect(mine.get_by_label("Peak rate, any number")).to_have_value(f"{usual.learning_rate:g}")
    shown.fill("77")
    shown.press("Enter")
    until(mine, lambda now: "77 of" in now["plan"])
    mine.get_by_role("tab", name="Model").click()
    config = usual.config(100)
    expect(mine.get_by_label("Width")).to_have_value(str(config.d_model))
    expect(mine.get_by_label("Blocks")).to_have_value(str(config.n_layers))
    mine.keyboard.press("Escape")
    mine.locator('[data-test-script-state="notRunning"]').wait_for()
    assert mine.locator("[data-testid=stAlert]").count() == 0, (
        "nothing was refused, as nothing else was changed"
    )
    settings(mine, "Steps")
    expect(shown).to_have_value("77")


def test_an_own_text_is_uploaded_or_refused_in_words_and_a_run_learns_it(
    mine: Page, server: driver.Server
) -> None:
    driver.open_page(mine, NAME, text=TEXT, spec=QUICK.to_json(defaults=False))
    settings(mine, "Own text")
    for name, body, why in (
        ("sea.bin", b"\xff\xfe\x00sea" * 20, "is a binary file"),
        ("maerchen.txt", "Es war ein Märchen. ".encode("latin-1") * 20, "is not UTF-8"),
    ):
        brings(mine, name, body)
        expect(mine.get_by_test_id("stAlert")).to_contain_text("The text was not taken")
        expect(mine.get_by_test_id("stAlert")).to_contain_text(why)
        assert "Toyland" in driver.component_state(mine, NAME)["plan"]
    brings(mine, "sea.txt", SEA.encode())
    until(mine, lambda now: now["plan"].startswith("Own text, characters"))
    expect(mine.get_by_text(f"Own text: {len(SEA):,} characters in use.")).to_be_visible()
    expect(mine.get_by_test_id("stAlert")).to_have_count(0)
    brings(mine, "large.txt", b"x y " * 1_400_000)
    expect(mine.get_by_test_id("stFileUploader")).to_contain_text("5.0MB or smaller")
    expect(mine.get_by_text(f"Own text: {len(SEA):,} characters in use.")).to_be_visible()
    mine.keyboard.press("Escape")
    press(mine, "Start")
    state = until(mine, lambda now: first(now)["state"] == "done" and now["model"].startswith("run:"))
    with closing(server.store()) as store:
        run = store.get(first(state)["id"])
        assert run.spec.corpus == "own" and store.text(run.spec.text) == SEA
    assert state["guessing"] == pytest.approx(np.log(len(set(SEA)) + 2), abs=0.2), "its own characters"
    assert first(state)["smooth"] < state["guessing"] - 0.5


@left_to_full
def test_a_pasted_text_is_the_data_of_the_next_run(mine: Page) -> None:
    driver.open_page(mine, NAME, text=TEXT)
    settings(mine, "Own text")
    pasted = "One fish, two fish, red fish, blue fish.\n" * 40
    box = mine.get_by_label("Paste a text")
    box.fill(pasted)
    box.press("Control+Enter")
    until(mine, lambda now: now["plan"].startswith("Own text, characters"))
    expect(mine.get_by_text(f"Own text: {len(pasted):,} characters in use.")).to_be_visible()
    expect(mine.get_by_role("tab", name="Own text")).to_have_attribute("aria-selected", "true")


@left_to_full
def test_a_run_that_waits_says_that_the_workers_are_starting(mine: Page, server: driver.Server) -> None:
    with closing(server.store()) as store:
        run = store.create(LONG, OWNER, name="Waiting")
        store.command(run.id, OWNER, "pause")
        waits = {"id": run.id, "state": "queued", "control": "run", "place": 1, "step": 0, "steps": run.steps}
        said = json.dumps({**waits, "ended": None, "starting": True})
        stream = f"event: state\ndata: {said}\n\nevent: end\ndata: {{}}\n\n"
        headers = {"Content-Type": "text/event-stream"}
        mine.route("**/events?*", lambda route: route.fulfill(body=stream, headers=headers))
        driver.open_page(mine, NAME, runs=run.id, text=TEXT)
        state = until(mine, lambda now: "still starting" in now["news"])
        assert "workers are starting" in state["status"] and "queue" not in state["news"]
        expect(mine.locator(".gb-lab-news")).to_contain_text("begins by itself")
        store.delete(run.id, OWNER)


@left_to_full
def test_a_run_that_ended_before_its_stream_began_keeps_no_buttons(mine: Page, server: driver.Server) -> None:
    with closing(server.store()) as store:
        run = store.create(LONG, OWNER, name="Short")
        store.command(run.id, OWNER, "pause")
        headers = {"Content-Type": "text/event-stream"}
        mine.route("**/events?*", lambda route: route.fulfill(body="retry: 200\n\n", headers=headers))
        driver.open_page(mine, NAME, runs=run.id, text=TEXT)
        stop = mine.locator(".st-key-gb-lab-buttons").get_by_role("button", name="Stop", exact=True)
        expect(stop).to_be_enabled()
        store.command(run.id, OWNER, "stop")
        mine.unroute("**/events?*")
        expect(stop).to_be_disabled()
        store.delete(run.id, OWNER)


# ---------------------------------------------------------------- moments of a run that still trains


@left_to_full
def test_rewind_on_every_page_hears_of_new_moments_by_one_stream(
    counted: Page, server: driver.Server
) -> None:
    opened_streams = "window.streams.filter(stream => stream.readyState === 1).length"
    with closing(server.store()) as store:
        run = store.create(QUICK.replace(steps=3000, checkpoints=24, eval_every=500), OWNER, name="Slow")
        driver.open_page(counted, NAME, runs=run.id, text=TEXT)
        until(counted, lambda now: any(one["step"] > 0 for one in now["runs"]))
        # With one checkpoint there is nothing to go back to, and no slider.
        waiting.until(lambda: len(store.checkpoints(run.id)) > 1, "the second checkpoint")
        driver.open_page(counted, "attention", model=f"run:{run.id}", text=TEXT)
        before = driver.component_state(counted, "rewind")
        drawn = driver.component(counted, "attention").get_attribute("data-state")
        after = driver.wait_for_state(counted, "rewind", lambda now: now["steps"] >= before["steps"] + 2)
        assert after["step"] == before["step"] and after["index"] < after["steps"] - 1, "the knob stays"
        assert after["said"] == f"step {before['step']:,} of {run.steps:,}"
        assert driver.component(counted, "attention").get_attribute("data-state") == drawn, (
            "and so does the page"
        )
        assert counted.evaluate(opened_streams) == 1, (
            "two sliders, the sidebar's and a phone's, share a stream"
        )
        knob = counted.locator("[data-testid=stSidebar] input[type=range]").first
        knob.press("End")
        driver.wait_for_state(counted, "rewind", lambda now: now["said"].startswith("newest"))
        driver.wait_until_drawn(counted)
        assert driver.component(counted, "attention").get_attribute("data-state") != drawn
        counted.get_by_test_id("stSidebarNav").get_by_role("link", name="Training lab").click()
        counted.locator("figure[data-component=lab][data-state]").wait_for()
        counted.wait_for_function(f"{opened_streams} === 1 && window.streams.at(-1).url.includes('after=')")
        store.command(run.id, OWNER, "stop")
        driver.wait_for_state(counted, "rewind", lambda now: now["said"].startswith("stopped"))
        counted.wait_for_function(f"{opened_streams} === 0")
        store.delete(run.id, OWNER)


# ---------------------------------------------------------------- the page as a page


@left_to_full
def test_curve_spec_and_weights_are_files_that_open_again(
    mine: Page, ended: Run, server: driver.Server, tmp_path: Path
) -> None:
    driver.open_page(mine, NAME, model=f"run:{ended.id}", text=TEXT)
    files = {}
    for name in ("Curve (CSV)", "Spec (JSON)", "Weights (ZIP)"):
        with mine.expect_download() as download:
            mine.get_by_role("button", name=name, exact=True).click()
        files[name] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[name])
    assert [path.name for path in files.values()] == [
        "glassbox-lab-Run-Z-curve.csv",
        "glassbox-lab-Run-Z-spec.json",
        "glassbox-lab-Run-Z-step-60.zip",
    ]
    with closing(server.store()) as store:
        points = store.points(ended.id)
        rows = list(csv.DictReader(files["Curve (CSV)"].read_text(encoding="utf-8").splitlines()[1:]))
        assert [float(row["loss"]) for row in rows] == points.loss.tolist()
        assert TrainSpec.from_json(files["Spec (JSON)"].read_text(encoding="utf-8")) == ended.spec
        trained = load_run(store, ended.id)
    with zipfile.ZipFile(files["Weights (ZIP)"]) as packed:
        packed.extractall(tmp_path / "weights")
    again = core.load(tmp_path / "weights", device="cpu")
    assert torch.allclose(again.trace(TEXT).logits, trained.trace(TEXT).logits, atol=2e-3)


@left_to_full
def test_the_picture_is_taken_away_with_its_curves(
    mine: Page, ended: Run, server: driver.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.open_page(mine, NAME, model=f"run:{ended.id}", text=TEXT)
    until(mine, lambda now: first(now)["count"] == 60)
    with mine.expect_download() as download:
        mine.get_by_role("button", name="SVG", exact=True).click()
    picture = ElementTree.fromstring(Path(download.value.path()).read_text(encoding="utf-8"))
    names = [element.get("data-curves") for element in picture.iter() if element.get("data-curves")]
    assert names == ["loss", "rate", "gradient", "speed"]
    paths = [element.get("d", "") for element in picture.iter() if element.tag.endswith("path")]
    assert max(map(len, paths)) > 400 and "Run Z" in "".join(picture.itertext())
    monkeypatch.setenv("GLASSBOX_DATA", str(server.data))  # where the notebook finds the run
    checks.run_notebook(mine, tmp_path)


@left_to_full
def test_the_answer_about_a_run_comes_when_it_ends(mine: Page) -> None:
    driver.open_page(mine, NAME, text=TEXT, spec=QUICK.replace(steps=4000).to_json(defaults=False))
    press(mine, "Start")
    until(mine, lambda now: now["model"].startswith("run:") and first(now)["step"] > 5)
    press(mine, "Pause")
    until(mine, lambda now: first(now)["state"] == "paused")
    driver.wait_until_drawn(mine)
    assert "when" in checks.answered(mine)
    press(mine, "Stop")
    until(mine, lambda now: first(now)["state"] == "stopped")
    expect(mine.locator(".gb-reveal[data-right]")).to_be_visible()


@left_to_full
def test_it_is_accessible(mine: Page, ended: Run) -> None:
    driver.open_page(mine, NAME, model=f"run:{ended.id}", text=TEXT)
    until(mine, lambda now: first(now)["count"] == 60)
    for theme in ("light", "dark"):
        checks.accessible(mine, NAME, theme, "Run Z, done, step 60")
    mine.get_by_role("button", name="Settings", exact=True).first.click()
    expect(mine.get_by_role("tab", name="Own text")).to_be_visible()
    for theme in ("dark", "light"):
        driver.set_theme(mine, theme)
        assert driver.axe_lines(driver.axe(mine)) == [], theme
        expect(mine.get_by_role("tab", name="Own text")).to_be_visible()


STATUS = """([seconds, state]) => {
  const feed = { live: true, over: false, lastStep: seconds.length, state: { state: "running", steps: 124, ...state } };
  feed.checkpoints = [];
  feed.cols = { step: seconds.map((_, i) => i + 1), seconds };
  feed.last = () => ({ value: seconds.at(-1) });
  return [statusOf(feed, { runs: [{}] })[1], newsOf(feed, true)];
}"""


@left_to_full
def test_a_slow_first_step_makes_no_minutes_of_a_run_of_seconds(page: Page) -> None:
    page.goto("/_stcore/health")
    script = f"/modules/{modules.version()}/pages/lab/layout.js"
    page.evaluate("async (path) => Object.assign(window, await import(path))", script)
    foretold = {"foretold": 9, "beside": 1.2}
    first, _ = page.evaluate(STATUS, [[4.0], foretold])
    assert first == "4 s of training so far, about 9 s left"
    second, _ = page.evaluate(STATUS, [[4.0, 4.05], foretold])
    assert second.endswith("about 9 s left")
    # After a tenth of the run its own pace is what counts, without the first step.
    later, _ = page.evaluate(STATUS, [[4.0 + 0.2 * i for i in range(31)], foretold])
    assert later.endswith(f"about {round(0.2 * 93 * 1.2)} s left")
    pausing, news = page.evaluate(STATUS, [[4.0, 4.05], {**foretold, "control": "pause"}])
    assert pausing == "pausing after this step" and news == "", "it takes no room of the chart"
