"""The language of a request: the link's, the browser's last one, the one that it prefers."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from app.session import language


def asked(link: str = "", cookie: str = "", accepts: str = "") -> Request:
    headers = [(b"cookie", f"{language.COOKIE}={cookie}".encode()), (b"accept-language", accepts.encode())]
    return Request({"type": "http", "query_string": link.encode(), "headers": [h for h in headers if h[1]]})


@pytest.mark.parametrize(
    ("link", "cookie", "accepts", "spoken"),
    [
        ("", "", "", "en"),
        ("lang=es", "en", "en", "es"),
        ("lang=en", "es", "es", "en"),
        ("lang=xx", "es", "en", "es"),
        ("", "es", "en-GB,en", "es"),
        ("", "<b>", "es-MX,es;q=0.9,en;q=0.8", "es"),
        ("", "", "en-US,en;q=0.9,es;q=0.8", "en"),
        ("", "", "de-DE, es-419;q=0.5, en;q=0.7", "en"),
        ("", "", "de, es;q=0, en;q=0.1", "en"),
        ("", "", "fr, *;q=0.5", "en"),
        ("", "", "es;q=much, ES-ar;q=0.2", "es"),
    ],
)
def test_a_request_speaks_what_it_asks_for_first(link: str, cookie: str, accepts: str, spoken: str) -> None:
    assert language.of_request(asked(link, cookie, accepts)) == spoken


def test_preferences_are_sorted_by_weight_and_keep_their_order_among_equals() -> None:
    assert language.preferences("da, en-gb;q=0.8, en;q=0.7, es") == ["da", "es", "en", "en"]
    assert language.preferences(" , ;;q=,") == []
