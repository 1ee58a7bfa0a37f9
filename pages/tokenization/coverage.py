"""Compare what each vocabulary covers, for coverage.js: languages, bytes of a character, words that no corpus has."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from app.models import cache
from app.session import events, state
from core.language_model import LanguageModel
from core.messages import mark, mark_of, say, say_of
from core.text.broken import broken
from core.text.languages import languages, rates
from core.text.pieces import Method, Piece
from core.text.simple import altered, hidden
from pages.tokenization.figure import SMOLLM2, method_of, readable, title_of, tokenization

SPENDERS = ("model", "bpe", "wordpiece", "unigram", "gpt2", "cl100k", SMOLLM2, "bert")
BYTE_ROWS = ("model", "bpe", "gpt2", "cl100k", SMOLLM2)
SAMPLE = "é€क👍"  # two, three and four bytes, for a text that has no such character
CARDS = 3
SAID = mark(
    "Coloured bits spell the character's number, the grey ones its length. Where the corpus rarely had it, its bytes "
    "stay single tokens."
)
PROBES = (
    ("zorkle", mark("made up")),
    ("naïve", mark("rare sign")),
    ("नमस्ते", mark("another script")),
    ("👍", mark("emoji")),
)
LANGUAGES = {
    "English": mark_of("language", "English"),
    "Spanish": mark_of("language", "Spanish"),
    "French": mark_of("language", "French"),
    "German": mark_of("language", "German"),
    "Finnish": mark_of("language", "Finnish"),
    "Turkish": mark_of("language", "Turkish"),
    "Vietnamese": mark_of("language", "Vietnamese"),
    "Swahili": mark_of("language", "Swahili"),
    "Russian": mark_of("language", "Russian"),
    "Greek": mark_of("language", "Greek"),
    "Arabic": mark_of("language", "Arabic"),
    "Hebrew": mark_of("language", "Hebrew"),
    "Hindi": mark_of("language", "Hindi"),
    "Bengali": mark_of("language", "Bengali"),
    "Tamil": mark_of("language", "Tamil"),
    "Thai": mark_of("language", "Thai"),
    "Chinese": mark_of("language", "Chinese"),
    "Japanese": mark_of("language", "Japanese"),
    "Korean": mark_of("language", "Korean"),
}  # those of `core.text.languages`, by their names


def draw_below(name: str, data: dict[str, Any]) -> None:
    """Mount one of the figures; the languages' rate is a field of the link."""
    if name == "languages":
        data["narrow"] = state.get("method") if state.get("method") in SPENDERS else "cl100k"
        data["selection"] = events.selection(name, {"rate": state.get("rate")})
        tokenization(data, name, {"select": lambda: events.select(name, ("rate",))})
    else:
        tokenization(data, name)


def _methods(lm: LanguageModel, key: str, rows: Sequence[str]) -> dict[str, Method]:
    """Select the rows whose tokenizers are ready to cut text."""
    learned = cache.kept(key) if key else None
    found = {row: method_of(row, lm, learned) for row in rows}
    return {row: method for row, method in found.items() if method is not None}


def _chips(pieces: Sequence[Piece]) -> list[tuple[str, bool]]:
    return [(readable(piece)[0], piece.unknown) for piece in pieces]


def language_data(lm: LanguageModel, name: str, table: tuple[str, ...], key: str) -> dict[str, Any]:
    """Cut every language's sentences with every vocabulary: tokens, unknown ones, and the second one's pieces.

    Args:
        table: its rows (`rows_for`), as for the two below.
    """
    methods = _methods(lm, key, [row for row in SPENDERS if row in table])
    found = []
    for language in languages():
        cells = {}
        for row, method in methods.items():
            spent = rates(method, language.sentences, language.spaced)
            pieces = _chips(method.encode(language.sentences[1]))
            cells[row] = {"tokens": spent.tokens, "unknown": spent.unknown, "pieces": pieces}
        found.append(
            {
                "code": language.code, "name": say_of("language", LANGUAGES[language.name]),
                "words": spent.words, "characters": spent.characters,
                "bytes": spent.bytes, "sentence": language.sentences[1], "direction": language.direction,
                "cells": cells,
            }
        )  # fmt: skip
    named = [{"id": row, "name": title_of(row, name)} for row in methods]
    return {
        "figure": "languages",
        "stamp": f"{name}\x1f{table}\x1f{key}",
        "methods": named,
        "languages": found,
    }


def byte_data(lm: LanguageModel, name: str, table: tuple[str, ...], text: str, key: str) -> dict[str, Any]:
    """Find the characters of the text that a byte vocabulary broke, and who holds which bytes; else a sample's."""
    methods = {
        row: method for row, method in _methods(lm, key, [row for row in BYTE_ROWS if row in table]).items()
        if any(broken(method.encode(SAMPLE), SAMPLE)) or all(not p.unknown for p in method.encode(SAMPLE))
    }  # fmt: skip
    own = _broken_in(methods, text)
    shown = own or _broken_in(methods, SAMPLE) or list(SAMPLE[1:])
    source = text if own else SAMPLE
    cards = []
    for character in shown[:CARDS]:
        at = source.index(character)
        rows = []
        for row, method in methods.items():
            shares = _shares(method, source, character, at)
            held = [[id, count] for id, count, _ in shares]
            also = [more for _, _, more in shares]
            rows.append({"id": row, "name": title_of(row, name), "tokens": held, "also": also})
        data = list(character.encode("utf-8", "surrogatepass"))
        about = {"code": f"U+{ord(character):04X}", "name": unicodedata.name(character, "").capitalize()}
        cards.append({"character": character, **about, "bytes": data, "rows": rows})
    said = say(SAID)
    if not own:
        said = f"{say('Your text has no broken character; these are examples.')} {said}"
    return {
        "figure": "bytes",
        "stamp": f"{name}\x1f{table}\x1f{text}\x1f{key}",
        "own": bool(own),
        "said": said,
        "cards": cards,
    }


def _broken_in(methods: dict[str, Method], text: str) -> list[str]:
    """List the characters of the text that any of them breaks, those broken most often first."""
    found: dict[str, int] = {}
    for method in methods.values():
        for one in broken(method.encode(text), text):
            found[one.character] = found.get(one.character, 0) + 1
    return sorted(found, key=lambda character: -len(character.encode("utf-8", "surrogatepass")))


def _shares(method: Method, text: str, character: str, at: int) -> list[tuple[int, int, str]]:
    """List (id, how many of the character's bytes it holds, what else it holds) for each token with a part of it."""
    pieces = method.encode(text)
    for one in broken(pieces, text):
        if one.at == at:
            return [(s.piece.id, len(s.data), _also(s.piece.data, s.data)) for s in one.shares]
    data = character.encode("utf-8", "surrogatepass")
    whole = next((piece for piece in pieces if piece.start <= at < piece.end), None)
    return [(-1, len(data), "")] if whole is None else [(whole.id, len(data), _also(whole.data, data))]


def _also(whole: bytes, part: bytes) -> str:
    """Say what a token holds besides its part of a character: "a space" before it, or what stands on both sides."""
    before, found, after = whole.partition(part)
    if not found or not before + after:
        return ""
    if before + after == b" ":
        return say("a space")
    sides = [side.decode("utf-8", "replace").replace(" ", "·") for side in (before, after)]
    if all(side.isprintable() and "\ufffd" not in side for side in sides):
        return f"“{'…'.join(sides) if all(sides) else ''.join(sides)}”"
    return "".join(f"\\x{byte:02x}" for byte in before + after)


def unknown_data(lm: LanguageModel, name: str, table: tuple[str, ...], text: str, key: str) -> dict[str, Any]:
    """Cut words that no corpus has with every tokenizer, and measure the share of the text that it hides or alters."""
    rows = [
        {
            "id": row, "name": title_of(row, name), "hidden": hidden(method.encode(text), text),
            "altered": altered(method.encode(text), text),
            "cells": [_chips(method.encode(probe)) for probe, _ in PROBES],
        }
        for row, method in _methods(lm, key, table).items()
    ]  # fmt: skip
    probes = [{"text": probe, "what": say(what)} for probe, what in PROBES]
    return {
        "figure": "unknown",
        "stamp": f"{name}\x1f{table}\x1f{text}\x1f{key}",
        "rows": rows,
        "probes": probes,
    }
