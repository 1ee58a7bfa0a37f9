"""What a model's loss is averaged over, in words: on other texts, or with a shorter context, its value differs.

No Streamlit in here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from app.counts import counted
from core.messages import mark, say

_EACH = {
    "texts": mark("{tokens} of {texts} held-out texts, each read by itself and cut at {longest}"),
    "stories": mark("{tokens} of {texts} held-out stories, each read by itself and cut at {longest}"),
}


def one_by_one(tokens: int, texts: int, what: Literal["texts", "stories"], longest: int) -> str:
    """Describe a loss that is computed text by text, each read from its beginning and cut at `longest` tokens."""
    return say(
        _EACH[what],
        tokens=counted(tokens, "token"), texts=f"{texts:,}", longest=counted(longest, "token"),
    )  # fmt: skip


def of_card(card: Mapping[str, Any]) -> str:
    """Describe the held-out loss of a card or a training run; "" where the card does not say it."""
    sure, spec = card.get("held_out_interval") or {}, card.get("spec") or card
    context, tokens, documents = spec.get("context"), sure.get("tokens"), sure.get("documents")
    if spec.get("objective") == "text_to_text":
        if not tokens:
            return ""
        return say(
            "{tokens} of {texts} held-out answers, each by itself",
            tokens=counted(tokens, "token"), texts=f"{documents:,}",
        )  # fmt: skip
    if not context:
        return ""
    row = counted(context, "token")
    if not tokens:
        return say("held-out texts, read in rows of {row}, one text behind the other", row=row)
    values = {"tokens": f"{tokens:,}", "texts": f"{documents:,}", "row": row}
    if spec.get("objective") in ("masked", "span_corruption"):
        return say(
            "{tokens} hidden tokens of {texts} held-out texts, read in rows of {row}, one text behind the other",
            **values,
        )
    return say(
        "{tokens} tokens of {texts} held-out texts, read in rows of {row}, one text behind the other",
        **values,
    )
