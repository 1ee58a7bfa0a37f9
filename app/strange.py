"""A text unlike all that a model has read: what every page that asks a model about it says of that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import widgets
from core.analysis.unlike import likeness, reads_toyland

SHORT = "unlike all it read"


def why(text: str) -> str:
    """That a text is unlike what models of Toyland have read, with the measure; "" where it is not."""
    found = likeness(text)
    if found is None or not found.unlike:
        return ""
    return (
        f"Unlike all it read: {found.nats:.2f} nats a character, where 995 of 1,000 held-out sentences of Toyland take "
        f"less than {found.limit:.2f}. It answers all the same, but how sure it is says nothing here."
    )


def note(text: str, card: Mapping[str, Any] | None = None) -> None:
    """Say so under a picture, of models of Toyland.

    Args:
        card: of the model that is asked; None: one of Toyland.
    """
    if (card is None or reads_toyland(card)) and (said := why(text)):
        st.caption(
            widgets.escape(f"Your text is {said[:1].lower()}{said[1:]}".replace(" it ", " the model ", 1))
        )
