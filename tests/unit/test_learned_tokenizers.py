"""Five tokenizers learned here: what they keep of a text, that they are the same every time, and their limits."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data import corpora
from core.text.tokenizer import Tokenizer
from core.text.training import LONGEST_ENTRY, Kind, learn

KINDS = get_args(Kind)
TEXT = list(islice(corpora.corpus("fables"), 40))


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_begins_with_the_start_token_and_comes_back(kind, tmp_path):
    tokenizer = learn(kind, TEXT, 600)
    ids = tokenizer.encode(TEXT[0])
    assert ids[0] == tokenizer.id("<s>") == 0
    assert tokenizer.id("</s>") == 1
    assert max(ids) < len(tokenizer) <= 600
    back = tokenizer.decode(ids[1:])
    if kind in ("bpe", "characters", "unigram"):
        assert back == TEXT[0]
    elif kind == "words":
        assert len(back.split()) > 0.6 * len(TEXT[0].split())
    else:
        assert back.split()[:3] == TEXT[0].split()[:3]
    path = tmp_path / "tokenizer.json"
    path.write_text(tokenizer.raw.to_str(), encoding="utf-8")
    assert Tokenizer.from_file(path).encode(TEXT[1]) == tokenizer.encode(TEXT[1])


@pytest.mark.parametrize("kind", KINDS)
def test_special_tokens_stand_for_no_text(kind):
    tokenizer = learn(kind, TEXT, 600, ["[MASK]"])
    assert {0, 1, tokenizer.id("[MASK]")} <= tokenizer.special_ids
    ids = [0, *tokenizer.encode("The", add_special_tokens=False), 1]
    assert tokenizer.decode(ids, skip_special_tokens=True) == "The"
    assert tokenizer.display(tokenizer.id("[MASK]")) == "[MASK]"


@pytest.mark.full(reason="takes 2 s")
def test_the_same_text_gives_the_same_tokenizer_in_another_process():
    # Hashes of texts, and with them the order of sets, differ from process to process.
    code = (
        "import hashlib; from itertools import islice; from core.data import corpora\n"
        "from core.text.training import learn\n"
        "text = list(islice(corpora.corpus('fables'), 40))\n"
        f"for kind in {KINDS!r}: print(hashlib.sha256(learn(kind, text, 600).raw.to_str().encode()).hexdigest())"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    mine = [hashlib.sha256(learn(kind, TEXT, 600).raw.to_str().encode()).hexdigest() for kind in KINDS]
    assert run.stdout.split() == mine


@pytest.mark.parametrize("kind", ["bpe", "unigram", "wordpiece", "words"])
def test_larger_vocabularies_give_shorter_texts(kind):
    tokenizers = [learn(kind, TEXT, size) for size in (320, 900)]
    small, large = (sum(len(tokenizer.encode(text)) for text in TEXT) for tokenizer in tokenizers)
    if kind == "words":  # a word is one token, known or not
        assert small == large
    else:
        assert large < 0.9 * small


def test_characters_are_all_there_is_whatever_the_size():
    tokenizer = learn("characters", ["abca\n ü字"], 8)
    assert len(tokenizer) == 3 + 7
    assert tokenizer.decode(tokenizer.encode("c字\nü a", add_special_tokens=False)) == "c字\nü a"
    assert tokenizer.encode("z", add_special_tokens=False) == [tokenizer.id("[UNK]")]


def test_words_are_the_most_frequent_ones_with_the_space_before():
    tokenizer = learn("words", ["the fox the crow the fox the"], 7)
    assert [tokenizer.display(id) for id in range(3, 7)] == [" the", " fox", " crow", "the"]
    assert tokenizer.decode(tokenizer.encode("the fox the", add_special_tokens=False)) == "the fox the"


def test_a_repeated_character_is_not_swallowed_whole():
    tokenizer = learn("bpe", ["a" * 5000], 400)
    assert max(len(tokenizer.token(id)) for id in range(len(tokenizer))) <= LONGEST_ENTRY
    assert len(tokenizer.encode("a" * 5000)) >= 5000 / LONGEST_ENTRY


@pytest.mark.parametrize(
    ("kind", "size", "words"),
    [
        ("bpe", 200, "cannot hold 256 bytes"),
        ("words", 3, "no room beside its 3"),
        ("syllables", 50, "no tokenizer is called"),
    ],
)
def test_what_cannot_be_learned_is_a_message(kind, size, words):
    with pytest.raises(ValueError, match=words):
        learn(kind, TEXT, size)


LEARNED = {kind: learn(kind, TEXT, 600) for kind in KINDS}


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60), kind=st.sampled_from(KINDS))
def test_any_text_can_be_cut(text, kind):
    tokenizer = LEARNED[kind]
    ids = tokenizer.encode(text, add_special_tokens=False)
    assert all(0 <= id < len(tokenizer) for id in ids)
    if kind in ("bpe", "unigram") and not any(special in text for special in ("<s>", "</s>", "[UNK]")):
        assert tokenizer.decode(ids) == text
