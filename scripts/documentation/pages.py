"""What every page of the site is made of: its Markdown, its files, and frames of pictures."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from app.outside import standalone
from app.outside.documents import Document

PICTURES = "pictures"  # the site's folder of pictures, one file each
_PLACE = re.compile(r"<!-- picture: ([\w.-]+) -->")


@dataclass
class Source:
    """The folder that MkDocs reads.

    Attributes:
        frames: by a picture's name, the HTML that shows its file; `{up}` leads to the root of the site.
        entries: of the navigation, section -> (title -> page).
    """

    folder: Path
    frames: dict[str, str] = field(default_factory=dict)
    entries: dict[str, dict[str, str]] = field(default_factory=dict)

    def picture(self, name: str, picture: Document, tall: int) -> None:
        """Write a picture as a file of its own; `<!-- picture: name -->` in a page shows it."""
        self.document(name, picture.html(), picture.title, tall)

    def document(self, name: str, whole: str, title: str, tall: int) -> None:
        """Write an HTML document, as `picture.html()` returns it, which a page shows in a frame."""
        file = self.folder / PICTURES / f"{name}.html"
        file.parent.mkdir(exist_ok=True)
        standalone.write(file, whole)
        self.frames[name] = (
            f'<div class="glassbox"><iframe src="{{up}}{PICTURES}/{name}.html" title="{html.escape(title)}" '
            f'sandbox="{standalone.SANDBOX}" loading="lazy" style="height:{tall}px"></iframe></div>'
        )

    def page(self, path: str, text: str, section: str = "", title: str = "") -> None:
        """Write a page; with a section it joins the navigation."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        if section:
            self.entries.setdefault(section, {})[title] = path

    def show_frames(self) -> None:
        """Put the frames into all pages that ask for a picture.

        Raises:
            LookupError: a page asks for a picture that was not written.
        """
        for file in sorted(self.folder.rglob("*.md")):
            up = "../" * (len(file.relative_to(self.folder).parts) - 1)
            file.write_text(_PLACE.sub(partial(self._frame, up), file.read_text("utf-8")), "utf-8")

    def _frame(self, up: str, found: re.Match[str]) -> str:
        if found[1] not in self.frames:
            raise LookupError(f"<!-- picture: {found[1]} -->: there is none of that name.")
        return self.frames[found[1]].replace("{up}", up)


def table(columns: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield the lines of a Markdown table, heading -> cells."""
    yield "| " + " | ".join(columns) + " |"
    yield "|" + " --- |" * len(columns)
    for cells in zip(*columns.values(), strict=True):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
