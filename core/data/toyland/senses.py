"""What a word with several meanings means where it stands in a story.

A noun for a thing, a place or a person is always a mention, so what it names is known; any other meaning is read
off the fixed words around it, which only tellings write. The rules of a word are tried in order. ``<Thing>`` asks
that the word stands in the mention of a thing of that kind (so ``<Person>``, ``<Place>``); ``~kite/bell`` that a
mention of such a thing follows at once; ``scene`` that a scene of `words.HOMONYMS` wrote it; any other text is a
pattern in which ``~`` is the word, and ``*`` stands for every case left.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from core.data.toyland.state import Entity, Person, Place, Thing
from core.data.toyland.tables import read
from core.data.toyland.tell import Sentence
from core.data.toyland.words import HOMONYMS

if TYPE_CHECKING:
    from core.data.toyland import Story


def _rules() -> dict[str, tuple[tuple[str, str], ...]]:
    own = read("senses", dict[str, tuple[tuple[str, str], ...]])
    scenes = {word: tuple((sense, "scene") for sense in meanings) for word, meanings in HOMONYMS.items()}
    return {**{word: rules for word, rules in own.items() if word not in scenes}, **scenes, **own}


RULES = _rules()
_KINDS: dict[str, type[Entity]] = {"<Thing>": Thing, "<Person>": Person, "<Place>": Place}
_AMBIGUOUS = re.compile(rf"\b(?:{'|'.join(RULES)})\b", re.I)


@dataclass(frozen=True)
class Meaning:
    """Characters `start` to `end` of sentence `sentence_index` are `word`, meant in `sense`."""

    sentence_index: int
    start: int
    end: int
    word: str
    sense: str


def senses(story: Story) -> list[Meaning]:
    """The sense of every word of `RULES` in `story`, in order.

    Raises ValueError for a word whose sense no rule tells.
    """
    found = []
    for index, sentence in enumerate(story.sentences):
        for match in _AMBIGUOUS.finditer(sentence.text):
            word = match[0].lower()
            sense = _sense(word, match.start(), match.end(), sentence, story)
            if not sense:
                raise ValueError(f"no rule tells what {word!r} means in {sentence.text!r}")
            found.append(Meaning(index, match.start(), match.end(), word, sense))
    return found


def _sense(word: str, start: int, end: int, sentence: Sentence, story: Story) -> str:
    for sense, rule in RULES[word]:
        if rule in _KINDS:
            holds = any(
                mention.start <= start and end <= mention.end and _names(word, mention.entity, rule, story)
                for mention in sentence.mentions
            )
        elif rule == "scene":
            holds = any(happening.kind == f"{word}:{sense}" for happening in sentence.events)
        elif rule.startswith("~") and rule[1:].replace("/", "").isalpha():
            holds = _followed(end, rule[1:].split("/"), sentence, story)
        else:
            holds = rule == "*" or any(
                match.start() <= start and end <= match.end()
                for match in _pattern(word, rule).finditer(sentence.text)
            )
        if holds:
            return sense
    return ""


def _names(word: str, entity_id: str, rule: str, story: Story) -> bool:
    """Whether an entity is of the class of `rule` and `word` is what it is called."""
    entity = story.entities.get(entity_id)
    if not isinstance(entity, _KINDS[rule]):
        return False
    if isinstance(entity, Person):
        return word in {entity.name.lower(), entity.profession}
    return word == (entity.kind if isinstance(entity, Thing) else entity.id)


def _followed(end: int, kinds: list[str], sentence: Sentence, story: Story) -> bool:
    """Whether the mention that begins right after `end` is of a thing of `kinds`; its owner may stand before."""
    at = end + 1
    for mention in sorted(sentence.mentions, key=lambda m: m.start):
        if mention.start == at:
            entity = story.entities.get(mention.entity)
            if isinstance(entity, Thing):
                return entity.kind in kinds
            at = mention.end + 1
    return False


@cache
def _pattern(word: str, rule: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{rule.replace('~', word)})\b", re.I)
