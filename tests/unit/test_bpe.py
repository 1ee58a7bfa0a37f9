"""Byte-pair encoding: the textbook example, what each step records, the odd corpora."""

import itertools
from typing import Any

import pytest

from core.text.bpe import BPE, merged, pieces_of, replay
from core.text.merging import Learning
from core.text.wordpiece import WordPiece

# Sennrich et al. 2016, algorithm 1: the words of its example, without the mark at their ends.
SENNRICH = "low " * 5 + "lower " * 2 + "newest " * 6 + "widest " * 3


def learned(corpus, more, pretokens="words", rule="count"):
    """The first merges after the letters."""
    return Learning(corpus, Learning(corpus, 1, pretokens, rule).alphabet + more, pretokens, rule).run()


def test_the_example_of_the_paper():
    learning = learned(SENNRICH, 4)
    assert [merge.entry for merge in learning.merges] == ["es", "est", "lo", "low"]
    assert [merge.count for merge in learning.merges] == [9, 9, 7, 7]
    assert [piece.entry for piece in learning.tokenizer().encode("lowest newer")] == [
        "low",
        "est",
        "n",
        "e",
        "w",
        "e",
        "r",
    ]


def test_a_step_records_what_it_was_chosen_from():
    learning = learned(SENNRICH, 3)
    first = learning.merges[0]
    assert (first.step, first.left, first.right, first.entry, first.id) == (
        0,
        "e",
        "s",
        "es",
        learning.alphabet,
    )
    assert [(pair.entry, pair.count) for pair in first.rivals[:3]] == [("es", 9), ("st", 9), ("we", 8)]
    assert (first.rivals[0].left_count, first.rivals[0].right_count) == (17, 9)
    assert first.score == pytest.approx(9 / (17 * 9))
    letters = 5 * 3 + 2 * 5 + 6 * 6 + 3 * 6
    assert (learning.n_characters, first.symbols, learning.merges[1].symbols) == (
        letters,
        letters - 9,
        letters - 18,
    )
    assert [(change.word, change.count) for change in first.changes] == [("newest", 6), ("widest", 3)]
    assert first.changes[0].before == ("n", "e", "w", "e", "s", "t")
    assert first.changes[0].after == ("n", "e", "w", "es", "t") and first.changes[0].at == 3
    assert (first.other.left, first.other.right) == ("i", "d") and first.other.score == 1 / 3
    assert learning.merges[1].changes[0].before == ("n", "e", "w", "es", "t")


def test_pair_counts_tell_why_two_pieces_stayed_apart():
    learning = learned(SENNRICH, 4)
    assert learning.pair_counts([("low", "er"), ("low", "e"), ("e", "s"), ("l", "o"), ("?", "o")]) == [
        0,
        2,
        0,
        0,
        0,
    ]
    assert learning.pair_counts([("e", "s"), ("s", "t")], upto=0) == [9, 9]
    assert learning.before(4)[0].count == 6 and learning.before(0)[0].entry == "es"
    with pytest.raises(ValueError, match="no step 9: there are 4 merges"):
        learning.before(9)


def test_learning_can_stop_and_go_on():
    learning = Learning(SENNRICH, 20, "words")
    first = list(itertools.islice(learning, 2))
    assert not learning.done and len(learning.merges) == 2
    rest = list(learning)
    assert first + rest == learned(SENNRICH, 20 - learning.alphabet).merges and learning.done


def test_a_long_word_is_shown_in_part():
    learning = learned("x" * 3 + "abcdefghij" * 30, 1, "none")
    change = learning.merges[0].changes[0]
    assert change.cut and len(change.before) <= 25 and change.before[change.at : change.at + 2] == ("a", "b")


def test_a_replay_takes_the_oldest_merge_first():
    ranks = {("a", "b"): 2, ("b", "c"): 1, ("a", "bc"): 3, ("c", "a"): 0}
    turns = replay("abcab", ranks)
    assert [turn.symbols for turn in turns] == [tuple("abcab"), ("a", "b", "ca", "b"), ("ab", "ca", "b")]
    assert [pair.rank for pair in turns[0].pairs] == [2, 1, 0, 2]
    assert [turn.taken for turn in turns] == [2, 0, None]
    assert replay("", ranks)[0].symbols == () and replay("z", ranks)[-1].taken is None


class CountedRanks(dict[tuple[str, str], int]):
    """Counts how often a rank is looked up."""

    looked_up = 0

    def get(self, key, default=None):
        self.looked_up += 1
        return super().get(key, default)


def test_a_long_word_is_merged_with_few_look_ups_and_as_its_replay():
    word = "".join("abcd"[(7 * at + at * at // 3) % 4] for at in range(3000))
    ranks = CountedRanks({("a", "b"): 2, ("b", "c"): 1, ("a", "bc"): 3, ("c", "a"): 0, ("ca", "ca"): 4})
    found = pieces_of(word, ranks)
    assert "".join(found) == word and len(found) < len(word)
    assert ranks.looked_up <= 3 * len(word)
    assert pieces_of(word[:200], ranks) == list(replay(word[:200], ranks)[-1].symbols)
    assert pieces_of("", ranks) == [] and pieces_of("aaa", {("a", "a"): 0}) == ["aa", "a"]


def test_merging_goes_left_to_right():
    assert merged("aaaaa", "a", "a", "aa") == ["aa", "aa", "a"]
    assert merged(["b", "a", "b"], "a", "b", "ab") == ["b", "ab"]
    assert [merge.entry for merge in learned("aaaaa aaaaa", 3).merges] == ["aa", "aaa", "aaaaa"]


def test_merges_cross_spaces_only_where_nothing_is_cut_before():
    corpus = "of the sea of the sky of the land\n" * 3
    crossing = {
        kind: [merge.entry for merge in learned(corpus, 12, kind).merges]
        for kind in ("none", "words", "bytes")
    }
    assert any("f t" in entry for entry in crossing["none"])
    assert not any(" " in entry for entry in crossing["words"])
    assert not any("Ġ" in entry[1:] for entry in crossing["bytes"])


def test_bytes_know_every_text_and_show_the_parts_of_a_character():
    bpe = learned("a b", 2, "bytes").tokenizer()
    pieces = bpe.encode("é 🎉")
    assert [piece.text for piece in pieces] == ["\\xc3", "\\xa9", " ", "\\xf0", "\\x9f", "\\x8e", "\\x89"]
    assert [(piece.start, piece.end) for piece in pieces] == [(0, 1), (0, 1), (1, 2), *[(2, 3)] * 4]
    assert len(bpe) == 257 and bpe.vocabulary[pieces[0].id] == "Ã"


def test_an_unseen_letter_is_unknown_elsewhere():
    bpe = learned("ab ab", 1).tokenizer()
    pieces = bpe.encode("abzab")
    assert [(piece.text, piece.entry, piece.unknown) for piece in pieces] == [
        ("ab", "ab", False),
        ("z", "[UNK]", True),
        ("ab", "ab", False),
    ]
    assert (pieces[1].start, pieces[1].end, pieces[1].id) == (2, 3, 0)


def test_a_text_that_spells_the_unknown_entry_is_not_unknown():
    bpe = learned("[UNK] [UNK] [UNK]", 4, "none").tokenizer()
    pieces = bpe.encode("x[UNK]")
    assert [(piece.start, piece.end) for piece in pieces][-1][1] == 6
    assert pieces[0].unknown and b"".join(piece.data for piece in pieces) == b"x[UNK]"


@pytest.mark.parametrize("rule", ["count", "score"])
@pytest.mark.parametrize("pretokens", ["bytes", "words", "spaces", "none"])
def test_odd_corpora_are_answered_and_said(pretokens, rule):
    for corpus in ("", " \n\n  ", [""]):
        learning = Learning(corpus, 1000, pretokens, rule).run()
        assert learning.done and learning.note
        assert learning.tokenizer().encode("ab")
    one = Learning("a", 1000, pretokens, rule).run()
    assert "No pair is left" in one.note and one.done
    few = Learning("the cat sat on the mat", 3, pretokens, rule).run()
    assert few.merges == [] and few.most == 0 and few.crowded and not few.ended
    what = "bytes" if pretokens == "bytes" and rule == "count" else "letters"
    assert f"the {len(few.letters)} single {what}" in few.note
    assert {len(few.tokenizer()), len(few.vocabulary)} == {few.alphabet}
    assert one.ended and not one.crowded
    strange = Learning("the cat sat on the mat", 300, pretokens, rule).run().tokenizer()
    assert strange.encode("Жабка")[-1].unknown is not (pretokens == "bytes" and rule == "count")


def test_the_note_is_silent_when_all_is_well():
    learning = learned(SENNRICH, 4)
    assert learning.note == "" and learning.most == 4 and isinstance(learning.tokenizer(), BPE)
    assert isinstance(learned(SENNRICH, 4, rule="score").tokenizer(), WordPiece)


def test_wrong_requests_are_named():
    with pytest.raises(ValueError, match="no pre-tokenization is called 'letters'"):
        Learning("a", 10, "letters")
    with pytest.raises(ValueError, match="cannot learn 0 entries"):
        Learning("a", 0)
    with pytest.raises(ValueError, match="by the rule 'luck'"):
        Learning("a", 10, rule="luck")


def test_documents_are_words_of_one_corpus():
    together = Learning(["ab ab", "ab"], 10, "words").run()
    assert together.merges == Learning("ab ab ab", 10, "words").run().merges
    assert together.n_words == 1


def test_the_words_of_a_text_are_counted_once_and_nobody_changes_them() -> None:
    from core.text import pretokens

    text = "a cat and a dog"
    expected = pretokens.count([text], "words")
    first = pretokens.count(text, "words")
    asked = pretokens._counted.cache_info().misses
    assert first == expected == {"a": 2, "cat": 1, "and": 1, "dog": 1}
    first["a"] = 9
    assert pretokens.count(text, "words") == expected
    assert pretokens._counted.cache_info().misses == asked


@pytest.mark.parametrize(("size", "rule"), [(80, "count"), (80, "score"), (5000, "count")])
def test_what_is_learned_stays_when_it_settles(size: int, rule: Any) -> None:
    """Most of the memory is for further merges, of which there are none."""
    text = "low lower lowest new newer newest wide wider widest " * 3
    whole, settled = (Learning(text, size, "words", rule).run() for _ in range(2))
    assert settled.settle() is settled and not settled._symbols.where and not settled._symbols.row
    assert settled.done and (settled.ended, settled.note) == (whole.ended, whole.note)
    assert settled.merges == whole.merges and settled.vocabulary == whole.vocabulary
    assert settled.tokenizer().encode("newest") == whole.tokenizer().encode("newest")
    for step in (0, len(whole.merges) // 2, len(whole.merges)):
        assert settled.before(step) == whole.before(step)
    assert settled.pair_counts([("l", "o"), ("x", "y")], 0) == whole.pair_counts([("l", "o"), ("x", "y")], 0)
    assert list(settled) == [] and settled.merge_best() is None


def test_what_is_half_learned_goes_on_after_it_was_asked_to_settle() -> None:
    text = "low lower lowest new newer newest wide wider widest " * 3
    whole, half = Learning(text, 80, "words").run(), Learning(text, 80, "words")
    for _ in zip(range(5), half):
        pass
    assert not half.settle().done
    assert half.run().merges == whole.merges
