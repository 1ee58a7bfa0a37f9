"""The questions of all pages: read from `assets/lessons/questions.md`, filled with a page's values.

The file is plain Markdown that a teacher can judge. `#` begins a page (its slug), `##` a question (its name), and then
a line each, which lines indented under it continue:

    claim: which sentence of the page it is about
    ? the question, with {places} for what differs
    + key: the option that the page's claim speaks for
    - key: another option
    because key: why that one is true, where it is; one for every option that can turn out true
    evidence: the numbers; `evidence key:` where an option needs other ones

Nothing in it is evaluated: a {place} is a name, and a page gives its value. The same file in another language is
`assets/languages/CODE/lessons/questions.md`: of the same questions, keys and places.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from core.messages import LANGUAGES, twin

FILE = Path(__file__).resolve().parents[1] / "assets" / "lessons" / "questions.md"

Told = str | int | float
TOLERANCE = 0.1  # of the larger number; the options say it as "within a tenth"
_PLACE = re.compile(r"\{(\w+)\}")
_LINE = re.compile(
    r"(?:(?P<alone>\?|claim:)|(?P<mark>[+-]|because|evidence)(?: +(?P<key>[a-z0-9_]+))?:) +(?P<text>.+)"
)


class QuestionError(ValueError):
    """Raised where the file of questions breaks its format, or lacks what a page asks for; says where."""


@dataclass(frozen=True)
class Answer:
    """The model's answer to a question.

    Args:
        index: the right option.
        because: its cause: a mechanism in a verb, without numbers.
        numbers: what it was computed from, for the page's notebook.
        evidence: the numbers in a sentence.
        shows: the fields that the button "Show it" sets, so that the picture shows the evidence; empty: no button.
    """

    index: int
    because: str
    numbers: dict[str, Told] = field(default_factory=dict)
    evidence: str = ""
    shows: Mapping[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """One question as the file has it, its {places} open."""

    page: str
    name: str
    claim: str
    text: str
    options: Mapping[str, str]  # key -> words, in the order of the file
    claimed: str  # the key of what the page's claim speaks for
    because: Mapping[str, str]  # key -> cause
    evidence: Mapping[str, str]  # key -> numbers; "": of all others

    @property
    def places(self) -> frozenset[str]:
        """The names between braces in the question and its options: what must be known to ask it."""
        return frozenset(_PLACE.findall(" ".join([self.text, *self.options.values()])))


@dataclass(frozen=True)
class Asked:
    """A question about something: its places filled, its answer not yet known."""

    question: Question
    text: str
    keys: tuple[str, ...]
    options: tuple[str, ...]
    values: Mapping[str, Told]

    def answer(
        self,
        key: str,
        numbers: Mapping[str, Told] | None = None,
        shows: Mapping[str, str | int | float | bool] | None = None,
        **values: Told,
    ) -> Answer:
        """Return the answer of which option `key` is the right one.

        Args:
            numbers: what the notebook proves; by default those of `values` that are numbers.
            shows: the fields that "Show it" sets.
            values: fill the places of the because and of the evidence, beside those that the question was asked with.

        Raises:
            QuestionError: no such option, an option without a because, or a place without a value.
        """
        asked, known = self.question, {**self.values, **values}
        where = f"{asked.page}/{asked.name}"
        if key not in self.keys or key not in asked.because:
            raise QuestionError(f"{where}: there is no because for “{key}”")
        # All of them are filled, so that a place that nobody fills is noticed whichever is true.
        because = {name: fill(text, known, where) for name, text in asked.because.items()}
        evidence = {name: fill(text, known, where) for name, text in asked.evidence.items()}
        proved = (
            numbers if numbers is not None else {k: v for k, v in values.items() if not isinstance(v, str)}
        )
        told = evidence.get(key, evidence.get("", ""))
        return Answer(self.keys.index(key), because[key], dict(proved), told, dict(shows or {}))


def fill(text: str, values: Mapping[str, Told], where: str = "") -> str:
    """Fill the {places} of `text`: words as they are, counts with separators, other numbers with three decimals.

    Raises:
        QuestionError: a place without a value.
    """

    def put(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise QuestionError(f"{where}: nothing is given for {{{found[1]}}}")
        value = values[found[1]]
        return value if isinstance(value, str) else f"{value:,}" if isinstance(value, int) else f"{value:.3f}"

    return _PLACE.sub(put, text)


def ask(page: str, name: str, /, *, order: Sequence[str] = (), **values: Told) -> Asked:
    """Ask a question of the file.

    Args:
        page: its page's slug. name: of the question.
        order: the keys of the options in the order in which they are shown, where the file's would give the answer
            away (options that are tokens stand as in the text); a key that is not among them is not offered.
        values: fill the places of the question and its options; a token as `markup.mono(markup.visible(token))`.

    Raises:
        QuestionError: no such question or option, or a place without a value.
    """
    try:
        question = read()[page, name]
        options = {key: question.options[key] for key in order or question.options}
    except KeyError as what:
        raise QuestionError(f"{page}/{name}: there is no {what}") from None
    where = f"{page}/{name}"
    return Asked(
        question, fill(question.text, values, where), tuple(options),
        tuple(fill(text, values, where) for text in options.values()), values,
    )  # fmt: skip


def is_same(a: float, b: float) -> bool:
    """Return whether two numbers differ by at most a tenth of the larger: the rule of every question that says so."""
    return abs(a - b) <= TOLERANCE * max(abs(a), abs(b))


def read() -> Mapping[tuple[str, str], Question]:
    """Read the questions of the file in the language that is spoken here, by page and name.

    Raises:
        QuestionError: the file breaks its format.
    """
    return _read(twin(FILE))


@lru_cache(maxsize=len(LANGUAGES))
def _read(path: Path) -> Mapping[tuple[str, str], Question]:
    return {(each.page, each.name): each for each in parse(path.read_text(encoding="utf-8"))}


def parse(text: str) -> tuple[Question, ...]:
    """Parse the file; text before the first `#` is for its readers.

    Raises:
        QuestionError: a line of another kind, a question that lacks a part, or two of one name; says which line.
    """
    found: list[Question] = []
    page = ""
    part: _Part | None = None
    for number, line in _joined(text):
        if line.startswith("# "):
            found += [part.question()] if part else []
            page, part = line[2:].strip(), None
        elif line.startswith("## "):
            found += [part.question()] if part else []
            if not page:
                raise QuestionError(f"line {number}: a question stands before the first page")
            part = _Part(number, page, line[3:].strip())
        elif part is not None:
            part.take(number, line)
        elif page:
            raise QuestionError(f"line {number}: a page begins with a question, `## name`")
    found += [part.question()] if part else []
    names = [(each.page, each.name) for each in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise QuestionError(f"{twice[0]}/{twice[1]} stands twice")
    return tuple(found)


def _joined(text: str) -> list[tuple[int, str]]:
    """Return the lines that are not empty with their numbers; an indented one continues the line before."""
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("  ") and line.strip() and lines:
            lines[-1] = (lines[-1][0], f"{lines[-1][1]} {line.strip()}")
        elif line.strip():
            lines.append((number, line.rstrip()))
    return lines


@dataclass
class _Part:
    """A question that is being read."""

    line: int
    page: str
    name: str
    claim: str = ""
    text: str = ""
    claimed: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    because: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)

    def take(self, number: int, line: str) -> None:
        """Take in one line."""
        found = _LINE.fullmatch(line)
        if found is None:
            raise QuestionError(f"line {number}: “{line[:40]}” is no line of a question")
        mark, key, text = found["alone"] or found["mark"], found["key"] or "", found["text"]
        if mark == "claim:" and not self.claim:
            self.claim = text
        elif mark == "?" and not self.text:
            self.text = text
        elif mark in "+-" and key and key not in self.options:
            self.options[key] = text
            self.claimed += [key] if mark == "+" else []
        elif mark == "because" and key and key not in self.because:
            self.because[key] = text
        elif mark == "evidence" and key not in self.evidence:
            self.evidence[key] = text
        else:
            raise QuestionError(f"line {number}: “{line[:40]}” comes twice, or has a key where none belongs")

    def question(self) -> Question:
        """Return it, once it is whole."""
        where = f"line {self.line}: {self.page}/{self.name}"
        if not self.claim or not self.text:
            raise QuestionError(f"{where} lacks its claim or its question")
        if not 2 <= len(self.options) <= 4 or len(self.claimed) != 1:
            raise QuestionError(f"{where} needs two to four options, one of them with a +")
        if unknown := {*self.because, *self.evidence} - {*self.options, ""}:
            raise QuestionError(f"{where} has no option “{min(unknown)}”")
        if self.claimed[0] not in self.because or not self.evidence:
            raise QuestionError(f"{where} lacks a because of the option with a +, or its evidence")
        return Question(
            self.page,
            self.name,
            self.claim,
            self.text,
            self.options,
            self.claimed[0],
            self.because,
            self.evidence,
        )
