"""The file of a lesson: Markdown with one section for each step, parsed line by line and never evaluated.

    # Why “ball”?
    asks: Where does a model’s next word come from?
    minutes: 10
    model: tales-gpt
    text: A red ball was lost. She found the red
    ends: It read that a known thing was meant, and fetched it.

    ## One head looks back
    at: /attention?block=3&head=2&step=8&row=10
    point: cell 10 3
    Row `·red` gives {weight(L3H2, 10, 3)} of its attention to one earlier row.

    ? How much more weight is that than the next best?
    - twice
    + more than two hundred times
    check: weight(L3H2, 10, 3) / weight(L3H2, 10, 10) > 200
    because: Softmax turns differences of scores into factors of weights.
    evidence: {weight(L3H2, 10, 3)} against {weight(L3H2, 10, 10)}.

A lesson of `model: own` plays on whatever model and text the learner has open, and asks nothing of its own.
`at` is a page's link; what it does not set has its default, and model, text and moment are the head's. In another
language the same lesson is a file of the same name in assets/languages/CODE/lessons (of a folder's lesson, in CODE
below that folder): steps, links and checks are the same, words differ. No Streamlit in here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from app import chapters
from app.session.fields import BY_KEY, DEFAULT_MODEL, DEFAULT_TEXT, Value
from core.messages import mark_of, say, say_of

HERE = chapters.ROOT / "assets" / "lessons"
LONGEST = 100_000  # characters of a file
MOST = 40  # steps of a lesson
TEXT_BOX = "your text"  # points at the box in the sidebar, and at no part of a picture
WORDS = 45  # of a step's prose
OPTIONS = range(2, 5)
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
FILLED = re.compile(r"\{([^{}]*)\}")  # a measure in prose
_HEAD = ("asks", "minutes", "model", "text", "moment", "ends")
_STEP = ("at", "shows", "point", "do", "fade", "check", "because", "evidence")
_ASKED = ("check", "because", "evidence")
_LINE = re.compile(rf"({'|'.join({*_HEAD, *_STEP})}):\s*(.*)")
_DO = re.compile(r"(\w+) (is|has) (\S.*)")


class LessonError(ValueError):
    """Raised for a file that is no lesson; the message names the line and says what to do."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(say("Line {line}: {why}", line=line, why=why))
        self.line = line


@dataclass(frozen=True)
class Place:
    """A page and the values that a link sets there."""

    slug: str
    values: tuple[tuple[str, Value], ...] = ()

    def state(self) -> dict[str, Value]:
        """The values by field."""
        return dict(self.values)


@dataclass(frozen=True)
class Goal:
    """What a learner is asked to do, as a state: a field that is, or has among its words, a value."""

    field: str
    verb: str
    value: str

    def reached(self, found: Value) -> bool:
        """Whether the field's value is the wanted one."""
        written = BY_KEY[self.field].render(found)
        return self.value in written.split() if self.verb == "has" else written == self.value


@dataclass(frozen=True)
class Question:
    """A step's question: the options in their order, which is right, and what makes it right.

    check: a comparison of measures, or "always".   because: the cause, without digits.   evidence: the numbers.
    """

    text: str
    options: tuple[str, ...]
    right: int
    check: str
    because: str
    evidence: str


@dataclass(frozen=True)
class Step:
    """One step: where it plays, what it points at, and what it says and asks.

    shows: the page and state that the answer moves to.   fade: 1: the prose comes after the answer; 2: not at all.
    """

    line: int
    title: str
    at: Place
    prose: str
    shows: Place | None = None
    point: str = ""
    goal: Goal | None = None
    fade: int = 0
    question: Question | None = None


# How the parts of pictures are called in words, for print and for screen readers; others by their own names.
_PARTS = {
    "next": mark_of("part", "the next token"), "tokens": mark_of("part", "the tokens"),
    "lens": mark_of("part", "the lens"), "embedding": mark_of("part", "the embedding"),
    "map": mark_of("part", "the map"), "rows": mark_of("part", "the rows"), "tree": mark_of("part", "the tree"),
    "curves": mark_of("part", "the curves"), "mask": mark_of("part", "the mask"),
    "table": mark_of("part", "the table"), "ladder": mark_of("part", "the table"),
    "thin tables": mark_of("part", "the thin tables"), "product": mark_of("part", "the product"),
    "prompt": mark_of("part", "the prompt"), "answers": mark_of("part", "the answers"),
    "costs": mark_of("part", "the costs"), "memory": mark_of("part", "the memory"),
    TEXT_BOX: mark_of("part", "your text"), "analogy": mark_of("part", "analogy"), "axis": mark_of("part", "axis"),
    "chips": mark_of("part", "chips"), "clock": mark_of("part", "clock"), "cut": mark_of("part", "cut"),
    "doses": mark_of("part", "doses"), "early stopping": mark_of("part", "early stopping"),
    "grid": mark_of("part", "grid"), "grid post": mark_of("part", "grid post"),
    "ledger": mark_of("part", "ledger"), "list": mark_of("part", "list"),
    "lookup sum": mark_of("part", "lookup sum"), "matrix W": mark_of("part", "matrix W"),
    "pair samples": mark_of("part", "pair samples"), "title": mark_of("part", "title"),
    "token pieces": mark_of("part", "token pieces"), "verdict": mark_of("part", "verdict"),
    "whole": mark_of("part", "whole"), "row model": mark_of("part", "row model"),
}  # fmt: skip
_NUMBERED = (
    (re.compile(r"head (?P<block>\d+) (?P<head>\d+)"), mark_of("part", "head {head} of block {block}")),
    (re.compile(r"cell (?P<row>\d+) (?P<column>\d+)"), mark_of("part", "row {row}, column {column}")),
    (re.compile(r"row (?P<row>\w+)"), mark_of("part", "row {row}")),
    (re.compile(r"block (?P<block>\d+)"), mark_of("part", "block {block}")),
)


def named(point: str) -> str:
    """Name a part of a picture in words."""
    if point in _PARTS:
        return say_of("part", _PARTS[point])
    for pattern, words in _NUMBERED:
        if found := pattern.fullmatch(point):
            return say_of("part", words, **found.groupdict())
    return point


@dataclass(frozen=True)
class Lesson:
    """A lesson; `name` is its name in a link."""

    name: str
    title: str
    asks: str
    minutes: int
    model: str
    text: str
    ends: str
    steps: tuple[Step, ...]
    moment: int = -1
    source: str = field(default="", repr=False, compare=False)

    @property
    def pages(self) -> tuple[str, ...]:
        """The slugs of the pages that it passes through, in their order."""
        return tuple(dict.fromkeys(step.at.slug for step in self.steps))

    def texts(self) -> Iterator[str]:
        """All that may hold a measure."""
        for step in self.steps:
            yield step.prose
            if step.question:
                yield from (step.question.text, *step.question.options, step.question.evidence)


def parse(name: str, source: str) -> Lesson:
    """Parse the text of a lesson's file.

    Raises:
        LessonError: it is not one.
    """
    if len(source) > LONGEST:
        raise LessonError(
            1,
            say(
                "the file has {count} characters; a lesson has at most {most}.",
                count=f"{len(source):,}",
                most=f"{LONGEST:,}",
            ),
        )
    if not NAME.fullmatch(name):
        raise LessonError(
            1, say("“{name}” is no name for a lesson: use small letters, digits and hyphens.", name=name[:60])
        )
    lines = [line.rstrip() for line in source.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    begins = [at for at, line in enumerate(lines) if line.startswith("## ")]
    if not begins:
        raise LessonError(1, say("there is no step: a step begins with “## ” and its title."))
    if len(begins) > MOST:
        raise LessonError(begins[MOST] + 1, say("a lesson has at most {most} steps.", most=MOST))
    head = _head(lines[: begins[0]])
    steps = tuple(
        _step(lines, first, end) for first, end in zip(begins, [*begins[1:], len(lines)], strict=True)
    )
    asked = next((step for step in steps if step.question), None)
    if head.model == "own" and asked is not None:
        raise LessonError(
            asked.line, say("a lesson on the learner’s own model asks nothing of its own: the pages ask.")
        )
    return replace(head, name=name, steps=steps, source=source)


def _head(lines: Sequence[str]) -> Lesson:
    found: dict[str, str] = {}
    title = ""
    for at, line in enumerate(lines, 1):
        if not line:
            continue
        if line.startswith("# ") and not title:
            title = line[2:].strip()
            continue
        key, value = _key(line, at, _HEAD)
        _once(found, key, value, at)
    if not title:
        raise LessonError(1, say("the first line is the title: “# ” and its words."))
    for key in ("asks", "minutes"):
        if not found.get(key):
            raise LessonError(1, say("“{key}:” is missing above the first step.", key=key))
    return Lesson(
        name="", title=title, asks=found["asks"], minutes=_whole(found["minutes"], 1, 240, 1, "minutes"),
        model=found.get("model", DEFAULT_MODEL), text=found.get("text", DEFAULT_TEXT), ends=found.get("ends", ""),
        steps=(), moment=_whole(found.get("moment", "-1"), -1, 10**9, 1, "moment"),
    )  # fmt: skip


def _step(lines: Sequence[str], first: int, end: int) -> Step:
    """Parse the section of one step; `first` is its heading."""
    number = first + 1
    found: dict[str, str] = {}
    prose: list[str] = []
    options: list[str] = []
    right: list[int] = []
    asked, at_asked = "", number
    for at, line in enumerate(lines[first + 1 : end], first + 2):
        if line.startswith("? "):
            if asked:
                raise LessonError(at, say("a step asks one question."))
            asked, at_asked = line[2:].strip(), at
        elif line[:2] in ("- ", "+ ") and asked:
            right += [len(options)] if line[0] == "+" else []
            options.append(line[2:].strip())
        elif _LINE.fullmatch(line):
            key, value = _key(line, at, _STEP)
            if key in _ASKED and not asked:
                raise LessonError(at, say("“{key}:” belongs to a question, which begins with “? ”.", key=key))
            _once(found, key, value, at)
        elif line:
            if asked:
                raise LessonError(
                    at, say("after the question come its options, “- ” or “+ ”, and what explains it.")
                )
            prose.append(line.strip())
    said = " ".join(prose)
    if len(said.split()) > WORDS:
        raise LessonError(
            number,
            say(
                "the prose has {count} words; a step has at most {most}: make two.",
                count=len(said.split()),
                most=WORDS,
            ),
        )
    if "at" not in found:
        raise LessonError(number, say("“at:” is missing: the link of the page that the step plays on."))
    for text in (said, found.get("because", "")):
        if text.count("`") % 2:
            raise LessonError(number, say("a backtick is open: each piece of a text stands between two."))
    return Step(
        line=number, title=lines[first][3:].strip(), at=place(found["at"], number), prose=said,
        shows=place(found["shows"], number) if "shows" in found else None, point=found.get("point", ""),
        goal=_goal(found.get("do", ""), number), fade=_whole(found.get("fade", "0"), 0, 2, number, "fade"),
        question=_question(asked, options, right, found, at_asked) if asked else None,
    )  # fmt: skip


def _question(
    text: str, options: Sequence[str], right: Sequence[int], found: dict[str, str], line: int
) -> Question:
    if len(options) not in OPTIONS:
        raise LessonError(line, say("a question has two to four options, not {count}.", count=len(options)))
    if len({option.casefold() for option in options}) < len(options):
        raise LessonError(line, say("two options are the same."))
    if len(right) != 1:
        raise LessonError(
            line, say("one option is right and begins with “+ ”; here {count} do.", count=len(right))
        )
    for key in ("check", "because"):
        if not found.get(key):
            raise LessonError(line, say("“{key}:” is missing under the question.", key=key))
    if re.search(r"\d", re.sub(r"`[^`]*`|L\d+H\d+", "", found["because"])):
        raise LessonError(
            line, say("a because says the cause, without digits: numbers stand in “evidence:”.")
        )
    return Question(
        text, tuple(options), right[0], found["check"], found["because"], found.get("evidence", "")
    )


def _key(line: str, at: int, allowed: Sequence[str]) -> tuple[str, str]:
    found = _LINE.fullmatch(line)
    if found is None or found[1] not in allowed:
        raise LessonError(
            at,
            say(
                "“{line}” is not read here: there are {keys}.",
                line=line[:60],
                keys=", ".join(f"{key}:" for key in allowed),
            ),
        )
    return found[1], found[2].strip()


def _once(found: dict[str, str], key: str, value: str, at: int) -> None:
    if key in found:
        raise LessonError(at, say("“{key}:” stands twice.", key=key))
    found[key] = value


def _whole(raw: str, least: int, most: int, line: int, key: str) -> int:
    try:
        number = int(raw)
    except ValueError:
        raise LessonError(line, say("“{key}: {raw}” is not a whole number.", key=key, raw=raw[:40])) from None
    if not least <= number <= most:
        raise LessonError(
            line,
            say(
                "“{key}: {number}” is not between {least} and {most}.",
                key=key,
                number=number,
                least=least,
                most=f"{most:,}",
            ),
        )
    return number


def _goal(raw: str, line: int) -> Goal | None:
    if not raw:
        return None
    found = _DO.fullmatch(raw)
    if found is None or found[1] not in BY_KEY:
        raise LessonError(
            line,
            say("“do: {raw}” is not read: write a field of the link, “is” or “has”, a value.", raw=raw[:60]),
        )
    return Goal(found[1], found[2], found[3])


def place(link: str, line: int = 1) -> Place:
    """Parse a page's link, as Take away copies it, with or without its host.

    Raises:
        LessonError: no such page, or a value that the page does not know.
    """
    parts = urlsplit(link)
    slug = parts.path.strip("/").rpartition("/")[2] or "home"
    chapter = chapters.BY_SLUG.get(slug)
    if chapter is None or not chapter.exists:
        raise LessonError(line, say("there is no page “/{slug}”.", slug=slug[:40]))
    values: dict[str, Value] = {}
    for key, raw in parse_qsl(parts.query, keep_blank_values=True):
        if key in ("v", "path", "mark", "lang"):
            continue
        if key not in BY_KEY:
            raise LessonError(line, say("the link has “{key}”, which no page knows.", key=key[:40]))
        try:
            values[key] = BY_KEY[key].parse(raw)
        except ValueError as why:
            raise LessonError(
                line, say("in the link, {key}={raw} {why}.", key=key, raw=raw[:40], why=why)
            ) from None
    return Place(slug, tuple(values.items()))


# ---------------------------------------------------------------------------------------------------------- the shelf


@lru_cache(maxsize=256)
def _read(path: Path, changed: int) -> Lesson:
    del changed  # a file that has changed is read again
    try:
        source = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise LessonError(1, say("the file is not UTF-8 text.")) from None
    return parse(path.stem, source)


def read(path: Path) -> Lesson:
    """Read a lesson's file. Raises LessonError: it is none; OSError: it cannot be read."""
    return _read(path, path.stat().st_mtime_ns)
