"""Merges kept as numbers answer as a dict of pairs does."""

from __future__ import annotations

import json
import random

import pytest

from core.text.published import published
from core.text.ranks import Ranks


def test_it_is_the_dict_of_the_same_pairs_with_the_last_of_equals() -> None:
    entries = [f"e{number}" for number in range(40)]
    number = {entry: at for at, entry in enumerate(entries)}
    draw = random.Random(3)
    merges = [(draw.choice(entries), draw.choice(entries)) for _ in range(600)]
    expected = {pair: rank for rank, pair in enumerate(merges)}
    assert len(expected) < 600, "some pairs come twice"
    ranks = Ranks(iter(merges), number.get, entries.__getitem__)
    assert dict(ranks) == expected and len(ranks) == len(expected)
    assert list(ranks) == sorted(expected, key=expected.__getitem__)
    for pair in [("e0", "nothing"), ("nothing", "e0"), *((a, b) for a in entries for b in entries)]:
        assert ranks.get(pair) == expected.get(pair)


def test_no_merges_at_all_and_merges_of_no_entry() -> None:
    assert dict(Ranks([], {}.get, str)) == {}
    with pytest.raises(ValueError, match="merge 1 joins what is no entry"):
        Ranks([("a", "b"), ("a", "c")], {"a": 0, "b": 1}.get, str)


def test_gpt2s_merges_are_those_of_its_file() -> None:
    vocabulary = published("gpt2")
    merges = json.loads(vocabulary.tokenizer.raw.to_str())["model"]["merges"]
    pairs = [tuple(merge.split(" ") if isinstance(merge, str) else merge) for merge in merges]
    assert list(vocabulary.ranks) == pairs and len(pairs) == 50_000
    assert vocabulary.ranks["Ġ", "t"] == pairs.index(("Ġ", "t")) == 0
