"""What is here for a class: lessons, models, memory, and how fast this machine draws a page."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from app.counts import counted
from app.models import REAL, SMALL
from core import memory, real, zoo
from scripts.class_check.browsers import Browser
from scripts.class_check.findings import Finding
from scripts.class_check.teachers_page import TeachersPage

HEROES = ("Anna", "Ben", "Lily", "Max", "Nora", "Tim", "Tom")  # of the texts that a page is drawn with
FEW = 3  # texts for a large model
SLOW = 1.0  # seconds for a page, from which a class waits for it
LITTLE = (
    1.5e9  # bytes free that a class needs at least; ten sessions over all pages took 1.0 GB in our benchmark
)
EACH = 10.0  # seconds between two acts of one learner
COMFORTABLE = 0.5  # share of a process's time that may be taken, for nobody to wait long


def supplies() -> Iterator[Finding]:
    """Yield what is there to teach with."""
    from app.lessons import library

    yield Finding(
        "works", f"{counted(len(library.ORDER), 'lesson')} and {counted(len(zoo.bundled()), 'small model')}."
    )
    here, missing = real.ready(), [one.name for one in real.MODELS if real.folder(one.name) is None]
    if here:
        yield Finding("works", f"Ready from published models: {', '.join(here)}.")
    for name in missing:
        yield Finding("look", f"{real.missing(name)}.", "Everything else works without it.")


def free_memory(process: int | None) -> Iterator[Finding]:
    """Yield how much memory is left, where the system tells; `process`: the server's, None: another's."""
    free, whole = memory.available(), memory.total()
    if free is None or whole is None:
        return
    taken = "" if process is None else _taken(process)
    said = f"{free / 1e9:.1f} of {whole / 1e9:.1f} GB of memory are free{taken}."
    if free < LITTLE:
        yield Finding("look", said, "End other programs before the class: pages may become slow, or end.")
    else:
        yield Finding("works", said)


def speed(teacher: Browser) -> Iterator[Finding]:
    """Yield how long Home takes for a text that nobody had before: with a small model, and a published one if ready.

    Raises:
        Unreachable, PageFailed.
    """
    small = _home(teacher, SMALL, len(HEROES))
    learners = int(COMFORTABLE * EACH / small)
    said = (
        f"Home takes {1000 * small:.0f} ms for a new text with {SMALL} (median of {len(HEROES)}): about "
        f"{counted(learners, 'learner')} may work on pages of their own, with one act every {EACH:.0f} s. Phones that "
        "vote cost next to nothing."
    )
    slow = "Let the class vote and follow, and try things on your own page alone."
    yield Finding("look", said, slow) if small > SLOW else Finding("works", said)
    if REAL in real.ready():
        large = _home(teacher, REAL, FEW)
        said = f"With {REAL} it takes {large:.1f} s (median of {FEW})."
        yield (
            Finding("look", said, f"For a quick page choose {SMALL}.")
            if large > SLOW
            else Finding("works", said)
        )


def _home(teacher: Browser, model: str, times: int) -> float:
    """Measure the median of the seconds that Home takes for texts that differ in a word."""
    page = TeachersPage(teacher)
    try:
        page.open("", urlencode({"model": model, "text": "Once upon a time"}))
        took = [
            page.write("text", f"{hero} lost a red ball. Then {hero} found the red")
            for hero in HEROES[:times]
        ]
    finally:
        page.close()
    return statistics.median(took)


def _taken(process: int) -> str:
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace").splitlines()
        kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return ""
    return f", with Glassbox running, which takes {kilobytes * 1024 / 1e9:.1f}"
