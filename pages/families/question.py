"""Ask the Families page's question: another word in the text, and whose guess of the followed token moves.

Of an encoder without a head, which guesses nothing: how far the text's vector turns when its words stand backwards.
Of a text without a word that could change: how many of the tokens that it wrote BERT stands by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app import questions
from app.controls.predict import Answer
from app.markup import mono, visible
from app.models import cache
from core.families.predictions import guesses
from core.families.vectors import vectors
from core.language_model import LanguageModel
from core.messages import say
from core.vectors.sentences import cosines
from pages.families.figure import Found
from pages.families.guesses import key_of
from pages.families.lanes import Lane, across

MOVES = 0.0005  # of the total variation distance: less is nothing in three decimals
LITTLE, FAR = 0.9, 0.6  # cosines between which a vector is said to turn a little
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True)
class Change:
    """Hold a word that becomes another one.

    first, end: its characters.   other: what stands in its place.   span: of the token that is asked for.
    """

    text: str
    first: int
    end: int
    other: str
    span: tuple[int, int]

    @property
    def word(self) -> str:
        """The word that goes."""
        return self.text[self.first : self.end]

    @property
    def behind(self) -> bool:
        """Whether it stands behind the token."""
        return self.first >= self.span[1]

    @property
    def then(self) -> str:
        """The changed text."""
        return self.text[: self.first] + self.other + self.text[self.end :]

    @property
    def place(self) -> tuple[int, int]:
        """Where the token's characters stand in the changed text."""
        moved = 0 if self.behind else len(self.other) - len(self.word)
        return self.span[0] + moved, self.span[1] + moved


@dataclass(frozen=True)
class Question:
    """Hold what is asked, what judges it, and the change that it is about, if it is about one."""

    asked: questions.Asked
    judge: Callable[[], Answer]
    change: Change | None = None

    def elsewhere(self, opened: LanguageModel, text: str) -> int:
        """Choose the token to ask about in another text: an early word after a late one, else the page's own choice."""
        if self.change is None or self.change.behind:
            return -1
        spans = opened.tokenizer.offsets(text)
        words = [found.span() for found in _WORD.finditer(text)]
        early = [span for span in words[1 : (len(words) + 1) // 2] if _covers(spans, span)]
        return across(early[:1], spans)[0] if early else -1


def _covers(spans: Sequence[tuple[int, int]], word: tuple[int, int]) -> bool:
    """Whether a word is one token, with or without the space before it."""
    return any(first in (word[0], word[0] - 1) and end == word[1] for first, end in spans)


def ask(found: Sequence[Found], span: tuple[int, int], text: str, opened: LanguageModel) -> Question:
    """Ask the question that the lanes' models can answer.

    Args:
        found: of all lanes, GPT, BERT, T5.   span: characters of the followed token.   text: as the page reads it.
        opened: the open model, by whose tokens the page is linked.
    """
    gpt, bert = found[0].lane, found[1].lane
    if found[1].vectors is not None:
        order = questions.ask("families", "order")
        return Question(order, lambda: judge_order(order, bert))
    change = choose(text, span)
    if change is None:
        kept = questions.ask("families", "kept")
        return Question(kept, lambda: judge_kept(kept, found[1]))
    token = mono(visible(text[slice(*span)].strip() or text[slice(*span)]))
    told = {"token": token, "word": mono(change.word), "other": mono(change.other)}
    if change.behind:
        asked = questions.ask("families", "behind", **told)
    else:
        asked = questions.ask("families", "before", **told)
    return Question(asked, lambda: judge(asked, gpt, bert, change, opened), change)


def choose(text: str, span: tuple[int, int]) -> Change | None:
    """Choose the farther of the text's first and last word, and what becomes of it: the longest other word.

    None: the token is a special one, no word stands apart from it, or there is none to put in its place.
    """
    if span[1] <= span[0]:
        return None
    spans = [found.span() for found in _WORD.finditer(text)]
    apart = [(first, end) for first, end in spans if end <= span[0] or first >= span[1]]
    if not apart:
        return None
    first, end = max(apart, key=lambda one: max(span[0] - one[1], one[0] - span[1]))
    others = [text[a:b] for a, b in spans if text[a:b].lower() != text[first:end].lower()]
    inner = [other for other in others if other.lower() not in text[slice(*span)].lower()]
    if not inner:
        return None
    alike = [other for other in inner if other.islower() == text[first:end].islower()] or inner
    return Change(text, first, end, max(alike, key=len), span)


def moved(lane: Lane, change: Change) -> float:
    """Compute how far a lane's guess of the token moves: the total variation distance, 0 where nothing is seen."""
    assert lane.lm is not None
    return float(cache.call(_moved, key_of(lane), change))


def _moved(lm: LanguageModel, change: Change) -> float:
    said = []
    for text, span in ((change.text, change.span), (change.then, change.place)):
        at = across([span], lm.tokenizer.offsets(text))[0]
        if lm.config.shape == "decoder" and at == 0:
            return 0.0  # nothing stands before it, so nothing is said of it
        said.append(guesses(lm, lm.encode(text), (at,))[0].probabilities)
    return float(np.abs(said[0] - said[1]).sum() / 2)


def judge(asked: questions.Asked, gpt: Lane, bert: Lane, change: Change, opened: LanguageModel) -> Answer:
    """Find whose guess moves.

    Raises:
        IndexError, ValueError: the token is one of which a model says nothing.
    """
    both = moved(gpt, change), moved(bert, change)
    key = {(True, True): "both", (True, False): "gpt", (False, True): "bert", (False, False): "none"}[
        both[0] > MOVES, both[1] > MOVES
    ]
    follow = across([change.place], opened.tokenizer.offsets(change.then))[0]
    shows: dict[str, Any] = {"text": change.then, "follow": follow, "drafted": -1}
    return asked.answer(key, {"gpt": both[0], "bert": both[1]}, shows, gpt=both[0], bert=both[1])


def backwards(text: str) -> str:
    """Reverse the order of a text's words."""
    return " ".join(reversed(text.split()))


def order(lm: LanguageModel, text: str) -> float:
    """Compute the cosine of a text's vector with that of the same words in reverse order."""
    both = [vectors(lm, lm.encode(one)).text for one in (text, backwards(text))]
    return float(cosines(np.stack(both))[0, 1])


def judge_order(asked: questions.Asked, bert: Lane) -> Answer:
    """Find the right option, with the cosine."""
    cosine: float = cache.call(order, key_of(bert), bert.text)
    key = "same" if cosine > LITTLE else "turns" if cosine >= FAR else "far"
    return asked.answer(key, shows={"text": backwards(bert.text)}, cosine=cosine)


def judge_kept(asked: questions.Asked, found: Found) -> Answer:
    """Measure the share of its tokens that the encoder would write again, and their probabilities then and now.

    Raises:
        ValueError: it wrote nothing.
    """
    writing = found.writing
    if writing is None or not writing.strokes:
        raise ValueError(say("the encoder wrote nothing"))
    count, kept = len(writing.strokes), sum(not one for one in writing.regretted)
    then = sum(stroke.probability for stroke in writing.strokes) / count
    now = sum(writing.now) / count
    return asked.answer("all" if kept == count else "some", kept=kept, count=count, then=then, now=now)
