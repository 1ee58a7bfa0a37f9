"""Vectors: properties that hold for any words, tables, texts and shares."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.vectors.probe import wilson
from core.vectors.projection import pca
from core.vectors.reading import FEWEST, read_sentences, sentences
from core.vectors.spelling import LONGEST, Spelling, edit_distances
from core.vectors.static import StaticVectors, UnknownWord
from core.vectors.tsne import affinities

WORD = st.text("abcé", max_size=7)


def slow_distance(one: str, other: str) -> int:
    """Damerau's distance by its recursion, no part edited twice."""

    @cache
    def between(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        ways = [between(i - 1, j) + 1, between(i, j - 1) + 1]
        ways.append(between(i - 1, j - 1) + (one[i - 1] != other[j - 1]))
        if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
            ways.append(between(i - 2, j - 2) + 1)
        return min(ways)

    return between(len(one), len(other))


@given(WORD, st.lists(WORD, min_size=1, max_size=8))
def test_edit_distances_equal_the_recursion(word: str, words: list[str]) -> None:
    spelling = Spelling(words)
    found = edit_distances(word, spelling.letters, spelling.lengths)
    assert found.tolist() == [slow_distance(word, other) for other in words]


@given(
    st.text(max_size=2 * LONGEST), st.lists(st.text(max_size=100), min_size=1, max_size=8), st.integers(0, 5)
)
def test_words_offered_are_near_and_in_order(word: str, words: list[str], count: int) -> None:
    found = Spelling(words).nearest(word, count)
    assert len(found) == len(set(found)) <= count
    plain = word.strip().casefold()[:LONGEST]
    away = [slow_distance(plain, words[row].strip().casefold()) for row in found]
    assert away == sorted(away) and all(far < len(plain) for far in away)


@given(
    st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=10),
    st.text(max_size=8),
    st.integers(0, 2**31),
)
def test_a_table_finds_every_word_or_says_which_it_lacks(words: list[str], asked: str, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(len(words), 3)).astype(np.float32)
    table = StaticVectors("any", tuple(words), vectors)
    for word in words:
        assert (word in table) == bool(word.strip())
        if word.strip():
            assert table.row(word) == words.index(word)
            assert np.array_equal(table.lookup(word).product, table[word])
    if asked in table:
        assert table.words[table.row(asked)].strip().lower() == asked.strip().lower()
    else:
        with pytest.raises(UnknownWord) as told:
            table.row(asked)
        assert set(told.value.near) <= set(words)


@given(st.integers(2, 30), st.integers(2, 6), st.integers(0, 2**31))
def test_turning_and_moving_all_vectors_turns_no_map(many: int, size: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    vectors = draw.normal(size=(many, size)) * np.arange(size, 0, -1)
    turn = np.linalg.qr(draw.normal(size=(size, size)))[0]
    one = pca(vectors.astype(np.float32))
    assume(
        one.variances[1] < 0.9 * one.variances[0]
        and (size < 3 or many < 3 or pca(vectors, 2).variances[1] > 1e-3)
    )
    other = pca((vectors @ turn + 5).astype(np.float32))
    np.testing.assert_allclose(one.variances, other.variances, rtol=1e-3, atol=1e-3)
    first = one.place(vectors.astype(np.float32))[:, 0]
    second = other.place((vectors @ turn + 5).astype(np.float32))[:, 0]
    np.testing.assert_allclose(np.abs(first), np.abs(second), atol=1e-2 * np.abs(first).max() + 1e-4)


@given(st.integers(4, 40), st.integers(1, 5), st.integers(0, 2**31), st.booleans())
def test_affinities_are_a_distribution_over_pairs(many: int, size: int, seed: int, coarse: bool) -> None:
    vectors = np.random.default_rng(seed).normal(size=(many, size)).astype(np.float32)
    pairs = affinities(np.round(vectors) if coarse else vectors)  # rounded: many words in one place
    assert np.isfinite(pairs.p).all() and (pairs.p >= 0).all()
    assert abs(float(pairs.p.sum(dtype=np.float64)) - 1) < 1e-4
    assert (pairs.first != pairs.second).all() and len(pairs.begins) == many
    assert np.array_equal(np.unique(pairs.first), np.arange(many))


def cut(text: list[list[str]], most: int | None) -> list[list[str]]:
    """The sentences up to the word number `most`."""
    left = sum(map(len, text)) if most is None else most
    parts = []
    for sentence in text:
        parts.append(sentence[:left])
        left -= len(parts[-1])
    return parts


@given(
    st.lists(st.lists(st.sampled_from("a b c d e f".split()), max_size=12), max_size=15),
    st.integers(1, 4),
    st.none() | st.integers(0, 60),
)
def test_a_reading_holds_the_words_that_occur_often_enough(
    text: list[list[str]], min_count: int, most: int | None
) -> None:
    flat = [word for sentence in text for word in sentence][:most]
    kept = {word for word in flat if flat.count(word) >= min_count}
    together = any(sum(word in kept for word in part) > 1 for part in cut(text, most))
    if len(kept) < FEWEST or not together:
        with pytest.raises(ValueError, match=r"word2vec|no words"):
            read_sentences(text, min_count=min_count, most=most)
        return
    found = read_sentences(text, min_count=min_count, most=most)
    assert set(found.words) == kept
    assert [found.words[id] for id in found.ids] == [word for word in flat if word in kept]
    assert found.counts.tolist() == [flat.count(word) for word in found.words]
    assert found.begins[0] == 0 and found.begins[-1] == len(found.ids) and (np.diff(found.begins) >= 0).all()
    assert found.left_out == len(flat) - len(found)


@given(st.lists(st.text(max_size=80), max_size=5))
def test_any_text_has_sentences_of_small_words(documents: list[str]) -> None:
    for sentence in sentences(documents):
        assert sentence and all(word == word.lower() or word.lower() != word for word in sentence)
        assert not any(character.isspace() for word in sentence for character in word)


@given(st.integers(1, 500), st.data())
def test_wilsons_interval_holds_the_share_and_shrinks(of: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, of))
    one, more = wilson(right, of), wilson(4 * right, 4 * of)
    assert 0 <= one.low <= one.share + 1e-12 and one.share - 1e-12 <= one.high <= 1
    assert more.high - more.low < one.high - one.low
