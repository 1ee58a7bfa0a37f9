"""Pictures as files and frames, opened in tabs of their own without a server and without a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Frame, Page

from app.kit.figures import Figure
from app.outside.documents import Picture
from core.efficiency.settings import USUAL, setting_name


class PictureTab:
    """A tab of its own for one picture, and all requests and complaints of that tab."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._record_request(request.url))

    def _record_request(self, url: str) -> None:
        if not url.startswith(("data:", "blob:", "about:")):
            self.complaints.append(f"request: {url[:80]}")

    def open(self, file: Path) -> Page:
        """Open a file from disk. The request for the file itself is no complaint."""
        self.page.goto(file.as_uri())
        assert self.complaints.pop(0).startswith("request: file:")
        return self.page


@contextmanager
def offline_tabs(browser: Browser) -> Iterator[Callable[..., PictureTab]]:
    """Yield a function that opens an empty tab of a width, light or dark. At the end no tab may have complained."""
    contexts, tabs = [], []

    def open_tab(width: int = 1280, scheme: Any = "light") -> PictureTab:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            reduced_motion="reduce",
            offline=True,
        )
        contexts.append(context)
        tabs.append(PictureTab(context.new_page()))
        return tabs[-1]

    yield open_tab
    complaints = [complaint for tab in tabs for complaint in tab.complaints]
    for context in contexts:
        context.close()
    assert complaints == []


def picture_state(place: Page | Frame) -> dict[str, Any]:
    """Wait until the picture is drawn and return its state."""
    place.wait_for_selector("figure[data-state]")
    state: dict[str, Any] = json.loads(place.eval_on_selector("figure", "figure => figure.dataset.state"))
    return state


def comparable_state(state: dict[str, Any], figure: Figure[Any]) -> dict[str, Any]:
    """Return the part of a picture's state that a page and a file share, to the digits that are written.

    Only a page has the tokens of the open model, Decoding's text to try, the lab's next run and the server's memory.
    Times are measured anew everywhere.
    """
    if not figure.model:
        for key in ("tokens", "tokenLosses"):
            state.pop(key, None)
    if figure.name == "decoding":
        state["verdict"].pop("act")
    if figure.name == "models":
        for entry in state["entries"]:
            entry.pop("open")
    if figure.name == "efficiency":  # other tests measure more of them on the server
        usual = {setting_name(setting) for setting in USUAL}
        state["points"] = [
            {key: point[key] for key in point if key != "front"}
            for point in state["points"]
            if point["here"] or point["name"] in usual
        ]
    for page_only in {"lab": ["plan"], "efficiency": ["passes"]}.get(figure.name, []):
        state.pop(page_only)
    if "attends" in state:  # Home's weights have fewer bits in a file
        state["attends"] = [
            str(Decimal(weight).quantize(Decimal("1e-4"), ROUND_HALF_UP)) for weight in state["attends"]
        ]
    return state


def save_picture(folder: Path, picture: Picture) -> Path:
    """Save a picture as one file in a folder."""
    return picture.save(folder / "picture.html")


def frame_picture(page: Page, picture: Picture) -> Frame:
    """Show the picture in a frame of an empty page, as a notebook does."""
    page.set_content(picture.html(whole=False))
    frame = page.query_selector("iframe")
    assert frame is not None
    inside = frame.content_frame()
    assert inside is not None
    picture_state(inside)
    return inside
