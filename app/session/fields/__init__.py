"""The remembered values, declared once (one file per chapter), and their parsing from a link.

A link is untrusted: invalid parts are ignored and reported. No Streamlit in here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from app.session.field import Field as Field
from app.session.field import Value as Value
from app.session.fields import block, families, questions, rooms, shared, training, using, vectors
from app.session.fields.shared import BEGUN as BEGUN
from app.session.fields.shared import DEFAULT_MODEL as DEFAULT_MODEL
from app.session.fields.shared import DEFAULT_TEXT as DEFAULT_TEXT
from core.messages import say

VERSION = 1
LINK_CHARACTERS = 2000  # characters of a text in a link: longer ones are cut by chat programs and proxies

_CHAPTERS = (shared, vectors, block, training, families, using, questions, rooms)
FIELDS: tuple[Field, ...] = tuple(field for chapter in _CHAPTERS for field in chapter.FIELDS)
BY_KEY: dict[str, Field] = {field.key: field for field in FIELDS}


@dataclass(frozen=True)
class Parsed:
    """The parsed link: the valid values, and a message for each invalid part."""

    values: dict[str, Value]
    notes: tuple[str, ...]


def parse(query: Mapping[str, str], repeated: Sequence[str] = ()) -> Parsed:
    """Parse the parameters of a link. Never raises: invalid parts are ignored and reported in `notes`.

    Args:
        query: each key with its last value.
        repeated: the keys that the link has more than once.
    """
    found: dict[str, Value] = {}
    notes: list[str] = []
    version = query.get("v", str(VERSION))
    unknown = [key for key in query if key != "v" and key not in BY_KEY]
    if unknown:
        notes.append(
            say(
                "The link has {keys}, which this Glassbox does not know; it was left out.",
                keys=_listed(unknown),
            )
        )
    if repeated:
        notes.append(
            say("The link has {keys} more than once; the last value counts.", keys=_listed(list(repeated)))
        )
    for field in FIELDS:
        if field.key not in query or (version != str(VERSION) and field.selection):
            continue
        raw = query[field.key]
        try:
            found[field.key] = field.parse(raw)
        except ValueError as why:
            notes.append(
                say(
                    "In the link, {key}={value} {why}; {used} is used.",
                    key=field.key,
                    value=_short(raw),
                    why=why,
                    used=field.name(field.default),
                )
            )
    if version != str(VERSION):
        notes.append(
            say(
                "The link was written for version {written} and this Glassbox reads version {read}: the model and the "
                "text were taken, the selections were not.",
                written=_short(version),
                read=VERSION,
            )
        )
    return Parsed(found, tuple(notes))


def query(values: Mapping[str, Value]) -> str:
    """Write the values of all fields as a link's query: version, model, text, and what differs from its default."""
    parts = {"v": str(VERSION)}
    for field in FIELDS:
        value = values[field.key]
        if field.key in {"model", "text"} or value != field.default:
            parts[field.key] = field.render(value)[:LINK_CHARACTERS]
    return urlencode(parts)


def _short(raw: str, most: int = 40) -> str:
    return raw if len(raw) <= most else raw[:most] + "…"


def _listed(keys: list[str], most: int = 5) -> str:
    named = ", ".join(f"“{_short(key)}”" for key in keys[:most])
    return say("{keys} and {count} more", keys=named, count=len(keys) - most) if len(keys) > most else named
