"""Who and what a sentence speaks of, said in both languages at once: the words carry what links them.

A word is a `Token`: its text; its `zone`, the part of the sentence it belongs to; and a `key`. Words of one zone and
key translate each other; words without a key are linked by the word list gloss.toml, within their zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from core.data.toyland.grammar import PRONOUNS, article, possessive
from core.data.toyland.spanish.lexicon import (
    AFTER,
    COLOURS,
    PLACES,
    POOLS,
    PREPOSITIONS,
    PROFESSIONS,
    RELATIONS,
    SIZES,
    SPECIAL,
    SPOTS,
    THINGS,
    TITLES,
    inflected,
)
from core.data.toyland.spanish.notation import WORDS
from core.data.toyland.state import Person, Place, Spot, Thing, Word
from core.data.toyland.words import HOMES, MASS
from core.data.toyland.words import TITLES as ENGLISH_TITLES

CLITICS = {"m": "lo", "f": "la", "mp": "los", "fp": "las"}
THE = {"m": "el", "f": "la", "mp": "los", "fp": "las"}
WHOSE = {"a mi", "este"}  # forms with their own word before the noun
GENDERED = {"creature", "ingredient", "treat"}  # pools whose words come with their gender
SMALL = {"a", "con", "de", "en", "por", "sobre"}
ONE = {"m": "un", "f": "una"}


class Token(NamedTuple):
    """A word of a sentence, and what links it."""

    text: str
    zone: str
    key: str = ""


Tokens = list[Token]


def loose(text: str, zone: str) -> Tokens:
    """The words of `text`, to be linked by the word list."""
    return [Token(word, zone) for word in WORDS.findall(text)]


@dataclass(frozen=True)
class Who:
    """A person as one clause speaks of them.

    manner: "name"; "she" for a pronoun; "the baker Nora", "Nora the baker" or "her brother Nora" for an introduction.
    same: the subject of the clause before, which Spanish need not repeat.
    """

    person: Person
    zone: str
    manner: str = "name"
    same: bool = False
    owner: str = ""  # "she" or "he": whose brother, in an introduction

    @property
    def gender(self) -> str:
        """m or f."""
        return "f" if self.person.pronoun == "she" else "m"

    def english(self, form: str) -> Tokens:
        """In English: "" the subject, "o" the object, "s" the possessor, "voc"; "he", "him", "his" pronouns."""
        case = {"o": "object", "him": "object", "s": "possessive", "his": "possessive"}
        if form in {"he", "him", "his"} or (self.manner == "she" and form != "voc"):
            return [Token(PRONOUNS[self.person.pronoun][case.get(form, "subject")], self.zone, "pronoun")]
        if form == "voc":
            title = ENGLISH_TITLES.get(self.person.kin, "")
            return [*([Token(title, self.zone, "title")] if title else []), self.name()]
        words = self.introduced()
        if form == "s":
            words[-1] = words[-1]._replace(text=possessive(words[-1].text))
        return words

    def name(self) -> Token:
        """The name."""
        return Token(self.person.name, self.zone, "name")

    def introduced(self) -> Tokens:
        """The name, perhaps with what the person is."""
        job = [Token("the", self.zone, "the"), Token(self.person.profession, self.zone, "job")]
        if self.manner == "the baker Nora":
            return [*job, self.name()]
        if self.manner == "Nora the baker":
            return [self.name(), *job]
        if self.manner == "her brother Nora":
            whose = Token(PRONOUNS[self.owner]["possessive"], self.zone, "whose")
            return [whose, *loose(self.person.kin, self.zone), self.name()]
        return [self.name()]

    def named(self) -> Tokens:
        """The same in Spanish."""
        if self.manner in {"the baker Nora", "Nora the baker"}:
            job = PROFESSIONS[self.person.profession][self.gender == "f"]
            return [Token(THE[self.gender], self.zone, "the"), Token(job, self.zone, "job"), self.name()]
        if self.manner == "her brother Nora":
            relation = inflected(RELATIONS[self.person.kin], self.gender)
            return [Token("su", self.zone, "whose"), *loose(relation, self.zone), self.name()]
        return [self.name()]

    def spanish(self, form: str, noun: str = "") -> Tokens:
        """In Spanish, in a form of the notation."""
        strong = [Token("ella" if self.gender == "f" else "él", self.zone, "pronoun")]
        pronoun = self.manner == "she"
        if form == "el":
            return [Token(THE[self.gender], self.zone)]
        if form == "s":
            one, *rest = loose(noun, self.zone.rpartition(".")[0])
            if pronoun:
                return [Token("sus" if one.text.endswith("s") else "su", self.zone, "pronoun"), *rest]
            return [one, *rest, Token("de", self.zone), *self.named()]
        if form == "voc":
            title = ENGLISH_TITLES.get(self.person.kin, "")
            return [*([Token(TITLES[title], self.zone, "title")] if title else []), self.name()]
        if form == "p":
            return strong if pronoun else self.named()
        if form == "a":
            return [] if pronoun else [Token("a", self.zone), *self.named()]
        if pronoun:
            return [] if self.same else strong
        return self.named()


@dataclass(frozen=True)
class What:
    """A thing as one clause speaks of it: `determiner` is "the", "a", "her" (its owner's), "no" or "it"."""

    thing: Thing
    zone: str
    determiner: str = "the"
    coloured: bool = True
    sized: bool = False
    owner: str = ""

    @property
    def gender(self) -> str:
        """m or f; f* with the article "el"."""
        return THINGS[self.thing.kind][1]

    def english(self, form: str) -> Tokens:
        """In English; "use" and "used" are the verbs."""
        if form in {"use", "used"}:
            first, *rest = getattr(self.thing, form).split()
            return [Token(first, self.zone, "use"), *(Token(word, self.zone + " use") for word in rest)]
        if form == "it" or self.determiner == "it":
            return [Token("it", self.zone, "it")]
        words = [Token(self.thing.size, self.zone, "size")] if self.sized else []
        words += [Token(self.thing.colour, self.zone, "colour")] if self.coloured else []
        words.append(Token(self.thing.kind, self.zone, "thing"))
        if self.determiner == "no":
            return words
        first = {
            "the": "the",
            "a": "some" if self.thing.kind in MASS else article(words[0].text).split()[0],
            "her": PRONOUNS[self.owner]["possessive"] if self.owner else "",
        }[self.determiner]
        return [Token(first, self.zone, "the"), *words]

    def spanish(self, form: str, personal: bool) -> Tokens:
        """In Spanish; `personal`: it is the direct object of its verb, which says "a" before a certain animal."""
        noun, gender, use, used = THINGS[self.thing.kind]
        if form in {"use", "used"}:
            verb = (use if form == "use" else used).split()
            return [Token(word, self.zone, "" if word in SMALL else "use") for word in verb]
        if form == "lo":
            return [Token(CLITICS[gender.rstrip("*")], self.zone, "it")]
        if self.determiner == "it":
            return []
        size = Token(inflected(SIZES[self.thing.size], gender), self.zone, "size") if self.sized else None
        late = self.thing.size in AFTER
        words = [size] if size and not late else []
        words.append(Token(noun, self.zone, "thing"))
        if self.coloured:
            *rest, last = inflected(self.colour(), gender).split()
            words += [*(Token(word, self.zone) for word in rest), Token(last, self.zone, "colour")]
        words += [size] if size and late else []
        if form in WHOSE:
            masculine = self.gender == "m"
            first = {"a mi": "mi", "este": "este" if masculine else "esta"}[form]
            start = [Token("a", self.zone)] if form == "a mi" and self.thing.tag == "pet" else []
            return [*start, Token(first, self.zone[: self.zone.rindex(".")]), *words]
        first = self.article(bare=words[0].text == noun)
        start = [Token(first, self.zone, "the")] if first else []
        if (personal or form == "al") and self.thing.tag == "pet" and self.determiner in {"the", "her"}:
            start = [Token("a", self.zone), *start]
        return start + words

    def colour(self) -> str:
        """Its colour or flavour, as an adjective or as "de miel"."""
        thing = self.thing
        return SPECIAL.get((thing.colour, thing.kind), COLOURS[thing.colour])

    def article(self, bare: bool) -> str:
        """The word before the noun phrase; `bare`: the noun stands next to it."""
        masculine = "m" if self.gender == "m" or (self.gender == "f*" and bare) else "f"
        if self.determiner == "the":
            return THE[masculine]
        if self.determiner == "her":
            return "su"
        return ONE[masculine] if self.determiner == "a" and self.thing.kind not in MASS else ""


@dataclass(frozen=True)
class Where:
    """A place or a corner of one."""

    place: Place | Spot
    zone: str

    def english(self, form: str) -> Tokens:
        """With the preposition that `form` asks for: "at", "by" (where one lives), "" none."""
        if isinstance(self.place, Spot):
            return loose(self.place.phrase, self.zone)
        before = {"at": self.place.at, "by": HOMES.get(self.place.name, "")}.get(form, "")
        start = [Token(before, self.zone, "at")] if before else []
        return [*start, Token("the", self.zone, "the"), Token(self.place.name, self.zone, "place")]

    def spanish(self, form: str) -> Tokens:
        """The same in Spanish."""
        if isinstance(self.place, Spot):
            return loose(SPOTS[self.place.phrase], self.zone)
        noun, gender = PLACES[self.place.name].split()
        before = {"at": self.place.at, "by": HOMES.get(self.place.name, "")}.get(form, "")
        start = [Token(word, self.zone, "at") for word in (PREPOSITIONS[before] if before else "").split()]
        return [*start, Token(THE[gender], self.zone, "the"), Token(noun, self.zone, "place")]


@dataclass(frozen=True)
class Say:
    """A word of a pool: "a robin", "some salt", "to swim"."""

    word: Word
    zone: str

    @property
    def pool(self) -> str:
        """The pool's name."""
        return self.word.id.partition(":")[0]

    @property
    def gender(self) -> str:
        """Of an animal: m or f."""
        return POOLS[self.pool][self.word.text].split()[-1]

    def english(self, form: str) -> Tokens:
        """In English; "a" with its article."""
        return loose(article(self.word.text) if form == "a" else self.word.text, self.zone)

    def spanish(self, form: str) -> Tokens:
        """In Spanish: "un", "el" with the article, "poco" some of it, "some" the same without its name, "ndo" the
        gerund."""
        text = POOLS[self.pool][self.word.text]
        if self.pool in GENDERED:
            text, gender = text.rsplit(" ", 1)
            several = gender.endswith("p")
            if form == "some":
                return loose("unas" if several else "un poco", self.zone)
            before = {
                "un": "un" if gender == "m" else "una",
                "el": "el" if gender in {"m", "f*"} else THE[gender],
                "poco": "unas" if several else "un poco de",
            }
            text = f"{before[form]} {text}" if form else text
        elif self.pool == "race":
            first, gerund, *rest = text.split()
            text = " ".join([gerund if form == "ndo" else first, *rest])
        return [Token(word, self.zone) for word in text.split()]
