"""The kinds of event, by theme. Importing this package fills the registry
`core.data.toyland.event.EVENTS`."""

from core.data.toyland.events import (
    extra,
    feelings,
    homonyms,
    making,
    moving,
    nature,
    openings,
    owning,
    searching,
    speaking,
    together,
)

__all__ = [
    "extra",
    "feelings",
    "homonyms",
    "making",
    "moving",
    "nature",
    "openings",
    "owning",
    "searching",
    "speaking",
    "together",
]
