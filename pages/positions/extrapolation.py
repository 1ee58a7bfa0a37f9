"""Show a shift of positions as one matrix, and tiny models on rows longer than any they were trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from app.controls import widgets, work
from app.kit import pack, register
from app.markup import inline
from app.models import cache
from app.session import state
from core.analysis.positions.extrapolation import EVERY, Plan, Trained, extrapolation, recorded
from core.analysis.positions.order_tasks import TASKS, Task
from core.analysis.positions.tables import Shift, model_table, shift, sinusoidal
from core.analysis.positions.tiny import tiny_table
from core.analysis.stacks import Stack
from core.config import Position
from core.language_model import LanguageModel
from core.messages import mark, say
from pages.positions.figure import title

positions_extrapolation = register("positions_extrapolation", __file__)

ROWS = 128  # positions of the sinusoidal table that is held to the identity
JOB = "extrapolation"
SEED = 3  # of a training on the page: the recorded ones have 0, 1 and 2
SHOWN = 16  # of its columns, those that are drawn
TASK_WORDS = {
    "copy": mark("Copy the letters"),
    "reverse": mark("Say them backwards"),
    "first": mark("Which of two came first"),
}
NAMES = {  # of the tables that are held to the identity
    "sinusoidal": mark("sinusoidal, {width} wide"),
    "own": mark("learned, the open model’s"),
    "tiny": mark("learned, a tiny model"),
}


@dataclass(frozen=True)
class Held:
    """Hold a table beside the identity PE(t + k) = M PE(t): whose it is, the shift, and the row that is shown."""

    whose: str  # "sinusoidal", "own" or "tiny"
    found: Shift
    at: int  # t
    before: np.ndarray[Any, Any]  # (D,) row t
    moved: np.ndarray[Any, Any]  # (D,) M times it
    after: np.ndarray[Any, Any]  # (D,) row t + k

    @property
    def name(self) -> str:
        """The table's name in the reader's language."""
        return say(NAMES[self.whose], width=len(self.before))


def held(lm: LanguageModel, stack: Stack | None, by: int, row: int) -> list[Held]:
    """Test the identity on a sinusoidal table of the model's width and a learned one: its own, or the tiny model's."""
    width = lm.config.d_model + lm.config.d_model % 2
    tables = [("sinusoidal", sinusoidal(ROWS, width))]
    own = lm.config.position == "learned" and lm.config.d_model % 2 == 0 and lm.config.n_ctx > by + 1
    tables.append(("own", model_table(lm, stack)[:ROWS]) if own else ("tiny", tiny_table()))
    made = []
    for whose, table in tables:
        found, at = shift(table, by), min(row, len(table) - by - 1)
        made.append(Held(whose, found, at, table[at], found.moved(table[at]), table[at + by]))
    return made


def charts(kind: Position) -> list[dict[str, Any]]:
    """Collect the recorded results of each task: every kind's mean and span over seeds; of `kind` its answers, too."""
    made = []
    for task in TASKS:
        plan = Plan(task=task)
        runs = recorded(task)
        made.append({
            "task": task, "title": say(TASK_WORDS[task]), "trained": plan.trained, "lengths": list(runs[0].lengths),
            "chance": [plan.chance(length) for length in runs[0].lengths],
            "kinds": [
                {"kind": run.kind, "name": title(run.kind), "mean": list(run.mean), "span": [*map(list, run.span)]}
                for run in runs
            ],
            "seeds": len(runs[0].exact),
            "answers": [
                [answer.length, answer.given, answer.right, answer.said]
                for one in runs if one.kind == kind for answer in one.answers
            ],
        })  # fmt: skip
    return made


def drawn(_: LanguageModel, kind: Position) -> list[dict[str, Any]]:
    """Collect `charts`, called by the cache; they are the same beside every model."""
    return charts(kind)


def trained_here(kind: Position, task: Task) -> Trained | None:
    """Return the last report of the training that the learner has asked for, of this kind on this task."""
    job = work.of(JOB, f"{kind} {task}")
    return job.done[-1] if job is not None and job.done else None


def training(kind: Position, task: Task, notes: Sequence[str]) -> Callable[[], None]:
    """Draw the button that trains a tiny model of this kind for this task; return what trains on, at the page's end.

    Args:
        notes: what the page says on top, to be said again when it is drawn anew.
    """
    key, reports = f"{kind} {task}", max(1, (Plan(task=task).steps or 0) // EVERY)
    make = partial(extrapolation, [kind], task, seed=SEED)
    bar = work.buttons(JOB, key, say("Train {kind} now", kind=title(kind)), reports, make)

    def go_on() -> None:
        job = work.of(JOB, key)
        if job is None or not job.going:
            return
        for note in notes:
            state.note(note)
        work.go_on(JOB, key, bar, say("times {steps} steps", steps=EVERY))

    return go_on


def cell(by: int, tables: list[Held]) -> str:
    """Write the notebook's cell of both panels."""
    best = {task: [max(one.mean[one.lengths.index(12)] for one in recorded(task))] for task in TASKS}
    own = "tiny_table()" if tables[1].whose == "tiny" else "model_table(lm, STACK)"
    shown = {task: float(f"{value[0]:.6g}") for task, value in best.items()}
    return f"""# %% A shift of a sinusoidal table is one matrix; and which kind goes on beyond the trained lengths
from core.analysis.positions.extrapolation import recorded
from core.analysis.positions.tables import model_table, shift, sinusoidal
from core.analysis.positions.tiny import tiny_table

exact = shift(sinusoidal({ROWS}, {len(tables[0].before)}), {by})
print("sinusoidal, the largest difference:", exact.error)
assert exact.error < 1e-9
other = shift({own}[:{ROWS}], {by})
print("learned, the largest difference:", other.error)
same(other.error, [{tables[1].found.error:.6g}])
for task, share in {shown!r}.items():
    runs = recorded(task)
    best = max(runs, key=lambda one: one.mean[one.lengths.index(12)])
    print(task, "12 letters, trained on up to 10:", best.kind, best.mean[best.lengths.index(12)])
    same(best.mean[best.lengths.index(12)], [share])"""


def show(key: str, stack: Stack | None, kind: Position, row: int, notes: Sequence[str]) -> Callable[[], None]:
    """Draw the heading, the slider of the shift, the task, the button that trains, and both panels.

    Returns:
        what goes on with a training that was asked for: the page calls it last.
    """
    heading = say("A shift is one matrix, and what lies beyond the trained length")
    st.html(f'<section class="gb-words"><h2>{inline(heading)}</h2></section>')
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.slider(say("Shift by positions"), 1, 60, width=300, **state.bind("shift"))
        widgets.segments(say("A tiny model’s task"), "task", TASKS, lambda task: say(TASK_WORDS[str(task)]))
        go_on = training(kind, state.get("task"), notes)
    by, mine = state.get("shift"), trained_here(kind, state.get("task"))
    tables: list[Held] = cache.call(held, key, stack, by, row)
    positions_extrapolation(
        data={
            "stamp": f"{key} {stack} {by} {row} {kind} {state.get('task')} {mine and mine.step} {mine and mine.kind}",
            "by": by, "row": row, "kind": kind, "name": title(kind),
            "tables": [
                {
                    "name": one.name, "at": one.at, "error": one.found.error, "rows": one.found.rows,
                    "moved": pack(one.moved[:SHOWN]), "after": pack(one.after[:SHOWN]),
                }
                for one in tables
            ],
            "matrix": pack(tables[0].found.matrix[:SHOWN, :SHOWN]), "size": min(SHOWN, len(tables[0].before)),
            "angles": [float(angle) for angle in tables[0].found.angles[: SHOWN // 2]],
            "charts": cache.call(drawn, key, kind), "task": state.get("task"), "mine": mine and told(mine),
        },
        key="more",
    )  # fmt: skip
    return go_on


def told(report: Trained) -> dict[str, Any]:
    """Turn a report of a training on this page into JSON."""
    return {
        "step": report.step, "steps": report.steps, "loss": report.loss, "seed": report.seed,
        "exact": list(report.exact.values()), "margin": list(report.margin.values()),
        "answers": [[one.length, one.given, one.right, one.said] for one in report.answers],
    }  # fmt: skip
