"""Draw the Training lab: curves that grow while a run trains, Rewind on their axis, the film strip below.

`record` turns what was computed into the component's JSON. It computes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from app.kit import pack, register
from core.language_model import LanguageModel
from pages.lab import strip
from pages.lab.curves import Curve

lab = register("lab", __file__)

# Characters of the text that the strip's heading quotes: of a longer one its beginning and its end.
PROMPT = 44


def record(
    lm: LanguageModel,
    tokens: Sequence[str],
    text: str,
    curves: Sequence[Curve],
    film: strip.Film,
    plan: Mapping[str, Any],
    more: Mapping[str, Any],
) -> dict[str, Any]:
    """What figure.js draws.

    Args:
        tokens: of the text, as they read.
        curves: the first is the one that the picture is about.
        plan: the next run (`planned`).
        more: `model` (the open one's name in a link), `label` (its name for people), `x`, and `selection`.
    """
    unit, short = strip.unit(lm), str(more["label"])
    first = curves[0] if curves else None
    # Otherwise the first curve is that of a run that cannot be opened yet.
    own = first is not None and first.model == more["model"]
    return {
        "tokens": list(tokens),
        "unit": unit,
        "title": f"Loss, nats per {unit if own or first is None else first.unit}",
        "runs": [one.record() for one in curves],
        "guessing": guessing(lm) if own else None,
        "x": more["x"],
        "moments": _moments(first, own, more["model"], short),
        "forks": bool(own and first is not None and first.run is not None),
        "film": _film(lm, film, text, unit, "" if own or first is None or first.run is None else short),
        "plan": dict(plan),
        "next": {"text": plan["line"], "wrong": bool(plan["refused"])},
        "selection": dict(more["selection"]),
    }


def draw(data: dict[str, Any], key: str, on: Mapping[str, Callable[[], None]]) -> Any:
    """Mount the picture; `on` maps "select", "command", "fork", "axis", "changed" to callbacks."""
    return lab(data=data, key=key, on=on)


def guessing(lm: LanguageModel) -> dict[str, Any]:
    """The loss of a model that knows nothing: the logarithm of how many tokens there are to choose from."""
    size = lm.config.d_vocab
    return {"value": float(np.log(size)), "text": f"guessing: ln {size:,} = {np.log(size):.2f}"}


def _moments(first: Curve | None, own: bool, model: str, short: str) -> dict[str, Any]:
    if first is None or not own:
        name = model.removeprefix("./")
        why = f"{name} keeps no moments of its training; {first.name if first else 'a run'} beside it does"
        if first is not None and first.run is not None:
            begins = f"Rewind begins with {first.name}’s first checkpoint; until then, below is {short}"
            why = f"{first.name} kept no checkpoint; below is {short}" if first.run.over else begins
        return {"id": first.id if first else "", "model": "", "steps": [], "why": why}
    return {"id": first.id, "model": first.model, "steps": list(first.steps), "why": ""}


def _film(lm: LanguageModel, film: strip.Film, text: str, unit: str, whose: str) -> dict[str, Any]:
    """The strip. whose: the open model's name, where the page is about a run that cannot be opened yet."""
    title, about, short = strip.words(film, unit)
    title = f"{whose}: {title}" if whose else title
    shades = np.stack([film.map(at) for at in range(len(film.steps))])  # (F, T, S)
    frames = zip(film.steps, film.values, film.moments)
    return {
        "title": title,
        "about": about,
        "short": short,
        "prompt": text if len(text) <= PROMPT else f"{text[:14]} … {text[-PROMPT + 17 :]}",
        "fills": lm.config.shape == "encoder",
        "causal": bool(lm.config.shape == "decoder" and lm.config.causal),
        "block": film.block,
        "head": film.head,
        "maps": pack(shades),
        "frames": [
            {"step": step, "score": score, "sample": moment.sample, "loss": moment.loss}
            for step, score, moment in frames
        ],
    }
