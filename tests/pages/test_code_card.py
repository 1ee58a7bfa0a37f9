"""The Code card shows functions that the page really ran: each is seen at work in a trace of the page's own run."""

from __future__ import annotations

import inspect
import io
import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

import pytest

from app import chapters
from app.frame import source
from app.models import cache
from core.text import learning_process
from pages.tokenization.learned import Spec, read
from tests.pages.conftest import OpenPage, Runs

SHOWN = [chapter.slug for group in chapters.shown().values() for chapter in group]
TEXT = "A text that no other test has, so that nothing of it is cached"


def forget_everything() -> None:
    """Forget what an earlier test's page computed: in the app's caches, and in the pages' own."""
    cache.forget_results()
    for name, module in list(sys.modules.items()):
        if name.startswith("pages."):
            for value in list(vars(module).values()):
                if callable(clear := getattr(value, "cache_clear", None)):
                    clear()


def learned(spec: Spec) -> None:
    """Learn here what the page asked a process for."""
    order = {"documents": list(read(spec)), "size": spec.size, "pretokens": spec.kinds, "patterns": {}}
    answers = io.BytesIO()
    learning_process.learn(order, learning_process.Wishes(), answers)
    assert b'"end": true' in answers.getvalue()


@pytest.mark.full(reason="the other cases take 19 s", quick_cases=1)
@pytest.mark.parametrize("slug", SHOWN)
def test_every_function_shown_is_called(
    slug: str, open_page: OpenPage, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: dict[CodeType, str] = {}
    first: list[source.Source] = []
    plain_read = source.read

    def noted(function: Callable[..., Any]) -> source.Source:
        plain: Any = inspect.unwrap(function)
        shown[plain.__code__] = plain.__qualname__
        first.append(plain_read(function))
        return first[-1]

    ran: set[CodeType] = set()

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            ran.add(frame.f_code)

    monkeypatch.setattr(source, "read", noted)
    forget_everything()
    threading.setprofile(watch)  # the page runs in a thread that starts after this
    try:
        app = open_page(slug, text=TEXT, corpus="fables", size=300)  # few entries are learned where any are
        app.session_state["predict.choice"] = 0
        app.run()
        app.button(key="predict.commit").click().run()
        if slug == "lab":  # its runs train in a process of their own, by the same functions
            training = threading.Thread(target=runs.trained)
            training.start()
            training.join()
        if (
            slug == "tokenization"
        ):  # its vocabularies are learned in a process of their own, by the same functions
            learning = threading.Thread(target=learned, args=(Spec("fables", 300, "usual"),))
            learning.start()
            learning.join()
    finally:
        threading.setprofile(None)
    assert not app.exception
    assert len(shown) >= 2
    assert 3 <= len(first[0].text.splitlines()) <= source.LINES, "what the claim is about is seen whole"
    assert {name for code, name in shown.items() if code not in ran} == set()
    assert source.code_card.__code__ in ran


def test_functions_beyond_forty_lines_are_folded() -> None:
    def of(*lines: int) -> int:
        return source.at_first([source.Source("f", "f.py", 1, "x\n" * count) for count in lines])

    assert of(40) == 1 and of(40, 1) == 1 and of(10, 30, 1) == 2 and of(10, 31, 2) == 1
    assert of(41, 2) == 1  # one is always seen
