"""The lessons as pages to print, their numbers measured while the site is built."""

from __future__ import annotations

import core
from app.lessons import library, printed, sheets
from app.lessons.reading import FILLED, Lesson
from core import real
from core.analysis.expressions import value
from core.analysis.measures import MeasureError, Measures
from core.catalogue import snapshots
from core.language_model import LanguageModel
from core.runs.run_measures import MEASURED
from scripts.documentation.pages import Source, table

SECTION, FOLDER = "Lessons to print", "lessons"
OWN = "own"  # a lesson on the learner's own model measures nothing
SHEETS = {"sheet": False, "sheet with answers": True}  # kinds -> whether their blanks are filled in
UNKNOWN = "____"  # a number of a model that is not on this machine, to be filled in by hand


def write(source: Source) -> None:
    """Write a page for each lesson, and the page that lists them."""
    lessons = [library.find(name) for name in library.ORDER]
    opened: dict[tuple[str, int], LanguageModel] = {}
    for lesson in lessons:
        source.page(
            f"{FOLDER}/{lesson.name}.md",
            f"---\ntitle: {lesson.title}\nhide: [toc]\n---\n\n{article(lesson, opened)}\n",
            SECTION,
            lesson.title,
        )
    written = {name: _sheets(source, library.find(name), opened) for name in sheets.names()}
    columns = {
        "lesson": [f"[{one.title}]({one.name}.md)" for one in lessons],
        "asks": [one.asks for one in lessons],
        "minutes": [str(one.minutes) for one in lessons],
        "a page to fill in": [written.get(one.name, "") for one in lessons],
    }
    source.page(
        f"{FOLDER}/index.md",
        f"# {SECTION}\n\nIn the app a lesson plays over the pages, and every question is answered by the model. Here "
        "each is a document: steps and questions first, the answers on a page of their own at the end. Two of them "
        "have a page to fill in by hand, too: once for learners, once with the answers, computed while this site was "
        "built.\n\n" + "\n".join(table(columns)) + "\n",
    )
    source.entries[SECTION] = {"All of them": f"{FOLDER}/index.md", **source.entries[SECTION]}


def _sheets(source: Source, lesson: Lesson, opened: dict[tuple[str, int], LanguageModel]) -> str:
    """Write a lesson's sheet and the one with answers; return links to both."""
    lm = _open(lesson.model, lesson.moment, opened)
    links = []
    for kind, answers in SHEETS.items():
        name = f"{lesson.name}-{kind.replace(' ', '-')}"
        title = f"{kind.capitalize()}: {lesson.title}"
        text = sheets.sheet(lm, lesson.name, answers, heading=1)
        source.page(
            f"{FOLDER}/{name}.md", f'---\ntitle: "{title}"\nhide: [toc]\n---\n\n{text}\n', SECTION, title
        )
        links.append(f"[{kind}]({name}.md)")
    return ", ".join(links)


def article(lesson: Lesson, opened: dict[tuple[str, int], LanguageModel]) -> str:
    """Write a lesson as HTML; `opened` keeps the models from one lesson to the next."""
    return printed.article(lesson, lambda mark, texts: _filled(lesson, mark, texts, opened), heading=1)


def _filled(
    lesson: Lesson, mark: int, texts: tuple[str, ...], opened: dict[tuple[str, int], LanguageModel]
) -> tuple[str, ...]:
    """Put the measures into the texts of a step, as the step's own model and text have them."""
    wanted = dict.fromkeys(found for text in texts for found in FILLED.findall(text))
    if not wanted:
        return texts
    known = _measured(lesson, mark, list(wanted), opened)
    return tuple(FILLED.sub(lambda found: known[found[1]], text) for text in texts)


def _measured(
    lesson: Lesson, mark: int, wanted: list[str], opened: dict[tuple[str, int], LanguageModel]
) -> dict[str, str]:
    there = {"model": lesson.model, "text": lesson.text, "snapshot": lesson.moment, "target": ""}
    there |= lesson.steps[mark - 1].at.state()
    name, moment = str(there["model"]), int(str(there["snapshot"]))
    if not _here(name):
        return dict.fromkeys(wanted, UNKNOWN)
    lm = _open(name, moment, opened)

    def earlier(step: int) -> LanguageModel:
        if step not in snapshots(name):
            raise MeasureError(f"no moment of step {step} was kept")
        return _open(name, step, opened)

    target = str(there["target"]) if lm.config.shape == "encoder-decoder" else None
    measures = Measures(lm, str(there["text"]), target, earlier, MEASURED)
    return {one: str(value(one, measures)) for one in wanted}


def _open(name: str, moment: int, opened: dict[tuple[str, int], LanguageModel]) -> LanguageModel:
    if (name, moment) not in opened:
        opened[name, moment] = core.load(name, snapshot=None if moment < 0 else moment)
    return opened[name, moment]


def _here(name: str) -> bool:
    """Whether a model is on this machine: the published ones are fetched by `make run`, or left out."""
    return name not in real.BY_NAME or name in real.ready()
