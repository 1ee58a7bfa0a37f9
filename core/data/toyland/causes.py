"""Why things happen in a story, with causes that the state can prove.

Two kinds of cause are known. A feeling's cause is named by its plan, and what it changed still holds when the
feeling comes. A deed's cause is the event that made true what the deed needs: without it the deed could not
have happened, which `possible_without` shows by playing the story again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.data.toyland.event import EVENTS, Happening
from core.data.toyland.state import Person, State, Thing
from core.data.toyland.tables import Table, read
from core.data.toyland.template import Template, parse

if TYPE_CHECKING:
    from core.data.toyland import Story


@dataclass(frozen=True)
class _Causes:
    deeds: dict[str, tuple[str, str]]
    clauses: dict[str, str]


# Deed -> the attribute it needs, how one asks for its cause.
DEEDS: Mapping[str, tuple[str, Template]] = Table(
    lambda: {kind: (needs, parse(ask)) for kind, (needs, ask) in read("causes", _Causes).deeds.items()}
)
# What a cause is called where its event has no clause of its own.
CLAUSES: Mapping[str, Template] = Table(
    lambda: {kind: parse(clause) for kind, clause in read("causes", _Causes).clauses.items()}
)


@dataclass(frozen=True)
class Because:
    """Happening `effect` came about because of happening `cause`, counted from 0 over the story.

    `fact` is (entity, attribute, value), which the cause made true and the effect needed; None for a feeling.
    """

    effect: int
    cause: int
    fact: tuple[str, str, str] | None


def happenings(story: Story) -> list[tuple[Happening, int]]:
    """Everything that happens in `story`, in order, with the sentence that tells it."""
    return [(happening, index) for index, s in enumerate(story.sentences) for happening in s.events]


def states(story: Story) -> list[State]:
    """The state before each happening, and the one after the last."""
    found = [story.start]
    for happening, _ in happenings(story):
        found.append(found[-1].after(happening.changes))
    return found


def feelings(story: Story) -> Iterator[Because]:
    """The feelings and kindnesses whose cause is told: those that one can ask about."""
    told = happenings(story)
    for effect, (happening, _) in enumerate(told):
        cause = happening.cause
        if cause is not None and EVENTS[happening.kind].why and EVENTS[told[cause][0].kind].reason:
            yield Because(effect, cause, None)


def deeds(story: Story) -> Iterator[Because]:
    """The deeds of `DEEDS` with the event that made them possible."""
    told, before = happenings(story), states(story)
    for effect, (happening, _) in enumerate(told):
        if happening.kind not in DEEDS:
            continue
        attribute = DEEDS[happening.kind][0]
        for clause in EVENTS[happening.kind].needs:
            if clause.attribute != attribute:
                continue
            entity = happening.roles.get(clause.role, clause.role)
            value = before[effect].get(entity, attribute)
            maker = _maker(told, before, effect, (entity, attribute, value))
            if (
                maker is not None
                and clause_of(told[maker][0])
                and not clause.holds(before[maker], happening.roles)
            ):
                yield Because(effect, maker, (entity, attribute, value))
                break


def clause_of(happening: Happening) -> Template | None:
    """The clause that says an event as a cause."""
    return CLAUSES.get(happening.kind) or EVENTS[happening.kind].reason


def _maker(
    told: list[tuple[Happening, int]], before: list[State], end: int, fact: tuple[str, str, str]
) -> int | None:
    """The last happening before `end` that made `fact` true."""
    return next(
        (
            i
            for i in reversed(range(end))
            if fact in told[i][0].changes and before[i].get(fact[0], fact[1]) != fact[2]
        ),
        None,
    )


def possible_without(story: Story, effect: int, cause: int) -> bool:
    """Whether happening `effect` could have happened had `cause` not; what that makes impossible stays out too."""
    told, state = happenings(story), story.start
    for index, (happening, _) in enumerate(told[: effect + 1]):
        kind = EVENTS[happening.kind]
        possible = kind.possible(state, happening.roles)
        if index == effect:
            return possible
        if index != cause and possible:
            state = state.after(kind.changes(state, happening.roles))
    raise ValueError(f"the story has no happening {effect}")


def concerns(story: Story, because: Because) -> bool:
    """Whether the cause of a feeling touches the one who feels: them, their things, where they are or want to
    be, their kin there, or a thing that earlier events joined with them."""
    told, before = happenings(story), states(story)
    who = told[because.effect][0].roles["a"]
    state, touched = before[because.effect], set(told[because.cause][0].roles.values())
    if who in touched or state.get(who, "at") in touched:
        return True
    for key, entity in story.entities.items():
        mine = state.get(key, "owner") == who or (isinstance(entity, Person) and entity.kin_of == who)
        if mine and (key in touched or state.get(key, "at") in touched):
            return True
    things = {key for key in touched if isinstance(story.entities.get(key), Thing)}
    return any(
        who in roles and things & roles
        for roles in (set(happening.roles.values()) for happening, _ in told[: because.effect])
    )


def undone(story: Story, because: Because) -> list[tuple[str, str, str]]:
    """What the cause changed and what no longer holds when the effect comes.

    Moods pass and food is eaten, so these do not count.
    """
    told, state = happenings(story), states(story)[because.effect]
    return [
        (entity, attribute, value)
        for entity, attribute, value in told[because.cause][0].changes
        if attribute != "mood"
        and state.get(entity, attribute) != value
        and state.get(entity, "state") != "eaten"
    ]
