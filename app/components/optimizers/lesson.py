"""The lesson of the fast recipe: what the loss becomes without each of its parts, as it was measured."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.components import optimizers as view

FILE = Path(__file__).resolve().parents[3] / "assets" / "recipe.json"  # scripts/measure_recipe.py writes it


@lru_cache(maxsize=1)
def measured() -> dict[str, Any]:
    """The table of removals: the whole recipe and, by falling loss, the recipe without each part."""
    values: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return values


def panel() -> None:
    """The table as a picture."""
    view.draw(record(measured()), key="recipe", on={})


def record(table: dict[str, Any]) -> dict[str, Any]:
    """What the figure draws."""
    keys = ("removed", "what", "loss", "low", "high", "step_time")
    rows = [{key: row[key] for key in keys} for row in table["rows"]]
    better = [row["removed"] for row in rows if row["loss"] < table["full"]["loss"]]
    count = table["full"]["seeds"]
    seeds = "one seed" if count == 1 else f"mean of {count} seeds (the thin line: lowest to highest)"
    about = f"{table['about'].split('; mean')[0]}; {seeds}. ×: the time of a step beside the whole recipe’s."
    if better:
        about += f" Without {' and without '.join(better)} the loss is even lower: no recipe is finished."
    full = {key: table["full"][key] for key in keys}
    return {"figure": "recipe", "full": full, "rows": rows, "about": about}
