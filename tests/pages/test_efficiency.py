"""The Efficiency page as a script: every number of every shape, what has to give way, long work, its question."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import core
from app import models
from app.models import cache
from core.efficiency.judging import reference, yardstick
from core.efficiency.quantization import Quantization
from core.efficiency.quantization_report import beside
from pages.efficiency import measure, question, speed
from tests.pages.conftest import OpenPage, random_model, run_notebook

TEXT = "A red ball was lost. She found the red"
LINKS: dict[str, tuple[dict[str, Any], Quantization]] = {
    "bundled": ({"text": TEXT}, Quantization(4)),
    "gptq": ({"text": TEXT, "bits": 2, "per": "group", "rounding": "gptq", "centred": 0},
             Quantization(2, "group", 32, "gptq", False)),
    "half": ({"text": TEXT, "bits": 16}, Quantization(16)),
    "other": ({"model": "./other", "text": "The cat saw the dog", "bits": 2, "per": "tensor"},
              Quantization(2, "tensor")),
    "encoder": ({"model": "./both", "text": "The cat saw the dog", "bits": 8, "per": "group", "group": 16},
                Quantization(8, "group", 16)),
    "pair": ({"model": "./pair", "text": "The cat", "target": "A dog", "bits": 4, "rounding": "gptq"},
             Quantization(4, "channel", method="gptq")),
}  # fmt: skip


def table(app: AppTest) -> list[dict[str, Any]]:
    """The lines of the picture's table."""
    found: dict[str, list[Any]] = app.session_state["gb"].memos["takeaway"]["table"]()
    return [dict(zip(found, line)) for line in zip(*found.values())]


def of(lines: list[dict[str, Any]], what: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["what"] == what]


@pytest.mark.full(reason="each case takes 5 s")
@pytest.mark.parametrize("name", LINKS)
@pytest.mark.usefixtures("other_model")
def test_every_number_is_cores(name: str, open_page: OpenPage) -> None:
    link, setting = LINKS[name]
    app = open_page("efficiency", **link)
    assert not app.exception and not app.error and not app.info
    lm = core.load(models.resolve(link.get("model", "tales-gpt")).target)
    if name == "encoder":  # its rows have 24 weights, which 16 do not divide
        setting = Quantization(8)
        assert any("do not divide into groups of 16" in one.value.replace("\\", "") for one in app.caption)
    before = reference(lm, yardstick(lm))
    found, small = beside(before, setting, link["text"], link.get("target"))
    lines = table(app)
    errors = of(lines, "matrix")
    assert [line["of"] for line in errors] == [one.name for one in found.matrices]
    for kind, mine in (("weights moved", "weights"), ("products moved", "products")):
        assert [line[kind] for line in errors] == pytest.approx(
            [getattr(one, mine) for one in found.matrices], rel=2e-3, abs=1e-5
        )
    said = of(lines, "token")
    assert [line["chance"] for line in said] == pytest.approx(
        [one.probability for one in found.choices], rel=1e-3
    )
    assert [line["chance then"] for line in said] == pytest.approx(
        [one.now for one in found.choices], rel=2e-3
    )
    shown = max(of(lines, "setting"), key=lambda line: line["bytes"] == small.bytes)
    assert shown["bytes"] == small.bytes
    weights = of(lines, "weight")
    own = dict(lm.transformer.named_parameters())[weights[0]["of"].split(" ")[0]].detach()[0]
    assert [line["weight"] for line in weights] == pytest.approx(own[: len(weights)].tolist(), rel=1e-5)
    state = small.state()[weights[0]["of"].split(" ")[0]][0]
    assert [line["rounded"] for line in weights] == pytest.approx(state[: len(weights)].tolist(), rel=1e-5)
    run_notebook(app)


@pytest.mark.full(reason="each case takes 3 s")
@pytest.mark.parametrize(
    ("link", "says", "name"),
    [
        ({"bits": 1}, "1 bit around zero leaves only the value 0",
         "1 bit, one scale a row, to nearest, smallest to largest"),
        ({"bits": 16, "rounding": "gptq"}, "on no grid that GPTQ could use", "16 bits, float16"),
        ({"per": "group", "group": 128, "model": "./other"}, "do not divide into groups of 128",
         "4 bits, one scale a row, to nearest, around 0"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("other_model")
def test_what_no_method_allows_gives_way_and_says_so(
    link: dict[str, Any], says: str, name: str, open_page: OpenPage
) -> None:
    app = open_page("efficiency", text=TEXT, **link)
    assert not app.exception
    assert any(says in one.value.replace("\\", "") for one in app.caption)
    assert name in [line["of"] for line in of(table(app), "setting")]


@pytest.mark.full(reason="each case takes 3 s")
@pytest.mark.parametrize(
    ("per", "then", "key"),
    [("tensor", "channel", "nearer"), ("channel", "group", "nearer"), ("group", "tensor", "farther")],
)
def test_the_question_shares_a_scale_otherwise(per: Any, then: Any, key: str, open_page: OpenPage) -> None:
    app = open_page("efficiency", text=TEXT, per=per)
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    answer = app.session_state["gb"].memos["predict"]["answer"]
    lm = core.load("tales-gpt")
    before = reference(lm, yardstick(lm))
    losses = [beside(before, Quantization(4, one), TEXT)[0].judged.loss for one in (per, then)]
    assert [answer.numbers["now"], answer.numbers["then"]] == pytest.approx(losses, abs=2e-3)
    assert question.ask(lm, Quantization(4, per)).asked.keys[answer.index] == key
    run_notebook(app)
    app.button(key="predict.show").click().run()
    assert not app.exception and app.session_state["gb"].store["per"] == then


@pytest.mark.full(reason="takes more than a second")
def test_all_settings_are_measured_when_asked_for(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = [Quantization(4, "tensor"), Quantization(4, "tensor", method="gptq")]
    monkeypatch.setattr(measure, "settings", lambda lm: few)
    cache.keep(f"efficiency points {cache.key('tales-gpt')}", {}, small=True)
    app = open_page("efficiency", text="Ben was")
    before = len(of(table(app), "setting"))
    assert "Measure all settings, about " in app.button(key="work.efficiency all").label
    app.button(key="work.efficiency all").click().run()
    assert not app.exception
    lines = of(table(app), "setting")
    assert len(lines) == before + 2
    plain, tuned = (line["loss"] for line in lines if "one scale a matrix" in line["of"])
    assert tuned < plain
    assert not [one for one in app.button if one.key == "work.efficiency all"]


@pytest.mark.full(reason="takes 2 s")
def test_products_are_timed_when_asked_for(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.efficiency.kernels.LARGE", (64, 64))
    app = open_page("efficiency", text=TEXT, model="tales-bert")
    app.button(key="work.efficiency speed").click().run()
    assert not app.exception
    assert not [one for one in app.button if one.key == "work.efficiency speed"]


@pytest.mark.full(reason="each case takes 2 s")
@pytest.mark.parametrize("way", ["nearest", "gptq"])
def test_a_large_model_is_compressed_block_by_block_and_comes_to_the_same(
    way: str, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = {"text": "Tim gave Lily", "bits": 2, "rounding": way, "centred": 0}
    quick = table(open_page("efficiency", **link))
    monkeypatch.setattr(measure, "QUICK", 0)
    app = open_page("efficiency", **link)
    assert not app.exception
    slow = table(app)
    for what in ("matrix", "token", "weight"):
        assert of(slow, what) == of(quick, what)
    run_notebook(app)


def drawn(app: AppTest) -> dict[str, Any]:
    """What the picture was given."""
    found = [json.loads(one.proto.json) for one in app.get("bidi_component") if one.proto.json]
    data: dict[str, Any] = next(data[0] for data in found if isinstance(data, list) and "answers" in data[0])
    return data


@pytest.mark.full(reason="takes a second")
def test_what_came_later_changes_the_stamp(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    link = {"text": "Lily saw a kite", "bits": 2, "rounding": "gptq", "centred": 0}
    open_page("efficiency", **link)  # the setting is a point now, whatever the size of the model
    with monkeypatch.context() as early_on:
        early_on.setattr(measure, "QUICK", 0)
        early_on.setattr(measure.Measure, "known", lambda self: None)
        early_on.setattr(measure.work, "go_on", lambda *_, **__: None)
        early = drawn(open_page("efficiency", **link))
    late = drawn(open_page("efficiency", **link))
    assert len(early["points"]) == len(late["points"]) and not early["answers"] and late["answers"]
    assert early["stamp"] != late["stamp"]


@pytest.mark.full(reason="takes more than a second")
def test_a_machine_without_int8_products_says_so(
    open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[dict[str, Any]] = []

    def missing(*_: Any) -> None:
        raise NotImplementedError("int8 is not built in")

    monkeypatch.setattr("torch._int_mm", missing)
    monkeypatch.setattr(speed, "speed", lambda data, **_: shown.append(data["passes"]))
    random_model(tmp_path / "new", 5, n_layers=1)  # of a shape that nobody has timed
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    app = open_page("efficiency", model="./new", text="The cat")
    assert not app.exception and not app.error
    found = shown[-1]
    assert (found["int8"], found["low"], found["agreement"]) == (None, None, None) and found["float32"] > 0
    assert found["why"] == "int8 is not built in"


@pytest.mark.full(reason="takes 2 s")
def test_an_untrained_model_has_blocks_that_add_nothing(open_page: OpenPage) -> None:
    app = open_page("efficiency", text=TEXT, snapshot=0)
    assert not app.exception
    assert "The blocks add nothing yet" in "".join(
        one.value for one in app.get("html") if "gb-claim" in one.value
    )


@pytest.mark.full(reason="takes a second")
@pytest.mark.usefixtures("other_model")
def test_places_that_a_model_lacks_fall_back(open_page: OpenPage) -> None:
    app = open_page(
        "efficiency", model="./other", text="🦊", block=99, piece="cross_o", output=99_999, slice=77
    )
    assert not app.exception and of(table(app), "weight")


@pytest.mark.full(reason="takes 2 s")
def test_a_model_without_blocks_has_tables_only(
    open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random_model(tmp_path / "flat", 3, n_layers=0)
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    app = open_page("efficiency", model="./flat", text="The cat")
    assert not app.exception and not of(table(app), "matrix") and of(table(app), "token")
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    answer = app.session_state["gb"].memos["predict"]["answer"]
    assert answer.numbers["now"] == answer.numbers["then"] and answer.index == 0, (
        "nothing is rounded in either case"
    )
    run_notebook(app)
