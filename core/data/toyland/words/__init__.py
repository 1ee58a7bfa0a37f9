"""Toyland's words: who lives there, what they own, where they go, and which words have two meanings.

They stand in the files of this folder. All but the words with two meanings belong to every story and are read at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from core.data.toyland.tables import Table, lines, read


@dataclass(frozen=True)
class _People:
    she_names: tuple[str, ...]
    he_names: tuple[str, ...]
    professions: tuple[str, ...]
    kin: dict[str, tuple[str, ...]]
    grown_kin: dict[str, tuple[str, ...]]
    elders: dict[str, tuple[str, ...]]
    titles: dict[str, str]


@dataclass(frozen=True)
class _Place:
    at: str
    spots: tuple[str, ...]


@dataclass(frozen=True)
class _Places:
    home_spots: tuple[str, ...]
    outside: tuple[str, ...]
    homes: dict[str, str]
    places: dict[str, _Place]


@dataclass(frozen=True)
class _Things:
    colours: tuple[str, ...]
    coats: tuple[str, ...]
    sizes: tuple[str, ...]
    mass: tuple[str, ...]
    things: dict[str, dict[str, tuple[str, str]]]
    flavours: dict[str, tuple[str, ...]]
    plant_colours: dict[str, tuple[str, ...]]


_people = read("words/people", _People)
SHE_NAMES, HE_NAMES, PROFESSIONS = _people.she_names, _people.he_names, _people.professions
# pronoun -> what one may be to somebody
KIN, GROWN_KIN, ELDERS = _people.kin, _people.grown_kin, _people.elders
TITLES = _people.titles

_places = read("words/places", _Places)
PLACES = {name: (place.at, place.spots) for name, place in _places.places.items()}
HOMES, HOME_SPOTS, OUTSIDE = _places.homes, _places.home_spots, _places.outside
PLACE_NAMES, HOME_NAMES = tuple(PLACES), tuple(HOMES)

_things = read("words/things", _Things)
# theme -> (kind, what one does with it, what one did with it)
THINGS: dict[str, tuple[tuple[str, str, str], ...]] = {
    tag: tuple((kind, use, used) for kind, (use, used) in kinds.items())
    for tag, kinds in _things.things.items()
}
TAGS = {kind: tag for tag, kinds in THINGS.items() for kind, _, _ in kinds}
COLOURS, COATS, SIZES = _things.colours, _things.coats, _things.sizes
FLAVOURS, PLANT_COLOURS = _things.flavours, _things.plant_colours
MASS = frozenset(_things.mass)

POOLS = read("words/small", dict[str, tuple[str, ...]])


def colours(tag: str, kind: str) -> tuple[str, ...]:
    """The colours (or, of food, the flavours) in which a kind of thing comes."""
    if tag == "pet":
        return COATS
    if tag == "plant":
        return PLANT_COLOURS[kind]
    return FLAVOURS.get(kind, COLOURS)


@dataclass(frozen=True)
class _Sense:
    other: str
    scenes: str
    cues: str


@dataclass(frozen=True)
class _Homonyms:
    begin: str
    senses: dict[str, dict[str, _Sense]]


@cache
def _homonyms() -> _Homonyms:
    return read("words/homonyms", _Homonyms)


def _by_sense(said: Callable[[str, _Sense], str]) -> Mapping[str, dict[str, str]]:
    """Word -> sense -> what is said of it."""
    return Table(
        lambda: {
            word: {sense: said(word, one) for sense, one in senses.items()}
            for word, senses in _homonyms().senses.items()
        }
    )


def _tellings(word: str, sense: _Sense) -> str:
    """Whole scenes, then those of the cues ("{a} remembered a bank where frogs jumped ..."), one a line."""
    return sense.scenes + "".join(f"{_homonyms().begin} a {word} {cue}.\n" for cue in lines(sense.cues))


HOMONYMS = _by_sense(_tellings)
OTHER = _by_sense(lambda word, sense: sense.other)  # another word for it
CUES = _by_sense(lambda word, sense: sense.cues)  # one a line
