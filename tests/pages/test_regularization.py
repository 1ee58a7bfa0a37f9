"""The Regularization page as a script: masks on every shape of model, its question, its trained runs, its notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from streamlit.testing.v1 import AppTest

import core
from app import models
from app.runs.trained import recorded_arms
from core.analysis.stream.weights import by_matrix, sizes
from core.precision import alike
from core.runs import recorded
from core.runs.worker import here
from core.training.dropout import under_masks
from core.training.early_stopping import stop_early
from core.training.pairs import few_fables, regularized_spec
from pages.regularization import runs
from pages.regularization.figure import COLS, shown_rows
from pages.regularization.question import DRAWS
from pages.regularization.runs import ARMS, stop_of, told
from tests.pages.conftest import Runs, run_elsewhere, run_notebook

TEXT = "Once upon a time, Lily saw a"
LINKS: dict[str, tuple[dict[str, Any], str]] = {
    "bundled": ({"text": TEXT, "block": 1}, "blocks.1.hook_mlp_out"),
    "attention": ({"text": TEXT, "block": 0, "site": "attention"}, "blocks.0.hook_attn_out"),
    "other": ({"model": "./other", "text": "The cat saw the dog", "block": 2}, "blocks.2.hook_mlp_out"),
    "both": ({"model": "./both", "text": "The cat saw the dog", "block": 0}, "blocks.0.hook_mlp_out"),
    "pair encoder": (
        {"model": "./pair", "text": "The cat", "target": "A dog", "stack": "encoder", "block": 1},
        "encoder.blocks.1.hook_mlp_out",
    ),
    "pair decoder": (
        {
            "model": "./pair",
            "text": "The cat",
            "target": "A dog",
            "stack": "decoder",
            "block": 0,
            "site": "attention",
        },
        "decoder.blocks.0.hook_attn_out",
    ),
}


def table(app: AppTest) -> dict[str, list[Any]]:
    """The picture's table."""
    found: dict[str, list[Any]] = app.session_state["gb"].memos["takeaway"]["table"]()
    return found


def column(shown: dict[str, list[Any]], name: str, kind: str = "activation") -> np.ndarray[Any, Any]:
    """One column of the lines of a kind."""
    return np.array([value for what, value in zip(shown["what"], shown[name]) if what == kind], dtype=float)


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("name", LINKS)
@pytest.mark.usefixtures("other_model")
def test_the_mask_is_torchs_on_the_models_own_activations(name: str, open_page: Any) -> None:
    link, hook = LINKS[name]
    app = open_page("regularization", **link, drop=0.4, draw=7)
    assert not app.exception and not app.info
    lm = core.load(models.resolve(link.get("model", "tales-gpt")).target)
    x = lm.trace(link["text"], link.get("target"))[hook].detach()
    with torch.random.fork_rng():
        torch.manual_seed(7)
        under = F.dropout(x, 0.4, training=True)
    rows = shown_rows(len(x), -1)
    cut = np.s_[rows.start : rows.stop, :COLS]
    shown = table(app)
    np.testing.assert_allclose(column(shown, "clean"), x[cut].flatten(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(column(shown, "under the mask"), under[cut].flatten(), rtol=1e-4, atol=1e-5)
    factors = column(shown, "factor of the mask")
    assert set(np.round(factors, 5)) <= {0.0, round(1 / 0.6, 5)}
    variables = run_notebook(app)
    assert variables["PLACE"] == hook


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("name", ["bundled", "both", "pair decoder"])
@pytest.mark.usefixtures("other_model")
def test_the_answer_is_the_models_under_the_masks(name: str, open_page: Any) -> None:
    link, hook = LINKS[name]
    app = open_page("regularization", **link, drop=0.2, draw=3)
    app.session_state["predict.choice"] = 1
    app.run()
    app.button(key="predict.commit").click().run()
    answer = app.session_state["gb"].memos["predict"]["answer"]
    lm = core.load(models.resolve(link.get("model", "tales-gpt")).target)
    said = under_masks(lm, link["text"], hook, 0.5, range(3, 3 + DRAWS), link.get("target"))
    token = answer.numbers["token"]
    row = run_notebook(app)["asked"]
    np.testing.assert_allclose(answer.numbers["mean"], row.mean(), atol=1e-5)
    assert any(
        np.isclose(said[:, at, token].mean(), answer.numbers["mean"], atol=1e-5)
        for at in range(said.shape[1])
    )
    plain, mean, spread = (answer.numbers[name] for name in ("plain", "mean", "spread"))
    assert answer.index == (1 if abs(mean - plain) <= 0.1 * plain else 2 if mean > plain else 0)
    # In words: what was computed, under how many masks, and how far these lie apart.
    assert f"It is {plain:.3f} with nothing dropped" in answer.evidence
    assert f"{mean:.3f} on average over {DRAWS} masks, mostly within {spread:.3f} of that" in answer.evidence


def test_the_question_is_about_a_rate_that_the_picture_does_not_show(open_page: Any) -> None:
    asked = {
        drop: next(block.value for block in open_page("regularization", text=TEXT, drop=drop).html
                   if "<b>Predict</b>" in block.value and "gb-asked" not in block.value)
        for drop in (0.3, 0.5)
    }  # fmt: skip
    assert "Drop half of" in asked[0.3] and "Drop most of" in asked[0.5]


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize(
    "link", [{"drop": 0}, {"drop": 0.9}, {"evaluate": 1}, {"row": 2, "number": 500}, {"number": 23}]
)
def test_the_ends_of_the_dials_work(link: dict[str, Any], open_page: Any) -> None:
    app = open_page("regularization", text=TEXT, **link)
    assert not app.exception
    run_notebook(app)


def test_another_mask_is_another_draw_and_undo_brings_the_old_one_back(open_page: Any) -> None:
    app = open_page("regularization", text=TEXT)
    before = column(table(app), "factor of the mask")
    app.button(key="regularization.another").click().run()
    assert (column(table(app), "factor of the mask") != before).any()
    app.button(key="tool.undo").click().run()
    assert (column(table(app), "factor of the mask") == before).all()


def test_little_data_is_learned_by_heart_and_the_regularizers_mend_it() -> None:
    arms = {key: recorded(f"regularization-{key}") for key in ARMS}
    for key, one in arms.items():
        assert alike(one.spec, regularized_spec(key))  # type: ignore[arg-type]
    ends = {}
    for key, one in arms.items():
        points = one.points()
        held_out = points.held_out[np.isfinite(points.held_out)]
        ends[key] = (float(held_out.min()), float(held_out[-1]), float(points.loss[-8:].mean()))
    best, last, train = ends["plain"]
    assert last > best + 0.15, "the held-out loss rises again"
    assert train < last - 1.0, "while the training text is learned"
    for key in ("dropout", "decay", "both"):
        assert ends[key][1] < last - 0.1 and ends[key][2] > train
    assert ends["both"][1] < min(ends["dropout"][1], ends["decay"][1]) + 0.02
    rms = {key: one.checkpoints()[-1].health["weights"]["rms"] for key, one in arms.items()}
    assert rms["decay"] < 0.8 * rms["plain"]


@pytest.mark.parametrize("patience", [0, 1, 3, 20])
def test_the_words_about_stopping_are_those_of_the_curve(patience: int) -> None:
    arm = recorded_arms({"plain": "regularization-plain"})[0]
    points = recorded("regularization-plain").points()
    known = np.isfinite(points.held_out)
    stop = stop_early(points.step[known].tolist(), points.held_out[known].tolist(), patience)
    assert stop_of(arm, patience) == stop
    said = told(stop, patience)["text"]
    assert f"Best at step {stop.best_step:,}: {stop.best:.3f}" in said and "overfitted" not in said
    assert ("would stop" in said) == stop.early
    if stop.early:
        assert f"step {stop.step:,} and spare {stop.saved:.0%}" in said


@pytest.mark.full(reason="takes 2 s")
def test_own_runs_take_the_recorded_ones_place(
    runs: Runs, open_page: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for key, name in ARMS.items():
        spec = regularized_spec(key, seed=4).replace(  # type: ignore[arg-type]
            steps=12, batch_tokens=128, warmup=2, eval_every=4, checkpoints=3, vocab_size=300
        )
        here(runs.store, spec, "a" * 32, text=few_fables(), name=name, group="four")
    app = open_page("regularization", text=TEXT, quartet="four", arm="decay")
    assert not app.exception
    assert [int(step) for step in app.select_slider(key="glance").options] == runs.store.steps(
        runs.store.list(group="four")[0].id
    )
    shown = {run.id for run in runs.store.list(group="four") if run.name in (ARMS["plain"], ARMS["decay"])}
    assert shown & set(run_elsewhere(app, monkeypatch, tmp_path)["CURVES"])


@pytest.mark.parametrize("quartet", ["nobody", "x" * 300, "<i>"])
def test_a_group_that_does_not_exist_shows_the_recorded_runs(quartet: str, open_page: Any) -> None:
    app = open_page("regularization", text=TEXT, quartet=quartet)
    assert not app.exception
    assert "recorded(id).points()" in "".join(app.session_state["gb"].memos["takeaway"]["notebook"]())


def test_without_workers_the_button_says_so(open_page: Any) -> None:
    app = open_page("regularization", text=TEXT)
    app.button(key="regularization.start").click().run()
    assert any("without workers" in box.value for box in app.warning)


def test_histograms_count_every_weight_of_every_matrix() -> None:
    lm = core.load("tales-gpt")
    found = by_matrix(lm.transformer, "blocks.2")
    assert list(found) == ["W_Q", "W_K", "W_V", "W_O", "W_in", "W_out"]
    block = lm.transformer.get_submodule("blocks.2")
    for name, one in found.items():
        weight = getattr(block.mlp if name in ("W_in", "W_out") else block.attn, name).detach()
        assert sum(one["counts"]) == weight.numel()
        assert one["rms"] == pytest.approx(float(weight.square().mean().sqrt()), rel=1e-5)
        inside = np.histogram(weight.flatten().numpy(), bins=80, range=(-one["edge"], one["edge"]))[0]
        assert np.abs(np.array(one["counts"]) - inside)[1:-1].sum() <= 0.001 * weight.numel()
    assert sizes(torch.zeros(5))["rms"] == 0.0


@pytest.mark.full(reason="takes a second")
def test_what_fills_a_mask_is_called_no_next_token(open_page: Any) -> None:
    app = open_page("regularization", model="tales-bert")
    data = [json.loads(one.proto.json)[0] for one in app.get("bidi_component") if one.proto.json]
    (dropout,) = (one["dropout"] for one in data if "dropout" in one)
    assert "[MASK]" in app.session_state["gb"].store["text"]
    assert dropout["next"]["label"] == "Fills the mask"
    app.text_area(key="text").set_value("Lily saw a ball").run()
    data = [json.loads(one.proto.json)[0] for one in app.get("bidi_component") if one.proto.json]
    (dropout,) = (one["dropout"] for one in data if "dropout" in one)
    assert dropout["next"]["label"] == "Read back at ball"


def inside(block: Any) -> list[Any]:
    """A block and all that it holds."""
    return [block, *(one for child in getattr(block, "children", {}).values() for one in inside(child))]


def test_the_step_stands_by_the_picture_that_it_moves_and_the_matrices_name_their_model(
    open_page: Any,
) -> None:
    app = open_page("regularization", text=TEXT, glance=1)
    row = next(one for one in inside(app.main) if "gb-controls" in getattr(one.proto, "id", ""))
    assert "Patience" in {slider.label for slider in row.slider}  # what moves the picture stands together
    assert [slider.label for slider in row.select_slider] == ["Runs’ weights at step"]
    said = "\n".join(block.value for block in app.html)
    assert "<code>tales-gpt</code>, block 3: the open model, none of the four runs." in said


def test_losses_are_compared_with_their_difference_and_without_a_verdict() -> None:
    arms = runs.recorded_four()
    for key in ("dropout", "decay", "both"):
        plain, other = (np.array(arms[one].points.held_out) for one in ("plain", key))
        best = float(np.nanmin(plain) - np.nanmin(other))
        last = float(plain[np.isfinite(plain)][-1] - other[np.isfinite(other)][-1])
        said = runs.compare_losses([arms["plain"], arms[key]], key)
        assert said.startswith(f"“{runs.named(key)}”") and "no verdict" in said
        first, second = said.split(" with each run at its best step, ")
        for value, part in ((best, first), (last, second)):
            assert f"{'lower' if value > 0 else 'higher'} by {abs(value):.3f} nats" in part


def test_a_run_that_is_best_at_its_end_has_not_overfitted() -> None:
    said = told(stop_early([100, 200, 300], [3.0, 2.5, 2.25], 0), 0)["text"]
    assert said.startswith("Best at the last step, 300: 2.250. Nothing has overfitted yet.")


def test_the_gain_is_said_where_the_runs_are_drawn(open_page: Any) -> None:
    for stage, drawn in ((-1, True), (0, False), (4, False), (5, True)):
        app = open_page("regularization", text=TEXT, stage=stage)
        assert any("with each run at its best step" in caption.value for caption in app.caption) == drawn, (
            stage
        )
