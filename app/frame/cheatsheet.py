"""The cheatsheet as a map: every section of the subject, and the page that covers it.

Sections are named by their numbers and in our own words; a page that has not been built yet is shown greyed.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from app import chapters
from app.kit import register
from app.session import events
from core.messages import mark, say, spoken

# A click on a page sends "visit" ({"page"}), so that the session is kept; the link serves middle clicks and copying.
cards = register("cheatsheet", __file__, shared=False)

TOPICS: tuple[tuple[str, str], ...] = (
    ("1", mark("What a large language model is")),
    ("2", mark("Its parts: tokens, vectors, positions")),
    ("3", mark("The transformer")),
    ("4", mark("How it is trained")),
    ("5", mark("Three kinds of models")),
    ("6", mark("What it minimizes")),
    ("7", mark("How it is optimized")),
    ("8", mark("Well-known models")),
    ("9", mark("How it writes")),
    ("10", mark("Its troubles: cost, bias, opacity")),
    ("11", mark("What size does")),
    ("12", mark("What it is used for")),
    ("13", mark("Where it goes")),
)


def pages_of(topic: str) -> list[tuple[chapters.Chapter, list[chapters.Cover]]]:
    """Return the chapters that cover section `topic` or a part of it (3 and 3.1, not 13), with the covered terms."""
    found = []
    for chapter in chapters.CHAPTERS:
        covers = [cover for cover in chapter.covers if cover.section.split(".")[0] == topic]
        if covers:
            found.append((chapter, covers))
    return found


def sections() -> list[dict[str, Any]]:
    """Return the cards as the component's data, in the language that is spoken."""
    return _sections(spoken())


@cache
def _sections(language: str) -> list[dict[str, Any]]:
    return [
        {
            "section": topic,
            "name": say(name),
            "pages": [
                {
                    "slug": chapter.slug,
                    "title": say(chapter.title),
                    "terms": _terms(covers),
                }
                for chapter, covers in pages_of(topic)
                if chapter.exists
            ],
        }
        for topic, name in TOPICS
    ]


def draw() -> None:
    """Draw all sections as cards; a page that exists opens with the same model, text and selections."""
    cards(
        data={"cards": sections()},
        key="map",
        on={"visit": lambda: events.visit("map")},
    )


def _terms(covers: list[chapters.Cover]) -> str:
    """Group the terms by section: "3.1 self-attention, attention weights"."""
    by_section: dict[str, list[str]] = {}
    for cover in covers:
        by_section.setdefault(cover.section, []).append(say(cover.term))
    return "; ".join(f"{section} {', '.join(terms)}" for section, terms in by_section.items())
