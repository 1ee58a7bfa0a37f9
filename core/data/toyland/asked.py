"""Passages of Toyland's stories with a question each, which the passage alone answers.

A passage is made a small story of its own: it begins with the state before its first sentence and is asked about
with `questions`, so that an answer is what its own events make true ("at the end" is the passage's end). Beside those
questions stand "Who lost the kite?" and "Which place did Nora go to?", whose answers are read off the events too.
Which of two events came first is not asked: a passage is short.

A passage is taken only if it can be understood alone: each pronoun's referent and each profession's bearer is named
before, everybody and everything asked about is named, and the whole story answers no other way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from core.data.toyland.cast import draw
from core.data.toyland.causes import happenings, states
from core.data.toyland.dials import Dials, Split
from core.data.toyland.event import EVENTS, Happening
from core.data.toyland.grammar import capital
from core.data.toyland.questions import Plain, Question, questions
from core.data.toyland.splits import combinations
from core.data.toyland.state import Person, Place, Thing
from core.data.toyland.template import parse

if TYPE_CHECKING:
    from core.data.toyland import Story

MOST_WORDS = 60  # with its question a passage then fits 128 pieces of tales-bert's vocabulary
FEWEST_WORDS = 20
MOST_SENTENCES = 6
PER_STORY = 3
# How often each kind is asked, as far as passages allow: less where there is little to find, because only one is named,
# and where the answer's words do not stand in the passage.
WEIGHTS = {
    "who": 12,
    "who went": 2,
    "who, one named": 1,
    "where": 8,
    "where, no span": 1,
    "colour": 6,
    "yes": 2,
    "no": 6,
    "why": 3,
}
# Feelings last and have many tellings; what two do together is done by both.
_NOT_ASKED = {
    *("sad", "glad", "angry", "worried", "sorry", "proud"),
    *("meet", "playmates", "go_together", "drop_in", "part"),
    "return",  # nobody else does
}


@dataclass(frozen=True)
class Asked:
    """A question about `context` and its answer, as `questions` writes it: "Under the bench."

    Where the answer's words stand in the passage, `context[start:end]` are these words (capital and full stop
    aside); `start` and `end` are None where they do not ("Yes.", "Because ..."). `sentence` is the character span of
    the sentence that tells the answer. `kind` is the question's, `story_seed` the seed of the passage's story.
    """

    context: str
    question: str
    answer: str
    start: int | None
    end: int | None
    sentence: tuple[int, int]
    kind: str
    story_seed: int


def asked(
    seed: int = 0, split: Split = "train", most_words: int = MOST_WORDS, dials: Dials | None = None
) -> Iterator[Asked]:
    """Endless passages with a question each, the same for the same seed and split; up to three from one story.

    Held out are the combinations of `dials`, as in `story`: every "held_out" passage itself shows at least one of
    them, no "train" passage any. A passage has at most `most_words` words.
    Raises ValueError, at the call, if the split is unknown or `most_words` holds no two sentences.
    """
    if split not in {"train", "held_out", "any"}:
        raise ValueError(f"no split is called {split!r}: choose one of train, held_out, any")
    if most_words < FEWEST_WORDS:
        raise ValueError(f"a passage of {most_words} words is too short: ask for at least {FEWEST_WORDS}")
    return _asked(Random(f"asked/{seed}/{split}"), split, most_words, dials or Dials())


def _asked(rng: Random, split: Split, most_words: int, dials: Dials) -> Iterator[Asked]:
    from core.data.toyland import story

    while True:
        told = story(rng.getrandbits(40), dials, split)
        known = {question.text: question.answer for question in questions(told)}
        home, taken = told.sentences[0].events[0].roles["h"], 0
        for passage in _passages(told, rng, most_words):
            if split == "held_out" and not combinations(told.entities, passage.text, dials):
                continue
            options = list(_askable(passage, known, home))
            if options:
                yield _pick(options, told.people, rng)
                taken += 1
            if taken == PER_STORY:
                break


def _pick(options: list[Asked], people: tuple[Person, ...], rng: Random) -> Asked:
    """One of `options`, by the weights of the kinds that there are."""
    several = sum(bool(re.search(rf"\b{person.name}\b", options[0].context)) for person in people) > 1
    kinds = [_kind(one, several) for one in options]
    weights = {kind: WEIGHTS[kind] for kind in kinds}
    drawn = rng.choices(list(weights), list(weights.values()))[0]
    return draw(rng, [one for one, kind in zip(options, kinds) if kind == drawn])


def _kind(one: Asked, several: bool) -> str:
    """What decides how often a question is asked: its kind and how much there is to find."""
    if one.kind == "who":
        return "who, one named" if not several else "who went" if one.question[4:8] == "went" else "who"
    if one.kind == "yesno":
        return one.answer[:-1].lower()
    return "where, no span" if one.kind == "where" and one.start is None else one.kind


def _passages(story: Story, rng: Random, most_words: int) -> Iterator[Story]:
    """Runs of sentences of `story` as stories of their own, without overlap."""
    lengths = [len(sentence.text.split()) for sentence in story.sentences]
    before = [story.start, *(sentence.state_after for sentence in story.sentences)]
    first = int(rng.random() * 3)
    while first < len(story.sentences) - 1:
        count = 3 + int(rng.random() * (MOST_SENTENCES - 2))
        while count > 2 and sum(lengths[first : first + count]) > most_words:
            count -= 1
        sentences = story.sentences[first : first + count]
        if sum(lengths[first : first + count]) <= most_words and _stands_alone(story, first, first + count):
            offset = sum(len(sentence.events) for sentence in story.sentences[:first])
            alone = tuple(
                replace(sentence, events=tuple(_shifted(event, offset) for event in sentence.events))
                for sentence in sentences
            )
            text = " ".join(sentence.text for sentence in sentences)
            yield replace(story, text=text, sentences=alone, start=before[first])
            first += count
        else:
            first += 1


def _shifted(happening: Happening, offset: int) -> Happening:
    """A happening whose cause is counted from the passage's first one, without a cause told before it."""
    if happening.cause is None:
        return happening
    return replace(happening, cause=happening.cause - offset if happening.cause >= offset else None)


def _stands_alone(story: Story, first: int, end: int) -> bool:
    """Whether the passage names whomever its pronouns and professions mean before they do."""
    named: set[str] = set()
    for sentence in story.sentences[first:end]:
        for mention in sorted(sentence.mentions, key=lambda one: one.start):
            entity, said = story.entities.get(mention.entity), sentence.text[mention.start : mention.end]
            person = entity if isinstance(entity, Person) else None
            if mention.is_pronoun:
                if mention.entity not in named and not named.issuperset(mention.entity.split("+")):
                    return False
                continue
            if person and person.name in said and person.profession in said:
                named.add(f"{person.id} the {person.profession}")
            if person and person.name not in said and f"{person.id} {said.lower()}" not in named:
                return False
            named.add(mention.entity)
    return True


def _askable(passage: Story, known: dict[str, str], home: str) -> Iterator[Asked]:
    """The questions that the passage answers alone."""
    starts, at = [], 0
    for sentence in passage.sentences:
        starts.append(at)
        at += len(sentence.text) + 1
    found = [*(one for one in questions(passage) if one.kind != "first"), *_doers(passage), *_goals(passage)]
    answers: dict[str, set[str]] = {}
    for one in found:
        answers.setdefault(one.text, set()).add(one.answer)
    for question in dict.fromkeys(found):
        if len(answers[question.text]) > 1 or not _self_contained(question, passage, home):
            continue
        if "at the end" not in question.text and known.get(question.text, question.answer) != question.answer:
            continue
        span = _span(question, passage, starts)
        if span is None and question.kind in {"who", "colour"}:
            continue
        begin = starts[question.sentence_index]
        whole = (begin, begin + len(passage.sentences[question.sentence_index].text))
        start, end = span or (None, None)
        yield Asked(
            passage.text, question.text, question.answer, start, end, whole, question.kind, passage.seed
        )


def _self_contained(question: Question, passage: Story, home: str) -> bool:
    """Whether the passage names everybody and everything that question and answer do.

    The hero's home is called "in the house by the lake", which only a passage that begins there can say.
    """
    said = f"{question.text} {question.answer}"
    for entity in passage.entities.values():
        name = entity.kind if isinstance(entity, Thing) else getattr(entity, "name", "")
        if name and re.search(rf"\b{name}\b", said) and not re.search(rf"\b{name}\b", passage.text):
            return False
    place = passage.entities[home]
    return not (isinstance(place, Place) and f"{place.at} the {place.name}" in said.lower())


def _doers(passage: Story) -> Iterator[Question]:
    """Who did what the passage tells of one person."""
    plain, told, before = Plain(passage), happenings(passage), states(passage)
    together = any(happening.kind in {"go_together", "welcome"} for happening, _ in told)
    for at, (happening, index) in enumerate(told):
        did = EVENTS[happening.kind].did
        if did is None or happening.kind in _NOT_ASKED or (happening.kind == "go" and together):
            continue
        doer = passage.entities.get(happening.roles.get(did.source[1:2], ""))
        if not isinstance(doer, Person) or did.source[2:8] == "} and ":
            continue
        if any(mention.entity == doer.id for mention in passage.sentences[index].mentions):
            deed = plain.say(parse(did.source[4:]), happening.roles, before[at])
            yield Question("who", f"Who {deed}?", f"{doer.name}.", index)


def _goals(passage: Story) -> Iterator[Question]:
    """Which place somebody went to who went once."""
    told = happenings(passage)
    went = {"go": ("a",), "go_together": ("a", "b")}
    for happening, index in told:
        for role in went.get(happening.kind, ()):
            who, place = passage.entities[happening.roles[role]], passage.entities[happening.roles["p"]]
            home = any(h.kind in {"return", "welcome"} and who.id in h.roles.values() for h, _ in told)
            if home or not isinstance(who, Person) or not isinstance(place, Place):
                continue
            if f"the {place.name}" in passage.sentences[index].text.lower():
                answer = capital(f"the {place.name}.")
                yield Question("where", f"Which place did {who.name} go to?", answer, index)


def _span(question: Question, passage: Story, starts: list[int]) -> tuple[int, int] | None:
    """Where the words of an answer stand: in the sentence that tells it, somebody's name also before that."""
    words = question.answer[:-1]
    sentence = passage.sentences[question.sentence_index]
    if question.kind in {"where", "colour"}:
        after = " " + question.text.split()[-1][:-1] if question.kind == "colour" else ""
        match = re.search(rf"\b{words}{after}\b", sentence.text, re.I)
        begin = starts[question.sentence_index] + match.start() if match else 0
        return (begin, begin + len(words)) if match else None
    if question.kind != "who":
        return None
    for index in range(question.sentence_index, -1, -1):
        for mention in sorted(passage.sentences[index].mentions, key=lambda one: one.start):
            at = passage.sentences[index].text.find(words, mention.start, mention.end)
            if mention.entity == words and at >= 0:
                return starts[index] + at, starts[index] + at + len(words)
    return None
