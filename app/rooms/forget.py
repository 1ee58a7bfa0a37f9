"""Forget me here: a button that deletes this browser's runs, texts and place in a class, for whoever sits here next.

forget.js asks whether it is meant, calls the route (app/rooms/routes.py) and begins anew, as a browser that was never
here: what it is known by is in cookies that no page may read.
"""

from __future__ import annotations

from app.kit import register

forget = register("forget", __file__, shared=False)


def draw(key: str = "gb-forget", link: bool = True) -> None:
    """Draw the button.

    Args:
        link: whether its question leads to the page that says what is kept.
    """
    forget(data={"link": link}, key=key)
