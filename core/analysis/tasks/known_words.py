"""Words of a text that never occur in Toyland, so that a model of Toyland cannot know them.

The words are collected from the tables that the texts are generated from: every string of the modules of
`core.data.toyland` that a task's text is made of, with possessives. A word that is missing here cannot be generated;
one that is here may be rare, and a few (names of kinds of events) are never told.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any

import core.data.toyland as toyland
from core.analysis.heads.cross_reading import is_mark, word_spans

_WORD = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")
_APART = {  # folders and modules whose words only some tasks read
    "reviews": frozenset({"sentiment"}),
    "spanish": frozenset(),
    "summaries": frozenset({"summarize"}),
    "asked": frozenset({"question"}),
    "questions": frozenset({"question"}),
    "senses": frozenset({"tales"}),
    "homonyms": frozenset({"tales"}),
}
# Words that the generating functions insert themselves: articles, verbs and question words.
_BY_FUNCTIONS = frozenset(
    "a an and or the of is was were did do does not no yes who whom where which what why because when first "
    "at in on to go went he she it they him her them his its their".split()
)


@cache
def vocabulary(task: str) -> frozenset[str]:
    """Collect every word, in lowercase, that a source of this task may hold ("tales": that a story may).

    Names are among them. Not the Spanish.
    """
    found = set(_BY_FUNCTIONS)
    for module in _modules(task):
        for text in _strings(vars(module)):
            found.update(word.lower() for word in _WORD.findall(text))
    return frozenset(found)


def unknown(text: str, task: str, first: int = 0) -> list[str]:
    """Find the words of a text, from character `first` on, that the task's training texts never hold, each once, in
    order.

    A possessive counts as the word it is made of, a word with hyphens as a whole or by its parts; numbers are words
    that Toyland does not have.
    """
    known = vocabulary(task)
    found: dict[str, None] = {}
    for start, end in word_spans(text, first):
        word = text[start:end]
        if not is_mark(word) and not _is_known(word.lower(), known):
            found.setdefault(word)
    return list(found)


def _is_known(word: str, known: frozenset[str]) -> bool:
    bare = word.removesuffix("'s").rstrip("'")
    if word in known or bare in known:
        return True
    parts = bare.split("-")
    return len(parts) > 1 and all(part in known for part in parts)


def _modules(task: str) -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(toyland.__path__, toyland.__name__ + "."):
        parts = info.name.removeprefix(toyland.__name__ + ".").split(".")
        if all(task in _APART.get(part, {task}) for part in parts):
            yield importlib.import_module(info.name)


def _strings(value: Any, seen: set[int] | None = None) -> Iterator[str]:
    """Collect every string inside a module's tables: in containers, and in the fields of its dataclasses."""
    seen = set() if seen is None else seen
    if isinstance(value, str):
        yield value
        return
    if id(value) in seen or isinstance(value, type | ModuleType) or callable(value):
        return
    seen.add(id(value))
    if isinstance(value, Mapping):
        inside = [
            each for key, each in value.items() if not (isinstance(key, str) and key.startswith("__"))
        ] + [key for key in value if isinstance(key, str) and not _is_name(key, value)]
    elif isinstance(value, list | tuple | set | frozenset):
        inside = list(value)
    elif dataclasses.is_dataclass(value):
        inside = [getattr(value, field.name) for field in dataclasses.fields(value)]
    elif isinstance(value, re.Pattern):
        inside = []
    else:
        return
    for each in inside:
        yield from _strings(each, seen)


def _is_name(key: str, holder: Mapping[Any, Any]) -> bool:
    """Return whether a key is a Python identifier in a module's own table of names."""
    return "__name__" in holder or key.startswith("_")
