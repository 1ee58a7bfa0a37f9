"""Toyland's tellings in two languages, by theme: `TELLINGS`, `REASONS` (clauses that say why) and `LEADS`
(adverbials that open a sentence), each by kind of event, in the notation of `spanish.notation`."""

from __future__ import annotations

from core.data.toyland.spanish.told import (
    feelings,
    making,
    moving,
    nature,
    openings,
    owning,
    searching,
    speaking,
    together,
)

__all__ = ["LEADS", "REASONS", "TELLINGS"]

_THEMES = (feelings, making, moving, nature, openings, owning, searching, speaking, together)
TELLINGS: dict[str, str] = {kind: block for theme in _THEMES for kind, block in theme.TELLINGS.items()}
REASONS: dict[str, str] = {kind: block for theme in _THEMES for kind, block in theme.REASONS.items()}
LEADS: dict[str, str] = {kind: block for theme in _THEMES for kind, block in theme.LEADS.items()}
