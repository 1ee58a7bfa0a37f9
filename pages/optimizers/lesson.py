"""The lesson of the fast recipe: what the loss becomes without each of its parts, as it was measured."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.counts import counted
from pages.optimizers import figure as view

FILE = Path(__file__).resolve().parents[2] / "assets" / "recipe.json"  # scripts/measure_recipe.py writes it


@lru_cache(maxsize=1)
def measured() -> dict[str, Any]:
    """The table of removals: the whole recipe and, by falling loss, the recipe without each part."""
    values: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return values


def panel() -> None:
    """The table as a picture."""
    view.draw(record(measured()), key="recipe", on={})


def record(table: dict[str, Any]) -> dict[str, Any]:
    """What the figure draws; a row whose seeds reach into those of the whole recipe is marked as unclear."""
    keys = ("removed", "what", "loss", "low", "high", "step_time")
    full = {key: table["full"][key] for key in keys}
    rows = [{key: row[key] for key in keys} | {"unclear": overlap(row, full)} for row in table["rows"]]
    return {"figure": "recipe", "full": full, "rows": rows, "about": about(table, rows)}


def overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether the losses of the two, from the lowest seed to the highest, have some in common."""
    return bool(one["low"] <= other["high"] and other["low"] <= one["high"])


def about(table: dict[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The sentences below the figure: what was measured, and what the rows do not show."""
    full = table["full"]
    count = full["seeds"]
    seeds = (
        "one seed, so how far seeds differ is not known"
        if count == 1
        else f"mean of {count} seeds; thin lines: from the lowest seed to the highest"
    )
    said = [f"{table['about'].split('; mean')[0]}; {seeds}. ×: the time of a step beside the whole recipe’s."]
    unclear = [row["removed"] for row in rows if row["unclear"]]
    if unclear:
        said.append(f"Pale: no further from the whole recipe than seeds differ: {', '.join(unclear)}.")
    better = [row["removed"] for row in rows if row["loss"] < full["loss"] and not row["unclear"]]
    if better:
        why = "one seed cannot tell whether that is chance" if count == 1 else "here that part does harm"
        said.append(f"Without {' and without '.join(better)} the loss is lower: {why}.")
    if plain := table.get("plain"):
        said.append(
            f"The plain recipe, a GPT-2 with AdamW, warm-up and cosine, takes {counted(plain['steps'], 'step')} to "
            f"{plain['loss']:.3f}; this one takes {full['steps']:,} to {full['loss']:.3f}."
        )
    return said
