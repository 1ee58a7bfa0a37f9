"""Toyland: a small world whose truth is known, told as children's stories.

A seed gives a cast and a plan; the plan's events change the world; each event is told in one of many ways.
The story brings its truth along: the state after every sentence, and the referent of every pronoun. Nothing
is stored: the same seed gives the same story, always.

Beside the stories stand `questions` with their answers, `senses` (what an ambiguous word means where it stands),
`causes`, `roads`, `summaries`, passages `asked` about, `reviews`, `spanish` (the same events told in Spanish, with word
alignment), and `exercises` with exact answers; `checks` proves the truth, `variety` measures the text.

What Toyland does not know: anything outside its tables. It is a world to learn from and to ask about, not
English.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from random import Random

from core.data.toyland.cast import Casting, first_state
from core.data.toyland.dials import Dials, Split
from core.data.toyland.discourse import Discourse, Mention
from core.data.toyland.event import EVENTS, Happening
from core.data.toyland.plan import ARCS, Arc, Run, with_scene
from core.data.toyland.questions import Question, questions
from core.data.toyland.splits import combinations, settle
from core.data.toyland.state import Entity, Person, Place, Spot, State, Thing, Word
from core.data.toyland.tell import Sentence, Teller, whole_text

__all__ = [
    "ARCS",
    "EVENTS",
    "Dials",
    "Entity",
    "Happening",
    "Mention",
    "Person",
    "Place",
    "Question",
    "Sentence",
    "Spot",
    "State",
    "Story",
    "Thing",
    "Word",
    "combinations",
    "questions",
    "stories",
    "story",
]


@dataclass(frozen=True)
class Story:
    """A story with its truth.

    `start` is the state before the first sentence; `sentences[i].state_after` the one after sentence i;
    `entities` maps an id, as mentions and states use it, to the person, thing or place.
    """

    text: str
    sentences: tuple[Sentence, ...]
    arc: str
    title: str
    people: tuple[Person, ...]
    seed: int
    start: State
    entities: dict[str, Entity]


def story(seed: int, dials: Dials | None = None, split: Split = "any") -> Story:
    """The story of `seed`: the same one for the same seed, dials and split.

    `split` "train" holds no held-out combination of `dials`, "held_out" at least one, "any" is free.
    Raises ValueError if the dials hold nothing out and a held-out story is asked for, or if no
    story can keep them.
    """
    dials = dials or Dials()
    for attempt in range(1000):
        told = _told(seed, Random(f"{seed}/{attempt}/{split}"), dials, split)
        if split == "any" or bool(combinations(told.entities, told.text, dials)) == (split == "held_out"):
            return told
    raise ValueError(f"no {split} story in 1000 attempts: the dials' combinations cannot occur or be avoided")


def _told(seed: int, rng: Random, dials: Dials, split: Split) -> Story:
    plan = _pick_arc(rng)
    if dials.sense_share:
        plan = with_scene(plan, dials.sense_share, rng)
    casting = Casting(rng, dials, split)
    casting.fill(plan.cast)
    if split == "held_out":
        settle(casting)
    run = Run(casting, first_state(plan.cast, casting), rng)
    run.play(plan)
    for pool in ("weather", "dayparts"):  # words that tellings may use: "{w}", "{t}"
        for state in (run.start, *run.states):
            text = state.get("world", "weather" if pool == "weather" else "time")
            casting.entities[f"{pool}:{text}"] = Word(f"{pool}:{text}", text)
    sentences = Teller(run, casting.entities, rng).tell()
    return Story(
        whole_text(sentences),
        tuple(sentences),
        plan.name,
        _title(plan, casting, run.start, rng),
        tuple(e for e in casting.entities.values() if isinstance(e, Person)),
        seed,
        run.start,
        casting.entities,
    )


def _pick_arc(rng: Random) -> Arc:
    at = rng.random() * sum(plan.share for plan in ARCS.values())
    for plan in ARCS.values():
        at -= plan.share
        if at < 0:
            break
    return plan


def _title(plan: Arc, casting: Casting, start: State, rng: Random) -> str:
    writer = Discourse(casting.entities, rng)
    writer.known = set(casting.entities)  # a title does not introduce anybody
    writer.write(plan.titles[int(rng.random() * len(plan.titles))], casting.roles, start)
    return writer.text


def stories(seed: int = 0, dials: Dials | None = None, split: Split = "train") -> Iterator[Story]:
    """Stories without end, by the seeds `seed`, `seed` + 1, ..."""
    for number in count(seed):
        yield story(number, dials, split)
