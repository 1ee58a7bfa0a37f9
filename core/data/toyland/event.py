"""What can happen: the kinds of event, each with what it needs, what it changes and how it is told.

They stand in the files of `events`, by theme. A condition is written ``role.attribute=value`` (or ``!=``); the value
is another role, that role's attribute, or a plain word. Conditions are joined by ``;``. Example: ``x.where=a;
a.at=b.at``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.data.toyland.state import Change, State
from core.data.toyland.tables import DamagedTable, Table, read_each
from core.data.toyland.template import Template, parse, parse_lines
from core.data.toyland.words import HOMONYMS


@dataclass(frozen=True)
class Clause:
    """``role.attribute (=|!=) value`` where `value` names a role, a role's attribute or a word."""

    role: str
    attribute: str
    equal: bool
    value: str
    value_attribute: str = ""

    def wanted(self, state: State, roles: Mapping[str, str]) -> str:
        """The right-hand side, looked up."""
        value = roles.get(self.value, self.value)
        return state.get(value, self.value_attribute) if self.value_attribute else value

    def holds(self, state: State, roles: Mapping[str, str]) -> bool:
        """Whether the clause is true in `state`."""
        found = state.get(roles.get(self.role, self.role), self.attribute)
        return (found == self.wanted(state, roles)) == self.equal


@dataclass(frozen=True)
class Event:
    """A kind of event. `says` are whole sentences; `vps` are predicates of role `a`, which sentences combine;
    `leads` are openers of the next sentence; `reason` is the clause after "because"; `why` asks for the
    cause."""

    kind: str
    roles: tuple[str, ...]
    needs: tuple[Clause, ...]
    effects: tuple[Clause, ...]
    says: tuple[Template, ...]
    vps: tuple[Template, ...]
    leads: tuple[Template, ...]
    reason: Template | None
    why: Template | None
    did: Template | None

    def possible(self, state: State, roles: Mapping[str, str]) -> bool:
        """Whether everything the event needs holds."""
        return all(clause.holds(state, roles) for clause in self.needs)

    def changes(self, state: State, roles: Mapping[str, str]) -> tuple[Change, ...]:
        """What the event makes true."""
        return tuple((roles.get(c.role, c.role), c.attribute, c.wanted(state, roles)) for c in self.effects)


@dataclass(frozen=True)
class Happening:
    """An event that took place: its kind, who and what filled its roles, its changes, and the index of its
    cause."""

    kind: str
    roles: dict[str, str]
    changes: tuple[Change, ...] = field(default=())
    cause: int | None = None


def clauses(text: str) -> tuple[Clause, ...]:
    out = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        equal = "!=" not in part
        left, _, right = part.replace("!=", "=").partition("=")
        role, _, attribute = left.partition(".")
        value, _, value_attribute = right.partition(".")
        out.append(Clause(role, attribute, equal, value, value_attribute))
    return tuple(out)


@dataclass(frozen=True)
class _Row:
    """A kind of event as its file has it: `say`, `vp` and `lead` hold one telling a line; `did` is a plain clause for
    questions."""

    roles: str
    need: str = ""
    effect: str = ""
    vp: str = ""
    say: str = ""
    lead: str = ""
    reason: str = ""
    why: str = ""
    did: str = ""


def read_events() -> dict[str, Event]:
    """The kinds of event, with a scene for each meaning of a word with two, such as "bank:river".

    No plan names the scenes; the dial `sense_share` puts them into a story.
    Raises DamagedTable for a kind that exists already or cannot be told.
    """
    found: dict[str, Event] = {}
    for name, theme in read_each("events", dict[str, _Row]).items():
        for kind, row in theme.items():
            if kind in found:
                raise DamagedTable(name, f"event {kind!r} is defined twice")
            if not (row.say or row.vp):
                raise DamagedTable(name, f"event {kind!r} has no telling")
            found[kind] = _event(kind, row)
    for word, meanings in HOMONYMS.items():
        for sense, tellings in meanings.items():
            found[f"{word}:{sense}"] = _event(f"{word}:{sense}", _Row("a", say=tellings))
    return found


def _event(kind: str, row: _Row) -> Event:
    return Event(
        kind,
        tuple(row.roles.split()),
        clauses(row.need),
        clauses(row.effect),
        parse_lines(row.say),
        parse_lines(row.vp),
        parse_lines(row.lead),
        parse(row.reason) if row.reason else None,
        parse(row.why) if row.why else None,
        parse(row.did) if row.did else None,
    )


EVENTS: Mapping[str, Event] = Table(read_events)
