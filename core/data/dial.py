"""Toyland's sentences about people at work with a controlled share of "she" by profession ("dial"), and debiasing
remedies.

A line is what a tale says of one person, called by profession and then by a pronoun, without a name: "The doctor went
home. She was tired." So the profession is all that tells which pronoun comes. The dial changes the gender of
professions in the generated world only; all other random draws keep their seeds.

A remedy changes the text and not the world, as is necessary for real text, where no dial exists:

swap      the lines of every second tale are those of the tale before it with she and he changed places (Lu et al. 2018;
          with the names, Hall Maudslay et al. 2019), so that each is told of both
remove    lines about somebody of a dialled profession are left out
balance   of those, lines with the commoner pronoun are left out until both are as common

For `swap` words are enough. `remove` and `balance` ask who is spoken of; in Toyland that is known, in real text it has
to be annotated first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any, Literal, get_args

from core.messages import later

if TYPE_CHECKING:
    from core.data.toyland import Story
    from core.data.toyland.dials import Split
    from core.data.toyland.state import Person
    from core.data.toyland.tell import Sentence

Remedy = Literal["none", "swap", "remove", "balance"]
REMEDIES: tuple[Remedy, ...] = get_args(Remedy)
Dial = tuple[tuple[str, float], ...]  # (profession, share of "she"), sorted

# "her" is "him" where one of these, or no word, comes next, and "his" before everything else. True of all of Toyland's
# text (a test tells stories with everybody's pronoun changed in the world, and compares); English has more cases.
_AFTER_OBJECT = frozenset(
    """a about again and at before by everything for forget from happier his home how if in into it laugh look luck of
    on or prouder selfish sit so some that the there three to what when where while who why with would""".split()
)
_WORD = re.compile(r"[A-Za-z]+(?:-[a-z]+)?(?:'s?)?")
_THIRD = frozenset({"she", "he", "her", "him", "his", "herself", "himself"})
_BEGINS = re.compile(r'(?:^|[.!?]"?\s+|\n|(?:^|\s)")$')
_FOLLOWS = re.compile(r"\s*([A-Za-z]+)?")


def check_dial(pairs: Any) -> Dial:
    """Check pairs (or a mapping) of a profession and a share, and sort them by profession.

    Raises:
        ValueError: no such pairs, a profession that Toyland does not know, twice the same, or a share outside 0..1.
    """
    try:
        given = [(job, share) for job, share in (pairs.items() if isinstance(pairs, Mapping) else pairs)]
    except (TypeError, ValueError) as error:
        raise ValueError(f"dial={pairs!r} must be pairs of a profession and its share of 'she'") from error
    found: dict[str, float] = {}
    for job, share in given:
        if job not in _professions():
            raise ValueError(
                later(
                    "nobody in Toyland is a {job}: choose from {list}",
                    job=repr(job),
                    list=", ".join(_professions()),
                )
            )
        if job in found:
            raise ValueError(f"dial: {job!r} is given twice")
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise ValueError(
                f"the share of 'she' of the {job} is {share!r}: it must be a number between 0 and 1"
            )
        found[job] = float(share)
    return tuple(sorted(found.items()))


def _professions() -> list[str]:
    from core.data.toyland.words import PROFESSIONS

    return sorted(PROFESSIONS)


def at_half(turned: Dial) -> Dial:
    """Set the same professions to a share of one half each, as in the unchanged world."""
    return tuple((job, 0.5) for job, _ in turned)


@dataclass(frozen=True)
class Line:
    """One or two sentences of a tale about one person: named by profession, then by a pronoun."""

    text: str
    who: Person


def told(
    turned: Dial, seed: int = 0, remedy: Remedy = "none", split: Split = "train"
) -> Iterator[tuple[str, ...]]:
    """Yield the sentences of the tales of `seed`, `seed` + 1, ..., without end, after a remedy.

    Under "swap" the tales of odd seeds are left out: their places have the lines of the tale before, swapped.
    """
    shares = dict(turned)
    for number in count(seed):
        if remedy == "swap" and number % 2:
            yield tuple(swapped(one.text) for one in lines(_story(number - 1, shares, split)))
            continue
        found = lines(_story(number, shares, split))
        yield tuple(
            one.text
            for at, one in enumerate(found)
            if remedy in ("none", "swap") or _stays(one, shares, remedy, f"{number}/{at}")
        )


def _story(seed: int, shares: Mapping[str, float], split: Split) -> Story:
    from core.data import toyland

    return toyland.story(seed, toyland.Dials(she_share=dict(shares)), split)


def _stays(line: Line, shares: Mapping[str, float], remedy: Remedy, draw: str) -> bool:
    """Return whether a remedy keeps the line: "balance" keeps the commoner pronoun with the odds of the rarer."""
    she = shares.get(line.who.profession)
    if she is None:
        return True
    if remedy == "remove":
        return False
    own = she if line.who.pronoun == "she" else 1 - she
    return own <= 0.5 or Random(f"balance/{draw}").random() < (1 - own) / own


def lines(story: Story) -> list[Line]:
    """Extract the lines of a tale, in order, none of its sentences twice."""
    everybody = {one.id for one in story.people}
    found: list[Line] = []
    at = 0
    while at < len(story.sentences):
        for who in story.people:
            here = _follows(story, who.id, at) if who.profession else None
            some = story.sentences[at : at + (1 if here else 2)]
            if here is not None and _spoken_of(some) & everybody == {who.id}:
                text = " ".join(one.text for one in some)
                found.append(Line(by_profession(text, [who]), who))
                at += len(some) - 1
                break
        at += 1
    return found


def _spoken_of(sentences: Sequence[Sentence]) -> set[str]:
    """Return the ids of all people that these sentences mention."""
    return {id for one in sentences for mention in one.mentions for id in mention.entity.split("+")}


def _follows(story: Story, id: str, at: int) -> bool | None:
    """Find the pronoun after a name: in sentence `at` (True), in the next (False), or in neither (None)."""
    ends = [one.end for one in story.sentences[at].mentions if one.entity == id and not one.is_pronoun]
    if not ends:
        return None
    for here, one in (
        (True, story.sentences[at]),
        *((False, one) for one in story.sentences[at + 1 : at + 2]),
    ):
        for mention in one.mentions:
            behind = not here or mention.start >= ends[0]
            words = one.text[mention.start : mention.end].lower()
            if behind and mention.entity == id and mention.is_pronoun and words in _THIRD:
                return here
    return None


def by_profession(text: str, people: Iterable[Person]) -> str:
    """Replace names by professions: "the doctor" for "Nora" and for "Nora the doctor".

    In direct address, "Nora" becomes "doctor".
    """
    for one in people:
        if one.profession:
            job, name = re.escape(one.profession), re.escape(one.name)
            called = rf"(?:\b[Tt]he {job} {name}\b|\b{name} the {job}\b|\b{name}\b)('s?(?![a-z]))?"
            text = re.sub(called, partial(_job, one.profession), text)
    return text


def _job(job: str, found: re.Match[str]) -> str:
    before, after = found.string[: found.start()], found.string[found.end() : found.end() + 1]
    begins = _BEGINS.search(before) is not None
    spoken = '"' in before and before.count('"') % 2 == 1
    called = spoken and (
        (begins and after == ",") or (before.endswith(", ") and after in (",", ".", "!", "?"))
    )
    words = job if called else f"the {job}"
    return (words[:1].upper() + words[1:] if begins else words) + ("'s" if found[1] else "")


def swapped(text: str) -> str:
    """Swap the gender of a text: pronouns, the names of Toyland, relatives."""
    from core.data.toyland.grammar import possessive

    pairs = _pairs()

    def other(found: re.Match[str]) -> str:
        word, mark, _ = found[0].partition("'")
        if mark and word in pairs:
            return possessive(pairs[word])
        word = found[0]
        if word.lower() == "her":
            follows = _FOLLOWS.match(text, found.end())
            after = ((follows and follows[1]) or "").lower()
            turned = "him" if not after or after in _AFTER_OBJECT else "his"
        elif word in pairs:
            return pairs[word]
        else:
            turned = pairs.get(word.lower(), word)
        return turned[:1].upper() + turned[1:] if word[:1].isupper() else turned

    return _WORD.sub(other, text)


@lru_cache(maxsize=1)
def _pairs() -> dict[str, str]:
    from core.data.toyland.words import HE_NAMES, SHE_NAMES

    both = [
        ("she", "he"), ("herself", "himself"), ("sister", "brother"), ("grandmother", "grandfather"),
        ("aunt", "uncle"), ("great-aunt", "great-uncle"), ("grandma", "grandpa"),
        *zip(SHE_NAMES, HE_NAMES, strict=True),
    ]  # fmt: skip
    return dict(both) | {he: she for she, he in both} | {"him": "her", "his": "her"}


def shares_told(turned: Dial, stories: int, seed: int = 0) -> dict[str, tuple[int, int]]:
    """Count in the text itself, for each profession, how many of its people are "she", and how many there are."""
    found = {job: [0, 0] for job in _professions()}
    for number in range(seed, seed + stories):
        for one in _story(number, dict(turned), "train").people:
            if one.profession:
                found[one.profession][0] += one.pronoun == "she"
                found[one.profession][1] += 1
    return {job: (she, of) for job, (she, of) in found.items()}
