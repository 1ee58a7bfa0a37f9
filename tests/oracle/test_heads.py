"""Scores of heads against transformer-lens 3.9.0's `detect_head`, and shares of heads against torch's gradients."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from core.analysis.heads import patterns as head_patterns
from core.analysis.heads.composition import composition
from core.analysis.heads.patterns import head_maps, pattern_scores, repeat_scores
from core.analysis.heads.shares import head_shares
from core.hooks import Intervention, intervene
from core.language_model import LanguageModel
from core.text.training import train_bpe
from tests.heads import PLACES, TEXT, attn_name, layers_of, target_of, tiny
from tests.oracle.test_transformer_lens import CONFIGS, pair, warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from transformer_lens.head_detector import detect_head

JOBS = {"previous": "previous_token_head", "same": "duplicate_token_head", "induction": "induction_head"}
TOLERANCE = 1e-8  # in float64; they keep the slopes of alibi in float32
TEXTS = {
    "with repetitions": [3, 7, 3, 7, 7, 0, 3, 7, 1, 0, 0],
    "without any": [0, 4, 2, 9, 11, 18, 5],
    "one token only": [6, 6, 6, 6, 6, 6],
    "two tokens": [1, 2],
}


def both(name: str) -> tuple[LanguageModel, Any]:
    """The same random weights as a model of ours, and of theirs that takes tokens for text."""
    ours, theirs, _ = pair(name)
    theirs.to_tokens = lambda text: torch.tensor(
        [[int(id) for id in one.split()] for one in ([text] if isinstance(text, str) else text)]
    )
    return LanguageModel(ours, train_bpe(["no text"], 300), name), theirs


def as_text(ids: list[int]) -> str:
    return " ".join(map(str, ids))


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", CONFIGS)
def test_scores_equal_those_of_transformer_lens(name: str, text: str) -> None:
    lm, theirs = both(name)
    scores = pattern_scores(head_maps(lm, TEXTS[text]))
    for ours, their_name in JOBS.items():
        expected = detect_head(theirs, as_text(TEXTS[text]), their_name).numpy()
        np.testing.assert_allclose(scores[ours].value, expected, rtol=0, atol=TOLERANCE, err_msg=ours)
        assert (scores[ours].rows == 0) == (expected == 0).all()


@pytest.mark.parametrize("name", ["gpt2", "alibi, relu"])
def test_scores_of_any_pairs_equal_those_of_transformer_lens(name: str) -> None:
    lm, theirs = both(name)
    ids = TEXTS["with repetitions"]
    scores, length = pattern_scores(head_maps(lm, ids)), len(ids)
    near = torch.ones(length, length).tril(-1).triu(-3)
    for ours, pairs in {
        "itself": torch.eye(length),
        "first": torch.eye(length)[[0]].expand(length, -1),
        "recent": near,
    }.items():
        expected = detect_head(theirs, as_text(ids), pairs).numpy()
        np.testing.assert_allclose(scores[ours].value, expected, rtol=0, atol=TOLERANCE, err_msg=ours)


def test_scores_on_repeats_equal_transformer_lenss_mean_over_the_same_texts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lm, theirs = both("gpt2")
    read: list[Tensor] = []
    patterns = head_patterns.run_patterns

    def watched(lm: LanguageModel, batch: tuple[Tensor, ...], attention: Any) -> list[Tensor]:
        read.extend(batch)
        return patterns(lm, batch, attention)

    monkeypatch.setattr(head_patterns, "run_patterns", watched)
    scores = repeat_scores(lm, period=4, texts=5)
    texts = [as_text(row) for row in read[0].tolist()]
    assert len(texts) == 5
    for ours, their_name in JOBS.items():
        expected = detect_head(theirs, texts, their_name).numpy()
        np.testing.assert_allclose(scores[ours].value, expected, rtol=0, atol=TOLERANCE, err_msg=ours)


def test_another_head_order_would_be_seen() -> None:
    lm, theirs = both("gpt2")
    scores = pattern_scores(head_maps(lm, TEXTS["with repetitions"]))
    expected = detect_head(theirs, as_text(TEXTS["with repetitions"]), "induction_head").numpy()
    assert not np.allclose(scores["induction"].value[:, ::-1], expected)
    assert not np.allclose(scores["same"].value, expected)


@pytest.mark.parametrize(("shape", "attention"), PLACES)
def test_a_share_is_the_gradient_of_half_the_squared_output(shape: str, attention: str) -> None:
    """With every head's z scaled by s_h, d(|out|^2 / 2)/ds_h at 1 is dot(vector_h, out); so for the bias."""
    lm = tiny(shape)
    for layer, row in itertools.product(range(layers_of(lm, attention)), (0, 3)):
        at = attn_name(lm, attention, layer)
        scale = torch.ones(lm.config.n_heads, dtype=torch.float64, requires_grad=True)
        scaled = Intervention((f"{at}.hook_z",), partial(torch.mul, scale[:, None]), "scaled")
        with intervene(scaled):
            trace = lm.trace(TEXT, target_of(lm), grad=True)
        block, part = at.rsplit(".", 1)
        out = trace[f"{block}.hook_{part}_out"][row]
        (gradient,) = torch.autograd.grad(out @ out / 2, scale)
        expected = (gradient / (out @ out)).detach().numpy()
        shares = head_shares(lm, TEXT, layer, row=row, attention=attention, target=target_of(lm))
        np.testing.assert_allclose(shares.shares, expected, rtol=1e-9, atol=1e-12)
        assert shares.bias_share == pytest.approx(1 - expected.sum(), abs=1e-12)


@pytest.mark.parametrize("way", ["K", "Q", "V"])
@pytest.mark.parametrize("name", [name for name in CONFIGS if name != "no norm"])
def test_composition_equals_that_of_transformer_lens(name: str, way: Any) -> None:
    lm, theirs = both(name)
    expected = theirs.all_composition_scores(way).detach().numpy()
    found = composition(lm, way, gain=False)
    np.testing.assert_allclose(found.scores, expected, rtol=0, atol=TOLERANCE)
    assert not np.allclose(
        found.scores, theirs.all_composition_scores("KQV"["QVK".index(way)]).detach().numpy()
    )


def test_composition_with_the_gain_equals_transformer_lenss_folded_weights() -> None:
    name = "llama, grouped heads"
    lm, theirs = both(name)
    theirs.process_weights_(fold_ln=True, center_writing_weights=False, center_unembed=False)
    for way in ("K", "Q", "V"):
        expected = theirs.all_composition_scores(way).detach().numpy()
        np.testing.assert_allclose(composition(lm, way).scores, expected, rtol=0, atol=TOLERANCE)
        assert not np.allclose(composition(lm, way, gain=False).scores, expected)
