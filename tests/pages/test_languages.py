"""Pages in another language: nothing of a page is said in English any more.

A language is put in place of Spanish that sets each message in brackets: what stands on a page without them was never
given to a translator.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import chapters, columns
from app.charts import frame
from app.frame import cheatsheet, page
from app.models import cache
from app.session.fields import DEFAULT_TEXT
from core import messages
from core.data.corpora import corpus
from core.multimodal.captions import WORDS as CAPTIONED
from tests.pages.conftest import OpenPage

WHOLE = [chapter.slug for section in chapters.shown().values() for chapter in section] + list(page.BESIDE)

_SAID = re.compile("⟦[^⟦⟧]*⟧")
_BROKEN = re.compile("⟦[^⟦⟧]*$|^[^⟦⟧]*⟧")  # parts of a message that stands in several elements
_WORD = re.compile(r"[A-Za-z’']+")
_WORDS = re.compile(r"[A-Za-z][a-z’']{2,} [a-z’']{2,}")
_TAGS = re.compile(r"<[a-z/][^<>]*>")
# What stays as it is: code, links, what names things for the browser, tokens.
_PLAIN = re.compile(
    r"""^(?:https?:|/|data:|#|:material/|gb-|\$\$ID|[\[(]*['"]|\s|<s>|<p class="gb-mono">)"""
    r"|[{};@=\x1f]|\(\)|^\w+(?:[._-]\w+)+$"
)
_SPANISH = re.compile(
    r"[¿¡áéíóúñ]|\b(?:de|la|el|que|en|los|las|una?|por|con|del)\b", re.I
)  # files of their own
# What somebody wrote: who first published it, sentences to be read by a model, a model's own text, signs of Unicode.
_WRITTEN = re.compile(
    r" et al\. \d{4}|^The (?:plane|baby|flight|bank|children|lender)|grandmother|^translate English|^Translate into"
    r"|^Once upon a|Großmutter|^Nyumba ya|^Büyük|^Isoäiti|[Ll]etter \w+$|sign$|“Nora lost|^pairs = "
)
# Keys that scripts compare, and the columns of a chart's data.
_KEYS = frozenset({
    "top center", "bottom center", "learn recorded", "without positions", "without positions or mask", "beyond chance",
    "The whole recipe.", "not conclusive", "the final norm", "the embedding’s norm", "repetition penalty",
})  # fmt: skip
_COLUMN = re.compile(r"^said [a-z]+$")
_NAME = re.compile(r"[a-z]{3}")
_TOKEN = re.compile(r"\d+ ")  # a column for each token: its place, and the token
_CODED = re.compile(r"^Adam on |[a-z]\.\d+\.[a-z]")  # names of weights


class Brackets(Mapping[tuple[str, str], tuple[str, ...]]):
    """A table that has every message, and translates it to itself in brackets."""

    def __getitem__(self, key: tuple[str, str]) -> tuple[str, ...]:
        return (f"⟦{key[1]}⟧",)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(())

    def __len__(self) -> int:
        return 1


@pytest.fixture
def brackets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Puts the table of brackets in place of Spanish; nothing said in one of them is kept for the other."""
    table = messages.table
    monkeypatch.setattr(
        messages, "table", lambda language: Brackets() if language == "es" else table(language)
    )
    forget()
    yield
    forget()


def forget() -> None:
    """Drop what this process keeps of a language: results, and functions cached by `language`."""
    cache.forget_results()
    for name, module in list(sys.modules.items()):
        for kept in vars(module).values() if name.partition(".")[0] in ("app", "pages", "core") else ():
            clear = getattr(kept, "cache_clear", None)
            if clear and "language" in inspect.signature(kept.__wrapped__).parameters:
                clear()


def test_what_is_kept_of_a_language_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    with messages.speaking("es"):
        said = cheatsheet.sections()
        monkeypatch.setattr(messages, "table", lambda language: Brackets())
        assert cheatsheet.sections() == said
        forget()
        assert cheatsheet.sections()[0]["name"] == f"⟦{cheatsheet.TOPICS[0][1]}⟧"
        monkeypatch.undo()
        forget()
        assert cheatsheet.sections() == said


def strings(found: Any) -> Iterator[str]:
    """All texts in an element's message, or in JSON that it holds."""
    if hasattr(found, "ListFields"):  # a message of Streamlit’s protocol
        for _, value in found.ListFields():
            yield from strings(value)
    elif isinstance(found, str):
        try:
            inner = json.loads(found) if found[:1] in "[{" else None
        except ValueError:
            inner = None
        yield from [found] if inner is None else strings(inner)
    elif isinstance(found, Mapping):
        yield from (text for value in found.values() for text in strings(value))
    elif hasattr(found, "__iter__") and not isinstance(found, bytes):
        yield from (text for value in found for text in strings(value))


@lru_cache(maxsize=1)
def told() -> frozenset[str]:
    """The words of some stories and of captions of pictures: a text of no others is one, or a learner's text."""
    stories = [*islice(corpus("tales"), 400), *corpus("fables"), DEFAULT_TEXT]
    return frozenset([*CAPTIONED, *(word for story in stories for word in _WORD.findall(story))])


def english(app: AppTest) -> list[str]:
    """What the page says, but not in the other language; what a learner or a story wrote is not the page's."""
    left = []
    for element in app._tree:
        proto = getattr(element, "proto", None)
        if proto is None or getattr(proto, "component_name", "").endswith("_words"):
            continue  # the terms to be underlined have their English names beside the others
        for text in strings(proto):
            rest = _TAGS.sub(" ", text)
            while _SAID.search(rest):
                rest = _SAID.sub("", rest)
            rest = _BROKEN.sub("", rest)
            kept = text in _KEYS or any(one.search(text) for one in (_PLAIN, _SPANISH, _WRITTEN, _COLUMN))
            if _WORDS.search(rest) and not kept and not set(_WORD.findall(text)) <= told():
                left.append(text)
    return list(dict.fromkeys(left))


def unnamed(table: Mapping[str, Sequence[Any]]) -> list[str]:
    """The columns of a table, and the cells that name its rows, that have no message; a token needs none."""
    named = columns.named(table)
    names = [name for name in named if _NAME.search(name) and not _TOKEN.match(name)]
    cells = [
        one
        for name, column in zip(table, named.values(), strict=True)
        if name in columns.NAMING
        for one in column
        if isinstance(one, str)
        and _WORDS.search(one)
        and not _CODED.search(one)
        and one.strip() not in told()
    ]
    return [one for one in dict.fromkeys([*names, *cells]) if not _SAID.search(one)]


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Sequence[Any]]]:
    """Collects the tables of the charts that a page draws: they are sent when their card is opened."""
    found: list[Mapping[str, Sequence[Any]]] = []
    first = frame.About.__init__

    def init(about: frame.About, *given: Any, **named: Any) -> None:
        first(about, *given, **named)
        found.append(about.table)

    monkeypatch.setattr(frame.About, "__init__", init)
    return found


@pytest.mark.full(reason="the other cases take 18 s", quick_cases=1)
@pytest.mark.parametrize("slug", WHOLE)
def test_nothing_of_a_page_stays_english(
    slug: str, brackets: None, open_page: OpenPage, tables: list[Mapping[str, Sequence[Any]]]
) -> None:
    app = open_page(slug, lang="es")
    assert not app.exception
    assert english(app) == []
    own = app.session_state["gb"].memos.get("takeaway", {}).get("table")
    with messages.speaking("es"):
        assert [one for table in [*tables, *([own()] if own else [])] for one in unnamed(table)] == []
