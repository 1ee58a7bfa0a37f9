"""Toyland told in Spanish beside its English: sentences that mean the same, with their word alignment.

The events of a story are told one or two at a time: in English by Toyland's own tellings, in Spanish by tellings
written for it, several for each, with the agreement, contractions, clitics and word order of Spanish. The past is
told in the indefinido, states and habits in the imperfecto. Names stay. What Spanish leaves out (a subject that is
clear, "some") has no link.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from core.data.toyland import Dials, Story, stories
from core.data.toyland.dials import Split
from core.data.toyland.event import Happening
from core.data.toyland.spanish.align import Links, links, spanish_text, text_of
from core.data.toyland.spanish.items import Item, Writer, allowed, length
from core.data.toyland.spanish.notation import WORDS
from core.data.toyland.splits import combinations

__all__ = ["Translation", "translations", "words"]

FEWEST, MOST = 4, 25  # English words of an item


@dataclass(frozen=True)
class Translation:
    """One or two events of a story in both languages.

    allowed: every Spanish text that the generator can give for the same events and the same English; it holds
    `spanish`. links: sure pairs (number of an English word, number of a Spanish word), as `words` counts them from 0;
    possible: those and pairs of function words (Och & Ney 2003). kinds: the kinds of the events.
    """

    english: str
    spanish: str
    allowed: frozenset[str]
    links: Links
    possible: Links
    kinds: tuple[str, ...]


def words(text: str) -> list[str]:
    """The words of a sentence as `Translation.links` counts them: letters with their hyphens and apostrophes
    ("Nora's"), and every mark by itself."""
    return WORDS.findall(text)


def translations(seed: int = 0, split: Split = "train", dials: Dials | None = None) -> Iterator[Translation]:
    """Sentences without end; the same ones for the same seed, split and dials.

    Those of split "train" hold no combination that `dials` hold out (a colour with a thing, a name with a place);
    those of "held_out" hold at least one; "any" is free.
    """
    dials = dials or Dials()
    rng = Random(f"spanish {seed} {split}")
    for told in stories(seed * 1_000_003, dials, split):
        for item in written(told, rng):
            english = text_of([token.text for token in item.english])
            if not FEWEST <= length(english) <= MOST:
                continue
            if split != "any" and bool(combinations(told.entities, english, dials)) != (split == "held_out"):
                continue
            yield translated(item, english)


def written(story: Story, rng: Random) -> list[Item]:
    """The items of a story."""
    happenings: list[Happening] = []
    states = [story.start]
    for sentence in story.sentences:
        for happening in sentence.events:
            happenings.append(happening)
            states.append(states[-1].after(happening.changes))
    return Writer(happenings, states, story.entities, rng).items()


def translated(item: Item, english: str) -> Translation:
    """An item as text with its links."""
    sure, possible = links(item.english, item.spanish[item.chosen])
    return Translation(
        english, spanish_text(item.spanish[item.chosen]), allowed(item), sure, possible, item.kinds
    )
