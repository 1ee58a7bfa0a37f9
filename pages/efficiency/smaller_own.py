"""A learner's own runs: students, taught or alone, and pruned models that are retrained; measured at their end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app import measured, runs, state
from app.counts import counted
from app.own_run import Next
from app.page import Context
from app.trained import Arm
from core.data import corpora
from core.efficiency import held_out
from core.efficiency.judging import Reference
from core.efficiency.removal import stays
from core.efficiency.shrink_lab import rate_at
from core.efficiency.shrink_spec import STUDENTS, ShrinkSpec
from core.efficiency.shrinking import masks_of
from core.efficiency.speed import told
from core.language_model import LanguageModel
from core.runs import loading
from core.runs.shrinking import bundled_base
from pages.efficiency import smaller_mine as mine

FIRST = 100  # seed of own runs; the next one has the next seed
JOB = "efficiency.runs"
USUAL = "tales-gpt"


@dataclass(frozen=True)
class Base:
    """What the next run makes smaller (a bundled decoder, or "RUN@STEP"), what it reads; why not the open model."""

    name: str
    parent: str
    corpus: str
    why: str = ""


def base_of(ctx: Context) -> Base:
    """The open model where it can be trained on further, otherwise tales-gpt with the reason."""
    spec = ctx.lm.card.get("spec", {})
    corpus = str(spec.get("corpus", ""))
    if ctx.name == USUAL and ctx.snapshot is None:
        return Base(USUAL, "", "tales")
    why = ""
    if ctx.lm.config.shape != "decoder" or ctx.lm.config.head != "lm":
        why = f"{ctx.label} says no next tokens"
    elif corpus not in corpora.names():
        why = f"what {ctx.label} was trained on is not at hand"
    elif ctx.name.startswith("run:") and spec.get("kind", "train") == "train":
        step = ctx.snapshot if ctx.snapshot is not None else int(ctx.lm.card["steps"])
        return Base("", f"{ctx.name.removeprefix('run:')}@{step}", corpus)
    elif ctx.name.startswith(("run:", "/", "./", "../")) or ctx.snapshot is not None:
        why = f"{ctx.label} is no model that a run can begin with as it is here"
    else:
        return Base(ctx.name, "", corpus)
    return Base(USUAL, "", "tales", why)


def spec_of(ctx: Context, seed: int = FIRST, steps: int | None = None) -> ShrinkSpec:
    """The next run by the page's settings. Raises ValueError: they do not fit; the message says why.

    Args:
        steps: None: those of the settings.
    """
    base, kind = base_of(ctx), str(state.get("shrunk"))
    way = mine.cut() if kind == "pruned" else kind
    rate = rate_at(way, mine.share()) if kind == "pruned" else None  # type: ignore[arg-type]
    return ShrinkSpec(
        base=base.name, parent=base.parent, corpus=base.corpus, way=way, sparsity=mine.share(), rate=rate,  # type: ignore[arg-type]
        temperature=float(state.get("softness")), hard=float(state.get("plainly")),
        steps=int(state.get("lessons")) if steps is None else steps,
        seed=seed,
    )  # fmt: skip


def title(spec: ShrinkSpec) -> str:
    """A run in words, with the model that it began with where that is not the usual one."""
    of = "" if spec.base == USUAL else f" of {base_name(spec)}"
    if spec.way == "alone":
        return f"student{of} alone, {counted(spec.steps, 'step')}"
    if spec.way == "distilled":
        return f"student{of} taught, T = {spec.temperature:g}, plain share {spec.hard:g}, {counted(spec.steps, 'step')}"
    what = "the blocks’ weights" if spec.way == "magnitude" else "heads and neurons"
    order = ", the smallest first" if spec.way == "magnitude" else ""
    return f"{spec.sparsity:.0%} of {what}{of} removed{order}, {counted(spec.steps, 'step')}"


def short(spec: ShrinkSpec) -> str:
    """A run in a table's row."""
    what = {"alone": "alone", "distilled": "taught"}.get(spec.way, f"−{spec.sparsity:.0%}")
    where = "" if spec.base == USUAL else f" {base_name(spec)}"
    return f"yours:{where} {what}, {spec.steps}"


def base_name(spec: ShrinkSpec) -> str:
    """What a run made smaller: a bundled model, or the name of a run."""
    if spec.base:
        return spec.base
    run = runs.find(spec.parent.partition("@")[0])
    return run.name if run is not None and run.name else "a run of yours"


def found() -> list[Arm]:
    """The runs of the group that the link names, newest first."""
    group = str(state.get("shrinks"))
    arms = []
    for run in runs.grouped(group, kind="shrink") if group else ():
        points = runs.points(run.id)
        if points is not None:
            short = run.over and run.step < run.steps
            checkpoints = runs.checkpoints(run.id)
            arms.append(Arm(run.name, run.id, run.spec, points, checkpoints, run, run.ended if short else ""))
    return arms


def following(ctx: Context, arms: list[Arm], steps: int | None = None) -> Next:
    """The next run as it would be put into the queue. Raises as `spec_of`."""
    spec = spec_of(ctx, FIRST + len(arms), steps)
    return Next(spec, f"Efficiency: {title(spec)}")


def record(arm: Arm) -> dict[str, Any]:
    """An own run for the picture; its figures are None as long as it is not measured."""
    spec: ShrinkSpec = arm.spec  # type: ignore[assignment]
    return {
        "id": arm.id, "name": title(spec), "short": short(spec),
        "way": spec.way, "student": spec.way in STUDENTS, "sparsity": spec.sparsity,
        "steps": spec.steps, "seed": spec.seed, "going": arm.going, "ended": arm.ended,
        "usual": spec.base == USUAL, "base": base_name(spec), "end": _end(measured.of(JOB, arm)),
    }  # fmt: skip


def _end(found: dict[str, Any] | None) -> dict[str, Any] | None:
    return found and {**found, "speed": found["speed"][1] if told(found["speed"]) else None}


def waiting(arms: list[Arm]) -> list[Arm]:
    """Runs that are over and still to be measured."""
    return [
        arm
        for arm in arms
        if arm.run is not None
        and arm.run.state in ("done", "stopped")
        and arm.run.step
        and measured.of(JOB, arm) is None
    ]


def measure(arms: list[Arm], slot: Any) -> None:
    """Measure these runs, with a bar in `slot`; the page is drawn anew when that is done."""
    measured.measure(JOB, arms, slot, lambda: _measured(arms))


def _measured(arms: list[Arm]) -> Iterator[tuple[Arm, dict[str, Any]]]:
    beside: dict[str, Reference] = {}
    for arm in arms:
        spec: ShrinkSpec = arm.spec  # type: ignore[assignment]
        name = spec.base or spec.parent
        if name not in beside:
            beside[name] = held_out.beside(_base(spec))
        lm = loading.load(runs.store(), arm.id)
        result = held_out.measure(beside[name], lm, masks_of(spec, beside[name].lm))
        if spec.way == "structured":
            result |= stays(beside[name].lm, lm)
        yield arm, result


def _base(spec: ShrinkSpec) -> LanguageModel:
    if spec.base:
        return bundled_base(spec.base)
    id, _, step = spec.parent.partition("@")
    return loading.load(runs.store(), id, int(step))
