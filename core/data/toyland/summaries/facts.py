"""What a summary of a story has to say, found by replaying the story, and every way in which it may be said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from core.data.toyland.event import EVENTS, Happening
from core.data.toyland.grammar import PRONOUNS, adjectives, article, possessive
from core.data.toyland.state import Entity, Person, Place, Spot, State, Thing
from core.data.toyland.summaries.plots import PARTS, PLOTS, Pattern, Plot, Variant, wordings
from core.data.toyland.template import Slot
from core.data.toyland.words import HOMES, MASS

if TYPE_CHECKING:
    from core.data.toyland import Story

CASES = {"": "subject", "o": "object", "s": "possessive"}
ALWAYS = {"he": "subject", "him": "object", "his": "possessive"}


@dataclass(frozen=True)
class Fact:
    """One part of what a summary says: `part` "wish", "turn" or "end", the `kind` of event that shows it, who and
    what it is about (role -> entity id), and all `tellings`, as they stand inside a sentence; `flags` as in plots."""

    part: str
    kind: str
    roles: dict[str, str]
    tellings: tuple[str, ...]
    flags: frozenset[str]


def facts_of(story: Story) -> tuple[Fact, ...]:
    """The wish, the turning point and the end of `story`, by playing its events again.

    Raises ValueError if the story's arc has no plot or its events show no such part.
    """
    plot = PLOTS.get(story.arc)
    if plot is None:
        raise ValueError(f"there is no summary of {story.arc!r} stories")
    told = tuple(_replayed(story))
    roles = _bound(plot, told)
    shown = [_shown(part, plot.parts[part], told, roles, story) for part in PARTS]
    for _, found in shown:
        roles = {**found, **roles}
    named = {
        slot.role
        for variant, _ in shown
        for telling in variant.tellings
        for slot in (piece for way in wordings(telling) for piece in way if isinstance(piece, Slot))
    }
    people = {roles[role] for role in named if isinstance(story.entities[roles[role]], Person)}
    return tuple(
        Fact(
            part,
            variant.shown.kind,
            roles,
            tuple(
                dict.fromkeys(
                    _tellings(variant, roles, story, clear=part != "wish" and _clear(roles, people, story))
                )
            ),
            variant.flags,
        )
        for part, (variant, _) in zip(PARTS, shown)
    )


def _replayed(story: Story) -> Iterator[tuple[Happening, State]]:
    """Every happening with the state that it makes, computed from the first state on."""
    state = story.start
    for sentence in story.sentences:
        for happening in sentence.events:
            state = state.after(EVENTS[happening.kind].changes(state, happening.roles))
            yield happening, state


def _fit(shape: Pattern, happening: Happening, roles: dict[str, str]) -> dict[str, str] | None:
    """`roles` with those of `happening`, if it is of the pattern's kind and nobody is two at once."""
    if happening.kind != shape.kind:
        return None
    found = dict(roles)
    for arg, role in zip(shape.args, EVENTS[shape.kind].roles):
        if found.setdefault(arg, happening.roles[role]) != happening.roles[role]:
            return None
    return found


def _bound(plot: Plot, told: tuple[tuple[Happening, State], ...]) -> dict[str, str]:
    roles: dict[str, str] = {}
    for shape in plot.binds:
        fits = (_fit(shape, happening, roles) for happening, _ in told)
        roles = next((found for found in fits if found is not None), roles)
    return roles


def _shown(
    part: str,
    variants: tuple[Variant, ...],
    told: tuple[tuple[Happening, State], ...],
    roles: dict[str, str],
    story: Story,
) -> tuple[Variant, dict[str, str]]:
    """The variant that the story shows, and the roles that its event adds."""
    for variant in variants:
        for happening, after in told:
            found = _fit(variant.shown, happening, roles)
            state = told[-1][1] if part == "end" else after
            if found is not None and all(clause.holds(state, found) for clause in variant.holds):
                return variant, found
    raise ValueError(f"the {story.arc!r} story {story.seed} shows no {part} that a summary knows")


def _clear(roles: dict[str, str], people: set[str], story: Story) -> bool:
    """Whether the hero's pronoun can mean nobody else whom the summary names."""
    hero = story.entities[roles["a"]]
    others = [story.entities[one] for one in people - {hero.id}]
    return isinstance(hero, Person) and all(
        isinstance(one, Person) and one.pronoun != hero.pronoun for one in others
    )


def _tellings(variant: Variant, roles: dict[str, str], story: Story, clear: bool) -> Iterator[str]:
    for telling in variant.tellings:
        for way in wordings(telling):
            yield from map(
                "".join,
                product(
                    *(
                        _words(piece, roles, story, clear) if isinstance(piece, Slot) else (piece,)
                        for piece in way
                    )
                ),
            )


def _words(slot: Slot, roles: dict[str, str], story: Story, clear: bool) -> tuple[str, ...]:
    """The wordings of a slot."""
    entity: Entity = story.entities[roles[slot.role]]
    if isinstance(entity, Person):
        return _person(entity, slot, clear and slot.role == "a")
    if isinstance(entity, Thing):
        return _thing(entity, slot.form, story, roles)
    if isinstance(entity, Place):
        form = {"at": f"{entity.at} ", "by": f"{HOMES.get(entity.name, entity.at)} "}.get(slot.form, "")
        return (f"{form}the {entity.name}",)
    return (entity.phrase if isinstance(entity, Spot) else entity.text,)


def _person(who: Person, slot: Slot, clear: bool) -> tuple[str, ...]:
    if slot.form in ALWAYS:
        return (PRONOUNS[who.pronoun][ALWAYS[slot.form]],)
    if slot.form == "n's":
        return (possessive(who.name),)
    if slot.form == "n":
        return (who.name,)
    name = possessive(who.name) if slot.form == "s" else who.name
    return (name, PRONOUNS[who.pronoun][CASES[slot.form]]) if clear else (name,)


def _thing(what: Thing, form: str, story: Story, roles: dict[str, str]) -> tuple[str, ...]:
    """A thing, with its colour if the story tells it."""
    full = adjectives(what.colour, what.kind)
    full = full if full in story.text else what.kind
    if form == "own":
        return (f"{PRONOUNS[story.entities[roles['a']].pronoun]['possessive']} {full}",)  # type: ignore[union-attr]
    if form in {"a", "full", "bare"}:
        some = f"some {full}" if what.kind in MASS else article(full)
        return ({"a": some, "full": f"the {full}", "bare": full}[form],)
    if form == "use":
        return (what.use,)
    return (f"the {what.kind}",) if form == "the" else ("it", f"the {what.kind}")
