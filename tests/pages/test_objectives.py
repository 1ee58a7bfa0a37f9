"""The Objectives page as a script: its examples, curves, question and notebook, on every shape of model."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app.kit.arms import Arm
from core.precision import alike
from core.runs import recorded
from core.runs.worker import here
from core.training import objectives
from core.training.examples import lessons, marks, triple
from pages.objectives import export, falling, own_runs
from pages.objectives.figure import made, naming, record, split
from tests.pages.conftest import OpenPage, run_notebook

TEXT = "Once upon a time, Lily saw a big red ball."
LINKS: dict[str, dict[str, Any]] = {
    "bundled": {"text": TEXT, "mask_rate": 0.3, "span_length": 2, "seed": 3},
    "other": {"model": "./other", "text": "The cat saw the dog", "lesson": 2},
    "both": {"model": "./both", "text": "The cat saw the dog", "follow": 2},
    "pair": {"model": "./pair", "text": "The cat saw the dog", "mask_rate": 0.5},
}


@pytest.fixture(scope="module")
def lm() -> core.LanguageModel:
    """The bundled model that the page opens with."""
    return core.load("tales-gpt")


def lines(app: AppTest, objective: str) -> list[dict[str, str]]:
    """The lines of the table twin of one objective, as the CSV has them."""
    rows = csv.DictReader(io.StringIO(app.session_state["gb"].memos["takeaway"]["csv"]().partition("\n")[2]))
    return [line for line in rows if line["objective"] == objective]


def committed(app: AppTest) -> Any:
    """Choose the first option, commit, and return the answer."""
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    return app.session_state["gb"].memos["predict"]["answer"]


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.usefixtures("other_model")
def test_every_shape_of_model_opens_and_its_notebook_agrees(name: str, open_page: OpenPage) -> None:
    app = open_page("objectives", **LINKS[name])
    assert not app.exception
    assert not app.info
    found = run_notebook(app)
    expected = {"bundled": "next_token", "other": "next_token", "both": "masked", "pair": "span_corruption"}
    assert found["own"].objective == expected[name]
    loss = objectives.loss(found["lm"].transformer, found["own"].example).item()
    assert float(np.nanmean(found["losses"])) == pytest.approx(loss, rel=1e-4)
    assert bool(found["told"].stands_in) == (name in ("both", "pair"))


def test_the_table_is_the_three_examples(open_page: OpenPage, lm: core.LanguageModel) -> None:
    app = open_page("objectives", **LINKS["bundled"])
    ids = lm.encode(TEXT)
    told = marks(lm)
    word = naming(lm, told)
    three = lessons(ids[1:], told.specials, before=ids[:1], rate=0.3, length=2.0, seed=3)
    for lesson in three:
        shown = lines(app, lesson.objective)
        assert [line["must say"] for line in shown] == [word(id) if id >= 0 else "" for id in lesson.targets]
        read = lesson.decoder_inputs or lesson.inputs
        assert [line["reads"] for line in shown] == [word(id) for id in read]
    expected = -lm.score(TEXT)
    losses = [float(line["loss, nats"]) for line in lines(app, "next_token")]
    assert losses == pytest.approx(expected.tolist(), abs=1e-4)
    assert not any(line["loss, nats"] for line in lines(app, "masked"))
    assert [int(line["sees"]) for line in lines(app, "next_token")] == list(range(1, len(ids)))


def test_a_lane_pairs_every_position_with_its_token(lm: core.LanguageModel) -> None:
    ids = tuple(lm.encode(TEXT))
    found = made(lm, ids, 0.4, 2.0, 5)
    data = record(lm, found, {}, "")
    words = [one["text"] for one in data["words"]]
    assert words == [lm.tokenizer.display(i) for i in ids[1:]]
    assert (data["offset"], len(data["tokens"])) == (1, len(ids))
    following, masked, spans = data["lanes"]
    for one, read in zip(following["answers"], following["reads"]):
        assert one["text"] == words[one["row"]]
        assert read["row"] == one["row"], "a decoder's token stands where it is asked for the next"
    for read in masked["reads"]:
        if read["kind"] == "plain":
            assert read["text"] == words[read["row"]]
        elif read["kind"] != "special":
            assert read["row"] in masked["hidden"]
            assert (read["text"] == "[MASK]") == (read["kind"] == "mask")
    begins = [read["row"] for read in spans["reads"] if read["kind"] == "sentinel"]
    assert begins == [one["row"] for one in spans["answers"] if one["mark"]][:-1]
    assert [read["text"] for read in spans["reads"] if read["kind"] == "sentinel"] == [
        f"<x{k}>" for k in range(len(begins))
    ]
    assert [one["id"] for one in spans["decoder"][1:]] == [one["id"] for one in spans["answers"][:-1]]
    assert [lane["own"] for lane in data["lanes"]] == [True, False, False]


@pytest.mark.usefixtures("other_model")
def test_special_tokens_around_a_text_are_told_from_its_own(lm: core.LanguageModel) -> None:
    ids = lm.encode(TEXT)
    assert split(lm, ids) == ((ids[0],), tuple(ids[1:]), ())
    assert split(lm, ids[1:]) == ((), tuple(ids[1:]), ())
    assert split(lm, [0, 0]) == ((0,), (0,), ()), "a start token that was typed is text"
    assert split(lm, [0]) == ((), (0,), ())


@pytest.mark.parametrize("text", [TEXT, "Once"])
def test_the_answer_counts_what_each_example_asks_for(text: str, open_page: OpenPage) -> None:
    answer = committed(open_page("objectives", text=text))
    found = answer.numbers
    changed = [name for name in ("next", "masked", "spans") if found[f"{name}_now"] != found[f"{name}_then"]]
    assert found["next_now"] == found["next_then"] == len(core.load("tales-gpt").encode(text)) - 1
    assert answer.index == (0 if "masked" in changed else 3 if not changed else answer.index)
    assert ("masked" in changed) == (text == TEXT)
    assert answer.shows == {"mask_rate": 0.6}


def test_the_recorded_runs_are_those_of_the_three_specs() -> None:
    for name, spec in zip(falling.RECORDED.values(), triple().values()):
        run = recorded(name)
        assert alike(run.spec, spec)
        held_out = run.points().held_out
        known = held_out[np.isfinite(held_out)]
        assert known[-1] < known[0]


@pytest.mark.full(reason="the other cases take a second", quick_cases=4)
@pytest.mark.parametrize("text", ["a", " ", "🙂", "</s>", "<s><s>"])
@pytest.mark.parametrize("rate", [0.0, 0.9])
def test_the_shortest_texts_work(text: str, rate: float, open_page: OpenPage) -> None:
    app = open_page("objectives", text=text, mask_rate=rate, span_length=10)
    assert not app.exception
    run_notebook(app)


@pytest.mark.full(reason="takes more than a second")
def test_own_runs_take_the_place_of_the_recorded_ones(
    open_page: OpenPage, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[list[Arm]] = []
    plain = falling.falling

    def noted(three: list[Arm], offer: falling.Offer) -> dict[str, Any]:
        shown.append(three)
        offers.append(offer)
        return plain(three, offer)

    offers: list[falling.Offer] = []
    monkeypatch.setattr(export, "falling", noted)
    assert not open_page("objectives", text=TEXT, triple="no such group").exception
    assert [arm.id for arm in shown[-1]] == list(falling.RECORDED.values())
    made_here = []
    for name, spec in zip(falling.NAMES.values(), triple(0.2, 2.0, 7).values()):
        small = spec.replace(steps=2, batch_tokens=64, eval_every=1, checkpoints=2)
        made_here.append(here(runs.store, small, runs.owner, name=name, group="three"))
    app = open_page("objectives", text=TEXT, triple="three")
    assert not app.exception
    assert not app.info
    assert [arm.id for arm in shown[-1]] == [run.id for run in made_here]
    data = plain(shown[-1], offers[-1])
    assert [run["objective"] for run in data["runs"]] == ["next_token", "masked", "span_corruption"]
    assert all(run.get("live") or run["points"] for run in data["runs"])
    assert data["trained"] == "trained here: 20% hidden, seed 7"
    assert data["mine"]


def test_the_dials_decide_what_would_be_trained(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    wished: list[dict[str, Any]] = []

    def noted() -> str:
        wished.append(own_runs.wished())
        return ""

    monkeypatch.setattr(own_runs, "_estimate", noted)
    assert not open_page("objectives", text=TEXT, mask_rate=0.0, span_length=4, seed=9).exception
    specs = list(wished[-1].values())
    assert [spec.objective for spec in specs] == ["next_token", "masked", "span_corruption"]
    assert {(spec.mask_rate, spec.span_length, spec.seed) for spec in specs} == {(0.01, 4.0, 9)}
    differing = [spec.replace(objective="next_token") for spec in specs]
    assert len(set(differing)) == 1, "they differ in the objective alone"
