"""The page's question: several heads taken from the clean text at once, which the picture shows only one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app import markup
from app.controls.predict import Answer
from core.analysis.patching.patches import Spot
from core.analysis.places import Kind
from core.language_model import LanguageModel
from pages.interpretability.controls import Asked
from pages.interpretability.figure import Looked, Maps, prepared

SHARES = ("Less than half", "Half, but not nine tenths", "Nine tenths or more")
LOUDER = ("Attention", "The MLPs", "The same, within a tenth")
EVERY = 3  # heads that are patched together


@dataclass(frozen=True)
class Question:
    """What is asked. heads: patched together; (): the texts have nothing to recover, and the parts are compared."""

    text: str
    options: tuple[str, ...]
    heads: tuple[tuple[int, int], ...]

    def judge(self, lm: LanguageModel, asked: Asked, looked: Looked, kind: Kind) -> Answer:
        """Find the right option and say why, in the model's numbers."""
        return self._together(lm, asked, kind) if self.heads else self._louder(looked)

    def _together(self, lm: LanguageModel, asked: Asked, kind: Kind) -> Answer:
        found = prepared(lm, asked, kind)
        share = found.together([Spot(layer, head=head) for layer, head in self.heads])
        alone = sum(found.together([Spot(layer, head=head)]) for layer, head in self.heads)
        said = found.corrupted + share * found.gap
        index = 0 if share < 0.5 else 1 if share < 0.9 else 2
        more = (
            "Alone, their shares add up to"
            if abs(share - alone) > 0.02
            else "So do their shares alone, added up:"
        )
        why = (
            f"The difference goes from {found.corrupted:.3f} to {said:.3f}, of {found.clean:.3f}: {share:.3f} comes "
            f"back. {more} {alone:.3f}. Heads read what others wrote, so that shares need not add up."
        )
        return Answer(
            index, why,
            {"share": share, "alone": alone, "said": said, "clean": found.clean, "corrupted": found.corrupted},
        )  # fmt: skip

    def _louder(self, looked: Looked) -> Answer:
        (a, b), most = louder(looked), max(map(abs, louder(looked)))
        index = 2 if abs(a - b) <= 0.1 * most else 0 if a > b else 1
        why = (
            f"All attention together says {a:.3f} to the logit of {looked.parts.logit:.3f}, all MLPs {b:.3f}."
        )
        return Answer(index, why, {"attention": a, "mlp": b, "logit": looked.parts.logit})


def louder(looked: Looked) -> tuple[float, float]:
    """Sum what all attention says to the logit, and what all MLPs say."""
    sums = {
        part: float(np.sum([line.value for line in looked.parts.lines if line.part in parts]))
        for part, parts in (("attention", ("attention", "cross-attention")), ("mlp", ("mlp",)))
    }
    return sums["attention"], sums["mlp"]


def ask(lm: LanguageModel, asked: Asked, maps: Maps, layers: int, mark: str) -> Question:
    """Ask about the heads that bring most back alone; while they are not known, about the first of the last block."""
    word = markup.mono(markup.visible(lm.tokenizer.display(asked.token)))
    if maps.why or not layers:
        return Question(f"Who says more to the logit of {word}, all attention or all MLPs?", LOUDER, ())
    heads = lm.config.n_heads
    values = maps.rows("head")
    if values is not None:
        order = np.argsort(-values, axis=None, kind="stable")[:EVERY]
        chosen = [divmod(int(at), heads) for at in order]
    else:
        chosen = [(layers - 1, head) for head in range(min(EVERY, heads))]
    names = ", ".join(markup.mono(f"L{layer}{mark}{head}") for layer, head in chosen)
    several = f"{names} together" if len(chosen) > 1 else names
    return Question(
        f"Take {several} from the clean text: how much of the difference comes back?", SHARES, tuple(chosen)
    )
