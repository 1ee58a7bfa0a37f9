"""The address that phones join at, and the links that a room may follow. No Streamlit in here but for one setting."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from app import chapters

VARIABLE = "GLASSBOX_ADDRESS"
FRONT = (
    "GLASSBOX_LISTENS"  # where the proxy listens that app/server/several.py has put in front of this process
)
_VIEW = re.compile(r"/([a-z_]{0,40})(\?[^\s#<>\"\\]{0,30000})?")
LESSONS = "lessons"
ALONE = (
    "Phones cannot reach this server: it listens on this machine alone. Stop it and start it with "
    "`HOST=0.0.0.0 make run`."
)
NO_NETWORK = "This machine has no network address that phones could reach; connect it to their network first."


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
        return Joining(f"{scheme}://{host}{root}", ALONE)
    if outside is None:
        return Joining(f"{scheme}://{host}{root}", NO_NETWORK)
    return Joining(f"{scheme}://{outside}{port}{root}")


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
