"""Collect the messages of the code into the tables of translations, and list those without one: `make messages`.

A table for each page, and one each for parts of the app, the glossary, `core`, and what several of them say. A
translation stays with its message when the message moves; one whose message is gone goes, too.

A translator fills in what is empty in assets/languages/CODE/*.po. The names of the field's terms (context "term", in
glossary.po) hold in all of them; tests/test_languages.py tells what is missing, and where a {place} or code was lost.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polib

from core.messages import ENGLISH, FOLDER, LANGUAGES, NOUNS
from scripts import pictures

ROOT = Path(__file__).resolve().parents[1]
COMMON = "common"  # the table of what several parts say
PARTS = ("app/frame", "app/lessons", "app/rooms", "app/outside", "app/controls", "app/charts", "app/session")
# Which argument of a function is a message, and which one is its context (None: it has none, or always the same).
ARGUMENTS = {
    "say": (0, None), "mark": (0, None), "later": (0, None), "say_of": (1, 0), "mark_of": (1, 0), "sayOf": (1, 0),
    "counted": (1, None),
}  # fmt: skip
WIDTH = 110

Key = tuple[str, str]  # context, message


Call = tuple[
    str, str, list[str | None]
]  # the file; the function; its first arguments, None where one is no literal


def collected() -> dict[Key, dict[str, None]]:
    """Collect every message, with the files that say it: of the code, and of the tables that hold nothing else."""
    found: dict[Key, dict[str, None]] = defaultdict(dict)
    for path, function, arguments in [*python_calls(), *script_calls()]:
        key = _key(function, arguments)
        if key is not None:
            found[key][path] = None
    for path, key in tabled():
        found[key][path] = None
    return dict(found)


def _key(function: str, arguments: list[str | None]) -> Key | None:
    message, context = ARGUMENTS[function]
    said = arguments[message] if message < len(arguments) else None
    where = arguments[context] if context is not None else NOUNS if function == "counted" else ""
    return None if not said or where is None else (where, said)


def python_calls() -> Iterator[Call]:
    """Yield each call in Python whose argument is a message."""
    for path in files("*.py"):
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ARGUMENTS:
                yield path, node.func.id, [_literal(one) for one in node.args[:2]]


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def script_calls() -> Iterator[Call]:
    """Yield each call in the browser's scripts whose argument is a message, as a parser reads them."""
    asked = json.dumps({"functions": list(ARGUMENTS), "files": files("*.js")})
    reader = pictures.command(sys.executable, "node", "scripts/script_calls.mjs")
    found = subprocess.run(reader, input=asked, stdout=subprocess.PIPE, text=True, cwd=ROOT, check=True)
    yield from json.loads(found.stdout)


def files(kind: str) -> list[str]:
    """List the files that may say something, relative to the root, with slashes."""
    found = [path for floor in ("core", "app", "pages") for path in (ROOT / floor).rglob(kind)]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def tabled() -> Iterator[tuple[str, Key]]:
    """Yield the messages of tables in which all is said: the glossary's terms, the chapters, what models are for.

    The texts of the cards of models that come with Glassbox are among them.
    """
    from app import chapters, glossary, words
    from core import hub_models, real, zoo

    for term, meaning in words.WORDS.items():
        yield "app/words.py", (words.TERM, term)
        yield "app/words.py", ("", meaning)
    for term in words.FORMS:
        yield "app/words.py", (words.FORM, term)
    for section in glossary.SECTIONS.values():
        yield "app/glossary.py", ("", section)
    for chapter in chapters.CHAPTERS:
        yield "app/chapters.py", ("", chapter.title)
        for cover in chapter.covers:
            yield "app/chapters.py", ("", cover.term)
            yield "app/chapters.py", ("", cover.shown)
    for model in hub_models.MODELS:
        yield "core/hub_models.py", ("", model.what)
    for name in real.BY_NAME:
        yield "core/real.py", ("", str(real.card(name)["what"]))
    for card in (*map(zoo.card, zoo.bundled()), *map(real.card, real.BY_NAME)):
        for text in _prose(card):
            yield "pages/models/card.py", ("", text)
    for said in (*chapters.SECTIONS, *chapters.TRAINED.values()):
        yield "app/chapters.py", ("", said)


def _prose(card: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts of a model's card that the page Models shows: without samples and settings."""
    for name, value in card.items():
        if isinstance(value, Mapping) and name != "spec":
            yield from _prose(value)
        elif isinstance(value, str) and " " in value and name not in ("licence", "measured_on"):
            yield value


def home_of(key: Key, places: Iterable[str]) -> str:
    """Return the name of the table that a message belongs to, by the files that say it."""
    if key[0] == NOUNS:
        return "counts"
    homes = {_part(path) for path in places}
    return homes.pop() if len(homes) == 1 else COMMON


def _part(path: str) -> str:
    floor, *rest = path.split("/")
    if floor == "pages":
        return rest[0]
    if path in ("app/words.py", "app/glossary.py", "app/chapters.py"):
        return "glossary" if path != "app/chapters.py" else "chapters"
    return next((part.split("/")[1] for part in PARTS if path.startswith(f"{part}/")), floor)


def read(language: str) -> dict[Key, polib.POEntry]:
    """Read the entries of all tables of a language; of two translations of one message the first table's stays."""
    found: dict[Key, polib.POEntry] = {}
    for path in sorted((FOLDER / language).glob("*.po")):
        for entry in polib.pofile(str(path), encoding="utf-8"):
            key = entry.msgctxt or "", entry.msgid
            if key not in found or not translated(found[key]):
                found[key] = entry
    return found


def translated(entry: polib.POEntry) -> bool:
    """Return whether an entry has its translation, of a counted noun both numbers."""
    return all(entry.msgstr_plural.values()) if entry.msgstr_plural else bool(entry.msgstr)


def updated(language: str) -> dict[str, polib.POFile]:
    """Make the tables of a language, by name, with the present messages and the translations that there are."""
    found, before = collected(), read(language)
    tables: dict[str, polib.POFile] = {}
    for key, places in sorted(found.items(), key=lambda item: (list(item[1]), item[0])):
        name = home_of(key, places)
        if name not in tables:
            tables[name] = polib.POFile(wrapwidth=WIDTH)
            tables[name].metadata = {
                "Language": language,
                "Content-Type": "text/plain; charset=utf-8",
                "Plural-Forms": "nplurals=2; plural=(n != 1);",
            }
        tables[name].append(_entry(key, places, before.get(key)))
    return tables


def _entry(key: Key, places: Iterable[str], before: polib.POEntry | None) -> polib.POEntry:
    context, message = key
    plural: dict[int, str] = {}
    if context == NOUNS:
        from app.counts import plural as several

        plural = dict(before.msgstr_plural) if before is not None and before.msgstr_plural else {0: "", 1: ""}
    return polib.POEntry(
        msgid=message, msgctxt=context or None,
        msgid_plural=several(message) if context == NOUNS else "",
        msgstr="" if plural or before is None else before.msgstr,
        msgstr_plural=plural,
        tcomment="" if before is None else before.tcomment,
        occurrences=[(path, "") for path in places],
    )  # fmt: skip


def main() -> int:
    """Write the tables of each language; return 1 where a translation is missing."""
    missing = 0
    for language in LANGUAGES:
        if language == ENGLISH:
            continue
        tables = updated(language)
        folder = FOLDER / language
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.po"):
            if path.stem not in tables:
                path.unlink()
        for name, table in tables.items():
            table.save(str(folder / f"{name}.po"))
            empty = [entry.msgid for entry in table if not translated(entry)]
            missing += len(empty)
            if empty:
                print(f"{language}/{name}.po: {len(empty)} of {len(table)} have no translation")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
