"""Which held-out combinations a story holds, and how a held-out story gets one."""
from __future__ import annotations

from dataclasses import replace

from core.data.toyland import words
from core.data.toyland.cast import Casting, draw
from core.data.toyland.dials import Dials
from core.data.toyland.plan import Arc
from core.data.toyland.state import Entity, Person, Place, Spot, Thing


def combinations(entities: dict[str, Entity], text: str, dials: Dials) -> list[tuple[str, str]]:
    """The held-out combinations that the story of `entities`, told as `text`, lets its reader see."""
    found = []
    names = [e.name for e in entities.values() if isinstance(e, Person) and e.name in text]
    for entity in entities.values():
        if isinstance(entity, Thing) and (entity.colour, entity.kind) in dials.held_out_pairs:
            if f"{entity.colour} {entity.kind}" in text:
                found.append((entity.colour, entity.kind))
        elif isinstance(entity, Place) and f"the {entity.name}" in text:
            found.extend((name, entity.name) for name in names if (name, entity.name) in dials.held_out_places)
    found.extend((name, "") for name in names if name in dials.held_out_names)
    return found


def settle(casting: Casting, plan: Arc) -> None:
    """Change one entity of the cast so that the story may hold a held-out combination.

    Raises ValueError if the dials hold nothing out.
    """
    dials, rng = casting.dials, casting.rng
    pairs, places, names = (sorted(dials.held_out_pairs), sorted(dials.held_out_places), sorted(dials.held_out_names))
    ways = [way for way, options in ((_pair, pairs), (_place, places), (_name, names)) if options]
    if not ways:
        raise ValueError("the dials hold nothing out, so there is no held-out story")
    draw(rng, ways)(casting, draw(rng, pairs or places or names), plan)  # type: ignore[arg-type]


def _swap(casting: Casting, old: str, new: Entity) -> None:
    casting.entities = {key: value for key, value in casting.entities.items() if key != old}
    casting.entities[new.id] = new
    casting.roles = {role: new.id if name == old else name for role, name in casting.roles.items()}


def _pair(casting: Casting, _: object, plan: Arc) -> None:
    """Give a thing a held-out colour, exchanging it for one of the same theme."""
    things = [e for e in casting.entities.values() if isinstance(e, Thing)]
    options = [(old, colour, kind, use, used) for old in things for kind, use, used in words.THINGS[old.tag]
               for colour in words.colours(old.tag, kind)
               if (colour, kind) in casting.dials.held_out_pairs and (kind == old.id or kind not in casting.entities)]
    if options:
        old, colour, kind, use, used = draw(casting.rng, options)
        _swap(casting, old.id, replace(old, id=kind, kind=kind, colour=colour, use=use, used=used))


def _rename(casting: Casting, old: Person, name: str) -> None:
    if name in casting.entities:
        return
    _swap(casting, old.id, replace(old, id=name, name=name))
    for key, entity in casting.entities.items():
        if isinstance(entity, Person) and entity.kin_of == old.id:
            casting.entities[key] = replace(entity, kin_of=name)


def _people(casting: Casting, name: str) -> list[Person]:
    pronoun = "she" if name in words.SHE_NAMES else "he"
    return [e for e in casting.entities.values() if isinstance(e, Person) and e.pronoun == pronoun]


def _place(casting: Casting, _: object, plan: Arc) -> None:
    """Give somebody a name that is never heard with one of the story's places."""
    places = [e.name for e in casting.entities.values() if isinstance(e, Place)]
    options = [(old, name) for name, place in sorted(casting.dials.held_out_places) if place in places
               for old in _people(casting, name)]
    if options:
        old, name = draw(casting.rng, options)
        _rename(casting, old, name)


def _name(casting: Casting, _: object, plan: Arc) -> None:
    """Give somebody a held-out name."""
    options = [(old, name) for name in sorted(casting.dials.held_out_names) for old in _people(casting, name)]
    if options:
        old, name = draw(casting.rng, options)
        _rename(casting, old, name)


__all__ = ["Spot", "combinations", "settle"]
