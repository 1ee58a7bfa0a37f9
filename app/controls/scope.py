"""What a model's loss is averaged over, in words: on other texts, or with a shorter context, its value differs.

No Streamlit in here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.counts import counted


def one_by_one(tokens: int, texts: int, what: str, longest: int) -> str:
    """Describe a loss that is computed text by text, each read from its beginning and cut at `longest` tokens."""
    return (
        f"{counted(tokens, 'token')} of {texts:,} held-out {what}, each read by itself and cut at "
        f"{counted(longest, 'token')}"
    )


def of_card(card: Mapping[str, Any]) -> str:
    """Describe the held-out loss of a card or a training run; "" where the card does not say it."""
    sure, spec = card.get("held_out_interval") or {}, card.get("spec") or card
    context, tokens, documents = spec.get("context"), sure.get("tokens"), sure.get("documents")
    if spec.get("objective") == "text_to_text":
        return (
            f"{counted(tokens, 'token')} of {documents:,} held-out answers, each by itself" if tokens else ""
        )
    if not context:
        return ""
    hidden = "hidden " if spec.get("objective") in ("masked", "span_corruption") else ""
    count = f"{tokens:,} {hidden}tokens of {documents:,} held-out texts" if tokens else "held-out texts"
    return f"{count}, read in rows of {counted(context, 'token')}, one text behind the other"
