"""A recorded prompt's vectors: the token that each began as, and the tokens that are nearest to it now."""

from __future__ import annotations

from typing import Any

from core.messages import mark, say
from core.runs import adaptations
from core.runs.fine_tuning import bundled_base
from core.training import adapting, prompt_tuning
from core.training.fine_tune_spec import FineTuneSpec
from core.training.tuned import PROMPT, begin_with

NEAR = 3


def name_of(vectors: int) -> str:
    """The recorded run with so many vectors, of the first seed."""
    return adapting.name(adapting.spec("prompt", vectors=vectors, seed=adapting.SEEDS[0]))


def near(name: str) -> list[dict[str, Any]]:
    """A line for each vector: {"began", "now": [(token, cosine), ...]}."""
    spec = FineTuneSpec.from_dict(adaptations.result(name)["spec"])
    base = bundled_base(spec.base)
    first = prompt_tuning.draw(begin_with(spec, base), spec.vectors, spec.seed)
    began = prompt_tuning.nearest(base, first, 1)
    now = prompt_tuning.nearest(base, adaptations.learned(name)[PROMPT], NEAR)
    word = base.tokenizer.display
    return [
        {"began": word(one[0][0]), "now": [(word(id), cosine) for id, cosine in several]}
        for one, several in zip(began, now, strict=True)
    ]


def told(lines: list[dict[str, Any]]) -> str:
    """What the nearest tokens say, and what they do not."""
    still = sum(one["began"] == one["now"][0][0] for one in lines)
    low = min(one["now"][0][1] for one in lines)
    high = max(one["now"][0][1] for one in lines)
    if len(lines) > 1:
        many = mark(
            "{still} of {count} vectors are still nearest to the token that they were drawn as; the nearest lies at "
            "a cosine of {low} to {high}."
        )
    elif still:
        many = mark(
            "The one vector is still nearest to the token that it was drawn as; the nearest lies at a cosine of "
            "{low} to {high}."
        )
    else:
        many = mark(
            "The one vector is no longer nearest to the token that it was drawn as; the nearest lies at a cosine of "
            "{low} to {high}."
        )
    said = say(many, still=still, count=len(lines), low=f"{low:.2f}", high=f"{high:.2f}")
    so = say(
        "So the nearest tokens say from where a vector has moved, and how far. They are no instruction that one "
        "could read: the model never learned to follow one, and what a vector does shows only in the answers."
    )
    return f"{said} {so}"
