"""Cross-attention of an encoder-decoder, gathered from tokens to words and sentences.

Row t of a decoder has token t as its input and says token t + 1. So each written piece has two rows that speak of it:
the one that says it, and the one that has it as its input (the better aligner of the two for many models, "SHIFT-ATT"
in Chen et al. 2020). A `Rule` says which is read, and which head; `core.analysis.heads.alignment` and
`core.analysis.heads.answer_location` choose one on training examples.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.toyland.spanish.notation import WORDS
from core.families.writing import crossed
from core.messages import say

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]
Spans = tuple[tuple[int, int], ...]  # of characters: first, and one past the last

_SOLID = re.compile(r"\S")
# What may end a sentence or a clause, and what follows there.
_SENTENCE = re.compile(r"[.!?]+[\"'”»]*"), re.compile(r"\s++[^a-zß-ÿ]|\s*+$")
_CLAUSE = re.compile(r"[.,;!?]+"), re.compile(r"\s|$")


@dataclass(frozen=True)
class Rule:
    """Which cross-attention weights are read.

    layer, head: of the decoder, counted from 0; None: the mean of all.
    after: the row that has a written piece as its input; False: the row that says it.
    """

    layer: int | None = None
    head: int | None = None
    after: bool = False

    @property
    def name(self) -> str:
        """The rule in words: "L1H0, row that says the word"."""
        if self.after:
            return say("{heads}, row that has read the word", heads=self._heads())
        return say("{heads}, row that says the word", heads=self._heads())

    @property
    def of_it(self) -> str:
        """The rule in words where the word has been named before: "L1H0, row that says it"."""
        if self.after:
            return say("{heads}, row that has read it", heads=self._heads())
        return say("{heads}, row that says it", heads=self._heads())

    def _heads(self) -> str:
        if self.layer is None:
            return say("all heads") if self.head is None else say("head {head} of all layers", head=self.head)
        if self.head is None:
            return say("all heads of layer {layer}", layer=self.layer)
        return f"L{self.layer}H{self.head}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as a card holds them."""
        return asdict(self)


def rule_of(said: Any, lm: LanguageModel) -> Rule | None:
    """Parse the rule that a card names; None if the model has no such layer or head."""
    if not isinstance(said, dict):
        return None
    layer, head = said.get("layer"), said.get("head")
    for place, count in ((layer, lm.config.decoder_layers), (head, lm.config.n_heads)):
        if place is not None and not (isinstance(place, int) and 0 <= place < count):
            return None
    return Rule(layer, head, bool(said.get("after")))


def rules(layers: int, heads: int) -> Iterator[Rule]:
    """List every rule for a decoder of this shape: means of all heads, of a layer, and each head; both rows."""
    for after in (False, True):
        yield Rule(after=after)
        for layer in range(layers):
            yield Rule(layer, after=after)
            yield from (Rule(layer, head, after) for head in range(heads))


@dataclass(frozen=True, kw_only=True)
class CrossReading:
    """A source, a text written from it, and what each row of the decoder read.

    read_spans: (S,) characters of `source` that each piece stands for; a special token's are empty.
    ids: (N,) pieces of `written`, no special ones; spans: theirs in `written`. likely: (N,) their probabilities.
    pattern: (L, H, N + 1, S): row t says piece t and, but for the first, has piece t - 1 as its input.
    ended: the model wrote an end token.
    """

    source: str
    read_ids: tuple[int, ...]
    read_spans: Spans
    written: str
    ids: tuple[int, ...]
    spans: Spans
    likely: tuple[float, ...]
    pattern: Array
    ended: bool = True

    def rows(self, rule: Rule) -> Array:
        """Return what each written piece's row reads of the source's pieces: (N, S)."""
        pattern = self.pattern if rule.layer is None else self.pattern[rule.layer : rule.layer + 1]
        pattern = pattern if rule.head is None else pattern[:, rule.head : rule.head + 1]
        mean: Array = pattern.mean(axis=(0, 1))  # (N + 1, S)
        return mean[1:] if rule.after else mean[:-1]

    def gathered(self, rule: Rule, written: Spans, read: Spans) -> Array:
        """Aggregate to spans: (W', W), the mean over a written span's rows of the weights on each span of the source.

        A piece belongs to the span that it shares most characters with, to none if it shares none. A span that no
        piece belongs to (it shares its piece with a longer one) reads what that piece reads.
        """
        weights = self.rows(rule) @ belongs(self.read_spans, read).T  # (N, W)
        owners = belongs(self.spans, written)  # (W', N)
        for row, span in enumerate(written):
            if not owners[row].any():
                owners[row] = [_shared(span, piece) > 0 for piece in self.spans]
        count = owners.sum(1, keepdims=True)
        found: Array = owners @ weights / np.maximum(count, 1)
        return found

    @cached_property
    def words(self) -> Spans:
        """The written words."""
        return word_spans(self.written)


def _shared(one: tuple[int, int], other: tuple[int, int]) -> int:
    return min(one[1], other[1]) - max(one[0], other[0])


def belongs(pieces: Spans, spans: Spans) -> Array:
    """Assign pieces to spans: (W, N), 1 where piece n belongs to span w, with which it shares most characters."""
    found = np.zeros((len(spans), len(pieces)))
    for n, piece in enumerate(pieces):
        shared = [_shared(piece, span) for span in spans]
        best = int(np.argmax(shared)) if shared else -1
        if best >= 0 and shared[best] > 0:
            found[best, n] = 1
    return found


def piece_spans(lm: LanguageModel, ids: Sequence[int]) -> Spans:
    """Return the characters of a generated text that each of its ids adds to it."""
    ends = [len(lm.tokenizer.decode(list(ids[:n]), skip_special_tokens=True)) for n in range(len(ids) + 1)]
    return tuple((before, max(before, end)) for before, end in pairwise(ends))


def cross_reading(
    lm: LanguageModel, source: str, written: str | None = None, *, most: int = 128
) -> CrossReading:
    """Decode an answer to a source greedily, or read a given answer, and keep each row's cross-attention.

    Args:
        written: the answer that is given; None: the model writes its own, of at most `most` tokens.

    Raises:
        ValueError: no encoder-decoder, or an empty source.
        ContextTooLong: source or answer have more tokens than the context.
    """
    if lm.config.shape != "encoder-decoder":
        raise ValueError(f"{lm.name} is a {lm.config.shape}: only an encoder-decoder reads a source across")
    read = lm.encode(source)
    ended = True
    if written is None:
        said = lm.generate(read, max_new_tokens=min(most, lm.config.n_ctx - 1))
        ids = [id for id in said.ids if id not in lm.special_ids]
        ended = said.finished == "end token"
    else:
        ids = lm.encode(written, add_special_tokens=False) if written else []
    text = lm.tokenizer.decode(ids, skip_special_tokens=True)
    start = lm.config.decoder_start_id
    assert start is not None  # `lm.trace` has rejected models without a decoder and a source
    likely = lm.score(read, target=ids).exp().tolist() if ids else []
    return CrossReading(
        source=source,
        read_ids=tuple(read),
        read_spans=tuple((first, end) for first, end in lm.tokenizer.offsets(source)),
        written=text,
        ids=tuple(ids),
        spans=piece_spans(lm, ids),
        likely=tuple(likely),
        pattern=crossed(lm, read, [start, *ids]),
        ended=ended,
    )


# ---------------------------------------------------------------- spans of a text


def word_spans(text: str, first: int = 0) -> Spans:
    """Split a text from character `first` on into words and punctuation marks, as Toyland's alignments count them."""
    return tuple(found.span() for found in WORDS.finditer(text, first))


def sentence_spans(text: str, first: int = 0) -> Spans:
    """Split a text into sentences.

    Each ends at a full stop, question or exclamation mark, and a closing quotation mark.

    What goes on in small letters ("Stop!" said Ben.) is the same sentence.
    """
    return tuple(_parts(text, first, *_SENTENCE))


def clause_spans(text: str) -> Spans:
    """Split a text into clauses: each ends at a full stop, comma, semicolon, question or exclamation mark."""
    return tuple(_parts(text, 0, *_CLAUSE))


def _parts(
    text: str, first: int, marks: re.Pattern[str], behind: re.Pattern[str]
) -> Iterator[tuple[int, int]]:
    """Split a text at end marks in linear time: every mark is scanned once."""
    while begun := _SOLID.search(text, first):
        start = at = begun.start()
        while mark := marks.search(text, max(at, start + 1)):
            at = mark.end()
            if behind.match(text, at):
                break
        else:
            at = max(start + 1, len(text) - text.endswith("\n"))
        yield start, at
        first = at


def is_mark(word: str) -> bool:
    """Return whether a "word" is a punctuation mark."""
    return not any(letter.isalnum() for letter in word)
