"""Regular expressions that meet a visitor's text: none of them takes more than a look or two at each character.

Quadratic work on 5 MB is days, and minutes on 300 kB; linear work is a second. So half a minute of this process's own
time tells them apart on any machine, however busy. An expression that is written in `core` or `app` and not named here
is tried by the second test.
"""

from __future__ import annotations

import ast
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app import markup, models
from core import survey
from core.analysis.heads import cross_reading
from core.analysis.tasks import heroes
from core.data import corpora
from core.runs.limits import LARGEST_TEXT
from core.text import pretokens
from core.vectors import contextual, reading

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 30.0  # seconds of this process's own
SIZE = 300_000  # characters of a text that is not trained on
pytestmark = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="Windows counts no time of a process's own"
)

WORST = {
    "dots": ".", "spaces": " ", "quotes": '"', "letters": "a", "lines": "\n", "letters and dots": "a.",
    "dots and lines": ".\n", "lines and spaces": "\n ", "commas": ",", "full stops of China": "。", "backticks": "`",
    "apostrophes": "'", "don't": "a'",
    "hyphens": "a-", "braces": "{", "underlines": "_", "digits": "1", "slashes": "models--a--", "rules": "\n---",
    "dots and quotes": '."', "marks and spaces": "? ", "names": "Nora",
}  # fmt: skip


def text(kind: str, size: int) -> str:
    """Characters of a kind, and one of another that no expression waits for."""
    return (WORST[kind] * (size // len(WORST[kind]) + 1))[:size] + "z"


@contextmanager
def in_time() -> Iterator[None]:
    """Fail after `DEADLINE` seconds of computing; `re` looks for signals while it searches."""

    def late(*_: Any) -> None:
        raise AssertionError(f"not done after {DEADLINE:.0f} s of computing")

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, DEADLINE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _front(text: str) -> object:
    return survey._FRONT.match("---" + text[: survey.LARGEST_README])


def _counted(kind: str) -> Callable[[str], object]:
    return lambda text: pretokens.count(text, kind)


def _searched(pattern: re.Pattern[str]) -> Callable[[str], object]:
    return lambda text: sum(1 for _ in pattern.finditer(text))


def _found(word: str) -> Callable[[str], object]:
    def find(text: str) -> object:
        with pytest.raises(ValueError, match=r"stand|follow"):
            contextual.find_word(text, word, 10**9)
        return None

    return find


TRAINED = {
    "sentences of an own text",
    "documents of an own text",
    "sentences of a source",
    "clauses of a source",
}
# Matched where a mark ends, once for each, and never searched for: "sentences of a source" tries it.
AT_ONE_PLACE = {r"\s++[^a-zß-ÿ]|\s*+$"}
READERS: dict[str, Callable[[str], object]] = {
    "sentences of an own text": lambda text: sum(1 for _ in reading.sentences([text])),
    "documents of an own text": lambda text: text.isspace() or len(corpora.own_text(text)),
    **{f"words for a tokenizer: {kind}": _counted(kind) for kind in pretokens.PRETOKENS},
    "sentences of a source": lambda text: len(cross_reading.sentence_spans(text)),
    "clauses of a source": lambda text: len(cross_reading.clause_spans(text)),
    "words of a source": lambda text: len(cross_reading.word_spans(text)),
    "a word to follow": _found("a"),
    "a word of dots to follow": _found("a." * 40),
    "a long word to follow": lambda text: _found(text[: len(text) // 2])(text),
    "a label": markup.escape,
    "a sentence of a page": markup.inline,
    "a message": models.without_places,
    "heroes": heroes.mentions,
    "a README": _front,
}  # fmt: skip


@pytest.mark.parametrize("reader", READERS)
def test_no_text_stops_the_others(reader: str) -> None:
    for kind in WORST:
        with in_time():
            READERS[reader](text(kind, LARGEST_TEXT if reader in TRAINED else SIZE))


def written() -> Iterator[tuple[str, str, int, bool]]:
    """Every constant expression of the product: where, what, its flags, whether it is searched for anywhere."""
    for path in sorted(path for floor in ("core", "app", "pages") for path in (ROOT / floor).rglob("*.py")):
        # Toyland reads this project's own templates; "words of a source" is tried above.
        if "toyland" in path.relative_to(ROOT).parts:
            continue
        source = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            if isinstance(node.func.value, ast.Name) and node.func.value.id == "re":
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    said = ast.unparse(node)
                    flags = re.DOTALL if "DOTALL" in said or "re.S" in said else 0
                    name = source.splitlines()[node.lineno - 1].partition(" =")[0].strip()
                    used = set(re.findall(rf"\b{re.escape(name)}\.(\w+)\(", source)) | {node.func.attr}
                    whole = used <= {"compile", "match", "fullmatch"} and used != {"compile"}
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", first.value, flags, not whole


def test_no_expression_of_ours_is_worse_than_linear() -> None:
    found = list(written())
    assert len(found) > 40
    assert {expression for _, expression, *_ in found} >= AT_ONE_PLACE
    for where, expression, flags, searched in found:
        if expression in AT_ONE_PLACE:
            continue
        pattern = re.compile(expression, flags)
        look = _searched(pattern) if searched else pattern.fullmatch
        for kind in WORST:
            with in_time():
                try:
                    look(text(kind, SIZE))
                except AssertionError as late:
                    raise AssertionError(f"{where}: {expression!r} on {kind}") from late
