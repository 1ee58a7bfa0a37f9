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
from core.messages import mark, say
from core.vectors.probe import Accuracy
from pages.families import lanes
from pages.families.figure import TITLES, Found

families_guesses = register("families_guesses", __file__)

BOTH, BEFORE = mark("both sides"), mark("the words before it")
WAYS = {
    "decoder": ((BEFORE, False),),
    "encoder": ((BOTH, False), (BEFORE, True)),
    "encoder-decoder": ((BOTH, False), (BEFORE, True)),
}
FEWEST = 20  # words, below which a share says little
# What the card of the bundled T5 says of its weakness.
T5_NOTE = mark(
    "It does its four tasks, in Toyland's words. Hidden spans were one example in thirty of what it learned, and it "
    "fills them badly: what T5 itself was pretrained on is not what it is good at."
)


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
            "way": say(way),
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
        else say("Not measured: too few words are one token to all of these models, or one is large."),
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
        moved = say(" Here, another word behind moves the guess by {moved}.", moved=f"{gpt.swap.moved:.3f}")
        if gpt.swap.moved == 0:
            moved = say(" Here, another word behind moves the guess not by a bit.")
    fall = after = ""
    if "encoderTrue" in shares:
        fall = _fall(shares)
    if bert.turn:
        after = say(
            " A new word also turns the vectors of those before: to cosine {cosine} in the picture.",
            cosine=f"{bert.turn.cosine:.3f}",
        )
    if bert.swap:
        after = say(
            " A new word also changes what it says of those before: by {moved} in the picture.",
            moved=f"{bert.swap.moved:.3f}",
        )
    gaps = say(" None is installed here.") if t5.lane.lm is None else ""
    if "encoder-decoderFalse" in shares:
        share = f"{shares['encoder-decoderFalse']:.0%}"
        gaps = say(" Here its first guess fills {share} of the gaps rightly.", share=share) + note(t5.lane.lm)
    return [
        {
            "title": say("Why GPT cannot see the next word"),
            "text": say(
                "Training asks each row for the token behind it. A row that saw it would copy the answer and learn "
                "nothing, so the mask hides it, in training and ever after."
            )
            + moved,
        },
        {
            "title": say("Why BERT cannot write a story"),
            "text": say("It learned to fill gaps between words. Behind the end of a text there are none.")
            + fall
            + after,
        },
        {
            "title": say("Why T5 reads like one and writes like the other"),
            "text": say(
                "Its encoder sees both sides of the source. Its decoder sees what it has written and, by "
                "cross-attention, all of the source."
            )
            + gaps,
        },
    ]


def _fall(shares: dict[str, float]) -> str:
    """Say how much seldomer an encoder's first guess is right at the end of a text."""
    told = {"both": f"{shares['encoderFalse']:.0%}", "end": f"{shares['encoderTrue']:.0%}"}
    if "decoderFalse" in shares:
        return say(
            " Here its first guess is right for {both} of the words with both sides in view and for {end} at the end "
            "of a text; GPT’s there for {gpt}.",
            gpt=f"{shares['decoderFalse']:.0%}", **told,
        )  # fmt: skip
    return say(
        " Here its first guess is right for {both} of the words with both sides in view and for {end} at the end of a "
        "text.",
        **told,
    )


def note(lm: LanguageModel | None) -> str:
    """Quote what a model's card says of its weakness, after a space; "" where it says nothing."""
    said = str(lm.card.get("note", "")) if lm is not None else ""
    return said and f" {say(said)}"


def show(found: Sequence[Found]) -> None:
    """Draw the heading and the picture."""
    st.html(f'<section class="gb-words"><h2>{say("Why one writes and the other fills")}</h2></section>')
    families_guesses(data=record(found, measured(found)), key="families_guesses")
