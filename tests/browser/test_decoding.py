"""The Decoding page in a real browser: the tree, the steps, forcing, the warper columns against `core`; its speed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page

import core
from app.session.fields import BY_KEY, DEFAULT_TEXT
from core.decoding import exact
from core.decoding.stages import next_tokens
from core.decoding.tree import Tree, grow
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

TEXT = "On a bright day like this, Theo liked to sit outside and think. Rain began"
SEED = int(BY_KEY["seed"].default)
USUAL: dict[str, Any] = {"n_beams": 3, "length_penalty": 0.7, "top_k": 12, "top_p": 0.9, "seed": SEED}
WARPERS: dict[str, Any] = {"top_k": 12, "top_p": 0.9}


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page on the test's text; returns what the picture shows."""
    driver.open_page(page, "decoding", v=1, **({"text": TEXT} | query))
    state: dict[str, Any] = driver.component_state(page, "decoding")
    return state


def wait(page: Page, **wanted: Any) -> dict[str, Any]:
    """Wait until the picture's state has these values."""
    state: dict[str, Any] = driver.wait_for_state(
        page, "decoding", lambda now: all(now[name] == value for name, value in wanted.items())
    )
    return state


def agrees(state: dict[str, Any], tree: Tree) -> None:
    """The picture's paths, sums and scores, and the distribution at its node, are core's."""
    assert [path["name"] for path in state["paths"]] == [path.name for path in tree.paths]
    for shown, path in zip(state["paths"], tree.paths):
        assert shown["ids"] == list(path.ids)
        assert shown["sum"] == pytest.approx(path.log_prob, abs=1e-3)
        assert shown["score"] == pytest.approx(path.score, abs=1e-3)
    for row in state["race"]:
        rival = tree.path(row["name"])
        assert rival
        assert row["products"] == pytest.approx([np.exp(tree.nodes[i].sum) for i in rival.nodes], abs=1e-4)


def way(state: dict[str, Any]) -> list[int]:
    """The ids that lead to the node whose distribution is shown."""
    ids = [] if state["way"] == "." else [int(part) for part in state["way"].split(".")]
    return ids if state["asked"]["node"] == state["node"] else ids[:-1]


def distribution_agrees(state: dict[str, Any], lm: core.LanguageModel, **warpers: Any) -> None:
    """The columns are what core has after these tokens."""
    following = next_tokens(lm, TEXT, way(state), shown=16, **(warpers or WARPERS))
    names = [name for name, _, _ in following.stages]
    for name, column in zip(state["asked"]["stages"], state["asked"]["p"]):
        expected = following.probabilities[names.index(name)]
        for id, p in zip(state["asked"]["ids"][:14], column):
            assert p == pytest.approx(float(expected[following.ids.tolist().index(id)]), abs=1e-4)
    assert state["asked"]["kept"][-1] == int(following.kept[-1])


def chip(page: Page, node: int) -> Any:
    """The chip of a node of the tree."""
    return driver.component(page, "decoding").locator(f'[data-node="{node}"]')


def act(page: Page, name: str) -> Any:
    """One of the picture's buttons."""
    return driver.component(page, "decoding").locator(f'[data-act="{name}"]')


def test_the_tree_and_the_columns_are_those_of_core_by_pointer_and_by_arrows(
    page: Page, lm: core.LanguageModel
) -> None:
    state = opened(page, node=".")
    tree = grow(lm, TEXT, depth=8, **USUAL)
    agrees(state, tree)
    assert state["tokens"] == [lm.tokenizer.display(id) for id in lm.encode(TEXT)]
    assert (state["nodes"] > state["drawn"] > 20) and state["passes"] == tree.passes
    best = max(tree.paths, key=lambda path: path.score)
    assert state["best"] == best.name and state["verdict"]["kind"] == "miss"
    distribution_agrees(state, lm)
    for node in best.nodes[:-1]:
        chip(page, node).hover()
        distribution_agrees(wait(page, node=node, hover=True), lm)
    last = best.nodes[-1]
    chip(page, last).hover()
    asked = wait(page, node=last)["asked"]
    assert asked["node"] == best.nodes[-2] and best.ids[-1] in asked["ids"]
    page.mouse.move(5, 5)
    wait(page, node=0, hover=False)
    # The arrows move along the tree, and Escape leads up: to the prompt, then to Home.
    driver.component(page, "decoding").focus()
    for node in best.nodes[:3]:
        page.keyboard.press("ArrowRight")
        distribution_agrees(wait(page, node=node), lm)
    page.keyboard.press("ArrowLeft")
    wait(page, node=best.nodes[1])
    page.keyboard.press("ArrowDown")
    state = driver.wait_for_state(page, "decoding", lambda now: now["node"] != best.nodes[1])
    assert tree.nodes[state["node"]].depth == 2
    driver.wait_for_link(page, "node=")
    driver.wait_until_drawn(page)
    driver.component(page, "decoding").focus()
    page.keyboard.press("Escape")
    wait(page, node=0)
    page.keyboard.press("Escape")
    page.locator('[data-component="home"]').wait_for()
    driver.wait_until_drawn(page)
    assert driver.component_state(page, "home")["tokens"][-1] == lm.tokenizer.display(lm.encode(TEXT)[-1])


def test_a_pale_token_and_a_row_of_the_columns_can_be_forced_and_a_link_leads_to_the_tokens(
    page: Page, lm: core.LanguageModel
) -> None:
    state = opened(page, depth=5, head=1)
    tree = grow(lm, TEXT, depth=5, pruned=3, **USUAL)
    free = [node for node in tree.nodes[1:] if not node.on]
    shown = next(node for node in free if chip(page, node.id).count())
    chip(page, shown.id).click()
    state = wait(page, forced=True)
    ids: list[int] = []
    at = shown.id
    while at > 0:
        ids.insert(0, tree.nodes[at].token_id)
        at = tree.nodes[at].parent
    agrees(state, grow(lm, TEXT, depth=5, forced=(ids,), **USUAL))
    assert next(path for path in state["paths"] if path["name"] == "forced 1")["ids"][: len(ids)] == ids
    driver.wait_for_link(page, "force=")
    driver.wait_until_drawn(page)
    act(page, "release").click()
    wait(page, forced=False)
    driver.component(page, "decoding").focus()
    page.keyboard.press("Escape")
    state = wait(page, node=0)
    token = state["asked"]["ids"][5]
    before = way(state)
    driver.component(page, "decoding").locator(f'[data-token="{token}"]').click()
    state = wait(page, forced=True)
    agrees(state, grow(lm, TEXT, depth=5, forced=([*before, token],), **USUAL))
    driver.wait_for_link(page, "force=")
    driver.wait_until_drawn(page)
    # The link to the page of tokens carries the text and the head along.
    driver.component(page, "decoding").locator('[data-door="tokenization"]').click()
    page.wait_for_url("**/tokenization**")
    driver.wait_until_drawn(page)
    assert page.get_by_label("Your text").first.input_value() == TEXT
    driver.wait_for_link(page, "head=1")


def test_toggles_draws_and_sliders_change_the_tree(page: Page, lm: core.LanguageModel) -> None:
    opened(page)
    figure = driver.component(page, "decoding")
    figure.locator("[data-show=beam]").click()
    state = driver.wait_for_state(page, "decoding", lambda now: not now["show"]["beam"])
    agrees(state, grow(lm, TEXT, depth=8, strategies=("greedy", "sample"), **USUAL))
    figure.locator("[data-show=beam]").click()
    driver.wait_for_state(page, "decoding", lambda now: now["show"]["beam"])
    for seed in range(SEED + 1, SEED + 4):  # each press draws another sample
        act(page, "again").click()
        state = wait(page, seed=seed)
    agrees(state, grow(lm, TEXT, depth=8, **USUAL | {"seed": seed}))
    slide(page, "Beams", 1)
    state = driver.wait_for_state(page, "decoding", lambda now: len(now["paths"]) == 6)
    agrees(state, grow(lm, TEXT, depth=8, **USUAL | {"seed": seed, "n_beams": 4}))
    slide(page, "Top-p", -1)
    driver.wait_for_state(page, "decoding", lambda now: "top-p" in now["asked"]["stages"])
    driver.wait_until_drawn(page)
    state = driver.component_state(page, "decoding")
    agrees(state, grow(lm, TEXT, depth=8, **USUAL | {"seed": seed, "n_beams": 4, "top_p": 0.8}))
    distribution_agrees(state, lm, top_k=12, top_p=0.8)


def test_steps_grow_the_tree_depth_by_depth_and_back(page: Page, lm: core.LanguageModel) -> None:
    state = opened(page)
    whole = state["drawn"]
    counts = []
    driver.component(page, "decoding").focus()
    page.keyboard.press(",")  # from the whole tree to its last step
    assert wait(page, step=8, whole=False)["drawn"] == whole
    for step in range(7, -1, -1):
        act(page, "back").click()
        counts.append(wait(page, step=step)["drawn"])
    assert counts == sorted(counts, reverse=True) and counts[0] <= whole and counts[-1] == 1
    assert act(page, "back").is_disabled()
    figure = driver.component(page, "decoding")
    assert "grown to step 0 of 8" in (figure.get_attribute("aria-label") or "")
    figure.focus()
    page.keyboard.press(".")
    wait(page, step=1)
    page.keyboard.press("Shift+ArrowRight")
    wait(page, step=2)
    act(page, "next").click()
    wait(page, step=3)
    driver.wait_until_drawn(page)
    page.wait_for_url("**level=3**")
    figure.focus()
    page.keyboard.press("Space")
    wait(page, playing=True)
    wait(page, step=4)
    page.keyboard.press("Space")
    wait(page, playing=False)


def slide(page: Page, label: str, steps: int) -> None:
    """Move a slider under the picture by so many of its steps."""
    thumb = page.get_by_test_id("stMain").get_by_role("slider", name=label)
    thumb.focus()
    for _ in range(abs(steps)):
        page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")


def test_a_text_that_greedy_does_not_miss_is_one_click_from_one_that_it_does(page: Page) -> None:
    state = opened(page, text="A red ball was lost. She found the red", depth=4)
    assert state["verdict"]["kind"] == "same" and state["verdict"]["act"]
    assert (
        page.locator("h1").first.inner_text().startswith("Here, taking the likeliest token each time gives")
    )
    act(page, "act").click()
    state = driver.wait_for_state(page, "decoding", lambda now: now["verdict"]["kind"] == "miss")
    driver.wait_until_drawn(page)
    assert page.locator("h1").first.inner_text().startswith("Taking the likeliest token each time misses")
    assert state["race"][1]["products"][-1] > state["race"][0]["products"][-1]


def test_below_the_fold_draws_entropy_and_cache_change_with_the_settings(page: Page) -> None:
    opened(page)
    before = driver.component_state(page, "decoding_draws")
    assert before["n"] == 200 and len(before["entropy"]) == 14 and len(before["cache"]) == 64
    assert sum(text["count"] for text in before["texts"]) <= 200
    slide(page, "Draws", 1)
    after = driver.wait_for_state(page, "decoding_draws", lambda now: now["n"] == 500)
    assert {text["text"]: text["p"] for text in after["texts"]}.items() & {
        text["text"]: text["p"] for text in before["texts"]
    }.items(), "the exact probabilities do not hang on how many are drawn"
    first = [step["msKept"] for step in after["cache"]]
    driver.component(page, "decoding_draws").locator(".dec-measure").click()
    driver.wait_for_state(
        page, "decoding_draws", lambda now: [step["msKept"] for step in now["cache"]] != first
    )
    checks.fits_a_phone(page)
    buttons = driver.component(page, "decoding").locator("button:visible")
    assert all((button.bounding_box() or {"height": 0})["height"] >= 44 for button in buttons.all())


def test_a_wide_deep_tree_is_drawn_and_pans(page: Page) -> None:
    state = opened(page, depth=20, beams=8, topk=0, topp=1, seed=0)
    assert len(state["paths"]) == 10 and state["depth"] == 20
    assert state["pan"] == [0, 0]
    box = driver.component(page, "decoding").locator("svg").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.wheel(150, 0)
    state = driver.wait_for_state(page, "decoding", lambda now: now["pan"][0] > 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 200, steps=5)
    page.mouse.up()
    assert driver.wait_for_state(page, "decoding", lambda now: now["pan"][0] > 200)["forced"] is False
    driver.component(page, "decoding").focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    state = driver.wait_for_state(page, "decoding", lambda now: now["pan"][0] > 500)
    assert chip(page, state["node"]).count() == 1


# What a first look finds: nothing cut, nothing hidden, nothing told too early.


def written(page: Page, name: str = "decoding") -> list[str]:
    """Every text of a picture."""
    found: list[str] = driver.component(page, name).locator("svg text").all_text_contents()
    return found


def place(page: Page, text: str) -> Any:
    """The box of the first text of the picture that reads so."""
    box = driver.component(page, "decoding").get_by_text(text, exact=True).first.bounding_box()
    assert box, text
    return box


def columns(page: Page) -> float:
    """Where the distribution at the right begins, in pixels."""
    box = driver.component(page, "decoding").locator("[data-token]").first.bounding_box()
    assert box
    return float(box["x"])


def race(page: Page) -> list[str]:
    """The numbers under the tree, as they are written."""
    cells = driver.component(page, "decoding").locator('[clip-path="url(#dec-race)"] text')
    found: list[str] = cells.all_text_contents()
    return found


def names_are_whole(page: Page, state: dict[str, Any], stages: int) -> None:
    """No name and no token of a path is cut, and there are so many columns."""
    assert len(state["asked"]["stages"]) == stages
    border = columns(page)
    for path in state["paths"]:
        # One end may be several paths'.
        owner = [text for text in written(page) if path["name"] in text.split(", ")]
        assert owner, f"{path['name']} is nowhere"
        for text in owner:
            box = place(page, text)
            assert box["x"] + box["width"] < border
    for node in range(state["nodes"]):
        if chip(page, node).count() and not chip(page, node).locator("rect[stroke-dasharray]").count():
            assert "…" not in chip(page, node).text_content()
    last = max((chip(page, node).bounding_box() for node in range(state["nodes"]) if chip(page, node).count()),
               key=lambda box: box["x"])  # fmt: skip
    assert last["x"] + last["width"] < place(page, "Sum of log p")["x"]
    head = driver.component(page, "decoding").locator('[data-part="heads"] text').last
    window = page.locator("#dec-heads rect").evaluate("r => +r.getAttribute('x') + +r.getAttribute('width')")
    word = head.evaluate("t => { const b = t.getBBox(); return b.x + b.width; }")
    assert word <= window + 0.5, "the last step's name is whole"


def sums_and_verdict_are_in_view(page: Page, state: dict[str, Any]) -> None:
    """Beside the tree, its sums, its verdict and the best path's name are in view."""
    border = columns(page)
    verdict = next(text for text in written(page) if text.endswith(" as likely"))
    best, left = state["best"], chip(page, 0).bounding_box()["x"]
    for text in ("Sum of log p", verdict, best):
        box = place(page, text)
        assert box["x"] >= left and box["x"] + box["width"] < border
    (hidden,) = (text for text in written(page) if "dashed:" in text)
    assert place(page, hidden)["y"] < min(chip(page, 0).bounding_box()["y"], place(page, best)["y"])


def test_names_numbers_and_draws_are_written_whole(page: Page) -> None:
    state = opened(page, text=DEFAULT_TEXT, draws=2000, span=8)
    names_are_whole(page, state, stages=4)
    # The numbers of a short text have one notation.
    numbers = race(page)
    assert len(numbers) == 16 and all(set(text) <= set("0123456789.") for text in numbers)
    # Below, the draws are told apart, and none is called impossible.
    state = driver.component_state(page, "decoding_draws")
    texts = written(page, "decoding_draws")
    for row in state["texts"]:
        assert row["text"].strip() in "\n".join(texts)
    assert "0.000" not in texts
    assert any(text.startswith("… ") and text.endswith(" before") for text in texts)
    assert {"drawn", "exact", "entropy", "surprise"} <= set(texts)


def test_names_are_whole_beside_columns_of_other_warpers(page: Page) -> None:
    names_are_whole(page, opened(page, text=DEFAULT_TEXT, repeat=5), stages=4)
    names_are_whole(page, opened(page, text=DEFAULT_TEXT, minp=0.05), stages=4)
    slide(page, "Temperature", -3)
    driver.wait_for_link(page, "temperature=0.7")
    driver.wait_until_drawn(page)
    names_are_whole(page, driver.component_state(page, "decoding"), stages=5)


def test_sums_and_verdict_stay_in_view_beside_a_large_tree(page: Page) -> None:
    for settings in ({"beams": 100}, {"depth": 60}):
        sums_and_verdict_are_in_view(page, opened(page, text=DEFAULT_TEXT, **settings))
    state = opened(page, text=DEFAULT_TEXT, depth=20)
    sums_and_verdict_are_in_view(page, state)
    # The numbers of a long text have one notation, too.
    numbers = race(page)
    assert len(numbers) > 8 and all("·10" in text for text in numbers)


def test_scores_tell_the_paths_apart(page: Page) -> None:
    state = opened(page, text=DEFAULT_TEXT, penalty=4)
    told = {
        text.removeprefix("score ").partition(",")[0] for text in written(page) if text.startswith("score −")
    }
    assert len(told) == len(state["paths"])
    for path in state["paths"]:
        assert any(float(text.replace("−", "-")) == pytest.approx(path["score"], rel=5e-3) for text in told)


def test_nothing_is_cut_at_the_edge_of_the_tree_and_no_word_of_the_prompt(page: Page) -> None:
    opened(page, text="Once upon a time, Ruth lived near")
    figure = driver.component(page, "decoding")
    beyond: list[str] = figure.evaluate(
        """(figure) => {
          const clip = figure.querySelector('#dec-tree rect').getBBox();
          const right = figure.querySelector('svg').getBoundingClientRect().left + clip.x + clip.width;
          return [...figure.querySelectorAll('[data-part=ends] text')]
            .filter((text) => text.getBoundingClientRect().right > right).map((text) => text.textContent);
        }"""
    )
    assert not beyond
    texts = figure.locator("[data-part=ends] text").all_text_contents()
    assert "dropped" in texts and texts[0] == "…Ruth lived"


def test_a_branch_by_hand_stands_in_the_table(page: Page, lm: core.LanguageModel) -> None:
    ids = lm.encode(" balloon wag", add_special_tokens=False)
    state = opened(page, text=DEFAULT_TEXT, force=".".join(map(str, ids)))
    assert [row["name"] for row in state["race"]] == ["greedy", "forced 1", state["best"]]
    assert written(page).count("yours") == 2, "at its end, and in the table"
    tree = grow(lm, DEFAULT_TEXT, depth=8, forced=(ids,), **USUAL)
    yours, greedy = tree.path("forced 1"), tree.path("greedy")
    assert yours and greedy and yours.log_prob < greedy.log_prob
    assert f"×{np.exp(yours.log_prob - greedy.log_prob):.2f} as likely" in written(page)


def test_nothing_of_the_end_is_told_before_the_last_step(page: Page, lm: core.LanguageModel) -> None:
    opened(page, text=DEFAULT_TEXT, level=0)
    for level in range(8):
        wait(page, step=level)
        texts = written(page)
        assert not [text for text in texts if "exact search" in text.lower()]
        assert not act(page, "act").count()
        said = driver.component(page, "decoding").get_attribute("aria-label") or ""
        assert "xact search" not in said and "never goes back" not in said
        assert level or not [text for text in texts if "not drawn" in text]
        act(page, "next").click()
    wait(page, step=8)
    assert [text for text in written(page) if text.startswith("An exact search")]
    top = exact.best(lm, lm.encode(DEFAULT_TEXT), 8, stop_ids=()).texts[0]
    assert top.text.strip() in " ".join(written(page)) and act(page, "act").is_visible()


def test_a_phone_opens_at_the_prompt_and_where_the_tree_grows(page: Page, lm: core.LanguageModel) -> None:
    page.set_viewport_size(driver.PHONE)
    state = opened(page, text=DEFAULT_TEXT)
    tree = grow(lm, DEFAULT_TEXT, depth=8, **USUAL)
    greedy, best = tree.path("greedy"), tree.path(state["best"])
    assert greedy and best and state["pan"][0] == 0
    box = chip(page, 0).bounding_box()
    assert box and box["x"] >= 0, "the beginning is in sight"
    assert any("Swipe" in text for text in written(page))
    at = next(step for step in range(8) if greedy.ids[step] != best.ids[step])
    state = opened(page, text=DEFAULT_TEXT, level=at + 1)
    assert state["pan"][0] > 0
    for path in (greedy, best):
        box = chip(page, path.nodes[at]).bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= driver.PHONE["width"]


def reads(
    lm: core.LanguageModel, text: str, said: list[int], layer: int | None = None, head: int = 0
) -> list[float]:
    """What the last row reads of the source, by a pass of its own: the mean of all heads, or one."""
    trace = lm.trace(text, said)
    rows = [
        trace[f"decoder.blocks.{i}.cross_attn.hook_pattern"][:, -1] for i in range(lm.config.decoder_layers)
    ]
    found: list[float] = (rows[layer][head] if layer is not None else torch.cat(rows).mean(0)).tolist()
    return found


def test_an_encoder_decoders_source_is_coloured_by_what_the_chosen_token_read(
    own_page: Page, models: Path
) -> None:
    text, lm = "The fox and the crow", core.load(models / "pair")
    state = opened(own_page, model="./pair", text=text, depth=4, node=".", greedy=1)
    figure = driver.component(own_page, "decoding")
    assert state["source"]["tokens"] == [lm.tokenizer.display(id) for id in lm.encode(text)]
    ids = next(path["ids"] for path in state["paths"] if path["name"] == state["best"])

    assert (state["way"], state["source"]["says"]) == (".", "the first token")
    assert state["source"]["reads"] == pytest.approx(reads(lm, text, []), abs=1e-4)
    figure.focus()
    for count in range(1, 4):  # along the best text
        own_page.keyboard.press("ArrowRight")
        way = ".".join(map(str, ids[:count]))
        state = wait(own_page, way=way)
        assert state["source"]["reads"] == pytest.approx(reads(lm, text, ids[: count - 1]), abs=1e-4)
        most = state["source"]["tokens"][int(np.argmax(state["source"]["reads"]))]
        assert "it read most: " + most.replace(" ", "·") in (figure.get_attribute("aria-label") or "")
    # One head colours the source, too.
    own_page.get_by_label("Whose cross-attention colours the source").select_option("L1H2")
    state = driver.wait_for_state(own_page, "decoding", lambda now: now["source"]["reader"] == "L1H2")
    state = driver.wait_for_state(
        own_page,
        "decoding",
        lambda now: now["source"]["reads"] == pytest.approx(reads(lm, text, ids[:2], 1, 2), abs=1e-4),
    )
    driver.wait_for_link(own_page, "crossing=5")
    driver.wait_until_drawn(own_page)
    # The tree grows after the answer so far.
    own_page.get_by_label("Answer so far").fill("A dog")
    own_page.keyboard.press("Enter")
    state = wait(own_page, root="So far")
    agrees(state, grow(lm, text, depth=4, target="A dog", **USUAL))
    own_page.get_by_role("button", name="Clear").click()
    state = wait(own_page, root="Start")
    # All of it is drawn on both screens.
    for size in (driver.DESKTOP, driver.PHONE):
        own_page.set_viewport_size(size)
        driver.wait_until_drawn(own_page)
        assert state["root"] == "Start" and "Start" in written(own_page)
        assert figure.locator("[data-source]").count() == len(state["source"]["tokens"])
        assert own_page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert driver.axe_lines(driver.axe(own_page)) == []


def test_predict_notebook_and_link(
    page: Page, browser: Browser, server: driver.Server, lm: core.LanguageModel, tmp_path: Any
) -> None:
    opened(page, depth=6, penalty=1.2, topk=5, level=4)
    said = checks.answered(page)
    greedy = lm.generate(TEXT, max_new_tokens=6)
    assert f"{sum(step.log_prob for step in greedy.steps):.3f}" in said
    checks.run_notebook(page, tmp_path)
    checks.link_restores(page, browser, server, "decoding")
