"""The Models page's question: how many of the open model's weights the text meets when it is said twice."""

from __future__ import annotations

from app.controls.predict import Answer
from core.language_model import LanguageModel
from core.parts import used_weights
from pages.models.figure import Use

OPTIONS = ("Twice as many", "A few more", "Exactly as many")


def text(label: str) -> str:
    """The question."""
    return f"Your text twice in a row: how many weights of {label} does it use then?"


def twice(lm: LanguageModel, found: Use) -> list[int]:
    """The tokens of the text and the same again, as far as the context goes."""
    return [*found.ids, *found.ids][: lm.config.n_ctx]


def judge(lm: LanguageModel, found: Use) -> Answer:
    """Count them."""
    before, whole = sum(found.used.values()), sum(found.whole.values())
    after = sum(used_weights(lm.transformer, twice(lm, found), found.decoder_ids).values())
    index = 2 if after == before else 1 if 2 * after < 3 * before else 0
    shares = {"before": 100 * before / whole, "after": 100 * after / whole}
    if index == 2:
        why = "the same tokens read the same rows again, and all other weights were met before: more text is more work"
    else:
        why = "what is new are rows for positions and distances that had not occurred; all others were met before"
    said = f"{shares['before']:.3f} % once, {shares['after']:.3f} % twice, {after - before:,} weights more: {why}."
    return Answer(index, said, {**shares, "more": after - before})
