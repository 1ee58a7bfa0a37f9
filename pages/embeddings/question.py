"""Ask whose row points the same way as a word's of the text: a related one's, one spelled alike, or one beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from app import markup, questions
from app.controls.predict import Answer, draw
from core.vectors.static import StaticVectors
from pages.embeddings.figure import Piece

LEAST = 3  # letters of a word that is asked about
COMMON = 400  # the table's first words, from which one is drawn where the text has no other


@dataclass(frozen=True)
class Question:
    """About a row of a table: its nearest row, one spelled alike, and one that stands beside it."""

    asked: questions.Asked
    table: StaticVectors
    row: int
    near: int
    spelled: int
    beside: int
    shows: Mapping[str, str | int]

    def judge(self) -> Answer:
        """Compare the cosines of the three."""
        of = {name: self.table.written(self.row, row).cosine for name, row in self.rows.items()}
        return self.asked.answer(
            "near", {**of}, self.shows, **{f"cosine_{name}": value for name, value in of.items()}
        )

    @property
    def rows(self) -> dict[str, int]:
        """The rows behind the options, by their keys."""
        return {"near": self.near, "spelled": self.spelled, "beside": self.beside}


def ask(table: StaticVectors, pieces: Sequence[Piece], subject: int) -> Question:
    """Ask about the word of the text that follows the one whose neighbours the picture shows.

    Args:
        pieces: the words of the text, with their rows. subject: the row that the picture looks up.
    """
    at, row, shows = _chosen(table, pieces, subject)
    near = table.around(row, 1)[0].row
    around = [piece.row for piece in (*pieces[at + 1 :], *reversed(pieces[:at])) if piece.row is not None]
    rest = chain(around, range(len(table)))
    beside = next((each for each in rest if each not in (row, near) and _reads(table.words[each])), near)
    spelled = _spelled(table, row, {row, near, beside})
    words = {"near": near, "spelled": spelled, "beside": beside}
    order = sorted(words, key=lambda name: table.words[words[name]].strip())
    said = {name: markup.mono(markup.visible(table.words[each])) for name, each in words.items()}
    asked = questions.ask(
        "embeddings", "same-way", order=order, word=markup.mono(markup.visible(table.words[row])), **said
    )
    return Question(asked, table, row, near, spelled, beside, shows)


def another(table: StaticVectors, pieces: Sequence[Piece], subject: int, seed: int) -> dict[str, str | int]:
    """Draw another word of the text to look up, so that another one is asked about."""
    now = _chosen(table, pieces, subject)[1]
    places = {_chosen(table, pieces, piece.row)[1]: piece.follow for piece in pieces if piece.row is not None}
    return {"follow": places.get(draw(seed, list(places), now), -1), "seek": ""}


def _chosen(
    table: StaticVectors, pieces: Sequence[Piece], subject: int
) -> tuple[int, int, dict[str, str | int]]:
    """Choose the word: its place among the pieces, its row, and the fields that look it up."""
    here = next((at for at, piece in enumerate(pieces) if piece.row == subject), -1)
    for step in range(1, len(pieces) + 1):
        at = (here + step) % len(pieces)
        piece = pieces[at]
        if piece.row is not None and piece.row != subject and _reads(table.words[piece.row]):
            return at, piece.row, {"follow": piece.follow, "seek": "", "gaze": "near"}
    rows = [row for row in range(min(COMMON, len(table))) if row != subject and _reads(table.words[row])]
    row = rows[0] if rows else (subject + 1) % len(table)
    return len(pieces), row, {"seek": table.words[row].strip() or table.words[row], "gaze": "near"}


def _reads(word: str) -> bool:
    bare = word.strip()
    return len(bare) >= LEAST and bare.isalpha()


def _spelled(table: StaticVectors, row: int, unwanted: set[int]) -> int:
    """Return the word with the longest common beginning; the commoner of several."""
    plain = _plain(table.words)
    own = plain[row]
    best, longest = row, -1
    for each, word in enumerate(plain):
        # most words do not begin with one letter more than the best so far
        if word == own or each in unwanted or not word.startswith(own[: longest + 1]):
            continue
        alike = next((at for at, (a, b) in enumerate(zip(own, word)) if a != b), min(len(own), len(word)))
        if alike > longest:
            best, longest = each, alike
    return best


@lru_cache(maxsize=8)
def _plain(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words as their spelling is compared."""
    return tuple(word.strip().lower() for word in words)
