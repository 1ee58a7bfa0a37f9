"""The Attention page as a script: its controls, its question, its notebook, on every shape of model."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app.controls import decoder_text
from core.analysis.heads.cost import Curve
from core.analysis.heads.masks import MaskRule, under_masks
from core.analysis.heads.shared_keys import sharings
from core.analysis.heads.steps import AttentionSteps, Change, attention_steps
from pages.attention import variants
from pages.attention.edits import apply_event, read_edits, read_shown, with_edit, write_edits
from tests.pages.conftest import run_notebook

TEXT = "Once upon a time, Lily saw a"
LINKS: dict[str, dict[str, Any]] = {
    "bundled": {"block": 1, "head": 2},
    "other": {"model": "./other", "text": "The cat saw the dog", "block": 2, "head": 1},
    "both": {"model": "./both", "text": "The cat saw the dog", "block": 0, "head": 2, "row": 3},
    "pair encoder": {"model": "./pair", "text": "The cat", "stack": "encoder", "block": 1},
    "pair self": {
        "model": "./pair",
        "text": "The cat",
        "target": "A dog",
        "stack": "decoder",
        "attention": "self",
        "block": 1,
    },
    "pair cross": {
        "model": "./pair",
        "text": "The cat",
        "target": "A dog",
        "stack": "decoder",
        "attention": "cross",
    },
}


def store(app: AppTest) -> dict[str, Any]:
    """All remembered values of the session."""
    values: dict[str, Any] = app.session_state["gb"].store
    return values


def question(app: AppTest) -> str:
    """The Predict question, as HTML."""
    return next(block.value for block in app.html if "<b>Predict</b>" in block.value)


def predict(app: AppTest, choice: int) -> dict[str, Any]:
    """Choose, commit, and return what the page remembers of the question."""
    app.get("button_group")  # the pills exist
    app.session_state["predict.choice"] = choice
    app.run()
    app.button(key="predict.commit").click().run()
    record: dict[str, Any] = app.session_state["gb"].memos["predict"]
    return record


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("name", LINKS)
@pytest.mark.usefixtures("other_model")
def test_every_shape_of_model_opens_and_its_notebook_agrees(name: str, open_page: Any) -> None:
    app = open_page("attention", **LINKS[name])
    assert not app.exception
    assert not app.info
    steps = run_notebook(app)["steps"]
    chosen = app.session_state["gb"].store
    assert (steps.layer, steps.head) == (chosen["block"], chosen["head"])
    assert all(chosen[key] == value for key, value in LINKS[name].items() if key in ("block", "head"))
    assert steps.attention == {"pair encoder": "encoder", "pair cross": "cross"}.get(name, "self")
    table = list(
        csv.reader(io.StringIO(app.session_state["gb"].memos["takeaway"]["csv"]().partition("\n")[2]))
    )
    shown = np.array([row[1:] for row in table[1:]], dtype=float)
    np.testing.assert_allclose(shown, steps.scores, atol=1e-5)


@pytest.mark.usefixtures("other_model")
def test_another_model_and_text_change_every_number(open_page: Any) -> None:
    first = run_notebook(open_page("attention", **LINKS["bundled"]))["steps"]
    second = run_notebook(open_page("attention", **LINKS["other"]))["steps"]
    assert first.scores.shape != second.scores.shape
    assert not np.isin(np.round(second.scores, 4), np.round(first.scores, 4)).any()


def test_the_switches_and_the_temperature_change_the_head_and_the_link(open_page: Any) -> None:
    app = open_page("attention", text=TEXT, block=2, head=1)
    before = run_notebook(app)["steps"]
    labels = [toggle.label for toggle in app.toggle]
    assert any("Scale by 1/√" in label for label in labels)
    for toggle in app.toggle:
        toggle.set_value(False)
    app.slider(key="sharpness").set_value(2.0)
    app.run()
    assert not app.exception
    variables = run_notebook(app)
    change = variables["steps"].change
    assert change == Change(scale=False, mask=False, turn=store(app)["turn"], temperature=2.0)
    lm = core.load("tales-gpt")
    expected = attention_steps(lm, TEXT, 2, 1, change=change)
    np.testing.assert_allclose(variables["steps"].after, expected.after, atol=1e-5)
    assert np.abs(expected.after - before.after).max() > 1e-3


def doubled(steps: AttentionSteps, row: int, column: int) -> Change:
    """The change that the page's question asks about."""
    return replace(steps.change, edits=((row, column, 2 * float(steps.scores[row, column])),))


def test_the_answer_is_what_the_model_does_at_commit(open_page: Any) -> None:
    app = open_page("attention", text=TEXT, block=1, head=0)
    lm = core.load("tales-gpt")
    steps = attention_steps(lm, TEXT, 1, 0)
    row = len(steps.ids) - 1
    column = int(np.where(steps.pattern[row] < 0.5, steps.pattern[row], 0).argmax())
    assert f"·{lm.tokenizer.display(steps.key_ids[column]).strip()}" in question(app)
    record = predict(app, 0)
    after = attention_steps(lm, TEXT, 1, 0, change=doubled(steps, row, column))
    now, then = (float(each.pattern[row, column]) for each in (steps, after))
    answer = record["answer"]
    assert answer.numbers["column"] == column
    assert answer.numbers["then"] == pytest.approx(then, abs=1e-5)
    assert f"from {now:.3f} to {then:.3f}" in answer.evidence
    assert then > 2.1 * now and answer.index == 0
    assert any("gb-reveal" in block.value for block in app.html)
    app.button(key="predict.show").click().run()
    assert run_notebook(app)["steps"].pattern[row, column] == pytest.approx(then, abs=1e-4)
    assert f"from {now:.3f} to {then:.3f}" in next(
        block.value for block in app.html if "gb-reveal" in block.value
    )


@pytest.mark.parametrize(
    ("block", "row", "column", "key"), [(3, 8, 8, "more"), (3, 10, 3, "less"), (0, 3, 1, "falls")]
)
def test_every_direction_can_be_right(block: int, row: int, column: int, key: str, open_page: Any) -> None:
    text = "A red ball was lost. She found the red"
    app = open_page("attention", text=text, block=block, head=2, row=row, col=column)
    steps = attention_steps(core.load("tales-gpt"), text, block, 2)
    after = attention_steps(core.load("tales-gpt"), text, block, 2, change=doubled(steps, row, column))
    now, then = (float(each.pattern[row, column]) for each in (steps, after))
    expected = (
        "falls" if then < now else "more" if then > 2.1 * now else "less" if then < 1.9 * now else "double"
    )
    assert expected == key
    answer = predict(app, 0)["answer"]
    assert answer.index == ["more", "double", "less", "falls"].index(key)


@pytest.mark.parametrize(
    "link",
    [
        {"model": "./pair", "text": "The cat", "attention": "self"},
        {"model": "./pair", "text": "The cat", "attention": "self", "sharpness": 3.0, "head": 2},
    ],
)
@pytest.mark.usefixtures("other_model")
def test_one_key_has_all_of_its_row_whatever_its_score(
    link: dict[str, Any], open_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder_text, "by_itself", lambda *_: "")  # a decoder that ends at once
    app = open_page("attention", **link)
    answer = predict(app, 0)["answer"]
    assert run_notebook(app)["steps"].pattern.shape == (1, 1)
    assert answer.index == 2 and answer.numbers["now"] == answer.numbers["then"] == 1.0
    assert "the weights of a row share one whole" in answer.because


def test_a_masked_model_is_opened_at_its_mask(open_page: Any) -> None:
    app = open_page("attention", model="tales-bert")
    assert not app.exception and "[MASK]" in question(app)
    variables = run_notebook(app)
    lm = core.load("tales-bert")
    assert variables["row"] == list(variables["steps"].ids).index(lm.config.mask_id)


@pytest.mark.usefixtures("other_model")
def test_a_row_that_sees_one_key_gives_way_to_one_that_sees_all(open_page: Any) -> None:
    app = open_page("attention", model="./pair", text="The cat", target="A dog", attention="self", row=0)
    assert "that row <code>&lt;s&gt;" not in question(app)
    numbers = predict(app, 0)["answer"].numbers
    found = run_notebook(app)["steps"]
    row = len(found.ids) - 1
    given: dict[str, Any] = {"change": doubled(found, row, numbers["column"]), "target": "A dog"}
    then = attention_steps(
        core.load(models_root() / "pair"), "The cat", found.layer, found.head, **given
    ).pattern
    assert (then[row] > 0).sum() > 1
    assert numbers["then"] == pytest.approx(float(then[row, numbers["column"]]), abs=1e-5)


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize("off", [{}, {"turn": 0}, {"turn": 0, "mask": 0}, {"turn": 0, "mask": 0, "scale": 0}])
def test_the_question_builds_on_what_the_learner_has_changed(off: dict[str, int], open_page: Any) -> None:
    app = open_page("attention", text=TEXT, **off)
    record = predict(app, 1)
    assert "failed" not in record
    numbers = record["answer"].numbers
    steps = run_notebook(app)["steps"]
    row = len(steps.ids) - 1
    assert steps.change == Change(**{name: bool(value) for name, value in off.items()})
    assert numbers["now"] == pytest.approx(float(steps.pattern[row, numbers["column"]]), abs=1e-5)


def test_edited_scores_travel_in_the_link_and_reach_the_prediction(open_page: Any) -> None:
    place = f"self.1.0.{len(core.load('tales-gpt').encode(TEXT))}.0"
    app = open_page("attention", text=TEXT, block=1, head=0, edits=f"{place}:3,1,12.5;4,0,-3", row=3, col=1)
    steps = run_notebook(app)["steps"]
    assert steps.change.edits == ((3, 1, 12.5), (4, 0, -3.0))
    assert steps.scores[3, 1] == 12.5
    other = run_notebook(open_page("attention", text=TEXT, block=1, head=1, edits=f"{place}:3,1,12.5"))[
        "steps"
    ]
    assert other.change == Change(), "another head's edits are not this one's"


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize(
    "bad", ["self.1.0.9.0:60,60,1", "nonsense", "self.1.0.9.0:a,b,c;;1,2", "self.1.0.9.0:1,1,1e9", "x" * 3000]
)
def test_edits_that_do_not_fit_are_left_out(bad: str, open_page: Any) -> None:
    app = open_page("attention", text=TEXT, edits=bad)
    assert not app.exception
    assert run_notebook(app)["steps"].change == Change()


def test_the_text_of_edits_reads_back() -> None:
    edits = with_edit(with_edit((), 2, 1, -0.5), 2, 1, 7.25)
    assert edits == ((2, 1, 7.25),)
    assert with_edit(edits, 0, 0, float("nan")) == edits
    assert read_edits(write_edits(edits, "self.0.0.4.0"), "self.0.0.4.0", 4, 4) == edits
    assert read_edits(write_edits(edits, "self.0.0.4.0"), "self.0.0.4.0", 2, 4) == ()
    assert write_edits((), "self.0.0.4.0") == ""


def test_what_the_picture_sends_becomes_edits() -> None:
    edits, shown = apply_event({"row": 1, "col": 2, "value": 3.5, "show": True}, (), (), 4, 4)
    assert (edits, shown) == (((1, 2, 3.5),), ((1, 2),))
    text = write_edits(edits, "self.0.0.4.0", shown)
    assert text == "self.0.0.4.0:1,2,3.5!"
    assert read_edits(text, "self.0.0.4.0", 4, 4) == edits
    assert read_shown(text, "self.0.0.4.0", 4, 4) == shown
    again = apply_event({"row": 1, "col": 2, "value": 2}, edits, shown, 4, 4)
    assert again == (((1, 2, 2.0),), ((1, 2),)), "a key in view stays in view"
    edits, shown = apply_event({"row": 1, "col": 2, "hide": True}, *again, 4, 4)
    assert (edits, shown) == (((1, 2, -np.inf),), ())
    assert read_edits(write_edits(edits, "p"), "p", 4, 4) == edits
    assert apply_event({"row": 1, "col": 2, "back": True}, edits, shown, 4, 4) == ((), ())
    for wrong in (
        {},
        {"row": 9, "col": 0, "hide": True},
        {"row": "a", "col": 0, "value": 1},
        {"row": 1, "col": 2},
    ):
        assert apply_event(wrong, edits, shown, 4, 4) == (edits, shown)


def test_a_window_reaches_the_head_and_the_notebook(open_page: Any) -> None:
    app = open_page("attention", text=TEXT, block=2, head=1, local=1, reach=3, sinks=2)
    assert not app.exception
    found = run_notebook(app)
    assert found["steps"].change == Change(window=3, sinks=2)
    expected = attention_steps(core.load("tales-gpt"), TEXT, 2, 1, change=Change(window=3, sinks=2))
    np.testing.assert_allclose(found["steps"].after, expected.after, atol=1e-5)
    assert np.abs(expected.after - expected.before).max() > 1e-3


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.usefixtures("other_model")
@pytest.mark.parametrize("name", ["bundled", "both", "pair encoder", "pair self"])
def test_a_row_without_any_score_left_is_no_nan(name: str, open_page: Any) -> None:
    link = {**LINKS[name], "row": 2}
    lm = core.load("tales-gpt") if name == "bundled" else None
    steps = run_notebook(open_page("attention", **link))["steps"]
    kind, target = steps.attention, link.get("target", "")
    place = f"{kind}.{steps.layer}.{steps.head}.{len(open_ids(link, lm, steps))}.{len(target)}"
    gone = ";".join(f"2,{column},-inf" for column in range(len(steps.key_ids)))
    app = open_page("attention", **link, edits=f"{place}:{gone}")
    assert not app.exception
    found = run_notebook(app)["steps"]
    assert found.blind == (2,)
    assert np.isfinite(found.after).all()
    assert "failed" not in predict(app, 0)
    table = app.session_state["gb"].memos["takeaway"]["table"]()
    assert not any(value != value for column in table.values() for value in column)


def open_ids(link: dict[str, Any], lm: core.LanguageModel | None, steps: Any) -> tuple[int, ...]:
    """The ids of the page's text, which an edit's place counts; a decoder's are not those of the picture."""
    if steps.attention != "self" or "target" not in link:
        return tuple(steps.ids)
    from app.models import cache

    return tuple(cache.model(link["model"]).encode(link["text"]))


def models_root() -> Path:
    """Where the models of other shapes are."""
    return Path(os.environ["GLASSBOX_MODELS"])


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.usefixtures("other_model")
@pytest.mark.parametrize("name", LINKS)
def test_the_notebook_measures_masks_and_shared_keys(name: str, open_page: Any) -> None:
    found = run_notebook(open_page("attention", **LINKS[name], reach=2, sinks=1))
    causal = name not in ("both", "pair encoder")
    rules = [one.rule for one in found["under"]]
    assert rules[2:] == [MaskRule(causal, 2), MaskRule(causal, 2, 1)]
    assert [one.own for one in found["under"]][:2] == [causal, not causal]
    heads = found["lm"].config.kv_heads
    assert found["shared"][0].kv_heads == heads
    assert found["shared"][-1].kv_heads == 1
    own = next(one for one in found["under"] if one.own)
    np.testing.assert_allclose(found["shared"][0].probabilities, own.probabilities, atol=1e-6)
    if name == "bundled":
        lm, text = core.load("tales-gpt"), "A red ball was lost. She found the red"
        losses = [one.loss for one in under_masks(lm, text, rules)]
        np.testing.assert_allclose([one.loss for one in found["under"]], losses, atol=1e-5)
        np.testing.assert_allclose(
            [one.loss for one in found["shared"]], [one.loss for one in sharings(lm, text)], atol=1e-5
        )


def test_the_cost_is_measured_when_asked_and_kept(open_page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variants, "LENGTHS", (4, 8, 16, 24))
    app = open_page("attention", text="A cat")
    memo = app.session_state["gb"].memos.setdefault("attention_variants", {})
    assert not memo
    memo["asked"] = True
    app.run()
    assert not app.exception
    (points,) = memo.values()
    assert [one.length for one in points] == [4, 8, 16, 24]
    shown = variants.record_cost(points, 4)
    assert shown["points"][2]["attention"] == points[2].attention > 0
    expected = Curve.through([4, 8, 16, 24], [one.attention for one in points])
    assert shown["curves"]["attention"] == [expected.square, expected.linear, expected.fixed]
    assert shown["curves"]["rest"][0] == 0
    assert shown["points"][3]["bytes"] == 4 * 24 * 24 * 4
    assert shown["crossing"] in (None, 4, 8, 16, 24)
    assert variants.record_cost([], 4)["curves"] == {}


@pytest.mark.parametrize("step", range(11))
def test_every_step_has_its_table(step: int, open_page: Any) -> None:
    app = open_page("attention", text="A cat", step=step)
    table = app.session_state["gb"].memos["takeaway"]["table"]()
    assert len({len(column) for column in table.values()}) == 1
    assert len(table) > 2
