"""Boxes inside popovers: a browser makes them when they are opened, and then shows their default."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pages.conftest import OpenPage


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize(
    ("slug", "link"),
    [
        ("bias", {"weat": "own", "listx": "cat dog", "jobs": "doctor, nurse", "dosed": "doctor"}),
        ("efficiency", {"lessons": 350, "softness": 3.5, "plainly": 0.2}),
        ("adaptability", {"stage": 3, "game": "pairs", "solved": "kite red", "sought": "kite"}),
    ],
)
def test_their_default_is_the_value_that_the_page_has(
    slug: str, link: dict[str, Any], open_page: OpenPage
) -> None:
    app = open_page(slug, **link)
    assert not app.exception
    boxes = {
        one.key: one for kind in (app.text_area, app.number_input, app.text_input) for one in kind
        if one.key in link
    }  # fmt: skip
    assert boxes, "none is drawn"
    for key, box in boxes.items():
        assert box.proto.default == box.value == link[key], key


@pytest.mark.full(reason="takes 3 s")
def test_an_own_size_of_scaling_stands_in_no_popover(open_page: OpenPage) -> None:
    app = open_page("scaling", width=96, portion="1/4")

    def inside(block: Any, hidden: bool = False) -> list[tuple[str, bool]]:
        hidden |= getattr(block, "type", "") == "popover"
        own = [(block.key, hidden)] if getattr(block, "key", None) else []
        return own + [
            one for child in getattr(block, "children", {}).values() for one in inside(child, hidden)
        ]

    assert ("width", False) in inside(app.main) and app.number_input(key="width").value == 96
