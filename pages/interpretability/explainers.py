"""Below the Interpretability picture: which tokens a prediction rests on, whether that is true, and what probes read.

`explaining` asks `core.analysis.explaining`, at once where that is quick, else when asked for; `record` turns the
answers into the component's JSON (explainers.js draws it); `cells` and `table` export the same numbers. The circuit's
walk is a picture of its own, `pages.interpretability.circuit`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import markup
from app.controls import widgets, work
from app.csv_table import to_csv
from app.frame import page
from app.frame.page import Context
from app.frame.takeaway import describe_page
from app.kit import pack, register
from app.models import cache
from app.outside.file_record import name_file, stamp_csv
from app.session import events, state
from app.session.fields import BY_KEY
from core.analysis.explaining import faithfulness
from core.analysis.explaining import selectivity as selectivity_of
from core.analysis.explaining.explainers import NAMES, explain, only_directions
from core.analysis.explaining.faithfulness import (
    AT_ONCE,
    BY_LUCK,
    ORDERS,
    POINTS,
    SIDES,
    Faithfulness,
    faithfulness_steps,
    fewest,
)
from core.analysis.explaining.integrated_gradients import Attribution, double_steps, integrated_gradients
from core.analysis.explaining.readout import Baseline, Readout, Says, baseline, neutral_token
from core.analysis.explaining.rollout import attention_rollout
from core.analysis.explaining.selectivity import STORIES, TASKS, Layer, Task, selectivity
from core.analysis.patching.circuit import KINDS
from core.analysis.patching.circuit_walk import Walk
from core.language_model import LanguageModel
from core.messages import Later, mark, reason, say
from pages.interpretability import circuit

explainers = register("interpretability_explainers", __file__)

TERMS = (
    "integrated gradients", "baseline", "attention rollout", "faithfulness", "probe", "control task", "induction head",
    "mean ablation",
)  # fmt: skip
CODE = (integrated_gradients, explain, attention_rollout, faithfulness_steps)
KEYS = ("explainer", "along")
BLANKS = {"token": mark("a neutral token"), "mean": mark("the mean"), "zero": mark("zeros")}
PROBED = {
    "held": mark("Thing: held?"), "holder": mark("Person: holding?"), "hero": mark("Pronoun: the hero?"),
    "name": mark("Name: a person?"),
}  # fmt: skip
SAYS = {"logit": mark("Logit"), "probability": mark("Probability")}
PROBES = "probes"

QUICK = 4e10  # weights x tokens: up to here without asking
A_SECOND = 3e10  # of the same, roughly, on one processor
SHORTER = (1, 2, 4, 8, 16)  # numbers of steps whose delta is shown beside that of the chosen number
JOB = "explain"


# ---------------------------------------------------------------------------------------- the measurement


@dataclass(frozen=True)
class Ask:
    """What is explained: a number of the prediction, and against what."""

    text: str
    target: str | None
    row: int
    token: int
    says: Says
    blank: Baseline
    steps: int

    def readout(self, lm: LanguageModel) -> Readout:
        """Return the number as a function of the tokens' vectors."""
        return Readout.of(
            lm, self.text, row=self.row, token=self.token, target=self.target or None, says=self.says
        )


@dataclass(frozen=True, kw_only=True)
class Explained:
    """Everything that was measured of one question. `judged` is None where there is only one token to take away."""

    ids: tuple[int, ...]
    split: int
    free: tuple[int, ...]
    attribution: Attribution
    deltas: tuple[tuple[int, float], ...]
    values: dict[str, np.ndarray[Any, Any]]
    judged: Faithfulness | None


def explaining(lm: LanguageModel, ask: Ask) -> Iterator[Any]:
    """Measure a question step by step; the last result is `Explained`."""
    of = ask.readout(lm)
    base = baseline(of, ask.blank)
    tried = []
    for one in double_steps(of, base, ask.steps, int(BY_KEY["quadrature"].high)):
        tried.append(one)
        yield "integrated gradients"
    attribution = tried[-1]
    deltas = []
    for steps in SHORTER:
        deltas.append((steps, integrated_gradients(of, base, steps).delta))
    yield "their steps"
    values = explain(of, base, attribution.steps)
    yield "the other explainers"
    judged = None
    if len(of.free) > 1:
        for found in faithfulness_steps(of, base, values):
            if isinstance(found, Faithfulness):
                judged = found
            else:
                yield found
    yield Explained(
        ids=of.ids, split=of.split, free=of.free, attribution=attribution, deltas=tuple(deltas), values=values,
        judged=judged,
    )  # fmt: skip


def see(lm: LanguageModel, ask: Ask) -> Explained:
    """Measure a question at once, with the arguments in the order that the cache takes."""
    *_, last = explaining(lm, ask)
    assert isinstance(last, Explained)
    return last


def passes(ask: Ask, tokens: int) -> int:
    """Count about how many texts are read: gradients three times, and the batches of the curves."""
    curves = (ORDERS + 2 * len(NAMES)) * min(POINTS, tokens)
    return 3 * (2 * ask.steps + sum(SHORTER)) + min(curves, 2 ** min(tokens, 20))


def seconds(lm: LanguageModel, ask: Ask, tokens: int) -> float:
    """Estimate how long the whole measurement takes."""
    return lm.n_parameters * passes(ask, tokens) * tokens / A_SECOND


def job(ctx: Context, ask: Ask) -> work.Shared:
    """Return the whole measurement as work that all visitors share, where it takes long."""
    total = passes(ask, len(ctx.ids)) // AT_ONCE + 4
    make = work.anew(partial(explaining, ctx.lm, ask))
    return work.Shared(JOB, f"explained {ctx.model_key} {ask!r}", total, say("steps"), make, about=True)


def known(ctx: Context, ask: Ask) -> Explained | None:
    """Return what was measured, if it is quick or was asked for.

    Raises:
        ValueError: there is nothing to measure (see `Readout.of`), so that no work is to be asked for.
    """
    ask.readout(ctx.lm)
    if seconds(ctx.lm, ask, len(ctx.ids)) * A_SECOND <= QUICK:
        quick: Explained = cache.call(see, ctx.model_key, ask)
        return quick
    last = job(ctx, ask).measured.results[-1:]
    return last[0] if last and isinstance(last[0], Explained) else None


def blank_word(lm: LanguageModel, blank: Baseline) -> str:
    """Name what stands in a token's place; a token as it reads."""
    if blank == "zero":
        return say("zeros")
    if blank == "mean":
        return say("the mean of all tokens’ vectors")
    token = neutral_token(lm)
    return "" if token is None else lm.tokenizer.display(token)


# -------------------------------------------------------------------------------------------- the page


@dataclass(frozen=True)
class Explanations:
    """The explanations and the probes of one run of the page: what is asked, as the page above asks it."""

    ctx: Context
    ask: Ask
    truth: Task  # what a probe is to tell

    @classmethod
    def of(cls, ctx: Context, target: str | None, row: int, token: int) -> Explanations:
        """Read the question from the page's fields.

        Args:
            target: what an encoder-decoder has written so far.   row: of the logits.   token: its id.
        """
        if state.get("blank") == "token" and neutral_token(ctx.lm) is None:
            state.put({"blank": "mean"})
        ask = Ask(
            ctx.text, target, row, token, state.get("says"), state.get("blank"), state.get("quadrature")
        )
        return cls(ctx, ask, state.get("truth"))

    @cached_property
    def explained(self) -> tuple[Explained | None, str]:
        """What was measured, or None; and why there is nothing to measure."""
        try:
            return known(self.ctx, self.ask), ""
        except ValueError as why:
            return None, str(why)

    # What the session knows is looked up once, in the page's run: the notebook may be asked for when that is over.
    @cached_property
    def walk(self) -> Walk | None:
        """The circuit's walk, if it was measured."""
        return circuit.known(self.ctx)

    @property
    def _probing(self) -> work.Shared:
        """The probes, depth by depth."""
        total = STORIES + self.ctx.lm.config.n_layers + 1
        make = work.anew(partial(_probes, self.ctx.lm, self.truth))
        return work.Shared(PROBES, f"probes {self.ctx.model_key} {self.truth}", total, say("steps"), make)

    @cached_property
    def probes(self) -> tuple[Sequence[Layer], str]:
        """The layers probed so far, and why nothing can be probed; "" where it can."""
        done = self._probing.measured.results
        why = next((one for one in done if isinstance(one, str | Later)), "")
        return [one for one in done if isinstance(one, Layer)], str(why)

    def cells(self) -> list[str]:
        """For the notebook."""
        return cells(self.ask, self.explained[0], self.truth, self.probes[0], self.walk)

    def table(self) -> dict[str, Sequence[Any]]:
        """The table twin of the two pictures below the foot."""
        return table(self.ctx.lm, self.explained[0], self.probes[0], self.walk)

    def show(self) -> Callable[[], None]:
        """Draw heading, controls and pictures. Returns what measures the rest: to be called when the page is drawn."""
        lm, (found, why) = self.ctx.lm, self.explained
        title = say("Which tokens it rests on, and whether that is true")
        st.html(f'<section class="gb-words"><h2>{markup.escape(title)}</h2></section>')
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            options = [one for one in BLANKS if one != "token" or neutral_token(lm) is not None]
            widgets.segments(
                say("Where a token is gone stands"), "blank", options, lambda name: say(BLANKS[str(name)])
            )
            widgets.segments(say("Explained is its"), "says", tuple(SAYS), lambda name: say(SAYS[str(name)]))
            low, high = (int(bound) for bound in (BY_KEY["quadrature"].low, BY_KEY["quadrature"].high))
            st.slider(
                say("Fewest steps of integrated gradients"), low, high, width=220, **state.bind("quadrature")
            )
        waiting: list[tuple[work.Shared, DeltaGenerator | None, bool]] = []  # and whether all of it is drawn
        if found is None and not why:
            explained = job(self.ctx, self.ask)
            about = max(1, round(seconds(lm, self.ask, len(self.ctx.ids))))
            waiting.append(
                (
                    explained,
                    explained.buttons(say("Explain this prediction, about {seconds} s", seconds=about)),
                    False,
                )
            )
        picked = {name: state.get(name) for name in KEYS}
        explainers(
            data=record(self.ctx, self.ask, found, why, self._probe_record())
            | {"selection": events.selection("explained", picked)},
            key="explained",
            on={"select": lambda: events.select("explained", KEYS)},
        )
        page.judged(faithfulness.RULE, selectivity_of.RULE)
        layers, not_probed = self.probes
        waiting.append((*self._probe_buttons(), bool(not_probed) or len(layers) > lm.config.n_layers))
        waiting.append((*circuit.show(self.ctx, self.walk), self.walk is not None))
        with st.container(horizontal=True, gap="small"):
            if st.button(say("Both pictures as a table"), key="explained.table"):
                _show_table(self.table())
            origin = describe_page()
            name = f"{name_file('interpretability-more', origin['model'])}.csv"
            st.download_button(
                "CSV",
                lambda: stamp_csv(to_csv(self.table()), origin),
                name,
                "text/csv",
                key="explained.csv",
                on_click="ignore",
            )

        def go_on() -> None:
            for shared, slot, whole in waiting:
                shared.go_on(slot, shared.total, whole)

        return go_on

    def _probe_record(self) -> dict[str, Any]:
        layers, why = self.probes
        words, labels = TASKS[self.truth]
        return {
            "task": self.truth, "words": say(words), "labels": [say(one) for one in labels],
            "depth": self.ctx.lm.config.n_layers + 1, "stories": STORIES,
            "layers": [_layer(one) for one in layers], "why": why,
        }  # fmt: skip

    def _probe_buttons(self) -> tuple[work.Shared, DeltaGenerator | None]:
        """Draw the choice of the task and the button; returns the work and the place of its bar."""
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            widgets.segments(
                say("The probe reads"), "truth", tuple(PROBED), lambda name: say(PROBED[str(name)])
            )
            with st.container(width="stretch"):
                return self._probing, self._probing.buttons(say("Probe every depth"))


def _probes(lm: LanguageModel, task: Task) -> Iterator[Layer | int | str | Later]:
    """Probe depth by depth; the last result says why there are no probes, where the model reads too little."""
    try:
        yield from selectivity(lm, task)
    except ValueError as error:
        yield reason(error)


def _show_table(rows: dict[str, Sequence[Any]]) -> None:
    @st.dialog(say("What is explained, and the circuit"), width="large")
    def show() -> None:
        st.dataframe(rows, hide_index=True)

    show()


def _layer(one: Layer) -> dict[str, Any]:
    return {
        "depth": one.depth, "task": [one.task.share, one.task.low, one.task.high], "of": one.task.of,
        "control": [one.control.share, one.control.low, one.control.high],
        "selectivity": [one.selectivity, one.low, one.high],
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------ the record


def record(
    ctx: Context, ask: Ask, found: Explained | None, why: str, probe: dict[str, Any]
) -> dict[str, Any]:
    """Turn a question's answers into what explainers.js draws; `why`: there is nothing to measure."""
    lm = ctx.lm
    shown = [] if found is None else [_token(lm, found, at) for at in range(len(found.ids))]
    return {
        "stamp": f"{ctx.model_key}\x1f{ask!r}\x1f{found is None}\x1f{probe}",
        "model": ctx.label, "asked": lm.tokenizer.display(ask.token), "row": ask.row, "says": ask.says,
        "blank": ask.blank, "blankWord": blank_word(lm, ask.blank), "tokens": shown, "why": why,
        "names": list(NAMES), "shape": lm.config.shape, "normed": only_directions(lm),
        "integrated": None if found is None else _integrated(found),
        "explainers": [] if found is None else [
            {"name": name, "values": found.values[name].tolist()} for name in NAMES if name in found.values
        ],
        "judged": None if found is None or found.judged is None else _judged(found.judged),
        "probe": probe,
    }  # fmt: skip


def _token(lm: LanguageModel, found: Explained, at: int) -> dict[str, Any]:
    return {
        "text": lm.tokenizer.display(found.ids[at]), "id": found.ids[at],
        "place": at if at < found.split else at - found.split, "written": at >= found.split, "free": at in found.free,
    }  # fmt: skip


def _integrated(found: Explained) -> dict[str, Any]:
    one = found.attribution
    return {
        "at": one.at, "base": one.base, "total": one.total, "delta": one.delta, "addsUp": one.adds_up,
        "steps": one.steps, "along": one.along.tolist(), "height": one.height.tolist(),
        "weights": one.weights.tolist(), "slopes": pack(one.slopes), "deltas": [list(pair) for pair in found.deltas],
    }  # fmt: skip


def _judged(one: Faithfulness) -> dict[str, Any]:
    sides: dict[str, Any] = {}
    for side in SIDES:
        sides[side] = {
            "band": one.band(side).tolist(), "area": float(one.areas[side].mean()),
            "curves": {
                name: {"values": curve.values.tolist(), "area": curve.area, "asGood": curve.as_good,
                       "corrected": curve.corrected, "verdict": curve.verdict, "order": list(curve.order)}
                for name, curve in one.side(side).items()
            },
        }  # fmt: skip
    return {
        "counts": one.counts.tolist(),
        "at": one.at,
        "base": one.base,
        "orders": len(one.areas["deletion"]),
        "level": BY_LUCK,
        "fewest": fewest(len(one.deletion) + len(one.insertion)),
        **sides,
    }


# ---------------------------------------------------------------------------------- table and notebook


def cells(
    ask: Ask, found: Explained | None, task: str, layers: Sequence[Layer], walk: Walk | None
) -> list[str]:
    """Write notebook cells for what was measured; `lm` and `np` are the notebook's."""
    made = [] if found is None else [_explained_cell(ask, found)]
    if found is not None and found.judged is not None:
        made.append(_judged_cell(found))
    if layers:
        made.append(_probes_cell(task, layers))
    if walk is not None and walk.reader is not None:
        made.append(_walk_cell(walk))
    return made


def _explained_cell(ask: Ask, found: Explained) -> str:
    one = found.attribution
    given = f"row={ask.row}, token={ask.token}, target={ask.target or None!r}, says={ask.says!r}"
    return f"""# %% Which tokens the prediction rests on: shares that add up, and four other explainers
from core.analysis.explaining.explainers import explain
from core.analysis.explaining.integrated_gradients import integrated_gradients
from core.analysis.explaining.readout import Readout, baseline

readout = Readout.of(lm, {ask.text!r}, {given})
blank = baseline(readout, {ask.blank!r})
shares = integrated_gradients(readout, blank, {one.steps})
print("shares", shares.values.round(4), "together", shares.total)
print("wanted", shares.at - shares.base, "delta", shares.delta)
assert np.allclose(shares.values, {_numbers(one.values)}, atol=1e-3)
assert np.allclose([shares.at, shares.base], {_numbers([one.at, one.base])}, atol=1e-3)
explained = explain(readout, blank, {one.steps})
for name, values in explained.items():
    print(name, values.round(4))
assert list(explained) == {list(found.values)!r}"""


def _judged_cell(found: Explained) -> str:
    assert found.judged is not None
    areas = {
        side: {name: round(curve.area, 5) for name, curve in found.judged.side(side).items()}
        for side in ("deletion", "insertion")
    }
    # Where two values are all but equal, other arithmetic may order them otherwise: the areas then differ a little.
    return f"""# %% Is it true to the model? Tokens taken away, and put back, in each explainer's order
from core.analysis.explaining.faithfulness import faithfulness

judged = faithfulness(readout, blank, explained)
for side in ("deletion", "insertion"):
    for name, curve in judged.side(side).items():
        print(side, name, round(curve.area, 4), curve.verdict, "corrected p:", round(curve.corrected, 3))
areas = {areas!r}
size = max(abs(judged.at - judged.base), 1e-3)
for side, wanted in areas.items():
    for name, area in wanted.items():
        assert abs(judged.side(side)[name].area - area) < 0.02 * size + 1e-3, (side, name)"""


def _probes_cell(task: str, layers: Sequence[Layer]) -> str:
    shares = _numbers(one.task.share for one in layers)
    return f"""# %% What a probe reads at each depth, and what it would read of labels by lot
from core.analysis.explaining.selectivity import Layer, selectivity

layers = [one for one in selectivity(lm, {task!r}) if isinstance(one, Layer)]
for one in layers:
    print(one.depth, round(one.task.share, 3), round(one.control.share, 3), (one.selectivity, one.low, one.high))
assert np.allclose([one.task.share for one in layers][: {len(shares)}], {shares}, atol=0.02)"""


def _walk_cell(walk: Walk) -> str:
    assert walk.reader is not None
    named = {name: walk.gain(losses) for name, losses in walk.off.items()}
    ends = _numbers([walk.plain.mean(), walk.first.mean(), walk.control.mean()])
    return f"""# %% The circuit, measured step by step
from core.analysis.patching.circuit_walk import walk

found = walk(lm)
print("worth", found.worth, "reader", found.reader, "looks back", found.before, "writer", found.writer)
print("by content", found.content, "by place", found.place)
print(found.findings)
assert np.allclose([found.plain.mean(), found.first.mean(), found.control.mean()], {ends}, atol=1e-2)
assert np.allclose(found.look, {[_numbers(line) for line in walk.look.tolist()]}, atol=1e-3)
for name, gain in {_rounded(named)!r}.items():
    assert abs(found.gain(found.off[name]) - gain) < 0.02, name"""


def table(
    lm: LanguageModel, found: Explained | None, layers: Sequence[Layer], walk: Walk | None
) -> dict[str, Sequence[Any]]:
    """Export both pictures, a row a number: the panel, whose it is, where, the value and its interval."""
    rows: list[Row] = []
    if found is not None:
        rows += _rows_explained(lm, found)
    for one in layers:
        depth = "embedding" if not one.depth else f"after block {one.depth - 1}"
        rows += [
            ("probe", "task", depth, one.task.share, one.task.low, one.task.high),
            ("probe", "control", depth, one.control.share, one.control.low, one.control.high),
            ("probe", "selectivity", depth, one.selectivity, one.low, one.high),
        ]
    if walk is not None:
        rows += _rows_walk(walk)
    names = ("panel", "name", "at", "value", "low", "high")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


Row = tuple[str, str, str, float, float | None, float | None]


def _rows_explained(lm: LanguageModel, found: Explained) -> list[Row]:
    rows: list[Row] = [
        ("explainer", name, f"{at} {lm.tokenizer.display(one)}", float(values[at]), None, None)
        for name, values in found.values.items()
        for at, one in enumerate(found.ids)
    ]
    one = found.attribution
    rows += [("integrated gradients", "delta", f"{one.steps} steps", one.delta, None, None)]
    if found.judged is not None:
        judged = found.judged
        for side in SIDES:
            band = judged.band(side)
            counts = judged.counts.tolist()
            for i, gone in enumerate(counts):
                rows.append(
                    (side, "random", str(gone), float(band[1, i]), float(band[0, i]), float(band[2, i]))
                )
            for name, curve in judged.side(side).items():
                rows += [
                    (side, name, str(gone), float(v), None, None)
                    for gone, v in zip(counts, curve.values, strict=True)
                ]
                rows.append((f"{side}, area", name, curve.verdict, curve.area, None, None))
    return rows


def _rows_walk(walk: Walk) -> list[Row]:
    worth, low, high = walk.worth
    rows: list[Row] = [("circuit", "worth of the repetition", "nats a token", worth, low, high)]
    for layer, line in enumerate(walk.look.tolist()):
        rows += [
            ("circuit", "looks back", f"L{layer}H{head}", value, None, None)
            for head, value in enumerate(line)
        ]
    rows += [
        ("circuit", "looks by", way, value, None, None)
        for way, value in (("content", walk.content), ("place", walk.place))
    ]
    rows += [
        ("circuit", "writer reads", kind, float(share), None, None)
        for kind, share in zip(KINDS, walk.read, strict=False)
    ]
    rows += [("circuit", "left without it in the keys", one.name, one.keys, None, None) for one in walk.parts]
    rows += [
        ("circuit", "gain left", f"without {name}", walk.gain(one), None, None)
        for name, one in walk.off.items()
    ]
    rows += [
        ("circuit", "gain back", f"{k} heads kept", walk.gain(loss), None, None) for k, loss in walk.kept
    ]
    return rows


def _numbers(values: Iterable[float]) -> list[float]:
    return [round(float(value), 5) for value in values]


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}
