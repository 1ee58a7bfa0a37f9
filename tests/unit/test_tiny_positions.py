"""The recorded table and biases of two tiny models: those of the extrapolation charts, trained as far as they say."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open

from core.analysis.positions import tiny as tiny_positions
from core.analysis.positions.extrapolation import RECORDED, first_model, train
from core.analysis.positions.rotation import plain_turning, rotary_rates
from core.analysis.positions.tiny import PLAN, SEED, reached, tiny_bias, tiny_table
from scripts import record_positions


def test_they_are_the_models_of_the_charts() -> None:
    runs = json.loads(RECORDED.read_text(encoding="utf-8"))["tasks"]["copy"]["seeds"][str(SEED)]
    with safe_open(tiny_positions.RECORDED, framework="numpy") as file:
        for kind, loss in file.metadata().items():
            assert float(loss) == pytest.approx(runs[kind]["loss"], abs=2e-5)


def test_rows_that_no_training_row_reaches_are_as_they_were_drawn() -> None:
    table = tiny_table()
    first = first_model(PLAN, "learned", SEED)
    assert first.pos_embed is not None
    drawn = first.pos_embed.W_pos.detach().double().numpy()
    assert table.shape == drawn.shape == (62, 64)
    # Weight decay shrinks what no gradient holds: their directions are still those that were drawn.
    cosine = (table * drawn).sum(1) / np.linalg.norm(table, axis=1) / np.linalg.norm(drawn, axis=1)
    assert cosine[reached() :].min() > 0.999
    assert cosine[: reached()].max() < 0.99


def test_the_biases_are_those_of_its_buckets() -> None:
    bias = tiny_bias(30)
    assert bias.values.shape == (4, 30)
    assert bias.distances.tolist() == list(range(-29, 1))
    with safe_open(tiny_positions.RECORDED, framework="numpy") as file:
        weights = file.get_tensor("W_bias")
    assert bias.buckets is not None
    np.testing.assert_allclose(bias.values, weights[bias.buckets].T, rtol=1e-6)
    with pytest.raises(ValueError, match="0 tokens"):
        tiny_bias(0)


def test_recording_writes_what_training_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    short = type(PLAN)(task="copy", trained=3, letters=6, steps=3, rows=4, asked=2, tested=(2,))
    monkeypatch.setattr(record_positions, "PLAN", short)
    table, loss = record_positions.learned("learned")
    model = first_model(short, "learned", SEED)
    *_, last = train(model, "learned", short, SEED)
    assert model.pos_embed is not None
    torch.testing.assert_close(table, model.pos_embed.W_pos.detach())
    assert loss == last.loss


def test_the_rotation_alone_knows_the_distance_and_nothing_else() -> None:
    found = plain_turning(9, 8)
    rates = rotary_rates(8)
    apart = np.arange(9)[:, None] - np.arange(9)
    np.testing.assert_allclose(found.scores, np.cos(apart[..., None] * rates).sum(-1), atol=1e-12)
    later = found.begun_at(50)
    np.testing.assert_allclose(later.scores, found.scores, atol=1e-12)
    np.testing.assert_allclose(later.angles, (50 + np.arange(9))[:, None] * rates)
    np.testing.assert_allclose(later.turned_query[..., 0], np.cos(later.angles), atol=1e-12)
    with pytest.raises(ValueError, match="count from 0"):
        found.begun_at(-1)
    with pytest.raises(ValueError, match="0 tokens"):
        plain_turning(0, 8)
