"""The lower half of the Interpretability page as a script: explainers, judged; probes; the circuit; notebook, table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import core
from core.analysis.explaining.explainers import NAMES
from core.analysis.explaining.faithfulness import SIDES
from core.analysis.patching.circuit_walk import collect, steps
from pages.interpretability import circuit, explainers
from pages.interpretability.explainers import Ask, Explanations
from tests.pages.conftest import OpenPage, random_model, run_notebook

PAGE = "interpretability"
TEXT = "A red ball was lost. She found the red"


def ask(lm: core.LanguageModel, text: str = TEXT, **changes: Any) -> Ask:
    given = {"target": None, "row": -1, "token": 40, "says": "probability", "blank": "mean", "steps": 8}
    return Ask(text, **(given | changes))


@pytest.mark.full(reason="takes 4 s")
def test_the_page_opens_with_the_walk_measured_and_its_notebook_agrees(open_page: OpenPage) -> None:
    app = open_page(PAGE, unfold="tokens", text=TEXT)
    assert not app.exception and not app.error
    book = str(app.session_state["gb"].memos["takeaway"]["notebook"]())
    for name in ("integrated_gradients", "faithfulness", "circuit_walk"):
        assert f"import {name}" in book or f"{name} import" in book
    assert "selectivity" not in book, "no probe was asked for"
    run_notebook(app)


@pytest.mark.full(reason="takes 2 s")
def test_probes_are_measured_when_asked_for(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.interpretability.explainers.selectivity", _quick)
    app = open_page(
        PAGE, unfold="tokens", model="austen-gpt", text=TEXT, truth="hero"
    )  # no other test probes this one
    [button] = [one for one in app.button if one.label == "Probe every depth"]
    button.click().run()
    assert not app.exception
    assert not [one for one in app.button if one.label == "Probe every depth"]
    assert "selectivity(lm, 'hero'" in str(app.session_state["gb"].memos["takeaway"]["notebook"]())


@pytest.mark.full(reason="takes more than a second")
def test_probes_of_one_task_are_not_those_of_another(
    open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.interpretability.explainers.selectivity", _quick)
    random_model(tmp_path / "probed", seed=3, n_ctx=256)
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    app = open_page(PAGE, unfold="tokens", model="./probed", text=TEXT, truth="held")
    for task in ("held", "hero"):
        app.segmented_control(key="truth").set_value(task).run()
        [button] = [one for one in app.button if one.label == "Probe every depth"]
        button.click().run()
        assert not app.exception
        assert not [one for one in app.button if one.label == "Probe every depth"]
        assert f"selectivity(lm, '{task}'" in str(app.session_state["gb"].memos["takeaway"]["notebook"]())


@pytest.mark.full(reason="each case takes 2 s")
@pytest.mark.parametrize(
    ("context", "why"), [(16, "reads too few tokens"), (56, "one of the two answers only")]
)
def test_a_context_too_short_for_probes_is_told(
    context: int, why: str, open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random_model(tmp_path / "short", seed=3, n_ctx=context)
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    drawn: list[dict[str, Any]] = []
    record = Explanations._probe_record

    def kept(self: Explanations) -> dict[str, Any]:
        drawn.append(record(self))
        return drawn[-1]

    monkeypatch.setattr(Explanations, "_probe_record", kept)
    app = open_page(PAGE, unfold="tokens", model="./short", text="the dog")
    [button] = [one for one in app.button if one.label == "Probe every depth"]
    button.click().run()
    assert not app.exception and not app.error
    assert not [one for one in app.button if one.label == "Probe every depth"]
    assert why in drawn[-1]["why"] and not drawn[-1]["layers"]
    run_notebook(app)


def test_nothing_to_explain_is_told_of_a_large_model_too(
    monkeypatch: pytest.MonkeyPatch, open_page: OpenPage
) -> None:
    monkeypatch.setattr(explainers, "QUICK", 0.0)
    for text, asked in (("<s>", 0), (TEXT, 1)):  # special tokens alone, and a text
        app = open_page(PAGE, unfold="tokens", text=text, quadrature=3)
        assert not app.exception and not app.error
        assert len([one for one in app.button if one.label.startswith("Explain this")]) == asked


def _quick(lm: core.LanguageModel, task: str) -> Any:
    from core.analysis.explaining.selectivity import selectivity

    return selectivity(lm, task, stories=12)  # type: ignore[arg-type]


@pytest.mark.full(reason="each case takes 2 s")
@pytest.mark.parametrize(
    "changes", [{"blank": "zero", "says": "probability"}, {"quadrature": 1, "along": 3, "explainer": 4}]
)
def test_controls_change_what_is_measured(changes: dict[str, Any], open_page: OpenPage) -> None:
    app = open_page(PAGE, unfold="tokens", text=TEXT, **changes)
    assert not app.exception
    run_notebook(app)


@pytest.mark.parametrize("text", ["Once", "🦊🦊 Ωμέγα <b>x</b>", " ".join(["the red ball"] * 60)])
def test_any_text(text: str, open_page: OpenPage) -> None:
    app = open_page(PAGE, unfold="tokens", text=text)
    assert not app.exception and not app.error


@pytest.mark.full(reason="each case takes 3 s")
@pytest.mark.parametrize("model", ["tales-bert", "tales-t5"])
def test_other_shapes(model: str, open_page: OpenPage) -> None:
    app = open_page(
        PAGE,
        unfold="tokens",
        model=model,
        text="Lily found the [MASK] ball." if model == "tales-bert" else TEXT,
    )
    assert not app.exception and not app.error
    run_notebook(app)


@pytest.mark.full(reason="takes a second")
def test_a_folder_of_random_weights(
    open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random_model(tmp_path / "llama", seed=3, position="rotary", norm="rms", n_kv_heads=1, n_heads=2)
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    app = open_page(PAGE, unfold="tokens", model="./llama", text="the dog was glad")
    assert not app.exception and not app.error
    run_notebook(app)


# ------------------------------------------------------------------------------------------------ the parts


@pytest.mark.full(reason="takes 4 s")
def test_what_takes_long_waits_to_be_asked(monkeypatch: pytest.MonkeyPatch, open_page: OpenPage) -> None:
    for module in (explainers, circuit):
        monkeypatch.setattr(module, "QUICK", 0.0)
    app = open_page(
        PAGE, unfold="tokens", model="code-gpt", text="def first(items):"
    )  # no other test walks through this one
    asked = [one.label for one in app.button if one.label.startswith(("Explain this", "Walk through"))]
    assert len(asked) == 2 and all("about 1 s" in one for one in asked)
    assert not app.exception
    for label in asked:
        [button] = [one for one in app.button if one.label == label]
        button.click().run()
        assert not app.exception
    assert not [one for one in app.button if one.label in asked]
    run_notebook(app)


@pytest.mark.full(reason="takes 2 s")
def test_the_table_holds_every_number() -> None:
    lm = core.load("tales-gpt", device="cpu")
    found = explainers.see(lm, ask(lm))
    walk = collect(dict(steps(lm)))
    table = explainers.table(lm, found, [], walk)
    assert len({len(column) for column in table.values()}) == 1
    rows = list(zip(*table.values(), strict=True))
    assert {row[1] for row in rows if row[0] == "explainer"} == set(NAMES)
    for side in SIDES:
        curve = found.judged.side(side)[NAMES[0]]
        drawn = [row[3] for row in rows if row[0] == side and row[1] == NAMES[0]]
        assert drawn == pytest.approx(curve.values.tolist())
    assert sum(row[3] for row in rows if row[:2] == ("explainer", NAMES[0])) == pytest.approx(
        found.attribution.total
    )
    assert np.isfinite([row[3] for row in rows]).all()


def test_the_estimate_counts_what_is_read() -> None:
    lm = core.load("tales-gpt", device="cpu")
    short, long = (explainers.seconds(lm, ask(lm), n) for n in (5, 50))
    assert 0 < short < long
    assert explainers.passes(ask(lm, steps=200), 9) > explainers.passes(ask(lm, steps=8), 9)


def test_every_blank_is_named() -> None:
    lm = core.load("tales-bert", device="cpu")
    assert explainers.blank_word(lm, "token") == "[MASK]"
    assert explainers.blank_word(lm, "zero") == "zeros"
