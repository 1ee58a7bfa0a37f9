"""Pre-tokenization, byte-pair encoding, WordPiece and Unigram against the `tokenizers` library and SentencePiece."""

import io
import json
import math

import pytest
import sentencepiece
from tokenizers import models

from core.text.bpe import BPE
from core.text.merging import Learning
from core.text.pretokens import PRETOKENS, split
from core.text.published import published
from core.text.unigram import Unigram
from core.text.unigram_learning import UnigramLearning
from core.text.wordpiece import WordPiece
from tests.oracle.tokenizer_pairs import (
    PRE_TOKENIZERS,
    around,
    difference,
    documents,
    same_bpe,
    spec,
    texts,
    trained_bpe,
)

CORPORA = ["tales", "fables", "python", "languages"]


@pytest.fixture(scope="module")
def ten_thousand():
    """The texts that every method has to cut as the library does."""
    found = texts(10_000, seed=1)
    assert len(set(found)) > 8_000
    return found


def test_pre_tokenizations_are_the_librarys(ten_thousand):
    assert set(PRETOKENS) == set(PRE_TOKENIZERS)
    for kind, theirs in PRE_TOKENIZERS.items():
        for text in ten_thousand:
            ours = [(word.entry, (word.start, word.end)) for word in split(text, kind)]
            assert ours == theirs.pre_tokenize_str(text), (kind, text)


@pytest.mark.full(reason="2 cases, 17 s together")
@pytest.mark.parametrize("kind", ["bytes", "words"])
def test_a_rule_sorts_every_character_as_the_library_does(kind):
    """Also those that one version of Unicode knows and another does not."""
    points = [at for at in range(0x110000) if not 0xD800 <= at <= 0xDFFF]
    every = [
        chr(at) for at in points if at >> 16 in (0, 1, 14) or not at % 50
    ]  # elsewhere neighbours are alike
    for first in range(0, len(every), 1000):
        some = every[first : first + 1000]
        text = "".join(f"a{character}1{character}{character} {character} " for character in some)
        ours = [(word.start, word.end) for word in split(text, kind)]
        assert ours == [span for _, span in PRE_TOKENIZERS[kind].pre_tokenize_str(text)], hex(ord(some[0]))


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=2)
@pytest.mark.parametrize("pretokens", PRETOKENS)
@pytest.mark.parametrize("name", CORPORA)
def test_bpe_learns_the_librarys_merges(name, pretokens):
    corpus = documents(name)
    size = len(Learning(corpus, 1, pretokens).vocabulary) + 500
    ours = Learning(corpus, size, pretokens).run()
    theirs = spec(trained_bpe(corpus, size, pretokens))
    assert [[merge.left, merge.right] for merge in ours.merges] == theirs["merges"]
    assert {entry: id for id, entry in enumerate(ours.vocabulary)} == theirs["vocab"]
    assert len(ours.merges) == 500


@pytest.mark.parametrize(
    "corpus", ["abcdefgh", "ab ba ab ba\n", "aaaaaaa aaaa", "a b c\na b c", "xyxyxyx yxyxy", "中文中文字"]
)
@pytest.mark.parametrize("pretokens", PRETOKENS)
def test_ties_and_overlaps_go_the_librarys_way_to_the_last_merge(corpus, pretokens):
    ours = Learning(corpus, 2000, pretokens).run()
    theirs = spec(trained_bpe([corpus], 2000, pretokens))
    assert [[merge.left, merge.right] for merge in ours.merges] == theirs["merges"]
    assert ours.done


def test_pairs_below_the_minimum_stay_apart_as_in_the_library():
    corpus = documents("fables")[:5]
    ours = Learning(corpus, 5000, "words", min_count=3).run()
    theirs = trained_bpe(corpus, len(ours.vocabulary) + 1, "words")
    assert spec(theirs)["merges"][: len(ours.merges)] == [[merge.left, merge.right] for merge in ours.merges]
    assert ours.merges[-1].count >= 3 > Learning(corpus, 5000, "words").run().merges[len(ours.merges)].count


@pytest.mark.full(reason="each case takes 2 s")
@pytest.mark.parametrize("pretokens", PRETOKENS)
def test_bpe_cuts_ten_thousand_texts_as_the_library_does(pretokens, ten_thousand):
    corpus = documents("tales") + documents("languages") + documents("fables")
    size = len(Learning(corpus, 1, pretokens).vocabulary) + 600
    ours = Learning(corpus, size, pretokens).run().tokenizer()
    theirs = same_bpe(trained_bpe(corpus, size, pretokens), pretokens)
    assert difference(ours, theirs, ten_thousand) == ""
    worse = BPE(ours.vocabulary, list(ours.ranks)[::-1], pretokens)
    assert difference(worse, theirs, ten_thousand)


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=1)
@pytest.mark.parametrize("pretokens", ["words", "spaces", "none"])
def test_wordpiece_cuts_ten_thousand_texts_as_the_library_does(pretokens, ten_thousand):
    corpus = documents("fables") + documents("tales")
    ours = Learning(corpus, 700, pretokens, rule="score").run().tokenizer()
    assert isinstance(ours, WordPiece)
    theirs = around(models.WordPiece(ours.ids, unk_token="[UNK]", max_input_chars_per_word=100), pretokens)
    assert difference(ours, theirs, ten_thousand) == ""


def test_berts_wordpiece_is_replayed_as_the_library_cuts(ten_thousand):
    bert = published("bert")
    for text in ten_thousand[:1000]:
        for word in bert.words(text):
            found = [trial for trial in bert.trials(word) if trial.found]
            pieces = bert.cut(word, text)
            if pieces[0].unknown and word.entry != "[UNK]":
                assert not found or found[-1].end < len(word.entry)
            else:
                assert [trial.tried for trial in found] == [piece.entry for piece in pieces]


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("name", ["gpt2", "cl100k"])
def test_published_merges_are_replayed_as_the_library_cuts(name, ten_thousand):
    vocabulary = published(name)
    for text in ten_thousand[:1000]:
        for word in vocabulary.words(text):
            assert list(vocabulary.replay(word)[-1].symbols) == [
                piece.entry for piece in vocabulary.cut(word, text)
            ]


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("pretokens", ["words", "spaces", "none"])
def test_unigram_cuts_ten_thousand_texts_as_the_library_does(pretokens, ten_thousand):
    corpus = documents("fables") + documents("languages")
    ours = UnigramLearning(corpus, 1200, pretokens).run().tokenizer()
    pairs = list(zip(ours.vocabulary, ours.log_probs))
    theirs = around(models.Unigram(pairs, unk_id=0), pretokens)
    assert difference(ours, theirs, ten_thousand) == ""


@pytest.fixture(scope="module")
def piece_model():
    """A unigram model that SentencePiece learned from the fables, and the same vocabulary in our hands."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([line for fable in documents("fables") for line in fable.split("\n") if line]),
        model_writer=model,
        model_type="unigram",
        vocab_size=600,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        minloglevel=2,
    )
    theirs = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    entries = [
        theirs.id_to_piece(id) for id in range(3, theirs.get_piece_size())
    ]  # 0 to 2 are unknown, start, end
    scores = [theirs.get_score(id) for id in range(3, theirs.get_piece_size())]
    return theirs, Unigram(["[UNK]", *entries], [0.0, *scores])


def test_the_best_ways_to_cut_a_word_are_sentencepieces(piece_model):
    theirs, ours = piece_model
    for word in ["unhappiness", "grandmother", "listening", "the", "winter", "laddering"]:
        best = ours.n_best("▁" + word, 8)
        assert [list(way.pieces) for way in best] == theirs.nbest_encode_as_pieces(word, 8)
    assert best[0].log_prob > best[-1].log_prob


def test_learning_explains_its_corpus_as_well_as_sentencepiece_does(piece_model):
    _, other = piece_model
    corpus = documents("fables")
    ours = UnigramLearning(corpus, len(other), "spaces").run().tokenizer()
    assert len(ours) == len(other)

    def bits(model):
        words = [word.entry for document in corpus for word in model.words(document)]
        known = {word: model.lattice(word).total_log_prob for word in set(words)}
        return -sum(known[word] for word in words) / math.log(2)

    assert bits(ours) < 1.01 * bits(other)


def test_the_tables_of_the_published_vocabularies_are_whole():
    for name, size in (("gpt2", 50_257), ("cl100k", 100_258), ("bert", 30_522)):
        vocabulary = published(name).vocabulary
        assert len(vocabulary) == len(set(vocabulary)) == size
    specification = json.loads(published("gpt2").tokenizer.raw.to_str())
    assert len(specification["model"]["merges"]) == 50_000
