"""What a lesson may turn, and the combinations kept out of training.

A split is by combination, never by chance alone: a colour and a thing, or a person and a place, each seen
often in training, but never together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Split = Literal["train", "held_out", "any"]

HELD_OUT_PAIRS = frozenset(
    {  # (colour, kind of thing)
        ("green", "kite"),
        ("yellow", "boat"),
        ("purple", "ball"),
        ("white", "drum"),
        ("red", "scarf"),
        ("blue", "hat"),
        ("black", "umbrella"),
        ("orange", "wagon"),
        ("pink", "book"),
        ("silver", "bell"),
        ("grey", "kitten"),
        ("brown", "puppy"),
        ("golden", "key"),
        ("blue", "lantern"),
        ("green", "bucket"),
        ("red", "basket"),
        ("black", "pony"),
        ("white", "rope"),
        ("spotted", "goat"),
        ("red", "tulip"),
        ("yellow", "rose"),
        ("orange", "pumpkin"),
        ("purple", "purse"),
        ("brown", "top"),
    }
)
HELD_OUT_PLACES = frozenset(
    {  # (name, place)
        ("Nora", "castle"),
        ("Tom", "mill"),
        ("Lily", "harbour"),
        ("Ben", "library"),
        ("Anna", "forest"),
        ("Max", "beach"),
        ("Mia", "market"),
        ("Sam", "orchard"),
        ("Clara", "bridge"),
        ("Leo", "river"),
        ("Ruth", "lake"),
        ("Finn", "school"),
        ("Maya", "park"),
        ("Hugo", "garden"),
        ("Rosa", "station"),
        ("Jack", "farm"),
        ("Jane", "tower"),
        ("Luke", "barn"),
        ("Molly", "bakery"),
        ("Paul", "hill"),
        ("Amina", "meadow"),
        ("Ravi", "pond"),
        ("Leila", "cave"),
        ("Omar", "field"),
    }
)


@dataclass(frozen=True)
class Dials:
    """What stories are drawn from.

    `she_share[profession]` is the share of women in it (0 to 1; one half where not named). "" stands for
    children and relatives: where it is not named, a companion is mostly of the other pronoun than the hero,
    which keeps both at one half. Held-out names, (colour, thing) pairs and (name, place) pairs never occur in
    the training split, and every story of the held-out split holds at least one of them.
    """

    she_share: Mapping[str, float] = field(default_factory=dict)
    held_out_names: frozenset[str] = frozenset()
    held_out_pairs: frozenset[tuple[str, str]] = HELD_OUT_PAIRS
    held_out_places: frozenset[tuple[str, str]] = HELD_OUT_PLACES

    def __post_init__(self) -> None:
        for profession, share in self.she_share.items():
            if not 0 <= share <= 1:
                who = profession or "children"
                raise ValueError(f"the share of women among {who!r} is {share}, not in 0..1")
