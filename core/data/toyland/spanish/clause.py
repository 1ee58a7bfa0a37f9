"""One event told in both languages: the words of the English telling and of every Spanish one."""

from __future__ import annotations

from core.data.toyland.event import Happening
from core.data.toyland.spanish.lexicon import inflected
from core.data.toyland.spanish.notation import Clitic, Piece, Pieces, Slot, Telling
from core.data.toyland.spanish.phrase import CLITICS, Say, Token, Tokens, What, Who
from core.data.toyland.spanish.reference import References, Setting, roles_of
from core.data.toyland.state import Person, Thing, Word

# Words whose gender is not in their last letter alone.
IRREGULAR = {
    ("un", "o"): "un",
    ("Un", "o"): "Un",
    ("ladr", "o"): "ladrón",
    ("ladr", "a"): "ladrona",
}


class Clause:
    """A happening told by one telling; `english` and `spanish[i]` are its words, without the full stop of a predicate.

    Every Spanish telling speaks of a role in the same way. zone: the name of this part of the sentence; subject:
    whether a predicate is told with its subject.
    """

    def __init__(self, telling: Telling, happening: Happening, at: Setting, zone: str, subject: bool = True):
        self.at, self.zone, self.telling = at, zone, telling
        self.roles = {
            **happening.roles,
            "w": "weather:" + at.state.get("world", "weather"),
            "t": "dayparts:" + at.state.get("world", "time"),
        }
        lead = (Slot("a"),) if telling.predicate and subject else ()
        english = (*lead, *telling.english)
        self.speakers = References(telling, english, self.roles, at, zone).speakers
        self.english = reported([token for piece in english for token in self.english_of(piece)])
        self.spanish = [self.spanish_of((*lead, *parts)) for parts in telling.spanish]

    def english_of(self, piece: Piece) -> Tokens:
        """The English words of a piece."""
        if isinstance(piece, str):
            return [Token(piece, self.zone)]
        assert isinstance(piece, Slot)
        words: Tokens = []
        for role in roles_of(piece):
            words += [Token("and", self.zone + " and")] if words else []
            words += self.speakers[role].english(piece.form)
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
        words: Tokens = []
        for role in roles_of(piece):
            words += [Token("y", self.zone + " and")] if words else []
            speaker = self.speakers[role]
            if isinstance(speaker, What):
                words += speaker.spanish(piece.form, role in objects)
            elif isinstance(speaker, Who):
                words += speaker.spanish(piece.form, piece.noun)
            else:
                said = speaker.spanish(piece.form)
                words += [token._replace(text=self.agreed(token.text)) for token in said]
        return words

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

    def agreed(self, text: str) -> str:
        """A word with "@" and roles after it, in their gender; any other word as it is."""
        stem, at, roles = text.partition("@")
        if not at:
            return text
        genders = {self.gender(role)[0] for role in roles}
        number = "p" if len(roles) > 1 else ""
        ending = inflected("@", ("f" if genders == {"f"} else "m") + number)
        return IRREGULAR.get((stem, ending), stem + ending)

    def gender(self, role: str) -> str:
        """The gender of a role."""
        entity = self.at.entities[self.roles[role]]
        if isinstance(entity, Person):
            return "f" if entity.pronoun == "she" else "m"
        if isinstance(entity, Thing):
            return What(entity, "").gender
        assert isinstance(entity, Word)
        return Say(entity, "").gender


def reported(words: Tokens) -> Tokens:
    """ "she said" for "said she" after a quotation."""
    for at in range(2, len(words)):
        if words[at].text in {"he", "she"} and words[at - 2].text == '"' and words[at - 1].text.isalpha():
            return [*words[: at - 1], words[at], words[at - 1], *words[at + 1 :]]
    return words
