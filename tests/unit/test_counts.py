"""Counts and ratios in words: one is singular, a ratio has three digits that count, and no page writes "1 blocks"."""

from __future__ import annotations

import re

import pytest

from app.counts import counted, plural, times
from app.kit import modules


@pytest.mark.parametrize(
    ("count", "word", "said"),
    [
        (1, "block", "1 block"), (0, "block", "0 blocks"), (2, "pass", "2 passes"), (1, "pass", "1 pass"),
        (1234567, "token", "1,234,567 tokens"), (3, "entry", "3 entries"), (2, "way", "2 ways"),
        (2, "match", "2 matches"),
        ("1", "block", "1 block"), ("3 + 3", "block", "3 + 3 blocks"),
    ],
)  # fmt: skip
def test_one_is_singular(count: int | str, word: str, said: str) -> None:
    assert counted(count, word) == said


def test_a_word_of_its_own_is_taken() -> None:
    assert counted(2, "index", "indices") == "2 indices" and counted(1, "index", "indices") == "1 index"
    assert plural("story") == "stories"


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (287315004.42, "287 million times"), (2.449, "2.45 times"), (24.49, "24.5 times"), (244.9, "245 times"),
        (12345.6, "12,346 times"), (999_600.0, "1.00 million times"), (9.996, "10.0 times"),
        (3e12, "3.00 trillion times"),
        (float("inf"), "endlessly many times"), (0.5, "0.50 times"),
    ],
)  # fmt: skip
def test_a_ratio_has_three_digits_that_count(ratio: float, said: str) -> None:
    assert times(ratio) == said


def test_both_sides_count_in_one_place() -> None:
    script = modules.sources()["app/kit/counts.js"]
    assert "function counted(" in script and "function timesAs(" in script
    words = "tokens|blocks|heads|neurons|passes|merges|stories"
    loose = re.compile(r"\$\{(?:thousands\()?[a-zA-Z][\w.]*\)?\} (?:" + words + r")\b")
    # These say numbers of their own, which are never one.
    fixed = ("adaptability", "scaling", "multimodal", "bias", "fine_tuning")
    found = [
        f"{path}: {hit.group(0)}"
        for path, text in modules.sources().items()
        if path.split("/")[1] not in fixed
        for hit in loose.finditer(text)
    ]
    assert not found, "these write a count by themselves"
