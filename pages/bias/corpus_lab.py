"""Below the Bias picture: the pronoun gap by profession in language models, and the corpus lab that moves it.

The functions here ask `core` (pronoun_gap, corpus_lab, doses) and turn the answers into the component's JSON; they
compute nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import streamlit as st

from app import events, models, state
from app.kit import register
from app.page import Context
from core.analysis.tasks.pronoun_gap import SURE
from core.runs import doses
from pages.bias import corpus_lab_controls as controls
from pages.bias import corpus_lab_gaps as gaps
from pages.bias import corpus_lab_lab as lab
from pages.bias import corpus_lab_take as take

more = register("bias_corpus_lab", __file__)

TERMS = ("seed", "log probability")
KEYS = ("profession",)
LIMITS = (
    "Two forms stand for people here, “she” and “he”; nobody else is counted, and nothing but pronouns is measured.",
    "The text is a toy: a world of one dial. On real text many causes move together, and no dial turns one alone.",
    "A gap of a template is not a harm done to a person, and a gap of 0 is not fairness: other sentences may differ.",
)


@dataclass(frozen=True)
class Below:
    """The lower half of one run of the page."""

    ctx: Context

    @cached_property
    def asked(self) -> gaps.Asked:
        """Professions and templates."""
        return gaps.asked()

    @cached_property
    def shown(self) -> list[gaps.Series]:
        """The models with their gaps."""
        return gaps.series(self.ctx, self.asked)

    @cached_property
    def arms(self) -> list[Any]:
        """The learner's own runs."""
        return lab.own()

    def record(self) -> dict[str, Any]:
        """What view.js draws, but for the selection."""
        what = self.asked
        return {
            "tokens": list(what.jobs), "templates": [one.text for one in what.templates],
            "told": gaps.told(what), "stories": doses.recorded()["stories"],
            "ownJobs": what.own_jobs, "ownTemplates": what.own_templates,
            "series": [one.record(what.jobs) for one in self.shown], "findings": gaps.findings(self.shown, what),
            "sure": SURE, "limits": list(LIMITS), "lab": lab.record(self.arms),
        }  # fmt: skip

    def table(self) -> take.Table:
        """For the table, with columns of its own."""
        return take.table(self.shown, self.asked, self.arms)

    def cells(self) -> list[str]:
        """For the notebook."""
        ctx = self.ctx
        moment = "" if ctx.snapshot is None else f", snapshot={ctx.snapshot}"
        load = f"core.load({str(models.resolve(ctx.name).target)!r}, device='cpu'{moment})"
        return take.cells(load, self.shown, self.asked)

    def show(self) -> Callable[[], None]:
        """The heading, the picture, the controls. Returns what takes long: to be called when the page is drawn."""
        st.html('<section class="gb-words"><h2>The pronoun gap, and a corpus with a dial</h2></section>')
        chosen = min(int(state.get("profession")), len(self.asked.jobs) - 1)
        more(
            data={**self.record(), "selection": events.selection("more", {"profession": chosen})},
            key="more",
            on_select_change=lambda: events.select("more", KEYS),
            on_arrived_change=lambda: None,  # the run of the page that comes with it reads what is new
            on_visit_change=lambda: events.visit("more"),
        )
        return controls.draw(self.ctx, self.asked, self.shown, self.arms)
