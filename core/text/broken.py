"""Characters whose UTF-8 bytes are split over several tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.text.pieces import Piece


@dataclass(frozen=True)
class Share:
    """One token's part of a character: the token, its index in the text's pieces, and those bytes (0 to 255)."""

    piece: Piece
    index: int
    data: bytes


@dataclass(frozen=True)
class Broken:
    """A split character: itself, its position in the text, its UTF-8 bytes, and its tokens."""

    character: str
    at: int
    data: bytes
    shares: tuple[Share, ...]


def broken(pieces: Sequence[Piece], text: str) -> list[Broken]:
    """Find the characters of `text` whose bytes went to more than one of its pieces, in their order.

    Pieces that share no character have none to show: a method without bytes gives an empty list.
    """
    found: list[Broken] = []
    for cluster in _clusters(pieces):
        start = pieces[cluster[0]].start
        stretch = text[start : max(pieces[index].end for index in cluster)]
        held = [(index, byte) for index in cluster for byte in pieces[index].data]
        if bytes(byte for _, byte in held) != stretch.encode("utf-8", "surrogatepass"):
            continue  # a normalizer changed the text, so its bytes are not the text's
        first = 0
        for at, character in enumerate(stretch, start):
            last = first + len(character.encode("utf-8", "surrogatepass"))
            holders = sorted({index for index, _ in held[first:last]})
            if len(holders) > 1:
                shares = tuple(
                    Share(pieces[index], index, bytes(byte for who, byte in held[first:last] if who == index))
                    for index in holders
                )
                found.append(Broken(character, at, bytes(byte for _, byte in held[first:last]), shares))
            first = last
    return found


def _clusters(pieces: Sequence[Piece]) -> list[list[int]]:
    """Group the indices of neighbouring pieces that share characters, where at least two do."""
    groups: list[list[int]] = []
    end = -1
    for index, piece in enumerate(pieces):
        if groups and piece.start < end:
            groups[-1].append(index)
        else:
            groups.append([index])
        end = max(end, piece.end)
    return [group for group in groups if len(group) > 1]
