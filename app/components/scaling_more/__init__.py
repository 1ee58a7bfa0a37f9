"""Below the ladder: the published laws with well-known models, and emergence as a matter of the metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from app import state
from app.components import register
from app.components.scaling.own import Own
from app.components.scaling.words import sized
from core.analysis.emergence import LENGTHS
from core.runs import ladders
from core.runs.ladders import Rung
from core.scaling import published

more = register("scaling_more")

BUDGETS = (1e9, 1e27)  # operations, of the chart of sizes
MEASURED = (1e18, 1e24)  # between what the papers' own runs lie, about; beyond, their laws are stretched


def length() -> int:
    """Characters in a row: the recorded number that is nearest to the page's own."""
    wanted = int(state.get("inarow"))
    return min(LENGTHS, key=lambda one: abs(one - wanted))


def record(tables: bool, own: Sequence[Own]) -> dict[str, Any]:
    """Both panels for view.js."""
    runs = ladders.series("parameters")
    k = length()
    return {
        "stamp": f"{tables} {k} {[one.rung.loss for one in own]}",
        "tables": tables, "length": k, "models": [_model(one) for one in published.MODELS],
        "budgets": _budgets(), "losses": _losses(),
        "ladder": [
            {"n": one.parameters(tables), "c": one.at("compute", tables), "name": one.name} for one in ladders.rungs()
        ],
        "own": [_metrics(one.rung, tables, k) for one in own if one.known and one.rung.exact],
        "metrics": [_metrics(one, tables, k) for one in runs], "said": said(runs, k),
    }  # fmt: skip


def _model(one: published.Known) -> dict[str, Any]:
    known = one.flops is not None
    flops = (
        one.flops or 6 * one.parameters * published.GPT2_PASS
    )  # one pass over its text, where D is unknown
    return {
        "name": one.name, "year": one.year, "n": one.parameters, "d": one.tokens, "c": flops, "source": one.source,
        "note": one.note, "kaplan_n": float(published.kaplan_parameters(one.parameters)),
        "kaplan": _loss(published.kaplan_both, one), "hoffmann": _loss(published.CHINCHILLA, one),
        "refit": _loss(published.REFIT, one),
        "best_kaplan": float(published.kaplan_best(flops)[0]) if known else None,
        "best_hoffmann": float(published.chinchilla_best(flops)[0]) if known else None,
    }  # fmt: skip


def _loss(law: Any, one: published.Known) -> float | None:
    return None if one.tokens is None else float(law(one.parameters, one.tokens))


def _budgets() -> dict[str, Any]:
    """The best number of parameters for each budget, by each paper."""
    c = np.geomspace(*BUDGETS, 55)
    return {
        "c": c.tolist(), "measured": list(MEASURED), "kaplan": published.kaplan_best(c)[0].tolist(),
        "one": published.chinchilla_best(c)[0].tolist(), "three": published.CHINCHILLA.best(c)[0].tolist(),
        "refit": published.REFIT.best(c)[0].tolist(),
    }  # fmt: skip


def _losses() -> dict[str, Any]:
    """The loss at each size by Kaplan's L(N), and at the best split of Hoffmann et al. and of the refit."""
    n = np.geomspace(1e6, 1e12, 40)
    c = np.geomspace(1e16, 1e26, 40)
    best = {"hoffmann": published.CHINCHILLA, "refit": published.REFIT}
    found = {name: (law.best(c)[0], law(*law.best(c))) for name, law in best.items()}
    return {
        "n": n.tolist(), "kaplan": published.kaplan_parameters(n).tolist(),
        **{name: {"n": at.tolist(), "loss": loss.tolist()} for name, (at, loss) in found.items()},
    }  # fmt: skip


def _metrics(one: Rung, tables: bool, k: int) -> dict[str, Any]:
    exact = {at: (share, low, high) for at, share, low, high in one.exact}
    share, low, high = exact[k]
    return {
        "name": one.name, "n": one.parameters(tables), "seed": one.seed, "log": one.log, "right": one.right,
        "exact": share, "low": low, "high": high, "power": one.right**k,
    }  # fmt: skip


def said(runs: Sequence[Rung], k: int) -> str:
    """What the two charts say together, in the numbers of the smallest, a middle and the largest size."""
    widths = sorted({one.width for one in runs})
    chosen = [
        next(one for one in runs if one.width == width)
        for width in (widths[0], widths[len(widths) // 2], widths[-1])
    ]
    exact = [{at: share for at, share, *_ in one.exact}[k] for one in chosen]
    sizes = ", ".join(sized(one.blocks) for one in chosen)
    logs = ", ".join(f"{one.log:.2f}" for one in chosen)
    return (
        f"With {sizes} parameters the mean log p of a character is {logs}: it rises at every size. All of the next {k} "
        f"right: {', '.join(f'{share:.1%}' for share in exact)}. The same models, the same text: whoever asks for {k} "
        "in a row sees nothing for long, then much. The metric makes the leap, not the model (Schaeffer et al. 2023)."
    )


def show(tables: bool, own: Sequence[Own]) -> None:
    """The heading, the dial and the figure."""
    st.html('<section class="gb-words"><h2>Published laws, and emergence by the metric</h2></section>')
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.segmented_control(
            "Characters in a row that must all be right", LENGTHS, required=True,
            **state.part("inarow", length(), lambda k: state.set("inarow", k)),
        )  # fmt: skip
    more(data=record(tables, own), key="more")
