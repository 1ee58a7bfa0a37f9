"""The visitor's network address, by which the server's limits are counted, and whether it came encrypted.

A proxy names its client in X-Forwarded-For, and in X-Forwarded-Proto how that came; any other client can forge both.
So they count only from the proxies that GLASSBOX_PROXIES names, the latter also from this machine.
No Streamlit in here.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
from typing import TYPE_CHECKING

from app.session import keys

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

VARIABLE = "GLASSBOX_PROXIES"
HEADER = "x-glassbox-address"  # our own header; a client's value under this name is dropped
_FORWARDED = b"x-forwarded-for"
_PROTOCOL = b"x-forwarded-proto"
_ENCRYPTED = {"http": "https", "ws": "wss"}
_HERE = ipaddress.ip_address("127.0.0.1")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def proxies(written: str | None = None) -> tuple[Network, ...]:
    """Parse the trusted proxies: addresses or networks with commas between them (None: GLASSBOX_PROXIES).

    Raises:
        ValueError: one of them is neither.
    """
    return networks(os.environ.get(VARIABLE, "") if written is None else written, VARIABLE)


def networks(written: str, variable: str) -> tuple[Network, ...]:
    """Parse addresses or networks with commas between them.

    Args:
        variable: of the environment, for the message.

    Raises:
        ValueError: one of them is neither.
    """
    found = []
    for part in filter(None, map(str.strip, written.split(","))):
        try:
            found.append(ipaddress.ip_network(part, strict=False))
        except ValueError:
            raise ValueError(
                f"{variable}: {part!r} is no address or network, such as 10.0.0.5 or 10.0.0.0/24"
            ) from None
    return tuple(found)


class Visitor:
    """Middleware that adds the client's address to each request, under `HEADER`, and corrects its scheme.

    Raises:
        ValueError: GLASSBOX_PROXIES names what is no address.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.proxies = app, proxies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with the address."""
        if scope["type"] in ("http", "websocket"):
            headers = [(name, value) for name, value in scope["headers"] if name.lower() != HEADER.encode()]
            found = address_of(scope, self.proxies)
            headers.append((HEADER.encode(), found.encode("ascii")))
            scope = {**scope, "headers": headers, "scheme": scheme_of(scope, self.proxies)}
        await self.app(scope, receive, send)


def scheme_of(scope: Scope, known: tuple[Network, ...]) -> str:
    """Return the scheme by which a visitor came: the encrypted one where a proxy of ours says so.

    The server itself believes proxies at 127.0.0.1 alone, so without this one that reaches us by IPv6 would leave
    cookies without `Secure`.
    """
    scheme = str(scope.get("scheme", "http"))
    client = scope.get("client")
    peer = _read(str(client[0])) if client else None
    if peer is None or not (peer.is_loopback or _among(peer, known)):
        return scheme
    said = [value.strip().lower() for name, value in scope["headers"] if name.lower() == _PROTOCOL]
    return _ENCRYPTED.get(scheme, scheme) if said and said[-1] == b"https" else scheme


def address_of(scope: Scope, known: tuple[Network, ...]) -> str:
    """Return the client address of a connection; "" where it has none. For IPv6, the network of a household."""
    client = scope.get("client")
    peer = _read(str(client[0])) if client else None
    if peer is None:
        return ""
    said = b",".join(value for name, value in scope["headers"] if name.lower() == _FORWARDED).decode(
        "latin-1"
    )
    chain = [_read(part) for part in said.split(",") if part.strip()]
    outside = [each for each in chain if each is None or not each.is_loopback]
    if outside and outside[-1] == peer:
        # The server trusts any process of this machine as a proxy; here only the configured proxies count.
        peer = _HERE
    if _among(peer, known):
        # the last entries were added by our proxies, the first ones may be forged
        for each in reversed(chain):
            if each is None:
                break
            peer = each
            if not _among(each, known):
                break
    if isinstance(peer, ipaddress.IPv6Address) and not peer.is_loopback:
        return str(ipaddress.ip_network((peer, 64), strict=False).network_address)
    return str(peer)


def name_of(address: str) -> str:
    """Hash an address to a name that does not reveal it, for the store. "" for none."""
    if not address:
        return ""
    return hmac.new(keys.key(), b"address " + address.encode(), hashlib.sha256).hexdigest()[:32]


def _read(written: str) -> Address | None:
    """Parse an address from a header or a socket, also with a port."""
    written = written.strip()
    if written.startswith("["):
        written = written[1:].partition("]")[0]
    elif written.count(":") == 1:
        written = written.partition(":")[0]
    try:
        found = ipaddress.ip_address(written.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _among(address: Address, known: tuple[Network, ...]) -> bool:
    return any(address.version == each.version and address in each for each in known)
