"""What a teacher's browser does, run inside a server's container: it reaches Glassbox through Caddy, at its name.

act.py begin   open a room, start a training run; print what is needed to find both again, as JSON
act.py again   read that JSON and print the room's code as its teacher is told it now
"""

from __future__ import annotations

import json
import sys

from scripts.class_check.browsers import Browser
from scripts.class_check.teachers_page import TeachersPage

ADDRESS = "https://glassbox.example.org"


def begin() -> dict[str, object]:
    """Open a room and start a run as one browser."""
    browser = Browser(ADDRESS)
    browser.get("/", "text/html")
    room = browser.send("POST", "/rooms")
    assert room.status == 200, room.why
    page = TeachersPage(browser)
    page.open("lab", "steps=60")
    page.press("lab.go")
    page.close()
    return {"cookies": browser.cookies, "id": room.json["id"], "code": room.json["code"]}


def again(known: dict[str, object]) -> str:
    """Return the code of the room as its teacher is told it."""
    browser = Browser(ADDRESS, dict(known["cookies"]))  # type: ignore[call-overload]
    state = browser.get(f"/rooms/{known['id']}/state?as=teacher")
    assert state.status == 200, state.why  # another browser, or none that this server has signed, is refused
    return str(browser.send("POST", "/rooms").json["code"])


if __name__ == "__main__":
    print(json.dumps(begin()) if sys.argv[1] == "begin" else again(json.loads(sys.argv[2])))
