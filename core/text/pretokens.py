"""Pre-tokenization: the split of a text into words before any piece is learned or looked up.

Four ways, each equal to one of the `tokenizers` library: GPT-2's (`ByteLevel`), BERT's (`BertPreTokenizer`),
SentencePiece's (`Metaspace`, a line at a time), and none (a line is one word).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from tokenizers import Regex, pre_tokenizers

from core.text.pieces import Piece, Span, Word
from core.text.tokenizer import byte_alphabet

SPACE_MARK = "▁"
KEPT = 1_000_000  # characters of texts whose words are cached

LETTER_OF = {byte: letter for letter, byte in byte_alphabet().items()}  # byte -> its printable stand-in
BYTE_OF = byte_alphabet()


@dataclass(frozen=True)
class Pretoken:
    """One method: its `name` in code and links, its `label` for a menu, and a description in one sentence (`what`)."""

    name: str
    label: str
    what: str


PRETOKENS = {
    record.name: record
    for record in (
        Pretoken(
            "bytes", "Bytes", "Words keep the space before them; every character is spelled in bytes (GPT-2)."
        ),
        Pretoken("words", "Words", "Spaces are dropped, and each punctuation mark stands alone (BERT)."),
        Pretoken("spaces", "Spaces", "Each space becomes ▁ and begins the word after it (SentencePiece)."),
        Pretoken("none", "None", "A whole line is one word, so a piece may reach over spaces."),
    )
}


def split(text: str, kind: str) -> list[Word]:
    """Split a text into words, left to right, each with the spans of its letters in the text.

    Raises:
        ValueError: `kind` is none of `PRETOKENS`.
    """
    _check(kind)
    if kind == "bytes":
        return [_in_bytes(text, *match.span()) for match in _gpt2().finditer(text)]
    if kind == "words":
        return [_plain(text, *match.span()) for match in _bert().finditer(text)]
    if kind == "none":
        return [_plain(text, *match.span()) for match in re.finditer(r"[^\n]+", text)]
    return [word for line in re.finditer(r"[^\n]+", text) for word in _marked(text, *line.span())]


def patterns() -> dict[str, str]:
    """Return the regular expressions of the two rules that take long to find, for `use` in another process."""
    return {"bytes": _gpt2().pattern, "words": _bert().pattern}


def use(patterns: Mapping[str, str]) -> None:
    """Take what `patterns` found in another process; to be called before the first text is split."""
    _known.update(patterns)


def count(corpus: str | Iterable[str], kind: str) -> dict[str, int]:
    """Count every word of the corpus (a text, or documents), in the vocabulary's letters.

    In the order of their first appearance, so that what is learned from it is the same every time.

    Raises:
        ValueError: `kind` is none of `PRETOKENS`.
    """
    _check(kind)
    if isinstance(corpus, str):
        return dict(_counted(corpus, kind)) if len(corpus) <= KEPT else _count([corpus], kind)
    return _count(corpus, kind)


@lru_cache(maxsize=6)
def _counted(text: str, kind: str) -> Mapping[str, int]:
    """Count the words of a text, cached, since it is used by several methods or again with another size."""
    return _count([text], kind)


def _count(documents: Iterable[str], kind: str) -> dict[str, int]:
    found: Counter[str] = Counter()
    for document in documents:
        if kind == "bytes":
            found.update(_gpt2().findall(document))
        elif kind == "words":
            found.update(_bert().findall(document))
        else:
            lines = [line for line in document.split("\n") if line]
            found.update(lines if kind == "none" else [word for line in lines for word in _mark(line)])
    return {in_bytes(word): n for word, n in found.items()} if kind == "bytes" else dict(found)


def in_bytes(text: str) -> str:
    """Convert a text to one printable letter per UTF-8 byte: "é" -> "Ã©", " a" -> "Ġa"."""
    return "".join(LETTER_OF[byte] for byte in text.encode("utf-8", "surrogatepass"))


def piece(
    kind: str, text: str, word: Word, first: int, last: int, entry: str, id: int, unknown: bool = False
) -> Piece:
    """Build the piece for letters first to last (excluded) of a word of `split(text, kind)`.

    In bytes, part of a character reads `\\xf0\\x9f`. Letters that were added stand for no text and give no bytes; a
    piece of nothing else reads as its entry.
    """
    start, end = word.spans[first][0], word.spans[last - 1][1]
    if kind == "bytes":
        data = bytes(BYTE_OF[letter] for letter in word.entry[first:last])
        return Piece(data.decode("utf-8", "backslashreplace"), entry, id, start, end, unknown, data)
    stretch = text[start:end]
    return Piece(stretch or entry, entry, id, start, end, unknown, stretch.encode("utf-8", "surrogatepass"))


def _check(kind: str) -> None:
    if kind not in PRETOKENS:
        raise ValueError(f"no pre-tokenization is called {kind!r}: choose one of {', '.join(PRETOKENS)}")


def _plain(text: str, start: int, end: int) -> Word:
    return Word(text[start:end], start, end, tuple((at, at + 1) for at in range(start, end)))


def _in_bytes(text: str, start: int, end: int) -> Word:
    letters: list[str] = []
    spans: list[Span] = []
    for at in range(start, end):
        written = in_bytes(text[at])
        letters.append(written)
        spans += [(at, at + 1)] * len(written)
    return Word("".join(letters), start, end, tuple(spans))


def _mark(line: str) -> list[str]:
    """Split a line into words that begin with ▁: one is put before the line unless it begins with a space."""
    line = line.replace(" ", SPACE_MARK)
    if not line.startswith(SPACE_MARK):
        line = SPACE_MARK + line
    return [SPACE_MARK + rest for rest in line.split(SPACE_MARK)[1:]]


def _marked(text: str, start: int, end: int) -> list[Word]:
    words, at = [], start
    added = text[start] not in (" ", SPACE_MARK)
    for entry in _mark(text[start:end]):
        length = len(entry) - added
        spans = [(at, at)] * added + [(place, place + 1) for place in range(at, at + length)]
        words.append(Word(entry, at, at + length, tuple(spans)))
        at, added = at + length, False
    return words


# Both rules use the library's classes of letters, numbers, spaces and punctuation: it and Python follow different
# versions of Unicode.


_known: dict[str, str] = {}


@cache
def _gpt2() -> re.Pattern[str]:
    """Build GPT-2's pattern (Radford et al. 2019, released encoder), which uses Unicode letters and numbers."""
    if "bytes" in _known:
        return re.compile(_known["bytes"])
    kinds = (r"\p{L}", r"\p{N}", r"\s")
    alike = pre_tokenizers.Split(Regex("|".join(f"{kind}+" for kind in kinds)), "isolated")
    parts = {part[0]: part for part, _ in alike.pre_tokenize_str(_every())}
    letters, numbers, spaces = (
        _ranges([ord(each) for first in _holding(kind, parts) for each in parts[first]]) for kind in kinds
    )
    other, solid = f"[^{letters}{numbers}{spaces}]", f"[^{spaces}]"
    return re.compile(
        rf"'(?:[sdmt]|ll|ve|re)| ?[{letters}]+| ?[{numbers}]+| ?{other}+|[{spaces}]+(?!{solid})|[{spaces}]+"
    )


@cache
def _bert() -> re.Pattern[str]:
    """Build BERT's pattern.

    Words between spaces, each punctuation mark alone (Devlin et al. 2019, released tokenizer).
    """
    if "words" in _known:
        return re.compile(_known["words"])
    rule, every = pre_tokenizers.BertPreTokenizer(), _every()
    parts = rule.pre_tokenize_str(every)
    dropped = sorted(set(every).difference(*(part for part, _ in parts)))
    # A mark is separate also after a letter; another character continues the word.
    alone = "a".join(part for part, _ in parts if len(part) == 1)
    marks = _ranges([ord(part) for part, _ in rule.pre_tokenize_str(alone) if len(part) == 1 and part != "a"])
    return re.compile(rf"[{marks}]|[^{marks}{_ranges([ord(space) for space in dropped])}]+")


def _every() -> str:
    """List every character that can be a letter, a number, a space or a mark.

    Planes 4 to 13 hold none, 15 and 16 are for private use, and the halves of a UTF-16 pair are no characters.
    """
    planes = (0, 1, 2, 3, 14)
    points = (at for plane in planes for at in range(plane << 16, (plane + 1) << 16))
    return "".join(chr(at) for at in points if not 0xD800 <= at <= 0xDFFF)


def _holding(kind: str, letters: Iterable[str]) -> list[str]:
    """Filter letters by a Unicode property."""
    without = pre_tokenizers.Split(Regex(kind), "removed").pre_tokenize_str("".join(letters))
    others = {each for part, _ in without for each in part}
    return [each for each in letters if each not in others]


def _ranges(points: list[int]) -> str:
    """Format sorted code points as the inside of a character class, with neighbours joined."""
    parts: list[str] = []
    first = last = points[0]
    for at in [*points[1:], -1]:
        if at != last + 1:
            parts.append(f"{re.escape(chr(first))}-{re.escape(chr(last))}")
            first = at
        last = at
    return "".join(parts)
