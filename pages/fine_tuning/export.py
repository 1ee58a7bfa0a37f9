"""Export the Fine-tuning page: what its picture is (`FIGURE`), every way's worth as a table, notebook cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from app.kit.arms import Arm, stilled
from app.kit.figures import Argument, Asked, Figure, Table
from core.config import ModelConfig
from core.messages import say
from core.training.fine_tune_spec import Task, Way, compared
from core.training.tuned import count
from pages.fine_tuning import figure, ways
from pages.fine_tuning.ways import RECORDED, Learned

if TYPE_CHECKING:
    from app.questions import Answer

KEYS = ("stage", "wrow", "wcol")
STEPS = ("matrix", "thin", "product", "number", "sum", "ways")


@dataclass(frozen=True)
class Seen:
    """Four ways of adapting a model to a task, what they say of a text, and LoRA's sum for one number of a matrix.

    Attributes:
        question: about the text. x: "step" or "seconds". arms: the runs; learned: where what they learned is read.
        cell: the row and column of the number; -1: of the largest.
    """

    job: Task
    text: str
    question: str
    x: str
    arms: dict[Way, Arm]
    cell: tuple[int, int]
    stage: int
    learned: Learned = RECORDED

    @cached_property
    def ways(self) -> list[dict[str, Any]]:
        """What each way is worth and says."""
        return figure.record_ways(self.arms, self.text, self.question, self.learned)

    @cached_property
    def lora(self) -> dict[str, Any] | None:
        """LoRA's matrices and the sum of the number; None: the run keeps nothing yet."""
        return figure.record_lora(self.arms["lora"], self.cell, self.arms["full"], self.learned)

    @property
    def own(self) -> bool:
        """Whether some of the runs are the learner's."""
        return any(arm.run is not None for arm in self.arms.values())

    def beside(self, arms: dict[Way, Arm], learned: Learned) -> Seen:
        """Put the learner's own runs in the recorded ones' place."""
        return replace(self, arms=arms, learned=learned)

    @property
    def still(self) -> Seen:
        """A copy for a file, in which no run goes on."""
        return replace(self, arms=dict(zip(self.arms, stilled([*self.arms.values()]), strict=True)))


def look(asked: Asked) -> Seen:
    """Look up the recorded runs of the task."""
    values = asked.values
    job = cast("Task", values["job"])
    arms = ways.recorded(job)
    cell = int(values["wrow"]), int(values["wcol"])
    if {"wrow", "wcol"} & asked.given.keys() and (found := figure.matrix_of(arms["lora"])) is not None:
        rows, columns = next(iter(found[1].values())).shape
        cell = asked.at_most("wrow", rows - 1), asked.at_most("wcol", columns - 1)
    x = "seconds" if values["axis"] == "seconds" else "step"
    return Seen(job, asked.text, str(values["quiz"]), x, arms, cell, asked.step("stage", STEPS))


def record(seen: Seen) -> dict[str, Any]:
    """Turn the ways and LoRA's matrices into what figure.js draws, but for the selection."""
    return {
        **figure.record_task(seen.job), "text": seen.text, "x": seen.x, "ways": seen.ways, "lora": seen.lora,
    }  # fmt: skip


def select(seen: Seen) -> dict[str, Any]:
    """Return what is chosen; a number that the matrix does not have is the largest."""
    rows, columns = (0, 0) if seen.lora is None else seen.lora["W"]["shape"]
    row, col = (at if at < size else -1 for at, size in zip(seen.cell, (rows, columns), strict=True))
    return {"stage": seen.stage, "wrow": row, "wcol": col}


def sentence(seen: Seen) -> str:
    """What is on the picture: how much each way gets right, what it learns, what it says of the text."""
    said = []
    for arm, one in zip(seen.arms.values(), seen.ways, strict=True):
        worth, judged = one["worth"], one["judged"]
        right = worth.get("accuracy")
        given = {"way": say(arm.name), "says": judged.get("says") or judged.get("why")}
        if right:
            share = f"{100 * right['right'] / right['of']:.1f} %"
            said.append(
                say(
                    "{way}: {share} of {count}, {numbers} numbers learned; of the text: {says}",
                    share=share, count=f"{right['of']:,}", numbers=f"{worth['trained']:,}", **given,
                )
            )  # fmt: skip
        else:
            said.append(say("{way}: not measured yet; of the text: {says}", **given))
    return f"{figure.record_task(seen.job)['title']}. {'. '.join(said)}."


FIGURE = Figure(
    "fine_tuning", figure.fine_tuning, look, record=record,
    select=select,
    claim=lambda seen: say("Few new numbers teach a trained model a new task."),
    sentence=sentence,
    table=lambda seen: table(seen.arms, seen.ways),
    arguments=(
        Argument("task", "job"), Argument("question", "quiz"), Argument("axis", "axis"), Argument("row", "wrow"),
        Argument("col", "wcol"), Argument("step", "stage", lambda seen: STEPS),
    ),
    model=False, blank=("ways",), tall=620,
    own=lambda seen: say("with the recorded runs in place of yours") if seen.own else "",
)  # fmt: skip


def table(arms: Mapping[Way, Arm], records: Sequence[Mapping[str, Any]]) -> Table:
    """Tabulate the ways, a line each."""
    lines = []
    for (_, arm), record in zip(arms.items(), records, strict=True):
        worth = ways.last(arm)
        accuracy = worth.get("accuracy") or {}
        old = worth.get("old") or [None, None]
        right, of = accuracy.get("right"), accuracy.get("of")
        lines.append((
            arm.name, "own" if arm.run else "recorded", right, of, None if of is None else right / of,
            accuracy.get("low"), accuracy.get("high"), worth.get("trained"), worth.get("head"), worth.get("bytes"),
            worth.get("seconds"), old[1], old[0], record["judged"].get("says"), record["judged"].get("probability"),
        ))  # fmt: skip
    names = (
        "way", "run", "right", "of", "held-out accuracy", "low", "high", "numbers learned", "of these the head's",
        "bytes", "seconds", "old loss before", "old loss after", "says of the text", "probability",
    )  # fmt: skip
    return dict(zip(names, (list(column) for column in zip(*lines))))


def cells(
    job: Task,
    arms: Mapping[Way, Arm],
    records: Sequence[Mapping[str, Any]],
    text: str,
    question: str,
    base: ModelConfig,
    adding: tuple[int, tuple[str, ...]],
    answer: Answer,
    pack: Callable[[Arm], str],
) -> list[str]:
    """Write cells that open each way's model, ask it of the text, and count what LoRA learns.

    Args:
        base: the model that is adapted.   adding: LoRA's rank, and the matrices beside which it learns.
        answer: of the page's question.   pack: what an own run has learned, as the notebook carries it, or "".
    """
    return [
        _asked_cell(job, arms, records, text, question, pack),
        _counted_cell(job, base, *adding),
        _intervals_cell(arms),
        _other_task_cell(answer),
    ]


def _asked_cell(
    job: Task,
    arms: Mapping[Way, Arm],
    records: Sequence[Mapping[str, Any]],
    text: str,
    question: str,
    pack: Callable[[Arm], str],
) -> str:
    said = {
        arm.id: (record["judged"]["says"], float(f"{record['judged']['probability']:.6g}"))
        for (_, arm), record in zip(arms.items(), records, strict=True)
        if "says" in record["judged"] and not arm.going
    }
    own = {arm.id: packed for arm in arms.values() if arm.id in said and (packed := pack(arm))}
    ask = "best = lm.classify(TEXT)[0]" if job == "sentiment" else (
        "first = lm.answer(QUESTION, TEXT)[0]\n    best = (first.text, first.probability)"
    )  # fmt: skip
    return f"""# %% Each way's model, asked of the text
from core.runs.serialized import tuned_model
from core.runs.tuned_recordings import tuned_recording

TEXT, QUESTION = {text!r}, {question!r}
OWN = {own!r}  # what your runs have learned
for id, (says, probability) in {said!r}.items():
    lm = tuned_model(OWN[id]) if id in OWN else tuned_recording(id)
    {ask}
    assert best[0] == says and abs(best[1] - probability) < 1e-4
    print(id, *best)"""


def _counted_cell(job: Task, base: ModelConfig, rank: int, targets: tuple[str, ...]) -> str:
    now = count(compared(job, "lora", rank=rank, targets=targets), base)
    return f"""# %% What LoRA learns, counted
from core.training.fine_tune_spec import compared
from core.training.tuned import count

base = core.load("tales-bert").config
now = count(compared({job!r}, "lora", rank={rank}, targets={targets!r}), base)
assert now.learned == {now.learned}
print(now)"""


def _intervals_cell(arms: Mapping[Way, Arm]) -> str:
    counted = {
        arm.id: (one["right"], one["of"], one["low"], one["high"])
        for arm in arms.values()
        if (one := ways.last(arm).get("accuracy"))
    }
    return f"""# %% The intervals of the accuracies (Wilson 1927)
from core.vectors.probe import wilson

for id, (right, of, low, high) in {counted!r}.items():
    found = wilson(right, of)
    assert abs(found.low - low) < 1e-6 and abs(found.high - high) < 1e-6
    print(id, found)"""


def _other_task_cell(answer: Answer) -> str:
    asked = {
        name: float(f"{value:.6g}") for name, value in answer.numbers.items() if isinstance(value, float)
    }
    return f"""# %% The question: the other task
from core.runs import recorded

for way, shown in {asked!r}.items():
    worth = recorded(f"finetune-{answer.shows["job"]}-{{way}}").checkpoints()[-1].health["accuracy"]
    print(way, worth)
    assert abs(worth["right"] / worth["of"] - shown) < 1e-5"""
