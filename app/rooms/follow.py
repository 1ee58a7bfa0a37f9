"""A view that follows the room of a class: where the teacher's page goes, this session goes, until it is touched.

follow.js hears where the room is and sends "lead" with {"link"}; "alone" leaves the room.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from app.kit import register
from app.rooms import addresses
from app.session import events, state

follow = register("class_follow", __file__, shared=False)
KEY = "gb-class-follow"
# Fields that say how this browser looks, and are no part of what it looks at.
KEPT = ("class", "view", "lang")
_ROOM = re.compile(r"[0-9a-f]{24}")


def room() -> str:
    """Return the id of the room that this session follows; "" for none."""
    id = str(state.get("class"))
    return id if _ROOM.fullmatch(id) else ""


def draw() -> None:
    """Mount what follows the room, where this session does."""
    if id := room():
        follow(
            data={"room": id, "quiet": state.get("view") == "projector"}, key=KEY,
            on={"lead": _led, "alone": lambda: state.put({"class": ""})},
        )  # fmt: skip


def _led() -> None:
    link = events.sent(KEY, "lead").get("link")
    if isinstance(link, str):
        go(link)


def go(link: str) -> None:
    """Set this session up as a link says, as one that is opened by it; what is no view of ours is ignored."""
    if not addresses.is_view(link):
        return
    path, _, query = link.partition("?")
    read = state.parse(dict(parse_qsl(query, keep_blank_values=True)))
    fresh = {field.key: field.default for field in state.FIELDS if field.key not in KEPT}
    state.put(fresh | {key: value for key, value in read.values.items() if key not in KEPT})
    page = path.removeprefix("/") or "home"
    if page != state.page():
        state.memo("visit")["page"] = page
        state.carry(page)
