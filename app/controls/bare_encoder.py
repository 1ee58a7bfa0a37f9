"""Predict for a bare encoder, which has no vocabulary head: how far does the text's vector turn when parts are ablated?

The vector is the one that the model's own files ask for, usually the mean over its tokens (core/vectors/sentences.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from app.controls.predict import Answer
from core.hooks import Intervention
from core.language_model import LanguageModel
from core.vectors.sentences import text_cosine

OPTIONS = ("Above 0.99", "Between 0.9 and 0.99", "Below 0.9")
# in the place of the next token in pictures
UNSAID = "No prediction: a bare encoder has no head that says tokens."


def question(start: str) -> str:
    """Return the question after an ablation, such as "Switch off L0H1"."""
    return f"{start}: the text’s vector turns; its cosine with the vector as it is becomes …"


def judge(lm: LanguageModel, text: str, changes: Sequence[Intervention]) -> Answer:
    """Compute the right option, with the cosine."""
    found = text_cosine(lm, text, *changes)
    index = 0 if found > 0.99 else 1 if found >= 0.9 else 2
    why = (
        "What is left says nearly the same.", "It turns a little: what is left carries most of it.",
        "What was switched off carried much of it.",
    )[index]  # fmt: skip
    return Answer(index, f"It becomes {found:.3f}. {why}", {"cosine": found})


def cell(text: str, changes: str, imports: str, answer: Answer) -> str:
    """Return a notebook cell that computes the answer again.

    Args:
        changes: interventions, as source; imports: what they need, as source.
    """
    return f"""# %% The question: how far the text's vector turns
from core.vectors.sentences import text_cosine
{imports}
turned = text_cosine(lm, {text!r}, {changes})
print(round(turned, 4))
assert abs(turned - {float(answer.numbers["cosine"]):.6g}) < 1e-3"""
