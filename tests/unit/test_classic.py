"""The three classic finds: what is asked and how it is put together, against patches and patterns taken by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import core
from app import models
from core.analysis.patching import classic
from core.analysis.patching.classic import TEXTS, Carried, Finds, Induction
from core.analysis.patching.patches import Patching
from core.analysis.patching.text_pairs import text_pair
from pages.interpretability import classic as shown
from tests import real as published
from tests.pages.conftest import random_model

WORDS = [f" {word}" for word in ("Mary", "John", "Tom", "Anna", "Sarah", "David", "Peter", "Emma", "Alice",
         "Robert", "Lisa", "Mark", "France", "Paris", "Italy", "Rome", "Japan", "Tokyo", "Egypt", "Cairo", "Spain",
         "Madrid", "Greece", "Athens", "Russia", "Moscow", "China", "Beijing", "Germany", "Berlin")]  # fmt: skip


@pytest.fixture(scope="module")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> core.LanguageModel:
    """A small decoder of random weights to which every name is one token."""
    root: Path = tmp_path_factory.mktemp("classic")
    random_model(root / "speaker", seed=3, tokens=WORDS)
    return core.load(root / "speaker")


def test_only_a_decoder_that_knows_every_word_is_asked(speaker: core.LanguageModel) -> None:
    assert classic.knows(speaker)
    assert not classic.knows(core.load("tales-gpt")), "it cuts John to letters"
    assert not classic.knows(core.load("tales-bert"))


def test_twins_differ_in_one_word(speaker: core.LanguageModel) -> None:
    for texts in TEXTS.values():
        for one in texts:
            ids, twin = speaker.encode(one.clean), speaker.encode(one.corrupted)
            assert sum(a != b for a, b in zip(ids, twin, strict=True)) == 1
            assert one.answer != one.other


def test_nobody_is_said_to_carry_an_answer_that_no_text_gets(speaker: core.LanguageModel) -> None:
    results = list(classic.steps(speaker))
    assert len(results) == classic.count(speaker)
    found = classic.collect(results)
    assert found.carried == {}, "random weights answer nothing"
    assert (
        shown.of_carried(None, "fact") == "It answers none of the 6 texts rightly, so nothing can be traced."
    )


def test_shares_are_those_of_the_patches_and_the_best_head_is_asked_again_on_the_others(
    speaker: core.LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = TEXTS["fact"][1:4]
    monkeypatch.setattr(classic, "_answers", lambda lm, one: one in right)
    results = list(classic.steps(speaker))
    carried = classic.collect(results).carried
    assert list(carried) == ["fact"]
    one = carried["fact"]
    assert (one.twins, one.asked, len(one.checked)) == (right[0], 6, 2)

    def patching(twins: classic.Twins) -> Patching:
        ids = speaker.encode(twins.clean)
        encode = speaker.tokenizer.encode
        token, other = (
            encode(f" {word}", add_special_tokens=False)[0] for word in (twins.answer, twins.other)
        )
        pair = text_pair(speaker, twins.clean, twins.corrupted, row=len(ids) - 1)
        return Patching.of(speaker, pair, token, other)

    whole = patching(right[0])
    heads = np.stack([whole.by_head(layer) for layer in range(speaker.config.n_layers)])
    np.testing.assert_allclose(one.heads, heads, atol=1e-6)
    layer, head = one.best[0]
    assert heads[layer, head] == heads.max() and heads[one.worst] == heads.min()
    again = [float(patching(twins).by_head(layer)[head]) for twins in right[1:]]
    assert one.checked == pytest.approx(again, abs=1e-4)
    stream = np.stack([whole.by_place("stream", layer) for layer in range(speaker.config.n_layers)])
    np.testing.assert_allclose(one.last, stream[:, -1], atol=1e-6)
    assert one.subject[0] == pytest.approx(1.0, abs=1e-4), "before the first block the word itself is put in"
    half = list(classic.steps(speaker, results[:3]))
    assert [name for name, _ in half] == [name for name, _ in results[3:]], "goes on where it was"


def _carried(**changes: Any) -> Carried:
    heads = np.zeros((4, 3))
    heads[2, 1], heads[3, 0], heads[1, 2] = 0.9, 0.3, -0.25
    given: dict[str, Any] = {
        "twins": TEXTS["fact"][0], "clean": 7.3, "corrupted": -6.0, "heads": heads,
        "subject": np.array([1.0, 1.0, 1.0, 0.0]), "last": np.array([0.0, 0.0, 0.1, 0.97]),
        "checked": (0.8, 1.07), "asked": 6,
    }  # fmt: skip
    return Carried(**{**given, **changes})


def test_the_sentences_say_what_was_measured() -> None:
    said = shown.of_carried(_carried(), "fact")
    assert "Paris lies 7.30 above Rome; in the twin, “The capital of Italy is”, 6.00 below" in said
    assert "Up to block 2 all of it stands at the country’s name" in said
    assert "behind that block at the last token, 97\u00a0%" in said
    assert "L2H1 90\u00a0%, L3H0 30\u00a0%" in said and "L1H2 works against it, −25\u00a0%" in said
    assert "on 2 of 5 others, which the model answers rightly, it brings back 80\u00a0% to 107\u00a0%" in said
    never = _carried(last=np.zeros(4), checked=())
    said = shown.of_carried(never, "fact")
    assert "Up to block" not in said and "found on this text" not in said
    look = np.full((4, 3), 0.02)
    assert "no head gives 0.3 or more" in shown.of_induction(Induction(look, 0.1))
    look[2, 1], look[0, 0] = 0.8, 0.25
    said = shown.of_induction(Induction(look, 0.1))
    assert (
        "1 of 12 heads gives 0.3 or more of its attention" in said
        and "L2H1 0.80" in said
        and "Chance reaches 0.10" in said
    )


@pytest.mark.full(reason="takes 18 s")
def test_the_published_model_has_all_three(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told of SmolLM2 wherever it is told: some ten induction heads, a head for each answer that others confirm."""
    published.here(monkeypatch)
    lm = core.load(models.REAL)
    assert classic.knows(lm)
    found: Finds = classic.collect(list(classic.steps(lm)))
    assert len(found.induction.heads) == 10 and found.induction.line < 0.2
    assert {kind: one.best[0] for kind, one in found.carried.items()} == {"object": (23, 3), "fact": (23, 4)}
    assert all(min(one.checked) > 0.25 for one in found.carried.values())
    fact = found.carried["fact"]
    assert fact.moved == 23 and fact.subject[23] > 0.9 and fact.last[24] > 0.9 and fact.last[23] < 0.1
