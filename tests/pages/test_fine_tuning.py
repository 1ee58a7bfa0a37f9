"""The Fine-tuning page as a script: recorded and own runs, what the tuned models say, bad input, its notebook."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app.controls.own_run import NOBODY
from app.kit.arms import recorded_arms
from core.runs import recorded
from core.runs.tuned_recordings import learned, tuned_recording
from core.runs.worker import here
from core.training.fine_tune_spec import compared
from core.training.lora import places
from pages.fine_tuning import figure, question, ways
from tests.pages.conftest import OWNER, Runs, run_elsewhere, run_notebook

TEXT = "Nora lost the red kite. Tom found the kite under the bench."


def table(app: AppTest) -> dict[str, list[Any]]:
    """The picture's table."""
    found: dict[str, list[Any]] = app.session_state["gb"].memos["takeaway"]["table"]()
    return found


def said(app: AppTest) -> str:
    """What the page warns of, as it reads."""
    return " ".join(box.value for box in app.warning).replace("\\", "")


@pytest.mark.parametrize("job", ["sentiment", "questions"])
def test_recorded_ways_fill_the_first_screen(job: str, open_page: Any) -> None:
    app = open_page("fine_tuning", text=TEXT, job=job, quiz="Who found the kite?")
    assert not app.exception and not app.warning[1:]
    shown = table(app)
    assert shown["way"] == list(ways.WAYS.values())
    assert set(shown["run"]) == {"recorded"}
    for at, way in enumerate(ways.WAYS):
        name = f"finetune-{job}-{way}"
        one = recorded(name)
        assert one.spec == compared(job, way)  # type: ignore[arg-type]
        last = one.checkpoints()[-1]
        share = shown["right"][at] / shown["of"][at]
        assert [last.held_out, one.points().held_out[-1]] == pytest.approx([share, share], abs=1e-6)
        lm = tuned_recording(name)
        best = lm.classify(TEXT)[0] if job == "sentiment" else lm.answer("Who found the kite?", TEXT)[0][:2]
        assert (shown["says of the text"][at], shown["probability"][at]) == (best[0], pytest.approx(best[1]))
    variables = run_notebook(app)
    assert variables["now"].learned == shown["numbers learned"][3]


@pytest.mark.parametrize("job", ["sentiment", "questions"])
def test_lora_reaches_most_of_full_with_few_numbers(job: str) -> None:
    """The figures of the page: at least 95 % of full fine-tuning's accuracy with under 5 % of its numbers."""
    worth = {way: recorded(f"finetune-{job}-{way}").checkpoints()[-1] for way in ways.WAYS}
    assert worth["lora"].held_out >= 0.95 * worth["full"].held_out  # type: ignore[operator]
    assert worth["lora"].health["trained"] < 0.05 * worth["full"].health["trained"]


@pytest.mark.parametrize("job", ["sentiment", "questions"])
def test_what_the_ways_forget_and_what_pretraining_brings(job: str) -> None:
    runs = {way: recorded(f"finetune-{job}-{way}") for way in ways.WAYS}
    old = {way: run.checkpoints()[-1].health["old"] for way, run in runs.items()}
    assert old["scratch"] is None
    assert old["frozen"][0] == old["frozen"][1]
    assert old["full"][0] > old["full"][1] + 0.1
    accuracy = {way: run.points().held_out[np.isfinite(run.points().held_out)] for way, run in runs.items()}
    assert accuracy["full"][-1] > accuracy["frozen"][-1] + 0.05
    assert accuracy["full"].mean() > accuracy["scratch"].mean() + 0.03
    if job == "sentiment":  # with few examples, by more than chance: the intervals lie apart
        worth = {way: run.checkpoints()[-1].health["accuracy"] for way, run in runs.items()}
        assert worth["full"]["low"] > worth["scratch"]["high"]
        assert worth["lora"]["low"] > worth["scratch"]["high"]


def test_loras_numbers_are_those_of_the_matrices() -> None:
    arm = recorded_arms({"LoRA": "finetune-sentiment-lora"})[0]
    shown = figure.record_lora(arm, (3, 5))
    assert shown is not None
    found, base = learned(arm.id), core.load("tales-bert").transformer
    a, b = (found[f"lora.{shown['name']}.{letter}"].numpy() for letter in "AB")
    cell = shown["cell"]
    assert (cell["row"], cell["col"]) == (3, 5)
    np.testing.assert_allclose(cell["terms"], b[3] * a[:, 5], rtol=1e-5)
    assert cell["added"] == pytest.approx(sum(cell["terms"]) * cell["scale"], rel=1e-4, abs=1e-7)
    merged = tuned_recording(arm.id).transformer
    stored = shown["name"].rpartition(".")[0]
    whole, old = (dict(model.named_parameters())[stored].detach() for model in (merged, base))
    assert np.isclose((whole - old).abs().numpy(), abs(cell["added"]), rtol=1e-3, atol=1e-6).any()
    full = recorded_arms({"Full": "finetune-sentiment-full"})[0]
    moved = (figure.record_lora(arm, (3, 5), full) or {})["moved"]
    plain = dict(base.named_parameters())[stored].detach()
    rows = next(
        place for place in places(base, compared("sentiment", "lora").lora) if place.key == shown["name"]
    )
    before, after = (weights[rows.first : rows.last] for weights in (plain, learned(full.id)[stored]))
    assert moved["full"] == pytest.approx(float((after - before).norm() / before.norm()), rel=1e-5)
    assert moved["lora"] == pytest.approx(
        float(np.linalg.norm(b @ a) * cell["scale"] / before.norm()), rel=1e-4
    )
    largest = figure.record_lora(arm, (-1, -1))
    assert largest is not None and abs(largest["cell"]["added"]) >= abs(cell["added"])


@pytest.mark.parametrize(("job", "other"), [("sentiment", "questions"), ("questions", "sentiment")])
def test_the_question_is_answered_by_the_runs_of_the_other_task(job: str, other: Any, open_page: Any) -> None:
    app = open_page("fine_tuning", text=TEXT, job=job)
    app.session_state["predict.choice"] = 1
    app.run()
    app.button(key="predict.commit").click().run()
    answer = app.session_state["gb"].memos["predict"]["answer"]
    right = {way: recorded(f"finetune-{other}-{way}").checkpoints()[-1].held_out for way in ways.WAYS}
    assert answer.numbers == pytest.approx(right, abs=1e-6)
    assert answer.index == 1, "LoRA: close to full fine-tuning, and ahead of training from scratch"
    assert f"{100 * right['lora']:.1f} %" in answer.evidence and not any(map(str.isdigit, answer.because))
    app.button(key="predict.show").click().run()
    assert app.session_state["gb"].store["job"] == other and not app.exception
    assert [one / of for one, of in zip(table(app)["right"], table(app)["of"])] == pytest.approx(
        list(right.values())
    )


@pytest.mark.parametrize(
    ("lora", "named"), [(0.9, "near"), (0.72, "share"), (0.61, "frozen"), (0.5, "frozen")]
)
def test_near_far_and_no_better_are_told_apart(
    lora: float, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = {"scratch": 0.7, "frozen": 0.6, "full": 0.95, "lora": lora}
    worth = {
        way: {"accuracy": {"right": 100 * share, "of": 100}, "trained": 7} for way, share in right.items()
    }
    monkeypatch.setattr(question, "measured", lambda task, way: worth[way])
    asked = question.ask("sentiment")
    assert asked.asked.keys[asked.judge().index] == named


@pytest.mark.parametrize(
    ("scratch", "named"), [((60, 70), "lora"), ((60, 85), "same"), ((91, 95), "scratch")]
)
def test_chance_is_heard(scratch: tuple[int, int], named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bounds = {"scratch": scratch, "lora": (80, 90), "full": (90, 95), "frozen": (10, 20)}
    worth = {
        way: {"accuracy": {"right": low, "of": 100, "low": low, "high": high}, "trained": 7}
        for way, (low, high) in bounds.items()
    }
    monkeypatch.setattr(question, "measured", lambda task, way: worth[way])
    asked = question.ask("questions")
    assert asked.asked.keys[asked.judge().index] == named


def own(runs: Runs, way: str, **changes: Any) -> str:
    """A short run of a way in the group "mine", done."""
    few = {"steps": 4, "batch": 2, "examples": 8, "held_out": 10, "eval_every": 2, "checkpoints": 2}
    spec = compared("sentiment", way, **(few | changes))  # type: ignore[arg-type]
    return here(runs.store, spec, OWNER, name=ways.WAYS[way], group="mine").id  # type: ignore[index]


@pytest.mark.full(reason="takes a second")
def test_own_runs_take_the_recorded_ones_place(
    runs: Runs, open_page: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    id = own(runs, "lora", rank=2, targets=("q", "in"))
    app = open_page("fine_tuning", text=TEXT, tuned="mine")
    assert not app.exception
    shown = table(app)
    assert shown["run"] == ["recorded"] * 3 + ["own"]
    assert (shown["right"][3], shown["of"][3]) == (round(10 * runs.store.points(id).held_out[-1]), 10)
    says, probability = core.load(f"run:{id}").classify(TEXT)[0]
    assert (shown["says of the text"][3], shown["probability"][3]) == (says, pytest.approx(probability))
    assert set(run_elsewhere(app, monkeypatch, tmp_path)["OWN"]) == {id}
    assert not app.button(key="fine_tuning.back").disabled
    app.button(key="fine_tuning.back").click().run()
    assert table(app)["run"] == ["recorded"] * 4
    assert open_page("fine_tuning", text=TEXT, tuned="mine", job="questions").exception == []


def test_a_row_of_a_learning_run_names_the_step_that_its_numbers_are_of() -> None:
    arm = ways.recorded("sentiment")["lora"]
    learning = replace(arm, checkpoints=arm.checkpoints[:-1])  # its curve is ahead of its checkpoints
    (row,) = figure.record_ways({"lora": learning}, TEXT, "")
    assert row["measured"] == arm.checkpoints[-2].step < arm.points.step[-1]
    assert row["worth"] == arm.checkpoints[-2].health
    (row,) = figure.record_ways({"lora": replace(arm, checkpoints=())}, TEXT, "")
    assert (row["measured"], row["worth"]) == (None, {})


def test_elsewhere_such_a_run_is_no_model_to_open(runs: Runs, open_page: Any) -> None:
    id = own(runs, "frozen")
    app = open_page("attention", model=f"run:{id}", text=TEXT)
    assert not app.exception
    told = " ".join(box.value for kind in (app.info, app.warning, app.error) for box in kind)
    assert "This run adapts a model, on the Fine" in told.replace("\\", "")


def test_a_run_that_has_not_begun_says_so(runs: Runs, open_page: Any) -> None:
    runs.store.create(compared("sentiment", "lora"), OWNER, name="LoRA", group="waits")
    app = open_page("fine_tuning", text=TEXT, tuned="waits")
    assert not app.exception
    assert table(app)["right"][3] is None
    assert app.button(key="fine_tuning.stop").label == "Stop"
    app.button(key="fine_tuning.stop").click().run()
    assert runs.store.list(group="waits")[0].state == "stopped"


@pytest.mark.parametrize("group", ["nobody", "x" * 300, "<i>"])
def test_a_group_that_does_not_exist_shows_the_recorded_runs(group: str, open_page: Any) -> None:
    app = open_page("fine_tuning", text=TEXT, tuned=group)
    assert not app.exception
    assert set(table(app)["run"]) == {"recorded"}


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("good\tpositive", "One example is not enough to learn from"),
        ("good\tpositive\nfine\tpositive", "All 2 examples are of one class: bring some that are negative"),
        (
            "good\tgreat\nbad\tnegative",
            "Line 1: 'great' is no label of this task: write negative or positive",
        ),
        ("good positive", "Line 1 has nothing between text and label"),
    ],
)
def test_own_examples_that_cannot_be_learned_from_are_refused_and_kept(
    lines: str, why: str, runs: Runs, open_page: Any
) -> None:
    app = open_page("fine_tuning", text=TEXT)
    app.text_area(key="fine_tune.lines").set_value(lines).run()
    assert not app.exception
    assert why in said(app)
    assert app.button(key="fine_tuning.lora").disabled
    assert app.session_state["gb"].memos["fine_tune"]["lines"] == lines, "nothing is lost"
    app.button(key="fine_tuning.reviews").click().run()
    assert why not in said(app)


def test_a_text_beyond_the_base_is_told(open_page: Any) -> None:
    arm = recorded_arms({"LoRA": "finetune-sentiment-lora"})[0]
    assert "cannot read" in ways.judge(arm, "very " * 200, "")["why"]
    asked = recorded_arms({"LoRA": "finetune-questions-lora"})[0]
    assert "the question has no tokens" in ways.judge(asked, TEXT, " ")["why"]


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize("link", [{"rank": 128}, {"rank": 999}, {"alpha": 0}, {"beside": "w x"}, {"beside": ""},
                                  {"stage": 2}, {"wrow": 127, "wcol": 0}, {"wrow": 9999}])  # fmt: skip
def test_the_ends_of_the_dials_work(link: dict[str, Any], open_page: Any) -> None:
    app = open_page("fine_tuning", text=TEXT, **link)
    assert not app.exception
    run_notebook(app)


def test_pressing_train_starts_a_real_run(
    queue: Runs, open_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {"examples": 8, "steps": 3, "batch": 2, "held_out": 10, "eval_every": 3, "checkpoints": 2}
    monkeypatch.setitem(compared.__globals__["PRESETS"], "sentiment", few)
    app = open_page("fine_tuning", text=TEXT, rank=2)
    app.button(key="fine_tuning.lora").click().run()
    assert not app.exception
    group = app.session_state["gb"].store["tuned"]
    run = queue.store.list(group=group)[0]
    assert (run.kind, run.spec.way, run.spec.rank) == ("fine_tune", "lora", 2)


def test_the_page_speaks_english_and_promises_what_it_does(open_page: Any) -> None:
    from app import chapters

    assert all("those held out combine people, things and places" in text for text in figure.ABOUT.values())
    lines = [cover for cover in chapters.BY_SLUG["fine_tuning"].covers if cover.term == "question answering"]
    assert lines and "yes" not in lines[0].shown, "answers are words of a passage"
    app = open_page("fine_tuning", job="questions", quiz="Who found the kite?")
    assert not app.exception


def test_the_examples_ask_for_a_sign_that_a_keyboard_types(open_page: Any) -> None:
    app = open_page("fine_tuning")
    box = app.text_area(key="fine_tune.lines")
    assert "\t" not in box.placeholder and "semicolon" in " ".join(one.value for one in app.caption)
    box.set_value(f"{box.placeholder}\nShe won the race.; positive").run()
    assert not app.exception and said(app) == NOBODY
