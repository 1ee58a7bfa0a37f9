"""Find the language that a browser's request speaks, for pages and refusals that no session makes.

No Streamlit in here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from core.messages import ENGLISH, LANGUAGES

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

COOKIE = "glassbox_language"  # what this browser has chosen last (app/kit/say.js sets it)
LINKED = "lang"  # a link's parameter


def of_request(request: HTTPConnection) -> str:
    """Return the code of the language that a request asks for, one of `core.messages.LANGUAGES`.

    Its address's `lang` comes first, then what this browser has chosen last, then what it prefers.
    """
    linked = dict(parse_qsl(request.scope.get("query_string", b"").decode("latin-1")))
    chosen = (linked.get(LINKED), request.cookies.get(COOKIE))
    preferred = preferences(request.headers.get("accept-language", ""))
    return next((code for code in (*chosen, *preferred) if code in LANGUAGES), ENGLISH)


def preferences(written: str) -> list[str]:
    """Read the header Accept-Language (RFC 9110, section 12.5.4): codes such as "es", without regions, best first."""
    found: list[tuple[float, str]] = []
    for part in filter(None, map(str.strip, written.split(","))):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            quality = 0.0
        if quality > 0:
            found.append((quality, tag.strip().partition("-")[0].lower()))
    found.sort(key=lambda one: -one[0])
    return [code for _, code in found]
