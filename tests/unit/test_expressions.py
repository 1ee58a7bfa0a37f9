"""Regular expressions that read a visitor's text: the time of each grows linearly with the length of the text.

The fastest quadratic expressions (`a*b` on a text of the letter a) take 9 s of computing for 150,000 characters, most
take minutes, and linear ones at most a quarter of a second. A limit of 3 s of this process's own time separates them
on any machine, however busy. The second test tries the expressions of the product that are not named here.
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
SECONDS_PER_CHARACTER = 20e-6  # of this process's own: 3 s for SIZE, 20 s for a million characters
SIZE = 150_000  # characters of a text that is not trained on
# A text that is trained on may be longer. This length also finds quadratic copying, which costs little a character.
TRAINED_SIZE = LARGEST_TEXT // 5
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
def limit_time(size: int) -> Iterator[None]:
    """Fail after the seconds of computing that `size` characters may take; `re` handles signals while it searches."""
    seconds = size * SECONDS_PER_CHARACTER

    def late(*_: Any) -> None:
        raise AssertionError(f"not done after {seconds:.0f} s of computing")

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
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


@pytest.mark.full(reason="each case takes 2 s")
@pytest.mark.parametrize("reader", READERS)
def test_no_text_stops_the_others(reader: str) -> None:
    size = TRAINED_SIZE if reader in TRAINED else SIZE
    for kind in WORST:
        with limit_time(size):
            READERS[reader](text(kind, size))


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


@pytest.mark.full(reason="starts processes and waits for them, 17 s")
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
            with limit_time(SIZE):
                try:
                    look(text(kind, SIZE))
                except AssertionError as late:
                    raise AssertionError(f"{where}: {expression!r} on {kind}") from late
