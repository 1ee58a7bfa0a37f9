"""The commands of docs/deploy.md, read from its fenced boxes; and what belongs to its boxes, for the quick test."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "deploy.md"
RUN = "sh"  # the language of a box that is run; "console" marks one that is not
_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Box:
    """A fenced box of the page: the heading it stands under, its language and its text."""

    heading: str
    language: str
    text: str


def boxes(page: str | None = None) -> list[Box]:
    """Return all boxes of the page, in its order."""
    page = PAGE.read_text(encoding="utf-8") if page is None else page
    headings = [(found.start(), found[1]) for found in _HEADING.finditer(page)]
    return [
        Box(
            next((name for place, name in reversed(headings) if place < found.start()), ""),
            found["language"],
            found["text"],
        )
        for found in _FENCE.finditer(page)
    ]


def under(heading: str) -> list[str]:
    """Return the texts of the boxes to run under a heading. Raises KeyError: there are none."""
    found = [box.text for box in boxes() if (box.heading, box.language) == (heading, RUN)]
    if not found:
        raise KeyError(heading)
    return found
