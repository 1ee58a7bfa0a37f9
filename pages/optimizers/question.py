"""Ask the page's question: gradient descent moves steep weights far; what does Adam do with them?"""

from __future__ import annotations

from app import questions
from app.controls.predict import Answer
from app.counts import counted
from core.messages import say, say_of
from core.training.adam_steps import Distance, compare
from pages.optimizers.moments import Weight

LESS, NEAR = 0.5, 3.0  # times as far: between them two weights move alike


def ask(weight: Weight) -> questions.Asked:
    """Ask about two weights of the chosen matrix of the open model."""
    rows, columns = weight.place.shape
    inside = 0 <= weight.row < rows and 0 <= weight.col < columns
    own = inside and (weight.heavy or weight.trained().steepest != (weight.row, weight.col))
    other = (
        say("weight [{row}, {col}]", row=weight.row, col=weight.col)
        if own
        else say("one of middling gradient")
    )
    steps = counted(weight.place.steps, "step")
    return questions.ask("optimizers", "steepest", matrix=weight.name, other=other, steps=steps)


def judge(weight: Weight) -> tuple[Answer, Distance]:
    """The right option, and why, from a real run on the text."""
    trained = weight.trained()
    found = compare(trained, weight.chosen(trained))
    asked = ask(weight)
    names = [f"[{row}, {col}]" for row, col in (found.steep, found.other)]
    if found.adam is None or found.gradients is None:
        return asked.answer(
            "still", {}, steep=names[0], than=names[1], gradients="—", adam=say_of("times", "no")
        ), found
    key = "less" if found.adam < LESS else "alike" if found.adam <= NEAR else "slope"
    return asked.answer(
        key, {"gradients": found.gradients, "adam": found.adam},
        {"wrow": found.steep[0], "wcol": found.steep[1]}, steep=names[0], than=names[1],
        gradients=f"{found.gradients:.1f}", adam=f"{found.adam:.2f}",
    ), found  # fmt: skip
