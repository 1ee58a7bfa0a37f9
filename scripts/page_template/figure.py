"""The picture of the page: a bar where the stream enters the blocks, and one after each (figure.js draws them)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.controls.predict import Answer
from app.kit import register
from core.messages import say

draw = register("my_page", __file__)


def name_depth(depth: int) -> str:
    """Return the name of a place in the stream: 0 is before all blocks."""
    return say("after block {block}", block=depth - 1) if depth else say("before block 0")


def record(lengths: Sequence[float], selection: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON that figure.js draws."""
    names = [name_depth(depth) for depth in range(len(lengths))]
    return {"lengths": list(lengths), "names": names, "selection": selection}


def table(lengths: Sequence[float]) -> dict[str, Sequence[Any]]:
    """Return a row for each place, as the CSV has it."""
    return {"where": [name_depth(depth) for depth in range(len(lengths))], "length": list(lengths)}


def cells(load: str, inputs: dict[str, Any], lengths: Sequence[float]) -> list[str]:
    """Return notebook cells that compute the shown numbers again and compare them.

    Args:
        load: the call that loads the model, as source. inputs: the arguments of `measure_stream` after the model.
    """
    return [
        f"import core\nfrom core.analysis.stream.my_page import measure_stream\n\nlm = {load}",
        f"lengths = measure_stream(lm, *{tuple(inputs.values())!r})",
        f"shown = {list(lengths)!r}\n"
        "assert all(abs(now - then) < 1e-3 * then for now, then in zip(lengths, shown, strict=True))",
    ]


def answer(lengths: Sequence[float]) -> Answer:
    """Return whether the stream is longest at the end, with the numbers behind it."""
    longest = max(range(len(lengths)), key=lengths.__getitem__)
    is_last = longest == len(lengths) - 1
    because = (
        say("Each block added a vector that makes the stream longer.")
        if is_last
        else say("The last blocks added vectors that make the stream shorter.")
    )
    length = f"{lengths[longest]:.1f}"
    evidence = say("The stream is longest {place}: {length}.", place=name_depth(longest), length=length)
    return Answer(0 if is_last else 1, because, {"longest": lengths[longest]}, evidence)
