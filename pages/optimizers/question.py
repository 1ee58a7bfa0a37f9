"""Ask the page's question: gradient descent moves steep weights far; what does Adam do with them?"""

from __future__ import annotations

from app.controls.predict import Answer
from app.counts import counted
from core.training.adam_steps import Distance, compare
from pages.optimizers.moments import Weight

OPTIONS = ("Less far", "Up to 3 times", "Over 3 times")


def text(weight: Weight) -> str:
    """What is asked: about two weights of the chosen matrix of the open model."""
    rows, columns = weight.place.shape
    inside = 0 <= weight.row < rows and 0 <= weight.col < columns
    own = inside and (weight.heavy or weight.trained().steepest != (weight.row, weight.col))
    other = f"weight [{weight.row}, {weight.col}]" if own else "one of middling gradient"
    return (
        f"Adam takes {counted(weight.place.steps, 'step')} on your text. How far does the steepest weight of "
        f"{weight.name} move, "
        f"beside {other}?"
    )


def judge(weight: Weight) -> tuple[Answer, Distance]:
    """The right option, and why, from a real run on the text."""
    trained = weight.trained()
    found = compare(trained, weight.chosen(trained))
    names = [f"[{row}, {col}]" for row, col in (found.steep, found.other)]
    if found.adam is None or found.gradients is None:
        return Answer(0, f"Here {names[1]} did not move at all, so nothing can be compared with it."), found
    index = 0 if found.adam < 1 else 1 if found.adam <= 3 else 2
    why = (
        f"{names[0]} has the steepest first gradient: its gradients add up to {found.gradients:.3f} times those of "
        f"{names[1]}. Adam moved it {found.adam:.3f} times as far. "
    )
    why += (
        "Adam divides by the root of each weight’s own v: what is left of a gradient is its sign and how steady it is."
        if index < 2
        else "Adam divides sizes out; what makes the difference is that the gradient of the other weight turned round."
    )
    return Answer(index, why, {"gradients": found.gradients, "adam": found.adam}), found
