"""Ours and the `tokenizers` library's, side by side: pre-tokenizations, corpora to learn from, texts to cut."""

from __future__ import annotations

import json
import random
from itertools import islice
from typing import Any

import tokenizers
from tokenizers import models, trainers
from tokenizers import pre_tokenizers as pre

from core.data.corpora import corpus
from core.text.languages import languages
from core.text.pieces import Method
from core.text.pretokens import SPACE_MARK

PRE_TOKENIZERS = {
    "bytes": pre.ByteLevel(add_prefix_space=False),
    "words": pre.BertPreTokenizer(),
    "spaces": pre.Sequence(
        [pre.Split("\n", "removed"), pre.Metaspace(replacement=SPACE_MARK, prepend_scheme="always")]
    ),
    "none": pre.Split("\n", "removed"),
}

# What a pre-tokenization or a vocabulary could trip over, beside plain words.
ODD = (
    [
        "'s",
        "'ll",
        "_",
        "  ",
        "\n",
        "\n\n",
        "\t",
        "\r",
        "\x1c",
        "▁",
        "[UNK]",
        "##",
        "-",
        "...",
        "½",
        "²",
        "Ⅷ",
        "e\u0301",
    ]
    + [
        "\u200d",
        "\u3000",
        "\xa0",
        "🎉",
        "👩\u200d👧",
        "中文",
        "日本",
        "한국어",
        "नमस्ते",
        "العربية",
        "שלום",
        "ไทย",
    ]
    + ["1234", "É", "<|endoftext|>", "<b>", "\ufeff", "𝔘", "�"]
)


def documents(name: str) -> list[str]:
    """A corpus of a kind of its own, small enough to learn from in a moment."""
    if name == "languages":
        return ["\n".join(language.sentences) for language in languages()]
    if name == "python":  # which files there are depends on the Python; what is compared does not
        return [file[:4000] for file in islice(corpus("python"), 12)]
    return list(islice(corpus(name), 60))


def texts(n: int, seed: int) -> list[str]:
    """Random texts: words of every corpus, cut and joined at random, with odd characters between."""
    rng = random.Random(seed)
    corpora = [" ".join(documents(name)) for name in ("tales", "fables", "python", "languages")]
    words = [word for text in corpora for word in text.split(" ")]

    def part() -> str:
        kind = rng.random()
        if kind < 0.5:
            return " " + rng.choice(words)
        if kind < 0.7:
            word = rng.choice(words)
            return word[rng.randrange(len(word) + 1) :]
        if kind < 0.9:
            return rng.choice(ODD)
        return "".join(rng.choice("abehinpsu ") for _ in range(rng.randrange(6)))

    return ["".join(part() for _ in range(rng.randrange(12))) for _ in range(n)]


def trained_bpe(corpus: list[str], size: int, pretokens: str) -> tokenizers.Tokenizer:
    """The library's own byte-pair encoding, learned from the corpus."""
    in_bytes = pretokens == "bytes"
    raw = tokenizers.Tokenizer(models.BPE(unk_token=None if in_bytes else "[UNK]"))
    raw.pre_tokenizer = PRE_TOKENIZERS[pretokens]
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[] if in_bytes else ["[UNK]"],
        initial_alphabet=pre.ByteLevel.alphabet() if in_bytes else [],
        show_progress=False,
    )
    raw.train_from_iterator(corpus, trainer)
    return raw


def around(model: Any, pretokens: str) -> tokenizers.Tokenizer:
    """A model of the library behind one of the pre-tokenizations."""
    raw = tokenizers.Tokenizer(model)
    raw.pre_tokenizer = PRE_TOKENIZERS[pretokens]
    return raw


def same_bpe(raw: tokenizers.Tokenizer, pretokens: str) -> tokenizers.Tokenizer:
    """A trained one without its list of special tokens, which the library would look for in every text first."""
    found = spec(raw)
    merges = [(left, right) for left, right in found["merges"]]
    return around(models.BPE(found["vocab"], merges, unk_token=found["unk_token"]), pretokens)


def spec(raw: tokenizers.Tokenizer) -> dict[str, Any]:
    """What the library keeps of a model: vocabulary, merges."""
    found: dict[str, Any] = json.loads(raw.to_str())["model"]
    return found


def difference(ours: Method, theirs: tokenizers.Tokenizer, texts: list[str]) -> str:
    """The first text that the two cut differently (ids or places), with both; "" if there is none.

    A ▁ that was put before a line stands for no character with us; the library lends it the first one's place.
    """
    for text in texts:
        pieces, found = ours.encode(text), theirs.encode(text, add_special_tokens=False)
        mine = [
            (piece.id, (piece.start, max(piece.end, piece.start + (piece.entry == "▁")))) for piece in pieces
        ]
        others = list(zip(found.ids, found.offsets))
        if mine != others:
            return f"{text!r}: ours {mine}, theirs {others}"
    return ""
