"""Where phones join, as the projector page says it, and whether that address answers from here."""

from __future__ import annotations

import html
import json
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

from app.rooms.addresses import ALONE, NO_NETWORK, VARIABLE, network_address
from scripts.class_check.browsers import Browser, Unreachable
from scripts.class_check.findings import Fails, Finding

_GIVEN = re.compile(r'data-given="([^"]*)"')
_CODE = re.compile(r"QR code of (\S+?)/join/")
_SCRIPT = re.compile(r'<script type="module" src="([^"]+)"')
OPENS = (
    "Run it again with the network open: HOST=0.0.0.0 make check-class (and HOST=0.0.0.0 make run in class)."
)
JOIN_A_NETWORK = "Connect this machine to the network that the phones will be in, and run this again."


def joined_at(browser: Browser, code: str) -> tuple[str, list[Finding]]:
    """Return the address that the code on the projector leads to, and what is to be said of it.

    Args:
        browser: that uses the teacher's own address.   code: of an open room.

    Raises:
        Unreachable: the app is gone. Fails: the projector page does not come.
    """
    reply = browser.get(f"/room/{code}/screen", "text/html")
    given, leads = _GIVEN.search(reply.text), _CODE.search(reply.text)
    if reply.status != 200 or given is None or leads is None:
        raise Fails(f"The projector page does not come: {reply.why}.")
    told = json.loads(html.unescape(given[1]))
    base = html.unescape(leads[1])
    trouble = str(told.get("trouble", ""))
    if trouble:
        return browser.base, [Finding("fails", _plain(trouble), _todo(trouble))]
    said = Finding("works", f"Phones type {told['address']} or scan the code on the projector page.")
    return base, [said, *_other_addresses(base)]


def answers(base: str) -> None:
    """Try the address that phones join at: its page, and the script of that.

    Raises:
        Fails: they do not come.
    """
    phone = Browser(base)
    try:
        page = phone.get("/join", "text/html")
        script = _SCRIPT.search(page.text)
        if page.status != 200 or script is None:
            raise Fails(
                f"{base}/join is not the page of phones: {page.why}.",
                f"Another server may have this address. {VARIABLE} sets the one that phones join at.",
            )
        loaded = phone.get(f"/{script[1]}")
        if loaded.status != 200:
            raise Fails(f"The page of phones comes without its script: {loaded.why}.")
    except Unreachable as why:
        raise Fails(
            f"Not even this machine reaches {base}/join: {why}.",
            f"Is {urlsplit(base).hostname} the address of this machine in the network that the phones are in? "
            f"{VARIABLE} sets another one, http://ADDRESS:PORT.",
        ) from None


def _other_addresses(base: str) -> Iterator[Finding]:
    """Yield a remark where this machine is in several networks, and phones may be in another one."""
    chosen = urlsplit(base).hostname
    others = sorted(address for address in _of_this_machine() if address != chosen)
    if chosen == network_address() and others:
        port = urlsplit(base).port
        yield Finding(
            "look",
            f"This machine has more addresses ({', '.join(others)}), of a cable, a VPN or a container, perhaps.",
            f"If phones do not find {chosen}, try with another one: {VARIABLE}=http://{others[0]}:{port} HOST=0.0.0.0 "
            "make run.",
        )


def _of_this_machine() -> set[str]:
    """List the addresses that this machine's name stands for; on some systems that is none."""
    with suppress(OSError):
        found = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
        return {str(one[4][0]) for one in found if not str(one[4][0]).startswith("127.")}
    return set()


def _plain(trouble: str) -> str:
    """Return the first sentence of what the projector page says."""
    return trouble.split(". ")[0].rstrip(".") + "."


def _todo(trouble: str) -> str:
    return {ALONE: OPENS, NO_NETWORK: JOIN_A_NETWORK}.get(trouble, trouble)
