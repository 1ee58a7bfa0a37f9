"""Questions about a story, each with the answer that the story's states make true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Literal

from core.data.toyland.discourse import Discourse
from core.data.toyland.event import EVENTS, Happening
from core.data.toyland.grammar import capital
from core.data.toyland.state import Person, Place, State, Thing
from core.data.toyland.template import Template, parse

if TYPE_CHECKING:
    from core.data.toyland import Story

Kind = Literal["where", "who", "colour", "why", "first", "yesno"]


@dataclass(frozen=True)
class Question:
    """A question and its true answer; `sentence_index` is the sentence that holds the answer."""

    kind: Kind
    text: str
    answer: str
    sentence_index: int


WHERE = {
    "lose": parse("did {a} leave {x}"),
    "stray": parse("did {x} hide"),
    "hide": parse("did {b} hide {x}"),
    "put": parse("did {a} put {x}"),
    "find": parse("did {a} find {x}"),
    "find_other": parse("did {b} find {x}"),
}


class Plain:
    """Says clauses without pronouns, so that a question stands alone."""

    def __init__(self, story: Story):
        self.story = story

    def say(self, template: Template, roles: dict[str, str], state: State) -> str:
        """A telling with everybody named."""
        writer = Discourse(self.story.entities, Random(0))
        writer.known = set(self.story.entities)
        writer.by_name = frozenset(self.story.entities)
        writer.write(template, roles, state)
        return writer.text


def questions(story: Story) -> list[Question]:
    """Every question that Toyland knows to ask about `story`, in the order of the sentences that answer."""
    found = [*_where(story), *_who(story), *_colour(story), *_why(story), *_first(story)]
    return sorted(found, key=lambda question: question.sentence_index)


def _name(thing: Thing) -> str:
    return f"the {thing.kind}"


def _shown(story: Story) -> Iterator[Thing]:
    """The things that the story speaks of."""
    said = {mention.entity for sentence in story.sentences for mention in sentence.mentions}
    return (e for e in story.entities.values() if isinstance(e, Thing) and e.id in said)


def _last_change(story: Story, entity: str, attribute: str) -> int | None:
    """The last sentence that changed a fact."""
    return next(
        (
            i
            for i in reversed(range(len(story.sentences)))
            if any(
                change[:2] == (entity, attribute)
                for happening in story.sentences[i].events
                for change in happening.changes
            )
        ),
        None,
    )


def _where(story: Story) -> Iterator[Question]:
    """Where things were left, hidden, put and found: the corner, and the place it belongs to."""
    before, plain = story.start, Plain(story)
    for index, sentence in enumerate(story.sentences):
        for happening in sentence.events:
            ask, spot = WHERE.get(happening.kind), happening.roles.get("s", "")
            if ask is None:
                continue
            text = plain.say(ask, happening.roles, before)
            if spot in sentence.text.lower():
                yield Question("where", f"Where {text}?", f"{capital(spot)}.", index)
            place = story.entities[happening.roles["p"]]
            told = next(
                (
                    i
                    for i in range(index, -1, -1)
                    if any(mention.entity == place.id for mention in story.sentences[i].mentions)
                ),
                None,
            )
            if told is not None and isinstance(place, Place):
                yield Question(
                    "where", f"At which place {text}?", f"{capital(place.at)} the {place.name}.", told
                )
        before = sentence.state_after


def _who(story: Story) -> Iterator[Question]:
    end = story.sentences[-1].state_after
    for thing in _shown(story):
        holder = story.entities.get(end.get(thing.id, "where"))
        index = _last_change(story, thing.id, "where")
        if index is None or not isinstance(holder, Person):
            continue
        yield Question("who", f"Who has {_name(thing)} at the end?", f"{holder.name}.", index)
        for person in story.people:
            answer = "Yes." if person.id == holder.id else "No."
            yield Question("yesno", f"Does {person.name} have {_name(thing)} at the end?", answer, index)


def _colour(story: Story) -> Iterator[Question]:
    for thing in _shown(story):
        full = f"{thing.colour} {thing.kind}"
        index = next((i for i, s in enumerate(story.sentences) if full in s.text), None)
        if index is not None and thing.tag not in {"food", "snack"}:
            yield Question("colour", f"What colour is {_name(thing)}?", f"{capital(thing.colour)}.", index)


def _flat(story: Story) -> list[tuple[Happening, int]]:
    return [(happening, index) for index, s in enumerate(story.sentences) for happening in s.events]


def _why(story: Story) -> Iterator[Question]:
    flat, plain = _flat(story), Plain(story)
    for happening, _ in flat:
        ask = EVENTS[happening.kind].why
        if ask is None or happening.cause is None:
            continue
        cause, told = flat[happening.cause]
        reason = EVENTS[cause.kind].reason
        if reason is not None:
            state = story.sentences[told - 1].state_after if told else story.start
            yield Question(
                "why",
                plain.say(ask, happening.roles, state),
                f"Because {plain.say(reason, cause.roles, state)}.",
                told,
            )


def _first(story: Story) -> Iterator[Question]:
    """Which of two events came first: asked of pairs, two apart, of those that happened once."""
    plain = Plain(story)
    told = [(happening, index) for happening, index in _flat(story) if EVENTS[happening.kind].did is not None]
    clauses: list[tuple[str, int]] = []
    for happening, index in told:
        did = EVENTS[happening.kind].did
        clause = plain.say(did, happening.roles, story.sentences[index].state_after) if did else ""
        clauses.append((clause, index))
    once = Counter(clause for clause, _ in clauses)
    clauses = [(clause, index) for clause, index in clauses if once[clause] == 1]
    for early, late in zip(clauses[0::4], clauses[2::4]):
        pair = sorted((early[0], late[0]))
        yield Question(
            "first",
            f"What happened first: {_lower(pair[0])}, or {_lower(pair[1])}?",
            f"{early[0]}.",
            early[1],
        )


def _lower(clause: str) -> str:
    """A clause for the middle of a sentence: names keep their capital."""
    return "the" + clause[3:] if clause.startswith("The ") else clause
