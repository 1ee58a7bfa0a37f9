"""Toyland's parallel sentences, for any seed and split."""

from __future__ import annotations

from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.toyland.dials import HELD_OUT_PAIRS, Split
from core.data.toyland.spanish import translations, words
from core.data.toyland.spanish.align import text_of
from core.data.toyland.spanish.notation import either, parallel
from tests.tiers import examples

SPLITS: tuple[Split, ...] = ("train", "held_out", "any")
WORD = st.text("abcñé", min_size=1, max_size=4)


@settings(max_examples=examples(25), deadline=None)
@given(st.integers(0, 10**9), st.sampled_from(SPLITS))
def test_any_seed_gives_sound_pairs(seed: int, split: Split) -> None:
    pairs = list(islice(translations(seed, split), 4))
    assert pairs == list(islice(translations(seed, split), 4))
    for pair in pairs:
        english, spanish = words(pair.english), words(pair.spanish)
        assert pair.spanish in pair.allowed
        assert text_of(english) == pair.english  # nothing is lost in the split
        assert text_of(spanish) == pair.spanish
        assert pair.links == tuple(sorted(set(pair.links)))
        assert set(pair.links) <= set(pair.possible)
        assert all(0 <= i < len(english) and 0 <= j < len(spanish) for i, j in pair.possible)
        if split == "train":
            assert not any(f"{colour} {kind}" in pair.english for colour, kind in HELD_OUT_PAIRS)


@given(st.lists(st.lists(WORD, min_size=1, max_size=3), min_size=1, max_size=3))
def test_any_choice_is_told_in_parallel(options: list[list[str]]) -> None:
    english = " ".join("[" + "|".join(some) + "]" for some in options)
    spanish = english.upper()
    told = parallel(f"{english} = {spanish}")
    assert all(right == left.upper() for left, right in told)
    count = 1
    for some in options:
        count *= len(some)
    assert len(told) == count
    free = " ".join("(" + "/".join(some) + ")" for some in options)
    assert sorted(either(free)) == sorted(left for left, _ in told)
