"""The plain tokenizers, the published ones, the languages, and characters broken over tokens."""

import pytest
import tokenizers
from tokenizers import models, pre_tokenizers

import core
from core.text.broken import broken
from core.text.languages import languages, rates
from core.text.pieces import Piece
from core.text.pretokens import PRETOKENS, split
from core.text.published import Published, names, published
from core.text.simple import Characters, Words, altered, hidden
from core.text.tokenizer import Tokenizer


def test_gpt2_and_cl100k_cut_as_they_are_known_to():
    assert [piece.id for piece in published("gpt2").encode("Hello world")] == [15496, 995]
    assert [piece.id for piece in published("cl100k").encode("Hello world")] == [9906, 1917]
    assert [piece.text for piece in published("gpt2").encode(" unhappiness")] == [" unh", "appiness"]


def test_bert_reads_small_letters_without_accents():
    pieces = published("bert").encode("Unaffable CAFÉ 🎉")
    assert [(piece.text, piece.entry) for piece in pieces] == [
        ("una", "una"),
        ("ffa", "##ffa"),
        ("ble", "##ble"),
        ("cafe", "cafe"),
        ("🎉", "[UNK]"),
    ]
    assert (
        pieces[-1].unknown and published("bert").trials(published("bert").words("🎉")[0])[-1].found is False
    )


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("naïve, café!", 2 / 11),  # ï and é lost their marks
        ("Her", 1 / 3),  # a capital
        ("नमस्ते", 2 / 6),  # two marks are in no piece at all
        ("한국어", 0),  # the parts of a syllable, one by one
        ("the cat 🎉", 0),  # what is hidden is not counted again
        ("  ", 0),
    ],
)
def test_what_a_normalizer_drops_is_counted(text, share):
    assert altered(published("bert").encode(text), text) == pytest.approx(share)
    assert (
        altered(published("gpt2").encode(text), text) == altered(published("cl100k").encode(text), text) == 0
    )
    assert altered(Characters.learn(text, 100).encode(text), text) == 0


def test_a_published_word_can_be_put_together_again():
    gpt2 = published("gpt2")
    word = gpt2.words("so unhappiness")[1]
    turns = gpt2.replay(word)
    assert turns[0].symbols == tuple("Ġunhappiness") and turns[-1].symbols == ("Ġunh", "appiness")
    ranks = [turn.pairs[turn.taken].rank for turn in turns[:-1]]
    assert len(ranks) == 10 and gpt2.ranks["Ġ", "t"] == 0
    with pytest.raises(ValueError, match="GPT-2 cuts words in another way"):
        gpt2.trials(word)
    with pytest.raises(ValueError, match="BERT cuts"):
        published("bert").replay(word)


def test_a_special_token_that_was_typed_is_one_piece():
    gpt2 = published("gpt2")
    word = gpt2.words("a<|endoftext|>")[1]
    assert gpt2.replay(word)[-1].symbols == ("<|endoftext|>",)
    assert gpt2.encode("a<|endoftext|>")[1].id == 50256


def test_the_open_models_own_vocabulary_has_the_same_face():
    own = Published(core.load("tales-gpt").tokenizer, "model", "tales-gpt")
    pieces = own.encode("Once upon a time")
    assert [piece.id for piece in pieces] == core.load("tales-gpt").tokenizer.encode("Once upon a time")[1:]
    assert own.kind == "bpe" and len(own.vocabulary) == len(own)
    for word in own.words("Once unhappiness 🎉"):
        assert list(own.replay(word)[-1].symbols) == [
            piece.entry for piece in own.cut(word, "Once unhappiness 🎉")
        ]


def test_other_kinds_are_told_apart():
    unigram = tokenizers.Tokenizer(
        models.Unigram([("<unk>", 0.0), ("▁", -1.0), ("ab", -2.0), ("a", -3.0)], unk_id=0)
    )
    unigram.pre_tokenizer = pre_tokenizers.Metaspace()
    ours = Published(Tokenizer(unigram), "t5")
    assert ours.kind == "unigram"
    pieces = ours.encode("abz")
    assert [(piece.entry, piece.unknown) for piece in pieces][1:] == [("ab", False), ("<unk>", True)]
    assert [edge.entry for edge in ours.unigram.lattice("▁ab").best] == ["▁", "ab"]
    words = Published(Tokenizer(tokenizers.Tokenizer(models.WordLevel({"a": 0, "[UNK]": 1}, "[UNK]"))))
    assert words.kind == "other" and words.encode("b")[0].unknown
    odd = Published(Tokenizer(tokenizers.Tokenizer(models.BPE(end_of_word_suffix="</w>"))))
    assert odd.kind == "other"


def test_an_unknown_name_is_refused_with_those_that_exist():
    with pytest.raises(ValueError, match="choose one of gpt2, cl100k, bert"):
        published("gpt3")
    assert names() == ["gpt2", "cl100k", "bert"]


def test_half_a_character_is_read_as_a_replacement():
    for name in names():
        assert published(name).encode("a\ud83d")


def test_characters_and_words_keep_the_most_frequent():
    characters = Characters.learn("aaabbc", 3)
    assert characters.vocabulary == ["[UNK]", "a", "b"] and characters.left_out == ("c", 1)
    assert [(piece.text, piece.unknown) for piece in characters.encode("ac")] == [("a", False), ("c", True)]
    words = Words.learn(["the cat, the dog", "the end"], 3)
    assert words.vocabulary == ["[UNK]", "the", ","] and words.counts["the"] == 3
    assert words.left_out == ("cat", 1)
    pieces = words.encode("the cat,")
    assert [(piece.text, piece.entry) for piece in pieces] == [("the", "the"), ("cat", "[UNK]"), (",", ",")]
    assert hidden(pieces, "the cat,") == 3 / 7 and hidden([], "") == 0
    assert Words.learn("a b", 10).left_out is None and Words.learn("", 5).vocabulary == ["[UNK]"]
    with pytest.raises(ValueError, match="1 or more"):
        Characters.learn("a", 0)


def test_the_same_is_said_in_many_languages():
    found = languages()
    assert len({language.code for language in found}) == len(found) >= 15
    assert len({language.script for language in found}) >= 10
    assert {len(language.sentences) for language in found} == {4}
    assert {language.code for language in found if not language.spaced} == {"th", "zh", "ja"}
    assert {language.code for language in found if language.direction == "rtl"} == {"ar", "he"}
    for language in found:
        assert all(sentence == sentence.strip() and sentence.isprintable() for sentence in language.sentences)
        assert language.spaced == (" " in language.sentences[0])


def test_rates_count_tokens_by_word_character_and_byte():
    found = rates(Characters.learn("ab é", 10), ["ab é", "z"])
    assert (found.tokens, found.unknown, found.words, found.characters, found.bytes) == (5, 1, 3, 5, 6)
    assert (found.per_word, found.per_character, found.per_byte) == (5 / 3, 1.0, 5 / 6)
    assert rates(published("gpt2"), ["猫"], spaced=False).per_word is None
    empty = rates(published("gpt2"), [])
    assert (empty.per_word, empty.per_character, empty.per_byte) == (None, 0, 0)


def test_english_is_cheapest_for_gpt2_and_every_language_is_dearer():
    by = {language.code: rates(published("gpt2"), language.sentences) for language in languages()}
    assert min(by, key=lambda code: by[code].tokens) == "en"
    newer = {language.code: rates(published("cl100k"), language.sentences) for language in languages()}
    assert all(newer[code].tokens <= by[code].tokens for code in by)


def test_broken_characters_show_who_holds_which_byte():
    text = "a 🎉"
    pieces = published("gpt2").encode(text)
    (party,) = broken(pieces, text)
    assert (party.character, party.at, party.data) == ("🎉", 2, b"\xf0\x9f\x8e\x89")
    assert [(share.piece.text, share.data) for share in party.shares] == [
        (" \\xf0\\x9f", b"\xf0\x9f"),
        ("\\x8e", b"\x8e"),
        ("\\x89", b"\x89"),
    ]
    assert [share.index for share in party.shares] == [1, 2, 3]
    assert broken(published("bert").encode(text), text) == []
    changed = [Piece("x", "x", 0, 0, 1, data=b"y"), Piece("x", "x", 0, 0, 1, data=b"z")]
    assert broken(changed, "x") == []


def test_pre_tokenizations_by_example():
    text = "It's 12 cats,  I say"
    shown = {kind: [word.entry for word in split(text, kind)] for kind in PRETOKENS}
    assert shown["bytes"] == ["It", "'s", "Ġ12", "Ġcats", ",", "Ġ", "ĠI", "Ġsay"]
    assert shown["words"] == ["It", "'", "s", "12", "cats", ",", "I", "say"]
    assert shown["spaces"] == ["▁It's", "▁12", "▁cats,", "▁", "▁I", "▁say"]
    assert shown["none"] == [text] and split("a\nb", "none")[1].start == 2
    with pytest.raises(ValueError, match="choose one of bytes, words, spaces, none"):
        split(text, "letters")
