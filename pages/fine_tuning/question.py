"""Ask what twice LoRA's rank does to how many numbers are learned."""

from __future__ import annotations

from dataclasses import dataclass

from app.controls.predict import Answer
from core.config import ModelConfig
from core.training.fine_tune_spec import Task, compared
from core.training.tuned import Count, count

OPTIONS = ("Less than twice as many", "Twice as many", "More")


@dataclass(frozen=True)
class Question:
    """What is asked: the numbers that a LoRA run of twice the rank learns, its head among them."""

    text: str
    rank: int
    targets: tuple[str, ...]
    now: Count
    then: Count

    def judge(self) -> Answer:
        """The right option, with the numbers counted on the model's own matrices."""
        now, then = self.now.learned, self.then.learned
        index = 0 if then < 2 * now else 1 if then == 2 * now else 2
        why = (
            f"{now:,} become {then:,} of the model's {self.now.whole:,}: A and B double, the head's {self.now.head:,} "
            f"do not. That is {then / self.now.whole:.1%} of all."
        )
        return Answer(index, why, {"now": now, "then": then, "head": self.now.head})


def ask(task: Task, base: ModelConfig, rank: int, targets: tuple[str, ...]) -> Question:
    """About twice the rank; half of it, where no matrix has a rank of twice as much."""

    def counted(rank: int) -> Count:
        return count(compared(task, "lora", rank=rank, targets=targets), base)

    low = rank if 2 * rank <= base.d_model else max(1, rank // 2)
    return Question(
        f"LoRA of rank {low} learns some numbers, its head among them. With rank {2 * low} it learns …",
        low, targets, counted(low), counted(2 * low),
    )  # fmt: skip
