"""Below the ladder: the published laws with well-known models, and emergence as a matter of the metric."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from app import state
from core.analysis.health.emergence import LENGTHS
from core.runs import ladders
from core.runs.ladders import Rung
from core.scaling import published
from pages.scaling import published_charts as charts
from pages.scaling.own import Own
from pages.scaling.words import powered, sized

NOTE = (
    "N and D as each paper states them; Kaplan’s N leaves out the embeddings. Faint: where a law is stretched "
    "beyond the runs that it was fitted to: {fitted}. GPT-2’s D was never published: it stands at one pass over "
    "its text, its true place is to the right. Losses of two papers, or of this ladder’s characters, are on "
    "different texts: compare along a line, not between lines. Besiroglu et al. (2024) fitted the form of "
    "approach 3 again and came to the answer of approaches 1 and 2."
)
BUDGETS = (1e9, 1e27)  # operations, of the chart of sizes
FEW = 0.01  # a share that is as good as none
LEAP = 1 / 3  # how far a share has gone beside log p where it is flat first and steep then


def length() -> int:
    """Characters in a row: the recorded number that is nearest to the page's own."""
    wanted = int(state.get("inarow"))
    return min(LENGTHS, key=lambda one: abs(one - wanted))


def record(tables: bool, own: Sequence[Own]) -> dict[str, Any]:
    """What both charts show."""
    runs = ladders.series("parameters")
    k = length()
    return {
        "tables": tables, "length": k, "models": [_model(one) for one in published.MODELS],
        "budgets": _budgets(), "losses": _losses(),
        "ladder": [
            {"n": one.parameters(tables), "c": one.at("compute", tables), "name": one.name} for one in ladders.rungs()
        ],
        "own": [_metrics(one.rung, tables, k) for one in own if one.known and one.rung.exact],
        "metrics": [_metrics(one, tables, k) for one in runs], "said": said(runs, tables, k),
        "dotted": dotted(runs, k), "fitted": fitted(),
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
        "c": c.tolist(), "measured": {name: list(one.flops) for name, one in published.FITTED.items()},
        "kaplan": published.kaplan_best(c)[0].tolist(),
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
        "measured": {name: list(one.parameters) for name, one in published.FITTED.items()},
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


def said(runs: Sequence[Rung], tables: bool, k: int) -> str:
    """What the two charts say together, in the seeds' means of the smallest, a middle and the largest size."""
    kinds = _kinds(runs)
    chosen = [kinds[0], kinds[len(kinds) // 2], kinds[-1]]
    logs = [_mean([one.log for one in kind]) for kind in kinds]
    exact = [_mean([_share(one, k) for one in kind]) for kind in kinds]
    sizes = ", ".join(sized(kind[0].parameters(tables)) for kind in chosen)
    rising = "it rises at every size" if logs == sorted(logs) else "it does not rise at every size"
    shares = ", ".join(f"{exact[kinds.index(kind)]:.1%}" for kind in chosen)
    return (
        f"With {sizes} parameters the mean log p of a character is "
        f"{', '.join(f'{logs[kinds.index(kind)]:.2f}' for kind in chosen)}: {rising}. "
        f"{'The next one' if k == 1 else f'All of the next {k}'} right: {shares}. "
        + _judged(logs, exact, sized(kinds[1][0].parameters(tables)), k)
    )


def _judged(logs: Sequence[float], exact: Sequence[float], second: str, k: int) -> str:
    """Whether the share grows as smoothly as log p does: by how far each has come at the second size."""
    if max(exact) < FEW:
        return (
            f"Whoever asks for {k} in a row sees nothing yet, even of the largest: under {FEW:.0%}. "
            "By log p all of these models differ."
        )
    smooth, sharp = ((all[1] - all[0]) / (all[-1] - all[0]) for all in (logs, exact))
    way = f"At {second} log p has gone {smooth:.0%} of its way from the smallest to the largest, "
    way += f"this share {sharp:.0%}: "
    if sharp < smooth * LEAP:
        return f"{way}little for long, then much. The metric makes the leap, not the model (Schaeffer et al. 2023)."
    return f"{way}no leap." if k > 1 else f"{way}one character at a time, this metric does not leap either."


def dotted(runs: Sequence[Rung], k: int) -> str:
    """What the dotted line is, and on which side of it the sizes lie."""
    if k == 1:
        return "Dotted: the share over all characters; asked are those with 32 before them in their row and 31 after."
    kinds = _kinds(runs)
    above = sum(
        _mean([_share(one, k) for one in kind]) > _mean([one.right**k for one in kind]) for kind in kinds
    )
    where = "every size" if above == len(kinds) else f"{above} of the {len(kinds)} sizes"
    return (
        f"Dotted: the share of single characters right, to the power of {k}. Characters are right together more often "
        f"than that at {where}."
    )


def _kinds(runs: Sequence[Rung]) -> list[list[Rung]]:
    """The runs of each width, narrow ones first."""
    return [[one for one in runs if one.width == width] for width in sorted({one.width for one in runs})]


def _share(one: Rung, k: int) -> float:
    return {at: share for at, share, *_ in one.exact}[k]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def fitted() -> str:
    """Where each law was fitted, as the note below the charts says it."""
    laws = ("Kaplan", published.FITTED["kaplan"]), ("Hoffmann and the refit", published.FITTED["hoffmann"])
    return "; ".join(
        f"{name} by runs of {powered(one.flops[0])} to {powered(one.flops[1])} operations and "
        f"{sized(one.parameters[0])} to {sized(one.parameters[1])} parameters ({one.source})"
        for name, one in laws
    )


def show(tables: bool, own: Sequence[Own]) -> None:
    """The heading, the dial and the charts."""
    st.html('<section class="gb-words"><h2>Published laws, and emergence by the metric</h2></section>')
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.segmented_control(
            "Characters in a row that must all be right", LENGTHS, required=True,
            **state.part("inarow", length(), lambda k: state.set("inarow", k)),
        )  # fmt: skip
    data = record(tables, own)
    charts.draw_metrics(data)
    st.html("".join(f'<p class="gb-told">{escape(data[key])}</p>' for key in ("said", "dotted")))
    charts.draw_published(data)
    st.html(f'<p class="gb-told">{escape(NOTE.format(fitted=data["fitted"]))}</p>')
