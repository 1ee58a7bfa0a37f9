"""Ask what takes most of a training step's memory when more texts are trained on at once."""

from __future__ import annotations

from dataclasses import dataclass

from app import questions
from app.controls.predict import Answer
from app.counts import counted
from app.session.state import Value
from app.units import size
from core.costs.memory import training_memory
from pages.compute.subject import Subject

TIMES, MOST = 8, 1_048_576  # texts for each of now; texts that the page counts
# Other trainings to ask about: a configuration, tokens of a text, texts at once.
ELSEWHERE: tuple[tuple[str, int, int], ...] = (
    ("gpt2", 64, 1), ("llama2-7b", 128, 1), ("open", 256, 2), ("bert-base", 512, 4), ("gpt3", 512, 1),
    ("t5-small", 64, 4), ("llama3-8b", 4096, 1),
)  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What is asked, about how many texts at once."""

    asked: questions.Asked
    batch: int

    def judge(self, shown: Subject) -> Answer:
        """Judge by the formula of all four kinds."""
        held = {
            kind.name: kind.bytes(self.batch)
            for kind in training_memory(shown.config, shown.length, shown.precision)
        }
        kept = held["gradients"] + held["optimizer"]
        parts = {"weights": held["weights"], "kept": kept, "activations": held["activations"]}
        return self.asked.answer(
            max(parts, key=parts.__getitem__),
            {f"bytes of {name}": value for name, value in held.items()},
            {"together": self.batch, "counted": -1},
            **{name: size(value) for name, value in parts.items()},
        )


def ask(shown: Subject) -> Question:
    """Ask about several times as many texts as are shown."""
    batch = min(MOST, TIMES * shown.batch)
    asked = questions.ask(
        "compute", "most-memory", model=shown.name, texts=counted(batch, "text"),
        tokens=counted(shown.length, "token"), now=f"{shown.batch:,}",
    )  # fmt: skip
    return Question(asked, batch)


def another(place: tuple[str, int, int]) -> dict[str, Value]:
    """Set another training: a configuration with its own sizes."""
    costed, long, together = place
    sizes: dict[str, Value] = dict.fromkeys(
        ("stacked", "wide", "queries", "keyheads", "inner", "entries"), -1
    )
    return {**sizes, "costed": costed, "long": long, "together": together}
