"""The room that this visitor teaches in, and questions from a page to the class."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from app import markup, rooms, runs
from app.questions import Answer
from app.session import state

if TYPE_CHECKING:
    from core.rooms import Answer as RoomAnswer
    from core.rooms import Room

log = logging.getLogger("glassbox")

HINT = (
    "glassbox_class"  # a cookie without content: this browser has opened a room (bar.js sets and clears it)
)
ASKED = "The class is asked: the bar below counts its votes."
AWAY = "The class could not be reached just now; try again in a moment."


def _memo() -> dict[str, Any]:
    return state.memo("class")


def room() -> Room | None:
    """Return the room that this browser has open; None: none, or the store is away.

    Most visitors never open one, so the store is asked only of those who did.
    """
    from core.runs import RunError

    memo = _memo()
    if not memo.get("id") and (memo.get("asked") or st.context.cookies.get(HINT) != "1"):
        return None
    memo["asked"] = True
    try:
        found = rooms.store().of(runs.owner())
    except (RunError, ValueError) as why:
        log.warning("The room of a class could not be read: %s", why)
        return None
    memo["id"] = found.id if found is not None else ""
    return found


def teaches() -> bool:
    """Return whether this session has a room open, as far as it has looked."""
    return bool(_memo().get("id"))


def open_room() -> None:
    """Open a room; where that fails, a message on top of the page says why."""
    from core.rooms import RoomError
    from core.runs import RunError

    try:
        _memo()["id"] = rooms.store().open(runs.owner()).id
    except RoomError as why:
        state.note(_sentence(why))
    except (RunError, ValueError) as why:
        log.warning("No room could be opened: %s", why)
        state.note(AWAY)


def forget() -> None:
    """Forget the room: it has ended."""
    _memo().update(id="", asked=True)


def here() -> str:
    """Return the link of this page, as a room follows it."""
    page = state.page()
    return f"/{'' if page == 'home' else page}?{state.link()}"


def ask(question: str, options: Sequence[str], answer: Answer, probabilities: Sequence[float] = ()) -> str:
    """Ask the class a question of this page.

    Args:
        question, options: as the page shows them; pieces between backticks are set in mono.
        answer: the model's, which the room keeps to itself until it is revealed.
        probabilities: of a question about tokens, the model's, option by option.

    Returns:
        "", or why the class was not asked.
    """
    from core.rooms import Answer as Given
    from core.rooms import Asking, RoomError
    from core.runs import RunError

    given: RoomAnswer = Given(answer.index, answer.because, answer.evidence, tuple(probabilities))
    try:
        asking = Asking(
            question, tuple(markup.visible(option) for option in options), here(), given,
            "next" if probabilities else "predict",
        )  # fmt: skip
        rooms.store().ask(str(_memo().get("id", "")), runs.owner(), asking)
    except RoomError as why:
        return _reason(why)
    except (RunError, ValueError) as why:
        log.warning("A class could not be asked: %s", why)
        return AWAY
    return ""


def _reason(why: Exception) -> str:
    from core.rooms import NoSuchRoom, NotNow

    if isinstance(why, NoSuchRoom):
        forget()
        return "The room has ended: open another one."
    if isinstance(why, NotNow):
        return "A vote is going on, or the room is paused: close it first."
    return _sentence(why)


def _sentence(why: Exception) -> str:
    said = str(why)
    return f"{said[:1].upper()}{said[1:]}."
