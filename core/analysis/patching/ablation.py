"""The effect of an ablation: the same text with and without an intervention."""

from __future__ import annotations

from dataclasses import dataclass

from core.hooks import Intervention, intervene
from core.language_model import LanguageModel, Text


@dataclass(frozen=True)
class Effect:
    """The probability of one token (its id) at one row, untouched and under the intervention."""

    token: int
    before: float
    after: float


def effect(
    lm: LanguageModel,
    text: Text,
    change: Intervention,
    *,
    row: int = -1,
    token: int | None = None,
    target: Text | None = None,
) -> Effect:
    """Measure what `change` does to the probability of `token` at `row`, from two passes.

    Args:
        row: a row of the logits, from 0, or from the end if negative.
        token: its id; None: the one that the untouched model finds most probable there.
        target: an encoder-decoder's beginning of the answer.

    Raises:
        HookError: the model lacks the place that `change` names.
    """
    plain = lm.trace(text, target=target).logits[row].float().softmax(dim=-1)  # (V,)
    with intervene(change):
        changed = lm.trace(text, target=target).logits[row].float().softmax(dim=-1)  # (V,)
    chosen = int(plain.argmax()) if token is None else token
    return Effect(chosen, float(plain[chosen]), float(changed[chosen]))
