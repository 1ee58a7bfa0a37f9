"""Which held-out combinations a story holds, and how a held-out story gets one."""

from __future__ import annotations

import re
from dataclasses import replace

from core.data.toyland import words
from core.data.toyland.cast import Casting, draw
from core.data.toyland.dials import Dials
from core.data.toyland.state import Entity, Person, Place, Thing


def combinations(entities: dict[str, Entity], text: str, dials: Dials) -> list[tuple[str, str]]:
    """The held-out combinations that the story of `entities`, told as `text`, lets its reader see."""
    found = []
    names = [e.name for e in entities.values() if isinstance(e, Person) and re.search(rf"\b{e.name}\b", text)]
    for entity in entities.values():
        if isinstance(entity, Thing) and (entity.colour, entity.kind) in dials.held_out_pairs:
            if re.search(rf"\b{entity.colour} {entity.kind}\b", text):
                found.append((entity.colour, entity.kind))
        elif isinstance(entity, Place) and re.search(rf"\b{entity.name}\b", text):
            found.extend(
                (name, entity.name) for name in names if (name, entity.name) in dials.held_out_places
            )
    found.extend((name, "") for name in names if name in dials.held_out_names)
    return found


def settle(casting: Casting) -> None:
    """Change one entity of the cast so that the story may hold a held-out combination.

    Raises ValueError if the dials hold nothing out.
    """
    dials = casting.dials
    kinds = (
        (_recolour, dials.held_out_pairs),
        (_place, dials.held_out_places),
        (_name, dials.held_out_names),
    )
    ways = [way for way, held_out in kinds if held_out]
    if not ways:
        raise ValueError("the dials hold nothing out, so there is no held-out story")
    draw(casting.rng, ways)(casting)


def _swap(casting: Casting, old: str, new: Entity) -> None:
    casting.entities = {key: value for key, value in casting.entities.items() if key != old}
    casting.entities[new.id] = new
    casting.roles = {role: new.id if name == old else name for role, name in casting.roles.items()}


def _recolour(casting: Casting) -> None:
    """Give a thing a held-out colour, exchanging it for one of the same theme."""
    things = [e for e in casting.entities.values() if isinstance(e, Thing)]
    options = [
        (old, colour, kind, use, used)
        for old in things
        for kind, use, used in words.THINGS[old.tag]
        for colour in words.colours(old.tag, kind)
        if (colour, kind) in casting.dials.held_out_pairs and (kind == old.id or kind not in casting.entities)
    ]
    if options:
        old, colour, kind, use, used = draw(casting.rng, options)
        _swap(casting, old.id, replace(old, id=kind, kind=kind, colour=colour, use=use, used=used))


def _place(casting: Casting) -> None:
    """Give somebody a name that is never heard with one of the story's places."""
    places = [e.name for e in casting.entities.values() if isinstance(e, Place)]
    _rename(casting, [name for name, place in sorted(casting.dials.held_out_places) if place in places])


def _name(casting: Casting) -> None:
    """Give somebody a held-out name."""
    _rename(casting, sorted(casting.dials.held_out_names))


def _rename(casting: Casting, names: list[str]) -> None:
    people = [e for e in casting.entities.values() if isinstance(e, Person)]
    options = [
        (old, name)
        for name in names
        for old in people
        if name not in casting.entities and (old.pronoun == "she") == (name in words.SHE_NAMES)
    ]
    if not options:
        return
    old, name = draw(casting.rng, options)
    _swap(casting, old.id, replace(old, id=name, name=name))
    for key, entity in casting.entities.items():
        if isinstance(entity, Person) and entity.kin_of == old.id:
            casting.entities[key] = replace(entity, kin_of=name)
