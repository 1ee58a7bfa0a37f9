"""Lists said again: names and coloured things in a random order, twice to four times over.

Nothing foretells a list, and everything foretells its second saying: what a model gains there it gains by looking back
and copying. Stories need the same skill for their names, but give it less practice.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from core.data.toyland.dials import HELD_OUT_PAIRS
from core.data.toyland.words.people import HE_NAMES, SHE_NAMES
from core.data.toyland.words.things import COLOURS, THINGS

_NAMES = (*SHE_NAMES, *HE_NAMES)
_THINGS = tuple(word for kinds in THINGS.values() for word, _, _ in kinds)


def copies(seed: int = 0, split: str = "train") -> Iterator[str]:
    """Endless lists, each said on one line: "Nora, the red kite, Tim. Nora, the red kite, Tim."

    The same for the same seed. Colours of things that stories hold out are in the "held_out" lists, in each at least
    one, and in no other.
    """
    draw = random.Random(seed)
    while True:
        things = [(draw.choice(COLOURS), draw.choice(_THINGS)) for _ in range(draw.randint(2, 5))]
        names = [draw.choice(_NAMES) for _ in range(draw.randint(2, 7))]
        repeats = draw.randint(2, 4)
        if any(pair in HELD_OUT_PAIRS for pair in things) is not (split == "held_out"):
            continue
        items = [*names, *(f"the {colour} {thing}" for colour, thing in things)]
        draw.shuffle(items)
        line = ", ".join(items)
        yield " ".join([f"{line[0].upper()}{line[1:]}."] * repeats)
