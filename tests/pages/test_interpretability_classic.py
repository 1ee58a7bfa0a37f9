"""The classic finds on the Interpretability page: measured at a press, told with core's numbers, each a click away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import core
from core.analysis.patching import classic
from pages.interpretability import classic as shown
from tests.pages.conftest import OpenPage, random_model, run_notebook
from tests.unit.test_classic import WORDS

LINK = {"model": "./speaker", "text": "The capital of France is"}


@pytest.fixture
def speaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> core.LanguageModel:
    """A model of this server to which every name is one token, and which answers all texts rightly, as it is told."""
    random_model(tmp_path / "speaker", seed=3, tokens=WORDS)
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    monkeypatch.setattr(classic, "_answers", lambda lm, one: True)
    return core.load(tmp_path / "speaker")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the picture is given, run by run."""
    seen: list[Any] = []
    monkeypatch.setattr(shown, "classic_finds", lambda **given: seen.append(given["data"]))
    return seen


def test_the_finds_are_measured_when_asked_for_and_the_notebook_agrees(
    speaker: core.LanguageModel, open_page: OpenPage, drawn: list[Any]
) -> None:
    app = open_page("interpretability", **LINK)
    assert not app.exception and not drawn[-1]["known"]
    app.button(key=f"work.{shown.JOB}").click().run()
    assert not app.exception and drawn[-1]["known"]
    assert f"work.{shown.JOB}" not in [one.key for one in app.button]
    found = classic.collect(list(classic.steps(speaker)))
    induction, *others = drawn[-1]["finds"]
    assert induction["line"] == pytest.approx(found.induction.line)
    assert induction["bars"][0]["value"] == pytest.approx(float(found.induction.look.max()), abs=1e-5)
    for one, kind in zip(others, ("object", "fact"), strict=True):
        carried = found.carried[kind]  # type: ignore[index]
        best = carried.best[0]
        assert one["bars"][0] == {
            "name": shown.name(best), "value": pytest.approx(float(carried.heads[best]), abs=1e-4)
        }  # fmt: skip
        assert one["depth"]["last"] == pytest.approx(carried.last.tolist(), abs=1e-4)
        assert carried.twins.clean in one["said"]
    run_notebook(app)


def test_a_click_opens_the_texts_of_a_find(
    speaker: core.LanguageModel, open_page: OpenPage, drawn: list[Any]
) -> None:
    app = open_page("interpretability", **LINK, follow=2)
    app.button(key="classic.object").click().run()
    store = app.session_state["gb"].store
    twins = classic.TEXTS["object"][0]
    assert (store["text"], store["corrupted"], store["follow"]) == (twins.clean, twins.corrupted, -1)
    app.button(key="classic.fact").click().run()
    assert app.session_state["gb"].store["corrupted"] == "The capital of Italy is"
    app.button(key="classic.induction").click().run()
    store = app.session_state["gb"].store
    assert (store["text"], store["corrupted"]) == (shown.LIST, "")


def test_a_model_that_cuts_the_words_is_not_asked(open_page: OpenPage, drawn: list[Any]) -> None:
    app = open_page("interpretability", text="A red ball was lost. She found the red")
    assert not app.exception and not drawn
    assert "classic.fact" not in [one.key for one in app.button]
