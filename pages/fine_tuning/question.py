"""Ask of the task that the picture does not show how good the few numbers of LoRA make a pretrained model there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app import questions
from app.controls.predict import Answer
from app.session.state import Value
from core.messages import mark, say
from core.runs import recorded
from core.training.fine_tune_spec import Task, Way

TASKS: dict[Task, str] = {"sentiment": mark("good or bad news"), "questions": mark("questions about a tale")}
WAYS: tuple[Way, ...] = ("scratch", "frozen", "full", "lora")
CLOSE, NONE = 0.75, 0.25  # of what full training brings over the frozen body


@dataclass(frozen=True)
class Question:
    """What is asked, and of which task."""

    asked: questions.Asked
    task: Task

    def judge(self) -> Answer:
        """Find the right option by the recorded runs of that task."""
        worth = {way: measured(self.task, way) for way in WAYS}
        accuracy = {way: one["accuracy"] for way, one in worth.items()}
        right = {way: one["right"] / one["of"] for way, one in accuracy.items()}
        brought = (right["lora"] - right["frozen"]) / (right["full"] - right["frozen"])
        if self.asked.question.name == "few-numbers":
            key = "near" if brought >= CLOSE else "share" if brought > NONE else "frozen"
        elif accuracy["lora"]["low"] > accuracy["scratch"]["high"]:
            key = "lora"
        else:
            key = "scratch" if accuracy["scratch"]["low"] > accuracy["lora"]["high"] else "same"
        said = {way: f"{100 * share:.1f} %" for way, share in right.items()}
        return self.asked.answer(
            key,
            {way: float(share) for way, share in right.items()},
            {"job": self.task, "stage": -1},
            few=int(worth["lora"]["trained"]),
            all=int(worth["full"]["trained"]),
            **said,
        )


def measured(task: Task, way: Way) -> dict[str, Any]:
    """Return what a recorded run was worth at its end."""
    return dict(recorded(f"finetune-{task}-{way}").checkpoints()[-1].health)


def ask(shown: Task) -> Question:
    """Ask about the other task: how near LoRA comes to full fine-tuning, or how far before training from scratch."""
    if shown == "sentiment":
        return Question(
            questions.ask("fine_tuning", "few-numbers", task=say(TASKS["questions"])), "questions"
        )
    return Question(questions.ask("fine_tuning", "all-numbers", task=say(TASKS["sentiment"])), "sentiment")


def another(asked: Question) -> dict[str, Value]:
    """Ask about the task that was shown: the one that was asked about comes into the picture."""
    return {"job": asked.task, "stage": -1}
