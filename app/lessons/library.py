"""The lessons that there are: ours in their order, those of a configured folder, and a visitor's own files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from app.lessons import reading
from app.lessons.reading import Lesson, LessonError
from app.session import state
from core.messages import say, twin

VARIABLE = "GLASSBOX_LESSONS"
FIRST = "why-ball"
ORDER = (
    FIRST, "cut-word", "related", "who-bit", "parts", "learning", "by-heart", "likeliest", "new-job",
    "real-knows", "your-sentence",
)  # fmt: skip
OWN = "own-"  # begins the name of an uploaded lesson
MOST_OWN = 20  # uploaded lessons that a session keeps


def names() -> list[str]:
    """List the names of our lessons and the folder's, in order."""
    return [*ORDER, *(name for name in sorted(_folder()) if name not in ORDER)]


def find(name: str) -> Lesson:
    """Return a lesson by its name, in the language that is spoken here where it has been translated.

    Raises:
        LessonError: there is none, or its file is no lesson.
    """
    if name.startswith(OWN):
        if (own := state.memo("lessons.own").get(name)) is not None:
            return _own(own)
        raise LessonError(
            1, say("this lesson was uploaded in another visit: open its file again on the page Lessons.")
        )
    ours = name in ORDER
    path = reading.HERE / f"{name}.md" if ours else _folder().get(name)
    if path is None:
        raise LessonError(1, say("there is no lesson “{name}” here.", name=name[:60]))
    try:
        return reading.read(twin(path, ours=ours))
    except OSError as why:
        raise LessonError(
            1, say("the file of “{name}” cannot be read: {why}.", name=name, why=why.strerror)
        ) from why


def shown() -> Iterator[tuple[str, Lesson | LessonError]]:
    """Yield each lesson by its name, or why its file is none; a visitor's own come last."""
    for name in [*names(), *state.memo("lessons.own")]:
        try:
            yield name, find(name)
        except LessonError as why:
            yield name, why


def upload(name: str, content: bytes) -> Lesson:
    """Keep an uploaded file for this session.

    Raises:
        LessonError: it is no lesson; the message names the line.
    """
    if len(content) > 4 * reading.LONGEST:
        raise LessonError(
            1, say("the file has {count} bytes; a lesson is a short text.", count=f"{len(content):,}")
        )
    try:
        source = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise LessonError(1, say("the file is not UTF-8 text.")) from None
    words = "".join(
        letter if letter.isascii() and letter.isalnum() else "-" for letter in Path(name).stem.lower()
    )
    known = (OWN + "-".join(filter(None, words.split("-"))))[:40].rstrip("-")
    lesson = reading.parse(known, source)
    kept = state.memo("lessons.own")
    kept.pop(known, None)
    while len(kept) >= MOST_OWN:
        del kept[next(iter(kept))]
    kept[known] = lesson
    return lesson


def through(slug: str) -> list[Lesson]:
    """List our lessons and the folder's that pass through a page."""
    found = []
    for name in names():
        try:
            lesson = find(name)
        except LessonError:
            continue  # the page Lessons says why
        if slug in lesson.pages:
            found.append(lesson)
    return found


def _own(kept: object) -> Lesson:
    assert isinstance(kept, Lesson)
    return kept


def _folder() -> dict[str, Path]:
    """Return the files of the configured folder by their names; without one, none."""
    where = os.environ.get(VARIABLE, "").strip()
    if not where or not Path(where).is_dir():
        return {}
    found = sorted(Path(where).glob("*.md"))
    return {path.stem: path for path in found if reading.NAME.fullmatch(path.stem) and path.is_file()}
