"""The Loss page's question: in the place of a token, which of three others would have cost the most?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app import markup, questions
from app.controls.predict import Answer, draw
from core.language_model import LanguageModel
from core.messages import say
from core.text import edit
from core.training.losses import ScoredText
from pages.loss.figure import named

EACH = 12  # likeliest tokens of each place, of which one is chosen where the text has no other word
KEYS = ("unlikely", "middle", "likely")
ORDERS = (
    ("likely", "unlikely", "middle"),
    ("unlikely", "middle", "likely"),
    ("middle", "likely", "unlikely"),
)


@dataclass(frozen=True)
class Question:
    """What is asked: which of these three ids costs most at `at`, a scored position; -1: there is none."""

    asked: questions.Asked
    at: int
    ids: tuple[int, ...]
    shows: Mapping[str, str | int]

    def judge(self, told: ScoredText) -> Answer:
        """The one with the highest loss, and all three losses, in nats."""
        if self.at < 0:
            return self.asked.answer("high", {})
        odds = told.logits[self.at].float().log_softmax(-1)
        losses = [-float(odds[token]) for token in self.ids]
        numbers = dict(zip(KEYS, losses))
        shown = {f"loss_{name}": f"{value:.2f}" for name, value in numbers.items()}
        given = {f"p_{name}": _chance(math.exp(-value)) for name, value in numbers.items()}
        return self.asked.answer("unlikely", {**numbers}, self.shows, **shown, **given)


def ask(lm: LanguageModel, text: str, told: ScoredText, at: int) -> Question:
    """Ask of the followed token's place: the likeliest other token, the last that is listed there, a word of the text.

    Args:
        at: the scored position that is followed.
    """
    if not len(told):
        return Question(questions.ask("loss", "no-token"), -1, (), {})
    came = int(told.targets[at])
    ids = candidates(lm, told, at)
    said = {name: _shown(lm, token) for name, token in zip(KEYS, ids)}
    asked = questions.ask("loss", "dearest", order=ORDERS[at % len(ORDERS)], token=_shown(lm, came), **said)
    shows: dict[str, str | int] = {}
    if (
        lm.config.shape == "decoder"
    ):  # elsewhere a place of the text is scored that is hidden, or the target's
        shows = {
            "text": edit.replaced(lm.tokenizer, text, told.places[at], ids[0]),
            "follow": told.places[at],
        }
    return Question(asked, at, ids, shows)


def another(told: ScoredText, at: int, seed: int) -> dict[str, int]:
    """Draw another place to ask about."""
    return {"follow": told.places[draw(seed, range(len(told)), at)]} if len(told) else {}


def candidates(lm: LanguageModel, told: ScoredText, at: int) -> tuple[int, int, int]:
    """Choose the three by what the page shows: two of the list beside the right token, and a word that is not in it.

    That word stands elsewhere in the text; where the text has none, elsewhere it would fit.

    Returns:
        The least likely, the one between, the likeliest.
    """
    came, odds = int(told.targets[at]), told.logits[at]
    listed = [token for token in named(told)[at] if token != came]
    shown = words(lm, listed, 2)
    likely, middle = shown[0], shown[-1]
    each = min(max(EACH, 3 * EACH // len(told)), told.logits.shape[-1])
    fitting = told.logits.topk(each).indices.flatten().tolist()
    for pool in ((*told.ids, *told.targets.tolist()), fitting, range(told.logits.shape[-1])):
        others = words(lm, [token for token in dict.fromkeys(pool) if token not in (came, *listed)], 0)
        if others:
            return min(others, key=lambda token: float(odds[token])), middle, likely
    return middle, middle, likely


def words(lm: LanguageModel, tokens: Sequence[int], least: int) -> list[int]:
    """Select tokens that read as words of three letters or more; where they are fewer than `least`, take all."""
    others = [token for token in tokens if token not in lm.special_ids]
    said = {token: lm.tokenizer.display(token) for token in others}
    spaced = any(text.startswith(" ") for text in said.values())

    def reads(text: str) -> bool:
        bare = text.removeprefix(" ")
        return len(bare) > 2 and bare.isalpha() and bare.isascii() and (text != bare or not spaced)

    found = [token for token in others if reads(said[token])]
    return found if len(found) >= least else others


def _chance(p: float) -> str:
    """Write a probability; a small one as one in so many, to two digits."""
    if p >= 0.0005:
        return f"{p:.3f}"
    many = 1 / max(p, 1e-30)
    if many > 1e9:
        return say("less than 1 in a billion")
    return say("1 in {many}", many=f"{round(many, 1 - math.floor(math.log10(many))):,.0f}")


def _shown(lm: LanguageModel, token: int) -> str:
    return markup.mono(markup.visible(lm.tokenizer.display(token)))
