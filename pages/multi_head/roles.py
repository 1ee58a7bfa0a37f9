"""Say what each head does: its name, the score that says so, how many tokens that rests on, what chance makes of it.

The words are for somebody who hears of heads for the first time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.counts import counted
from app.kit.figures import Asked
from core.analysis import word_classes as words
from core.analysis.heads.jobs import EVEN, MIXED, NAMED_FROM, SHORT, HeadJobs, reads
from core.analysis.heads.null_distributions import CONTENT, Chance, Null, halves_that_differ, head_chance
from core.analysis.heads.patterns import NAMES, RECENT, Job, Score, head_maps, repeat_scores
from core.analysis.places import Kind
from core.language_model import LanguageModel
from core.messages import mark, mark_of, say, say_of
from pages.multi_head.ablation import Here, Off

# Induction on random tokens said twice, where only the repetition can be known.
RANDOM = mark("induction on random tokens")

UNWRITTEN = mark("nothing is written yet")  # of a decoder that reads a source

# A head that reads a class of words: what it is called, what it does, four letters for below its map.
OF_WORDS: dict[str, tuple[str, str, str]] = {
    words.NAMES: (
        mark("reads names"), mark("finds names among the other tokens, more than chance explains."),
        mark_of("brief", "name"),
    ),
    words.THINGS: (
        mark("reads things and people"),
        mark("finds things and people among the other tokens, more than chance explains."),
        mark_of("brief", "thin"),
    ),
    words.DOING: (
        mark("reads verbs"), mark("finds verbs among the other tokens, more than chance explains."),
        mark_of("brief", "verb"),
    ),
    words.DESCRIBING: (
        mark("reads describing words"),
        mark("finds describing words among the other tokens, more than chance explains."),
        mark_of("brief", "desc"),
    ),
    words.SMALL: (
        mark("reads small words"), mark("finds small words among the other tokens, more than chance explains."),
        mark_of("brief", "smal"),
    ),
    words.SIGNS: (
        mark("reads punctuation"), mark("finds punctuation among the other tokens, more than chance explains."),
        mark_of("brief", "punc"),
    ),
}  # fmt: skip

# Below a small map, where there is room for four letters.
BRIEF: dict[str, str] = {
    NAMES["induction"]: mark_of("brief", "ind"), NAMES["same"]: mark_of("brief", "same"),
    NAMES["previous"]: mark_of("brief", "prev"), NAMES["next"]: mark_of("brief", "next"),
    NAMES["itself"]: mark_of("brief", "self"), NAMES["recent"]: mark_of("brief", "near"),
    NAMES["first"]: mark_of("brief", "1st"), NAMES["last"]: mark_of("brief", "last"),
    EVEN: mark_of("brief", "even"), MIXED: "", SHORT: "", UNWRITTEN: "",
    **{name: short for name, _, short in OF_WORDS.values()},
}  # fmt: skip

# Over a score's number, where there is room for one word.
UNIT: dict[str, str] = {
    NAMES["induction"]: mark_of("score", "induction"), NAMES["same"]: mark_of("score", "same"),
    NAMES["previous"]: mark_of("score", "previous"), NAMES["next"]: mark_of("score", "next"),
    NAMES["itself"]: mark_of("score", "itself"), NAMES["recent"]: mark_of("score", "recent"),
    NAMES["first"]: mark_of("score", "first"), NAMES["last"]: mark_of("score", "last"),
    EVEN: mark_of("score", "evenly"), RANDOM: mark_of("score", "repeats"),
}  # fmt: skip

MEANS: dict[str, str] = {
    NAMES["induction"]: mark("finds this token earlier, reads what came after it."),
    NAMES["same"]: mark("finds the same token elsewhere in the text."),
    NAMES["previous"]: mark("looks one token back."),
    NAMES["next"]: mark("looks one token ahead."),
    NAMES["itself"]: mark("each token reads itself."),
    NAMES["recent"]: mark("looks at the last few tokens."),
    NAMES["first"]: mark("mostly reads the first token. A single row may read another one."),
    NAMES["last"]: mark("rests on the last token."),
    EVEN: mark("reads everything alike: an average of the text."),
    SHORT: mark("so few tokens show no habit: nothing can be said."),
    UNWRITTEN: mark("one row shows no habit: let the model write its answer, under the picture."),
    MIXED: mark("no single habit that chance does not explain."),
    **{name: means for name, means, _ in OF_WORDS.values()},
}

# What a token gives its attention to, as the score of that name counts it.
ABOUT: dict[str, str] = {
    NAMES["induction"]: mark_of("read", "the token that came after an earlier copy of it"),
    NAMES["same"]: mark_of("read", "the same token elsewhere"),
    NAMES["previous"]: mark_of("read", "the token before it"),
    NAMES["next"]: mark_of("read", "the token after it"),
    NAMES["itself"]: mark_of("read", "itself"),
    NAMES["recent"]: mark_of("read", "the {recent} tokens before it"),
    NAMES["first"]: mark_of("read", "the first token"),
    NAMES["last"]: mark_of("read", "the last token"),
}

# Sentences with places for what is measured; carried/words.js fills the same ones in a file that carries its model.
SENTENCES: dict[str, str] = {
    "tip": mark(
        "How much of its attention a token gives to {about}, of 1 in all: mean over {tokens} of this text. These "
        "parts overlap (the token before is one of the last few), so they need not add up to 1."
    ),
    "chance": mark(" By chance some head comes to {line}; a name needs more."),
    "evenTip": mark("1: reads all tokens alike. 0: each token reads a single one. Mean over {tokens}."),
    "randomTip": mark(
        "Induction, on random tokens said twice: there only the repetition can be known, so this shows a "
        "habit of the head, whatever the text. Mean over {tokens}."
    ),
    "here": mark("on {tokens} of this text"),
    "twice": mark("on random tokens said twice"),
    "habit": mark("{means} On random tokens said twice {twice}: a habit, whatever the text."),
    "noHabit": mark("{means} On random tokens said twice {twice}: no general habit."),
    "unrepeated": mark("{means} This text repeats no token."),
    "inText": mark("{means} In this text {score}, {here}."),
}

COLUMNS: tuple[Job, ...] = ("previous", "recent", "first", "last", "itself", "next", "same", "induction")
TWICE: dict[str, Job] = {NAMES[job]: job for job in ("induction", "same")}  # measured on repeats too
Table = dict[str, list[list[float | None]]]


def brief(name: str) -> str:
    """Translate what stands below a head's map: "" for a head without a habit."""
    return say_of("brief", BRIEF[name]) if BRIEF[name] else ""


def unit(name: str) -> str:
    """Translate what stands over a score's number."""
    return say_of("score", UNIT[name])


def about(name: str) -> str:
    """Translate what a token gives its attention to, as the score of that name counts it."""
    return say_of("read", ABOUT[name], recent=RECENT)


def columns(jobs: HeadJobs) -> Table:
    """Every score that the page shows, by name: L lists of H numbers from 0 to 1, None where the text has no such pair.

    Induction has two: on this text, and on random tokens said twice.
    """
    measured = {NAMES[job]: jobs.scores.get(job) for job in COLUMNS} | {RANDOM: jobs.repeats.get("induction")}
    found: Table = {}
    for name, score in measured.items():
        if score is not None:
            weight = score.weight
            none: list[list[float | None]] = [[None] * jobs.evenness.shape[1] for _ in jobs.evenness]
            found[name] = none if weight is None else weight.tolist()
    return found | {EVEN: jobs.evenness.tolist()}


def rests_on(jobs: HeadJobs, causal: bool) -> dict[str, int]:
    """How many tokens each score of `columns` is a mean over: those that have such a token to read at all."""
    tokens = jobs.scores["first"].rows
    found = {NAMES[job]: score.rows for job, score in jobs.scores.items()}
    if "induction" in jobs.repeats:
        found[RANDOM] = jobs.repeats["induction"].rows
    return found | {EVEN: tokens - 1 if causal else tokens}


def tips(rows: Mapping[str, int], jobs: HeadJobs | None = None) -> dict[str, str]:
    """What each score measures, in a sentence, over how many tokens, and from where on chance does not explain it."""
    lines = {} if jobs is None else {NAMES[job]: null.line for job, null in jobs.chance.text.items()}
    said = {
        name: say(SENTENCES["tip"], about=about(name), tokens=count(n)) + _beyond(lines.get(name))
        for name, n in rows.items()
        if name in ABOUT
    }
    said[EVEN] = say(SENTENCES["evenTip"], tokens=count(rows[EVEN]))
    if RANDOM in rows:
        said[RANDOM] = say(SENTENCES["randomTip"], tokens=count(rows[RANDOM]))
    return said


def _beyond(line: float | None) -> str:
    return "" if line is None else say(SENTENCES["chance"], line=f"{line:.2f}")


def count(rows: int) -> str:
    """So many tokens, in words."""
    return counted(rows, "token")


def roles(jobs: HeadJobs, causal: bool, written: bool = True) -> list[dict[str, Any]]:
    """What each head does, block by block: name, short name, the score that says so, what it rests on, a sentence.

    Args:
        written: whether a decoder that reads a source has written anything; its start token alone tells nothing.
    """
    table, rows = columns(jobs), rests_on(jobs, causal)
    return [
        {"name": say(name), "short": brief(name), **_evidence(jobs, table, rows, name, block, head)}
        for block, line in enumerate(jobs.names)
        for head, name in enumerate(
            line if written else [UNWRITTEN if name == SHORT else name for name in line]
        )
    ]


def _evidence(
    jobs: HeadJobs, table: Table, rows: Mapping[str, int], name: str, block: int, head: int
) -> dict[str, Any]:
    """The score behind a head's name (None: there is none), the column it stands in, and what is honest to say."""
    score = table[name][block][head] if name in table else None
    for kind, one in jobs.chance.classes.items():
        if name == reads(kind) and one.weight is not None:
            score, rows = float(one.weight[block, head]), {name: one.rows}
    here = say(SENTENCES["here"], tokens=count(rows[name])) if score is not None else ""
    means = say(MEANS[name])
    found = {"score": score, "by": say(name), "on": here, "means": means}
    repeats = jobs.repeats.get(TWICE[name]) if name in TWICE else None
    if repeats is None or repeats.weight is None or repeats.above_even is None:
        return found
    twice, habit = float(repeats.weight[block, head]), repeats.above_even[block, head] >= NAMED_FROM
    if score is not None and score >= twice:
        said = say(SENTENCES["habit" if habit else "noHabit"], means=means, twice=f"{twice:.2f}")
        return found | {"means": said}
    text = "unrepeated" if score is None else "inText"
    told = "" if score is None else f"{score:.2f}"
    return found | {
        "score": twice, "by": say(RANDOM if name == NAMES["induction"] else name), "on": say(SENTENCES["twice"]),
        "means": say(SENTENCES[text], means=means, score=told, here=here),
    }  # fmt: skip


def changed(now: list[dict[str, Any]], usual: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`now`, with "was": what the head does while no head is off, where that reads otherwise; "" elsewhere."""

    def read(role: dict[str, Any]) -> str:
        return str(role["name"]) + ("" if role["score"] is None else f" {role['score']:.2f}")

    return [
        one | {"was": "" if read(one) == read(old) else read(old)}
        for one, old in zip(now, usual, strict=True)
    ]


# ------------------------------------------------------------------------------------------------------ against chance


def see_repeats(lm: LanguageModel, kind: Kind, off: Off) -> dict[Job, Score]:
    """The scores on random tokens said twice, without the heads that are off; they hang on no text."""
    with off.applied(kind):
        return repeat_scores(lm, kind)


def see_chance(lm: LanguageModel, text: str, target: str | None, kind: Kind) -> Chance:
    """What every score on the text comes to by chance, in the whole model."""
    return head_chance(lm, head_maps(lm, text, attention=kind, target=target), {})


def see_halves(lm: LanguageModel, kind: Kind) -> dict[Job, Null]:
    """What the scores on repeats come to by chance; they hang on no text."""
    return halves_that_differ(lm, kind)


def by_chance(asked: Asked, here: Here, repeats: dict[Job, Score]) -> Chance:
    """What every score comes to by chance, in the whole model.

    Args:
        repeats: the scores on repeats. Where none is high enough for a name, what they come to by chance is left out:
            it decides nothing above the fold, and `halves` measures it for what stands below.
    """
    text: Chance = asked.call(see_chance, *here)
    return replace(text, repeats=halves(asked, here)) if needs_halves(repeats) else text


def needs_halves(repeats: dict[Job, Score]) -> bool:
    """Whether a score on repeats is high enough for a name, so that what it comes to by chance decides something."""
    above = [score.above_even for job, score in repeats.items() if job in CONTENT]
    return any(one is not None and (one >= NAMED_FROM).any() for one in above)


def halves(asked: Asked, here: Here) -> dict[Job, Null]:
    """What the scores on repeats come to by chance."""
    found: dict[Job, Null] = asked.call(see_halves, here[2])
    return found
