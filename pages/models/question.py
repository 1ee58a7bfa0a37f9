"""The Models page's question: how many of its weights the open model uses when it reads less, or more."""

from __future__ import annotations

from dataclasses import dataclass

from app import questions
from app.controls.predict import Answer
from app.markup import mono
from core.language_model import LanguageModel
from core.parts import used_weights
from pages.models.figure import Use


@dataclass(frozen=True)
class Question:
    """What is asked. text: what is read instead.   ids: the tokens of that, as far as the context goes."""

    asked: questions.Asked
    text: str
    ids: tuple[int, ...]

    def judge(self, lm: LanguageModel, found: Use) -> Answer:
        """Count them."""
        before = sum(found.used.values())
        then = used_weights(lm.transformer, list(self.ids), found.decoder_ids)
        after = sum(then.values())
        longer, ratio = len(self.ids) > len(found.ids), after / before
        if longer:
            key = "share" if ratio > 1.5 else "nearly"
        else:
            blocks = then["attention"] + then["feed_forward"]
            key = "nearly" if ratio > 0.75 else "share" if blocks else "rows"
        return self.asked.answer(
            key, {"before": before, "after": after}, {"text": self.text}, before=before, after=after
        )


def ask(lm: LanguageModel, label: str, text: str, found: Use) -> Question:
    """Ask about the first word of the text alone; of a text of one word, about the same twice in a row."""
    first = next(iter(text.split()), "")
    ids = tuple(lm.encode(first))
    if first and len(ids) < len(found.ids):
        return Question(questions.ask("models", "shorter", model=label, word=mono(first)), first, ids)
    twice = f"{text} {text}"
    return Question(
        questions.ask("models", "longer", model=label),
        twice,
        tuple(lm.tokenizer.encode(twice)[: lm.config.n_ctx]),
    )
