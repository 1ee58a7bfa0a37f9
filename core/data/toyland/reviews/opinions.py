"""What reviews have opinions about, and the ways to say them: what turns an opinion around and what does not.

Opinions stand in opinions.toml, ways in ways.toml.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from zlib import crc32

from core.data.toyland.tables import DamagedTable, lines, read

Topic = str  # "thing", "pet", "food", "place" or "helper"
Fits = Literal["both", "good", "bad"]


@dataclass(frozen=True)
class Opinion:
    """A good and a bad thing to say of a topic: adjectives, or deeds with their plain form (`bases`).

    `aspect` is what of the topic is good or bad ("colour"), "" the topic itself.
    """

    good: str
    bad: str
    aspect: str = ""
    bases: tuple[str, str] | None = None

    def words(self, positive: bool) -> str:
        """The adjective, or the deed as it was done."""
        return self.good if positive else self.bad

    def base(self, positive: bool) -> str:
        """The deed in its plain form."""
        assert self.bases is not None
        return self.bases[0 if positive else 1]


@dataclass(frozen=True)
class _Topic:
    adjectives: str
    deeds: str

    def opinions(self) -> tuple[Opinion, ...]:
        """Read ``colour: bright/dull`` and ``worked well|work well / broke|break``, one a line."""
        found = []
        for line in lines(self.adjectives):
            aspect, _, pair = line.rpartition(": ")
            good, bad = _two(pair, "/")
            found.append(Opinion(good, bad, aspect))
        for line in lines(self.deeds):
            (good, do_good), (bad, do_bad) = (_two(side, "|") for side in _two(line, " / "))
            found.append(Opinion(good, bad, "", (do_good, do_bad)))
        return tuple(found)


def _two(text: str, mark: str) -> tuple[str, str]:
    """The two sides of a mark."""
    one, found, other = text.partition(mark)
    if not found or mark in other:
        raise DamagedTable("reviews/opinions", f"{text!r} should have one {mark!r}")
    return one, other


OPINIONS: dict[Topic, tuple[Opinion, ...]] = {
    topic: block.opinions() for topic, block in read("reviews/opinions", dict[str, _Topic]).items()
}


def held_out(words: str, kind: str) -> bool:
    """Whether `words` are never told in the way `kind` in training: one combination of eight is held out."""
    return crc32(f"{words}|{kind}".encode()) % 8 == 0


@dataclass(frozen=True)
class Way:
    """A frame: its `kind`, whether it `keeps` what its words mean or turns it around, whether it is `strong`, and
    whether it fits the good words, the bad ones or both."""

    kind: str
    frame: str
    keeps: bool
    strong: bool = False
    fits: Fits = "both"

    @property
    def negates(self) -> bool:
        """Whether words of negation stand in it, whatever they do."""
        return self.kind not in _PLAIN


_PLAIN = {"plain", "intense", "agree", "told true"}


@dataclass(frozen=True)
class _Ways:
    """Ways of one kind, a frame a line."""

    kind: str
    keeps: bool
    frames: str
    strong: bool = False
    fits: Fits = "both"


@dataclass(frozen=True)
class _Clause:
    kind: str
    keeps: bool
    adjective: str
    deed: str


@dataclass(frozen=True)
class _Contrast:
    second: bool
    frame: str


@dataclass(frozen=True)
class _File:
    clauses: tuple[_Clause, ...]
    contrasts: tuple[_Contrast, ...]
    verdicts: tuple[tuple[str, str], ...]
    mixed: str
    adjective: tuple[_Ways, ...]
    deed: tuple[_Ways, ...]


def _ways(blocks: tuple[_Ways, ...]) -> tuple[Way, ...]:
    return tuple(
        Way(block.kind, frame, block.keeps, block.strong, block.fits)
        for block in blocks
        for frame in lines(block.frames)
    )


_file = read("reviews/ways", _File)
ADJECTIVE, DEED = _ways(_file.adjective), _ways(_file.deed)
# Clauses for contrasts: (kind, adjective, deed, whether they keep what the words mean).
CLAUSES = tuple((one.kind, one.adjective, one.deed, one.keeps) for one in _file.clauses)
# (frame, whether the second clause decides): what the main clause or the one after "but" says is the opinion.
CONTRASTS = tuple((one.frame, one.second) for one in _file.contrasts)
VERDICTS = _file.verdicts  # pairs, good and bad, of almost the same words
MIXED = lines(_file.mixed)
