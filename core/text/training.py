"""Tokenizers learned from a text, through the `tokenizers` library: five methods with one interface.

Every text begins with `<s>` (id 0), and `</s>` (id 1) ends a document; an objective's own special tokens follow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, get_args

import tokenizers
from tokenizers import Regex, decoders, models, pre_tokenizers, processors, trainers

from core.text.merging import Learning
from core.text.tokenizer import Tokenizer
from core.text.unigram_learning import UnigramLearning

Kind = Literal["bpe", "characters", "words", "wordpiece", "unigram"]

START, END, UNKNOWN, MASK = "<s>", "</s>", "[UNK]", "[MASK]"
# Longer entries would cover a repetitive text: a thousand times "a" would become one token.
LONGEST_ENTRY = 32
_WORD = r" ?\w+| ?[^\s\w]+|\s"  # a word includes the preceding space, so that pieces join to the text again


def sentinel(number: int) -> str:
    """Return the token for hidden span `number` (Raffel et al. 2020, section 3.1.4), as T5 writes it."""
    return f"<extra_id_{number}>"


def learn(kind: Kind, documents: Iterable[str], size: int, special: Sequence[str] = ()) -> Tokenizer:
    """Learn a tokenizer from documents; the same documents give the same one.

    "bpe" cuts bytes (Sennrich et al. 2016; Radford et al. 2019), "wordpiece" words by BERT's rule (Devlin et al. 2019),
    "unigram" by probability (Kudo 2018); "words" knows the most frequent words, "characters" every character of the
    documents. All but "bpe" read what they do not know as `[UNK]`.

    Args:
        size: the entries wished, special tokens counted in; a short text gives fewer. "characters" ignores it.
        special: further special tokens, after `<s>`, `</s>` and `[UNK]`.

    Raises:
        ValueError: an unknown kind, or a size that cannot hold the special tokens and one more entry.
    """
    if kind not in get_args(Kind):
        raise ValueError(f"no tokenizer is called {kind!r}; there are {', '.join(get_args(Kind))}")
    unknown = () if kind == "bpe" else (UNKNOWN,)
    first = [START, END, *unknown, *special]
    if size <= len(first):
        raise ValueError(f"a vocabulary of {size} has no room beside its {len(first)} special tokens")
    raw = _LEARN[kind](documents, size, first)
    raw.add_special_tokens(first)
    raw.post_processor = processors.TemplateProcessing(single=f"{START} $A", special_tokens=[(START, 0)])
    return Tokenizer(raw)


def train_bpe(documents: Iterable[str], size: int) -> Tokenizer:
    """Learn a byte-level BPE of `size` entries (see `learn`).

    Raises:
        ValueError: size is below 258, the 256 bytes and the two special tokens.
    """
    return learn("bpe", documents, size)


def _bpe(documents: Iterable[str], size: int, special: list[str]) -> tokenizers.Tokenizer:
    if size < 256 + len(special):
        raise ValueError(
            f"a byte-level vocabulary of {size} cannot hold 256 bytes and {len(special)} special tokens: "
            f"{256 + len(special)} or more"
        )
    raw = tokenizers.Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=LONGEST_ENTRY,
        show_progress=False,
    )
    raw.train_from_iterator(documents, trainer)
    return raw


def _characters(documents: Iterable[str], size: int, special: list[str]) -> tokenizers.Tokenizer:
    found = sorted(set().union(*map(set, documents)))
    return _listed([*special, *found], pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated"))


def _words(documents: Iterable[str], size: int, special: list[str]) -> tokenizers.Tokenizer:
    cut = pre_tokenizers.Split(Regex(_WORD), "isolated")
    counts: Counter[str] = Counter()
    for document in documents:
        counts.update(piece for piece, _ in cut.pre_tokenize_str(document))
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    return _listed([*special, *ranked[: size - len(special)]], cut)


def _listed(entries: list[str], cut: pre_tokenizers.PreTokenizer) -> tokenizers.Tokenizer:
    """Build a tokenizer from a list of entries: a piece of text is one of them, or unknown."""
    vocabulary = {entry: id for id, entry in enumerate(dict.fromkeys(entries))}
    raw = tokenizers.Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    raw.pre_tokenizer, raw.decoder = cut, decoders.Fuse()
    return raw


def _wordpiece(documents: Iterable[str], size: int, special: list[str]) -> tokenizers.Tokenizer:
    """Learn WordPiece here: the library's tie-breaking differs between processes.

    By WordPiece's score among pairs that are frequent enough; among all pairs it would merge the rarest letters first.
    """
    wanted = max(1, size - len(special) + 1)
    learned = Learning(documents, wanted, pretokens="words", rule="score")
    learned.min_count = max(2, learned.n_characters // 500)
    while len(learned.run().vocabulary) < wanted and learned.min_count > 2:
        learned.min_count //= 2
    entries = [*special, *(entry for entry in learned.vocabulary if entry not in special)]
    raw = tokenizers.Tokenizer(
        models.WordPiece({entry: id for id, entry in enumerate(entries)}, unk_token=UNKNOWN)
    )
    raw.pre_tokenizer, raw.decoder = pre_tokenizers.BertPreTokenizer(), decoders.WordPiece()
    return raw


def _unigram(documents: Iterable[str], size: int, special: list[str]) -> tokenizers.Tokenizer:
    """Learn a unigram vocabulary here: the library's sums vary between processes. Over bytes, so nothing is unknown."""
    learned = UnigramLearning(documents, max(1, size - len(special) + 1), "bytes").run().tokenizer()
    found = zip(learned.vocabulary, learned.log_probs, strict=True)
    pairs = [(token, 0.0) for token in special]
    pairs += [(entry, float(log_prob)) for entry, log_prob in found if entry not in special]
    raw = tokenizers.Tokenizer(models.Unigram(pairs, unk_id=special.index(UNKNOWN)))
    raw.pre_tokenizer, raw.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    return raw


_LEARN: dict[str, Callable[[Iterable[str], int, list[str]], tokenizers.Tokenizer]] = {
    "bpe": _bpe,
    "characters": _characters,
    "words": _words,
    "wordpiece": _wordpiece,
    "unigram": _unigram,
}
