"""Published vocabularies: GPT-2's, cl100k's and BERT's, and the one of any loaded model.

The `tokenizers` library tokenizes the text; the record of a word's tokenization is computed here, from the same
vocabulary.
"""

from __future__ import annotations

import json
import re
from functools import cache, cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers

from core.text.bpe import Turn, replay
from core.text.pieces import Piece, Word
from core.text.pretokens import BYTE_OF
from core.text.ranks import Ranks
from core.text.tokenizer import Tokenizer
from core.text.unigram import Unigram
from core.text.wordpiece import CONTINUED, Trial, trials

FOLDER = Path(__file__).parent.parent.parent / "assets" / "tokenizers"

Kind = Literal["bpe", "wordpiece", "unigram", "other"]

LABELS = {"gpt2": "GPT-2", "cl100k": "GPT-4 (cl100k)", "bert": "BERT"}

_HALF = re.compile("[\ud800-\udfff]")  # a lone surrogate, which the library refuses
_BYTE_ENTRY = re.compile(r"<0x[0-9A-F]{2}>")


def names() -> list[str]:
    """List the published vocabularies that come with the project, in the order of a menu."""
    return list(LABELS)


@cache
def published(name: str) -> Published:
    """Load a published vocabulary by its name; cached.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in LABELS:
        raise ValueError(f"no published vocabulary is called {name!r}: choose one of {', '.join(LABELS)}")
    if name == "bert":
        return Published(Tokenizer(_bert()), name, LABELS[name])
    return Published(Tokenizer.from_file(FOLDER / f"{name}.tokenizer.json"), name, LABELS[name])


class Published:
    """A `Tokenizer` with the interface of the methods learned here. It adds no special tokens to a text.

    `kind`: how it cuts a word: by merges ("bpe"), by the longest match ("wordpiece"), by the likeliest path
    ("unigram"), or in a way that cannot be replayed here ("other").
    """

    def __init__(self, tokenizer: Tokenizer, name: str = "model", label: str = "") -> None:
        self.tokenizer, self.name, self.label = tokenizer, name, label or name

    def __len__(self) -> int:
        return len(self.tokenizer)

    @cached_property
    def vocabulary(self) -> list[str]:
        """The entries in the order of their ids."""
        return [self.tokenizer.token(id) for id in range(len(self))]

    @cached_property
    def kind(self) -> Kind:
        """Its tokenization method."""
        model = self.tokenizer.raw.model
        if isinstance(model, models.BPE):
            odd = model.dropout or model.continuing_subword_prefix or model.end_of_word_suffix
            return "other" if odd or model.ignore_merges else "bpe"
        if isinstance(model, models.WordPiece):
            return "wordpiece" if model.continuing_subword_prefix == CONTINUED else "other"
        return (
            "unigram" if isinstance(model, models.Unigram) and not self._spec()["byte_fallback"] else "other"
        )

    def words(self, text: str) -> list[Word]:
        """Return the words that no piece crosses; a letter has the span of its piece."""
        return [self._word(text, list(group)) for group in self._groups(text)]

    def cut(self, word: Word, text: str) -> list[Piece]:
        """Tokenize one word of `words(text)`."""
        return [piece for group in self._groups(text) for piece in group if self._word(text, group) == word]

    def encode(self, text: str) -> list[Piece]:
        """Tokenize a text, left to right."""
        return [piece for group in self._groups(text) for piece in group]

    def letters(self, word: Word) -> list[str]:
        """Return the symbols that merging begins with; a special token in the text is one symbol."""
        if self.tokenizer.id(word.entry) in self.tokenizer.special_ids:
            return [word.entry]
        return re.findall(rf"{_BYTE_ENTRY.pattern}|.", word.entry, re.DOTALL)

    def replay(self, word: Word) -> list[Turn]:
        """Record how byte-pair encoding merged a word, step by step. Raises ValueError for another kind."""
        self._expect("bpe")
        return replay(self.letters(word), self.ranks)

    def trials(self, word: Word) -> list[Trial]:
        """List WordPiece's look-ups for a word, in order. Raises ValueError for another kind."""
        self._expect("wordpiece")
        return trials(word.entry, self.ids, self.tokenizer.raw.model.max_input_chars_per_word)

    @cached_property
    def ranks(self) -> Ranks:
        """The merges of byte-pair encoding, each with its rank (0 was learned first)."""
        pairs = (merge.split(" ") if isinstance(merge, str) else merge for merge in self._spec()["merges"])
        found = ((left, right) for left, right in pairs)
        return Ranks(found, self.tokenizer.raw.token_to_id, self.tokenizer.token)

    @cached_property
    def ids(self) -> dict[str, int]:
        """Entry -> id."""
        return self.tokenizer.raw.get_vocab()

    @cached_property
    def unigram(self) -> Unigram:
        """The same vocabulary as a `Unigram` of ours, for its lattices. Raises ValueError for another kind."""
        self._expect("unigram")
        spec = self._spec()
        entries, scores = zip(*spec["vocab"])
        return Unigram(entries, scores, unknown=spec["unk_id"])

    def _spec(self) -> dict[str, Any]:
        """Return the library's serialized model; large, so it is not kept."""
        spec: dict[str, Any] = json.loads(self.tokenizer.raw.to_str())["model"]
        return spec

    @cached_property
    def _unknown(self) -> int | None:
        model = self.tokenizer.raw.model
        if isinstance(model, models.Unigram):
            unknown: int | None = self._spec()["unk_id"]
            return unknown
        entry = getattr(model, "unk_token", None)
        return None if entry is None else self.tokenizer.id(entry)

    def _expect(self, kind: Kind) -> None:
        if self.kind != kind:
            raise ValueError(f"{self.label} cuts words in another way ({self.kind}, not {kind})")

    def _groups(self, text: str) -> list[list[Piece]]:
        """Group the pieces by word."""
        found = self.tokenizer.raw.encode(_HALF.sub("\ufffd", text), add_special_tokens=False)
        pieces = [self._piece(text, id, *span) for id, span in zip(found.ids, found.offsets)]
        words = groupby(zip(found.word_ids, pieces), key=lambda both: both[0])
        return [[piece for _, piece in group] for _, group in words]

    def _piece(self, text: str, id: int, start: int, end: int) -> Piece:
        entry, stretch = self.tokenizer.token(id), text[start:end]
        data = stretch.encode("utf-8", "surrogatepass")
        if id == self._unknown or id in self.tokenizer.special_ids:
            return Piece(stretch, entry, id, start, end, id == self._unknown, data)
        if _BYTE_ENTRY.fullmatch(entry):
            data = bytes([int(entry[3:5], 16)])
        elif self.tokenizer.kind == "bytes" and all(letter in BYTE_OF for letter in entry):
            data = bytes(BYTE_OF[letter] for letter in entry)
        else:
            body = self.tokenizer.display(id)
            if self.kind == "wordpiece":
                body = body.removeprefix(CONTINUED)
            if stretch and body.strip() == stretch.strip():
                return Piece(stretch, entry, id, start, end, False, data)
            # A normalizer (lowercase, no accents) had changed the text before the entry was looked up.
            return Piece(body, entry, id, start, end, False, body.encode() if stretch else data)
        return Piece(data.decode("utf-8", "backslashreplace"), entry, id, start, end, False, data)

    def _word(self, text: str, pieces: list[Piece]) -> Word:
        letters, spans = "", []
        for piece in pieces:
            entry = (
                piece.entry.removeprefix(CONTINUED) if self.kind == "wordpiece" and letters else piece.entry
            )
            if piece.unknown and piece.text != piece.entry:
                normalizer = self.tokenizer.raw.normalizer
                entry = piece.text if normalizer is None else normalizer.normalize_str(piece.text).strip()
            letters += entry
            spans += [(piece.start, piece.end)] * len(entry)
        return Word(letters, pieces[0].start, pieces[-1].end, tuple(spans))


def _bert() -> tokenizers.Tokenizer:
    """Build BERT's own steps around its vocabulary: lowercase, no accents, words and marks, longest match."""
    entries = (FOLDER / "bert-base-uncased.vocab.txt").read_text(encoding="utf-8").split("\n")
    vocabulary = {entry: id for id, entry in enumerate(entries) if entry}
    raw = tokenizers.Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    raw.normalizer = normalizers.BertNormalizer(lowercase=True)
    raw.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    raw.decoder = decoders.WordPiece()
    raw.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return raw
