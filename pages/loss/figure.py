"""The Loss picture: every token's loss, and the followed one's from logits to gradient (figure.js draws it).

`record` turns a `core.training.losses.ScoredText` into the component's JSON; the arithmetic is that record's.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import torch

from app import markup
from app.kit import register
from core.language_model import LanguageModel
from core.messages import mark, say
from core.training.losses import ScoredText, logit_gradient

loss = register("loss", __file__)

TOP = 7  # tokens with a line of their own, beside the right one

HEADINGS = {
    "next": mark("Each token, given those before it"),
    "masked one": mark("Each token, hidden alone"),
    "masked all": mark("Each token, all of them hidden"),
    "read back": mark("Each token, read back as it stands"),
    "target": mark("The answer, token by token"),
    "copy": mark("Your text, written again"),
}
NOTHING = {
    "next": mark(
        "There is one token, and nothing stands before it: nothing to predict. Write a second word."
    ),
    "masked": mark("There is no token to hide. Write a few words."),
}


def fingerprint(told: ScoredText) -> str:
    """A short name of a scored text: what a hand changed belongs to this one only."""
    return f"{zlib.crc32(repr((told.kind, told.ids)).encode()):x}"


def record(lm: LanguageModel, told: ScoredText, hide: str, smoothing: float, unit: str) -> dict[str, Any]:
    """Turn a scored text into what figure.js draws.

    Args:
        hide: which tokens an encoder did not see, "one" at a time or "all".
        smoothing: of the labels. unit: "nats" or "bits".
    """
    word = lm.tokenizer.display
    which = f"masked {hide}" if told.kind == "masked" else told.kind
    return {
        "kind": which,
        "mark": fingerprint(told),
        "heading": say(HEADINGS[which]),
        "nothing": say(NOTHING.get(told.kind, NOTHING["masked"])),
        "tokens": [word(i) for i in told.ids],
        "unit": unit,
        "smoothing": smoothing,
        "size": told.logits.shape[-1],
        "mean": told.mean(smoothing) if len(told) else 0.0,
        "scored": _scored(told, word, smoothing),
    }


def _scored(told: ScoredText, word: Callable[[int], str], smoothing: float) -> list[dict[str, Any]]:
    """Each scored token: what was given to it, the likeliest tokens there, and all others together."""
    if not len(told):
        return []
    size = told.logits.shape[-1]
    gradient = logit_gradient(told.logits, told.targets, smoothing)
    p, lse, most = told.logits.softmax(-1), told.logits.logsumexp(-1), told.logits.max(-1).values
    listed = named(told)
    surprise, even = told.surprise.tolist(), told.even.tolist()
    return [
        {
            "place": place,
            "id": int(told.targets[n]),
            "text": word(int(told.targets[n])),
            "before": _before(told, place, word),
            "surprise": surprise[n],
            "even": even[n],
            "lse": float(lse[n]),
            "max": float(most[n]),
            "top": [
                {"id": i, "text": word(i), "logit": float(told.logits[n, i]), "d": float(gradient[n, i])}
                for i in listed[n]
            ],
            "rest": {"count": size - len(listed[n]), "p": _others(p[n], listed[n])},
        }
        for n, place in enumerate(told.places)
    ]  # fmt: skip


def named(told: ScoredText) -> list[list[int]]:
    """List at each position the likeliest tokens and the right one, the likeliest first."""
    best = told.logits.topk(min(TOP + 1, told.logits.shape[-1])).indices.tolist()
    return [ids if right in ids else [*ids[:TOP], right] for ids, right in zip(best, told.targets.tolist())]


def _others(p: torch.Tensor, listed: Sequence[int]) -> float:
    """What all other tokens have together; summed, not 1 minus the named, which would be all rounding."""
    left = p.double().clone()
    left[list(listed)] = 0.0
    return float(left.sum())


def _before(told: ScoredText, place: int, word: Callable[[int], str]) -> str:
    """The name of the followed token's place."""
    right = markup.visible(word(told.ids[place]))
    if told.kind in ("masked", "read back"):
        return say("In the place of “{token}”", token=right)
    return say(
        "After “{before}” came “{token}”", before=markup.visible(word(told.ids[place - 1])), token=right
    )
