"""Compare pruning with and without retraining, students with and without a teacher, and DistilBERT with BERT.

The recorded runs fill both charts at once; the open model's own pruning curve is measured beside them, and a learner's
own runs are points on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import markup, runs
from app.controls import measured, own_run, widgets, work
from app.controls.own_run import Next
from app.counts import counted
from app.frame import page
from app.frame.page import Context
from app.kit import register
from app.models import cache
from app.runs.trained import Arm
from app.session import events, state
from app.words import sentence
from core.analysis import seeds
from core.analysis.seeds import Interval
from core.data import corpora
from core.efficiency import distilbert, held_out, speed
from core.efficiency.judging import Reference, judge_original
from core.efficiency.removal import Cut, by_level, neurons_only, stays
from core.efficiency.shrink_lab import LONGER, RETRAINED, levels, rate_at
from core.efficiency.shrink_spec import STUDENTS, ShrinkSpec
from core.efficiency.shrinking import masks_of
from core.efficiency.speed import told
from core.language_model import LanguageModel
from core.messages import ENGLISH, mark, say, speaking
from core.runs import compression_recordings, loading
from core.runs.compression_recordings import Level
from core.runs.endings import retold
from core.runs.shrinking import bundled_base
from pages.efficiency import smaller_charts
from pages.efficiency.smaller_charts import distilbert_text, pruning_text, scope_text, students_text

smaller = register("efficiency_smaller", __file__)

TERMS = ("pruning", "sparsity", "distillation", "teacher", "temperature", "held out", "seed", "interval")


def record(ctx: Context, arms: Sequence[Arm]) -> dict[str, Any]:
    """Turn recorded runs, the open model's pruning curve and own runs into the JSON that smaller.js draws."""
    way = cut()
    alone, taught, longer = (
        compression_recordings.arm("alone"),
        compression_recordings.arm("distilled"),
        compression_recordings.arm("alone", LONGER),
    )
    curves: dict[Cut, list[Level]] = {
        "magnitude": compression_recordings.curve("magnitude"),
        "structured": compression_recordings.curve("structured"),
    }
    found = pruned_shares(ctx, way)
    listed = [own_record(arm) for arm in arms]
    return {
        "stamp": repr((ctx.model_key, way, share(), sorted(found), listed)),
        "tokens": list(ctx.tokens), "name": ctx.label, "cut": way, "share": share(), "retrained": RETRAINED,
        "base": {name: compression_recordings.base()[name] for name in ("name", "loss", "numbers", "bytes", "places")}
        | {"texts": held_out.STORIES},
        "curves": {name: [_level(one) for one in levels] for name, levels in curves.items()},
        "neuronsOnly": neurons_only(ctx.lm),
        "mine": [_found(found[one]) for one in shares(way) if one in found],
        "waits": len(missing_shares(ctx, way)),
        "students": [_arm(one) for one in (alone, taught, longer)],
        "own": listed, "live": [arm.curve() for arm in arms if arm.going],
        "published": [
            {
                "name": one.name, "counted": one.size.parameters, "said": one.size.published, "glue": one.glue,
                "imdb": one.imdb, "squad": one.squad, "seconds": one.seconds,
            }
            for one in (distilbert.TEACHER, distilbert.STUDENT)
        ],
        "said": {
            "pruned": [*pruning_text(curves["magnitude"], curves["structured"]), scope_text()],
            "taught": students_text(alone, taught, longer), "published": distilbert_text(),
        },
    }  # fmt: skip


def _found(one: dict[str, Any]) -> dict[str, Any]:
    return {**one, "why": str(one["why"])} if "why" in one else {**one, "speed": _speed(one["speed"])}


def _level(one: Level) -> dict[str, Any]:
    return {
        "sparsity": one.sparsity, "numbers": one.numbers, "bytes": one.bytes, "speed": _speed(one.speed),
        "before": {name: one.before[name] for name in ("rise", "agreement")},
        "after": {
            name: {**_spread(one.spread(name)), "values": [run[name] for run in one.after]}
            for name in ("rise", "agreement")
        },
    }  # fmt: skip


def _arm(one: compression_recordings.Arm) -> dict[str, Any]:
    return {
        "way": one.way, "steps": one.steps, "numbers": one.end[0]["numbers"], "bytes": one.end[0]["bytes"],
        "trace": [
            {"step": moment["step"], "loss": _spread(one.spread("loss", at))} for at, moment in enumerate(one.trace[0])
        ],
        "agreement": _spread(one.spread("agreement")),
        "speed": _speed(compression_recordings.speed(one.end)),
    }  # fmt: skip


def _speed(one: Sequence[float]) -> float | None:
    """Say how many times as fast a pass is; None: the rounds do not tell it from the original's."""
    return one[1] if told(one) else None


def _spread(one: Interval) -> dict[str, float]:
    return {"mean": one.mean, "low": one.low, "high": one.high}


def show(ctx: Context) -> Callable[[], None]:
    """Draw the heading, the controls and the figure. Returns what measures: to be called when the page is drawn."""
    arms = own_runs()
    way = cut()
    missing = missing_shares(ctx, way)
    if ctx.lm.n_parameters <= SMALL:
        begin_pruning(ctx, way)
    count_pruning(ctx, way)
    title = markup.inline(say("Weights taken out, and a small model with a teacher"))
    st.html(f'<section class="gb-words"><h2>{title}</h2></section>')
    bar = controls(ctx, arms, way, missing)
    chosen = {"removed": int(state.get("removed"))}
    data = record(ctx, arms)
    smaller_charts.draw(data)
    smaller(
        data={**data, "selection": events.selection("more", chosen)},
        key="more",
        on={
            "select": lambda: events.select("more", tuple(chosen)),
            "arrived": lambda: None,
        },  # the run of the page that comes with it reads what is new
    )
    page.judged(seeds.RULE, speed.RULE)

    def measure() -> None:
        work.go_on(PRUNING, pruning_key(ctx, way), bar, say("shares measured"))
        measure_own(unmeasured(arms), bar)

    return measure


# ------------------------------------------------------------------------------------------------- controls

CUTS = {"magnitude": mark("Weights, smallest first"), "structured": mark("Heads and neurons")}
KINDS = {
    "distilled": mark("Student, taught"), "alone": mark("Student, alone"), "pruned": mark("Pruned, retrained"),
}  # fmt: skip


_STATES = {
    "stopped": mark("It was stopped"),
    "diverged": mark("It was diverged"),
    "failed": mark("It was failed"),
}


def controls(ctx: Context, arms: list[Arm], way: Cut, missing: Sequence[float]) -> DeltaGenerator:
    """Draw the row of controls; returns the place for the bars of what is measured."""
    with st.container(key="gb-efficiency-dials", horizontal=True, gap="medium", vertical_alignment="bottom"):
        widgets.segments(say("Removed"), "cutting", tuple(CUTS), lambda name: say(CUTS[str(name)]))
        st.slider(say("Share removed, percent"), 5, 95, step=5, width=220, **state.bind("removed"))
        with st.popover(say("Train your own"), key="gb-own-shrunk"):
            _own_controls(ctx, arms)
        own_run.under_way(arms, "efficiency.stop")
        bar = _pruning_button(ctx, way, missing)
    for arm in arms[:1]:  # a later run has its own fate
        if arm.run is not None and arm.run.over and arm.run.state != "done":
            said = sentence(retold(arm.ended) if arm.ended else say(_STATES[arm.run.state]))
            title = run_title(arm.spec)  # type: ignore[arg-type]
            own_run.warn(say("Your {run}: {why}", run=title, why=said))
    why = own_run.cost(lambda: next_run(ctx, arms))[1]
    own_run.warn(refusal(why or own_run.refused("efficiency")))
    return bar


def refusal(why: str) -> str:
    """Word a refusal for this page: it has no batch to choose, and says where its settings are."""
    told = why.replace(say("choose fewer steps, or a smaller batch"), say("choose fewer steps"))
    return f"{told} {say('The settings stand under “Train your own”.')}" if told else ""


def _pruning_button(ctx: Context, way: Cut, missing: Sequence[float]) -> DeltaGenerator:
    """Offer a button where measuring the open model takes long; small ones are measured without being asked."""
    if ctx.lm.n_parameters <= SMALL or not missing:
        return st.container(width="stretch", key="gb-bar-efficiency")
    job, key = work.of(PRUNING, pruning_key(ctx, way)), pruning_key(ctx, way)
    asked = (PRUNING, key, len(missing), lambda: pruning_steps(ctx, way))
    if job is not None and job.ended:  # what is missing now is another share: nothing is done again
        st.button(
            say("Measure {share}", share=f"{share():.0%}"), key="efficiency.share", type="primary",
            on_click=state.whole(work.begin), args=asked,
        )  # fmt: skip
        return st.container(width="stretch", key="gb-bar-efficiency")
    return work.buttons(PRUNING, key, say("Prune {model}", model=markup.escape(ctx.label)), *asked[2:])


def _own_controls(ctx: Context, arms: list[Arm]) -> None:
    """Draw the settings of the next own run, and its buttons."""
    widgets.segments(say("Train"), "shrunk", tuple(KINDS), lambda name: say(KINDS[str(name)]))
    kind = str(state.get("shrunk"))
    if kind == "distilled":
        st.number_input(say("Temperature"), 0.1, 20.0, step=0.5, **widgets.hidden("softness"))
        st.slider(say("Share of the plain loss"), 0.0, 1.0, step=0.1, **widgets.hidden("plainly"))
    st.number_input(say("Steps"), 1, 20_000, step=50, **widgets.hidden("lessons"))
    spend, why = own_run.cost(lambda: next_run(ctx, arms))
    going = any(arm.going for arm in arms)
    own_run.button(
        say("Train it now"), spend, "efficiency.train", going, disabled=bool(why) or runs.engine() is None,
        on_click=state.whole(own_run.start), args=("efficiency", "shrinks", lambda: [next_run(ctx, arms)]),
    )  # fmt: skip
    if not going:
        own_run.quicker(
            "efficiency", lambda steps: next_run(ctx, arms, steps), int(state.get("lessons")),
            [steps for steps in (800, 400, 200, 100, 50, 20) if steps < int(state.get("lessons"))],
            lambda steps: counted(steps, "step"), lambda steps: state.set("lessons", steps),
        )  # fmt: skip
    if state.get("shrinks"):
        st.button(
            say("Without mine"), key="efficiency.back", on_click=state.whole(lambda: state.set("shrinks", ""))
        )
    if runs.engine() is None:
        st.caption(say(own_run.NOBODY))
    base = base_of(ctx)
    name = base.name or say("the open run")
    begun = (
        say("Begins with {base}: {why}.", base=name, why=base.why)
        if base.why
        else say("Begins with {base}.", base=name)
    )
    reads = say(
        "It reads training stories only, with a seed of its own; when it is done, it is measured on held-out ones."
    )
    st.caption(f"{markup.escape(begun)} {reads}")


# ------------------------------------------------------------------------------------------------- pruning

PRUNING = "efficiency.pruned"
SMALL = 3_000_000  # weights of a model that is measured without being asked


def cut() -> Cut:
    """Read what is removed: "magnitude" or "structured"."""
    chosen: Cut = state.get("cutting")
    return chosen


def share() -> float:
    """Read the learner's share."""
    return int(state.get("removed")) / 100


def shares(way: Cut) -> list[float]:
    """List the shares that make the curve, and the learner's own."""
    return sorted({*(level for level in levels(way) if level), share()})


def pruning_key(ctx: Context, way: Cut) -> str:
    """Name the work: the share is no part of it, so that what is measured stays when another is chosen."""
    return f"pruned {ctx.model_key} {way}"


def pruned_shares(ctx: Context, way: Cut) -> dict[float, dict[str, Any]]:
    """Look up what is measured of the open model, by share; "why" instead of figures where it cannot be cut so."""
    found = dict(cache.kept(pruning_key(ctx, way)) or {})
    job = work.of(PRUNING, pruning_key(ctx, way))
    if job is not None and job.done:
        new = {one["sparsity"]: one for one in job.done}
        if not new.keys() <= found.keys():
            found |= new
            cache.keep(pruning_key(ctx, way), found, small=True)
    return found


def missing_shares(ctx: Context, way: Cut) -> list[float]:
    """List the shares still to be measured, the learner's first."""
    found = pruned_shares(ctx, way)
    return sorted((one for one in shares(way) if one not in found), key=lambda one: (one != share(), one))


def begin_pruning(ctx: Context, way: Cut) -> None:
    """Ask for the work, if the model is small enough not to be asked for."""
    left = len(missing_shares(ctx, way))
    job = work.of(PRUNING, pruning_key(ctx, way))
    if left and (job is None or job.ended):
        work.begin(PRUNING, pruning_key(ctx, way), left, lambda: pruning_steps(ctx, way))


def count_pruning(ctx: Context, way: Cut) -> None:
    """Tell the work that goes on how much it has to do: another share may have been chosen since it began."""
    job = work.of(PRUNING, pruning_key(ctx, way))
    if job is not None and not job.ended:
        job.total = max(1, len(job.done) + len(missing_shares(ctx, way)))


def pruning_steps(ctx: Context, way: Cut) -> Iterator[dict[str, Any]]:
    """Measure the open model on the yardstick of the page's picture, at what is missing, the learner's share first."""
    while left := missing_shares(ctx, way):
        try:
            yield cache.call(see_level, ctx.model_key, ctx.model_key, pruning_key(ctx, way), way, left[0])
        except ValueError as why:
            # not its words yet: another visitor may speak another language
            yield {"sparsity": left[0], "why": why.args[0] if why.args else ""}


def see_level(lm: LanguageModel, key: str, name: str, way: Cut, level: float) -> dict[str, Any]:
    """Measure a model with this share removed, once for all who ask at the same time. name: of the work."""
    before, _ = cache.share(judge_original, key)
    (found,) = by_level(before, way, [level])
    return found


# ------------------------------------------------------------------------------------------------- own runs

FIRST_SEED = 100  # seed of own runs; the next one has the next seed
OWN_RUNS = "efficiency.runs"
USUAL = "tales-gpt"


@dataclass(frozen=True)
class Base:
    """What the next run makes smaller (a bundled decoder, or "RUN@STEP"), what it reads; why not the open model."""

    name: str
    parent: str
    corpus: str
    why: str = ""


def base_of(ctx: Context) -> Base:
    """Choose the open model where it can be trained on further, otherwise tales-gpt with the reason."""
    spec = ctx.lm.card.get("spec", {})
    corpus = str(spec.get("corpus", ""))
    if ctx.name == USUAL and ctx.snapshot is None:
        return Base(USUAL, "", "tales")
    why = ""
    if ctx.lm.config.shape != "decoder" or ctx.lm.config.head != "lm":
        why = say("{model} says no next tokens", model=ctx.label)
    elif corpus not in corpora.names():
        why = say("what {model} was trained on is not at hand", model=ctx.label)
    elif ctx.name.startswith("run:") and spec.get("kind", "train") == "train":
        step = ctx.snapshot if ctx.snapshot is not None else int(ctx.lm.card["steps"])
        return Base("", f"{ctx.name.removeprefix('run:')}@{step}", corpus)
    elif ctx.name.startswith(("run:", "/", "./", "../")) or ctx.snapshot is not None:
        why = say("{model} is no model that a run can begin with as it is here", model=ctx.label)
    else:
        return Base(ctx.name, "", corpus)
    return Base(USUAL, "", "tales", why)


def spec_of(ctx: Context, seed: int = FIRST_SEED, steps: int | None = None) -> ShrinkSpec:
    """Describe the next run by the page's settings. Raises ValueError: they do not fit; the message says why.

    Args:
        steps: None: those of the settings.
    """
    base, kind = base_of(ctx), str(state.get("shrunk"))
    way = cut() if kind == "pruned" else kind
    rate = rate_at(way, share()) if kind == "pruned" else None  # type: ignore[arg-type]
    return ShrinkSpec(
        base=base.name, parent=base.parent, corpus=base.corpus, way=way, sparsity=share(), rate=rate,  # type: ignore[arg-type]
        temperature=float(state.get("softness")), hard=float(state.get("plainly")),
        steps=int(state.get("lessons")) if steps is None else steps,
        seed=seed,
    )  # fmt: skip


# What a run is called, by what it did: first with the model that it began with, then without.
_TITLES: dict[str, tuple[str, str]] = {
    "alone": (mark("student of {base} alone, {steps}"), mark("student alone, {steps}")),
    "distilled": (
        mark("student of {base} taught, T = {temperature}, plain share {hard}, {steps}"),
        mark("student taught, T = {temperature}, plain share {hard}, {steps}"),
    ),
    "magnitude": (
        mark("{share} of the blocks’ weights of {base} removed, the smallest first, {steps}"),
        mark("{share} of the blocks’ weights removed, the smallest first, {steps}"),
    ),
    "structured": (
        mark("{share} of heads and neurons of {base} removed, {steps}"),
        mark("{share} of heads and neurons removed, {steps}"),
    ),
}


def run_title(spec: ShrinkSpec) -> str:
    """Name a run in words, with the model that it began with where that is not the usual one."""
    usual = spec.base == USUAL
    given = {
        "base": "" if usual else base_name(spec), "share": f"{spec.sparsity:.0%}", "steps": counted(spec.steps, "step"),
        "temperature": f"{spec.temperature:g}", "hard": f"{spec.hard:g}",
    }  # fmt: skip
    return say(_TITLES[spec.way][usual], **given)


def run_label(spec: ShrinkSpec) -> str:
    """Name a run for a table's row."""
    what = {"alone": say("alone"), "distilled": say("taught")}.get(spec.way, f"−{spec.sparsity:.0%}")
    if spec.base != USUAL:
        what = f"{base_name(spec)} {what}"
    return say("yours: {what}, {steps}", what=what, steps=spec.steps)


def base_name(spec: ShrinkSpec) -> str:
    """Name what a run made smaller: a bundled model, or the name of a run."""
    if spec.base:
        return spec.base
    run = runs.find(spec.parent.partition("@")[0])
    return run.name if run is not None and run.name else say("a run of yours")


def own_runs() -> list[Arm]:
    """Find the runs of the group that the link names, newest first."""
    group = str(state.get("shrinks"))
    arms = []
    for run in runs.grouped(group, kind="shrink") if group else ():
        points = runs.points(run.id)
        if points is not None:
            short = run.over and run.step < run.steps
            checkpoints = runs.checkpoints(run.id)
            arms.append(Arm(run.name, run.id, run.spec, points, checkpoints, run, run.ended if short else ""))
    return arms


def next_run(ctx: Context, arms: list[Arm], steps: int | None = None) -> Next:
    """Prepare the next run as it would be put into the queue. Raises as `spec_of`."""
    spec = spec_of(ctx, FIRST_SEED + len(arms), steps)
    with speaking(ENGLISH):  # a name is stored
        return Next(spec, f"Efficiency: {run_title(spec)}")


def own_record(arm: Arm) -> dict[str, Any]:
    """Describe an own run for the picture; its figures are None as long as it is not measured."""
    spec: ShrinkSpec = arm.spec  # type: ignore[assignment]
    return {
        "id": arm.id, "name": run_title(spec), "short": run_label(spec),
        "way": spec.way, "student": spec.way in STUDENTS, "sparsity": spec.sparsity,
        "steps": spec.steps, "seed": spec.seed, "going": arm.going, "ended": retold(arm.ended),
        "usual": spec.base == USUAL, "base": base_name(spec), "end": _own_end(measured.of(OWN_RUNS, arm)),
    }  # fmt: skip


def _own_end(found: dict[str, Any] | None) -> dict[str, Any] | None:
    return found and {**found, "speed": found["speed"][1] if told(found["speed"]) else None}


def unmeasured(arms: list[Arm]) -> list[Arm]:
    """List the runs that are over and still to be measured."""
    return [
        arm
        for arm in arms
        if arm.run is not None
        and arm.run.state in ("done", "stopped")
        and arm.run.step
        and measured.of(OWN_RUNS, arm) is None
    ]


def measure_own(arms: list[Arm], slot: Any) -> None:
    """Measure these runs, with a bar in `slot`; the page is drawn anew when that is done."""
    measured.measure(OWN_RUNS, arms, slot, lambda: _own_measured(arms))


def _own_measured(arms: list[Arm]) -> Iterator[tuple[Arm, dict[str, Any]]]:
    beside: dict[str, Reference] = {}
    for arm in arms:
        spec: ShrinkSpec = arm.spec  # type: ignore[assignment]
        name = spec.base or spec.parent
        if name not in beside:
            beside[name] = held_out.beside(_load_base(spec))
        lm = loading.load(runs.store(), arm.id)
        result = held_out.measure(beside[name], lm, masks_of(spec, beside[name].lm))
        if spec.way == "structured":
            result |= stays(beside[name].lm, lm)
        yield arm, result


def _load_base(spec: ShrinkSpec) -> LanguageModel:
    if spec.base:
        return bundled_base(spec.base)
    id, _, step = spec.parent.partition("@")
    return loading.load(runs.store(), id, int(step))


# ------------------------------------------------------------------------------------------------- notebook

REMOVED = {
    "magnitude": "a share of the blocks’ weights, the smallest first,",
    "structured": "a share of heads and of neurons, rounded to whole ones,",
}


def pruning_cells(ctx: Context) -> list[str]:
    """Write cells that prune again; the notebook has the open model as `lm`."""
    way = cut()
    found = pruned_shares(ctx, way).get(share())
    lines = [
        f"# Pruning: {REMOVED[way]} removed, nothing retrained.",
        "from core.efficiency import judging",
        "from core.efficiency.removal import by_level",
        "",
        "before = judging.reference(lm, judging.yardstick(lm))",
    ]
    asked = f"by_level(before, {way!r}, [{share()}])"
    if found is None or "why" in found:
        lines += ["try:", f"    print(list({asked}))", "except ValueError as why:", "    print(why)"]
    else:
        lines += [
            f"(pruned,) = {asked}",
            "print(pruned)",
            f"assert abs(pruned['rise'] - {found['rise']!r}) < 1e-3",
            f"assert abs(pruned['agreement'] - {found['agreement']!r}) < 5e-3",
            f"assert (pruned['numbers'], pruned['bytes']) == ({found['numbers']}, {found['bytes']})",
        ]
    gain = compression_recordings.gain(
        compression_recordings.arm("alone"), compression_recordings.arm("distilled")
    )
    recorded = [
        "# The recorded students: by how much the one alone ends above the taught one, seed by seed.",
        "from core.runs import compression_recordings",
        "",
        'alone, taught = (compression_recordings.arm(name) for name in ("alone", "distilled"))',
        "gain = compression_recordings.gain(alone, taught)",
        "print(gain)",
        f"assert abs(gain.mean - {gain.mean!r}) < 1e-9",
    ]
    return ["\n".join(lines), "\n".join(recorded)]
