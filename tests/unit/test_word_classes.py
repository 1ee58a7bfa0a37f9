"""Which class each token belongs to."""

from __future__ import annotations

import core
from core.analysis.word_classes import (
    DESCRIBING,
    DOING,
    NAMES,
    NO_WORD,
    OTHER,
    SIGNS,
    SMALL,
    THINGS,
    word_classes,
)


def classes(*tokens: str) -> list[str]:
    """The classes of tokens, none of them special."""
    return list(word_classes(tokens, [False] * len(tokens)))


def test_a_sentence_of_toyland() -> None:
    found = classes("Lily", " lost", " a", " red", " ball", ".", " The", " baker", " found", " two", " boats")
    assert found == [NAMES, DOING, SMALL, DESCRIBING, THINGS, SIGNS, SMALL, THINGS, DOING, SMALL, THINGS]


def test_a_word_of_several_tokens_and_special_ones() -> None:
    assert list(word_classes(["<s>", " gar", "den", "er"], [True, False, False, False])) == [
        NO_WORD,
        *[THINGS] * 3,
    ]
    assert classes(" b", "all", ",", "b") == [THINGS, THINGS, SIGNS, OTHER]


def test_a_capital_inside_a_sentence_is_a_name() -> None:
    assert classes("Zorgon", " met", " Zorgon", ".", ' "', "Zorgon") == [
        OTHER,
        DOING,
        NAMES,
        SIGNS,
        SIGNS,
        OTHER,
    ]
    assert classes("42", " 🙂", " ", "\n") == [OTHER, SIGNS, NO_WORD, NO_WORD]


def test_most_words_of_toylands_stories_have_a_class() -> None:
    lm = core.load("tales-gpt")
    ids = lm.encode(
        'Once upon a time, Lily met Tim. "Good morning, Lily," said Tim. The red ball was lost near the mill.'
    )
    found = word_classes([lm.tokenizer.display(i) for i in ids], [i in lm.special_ids for i in ids])
    assert sum(name != OTHER for name in found) >= 0.9 * len(found)
