"""The player: sets each step's page up, keeps the answers, and gives a learner's own view back at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app import models
from app.lessons import library
from app.lessons.reading import FILLED, Lesson, LessonError, Place, Step
from app.models import cache
from app.session import lent, state
from app.session.fields import Value
from core.analysis.expressions import check, value
from core.analysis.measures import MeasureError, Measures
from core.language_model import LanguageModel
from core.messages import say
from core.runs.run_measures import MEASURED

OWN = "own"  # the model of a lesson that plays on the learner's own model and text
KEPT = ("path", "mark", "lang")  # fields that say where a learner is and what is spoken: no part of a view


@dataclass(frozen=True)
class Playing:
    """The open step of the open lesson."""

    lesson: Lesson
    mark: int  # the step's number, from 1

    @property
    def step(self) -> Step:
        """The step itself."""
        return self.lesson.steps[self.mark - 1]

    @property
    def answered(self) -> int | None:
        """The option that the learner chose; None: none yet."""
        found: int | None = _answers().get((self.lesson.name, self.mark))
        return found

    @property
    def shown(self) -> Place:
        """Where the page should be now: the step's place, or after the answer what that shows."""
        return self.step.at if self.answered is None or self.step.shows is None else self.step.shows

    @property
    def following(self) -> Step | None:
        """The next step, or None on the last."""
        return self.lesson.steps[self.mark] if self.mark < len(self.lesson.steps) else None


def playing() -> Playing | None:
    """Return the open step, or None outside of a lesson; a lesson that is not here is left with a message."""
    name = str(state.get("path"))
    if not name:
        return None
    try:
        lesson = library.find(name)
    except LessonError as why:
        state.note(say("The lesson could not be opened. {why}", why=why))
        state.put({"path": "", "mark": 0})
        return None
    return Playing(lesson, min(max(int(state.get("mark")), 1), len(lesson.steps)))


def start(name: str, mark: int = 1) -> None:
    """Open a lesson at a step; the learner's own view is kept until the lesson is left.

    Raises:
        LessonError: there is no such lesson.
    """
    lesson = library.find(name)
    if not state.get("path"):
        lent.back()
        state.memo("lesson")["mine"] = {**state.snapshot(), "page": state.page()}
    go(Playing(lesson, min(max(mark, 1), len(lesson.steps))))


def go(to: Playing) -> None:
    """Set up a step's page: model, text and all selections, as one undo step."""
    _set(to, {"path": to.lesson.name, "mark": to.mark})


def move(by: int) -> None:
    """Go to the next step or back; on the last step, Next leaves."""
    now = playing()
    if now is None:
        return
    mark = now.mark + by
    if mark > len(now.lesson.steps):
        leave()
        state.note(say("You have come to the end of the lesson “{title}”.", title=now.lesson.title))
    elif mark >= 1:
        go(Playing(now.lesson, mark))


def look(mark: int) -> None:
    """Go back to a step of the open lesson."""
    now = playing()
    if now is not None and 1 <= mark <= len(now.lesson.steps):
        go(Playing(now.lesson, mark))


def leave() -> None:
    """Close the lesson and restore the learner's own model, text and view."""
    lent.forget()
    now = playing()
    mine = dict(state.memo("lesson").pop("mine", {}))
    page = mine.pop("page", "")
    if not mine:  # the lesson was opened by a link: there is no earlier view
        mine = {field.key: field.default for field in state.FIELDS if field.selection}
    if now is not None and now.lesson.model == OWN:  # what was written there is the learner's own
        mine |= {key: state.get(key) for key in (*_INPUTS, "target")}
    state.update({**mine, "path": "", "mark": 0, "lang": state.get("lang")})
    state.memo("lesson").clear()
    if page:
        _open(page)


def answer(index: int) -> None:
    """Commit an answer: the picture moves to what it shows."""
    now = playing()
    if now is None or now.step.question is None or now.answered is not None:
        return
    if 0 <= index < len(now.step.question.options):
        _answers()[(now.lesson.name, now.mark)] = index
        if now.step.shows is not None:
            _set(now)


def forget(name: str) -> None:
    """Forget what was answered in a lesson."""
    kept = _answers()
    for place in [place for place in kept if place[0] == name]:
        del kept[place]


def again() -> None:
    """Return to the step's own view after roaming."""
    now = playing()
    if now is not None:
        _set(now)


def _set(to: Playing, also: Mapping[str, Value] = MappingProxyType({})) -> None:
    """Set the page up as a step shows it, as one undo step."""
    lent.forget()
    state.update(view(to.lesson, to.shown) | dict(also))
    state.memo("lesson").update(set=True, drawn=None)
    _open(to.shown.slug)


def arrive(slug: str) -> None:
    """Set up the step of a link that names lesson and step alone; a page calls this before its model opens."""
    memo = state.memo("lesson.link")
    if memo.get("read"):
        return
    memo["read"] = True
    if not state.linked("path") or state.linked("text"):
        return
    now = playing()
    if now is not None:
        state.put(view(now.lesson, now.shown) | {"path": now.lesson.name, "mark": now.mark})
        state.memo("lesson").update(set=True, drawn=None)
        if now.shown.slug != slug:
            _open(now.shown.slug)


def view(lesson: Lesson, place: Place) -> dict[str, Value]:
    """Return the whole state that a place of a lesson means: what its link does not set has its default."""
    fresh = {field.key: field.default for field in state.FIELDS if field.key not in KEPT}
    head: dict[str, Value] = {
        "model": lesson.model,
        "text": lesson.text,
        "snapshot": lesson.moment,
        "view": state.get("view"),
    }
    if lesson.model == OWN:  # what the learner has open, with the text and the head chosen on the page before
        head |= {key: state.get(key) for key in (*_INPUTS, "target", *_FOLLOWED)}
    return fresh | head | place.state()


def own_view(now: Playing) -> str:
    """Return how the page differs from the step: "" not at all, "text" in model or text, "page", or "view"."""
    place = now.shown
    if state.page() != place.slug:
        return "page"
    memo = state.memo("lesson")
    if memo.get("set"):
        return ""
    drawn: Mapping[str, Value] | None = memo.get("drawn")
    there = state.snapshot()
    wanted = view(now.lesson, place) if drawn is None else drawn
    loose = _FILLED if drawn is None else frozenset[str]()
    loose |= _INPUTS | {"target", *_FOLLOWED} if now.lesson.model == OWN else frozenset()
    changed = {key for key, value in wanted.items() if there[key] != value} - loose - _ASIDE
    goal = now.step.goal
    if goal is not None and goal.reached(there[goal.field]):
        changed -= {goal.field}
    return "" if not changed else "text" if changed & _INPUTS else "view"


def drawn() -> None:
    """Keep the state in which the step's page was drawn: what a page fills in by itself is no view of the learner's."""
    now = playing()
    if now is not None and own_view(now) == "":
        state.memo("lesson").update(set=False, drawn=state.snapshot())


# Fields that a page fills in by itself, whatever a learner does; those that are no part of a view; the model's input.
_FILLED = frozenset({"target", "block", "head", "follow", "row", "col"})
_ASIDE = frozenset({*KEPT, "view"})
_INPUTS = frozenset({"model", "snapshot", "text"})
# What a learner has chosen on one page of a lesson about an own text, and expects on the next.
_FOLLOWED = ("block", "head")


def asks() -> bool:
    """Whether a lesson's question waits on this page; then the page's own stays closed."""
    now = playing()
    if now is None or now.step.question is None or now.answered is not None:
        return False
    return own_view(now) in ("", "view")


def finished(now: Playing) -> bool:
    """Whether what the step asks for is done: its question answered, its goal reached."""
    if now.step.question is not None and now.answered is None:
        return False
    goal = now.step.goal
    return goal is None or goal.reached(state.get(goal.field))


# ------------------------------------------------------------------------------------------------------- the numbers


def filled(now: Playing, texts: tuple[str, ...], refused: dict[str, str] | None = None) -> tuple[str, ...]:
    """Fill the measures of a step's texts in, as the step's own model and text have them.

    Args:
        refused: gets the name of the model and the reason, where the model does not open; its measures then say so.
    """
    wanted = dict.fromkeys(found for text in texts for found in FILLED.findall(text))
    if not wanted:
        return texts
    try:
        known = _taken(now, tuple(wanted), "value")
    except (ValueError, OSError) as why:  # as in app/models/opening.py
        model = str(view(now.lesson, now.step.at)["model"])
        if refused is not None:
            refused[model] = models.without_places(str(why))
        known = dict.fromkeys(wanted, f"[{say('{model} did not open', model=model)}]")
    return tuple(FILLED.sub(lambda found: str(known[found[1]]), text) for text in texts)


def holds(now: Playing) -> bool:
    """Whether the check of the step's question holds, on the step's own model and text."""
    question = now.step.question
    assert question is not None
    return bool(_taken(now, (question.check,), "check")[question.check])


def _taken(now: Playing, wanted: tuple[str, ...], how: str) -> dict[str, str | bool]:
    """Compute expressions through the cache that all sessions share."""
    there = view(now.lesson, now.step.at)
    name = str(there["model"])
    found: dict[str, str | bool] = cache.call(
        taken,
        cache.key(name, int(there["snapshot"])),
        name,
        str(there["text"]),
        str(there["target"]),
        wanted,
        how,
    )
    return found


def taken(
    lm: LanguageModel, name: str, text: str, target: str, wanted: tuple[str, ...], how: str
) -> dict[str, str | bool]:
    """Compute expressions on a model and text: values as prose writes them, or checks.

    An expression that this model cannot answer has its reason as the value: a teacher who writes a lesson reads it.
    """
    measures = Measures(
        lm, text, target if lm.config.shape == "encoder-decoder" else None,
        lambda step: cache.model(name, step) if step in cache.moments(name) else _none(step), MEASURED,
    )  # fmt: skip
    found: dict[str, str | bool] = {}
    for one in wanted:
        try:
            found[one] = check(one, measures) if how == "check" else value(one, measures)
        except MeasureError as why:
            found[one] = f"[{why}]"
    return found


def _none(step: int) -> LanguageModel:
    raise MeasureError(f"no moment of step {step} was kept")


def _answers() -> dict[tuple[str, int], int]:
    kept: dict[tuple[str, int], int] = state.memo("lesson.answers")  # type: ignore[assignment]
    return kept


def _open(slug: str) -> None:
    if slug != state.page():
        state.memo("visit")["page"] = slug
        state.carry(slug)  # the page begins at the step that the lesson has set
