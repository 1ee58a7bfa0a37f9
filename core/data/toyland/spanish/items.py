"""Sentences in two languages from the events of a story: one event, one with its cause, or two in a row."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from random import Random

from core.data.toyland.event import Happening
from core.data.toyland.spanish.align import spanish_text
from core.data.toyland.spanish.clause import Clause
from core.data.toyland.spanish.lexicon import OPENERS
from core.data.toyland.spanish.notation import WORDS, Telling, either, entries, tellings
from core.data.toyland.spanish.phrase import Token, Tokens, loose
from core.data.toyland.spanish.reference import Memory, Setting
from core.data.toyland.state import Entity, State
from core.data.toyland.tables import read_each

FIRST = 0.6  # share of the first Spanish telling among the others
JOINS = {"and": "y", "and then": "y (luego/después)"}


@dataclass(frozen=True)
class Item:
    """English words, and the Spanish words of every allowed telling; `chosen` is the number of the one told.

    kinds: the kinds of the events told.
    """

    english: Tokens
    spanish: tuple[Tokens, ...]
    chosen: int
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class _Theme:
    """Tellings, clauses that say why and adverbials that open a sentence, by kind of event."""

    tellings: dict[str, str]
    reasons: dict[str, str] = field(default_factory=dict)
    leads: dict[str, str] = field(default_factory=dict)


@cache
def _told() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {"telling": {}, "reason": {}, "lead": {}}
    for told in read_each("spanish/told", _Theme).values():
        found["telling"] |= told.tellings
        found["reason"] |= told.reasons
        found["lead"] |= told.leads
    return found


@cache
def lines(kind: str, table: str = "telling") -> tuple[tuple[Telling, ...], ...]:
    """The tellings of a kind of event ("telling"), its causes ("reason") or its openings ("lead"), by line."""
    block = _told()[table].get(kind, "")
    found = tuple(tellings(line) for line in entries(block))
    if table == "telling":
        return found
    return tuple(tuple(replace(telling, predicate=False) for telling in options) for options in found)


@cache
def predicates(kind: str) -> tuple[tuple[Telling, ...], ...]:
    """The lines of a kind that are predicates, of which another may follow with "and"."""
    return tuple(options for options in lines(kind) if options[0].predicate)


@cache
def simple(kind: str) -> tuple[tuple[Telling, ...], ...]:
    """The predicates of one verb only, so that another may be joined to them."""
    found = (tuple(one for one in options if "and" not in one.english) for options in predicates(kind))
    return tuple(options for options in found if options)


class Writer:
    """Writes the items of one story's events."""

    def __init__(
        self, happenings: list[Happening], states: list[State], entities: dict[str, Entity], rng: Random
    ):
        self.happenings, self.states, self.entities, self.rng = happenings, states, entities, rng

    def items(self) -> list[Item]:
        """All items, in the order of the events; events without Spanish are left out."""
        out, index = [], 0
        while index < len(self.happenings):
            item, told_events = self.item(index)
            if item:
                out.append(item)
            index += told_events
        return out

    def item(self, index: int) -> tuple[Item | None, int]:
        """The item that begins with an event, and how many events it tells."""
        first = self.happenings[index]
        after = self.happenings[index + 1] if index + 1 < len(self.happenings) else None
        if after and lines(first.kind, "lead") and predicates(after.kind) and self.rng.random() < 0.7:
            return self.led(index), 2
        if not lines(first.kind):
            return None, 1
        chance = self.rng.random()
        if after and lines(after.kind):
            same = first.roles.get("a") == after.roles.get("a")
            if same and simple(first.kind) and simple(after.kind) and chance < 0.5:
                return self.joined(index), 2
            if chance < 0.25:
                return self.two(index), 2
        if predicates(first.kind) and self.reason(first) and chance > 0.6:
            return self.because(index), 1
        return self.one(index), 1

    def clause(
        self, index: int, options: tuple[tuple[Telling, ...], ...], memory: Memory, subject: bool = True
    ) -> Clause:
        """Tell an event by one of the lines `options`."""
        line = options[int(self.rng.random() * len(options))]
        telling = line[int(self.rng.random() * len(line))]
        at = Setting(self.states[index], self.entities, memory, self.rng)
        return Clause(telling, self.happenings[index], at, str(index), subject)

    def one(self, index: int) -> Item:
        """One event, perhaps after an opener."""
        kind = self.happenings[index].kind
        clause = self.clause(index, lines(kind), Memory())
        opener: tuple[Tokens, list[Tokens]] = ([], [[]])
        if clause.telling.predicate and self.rng.random() < 0.12:
            said = list(OPENERS)[int(self.rng.random() * len(OPENERS))]
            opener = (loose(said, "opener"), [loose(way, "opener") for way in either(OPENERS[said])])
        return self.finish((opener[0], clause.english), [opener[1], clause.spanish], (kind,))

    def led(self, index: int) -> Item:
        """An event of time or weather, as an adverbial, and the next one."""
        kinds = (self.happenings[index].kind, self.happenings[index + 1].kind)
        lead = self.clause(index, lines(kinds[0], "lead"), Memory())
        clause = self.clause(index + 1, predicates(kinds[1]), Memory())
        return self.finish((lead.english, clause.english), [lead.spanish, clause.spanish], kinds)

    def joined(self, index: int) -> Item:
        """Two things that one did."""
        kinds = (self.happenings[index].kind, self.happenings[index + 1].kind)
        memory = Memory()
        first = self.clause(index, simple(kinds[0]), memory)
        second = self.clause(index + 1, simple(kinds[1]), memory, subject=False)
        english, spanish = list(JOINS.items())[self.rng.random() < 0.25]
        return self.finish(
            (first.english, loose(english, "join"), second.english),
            [first.spanish, [loose(way, "join") for way in either(spanish)], second.spanish],
            kinds,
        )

    def two(self, index: int) -> Item:
        """Two events, a sentence each."""
        kinds = (self.happenings[index].kind, self.happenings[index + 1].kind)
        memory = Memory()
        first = self.clause(index, lines(kinds[0]), memory)
        second = self.clause(index + 1, lines(kinds[1]), memory)
        stop = [Token(".", "stop")] if first.telling.predicate else []
        return self.finish(
            (first.english, stop, begun(second.english)),
            [first.spanish, [stop], [begun(words) for words in second.spanish]],
            kinds,
        )

    def reason(self, happening: Happening) -> bool:
        """Whether the cause of an event can be said in Spanish."""
        cause = happening.cause
        return cause is not None and bool(lines(self.happenings[cause].kind, "reason"))

    def because(self, index: int) -> Item:
        """An event with its cause after or before it."""
        happening, memory = self.happenings[index], Memory()
        assert happening.cause is not None
        cause = self.happenings[happening.cause].kind
        before = self.rng.random() < 0.3
        parts = [(index, predicates(happening.kind)), (happening.cause, lines(cause, "reason"))]
        clauses = [self.clause(at, options, memory) for at, options in (reversed(parts) if before else parts)]
        first, second = clauses
        kinds = (happening.kind, cause)
        if before:
            return self.finish(
                (loose("because", "join"), first.english, loose(",", "comma"), second.english),
                [[loose("como", "join")], first.spanish, [loose(",", "comma")], second.spanish],
                kinds,
            )
        return self.finish(
            (first.english, loose("because", "join"), second.english),
            [first.spanish, [loose("porque", "join")], second.spanish],
            kinds,
        )

    def finish(
        self, english: tuple[Tokens, ...], spanish: list[list[Tokens]], kinds: tuple[str, ...]
    ) -> Item:
        """Put the parts together, with a full stop where there is none."""
        source = stopped([token for part in english for token in part])
        chosen, size = 0, 1
        for options in reversed(spanish):  # the number of the chosen combination, as `product` counts
            more = len(options) - 1
            pick = 0 if not more or self.rng.random() < FIRST else 1 + int(self.rng.random() * more)
            chosen += pick * size
            size *= len(options)
        every = tuple(stopped([token for part in parts for token in part]) for parts in product(*spanish))
        return Item(source, every, chosen, kinds)


def begun(words: Tokens) -> Tokens:
    """The words with a capital at the beginning."""
    first = words[0].text
    return [words[0]._replace(text=first[0].upper() + first[1:]), *words[1:]]


def stopped(words: Tokens) -> Tokens:
    """The words with a full stop, unless they have their mark."""
    return words if words[-1].text in {".", "!", "?", '"'} else [*words, Token(".", "stop")]


def allowed(item: Item) -> frozenset[str]:
    """Every Spanish sentence of an item."""
    return frozenset(spanish_text(words) for words in item.spanish)


def length(text: str) -> int:
    """The words of a sentence, marks not counted."""
    return sum(word[0].isalnum() for word in WORDS.findall(text))
