"""WordPiece: the score it learns by, and the longest match it cuts by."""

import pytest

from core.text.merging import Learning
from core.text.wordpiece import WordPiece, trials

VOCABULARY = ["[UNK]", "un", "##happi", "##ness", "##hap", "##h", "happiness", "u"]


def test_the_rare_pair_that_is_always_together_goes_first():
    corpus = "queen quiz quit " + "the then there " * 5
    by_score = Learning(corpus, 60, "words", rule="score")
    first = next(iter(by_score))
    assert (
        first.entry == "##it" and first.rivals[1].entry == "##iz" and first.count == 1
    )  # each half of two i
    assert first.score == first.count / (first.rivals[0].left_count * first.rivals[0].right_count)
    assert first.other.entry in ("th", "##he") and first.other.count == 15
    assert all(before.score >= after.score for before, after in zip(first.rivals, first.rivals[1:]))
    often = Learning(corpus, 60, "words", rule="score", min_count=3)
    assert next(iter(often)).entry == "qu"


def test_of_equal_scores_the_more_frequent_pair_goes_first():
    learning = Learning("ab cb xy xy", 20, "words", rule="score")  # 1 / (1 * 2) and 2 / (2 * 2)
    first = next(iter(learning))
    assert (first.entry, first.count, first.score) == ("xy", 2, 0.5)
    assert [pair.score for pair in first.rivals] == [0.5, 0.5, 0.5]


def test_letters_inside_a_word_are_marked():
    learning = Learning("aba ab", 20, "words", rule="score").run()
    assert list(learning.letters.items()) == [("a", 2), ("##a", 1), ("##b", 2)]
    assert learning.vocabulary[:4] == ["[UNK]", "a", "##a", "##b"]
    assert {"ab", "aba"} <= set(learning.vocabulary)
    assert [(piece.text, piece.entry) for piece in learning.tokenizer().encode("abab")] == [
        ("aba", "aba"),
        ("b", "##b"),
    ]
    assert learning.merges[0].changes[0].word in ("aba", "ab")


def test_the_longest_match_is_tried_first():
    ids = {entry: id for id, entry in enumerate(VOCABULARY)}
    made = trials("unhappiness", ids)
    assert [trial.tried for trial in made if trial.found] == ["un", "##happi", "##ness"]
    assert [trial.tried for trial in made][:3] == ["unhappiness", "unhappines", "unhappine"]
    assert [(trial.start, trial.end) for trial in made if trial.found] == [(0, 2), (2, 7), (7, 11)]
    assert len(made) == (11 - 1) + (9 - 4) + 1
    assert not trials("unz", ids)[-1].found and trials("", ids) == []


def test_one_letter_that_fits_nowhere_hides_the_whole_word():
    pieces = WordPiece(VOCABULARY).encode("unhappinessz un, happiness")
    assert [(piece.text, piece.entry, piece.unknown) for piece in pieces] == [
        ("unhappinessz", "[UNK]", True),
        ("un", "un", False),
        (",", "[UNK]", True),
        ("happiness", "happiness", False),
    ]


def test_a_word_of_more_than_a_hundred_letters_is_given_up():
    vowels = WordPiece(["[UNK]", "u", "##u"])
    assert len(vowels.encode("u" * 100)) == 100
    assert [piece.entry for piece in vowels.encode("u" * 101)] == ["[UNK]"]
    assert vowels.trials(vowels.words("u" * 101)[0]) == []


@pytest.mark.parametrize("rule", ["count", "score"])
def test_both_rules_count_alike(rule):
    learning = Learning("hop hops hopping top tops", 40, "words", rule=rule).run()
    first = learning.merges[0]
    assert first.count == max(pair.count for pair in first.rivals if pair.entry == first.entry)
    assert (first.other.count >= first.count) if rule == "score" else (first.other.score >= first.score)
