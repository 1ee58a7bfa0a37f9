"""Reasons and notes become sentences in one way, wherever they are said."""

from __future__ import annotations

import pytest

from app import models
from app.words import sentence


@pytest.mark.parametrize(
    ("said", "sentence_of_it"),
    [
        ("the sheet is blank", "The sheet is blank."),
        (ValueError("draw it anew."), "Draw it anew."),
        ("what is that?", "What is that?"),
        ("GloVe stops!", "GloVe stops!"),
    ],
)
def test_a_reason_begins_large_and_ends_with_a_mark(said: object, sentence_of_it: str) -> None:
    assert sentence(said) == sentence_of_it
    assert models.reason(ValueError(str(said))) == sentence_of_it
