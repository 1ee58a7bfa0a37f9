"""What is chosen in a picture draws the picture alone, and what stands around it only where that has changed.

Spoken over the app's own protocol, without a browser: here it counts what the server sends.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.chapters import ALONE
from app.session import state
from tests.benchmarks.visitor import Visitor, visiting
from tests.browser.driver import Server

CHOICES = {  # of each page: two rows of buttons with a value, or one twice; neither value is the one it begins with
    "attention": (("Block", "1"), ("Block", "2")),
    "families": (("T5 is asked to", "Sentiment"), ("T5 is asked to", "Summarize")),
    "home": (("Head", "1"), ("Open block", "2")),
    "loss": (("Losses in", "bits"), ("Padding", "counted")),
}
OF_A_RUN = ("milliseconds", "n", "stamp")  # differ from run to run


def aside(visit: Coroutine[Any, Any, None]) -> None:
    """Run a visit in a thread of its own: in this one Playwright keeps an event loop."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, visit).result()


def data(visitor: Visitor, name: str) -> Any:
    """The JSON of a component, without what differs from run to run."""
    (sent,) = [
        sent for kind, sent in visitor.elements.values()
        if kind == "bidi_component" and sent.component_name.endswith(f"glassbox_{name}")
    ]  # fmt: skip
    return _steady(json.loads(sent.json)[0])


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(one) for key, one in value.items() if key not in OF_A_RUN}
    return [_steady(one) for one in value] if isinstance(value, list) else value


def test_every_page_whose_picture_runs_alone_is_tried() -> None:
    assert set(CHOICES) == ALONE


@pytest.mark.parametrize("slug", sorted(ALONE))
def test_a_picture_alone_is_that_of_the_whole_page(slug: str, server: Server) -> None:
    first, second = CHOICES[slug]

    async def visit() -> None:
        async with visiting(server.url) as visitor, visiting(server.url) as other:
            whole = await visitor.open(slug)
            await visitor.choose(*first)
            assert not visitor.labelled("button")["Undo"].disabled, "the first choice is seen around it"
            alone = await visitor.choose(*second)
            assert alone.messages < 0.75 * whole.messages
            assert not any(
                message.delta.new_element.WhichOneof("type") in ("menu_button", "page_link")
                for message in visitor.found
            ), "nothing around it was sent"
            link = data(visitor, "takeaway")["query"]
            await other.open(slug, link)
            assert data(other, "takeaway")["query"] == link
            assert data(visitor, slug) == data(other, slug)

    aside(visit())


def test_a_choice_that_changes_what_stands_around_draws_it(server: Server) -> None:
    async def visit() -> None:
        async with visiting(server.url) as visitor:
            await visitor.open("home")
            shown = data(visitor, "home")
            await visitor.tell(
                "home",
                "append",
                {"id": list(shown["topIds"].values())[-1][0], "row": len(shown["tokens"]) - 1},
            )
            text = visitor.labelled("text_area")["Your text"]
            assert (
                text.set_value
                and text.value.startswith(state.DEFAULT_TEXT)
                and text.value != state.DEFAULT_TEXT
            )
            await visitor.choose("Head", "1")
            link = data(visitor, "takeaway")["query"]
            assert "head=1" in link and "text=" in link

    aside(visit())
