"""Who and what reviews are about, how a review begins, and how it speaks of its subject."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from random import Random

from core.data.toyland import words
from core.data.toyland.cast import draw
from core.data.toyland.grammar import PRONOUNS, adjectives, article, capital
from core.data.toyland.tables import lines, read


@dataclass(frozen=True)
class _File:
    kin: tuple[str, ...]
    days: tuple[str, ...]
    selling: tuple[str, ...]
    spans: tuple[str, ...]
    openings: dict[str, str]


_file = read("reviews/subjects", _File)
KIN, DAYS, SELLING, SPANS = _file.kin, _file.days, _file.selling, _file.spans
OPENINGS = {topic: lines(block) for topic, block in _file.openings.items()}
TAGS = {"thing": ("toy", "keepsake", "tool"), "pet": ("pet",), "food": ("food", "snack")}
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass
class Subject:
    """What a review is about: `full` as it is first called ("the red kite", "Nora the baker"), `short` ("the kite"),
    its `pronoun`, and `at` for places ("by"). `pairs` are the combinations that the review shows."""

    topic: str
    full: str
    short: str
    pronoun: str
    use: str = ""
    at: str = ""
    words: dict[str, str] = field(default_factory=dict)
    known: bool = False

    def called(self, aspect: str, rng: Random, case: str = "subject") -> str:
        """The subject or an aspect of it, inside a sentence."""
        first, self.known = not self.known, True
        if not aspect:
            if first:
                return self.full
            return PRONOUNS[self.pronoun][case] if rng.random() < 0.7 else self.short
        if first:
            return f"the {aspect} {self.at} {self.full}" if self.at else f"the {aspect} of {self.full}"
        if self.topic == "place" or rng.random() < 0.3:
            return f"the {aspect}"
        return f"{PRONOUNS[self.pronoun]['possessive']} {aspect}"


def subject(rng: Random) -> Subject:
    """Somebody or something to have an opinion about, with the words for an opening sentence."""
    topic = draw(rng, ("thing", "thing", "thing", "pet", "food", "place", "place", "helper", "helper"))
    filled = {
        "kin": draw(rng, KIN),
        "day": draw(rng, DAYS),
        "span": draw(rng, SPANS),
        "job": draw(rng, words.POOLS["job"]),
    }
    place = draw(rng, words.PLACE_NAMES if topic in {"place", "helper"} else SELLING)
    filled |= {"p": f"the {place}", "at": f"{words.PLACES[place][0]} the {place}"}
    she = rng.random() < 0.5
    name = draw(rng, words.SHE_NAMES if she else words.HE_NAMES)
    filled["who"] = f"{name} the {draw(rng, words.PROFESSIONS)}"
    _, filled["y"], _, _ = _thing(TAGS["thing"], rng)
    if topic == "place":
        return Subject(topic, filled["p"], "this place", "it", at=words.PLACES[place][0], words=filled)
    if topic == "helper":
        return Subject(topic, filled["who"], name, "she" if she else "he", words=filled)
    kind, filled["x"], use, filled["used"] = _thing(TAGS[topic], rng)
    full = filled["x"].partition(" ")[2]
    filled["the"] = f"the {full}"
    short = f"the {kind}" if rng.random() < 0.5 else f"this {kind}"
    return Subject(topic, filled["the"], short, "it", use, words=filled)


def _thing(tags: tuple[str, ...], rng: Random) -> tuple[str, str, str, str]:
    """A kind of thing, the thing as "a red kite", and what one does and did with it."""
    tag = draw(rng, tags)
    kind, use, used = draw(rng, words.THINGS[tag])
    full = adjectives(draw(rng, words.colours(tag, kind)), kind)
    return kind, f"some {full}" if kind in words.MASS else article(full), use, used


def opening(about: Subject, rng: Random) -> str:
    """A first sentence, without an opinion."""
    about.known = True
    frame = draw(rng, OPENINGS[about.topic])
    return capital(_SLOT.sub(lambda slot: about.words[slot[1]], frame))
