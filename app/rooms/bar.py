"""The teacher's bar at the foot of every page while a room is open: how many are here, the votes, and what comes next.

bar.js follows the room by itself and calls its routes, and tells the room each view that the teacher opens. It sends
"ended" when the room is gone, "words" with {"n"} when written words wait for the model's probability, and "sent" with
{"id"} to lead with a view that a member has sent.
"""

from __future__ import annotations

import streamlit as st

from app.kit import register
from app.rooms import addresses, follow, teaching
from app.session import events, state
from core.messages import say
from core.rooms import Room

bar = register("class_bar", __file__, shared=False)
KEY = "gb-class-bar"


def draw() -> None:
    """Draw the bar, where this browser teaches; a frame that holds a picture alone and one that follows have none."""
    room = None if state.get("view") == "figure" or follow.room() else teaching.room()
    if room is not None:
        with st.container(
            key="gb-class"
        ):  # stands first, so that no page can stop before it; bar.css puts it last
            bar(
                data=about(room), key=KEY,
                on={"ended": teaching.forget, "words": _measure, "sent": _lead_with},
            )  # fmt: skip


def _measure() -> None:
    n = events.sent(KEY, "words").get("n")
    if isinstance(n, int) and not isinstance(n, bool):
        teaching.measure_words(n)


def _lead_with() -> None:
    """Set the teacher's page up as a sent view; where it goes, the room's view goes."""
    link = teaching.sent_view(str(events.sent(KEY, "sent").get("id", "")))
    if link:
        follow.go(link)
    else:
        state.note(
            say("This view is no longer there: its sender has sent another one, or the room has ended.")
        )


def about(room: Room) -> dict[str, str]:
    """Return what the bar knows of its room at first, as JSON."""
    where = joining()
    return {
        "room": room.id, "code": room.code, "join": where.join(room.code), "address": where.typed,
        "trouble": where.trouble, "screen": addresses.in_language(f"room/{room.code}/screen"),
    }  # fmt: skip


def joining() -> addresses.Joining:
    """Return where phones join, from the address that this browser has used."""
    headers = st.context.headers
    url = st.context.url or ""
    scheme = "https" if url.startswith("https:") else "http"
    return addresses.joining(str(headers.get("Host") or "localhost"), scheme)
