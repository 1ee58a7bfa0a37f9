"""Export the Optimizers page: what its picture, the race, is (`FIGURE`), its numbers as a table, and notebook cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from app.kit.figures import Argument, Asked, Figure, Table
from core.messages import ENGLISH, say, speaking
from core.training.adam_steps import Distance, Trained, follow
from core.training.race import Track, race
from core.training.rate_finder import Found
from pages.optimizers import figure
from pages.optimizers.figure import COLUMNS, NAMES, Setup, numbers, setup_of, told

if TYPE_CHECKING:
    from app.questions import Answer
    from pages.optimizers.moments import Weight

KEYS = ("start", "racers", "rates", "racer", "lap")


@dataclass(frozen=True)
class Seen:
    """A race, and what each optimizer did in it."""

    asked: Asked
    setup: Setup
    tracks: Sequence[Track]


def see(asked: Asked) -> Seen:
    """Compute the track of every chosen optimizer over the surface."""

    def wrong(field: str, value: str, why: str, used: str) -> None:
        if field in asked.given:
            raise ValueError(f"{asked.given[field]}={asked.values[field]!r}: {why}.")
        asked.note(say("{why}; {used} is used.", why=why, used=used))

    setup = setup_of(asked.values, wrong)
    asked.at_most("lap", setup.steps)
    return Seen(asked, setup, race(setup.surface, setup.start, setup.rules, setup.steps))


def sentence(seen: Seen) -> str:
    """What is on the picture: the surface, and where everybody ends."""
    surface, setup = seen.setup.surface, seen.setup
    ends = [
        f"{say(NAMES[track.rule.kind])} {track.losses[-1]:.3g}"
        if track.diverged is None
        else say("{name} diverged at step {step}", name=say(NAMES[track.rule.kind]), step=track.diverged)
        for track in seen.tracks
    ]
    x, y = setup.start
    said = say(
        "{surface}, {formula}, from ({x}, {y}), the loss after {steps} steps: {ends}.",
        surface=say(surface.title),
        formula=surface.formula,
        x=f"{x:g}",
        y=f"{y:g}",
        steps=setup.steps,
        ends=", ".join(ends) or say("nobody takes part"),
    )
    return f"{said} {told(setup, seen.tracks)}".strip()


def race_table(seen: Seen) -> Table:
    """A line for each step of each racer."""
    lines = [
        (NAMES[track.rule.kind], at, float(x), float(y), _rounded(loss))
        for track in seen.tracks
        for at, ((x, y), loss) in enumerate(zip(track.points, track.losses))
    ] or [("nobody", 0, *seen.setup.start, None)]
    return dict(zip(("optimizer", "step", "x", "y", "loss"), (list(column) for column in zip(*lines))))


FIGURE = Figure(
    "optimizers", figure.optimizers, see,
    record=lambda seen: figure.record(seen.setup, seen.tracks),
    select=lambda seen: {key: seen.asked.values[key] for key in KEYS},
    claim=lambda seen: say("What an optimizer remembers decides where it steps."),
    sentence=sentence,
    table=race_table,
    arguments=(
        Argument("surface", "surface"), Argument("start", "start"), Argument("racers", "racers"),
        Argument("rates", "rates"), Argument("racer", "racer"), Argument("step", "lap"), Argument("steps", "laps"),
        Argument("beta", "beta"), Argument("beta2", "beta2"), Argument("weight_decay", "decay"),
        Argument("nesterov", "nesterov"),
    ),
    model=False, text=False, blank=("tracks",), tall=620,
)  # fmt: skip

# As text: the race is the same for every model, all other numbers are this model's.
RACE = "race: (x, y) loss"


def table(weight: Weight, trained: Trained, tracks: Sequence[Track]) -> dict[str, Sequence[Any]]:
    """A line for each step of Adam on the weight, for each token of the text, and for each step of each racer."""
    row, col = weight.chosen(trained)
    values = numbers(follow(trained, row, col))
    with speaking(ENGLISH):  # a table's words are those of its columns
        title = weight.title
    lines: list[dict[str, Any]] = [
        {
            "what": f"Adam on {title} [{row}, {col}]",
            "step": at + 1,
            "token": None,
            "loss before": _rounded(trained.losses[at]),
            "loss after": _rounded(trained.losses[at + 1]),
            **{name: _rounded(value) for name, value in zip(COLUMNS, now)},
            RACE: None,
        }
        for at, now in enumerate(values)
    ]
    empty = dict.fromkeys(lines[0])
    lines += [empty | line for line in _tokens(weight, trained)]
    lines += [
        empty | {"what": NAMES[track.rule.kind], "step": at, RACE: f"({x:.6g}, {y:.6g}) {loss:.6g}"}
        for track in tracks
        for at, ((x, y), loss) in enumerate(zip(track.points, track.losses))
    ]
    return {name: [line[name] for line in lines] for name in empty}


def _tokens(weight: Weight, trained: Trained) -> list[dict[str, Any]]:
    """The text's tokens, each with its loss before and after all steps where it was asked for."""
    shape, text = weight.ctx.lm.config.shape, weight.ctx.tokens
    losses = list(zip(map(_rounded, trained.before), map(_rounded, trained.after)))
    display = weight.ctx.lm.tokenizer.display
    answers = [
        {"what": "asked for", "token": display(id), "loss before": before, "loss after": after}
        for id, (before, after) in zip(trained.wanted, losses)
        if id >= 0
    ]
    if shape == "encoder-decoder":
        return [{"what": "token of the text", "token": token} for token in text] + answers
    at = losses if shape == "encoder" else [(None, None), *losses]
    return [
        {"what": "token of the text", "token": token, "loss before": before, "loss after": after}
        for token, (before, after) in zip_longest(text, at[: len(text)], fillvalue=(None, None))
    ]


def _rounded(value: float) -> float | None:
    return float(f"{value:.8g}") if np.isfinite(value) else None


def cells(
    load: str,
    setup: Setup,
    tracks: Sequence[Track],
    weight: Weight,
    answer: tuple[Answer, Distance],
    more: Sequence[str] = (),
) -> list[str]:
    """Cells that train again, run the race again, and assert every number shown.

    Args:
        load: the call that loads the model, as source.
        more: cells of what was searched and measured (`finder_cell`, `landscape_cell`).
    """
    trained = weight.trained()
    return [
        _weight(load, weight, trained),
        _torch(weight),
        *([_race(setup, tracks)] if tracks else []),
        *more,
        _question(*answer),
    ]


def _weight(load: str, weight: Weight, trained: Trained) -> str:
    row, col = weight.chosen(trained)
    shown = numbers(follow(trained, row, col))
    names = [name for name in COLUMNS if name != "used"]
    columns = {name: _numbers(shown[:, COLUMNS.index(name)]) for name in names}
    asserts = "\n".join(f"same([{_path(name)} for s in steps], {values})" for name, values in columns.items())
    return f"""# %% Adam on one weight of the model: real training steps on the text, and their numbers
import numpy as np
from core.training.adam_steps import compare, follow, place, train
from core.training.rules import Rule

lm = {load}
TEXT = {weight.ctx.text!r}
TARGET = {weight.target!r}
RULE = {_rule(weight.rule)}


def same(now, shown):
    now, shown = (np.asarray(values, dtype=float) for values in (now, shown))
    np.testing.assert_allclose(now, shown, rtol=5e-3, atol=5e-3 * np.abs(shown).max() + 1e-12)


where = place(lm, {weight.block}, {weight.matrix!r}, {weight.stack!r})
trained = train(lm, TEXT, where, RULE, TARGET)
same(trained.losses, {_numbers(trained.losses)})
steps = follow(trained, {row}, {col})
{asserts}"""


def _path(name: str) -> str:
    return {"first": "s.memory.first", "second": "s.memory.second"}.get(name, f"s.{name}")


def _torch(weight: Weight) -> str:
    return f"""# %% The written-out steps end where torch.optim.Adam put the weight
row, col = {weight.chosen(weight.trained())}
np.testing.assert_allclose(float(steps[-1].after), trained.end[row, col], rtol=1e-3, atol=1e-6)"""


def _race(setup: Setup, tracks: Sequence[Track]) -> str:
    rules = ",\n    ".join(_rule(rule) for rule in setup.rules)
    ends = "\n".join(
        f"assert race_[{at}].diverged == {track.diverged}\n" + (
            f"same(race_[{at}].points[-1], {_numbers(track.points[-1])})\n"
            f"same(race_[{at}].losses[-1], {float(track.losses[-1]):.6g})"
            if track.diverged is None
            else f"assert race_[{at}].steps == {track.steps}"
        )
        for at, track in enumerate(tracks)
    )  # fmt: skip
    return f"""# %% The race
from core.training.race import race
from core.training.surfaces import SURFACES

rules = [
    {rules},
]
race_ = race(SURFACES[{setup.surface.name!r}], {setup.start!r}, rules, {setup.steps})
{ends}"""


def _question(answer: Answer, found: Distance) -> str:
    if not answer.numbers:
        return f"""# %% The question
found = compare(trained, {found.other!r})
assert found.adam is None or found.gradients is None"""
    return f"""# %% The question: how far did the steepest weight come, by its gradients alone and by Adam?
found = compare(trained, {found.other!r})
assert found.steep == {found.steep!r}
print(found)
np.testing.assert_allclose(found.gradients, {found.gradients:.5g}, rtol=2e-2)
np.testing.assert_allclose(found.adam, {found.adam:.5g}, rtol=2e-2)"""


def finder_cell(seen: Found, kind: str, fresh: bool) -> str:
    """A cell that searches a rate again, up to where the loss was lowest: beyond, small differences grow large."""
    upto = seen.lowest + 1
    losses = _numbers([trial.loss for trial in seen.trials[:upto]])
    return f"""# %% The rate finder
from itertools import islice
from core.training.rate_finder import search

trials = list(islice(search(lm, TEXT, {kind!r}, TARGET, fresh={fresh}), {upto}))
print(min(trials, key=lambda trial: trial.loss))
np.testing.assert_allclose([trial.loss for trial in trials], {losses}, rtol=5e-2, atol=5e-2)"""


def landscape_cell(heights: np.ndarray, box: tuple[float, ...], moments: Sequence[int], name: str) -> str:
    """A cell that measures the landscape again and asserts every fifth point.

    Args:
        moments: the steps of the training path whose plane it is, of the model `name`; () for random directions.
    """
    size = len(heights)
    plane = "random_plane(lm)"
    load = ""
    if moments:
        load = f"path = [core.load({name!r}, snapshot=step) for step in {list(moments)}]\n"
        plane = "path_plane(path)"
    middle = "path[-1]" if moments else "lm"
    return f"""# %% The landscape
from core.analysis.health.landscape import measure, path_plane, random_plane

{load}plane = {plane}
np.testing.assert_allclose(plane.box, {box!r}, rtol=1e-3, atol=1e-5)
grid = np.array(list(measure({middle}, plane, TEXT, TARGET, columns={size}, rows={size})))
same(grid[::5, ::5].ravel(), {_numbers(heights[::5, ::5])})"""


def _rule(rule: Any) -> str:
    shown: Mapping[str, Any] = {
        "momentum": rule.momentum, "beta1": rule.beta1, "beta2": rule.beta2, "weight_decay": rule.weight_decay,
        "nesterov": rule.nesterov,
    }  # fmt: skip
    return f"Rule({rule.kind!r}, {rule.rate!r}, " + ", ".join(f"{k}={v!r}" for k, v in shown.items()) + ")"


def _numbers(values: Any) -> str:
    return "[" + ", ".join(f"{float(value):.7g}" for value in np.ravel(values)) + "]"
