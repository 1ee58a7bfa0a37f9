"""How a sentence speaks of someone or something: by name, by description or by pronoun.

The rule for pronouns is strict: the last mention of anyone the pronoun could mean is its referent, that
mention is in this or the last sentence, and (but for possessives) nobody else it could mean stands between.
So every pronoun has one reading, and it is recorded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from core.data.toyland.grammar import PRONOUNS, SPEECH, adjectives, article, capital, possessive
from core.data.toyland.state import Entity, Person, Place, Spot, State, Thing
from core.data.toyland.template import Slot, Template
from core.data.toyland.words import HOMES, MASS, TITLES

_SAYING = re.compile(r'" (\w+)(?<!nd|en|ut|or|as) $')  # a verb right after a quotation
CASES = {"": "subject", "o": "object", "s": "possessive", "self": "reflexive"}


@dataclass(frozen=True)
class Mention:
    """Characters `start` to `end` of a sentence speak of `entity` (ids joined by "+" for a group)."""

    start: int
    end: int
    entity: str
    is_pronoun: bool


class Discourse:
    """What has been said so far, and the sentence being written."""

    def __init__(self, entities: dict[str, Entity], rng: Random):
        self.entities, self.rng = entities, rng
        self.known: set[str] = set()
        self.recent: list[tuple[str, str, int]] = []  # (entity, pronoun, sentence), oldest first
        self.sentence = 0
        self.by_name: frozenset[str] = frozenset()  # people whom this clause must name
        self.named = 0  # the last sentence that named anyone
        self.begin()

    def begin(self) -> None:
        """Start a sentence."""
        self.text, self.mentions = "", []  # type: str, list[Mention]

    def finish(self) -> tuple[str, tuple[Mention, ...]]:
        """The sentence written; the next one starts."""
        done = (self.text, tuple(self.mentions))
        self.sentence += 1
        self.begin()
        return done

    def new_paragraph(self) -> None:
        """A new paragraph names everybody again."""
        self.recent.clear()

    def put(self, words: str) -> None:
        """Write `words`, with a capital where a sentence or a quotation starts."""
        if (
            not self.text
            or (self.text[-1] == '"' and self.text.count('"') % 2)
            or self.text.endswith((". ", "? ", "! "))
        ):
            words = capital(words)
        self.text += words

    def speak(self, words: str, entity: str, is_pronoun: bool, pronoun: str = "") -> None:
        """Write a mention; `pronoun` is what could stand for it, "" if it leaves no trace in the
        discourse."""
        start = len(self.text)
        self.put(words)
        self.mentions.append(Mention(start, len(self.text), entity, is_pronoun))
        if pronoun:
            self.recent.append((entity, pronoun, self.sentence))

    def write(self, template: Template, roles: dict[str, str], state: State) -> None:
        """Write a telling with its roles filled."""
        for piece in template.flat(self.rng):
            if isinstance(piece, str):
                self.put(piece)
            else:
                self.refer(piece, roles, state)

    def refer(self, slot: Slot, roles: dict[str, str], state: State) -> None:
        """Write what `slot` asks for."""
        if "+" in slot.role:
            self.group([roles[role] for role in slot.role.split("+")], slot.form)
            return
        entity = self.entities[roles[slot.role]]
        if slot.form in SPEECH:
            self.speak(slot.form, entity.id, True)
        elif isinstance(entity, Person):
            self.person(entity, slot.form)
        elif isinstance(entity, Thing):
            self.thing(entity, slot.form, state)
        elif isinstance(entity, Place):
            self.place(entity, slot.form)
        elif isinstance(entity, Spot):
            self.speak(entity.phrase, entity.id, False, "it")
        else:
            self.put(article(entity.text) if slot.form == "a" else entity.text)

    def clear(self, entity: str, pronoun: str, strict: bool) -> bool:
        """Whether `pronoun` can only be read as `entity` here."""
        found, here = False, self.here(entity)
        for other, its, sentence in reversed(self.recent):
            if its != pronoun:
                continue
            if sentence < self.sentence - 1 or (found and sentence < self.sentence and here):
                break
            if other != entity:
                return found and not strict
            found = True
        return found

    def here(self, entity: str) -> bool:
        """Whether this sentence has mentioned `entity` already."""
        return any(other == entity and sentence == self.sentence for other, _, sentence in self.recent)

    def person(self, who: Person, form: str) -> None:
        """Write a person: pronoun where clear, otherwise a name, which is an introduction the first time."""
        case = CASES.get(form, "subject")
        words = PRONOUNS[who.pronoun]
        if form == "self":
            self.speak(words[case], who.id, True, who.pronoun)
            return
        if (
            form in {"", "o", "s"}
            and who.id not in self.by_name
            and self.clear(who.id, who.pronoun, strict=form != "s")
        ):
            fresh = not self.here(who.id) and self.sentence - self.named > 1
            if self.here(who.id) or self.rng.random() < (0.65 if fresh else 0.92):
                self.pronoun(who, words[case])
                return
        self.named = self.sentence
        if form == "voc" or who.id in self.known:
            name = who.name
            if form == "" and who.profession and self.rng.random() < 0.3:
                name = "the " + who.profession
        else:
            name = self.introduction(who)
        self.known.add(who.id)
        if form == "voc":
            self.speak(called(who), who.id, False, who.pronoun)
        else:
            self.speak(possessive(name) if form == "s" else name, who.id, False, who.pronoun)

    def pronoun(self, who: Person, words: str) -> None:
        """Write a person's pronoun; one says "he said", though "said Tom"."""
        verb = _SAYING.search(self.text) if words == PRONOUNS[who.pronoun]["subject"] else None
        if verb:
            self.text = self.text[: verb.start(1)]
        self.speak(words, who.id, True, who.pronoun)
        if verb:
            self.text += " " + verb.group(1)

    def quoting(self) -> bool:
        """Whether a quotation is open."""
        return self.text.count('"') % 2 == 1

    def introduction(self, who: Person) -> str:
        """A name with what the person is, for the first time; a relation's owner is mentioned on the way."""
        if self.quoting():
            return called(who)
        if who.profession and not who.kin:
            return draw_form(
                self.rng, (f"{who.name} the {who.profession}", f"the {who.profession} {who.name}")
            )
        if who.kin and who.kin_of in self.known:
            hero = self.entities[who.kin_of]
            self.person(hero, "s")  # type: ignore[arg-type]
            self.text += " "
            return f"{who.kin} {who.name}"
        return who.name

    def thing(self, what: Thing, form: str, state: State) -> None:
        """Write a thing."""
        if form in {"use", "used", "kind"}:
            self.put(getattr(what, form))
            return
        full = adjectives(what.colour, what.kind)
        new = what.id not in self.known
        if form == "bare":
            self.speak(full if new or self.rng.random() < 0.6 else what.kind, what.id, False, "it")
            self.known.add(what.id)
            return
        if (
            form == ""
            and not new
            and self.clear(what.id, "it", strict=True)
            and (self.rng.random() < (0.95 if self.here(what.id) else 0.5))
        ):
            self.speak("it", what.id, True, "it")
            return
        sized = adjectives(what.size if new and self.rng.random() < 0.5 else "", full)
        if form == "a":
            phrase = "some " + sized if what.kind in MASS else article(sized)
        else:
            phrase = self.described(what, form, sized, state)
        self.known.add(what.id)
        self.speak(phrase, what.id, False, "it")

    def described(self, what: Thing, form: str, sized: str, state: State) -> str:
        """ "the red kite", "the kite", or the same with its owner before it, whom this writes."""
        new = what.id not in self.known
        chance = self.rng.random()
        owner = self.entities.get(state.get(what.id, "owner"))
        short = sized if new or form == "full" or chance < 0.24 else what.kind
        if isinstance(owner, Person) and owner.id in self.known and not self.quoting():
            easy = owner.id not in self.by_name and self.clear(owner.id, owner.pronoun, strict=False)
            if (easy and (new or form == "own" or chance > 0.75)) or (new and not self.here(owner.id)):
                self.person(owner, "s")
                self.text += " "
                return short
        if new and form != "full" and not self.quoting():
            return "some " + sized if what.kind in MASS else article(sized)
        return "the " + short

    def place(self, where: Place, form: str) -> None:
        """Write a place, with the preposition that the form asks for."""
        name = "the " + where.name
        if form in {"at", "to", "by"}:
            name = f"{where.at if form == 'at' else 'to' if form == 'to' else HOMES[where.name]} {name}"
        self.speak(name, where.id, False, "it")

    def group(self, ids: list[str], form: str) -> None:
        """Write several people: "Nora and Tom", or "they" where it is clear."""
        together = "+".join(sorted(ids))
        case = CASES[form]
        if self.clear(together, "they", strict=True) and self.rng.random() < 0.8:
            self.speak(PRONOUNS["they"][case], together, True, "they")
            return
        start = len(self.text)
        for index, one in enumerate(ids):
            if index:
                self.text += " and "
            who = self.entities[one]
            last = index == len(ids) - 1
            self.person(who, "n" if who.id in self.known or not last else "new")  # type: ignore[arg-type]
        if form == "s":
            self.text = possessive(self.text)
        self.named = self.sentence
        self.mentions.append(Mention(start, len(self.text), together, False))
        self.recent.append((together, "they", self.sentence))


def called(who: Person) -> str:
    """What one calls somebody: "Tom", but "Aunt Vera"."""
    return f"{TITLES[who.kin]} {who.name}" if who.kin in TITLES else who.name


def draw_form(rng: Random, forms: tuple[str, ...]) -> str:
    """One of `forms`."""
    return forms[int(rng.random() * len(forms))]
