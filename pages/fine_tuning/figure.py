"""Draw four ways of adapting tales-bert on one chart, what each costs and forgets, and LoRA's sum.

The functions here ask `core` and turn its answers into the component's JSON; they compute nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from app.kit import pack, register
from app.kit.arms import Arm
from core.messages import mark, say
from core.runs.endings import retold
from core.runs.fine_tuning import bundled_base
from core.training import lora
from core.training.fine_tune_spec import PRESETS, Task, Way
from pages.fine_tuning import ways
from pages.fine_tuning.ways import RECORDED, Learned

fine_tuning = register("fine_tuning", __file__)

BASE = "tales-bert"
ABOUT = {
    "sentiment": mark(
        "Good or bad news: what happens in two sentences of a tale, by what somebody then feels. The model "
        "learns from {count}; those held out combine people, things and places as none of these does."
    ),
    "questions": mark(
        "Questions whose answer stands in a passage of a tale. The model learns from {count}; those held out combine "
        "people, things and places as none of these does."
    ),
}


def record_task(job: Task) -> dict[str, Any]:
    """Describe a task: what is held out, what is asked, what guessing comes to."""
    news = job == "sentiment"
    return {
        "job": job,
        "title": say("Held-out news judged right") if news else say("Held-out questions answered exactly"),
        "asks": say("Your text:") if news else say("Answer:"),
        "guessing": {"value": 0.5, "text": say("guessing: one of two")} if news else None,
        "low": 0.4 if news else 0.0,
        "about": say(ABOUT[job], count=f"{PRESETS[job]['examples']:,}"),
    }


def record_ways(
    arms: Mapping[Way, Arm], text: str, question: str, learned: Learned = RECORDED
) -> list[dict[str, Any]]:
    """Record each way: its curve, what it is worth, and what it says of the learner's text."""
    return [
        {
            "key": way,
            "curve": arm.curve() | {"name": say(arm.name)},
            "own": arm.run is not None,
            "ended": retold(arm.ended),
            "going": arm.going,
            "worth": ways.last(arm),
            "measured": ways.measured_step(arm),
            "judged": ways.judge(arm, text, question, learned),
        }
        for way, arm in arms.items()
    ]


def record_lora(
    arm: Arm, cell: tuple[int, int], full: Arm | None = None, learned: Learned = RECORDED
) -> dict[str, Any] | None:
    """One matrix of LoRA's way: the base's W, A, B and (alpha / r) B A, and the sum of one cell; None: none is kept.

    The first of the targets in the last block. "moved" is how much of W's length (the root of its summed squares) the
    product has, and of the full way, where it is given, what it changed in the same matrix.
    """
    found = matrix_of(arm, learned)
    if found is None:
        return None
    name, plain, adapter = found
    key = next(
        key.removesuffix(".A") for key in adapter.tensors if key.startswith(name) and key.endswith(".A")
    )
    a, b = adapter.tensors[f"{key}.A"].numpy(), adapter.tensors[f"{key}.B"].numpy()
    added = adapter.product(key).numpy()
    w = plain[key]
    i, j = (
        at if 0 <= at < size else int(top)
        for at, size, top in zip(cell, added.shape, np.unravel_index(np.abs(added).argmax(), added.shape))
    )
    return {
        "name": key, "rank": adapter.lora.rank, "alpha": adapter.lora.alpha,
        "W": pack(w), "A": pack(a), "B": pack(b), "added": pack(added),
        "moved": {"lora": _length(added) / _length(w), "full": None if full is None else _moved(full, key, w, learned)},
        "cell": {"row": i, "col": j, "w": float(w[i, j]), "terms": [float(x) for x in b[i] * a[:, j]],
                 "scale": adapter.lora.scale, "added": float(added[i, j])},
    }  # fmt: skip


def _moved(full: Arm, key: str, plain: np.ndarray[Any, Any], learned: Learned) -> float | None:
    """How much the full way changed a target's matrix, of its length; None: it keeps nothing yet."""
    base = bundled_base(BASE).transformer
    every = lora.Lora(1, 1.0, ways.FITTING)
    place = next(place for place in lora.places(base, every) if place.key == key)
    found = learned.tensors(full).get(place.name)
    if found is None:
        return None
    return _length(found[place.first : place.last].numpy() - plain) / _length(plain)


def _length(matrix: np.ndarray[Any, Any]) -> float:
    return float(np.linalg.norm(matrix))


def matrix_of(
    arm: Arm, learned: Learned = RECORDED
) -> tuple[str, dict[str, np.ndarray[Any, Any]], lora.Adapter] | None:
    """The stored matrix that is shown, the base's rows of each target in it, and the adapter."""
    adapter = ways.adapter_of(arm, learned)
    if adapter is None:
        return None
    base = bundled_base(BASE).transformer
    found = lora.places(base, adapter.lora)
    place = found[-1]
    shown = [one for one in found if one.name == place.name]
    stored = dict(base.named_parameters())[place.name].detach()
    return place.name, {one.key: stored[one.first : one.last].numpy() for one in shown}, adapter
