"""Early stopping over a curve: where it stops, what it keeps, saves and misses."""

from __future__ import annotations

import math

import pytest

from core.training.early_stopping import stop_early

STEPS = [0, 10, 20, 30, 40, 50, 60, 70]
CURVE = [5.0, 3.0, 2.0, 2.5, 2.4, 1.9, 2.6, 3.0]


@pytest.mark.parametrize(
    ("patience", "stopped", "best"), [(0, 70, 50), (1, 30, 20), (2, 40, 20), (3, 70, 50), (20, 70, 50)]
)
def test_patience_decides_where_it_stops_and_what_is_kept(patience: int, stopped: int, best: int) -> None:
    stop = stop_early(STEPS, CURVE, patience)
    assert (stop.step, stop.best_step) == (stopped, best)
    assert stop.best == CURVE[STEPS.index(best)]
    assert stop.early == (stopped < 70)
    assert stop.saved == pytest.approx(1 - stopped / 70)
    assert stop.better == pytest.approx(3.0 - stop.best)
    assert stop.missed == pytest.approx(stop.best - 1.9)


def test_an_equal_loss_is_no_new_best_and_gaps_are_left_out() -> None:
    assert stop_early([1, 2, 3], [2.0, 2.0, 2.0], 2).step == 3
    assert stop_early([1, 2, 3, 4], [2.0, math.nan, 1.0, 3.0], 1).best_step == 3


@pytest.mark.parametrize(("losses", "patience"), [([], 1), ([math.nan], 1), ([1.0], -1)])
def test_no_measurement_or_a_negative_patience_is_refused(losses: list[float], patience: int) -> None:
    with pytest.raises(ValueError, match="early stopping"):
        stop_early(list(range(len(losses))), losses, patience)
