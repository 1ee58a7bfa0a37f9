"""Draw a part taken out: of the open model now, and of a small model in training.

The functions here ask `core` and turn its answers into the component's JSON; they compute nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from app.kit import register
from core.analysis.health.component_ablation import Reading, missing, read, without
from core.analysis.health.diagnosis import Diagnosis, diagnose
from core.analysis.health.evidence import of_reading
from core.analysis.stream.depth import Depth
from core.config import WITHOUT, Part
from core.language_model import LanguageModel
from core.messages import mark, say
from core.training.text_loss import text_loss

break_it = register("break_it", __file__)

NAMES: dict[str, str] = {
    "residual": mark("Residuals"), "norm": mark("Norms"), "scale": mark("1/√d scale"), "position": mark("Positions"),
    "mask": mark("Causal mask"),
}  # fmt: skip
WITHOUT_WORDS: dict[str, str] = {
    "residual": mark("residuals"), "norm": mark("norms"), "scale": mark("the 1/√d scale"),
    "position": mark("positions"), "mask": mark("the causal mask"),
}  # fmt: skip
NOTHING = "nothing"  # taken out: the control, two models with all their parts
CHOICES: dict[str, str] = {**NAMES, NOTHING: mark("Nothing")}
# What the charts show, block by block: a Depth's field, its title, what it is, and how it is drawn.
CHARTS: dict[str, dict[str, Any]] = {
    "activation": {"name": mark("Activations"), "hint": mark("size of what leaves a block"), "log": True},
    "gradient": {"name": mark("Gradient"), "hint": mark("how hard the loss pulls"), "log": True},
    "entropy": {
        "name": mark("Attention entropy"),
        "hint": mark("of ln(keys): 1 even, 0 one key"),
        "unit": mark(
            "a share of the largest possible, the logarithm of the keys in sight: 1 reads all alike, 0 one alone"
        ),
        "zero": True,
    },
}


def see(lm: LanguageModel, text: str, target: str | None, part: str) -> tuple[Reading, Reading]:
    """The model on the text, whole and without the part; without `NOTHING` it is the same reading twice."""
    whole = read(lm, text, target)
    return whole, whole if part == NOTHING else read(without(lm, cast(Part, part)), text, target)


def titles(name: str, part: str) -> dict[str, str]:
    """How the picture names the two models: of the open one, of the trained pair, and the second of each."""
    if part == NOTHING:
        return {
            "now": say("Now: {name} with all its parts, twice, on your text", name=name),
            "trained": say("Trained twice with all parts, from two seeds"),
            "second_now": say("same model"),
            "second": say("other seed"),
        }
    out = say(WITHOUT_WORDS[part])
    return {
        "now": say("Now: {name} without {part}, on your text", name=name, part=out),
        "trained": say("Trained without {part}, beside a twin", part=out),
        "second_now": say("without"),
        "second": say("without"),
    }


def judged(whole: Reading, other: Reading) -> Diagnosis:
    """What the measurements of both say."""
    return diagnose(of_reading(whole), of_reading(other))


def fitting(lm: LanguageModel, part: str) -> tuple[str, str]:
    """The part that is taken out of this model, and why it is not the one that was asked for ("" where it is)."""
    why = "" if part == NOTHING else missing(lm.config, cast(Part, part))
    if not why:
        return part, ""
    others = [other for other in WITHOUT if not missing(lm.config, other)]
    said = say("Nothing to take out: {why}.", why=why)
    if not others:
        return NOTHING, said
    instead = say("Shown instead: without {part}.", part=say(WITHOUT_WORDS[others[0]]))
    return others[0], f"{said} {instead}"


def by_block(depth: Depth | Mapping[str, Any], key: str) -> list[float | None]:
    """One measure of a chart by block; of attention's entropy the mean over the heads."""
    values: Sequence[Any] = depth[key] if isinstance(depth, Mapping) else getattr(depth, key)
    return [finite(fmean_of(value) if isinstance(value, list | tuple) else value) for value in values]


def fmean_of(values: Sequence[float | None]) -> float | None:
    """The mean of those that are numbers; None without any."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    return sum(known) / len(known) if known else None


def finite(value: float | None) -> float | None:
    """None for what is no number: JSON has no word for it."""
    return None if value is None or not math.isfinite(value) else float(value)


def charts(whole: Any, other: Any) -> list[dict[str, Any]]:
    """The three charts of two models."""
    return [
        {
            "key": key,
            **look,
            **{name: say(look[name]) for name in ("name", "hint", "unit") if name in look},
            "whole": by_block(whole, key),
            "without": None if other is None else by_block(other, key),
        }
        for key, look in CHARTS.items()
    ]


def record_now(
    lm: LanguageModel, text: str, target: str | None, pair: tuple[Reading, Reading]
) -> dict[str, Any]:
    """Turn the upper half of the picture into JSON."""
    whole, other = pair
    word = lm.tokenizer.display
    said = judged(whole, other)
    return {
        "asked": say(text_loss(lm, text, target).about),
        "said": [
            {"text": word(i), "id": i, "whole": finite(a), "without": finite(b)}
            for i, a, b in zip(whole.targets, whole.losses, other.losses, strict=True)
        ],
        "loss": [finite(whole.loss), finite(other.loss)],
        "names": list(whole.depth.names),
        "charts": charts(whole.depth, other.depth),
        "next": _following(lm, text, target, whole, other),
        "findings": [finding.sentence for finding in said.findings],
        "cost": said.cost,
    }  # fmt: skip


def _following(
    lm: LanguageModel, text: str, target: str | None, whole: Reading, other: Reading
) -> dict[str, Any]:
    word, batch = lm.tokenizer.display, lm.batch(text, target)
    ids = batch[-1][0].tolist()
    label = say("Next token after")
    if lm.config.shape == "encoder":
        label = say("In place of") if ids[whole.row] == lm.config.mask_id else say("Read back at")
    order, new = (
        np.argsort(-np.nan_to_num(one.probabilities, nan=-1.0), kind="stable") for one in (whole, other)
    )
    broken = bool(np.isnan(other.probabilities).any())
    shown = list(
        dict.fromkeys([*order[:2].tolist(), *([] if broken else new[:3].tolist()), *order[2:6].tolist()])
    )[:5]
    tokens = [
        {"text": word(i), "id": i, "whole": finite(float(whole.probabilities[i])),
         "without": finite(float(other.probabilities[i]))}
        for i in shown
    ]  # fmt: skip
    return {"label": label, "after": word(ids[whole.row]), "tokens": tokens}
