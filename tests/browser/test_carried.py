"""A picture's file that carries its model: another text, other heads, edited scores and Rewind, without a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Frame, Page, expect

import core
from app import show
from app.outside.documents import CARRY
from tests.browser import driver
from tests.oracle.browser_draws import BrowserDraws
from tests.oracle.test_carried_model import MOST, differences
from tests.waiting import until

left_to_full = pytest.mark.full(
    reason="every picture with its model; one file is saved and opened in the quick tier"
)

TEXT = "A red ball was lost. She found the red"
OTHER = "Tom and Anna went to the market. Anna bought"
EARLY = 150
LIMIT = 5_000_000  # bytes


@pytest.fixture(scope="module")
def files(lm: core.LanguageModel, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The file of each page's picture, with the model in it."""
    folder = tmp_path_factory.mktemp("carried")
    made = {name: getattr(show, name)(lm, TEXT).with_model(rewind=EARLY) for name in CARRY}
    return {name: picture.save(folder / f"{name}.html") for name, picture in made.items()}


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab without a network; at the end it has asked for nothing and complained about nothing."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, reduced_motion="reduce", offline=True
    )
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request", lambda request: complaints.append(request.url) if request.url.startswith("http") else None
    )
    yield page
    context.close()
    assert complaints == []


def state(place: Page | Frame) -> dict[str, Any]:
    place.wait_for_selector("figure[data-state]")
    found: dict[str, Any] = json.loads(place.eval_on_selector("figure", "figure => figure.dataset.state"))
    return found


def near(here: Any, there: Any, path: str = "") -> None:
    """Compare two states; numbers to 1e-4, as a file has them in 16 or 32 bits."""
    if isinstance(there, dict):
        assert here.keys() == there.keys(), path
        for key in there:
            near(here[key], there[key], f"{path}.{key}")
    elif isinstance(there, list):
        assert len(here) == len(there), path
        for i, (one, other) in enumerate(zip(here, there, strict=True)):
            near(one, other, f"{path}[{i}]")
    elif isinstance(there, float | int) and not isinstance(there, bool) and here is not None:
        assert abs(here - there) <= 1e-4 * max(1.0, abs(there)), f"{path}: {here}, not {there}"
    else:
        assert here == there, f"{path}: {here!r}, not {there!r}"


def computed(place: Page | Frame) -> None:
    """Wait until the picture was computed in the file, with all that is measured behind it."""
    expect(place.locator(".gb-own-status")).to_contain_text("Computed in this file")
    expect(place.locator(".gb-own-status")).not_to_contain_text("being measured")


def shows(place: Page | Frame, wanted: dict[str, Any]) -> None:
    """Wait until the picture shows this state. A choice reaches the file's model after the picture shows it."""

    def is_near() -> bool:
        try:
            near(state(place), wanted)
        except AssertionError:
            return False
        return True

    try:
        until(is_near, "the wanted state")
    except AssertionError:
        near(state(place), wanted)  # says which field differs
        raise


def without_name(found: dict[str, Any]) -> dict[str, Any]:
    """What is shown, without the model's name, which has its moment beside it in a file."""
    return {key: value for key, value in found.items() if key != "model"}


@left_to_full
@pytest.mark.parametrize("name", CARRY)
def test_another_text_and_moment_show_what_python_computes_of_them(
    name: str, files: dict[str, Path], lm: core.LanguageModel, tab: Page, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert files[name].stat().st_size < LIMIT
    early = core.load("tales-gpt", snapshot=EARLY)
    wanted = {}
    for label, model, text in (("first", lm, TEXT), ("other", lm, OTHER), ("early", early, OTHER)):
        tab.goto(getattr(show, name)(model, text).save(tmp_path / f"{label}.html").as_uri())
        wanted[label] = without_name(state(tab))
        monkeypatch.setattr(np.random, "default_rng", BrowserDraws)  # what the file draws by chance itself
    tab.goto(files[name].as_uri())
    near(without_name(state(tab)), wanted["first"])
    tab.fill("textarea", OTHER)
    computed(tab)
    near(without_name(state(tab)), wanted["other"])
    record = json.loads(tab.locator("section[data-file]").get_attribute("data-record") or "")
    assert record["text"] == OTHER and "settings" in record and "link" not in record
    assert "model hash" not in record, "the file has two sets of weights"
    expect(tab.locator("footer details:visible")).to_have_count(
        0
    )  # the table is of the text that it came with
    tab.get_by_label(f"step {EARLY}").check()
    computed(tab)
    near(without_name(state(tab)), wanted["early"])
    tab.fill("textarea", "")
    tab.get_by_role("button", name="As it came").click()
    near(without_name(state(tab)), wanted["first"])
    assert tab.input_value("textarea") == TEXT
    record = json.loads(tab.locator("section[data-file]").get_attribute("data-record") or "")
    assert record["text"] == TEXT and record["link"] and record["model hash"]
    tab.fill("textarea", "</script><img src=x onerror=alert(1)> \u2028")
    assert "".join(state(tab).get("tokens") or ["</script>"]).count("</script>") == 1
    expect(tab.locator("img")).to_have_count(0)
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.wait_for_timeout(50)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


HOOKS = """async text => {
    const { open } = await import("app/outside/model/carried.js");
    const { run } = await import("app/outside/model/forward.js");
    const opened = open(JSON.parse(document.getElementById("models").textContent)[0]);
    const ids = opened.tokenizer.encode(text);
    return { ids, hooks: [...run(opened.at(0), ids)].map(([name, value]) =>
        ({ name, shape: value.shape, dtype: "f32", b64: new Uint8Array(value.buffer).toBase64?.() ?? btoa(
            Array.from(new Uint8Array(value.buffer), byte => String.fromCharCode(byte)).join("")) })) };
}"""


@left_to_full
def test_a_pass_in_the_browser_is_core_s_at_every_hook(
    files: dict[str, Path], lm: core.LanguageModel, tab: Page
) -> None:
    tab.goto(files["home"].as_uri())
    state(tab)
    far = differences(lm, tab.evaluate(HOOKS, OTHER))
    assert max(far.values()) < MOST, max(far, key=far.__getitem__)


@left_to_full
def test_home_appends_its_guess_again_and_again(files: dict[str, Path], tab: Page) -> None:
    tab.goto(files["home"].as_uri())
    state(tab)
    for _ in range(3):
        before = len(state(tab)["tokens"])
        tab.get_by_role("button", name="Append").click()
        tab.wait_for_function(
            f"JSON.parse(document.querySelector('figure').dataset.state).tokens.length === {before + 1}"
        )
    lm = core.load("tales-gpt")
    assert tab.input_value("textarea") == TEXT + lm.generate(TEXT, max_new_tokens=3).text.removeprefix(TEXT)
    tab.fill("textarea", "cat " + "ball " * 200)
    expect(tab.locator(".gb-own-status")).to_contain_text("The picture holds the last 128 tokens of the")
    until(lambda: len(state(tab)["tokens"]) == 128, "the longer text")
    assert not any("cat" in token for token in state(tab)["tokens"]), "the beginning is left out"


@left_to_full
def test_attention_s_scores_are_edited_in_a_frame(
    files: dict[str, Path], lm: core.LanguageModel, tab: Page, tmp_path: Path
) -> None:
    place = f"self.1.3.{len(lm.tokenizer.encode(TEXT))}.0"
    tab.goto(
        show.attention(lm, TEXT, layer=1, head=3, edits=f"{place}:10,4,-inf", row=10, col=4)
        .save(tmp_path / "hidden.html")
        .as_uri()
    )
    wanted = state(tab)
    tab.set_content(
        '<iframe sandbox="allow-scripts" style="width:1280px;height:800px;border:0" srcdoc="x"></iframe>'
    )
    tab.eval_on_selector(
        "iframe", "(frame, text) => { frame.srcdoc = text; }", files["attention"].read_text("utf-8")
    )
    frame = tab.frames[-1]
    state(frame)
    frame.get_by_label("Block").select_option("1")
    frame.get_by_label("Head").select_option("3")
    computed(frame)
    frame.focus("figure")
    for key in ("ArrowUp", "ArrowDown"):  # a row of one's own choice
        tab.keyboard.press(key)
    frame.evaluate("document.querySelector('figure').choose({ row: 10, col: 4 })")
    frame.get_by_role("button", name="Hide this key").click()
    frame.wait_for_function("JSON.parse(document.querySelector('figure').dataset.state).edits?.length === 1")
    near(state(frame), wanted)
    frame.get_by_role("button", name="Reset").click()
    frame.get_by_label("Causal mask").uncheck()
    frame.wait_for_function("!document.querySelector('figure').dataset.state.includes('-inf')")


@left_to_full
def test_multi_head_switches_heads_off_and_finds_what_that_costs(
    files: dict[str, Path], lm: core.LanguageModel, tab: Page, tmp_path: Path
) -> None:
    wanted = {}
    for off in ("1.2", "1.*"):
        picture = show.multi_head(lm, TEXT, layer=1, head=2, row=5, off=off, panel="effect")
        tab.goto(picture.save(tmp_path / "off.html").as_uri())
        wanted[off] = state(tab)
    tab.goto(files["multi_head"].as_uri())
    state(tab)
    tab.focus("figure")
    # No wait between the keys: a key that is pressed while the file computes counts too.
    for key in ("ArrowUp", "ArrowUp", *["Shift+ArrowUp"] * 5, "o"):
        tab.keyboard.press(key)
    tab.click("[data-panel=effect]")
    shows(tab, wanted["1.2"])
    tab.get_by_role("button", name="Switch Block 1 off").click()
    shows(tab, wanted["1.*"])
    tab.get_by_label("A head that is off adds").select_option(label="its mean over the text")
    until(lambda: state(tab)["next"] != wanted["1.*"]["next"], "a mean that says more than nothing")
    computed(tab)
    tab.get_by_role("button", name="Reset").click()
    until(lambda: not state(tab)["off"], "all heads")
    expect(tab.get_by_label("A head that is off adds")).to_have_value("zero")


def test_take_away_saves_the_file_with_its_model(page: Page, tab: Page, tmp_path: Path) -> None:
    driver.open_page(page, "attention", text=TEXT, block=1, head=2)
    page.get_by_role("button", name="HTML ▾").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="HTML, with model").click()
    file = tmp_path / "saved.html"
    download.value.save_as(file)
    tab.goto(file.as_uri())
    near(state(tab), driver.component_state(page, "attention"))
    tab.fill("textarea", OTHER)
    computed(tab)
