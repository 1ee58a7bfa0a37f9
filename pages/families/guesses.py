"""Show how often each shape's first guess is right, and what follows from it (guesses.js draws it).

`core.families.accuracy` measures, once for the models at hand; the functions here turn that into the component's JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.kit import register
from app.models import cache
from core.families.accuracy import right, words
from core.language_model import LanguageModel
from core.vectors.probe import Accuracy
from pages.families import lanes
from pages.families.figure import TITLES, Found

families_guesses = register("families_guesses", __file__)

WAYS = {
    "decoder": (("the words before it", False),),
    "encoder": (("both sides", False), ("the words before it", True)),
    "encoder-decoder": (("both sides", False), ("the words before it", True)),
}
FEWEST = 20  # words, below which a share says little


def measure(lm: LanguageModel, keys: tuple[str, ...]) -> dict[str, list[Accuracy]]:
    """Measure by the key of each model how often its first guess is right, in the ways of its shape. {}: too few words.

    Args:
        keys: of all models (app/models/cache.py); the words are single tokens to each. `lm` is one of them.
    """
    known = {key: _model(key) for key in keys}
    asked = words(list(known.values()))
    if len(asked) < FEWEST:
        return {}
    return {
        key: [right(one, asked, cut=cut) for _, cut in WAYS[one.config.shape]] for key, one in known.items()
    }


def _model(key: str) -> LanguageModel:
    name, moment, _ = key.rsplit("@", 2)
    return cache.model(name, int(moment))


def key_of(lane: lanes.Lane) -> str:
    """Return the key of a lane's model for the cache."""
    return lane.key if lane.own else cache.key(lane.opened)


def measured(found: Sequence[Found]) -> dict[str, list[Accuracy]]:
    """Cache `measure` of the lanes' models; {} where one is so large that it would take long."""
    models = [one.lane for one in found if one.lane.lm is not None and not one.lane.bare]
    if any(lane.lm is None or lane.lm.n_parameters > lanes.HEAVY for lane in models):
        return {}
    keys = tuple(key_of(lane) for lane in models)
    shares: dict[str, list[Accuracy]] = cache.call(measure, keys[0], keys)
    return shares


def record(found: Sequence[Found], shares: dict[str, list[Accuracy]]) -> dict[str, Any]:
    """Turn the shares into what guesses.js draws: a bar for each way, and what it means."""
    bars: list[dict[str, Any]] = [
        {
            "title": TITLES[one.lane.shape],
            "shape": one.lane.shape,
            "model": one.lane.name,
            "way": way,
            "cut": cut,
            "right": share.right,
            "of": share.of,
            "low": share.low,
            "high": share.high,
        }
        for one in found
        for (way, cut), share in zip(
            WAYS[one.lane.shape], shares.get(key_of(one.lane) if one.lane.lm else "", [])
        )
    ]
    return {
        "bars": bars,
        "none": ""
        if bars
        else "Not measured: too few words are one token to all of these models, or one is large.",
        "reasons": reasons(found, {bar["shape"] + str(bar["cut"]): bar["right"] / bar["of"] for bar in bars}),
    }


def reasons(found: Sequence[Found], shares: dict[str, float]) -> list[dict[str, str]]:
    """Explain why each shape can do what it can, with the numbers of these models.

    Args:
        shares: by shape and whether the text is cut.
    """
    gpt, bert, t5 = found
    moved = ""
    if gpt.swap:
        by = "not by a bit" if gpt.swap.moved == 0 else f"by {gpt.swap.moved:.3f}"
        moved = f" Here, another word behind moves the guess {by}."
    fall = after = ""
    if "encoderTrue" in shares:
        fall = (
            f" Here its first guess is right for {shares['encoderFalse']:.0%} of the words with both sides in view "
            f"and for {shares['encoderTrue']:.0%} at the end of a text"
        )
        fall += f"; GPT’s there for {shares['decoderFalse']:.0%}." if "decoderFalse" in shares else "."
    if bert.turn:
        after = f" A new word also turns the vectors of those before: to cosine {bert.turn.cosine:.3f} in the picture."
    if bert.swap:
        after = (
            f" A new word also changes what it says of those before: by {bert.swap.moved:.3f} in the picture."
        )
    gaps = " None is installed here." if t5.lane.lm is None else ""
    if "encoder-decoderFalse" in shares:
        share = shares["encoder-decoderFalse"]
        gaps = f" Here its first guess fills {share:.0%} of the gaps rightly.{note(t5.lane.lm)}"
    return [
        {
            "title": "Why GPT cannot see the next word",
            "text": "Training asks each row for the token behind it. A row that saw it would copy the answer and learn "
            f"nothing, so the mask hides it, in training and ever after.{moved}",
        },
        {
            "title": "Why BERT cannot write a story",
            "text": f"It learned to fill gaps between words. Behind the end of a text there are none.{fall}{after}",
        },
        {
            "title": "Why T5 reads like one and writes like the other",
            "text": "Its encoder sees both sides of the source. Its decoder sees what it has written and, by "
            f"cross-attention, all of the source.{gaps}",
        },
    ]


def note(lm: LanguageModel | None) -> str:
    """Quote what a model's card says of its weakness, after a space; "" where it says nothing."""
    said = str(lm.card.get("note", "")) if lm is not None else ""
    return said and f" {said}"


def show(found: Sequence[Found]) -> None:
    """Draw the heading and the picture."""
    st.html('<section class="gb-words"><h2>Why one writes and the other fills</h2></section>')
    families_guesses(data=record(found, measured(found)), key="families_guesses")
