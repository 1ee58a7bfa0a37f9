"""Ask what becomes of the loss when fewer weights share a scale, or more, at the same number of bits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app import questions
from app.controls.predict import Answer
from app.frame.page import Context
from app.models import cache
from app.session.state import Value
from core.efficiency.judging import judge_original
from core.efficiency.quantization import Granularity, Quantization
from core.efficiency.quantization_report import beside
from core.efficiency.settings import fitting
from core.language_model import LanguageModel
from core.messages import mark, say

GROUP = 32
SHARED: dict[Granularity, str] = {
    "tensor": mark("each matrix"),
    "channel": mark("each row"),
    "group": mark("each {count} weights"),
}
ORDER: tuple[Granularity, ...] = ("tensor", "channel", "group")  # from the fewest scales to the most
# Other settings to ask about: bits, and what shares a scale.
ELSEWHERE: tuple[tuple[int, Granularity], ...] = (
    (4, "channel"), (2, "tensor"), (2, "channel"), (4, "tensor"), (2, "group"), (8, "tensor"), (4, "group"),
)  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What is asked. now, then: the setting that is shown, to nearest, and the one in its place."""

    asked: questions.Asked
    now: Quantization
    then: Quantization

    def judge(self, ctx: Context) -> Answer:
        """Round to both, and compare how much the loss rises."""
        before, own = cache.share(judge_original, ctx.model_key)
        losses = [
            beside(before, setting, ctx.text, ctx.decoder_text)[0].judged.loss
            for setting in (self.now, self.then)
        ]
        a, b = (loss - own.loss for loss in losses)
        key = "same" if questions.is_same(a, b) else "nearer" if b < a else "farther"
        shows: dict[str, Value] = {
            "bits": str(self.then.bits), "per": self.then.granularity, "group": str(GROUP), "rounding": "nearest",
        }  # fmt: skip
        return self.asked.answer(key, shows=shows, loss=own.loss, now=losses[0], then=losses[1])


def ask(lm: LanguageModel, shown: Quantization) -> Question:
    """Ask about one step to finer scales; from the finest, or where a model allows none, to coarser ones."""
    now = replace(shown, method="nearest") if shown.bits < 16 else Quantization(4)
    at = ORDER.index(now.granularity)
    then, _ = fitting(lm, now.bits, ORDER[min(at + 1, 2)], GROUP, "nearest", now.symmetric)
    finer = then.granularity != now.granularity
    if not finer:
        then, _ = fitting(lm, now.bits, "tensor", GROUP, "nearest", now.symmetric)
    bits = now.bits
    instead, shared = (say(SHARED[one.granularity], count=GROUP) for one in (then, now))
    if finer:
        said = questions.ask("efficiency", "finer", bits=bits, instead=instead, shared=shared)
    else:
        said = questions.ask("efficiency", "coarser", bits=bits, instead=instead, shared=shared)
    return Question(said, now, then)


def another(place: tuple[int, Granularity]) -> dict[str, Value]:
    """Set another setting."""
    bits, per = place
    return {"bits": str(bits), "per": per, "group": str(GROUP), "rounding": "nearest"}
