"""The frame around the pages: links, models, texts, Predict, what one takes away. Run on the page at the root."""

from __future__ import annotations

import csv
import html
import io
import itertools
import json
import re
from functools import partialmethod
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.testing.v1 import AppTest

from app import chapters, models
from app.models import choice
from app.server import start
from app.session import state
from core.checkpoints import hub
from tests.pages.conftest import random_model, turn_to

SHOWN = [chapter.slug for group in chapters.shown().values() for chapter in group]


def store(app: AppTest) -> dict[str, Any]:
    """All remembered values of the session."""
    values: dict[str, Any] = app.session_state["gb"].store
    return values


def said(app: AppTest) -> str:
    """The messages on top of the page, without the backslashes and joiners that keep them plain text."""
    return " ".join(box.value for box in app.info).replace("\\", "").replace("\u2060", "")


def link_in_notebook(app: AppTest) -> str:
    """The page's address as its notebook names it; the address bar and the Link button get the same."""
    cells = json.loads(app.session_state["gb"].memos["takeaway"]["notebook"]())["cells"]
    return "".join(cells[0]["source"]).split("`")[1]


def usual(slug: str) -> str:
    """The text that a page opens with: the usual one, or its own where its claim would not be seen on that."""
    return choice.OPENS.get(slug, (state.DEFAULT_TEXT,))[0]


@pytest.mark.parametrize("slug", SHOWN)
def test_every_page_opens_on_the_bundled_model_without_a_word(slug: str, open_page: Any) -> None:
    app = open_page(slug)
    assert not app.exception
    assert not app.error
    assert not app.info
    assert app.selectbox(key="model").value == state.DEFAULT_MODEL
    assert app.text_area(key="text").value == usual(slug)
    assert any("gb-claim" in block.value for block in app.html)


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=4)
@pytest.mark.parametrize("slug", SHOWN)
def test_a_link_restores_model_text_and_selections(slug: str, open_page: Any, other_model: str) -> None:
    link = {"v": 1, "model": other_model, "text": "The cat saw the dog", "block": 2, "head": 1, "mask": 0}
    app = open_page(slug, **link)
    assert not app.exception
    assert not app.info
    assert {key: store(app)[key] for key in ("model", "text", "block", "head", "mask")} == {
        "model": other_model, "text": "The cat saw the dog", "block": 2, "head": 1, "mask": False,
    }  # fmt: skip


BAD_LINKS: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"nope": 1, "block": "two", "head": -1, "model": "nobody"},
        [
            "“nope”",
            "block=two is not a whole number",
            "head=-1 is not between",
            "no model called “nobody”",
        ],
    ),
    (
        {"block": 77, "follow": 5000, "model": "../../etc"},
        [
            "block=77 is more than this model",
            "follow=5000 is more than",
            "leads out of the model folders",
        ],
    ),
    ({"v": 9, "snapshot": 123456789}, ["written for version 9", "123456789"]),
    ({"model": "/etc/passwd"}, ["leads out of the model folders"]),
    ({"model": "<img src=x>"}, ["no model called"]),
]


# What reads a link is the same for every page: all bad links on one page, one on each page.
@pytest.mark.full(reason="the other cases take 12 s", quick_cases=4)
@pytest.mark.parametrize(
    ("slug", "link", "says"),
    [("attention", *case) for case in BAD_LINKS]
    + [(slug, *case) for slug, case in zip(SHOWN, itertools.cycle(BAD_LINKS), strict=False)],
)
def test_a_bad_link_falls_back_and_says_how(
    slug: str, open_page: Any, link: dict[str, Any], says: list[str]
) -> None:
    app = open_page(slug, **link)
    assert not app.exception
    assert not app.error
    message = said(app)
    assert all(words in message for words in says), message
    assert store(app)["model"] == state.DEFAULT_MODEL
    assert not app.run().info, "a message is said once"


def test_a_plain_sentence_for_a_model_of_tasks_is_told_what_it_lacks(open_page: Any) -> None:
    def told(**link: str) -> str:
        boxes = open_page("home", **link).main.caption
        return (
            " ".join(f"{box.value} {box.proto.help}" for box in boxes).replace("\\", "").replace("\u2060", "")
        )

    said = told(model="tales-t5", text="Nora lost her red kite.")
    assert "No task stands in front of your text " in said, "in short; whole where a pointer rests"
    assert "begin with “translate English to Spanish:”, “sentiment:”, “question:” or “summarize:”" in said
    for text in ("summarize: Nora lost her red kite.", "Nora lost her <extra_id_0> kite."):
        assert "No task stands" not in told(model="tales-t5", text=text)
    assert "No task stands" not in told(model="tales-gpt", text="Nora lost her red kite.")
    app = open_page("home", model="tales-t5", text="Nora lost her red kite.")
    app.button(key="tool.task").click().run()
    assert store(app)["text"] == "translate English to Spanish: Nora lost her red kite."
    assert "tool.task" not in [one.key for one in app.button]


def test_of_an_encoder_the_claim_holds_of_a_hidden_token_too(open_page: Any) -> None:
    app = open_page("home", model="tales-bert", text="Lily had a small [MASK].")
    claim = next(str(one.proto) for one in app.get("html") if "gb-claim" in str(one.proto))
    assert "each row guesses the token of its place" in claim and "its own token" not in claim


def test_a_very_long_text_stays_out_of_the_link(open_page: Any) -> None:
    app = open_page("home")
    app.text_area(key="text").set_value("word " * 20_000).run()
    assert "carries the first 2,000 characters" in said(app)
    assert len(link_in_notebook(app)) < 4_000


def test_undo_and_reset(open_page: Any) -> None:
    app = open_page("home")
    assert app.button(key="tool.undo").disabled
    usual = app.segmented_control(key="head").value
    app.segmented_control(key="head").set_value(1).run()
    app.segmented_control(key="head").set_value(3).run()
    app.button(key="tool.undo").click().run()
    assert app.segmented_control(key="head").value == 1 != usual
    app.button(key="tool.reset").click().run()
    assert app.segmented_control(key="head").value == usual
    assert app.button(key="tool.reset").disabled
    app.button(key="tool.undo").click().run()
    assert app.segmented_control(key="head").value == 1


@pytest.mark.full(reason="takes 2 s")
def test_text_and_model_follow_to_the_next_page(open_page: Any, other_model: str) -> None:
    app = open_page("home", model=other_model)
    app.text_area(key="text").set_value("The dog").run()
    app.segmented_control(key="head").set_value(1).run()
    for slug in SHOWN:
        turn_to(app, slug)
        assert not app.exception
        assert (store(app)["text"], store(app)["model"], store(app)["head"]) == ("The dog", other_model, 1)
        assert app.text_area(key="text").value == "The dog"


def test_the_phone_line_and_the_text_box_are_one_text(open_page: Any) -> None:
    app = open_page("home")
    app.text_input(key="text.phone").set_value("typed on a phone").run()
    assert app.text_area(key="text").value == "typed on a phone"
    app.text_area(key="text").set_value("and back").run()
    assert app.text_input(key="text.phone").value == "and back"


def test_the_picker_lists_bundled_folders_and_hub(open_page: Any, other_model: str) -> None:
    options = open_page("home").selectbox(key="model").options
    assert [options.index(name) for name in (state.DEFAULT_MODEL, "other", models.HUB[0])] == sorted(
        options.index(name) for name in (state.DEFAULT_MODEL, "other", models.HUB[0])
    )


def test_a_hub_model_without_a_network_says_so_and_falls_back(
    open_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASSBOX_HUB", "nobody/nothing")  # certainly in nobody's cache
    app = open_page("home", model="nobody/nothing")
    assert not app.exception
    assert "hub" in said(app)
    assert f"This page shows {state.DEFAULT_MODEL} instead" in said(app)
    assert app.selectbox(key="model").value == state.DEFAULT_MODEL


def test_a_failure_nobody_foresaw_is_a_message_too(open_page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(name: str, progress: hub.Progress | None = None) -> Path:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(hub, "download", fails)
    monkeypatch.setenv("GLASSBOX_HUB", "a/b")
    app = open_page("home", model="a/b")
    assert not app.exception
    assert "could not be opened" in said(app)
    assert "secret detail" not in said(app)


def test_a_broken_folder_says_what_is_wrong(
    open_page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text("{", encoding="utf-8")
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    app = open_page("home", model="./broken")
    assert not app.exception
    assert "config.json" in said(app)
    assert store(app)["model"] == state.DEFAULT_MODEL


def test_predict_waits_for_a_choice_then_reveals_and_starts_anew(open_page: Any) -> None:
    app = open_page("home")
    assert app.button(key="predict.commit").disabled
    app.pills(key="predict.choice").set_value(0).run()
    app.button(key="predict.commit").click().run()
    answer = app.session_state["gb"].memos["predict"]["answer"]
    assert answer.numbers
    reveal = next(block.value for block in app.html if "gb-reveal" in block.value)
    assert f'data-right="{int(answer.index == 0)}"' in reveal
    app.text_area(key="text").set_value("The cat saw a").run()
    assert "answer" not in app.session_state["gb"].memos["predict"]
    assert app.pills(key="predict.choice").value is None
    assert app.button(key="predict.commit").disabled


def test_csv_and_table_hold_the_same(open_page: Any) -> None:
    taken = open_page("home").session_state["gb"].memos["takeaway"]
    rows = list(csv.reader(io.StringIO(taken["csv"]().partition("\n")[2])))
    table = taken["table"]()
    assert rows[0] == list(table)
    assert len(rows) - 1 == len(next(iter(table.values()))) > 0


def test_files_of_a_page_say_of_what_they_are(open_page: Any) -> None:
    app = open_page("attention", text="A red, red ball", block=1)
    taken = app.session_state["gb"].memos["takeaway"]
    origin = {key: value for key, [value] in parse_qs(taken["csv"]().partition("\n")[0][2:]).items()}
    assert (origin["page"], origin["model"], origin["text"]) == ("attention", "tales-gpt", "A red, red ball")
    assert origin["link"].startswith("/attention?") and "block=1" in origin["link"]
    assert set(origin) == {"page", "model", "model hash", "text", "link", "version", "date"}
    assert json.loads(taken["notebook"]())["metadata"]["glassbox"] == origin
    assert html.escape(json.dumps(origin["model hash"])) in taken["html"]()
    alone = open_page("scaling").session_state["gb"].memos["takeaway"]["csv"]()
    assert alone.startswith("# page=scaling&link=") and "model hash" not in alone, (
        "it shows models of its own"
    )


def test_projector_mode_hides_the_sidebar_and_can_be_left(open_page: Any) -> None:
    app = open_page("home", view="projector")
    assert any("zoom" in block.value for block in app.html)
    app.button(key="tool.leave").click().run()
    assert not any("zoom" in block.value for block in app.html)
    assert "view" not in dict(parse_qsl(urlsplit(link_in_notebook(app)).query))
    assert store(app)["view"] == "page"


@pytest.mark.full(reason="the other cases take a second", quick_cases=8)
@pytest.mark.parametrize("slug", SHOWN)
def test_a_frame_holds_claim_and_picture_and_the_way_to_the_page(slug: str, open_page: Any) -> None:
    app = open_page(slug, view="figure", text="Once upon a time", block=1)
    assert not app.exception
    drawn = "".join(block.value for block in app.html)
    assert drawn.count("<h1") == 1
    assert "takeaway" not in app.session_state["gb"].memos
    assert not [one for one in app.button if one.key and one.key.startswith(("predict", "take", "tool"))]
    found = re.search(r'class="gb-made"><a href="([^"]*)"', drawn)
    assert found is not None
    path, _, query = html.unescape(found[1]).partition("?")
    assert path == ("" if slug == "home" else slug)
    assert dict(parse_qsl(query)) == {
        "v": "1",
        "model": "tales-gpt",
        "text": "Once upon a time",
        "block": "1",
    }
    assert app.session_state["gb"].finished


@pytest.mark.full(reason="the other cases take 5 s", quick_cases=2)
@pytest.mark.parametrize("slug", SHOWN)
def test_an_example_replaces_the_text_and_can_be_undone(slug: str, open_page: Any) -> None:
    app = open_page(slug)
    menu = app.menu_button(key="tool.example")
    assert len(menu.options) >= 2
    menu.click_index(len(menu.options) - 1).run()
    assert not app.exception
    example = app.text_area(key="text").value
    assert example not in ("", state.DEFAULT_TEXT)
    assert app.text_area(key="text").value == store(app)["text"] == example
    app.button(key="tool.undo").click().run()
    assert app.text_area(key="text").value == usual(slug)


def test_the_link_in_the_notebook_restores_the_page(open_page: Any) -> None:
    app = open_page("home")
    app.text_area(key="text").set_value("The cat & the dog = 2").run()
    app.segmented_control(key="head").set_value(2).run()
    query = dict(parse_qsl(urlsplit(link_in_notebook(app)).query))
    assert store(open_page("home", **query)) == store(app)


def test_a_model_of_one_block_and_one_head_is_described_in_the_singular(
    open_page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random_model(tmp_path / "one", seed=9, n_layers=1, n_heads=1, d_model=8)
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    app = open_page("home", model="./one", text="a")
    written = said(app) + "\n".join(block.value for block in [*app.html, *app.caption])
    assert "1 block × 1 head" in written
    assert not re.search(r"\b1 (blocks|heads|tokens)\b", re.sub(r"<[^>]+>", " ", written))
    card = open_page("models", model="./one", picked="./one")
    assert "1 block × 1 head," in "\n".join(block.value for block in card.html)


def test_a_page_that_breaks_says_so_without_details_and_keeps_what_was_typed(
    open_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*given: Any, **named: Any) -> None:
        raise RuntimeError("a private detail")

    # AppTest gives its script runner no handler of errors; the app's server does (app/main.py).
    served = partialmethod(ScriptRunner.__init__, on_script_error=start.on_error)
    monkeypatch.setattr(ScriptRunner, "__init__", served)
    app = open_page("attention", text="A red ball", head=2)
    with monkeypatch.context() as broken:
        broken.setattr("app.frame.page.claim", fails)
        app.run()
        (box,) = app.error
        assert box.value.startswith("Something went wrong on this page; your text and selections are kept.")
        written = " ".join(block.value for block in [*app.html, *app.markdown, *app.error])
        assert "private" not in written and not app.exception
        assert len(app.text_area) == 1, "the sidebar is drawn"
    app.run()
    assert not app.error and app.session_state["gb"].store["head"] == 2
    assert app.text_area(key="text").value == "A red ball"
