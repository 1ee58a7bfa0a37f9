"""Toyland's words in Spanish: people, things, places and corners, small words, and the adjectives that agree.

They stand in nouns.toml, phrases.toml and spots.toml.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from core.data.toyland.tables import DamagedTable, Table, read
from core.data.toyland.words import ELDERS, GROWN_KIN, KIN


@dataclass(frozen=True)
class _Nouns:
    things: dict[str, tuple[str, str, str, str]]
    colours: dict[str, str]
    special: dict[str, str]
    sizes: dict[str, str]
    professions: dict[str, tuple[str, str]]
    relations: dict[str, str]
    titles: dict[str, str]
    places: dict[str, str]
    prepositions: dict[str, str]


@dataclass(frozen=True)
class _Phrases:
    pools: dict[str, dict[str, str]]
    openers: dict[str, str]


@cache
def _nouns() -> _Nouns:
    found = read("spanish/nouns", _Nouns)
    for kin in (kin for pool in (KIN, ELDERS, GROWN_KIN) for kins in pool.values() for kin in kins):
        if kin not in found.relations:
            raise DamagedTable("spanish/nouns", f"relations has no {kin!r}")
    return found


@cache
def _phrases() -> _Phrases:
    return read("spanish/phrases", _Phrases)


def _special() -> dict[tuple[str, str], str]:
    found = {}
    for phrase, adjective in _nouns().special.items():
        colour, kind = phrase.split()
        found[colour, kind] = adjective
    return found


# thing: (noun, gender, what one does with it, what one did with it)
THINGS = Table(lambda: _nouns().things)
COLOURS = Table(lambda: _nouns().colours)
SPECIAL = Table(_special)  # (colour, thing)
SIZES = Table(lambda: _nouns().sizes)  # these stand before the noun
AFTER = {"new"}  # but this after its colour
PROFESSIONS = Table(lambda: _nouns().professions)  # (he, she)
RELATIONS = Table(lambda: _nouns().relations)
TITLES = Table(lambda: _nouns().titles)
PLACES = Table(lambda: _nouns().places)
PREPOSITIONS = Table(lambda: _nouns().prepositions)
POOLS = Table(lambda: _phrases().pools)
OPENERS = Table(lambda: _phrases().openers)
SPOTS = Table(lambda: read("spanish/spots", dict[str, str]))


def inflected(adjective: str, gender: str) -> str:
    """An adjective in the form that `gender` asks for: "roj@" is "roja" for f, "rojos" for mp.

    Only the adjectives with "@" have forms for the plural here: Toyland's things are single.
    """
    return adjective.replace("@", {"m": "o", "f": "a", "mp": "os", "fp": "as"}[gender.rstrip("*")])
