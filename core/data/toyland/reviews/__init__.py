"""Reviews of things, animals, food, places and helpers of Toyland: an opinion in one to four sentences, and its stars.

What decides is never one word alone. An opinion is a good or a bad word told in a way that keeps it or turns it around
("not at all slow", "nobody could call it slow", "I thought that it would be slow, and I was wrong"), and each word
stands in good reviews about as often as in bad ones. Of two opinions joined by a contrast, the one after "but" (or in
the main clause beside "although") decides.

Stars: 5 or 1 where everything is said strongly or more than once, 4 or 2 where it is said once or in contrast with
something else. 3 stars are for mixed opinions, which have no sentiment; `reviews` gives them only with `mixed`.

Held out are combinations: words in a kind of telling (`opinions.held_out`: "slow" never after "nobody could call
it"), and the stories' colours of things and names at places. No "train" review shows one, every
"held_out" review at least one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from core.data.toyland.cast import draw
from core.data.toyland.dials import HELD_OUT_PAIRS, HELD_OUT_PLACES
from core.data.toyland.grammar import capital
from core.data.toyland.reviews.opinions import (
    ADJECTIVE,
    CLAUSES,
    CONTRASTS,
    DEED,
    MIXED,
    OPINIONS,
    VERDICTS,
    Opinion,
    Way,
    held_out,
)
from core.data.toyland.reviews.subjects import KIN, opening, subject

__all__ = ["Review", "reviews"]

Sentiment = Literal["positive", "negative", "mixed"]
MOST_SENTENCES = 4
# How often words mean what they say, alone and in a contrast: a bag of words is then right about four times in five.
KEEPS, KEEPS_BESIDE = 0.8, 0.65
_ENDS = re.compile(r"[.?!]")
_PAIR = re.compile(
    "|".join(
        [
            *(rf"\b{colour} {kind}\b" for colour, kind in sorted(HELD_OUT_PAIRS)),
            *(rf"\b{name}\b.*\b{place}\b|\b{place}\b.*\b{name}\b" for name, place in sorted(HELD_OUT_PLACES)),
        ]
    )
)


@dataclass(frozen=True)
class Review:
    """A review and its truth.

    `stars` are 1 to 5; `sentiment` follows from them. `negation` says whether words of negation, wish or error stand
    around an opinion, whatever they do, `contrast` whether one opinion is weighed against another. `about` is what the
    review is of; `told` lists its opinions as (words, kind of telling).
    """

    text: str
    stars: int
    sentiment: Sentiment
    negation: bool
    contrast: bool
    about: str
    told: tuple[tuple[str, str], ...]


def reviews(seed: int = 0, split: str = "train", mixed: bool = False) -> Iterator[Review]:
    """Endless reviews, the same for the same seed and split; good and bad ones equally often.

    With `mixed` every fifth, about, is a mixed one of 3 stars, whose sentiment is "mixed".
    Raises ValueError, at the call, if the split is unknown.
    """
    if split not in {"train", "held_out"}:
        raise ValueError(f"no split is called {split!r}: choose one of train, held_out")
    return _reviews(Random(f"reviews/{seed}/{split}/{mixed}"), split == "held_out", mixed)


def _reviews(rng: Random, out: bool, mixed: bool) -> Iterator[Review]:
    while True:
        both, good, found = mixed and rng.random() < 0.2, rng.random() < 0.5, None
        while found is None:
            writer = _Writer(rng)
            review = writer.mixed() if both else writer.review(good)
            shows = any(held_out(*one) for one in review.told) or bool(_PAIR.search(review.text))
            if shows == out and len(_ENDS.findall(review.text)) <= MOST_SENTENCES:
                found = review
        yield found


class _Writer:
    """Writes one review."""

    def __init__(self, rng: Random):
        self.rng, self.about = rng, subject(rng)
        self.told: list[tuple[str, str]] = []
        self.left = list(OPINIONS[self.about.topic])
        self.negation = False

    def opinion(self) -> Opinion:
        """One not yet given."""
        return self.left.pop(int(self.rng.random() * len(self.left)))

    def review(self, good: bool) -> Review:
        """A good or a bad review."""
        rng, strength = self.rng, 0
        parts = [opening(self.about, rng)] if rng.random() < 0.55 else []
        contrast = rng.random() < 0.3
        if contrast:
            parts.append(self.contrast(good))
        else:
            for _ in range(1 + (rng.random() < 0.45)):
                way, text = self.statement(good)
                strength += 1 + way.strong
                parts.append(text)
        if rng.random() < 0.25:
            strength += 1
            parts.append(self.fill(draw(rng, VERDICTS)[not good], None, good))
        stars = 3 + (1 if contrast or strength < 2 else 2) * (1 if good else -1)
        return self.done(parts, stars, contrast)

    def mixed(self) -> Review:
        """A review that comes to no verdict."""
        rng = self.rng
        parts = [opening(self.about, rng)] if rng.random() < 0.55 else []
        opinion = draw(rng, [one for one in self.left if one.bases is None])
        self.told += [(opinion.good, "mixed"), (opinion.bad, "mixed")]
        parts.append(self.fill(draw(rng, MIXED), opinion, True))
        return self.done(parts, 3, True)

    def done(self, parts: list[str], stars: int, contrast: bool) -> Review:
        sentiment: Sentiment = "positive" if stars > 3 else "negative" if stars < 3 else "mixed"
        text = " ".join(parts)
        return Review(text, stars, sentiment, self.negation, contrast, self.about.full, tuple(self.told))

    def statement(self, good: bool) -> tuple[Way, str]:
        """One opinion, told in some way, that comes to `good`."""
        opinion, keeps = self.opinion(), self.rng.random() < KEEPS
        words = good if keeps else not good
        ways = [
            way
            for way in (ADJECTIVE if opinion.bases is None else DEED)
            if way.keeps == keeps and way.fits in {"both", "good" if words else "bad"}
        ]
        way = draw(self.rng, ways)
        self.note(opinion.words(words), way.kind, way.negates)
        return way, self.fill(way.frame, opinion, words)

    def contrast(self, good: bool) -> str:
        """Two opinions against each other, of which the one for `good` decides."""
        frame, second = draw(self.rng, CONTRASTS)
        first = self.clause(good != second, "that {" in frame)
        then = self.clause(good == second, False)
        return capital(frame.format(a=first, A=capital(first), b=then, B=capital(then)))

    def clause(self, good: bool, nested: bool) -> str:
        """One opinion as a clause, `nested` in another one or not."""
        opinion = self.opinion()
        keeps = self.rng.random() < KEEPS_BESIDE
        options = [one for one in CLAUSES if one[3] == keeps and not (nested and " that " in one[1] + one[2])]
        kind, adjective, deed, _ = draw(self.rng, options)
        words = good == keeps
        self.note(opinion.words(words), f"{kind}, contrast", kind not in {"plain", "agree"})
        return self.fill(adjective if opinion.bases is None else deed, opinion, words)

    def note(self, words: str, kind: str, negates: bool) -> None:
        self.told.append((words, kind))
        self.negation = self.negation or negates

    def fill(self, frame: str, opinion: Opinion | None, good: bool) -> str:
        """A frame with its words."""
        about, rng, aspect = self.about, self.rng, opinion.aspect if opinion else ""
        words = {"kin": draw(rng, KIN)}
        if opinion is not None:
            words |= {
                "good": opinion.good,
                "bad": opinion.bad,
                "adj": opinion.words(good),
                "past": opinion.words(good),
            }
            if opinion.bases is not None:
                words["base"] = opinion.base(good)
            for slot in re.findall(r"\{([Sso])\}", frame):
                called = about.called(aspect, rng, "object" if slot == "o" else "subject")
                words.setdefault(slot, capital(called) if slot == "S" else called)
            words["it"] = "it" if aspect else about.pronoun
            words["It"] = capital(words["it"])
        if about.topic == "helper" and not aspect:
            frame = (
                frame.replace("Nothing", "Nobody")
                .replace("anything so", "anybody so")
                .replace("something", "somebody")
            )
        text = frame.format(**words)
        return text.replace("easy to use", f"easy to {about.use}").replace(
            "hard to use", f"hard to {about.use}"
        )
