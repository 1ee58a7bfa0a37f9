"""Find a learner's own runs for the ladder: sizes trained by its recipe, runs of the Training lab that match it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from app import runs
from app.controls import measured
from app.controls.own_run import Next
from app.rooms import dealing, teaching
from app.runs.trained import Arm
from app.session import state
from core.analysis.health import emergence
from core.analysis.health.emergence import Metrics
from core.messages import say
from core.runs import ladder_recordings, loading
from core.runs.ladder_recordings import Rung
from core.training import ladder
from core.training.spec import TrainSpec
from pages.scaling.seen import Own

FIRST = 100  # seed of own runs; the next one has the next seed
LAB = 4  # runs of the Training lab that are shown, the newest
JOB = "scaling"
TITLE = "Scaling: "  # how the names of the page's own runs begin


Size = tuple[int, str]  # a width, and a share of the ladder's text
PORTIONS = ("2", "1", "1/2", "1/4", "1/8")


def asked() -> Size:
    """Read width and text of the next own run."""
    return int(state.get("width")), str(state.get("portion"))


def smaller(size: Size) -> list[Size]:
    """List sizes that take less time: with less of the text, then narrower ones with the least of it."""
    width, portion = size
    less = [(width, one) for one in PORTIONS if Fraction(one) < Fraction(portion)]
    return less + [(one, PORTIONS[-1]) for one in range(width - ladder.APART, 0, -ladder.APART)]


def set_size(size: Size) -> None:
    """Set width and text of the next own run."""
    state.set("width", size[0])
    state.set("portion", size[1])


def spec_of(seed: int = FIRST, size: Size | None = None) -> TrainSpec:
    """Describe the next run, by the settings or of a size. Raises ValueError: no rung is so wide; it says why."""
    width, portion = size or asked()
    return ladder.spec(width, int(ladder.FULL * Fraction(portion)), seed)


def own_runs() -> list[Own]:
    """Find the runs of the link's group, newest first, those of the class, and of the Training lab what matches."""
    group = str(state.get("ladder"))
    # A link may name a group of another page: its runs read other rows.
    listed = [run for run in runs.grouped(group) if ladder.is_rung(run.spec)] if group else []
    room = dealing.group()
    listed += [run for run in runs.grouped(room) if ladder.is_rung(run.spec)] if room else []
    known = {run.id for run in listed}
    listed += [
        run
        for run in runs.mine()
        if run.id not in known and run.step == run.steps and run.state == "done" and ladder.is_rung(run.spec)
        and not run.name.startswith(TITLE)
    ][:LAB]  # fmt: skip
    arms = []
    for run in listed:
        points = runs.points(run.id)
        if points is not None and isinstance(run.spec, TrainSpec):
            arms.append(Arm(run.name, run.id, run.spec, points, runs.checkpoints(run.id), run, run.ended))
    return [Own(arm, _rung(arm), measured.of(JOB, arm) is not None, _is_of(arm, room)) for arm in arms]


def _is_of(arm: Arm, group: str) -> bool:
    return bool(group) and arm.run is not None and arm.run.group == group


def _rung(arm: Arm) -> Rung:
    """Turn an own run into a rung, measured on the ladder's stories: its own held-out ones are those of its seed."""
    spec, size = arm.spec, ladder_recordings.vocabulary()
    config = spec.config(size)
    blocks, tables = ladder.counted(config)
    metrics: Metrics | None = measured.of(JOB, arm)
    loss = (metrics.loss.value, metrics.loss.low, metrics.loss.high) if metrics else (float("nan"),) * 3
    seconds = arm.points.seconds.tolist()
    return Rung(
        arm.name, config.d_model, spec.seed, blocks, tables, ladder.tokens_of(spec),
        ladder_recordings.flops(spec, size), *loss, seconds[-1] if seconds else 0.0,
        metrics.right if metrics else float("nan"), metrics.log if metrics else float("nan"),
        tuple((k, one.value, one.low, one.high) for k, one in metrics.exact.items()) if metrics else (),
        own=arm.id, alike=ladder.is_alike(spec),
    )  # fmt: skip


def unmeasured(own: list[Own]) -> list[Arm]:
    """List the runs that have reached their end and are still to be measured; the class's where its teacher looks."""
    return [
        one.arm
        for one in own
        if not one.measured and one.arm.run is not None and one.arm.run.state == "done"
        and (not one.of_class or teaching.teaches())
    ]  # fmt: skip


def measure(arms: list[Arm], slot: Any) -> None:
    """Measure these runs, with a bar in `slot`; the page is drawn anew when that is done."""
    measured.measure(JOB, arms, slot, lambda: _measured(arms))


def _measured(arms: list[Arm]) -> Iterator[tuple[Arm, Metrics]]:
    for arm in arms:
        lm = loading.load(runs.store(), arm.id)
        yield arm, emergence.measure(lm, emergence.rows(lm, ladder.CONTEXT))


def next_run(own: list[Own], size: Size | None = None) -> Next:
    """Prepare the next run as it would be put into the queue. Raises as `spec_of`."""
    spec = spec_of(FIRST + sum(one.arm.name.startswith(TITLE) for one in own), size)
    return Next(spec, f"{TITLE}{ladder.name(spec)}")


def missing_points(own: list[Own]) -> list[str]:
    """Tell of runs that are no points: they diverged, ended early, or have a loss that is no number."""
    silent = [
        say("{name} is no point: its loss is no number.", name=one.arm.name)
        for one in own
        if one.measured and not one.known
    ]
    return silent + [
        say("{name} is no point: {reason}.", name=one.arm.name, reason=one.arm.ended or one.arm.run.state)
        for one in own
        if one.arm.run is not None and one.arm.run.over and one.arm.run.state != "done"
    ]
