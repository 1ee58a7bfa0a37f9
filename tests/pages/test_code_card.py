"""The Code card shows functions that the page really ran: each is seen at work in a trace of the page's own run."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

import pytest

from app import chapters
from app.frame import source
from app.models import cache
from tests.pages.conftest import OpenPage

SHOWN = [chapter.slug for group in chapters.shown().values() for chapter in group]
TEXT = "A text that no other test has, so that nothing of it is cached"


@pytest.mark.parametrize("slug", SHOWN)
def test_every_function_shown_is_called(
    slug: str, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: dict[CodeType, str] = {}
    read = source.read

    def noted(function: Callable[..., Any]) -> source.Source:
        plain: Any = inspect.unwrap(function)
        shown[plain.__code__] = plain.__qualname__
        return read(function)

    ran: set[CodeType] = set()

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            ran.add(frame.f_code)

    monkeypatch.setattr(source, "read", noted)
    cache.forget_results()
    threading.setprofile(watch)  # the page runs in a thread that starts after this
    try:
        app = open_page(slug, text=TEXT, corpus="fables", size=300)  # few entries are learned where any are
        app.session_state["predict.choice"] = 0
        app.run()
        app.button(key="predict.commit").click().run()
    finally:
        threading.setprofile(None)
    assert not app.exception
    assert len(shown) >= 2
    assert {name for code, name in shown.items() if code not in ran} == set()
    assert source.code_card.__code__ in ran
