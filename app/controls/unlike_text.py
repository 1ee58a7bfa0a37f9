"""Out-of-distribution texts: the messages that every page shows about them (app/unlike.py without Streamlit)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import streamlit as st

from app import markup, runs
from app.unlike import GUESS as GUESS
from app.unlike import SHORT as SHORT
from app.unlike import guessed as guessed
from app.unlike import judged as judged
from app.unlike import why as why
from core.analysis.tasks.out_of_distribution import Likeness, Measure, World, likeness, measured, read_by
from core.messages import say

KEPT = 4  # number of cached measures of own texts, some megabytes each
_measured: dict[str, Measure | None] = {}


def of(text: str, card: Mapping[str, Any]) -> tuple[Likeness, str] | None:
    """Measure how far a text is from the training data and explain it; None where it is not far or not known.

    Args:
        card: of the model.
    """
    beside = beside_of(card)
    found = None if beside is None else _likeness(text, beside)
    if beside is None or found is None or not found.unlike:
        return None
    return found, say(
        "Your text is unlike all the model read: {nats} nats a character, where 995 of 1,000 {pieces} take less than "
        "{limit}. It answers all the same, but how sure it is says nothing here.",
        nats=f"{found.nats:.2f}", pieces=say(found.pieces), limit=f"{found.limit:.2f}",
    )  # fmt: skip


@lru_cache(maxsize=256)
def _likeness(text: str, beside: World | Measure) -> Likeness | None:
    """Measure a text, once for all who read it: every run of a page asks."""
    return likeness(text, beside)


def note(text: str, card: Mapping[str, Any] | None = None) -> None:
    """Show a note under a picture if the text is out of distribution and the training data are known.

    Args:
        card: of the model that is asked; None: one of Toyland.
    """
    if found := of(text, {"spec": {"corpus": "tales"}} if card is None else card):
        st.caption(markup.escape(found[1]))


def note_of_news(text: str) -> None:
    """Show such a note for a classifier of news.

    Where only the news are unlike the text, the note calls its answer a guess.
    """
    if not why(text) and guessed(text) and (found := likeness(text, "news")):
        said = say(
            "Your text is unlike the news that these models learned their labels from: {nats} nats a character, "
            "where 995 of 1,000 {pieces} take less than {limit}. What they say of it is a guess, and no two of "
            "them need agree.",
            nats=f"{found.nats:.2f}",
            pieces=say(found.pieces),
            limit=f"{found.limit:.2f}",
        )
        st.caption(markup.escape(said))
    note(text)


def beside_of(card: Mapping[str, Any]) -> World | Measure | None:
    """Return the texts that a model was trained on, as far as they are recorded or available; None: unknown."""
    if (world := read_by(card)) is not None:
        return world
    spec = card.get("spec")
    if not isinstance(spec, Mapping):
        return None
    if spec.get("corpus") == "own" and isinstance(spec.get("text"), str) and spec["text"]:
        return _own(spec["text"])
    return None


def _own(fingerprint: str) -> Measure | None:
    if fingerprint not in _measured and (text := runs.text(fingerprint)) is not None:
        from core.data.corpora import own_text

        while len(_measured) >= KEPT:
            del _measured[next(iter(_measured))]
        _measured[fingerprint] = measured(own_text(text), own_text(text, "held_out"))
    return _measured.get(fingerprint)
