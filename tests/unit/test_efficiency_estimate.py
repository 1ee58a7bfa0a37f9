"""How long measuring every setting takes, and from how much text a change of the loss is judged."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import core
from core.efficiency import frontier, judging
from core.efficiency.frontier import estimate_seconds, settings
from pages.efficiency.figure import told
from tests.unit.test_efficiency_told import JUDGED, beside


def test_too_few_tokens_give_no_verdict() -> None:
    few = replace(JUDGED, places=judging.LEAST_PLACES - 1, texts=2, rise=0.646, rise_low=-3.0, rise_high=4.3)
    assert not few.has_verdict
    said = told(beside(few, [0.9], []))[0]
    assert "changes by 0.646" in said and "too few for a verdict" in said
    assert "no change" not in said and "rises" not in said
    assert replace(few, places=judging.LEAST_PLACES).has_verdict


def test_a_vocabulary_as_large_as_smollm2s_is_judged_on_as_many_tokens_as_promised() -> None:
    assert judging.MOST_LOGITS // 49_152 >= judging.PLACES


def test_the_estimate_grows_with_the_settings_and_the_model() -> None:
    lm = core.load("tales-gpt")
    text = SimpleNamespace(inputs=(SimpleNamespace(shape=(1, 400)),))
    before = cast(Any, SimpleNamespace(lm=lm, asked=(text,)))
    every = settings(lm)
    plain = [one for one in every if one.method == "nearest"]
    gptq = [one for one in every if one.method == "gptq"]
    assert estimate_seconds(before, []) == 0
    assert 0 < estimate_seconds(before, plain) < estimate_seconds(before, every)
    assert 5 < estimate_seconds(before, gptq) < 60, "a second each, on one processor"
    assert frontier.estimate_seconds(before, plain[:2]) < estimate_seconds(before, plain[:3])
