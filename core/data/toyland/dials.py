"""What a lesson may turn, and the combinations kept out of training.

A split is by combination, never by chance alone: a colour and a thing, or a person and a place, each seen
often in training, but never together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.data.toyland.tables import read
from core.data.toyland.words import HOMONYMS

Split = Literal["train", "held_out", "any"]


@dataclass(frozen=True)
class _HeldOut:
    pairs: tuple[tuple[str, str], ...]
    places: tuple[tuple[str, str], ...]


_held_out = read("held_out", _HeldOut)
HELD_OUT_PAIRS = frozenset(_held_out.pairs)  # (colour, kind of thing)
HELD_OUT_PLACES = frozenset(_held_out.places)  # (name, place)


@dataclass(frozen=True)
class Dials:
    """What stories are drawn from.

    `she_share[profession]` is the share of women in it (0 to 1; one half where not named). "" stands for
    children and relatives: where it is not named, a companion is mostly of the other pronoun than the hero,
    which keeps both at one half. Held-out names, (colour, thing) pairs and (name, place) pairs never occur in
    the training split, and every story of the held-out split holds at least one of them.

    `sense_share[word][sense]` brings words with two meanings into the stories: each story then holds one scene
    with one of the words named, every word as often as the others, in each sense as often as its share says.
    Without it no story holds such a scene. The words and their senses are `words.HOMONYMS`.

    Raises ValueError for a share outside 0..1, shares of senses that do not add up to 1, a word or a sense that
    Toyland does not know.
    """

    she_share: Mapping[str, float] = field(default_factory=dict)
    held_out_names: frozenset[str] = frozenset()
    held_out_pairs: frozenset[tuple[str, str]] = HELD_OUT_PAIRS
    held_out_places: frozenset[tuple[str, str]] = HELD_OUT_PLACES
    sense_share: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for profession, share in self.she_share.items():
            if not 0 <= share <= 1:
                who = profession or "children"
                raise ValueError(f"the share of women among {who!r} is {share}, not in 0..1")
        for word, shares in self.sense_share.items():
            known = HOMONYMS.get(word)
            if known is None:
                raise ValueError(f"{word!r} has no two senses in Toyland: choose from {', '.join(HOMONYMS)}")
            if unknown := set(shares) - set(known):
                raise ValueError(
                    f"{word!r} has the senses {', '.join(known)}, not {', '.join(sorted(unknown))}"
                )
            if any(share < 0 for share in shares.values()) or abs(sum(shares.values()) - 1) > 1e-9:
                raise ValueError(f"the shares of the senses of {word!r} are not shares that add up to 1")
