"""Tables, waves, similarity, shifts and biases: what positions are as numbers."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

import core
from core.analysis.positions.distance_bias import NoBias, alibi_bias, distance_bias, t5_buckets
from core.analysis.positions.tables import (
    NoTable,
    measured_waves,
    model_table,
    rates,
    shift,
    shift_matrix,
    similarity,
    similarity_by_distance,
    sinusoidal,
    sinusoidal_waves,
    wavelengths,
    within,
)
from core.hooks import recording
from tests.blocks import made, model
from tests.heads import TARGET, TEXT


def test_the_table_is_the_papers_formula() -> None:
    table = sinusoidal(9, 12)
    for position in range(9):
        for column in range(12):
            angle = position / 10_000 ** (2 * (column // 2) / 12)
            assert table[position, column] == pytest.approx(
                math.cos(angle) if column % 2 else math.sin(angle)
            )
    np.testing.assert_allclose(wavelengths(12)[[0, 1]], [2 * math.pi, 2 * math.pi * 10_000 ** (1 / 6)])
    assert wavelengths(512)[-1] == pytest.approx(2 * math.pi * 10_000 ** (510 / 512))
    with pytest.raises(ValueError, match="0 positions"):
        sinusoidal(0, 4)


def test_a_models_table_is_what_its_pass_adds() -> None:
    for name in ("gpt", "bert", "no norm", "sinusoidal encoder"):
        lm = model(name)
        trace = lm.trace(TEXT)
        table = model_table(lm)
        assert table.shape == (48, 24)
        np.testing.assert_allclose(table[: len(trace.ids)], trace["hook_pos_embed"].detach(), atol=1e-6)
    offset = made(position_offset=2)
    np.testing.assert_allclose(
        model_table(offset), offset.transformer.pos_embed.W_pos[2:].detach(), atol=1e-6
    )
    lm = model("post-norm with a source, grouped")
    trace = lm.trace(TEXT, TARGET)
    for stack in ("encoder", "decoder"):
        read = len(trace.ids if stack == "encoder" else trace.decoder_ids)
        np.testing.assert_allclose(
            model_table(lm, stack)[:read], trace[f"{stack}.hook_pos_embed"].detach(), atol=1e-6
        )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("llama, grouped", "turns queries and keys"),
        ("alibi, one key head", "slope times the distance"),
        ("t5", "by distance"),
        ("gated, no biases", "told nothing"),
    ],
)
def test_a_model_without_a_table_says_what_it_does(name: str, said: str) -> None:
    with pytest.raises(NoTable, match=said):
        model_table(model(name))


def test_positions_beyond_the_table_are_clipped_and_said() -> None:
    assert within(3, 10) == (3, "")
    assert within(12, 10) == (9, "The table ends: position 12 is not one of 0 to 9, 9 is shown.")
    assert within(-1, 10)[0] == 0
    with pytest.raises(ValueError, match="without rows"):
        within(0, 0)


def test_waves_known_and_found() -> None:
    known = sinusoidal_waves(12)
    assert known.columns[:2] == ((0, 1), (2, 3))
    assert not known.measured
    assert sinusoidal_waves(5).columns == ((0, 1), (2, 3), (4,))
    t = np.arange(96)
    table = np.stack(
        [np.sin(2 * np.pi * t / 48), np.ones(96) * 7, 3 + np.cos(2 * np.pi * t / 8), np.cos(np.pi * t)],
        axis=1,
    )
    found = measured_waves(table)
    assert found.columns == ((3,), (2,), (0,), (1,))
    np.testing.assert_allclose(found.wavelengths, [2, 8, 48, np.inf])
    np.testing.assert_allclose(found.strength, [1, 1, 1, 0], atol=1e-12)
    mixed = measured_waves((np.sin(2 * np.pi * t / 12) + 0.5 * np.sin(2 * np.pi * t / 6))[:, None])
    assert mixed.wavelengths[0] == pytest.approx(12)
    assert mixed.strength[0] == pytest.approx(0.8)
    # Variances 1 and 1/4; the quickest wave there is, every second position, counts as much as any other.
    quick = measured_waves((np.sqrt(2) * np.sin(2 * np.pi * t / 8) + np.cos(np.pi * t) / 2)[:, None])
    assert quick.strength[0] == pytest.approx(0.8)
    with pytest.raises(ValueError, match="too few"):
        measured_waves(table[:3])


def test_of_a_sinusoidal_table_only_the_distance_counts() -> None:
    table = sinusoidal(60, 32)
    dots = similarity_by_distance(table, "dot")
    expected = np.cos(np.arange(60)[:, None] * rates(32)).sum(1)
    np.testing.assert_allclose(dots.mean, expected, atol=1e-9)
    assert dots.spread.max() < 1e-9
    assert dots.mean[0] == pytest.approx(16)
    np.testing.assert_array_equal(dots.pairs, np.arange(60, 0, -1))
    cosines = similarity_by_distance(table, longest=20)
    np.testing.assert_allclose(cosines.mean, expected[:21] / 16, atol=1e-9)
    learned = similarity_by_distance(model_table(model("gpt")), "cosine")
    assert learned.spread[1] > 0.05


def test_similarity_by_distance_against_a_slow_loop() -> None:
    table = np.random.default_rng(0).normal(size=(13, 5))
    table[4] = 0
    for measure in ("cosine", "dot"):
        found = similarity_by_distance(table, measure)
        for k in range(13):
            values = []
            for t in range(13 - k):
                a, b = table[t], table[t + k]
                size = np.linalg.norm(a) * np.linalg.norm(b) if measure == "cosine" else 1.0
                values.append(float(a @ b) / size if size else 0.0)
            assert found.mean[k] == pytest.approx(np.mean(values))
            assert found.spread[k] == pytest.approx(np.std(values))
            assert (found.least[k], found.most[k]) == pytest.approx((min(values), max(values)))
    assert similarity(table, "cosine").shape == (13, 13)
    with pytest.raises(ValueError, match="neither"):
        similarity(table, "angle")
    with pytest.raises(ValueError, match="no two of 13 positions are 13 apart"):
        similarity_by_distance(table, longest=13)


@pytest.mark.parametrize("by", [0, 1, 5, -3, 39])
def test_a_shift_is_one_matrix(by: int) -> None:
    table = sinusoidal(40, 16)
    found = shift(table, by)
    assert found.error < 1e-12
    assert found.rows == 40 - abs(by)
    np.testing.assert_allclose(found.matrix @ found.matrix.T, np.eye(16), atol=1e-12)
    np.testing.assert_allclose(found.matrix[0, :2], [math.cos(by), math.sin(by)])
    np.testing.assert_allclose(found.angles, by * rates(16))


def test_the_models_own_float32_table_keeps_to_it_and_a_learned_one_does_not() -> None:
    found = shift(model_table(model("no norm")), 7)
    assert found.error < 1e-6
    learned = shift(model_table(model("gpt")), 7)
    assert learned.error > 0.1
    broken = sinusoidal(30, 8)
    broken[12, 3] += 0.5
    caught = shift(broken, 4)
    assert caught.error == pytest.approx(0.5, abs=1e-9)
    assert caught.worst in (8, 12)


def test_shifts_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="odd"):
        shift_matrix(1, 7)
    with pytest.raises(ValueError, match="leads out of a table of 5"):
        shift(sinusoidal(5, 4), 5)


@pytest.mark.parametrize("name", ["alibi, one key head", "t5"])
def test_biases_are_what_the_scores_have_too_much(name: str) -> None:
    """Score minus q . k * scale, cell by cell, in a pass of the model."""
    lm = model(name)
    stacks = ("encoder", "decoder") if name == "t5" else (None,)
    trace = lm.trace(TEXT, TARGET if name == "t5" else None)
    for stack in stacks:
        prefix = "" if stack is None else f"{stack}."
        part = lm.transformer.get_submodule(f"{prefix}blocks.0.attn")
        q, k = (trace[f"{prefix}blocks.0.attn.hook_{n}"].detach() for n in "qk")
        k = k.repeat_interleave(4 // k.shape[1], dim=1)
        plain = torch.einsum("thk,shk->hts", q, k) * part.scale
        scores = trace[f"{prefix}blocks.0.attn.hook_attn_scores"].detach()
        length = scores.shape[-1]
        found = distance_bias(lm, length, stack)
        bias = found.matrix(length)
        seen = np.isfinite(scores.numpy())
        np.testing.assert_allclose(bias[seen], (scores - plain).numpy()[seen], atol=1e-5)
        causal = stack != "encoder"
        assert np.isnan(bias[~seen]).all() if causal else not np.isnan(bias).any()


def test_alibi_alone_and_t5s_runs() -> None:
    found = alibi_bias(8, 5)
    np.testing.assert_allclose(found.slopes, 2.0 ** -np.arange(1, 9))
    np.testing.assert_array_equal(found.distances, [-4, -3, -2, -1, 0])
    np.testing.assert_allclose(found.values, found.slopes[:, None] * found.distances)
    assert alibi_bias(2, 4, causal=False).distances.tolist() == [-3, -2, -1, 0, 1, 2, 3]
    assert found.bucket_spans == []
    distances, buckets = t5_buckets(400)
    assert buckets.max() == 31
    assert buckets[distances == -15] == 15
    spans = distance_bias(model("t5"), 200, "decoder").bucket_spans
    assert spans[-1] == (0, 0, 0)
    assert spans[-2] == (1, -1, -1)
    assert spans[0][0] == 31
    assert [span[1] for span in spans] == sorted(span[1] for span in spans)
    assert all(before[2] + 1 == after[1] for before, after in itertools.pairwise(spans))
    for wrong in (lambda: alibi_bias(0, 4), lambda: t5_buckets(0), lambda: alibi_bias(4, 0)):
        with pytest.raises(ValueError):
            wrong()


def test_a_model_that_adds_nothing_says_so() -> None:
    with pytest.raises(NoBias, match="turns queries and keys"):
        distance_bias(core.load("tales-gpt", device="cpu"), 5)
    with pytest.raises(NoBias, match="adds a learned vector"):
        distance_bias(model("gpt"), 5)


def test_looking_at_positions_changes_nothing() -> None:
    lm = model("no norm")
    with recording() as seen:
        model_table(lm)[:] = 0
    assert not seen
    assert np.abs(model_table(lm)).max() == pytest.approx(1.0)
