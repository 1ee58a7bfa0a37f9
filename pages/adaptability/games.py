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
from core.runs import adaptations
from core.runs.adaptations import played
from pages.adaptability.studies import told

TITLES: dict[Game, str] = {"list": "a list said again", "pairs": "pairs looked up", "kinds": "an unsaid rule"}
ASKS: dict[Game, str] = {
    "list": "What comes next in a list of names that was said before? right, %",
    "pairs": "Which word was the partner of this one? right, %",
    "kinds": "Is it somebody's name? The rule is never said. right, %",
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
            raise ValueError(f"line {number} is no pair: write two words with a space between")
        if any(len(word) > WIDEST for word in words):
            raise ValueError(
                f"line {number} has a word of more than {WIDEST} characters: choose shorter ones"
            )
        if words[0] in pairs:
            raise ValueError(f"line {number}: {words[0]!r} has a partner already: write each first word once")
        pairs[words[0]] = words[1]
    answers = tuple(dict.fromkeys(pairs.values()))
    if len(answers) < 2:
        raise ValueError("write at least two pairs with different second words, one pair a line")
    if len(pairs) > LONGEST:
        raise ValueError(f"{len(pairs)} pairs are more than the {LONGEST} that are read here: leave some out")
    key = sought.strip() or next(iter(pairs))
    if key not in pairs:
        raise ValueError(f"{key!r} is the first word of none of your pairs: ask for one of them")
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
        "key": what.game, "title": TITLES[what.game], "asks": ASKS[what.game], "model": recorded["model"],
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
    can, model = "Can" if context.low > chance else "Cannot", recorded["model"]
    said = {
        "list": f"{can}: {model} goes on right in {_told(one)} of the questions after one saying. One in "
        "three documents that it read in training was a list said again.",
        "pairs": f"{can}: {model} finds {_told(context)} of the partners with {most} examples, guessing "
        f"{chance:.0%}.",
        "kinds": f"{can}: {model} is right on {_told(context)} with {most} examples, guessing is {chance:.0%}. A "
        "million weights and tales of one small world hold no habit of guessing rules.",
    }[which]
    found = [
        said,
        f"The same {most} learned by {in_context.STEPS} steps of AdamW: {_told(steps)} right, with no prompt.",
    ]
    if which == "pairs":
        found += _controls(recorded["model"], recorded["other"], most)
    if which == "kinds":
        found.append(
            "Models of billions of weights, trained on much more text, do such things from the prompt alone (Brown et "
            "al. 2020)."
        )
    return found


def _controls(model: str, other: str, most: int) -> list[str]:
    """Say what takes the skill away: other text in training, less of it, other pairs in the prompt."""
    moments = [(step, one) for step, _, one in played("pairs", "moments")]
    risen = max(range(1, len(moments)), key=lambda at: moments[at][1].mean - moments[at - 1][1].mean)
    (first, untrained), (before, low), (after, high) = moments[0], moments[risen - 1], moments[risen]
    exchanged, elsewhere = _at("pairs", "exchanged", most), _at("pairs", "elsewhere", most)
    return [
        f"Control: does it read the pairs? Each word told with another’s partner, it finds the old partner in "
        f"{_told(exchanged)}: it says what the prompt says.",
        f"Control: did reading code teach it? {model} itself finds {_told(untrained)} at step {first:,}, {_told(low)} "
        f"at step {before:,} and {_told(high)} at step {after:,} of its training.",
        f"{other}, as large and trained on tales, finds {_told(elsewhere)}. These are two models that differ in their "
        "tokens, too, so that code and not tales teaches it is likely, not shown.",
    ]


def _told(one: Interval) -> str:
    return told(one, "rounds")


def _at(which: Game, how: str, count: int) -> Interval:
    return next(one for at, _, one in played(which, how) if at == count)
