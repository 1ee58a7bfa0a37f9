"""The page's question: several heads taken from the clean text at once, which the picture shows only one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app import markup, questions
from app.controls.predict import Answer
from app.session.state import Value
from core.analysis.patching.patches import Spot
from core.analysis.places import Kind
from core.language_model import LanguageModel
from pages.interpretability.figure import Asked, Looked, Maps, prepared

EVERY = 3  # heads that are patched together


@dataclass(frozen=True)
class Question:
    """What is asked. heads: patched together; (): the parts are compared: no patches are shown, or none can be made."""

    said: questions.Asked
    heads: tuple[tuple[int, int], ...]

    def judge(self, lm: LanguageModel, asked: Asked, looked: Looked, kind: Kind) -> Answer:
        """Find the right option and say why, in the model's numbers."""
        return self._together(lm, asked, kind) if self.heads else self._louder(looked)

    def _together(self, lm: LanguageModel, asked: Asked, kind: Kind) -> Answer:
        found = prepared(lm, asked, kind)
        share = found.together([Spot(layer, head=head) for layer, head in self.heads])
        alone = sum(found.together([Spot(layer, head=head)]) for layer, head in self.heads)
        key = "same" if questions.is_same(share, alone) else "less" if share < alone else "more"
        layer, head = self.heads[0]
        numbers = {
            "share": share,
            "alone": alone,
            "said": found.corrupted + share * found.gap,
            "clean": found.clean,
            "corrupted": found.corrupted,
        }
        shows: dict[str, Value] = {"sight": "heads", "block": layer, "head": head, "stage": -1}
        return self.said.answer(key, numbers, shows, **numbers)

    def _louder(self, looked: Looked) -> Answer:
        a, b = louder(looked)
        key = "same" if questions.is_same(a, b) else "attention" if a > b else "mlps"
        numbers = {"attention": a, "mlp": b, "logit": looked.parts.logit}
        return self.said.answer(key, numbers, {"sight": "parts", "tier": -1, "stage": -1}, **numbers)


def louder(looked: Looked) -> tuple[float, float]:
    """Sum what all attention says to the logit, and what all MLPs say."""
    sums = {
        part: float(np.sum([line.value for line in looked.parts.lines if line.part in parts]))
        for part, parts in (("attention", ("attention", "cross-attention")), ("mlp", ("mlp",)))
    }
    return sums["attention"], sums["mlp"]


def ask(lm: LanguageModel, asked: Asked, maps: Maps, layers: int, mark: str, *, together: bool) -> Question:
    """Ask about the heads that bring most back alone; while they are not known, about the first of the last block.

    Args:
        together: whether the patches are shown; without them the question is which parts say the answer.
    """
    measure = describe_measure(lm, asked)
    if not together or maps.why or not layers or layers * lm.config.n_heads < 2:
        return Question(questions.ask("interpretability", "louder", measure=measure), ())
    heads = lm.config.n_heads
    values = maps.rows("head")
    if values is not None:
        order = np.argsort(-values, axis=None, kind="stable")[:EVERY]
        chosen = [divmod(int(at), heads) for at in order]
    else:
        chosen = [(layers - 1, head) for head in range(min(EVERY, heads))]
    names = ", ".join(markup.mono(f"L{layer}{mark}{head}") for layer, head in chosen)
    return Question(
        questions.ask("interpretability", "together", heads=names, measure=measure), tuple(chosen)
    )


def describe_measure(lm: LanguageModel, asked: Asked) -> str:
    """Name the measured number with its second token, where it has one: "logit(Mary) − logit(John)"."""
    tokens = [asked.token] if asked.against is None else [asked.token, asked.against]
    words = [markup.mono(markup.visible(lm.tokenizer.display(token))) for token in tokens]
    return " − ".join(f"logit({word})" for word in words)
