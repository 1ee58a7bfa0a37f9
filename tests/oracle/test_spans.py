"""Answers: the best spans against a search through every pair of places, on transformers' own scores."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch
from tokenizers import processors

from core.decoding.labels import best_spans
from core.language_model import LanguageModel
from tests.oracle.compare import saved_and_loaded
from tests.oracle.encoder_pairs import KINDS, run

QUESTION, CONTEXT = "w5 w9", "w7  w4 w8 w6 w5"


def by_hand(
    start: torch.Tensor, end: torch.Tensor, inside: list[int], longest: int
) -> list[tuple[int, int, float]]:
    """Every span of the places inside, best first."""
    spans = [
        (i, j, float(start[i] + end[j]))
        for i, j in itertools.product(inside, inside)
        if i <= j and j - i < longest
    ]
    return sorted(spans, key=lambda span: -span[2])


@pytest.mark.parametrize("longest", [1, 2, 30])
@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_the_best_spans_of_their_scores(kind: str, longest: int, tmp_path: Path) -> None:
    model = KINDS[kind].model("span")
    loaded = saved_and_loaded(model, tmp_path)
    tokenizer = loaded.tokenizer
    tokenizer.raw.post_processor = processors.TemplateProcessing(
        single="$A", pair="[MASK] $A [MASK] $B:1 [MASK]:1", special_tokens=[("[MASK]", 1)]
    )
    lm = LanguageModel(loaded.model, tokenizer, kind)
    ids = torch.tensor([[1, 5, 9, 1, 7, 4, 8, 6, 5, 1]])
    given = {"ids": ids}
    if kind == "bert":
        given["token_types"] = torch.tensor([[0, 0, 0, 0, 1, 1, 1, 1, 1, 1]])
    if kind == "roberta":  # its padding token is 1
        ids[ids == 1] = 0
        tokenizer.raw.post_processor = processors.TemplateProcessing(
            single="$A", pair="[PAD] $A [PAD] $B:1 [PAD]:1", special_tokens=[("[PAD]", 0)]
        )
    start, end = run(model, given)[0][0].detach().log_softmax(0).unbind(-1)
    wanted = by_hand(start, end, [4, 5, 6, 7, 8], longest)[:7]
    said = lm.answer(QUESTION, CONTEXT, n_best=7, longest=longest)
    assert len(said) == len(wanted) == (5 if longest == 1 else 7)
    places = [0, 4, 7, 10, 13]
    for answer, (first, last, log_p) in zip(said, wanted, strict=True):
        assert (answer.first, answer.last) == (first, last)
        assert answer.probability == pytest.approx(float(torch.tensor(log_p).exp()))
        assert (answer.start, answer.end) == (places[first - 4], places[last - 4] + 2)
        assert answer.text == CONTEXT[answer.start : answer.end]


def test_an_end_before_its_start_and_places_outside_are_no_answer() -> None:
    start, end = torch.tensor([9.0, 0.0, 1.0, 5.0]), torch.tensor([9.0, 4.0, 1.0, 0.0])
    inside = torch.tensor([False, True, True, True])
    assert best_spans(start, end, inside) == [(3, 3, 5.0)]
    assert best_spans(start, end, inside, n_best=9, longest=1) == [(3, 3, 5.0), (1, 1, 4.0), (2, 2, 2.0)]
