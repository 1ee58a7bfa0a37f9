"""The room that this visitor teaches in, and questions from a page to the class."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from app import markup, rooms, runs
from app.questions import Answer
from app.rooms.cookies import HINT
from app.rooms.limits import room_limit
from app.session import state
from core.messages import mark, say

if TYPE_CHECKING:
    from core.rooms import Answer as RoomAnswer
    from core.rooms import Room
    from core.rooms.records import Kind

log = logging.getLogger("glassbox")

Chance = Callable[
    [str], "tuple[str, float | None]"
]  # of a word: its first token, and the model's probability
ASKED = mark("The class was asked. The bar below shows its votes.")
AWAY = mark("The class could not be reached just now; try again in a moment.")


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


def room_id() -> str:
    """Return the id of the room that this session has open, as far as it has looked; "" for none."""
    return str(_memo().get("id") or "")


def teaches() -> bool:
    """Return whether this session has a room open, as far as it has looked."""
    return bool(room_id())


def open_room() -> None:
    """Open a room; where that fails, a message on top of the page says why."""
    from core.rooms import RoomError
    from core.runs import RunError

    try:
        room = room_limit.open_room(rooms.store(), runs.owner(), runs.visitor(), runs.address())
        _memo()["id"] = room.id
    except RoomError as why:
        state.note(_sentence(why))
    except (RunError, ValueError) as why:
        log.warning("No room could be opened: %s", why)
        state.note(say(AWAY))


def forget() -> None:
    """Forget the room: it has ended."""
    _memo().update(id="", asked=True)


def here() -> str:
    """Return the link of this page, as a room follows it."""
    page = state.page()
    return f"/{'' if page == 'home' else page}?{state.link()}"


def ask(question: str, options: Sequence[str], answer: Answer) -> str:
    """Ask the class a question of this page.

    Args:
        question, options: as the page shows them; pieces between backticks are set in mono.
        answer: the model's, which the room keeps to itself until it is revealed.

    Returns:
        "", or why the class was not asked.
    """
    from core.rooms import Answer as Given

    given: RoomAnswer = Given(answer.index, answer.because, answer.evidence)
    return put(question, options, given, "predict")


def put(
    question: str, options: Sequence[str], answer: RoomAnswer, kind: Kind, chance: Chance | None = None
) -> str:
    """Put a question of this page to the class.

    Args:
        question, options, answer: as of `ask`, the answer as a room keeps it.
        chance: what looks up the words that are written to a question about a token, when its vote is over.

    Returns:
        "", or why the class was not asked.
    """
    from core.rooms import Asking, RoomError
    from core.runs import RunError

    try:
        asking = Asking(question, tuple(markup.visible(option) for option in options), here(), answer, kind)
        prompt = rooms.store().ask(room_id(), runs.owner(), asking)
    except RoomError as why:
        return reason(why)
    except (RunError, ValueError) as why:
        log.warning("A class could not be asked: %s", why)
        return say(AWAY)
    _memo()["chance"] = None if chance is None else (prompt.n, chance)
    return ""


def measure_words(n: int) -> None:
    """Look up what the model gave to the words that the class wrote to question `n`.

    The session that asked knows it; another one of this teacher's does nothing, and the words stand without.
    """
    from core.rooms import RoomError
    from core.runs import RunError

    asked, room = _memo().get("chance"), room_id()
    if not asked or asked[0] != n or not room:
        return
    try:
        look = rooms.store().look(room)
        if look is None or look.prompt is None or look.prompt.n != n:
            return
        found = {one.key: asked[1](one.text) for one in look.words if one.token is None}
        if found:
            rooms.store().measure_words(room, runs.owner(), n, found)
    except (RoomError, RunError, ValueError) as why:
        log.info("Written words stay without the model's probability: %s", why)


def sent_view(view: str) -> str:
    """Return the link of a view that a member has sent to this teacher's room; "" if it is no longer there."""
    from core.rooms import RoomError
    from core.runs import RunError

    try:
        sent = rooms.store().sent_views(room_id(), runs.owner())
    except (RoomError, RunError, ValueError) as why:
        log.info("A sent view could not be read: %s", why)
        return ""
    return next((one.link for one in sent if one.id == view), "")


def told(said: str) -> str:
    """Return what became of a question to the class as HTML; that it is asked, only while it is (app/rooms/bar.css)."""
    asked = " gb-class-asked" if said == say(ASKED) else ""
    return f'<p class="gb-hint{asked}" role="status">{markup.inline(said)}</p>'


def reason(why: Exception) -> str:
    """Return why a room refused something, as a sentence for its teacher."""
    from core.rooms import NoSuchRoom, NotNow

    if isinstance(why, NoSuchRoom):
        forget()
        return say("The room has ended: open another one.")
    if isinstance(why, NotNow):
        return say("A vote is going on, or the room is paused: close it first.")
    return _sentence(why)


def _sentence(why: Exception) -> str:
    said = str(why)
    return f"{said[:1].upper()}{said[1:]}."
