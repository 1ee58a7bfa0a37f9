"""Ask which half of the blocks suffers more in 2 bits, attention or the MLPs: the picture never shows them apart."""

from __future__ import annotations

from dataclasses import dataclass

from app.controls.predict import Answer
from app.counts import counted
from app.frame.page import Context
from app.models import cache
from core.efficiency.part_sensitivity import HALVES, Half, halves
from core.efficiency.quantization import Quantization
from pages.efficiency.measure import judge_original

OPTIONS = ("Attention", "The MLPs", "The same, within a tenth")
BITS = 2


@dataclass(frozen=True)
class Question:
    """What is asked. setting: that the half is rounded in; the other half, tables and norms stay as they are."""

    text: str
    setting: Quantization
    options: tuple[str, ...] = OPTIONS

    def judge(self, ctx: Context) -> Answer:
        """Find the right option, and say why, in the model's numbers."""
        before, own = cache.share(judge_original, ctx.model_key)
        found = halves(before, self.setting)
        if not found:
            return Answer(2, "This model has no blocks: nothing is rounded in either case.", {})
        a, b = (found[name] for name in HALVES)
        most = max(abs(a.rise), abs(b.rise))
        index = 2 if abs(a.rise - b.rise) <= 0.1 * most else 0 if a.rise > b.rise else 1
        why = (
            f"The original’s loss is {own.loss:.3f}. With attention alone in {BITS} bits it is "
            f"{own.loss + a.rise:.3f}, with the MLPs alone {own.loss + b.rise:.3f}. {_weights(a, b)}"
        )
        return Answer(
            index, why, {"attention": own.loss + a.rise, "mlp": own.loss + b.rise, "loss": own.loss}
        )


def _weights(a: Half, b: Half) -> str:
    more, fewer, said = (a, b, "Attention has") if a.weights >= b.weights else (b, a, "The MLPs have")
    if more.weights == fewer.weights:
        return f"Both have {counted(a.weights, 'weight')}."
    return f"{said} {counted(more.weights, 'weight')}, the others {fewer.weights:,}."


def ask() -> Question:
    """Ask with a grid a row, to nearest, from smallest to largest: with 2 bits one around 0 has only three values."""
    text = (
        f"Round only one half of the blocks to {BITS} bits (a grid a row, smallest to largest). "
        "Which raises the loss more?"
    )
    return Question(text, Quantization(BITS, "channel", symmetric=False))
