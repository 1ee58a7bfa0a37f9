"""The glossary as a page to read and to print."""

from __future__ import annotations

from app import glossary
from scripts.documentation import pictures
from scripts.documentation.pages import Source

TITLE, PAGE = "Glossary", "glossary.md"


def write(source: Source) -> None:
    """Write the page; each term links to the picture of the page that shows it."""
    article = glossary.article(lambda slug: f"{pictures.FOLDER}/{slug}.html")
    source.page(PAGE, f"---\ntitle: {TITLE}\nhide: [toc]\n---\n\n{article}\n")
