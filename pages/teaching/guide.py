"""The guide for teachers, from the documentation to the app: the same text, other links. No Streamlit here.

docs/teaching.md, and its translations in folders beside it that are named by their language.
"""

from __future__ import annotations

import re
from pathlib import Path

from app import chapters
from app.lessons import library
from core.messages import twin

FILE = chapters.ROOT / "docs" / "teaching.md"
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")


def text(file: Path = FILE) -> str | None:
    """Return the guide with links of the app, in the reader's language; None: it is not on this machine."""
    if not file.is_file():
        return None
    return _LINK.sub(_of_the_app, twin(file, ours=False).read_text(encoding="utf-8"))


def _of_the_app(found: re.Match[str]) -> str:
    place = _place(found[2])
    return f"[{found[1]}]({place})" if place else found[1]


def _place(target: str) -> str:
    """Return the app's page for a page of the site; "": the app has none."""
    folder, _, file = target.partition("#")[0].removeprefix("../").rpartition("/")
    name = file.removesuffix(".md")
    if folder == "every-picture":
        return "./" if name == "home" else name if name in chapters.BY_SLUG else "./"
    if folder == "lessons":
        if name not in library.ORDER:
            return "lessons"
        slug = library.find(name).steps[0].at.slug
        return f"{'./' if slug == 'home' else slug}?path={name}&mark=1"
    return "glossary" if name == "glossary" and not folder else ""
