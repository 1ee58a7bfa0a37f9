"""The probability of a whole answer: the product along its own path, and no more than 1 for all answers together."""

from __future__ import annotations

import itertools

import pytest
import torch

import core
from core.analysis.tasks.label_chances import label_chances
from tests.pairs import translator

SOURCE = "sentiment: I liked the lake."


def test_a_chance_is_the_product_along_the_answer():
    lm = translator()
    for label, chance in label_chances(lm, SOURCE, ("positive", "no")):
        said, product = lm.tokenizer.encode(label, add_special_tokens=False), 1.0
        with torch.no_grad():
            for at, id in enumerate([*said, lm.config.eos_ids[0]]):
                logits = lm.trace(SOURCE, said[:at] or None).logits[-1]
                product *= float(logits.softmax(-1)[id])
        assert chance == pytest.approx(product, rel=1e-4)


def test_all_answers_of_one_piece_and_none_share_what_there_is():
    lm = translator()
    pieces = [lm.tokenizer.decode([id]) for id in range(300, 340)]
    whole = [text for text in pieces if len(lm.tokenizer.encode(text, add_special_tokens=False)) == 1]
    total = sum(
        chance for _, chance in label_chances(lm, SOURCE, list(itertools.islice(dict.fromkeys(whole), 20)))
    )
    assert 0 < total < 1


def test_what_has_no_answer_says_why():
    with pytest.raises(ValueError, match="encoder-decoder"):
        label_chances(core.load("tales-gpt"), SOURCE, ("yes",))
