"""Measurements of the world's text, and proofs that its truth is true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.data.toyland.event import EVENTS
from core.data.toyland.state import Person
from core.data.toyland.tell import Sentence

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


@dataclass(frozen=True)
class Report:
    """Counts over stories. `five_grams` and `types` are shares of the words: distinct ones for each word of
    text."""

    stories: int
    words: int
    types: int
    five_grams: float
    commonest_frame: str
    frame_share: float


def frame(sentence: Sentence, story: Story) -> str:
    """A sentence with people, things, places and spots replaced by what they are: "<Person> went to
    <Place>."."""
    out, position = [], 0
    for mention in sorted(sentence.mentions, key=lambda m: (m.start, -m.end)):
        if mention.start < position:
            continue  # inside a group
        entity = story.entities.get(mention.entity)
        out += [sentence.text[position : mention.start], f"<{type(entity).__name__ if entity else 'Person'}>"]
        position = mention.end
    return "".join([*out, sentence.text[position:]])


def measure(stories: Iterable[Story]) -> Report:
    """Count words (between spaces), word types, distinct 5-grams and sentence frames."""
    frames: Counter[str] = Counter()
    types: set[str] = set()
    grams: set[tuple[str, ...]] = set()
    number = words = 0
    for story in stories:
        number += 1
        text = story.text.split()
        words += len(text)
        types.update(word.strip('".,:;!?').lower() for word in text)
        grams.update(zip(text, text[1:], text[2:], text[3:], text[4:]))
        frames.update(frame(sentence, story) for sentence in story.sentences)
    top, count = frames.most_common(1)[0]
    return Report(number, words, len(types), len(grams) / words, top, count / sum(frames.values()))


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
