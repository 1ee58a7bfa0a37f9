"""What is here for a class: lessons, models, memory, and how fast this machine draws a page."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

from app.counts import counted
from core import memory, real, zoo
from scripts.class_check.browsers import Browser
from scripts.class_check.findings import Finding
from scripts.class_check.teachers_page import TeachersPage

TIMES = 7  # how often a page is drawn with another text
HEROES = ("Anna", "Ben", "Lily", "Max", "Nora", "Tim", "Tom")
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
    """Yield how long Home takes for a text that nobody had before. Raises Unreachable, PageFailed."""
    page = TeachersPage(teacher)
    try:
        page.open("")
        took = [
            page.write("text", f"{hero} lost a red ball. Then {hero} found the red")
            for hero in HEROES[:TIMES]
        ]
    finally:
        page.close()
    middle = statistics.median(took)
    learners = int(COMFORTABLE * EACH / middle)
    said = (
        f"Home takes {1000 * middle:.0f} ms for a new text (median of {len(took)}). So some "
        f"{counted(learners, 'learner')} may work on pages of their own, with one act every {EACH:.0f} s; phones that "
        "vote cost next to nothing."
    )
    if middle > SLOW:
        yield Finding("look", said, "Let the class vote and follow, and try things on your own page alone.")
    else:
        yield Finding("works", said)


def _taken(process: int) -> str:
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace").splitlines()
        kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return ""
    return f", with Glassbox running, which takes {kilobytes * 1024 / 1e9:.1f}"
