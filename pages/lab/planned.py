"""The next run in words and numbers, before it starts: what it trains, and what it takes on this machine."""

from __future__ import annotations

from typing import Any

from app.own_run import duration
from core.training import TrainSpec
from pages.lab import presets, setting


def planned(spec: TrainSpec) -> dict[str, Any]:
    """Rows (name, value, whether it is the one to look at), a sentence, a line, and why it would be refused."""
    plan = setting.plan(spec)
    name = preset_of(spec)
    unit = "characters" if spec.tokenizer == "characters" else "tokens"
    rows = [
        ("Data", f"{presets.DATA[spec.corpus]}, {presets.TOKENIZERS[spec.tokenizer]}", False),
        ("Task", presets.OBJECTIVES[spec.objective], False),
        ("Shape", presets.shape_name(presets.shape_of(spec)), False),
        (
            "Optimizer",
            f"{presets.OPTIMIZERS[spec.optimizer]}, {spec.learning_rate:g}, {spec.schedule}",
            False,
        ),
        ("Steps", f"{spec.steps:,} of {spec.batch_tokens:,} {unit}", False),
    ]
    line = f"Next run refused: {plan.refused}"
    if plan.parameters:
        rows += [
            ("Weights", f"about {weights(plan.parameters)}", False),
            ("Memory", f"{plan.bytes / 2**20:,.0f} MB", False),
        ]
        rows.append(("Time here", f"about {duration(plan.seconds)}", not plan.refused))
    if not plan.refused:
        size = f"about {weights(plan.parameters)} weights, {plan.bytes / 2**20:,.0f} MB"
        line = f"Next run: {spec.steps:,} steps, {size}, about {duration(plan.seconds)}"
    return {
        "rows": [list(row) for row in rows],
        "about": presets.PRESETS[name].about
        if name
        else "Settings of your own; Start trains them from noise.",
        "line": line,
        "refused": f"Start would refuse: {plan.refused}." if plan.refused else "",
    }


def described(spec: TrainSpec) -> str:
    """A spec's settings in a line."""
    data = f"{presets.DATA[spec.corpus]}, {presets.TOKENIZERS[spec.tokenizer]}"
    shape = presets.shape_name(presets.shape_of(spec))
    return (
        f"{data}, {shape}, {presets.OPTIMIZERS[spec.optimizer]} {spec.learning_rate:g}, {spec.steps:,} steps"
    )


def preset_of(spec: TrainSpec) -> str:
    """The preset that a spec is, "" when it is none."""
    return next((name for name, preset in presets.PRESETS.items() if preset.make() == spec), "")


def weights(count: int) -> str:
    """A count that hangs on a vocabulary not yet learned: three digits of it."""
    return f"{float(f'{count:.3g}'):,.0f}"
