"""Unigram: the best way to cut, the other ways, and learning by letting go."""

import math
from collections import Counter

import pytest

from core.text.pieces import UNKNOWN
from core.text.unigram import Unigram
from core.text.unigram_learning import UnigramLearning

HALF = math.log(0.5)
TOY = Unigram([UNKNOWN, "▁", "h", "u", "g", "hu", "ug", "hug"], [-30.0, -2, -3, -3, -3, -4, -3.5, -6.8])


def test_the_likeliest_path_wins_and_the_others_keep_their_share():
    lattice = TOY.lattice("hug")
    assert [edge.entry for edge in lattice.best] == ["h", "ug"] and lattice.best_log_prob == -6.5
    assert len(lattice.edges) == 6
    ways = TOY.n_best("hug", 10)
    assert [way.pieces for way in ways] == [("h", "ug"), ("hug",), ("hu", "g"), ("h", "u", "g")]
    mass = sum(math.exp(score) for score in (-6.5, -6.8, -7, -9))
    assert lattice.total_log_prob == pytest.approx(math.log(mass))
    assert [way.probability for way in ways] == pytest.approx([math.exp(way.log_prob) / mass for way in ways])
    assert TOY.n_best("", 3)[0].pieces == () and TOY.lattice("").total_log_prob == 0


def test_of_equal_paths_the_longer_last_piece_wins():
    even = Unigram([UNKNOWN, "a", "b", "ab"], [-9.0, -1, -2, -3])
    assert [edge.entry for edge in even.lattice("abab").best] == ["ab", "ab"]


def test_letters_it_lacks_become_one_unknown():
    pieces = TOY.encode("hugxyz hug")
    assert [(piece.text, piece.entry) for piece in pieces] == [
        ("▁", "▁"),
        ("h", "h"),
        ("ug", "ug"),
        ("xyz", UNKNOWN),
        (" ", "▁"),
        ("h", "h"),
        ("ug", "ug"),
    ]
    assert [piece.unknown for piece in pieces] == [False, False, False, True, False, False, False]
    assert TOY.edges("x")[0].log_prob == -40 and (pieces[0].start, pieces[0].end) == (0, 0)


CORPUS = "the hug and the hugs, the bug and the bugs in the mug\n" * 4 + "a cat sat on a mat\n" * 2


def test_rounds_go_from_many_pieces_to_the_size_asked_for():
    learning = UnigramLearning(CORPUS, 40)
    rounds = list(learning)
    assert [record.number for record in rounds] == list(range(learning.of)) and learning.done
    assert rounds[0].before == learning.seeds == 76
    assert [record.after for record in rounds[:-1]] == [record.before for record in rounds[1:]]
    assert rounds[-1].before == rounds[-1].after == 39 and not rounds[-1].cheapest
    gone = rounds[0].cheapest[0]
    assert "".join(gone.alternative) == gone.entry and len(gone.alternative) > 1
    assert rounds[0].kept[0].loss >= rounds[0].kept[-1].loss > gone.loss
    last = learning.tokenizer()
    assert len(last) == 40 and last.vocabulary[0] == UNKNOWN
    assert len(learning.tokenizer(upto=-1)) == learning.seeds + 1
    assert len(learning.tokenizer(upto=0)) == rounds[0].after + 1
    assert math.fsum(math.exp(score) for score in last.log_probs[1:]) == pytest.approx(1)
    assert last.log_probs[1:] == sorted(last.log_probs[1:], reverse=True)
    assert last.encode("the bug")[0].entry == "▁the"


def test_a_loss_is_what_the_corpus_would_pay():
    record = UnigramLearning("ab ab ab a b", 4, "words").run().rounds[-1]
    (loss,) = record.kept
    assert (loss.entry, loss.alternative) == ("ab", ("a", "b"))
    uses = loss.count  # between 0 and 3: the rest of the three words is cut into letters
    pieces = uses + 2 * (4 - uses)
    without = 2 * math.log(4 / 8)  # four of eight letters are "a", four "b"
    assert 0 < uses < 3 and loss.loss == pytest.approx(uses * (math.log(uses / pieces) - without))


def test_single_letters_always_stay():
    learning = UnigramLearning(CORPUS + "Q", 5).run()
    letters = {*CORPUS.replace(" ", "▁").replace("\n", ""), "Q"}
    assert set(learning.tokenizer().vocabulary[1:]) == letters
    assert f"cannot hold the {len(letters)} single letters" in learning.note
    assert learning.crowded and not learning.ended


def test_the_seeds_are_the_best_of_all_that_the_corpus_repeats():
    words = CORPUS.replace("\n", " ").split()
    stretches = Counter(
        f"▁{word}"[a:b] for word in words for a in range(len(word) + 1) for b in range(a + 1, len(word) + 2)
    )
    repeated = [entry for entry, n in stretches.items() if n > 1 or len(entry) == 1]
    few, all_of_them = UnigramLearning(CORPUS, 5), UnigramLearning(CORPUS, 400)
    assert few.repeated == all_of_them.repeated == len(repeated)
    assert few.seeds == 50 < few.repeated == all_of_them.seeds
    assert all_of_them.ended and not all_of_them.crowded


@pytest.mark.parametrize("pretokens", ["bytes", "words", "spaces", "none"])
def test_odd_corpora_are_answered_and_said(pretokens):
    for corpus in ("", "\n \n", "a", [""]):
        learning = UnigramLearning(corpus, 400, pretokens).run()
        assert learning.done and learning.note
        assert learning.tokenizer().encode("abc 中")
    same = UnigramLearning("a" * 5000, 400, pretokens).run()
    assert "a" in same.tokenizer().vocabulary and max(map(len, same.tokenizer().vocabulary[1:])) == 16
    with pytest.raises(ValueError, match="cannot hold"):
        UnigramLearning("a", 0, pretokens)


def test_what_is_left_out_for_speed_is_said():
    # Every word once more often than the next, so that it is known which are rare.
    words = [f"w{n:06d}" * 2 for n in range(20_000)]
    learning = UnigramLearning(" ".join(words), 300)
    assert learning.left_out > 0 and f"{learning.left_out:,} rarer ones" in learning.note
    assert learning.n_words == 20_000


def test_learning_is_the_same_every_time():
    first, second = UnigramLearning(CORPUS, 60).run(), UnigramLearning([CORPUS], 60).run()
    assert first.rounds == second.rounds
    assert first.tokenizer().vocabulary == second.tokenizer().vocabulary
