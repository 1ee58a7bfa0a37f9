"""Other languages: every message of the code has its translation, with all its {places}, marks and terms."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections import Counter
from pathlib import Path

import polib
import pytest

from app.words import TERM
from core.messages import ENGLISH, FOLDER, LANGUAGES, NOUNS
from scripts import messages

# From so many sentences on, this share of them has to name a term as the glossary does.
OFTEN, ALIKE = 10, 0.9
# Terms that are everyday words, too, and are translated as such: to score, to compute, a teacher of a class.
ORDINARY = {"score", "pass", "norm", "row", "dot", "key", "guessing", "teacher", "compute"}
OTHERS = [code for code in LANGUAGES if code != ENGLISH]
ROOT = Path(__file__).resolve().parents[1]
_PLACE = re.compile(r"\{\w+\}")
_CODE = re.compile(r"`[^`]+`")
languages = pytest.mark.parametrize("language", OTHERS)


@pytest.fixture(scope="module")
def collected() -> dict[messages.Key, dict[str, None]]:
    return messages.collected()


def entries(language: str) -> list[tuple[str, polib.POEntry]]:
    found = sorted((FOLDER / language).glob("*.po"))
    assert found, f"{language} has no tables"
    return [(path.name, entry) for path in found for entry in polib.pofile(str(path), encoding="utf-8")]


def said(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) or [entry.msgstr]


@pytest.mark.full(reason="takes 2 s")
@languages
def test_tables_have_each_message_once_and_no_other(
    language: str, collected: dict[messages.Key, dict[str, None]]
) -> None:
    there = Counter((entry.msgctxt or "", entry.msgid) for _, entry in entries(language))
    assert [key for key, count in there.items() if count > 1] == []
    new, gone = set(collected) - set(there), set(there) - set(collected)
    assert (new, gone) == (set(), set()), "run `make messages`, and translate what it lists"


@languages
def test_every_message_is_translated(language: str) -> None:
    missing = [
        f"{name}: {entry.msgid}" for name, entry in entries(language) if not messages.translated(entry)
    ]
    assert missing == []


@languages
def test_translations_keep_places_and_code(language: str) -> None:
    lost = []
    for name, entry in entries(language):
        for text in said(entry):
            if entry.msgctxt == NOUNS or not text:
                continue
            same = Counter(_PLACE.findall(text)) == Counter(_PLACE.findall(entry.msgid))
            # code may be said once more or once less, but no other code
            same = same and set(_CODE.findall(text)) == set(_CODE.findall(entry.msgid))
            same = same and (text[:1].isspace(), text[-1:].isspace()) == (
                entry.msgid[:1].isspace(), entry.msgid[-1:].isspace(),
            )  # fmt: skip
            if not same:
                lost.append(f"{name}: {entry.msgid!r} -> {text!r}")
    assert lost == []


@pytest.mark.full(reason="takes 2 s")
@languages
def test_terms_are_translated_alike(language: str) -> None:
    """The glossary names a term once for all; a sentence may say it otherwise now and then."""
    there = [entry for _, entry in entries(language) if messages.translated(entry)]
    prose = [(entry.msgid, bare(entry.msgstr)) for entry in there if not entry.msgctxt]
    otherwise = {}
    for entry in there:
        if entry.msgctxt != TERM or entry.msgid in ORDINARY:
            continue
        term = re.compile(rf"(?<![\w-]){re.escape(entry.msgid)}(?:e?s)?(?![\w-])", re.I)
        stem = bare(re.split(r"[ (]", entry.msgstr)[0])
        stem = stem[: min(6, max(4, len(stem) - 3))]
        said = [stem in text for message, text in prose if term.search(_PLACE.sub("", message))]
        if len(said) >= OFTEN and sum(said) < ALIKE * len(said):
            otherwise[entry.msgid] = f"{entry.msgstr}: {sum(said)} of {len(said)}"
    assert otherwise == {}


def bare(text: str) -> str:
    """A text in small letters without accents."""
    return "".join(
        sign for sign in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(sign)
    )


@pytest.mark.full(reason="takes 2 s")
def test_messages_are_written_out_where_they_are_said() -> None:
    """A message that is put together first cannot be found by who translates."""
    put_together = []
    for path in messages.files("*.py"):
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                first = node.args[-1] if node.func.id in ("say_of", "mark_of") else node.args[0]
                if node.func.id in ("say", "mark", "later", "say_of", "mark_of") and isinstance(
                    first, (ast.JoinedStr, ast.BinOp)
                ):
                    put_together.append(f"{path}:{node.lineno}")
    assert put_together == []
