"""Say of a text that it is unlike all that a model has read, and format a classifier's answer to it.

No Streamlit in here.
"""

from __future__ import annotations

from typing import Any

from core.analysis.tasks.out_of_distribution import Measure, World, likeness
from core.messages import mark, say

SHORT = mark("unlike all it read")
GUESS = mark("a guess")


def why(text: str, beside: World | Measure = "tales") -> str:
    """Return why a text is out of distribution, with the measure; "" where it is not."""
    found = likeness(text, beside)
    if found is None or not found.unlike:
        return ""
    return say(
        "Unlike all it read: {nats} nats a character, where 995 of 1,000 {pieces} take less than {limit}. It answers "
        "all the same, but how sure it is says nothing here.",
        nats=f"{found.nats:.2f}", pieces=say(found.pieces), limit=f"{found.limit:.2f}",
    )  # fmt: skip


def guessed(text: str) -> bool:
    """Return whether a text is unlike the good and bad news that every Toyland classifier was trained on."""
    found = likeness(text, "news")
    return found is not None and found.unlike


def judged(says: str, probability: float, text: str, labelled: bool) -> dict[str, Any]:
    """Format a classifier's answer as every page shows it.

    Returns {"says", "probability"}, of a guess "guess" too, or {"why"}.

    Args:
        labelled: whether the model has learned its labels from Toyland's news. Of texts unlike these two such models
            say different things, each of them sure: the label is shown, and no number beside it.
    """
    if why(text):
        return {"why": say(SHORT)}
    return {"says": says, "probability": probability} | (
        {"guess": True} if labelled and guessed(text) else {}
    )
