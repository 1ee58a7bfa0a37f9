"""Messages in the reader's language, looked up in gettext's tables as they are written.

`say("{share} of the {tokens} score", share=…, tokens=…)` is the message in the language that is spoken here (`speak`),
or the English one, which is also its key. The tables are assets/languages/CODE/*.po: one for each page, one each for
the app, the rooms and `core`; `make messages` collects into them what the code says. app/kit/say.js does the same in
the browser. Numbers, code, tokens and stories stay as they are in every language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

FOLDER = Path(__file__).resolve().parents[1] / "assets" / "languages"
ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "es": "español"}  # code -> what it calls itself
NOUNS = "count"  # the context of words that are counted: their translation has a plural, too

_PLACE = re.compile(r"\{(\w+)\}")
_spoken: ContextVar[str] = ContextVar("glassbox_language", default=ENGLISH)

Made = TypeVar("Made")

# (context, message) -> its translations: one, or of a counted noun two, singular and plural
Table = Mapping[tuple[str, str], tuple[str, ...]]


def spoken() -> str:
    """Return the code of the language that this thread or task speaks."""
    return _spoken.get()


def speak(language: str) -> None:
    """Speak a language from now on, in this thread or task.

    Raises:
        ValueError: none of `LANGUAGES`.
    """
    if language not in LANGUAGES:
        raise ValueError(f"{language!r} is none of {', '.join(LANGUAGES)}")
    _spoken.set(language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language in the body of the `with` block."""
    before = spoken()
    speak(language)
    try:
        yield
    finally:
        _spoken.set(before)


def bound(make: Callable[[], Made]) -> Callable[[], Made]:
    """Bind a function to the language that is spoken now, for whoever calls it later in a thread of its own."""
    language = spoken()

    def speaks() -> Made:
        with speaking(language):
            return make()

    return speaks


def say(message: str | Later, /, **values: object) -> str:
    """Translate a message and put the values in its {places}.

    Args:
        message: in English, written out where it is said, or marked with `mark` where it stands in a table; or one
            that was kept with its values.
    """
    return str(message) if isinstance(message, Later) else say_of("", message, **values)


def say_of(context: str, message: str, /, **values: object) -> str:
    """Translate a message that means different things in different places, by the context that tells them apart."""
    found = table(spoken()).get((context, message))
    return _filled(found[0] if found else message, values)


def mark(message: str) -> str:
    """Mark a message that stands in a table, and is translated where it is shown; return it as it is."""
    return message


def mark_of(context: str, message: str) -> str:
    """Mark a message that `say_of` translates where it is shown; return it as it is."""
    return message


@dataclass(frozen=True)
class Later:
    """A message that is translated when it is shown, perhaps to several readers of different languages."""

    message: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return say(self.message, **self.values)


def later(message: str, /, **values: object) -> Later:
    """Keep a message and its values for `str`, which translates it: for results and errors that visitors share."""
    return Later(message, values)


def reason(error: Exception) -> str | Later:
    """Return what an error says, for results that visitors share: kept for `str`, where it was raised with `later`."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, Later) else str(error)


def twin(path: Path, *, ours: bool = True) -> Path:
    """Return the file of the same name in the language that is spoken here, or `path` itself where there is none.

    Args:
        path: a text in English that is read whole: a lesson, the questions of the pages.
        ours: it is translated in CODE/lessons beside the tables; else in CODE below its own folder.
    """
    if spoken() == ENGLISH:
        return path
    found = (FOLDER / spoken() / "lessons" if ours else path.parent / spoken()) / path.name
    return found if found.is_file() else path


def noun(word: str, one: bool) -> str | None:
    """Translate a counted noun into its singular or plural; None where the table has none (in English)."""
    found = table(spoken()).get((NOUNS, word))
    return found[0 if one else -1] if found else None


@lru_cache(maxsize=len(LANGUAGES))
def table(language: str) -> Table:
    """Read all translations of a language; English has none."""
    return {key: said for key, (said, _) in _read(language).items()}


def used(language: str) -> dict[tuple[str, str], frozenset[str]]:
    """Return in which files each translated message is said: paths relative to the root, with slashes."""
    return {key: places for key, (_, places) in _read(language).items()}


@lru_cache(maxsize=len(LANGUAGES))
def _read(language: str) -> dict[tuple[str, str], tuple[tuple[str, ...], frozenset[str]]]:
    if language == ENGLISH:
        return {}
    import polib  # by whoever needs it: most servers speak English only

    found: dict[tuple[str, str], tuple[tuple[str, ...], frozenset[str]]] = {}
    for path in sorted((FOLDER / language).glob("*.po")):
        for entry in polib.pofile(str(path), encoding="utf-8"):
            said = tuple(entry.msgstr_plural[at] for at in sorted(entry.msgstr_plural)) or (entry.msgstr,)
            if all(said) and not entry.fuzzy and not entry.obsolete:
                places = frozenset(place for place, _ in entry.occurrences)
                found[entry.msgctxt or "", entry.msgid] = said, places
    return found


def _filled(message: str, values: Mapping[str, object]) -> str:
    return _PLACE.sub(lambda place: str(values[place[1]]), message) if values else message
