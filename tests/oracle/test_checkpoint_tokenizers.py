"""Texts and pairs of texts, cut as the tokenizers of published RoBERTas, BARTs and BERTs cut them in transformers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tokenizers
from tokenizers import models, pre_tokenizers, trainers
from transformers import BartTokenizer, BertTokenizer, DistilBertTokenizer, RobertaTokenizer

from core.checkpoints.tokenizers import tokenizer_of
from core.text.tokenizer import Tokenizer
from tests.oracle.tokenizer_pairs import documents, texts

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
PAIRS = [
    ("Who is sad?", "The dog was sad.\nThe cat ran."),
    ("Où, Élan?", " 中文 here"),
    ("a <mask>", "[MASK] b"),
]


@pytest.fixture(scope="module")
def byte_level() -> dict[str, Any]:
    """A byte-level vocabulary with merges, and RoBERTa's special tokens in front."""
    raw = tokenizers.Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    raw.train_from_iterator(documents("tales"), trainer)
    found = json.loads(raw.to_str())["model"]
    return {"vocab": found["vocab"], "merges": [tuple(merge) for merge in found["merges"]]}


@pytest.fixture(scope="module")
def word_list() -> dict[str, int]:
    """A WordPiece vocabulary in BERT's order, small and capital letters."""
    raw = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    raw.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=400, special_tokens=special, show_progress=False)
    raw.train_from_iterator([*documents("tales"), "中文 é Ä ö"], trainer)
    return raw.get_vocab()


def assert_same(ours: Tokenizer, theirs: Any, *, types: bool) -> None:
    """Ids of some hundred texts, and of pairs also the sentence numbers, the places and which text each is of."""
    for text in texts(300, seed=5):
        assert ours.encode(text) == theirs(text)["input_ids"], text
    for first, second in PAIRS:
        pair, found = (
            ours.pair(first, second),
            theirs(first, second, return_offsets_mapping=True, return_token_type_ids=True),
        )
        assert pair.ids == found["input_ids"]
        assert not types or pair.types == found["token_type_ids"]
        assert pair.offsets == found["offset_mapping"]
        assert pair.parts == found.sequence_ids()


@pytest.mark.parametrize("theirs", [RobertaTokenizer, BartTokenizer])
def test_byte_level_with_start_and_end(theirs: type, byte_level: dict[str, Any], tmp_path: Path) -> None:
    peer = theirs(**byte_level)
    peer.save_pretrained(tmp_path)
    ours = tokenizer_of(tmp_path)
    assert_same(ours, peer, types=True)
    ids = ours.encode("The dog")
    assert (ours.token(ids[0]), ours.token(ids[-1])) == ("<s>", "</s>")
    between = [ours.token(id) for id in ours.pair("a", "b").ids]
    assert between.count("</s>") == 3
    assert ours.kind == "bytes"


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("theirs", [BertTokenizer, DistilBertTokenizer])
def test_a_word_list_alone_makes_berts_tokenizer(
    theirs: type, lower: bool, word_list: dict[str, int], tmp_path: Path
) -> None:
    words = sorted(word_list, key=word_list.__getitem__)
    (tmp_path / "vocab.txt").write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
    peer = theirs(vocab=word_list, do_lower_case=lower)
    if not lower:
        (tmp_path / "tokenizer_config.json").write_text('{"do_lower_case": false}', encoding="utf-8")
    assert_same(tokenizer_of(tmp_path), peer, types=True)
