"""Captions of scenes: a small grammar of words, formatted and parsed without loss.

    caption = name [", thick" | ", thin"] [", slanted left" | ", slanted right"] [", next to " name]
    name    = ("a" | "an") NAME

Of two digits the left one is described and the other is named. Commas belong to the writing: the tokens are the words.
A caption is also a number: 0 to 89 for one digit, and 90 + 10 i + j for digit i, described, next to digit j.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from core.data.digits import NAMES
from core.messages import say
from core.multimodal.properties import SLANTS, THICKNESSES

START, END = "<s>", "</s>"
WORDS = (START, END, "a", "an", *NAMES, "thin", "thick", "slanted", "left", "right", "next", "to")
IDS = {word: at for at, word in enumerate(WORDS)}
KINDS = len(NAMES) * len(THICKNESSES) * len(SLANTS)  # 90: of one digit
COUNT = KINDS + KINDS * len(NAMES)  # captions in all
LONGEST = 9  # words, without start and end


class CaptionError(ValueError):
    """Raised for words that are no caption; the message describes a caption."""


@dataclass(frozen=True)
class Part:
    """A caption's description of one digit: 0 to 9, and a word, or "", for its thickness and its slant.

    The second digit of a caption has neither: it is only named.
    """

    digit: int
    thickness: str = ""
    slant: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """E.g. ("a", "seven", "thick", "slanted", "left")."""
        name = NAMES[self.digit]
        said = f"{'an' if name == 'eight' else 'a'} {name} {self.thickness} {self.slant}"
        return tuple(said.split())

    @property
    def text(self) -> str:
        """E.g. "a seven, thick, slanted left"."""
        name = " ".join(self.words[:2])
        return ", ".join(said for said in (name, self.thickness, self.slant) if said)

    @property
    def number(self) -> int:
        """0 to 89."""
        thickness, slant = THICKNESSES.index(self.thickness), SLANTS.index(self.slant)
        return (self.digit * len(THICKNESSES) + thickness) * len(SLANTS) + slant

    @classmethod
    def of(cls, number: int) -> Part:
        """Build the part from its `number`."""
        rest, slant = divmod(number, len(SLANTS))
        digit, thickness = divmod(rest, len(THICKNESSES))
        return cls(digit, THICKNESSES[thickness], SLANTS[slant])


Parts = tuple[Part, ...]  # one or two


def text_of(parts: Parts) -> str:
    """Format a caption: "a seven, thick, slanted left, next to a two"."""
    return ", next to ".join(part.text for part in parts)


def words_of(parts: Parts) -> tuple[str, ...]:
    """Return the words of a caption, without start and end."""
    first, *rest = parts
    return first.words + tuple(word for part in rest for word in ("next", "to", *part.words))


def number_of(parts: Parts) -> int:
    """Compute the caption's number."""
    if len(parts) == 1:
        return parts[0].number
    return KINDS + len(NAMES) * parts[0].number + parts[1].digit


def parts_of(number: int) -> Parts:
    """Decode a caption's number: the reverse of `number_of`."""
    if number < KINDS:
        return (Part.of(number),)
    first, second = divmod(number - KINDS, len(NAMES))
    return Part.of(first), Part(second)


def parse(text: str) -> Parts:
    """Parse a caption; commas and capitals do not matter.

    Raises:
        CaptionError: a word that captions do not have, or words in an order that is no caption.
    """
    words = text.lower().replace(",", " ").split()
    example = say('write it like "{caption}"', caption="a seven, thick, slanted left, next to a two")
    if unknown := [word for word in words if word not in IDS or word in (START, END)]:
        known = ", ".join(WORDS[2:])
        raise CaptionError(
            say(
                "{word} is not among the words of captions ({known}): {example}",
                word=repr(unknown[0]),
                known=known,
                example=example,
            )
        )
    joined = " ".join(words)
    halves = joined.split(" next to ")
    if not joined or len(halves) > 2:
        raise CaptionError(say("a caption tells of one digit or of two: {example}", example=example))
    first, *others = (_part(half, example) for half in halves)
    if any(other != Part(other.digit) for other in others):
        raise CaptionError(
            say(
                "only the first digit is described, of the other a caption says its name: {example}",
                example=example,
            )
        )
    return first, *others


def _part(said: str, example: str) -> Part:
    found = _by_words().get(said)
    if found is None:
        raise CaptionError(
            say(
                "{words} does not tell of a digit: first a or an, its name, then thick or thin, then slanted left or "
                "right; {example}",
                words=repr(said),
                example=example,
            )
        )
    return found


@lru_cache(maxsize=1)
def _by_words() -> dict[str, Part]:
    return {" ".join(part.words): part for part in map(Part.of, range(KINDS))}


@lru_cache(maxsize=1)
def captions() -> tuple[str, ...]:
    """List all 990 captions by number."""
    return tuple(text_of(parts_of(number)) for number in range(COUNT))


@lru_cache(maxsize=1)
def table() -> Tensor:
    """Tabulate the ids of every caption by number: (990, 11) int64, start, words, end, and -1 after the end.

    Read only.
    """
    rows = torch.full((COUNT, LONGEST + 2), -1)
    for number in range(COUNT):
        ids = [0, *(IDS[word] for word in words_of(parts_of(number))), 1]
        rows[number, : len(ids)] = torch.tensor(ids)
    return rows


def said(ids: list[int]) -> str:
    """Format generated words with the grammar's commas; they need not be a caption."""
    words = [WORDS[id] for id in ids if WORDS[id] not in (START, END)]
    text = ""
    for at, word in enumerate(words):
        comma = word in ("thin", "thick", "slanted", "next") and at > 0
        text += ("," if comma else "") + (" " if at else "") + word
    return text
