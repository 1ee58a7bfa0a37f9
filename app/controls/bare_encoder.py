"""Predict for a bare encoder, which has no vocabulary head: how far does the text's vector turn when parts are ablated?

The vector is the one that the model's own files ask for, usually the mean over its tokens (core/vectors/sentences.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app import questions
from app.questions import Answer
from core.hooks import Intervention
from core.language_model import LanguageModel
from core.messages import mark
from core.vectors.sentences import text_cosine

# in the place of the next token in pictures
UNSAID = mark("No prediction: a bare encoder has no head that says tokens.")


def ask(start: str) -> questions.Asked:
    """Ask after an ablation, such as "Switch off L0H1": does the text's vector turn?"""
    return questions.ask("bare_encoder", "turn", start=start)


def judge(
    lm: LanguageModel,
    text: str,
    changes: Sequence[Intervention],
    start: str = "",
    shows: Mapping[str, str | int] | None = None,
) -> Answer:
    """Compute the right option, with the cosine."""
    found = text_cosine(lm, text, *changes)
    key = "stays" if found > 0.99 else "little" if found >= 0.9 else "far"
    return ask(start).answer(key, {"cosine": found}, shows, cosine=found)


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
