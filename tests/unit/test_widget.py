"""A picture as a widget: its selection is in the words of its function, both ways."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import core
from app import show
from tests.pictures import SHOWN, draw

ROOT = Path(__file__).resolve().parents[2]
TEXT = "A red ball was lost. She found the red"


@pytest.fixture(scope="module")
def lm() -> core.LanguageModel:
    return core.load("tales-gpt")


@pytest.mark.full(reason="each case takes 4 s")
@pytest.mark.parametrize("name", SHOWN)
def test_what_a_widget_says_it_takes_again(name: str, lm: core.LanguageModel) -> None:
    picture = draw(name, lm, TEXT)
    widget = picture.widget()
    chosen = dict(widget.chosen)
    assert chosen == picture.data["selection"]
    widget.selection = {word: value for word, value in widget.selection.items() if value not in (None, -1)}
    assert widget.chosen == chosen


def test_a_choice_in_the_browser_is_told_and_one_of_python_moves_the_picture(lm: core.LanguageModel) -> None:
    widget = show.attention(lm, TEXT, row=10, step="softmax").widget()
    assert widget.selection == {"row": 10, "col": 3, "step": "softmax"}
    heard: list[Any] = []
    widget.observe(lambda change: heard.append(widget.selection), "chosen")
    widget.set_state({"chosen": {"row": 5, "col": 3, "step": 2}})  # as the browser sends it
    assert heard == [{"row": 5, "col": 3, "step": "k"}]
    widget.selection = {"step": None, "col": 1}
    assert widget.chosen == {"row": 5, "col": 1, "step": -1}
    assert widget.selection == {"row": 5, "col": 1, "step": None}


def test_a_step_that_counts_from_one_in_the_link_counts_from_zero_in_python(lm: core.LanguageModel) -> None:
    widget = show.home(lm, TEXT, step=4).widget()
    assert (widget.selection["step"], widget.chosen["walk"]) == (4, 5)
    widget.selection = {"step": 0}
    assert widget.chosen["walk"] == 1


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"row": 1.5}, "row=1.5 is not a whole number."),
        ({"step": "sofmax"}, "step='sofmax' is not one of x, q, k"),
        ({"row": 11}, r"row=11 is more than this model and text have \(10\)."),
        ({"col": 99, "step": None}, "col=99 is more than"),
        ({"layer": 1}, "selection takes no 'layer'; it takes row, col, step."),
    ],
)
def test_a_choice_that_does_not_fit_is_named(
    wanted: dict[str, Any], says: str, lm: core.LanguageModel
) -> None:
    widget = show.attention(lm, TEXT, row=10).widget()
    before = widget.selection
    with pytest.raises(ValueError, match=says):
        widget.selection = wanted
    assert widget.selection == before


@pytest.mark.full(reason="takes 4 s")
def test_without_anywidget_the_message_says_what_to_install() -> None:
    code = """
import sys
sys.modules["anywidget"] = None
import core
from app import show
try:
    show.loss(core.load("tales-gpt"), "Once upon a time").widget()
except ImportError as why:
    print(why)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "pip install anywidget" in done.stdout
