"""Who and what a story is about: the entities an arc asks for, drawn under the dials.

A cast is written ``role:type@owner>where ...``, for example ``a:child x:toy@a b:friend>p p:place s:spot@p``.
Without ``>where`` a person starts at role `h` and a thing with its owner; ``>p/s`` is spot `s` of place `p`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from core.data.toyland import words
from core.data.toyland.dials import Dials, Split
from core.data.toyland.state import Entity, Person, Place, Spot, State, Thing, Word

T = TypeVar("T")
PEOPLE = frozenset({"child", "friend", "elder", "adult", "hero"})


def draw(rng: Random, options: Sequence[T]) -> T:
    """One of `options`, by one call of `rng`."""
    return options[int(rng.random() * len(options))]


@dataclass(frozen=True)
class Wanted:
    """One role of a cast."""

    role: str
    type: str
    owner: str
    where: str


def parse_cast(text: str) -> tuple[Wanted, ...]:
    """The roles that `text` asks for."""
    out = []
    for part in text.split():
        role, _, rest = part.partition(":")
        rest, _, where = rest.partition(">")
        kind, _, owner = rest.partition("@")
        out.append(Wanted(role, kind, owner, where))
    return tuple(out)


class Casting:
    """Draws the entities of one story; `roles` maps a role to an entity's id, `entities` an id to the
    entity."""

    def __init__(self, rng: Random, dials: Dials, split: Split):
        self.rng, self.dials, self.split = rng, dials, split
        self.roles: dict[str, str] = {}
        self.entities: dict[str, Entity] = {}

    def fill(self, wanted: tuple[Wanted, ...]) -> None:
        """Draw every role: places first, so that names can avoid them."""
        for want in wanted:
            if want.type in {"place", "home", "outside"} or want.type.partition("/")[0] in words.PLACES:
                self.add(want.role, self.place(want.type))
        for want in wanted:
            if want.role not in self.roles:
                self.add(want.role, self.other(want))

    def add(self, role: str, entity: Entity) -> None:
        """Give `role` to `entity`."""
        self.roles[role] = entity.id
        self.entities[entity.id] = entity

    def other(self, want: Wanted) -> Entity:
        """Somebody, something, a spot or a word."""
        kind = want.type
        if kind.partition("/")[0] in PEOPLE:
            return self.person(draw(self.rng, kind.split("/")))
        if kind.partition("/")[0] in words.PROFESSIONS:
            return self.person(kind)
        if kind in {"spot", "homespot"}:
            return self.spot(self.roles[want.owner], words.HOME_SPOTS if kind == "homespot" else ())
        if kind in words.POOLS:
            return self.word(kind)
        return self.thing(kind)

    def place(self, kind: str) -> Place:
        """A place not yet in the story."""
        groups = {"home": words.HOME_NAMES, "place": words.PLACE_NAMES, "outside": words.OUTSIDE}
        options = groups.get(kind) or kind.split("/")
        while True:
            name = draw(self.rng, options)
            if name not in self.entities:
                at, spots = words.PLACES[name]
                return Place(name, name, at, spots)

    def spot(self, place: str, phrases: Sequence[str] = ()) -> Spot:
        """A corner of `place` that is not yet in the story."""
        while True:
            phrase = draw(self.rng, phrases or words.PLACES[place][1])
            if phrase not in self.entities:
                return Spot(phrase, phrase, place)

    def word(self, pool: str) -> Word:
        """A word of `pool`."""
        text = draw(self.rng, words.POOLS[pool])
        return Word(f"{pool}:{text}", text)

    def person(self, kind: str) -> Person:
        """Somebody new, whose name may be used in all places of the story.

        Raises ValueError if every name is taken or held out.
        """
        rng, profession, kin = self.rng, "", ""
        grown = kind in {"adult", "elder"} or kind not in PEOPLE or (kind == "hero" and rng.random() < 0.3)
        if grown and kind != "elder":
            options = words.PROFESSIONS if kind in PEOPLE else kind.split("/")
            taken = {e.profession for e in self.entities.values() if isinstance(e, Person)}
            profession = draw(rng, [job for job in options if job not in taken] or options)
        pronoun = "she" if rng.random() < self.dials.she_share.get(profession, 0.5) else "he"
        hero = self.entities.get(self.roles.get("a", ""))
        if isinstance(hero, Person) and kind in {"friend", "elder"}:
            pool = words.ELDERS if kind == "elder" else words.GROWN_KIN if hero.profession else words.KIN
            kin = draw(rng, pool[pronoun])
        if kin and isinstance(hero, Person) and "" not in self.dials.she_share and rng.random() < 0.75:
            pronoun = "he" if hero.pronoun == "she" else "she"  # two people are easier to tell apart
            kin = draw(rng, pool[pronoun])
        names = [
            name
            for name in (words.SHE_NAMES if pronoun == "she" else words.HE_NAMES)
            if name not in self.entities and self.may_be_called(name)
        ]
        if not names:
            raise ValueError("the dials leave no name for everybody in the story")
        name = draw(rng, names)
        return Person(name, name, pronoun, profession, kin, hero.id if kin and hero else "")

    def may_be_called(self, name: str) -> bool:
        """Whether a training story with these places may hold `name`."""
        if self.split != "train":
            return True
        return name not in self.dials.held_out_names and not any(
            (name, place) in self.dials.held_out_places for place in self.entities
        )

    def thing(self, tags: str) -> Thing:
        """Something of one of the themes or kinds of `tags`, of a kind not yet in the story."""
        rng = self.rng
        for _ in range(1000):
            name = draw(rng, tags.split("/"))
            tag = words.TAGS.get(name, name)
            kind, use, used = draw(rng, [row for row in words.THINGS[tag] if name in {tag, row[0]}])
            colour = draw(rng, words.colours(tag, kind))
            if kind in self.entities or (
                self.split == "train" and (colour, kind) in self.dials.held_out_pairs
            ):
                continue
            size = draw(rng, words.SIZES) if tag not in {"food", "snack", "plant"} else ""
            return Thing(kind, kind, colour, size, use, used, tag)
        raise ValueError(f"the dials leave no colour for any {tags}")


def first_state(wanted: tuple[Wanted, ...], casting: Casting) -> State:
    """What is true before the story begins."""
    roles, facts = casting.roles, {}
    facts["world", "weather"] = draw(casting.rng, words.POOLS["weather"])
    facts["world", "time"] = draw(casting.rng, words.POOLS["dayparts"])
    for want in wanted:
        entity = casting.entities[roles[want.role]]
        if isinstance(entity, Place):
            facts[entity.id, "open"] = "yes"
        elif isinstance(entity, Person):
            facts[entity.id, "where"] = roles[want.where or "h"]
            facts[entity.id, "mood"] = "calm"
        elif isinstance(entity, Thing):
            if want.owner:
                facts[entity.id, "owner"] = roles[want.owner]
            where, _, spot = want.where.partition("/")
            facts[entity.id, "where"] = roles[where or want.owner] if where or want.owner else "nowhere"
            if spot:
                facts[entity.id, "spot"] = roles[spot]
    return State(facts)
