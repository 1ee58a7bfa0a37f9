"""Ask the Families page's question: how many of its own tokens does BERT predict again, once all of them are there?

Of an encoder without a head, which writes nothing: how far the text's vector turns when its words stand backwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.controls.predict import Answer
from app.models import cache
from core.families.vectors import vectors
from core.language_model import LanguageModel
from core.vectors.sentences import cosines
from pages.families.figure import Found

QUESTION = "Asked again about each of its {count} tokens, BERT keeps …"
OPTIONS = ("Every one", "More than half", "Half or fewer")
NOBODY = "BERT has no room to write: shorten the text …"
TURNED = "The same words in reverse order: the text’s vector turns; its cosine with the one above becomes …"
COSINES = ("Above 0.9", "Between 0.6 and 0.9", "Below 0.6")


@dataclass(frozen=True)
class Question:
    """Hold what is asked of the encoder's lane, its options, and what judges it."""

    text: str
    options: tuple[str, ...]
    judge: Callable[[], Answer]


def ask(found: Found, text: str) -> Question:
    """Ask the question that the lane's model can answer. text: as the page reads it."""
    if found.vectors is None:
        return Question(question(found), OPTIONS, lambda: judge(found))
    return Question(TURNED, COSINES, lambda: judge_order(found, text))


def question(found: Found) -> str:
    """Word the question with the number of tokens that were written."""
    count = len(found.writing.strokes) if found.writing else 0
    return QUESTION.format(count=count) if count else NOBODY


def backwards(text: str) -> str:
    """Reverse the order of a text's words."""
    return " ".join(reversed(text.split()))


def order(lm: LanguageModel, text: str) -> float:
    """Compute the cosine of a text's vector with that of the same words in reverse order."""
    both = [vectors(lm, lm.encode(one)).text for one in (text, backwards(text))]
    return float(cosines(np.stack(both))[0, 1])


def judge_order(found: Found, text: str) -> Answer:
    """Find the right option, with the cosine."""
    cosine: float = cache.call(order, found.lane.key, text)
    index = 0 if cosine > 0.9 else 1 if cosine >= 0.6 else 2
    why = (
        "It hears which words there are far more than their order.",
        "Which words there are counts most, and their order too.",
        "In another order these words mean another thing to it.",
    )[index]
    return Answer(index, f"It becomes {cosine:.3f}. {why}", {"cosine": cosine})


def judge(found: Found) -> Answer:
    """Measure the share of its tokens that the encoder would write again, and their probabilities then and now.

    Raises:
        ValueError: it wrote nothing.
    """
    writing = found.writing
    if writing is None or not writing.strokes:
        raise ValueError("the encoder wrote nothing")
    count, kept = len(writing.strokes), sum(not one for one in writing.regretted)
    then = sum(stroke.probability for stroke in writing.strokes) / count
    now = sum(writing.now) / count
    index = 0 if kept == count else 1 if 2 * kept > count else 2
    said = (
        f"With all others in place it keeps {kept} of {count}: it gave them {then:.3f} on average and now {now:.3f}. "
        "A new token reaches all rows of BERT, none before it of GPT."
    )
    return Answer(index, said, {"kept": kept, "then": then, "now": now})
