"""Examples in the prompt: the recorded curves of a game, one prompt answered now, the learner's own pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from app.session.fields import Value
from core.analysis.seeds import Interval
from core.analysis.tasks import in_context
from core.analysis.tasks.in_context import Asked, Game, Round
from core.language_model import LanguageModel
from core.messages import mark, say
from core.runs import adaptations
from core.runs.adaptations import played
from pages.adaptability.studies import told

TITLES: dict[Game, str] = {
    "list": mark("a list said again"), "pairs": mark("pairs looked up"), "kinds": mark("an unsaid rule"),
}  # fmt: skip
ASKS: dict[Game, str] = {
    "list": mark("What comes next in a list of names that was said before? right, %"),
    "pairs": mark("Which word was the partner of this one? right, %"),
    "kinds": mark("Is it somebody's name? The rule is never said. right, %"),
}
GAME: Game = "pairs"  # whose prompts are asked about
SEED = 1_000_000  # of the drawn words that are looked at: none of those that are recorded
LONGEST = 24  # own pairs
WIDEST = 40  # characters of an own word


@dataclass(frozen=True)
class Shown:
    """A prompt: its game, the question behind so many examples, and whether it is the learner's own.

    why: what is wrong with the own pairs, "" where nothing is.
    """

    game: Game
    played: Round
    asked: Asked
    count: int
    own: bool = False
    why: str = ""

    @property
    def prompt(self) -> str:
        return self.played.prompt(self.asked, self.count)


def count(values: Mapping[str, Value]) -> int:
    """Count the examples in the prompt: the recorded number that is nearest to the page's own."""
    wanted = int(values["told"])
    return min(in_context.COUNTS, key=lambda one: abs(one - wanted))


def shown(values: Mapping[str, Value]) -> Shown:
    """Read the prompt off the page's fields: the learner's own pairs, or words drawn by the page's number."""
    which, lot = cast("Game", values["game"]), int(values["lot"])
    if which == "pairs" and str(values["solved"]).strip():
        try:
            played, asked = own_round(str(values["solved"]), str(values["sought"]))
            return Shown(which, played, asked, len(played.examples), own=True)
        except ValueError as why:
            drawn = round_of(which, lot)
            return Shown(which, drawn, drawn.questions[0], count(values), why=str(why))
    drawn = round_of(which, lot)
    return Shown(which, drawn, drawn.questions[lot % len(drawn.questions)], count(values))


def round_of(which: Game, lot: int) -> Round:
    """Draw the words of a round; another `lot`, other words."""
    return in_context.rounds(which, 1, SEED + lot)[0]


def own_round(lines: str, sought: str) -> tuple[Round, Asked]:
    """The learner's pairs as a round of the game "pairs", and its question.

    Raises:
        ValueError: a line that is no pair, too few or too many of them, a word told twice, or one that is not told.
    """
    pairs: dict[str, str] = {}
    for number, line in enumerate(lines.splitlines(), 1):
        words = line.split()
        if not words:
            continue
        if len(words) != 2:
            raise ValueError(
                say("line {number} is no pair: write two words with a space between", number=number)
            )
        if any(len(word) > WIDEST for word in words):
            raise ValueError(
                say(
                    "line {number} has a word of more than {most} characters: choose shorter ones",
                    number=number, most=WIDEST,
                )
            )  # fmt: skip
        if words[0] in pairs:
            raise ValueError(
                say(
                    "line {number}: {word} has a partner already: write each first word once",
                    number=number, word=repr(words[0]),
                )
            )  # fmt: skip
        pairs[words[0]] = words[1]
    answers = tuple(dict.fromkeys(pairs.values()))
    if len(answers) < 2:
        raise ValueError(say("write at least two pairs with different second words, one pair a line"))
    if len(pairs) > LONGEST:
        raise ValueError(
            say(
                "{count} pairs are more than the {most} that are read here: leave some out",
                count=len(pairs), most=LONGEST,
            )
        )  # fmt: skip
    key = sought.strip() or next(iter(pairs))
    if key not in pairs:
        raise ValueError(
            say("{word} is the first word of none of your pairs: ask for one of them", word=repr(key))
        )
    asked = Asked(f"({key}", answers, answers.index(pairs[key]))
    return Round("pairs", tuple(f"({a} {b})" for a, b in pairs.items()), (asked,)), asked


def weighed(lm: LanguageModel, prompt: str, options: tuple[str, ...]) -> list[float]:
    """The share of each answer."""
    shares: list[float] = in_context.weigh(lm, prompt, options).tolist()
    return shares


def answers(what: Shown, beside: Callable[..., Any]) -> tuple[list[float], str]:
    """Weigh the answers to a prompt; return their shares, and "" or why there are none.

    Args:
        beside: as `Asked.beside` of app/kit/figures.py.
    """
    try:
        shares: list[float] = beside(in_context.MODELS[what.game], weighed, what.prompt, what.asked.options)
        return shares, ""
    except ValueError as why:  # a prompt beyond the context
        return [], str(why)


def record(what: Shown, shares: list[float], why: str) -> dict[str, Any]:
    """Record the game for the picture; shares, why: of `answers`."""
    recorded = adaptations.recorded()["games"][what.game]
    best = [(at, in_context.best(what.game, at)) for at in in_context.COUNTS]
    return {
        "key": what.game, "title": say(TITLES[what.game]), "asks": say(ASKS[what.game]), "model": recorded["model"],
        "other": recorded.get("other", ""), "chance": in_context.chance(what.game),
        "best": [{"at": at, "value": value} for at, value in best if value is not None],
        "context": _points(what.game, "context"), "steps": _points(what.game, "steps"),
        "elsewhere": _points(what.game, "elsewhere"),
        "shown": {
            "prompt": what.prompt, "own": what.own, "why": why, "right": what.asked.right,
            "options": [{"text": text, "share": share} for text, share in zip(what.asked.options, shares)],
        },
    }  # fmt: skip


def _points(which: Game, how: str) -> list[dict[str, Any]]:
    return [
        {"at": at, "shares": list(shares), "mean": one.mean, "low": one.low, "high": one.high}
        for at, shares, one in played(which, how)
    ]


def findings(which: Game) -> list[str]:
    """What the recorded rounds say, and why."""
    most = in_context.COUNTS[-1]
    context, steps = (_at(which, how, most) for how in ("context", "steps"))
    recorded = adaptations.recorded()["games"][which]
    chance = in_context.chance(which)
    one = _at(which, "context", 1)
    can, model = context.low > chance, recorded["model"]
    values = {
        "model": model,
        "count": most,
        "chance": f"{chance:.0%}",
        "right": _told(context),
        "once": _told(one),
    }
    found = [
        say(_CAN[which] if can else _CANNOT[which], **values),
        say(
            "The same {count} learned by {steps} steps of AdamW: {right} right, with no prompt.",
            count=most, steps=in_context.STEPS, right=_told(steps),
        ),
    ]  # fmt: skip
    if which == "pairs":
        found += _controls(recorded["model"], recorded["other"], most)
    if which == "kinds":
        found.append(
            say(
                "Models of billions of weights, trained on much more text, do such things from the prompt alone "
                "(Brown et al. 2020)."
            )
        )
    return found


# What a game's first sentence says where the recorded rounds are beyond guessing, and where they are not.
_CAN: dict[Game, str] = {
    "list": mark(
        "Can: {model} goes on right in {once} of the questions after one saying. One in three documents that it "
        "read in training was a list said again."
    ),
    "pairs": mark("Can: {model} finds {right} of the partners with {count} examples, guessing {chance}."),
    "kinds": mark("Can: {model} is right on {right} with {count} examples, guessing is {chance}."),
}
_CANNOT: dict[Game, str] = {
    "list": mark(
        "Cannot: {model} goes on right in {once} of the questions after one saying, though one in three documents "
        "that it read in training was a list said again."
    ),
    "pairs": mark("Cannot: {model} finds {right} of the partners with {count} examples, guessing {chance}."),
    "kinds": mark(
        "Cannot: {model} is right on {right} with {count} examples, guessing is {chance}. A million weights and "
        "tales of one small world hold no habit of guessing rules."
    ),
}


def _controls(model: str, other: str, most: int) -> list[str]:
    """Say what takes the skill away: other text in training, less of it, other pairs in the prompt."""
    moments = [(step, one) for step, _, one in played("pairs", "moments")]
    risen = max(range(1, len(moments)), key=lambda at: moments[at][1].mean - moments[at - 1][1].mean)
    (first, untrained), (before, low), (after, high) = moments[0], moments[risen - 1], moments[risen]
    exchanged, elsewhere = _at("pairs", "exchanged", most), _at("pairs", "elsewhere", most)
    return [
        say(
            "Control: does it read the pairs? Each word told with another’s partner, it finds the old partner in "
            "{right}: it says what the prompt says.",
            right=_told(exchanged),
        ),
        say(
            "Control: did reading code teach it? {model} itself finds {right_first} at step {first}, {right_before} "
            "at step {before} and {right_after} at step {after} of its training.",
            model=model, right_first=_told(untrained), first=f"{first:,}", right_before=_told(low),
            before=f"{before:,}", right_after=_told(high), after=f"{after:,}",
        ),
        say(
            "{model}, as large and trained on tales, finds {right}. These are two models that differ in their "
            "tokens, too, so that code and not tales teaches it is likely, not shown.",
            model=other, right=_told(elsewhere),
        ),
    ]  # fmt: skip


def _told(one: Interval) -> str:
    return told(one, rounds=True)


def _at(which: Game, how: str, count: int) -> Interval:
    return next(one for at, _, one in played(which, how) if at == count)
