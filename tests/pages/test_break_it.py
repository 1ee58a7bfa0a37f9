"""The Break it page as a script: every part on every shape, its question, its trained pairs, its notebook."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app import models
from core.analysis.health.component_ablation import losses_without, missing, read, without
from core.analysis.health.diagnosis import diagnose
from core.analysis.health.evidence import of_run
from core.analysis.health.remedies import remedy
from core.config import WITHOUT
from core.precision import alike
from core.runs import recorded
from core.runs.worker import here
from core.training.pairs import broken_spec
from pages.break_it import pair as pairs
from pages.break_it import question
from pages.break_it.figure import CHARTS, NAMES, NOTHING, judged, see, titles
from pages.break_it.pair import recorded_names
from tests.pages.conftest import Runs, run_elsewhere, run_notebook

TEXT = "Once upon a time, Lily saw a"
LINKS: dict[str, dict[str, Any]] = {
    "bundled": {"text": TEXT},
    "other": {"model": "./other", "text": "The cat saw the dog"},
    "both": {"model": "./both", "text": "The cat saw the dog"},
    "pair": {"model": "./pair", "text": "The cat", "target": "A dog"},
}
SIGNS = {
    "residual": "gradient fades", "norm": "size not held", "scale": "attention decided", "position": "order unseen",
    "mask": "reads ahead",
}  # fmt: skip


def loaded(link: dict[str, Any]) -> core.LanguageModel:
    """The model that a link opens."""
    return core.load(models.resolve(link.get("model", "tales-gpt")).target)


def table(app: AppTest) -> dict[str, list[Any]]:
    """The picture's table."""
    found: dict[str, list[Any]] = app.session_state["gb"].memos["takeaway"]["table"]()
    return found


def commit(app: AppTest, choice: int = 0) -> Any:
    """Choose, commit; the answer."""
    app.session_state["predict.choice"] = choice
    app.run()
    app.button(key="predict.commit").click().run()
    return app.session_state["gb"].memos["predict"]["answer"]


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize("part", WITHOUT)
@pytest.mark.parametrize("name", LINKS)
@pytest.mark.usefixtures("other_model")
def test_every_part_of_every_shape_is_measured_or_said_to_be_missing(
    name: str, part: Any, open_page: Any
) -> None:
    link = LINKS[name]
    app = open_page("break_it", **link, part=part)
    assert not app.exception and not app.info
    lm, target = loaded(link), link.get("target")
    why = missing(lm.config, part)
    notes = [said for note in app.caption if "Nothing to take out" in (said := note.value.replace("\\", ""))]
    assert bool(notes) == bool(why)
    if why:
        assert why.split(":")[0] in notes[0] and "Shown instead: without" in notes[0]
        return
    whole, other = read(lm, link["text"], target), read(without(lm, part), link["text"], target)
    shown = table(app)
    for column, one in (("whole", whole), ("without the part", other)):
        values = [value for what, value in zip(shown["measure"], shown[column]) if what == "loss"]
        expected = [loss if math.isfinite(loss) else None for loss in one.losses]
        assert len(values) == len(expected)
        assert all(a == b or a == pytest.approx(b, rel=1e-4) for a, b in zip(values, expected))
        gradient = [value for what, value in zip(shown["measure"], shown[column]) if what == "gradient"]
        known = [value for value in gradient if value is not None]
        np.testing.assert_allclose(known, [v for v in one.depth.gradient if math.isfinite(v)], rtol=1e-3)


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("name", LINKS)
@pytest.mark.usefixtures("other_model")
def test_the_answer_is_what_the_next_part_s_absence_does(name: str, open_page: Any) -> None:
    link = LINKS[name]
    app = open_page("break_it", **link, part="residual")
    answer = commit(app)
    lm = loaded(link)
    found, whole = losses_without(lm, link["text"], link.get("target")), text_loss_of(lm, link)
    asked = next(part for part in question.ORDER[1:] if part in found)
    loss = found[asked]
    same = math.isfinite(loss) and abs(loss - whole) < question.SAME * whole
    key = "stays" if same else "falls" if loss < whole else "rises"
    assert list(question.ask(lm, "it", "residual").asked.keys)[answer.index] == key
    assert answer.numbers["whole"] == pytest.approx(whole, rel=1e-4)
    if math.isfinite(loss):
        assert answer.numbers[asked] == pytest.approx(loss, rel=1e-4)
        assert f"{loss:.3f}" in answer.evidence
    assert "residual" not in answer.numbers, "the picture shows that already"
    app.button(key="predict.show").click().run()
    assert not app.exception and app.session_state["gb"].store["part"] == asked
    shown = [
        value for what, value in zip(table(app)["measure"], table(app)["without the part"]) if what == "loss"
    ]
    if math.isfinite(loss):
        assert sum(shown) / len(shown) == pytest.approx(loss, rel=1e-3)


def text_loss_of(lm: core.LanguageModel, link: dict[str, Any]) -> float:
    """The whole model's loss on a link's text."""
    return read(lm, link["text"], link.get("target")).loss


def test_the_same_model_twice_is_not_called_another_seed() -> None:
    """The upper half reads the open model twice; the trained pair below has two seeds."""
    words = titles("tales-gpt", NOTHING)
    assert (words["second_now"], words["second"]) == ("same model", "other seed")


@pytest.mark.full(reason="takes a second")
def test_every_part_is_asked_about_in_turn(open_page: Any) -> None:
    app = open_page("break_it", text=TEXT)
    seen = []
    for _ in WITHOUT:
        commit(app)
        seen += [
            name for name in app.session_state["gb"].memos["predict"]["answer"].shows.values() if name != -1
        ]
        app.button(key="predict.another").click().run()
        assert not app.exception
    assert sorted(seen) == sorted(WITHOUT)


@pytest.mark.full(reason="takes a second")
def test_not_every_answer_is_that_the_loss_rises(open_page: Any) -> None:
    app = open_page("break_it", text="A red ball was lost. She found the red")
    found = []
    for _ in range(4):
        commit(app)
        record = app.session_state["gb"].memos["predict"]
        whole, without = (
            float(each) for each in re.findall(r"\d+\.\d+", record["answer"].evidence + " 99.9")[:2]
        )
        found.append(question.verdict(whole, without))
        assert record["options"][record["answer"].index].startswith("It hardly") == (found[-1] == "stays")
        if "causal mask" in record["question"]:
            assert "go on reading" not in record["answer"].because, "the page shows that the heads look ahead"
            assert "neither helps nor disturbs" in record["answer"].because
        app.button(key="predict.another").click().run()
    assert found == ["rises", "stays", "rises", "stays"]


@pytest.mark.parametrize(
    ("whole", "loss", "key"),
    [(2.0, 2.2, "rises"), (2.0, 2.05, "stays"), (2.0, 1.95, "stays"), (2.0, 1.8, "falls"),
     (2.0, math.nan, "rises"), (2.0, math.inf, "rises")],
)  # fmt: skip
def test_rises_and_falls_are_told_from_hardly_a_change(whole: float, loss: float, key: str) -> None:
    assert question.verdict(whole, loss) == key


def test_each_measure_says_what_it_is_of() -> None:
    """The entropy's number is a share, and of what is written under its name."""
    assert "ln(keys)" in CHARTS["entropy"]["hint"] and "logarithm of the keys" in CHARTS["entropy"]["unit"]


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("part", WITHOUT)
def test_the_recorded_pair_is_diagnosed_from_its_measurements(part: Any, open_page: Any) -> None:
    whole, other = (recorded(name) for name in recorded_names(part).values())
    assert alike(whole.spec, broken_spec(None)) and alike(other.spec, broken_spec(part))
    said = diagnose(*(of_run(one.points(), one.checkpoints()) for one in (whole, other)))
    assert SIGNS[part] in [finding.sign for finding in said.findings]
    app = open_page("break_it", text=TEXT, part=part)
    assert run_notebook(app)["said"] == [finding.sentence for finding in said.findings]


@pytest.mark.parametrize("part", WITHOUT)
def test_the_diagnosis_asks_for_the_very_part_that_was_taken_out(part: Any) -> None:
    arms = pairs.recorded_pair(part)
    told = pairs.record_pair(arms, part, None)
    found = remedy(pairs.judged(arms))
    assert found is not None and found.part == part
    last = recorded("break-whole").points().held_out
    assert f"held-out loss of {last[np.isfinite(last)][-1]:.2f}" in pairs.mended(
        arms, part, pairs.judged(arms)
    )
    assert told["remedy"] == "", "no checkpoint is shown, so nothing is said"


def test_a_remedy_that_is_not_the_part_is_said_to_be_another() -> None:
    arms = pairs.recorded_pair("mask")
    said = pairs.mended(arms, "norm", pairs.judged(arms))
    assert "A causal mask" in said and said.endswith("But taken out here: norms.")
    assert pairs.mended(arms, "nothing", pairs.judged(arms)).endswith("But taken out here: nothing.")


def test_with_nothing_taken_out_nothing_is_found(open_page: Any) -> None:
    app = open_page("break_it", text=TEXT, part="nothing")
    assert not app.exception
    arms = pairs.recorded_pair("nothing")
    assert all(alike(arm.spec, broken_spec(None, seed)) for seed, arm in enumerate(arms)) and len(arms) == 2
    told = pairs.record_pair(arms, "nothing", arms[0].checkpoints[-1].step)
    assert told["findings"] == [] and "Nothing found" in told["cost"]
    assert told["remedy"] == "No finding asks for a remedy." and "seeds 0 and 1" in told["about"]
    assert run_notebook(app)["said"] == []
    shown = table(app)
    assert shown["whole"] == shown["without the part"], "the same reading twice"
    answer = commit(app)
    assert set(answer.numbers) == {"whole", "residual"}


def test_the_causal_mask_removed_learns_what_it_cannot_use() -> None:
    whole, other = (recorded(f"break-{name}") for name in ("whole", "mask"))
    assert other.points().loss[-8:].mean() < whole.points().loss[-8:].mean() - 0.5
    health = other.checkpoints()[-1].health
    assert health["alone"] > whole.checkpoints()[-1].health["alone"] + 0.5
    assert health["alone"] > health["together"] + 1.0


@pytest.mark.full(reason="takes 2 s")
def test_an_own_pair_takes_the_recorded_ones_place(
    runs: Runs, open_page: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    small = {
        "steps": 12,
        "batch_tokens": 256,
        "warmup": 2,
        "eval_every": 6,
        "checkpoints": 3,
        "vocab_size": 300,
    }
    for name, part in (("whole", None), ("without", "scale")):
        spec = broken_spec(part, 5).replace(**small)  # type: ignore[arg-type]
        here(runs.store, spec, "a" * 32, name=name, group="pair-1")
    app = open_page("break_it", text=TEXT, part="scale", duo="pair-1")
    assert not app.exception
    code = run_elsewhere(app, monkeypatch, tmp_path)
    ids = [run.id for run in runs.store.list(group="pair-1")]
    assert sorted(code["arms"]) == sorted(ids)
    steps = app.select_slider(key="look").options
    assert [int(step.replace(",", "")) for step in steps] == runs.store.steps(ids[0])
    # Of another part than the pair's, the recorded one is shown.
    other = open_page("break_it", text=TEXT, part="norm", duo="pair-1")
    assert "break-norm" in str(run_notebook(other)["arms"])


def test_without_workers_the_button_says_so_and_nothing_is_lost(open_page: Any) -> None:
    app = open_page("break_it", text=TEXT, part="norm")
    app.button(key="break_it.start").click().run()
    assert not app.exception
    assert any("without workers" in box.value for box in app.warning)
    assert app.session_state["gb"].store["part"] == "norm"


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("duo", ["nobody", "x" * 500, "<b>", "'; drop"])
def test_a_group_that_does_not_exist_shows_the_recorded_pair(duo: str, open_page: Any) -> None:
    app = open_page("break_it", text=TEXT, duo=duo, part="mask")
    assert not app.exception
    assert "break-mask" in str(run_notebook(app)["arms"])


@pytest.mark.parametrize("look", [0, 3, 99])
def test_any_checkpoint_of_the_pair_opens(look: int, open_page: Any) -> None:
    app = open_page("break_it", text=TEXT, look=look)
    assert not app.exception
    shown = app.select_slider(key="look")
    assert shown.value == min(look, len(shown.options) - 1) or look == 99


def test_the_diagnosis_is_of_the_step_that_chart_and_slider_show(open_page: Any) -> None:
    arms = pairs.recorded_pair("residual")
    for at in pairs.moments(arms)[1:]:
        told = pairs.record_pair(arms, "residual", at)
        steps = {int(step) for sentence in told["findings"] for step in re.findall(r"step (\d+)", sentence)}
        assert steps == {at}, told["findings"]
        points = arms[1].points
        upto = points.held_out[: int(np.searchsorted(points.step, at, side="right"))]
        measured = upto[np.isfinite(upto)]
        assert not len(measured) or f"held-out loss: {measured[-1]:.2f}" in told["cost"]
    app = open_page("break_it", text=TEXT, part="residual", look=3)
    assert any("At step 29:" in sentence for sentence in run_notebook(app)["said"])


def test_every_example_is_told_what_is_wrong(open_page: Any) -> None:
    lm = core.load("tales-gpt")
    for text in ("A red ball was lost. She found the red", TEXT):
        for part in NAMES:
            said = judged_now(lm, text, part)
            assert said and all(re.search(r"\d", sentence) for sentence in said)


def judged_now(lm: core.LanguageModel, text: str, part: Any) -> list[str]:
    """The sentences under the open model's numbers."""
    return [finding.sentence for finding in judged(*see(lm, text, None, part)).findings]
