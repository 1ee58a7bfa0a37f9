"""The Loss page's question: in the place of a token, which of three others would have cost the most?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app import markup, questions
from app.controls.predict import Answer, draw
from core.language_model import LanguageModel
from core.text import edit
from core.training.losses import ScoredText

EACH = 12  # likeliest tokens of each place, of which the three are chosen
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
        losses = [-float(told.logits[self.at].float().log_softmax(-1)[token]) for token in self.ids]
        numbers = dict(zip(KEYS, losses))
        shown = {f"loss_{name}": f"{value:.2f}" for name, value in numbers.items()}
        return self.asked.answer("unlikely", {**numbers}, self.shows, **shown)


def ask(lm: LanguageModel, text: str, told: ScoredText, at: int) -> Question:
    """Ask of the followed token's place: a likely token, one that might come, and one that hardly can.

    Args:
        at: the scored position that is followed.
    """
    if not len(told):
        return Question(questions.ask("loss", "no-token"), -1, (), {})
    came = int(told.targets[at])
    odds = told.logits[at].float().log_softmax(-1)
    ranked = sorted(whole_words(lm, told, came), key=lambda token: float(odds[token]))
    likely, unlikely = ranked[-1], ranked[0]
    halfway = float(odds[likely] + odds[unlikely]) / 2
    middle = min(ranked[1:-1] or ranked, key=lambda token: abs(float(odds[token]) - halfway))
    ids = (unlikely, middle, likely)
    said = {name: _shown(lm, token) for name, token in zip(KEYS, ids)}
    asked = questions.ask("loss", "dearest", order=ORDERS[at % len(ORDERS)], token=_shown(lm, came), **said)
    shows: dict[str, str | int] = {}
    if (
        lm.config.shape == "decoder"
    ):  # elsewhere a place of the text is scored that is hidden, or the target's
        shows = {
            "text": edit.replaced(lm.tokenizer, text, told.places[at], unlikely),
            "follow": told.places[at],
        }
    return Question(asked, at, ids, shows)


def another(told: ScoredText, at: int, seed: int) -> dict[str, int]:
    """Draw another place to ask about."""
    return {"follow": told.places[draw(seed, range(len(told)), at)]} if len(told) else {}


def whole_words(lm: LanguageModel, told: ScoredText, came: int) -> list[int]:
    """Return tokens that read as words of three letters or more and fit some place of the text; of too few, any."""
    each = max(EACH, 3 * EACH // len(told))
    fitting = told.logits.topk(min(each, told.logits.shape[-1])).indices.flatten().tolist()
    looked_at = dict.fromkeys([*fitting, *told.targets.tolist()])
    others = [token for token in looked_at if token != came and token not in lm.special_ids]
    said = {token: lm.tokenizer.display(token) for token in others}
    spaced = any(text.startswith(" ") for text in said.values())

    def reads(text: str) -> bool:
        bare = text.removeprefix(" ")
        return len(bare) > 2 and bare.isalpha() and bare.isascii() and (text != bare or not spaced)

    words = [token for token in others if reads(said[token])]
    return words if len(words) > 2 else others


def _shown(lm: LanguageModel, token: int) -> str:
    return markup.mono(markup.visible(lm.tokenizer.display(token)))
