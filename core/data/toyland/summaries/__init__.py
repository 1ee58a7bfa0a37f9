"""Summaries of Toyland's stories: what the hero wanted, what turned the story, and how it ended.

A summary is one or two sentences in words that the story does not use for it; no sentence of it stands in the story.
Each part has several tellings, so that a story has hundreds or thousands of right summaries, all in
`Summarized.allowed`. `facts_right` judges any text by what it says, part by part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING

from core.data.toyland.cast import draw
from core.data.toyland.dials import Dials, Split
from core.data.toyland.grammar import capital
from core.data.toyland.summaries.facts import Fact, facts_of
from core.data.toyland.summaries.plots import PARTS, PLOTS

if TYPE_CHECKING:
    from core.data.toyland import Story

__all__ = [
    "FRAMES",
    "PARTS",
    "PLOTS",
    "Fact",
    "Facts",
    "Summarized",
    "facts_of",
    "facts_right",
    "summarize",
    "summarized",
]

# How the parts become sentences. {but} joins wish and turning point, {and} turning point and end. A frame with
# "because" needs a turning point that is the reason of the end. A capital marks a part that begins a sentence.
FRAMES = (
    "{Wish}. {Turn}, {and} {end}.",
    "{Wish}, {but} {turn}. {End}.",
    "{Wish}, {but} {turn}. In the end {end}.",
    "{Wish}. {Turn}, {and} in the end {end}.",
    "{Wish}, {but} {turn}, and in the end {end}.",
    "{Wish}. In the end {end}, because {turn}.",
    "{Wish}. {End}, because {turn}.",
    "{Wish}. Because {turn}, {end}.",
)
FEWEST_WORDS = 120  # one story in a hundred is shorter
_PIECE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Facts:
    """Which parts of a summary are right."""

    wish: bool
    turn: bool
    end: bool

    @property
    def all_right(self) -> bool:
        """Whether all three parts are right."""
        return self.wish and self.turn and self.end


@dataclass(frozen=True)
class Summarized:
    """A story, its `text` as a model reads it (one line), one `summary`, and the `facts` that every summary has to
    tell: wish, turning point, end, in this order."""

    story: Story
    text: str
    summary: str
    facts: tuple[Fact, ...]

    @cached_property
    def allowed(self) -> frozenset[str]:
        """Every summary that the generator allows for this story."""
        return frozenset(
            _fill(frame, self.facts, (wish, turn, end))
            for frame in _frames(self.facts)
            for wish in self.facts[0].tellings
            for turn in self.facts[1].tellings
            for end in self.facts[2].tellings
        )


def _frames(facts: tuple[Fact, ...]) -> list[str]:
    """The frames that fit a turning point."""
    flags = facts[1].flags
    return [
        frame
        for frame in FRAMES
        if ("ecause" not in frame or "because" in flags)
        and ("yet" not in flags or "{but}" not in frame or ". " in frame)
    ]


def _fill(frame: str, facts: tuple[Fact, ...], clauses: tuple[str, ...]) -> str:
    words = dict(zip(PARTS, clauses))
    words |= {capital(part): capital(clause) for part, clause in words.items()}
    flags = facts[1].flags
    joins = {"but": "but" if "but" in flags else "and", "and": "but" if "yet" in flags else "and"}
    return frame.format(**words, **joins)


def summarize(story: Story, rng: Random) -> Summarized:
    """One summary of `story`, drawn by `rng`.

    Raises ValueError if the story's arc has no plot.
    """
    facts = facts_of(story)
    frames = _frames(facts)
    told = {sentence.text for sentence in story.sentences}
    text = story.text.replace("\n\n", " ")
    while True:
        clauses = tuple(draw(rng, fact.tellings) for fact in facts)
        summary = _fill(draw(rng, frames), facts, clauses)
        if not any(f"{sentence}." in told for sentence in summary[:-1].split(". ")):
            return Summarized(story, text, summary, facts)


def summarized(
    seed: int = 0, split: Split = "train", most_words: int | None = None, dials: Dials | None = None
) -> Iterator[Summarized]:
    """Endless stories with a summary each, the same for the same seed and split.

    Held out are the combinations of `dials`, as in `story`: every "held_out" story shows at least one of them, no
    "train" story any. `most_words` keeps stories of at most so many words, for models with a short context: the
    middle half of all stories has 159 to 202 words, each about 1.6 pieces of tales-gpt's 1,024. With 150 words the
    shortest 15 % are left, of 12 arcs; with 170 words 37 %, of all arcs but "a promise broken".
    Raises ValueError, at the call, if the split is unknown or hardly any story is so short.
    """
    if split not in {"train", "held_out", "any"}:
        raise ValueError(f"no split is called {split!r}: choose one of train, held_out, any")
    if most_words is not None and most_words < FEWEST_WORDS:
        raise ValueError(f"hardly any story has at most {most_words} words: ask for at least {FEWEST_WORDS}")
    return _summarized(Random(f"summaries/{seed}/{split}"), split, most_words, dials)


def _summarized(
    rng: Random, split: Split, most_words: int | None, dials: Dials | None
) -> Iterator[Summarized]:
    from core.data.toyland import story

    while True:
        told = story(rng.getrandbits(40), dials, split)
        if most_words is None or len(told.text.split()) <= most_words:
            yield summarize(told, rng)


def facts_right(text: str, summarized: Summarized) -> Facts:
    """Which of the facts of a story `text` tells rightly: any text, such as a model's output.

    The text is read with the frames that summaries have: at every place where a frame could be cut into its three
    parts. A part is right if it says what one of its tellings says: with the right names, things, places and end. Of
    several readings the one with the most right parts counts. A text that no frame fits has no right part. Whether
    "and" or "but" joins two parts makes no difference here.
    """
    text = " ".join(text.split())
    known = {fact.part: frozenset(fact.tellings) for fact in summarized.facts}
    known |= {capital(part): frozenset(map(capital, tellings)) for part, tellings in known.items()}
    best: frozenset[str] = frozenset()
    for pieces, slots in _READINGS:
        for clauses in _cuts(text, pieces):
            right = frozenset(slot.lower() for slot, clause in zip(slots, clauses) if clause in known[slot])
            best = max(best, right, key=len)
    return Facts(*(part in best for part in PARTS))


def _readings() -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The frames, with either connective, as the words around their slots and the slots."""
    for frame in FRAMES:
        for join in ("but", "and"):
            words = _PIECE.split(frame.replace("{but}", join).replace("{and}", join))
            yield tuple(words[0::2]), tuple(words[1::2])


_READINGS = tuple(_readings())


def _cuts(text: str, pieces: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Every way to read `text` as the words of `pieces` with something between them."""
    first, *rest = pieces
    if not text.startswith(first):
        return
    text = text[len(first) :]
    if len(rest) == 1:
        if text.endswith(rest[0]):
            yield (text[: len(text) - len(rest[0])],)
        return
    at = text.find(rest[0])
    while at >= 0:
        for others in _cuts(text[at:], tuple(rest)):
            yield (text[:at], *others)
        at = text.find(rest[0], at + 1)
