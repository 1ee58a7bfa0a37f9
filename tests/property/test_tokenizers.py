"""What holds of every tokenizer for any corpus and text: nothing is lost, every count is what counting gives."""

import itertools
import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.broken import broken
from core.text.lattices import Lattices
from core.text.merging import Learning
from core.text.pretokens import PRETOKENS, count, in_bytes, split
from core.text.published import names, published
from core.text.simple import Characters, Words, hidden
from core.text.symbols import Symbols, pair_of
from core.text.unigram import Unigram
from core.text.unigram_learning import UnigramLearning

characters = st.characters(exclude_categories=["Cs"])
texts = st.text(st.one_of(st.sampled_from("ab c\n'"), characters), max_size=40)
small = st.text("abc ", max_size=60)
kinds = st.sampled_from(list(PRETOKENS))
words = st.lists(st.lists(st.integers(0, 2), max_size=9), min_size=1, max_size=8)


def pairs_in(words, weights):
    """Every pair of neighbours, counted one by one."""
    counts: Counter[tuple[int, int]] = Counter()
    for word, weight in zip(words, weights):
        for pair in itertools.pairwise(word):
            counts[pair] += weight
    return counts


@given(texts, kinds)
def test_words_stand_where_they_say(text, kind):
    found = split(text, kind)
    for word in found:
        assert len(word.spans) == len(word.entry) and (word.start, word.end) == (
            word.spans[0][0],
            word.spans[-1][1],
        )
        if kind != "bytes":
            assert "".join(text[first:last] or "▁" for first, last in word.spans).replace(" ", "▁") == (
                word.entry.replace(" ", "▁")
            )
    assert [word.start for word in found] == sorted(word.start for word in found)
    assert Counter(word.entry for word in found) == count(text, kind)
    if kind == "bytes":
        assert "".join(word.entry for word in found) == in_bytes(text)


@given(words, st.data())
def test_counts_after_any_merges_are_what_counting_anew_gives(words, data):
    weights = data.draw(st.lists(st.integers(1, 9), min_size=len(words), max_size=len(words)))
    symbols = Symbols(words, weights)
    for step in range(6):
        counts = pairs_in(words, weights)
        kept = {pair_of(p): int(symbols.counts[row]) for p, row in symbols.row.items() if symbols.counts[row]}
        assert kept == counts
        anew, how_often, of_symbols = symbols.pairs_at(step)
        assert {pair_of(int(p)): int(n) for p, n in zip(anew, how_often)} == counts
        single = Counter(dict.fromkeys(range(len(of_symbols)), 0))
        for word, weight in zip(words, weights):
            single.update({s: n * weight for s, n in Counter(word).items()})
        assert of_symbols.tolist() == [single[s] for s in range(len(of_symbols))]
        assert symbols.total == sum(weight * len(word) for word, weight in zip(words, weights))
        if not counts:
            break
        left, right = data.draw(st.sampled_from(sorted(counts)))
        symbols.merge(left << 32 | right, 10 + step, symbols.places(left << 32 | right))
        words = [merge_in(word, left, right, 10 + step) for word in words]


def merge_in(word, left, right, new):
    """One word with a pair merged, left to right."""
    out: list[int] = []
    for symbol in word:
        if out and out[-1] == left and symbol == right:
            out[-1] = new
        else:
            out.append(symbol)
    return out


@given(small, kinds, st.sampled_from(["count", "score"]), st.integers(1, 40))
def test_each_merge_is_the_best_pair_of_what_stands(corpus, kind, rule, more):
    learning = Learning(corpus, 300 if kind == "bytes" and rule == "count" else 5 + more, kind, rule)
    for merge in itertools.islice(learning, more):
        best = learning.before(merge.step, pairs=1)[0]
        assert (merge.left, merge.right, merge.count, merge.score) == (
            best.left,
            best.right,
            best.count,
            best.score,
        )
        assert list(merge.rivals) == learning.before(merge.step, pairs=len(merge.rivals))
        assert max(merge.rivals, key=lambda pair: pair.count if rule == "count" else pair.score) == best
        assert merge.rivals[0].score == pytest.approx(best.count / best.left_count / best.right_count)
    assert [merge.symbols for merge in learning.merges] == sorted(
        {m.symbols for m in learning.merges}, reverse=True
    )


@given(small, kinds, st.integers(0, 30), texts)
def test_a_smaller_vocabulary_is_a_prefix(corpus, kind, upto, text):
    base = Learning(corpus, 1, kind).alphabet
    large, small_one = Learning(corpus, base + 40, kind).run(), Learning(corpus, base + upto, kind).run()
    prefix = large.tokenizer(upto=len(small_one.merges))
    assert prefix.vocabulary == small_one.vocabulary
    assert prefix.encode(text) == small_one.tokenizer().encode(text)


@given(small, texts)
def test_no_byte_is_lost_in_bytes(corpus, text):
    for method in (
        Learning(corpus, 280, "bytes").run().tokenizer(),
        UnigramLearning(corpus, 270, "bytes").run().tokenizer(),
        published("gpt2"),
        published("cl100k"),
    ):
        pieces = method.encode(text)
        assert b"".join(piece.data for piece in pieces) == text.encode()
        assert not any(piece.unknown for piece in pieces)
        cut = broken(pieces, text)
        for one in cut:
            assert one.character == text[one.at] and one.data == one.character.encode()
            assert b"".join(share.data for share in one.shares) == one.data and len(one.shares) > 1


@given(small, kinds, texts)
def test_pieces_stay_in_their_words_and_replays_end_with_them(corpus, kind, text):
    bpe = Learning(corpus, 280 if kind == "bytes" else 20, kind).run().tokenizer()
    wordpiece = Learning(corpus, 20, kind, rule="score").run().tokenizer()
    unigram = UnigramLearning(corpus, 20, kind).run().tokenizer()
    plain = [Characters.learn(corpus, 4), Words.learn(corpus, 4)]
    for method in (bpe, wordpiece, unigram, *plain):
        pieces = method.encode(text)
        assert all(method.vocabulary[piece.id] == piece.entry for piece in pieces)
        for word in method.words(text):
            cut = method.cut(word, text)
            assert (cut[0].start, cut[-1].end) == (word.start, word.end)
            assert (
                all(before.end == after.start for before, after in itertools.pairwise(cut)) or kind == "bytes"
            )
            if method is bpe:
                turns = bpe.replay(word)
                assert [piece.entry for piece in cut] == list(turns[-1].symbols)
                for turn in turns[:-1]:
                    assert turn.pairs[turn.taken].rank == min(
                        p.rank for p in turn.pairs if p.rank is not None
                    )
        assert 0 <= hidden(pieces, text) <= 1


@given(texts)
def test_published_pieces_lie_in_the_text(text):
    for name in names():
        method = published(name)
        pieces = method.encode(text)
        assert all(0 <= piece.start <= piece.end <= len(text) for piece in pieces)
        assert [piece for word in method.words(text) for piece in method.cut(word, text)] == pieces


def segmentations(word, vocabulary):
    """Every way to cut a word into entries, one by one."""
    if not word:
        return [[]]
    return [
        [word[:end], *rest]
        for end in range(1, len(word) + 1)
        if word[:end] in vocabulary
        for rest in segmentations(word[end:], vocabulary)
    ]


entries = st.dictionaries(st.text("ab", min_size=2, max_size=4), st.floats(-9, -0.1), max_size=8)


@given(st.text("ab", min_size=1, max_size=8), entries, st.floats(-9, -0.1), st.integers(1, 12))
def test_best_paths_and_sums_equal_those_of_listing_every_way(word, longer, letter, n):
    scores = {"a": letter, "b": letter / 2, **longer}
    model = Unigram(["[UNK]", *scores], [-20.0, *scores.values()])
    ways = sorted((math.fsum(scores[piece] for piece in way), way) for way in segmentations(word, scores))[
        ::-1
    ]
    lattice = model.lattice(word)
    total = math.log(math.fsum(math.exp(score) for score, _ in ways))
    assert lattice.total_log_prob == pytest.approx(total)
    assert lattice.best_log_prob == pytest.approx(ways[0][0])
    best = model.n_best(word, n)
    assert [way.log_prob for way in best] == pytest.approx([score for score, _ in ways[:n]])
    assert all([*way.pieces] in [other for _, other in ways] for way in best)
    assert len({way.pieces for way in best}) == len(best) == min(n, len(ways))
    assert math.fsum(way.probability for way in model.n_best(word, len(ways))) == pytest.approx(1)


@given(st.lists(st.text("ab", min_size=1, max_size=6), min_size=1, max_size=5), entries)
def test_expected_uses_equal_those_of_listing_every_way(words, longer):
    scores = {"a": -1.0, "b": -2.0, **longer}
    model = Unigram(["[UNK]", *scores], [-20.0, *scores.values()])
    edges = [(k, edge) for k, word in enumerate(words) for edge in model.edges(word)]
    first = np.cumsum([0, *(len(word) + 1 for word in words)])[:-1]
    last = first + [len(word) for word in words]
    start = np.array([first[k] + edge.start for k, edge in edges])
    end = np.array([first[k] + edge.end for k, edge in edges])
    lattices = Lattices(first, last, start, end, np.array([k for k, _ in edges]))
    log_prob = np.array([edge.log_prob for _, edge in edges])
    weight = np.arange(1.0, len(words) + 1)
    uses, likelihood = lattices.expected(log_prob, weight)
    expected: dict[str, float] = defaultdict(float)
    total = 0.0
    for word, times in zip(words, weight):
        ways = [(math.exp(math.fsum(scores[p] for p in way)), way) for way in segmentations(word, scores)]
        mass = math.fsum(share for share, _ in ways)
        total += times * math.log(mass)
        for share, way in ways:
            for piece in way:
                expected[piece] += times * share / mass
    assert likelihood == pytest.approx(total)
    for entry in scores:
        mine = sum(use for use, (_, edge) in zip(uses, edges) if edge.entry == entry)
        assert mine == pytest.approx(expected[entry], abs=1e-9)
    best = lattices.best(log_prob)
    for k, word in enumerate(words):
        path = [
            int(edges_[lattices.word[edges_] == k][0])
            for edges_ in best
            if (lattices.word[edges_] == k).any()
        ]
        score = math.fsum(log_prob[edge] for edge in path)
        assert score == pytest.approx(model.lattice(word).best_log_prob)


@given(st.text("abc ", min_size=1, max_size=80), st.integers(2, 20))
def test_fitting_never_makes_the_corpus_less_likely(corpus, size):
    for record in UnigramLearning(corpus, size).run().rounds:
        for before, after in itertools.pairwise(record.log_likelihoods):
            assert after >= before - 1e-6 * abs(before)
        assert record.after <= record.before
        losses = [loss.loss for loss in (*record.cheapest, *record.dearest)]
        assert losses == sorted(losses)
        kept = [loss.loss for loss in record.kept]
        assert kept == sorted(kept, reverse=True)
        assert not losses or not kept or losses[-1] <= kept[-1]
