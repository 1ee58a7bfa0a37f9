"""Several metrics of one model: against slow counting, and against what greedy decoding really writes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import core
from core.analysis.health import emergence
from core.analysis.health.emergence import BEFORE, Rows
from core.language_model import LanguageModel


class Guess(nn.Module):
    """Says a token again with probability `sure`, the other seven evenly."""

    def __init__(self, sure: float) -> None:
        super().__init__()
        self.sure = sure

    def forward(self, ids: Tensor) -> Tensor:
        """(B, T) -> (B, T, 8)"""
        chances = torch.full((*ids.shape, 8), (1 - self.sure) / 7)
        return chances.scatter(-1, ids[..., None], self.sure).log()


def guessing(sure: float) -> LanguageModel:
    """A model of nothing but `Guess`."""
    made: Any = type("Only", (), {})()
    made.transformer, made.device = Guess(sure), torch.device("cpu")
    return made  # type: ignore[no-any-return]


def told(seed: int = 0, length: int = 80) -> Rows:
    """Rows in which a token comes again nine times in ten, of four stories."""
    draw = np.random.default_rng(seed)
    ids = np.zeros((12, length + 1), dtype=np.int64)
    for row in ids:
        for at in range(1, length + 1):
            row[at] = row[at - 1] if draw.random() < 0.9 else (row[at - 1] + 1) % 8
    return Rows(torch.from_numpy(ids), np.repeat(np.arange(4), 3))


def test_the_metrics_are_what_slow_counting_gives() -> None:
    rows = told()
    found = emergence.measure(guessing(0.8), rows, (1, 2, 8))
    same = (rows.ids[:, 1:] == rows.ids[:, :-1]).numpy()
    share = same.mean()
    loss = -(share * np.log(0.8) + (1 - share) * np.log(0.2 / 7))
    assert found.loss.value == pytest.approx(loss, rel=1e-5) and found.log == pytest.approx(-loss, rel=1e-5)
    assert found.right == pytest.approx(share)
    starts = range(BEFORE, 80 - 8 + 1)
    for k in (1, 2, 8):
        right = [same[row, at : at + k].all() for row in range(12) for at in starts]
        assert found.exact[k].value == pytest.approx(np.mean(right))
        assert found.exact[k].low <= found.exact[k].value <= found.exact[k].high
    assert found.asked == 12 * len(starts) and found.characters == 12 * 80


def test_a_smooth_metric_and_a_sharp_one_of_the_same_models() -> None:
    rows = told()
    one, other = (emergence.measure(guessing(sure), rows) for sure in (0.5, 0.9))
    assert other.loss.value < one.loss.value
    assert all(other.exact[k].value >= other.exact[2 * k].value for k in (1, 2, 4, 8, 16))
    assert one.exact == other.exact, (
        "both find the same token likeliest: the sharp metric cannot tell them apart"
    )


def test_rows_too_short_for_the_answer_are_told() -> None:
    rows = told(length=60)
    with pytest.raises(ValueError, match="rows of 60 characters have no room for 32 before an answer of 32"):
        emergence.measure(guessing(0.5), rows)


def test_right_in_a_row_is_what_greedy_decoding_writes() -> None:
    lm = core.load("tales-gpt", device="cpu")
    rows = emergence.rows(lm, 80, stories=3)
    assert len(set(rows.story)) > 1
    _, hits = emergence._scored(lm, rows.ids[:2])
    found = set()
    for row, at in ((0, 33), (0, 40), (0, 51), (1, 35), (1, 44), (1, 60)):
        ids = rows.ids[row].tolist()
        written = lm.generate(ids[: at + 1], max_new_tokens=3).ids
        right = list(written) == ids[at + 1 : at + 4]
        assert right == bool(hits[row, at : at + 3].all())
        found.add(right)
    assert found == {True, False} or not hits[:, 33:].any()


def test_the_held_out_stories_are_the_same_for_every_model() -> None:
    one, other = (emergence.rows(core.load(name, device="cpu"), 64, 2) for name in ("tales-gpt", "tales-gpt"))
    assert torch.equal(one.ids, other.ids)
    with pytest.raises(ValueError, match="ask for shorter ones"):
        emergence.rows(core.load("tales-gpt", device="cpu"), 5_000, 2)
