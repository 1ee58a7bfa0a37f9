"""Toyland's words, as data: who lives there, what they own, where they go."""

from __future__ import annotations

from core.data.toyland.words.people import ELDERS, GROWN_KIN, HE_NAMES, KIN, PROFESSIONS, SHE_NAMES, TITLES
from core.data.toyland.words.places import HOME_SPOTS, HOMES, OUTSIDE, PLACES
from core.data.toyland.words.small import POOLS
from core.data.toyland.words.things import COATS, COLOURS, FLAVOURS, MASS, PLANT_COLOURS, SIZES, TAGS, THINGS

__all__ = [
    "COATS",
    "COLOURS",
    "ELDERS",
    "FLAVOURS",
    "GROWN_KIN",
    "HE_NAMES",
    "HOMES",
    "HOME_NAMES",
    "HOME_SPOTS",
    "KIN",
    "MASS",
    "OUTSIDE",
    "PLACES",
    "PLACE_NAMES",
    "PLANT_COLOURS",
    "POOLS",
    "PROFESSIONS",
    "SHE_NAMES",
    "SIZES",
    "TAGS",
    "THINGS",
    "TITLES",
    "colours",
]

PLACE_NAMES = tuple(PLACES)
HOME_NAMES = tuple(HOMES)


def colours(tag: str, kind: str) -> tuple[str, ...]:
    """The colours (or, of food, the flavours) in which a kind of thing comes."""
    if tag == "pet":
        return COATS
    if tag == "plant":
        return PLANT_COLOURS[kind]
    return FLAVOURS.get(kind, COLOURS)
