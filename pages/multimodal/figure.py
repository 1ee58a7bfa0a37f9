"""The Multimodal picture: an image in pieces, the pieces as tokens, its caption, and what each word looked at.

`record` turns what was read (reading.py) into the component's JSON; it computes nothing. figure.js draws it.
"""

from __future__ import annotations

from typing import Any

import torch

from app.kit import pack, register
from core.data.digits import LEVELS
from core.messages import say
from core.multimodal import patches, pen
from core.multimodal.captioner import COLUMNS, ROWS
from core.multimodal.scenes import scenes
from pages.multimodal import sentences
from pages.multimodal.reading import FELT, OF, Own, Picture, Seen, captioner, closest

multimodal = register("multimodal", __file__)

STRIP = 12  # held-out pictures that are offered together


def record(what: Picture, seen: Seen | None, own: Own, letters: str) -> dict[str, Any]:
    """Turn what was read into what figure.js draws, but for the selection.

    Args:
        seen: None where there is nothing to caption; what the learner can do is said instead.
        letters: the strokes of the learner's drawing, also while it is not shown.
    """
    config = captioner().config
    data: dict[str, Any] = {
        "stamp": "\x1f".join([str(what.number), str(what.drawn), letters, own.text]),
        "drawn": what.drawn,
        "number": what.number,
        "of": OF,
        "grid": [ROWS, COLUMNS],
        "side": patches.SIDE,
        "heads": [config.n_layers, config.n_heads],
        "pen": pen.WIDTH,
        "felt": FELT,
        "read": len(letters) if what.drawn else 0,  # letters of the drawing that this tells of
        "strip": _strip(what.number),
        "message": "",
        "words": [],
        "verdict": [],
    }
    if seen is None:
        return data | {
            "message": what.why or say("The captioner writes nothing of this: draw it anew, larger.")
        }
    count = seen.count
    onto = [
        seen.looked.sum(-1),
        *(one for layer in seen.said.pattern[..., :count, :].sum(-1) for one in layer),
    ]
    return data | {
        "image": pack(seen.image.numpy()),
        "words": [
            {"text": word, "p": p, "right": right}
            for word, p, right in zip(seen.words, seen.said.chances.tolist(), seen.right)
        ],
        "looked": pack(seen.looked.numpy()),
        "pattern": pack(seen.said.pattern[..., :count, :].numpy()),
        "onto": torch.stack(onto).tolist(),
        "fell": pack(seen.cost.numpy()),
        "covered": pack(seen.left.numpy()),
        "orders": [[seen.order(at, head) for at in range(count)] for head in range(-1, len(seen.heads))],
        "found": [sentences.found(seen, head) for head in range(-1, len(seen.heads))],
        "measured": sentences.measured(what),
        "focus": seen.focus,
        "closeup": closest(seen.image),
        "vectors": pack(seen.vectors.numpy()),
        "verdict": [{"text": text, "right": right} for text, right in sentences.verdict(seen, own)],
    }


def _strip(number: int) -> dict[str, Any]:
    """Return the dozen of held-out pictures that the chosen one is among."""
    first = min(number // STRIP * STRIP, OF - STRIP)
    everything = scenes("held_out")
    rows = range(first, first + STRIP)
    images = (everything.images[first : first + STRIP] * LEVELS).round().byte().numpy()
    return {
        "first": first,
        "images": pack(images),
        "captions": [everything[row].caption for row in rows],
        "count": STRIP,
    }
