"""The questions about heads: they name what is measured, and judge by the one tolerance that their options say."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

import core
from app import markup, questions
from core.analysis.heads.effects import Knockout
from pages.interpretability import figure
from pages.interpretability import question as interpretability
from pages.multi_head import question as multi_head

TEXT = "Lily has a ball. Ben has a kite. Ben said the kite is"
TOKEN, FOIL = 300, 301
PAIR = ((0, 1), (1, 2))


@pytest.fixture(scope="module")
def lm() -> core.LanguageModel:
    """The bundled model."""
    return core.load("tales-gpt")


def test_two_numbers_are_the_same_within_a_tenth_of_the_larger() -> None:
    assert questions.is_same(0.970, 1.065) and questions.is_same(-1.065, -0.970)
    assert not questions.is_same(0.045, 0.036)
    assert not questions.is_same(0.02, -0.02)
    assert questions.is_same(0.0, 0.0)


def ask_interpretability(lm: core.LanguageModel, *, together: bool, against: int | None) -> Any:
    asked = figure.Asked(
        clean=TEXT, corrupted="", change=None, pair=None, row=0, token=TOKEN, against=against, likely=(),
        firsts=(), target=None,
    )  # fmt: skip
    return interpretability.ask(lm, asked, figure.Maps(), lm.config.n_layers, "H", together=together)


@pytest.mark.parametrize("together", [True, False])
def test_the_question_names_both_tokens_of_the_measure(lm: core.LanguageModel, together: bool) -> None:
    token, foil = (markup.mono(markup.visible(lm.tokenizer.display(one))) for one in (TOKEN, FOIL))
    said = ask_interpretability(lm, together=together, against=FOIL).said
    assert f"logit({token}) − logit({foil})" in said.text
    plain = ask_interpretability(lm, together=together, against=None).said
    assert f"logit({token})" in plain.text and "−" not in plain.text
    assert "within a tenth" in said.options[said.keys.index("same")]


@pytest.mark.parametrize(
    ("share", "alone", "key"), [(0.970, 1.065, "same"), (0.045, 0.036, "more"), (0.036, 0.045, "less")]
)
def test_patched_heads_are_judged_by_the_tolerance_of_the_option(
    share: float, alone: float, key: str, lm: core.LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ask_interpretability(lm, together=True, against=None)

    def together(spots: Sequence[Any]) -> float:
        return share if len(spots) > 1 else alone / len(asked.heads)

    patching = SimpleNamespace(together=together, clean=2.0, corrupted=1.0, gap=1.0)
    monkeypatch.setattr(interpretability, "prepared", lambda *_: patching)
    answer = asked.judge(lm, cast(Any, None), cast(Any, None), "self")
    assert asked.said.keys[answer.index] == key


@pytest.mark.parametrize(
    ("both", "first", "second", "key"),
    [
        (0.30, 0.18, 0.18, "less"),  # 0.36 alone: a fifth more
        (0.35, 0.18, 0.18, "sum"),
        (0.45, 0.18, 0.18, "more"),
        (0.04, 0.01, 0.049, "none"),
    ],
)
def test_switched_off_heads_are_judged_by_the_tolerance_of_the_option(
    both: float, first: float, second: float, key: str
) -> None:
    said = questions.ask(
        "multi_head", "two-heads", first="L0H1", second="L1H2", what="the probability", least="0.05"
    )
    lost = {PAIR: both, PAIR[:1]: first, PAIR[1:]: second}

    def without(heads: Sequence[tuple[int, int]]) -> Knockout:
        loss = lost[tuple(heads)]
        return cast(Knockout, SimpleNamespace(before=np.array([0.9, 0.1]), after=np.array([0.9 - loss, 0.1])))

    answer = multi_head.Question(said, PAIR, "", {}).judge(without)
    assert said.keys[answer.index] == key
    assert "within a tenth" in said.options[said.keys.index("sum")]
    assert "0.05" in said.options[said.keys.index("none")]


def test_no_cause_names_a_mechanism_that_was_not_measured() -> None:
    for page, name in (("multi_head", "two-heads"), ("interpretability", "together")):
        causes = questions.read()[page, name].because
        for cause in causes.values():
            assert "cover" not in cause and "reads what" not in cause and "stands in" not in cause
        assert all("not measured" in causes[key] for key in ("less", "more"))
