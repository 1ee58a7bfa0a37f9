"""The address that phones join at, and the links that a room may follow. No Streamlit in here but for one setting."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from app import chapters
from app.session.language import LINKED
from core.messages import ENGLISH, mark, say, spoken

VARIABLE = "GLASSBOX_ADDRESS"
FRONT = (
    "GLASSBOX_LISTENS"  # where the proxy listens that app/server/several.py has put in front of this process
)
_VIEW = re.compile(r"/([a-z_]{0,40})(\?[^\s#<>\"\\]{0,30000})?")
LESSONS = "lessons"
# The teacher's own pages (bar.js leads to none of them).
NOT_LED = ("classroom", "lessons", "glossary", "teaching", "models", "kept")
BEGINS = 60  # characters of a view's text that tell it from others
_SHOWN = ("class", "view", "lang", "embed", "embed_options")  # parts of a link that say how a page is shown
ALONE = mark(
    "Phones cannot reach this server: it listens on this machine alone. Stop it and start it with "
    "`HOST=0.0.0.0 make run`."
)
NO_NETWORK = mark(
    "This machine has no network address that phones could reach; connect it to their network first."
)


@dataclass(frozen=True)
class Joining:
    """Where phones join.

    Attributes:
        base: the server's address as phones reach it, without a slash at the end.
        trouble: why they cannot, in words; "" if nothing speaks against it.
    """

    base: str
    trouble: str = ""

    def join(self, code: str = "") -> str:
        """Return the address of the join page, with a room's code or without."""
        return f"{self.base}/join/{code}" if code else f"{self.base}/join"

    @property
    def typed(self) -> str:
        """The address of the join page as somebody types it."""
        return self.join().removeprefix("http://").removeprefix("https://")


def joining(host: str, scheme: str, root: str = "") -> Joining:
    """Return where phones join, from the address that the teacher's browser has used.

    GLASSBOX_ADDRESS stands above all. "localhost" is the phone itself on a phone, so this machine's address in its
    network takes its place.

    Args:
        host: with its port, as in the header Host.   root: the path below which the server answers.
    """
    named = os.environ.get(VARIABLE, "").strip().rstrip("/")
    if named:
        return Joining(named if "://" in named else f"http://{named}")
    here = urlsplit(f"//{host}")
    if not _is_loopback(here.hostname or "localhost"):
        return Joining(f"{scheme}://{host}{root}")
    outside = network_address()
    port = f":{here.port}" if here.port else ""
    if _listens_alone():
        return Joining(f"{scheme}://{host}{root}", say(ALONE))
    if outside is None:
        return Joining(f"{scheme}://{host}{root}", say(NO_NETWORK))
    return Joining(f"{scheme}://{outside}{port}{root}")


def in_language(address: str) -> str:
    """Return an address that opens in the language spoken here; in English it is left to whoever opens it."""
    return address if spoken() == ENGLISH else f"{address}?{LINKED}={spoken()}"


def network_address() -> str | None:
    """Return this machine's address in its network, as the route to elsewhere has it; nothing is sent."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # an address of documentation
        found = str(probe.getsockname()[0])
        if not _is_loopback(found):
            return found
    return None


def is_view(link: str) -> bool:
    """Return whether a link is a page of ours with a query: "/attention?v=1&head=2"."""
    found = _VIEW.fullmatch(link)
    if found is None:
        return False
    slug = found[1] or "home"
    return slug == LESSONS or (slug in chapters.BY_SLUG and chapters.BY_SLUG[slug].exists)


def sent(link: str) -> str:
    """Return a view that a member sends as it is kept, without how the page is shown there; "" if it is none."""
    page = link.partition("?")[0].removeprefix("/") or "home"
    if not is_view(link) or page in NOT_LED:
        return ""
    parts = parse_qsl(link.partition("?")[2], keep_blank_values=True)
    kept = [(key, value) for key, value in parts if key not in _SHOWN]
    return f"/{'' if page == 'home' else page}?{written(kept)}"


def looked_at(link: str) -> str:
    """Return a sent view as its picture alone: a page of the teacher's that leads nobody."""
    return f"{link}&view=figure" if link.partition("?")[2] else f"{link}view=figure"


def named(link: str) -> dict[str, str]:
    """Return what a view is told apart by: the title of its page, and how its text begins."""
    page, _, query = link.partition("?")
    chapter = chapters.BY_SLUG.get(page.removeprefix("/") or "home")
    text = " ".join(dict(parse_qsl(query)).get("text", "").split())
    title = page if chapter is None else say(chapter.title)
    return {"title": title, "text": f"{text[:BEGINS]}…" if len(text) > BEGINS else text}


def written(parts: list[tuple[str, str]]) -> str:
    """Write a query as a browser's URLSearchParams does."""
    return urlencode(parts, safe="*").replace("~", "%7E")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _listens_alone() -> bool:
    """Return whether the server listens on this machine's own address only; of several, what stands in front."""
    from streamlit import config

    front = os.environ.get(FRONT, "").strip()
    return _is_loopback(front or str(config.get_option("server.address") or "0.0.0.0"))
