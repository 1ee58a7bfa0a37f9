"""One event told in both languages: what stands for whom, and the words of the English and of every Spanish telling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from core.data.toyland.event import Happening
from core.data.toyland.spanish.notation import Clitic, Piece, Pieces, Slot, Telling
from core.data.toyland.spanish.nouns import inflected
from core.data.toyland.spanish.phrase import CLITICS, Say, Token, Tokens, What, Where, Who
from core.data.toyland.state import Entity, Person, Place, Spot, State, Thing, Word
from core.data.toyland.words import MASS

# Words whose gender is not in their last letter alone.
IRREGULAR = {("un", "o"): "un", ("Un", "o"): "Un", ("ladr", "o"): "ladrón", ("ladr", "a"): "ladrona"}
Speaker = Who | What | Where | Say


@dataclass
class Memory:
    """What the item has spoken of before this clause: ids of people and things, and the last subject."""

    people: list[Person] = field(default_factory=list)
    things: list[str] = field(default_factory=list)
    subject: str = ""


def said(words: Tokens) -> Tokens:
    """ "she said" for "said she" after a quotation."""
    for at in range(2, len(words)):
        if words[at].text in {"he", "she"} and words[at - 2].text == '"' and words[at - 1].text.isalpha():
            return [*words[: at - 1], words[at], words[at - 1], *words[at + 1 :]]
    return words


class Clause:
    """A happening told by one telling; `english` and `spanish[i]` are its words without the final stop of a predicate.

    The draws of `rng` choose how each role is spoken of; every Spanish telling speaks of it in the same way.
    """

    def __init__(
        self,
        telling: Telling,
        happening: Happening,
        state: State,
        entities: Mapping[str, Entity],
        memory: Memory,
        rng: Random,
        zone: str,
        subject: bool = True,
    ):
        self.telling, self.entities, self.state, self.rng, self.zone = telling, entities, state, rng, zone
        self.roles = {
            **happening.roles,
            "w": "weather:" + state.get("world", "weather"),
            "t": "dayparts:" + state.get("world", "time"),
        }
        self.memory = memory
        self.speakers: dict[str, Speaker] = {}
        self.settled: set[str] = set()  # zones of the things whose article is chosen
        lead = (Slot("a"),) if telling.predicate and subject else ()
        self.plan((*lead, *telling.english))
        self.english = said(
            [token for piece in (*lead, *telling.english) for token in self.english_of(piece)]
        )
        self.spanish = [
            self.spanish_of((*(lead if not whole else ()), *parts))
            for parts, whole in zip(telling.spanish, telling.whole)
            if subject or not whole
        ]
        self.memory.subject = self.subject((*lead, *telling.english))

    def subject(self, english: Pieces) -> str:
        """Whom the clause leaves in mind as its subject, so that Spanish need not name them again; "" for several."""
        for at, piece in enumerate(english):
            if isinstance(piece, Slot) and piece.form in {"", "n"}:
                if isinstance(self.speakers.get(piece.role), Who):
                    both = english[at + 1 : at + 2] == ("and",) and isinstance(english[at + 2], Slot)
                    return "" if both else self.roles[piece.role]
        return self.memory.subject if self.telling.predicate else ""

    def plan(self, english: Pieces) -> None:
        """Decide, in the order of the English, how every role is spoken of."""
        names = [role for piece in english if isinstance(piece, Slot) for role in piece.role.split("+")]
        here = [self.entities.get(self.roles.get(role, "")) for role in names]
        self.company = [entity for entity in here if isinstance(entity, Person)]
        said, things = list(self.memory.people), list(self.memory.things)
        quoting = False
        for slot in english:
            quoting ^= slot == '"'
            for role in slot.role.split("+") if isinstance(slot, Slot) else ():
                if role not in self.speakers:
                    plain = quoting or "+" in slot.role  # type: ignore[union-attr]
                    self.speakers[role] = self.speaker(role, slot.form, said, plain)  # type: ignore[union-attr]
                who = self.speakers[role]
                if isinstance(who, Who) and who.person not in said:
                    said.append(who.person)
                elif isinstance(who, What) and slot.form not in {"use", "used"}:  # type: ignore[union-attr]
                    self.settle(role, slot.form, said, things, quoting)  # type: ignore[union-attr]
        self.memory.people, self.memory.things = said, things

    def speaker(self, role: str, form: str, said: list[Person], plain: bool) -> Speaker:
        """How the clause speaks of `role`, met in `form` for the first time; `plain`: of a person by name only."""
        entity, zone = self.entities[self.roles[role]], f"{self.zone}.{role}"
        if isinstance(entity, Person):
            return self.who(entity, role, form, said, zone, plain)
        if isinstance(entity, Thing):
            return What(entity, zone)
        if isinstance(entity, (Place, Spot)):
            return Where(entity, zone)
        assert isinstance(entity, Word)
        return Say(entity, zone)

    def who(self, person: Person, role: str, form: str, said: list[Person], zone: str, plain: bool) -> Who:
        """A name, a pronoun where nobody else could be meant, or an introduction."""
        if form in {"n", "voc"} or plain:
            return Who(person, zone)
        if form in {"he", "him", "his", "self"}:
            return Who(person, zone, "she")
        if person in said:
            rivals = [p for p in (*said, *self.company) if p.pronoun == person.pronoun and p.id != person.id]
            subject = role == "a" and self.telling.predicate
            free = role in self.telling.it or subject
            if free and not rivals and self.rng.random() < 0.8:
                return Who(person, zone, "she", same=self.memory.subject == person.id)
            return Who(person, zone)
        chance = self.rng.random()
        if person.profession and chance < 0.3:
            return Who(person, zone, "the baker Nora" if chance < 0.15 else "Nora the baker")
        owner = self.entities.get(person.kin_of)
        if isinstance(owner, Person) and owner in said and chance < 0.5:
            return Who(person, zone, "her brother Nora", owner=owner.pronoun)
        return Who(person, zone)

    def settle(self, role: str, form: str, said: list[Person], things: list[str], quoting: bool) -> None:
        """Choose article, colour and size of a thing where it is named first in this clause; whose it is, and that
        it is new, is not said in a quotation."""
        what = self.speakers[role]
        assert isinstance(what, What)
        if form == "it" or what.zone in self.settled:
            return
        self.settled.add(what.zone)
        chance, thing = self.rng.random(), what.thing
        owner = self.entities.get(self.state.get(thing.id, "owner"))
        mine = isinstance(owner, Person) and owner in said and not quoting
        known = thing.id in things
        begins = self.telling.english[
            0
        ]  # "it" as the first word of a sentence would need a subject in Spanish
        free = role in self.telling.it and not (isinstance(begins, Slot) and begins.role == role)
        made = What(thing, what.zone, coloured=not known)
        if form == "bare":
            made = What(thing, what.zone, "no", coloured=not known and chance < 0.7)
        elif form == "a":
            made = What(thing, what.zone, "a", sized=bool(thing.size) and chance < 0.35)
        elif known and form == "" and free and things == [thing.id] and chance < 0.8:
            made = What(thing, what.zone, "it")
        elif mine and not known and (form == "own" or (form == "" and chance < 0.3)):
            made = What(thing, what.zone, "her", owner=owner.pronoun)  # type: ignore[union-attr]
        elif form == "" and not known and chance > 0.82 and not quoting and thing.kind not in MASS:
            sized = bool(thing.size) and chance > 0.91
            made = What(thing, what.zone, "a", sized=sized)
        elif form == "" and not known and chance > 0.74:
            made = What(thing, what.zone, coloured=False)
        self.speakers[role] = made
        if thing.id not in things:
            things.append(thing.id)

    def english_of(self, piece: Piece) -> Tokens:
        """The English words of a piece."""
        if isinstance(piece, str):
            return [Token(piece, self.zone)]
        assert isinstance(piece, Slot)
        one, *more = piece.role.split("+")
        words = self.speakers[one].english(piece.form)
        for role in more:
            words = [*words, Token("and", self.zone + " and"), *self.speakers[role].english(piece.form)]
        return words

    def spanish_of(self, parts: Pieces) -> Tokens:
        """The words of one Spanish telling."""
        objects = {piece.role for piece in parts if isinstance(piece, Clitic) and piece.dative in {"", "se"}}
        return [token for piece in parts for token in self.spanish_piece(piece, objects)]

    def spanish_piece(self, piece: Piece, objects: set[str]) -> Tokens:
        """The words of a piece; `objects`: the roles that are direct objects of a verb without a dative."""
        if isinstance(piece, Clitic):
            return self.clitics(piece)
        if isinstance(piece, str):
            return [Token(self.agreed(piece), self.zone)]
        one, *more = piece.role.split("+")
        if more:
            words = self.speakers[one].spanish(piece.form)  # type: ignore[union-attr, call-arg]
            for role in more:
                joined = self.speakers[role].spanish("")  # type: ignore[union-attr, call-arg]
                words = [*words, Token("y", self.zone + " and"), *joined]
            return words
        speaker = self.speakers.get(piece.role) or self.speaker(piece.role, "his", [], False)
        if isinstance(speaker, What):
            return speaker.spanish(piece.form, piece.role in objects)
        if isinstance(speaker, Who):
            return speaker.spanish(piece.form, piece.noun)
        return [token._replace(text=self.agreed(token.text)) for token in speaker.spanish(piece.form)]

    def clitics(self, piece: Clitic) -> Tokens:
        """The pronouns before a verb."""
        pronoun: Tokens = []
        what = self.speakers.get(piece.role)
        if isinstance(what, What) and what.determiner == "it":
            pronoun = what.spanish("lo", False)
        elif isinstance(what, Who) and what.manner == "she":
            pronoun = [Token(CLITICS[what.gender], what.zone, "pronoun")]
        dative = piece.dative and ("se" if pronoun else piece.dative)
        return [*([Token(dative, self.zone)] if dative else []), *pronoun]

    def ending(self, roles: str) -> str:
        """The ending o, a, os or as of an adjective for one or more roles."""
        genders = [self.gender(role) for role in roles]
        one = "f" if all(gender.startswith("f") for gender in genders) else "m"
        return inflected("@", one + "p" if len(genders) > 1 else one)

    def agreed(self, text: str) -> str:
        """A word with "@", in the gender of the roles that follow it."""
        stem, at, roles = text.partition("@")
        if not at:
            return text
        ending = self.ending(roles)
        return IRREGULAR.get((stem, ending), stem + ending)

    def gender(self, role: str) -> str:
        """The gender of a role."""
        entity = self.entities[self.roles[role]]
        if isinstance(entity, Person):
            return "f" if entity.pronoun == "she" else "m"
        if isinstance(entity, Thing):
            return What(entity, "").gender
        assert isinstance(entity, Word)
        return Say(entity, "").gender
