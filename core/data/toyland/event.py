"""What can happen: the registry of event kinds, each with what it needs, what it changes and how it is told.

A condition is written ``role.attribute=value`` (or ``!=``); the value is another role, that role's attribute,
or a plain word. Conditions are joined by ``;``. Example: ``x.where=a; a.at=b.at``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.data.toyland.state import Change, State
from core.data.toyland.template import Template, parse, parse_lines


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


EVENTS: dict[str, Event] = {}


def clauses(text: str) -> tuple[Clause, ...]:
    out = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        equal = "!=" not in part
        left, _, right = part.replace("!=", "=").partition("=")
        role, _, attribute = left.partition(".")
        value, _, value_attribute = right.partition(".")
        out.append(Clause(role, attribute, equal, value, value_attribute))
    return tuple(out)


def event(
    kind: str,
    roles: str,
    *,
    need: str = "",
    effect: str = "",
    say: str = "",
    vp: str = "",
    lead: str = "",
    reason: str = "",
    why: str = "",
    did: str = "",
) -> None:
    """Add a kind of event. `say`, `vp` and `lead` hold one telling a line; `did` is a plain clause for
    questions.

    Raises ValueError if the kind exists already or cannot be told.
    """
    if kind in EVENTS:
        raise ValueError(f"event {kind!r} is defined twice")
    if not (say or vp):
        raise ValueError(f"event {kind!r} has no telling")
    EVENTS[kind] = Event(
        kind,
        tuple(roles.split()),
        clauses(need),
        clauses(effect),
        parse_lines(say),
        parse_lines(vp),
        parse_lines(lead),
        parse(reason) if reason else None,
        parse(why) if why else None,
        parse(did) if did else None,
    )
