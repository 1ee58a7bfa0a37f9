"""Vocabularies of one corpus: learned side by side, written down and read."""

from __future__ import annotations

import random
from itertools import islice
from typing import Any

import pytest

from core.data.corpora import corpus
from core.text.entries import Entries
from core.text.merging import Learning
from core.text.simple import Characters, Words
from core.text.unigram_learning import UnigramLearning
from core.text.unigram_stages import Stages
from core.text.vocabularies import JointLearning, read, write

FABLES = list(islice(corpus("fables"), 40))
KINDS = {"characters": "", "words": "", "bpe": "bytes", "wordpiece": "words", "unigram": "spaces"}
TEXT = "The unhappy fox, and “zorkle”"


def alone() -> dict[str, Any]:
    """Each vocabulary learned by itself."""
    return {
        "characters": Characters.learn(FABLES, 350),
        "words": Words.learn(FABLES, 350),
        "bpe": Learning(FABLES, 350).run(),
        "wordpiece": Learning(FABLES, 350, "words", "score").run(),
        "unigram": UnigramLearning(FABLES, 350).run(),
    }


@pytest.mark.full(reason="takes a second")
def test_what_is_written_down_reads_as_it_was_learned() -> None:
    learning = JointLearning(FABLES, 350, KINDS)
    shares = [progress.share for progress in learning]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1
    found, expected = read(write(learning.so_far())), alone()
    assert list(found) == list(expected)
    for name in ("characters", "words"):
        for what in ("counts", "vocabulary", "left_out", "ids"):
            assert getattr(found[name], what) == getattr(expected[name], what)
    for name in ("bpe", "wordpiece"):
        for what in ("merges", "vocabulary", "letters", "note", "n_words", "n_characters", "done", "ended"):
            assert getattr(found[name], what) == getattr(expected[name], what), what
        assert found[name].before(40) == expected[name].before(40)  # type: ignore[union-attr]
    unigram: Any = found["unigram"]
    for what in ("rounds", "seeds", "repeated", "alphabet", "left_out", "note", "done", "of", "n_words"):
        assert getattr(unigram, what) == getattr(expected["unigram"], what), what
    for at in range(-1, len(unigram.rounds)):
        mine, theirs = unigram.tokenizer(at), expected["unigram"].tokenizer(at)
        assert (mine.vocabulary, mine.log_probs) == (theirs.vocabulary, theirs.log_probs)
        assert Stages(unigram).encode(at + 1, TEXT) == theirs.encode(TEXT)


def test_what_is_half_learned_is_written_down_too() -> None:
    learning = JointLearning(FABLES, 350, KINDS)
    for progress in learning:
        if progress.method == "unigram" and progress.done == 1:
            break
    found = read(write(learning.so_far()))
    unigram: Any = found["unigram"]
    assert len(unigram.rounds) == 1 and not unigram.done and found["bpe"].done  # type: ignore[union-attr]
    assert Stages(unigram).sizes == Stages(learning.parts["unigram"]).sizes  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="learn this vocabulary anew"):
        unigram.run()
    assert learning.run()["unigram"].rounds == alone()["unigram"].rounds  # type: ignore[union-attr]


def test_what_has_not_begun_knows_its_letters() -> None:
    found: Any = read(write(JointLearning(FABLES, 350, KINDS).so_far()))
    assert found["bpe"].merges == [] and not found["bpe"].done and len(found["bpe"].tokenizer()) == 256
    assert found["unigram"].rounds == [] and len(Stages(found["unigram"])) == 1


@pytest.mark.parametrize("text", ["", " \n", "a"])
def test_a_corpus_of_next_to_nothing_is_written_down(text: str) -> None:
    found: Any = read(write(JointLearning([text], 300, KINDS).run()))
    assert found["unigram"].done and found["bpe"].done
    assert found["bpe"].merges == Learning(text, 300).run().merges
    assert found["unigram"].note == UnigramLearning(text, 300).run().note
    assert Stages(found["unigram"]).encode(0, "ab") == UnigramLearning(text, 300).tokenizer(-1).encode("ab")


def test_entries_are_found_where_they_stand_in_a_word() -> None:
    draw = random.Random(4)
    pieces = list({"".join(draw.choices("ab▁é", k=draw.randint(1, 5))) for _ in range(120)})
    entries = Entries.of(pieces)
    assert list(entries) == pieces and entries[-1] == pieces[-1] and entries[3:6] == pieces[3:6]
    assert list(Entries(*entries.parts)) == pieces and entries.longest == 5
    for _ in range(200):
        word = "".join(draw.choices("ab▁éz", k=draw.randint(0, 12)))
        parts = [word[start:end] for start in range(len(word)) for end in range(start + 1, len(word) + 1)]
        assert [entries.entry(place) for place in entries.inside(word)] == [
            part for part in parts if part in pieces
        ]
    assert list(Entries.of([]).inside("ab")) == []
