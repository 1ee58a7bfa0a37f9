"""Below the Bias picture: the pronoun gap by profession in language models, and the corpus lab that moves it.

The functions here ask `core` (corpus_lab, doses) and pages.bias.pronoun_gap, and turn the answers into the component's
JSON; they compute nothing. The lab is the recorded doses and remedies, and the learner's own runs as points among them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import streamlit as st

from app import markup, models, runs
from app.controls import own_run, widgets
from app.controls.own_run import Next
from app.frame import page
from app.frame.page import Context
from app.kit import register
from app.kit.figures import Table
from app.runs.trained import Arm
from app.session import events, state
from core.analysis.seeds import Interval
from core.analysis.tasks.pronoun_gap import RULE, SURE, TEMPLATES
from core.data.dial import REMEDIES, Remedy
from core.messages import ENGLISH, mark, say, speaking
from core.runs import bias_recordings
from core.runs.bias_recordings import Dose
from core.training import corpus_lab
from core.training.corpus_lab import BIASED, DIALLED, OTHERS
from core.training.spec import TrainSpec
from pages.bias import pronoun_gap
from pages.bias.pronoun_gap import Series

bias_corpus_lab = register("bias_corpus_lab", __file__)

TERMS = ("seed", "log probability")
KEYS = ("profession",)
LIMITS = (
    mark(
        "Two forms stand for people here, “she” and “he”; nobody else is counted, and "
        "nothing but pronouns is measured."
    ),
    mark(
        "The text is a toy: a world of one dial. On real text many causes move together, and "
        "no dial turns one alone."
    ),
    mark(
        "A gap of a template is not a harm done to a person, and a gap of 0 is not fairness: "
        "other sentences may differ."
    ),
)
FIRST = 100  # seed of own runs; the next one has the next seed
NAMES: dict[Remedy, str] = {
    "none": mark("as it is told"), "swap": mark("swap"), "remove": mark("remove"), "balance": mark("balance"),
}  # fmt: skip


# ------------------------------------------------------------------------------------- runs and doses


def jobs() -> tuple[str, ...]:
    """Return the professions that the next run dials: the learner's, or those of the recorded runs."""
    given = [part.strip().lower() for part in re.split(r"[,;\n]", str(state.get("dosed"))) if part.strip()]
    return tuple(sorted(dict.fromkeys(given))) or DIALLED


def own() -> list[Arm]:
    """Return the learner's runs of the group that the link names, oldest first."""
    group = str(state.get("doses"))
    found = []
    for run in runs.grouped(group) if group else ():
        if run.spec.dial and (points := runs.points(run.id)) is not None:
            short = run.over and run.step < run.steps
            checkpoints = runs.checkpoints(run.id)
            found.append(
                Arm(run.name, run.id, run.spec, points, checkpoints, run, run.ended if short else "")
            )
    return found


def spec_of(arms: list[Arm], share: str | None = None) -> TrainSpec:
    """Specify the next run by the page's fields: a seed that no recorded run has. Raises ValueError: it cannot be.

    Args:
        share: of the steps, as for `own_run.shortened`.
    """
    seed = FIRST + len(arms)
    spec = corpus_lab.spec(int(state.get("dose")) / 100, seed, jobs(), state.get("remedy"))
    return own_run.shortened(spec, share)


def following(arms: list[Arm], share: str | None = None) -> Next:
    """Return the next run as it would be put into the queue. Raises as `spec_of`."""
    spec = spec_of(arms, share)
    with speaking(ENGLISH):  # a name stays as it was given
        return Next(spec, f"Corpus lab: {title(spec)}")


def title(spec: TrainSpec) -> str:
    """Name a run: "90 % she, swap"."""
    doing = [] if spec.remedy == "none" else [say(NAMES[spec.remedy])]
    if spec.steps != corpus_lab.STEPS:
        doing.append(say("{steps} of {all} steps", steps=spec.steps, all=corpus_lab.STEPS))
    try:
        dial = say("{dose} % she", dose=f"{100 * corpus_lab.dose_of(spec):.0f}")
    except ValueError:
        dial = say("a dial for each profession")
    return ", ".join([dial, *doing])


def _spread(one: Interval) -> dict[str, Any]:
    return {"mean": one.mean, "low": one.low, "high": one.high}


def _dose(one: Dose) -> dict[str, Any]:
    return {
        "at": one.at, "remedy": one.remedy, "name": say(NAMES[one.remedy]),
        "dialled": {**_spread(one.spread("dialled")), "values": list(one.dialled)},
        "others": {**_spread(one.spread("others")), "values": list(one.others)},
        "heldOut": _loss(one),
    }  # fmt: skip


def own_point(arm: Arm) -> dict[str, Any]:
    """Turn an own run into a point: its dose, and how the gap moved at each moment that was kept."""
    spec = arm.spec
    try:
        at: float | None = corpus_lab.dose_of(spec)
    except ValueError:
        at = None
    trace = [
        {"step": one.step, "dialled": said["dialled"], "others": said["others"]}
        for one in arm.checkpoints
        if (said := one.health.get("pronouns"))
    ]
    return {
        "id": arm.id, "name": title(spec), "at": at, "remedy": spec.remedy, "seed": spec.seed, "steps": spec.steps,
        "same": {job for job, _ in spec.dial} == set(DIALLED) and spec.steps == corpus_lab.STEPS, "trace": trace,
        "jobs": len(spec.dial), "going": arm.going, "ended": arm.ended,
    }  # fmt: skip


def lab_record(arms: list[Arm]) -> dict[str, Any]:
    """Turn the recorded doses and own runs into the lab's part of the picture."""
    going = [arm for arm in arms if arm.going]
    return {
        "doses": [_dose(one) for one in bias_recordings.curve()],
        "remedies": [_dose(one) for one in bias_recordings.remedies()],
        "biased": BIASED, "seeds": len(corpus_lab.SEEDS), "steps": corpus_lab.STEPS, "dialled": list(DIALLED),
        "own": [own_point(arm) for arm in arms], "live": [arm.curve() for arm in going], "findings": findings(),
    }  # fmt: skip


def findings() -> list[str]:
    """Say what the recorded runs found, in sentences made from their numbers."""
    curve, tried = bias_recordings.curve(), bias_recordings.remedies()
    first, last = curve[0], curve[-1]
    moved, spilt = bias_recordings.moved(last, first), bias_recordings.moved(last, first, "others")
    return [
        say(
            "Dialled: {list}; the other {count} professions stay at one half.",
            list=", ".join(DIALLED), count=len(OTHERS),
        ),
        _moved(first, last, moved),
        _spilt(spilt),
        _sloped(bias_recordings.slope(curve)),
        _remedied(tried),
        _eased(tried),
        say(
            "What it costs, in held-out loss: {losses} nats. Swap tells half as many tales, each twice.",
            losses="; ".join(f"{say(NAMES[one.remedy])} {_loss(one):.2f}" for one in tried),
        ),
    ]  # fmt: skip


def _moved(first: Dose, last: Dose, moved: Interval) -> str:
    values = {"first": f"{first.at:.0%}", "last": f"{last.at:.0%}", "points": _points(moved)}
    if _holds_nothing(moved):
        return say(
            "From a dose of {first} to one of {last} the model’s share of “she” moves by {points}: the seeds do not "
            "tell it from nothing.",
            **values,
        )
    return say(
        "From a dose of {first} to one of {last} the model’s share of “she” moves by {points}: only the dial differs, "
        "so the dial is the cause.",
        **values,
    )


def _spilt(spilt: Interval) -> str:
    points = _points(spilt)
    if _holds_nothing(spilt):
        return say(
            "The professions that nobody touched move by {points}: the seeds do not tell it from nothing.",
            points=points,
        )
    return say(
        "The professions that nobody touched move by {points}: what is learned of some spreads to others.",
        points=points,
    )


def _sloped(slope: Interval) -> str:
    values = {"mean": f"{slope.mean:.2f}", "low": f"{slope.low:.2f}", "high": f"{slope.high:.2f}"}
    if slope.high < 1:
        return say(
            "A model that said what its text says would follow the dotted line, slope 1; this one has a slope of "
            "{mean} ({low} to {high}): it mutes the dose.",
            **values,
        )
    if slope.low > 1:
        return say(
            "A model that said what its text says would follow the dotted line, slope 1; this one has a slope of "
            "{mean} ({low} to {high}): it amplifies it.",
            **values,
        )
    return say(
        "A model that said what its text says would follow the dotted line, slope 1; this one has a slope of {mean} "
        "({low} to {high}): as the text, within the interval.",
        **values,
    )


def _remedied(tried: Sequence[Dose]) -> str:
    before = bias_recordings.contrast(tried[0])
    values = {
        "dose": f"{BIASED:.0%}", "points": _points(before),
        "after": "; ".join(
            f"{say(NAMES[one.remedy])} {_points(bias_recordings.contrast(one))}" for one in tried[1:]
        ),
    }  # fmt: skip
    if _holds_nothing(before):
        return say(
            "At {dose} the dialled stand above the untouched by {points}, which the seeds do not tell from nothing; "
            "after a remedy by: {after}.",
            **values,
        )
    return say(
        "At {dose} the dialled stand above the untouched by {points}; after a remedy by: {after}.", **values
    )


def _eased(tried: Sequence[Dose]) -> str:
    """Say what each remedy takes off, seed by seed, and of which the seeds tell that it helps."""
    off = {say(NAMES[one.remedy]): bias_recordings.eased(tried[0], one) for one in tried[1:]}
    told = []
    if helps := [name for name, one in off.items() if one.low > 0]:
        names = _listed(helps)
        told.append(
            say("{remedies} help", remedies=names) if len(helps) > 1 else say("{remedy} helps", remedy=names)
        )
    if widens := [name for name, one in off.items() if one.high < 0]:
        names = _listed(widens)
        told.append(
            say("{remedies} make it wider", remedies=names)
            if len(widens) > 1
            else say("{remedy} makes it wider", remedy=names)
        )
    if unsure := [name for name, one in off.items() if _holds_nothing(one)]:
        names = _listed(unsure)
        told.append(
            say("of {remedies} the seeds do not tell whether they help", remedies=names)
            if len(unsure) > 1
            else say("of {remedy} the seeds do not tell whether it helps", remedy=names)
        )
    every = "; ".join(f"{name} {_points(one, 1)}" for name, one in off.items())
    found = "; ".join(told)
    return " ".join([
        say("Seed by seed a remedy takes off that: {every}.", every=every),
        f"{found[0].upper()}{found[1:]}.",
        say(
            "How far a whole model leans to one pronoun differs by seed, so {count} are drawn, which are few.",
            count=len(corpus_lab.SEEDS),
        ),
    ])  # fmt: skip


def _loss(one: Dose) -> float:
    return sum(one.held_out) / len(one.held_out)


def _listed(items: list[str]) -> str:
    return (
        items[0] if len(items) == 1 else say("{list} and {last}", list=", ".join(items[:-1]), last=items[-1])
    )


def _holds_nothing(one: Interval) -> bool:
    return one.low <= 0 <= one.high


def _points(one: Interval, digits: int = 0) -> str:
    """Write an interval in percentage points; "0", never "−0"."""
    mean, low, high = (
        f"{round(100 * value, digits) + 0.0:.{digits}f}".replace("-", "−")
        for value in (one.mean, one.low, one.high)
    )
    values = {"mean": mean, "low": low, "high": high}
    if mean in ("1", "−1"):
        return say("{mean} point ({low} to {high})", **values)
    return say("{mean} points ({low} to {high})", **values)


# ---------------------------------------------------------------------------------------- the controls


def draw_controls(
    ctx: Context, what: pronoun_gap.Asked, shown: list[Series], arms: list[Arm]
) -> Callable[[], None]:
    """Draw both rows of widgets. Returns what asks a heavy model, if wanted: to be called when the page is drawn."""
    slot, heavy = None, pronoun_gap.asking(ctx.lm, ctx.model_key, what)
    if any(one.waits for one in shown):
        slot = heavy.buttons(say("Ask {model}", model=markup.escape(shown[0].name)))
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        _whom()
        with st.container(width=260):
            st.slider(say("Dose: percent of “she” told"), 0, 100, step=5, **state.bind("dose"))
        widgets.segments(say("Remedy"), "remedy", REMEDIES, lambda name: say(NAMES[name]).capitalize())  # type: ignore[index]
        with st.popover(say("Dialled"), key="gb-dosed"):
            st.text_area(
                say("Professions under the dial"),
                height=150,
                placeholder=", ".join(DIALLED),
                **widgets.hidden("dosed"),
            )
    if not any(arm.going for arm in arms):
        own_run.shorter(lambda share: [following(arms, share)], corpus_lab.STEPS)
    _buttons(arms)
    for said in what.why:
        st.warning(markup.escape(said))
    return lambda: heavy.go_on(slot, first=heavy.total)


def _whom() -> None:
    with st.popover(say("Whom, and how"), key="gb-jobs"):
        st.text_area(
            say("Professions, with commas"),
            height=90,
            placeholder="doctor, nurse, pilot",
            **widgets.hidden("jobs"),
        )
        st.text_area(
            say("Sentences, one a line, with {job} and {she/he}"), height=190, placeholder="\n".join(TEMPLATES),
            **widgets.hidden("frames"),
        )  # fmt: skip


def _buttons(arms: list[Arm]) -> None:
    spend, why = own_run.cost(lambda: following(arms))
    off = bool(why) or runs.engine() is None
    with st.container(horizontal=True, gap="small", width="content"):
        going = own_run.under_way(arms, "bias_corpus_lab.stop")
        own_run.button(
            say("Retrain under this dose"), spend, "bias_corpus_lab.train", going, disabled=off,
            on_click=state.whole(own_run.start), args=("bias", "doses", lambda: [following(arms)]),
        )  # fmt: skip
        if state.get("doses"):
            st.button(
                say("Without mine"),
                key="bias_corpus_lab.back",
                on_click=state.whole(lambda: state.set("doses", "")),
            )
    if any(arm.checkpoints for arm in arms):
        st.caption(
            say("Your retrained models stand in the list of models: open one, and its gaps are drawn above.")
        )
    own_run.warn(own_run.why_not("bias", why))


# -------------------------------------------------------------------------------------------- the page


@dataclass(frozen=True)
class CorpusLab:
    """The pronoun gap and the corpus lab of one run of the page."""

    ctx: Context

    @cached_property
    def asked(self) -> pronoun_gap.Asked:
        """Professions and templates."""
        return pronoun_gap.asked()

    @cached_property
    def shown(self) -> list[pronoun_gap.Series]:
        """The models with their gaps."""
        return pronoun_gap.series(self.ctx, self.asked)

    @cached_property
    def arms(self) -> list[Any]:
        """The learner's own runs."""
        return own()

    def record(self) -> dict[str, Any]:
        """Turn all into what corpus_lab.js draws, but for the selection."""
        what = self.asked
        return {
            "tokens": list(what.jobs), "templates": [one.text for one in what.templates],
            "told": pronoun_gap.told(what), "stories": bias_recordings.recorded()["stories"],
            "ownJobs": what.own_jobs, "ownTemplates": what.own_templates,
            "series": [one.record(what.jobs) for one in self.shown], "findings": pronoun_gap.findings(self.shown, what),
            "sure": SURE, "limits": [say(one) for one in LIMITS], "lab": lab_record(self.arms),
        }  # fmt: skip

    @property
    def load(self) -> str:
        """The call that loads the open model, as source."""
        moment = "" if self.ctx.snapshot is None else f", snapshot={self.ctx.snapshot}"
        return f"core.load({str(models.resolve(self.ctx.name).target)!r}, device='cpu'{moment})"

    def show(self) -> Callable[[], None]:
        """Draw heading, picture and controls. Returns what takes long: to be called when the page is drawn."""
        heading = markup.escape(say("The pronoun gap, and a corpus with a dial"))
        st.html(f'<section class="gb-words"><h2>{heading}</h2></section>')
        chosen = min(int(state.get("profession")), len(self.asked.jobs) - 1)
        bias_corpus_lab(
            data={**self.record(), "selection": events.selection("more", {"profession": chosen})},
            key="more",
            on={
                "select": lambda: events.select("more", KEYS),
                "arrived": lambda: None,
            },  # the run of the page that comes with it reads what is new
        )
        page.judged(RULE, bias_recordings.RULE)
        return draw_controls(self.ctx, self.asked, self.shown, self.arms)


# -------------------------------------------------------------------------------------- the export


EXPORTED = (
    "pronoun gap of", "profession", "gap, nats", "gap, low", "gap, high", "share of she", "tokens", "lab run", "dose",
    "she, dialled", "she, others",
)  # fmt: skip


def table(lab: CorpusLab) -> Table:
    """Export each profession of each model, then each recorded dose and remedy, then own runs."""
    shown, what, arms = lab.shown, lab.asked, lab.arms
    lines: list[tuple[Any, ...]] = []
    for one in shown:
        for gap in one.record(what.jobs)["gaps"]:
            if gap:
                lines.append((
                    one.name, gap["job"], gap["mean"], gap["low"], gap["high"], gap["share"], gap["tokens"],
                    *(None,) * 4,
                ))  # fmt: skip
    for dose in [*bias_recordings.curve(), *bias_recordings.remedies()[1:]]:
        for seed, (dialled, others) in enumerate(zip(dose.dialled, dose.others, strict=True)):
            name = f"recorded, {NAMES[dose.remedy]}, seed {seed}"
            lines.append((*(None,) * 7, name, dose.at, dialled, others))
    for arm in arms:
        with speaking(ENGLISH):  # as all words of the file
            point = own_point(arm)
        if point["trace"]:
            last = point["trace"][-1]
            lines.append(
                (*(None,) * 7, f"yours, {point['name']}", point["at"], last["dialled"], last["others"])
            )
    return dict(zip(EXPORTED, (list(column) for column in zip(*lines)), strict=True))


def cells(lab: CorpusLab) -> list[str]:
    """Write notebook cells that ask each model again, and take the means of the recorded runs again."""
    load, shown, what = lab.load, lab.shown, lab.asked
    found = []
    for one in shown:
        if one.found is None:
            continue
        expected = {gap.job: round(gap.mean, 6) for gap in one.found.gaps}
        opened = load if one.open else f'core.load({one.name!r}, device="cpu")'
        found.append(f"""# %% The pronoun gap by profession, {one.name.replace(chr(10), " ")}
from core.analysis.tasks.pronoun_gap import measured, parsed

TEMPLATES = {[template.text for template in what.templates]!r}
EXPECTED = {expected!r}
found = measured({opened}, {list(what.jobs)!r}, parsed(TEMPLATES))
for gap in found.gaps:
    assert abs(gap.mean - EXPECTED[gap.job]) < 1e-3 + 1e-3 * abs(gap.mean), gap.job
    print(gap.job, gap.mean, gap.spread)""")
    means = [round(dose.spread("dialled").mean, 6) for dose in bias_recordings.curve()]
    found.append(f"""# %% Dose and response: means over the recorded seeds
from core.runs.bias_recordings import curve, slope

MEANS = {means!r}
assert all(abs(one.spread("dialled").mean - mean) < 1e-5 for one, mean in zip(curve(), MEANS, strict=True))
print([(one.at, one.spread("dialled"), one.spread("others")) for one in curve()])
print(slope(curve()))""")
    return found
