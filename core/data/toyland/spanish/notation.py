"""The notation of paired tellings: an English one and its Spanish ones on a line, between them " = ".

English is written as in Toyland's events; Spanish has a notation of its own:

    {a}         a role, in the form its place asks for (below); a pronoun that Spanish leaves out leaves nothing
    {x:0}       a thing as the subject       {x:el}   a thing after a preposition     {x:lo}  its clitic pronoun
    {x:al}      a direct object that is never a pronoun: "al gatito", "el barco"      {x:a mi} the same with "mi"
    {b:a}       "a Tom", left out where a clitic stands for him                       {b:p}   "Tom", "él"
    {b:s|la mano}  "la mano de Tom", "su mano"                       {b:voc}  "tía Vera"
    <x>puso     the clitic of a direct object that is a pronoun: "la puso", otherwise "puso"
    <le x>dio   the same beside "le": "se la dio", otherwise "le dio"
    content@a   the adjective in the gender of role a; amig@ab in that of a and b together
    (fue/iba)   either of these may stand in Spanish for the same English
    [ran|went]  the choices of English; the brackets of Spanish hold their translations in the same order

A line without a full stop is a predicate: its subject {a} stands before it, if nothing else is said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import product

WORDS = re.compile(r"\w+(?:[-']\w+)*'?|[^\w\s]")  # how a sentence is split into words; every mark is one
_PIECES = re.compile(r"\{[^}]*\}|<[^>]*>|[\w@]+(?:[-'][\w@]+)*|[^\w\s]")
_CHOICE = re.compile(r"\[([^\]]*)\]")
_EITHER = re.compile(r"\(([^)]*)\)")


@dataclass(frozen=True)
class Slot:
    """A role in a given form; `noun` is what it possesses, with its article."""

    role: str
    form: str = ""
    noun: str = ""


@dataclass(frozen=True)
class Clitic:
    """Where the pronouns before a verb stand: `dative` is "", "le" or "les"; `role` the direct object or ""."""

    dative: str
    role: str


Piece = str | Slot | Clitic
Pieces = tuple[Piece, ...]


@dataclass(frozen=True)
class Telling:
    """One English telling with every Spanish one.

    predicate: its subject {a} is not in it. it: the roles that may be pronouns in every one of these tellings.
    """

    english: Pieces
    spanish: tuple[Pieces, ...]
    it: frozenset[str]
    predicate: bool


def pieces(text: str) -> Pieces:
    """The words, marks, slots and clitics of one telling."""
    return tuple(_piece(part) for part in _PIECES.findall(text))


def _piece(part: str) -> Piece:
    if part.startswith("{"):
        name, _, noun = part[1:-1].partition("|")
        role, _, form = name.partition(":")
        return Slot(role, form, noun)
    if part.startswith("<"):
        *dative, role = ["", *part[1:-1].split()]
        if role in {"le", "les"}:
            return Clitic(role, "")
        return Clitic(dative[-1] if dative else "", role)
    return part


def entries(block: str) -> list[str]:
    """The lines of a block of tellings; one that begins with "= " goes on with the line before it."""
    return [line for line in re.sub(r"\s*\n\s*= ", " = ", block.strip()).split("\n") if line]


def parallel(line: str) -> list[list[str]]:
    """`line` once for each choice of its English, as English and the Spanish ones.

    Raises ValueError where a Spanish telling does not offer as many choices as the English one.
    """
    sides = [side.strip() for side in line.split(" = ")]
    choices = [tuple(len(found.split("|")) for found in _CHOICE.findall(side)) for side in sides]
    if len(sides) < 2 or any(other != choices[0] for other in choices):
        raise ValueError(f"{line!r} needs Spanish with the same choices as its English")
    out = []
    for taken in product(*(range(count) for count in choices[0])):
        out.append([_taken(side, taken) for side in sides])
    return out


def _taken(side: str, numbers: tuple[int, ...]) -> str:
    at = iter(numbers)
    return _CHOICE.sub(lambda found: found.group(1).split("|")[next(at)], side)


def either(text: str) -> list[str]:
    """Every text that "(a/b)" allows."""
    parts = _EITHER.split(text)
    options = [part.split("/") if number % 2 else [part] for number, part in enumerate(parts)]
    return ["".join(taken) for taken in product(*options)]


@cache
def tellings(line: str) -> tuple[Telling, ...]:
    """What `line` says, once for each choice of its English."""
    out = []
    for english, *spanish in parallel(line):
        every = [text for side in spanish for text in either(side)]
        parsed = tuple(pieces(text) for text in every)
        source = pieces(english)
        out.append(
            Telling(
                source,
                parsed,
                frozenset.intersection(*(_pronouns(source, one) for one in parsed)),
                english[-1] not in '.!?"',
            )
        )
    return tuple(out)


def _pronouns(english: Pieces, spanish: Pieces) -> frozenset[str]:
    """The roles that a pronoun can stand for on both sides: each named once, in Spanish where a clitic is at hand."""
    clitics = {piece.role for piece in spanish if isinstance(piece, Clitic)}
    forms: dict[str, list[str]] = {}
    for piece in spanish:
        if isinstance(piece, Slot):
            forms.setdefault(piece.role, []).append(piece.form)
    said = [piece.role for piece in english if isinstance(piece, Slot)]
    return frozenset(
        role
        for role, used in forms.items()
        if said.count(role) == 1
        and len(used) == 1
        and (used[0] in {"0", "a", "p", "s"} or (used[0] == "" and (role in clitics or role in "abc")))
    )
