"""Rollout beside plain numpy, faithfulness beside plain passes over changed vectors, probes beside scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import core
from core.analysis.explaining.explainers import explain
from core.analysis.explaining.faithfulness import faithfulness
from core.analysis.explaining.readout import Readout, baseline
from core.analysis.explaining.rollout import attention_flow
from core.analysis.explaining.selectivity import STRENGTH, control_labels, examples, probe_layer, read_streams
from core.vectors.probe import fit
from tests.heads import BOTH, SHAPES, TEXT, target_of, tiny


@pytest.mark.parametrize("shape", [name for name in SHAPES if name not in BOTH])
@pytest.mark.parametrize("row", [-1, 3])
def test_rollout_of_one_stack(shape, row):
    lm = tiny(shape)
    of = Readout.of(lm, TEXT, row=row)
    flow = attention_flow(of)
    rolled = None
    trace = lm.trace(TEXT)
    for layer in range(lm.config.n_layers):
        mean = trace[f"blocks.{layer}.attn.hook_pattern"].numpy().mean(0)
        mixed = (mean + np.identity(len(mean))) / 2
        mixed = mixed / mixed.sum(1)[:, None]
        rolled = mixed if rolled is None else np.dot(mixed, rolled)
    at = len(trace.ids) - 1 if row == -1 else row
    np.testing.assert_allclose(flow.rollout, rolled[at, : len(of.ids)], atol=1e-12)
    np.testing.assert_allclose(flow.raw, mean[at, : len(of.ids)], atol=1e-12)
    np.testing.assert_allclose(flow.by_step.sum(1), 1, atol=1e-12)


@pytest.mark.parametrize("shape", BOTH)
def test_rollout_of_two_stacks_is_a_walk_back_through_both(shape):
    """Where a walker stands that goes back from the row, a fair coin deciding at every attention to stay or to move."""
    lm = tiny(shape)
    of = Readout.of(lm, TEXT, target=target_of(lm))
    trace = lm.trace(TEXT, target_of(lm))
    written, source = np.zeros(len(of.ids) - of.split), np.zeros(of.split)
    written[-1] = 1.0
    for layer in reversed(range(lm.config.decoder_layers)):
        cross = trace[f"decoder.blocks.{layer}.cross_attn.hook_pattern"].numpy().mean(0)
        own = trace[f"decoder.blocks.{layer}.attn.hook_pattern"].numpy().mean(0)
        source, written = source + written @ cross / 2, written / 2
        written = written / 2 + written @ own / 2
    for layer in reversed(range(lm.config.n_layers)):
        own = trace[f"encoder.blocks.{layer}.attn.hook_pattern"].numpy().mean(0)
        source = source / 2 + source @ own / 2
    np.testing.assert_allclose(attention_flow(of).rollout, np.concatenate([source, written]), atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_curves_are_those_of_single_passes(shape):
    """Each point is one pass over the vectors with the first tokens of the order replaced, one at a time."""
    lm = tiny(shape)
    of = Readout.of(lm, TEXT, target=target_of(lm))
    base = baseline(of, "mean")
    found = faithfulness(of, base, explain(of, base, 8), orders=5, points=4)
    for name, curve in found.deletion.items():
        for gone in (True, False):
            other = curve if gone else found.insertion[name]
            for count, value in zip(found.counts, other.values, strict=True):
                vectors = (of.vectors if gone else base).clone()
                for at in other.order[:count]:
                    place = of.free[at]
                    vectors[place] = (base if gone else of.vectors)[place]
                with torch.no_grad():
                    assert float(of(vectors[None])) == pytest.approx(value, rel=1e-9)
            heights = [(a + b) / 2 for a, b in zip(other.values, other.values[1:], strict=False)]
            widths = np.diff(found.counts) / found.counts[-1]
            assert other.area == pytest.approx(float(np.dot(heights, widths)), rel=1e-9)


@pytest.fixture(scope="module")
def read():
    lm = core.load("tales-gpt", device="cpu")
    known = examples(lm, "held", stories=30)
    return known, np.concatenate(list(read_streams(lm, known)), axis=1)


def test_a_probe_and_its_control_are_scikit_learns(read):
    known, vectors = read
    found = probe_layer(known, vectors[2], 2)
    train, test = list(known.train), list(known.test)
    scale = StandardScaler().fit(vectors[2][train].astype(np.float64))
    x, y = (scale.transform(vectors[2][rows].astype(np.float64)) for rows in (train, test))
    right = []
    for labels in ([one.label for one in known.words], *control_labels(known)):
        wanted = np.array(labels)
        theirs = LogisticRegression(C=STRENGTH, tol=1e-10, max_iter=10_000).fit(x, wanted[train])
        ours = fit(vectors[2][train], list(wanted[train]), strength=STRENGTH)
        np.testing.assert_allclose(ours.weights[1], theirs.coef_[0], atol=1e-4)
        right.append((theirs.predict(y) == wanted[test]).mean())
    assert found.task.share == pytest.approx(right[0])
    assert found.selectivity == pytest.approx(right[0] - np.mean(right[1:]))
    assert found.low <= found.selectivity <= found.high


def test_the_streams_at_the_words_are_those_of_the_trace(read):
    known, vectors = read
    lm = core.load("tales-gpt", device="cpu")
    one = known.words[5]
    trace = lm.trace(known.ids[one.text])
    assert np.allclose(
        vectors[0, 5], trace["blocks.0.hook_resid_pre"][one.position].numpy(), rtol=1e-4, atol=1e-3
    )
    assert np.allclose(
        vectors[4, 5], trace["blocks.3.hook_resid_post"][one.position].numpy(), rtol=1e-4, atol=1e-3
    )
