"""Draw the charts of pruning and of students (means of the seeds with their intervals), and put them into sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import streamlit as st

from app.charts import described, vega
from app.charts.frame import About
from app.charts.look import ink
from app.controls import scope
from app.counts import counted
from app.session import state
from core.analysis.seeds import Interval, place_among
from core.efficiency import distilbert
from core.efficiency.held_out import STORIES
from core.efficiency.judging import LONGEST
from core.efficiency.shrink_lab import RETRAINED
from core.efficiency.shrink_spec import ShrinkSpec
from core.efficiency.speed import told
from core.messages import mark, say, say_of
from core.runs import compression_recordings
from core.runs.compression_recordings import Arm, Level

TALL = 290  # px, with title and legend
WHOLE, LONG, DOTTED = [1, 0], [6, 4], [2, 3]
ARMS = (
    (mark("student alone"), "neg", LONG),
    (mark("student taught"), "accent", WHOLE),
    (mark("alone, as many operations"), "ink2", DOTTED),
)
ACROSS = {
    "magnitude": mark("share of the blocks’ weights removed, the smallest first"),
    "structured": mark("share of heads and of neurons removed"),
}
TITLES = {
    "rise": mark("Loss above the whole model’s, nats a token"),
    "agreement": mark("First choices that stay the same"),
}
PERCENT = "format(100 * datum.value, '.0f') + ' %'"
YOURS = "your runs"


def _value(what: str, value: float) -> str:
    return f"{value:.2f} nats".replace("-", "−") if what == "rise" else f"{100 * value:.1f} %"


def _span(what: str, one: dict[str, float]) -> str:
    """Write a mean with its interval."""
    mean, low, high = (_value(what, one[end]) for end in ("mean", "low", "high"))
    return say("{mean} ({low} to {high})", mean=mean, low=low, high=high)


def ways(data: dict[str, Any]) -> dict[str, tuple[str, list[int]]]:
    """Name each line, with its colour and dash."""
    base = data["base"]
    found = {
        say("{model}, as pruned, {texts}", model=base["name"], texts=counted(base["texts"], "text")): (
            "neg",
            LONG,
        ),
        say("after {steps} more steps", steps=data["retrained"]): ("accent", WHOLE),
    }
    if mine := _mine(data):
        name = say(
            "{model}, as pruned, now, {texts}", model=data["name"], texts=counted(mine[0]["texts"], "text")
        )
        found[name] = ("v-ink", DOTTED)
    return found


def _mine(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in data["mine"] if "why" not in one]


def own_pruned(data: dict[str, Any]) -> list[dict[str, Any]]:
    """List the learner's pruned runs that belong on these charts."""
    return [
        one for one in data["own"]
        if not one["student"] and one["way"] == data["cut"] and one["end"] and one["usual"]
    ]  # fmt: skip


def own_verdict(one: dict[str, Any], data: dict[str, Any], what: str) -> str:
    """Label an own pruned run with its place among the recorded runs of its share."""
    levels = data["curves"][data["cut"]]
    recorded: list[float] = next(
        (each["after"][what]["values"] for each in levels if each["sparsity"] == one["sparsity"]), []
    )
    if not recorded:
        return say("yours: {run}", run=one["name"])
    values = {"run": one["name"], "count": len(recorded)}
    place = place_among(one["end"][what], recorded)
    if place > 0:
        return say("yours: {run}, above all {count} recorded", **values)
    if place < 0:
        return say("yours: {run}, below all {count} recorded", **values)
    return say("yours: {run}, within the {count} recorded", **values)


def rows(data: dict[str, Any], what: str) -> list[dict[str, Any]]:
    """Make a row for each point of the lines: its share, its value, the line, what is said of it."""
    names = list(ways(data))
    base, levels = data["base"], data["curves"][data["cut"]]
    out = []
    for level in levels:
        rest = {
            "at": level["sparsity"], "removed": f"{level['sparsity']:.0%}".replace("%", " %"),
            "left": _left(level), "texts": _rests(base),
        }  # fmt: skip
        spread = level["after"][what]
        value = level["before"][what]
        out += [
            {**rest, "value": value, "way": names[0], "said": _value(what, value), "recorded": True},
            {**rest, "value": spread["mean"], "low": spread["low"], "high": spread["high"], "way": names[1],
             "said": _span(what, spread), "recorded": True},
        ]  # fmt: skip
    out += [
        {"at": one["sparsity"], "removed": f"{one['sparsity']:.0%}".replace("%", " %"), "value": one[what],
         "left": _left(one), "texts": _rests(one),
         "way": names[2], "said": _value(what, one[what]), "recorded": False}
        for one in _mine(data)
    ]  # fmt: skip
    return out


def _left(one: dict[str, Any]) -> str:
    return f"{counted(one['numbers'], 'number')}, {one['bytes'] / 1e6:.2f} MB"


def _rests(one: dict[str, Any]) -> str:
    return f"{counted(one['texts'], 'text')}, {counted(one['places'], 'token')}"


def room(data: dict[str, Any], what: str) -> list[float]:
    """Set the range of values."""
    if what == "agreement":
        return [0.0, 1.0]
    values = [one[end] for one in rows(data, what) for end in ("value", "low", "high") if end in one]
    values += [one["end"][what] for one in own_pruned(data)]
    return [min(0.0, *values), max(0.5, *values) * 1.06]


def pruning_chart(data: dict[str, Any], what: str) -> alt.TopLevelMixin:
    """Describe one figure of the pruned models against the share that is removed; a click on a share chooses it."""
    listed = ways(data)
    made = rows(data, what)
    whole = [
        {"at": 0.0, "value": 0.0 if what == "rise" else 1.0, "way": name} for at, name in enumerate(listed)
        if at != 1 and not any(row["at"] == 0 and row["way"] == name for row in made)
    ]  # fmt: skip
    x = alt.X(
        "at:Q",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(labelExpr=PERCENT, tickCount=5, title=say(ACROSS[data["cut"]])),
    )
    axis = alt.Axis(tickCount=5, labelExpr=PERCENT) if what == "agreement" else alt.Axis(tickCount=5)
    y = alt.Y("value:Q", scale=alt.Scale(domain=room(data, what), nice=False), axis=axis)
    names, tints, dashes = (
        list(listed),
        [ink(one) for one, _ in listed.values()],
        [one for _, one in listed.values()],
    )
    colour = alt.Color("way:N", scale=alt.Scale(domain=names, range=tints), legend=_legend())
    dash = alt.StrokeDash("way:N", scale=alt.Scale(domain=names, range=dashes), legend=_legend())
    spread = alt.Chart(vega.data([row for row in made if "low" in row]))
    ends = {"x": x, "y": alt.Y("low:Q", scale=y["scale"]), "y2": "high:Q"}
    here = alt.Chart(vega.data([{"at": data["share"]}]))
    pick = alt.selection_point(name="pick", fields=["at"], on="click", toggle=False)
    tips = [
        alt.Tooltip("way:N", title=say("here")), alt.Tooltip("removed:N", title=say("removed")),
        alt.Tooltip("said:N", title=say("value")), alt.Tooltip("left:N", title=say_of("what remains", "left")),
        alt.Tooltip("texts:N", title=say("over")),
    ]  # fmt: skip
    dots = alt.Chart(vega.data(made)).mark_point(size=54, cursor="pointer")
    layers: list[Any] = [
        here.mark_rule(color=ink("ink3"), strokeDash=DOTTED).encode(x=x),
        spread.mark_area(color=ink("accent"), opacity=0.14).encode(**ends),
        spread.mark_rule(color=ink("accent"), strokeWidth=1.5, opacity=0.8).encode(**ends),
        alt.Chart(vega.data([*whole, *made])).mark_line().encode(x=x, y=y, color=colour, strokeDash=dash),
        dots.encode(x=x, y=y, color=colour, tooltip=tips).add_params(pick).properties(name="levels"),
    ]
    chosen = [row for row in made if not row["recorded"] and abs(row["at"] - data["share"]) < 1e-6]
    layers += _diamonds(chosen, x, y, "v-ink", tips, "chosen")
    mine = [
        {"at": one["sparsity"], "value": one["end"][what], "way": own_verdict(one, data, what),
         "removed": f"{one['sparsity']:.0%}".replace("%", " %"), "said": _value(what, one["end"][what])}
        for one in own_pruned(data)
    ]  # fmt: skip
    layers += _diamonds(mine, x, y, "k-ink", tips[:3], "own")
    return alt.layer(*layers).properties(height=TALL, title=say(TITLES[what]))


def _diamonds(
    found: Sequence[dict[str, Any]], x: alt.X, y: alt.Y, colour: str, tips: list[alt.Tooltip], name: str
) -> list[Any]:
    """Draw a learner's own points."""
    if not found:
        return []
    mark = alt.Chart(vega.data(found)).mark_point(
        shape="diamond", size=120, color=ink(colour), stroke=ink("bg"), strokeWidth=1
    )
    points = mark.encode(x=x, y=y, tooltip=tips).properties(name=name)
    if name == "chosen":
        return [points]
    word = alt.Chart(vega.data(found)).mark_text(align="left", dx=9, dy=-7, fontWeight=600, color=ink(colour))
    return [points, described.haloed(word.encode(x=x, y=y, text="way:N"))]


def _legend() -> alt.Legend:
    return alt.Legend(
        symbolType="stroke", symbolSize=240, symbolStrokeWidth=2, symbolOpacity=1, columns=1, labelLimit=330
    )


def students_chart(data: dict[str, Any]) -> alt.TopLevelMixin:
    """Describe the students' held-out loss along their training, with and without a teacher."""
    made = [
        {"at": moment["step"], "step": f"{moment['step']:,}", "value": moment["loss"]["mean"],
         "low": moment["loss"]["low"], "high": moment["loss"]["high"], "way": say(name),
         "said": _span("rise", moment["loss"])}
        for (name, *_), arm in zip(ARMS, data["students"]) for moment in arm["trace"]
    ]  # fmt: skip
    mine = [
        {"at": one["steps"], "step": f"{one['steps']:,}", "value": one["end"]["loss"],
         "way": say("yours: {run}", run=one["name"]),
         "said": f"{one['end']['loss']:.2f} nats"}
        for one in data["own"] if one["student"] and one["end"] and one["usual"]
    ]  # fmt: skip
    level = data["base"]["loss"]
    values = [row[end] for row in made for end in ("low", "high")] + [row["value"] for row in mine] + [level]
    last = max(row["at"] for row in (*made, *mine))
    x = alt.X(
        "at:Q",
        scale=alt.Scale(domain=[0, last * 1.03], nice=False),
        axis=alt.Axis(format=",d", tickCount=5, title=say("steps")),
    )
    y = alt.Y("value:Q", scale=alt.Scale(domain=[min(values) - 0.15, max(values) + 0.2], nice=False))
    names = [say(name) for name, *_ in ARMS]
    tints = alt.Scale(domain=names, range=[ink(one) for _, one, _ in ARMS])
    colour = alt.Color("way:N", scale=tints, legend=_legend())
    dash = alt.StrokeDash(
        "way:N", scale=alt.Scale(domain=names, range=[one for *_, one in ARMS]), legend=_legend()
    )
    base = alt.Chart(vega.data(made))
    ends = {"x": x, "y": alt.Y("low:Q", scale=y["scale"]), "y2": "high:Q", "color": colour}
    ground = alt.Chart(vega.data([{"value": level, "said": say("teacher {loss}", loss=f"{level:.2f}")}]))
    tips = [
        alt.Tooltip("way:N", title=say("here")), alt.Tooltip("step:N", title=say("step")),
        alt.Tooltip("said:N", title=say("loss")),
    ]  # fmt: skip
    return alt.layer(
        ground.mark_rule(color=ink("ink3")).encode(y=y),
        ground.mark_text(align="right", dy=-7, color=ink("ink3")).encode(x=alt.value("width"), y=y, text="said:N"),
        base.mark_area(opacity=0.14).encode(**ends),
        base.mark_rule(strokeWidth=1.5, opacity=0.8).encode(**ends),
        base.mark_line().encode(x=x, y=y, color=colour, strokeDash=dash),
        base.mark_point(size=44).encode(x=x, y=y, color=colour, tooltip=tips).properties(name="arms"),
        *_diamonds(mine, x, y, "k-ink", tips, "students"),
    ).properties(height=TALL, title=say("Held-out loss of the student, nats a token"))  # fmt: skip


# ------------------------------------------------------------------------------------------------- on the page


def draw(data: dict[str, Any]) -> None:
    """Draw the three charts beside each other; a click on a share chooses it."""
    left, right = st.columns([2, 1], gap="medium")
    with left:
        _draw_pruned(data)
    with right:
        _draw_taught(data)


def _draw_pruned(data: dict[str, Any]) -> None:
    memo = state.memo("efficiency.pick")
    both = {what: rows(data, what) for what in TITLES}
    table: dict[str, Sequence[Any]] = {
        "line": [row["way"] for row in both["rise"]], "share removed": [row["at"] for row in both["rise"]],
        "numbers, file": [row["left"] for row in both["rise"]],
    }  # fmt: skip
    for what, made in both.items():
        table |= {TITLES[what]: [row["value"] for row in made]}
        table |= {f"{what} {end}": [row.get(end) for row in made] for end in ("low", "high")}

    def heard(what: dict[str, Any]) -> None:
        picked = [one["at"] for one in what.get("pick", [])] if isinstance(what.get("pick"), list) else []
        if picked and picked[0] and picked != memo.get("picked"):
            state.set("removed", round(100 * picked[0]))
        memo["picked"] = picked

    about = About(
        "efficiency_pruned",
        say("{across}, against two costs, for {lines}.", across=say(ACROSS[data["cut"]]), lines=", ".join(ways(data))),
        {
            "cut": data["cut"], "share": data["share"], "lines": list(ways(data)),
            "own": [one["id"] for one in own_pruned(data)],
            **{
                what: [[row["at"], row["value"], row.get("low"), row.get("high")] for row in made]
                for what, made in both.items()
            },
        },
        table, drawings=2,
    )  # fmt: skip
    read = vega.part(data, "base", "retrained", "name", "mine", "own", "cut", "curves", "share")
    vega.draw(about, [vega.once(pruning_chart, read, what) for what in TITLES], heard, form="low")


def _draw_taught(data: dict[str, Any]) -> None:
    made = [
        (name, moment["step"], *(moment["loss"][key] for key in ("mean", "low", "high")))
        for (name, *_), arm in zip(ARMS, data["students"]) for moment in arm["trace"]
    ]  # fmt: skip
    ends = ", ".join(
        say(
            "{student} {loss} after {steps}",
            student=say(name), loss=f"{arm['trace'][-1]['loss']['mean']:.3f}", steps=counted(arm["steps"], "step"),
        )
        for (name, *_), arm in zip(ARMS, data["students"])
    )  # fmt: skip
    table: dict[str, Sequence[Any]] = dict(
        zip(("student", "step", "held-out loss", "low", "high"), map(list, zip(*made)))
    )
    about = About(
        "efficiency_taught",
        say("Held-out loss of the student: {ends}; teacher {loss}.", ends=ends, loss=f"{data['base']['loss']:.3f}"),
        {
            "students": [[moment["loss"]["mean"] for moment in arm["trace"]] for arm in data["students"]],
            "own": [one["id"] for one in data["own"] if one["student"] and one["end"] and one["usual"]],
        },
        table,
    )  # fmt: skip
    vega.draw(about, [vega.once(students_chart, vega.part(data, "students", "own", "base"))], form="low")


# ------------------------------------------------------------------------------------------------- in sentences

MENDED = 0.1  # nats above the model that nothing was taken from and that learned on as long


def pruning_text(magnitude: Sequence[Level], structured: Sequence[Level]) -> list[str]:
    """Tell of tales-gpt without its smallest weights, and without whole heads and neurons."""
    whole, *levels = magnitude
    half = levels[0]
    control = whole.spread("rise")
    mended = [one for one in levels if one.spread("rise").mean - control.mean <= MENDED]
    last = levels[-1]
    most = structured[-1]
    removed = say(
        "tales-gpt without {share} of its blocks’ weights, the smallest first: {pruned} above the whole model. "
        "After {steps} more steps with the rest: {retrained}. With nothing removed and trained on as long: "
        "{control}.",
        share=f"{half.sparsity:.0%}", pruned=_nats(half.before["rise"]), steps=RETRAINED,
        retrained=_interval(half.spread("rise")), control=_interval(control),
    )  # fmt: skip
    limit = (
        say(
            "Up to {share} can go for less than {nats} nats beside that.",
            share=f"{mended[-1].sparsity:.0%}",
            nats=f"{MENDED:g}",
        )
        if mended
        else say("None of these shares comes within {nats} nats of that.", nats=f"{MENDED:g}")
    )
    worst = say(
        "With {share} gone, retraining brings {pruned} down to {retrained}.",
        share=f"{last.sparsity:.0%}", pruned=_nats(last.before["rise"]), retrained=_nats(last.spread("rise").mean),
    )  # fmt: skip
    zeros = say(
        "Zeros save room only in a file that packs them ({packed} instead of {whole} at {share}): a pass "
        "multiplies by them all the same.",
        packed=_megabytes(last.bytes), whole=_megabytes(int(compression_recordings.base()["bytes"])),
        share=f"{last.sparsity:.0%}",
    )  # fmt: skip
    parts = say(
        "Where {share} of heads and neurons are taken out, {numbers} are left and a pass is {fast}; after "
        "retraining the loss is {rise} above.",
        share=f"{most.sparsity:.0%}", numbers=counted(most.numbers, "number"), fast=_fast(most.speed),
        rise=_interval(most.spread("rise")),
    )  # fmt: skip
    return [removed, f"{limit} {worst}", f"{zeros} {parts}"]


def scope_text() -> str:
    """Say what all recorded losses are taken over."""
    base = compression_recordings.base()
    taken = scope.one_by_one(int(base["places"]), STORIES, "stories", LONGEST)
    return say(
        "Recorded losses, here and of the students, are over {texts}: {loss} nats for {model} itself. Its card "
        "has another number, over whole rows, where more stands before each token.",
        texts=taken, loss=f"{base['loss']:.3f}", model=base["name"],
    )  # fmt: skip


def students_text(alone: Arm, distilled: Arm, longer: Arm) -> list[str]:
    """Tell of the students."""
    teacher, student = compression_recordings.base(), distilled.end[0]["numbers"]
    gain, later = (
        compression_recordings.gain(alone, distilled),
        compression_recordings.gain(longer, distilled),
    )
    size = say(
        "The student has {numbers}, {share} of its teacher’s {teacher}.",
        numbers=counted(student, "number"), share=f"{student / teacher['numbers']:.0%}",
        teacher=f"{teacher['numbers']:,}",
    )  # fmt: skip
    ends = say(
        "{steps}, the same stories, the same first weights: taught, it ends {where}.",
        steps=counted(alone.steps, "step"), where=_lower(gain),
    )  # fmt: skip
    costs = say(
        "A taught step costs {times} times the operations, as the teacher reads along. Alone with as many operations "
        "({steps}) the student ends {where}.",
        times=f"{compression_recordings.operations():.1f}", steps=counted(longer.steps, "step"), where=_against(later),
    )  # fmt: skip
    return [f"{size} {ends}", say("Taught: {how}.", how=_teaching(distilled.spec)), costs]


def distilbert_text() -> list[str]:
    """Tell of DistilBERT beside BERT."""
    one, other = distilbert.TEACHER, distilbert.STUDENT
    share = other.size.published / one.size.published
    published = say(
        "Published: DistilBERT, a student of BERT base, has {share} of its weights, {score} of its score on "
        "GLUE, and took {time} of the time ({source}, tables 1 to 3). It saw the teacher’s probabilities, its "
        "hidden states, and the words themselves.",
        share=f"{share:.0%}", score=f"{other.glue / one.glue:.0%}", time=f"{other.seconds / one.seconds:.0%}",
        source=distilbert.SOURCE,
    )  # fmt: skip
    counted_here = say(
        "Counted here, DistilBERT has {count}M weights.", count=f"{other.size.parameters / 1e6:.1f}"
    )
    return [f"{published} {counted_here} {say(other.size.note)}"]


def _fast(speed: Sequence[float]) -> str:
    """Write a speed where the rounds tell it from the original's."""
    if told(speed):
        return say("{speed} times as fast", speed=f"{speed[1]:.1f}")
    return say("as fast, as far as its rounds tell")


def _teaching(spec: ShrinkSpec) -> str:
    """Say what the taught student learns from."""
    settings = {"temperature": f"{spec.temperature:g}", "hard": f"{spec.hard:g}"}
    if not spec.hard:
        return say(
            "it learns the teacher’s distribution alone (T = {temperature}, share of the plain loss {hard})",
            **settings,
        )
    return say(
        "it learns the teacher’s distribution and the tokens that came (T = {temperature}, share of the plain "
        "loss {hard})",
        **settings,
    )


def _lower(gain: Interval) -> str:
    if gain.low > 0:
        return say("{nats} lower than alone", nats=_interval(gain))
    if gain.high < 0:
        return say("{nats} higher than alone: the teacher does harm", nats=_interval(_turned(gain)))
    return say(
        "{nats} lower than alone, which {seeds} seeds do not tell from nothing",
        nats=_interval(gain),
        seeds=gain.of,
    )


def _against(gain: Interval) -> str:
    """Place the longer run alone beside the taught one, above which it ends by `gain`."""
    if gain.high < 0:
        return say(
            "{nats} below the taught one: for the same operations, reading more pays more",
            nats=_interval(_turned(gain)),
        )
    if gain.low > 0:
        return say("still {nats} above the taught one", nats=_interval(gain))
    return say(
        "where the taught one does, as far as {seeds} seeds tell (a difference of {nats})",
        seeds=gain.of, nats=_interval(gain),
    )  # fmt: skip


def _turned(one: Interval) -> Interval:
    return Interval(-one.mean, -one.high, -one.low, one.of)


def _nats(value: float) -> str:
    return f"{value:.2f} nats".replace("-", "−")


def _interval(one: Interval) -> str:
    mean, low, high = (f"{end:.2f}".replace("-", "−") for end in (one.mean, one.low, one.high))
    return say("{mean} nats ({low} to {high})", mean=mean, low=low, high=high)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
