"""Say which neurons are off: those switched off by hand, as text for the link, and a group chosen by their strength.

By hand: "3.419 3.7" are neurons 419 and 7 of block 3; an "e" in front names an encoder-decoder's encoder. `neuron.js`
reads and writes the same. A group is made of the followed token's neurons, by how much each writes there.
"""

from __future__ import annotations

import re
from typing import Literal

from core.analysis.neurons.feed_forward import TokenSteps
from core.messages import mark

Group = Literal["none", "strongest", "others", "all"]
GROUPS: dict[str, str] = {
    "none": mark("by hand"),
    "strongest": mark("the strongest"),
    "others": mark("all but the strongest"),
    "all": mark("all of the block"),
}
COUNTS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)

_PART = re.compile(r"(e?)([0-9]{1,3})\.([0-9]{1,6})")


def read_silent(text: str, mark: str, block: int, neurons: int) -> tuple[int, ...]:
    """Read which neurons of one block `text` switches off, in order; whatever does not fit is left out.

    Args:
        mark: "e" for an encoder-decoder's encoder, else "".
    """
    found = (_PART.fullmatch(part) for part in text.split())
    here = {int(one[3]) for one in found if one is not None and (one[1], int(one[2])) == (mark, block)}
    return tuple(sorted(neuron for neuron in here if neuron < neurons))


def counts(neurons: int) -> list[int]:
    """List the sizes of a group of strongest neurons that can be chosen: fewer than there are."""
    return [count for count in COUNTS if count < neurons] or [1]


def nearest(count: int, neurons: int) -> int:
    """Find the size that can be chosen which is nearest to `count`."""
    return min(counts(neurons), key=lambda one: (abs(one - count), one))


def group(steps: TokenSteps, chosen: Group, count: int) -> tuple[int, ...]:
    """List the neurons of a group, in order.

    Args:
        steps: the token's, with nothing off. count: how many are the strongest.
    """
    every = range(len(steps.post))
    strongest = set(steps.strongest(count))
    if chosen == "strongest":
        return tuple(sorted(strongest))
    if chosen == "others":
        return tuple(neuron for neuron in every if neuron not in strongest)
    return tuple(every) if chosen == "all" else ()


def source(by_hand: tuple[int, ...], chosen: Group, count: int) -> str:
    """Write the same choice as Python that finds it again from `as_is`, a TokenSteps."""
    others = {
        "strongest": f"as_is.strongest({count})",
        "others": f"set(range(len(as_is.post))) - set(as_is.strongest({count}))",
        "all": "range(len(as_is.post))",
    }
    if chosen == "none":
        return repr(list(by_hand))
    return f"sorted({{*{list(by_hand)!r}, *({others[chosen]})}})" if by_hand else f"sorted({others[chosen]})"
