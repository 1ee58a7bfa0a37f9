"""The Home page as a script: what it claims, asks, links and takes away, on every shape of model and any text."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app import chapters
from app.frame import cheatsheet as cheatsheet_map
from core.analysis.stream.overview import overview
from pages.home import figure as picture
from tests.pages.conftest import run_notebook
from tests.pages.test_break_it import commit

TEXT = "Once upon a time, Lily saw a"
LINKS: dict[str, dict[str, Any]] = {
    "bundled": {"text": TEXT, "block": 3, "head": 2},
    "earlier row": {"text": TEXT, "block": 0, "follow": 4},
    "other": {"model": "./other", "text": "The fox and the crow", "block": 2, "head": 1},
    "both": {"model": "./both", "text": "The fox and the crow", "head": 2},
    "pair encoder": {"model": "./pair", "text": "The fox", "stack": "encoder", "block": 1},
    "pair self": {
        "model": "./pair",
        "text": "The fox",
        "target": "A crow",
        "stack": "decoder",
        "attention": "self",
        "block": 1,
    },
    "pair cross": {
        "model": "./pair",
        "text": "The fox",
        "target": "A crow",
        "stack": "decoder",
        "attention": "cross",
    },
}
WRITTEN = [
    "", "   ", "word " * 20_000, "مرحبا بالعالم", "e\u0301e\u0301", "👩‍👩‍👧 🎈", "nul \0 here",
    "<b>bold</b><script>alert(1)</script>", "# head **bold** [a](b)", "$\\frac{1}{2}$ `x`",
]  # fmt: skip


def html(app: AppTest) -> str:
    """All of the page's own HTML."""
    return "\n".join(block.value for block in app.html)


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.usefixtures("other_model")
def test_every_shape_of_model_opens_and_its_notebook_agrees(name: str, open_page: Any) -> None:
    app = open_page("home", **LINKS[name])
    assert not app.exception
    assert not app.info
    variables = run_notebook(app)
    seen = variables["seen"]
    assert f"{seen.parameters:,} parameters, all of it computed now in" in html(app)
    blocks = {2: "Two", 3: "Three", 4: "Four"}[seen.n_blocks]
    assert f"<h1>{blocks} blocks add to every row; " in html(app)
    assert seen.stack == ("encoder" if name in ("both", "pair encoder") else "decoder")
    if name == "earlier row":
        assert variables["ROW"] == 4


@pytest.mark.usefixtures("other_model")
def test_another_model_and_text_change_every_number(open_page: Any) -> None:
    first = run_notebook(open_page("home", **LINKS["bundled"]))["seen"]
    second = run_notebook(open_page("home", **LINKS["other"]))["seen"]
    for name in ("resid", "mlp", "top_probabilities", "lens_probabilities"):
        a, b = (np.round(getattr(seen, name), 4) for seen in (first, second))
        assert not np.isin(b[1:], a).all(), name


def test_a_broken_number_fails_the_notebook(open_page: Any) -> None:
    app = open_page("home", **LINKS["bundled"])
    cells = json.loads(app.session_state["gb"].memos["takeaway"]["notebook"]())["cells"]
    code = "".join("".join(cell["source"]) + "\n" for cell in cells[2:] if cell["cell_type"] == "code")
    shown = run_notebook(app)["seen"].resid[0, -1]
    assert f"{shown:.6g}" in code
    with pytest.raises(AssertionError):
        exec(
            compile("import core\n" + code.replace(f"{shown:.6g}", f"{shown + 0.1:.6g}"), "cell", "exec"), {}
        )


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.usefixtures("other_model")
@pytest.mark.parametrize("name", ["bundled", "earlier row", "other", "both", "pair encoder"])
def test_the_answer_is_what_the_model_does_at_commit(name: str, open_page: Any) -> None:
    """What the page says of attention and MLPs, found here by switching every head off, or every block's neurons."""
    app = open_page("home", **LINKS[name])
    variables = run_notebook(app)
    answer = commit(app)
    lm, (place, other, row) = variables["lm"], variables["where"]
    assert answer.because and answer.evidence
    ids = list(variables["ids"])
    changed = [*ids[:place], other, *ids[place + 1 :]]
    target = variables.get("TARGET")
    prefix = "encoder." if lm.config.shape == "encoder-decoder" else ""
    hooks = lm.trace(ids, target).hooks
    end = [hook for hook in hooks if re.fullmatch(rf"{prefix}blocks.\d.hook_resid_post", hook)][-1]

    def off(half: str) -> Any:
        names = tuple(hook for hook in hooks if hook.endswith(f"{half}_out"))
        return core.Intervention(names, lambda value: 0 * value, half)

    def moved(*changes: Any) -> float:
        with core.intervene(*changes):
            before, after = (lm.trace(each, target)[end][row] for each in (ids, changed))
        return float((after - before).norm() / before.norm())

    expected = [moved(), moved(off("attn")), moved(off("mlp"))]
    assert list(answer.numbers.values()) == pytest.approx(expected, rel=1e-3, abs=1e-5)
    assert expected[1] == 0
    hidden = place > row and lm.config.shape == "decoder"
    assert (expected[0] == 0) == hidden
    assert answer.index == (3 if hidden else 0)


def _root() -> str:
    import os

    return os.environ["GLASSBOX_MODELS"]


@pytest.mark.full(reason="the other cases take a second", quick_cases=4)
@pytest.mark.parametrize("text", WRITTEN)
def test_any_text_has_a_picture_or_says_what_to_do(text: str, open_page: Any) -> None:
    app = open_page("home", text="Once")
    app.session_state["gb"].store["text"] = text
    app.run()
    assert not app.exception
    assert app.session_state["gb"].store["text"] == text, "nothing is lost"
    assert ("blocks add to every row" in html(app)) and "<script>" not in html(app)
    if not text.strip() or len(text) > 5_000 or "\0" in text:
        assert app.info


def test_the_widgets_and_the_link_follow_each_other(open_page: Any) -> None:
    app = open_page("home", text=TEXT, block=2, head=3, follow=4, ribbons="sign", temperature=0.5, walk=3)
    store = app.session_state["gb"].store
    assert (store["block"], store["head"], store["follow"], store["walk"]) == (2, 3, 4, 3)
    follow = next(box for box in app.selectbox if box.label == "Follow token")
    assert follow.value == 4
    follow.set_value(-1).run()
    assert app.session_state["gb"].store["follow"] == -1
    assert (
        app.session_state["gb"].store["walk"] == 3
    )  # until another page is opened: the picture has its own buttons


def test_a_growing_text_keeps_its_last_row_followed(open_page: Any) -> None:
    app = open_page("home", text=TEXT)
    app.session_state["gb"].store["text"] = TEXT + " dog"
    app.run()
    assert app.session_state["gb"].store["follow"] == -1
    follow = next(box for box in app.selectbox if box.label == "Follow token")
    assert follow.value == -1 and len(follow.options) == len(core.load("tales-gpt").encode(TEXT + " dog"))


def test_the_table_holds_the_pictures_numbers(open_page: Any) -> None:
    app = open_page("home", **LINKS["bundled"])
    seen = run_notebook(app)["seen"]
    lines = list(
        csv.DictReader(io.StringIO(app.session_state["gb"].memos["takeaway"]["csv"]().partition("\n")[2]))
    )
    depths = [line for line in lines if not line["place"].startswith("prediction")]
    assert len(depths) == len(seen.ids) * (seen.n_blocks + 1)
    np.testing.assert_allclose(
        [float(line["stream length"]) for line in depths], seen.resid.T.ravel(), rtol=1e-4
    )
    best = [float(line["probability"]) for line in lines if line["place"].startswith("prediction")]
    np.testing.assert_allclose(best, seen.top_probabilities[-1], rtol=1e-4)


def test_too_many_logits_are_sent_for_the_followed_row_only(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = core.load("tales-gpt")
    seen = overview(lm, TEXT)
    assert picture.record(seen, lm.tokenizer.display, 3, "x")["logits"]["rows"] is None
    monkeypatch.setattr(picture, "LOGITS", 100)
    data = picture.record(seen, lm.tokenizer.display, 3, "x")
    assert data["logits"]["rows"] == [3, len(seen.ids) - 1]
    assert data["logits"]["values"]["shape"] == [2, lm.config.d_vocab]
    assert data["stamp"] != picture.record(seen, lm.tokenizer.display, 4, "x")["stamp"]


@pytest.mark.full(reason="starts processes and waits for them, 13 s")
def test_the_map_names_every_point_of_the_subject_once() -> None:
    cards = cheatsheet_map.sections()
    assert [card["section"] for card in cards] == [str(n) for n in range(1, 14)]
    for chapter in chapters.CHAPTERS:
        entries = [entry for card in cards for entry in card["pages"] if entry["slug"] == chapter.slug]
        assert chapter.exists, "the map leads nowhere else"
        for cover in chapter.covers:
            assert sum(cover.term in entry["terms"] for entry in entries) >= 1, cover
