"""Export the Scaling page: what its picture is (`FIGURE`), every run and published model as a table, notebook cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from app.charts import described
from app.counts import counted
from app.kit.arms import stilled
from app.kit.figures import Argument, Asked, Figure, StillChart
from core.analysis.health.emergence import LENGTHS
from core.messages import ENGLISH, say, speaking
from core.runs import ladder_recordings
from core.runs.ladder_recordings import Against, Rung
from core.scaling import published
from core.scaling.surface import Surface
from pages.scaling import charts, figure, words
from pages.scaling.figure import STEPS
from pages.scaling.seen import AXES, Own, Seen, see, split_interval, surface

if TYPE_CHECKING:
    from pages.scaling.question import Question

KEYS = ("stage", "withheld")
NAMED = (*STEPS, "all")  # the steps in a call


@dataclass(frozen=True)
class Shown:
    """The law of an axis, the learner's own runs beside it, and the step that is looked at (-1: the whole picture)."""

    seen: Seen
    own: tuple[Own, ...]
    stage: int

    @property
    def step(self) -> str:
        """The step by its name, "" for the whole picture."""
        return figure.step_of(self.stage)

    @cached_property
    def both(self) -> Surface:
        """The law over parameters and data at once."""
        return surface(self.seen.tables)

    @property
    def told(self) -> list[str]:
        """What the step says, in sentences."""
        return figure.told(self.seen, self.both, self.step)

    @property
    def layers(self) -> frozenset[str]:
        """What the charts show at the step."""
        return charts.shows(self.step, STEPS)

    def beside(self, own: Sequence[Own]) -> Shown:
        """Put the learner's own runs beside the recorded ones; the forecast is held against them, too."""
        seen = self.seen
        again = see(seen.against, seen.withheld, seen.tables, seen.width, [one.rung for one in own])
        return replace(self, seen=again, own=tuple(own)) if own else self

    @property
    def still(self) -> Shown:
        """A copy for a file, in which no run goes on."""
        arms = stilled([one.arm for one in self.own])
        return replace(
            self, own=tuple(replace(one, arm=arm) for one, arm in zip(self.own, arms, strict=True))
        )


def look(asked: Asked) -> Shown:
    """Fit the law of the chosen axis."""
    values = asked.values
    width = min(ladder_recordings.widths(), key=lambda one: abs(one - int(values["rung"])))
    seen = see(cast("Against", values["against"]), int(values["withheld"]), bool(values["tables"]), width)
    return Shown(seen, (), asked.step("stage", NAMED))


def sentence(shown: Shown) -> str:
    """What is on the picture: how many runs, their law, what it foretells, the frontier."""
    seen = shown.seen
    return " ".join([
        say("Loss against {axis}, of {runs} by one recipe.", axis=say(AXES[seen.against][0]),
            runs=counted(len(seen.runs), "run")),
        *words.findings(seen, shown.both),
    ])  # fmt: skip


def drawings(shown: Shown) -> list[StillChart]:
    """The ladder, and the frontier where it shows one, as they are at each step."""
    found = []
    lines = figure.frontier(shown.seen, shown.both, [one.rung for one in shown.own if one.known])
    for stage, step in enumerate((*STEPS, "")):
        layers = charts.shows(step, STEPS)
        parts = [
            (
                charts.ladder(shown.seen, shown.own, layers, hands=False),
                say("Loss against {axis}.", axis=say(AXES[shown.seen.against][0])),
            )
        ]
        if "frontier" in layers:
            parts.append(
                (
                    charts.frontier(lines, step == "frontier"),
                    say("Loss against compute, a line for each size."),
                )
            )
        found += [StillChart(described.drawing(chart), said, stage if step else -1) for chart, said in parts]
    return found


FIGURE = Figure(
    "scaling", figure.scaling, look,
    record=lambda shown: figure.record(shown.seen, shown.own, shown.step, shown.both),
    select=lambda shown: {"stage": shown.stage, "withheld": shown.seen.withheld},
    claim=lambda shown: say("A few small models foretell a larger one, within a band."),
    sentence=sentence,
    table=lambda shown: table(shown.seen, shown.own),
    arguments=(
        Argument("against", "against"), Argument("withheld", "withheld"), Argument("embeddings", "tables"),
        Argument("width", "rung"), Argument("step", "stage", lambda shown: NAMED),
    ),
    model=False, text=False, charts=drawings, saved="scaling_ladder", tall=420,
    own=lambda shown: say("with the recorded sizes alone, without your runs") if shown.own else "",
)  # fmt: skip

NAMES = (
    "run", "kind", "width", "seed", "N without embeddings", "N of the embeddings", "D", "C = 6 N D",
    "operations counted", "loss", "low", "high", "used for the fit", "law", "seconds", "log p", "share right",
    *(f"{k} in a row right" for k in LENGTHS), "Kaplan L(N, D)", "Hoffmann L(N, D)",
)  # fmt: skip


def table(seen: Seen, own: Sequence[Own]) -> dict[str, Sequence[Any]]:
    """List each recorded run, each own one and each published model."""
    names = {one.name for one in seen.runs}
    lines = [_line(seen, one, "recorded", one.name in names) for one in ladder_recordings.rungs()]
    lines += [_line(seen, one.rung, "yours", False) for one in own if one.known]
    for model in published.MODELS:
        both = None if model.tokens is None else (model.parameters, model.tokens)
        lines.append((
            model.name, "published", None, None, model.parameters, None, model.tokens, model.flops, *(None,) * 9,
            *(None,) * len(LENGTHS), None if both is None else float(published.kaplan_both(*both)),
            None if both is None else float(published.CHINCHILLA(*both)),
        ))  # fmt: skip
    return dict(zip(NAMES, (list(column) for column in zip(*lines))))


def _line(seen: Seen, one: Rung, kind: str, on_axis: bool) -> tuple[Any, ...]:
    x, found = one.at(seen.against, seen.tables), seen.found
    used = on_axis and found is not None and x <= max(found.used)
    exact = {k: share for k, share, *_ in one.exact}
    return (
        one.name, kind, one.width, one.seed, one.blocks, one.tables, one.tokens, one.at("compute", seen.tables),
        one.flops, one.loss, one.low, one.high, used, float(found.law(x)) if on_axis and found else None, one.seconds,
        one.log, one.right, *(exact.get(k) for k in LENGTHS), None, None,
    )  # fmt: skip


def cells(seen: Seen, own: Sequence[Own], asked: Question) -> list[str]:
    """Write cells that fit the recorded runs again, ask the question, and place the published models."""
    return [_fit(seen), _frontier(seen), _question(asked), _own(seen, own), PUBLISHED]


def _fit(seen: Seen) -> str:
    head = f"""# %% The law of the recorded runs, without the largest sizes
from core.runs import ladder_recordings
from core.scaling.forecast import forecast

AGAINST, TABLES, WIDTH, WITHHELD = {seen.against!r}, {seen.tables!r}, {seen.width!r}, {seen.withheld!r}
runs = ladder_recordings.series(AGAINST, WIDTH, TABLES)
AT = None if WITHHELD else ladder_recordings.place(ladder_recordings.ahead(AGAINST, WIDTH), AGAINST, TABLES)
x, losses = [one.at(AGAINST, TABLES) for one in runs], [one.loss for one in runs]
"""
    if seen.found is None:
        with speaking(ENGLISH):  # as core says it in a notebook
            why = see(seen.against, seen.withheld, seen.tables, seen.width).why
        return (
            head
            + f"""try:
    forecast(x, losses, WITHHELD)
except ValueError as why:
    assert str(why).lower() in {why.lower()!r}
    print(why)
else:
    raise AssertionError("a law was fitted")"""
        )
    law, found = seen.found.law, seen.found
    shown = [law.floor, law.amount, law.exponent, found.at, found.loss]
    interval = None if found.low is None else (found.low, found.high)
    return (
        head
        + f"""own = {[one for one in found.truths if not found.held]!r}  # losses of own runs of the size foretold
found = forecast(x, losses, WITHHELD, AT, own)
shown = {[float(f"{value:.9g}") for value in shown]!r}
again = [found.law.floor, found.law.amount, found.law.exponent, found.at, found.loss]
assert all(abs(one - other) <= 1e-5 * abs(other) + 1e-9 for one, other in zip(again, shown, strict=True)), again
interval = {interval!r}
assert interval is None or max(abs(found.low - interval[0]), abs(found.high - interval[1])) < 1e-5
assert found.verdict == {found.verdict!r}
print(found.law, found.loss, (found.low, found.high), found.truth)"""
    )


def _frontier(seen: Seen) -> str:
    law, (low, high, off) = surface(seen.tables), split_interval(seen.tables)
    best = [one.name for one in ladder_recordings.frontier(ladder_recordings.rungs(), seen.tables)]
    return f"""# %% The frontier of compute, and the law over parameters and characters at once
import numpy as np
from core.scaling.surface import fit_surface, misfit, share_between

every = ladder_recordings.rungs()
best = [one.name for one in ladder_recordings.frontier(every, TABLES)]
assert best == {best!r}
n, d, found_losses = zip(*((one.parameters(TABLES), one.tokens, one.loss) for one in every))
surface = fit_surface(n, d, found_losses)
assert abs(surface.share - {law.share!r}) < 1e-4
between = share_between(surface, n, d, found_losses)
assert max(abs(between[0] - {low!r}), abs(between[1] - {high!r})) < 1e-3
off = misfit(surface, *(np.array(one) for one in (n, d, found_losses)))
assert abs(off - {off!r}) < 1e-5
print(surface, between, off, best)"""


def _question(asked: Question) -> str:
    found = asked.forecast()
    return f"""# %% The question: other sizes kept from the fit
runs = ladder_recordings.series("parameters")
asked = forecast([one.parameters({asked.tables!r}) for one in runs], [one.loss for one in runs], {asked.held!r})
assert asked.verdict == {found.verdict!r} and abs(asked.loss - {found.loss!r}) < 1e-5
print(asked.loss, (asked.low, asked.high), asked.truth)"""


def _own(seen: Seen, own: Sequence[Own]) -> str:
    mine = [(one.rung.at(seen.against, seen.tables), one.rung.loss) for one in own if one.known]
    return (
        f"""# %% Own runs: where they stand, their loss, and what the law says there
for at, loss in {mine!r}:
    print(at, loss, float(found.law(at)))"""
        if seen.found
        else "# %% No law, so nothing to hold own runs against"
    )


PUBLISHED = """# %% The published laws, and models by their published sizes
from core.scaling.published import CHINCHILLA, MODELS, chinchilla_best, kaplan_best, kaplan_both

for model in MODELS:
    if model.tokens is None:
        print(model.name, model.parameters, "tokens never published")
        continue
    assert abs(model.flops - 6 * model.parameters * model.tokens) < 1e-6 * model.flops
    both = (model.parameters, model.tokens)
    print(model.name, model.flops, float(kaplan_both(*both)), float(CHINCHILLA(*both)))
    print("best size by Kaplan, by Hoffmann:", kaplan_best(model.flops)[0], chinchilla_best(model.flops)[0])"""
