"""Proofs that a story's truth is true: states, ways, pronouns and causes. Each check says in words what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.data.toyland.causes import concerns, deeds, feelings, happenings, possible_without, undone
from core.data.toyland.event import EVENTS
from core.data.toyland.roads import route
from core.data.toyland.state import Person

if TYPE_CHECKING:
    from core.data.toyland import Story

GENDERED = {
    "she": "she",
    "her": "she",
    "herself": "she",
    "he": "he",
    "him": "he",
    "his": "he",
    "himself": "he",
    "it": "it",
    "they": "they",
    "them": "they",
    "their": "they",
}


def replay(story: Story) -> list[str]:
    """Play the story's events again from its first state: what does not hold or does not agree, in words."""
    problems, state = [], story.start
    for index, sentence in enumerate(story.sentences):
        for happening in sentence.events:
            kind = EVENTS[happening.kind]
            if not kind.possible(state, happening.roles):
                problems.append(f"sentence {index}: {happening.kind} cannot happen")
            if kind.changes(state, happening.roles) != happening.changes:
                problems.append(f"sentence {index}: {happening.kind} changes something else")
            state = state.after(happening.changes)
        if state != sentence.state_after:
            problems.append(f"sentence {index}: the state is another one")
    return problems


def pronoun_problems(story: Story) -> list[str]:
    """Pronouns of the third person that disagree with their referent, or whose last compatible mention is
    another."""
    problems = []
    last: dict[str, str] = {}  # pronoun -> whoever was last mentioned that it could mean
    for index, sentence in enumerate(story.sentences):
        for mention in sentence.mentions:
            words = sentence.text[mention.start : mention.end].lower()
            entity = story.entities.get(mention.entity)
            its = "they" if entity is None else entity.pronoun if isinstance(entity, Person) else "it"
            if not mention.is_pronoun:
                last[its] = mention.entity
            elif words in GENDERED:
                if GENDERED[words] != its:
                    problems.append(f"sentence {index}: {words!r} for {mention.entity}")
                elif last.get(its) != mention.entity:
                    problems.append(
                        f"sentence {index}: {words!r} could be {last.get(its)}, not {mention.entity}"
                    )
    return problems


def journey_problems(story: Story) -> list[str]:
    """Journeys for which no open road leads from the place left to the place reached."""
    problems, state = [], story.start
    for index, sentence in enumerate(story.sentences):
        for happening in sentence.events:
            after = state.after(happening.changes)
            for person in story.people:
                start, end = state.get(person.id, "at"), after.get(person.id, "at")
                if start != end and not route(start, end, state):
                    problems.append(f"sentence {index}: no way for {person.name} from {start} to {end}")
            state = after
    return problems


def cause_problems(story: Story) -> list[str]:
    """Causes that are not causes.

    A cause comes before its effect. Without the cause of a deed the deed could not have happened. The cause of a
    feeling concerns whoever feels, and what it changed still holds.
    """
    problems, told = [], happenings(story)
    for because in (*feelings(story), *deeds(story)):
        effect, cause = told[because.effect][0].kind, told[because.cause][0].kind
        if because.cause >= because.effect:
            problems.append(f"{effect} comes before its cause {cause}")
        elif because.fact is not None:
            if possible_without(story, because.effect, because.cause):
                problems.append(f"{effect} did not need {cause}")
        elif not concerns(story, because):
            problems.append(f"{effect} has the cause {cause}, which concerns somebody else")
        elif undone(story, because):
            problems.append(f"{effect} has the cause {cause}, which no longer holds")
    return problems
