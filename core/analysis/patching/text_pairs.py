"""A clean and a corrupted text with the correspondence of their positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.analysis.places import row_of
from core.messages import say

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text


def align(clean: Sequence[int], corrupted: Sequence[int]) -> tuple[int, ...]:
    """Find for each token of `corrupted` the position of its counterpart in `clean`, or -1.

    Texts of one length stand token by token. Of others, what they begin with and what they end with is matched; the
    stretch between, where they differ, has no counterpart, but for the last token: the rows that predict belong
    together.
    """
    if len(clean) == len(corrupted):
        return tuple(range(len(clean)))
    short = min(len(clean), len(corrupted)) - 1  # the last tokens are always matched with each other
    before = next((at for at in range(short) if clean[at] != corrupted[at]), short)
    room = short - before
    after = 1 + next((at for at in range(room) if clean[-2 - at] != corrupted[-2 - at]), room)
    if clean[-1] != corrupted[-1]:
        after = 1
    moved = len(clean) - len(corrupted)
    places = []
    for at in range(len(corrupted)):
        behind = at >= len(corrupted) - after
        places.append(at + moved if behind else at if at < before else -1)
    return tuple(places)


@dataclass(frozen=True, kw_only=True)
class TextPair:
    """Two texts as ids, and the rows at which both are asked. target: of an encoder-decoder, what is written so far.

    row, clean_row: positions in the corrupted and in the clean text; of an encoder-decoder, both the decoder's.
    counterpart: as `align` gives it.
    """

    clean: tuple[int, ...]
    corrupted: tuple[int, ...]
    counterpart: tuple[int, ...]
    row: int
    clean_row: int
    target: str | None = None

    @property
    def even(self) -> bool:
        """Whether both have the same number of tokens."""
        return len(self.clean) == len(self.corrupted)

    @property
    def differ(self) -> tuple[int, ...]:
        """The positions of the corrupted text whose token differs from its counterpart."""
        pairs = zip(self.corrupted, self.counterpart)
        return tuple(at for at, (id, place) in enumerate(pairs) if place < 0 or self.clean[place] != id)

    @property
    def back(self) -> tuple[int, ...]:
        """For each position of the clean text the corrupted one's, or -1."""
        found = {place: at for at, place in enumerate(self.counterpart) if place >= 0}
        return tuple(found.get(at, -1) for at in range(len(self.clean)))


class Unlike(ValueError):
    """Raised when the two texts cannot be compared; the message says why and what to do."""


def text_pair(
    lm: LanguageModel, clean: Text, corrupted: Text, *, row: int = -1, target: str | None = None
) -> TextPair:
    """Encode both texts for one model, compared at `row` of the clean one (the decoder's row of an encoder-decoder).

    Raises:
        Unlike: the row has no counterpart in the corrupted text, or the texts are the same.
        ContextTooLong, ValueError: as `LanguageModel.encode`.
    """
    ids, others = (tuple(lm.encode(text)) for text in (clean, corrupted))
    if ids == others:
        raise Unlike(
            say("The corrupted text is the clean one: change a word of it, so that another answer is right.")
        )
    places = align(ids, others)
    if lm.config.shape == "encoder-decoder":
        written = 1 + (len(lm.encode(target, add_special_tokens=False)) if target else 0)
        at = row_of(row, written)
        return TextPair(
            clean=ids, corrupted=others, counterpart=places, row=at, clean_row=at, target=target or None
        )
    at = row_of(row, len(ids))
    if at not in places:
        raise Unlike(
            say(
                "The token that predicts stands where the two texts differ in length: give both as many tokens there."
            )
        )
    return TextPair(clean=ids, corrupted=others, counterpart=places, row=places.index(at), clean_row=at)
