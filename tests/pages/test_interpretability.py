"""The Interpretability page as a script: lens, parts and patches of every shape, its pairs, its question, bad links."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

import core
from app import models
from app.frame import page
from core.analysis.patching.patches import Patching, Spot
from core.analysis.patching.paths import paths
from core.analysis.patching.sweep import patched
from core.analysis.patching.text_pairs import text_pair
from core.analysis.stream.direct_attribution import attribute
from pages.interpretability import controls, explainers, figure, path
from tests.pages.conftest import OpenPage, notebook, random_model, run_notebook

TEXT, TWIN = "A red ball was lost. She found the red", "A red saw was lost. She found the red"
ALL = "says patches tokens"  # every part of the page open
LINKS: dict[str, dict[str, Any]] = {
    "bundled": {"text": TEXT, "corrupted": TWIN},
    "other": {"model": "./other", "text": "The cat saw the dog", "corrupted": "The dog saw the dog"},
    "both": {"model": "./both", "text": "The cat saw the dog", "corrupted": "The cat had the dog"},
    "pair encoder": {
        "model": "./pair", "text": "The cat", "corrupted": "The dog", "target": "A dog", "stack": "encoder",
    },
    "pair decoder": {
        "model": "./pair", "text": "The cat", "corrupted": "The dog", "target": "A dog", "stack": "decoder",
        "attention": "cross",
    },
    "pair itself": {
        "model": "./pair", "text": "The cat", "corrupted": "The dog", "target": "A dog", "stack": "decoder",
        "attention": "self",
    },
}  # fmt: skip
LINKS = {name: link | {"unfold": ALL} for name, link in LINKS.items()}
KINDS: dict[str, Any] = {"pair encoder": "encoder", "pair decoder": "cross"}


def table(app: AppTest) -> dict[str, list[Any]]:
    """The picture's table."""
    found: dict[str, list[Any]] = app.session_state["gb"].memos["takeaway"]["table"]()
    return found


def values(shown: dict[str, list[Any]], what: str) -> list[Any]:
    """The values of the lines of one kind."""
    return [value for name, value in zip(shown["what"], shown["value"]) if name == what]


def opened(link: dict[str, Any]) -> core.LanguageModel:
    """The model of a link."""
    return core.load(models.resolve(link.get("model", "tales-gpt")).target)


def prepared(link: dict[str, Any], kind: Any) -> tuple[core.LanguageModel, Patching]:
    """The pair of a link, patched here: the likeliest token against what the corrupted text says."""
    lm = opened(link)
    target = link.get("target")
    clean, corrupted = (lm.trace(link[name], target).logits[-1].detach() for name in ("text", "corrupted"))
    token = int(clean.argmax())
    first = corrupted.topk(10).indices.tolist()
    rest = [one for one in first if one != token]
    against = first[0] if first[0] != token else max(rest, key=lambda one: float(corrupted[one] - clean[one]))
    pair = text_pair(lm, link["text"], link["corrupted"], target=target)
    return lm, Patching.of(lm, pair, token, against, attention=kind)


@pytest.mark.full(reason="each case takes 5 s")
@pytest.mark.parametrize("name", LINKS)
@pytest.mark.usefixtures("other_model")
def test_every_number_is_cores(name: str, open_page: OpenPage) -> None:
    link, kind = LINKS[name], KINDS.get(name, "self")
    app = open_page("interpretability", **link)
    assert not app.exception and not app.error and not app.info
    shown = table(app)
    lm, found = prepared(link, kind)
    maps = patched(found)
    back = found.pair.back if found.source is None or kind == "encoder" else None
    for site in found.sites:
        ours = maps[site]
        if back is not None:  # the page counts the clean text's positions
            ours = np.array([[line[at] if at >= 0 else np.nan for at in back] for line in ours])
        shown_map = [np.nan if value is None else value for value in values(shown, f"patched {site}")]
        np.testing.assert_allclose(shown_map, ours.ravel(), rtol=1e-3, atol=1e-3 * np.nanmax(np.abs(ours)))
    for head in range(lm.config.n_heads):
        most = np.abs(maps["head"]).max()
        np.testing.assert_allclose(
            values(shown, f"patched head {head}"), maps["head"][:, head], rtol=1e-3, atol=1e-3 * most
        )
    parts = attribute(lm, link["text"], found.token, found.against, target=link.get("target"))
    said = [
        value
        for what, value in zip(shown["what"], shown["value"])
        if what.startswith("part: ") and "head" not in what
    ]
    np.testing.assert_allclose(said, [line.value for line in parts.lines], rtol=1e-4, atol=1e-4)
    assert values(shown, "logit")[0] == pytest.approx(sum(said), abs=1e-3)
    trace = lm.trace(link["text"], link.get("target"))
    lens = [row for row in zip(*shown.values()) if row[0] == "lens"]
    assert lens[-1][6] == pytest.approx(float(trace.logits[-1].softmax(-1)[found.token]), rel=1e-4)
    run_notebook(app)


@pytest.mark.full(reason="takes 4 s")
@pytest.mark.parametrize("name", ["bundled", "both", "pair decoder"])
@pytest.mark.usefixtures("other_model")
def test_the_answer_is_a_patch_of_three_heads(name: str, open_page: OpenPage) -> None:
    link = LINKS[name]
    app = open_page("interpretability", **link)
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    answer = app.session_state["gb"].memos["predict"]["answer"]
    _, found = prepared(link, KINDS.get(name, "self"))
    order = np.argsort(-np.stack([found.by_head(layer) for layer in range(found.layers)]), axis=None)[:3]
    share = found.together(
        [Spot(*divmod(int(at), found.heads)[:1], head=int(at) % found.heads) for at in order]
    )
    assert answer.numbers["share"] == pytest.approx(share, abs=2e-3)
    alone = sum(found.together([Spot(int(at) // found.heads, head=int(at) % found.heads)]) for at in order)
    key = (
        "same"
        if abs(share - alone) <= 0.1 * max(abs(share), abs(alone))
        else "less"
        if share < alone
        else "more"
    )
    assert ("more", "same", "less")[answer.index] == key


@pytest.mark.full(reason="takes 2 s")
def test_without_a_second_token_the_plain_logit_is_explained(open_page: OpenPage) -> None:
    app = open_page("interpretability", **LINKS["bundled"], versus=-2)
    lm = core.load("tales-gpt")
    logits = lm.trace(TEXT).logits[-1]
    assert values(table(app), "logit")[0] == pytest.approx(float(logits.max()), abs=1e-3)
    app.segmented_control[0].set_value("less").run()
    assert app.session_state["gb"].store["versus"] == -1
    run_notebook(app)


@pytest.mark.full(reason="takes 2 s")
def test_another_pair_is_one_that_the_model_gets_right(open_page: OpenPage) -> None:
    app = open_page("interpretability", unfold=ALL, text=TEXT)
    seen = set()
    for _ in range(2):
        app.button(key="interpretability.pair").click().run()
        assert not app.exception
        store = app.session_state["gb"].store
        seen.add((store["text"], store["corrupted"]))
        shown = table(app)
        clean, corrupted = values(shown, "clean text says")[0], values(shown, "corrupted text says")[0]
        assert clean > 0 > corrupted
    assert len(seen) == 2
    run_notebook(app)


@pytest.mark.full(reason="takes 4 s")
def test_texts_of_other_lengths_are_aligned_and_twins_are_told(open_page: OpenPage) -> None:
    app = open_page(
        "interpretability", unfold=ALL, text=TEXT, corrupted="A red little kite was lost. She found the red"
    )
    assert not app.exception
    shown = values(table(app), "patched stream")
    assert None in shown and any(value is not None for value in shown)
    run_notebook(app)
    app = open_page("interpretability", unfold=ALL, text=TEXT, corrupted=TEXT)
    assert not app.exception and not values(table(app), "patched stream")
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    assert "All attention adds" in app.session_state["gb"].memos["predict"]["answer"].evidence
    run_notebook(app)


def test_long_work_shows_how_far_it_is_and_ends_the_same(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = table(open_page("interpretability", **LINKS["bundled"], dealt=3))
    monkeypatch.setattr(controls, "QUICK", 0.0)
    app = open_page("interpretability", **LINKS["bundled"], dealt=4)
    assert not app.exception
    assert table(app) == quick
    monkeypatch.setattr(controls, "ASKS", 0.0)
    app = open_page(
        "interpretability", unfold=ALL, text=TEXT, corrupted="A red boat was lost. She found the red"
    )
    assert not values(table(app), "patched stream")
    app.button(key="work.interpretability").click().run()
    assert values(table(app), "patched stream")


def blocks(shown: dict[str, list[Any]], what: str) -> set[int]:
    """The blocks that have a line of a kind."""
    return {block for name, block in zip(shown["what"], shown["block"]) if name == what}


@pytest.fixture
def deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A link to a random model of 20 blocks, too large to be patched at once."""
    random_model(tmp_path / "deep", seed=7, n_layers=20, n_heads=2)
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    monkeypatch.setattr(controls, "QUICK", 0.0)
    return {
        "model": "./deep",
        "text": "The cat saw the dog",
        "corrupted": "The dog saw the dog",
        "unfold": "patches",
    }


def asks_of_the_first_round(link: dict[str, Any]) -> float:
    """Work that the first round of a deep model is below, and all of it above."""
    lm, found = prepared(link, "self")
    return figure.cost(lm, len(found.counterpart), 20, 4, by_place=False) / 3


@pytest.mark.full(reason="takes a second")
def test_a_deep_model_is_patched_from_coarse_to_fine(
    deep: dict[str, Any], open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controls, "ASKS", asks_of_the_first_round(deep))
    app = open_page("interpretability", **deep)
    assert not app.exception
    first = blocks(table(app), "patched stream")
    assert {0, 8, 16} <= first < set(range(20)), "the first round, unasked; a step more may have begun"
    assert app.button(key="work.interpretability").label == "Go on"
    app.button(key="work.interpretability").click().run()
    shown = table(app)
    assert blocks(shown, "patched stream") == set(range(20))
    assert not any(button.key == "work.interpretability" for button in app.button)
    _, found = prepared(deep, "self")
    ours = patched(found, by_place=False)
    for name in found.sites:  # the page counts the clean text's positions
        expected = [[line[at] if at >= 0 else np.nan for at in found.pair.back] for line in ours[name]]
        seen = [np.nan if value is None else value for value in values(shown, f"patched {name}")]
        np.testing.assert_allclose(seen, np.ravel(expected), rtol=1e-3, atol=1e-4)
    run_notebook(app)


def test_a_second_visitor_sees_what_the_first_has_measured(
    deep: dict[str, Any], open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controls, "ASKS", asks_of_the_first_round(deep))
    app = open_page("interpretability", **deep)
    app.button(key="work.interpretability").click().run()
    whole = table(app)

    def none(*_: Any, **__: Any) -> Any:
        raise AssertionError("measured again")

    monkeypatch.setattr(controls, "sweep", none)
    other = open_page("interpretability", **deep)
    assert not other.exception and table(other) == whole


def test_stop_keeps_what_was_measured(
    deep: dict[str, Any], open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controls, "ASKS", asks_of_the_first_round(deep))
    app = open_page("interpretability", **deep)
    first = blocks(table(app), "patched stream")
    memo = app.session_state["gb"].memos["shared work"]
    key, _ = memo[controls.JOB]
    memo[controls.JOB] = key, 0  # as the button does while it is being measured
    app.run()
    assert not app.exception and blocks(table(app), "patched stream") >= first
    other = open_page("interpretability", **deep)
    assert blocks(table(other), "patched stream") >= first
    assert other.button(key="work.interpretability").label == "Go on"


def test_heads_by_place_are_patched_block_by_block(
    deep: dict[str, Any], open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controls, "ASKS", 0.0)
    app = open_page("interpretability", **deep, extent="here", block=5, sight="heads")
    assert (
        "Patch the heads of block 5 at every position" in app.button(key="work.interpretability.heads").label
    )
    asked = dict[int, Any]()
    by_head = controls.Measure._by_head

    def seen(self: controls.Measure) -> Any:
        asked.update(by_head(self))
        return asked

    monkeypatch.setattr(controls.Measure, "_by_head", seen)
    app.button(key="work.interpretability.heads").click().run()
    assert not app.exception and asked.keys() == {5}
    _, found = prepared(deep, "self")
    np.testing.assert_allclose(asked[5], found.by_head_and_place(5), atol=1e-6)
    assert not values(table(app), "patched stream"), "the rest has not been asked for"


def test_paths_are_walked_when_the_page_is_drawn(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page("interpretability", **LINKS["bundled"], dealt=5)
    happened: list[str] = []
    examples, walk = page.examples, path.walk

    def walking(*given: Any, **more: Any) -> Iterator[Any]:
        happened.append("walked")
        yield from walk(*given, **more)

    def last(texts: Any) -> None:
        happened.append("drawn")
        examples(texts)

    monkeypatch.setattr(path, "QUICK", 0.0)
    monkeypatch.setattr(page, "examples", last)
    monkeypatch.setattr(path, "walk", walking)
    app.run()
    happened.clear()
    app.button(key=f"work.{path.JOB}").click().run()
    assert not app.exception and any("The path to one head" in cell.source for cell in notebook(app).cells)
    assert happened[0] == "drawn" and "walked" in happened


def test_long_paths_are_those_of_the_chosen_head_and_kept_for_everybody(
    deep: dict[str, Any], open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(path, "QUICK", 0.0)
    link = deep | {"sight": "heads", "block": 5, "head": 1}
    app = open_page("interpretability", **link)
    app.button(key=f"work.{path.JOB}").click().run()
    lm, found = prepared(deep, "self")
    wanted = paths(lm, found, 5, 1)

    def none(*_: Any, **__: Any) -> Any:
        raise AssertionError("walked again")

    monkeypatch.setattr(path, "walk", none)
    for visitor in (app, open_page("interpretability", **link)):
        assert not visitor.exception and f"work.{path.JOB}" not in [one.key for one in visitor.button]
        given = [json.loads(one.proto.json)[0] for one in visitor.get("bidi_component") if one.proto.json]
        (shown,) = (data for data in given if isinstance(data, dict) and "senders" in data)
        assert [one["name"] for one in shown["senders"]] == [one.name for one in wanted.senders]
        for into, line in wanted.shares.items():
            np.testing.assert_allclose(shown["shares"][into], line, atol=1e-6)
            assert shown["whole"][into] == pytest.approx(wanted.whole[into], abs=1e-6)


SHAPES: dict[str, dict[str, Any]] = {
    "no norms": {"norm": "none"},
    "post-norm": {"norm_placement": "post", "final_norm": False, "embed_norm": True, "shape": "encoder"},
    "a bending head": {"norm_placement": "post", "shape": "encoder", "mlm_head": True, "n_token_types": 2},
    "no blocks": {"n_layers": 0},
    "no residual": {"residual": False},
    "like Llama": {
        "position": "rotary", "norm": "rms", "norm_bias": False, "gated": True, "act": "silu", "n_heads": 4,
        "n_kv_heads": 2, "qkv_bias": False, "out_bias": False, "mlp_bias": False,
    },
    "many blocks": {"n_layers": 14, "n_heads": 6},
}  # fmt: skip


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("shape", SHAPES)
def test_unusual_models_work(
    shape: str, open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random_model(tmp_path / "odd", seed=5, **SHAPES[shape])
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    for sight in ("lens", "cross", "heads", "parts"):
        link = {"sight": sight, "block": 1, "extent": "here" if sight == "heads" else "all"}
        app = open_page("interpretability", unfold=ALL, model="./odd", text="The cat saw the dog", **link)
        assert not app.exception and not app.error, sight
    run_notebook(app)
    shown = table(app)
    said = [
        value
        for what, value in zip(shown["what"], shown["value"])
        if what.startswith("part: ") and "head" not in what
    ]
    lm = core.load(tmp_path / "odd")
    with torch.no_grad():
        logits = lm.trace("The cat saw the dog").logits[-1]
    assert values(shown, "logit")[0] == pytest.approx(sum(said), abs=2e-3)
    assert len(logits) == lm.config.d_vocab


@pytest.mark.full(reason="each case takes 2 s")
@pytest.mark.parametrize(
    "link",
    [
        {"asked": 9_000_000}, {"versus": 9_000_000}, {"asked": 5, "versus": 5}, {"follow": 5000}, {"stage": 0},
        {"sight": "cross"}, {"row": 900, "tier": 900}, {"corrupted": " "}, {"corrupted": "🦜" * 99}, {"block": 99},
        {"corrupted": "x"}, {"follow": 0},
    ],
)  # fmt: skip
def test_a_link_that_asks_too_much_is_answered_all_the_same(
    link: dict[str, Any], open_page: OpenPage
) -> None:
    app = open_page("interpretability", unfold=ALL, text=TEXT, **link)
    assert not app.exception and not app.error
    run_notebook(app)


def test_the_notebook_asserts_every_patch(open_page: OpenPage) -> None:
    cells = [cell.source for cell in notebook(open_page("interpretability", **LINKS["bundled"])).cells]
    assert any("maps['stream']" in source and "maps['head']" in source for source in cells)


def drawn(app: AppTest) -> dict[str, Any]:
    """The data of the page's first picture."""
    found = [json.loads(one.proto.json)[0] for one in app.get("bidi_component") if one.proto.json]
    data: dict[str, Any] = next(one for one in found if "slight" in one and "says" in one)
    return data


@pytest.mark.full(reason="takes 3 s")
def test_texts_that_hardly_differ_are_said_to_have_hardly_a_difference_to_share(open_page: OpenPage) -> None:
    text = "translate English to Spanish: The cook saw a blue hat."
    link = {"target": "La Vera estaba viendo un sombrero azul.", "stack": "decoder", "attention": "cross"}
    data = drawn(open_page("interpretability", unfold=ALL, model="tales-t5", text=text, **link))
    gap = abs(data["says"]["clean"] - data["says"]["corrupted"])
    assert 0 < gap < 1
    assert f"{gap:.2f} apart, less than 1." in data["slight"]
    assert " saw " in data["corrupted"]  # what was seen is no tool
    assert drawn(open_page("interpretability", unfold=ALL))["slight"] == ""


def test_nothing_long_is_begun_before_its_part_is_opened(
    deep: dict[str, Any], open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def begin(part: str, result: Any) -> Callable[..., Any]:
        def begins(_self: Any) -> Any:
            begun.append(part)
            return result

        return begins

    monkeypatch.setattr(controls.Measure, "known", begin("patches", figure.Maps(why="No.")))
    monkeypatch.setattr(explainers.Explanations, "show", begin("tokens", lambda: None))
    monkeypatch.setattr(path.PathsToHead, "show", begin("path", lambda: None))
    app = open_page("interpretability", **(deep | {"unfold": ""}))
    assert not app.exception and begun == []
    assert not any("Patch every block" in button.label for button in app.button)
    for link, expected in (({"unfold": "tokens"}, ["tokens"]), ({"unfold": "", "stage": 4}, ["patches", "path"]),
                           ({"unfold": "", "sight": "mlp"}, ["patches", "path"])):  # fmt: skip
        begun.clear()
        assert not open_page("interpretability", **(deep | link)).exception
        assert begun == expected
