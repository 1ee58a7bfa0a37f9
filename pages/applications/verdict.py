"""Judge an answer, as far as anybody can: by the generator's truth, by a compiler, by counting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app import unlike
from app.counts import counted
from core.analysis.heads import alignment, answer_location
from core.analysis.heads.cross_reading import is_mark
from core.analysis.tasks import heroes
from core.analysis.tasks.known_words import unknown
from core.data.toyland.summaries import PARTS, facts_right
from core.messages import mark, say
from core.verdict_rule import Rule
from pages.applications.answers import LABELS, Found, Use, made_links

STRANGE = 8  # words from elsewhere that are named
CLEAR = 0.5  # of the attention: such a word is read clearly
NAMED = 24  # characters of a word or clause that is quoted in a sentence


@dataclass(frozen=True)
class Line:
    """Hold one finding: right, wrong, or (None) neither."""

    text: str
    right: bool | None = None


@dataclass(frozen=True)
class Verdict:
    """Hold all findings about an answer.

    links, possible: the true word links, where they are those of what was written. sentence: the true one; -1: unknown.
    target: what the generator wrote. strange: whether the learner's text is unlike all that the model read.
    """

    lines: tuple[Line, ...]
    target: str = ""
    strange: bool = False
    links: tuple[tuple[int, int], ...] = ()
    possible: tuple[tuple[int, int], ...] = ()
    sentence: int = -1
    numbers: dict[str, float] = field(default_factory=dict)


def judge(found: Found) -> Verdict:
    """Judge an answer; what nobody knows is not in the verdict."""
    if found.failed:
        return Verdict(())
    judged = _JUDGES[found.wish.use.name](found)
    lines = list(judged.lines)
    if reason := why(found):
        lines.append(Line(reason))
    if not found.ended:
        stopped = say("It stopped after {tokens}, unfinished.", tokens=counted(found.wish.use.most, "token"))
        lines.append(Line(stopped))
    apart = unlike.why(own_text(found))
    if apart:
        lines.insert(0, Line(apart))
    if words := strangers(found):
        lines.append(Line(_unknown(words)))
    return Verdict(
        tuple(lines),
        judged.target,
        bool(apart),
        judged.links,
        judged.possible,
        judged.sentence,
        judged.numbers,
    )


def _unknown(words: list[str]) -> str:
    """Name the words that a model of Toyland cannot know."""
    named, more = ", ".join(words[:STRANGE]), len(words) - STRANGE
    if more > 0:
        return say(
            "Not in Toyland, so the model cannot know: {words} and {more} more.", words=named, more=more
        )
    return say("Not in Toyland, so the model cannot know: {words}.", words=named)


def why(found: Found) -> str:
    """Say in words where the answer most likely comes from: what was read for it, or how its tokens were drawn."""
    units = [found.written[first:end].strip() for first, end in found.units]
    words = [at for at, unit in enumerate(units) if not is_mark(unit)]
    if found.weights is not None and found.weights.size:
        rows = [at for at in words if at < len(found.weights)] or [0]
        tops = found.weights.max(1)
        # A long word says more than "and"; of equally long ones, what is read most clearly.
        row = max(
            rows, key=lambda at: (tops[at] >= CLEAR, len(units[at]) if at < len(units) else 0, tops[at])
        )
        place = int(np.argmax(found.weights[row]))
        first, end = found.read[place]
        text = found.wish.source[first:end].strip()
        source = f"“{text}”" if len(text) <= NAMED else say("sentence {number}", number=place + 1)
        share = f"{float(found.weights[row, place]):.2f}"
        if row < len(units) and len(units[row]) <= NAMED:
            return say(
                "Why? Most likely from {source}: writing “{words}”, it gives that {share} of its attention.",
                source=source, words=units[row], share=share,
            )  # fmt: skip
        return say(
            "Why? Most likely from {source}: answering, it gives that {share} of its attention.",
            source=source, share=share,
        )  # fmt: skip
    if found.labelled is None and len(words) == len(found.likely) > 1:
        least = min(words, key=lambda at: found.likely[at])
        return say(
            "Why? Each word is drawn from those that the text before it makes likely; the boldest draw was “{word}”, "
            "with a probability of {p}.",
            word=units[least], p=f"{found.likely[least]:.2g}",
        )  # fmt: skip
    return ""


def claim(use: Use, found: Found | None) -> str:
    """Word the sentence above the picture: of this answer, where it can be read off it."""
    if found is None or found.weights is None or not found.weights.size:
        return say(use.claim)
    if use.name == "question":
        most = int(np.argmax(found.weights[0])) + 1
        return say("For this answer, sentence {number} is read most.", number=most)
    if use.name == "summarize":
        shares = np.sort(found.weights.sum(0))[::-1]
        half = 1 + int(np.searchsorted(np.cumsum(shares), shares.sum() / 2))
        return say(
            "Half of what this summary reads lies in {half} of {sentences}.",
            half=half, sentences=counted(len(shares), "sentence"),
        )  # fmt: skip
    truth = found.wish.truth
    if use.name == "translate" and truth is not None and found.written == truth.spanish:
        counts = alignment.compared(made_links(found), truth.links, truth.possible)
        return say(
            "{true} of the {links} links read off attention are true.",
            true=counts.found_possible, links=counts.found,
        )  # fmt: skip
    return say(use.claim)


def own_text(found: Found) -> str:
    """Return what a learner gave a model of Toyland to read; "" where it was Toyland's, or another model's."""
    wish = found.wish
    if wish.use.name in ("code", "story") or wish.pair is not None or found.labelled is not None:
        return ""
    return wish.source[wish.first :].replace(answer_location.MIDDLE, " ", 1)


def strangers(found: Found) -> list[str]:
    """List the words of the learner's text that the model's training texts never hold."""
    wish = found.wish
    if not wish.use.learns or wish.pair is not None or found.labelled is not None:
        return []
    source = wish.source
    if wish.use.name == "question":
        source = source.replace(answer_location.MIDDLE, " " * len(answer_location.MIDDLE), 1)
    return unknown(source, wish.use.learns, wish.first)


def _translation(found: Found) -> Verdict:
    truth = found.wish.truth
    if truth is None:
        told = say("Your own sentence: nobody knows its Spanish here, so nothing is judged.")
        return Verdict((Line(told),))
    if found.written not in truth.allowed:
        return Verdict((Line(_not_allowed(truth), False),), target=truth.spanish)
    count = len(truth.allowed)
    right = (
        say("Right: the one telling that Toyland allows.")
        if count == 1
        else say("Right: one of the {count} tellings that Toyland allows.", count=count)
    )
    lines = [Line(right, True)]
    if found.written != truth.spanish:
        other = say(
            "Toyland told it another way, so the true links are not drawn: {spanish}", spanish=truth.spanish
        )
        lines.append(Line(other))
        return Verdict(tuple(lines), target=truth.spanish)
    counts = alignment.compared(made_links(found), truth.links, truth.possible)
    said = say(
        "{true} of {links} links read off attention are true ones; {found} of {sure} sure ones were found: alignment "
        "error {error}.",
        true=counts.found_possible, links=counts.found, found=counts.found_sure, sure=counts.sure,
        error=f"{counts.error:.2f}",
    )  # fmt: skip
    return Verdict(
        (*lines, Line(said)),
        target=truth.spanish,
        links=truth.links,
        possible=truth.possible,
        numbers={"error": counts.error, "precision": counts.precision, "recall": counts.recall},
    )


def _not_allowed(truth: Any) -> str:
    """Say that a translation is none of those that the generator would have told."""
    if len(truth.allowed) == 1:
        return say("Not the one telling that Toyland allows. Toyland: {spanish}", spanish=truth.spanish)
    return say(
        "Not one of the {count} tellings that Toyland allows. Toyland: {spanish}",
        count=len(truth.allowed), spanish=truth.spanish,
    )  # fmt: skip


# What is said of a part of a summary that is right, and of one that is not.
_FACTS = {
    "wish": (mark("The wish is right."), mark("The wish is wrong or missing. Toyland: {fact}.")),
    "turn": (
        mark("The turning point is right."), mark("The turning point is wrong or missing. Toyland: {fact}.")
    ),
    "end": (mark("The end is right."), mark("The end is wrong or missing. Toyland: {fact}.")),
}  # fmt: skip


def _summary(found: Found) -> Verdict:
    truth = found.wish.truth
    if truth is None:
        return Verdict((Line(say("Your own story: nobody knows its facts here, so nothing is judged.")),))
    facts = facts_right(found.written, truth)
    lines = []
    for part, fact in zip(PARTS, truth.facts):
        right = bool(getattr(facts, part))
        yes, no = _FACTS[part]
        lines.append(Line(say(yes) if right else say(no, fact=fact.tellings[0]), right))
    return Verdict(tuple(lines), target=truth.summary)


def _answer(found: Found) -> Verdict:
    truth = found.wish.truth
    most = int(np.argmax(found.weights[0])) if found.weights is not None and found.weights.size else -1
    read = (
        Line(say("Read most: sentence {number} of {count}.", number=most + 1, count=len(found.read)))
        if most >= 0
        else None
    )
    if truth is None:
        told = Line(say("Your own passage: nobody knows the answer here, so nothing is judged."))
        return Verdict((told, read) if read else (told,))
    span = found.labelled is not None  # a piece of the passage, with its own capitals and marks
    right = found.written == truth.answer or (span and bare(found.written) == bare(truth.answer))
    true = answer_location.truth(truth)
    said = (
        say("The answer is right.")
        if right
        else say("The answer is wrong. Toyland: {answer}", answer=truth.answer)
    )
    where = say(
        "Read most: sentence {number}. The one that tells it: sentence {true} (outlined).",
        number=most + 1, true=true + 1,
    )  # fmt: skip
    lines = [Line(said, right), Line(where, most == true)]
    return Verdict(tuple(lines), target=truth.answer, sentence=true)


def bare(text: str) -> str:
    """Normalize a text: no capitals, no marks at its ends (Rajpurkar et al. 2016)."""
    return text.casefold().strip(" .,;:!?\"'")


def opinion(label: str) -> str:
    """Map a class of another model to one of Toyland's two labels, by its name; "" of neither."""
    return next((one for one in LABELS if label.casefold().startswith(one[:3])), "")


def _sentiment(found: Found) -> Verdict:
    truth = found.wish.truth
    if truth is None:
        told = say("Your own review: nobody knows what it should be here, so nothing is judged.")
        return Verdict((Line(told),))
    said = found.written
    if found.labelled is not None:
        if {opinion(label) for label, _ in found.labelled.labels} != set(LABELS):
            told = say("Its classes are not just positive and negative, so nothing is judged.")
            true = say(
                "Toyland: {sentiment}, {stars} of 5 stars.", sentiment=truth.sentiment, stars=truth.stars
            )
            return Verdict((Line(told), Line(true)))
        said = opinion(said)
    right = said == truth.sentiment
    how = say("contrast") if truth.contrast else say("negation") if truth.negation else say("plain words")
    told = (
        say("Right. {stars} of 5 stars, told with {how}.", stars=truth.stars, how=how)
        if right
        else say(
            "Wrong: it is {sentiment}. {stars} of 5 stars, told with {how}.",
            sentiment=truth.sentiment, stars=truth.stars, how=how,
        )
    )  # fmt: skip
    lines = (Line(told, right),)
    target = truth.sentiment if found.labelled is None else ""
    return Verdict(lines, target=target)


def _story(found: Found) -> Verdict:
    hero = hero_of(found)
    counts = heroes.named(found.written, (*heroes.NAMES, hero))
    kept = heroes.stays(hero, found.written)
    others = ", ".join(f"{name} {count}" for name, count in counts.items() if name != hero)
    times = counts.get(hero, 0)
    said = (
        say("{hero} is named {count} times; others: {others}.", hero=hero, count=times, others=others)
        if others
        else say("{hero} is named {count} times.", hero=hero, count=times)
    )
    return Verdict((Line(said, kept),))


def hero_of(found: Found) -> str:
    """Find the hero of a story's beginning."""
    source = found.wish.source
    return source[source.index(", ") + 2 : source.rindex(" lived near")]


def _dialogue(found: Found) -> Verdict:
    line = Line(say("The turn is closed with a quotation mark."), True)
    return Verdict((line if found.ended else Line(say("The turn was not closed."), False),))


def _code(found: Found) -> Verdict:
    check = found.check
    assert check is not None
    refused = check.told or (say("It is no Python."),)
    lines = [Line(say("Python accepts it.") if check.parses else refused[0], check.parses)]
    if check.parses and not check.undefined:
        lines.append(Line(say("Every name in it comes from somewhere."), True))
    if check.parses:
        lines += [Line(f"{reason[0].upper()}{reason[1:]}.", False) for reason in check.told]
    lines.append(Line(say("Nothing was run: whether it does what its name says, nobody has looked.")))
    return Verdict(tuple(lines))


_JUDGES: dict[str, Callable[[Found], Verdict]] = {
    "translate": _translation,
    "summarize": _summary,
    "question": _answer,
    "sentiment": _sentiment,
    "story": _story,
    "dialogue": _dialogue,
    "code": _code,
}


RULE = Rule(
    mark("An answer: “right”, “wrong”, “missing”"),
    mark("The answer beside the truth of Toyland, which told the passage; of code, whether it compiles."),
    mark(
        "Right: a translation that is, letter for letter, one of those that Toyland allows; "
        "a summary’s part with the true fact; the true answer (of one marked in the passage, "
        "capitals and marks at its ends do not count); the true label. Of a text of your own "
        "nobody knows the truth, so nothing is judged."
    ),
    mark("One answer. How often the model is right over many is counted below, with intervals."),
    mark("None: nothing is tested, each part is compared with what is true."),
    mark("Toyland’s own record of its tellings"),
    judge,
)
