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
    table = measured()
    keys = ("removed", "what", "loss", "low", "high", "step_time")
    rows = [{key: row[key] for key in keys} for row in table["rows"]]
    about = f"{table['about'].split('; mean')[0]}, mean of {table['full']['seeds']} seeds; the thin line: lowest to highest."
    view.draw(
        {"figure": "recipe", "full": {key: table["full"][key] for key in keys}, "rows": rows, "about": about},
        key="recipe", on={},
    )  # fmt: skip
