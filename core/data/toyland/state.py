"""What is true in Toyland at one moment, and who and what can be spoken of.

Entities never change; what is true of them lives in `State`, a map of facts ``(entity id, attribute) ->
value``. A state is never edited: every event makes the next one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Change = tuple[str, str, str]  # (entity id, attribute, new value)


@dataclass(frozen=True)
class Person:
    """Somebody: `pronoun` is "she" or "he"; `profession` is empty for a child."""

    id: str
    name: str
    pronoun: str
    profession: str = ""
    kin: str = ""  # what they are to `kin_of`: "friend", "sister", ...
    kin_of: str = ""


@dataclass(frozen=True)
class Thing:
    """Something that can be held: `use` and `used` are what one does with it, now and in the past."""

    id: str
    kind: str
    colour: str
    size: str
    use: str
    used: str
    tag: str


@dataclass(frozen=True)
class Place:
    """Somewhere: `at` is the preposition of being there ("in", "by"), and `spots` its hiding places."""

    id: str
    name: str
    at: str
    spots: tuple[str, ...]


@dataclass(frozen=True)
class Spot:
    """A corner of a place, as a phrase: "under the old bench"."""

    id: str
    phrase: str
    place: str


@dataclass(frozen=True)
class Word:
    """A word or phrase that a telling may use and that is true of the story, such as its weather."""

    id: str
    text: str


Entity = Person | Thing | Place | Spot | Word


@dataclass(frozen=True)
class State:
    """Everything that holds at one moment: `facts[(entity id, attribute)]`; an absent fact reads as ""."""

    facts: dict[tuple[str, str], str]

    def get(self, entity: str, attribute: str) -> str:
        """The value of a fact; "at" is computed: the place where something is, through whoever holds it."""
        if attribute == "at":
            return self.place_of(entity)
        return self.facts.get((entity, attribute), "")

    def place_of(self, entity: str) -> str:
        """The place where a person or a thing is, also when it is in somebody's hands."""
        where = entity
        while (where, "where") in self.facts:
            where = self.facts[(where, "where")]
        return where

    def after(self, changes: Iterable[Change]) -> State:
        """The state once `changes` have happened; this one stays as it was."""
        facts = dict(self.facts)
        for entity, attribute, value in changes:
            facts[(entity, attribute)] = value
        return State(facts)
