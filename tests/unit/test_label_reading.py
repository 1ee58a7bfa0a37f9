"""What a model with a head says of a text and attends to: the trace's own numbers, gathered by words and sentences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import core
from core.analysis.heads.cross_reading import sentence_spans, word_spans
from core.analysis.tasks.label_reading import read_answer, read_class
from core.model.transformer import ContextTooLong
from tests.published_folders import BERT, DISTILBERT, headed, published

TEXT = "The dog was glad. The cat lost a red ball."
LABELS = ("bad", "good", "none")


@pytest.mark.parametrize("base", [BERT, DISTILBERT], ids=["bert", "distilbert"])
def test_a_class_is_named_with_what_its_position_attends_to(base: dict[str, object], tmp_path: Path) -> None:
    lm = core.load(published(tmp_path / "m", headed(base, "SequenceClassification", LABELS)), device="cpu")
    found, trace = read_class(lm, TEXT), lm.trace(TEXT)
    assert [name for name, _ in found.labels] == [name for name, _ in lm.classify(TEXT)]
    assert dict(found.labels)[LABELS[int(trace.logits.argmax())]] == found.labels[0][1]
    pattern = trace["blocks.1.attn.hook_pattern"].mean(0)[0].numpy()
    np.testing.assert_allclose(found.weights, pattern, atol=1e-6)
    words = word_spans(TEXT)
    parts = found.gathered(words)
    assert parts.shape == (len(words),)
    # All but what falls on [CLS] and [SEP], which stand for no word.
    assert parts.sum() == pytest.approx(pattern[1:-1].sum(), abs=1e-6)
    glad = [TEXT[a:b] for a, b in words].index("glad")
    tokens = [lm.tokenizer.token(id) for id in trace.ids.tolist()]
    assert parts[glad] == pytest.approx(pattern[tokens.index("glad")], abs=1e-6)


def test_a_head_that_reads_the_mean_attends_with_all_positions(tmp_path: Path) -> None:
    lm = core.load(published(tmp_path / "m", headed(BERT, "SequenceClassification", LABELS)), device="cpu")
    object.__setattr__(lm.config, "pool", "mean")
    pattern = lm.trace(TEXT)["blocks.1.attn.hook_pattern"].mean((0, 1)).numpy()
    np.testing.assert_allclose(read_class(lm, TEXT).weights, pattern, atol=1e-6)


@pytest.mark.parametrize("base", [BERT, DISTILBERT], ids=["bert", "distilbert"])
def test_an_answer_is_found_with_what_its_tokens_attend_to(base: dict[str, object], tmp_path: Path) -> None:
    lm = core.load(published(tmp_path / "m", headed(base, "QuestionAnswering")), device="cpu")
    found = read_answer(lm, "who was glad?", TEXT)
    expected = lm.answer("who was glad?", TEXT, n_best=5)
    assert [(one.text, one.first, one.last) for one in found.answers] == [
        (one.text, one.first, one.last) for one in expected
    ]
    assert found.answers[0].probability == pytest.approx(expected[0].probability, rel=1e-4)
    assert found.labels == ()
    best = found.answers[0]
    assert TEXT[best.start : best.end] == best.text
    sums = found.gathered(sentence_spans(TEXT))
    assert sums.shape == (2,)
    assert 0 < sums.sum() < found.weights.sum() == pytest.approx(1)
    # Nothing of the question counts for the passage, though its characters have the same numbers.
    pair = lm.tokenizer.pair("who was glad?", TEXT)
    outside = [place for place, part in zip(found.places, pair.parts) if part != 1]
    assert len(outside) > 4 and set(outside) == {(0, 0)}


def test_too_long_and_another_head_are_said(tmp_path: Path) -> None:
    lm = core.load(published(tmp_path / "m", headed(BERT, "QuestionAnswering")), device="cpu")
    with pytest.raises(ContextTooLong):
        read_answer(lm, "who?", TEXT * 6)
    with pytest.raises(ValueError, match="'sequence' is needed"):
        read_class(lm, TEXT)
