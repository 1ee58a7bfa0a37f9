"""How many times as fast: in turns, quartiles of ratios, and said only where they tell."""

from __future__ import annotations

import pytest

from core.efficiency import speed
from core.efficiency.held_out import beside
from core.efficiency.judging import Reference
from core.language_model import LanguageModel
from tests.blocks import PARTS, made


def test_all_read_in_turn_and_each_round_gives_a_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    lms = [made(**PARTS[name]) for name in ("gpt", "as tales-gpt", "gated silu")]
    order: list[int] = []
    # The machine slows down by the round; what is twice as fast stays so.
    times = {0: 1.0, 1: 0.5, 2: 1.25}

    def taken(before: Reference, lm: LanguageModel) -> float:
        which = next(n for n, one in enumerate(lms) if one is lm)
        order.append(which)
        return times[which] * (1 + (len(order) - 1) // 3)

    monkeypatch.setattr(speed, "_pass", taken)
    found = speed.speeds(Reference(lms[0], (), ()), lms[1:], 4)
    assert order == [0, 1, 2] * 5, "one round warms up"
    assert found == [(2.0, 2.0, 2.0), (0.8, 0.8, 0.8)]


def test_quartiles_of_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = made(**PARTS["gpt"])
    times = iter([9.0, 9.0, *(value for ratio in (1, 2, 3, 4, 5) for value in (ratio, 1.0))])
    monkeypatch.setattr(speed, "_pass", lambda before, lm: next(times))
    assert speed.speeds(Reference(lm, (), ()), [lm], 5) == [(2.0, 3.0, 4.0)]


def test_a_real_pass_takes_time() -> None:
    lm = made(**PARTS["as tales-gpt"])
    ((low, middle, high),) = speed.speeds(beside(lm, 1), [lm], 2)
    assert 0 < low <= middle <= high


def test_what_the_rounds_do_not_tell() -> None:
    assert speed.told((1.01, 1.2, 1.3)) and speed.told((0.7, 0.8, 0.99))
    assert not speed.told((0.9, 1.32, 1.4)) and not speed.told((0.9, 0.95, 1.0))


def test_one_round_has_no_quartiles() -> None:
    lm = made(**PARTS["gpt"])
    with pytest.raises(ValueError, match="rounds=1 must be at least 2"):
        speed.speeds(Reference(lm, (), ()), [lm], 1)
