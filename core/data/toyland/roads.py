"""Which places are connected: the roads of Toyland, and the way from one place to another.

Every place stays within reach when any one other is closed, so a blocked road never keeps anybody from a third
place.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise

from core.data.toyland.state import State
from core.data.toyland.tables import DamagedTable, lines, read
from core.data.toyland.words import PLACES


@dataclass(frozen=True)
class _Roads:
    roads: str


def _neighbours() -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {name: set() for name in PLACES}
    for road in lines(read("roads", _Roads).roads):
        for one, other in pairwise(road.split()):
            if not {one, other} <= found.keys():
                raise DamagedTable(
                    "roads", f"no place on the road from {one} to {other} in words/places.toml"
                )
            found[one].add(other)
            found[other].add(one)
    return {name: tuple(sorted(places)) for name, places in found.items()}


NEIGHBOURS = _neighbours()  # place -> the places one road away, sorted


def route(start: str, end: str, state: State | None = None) -> tuple[str, ...]:
    """A shortest way from `start` to `end`, both included; through open places only, if a `state` is given.

    Empty if there is none. Places are ids, as a state's "where" gives them. Raises ValueError for an unknown
    place.
    """
    for place in (start, end):
        if place not in NEIGHBOURS:
            raise ValueError(f"Toyland has no place {place!r}")
    came_from = {start: ""}
    waiting = deque([start])
    while waiting and end not in came_from:
        here = waiting.popleft()
        for place in NEIGHBOURS[here]:
            if place not in came_from and (state is None or state.get(place, "open") != "no"):
                came_from[place] = here
                waiting.append(place)
    if end not in came_from:
        return ()
    way = [end]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return tuple(reversed(way))
