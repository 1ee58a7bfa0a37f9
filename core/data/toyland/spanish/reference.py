"""How a clause speaks of whom and of what: by name, by description or by a pronoun, in both languages alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from core.data.toyland.spanish.notation import Piece, Pieces, Slot, Telling
from core.data.toyland.spanish.phrase import Say, What, Where, Who
from core.data.toyland.state import Entity, Person, Place, Spot, State, Thing, Word
from core.data.toyland.words import MASS

Speaker = Who | What | Where | Say


@dataclass
class Memory:
    """What the item has spoken of before this clause: people, ids of things, and the id of the last subject."""

    people: list[Person] = field(default_factory=list)
    things: list[str] = field(default_factory=list)
    subject: str = ""


@dataclass(frozen=True)
class Setting:
    """Where a clause is told: the state before its event, the story's entities, and what was said before it."""

    state: State
    entities: Mapping[str, Entity]
    memory: Memory
    rng: Random


class References:
    """Goes through an English telling and decides, by draws of the setting's rng, how each role is spoken of.

    speakers: for a role of the telling, whoever says it.
    """

    def __init__(self, telling: Telling, english: Pieces, roles: Mapping[str, str], at: Setting, zone: str):
        self.telling, self.roles, self.at, self.zone = telling, roles, at, zone
        self.begins = telling.english[0]
        named = [role for piece in english for role in roles_of(piece)]
        here = [at.entities.get(roles.get(role, "")) for role in named]
        self.company = [entity for entity in here if isinstance(entity, Person)]
        self.speakers: dict[str, Speaker] = {}
        self.settled: set[str] = set()  # roles of the things whose article is chosen
        quoting = False
        for piece in english:
            quoting ^= piece == '"'
            if isinstance(piece, Slot):
                for role in roles_of(piece):
                    self.meet(role, piece, quoting)
        at.memory.subject = self.subject(english)

    def meet(self, role: str, slot: Slot, quoting: bool) -> None:
        """Decide on a role where the telling names it."""
        memory = self.at.memory
        if role not in self.speakers:
            self.speakers[role] = self.speaker(role, slot.form, plain=quoting or "+" in slot.role)
        speaker = self.speakers[role]
        if isinstance(speaker, Who) and speaker.person not in memory.people:
            memory.people.append(speaker.person)
        elif (
            isinstance(speaker, What) and slot.form not in {"use", "used", "it"} and role not in self.settled
        ):
            self.settled.add(role)
            self.speakers[role] = self.what(speaker, role, slot.form, quoting)
            if speaker.thing.id not in memory.things:
                memory.things.append(speaker.thing.id)

    def speaker(self, role: str, form: str, plain: bool) -> Speaker:
        """Whoever says `role`, met in `form` for the first time; `plain`: a person by name only."""
        entity, zone = self.at.entities[self.roles[role]], f"{self.zone}.{role}"
        if isinstance(entity, Person):
            return self.who(entity, role, form, zone, plain)
        if isinstance(entity, Thing):
            return What(entity, zone)
        if isinstance(entity, (Place, Spot)):
            return Where(entity, zone)
        assert isinstance(entity, Word)
        return Say(entity, zone)

    def who(self, person: Person, role: str, form: str, zone: str, plain: bool) -> Who:
        """A name, a pronoun where nobody else could be meant, or an introduction."""
        said, rng = self.at.memory.people, self.at.rng
        if form in {"n", "voc"} or plain:
            return Who(person, zone)
        if form in {"he", "him", "his"}:
            return Who(person, zone, "she")
        if person in said:
            rivals = any(p.pronoun == person.pronoun and p.id != person.id for p in (*said, *self.company))
            free = role in self.telling.it or (role == "a" and self.telling.predicate)
            if free and not rivals and rng.random() < 0.8:
                return Who(person, zone, "she", same=self.at.memory.subject == person.id)
            return Who(person, zone)
        chance = rng.random()
        if person.profession and chance < 0.3:
            return Who(person, zone, "the baker Nora" if chance < 0.15 else "Nora the baker")
        owner = self.at.entities.get(person.kin_of)
        if isinstance(owner, Person) and owner in said and chance < 0.5:
            return Who(person, zone, "her brother Nora", owner=owner.pronoun)
        return Who(person, zone)

    def what(self, speaker: What, role: str, form: str, quoting: bool) -> What:
        """A thing with article, colour and size; a quotation does not say whose it is, nor that it is new."""
        chance, thing, zone = self.at.rng.random(), speaker.thing, speaker.zone
        known = thing.id in self.at.memory.things
        if form == "bare":
            return What(thing, zone, "no", coloured=not known and chance < 0.7)
        if form == "a":
            return What(thing, zone, "a", sized=bool(thing.size) and chance < 0.35)
        if known:
            it = form == "" and self.alone(role, thing) and chance < 0.8
            return What(thing, zone, "it" if it else "the", coloured=False)
        owner = self.at.entities.get(self.at.state.get(thing.id, "owner"))
        mine = isinstance(owner, Person) and owner in self.at.memory.people and not quoting
        if isinstance(owner, Person) and mine and (form == "own" or (form == "" and chance < 0.3)):
            return What(thing, zone, "her", owner=owner.pronoun)
        if form == "" and chance > 0.82 and not quoting and thing.kind not in MASS:
            return What(thing, zone, "a", sized=bool(thing.size) and chance > 0.91)
        return What(thing, zone, coloured=form != "" or chance <= 0.74)

    def alone(self, role: str, thing: Thing) -> bool:
        """Whether "it" can only be `thing` and does not begin a sentence, where Spanish would have to name it."""
        begins = isinstance(self.begins, Slot) and self.begins.role == role
        return role in self.telling.it and not begins and self.at.memory.things == [thing.id]

    def subject(self, english: Pieces) -> str:
        """The id of whom the clause leaves in mind as its subject, so that Spanish need not name them again; "" for
        several or nobody."""
        for number, piece in enumerate(english):
            if not isinstance(piece, Slot) or piece.form not in {"", "n"}:
                continue
            if isinstance(self.speakers.get(piece.role), Who):
                both = english[number + 1 : number + 2] == ("and",) and isinstance(english[number + 2], Slot)
                return "" if both else self.roles[piece.role]
        return self.at.memory.subject if self.telling.predicate else ""


def roles_of(piece: Piece) -> list[str]:
    """The roles that a piece names."""
    return piece.role.split("+") if isinstance(piece, Slot) else []
