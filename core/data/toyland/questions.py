"""Questions about a story, each with the answer that the story's states make true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Literal

from core.data.toyland.causes import DEEDS, clause_of, deeds, feelings, happenings, states
from core.data.toyland.discourse import Discourse
from core.data.toyland.event import EVENTS, Happening
from core.data.toyland.grammar import capital
from core.data.toyland.state import Person, Place, State, Thing
from core.data.toyland.tables import Table, read
from core.data.toyland.tell import Sentence
from core.data.toyland.template import Template, parse
from core.data.toyland.words import HOMES

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


@dataclass(frozen=True)
class _Questions:
    where: dict[str, str]
    did: dict[str, tuple[str, str]]


WHERE: Mapping[str, Template] = Table(
    lambda: {kind: parse(ask) for kind, ask in read("questions", _Questions).where.items()}
)
# Deed -> who does it, and the deed in the plain form that follows "did"; the same words are the same deed.
DID: Mapping[str, tuple[str, Template]] = Table(
    lambda: {kind: (who, parse(deed)) for kind, (who, deed) in read("questions", _Questions).did.items()}
)


class Plain:
    """Says clauses without pronouns, so that a question stands alone."""

    def __init__(self, story: Story):
        self.story = story

    def say(self, template: Template, roles: dict[str, str], state: State) -> str:
        """A telling with everybody named, as it stands inside a sentence."""
        writer = Discourse(self.story.entities, Random(0))
        writer.known = set(self.story.entities)
        writer.by_name = frozenset(self.story.entities)
        writer.text = " "  # so that nothing takes the capital of a sentence's first word
        writer.write(template, roles, state)
        return writer.text[1:]


def questions(story: Story) -> list[Question]:
    """Every question that Toyland knows to ask about `story`, in the order of the sentences that answer."""
    found = [
        *_where(story),
        *_stay(story),
        *_who(story),
        *_did(story),
        *_colour(story),
        *_why(story),
        *_first(story),
    ]
    return sorted(dict.fromkeys(found), key=lambda question: question.sentence_index)


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


def _speaks_of(sentence: Sentence, *entities: str) -> bool:
    """Whether a sentence mentions all of `entities`, by whatever words."""
    said = {one for mention in sentence.mentions for one in (mention.entity, *mention.entity.split("+"))}
    return said.issuperset(entities)


def _told_until(story: Story, index: int, entity: str) -> int | None:
    """The last sentence up to `index` that mentions `entity`."""
    return next((i for i in range(index, -1, -1) if _speaks_of(story.sentences[i], entity)), None)


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
            told = _told_until(story, index, place.id)
            if told is not None and isinstance(place, Place):
                yield Question("where", f"At which place {text}?", f"{capital(_at(story, place))}.", told)
        before = sentence.state_after


def _at(story: Story, place: Place) -> str:
    """Being at a place: "by the lake"; for the hero's home, which stands there, "in the house by the lake"."""
    if place.id == story.sentences[0].events[0].roles.get("h"):
        return f"in the house {HOMES[place.name]} the {place.name}"
    return f"{place.at} the {place.name}"


def _stay(story: Story) -> Iterator[Question]:
    """Where everybody is at the end who went somewhere."""
    end = story.sentences[-1].state_after
    for person in story.people:
        moved, place = _last_change(story, person.id, "where"), story.entities.get(end.get(person.id, "at"))
        told = _told_until(story, moved, place.id) if moved is not None and place else None
        if told is None or not isinstance(place, Place):
            continue
        yield Question("where", f"Where is {person.name} at the end?", f"{capital(_at(story, place))}.", told)
        elsewhere = [e for e in story.entities.values() if isinstance(e, Place) and e != place]
        for where, answer in ((place, "Yes."), *((other, "No.") for other in elsewhere[:1])):
            text = f"Is {person.name} {_at(story, where)} at the end?"
            yield Question("yesno", text, answer, told)


def _who(story: Story) -> Iterator[Question]:
    """Who has a thing at the end, if a sentence since it changed hands speaks of both."""
    end = story.sentences[-1].state_after
    for thing in _shown(story):
        holder = story.entities.get(end.get(thing.id, "where"))
        changed = _last_change(story, thing.id, "where")
        if changed is None or not isinstance(holder, Person):
            continue
        sentences = range(changed, len(story.sentences))
        index = next((i for i in sentences if _speaks_of(story.sentences[i], thing.id, holder.id)), None)
        if index is None:
            continue
        yield Question("who", f"Who has {_name(thing)} at the end?", f"{holder.name}.", index)
        others = [person for person in story.people if person != holder]
        for person, answer in ((holder, "Yes."), *((other, "No.") for other in others[:1])):
            yield Question("yesno", f"Does {person.name} have {_name(thing)} at the end?", answer, index)


def _did(story: Story) -> Iterator[Question]:
    """Whether somebody did what one of the story's people did."""
    plain, told, before = Plain(story), happenings(story), states(story)
    done = {(DID[h.kind][1].source, _object(h), h.roles[DID[h.kind][0]]) for h, _ in told if h.kind in DID}
    for at, (happening, index) in enumerate(told):
        if happening.kind not in DID:
            continue
        role, ask = DID[happening.kind]
        if not _speaks_of(story.sentences[index], happening.roles[role]):
            continue
        deed = plain.say(ask, happening.roles, before[at])
        others = [p for p in story.people if (ask.source, _object(happening), p.id) not in done]
        for name, answer in ((happening.roles[role], "Yes."), *((p.name, "No.") for p in others[:1])):
            yield Question("yesno", f"Did {name} {deed}?", answer, index)


def _object(happening: Happening) -> tuple[str, ...]:
    """What a deed was done to, whoever did it."""
    doer = DID[happening.kind][0]
    return tuple(happening.roles[role] for role in sorted(DID[happening.kind][1].roles - {doer}))


def _colour(story: Story) -> Iterator[Question]:
    for thing in _shown(story):
        full = f"{thing.colour} {thing.kind}"
        index = next((i for i, s in enumerate(story.sentences) if full in s.text), None)
        if index is not None and thing.tag not in {"food", "snack"}:
            yield Question("colour", f"What colour is {_name(thing)}?", f"{capital(thing.colour)}.", index)


def _why(story: Story) -> Iterator[Question]:
    told, before, plain = happenings(story), states(story), Plain(story)
    for because in (*feelings(story), *deeds(story)):
        effect, (cause, index) = told[because.effect][0], told[because.cause]
        ask = EVENTS[effect.kind].why if because.fact is None else DEEDS[effect.kind][1]
        reason = EVENTS[cause.kind].reason if because.fact is None else clause_of(cause)
        if ask is not None and reason is not None:
            # A feeling is asked about as the world stood before its cause, a deed as it stood before the deed.
            asked = before[because.cause if because.fact is None else because.effect]
            text = capital(plain.say(ask, effect.roles, asked))
            yield Question(
                "why", text, f"Because {plain.say(reason, cause.roles, before[because.cause])}.", index
            )


def _first(story: Story) -> Iterator[Question]:
    """Which of two events came first: asked of pairs, two apart, of those that happened once."""
    plain = Plain(story)
    told = [
        (happening, index) for happening, index in happenings(story) if EVENTS[happening.kind].did is not None
    ]
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
            f"What happened first: {pair[0]}, or {pair[1]}?",
            f"{capital(early[0])}.",
            early[1],
        )
