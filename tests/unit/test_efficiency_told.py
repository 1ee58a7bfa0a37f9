"""What the Efficiency page says of a setting: a loss change with its interval, and why two shares differ."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.efficiency.judging import Judged
from core.efficiency.quantization import Quantization
from core.efficiency.quantization_report import Beside, Choice
from pages.efficiency.figure import both_true, told

JUDGED = Judged(
    bytes=1, parameters=1, loss=1.0, rise=0.012, rise_low=0.004, rise_high=0.02, agreement=0.92, low=0.9, high=0.94,
    kl=0.01, seconds=0.0, places=414, texts=14,
)  # fmt: skip


def beside(judged: Judged, kept: list[float], changed: list[float]) -> Beside:
    choices = [Choice(1, p, 1, p, p) for p in kept] + [Choice(1, p, 2, 0.4, 0.2) for p in changed]
    return Beside(Quantization(4), judged, 4.5, (), tuple(choices))


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (0.004, 0.02, "The loss rises by 0.012"),
        (-0.03, 0.01, "do not tell from no change"),
        (-0.03, -0.001, "falls by"),
    ],
)
def test_a_change_is_told_where_its_interval_leaves_out_0(low: float, high: float, says: str) -> None:
    rise = 0.012 if high > 0 else -0.012
    said = told(beside(replace(JUDGED, rise=rise, rise_low=low, rise_high=high), [0.9], []))[0]
    assert says in said and "paired over 14 held-out texts" in said
    assert f"{low:+.3f} to {high:+.3f}".replace("-", "−") in said


def test_why_both_shares_are_true_is_said_from_their_numbers() -> None:
    said = both_true(beside(JUDGED, [0.9] * 10, [0.2]))[0]
    assert (
        "92 % of 414 held-out tokens keep their first choice, and 1 of 11 choices in your text change" in said
    )
    assert "between 62 % and 98 % stay in texts like yours (95 %)." in said, "Wilson's interval of 10 of 11"
    assert "it gave 0.20 on average to those that change, 0.90 to those that stay" in said
    far = both_true(beside(JUDGED, [0.2] * 2, [0.9] * 9))[0]
    assert "yours is not like the held-out ones, of which 92 % stay" in far
    assert "unsure" not in far, "those that change were not the unsure ones"
    assert both_true(beside(JUDGED, [], [])) == []
