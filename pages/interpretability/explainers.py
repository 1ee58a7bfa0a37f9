"""Below the Interpretability picture: which tokens a prediction rests on, whether that is true, and what probes read.

The functions here ask `core.analysis` (integrated_gradients, explainers, faithfulness, selectivity) and turn the
answers into the component's JSON; they compute nothing. The circuit's walk is its own picture,
`pages.interpretability.circuit`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import events, state, widgets, work
from app.fields import BY_KEY
from app.kit import pack, register
from app.page import Context
from app.takeaway import to_csv
from core.analysis.explaining.explainers import NAMES, explain, only_directions
from core.analysis.explaining.faithfulness import SIDES, Faithfulness, faithfulness_steps
from core.analysis.explaining.integrated_gradients import integrated_gradients
from core.analysis.explaining.readout import neutral_token
from core.analysis.explaining.rollout import attention_rollout
from core.analysis.explaining.selectivity import STORIES, TASKS, Layer, Task, selectivity
from core.analysis.patching.circuit_walk import Walk
from core.language_model import LanguageModel
from pages.interpretability import circuit as walked
from pages.interpretability import explainers_measure as measure
from pages.interpretability import explainers_take as take
from pages.interpretability.explainers_measure import Ask, Explained

more = register("interpretability_explainers", __file__)

TERMS = (
    "integrated gradients", "baseline", "attention rollout", "faithfulness", "probe", "control task", "induction head",
    "mean ablation",
)  # fmt: skip
CODE = (integrated_gradients, explain, attention_rollout, faithfulness_steps)
KEYS = ("explainer", "along")
BLANKS = {"token": "a neutral token", "mean": "the mean", "zero": "zeros"}
PROBED = {
    "held": "Thing: held?", "holder": "Person: holding?", "hero": "Pronoun: the hero?", "name": "Name: a person?",
}  # fmt: skip
PROBES = "probes"


@dataclass(frozen=True)
class Below:
    """The lower half of one run of the page: what is asked, as the page above asks it."""

    ctx: Context
    ask: Ask
    truth: Task  # what a probe is to tell

    @classmethod
    def of(cls, ctx: Context, target: str | None, row: int, token: int) -> Below:
        """What the fields ask for.

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
            return measure.known(self.ctx, self.ask), ""
        except ValueError as why:
            return None, str(why)

    # What the session knows is looked up once, in the page's run: the notebook may be asked for when that is over.
    @cached_property
    def walk(self) -> Walk | None:
        """The circuit's walk, if it was measured."""
        return walked.known(self.ctx)

    @property
    def _probing(self) -> work.Shared:
        """The probes, depth by depth."""
        total = STORIES + self.ctx.lm.config.n_layers + 1
        make = work.anew(partial(_probes, self.ctx.lm, self.truth))
        return work.Shared(PROBES, f"probes {self.ctx.model_key} {self.truth}", total, "steps", make)

    @cached_property
    def probes(self) -> tuple[Sequence[Layer], str]:
        """The layers probed so far, and why nothing can be probed; "" where it can."""
        done = self._probing.measured.results
        why = next((one for one in done if isinstance(one, str)), "")
        return [one for one in done if isinstance(one, Layer)], why

    def cells(self) -> list[str]:
        """For the notebook."""
        return take.cells(self.ask, self.explained[0], self.truth, self.probes[0], self.walk)

    def table(self) -> dict[str, Sequence[Any]]:
        """The table twin of the two pictures below the foot."""
        return take.table(self.ctx.lm, self.explained[0], self.probes[0], self.walk)

    def show(self) -> Callable[[], None]:
        """Heading, controls and pictures. Returns what measures the rest: to be called when the page is drawn."""
        lm, (found, why) = self.ctx.lm, self.explained
        st.html(
            '<section class="gb-words"><h2>Which tokens it rests on, and whether that is true</h2></section>'
        )
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            options = [one for one in BLANKS if one != "token" or neutral_token(lm) is not None]
            widgets.segments("Where a token is gone stands", "blank", options, lambda name: BLANKS[str(name)])
            widgets.segments("Explained is its", "says", ("logit", "probability"), widgets.capital)
            low, high = (int(bound) for bound in (BY_KEY["quadrature"].low, BY_KEY["quadrature"].high))
            st.slider("Steps of integrated gradients", low, high, width=220, **state.bind("quadrature"))
        waiting: list[tuple[work.Shared, DeltaGenerator | None, bool]] = []  # and whether all of it is drawn
        if found is None and not why:
            job = measure.job(self.ctx, self.ask)
            seconds = max(1, round(measure.seconds(lm, self.ask, len(self.ctx.ids))))
            waiting.append((job, job.buttons(f"Explain this prediction, about {seconds} s"), False))
        picked = {name: state.get(name) for name in KEYS}
        more(
            data=record(self.ctx, self.ask, found, why, self._probe_record())
            | {"selection": events.selection("explained", picked)},
            key="explained",
            on_select_change=lambda: events.select("explained", KEYS),
        )
        layers, not_probed = self.probes
        waiting.append((*self._probe_buttons(), bool(not_probed) or len(layers) > lm.config.n_layers))
        waiting.append((*walked.show(self.ctx, self.walk), self.walk is not None))
        with st.container(horizontal=True, gap="small"):
            if st.button("Both pictures as a table", key="explained.table"):
                _table(self.table())
            name = "glassbox-interpretability-more.csv"
            st.download_button(
                "CSV", lambda: to_csv(self.table()), name, "text/csv", key="explained.csv", on_click="ignore"
            )

        def go_on() -> None:
            for job, slot, whole in waiting:
                job.go_on(slot, job.total, whole)

        return go_on

    def _probe_record(self) -> dict[str, Any]:
        layers, why = self.probes
        words, labels = TASKS[self.truth]
        return {
            "task": self.truth, "words": words, "labels": list(labels), "depth": self.ctx.lm.config.n_layers + 1,
            "stories": STORIES, "layers": [_layer(one) for one in layers], "why": why,
        }  # fmt: skip

    def _probe_buttons(self) -> tuple[work.Shared, DeltaGenerator | None]:
        """What the probe reads, and the button; returns the work and the place of its bar."""
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            widgets.segments("The probe reads", "truth", tuple(PROBED), lambda name: PROBED[str(name)])
            with st.container(width="stretch"):
                return self._probing, self._probing.buttons("Probe every depth")


def _probes(lm: LanguageModel, task: Task) -> Iterator[Layer | int | str]:
    """The steps of `selectivity`; the last one says why there are no probes, where the model reads too little."""
    try:
        yield from selectivity(lm, task)
    except ValueError as why:
        yield str(why)


@st.dialog("What is explained, and the circuit", width="large")
def _table(table: dict[str, Sequence[Any]]) -> None:
    st.dataframe(table, hide_index=True)


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
    """What view.js draws. `found` is None where nothing was measured: `why` says that there is nothing to measure."""
    lm = ctx.lm
    shown = [] if found is None else [_token(lm, found, at) for at in range(len(found.ids))]
    return {
        "stamp": f"{ctx.model_key}\x1f{ask!r}\x1f{found is None}\x1f{probe}",
        "model": ctx.label, "asked": lm.tokenizer.display(ask.token), "row": ask.row, "says": ask.says,
        "blank": ask.blank, "blankWord": measure.blank_word(lm, ask.blank), "tokens": shown, "why": why,
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
        "at": one.at, "base": one.base, "total": one.total, "delta": one.delta, "steps": one.steps,
        "along": one.along.tolist(), "height": one.height.tolist(), "weights": one.weights.tolist(),
        "slopes": pack(one.slopes), "deltas": [list(pair) for pair in found.deltas],
    }  # fmt: skip


def _judged(one: Faithfulness) -> dict[str, Any]:
    sides: dict[str, Any] = {}
    for side in SIDES:
        sides[side] = {
            "band": one.band(side).tolist(), "area": float(one.areas[side].mean()),
            "curves": {
                name: {"values": curve.values.tolist(), "area": curve.area, "asGood": curve.as_good,
                       "verdict": curve.verdict, "order": list(curve.order)}
                for name, curve in one.side(side).items()
            },
        }  # fmt: skip
    return {
        "counts": one.counts.tolist(),
        "at": one.at,
        "base": one.base,
        "orders": len(one.areas["deletion"]),
        **sides,
    }
