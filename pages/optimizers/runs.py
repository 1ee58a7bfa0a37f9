"""Compare real runs: the five optimizers on one small model, and the fast recipe without each of its parts.

Of the five, recorded runs are shown at first, the learner's own when they trained some; the recipe's were all recorded.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import streamlit as st

from app.controls import own_run
from app.controls.own_run import Next
from app.counts import counted
from app.frame import page
from app.runs import trained
from app.runs.trained import Arm
from app.session import events, state
from core.messages import mark, say
from core.runs.endings import retold
from core.training.optimizer_comparison import RATES, STEPS, quintet
from core.training.rules import Kind
from core.training.spec import TrainSpec
from core.verdict_rule import Rule, percent
from pages.optimizers import figure
from pages.optimizers.controls import read_rates
from pages.optimizers.figure import NAMES, SHORT

KINDS = {NAMES[kind]: kind for kind in NAMES}
ASSETS = Path(__file__).resolve().parents[2] / "assets"
SWEEP = ASSETS / "rates.json"  # scripts/sweep_rates.py writes it
RECIPE = ASSETS / "recipe.json"  # scripts/measure_recipe.py writes it
_MEASURED = (
    r"Nats a character over the held-out tenth of (?P<text>\w+) \((?P<characters>[\d,]+) characters\), "
    r"after (?P<steps>[\d,]+) steps"
)
# The parts that the table of removals takes away, and what stands in their place, as it names them.
PARTS = {
    mark("Muon"): mark("AdamW moves the matrices, too, at the best of three rates."),
    mark("large rates"): mark("Muon at 0.02 and Adam at 0.003, as they are often set for longer runs."),
    mark("rotary positions"): mark("A learned vector for each position."),
    mark("a head of its own"): mark(
        "The token table is read at both ends, at the end divided by the root of the width."
    ),
    mark("two blocks"): mark(
        "Four blocks, with 0.56 of the steps: a little longer in all, as each takes nearly twice as long."
    ),
    mark("short memory"): mark("Momentum 0.95 and beta1 0.9 instead of 0.8 and 0.7."),
    mark("norm after the embedding"): mark("The token vectors enter the stream as they are."),
    mark("query and key norm"): mark("Queries and keys stay as long as they come."),
    mark("linear fall"): mark("The rates fall by half a cosine."),
    mark("short rows first"): mark("Rows of 64 from the first step."),
    mark("bfloat16"): mark("All products in float32."),
    mark("RMS norm"): mark("Layer norm, without gain and bias."),
    mark("no biases, no gains"): mark("Every product has a bias and every norm a gain."),
    mark("Polar Express"): mark("Five iterations with Jordan's coefficients instead of four."),
    mark("first weights"): mark("GPT-2's, all of one spread."),
    mark("two heads"): mark("Four heads of 32 numbers instead of two of 64."),
    mark("squared ReLU"): mark("GELU."),
}

# ---------------------------------------------------------------- the five optimizers


def arms() -> list[Arm]:
    """The learner's own five where there are some, else the recorded ones."""
    own = trained.own_arms(str(state.get("quintet")), list(KINDS))
    return own or trained.recorded_arms({name: f"optimizers-{kind}" for name, kind in KINDS.items()})


def five_panel() -> None:
    """The picture, and the buttons that train the five anew at the chosen rates or stop them."""
    shown = arms()
    figure.draw(
        record(shown),
        key="toy",
        on={
            "select": lambda: events.select("toy", ("toyrates",)),
            "ended": lambda: None,  # the page is drawn anew, with what the run came to
        },
    )
    memo = state.memo("optimizers")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if not own_run.under_way(shown, "optimizers.toy.stop", say("Stop them")):
            own_run.shorter(following, STEPS)
            spend, why = own_run.cost(following)
            steps = next(iter(wished().values())).steps
            st.button(
                say("Train all five: {steps} each, {spend}", steps=counted(steps, "step"), spend=spend)
                if spend
                else say("Train all five: {steps} each", steps=counted(steps, "step")),
                key="optimizers.toy",
                on_click=state.whole(begin),
            )  # fmt: skip
            own_run.warn(why)
        if state.get("quintet"):
            st.button(
                say("Show the recorded ones"),
                key="optimizers.toy.back",
                on_click=state.whole(lambda: state.set("quintet", "")),
            )
        if memo.get("said"):
            st.caption(memo.pop("said"))


def begin() -> None:
    """Put the five runs into the queue."""
    group, why = trained.start(wished())
    if group:
        state.set("quintet", group)
    state.memo("optimizers")["said"] = why


def wished(share: str | None = None) -> dict[str, TrainSpec]:
    """The five runs at the chosen rates; `share` of their steps as for `own_run.shortened`."""
    five = quintet(read_rates("toyrates", cast(Any, RATES)))
    return {NAMES[kind]: own_run.shortened(spec, share) for kind, spec in five.items()}


def following(share: str | None = None) -> list[Next]:
    """The next five, as they would be put into the queue."""
    return own_run.of_arms(wished(share))


def record(shown: list[Arm]) -> dict[str, Any]:
    """What toyFigure draws: five curves, and for each its rate and its last held-out loss."""
    rates = read_rates("toyrates", cast(Any, RATES))
    runs = []
    for arm in shown:
        held = arm.points.held_out[np.isfinite(arm.points.held_out)]
        runs.append(
            arm.curve()
            | {
                "kind": KINDS[arm.name], "name": say(arm.name), "rate": arm.spec.learning_rate,
                "ended": retold(arm.ended), "going": arm.going, "held": float(held[-1]) if len(held) else None,
            }
        )  # fmt: skip
    own = any(arm.run is not None for arm in shown)
    kinds = [
        {"id": kind, "name": say(name), "short": SHORT[kind], "rate": rates[kind], "usual": RATES[kind]}
        | ({} if own else spread(kind))
        for name, kind in KINDS.items()
    ]
    return {
        "figure": "toy", "runs": runs, "kinds": kinds, "guessing": shown[0].guessing if shown else None,
        "own": own, "going": any(arm.going for arm in shown), "about": say("These are your runs.") if own else about(),
        "stamp": repr([(run["id"], run["going"], run["held"]) for run in runs] + [rates]),
        "selection": events.selection("toy", {"toyrates": state.get("toyrates")}),
    }  # fmt: skip


@lru_cache(maxsize=1)
def swept() -> dict[str, Any]:
    """How the recorded runs' rates were chosen."""
    values: dict[str, Any] = json.loads(SWEEP.read_text(encoding="utf-8"))
    return values


def losses_at_best(kind: Kind) -> list[float]:
    """The held-out losses at an optimizer's best rate, one of each seed."""
    found = swept()["kinds"][kind]
    losses: list[float] = found["losses"][found["rates"].index(found["best"])]
    return losses


def spread(kind: Kind) -> dict[str, Any]:
    """The lowest and the highest of the seeds' losses at the best rate, and all rates that were tried."""
    losses, found = losses_at_best(kind), swept()["kinds"][kind]
    tried = [
        {"rate": rate, "losses": each} for rate, each in zip(found["rates"], found["losses"], strict=True)
    ]
    return {"low": min(losses), "high": max(losses), "tried": tried}


def about() -> str:
    """What the recorded runs are, in words."""
    sweep = swept()
    counts = [len(found["rates"]) for found in sweep["kinds"].values()]
    least, most = min(counts), max(counts)
    many = f"{least}" if least == most else say("{least} to {most}", least=least, most=most)
    return say(
        "Recorded runs of seed {seed}, each optimizer at its own best of {many} rates by the mean held-out loss of "
        "{count} seeds (in grey: from the lowest seed to the highest).",
        seed=sweep["seeds"][0], many=many, count=len(sweep["seeds"]),
    )  # fmt: skip


# ---------------------------------------------------------------- the fast recipe, part by part


@lru_cache(maxsize=1)
def recipe() -> dict[str, Any]:
    """The table of removals: the whole recipe and, by falling loss, the recipe without each part."""
    values: dict[str, Any] = json.loads(RECIPE.read_text(encoding="utf-8"))
    return values


def recipe_panel() -> None:
    """The table as a picture."""
    figure.draw(recipe_record(recipe()), key="recipe", on={})
    page.judged(rule(recipe()["full"]["seeds"]))


def recipe_record(table: dict[str, Any]) -> dict[str, Any]:
    """What recipeFigure draws; a row whose seeds reach into those of the whole recipe is marked as unclear."""
    keys = ("removed", "what", "loss", "low", "high", "step_time")
    full = {key: table["full"][key] for key in keys}
    rows = [
        {key: row[key] for key in keys}
        | {"removed": say(row["removed"]), "what": say(row["what"]), "unclear": overlap(row, full)}
        for row in table["rows"]
    ]
    return {"figure": "recipe", "full": full, "rows": rows, "about": about_recipe(table, rows)}


def measured(about: str) -> str:
    """What the recipe's losses were measured on, as scripts/measure_recipe.py writes it, in the reader's language."""
    found = re.fullmatch(_MEASURED, about)
    if found is None:
        return about
    return say(
        "Nats a character over the held-out tenth of {text} ({characters} characters), after {steps} steps",
        **found.groupdict(),
    )


def overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether the losses of the two, from the lowest seed to the highest, have some in common."""
    return bool(one["low"] <= other["high"] and other["low"] <= one["high"])


def about_recipe(table: dict[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The sentences below the picture: what was measured, and what the rows do not show."""
    full = table["full"]
    count = full["seeds"]
    seeds = (
        say("one seed, so how far seeds differ is not known")
        if count == 1
        else say("mean of {count} seeds; thin lines: from the lowest seed to the highest", count=count)
    )
    said = [
        say(
            "{measured}; {seeds}. ×: the time of a step beside the whole recipe’s.",
            measured=measured(table["about"].split("; mean")[0]), seeds=seeds,
        )
    ]  # fmt: skip
    unclear = ", ".join(row["removed"] for row in rows if row["unclear"])
    if unclear:
        said.append(say("Pale: no further from the whole recipe than seeds differ: {parts}.", parts=unclear))
    better = say(" and without ").join(
        row["removed"] for row in rows if row["loss"] < full["loss"] and not row["unclear"]
    )
    if better and count == 1:
        said.append(
            say(
                "Without {parts} the loss is lower: one seed cannot tell whether that is chance.",
                parts=better,
            )
        )
    elif better:
        said.append(say("Without {parts} the loss is lower: here that part does harm.", parts=better))
    if plain := table.get("plain"):
        said.append(
            say(
                "The plain recipe, a GPT-2 with AdamW, warm-up and cosine, takes {steps} to {loss}; this one takes "
                "{fewer} to {lower}.",
                steps=counted(plain["steps"], "step"), loss=f"{plain['loss']:.3f}", fewer=f"{full['steps']:,}",
                lower=f"{full['loss']:.3f}",
            )
        )  # fmt: skip
    return said


def rule(seeds: int) -> Rule:
    """How a part of the recipe is judged, from so many seeds of each row."""
    apart = 2 / math.comb(2 * seeds, seeds)
    return Rule(
        say("A part of the recipe: “pale: no further than seeds differ”, “here that part does harm”"),
        say("The held-out losses of the runs without the part, beside those of the whole recipe."),
        say(
            "A difference: the losses of the two, from the lowest seed to the highest, have "
            "nothing in common."
        ),
        say("{seeds} of each row.", seeds=counted(seeds, "recorded seed")),
        say(
            "None: each row is judged on its own. Runs that differ in nothing lie apart so in "
            "{share} of such comparisons.",
            share=percent(apart),
        ),
        say("Our rule; the share by counting the orders of the seeds"),
        overlap,
    )
