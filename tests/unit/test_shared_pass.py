"""One pass may serve every analysis of a text; a pass of another text is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core.analysis.heads.effects import knock_out, switch_off
from core.analysis.heads.patterns import head_maps
from core.analysis.heads.shares import head_shares, share_table
from core.analysis.heads.steps import Change, attention_steps
from core.hooks import intervene
from core.language_model import LanguageModel
from tests.heads import PLACES, TEXT, target_of, tiny

ANALYSES: dict[str, Callable[..., Any]] = {
    "maps": head_maps,
    "shares": lambda lm, text, **options: head_shares(lm, text, 1, row=2, **options),
    "table": share_table,
    "steps": lambda lm, text, **options: attention_steps(lm, text, 1, 2, **options),
    "changed steps": lambda lm, text, **options: attention_steps(
        lm, text, 1, 2, change=Change(temperature=2.0), **options
    ),
    "knock-out": lambda lm, text, **options: knock_out(lm, text, [(0, 1), (1, 3)], **options),
    "knock-out of nothing": lambda lm, text, **options: knock_out(lm, text, [], **options),
}


def same(one: Any, other: Any) -> None:
    """Equal in every field."""
    if dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, np.ndarray):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
    else:
        assert one == (pytest.approx(other, abs=1e-12) if isinstance(one, float) else other)


@pytest.mark.full(reason="the other cases take a second", quick_cases=24)
@pytest.mark.parametrize("analysis", ANALYSES)
@pytest.mark.parametrize(("shape", "attention"), PLACES)
def test_a_pass_at_hand_gives_the_same_as_one_of_its_own(shape: str, attention: str, analysis: str) -> None:
    lm, run = tiny(shape), ANALYSES[analysis]
    options: dict[str, Any] = {"attention": attention, "target": target_of(lm)}
    for grad in (False, True):
        trace = lm.trace(TEXT, target_of(lm), grad=grad)
        same(run(lm, TEXT, trace=trace, **options), run(lm, TEXT, **options))


@pytest.mark.parametrize("analysis", ["maps", "shares", "table", "steps"])
@pytest.mark.parametrize(("shape", "attention"), PLACES)
def test_a_pass_with_heads_off_shows_what_a_new_one_would(shape: str, attention: str, analysis: str) -> None:
    lm, run = tiny(shape), ANALYSES[analysis]
    options: dict[str, Any] = {"attention": attention, "target": target_of(lm)}
    with intervene(*switch_off([(0, 1), (1, 0)], "mean", attention)):
        trace = lm.trace(TEXT, target_of(lm))
        expected = run(lm, TEXT, **options)
    same(run(lm, TEXT, trace=trace, **options), expected)


def test_no_pass_is_made_where_one_is_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = tiny("gpt")
    trace = lm.trace(TEXT)
    with intervene(*switch_off([(0, 1)])):
        off = lm.trace(TEXT)
    expected = knock_out(lm, TEXT, [(0, 1)])
    monkeypatch.setattr(LanguageModel, "trace", lambda *_, **__: pytest.fail("another pass"))
    for run in (
        head_maps,
        share_table,
        ANALYSES["shares"],
        ANALYSES["steps"],
        ANALYSES["knock-out of nothing"],
    ):
        run(lm, TEXT, trace=trace)
    same(knock_out(lm, TEXT, [(0, 1)], trace=trace, without=off), expected)
    assert np.abs(expected.after - expected.before).max() > 1e-4


@pytest.mark.parametrize("analysis", ANALYSES)
def test_a_pass_of_another_text_or_target_is_refused(analysis: str) -> None:
    lm, run = tiny("t5"), ANALYSES[analysis]
    for text, target in [("The", "Der"), (TEXT, "Die"), (TEXT, None)]:
        with pytest.raises(ValueError, match="the trace is of another text or target"):
            run(lm, TEXT, target="Der", trace=lm.trace(text, target))
    other = lm.trace("The", "Der")
    with pytest.raises(ValueError, match="of another text"):
        knock_out(lm, TEXT, [(0, 0)], target="Der", without=other)
