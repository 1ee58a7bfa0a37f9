"""Draw the Families picture: one text in three lanes, GPT, BERT and T5 (figure.js draws it).

`gather` asks `core.families`; `record` turns the answers into the component's JSON. Nothing here
computes. Which model stands in which lane: pages/families/lanes.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from app.kit import pack, register
from app.kit.figures import Asked as Asking
from core.config import Shape
from core.families.predictions import Swap
from core.families.vectors import Turned, Vectors
from core.families.visibility import Array
from core.families.writing import Writing
from core.language_model import LanguageModel
from core.messages import mark, say
from pages.families import lanes
from pages.families.lanes import Asked, Lane

families = register("families", __file__)

TITLES: dict[Shape, str] = {"decoder": "GPT", "encoder": "BERT", "encoder-decoder": "T5"}
TRAINED: dict[Shape, str] = {
    "decoder": mark("trained to say the next token"),
    "encoder": mark("trained to fill what is hidden"),
    "encoder-decoder": mark("trained to write what is asked for"),
}
BARE = mark("no head: it predicts nothing; vectors come out")
POOLED = {
    "first": mark("the first token’s vector"),
    "max": mark("the largest of each number"),
    "mean": mark("their mean"),
}
SAID = 3  # rows of an answer in an encoder-decoder's masks: the start token, the gap's sign, a first token
MOST_HEADS = 60_000  # numbers of cross-attention; with more, heads are averaged block by block
NONE = mark(
    "No encoder-decoder is installed here, so nobody speaks in this lane. The masks are "
    "those of an untrained one."
)


@dataclass(frozen=True)
class Found:
    """Hold what one lane's model said.

    at: the token of this lane that is asked for; -1: none. swap: with another token in the place of the one behind it.
    vectors, turn: of a model without a head, in the place of what it would say and of its swap.
    """

    lane: Lane
    at: int
    maps: dict[str, Array]
    asked: dict[int, Asked]
    swap: Swap | None = None
    writing: Writing | None = None
    vectors: Vectors | None = None
    turn: Turned | None = None


def gather(asked: Asking, lane: Lane, at: int) -> Found:
    """Ask a lane's model everything that the picture shows.

    Args:
        at: the token that is asked for.
    """
    if lane.lm is None:  # as many tokens as the open model reads
        length = len(asked.lm.tokenizer.encode(asked.text))
        return Found(lane, at, lanes.bare_masks(lane.shape, length, SAID), {})
    call = asked.call if lane.own else partial(asked.beside, lane.opened)
    if lane.bare:
        return _gather_vectors(call, lane, at)
    places = tuple(lane.body)
    if lane.lm.n_parameters > lanes.HEAVY:
        places = (at,) if at >= 0 else ()
    maps = call(lanes.masks, lane.ids, SAID)
    found = call(lanes.ask, lane.ids, places)
    swapped = None
    if at in found and at + 1 in lane.body:
        swapped = call(lanes.exchange, lane.ids, at, at + 1)
    writing = call(lanes.let_write, *lanes.source(lane, str(asked.values["ask"]), asked.text, max(0, at)))
    return Found(lane, at, maps, found, swapped, writing)


def _gather_vectors(call: Callable[..., Any], lane: Lane, at: int) -> Found:
    turn = None
    if at in lane.body and at + 1 in lane.body:
        turn = call(lanes.turn, lane.ids, at, at + 1)
    maps = call(lanes.masks, lane.ids, SAID)
    return Found(lane, at, maps, {}, vectors=call(lanes.read_as_vectors, lane.ids), turn=turn)


# ---------------------------------------------------------------- for figure.js


def record(
    found: Sequence[Found],
    tokens: Sequence[str],
    spans: Sequence[tuple[int, int]],
    start: int,
    asks: str,
    stamp: str,
) -> dict[str, Any]:
    """Turn what the models said into the JSON that figure.js draws.

    Args:
        tokens, spans: of the text as the open model cuts it. start: the token that is followed when none is chosen.
        asks: what an encoder-decoder writes. stamp: under the same one nothing but the selection has changed.
    """
    return {
        "stamp": stamp,
        "tokens": list(tokens),
        "start": start,
        "asks": asks,
        "strokes": lanes.STROKES,
        "fixed": any(_fixed(one, asks) for one in found),
        "lanes": [_lane(one, tokens, spans) for one in found],
    }


def _fixed(one: Found, asks: str) -> bool:
    """Whether what a lane's model said is of the followed token alone."""
    gap = one.lane.shape == "encoder-decoder" and one.writing is not None and asks == "gap"
    return gap or (bool(one.asked) and one.lane.lm is not None and one.lane.lm.n_parameters > lanes.HEAVY)


def _lane(one: Found, tokens: Sequence[str], spans: Sequence[tuple[int, int]]) -> dict[str, Any]:
    lane, lm = one.lane, one.lane.lm
    if lm is None:
        read = [{"text": token, "special": end <= start} for token, (start, end) in zip(tokens, spans)]
        known: dict[str, Any] = {"model": "", "missing": say(NONE), "at": list(range(len(tokens)))}
        known["back"] = list(range(len(tokens)))
    else:
        special = lm.tokenizer.special_ids
        read = [{"id": id, "text": lm.tokenizer.display(id), "special": id in special} for id in lane.ids]
        places = lanes.across(spans, lane.spans)
        if lane.own:
            places = list(range(len(lane.ids)))
        known = {"model": lane.name, "missing": "", "at": places, "back": _back(places, lane, spans)}
    return known | {
        "shape": lane.shape,
        "title": TITLES[lane.shape],
        "trained": say(BARE) if lane.bare else say(TRAINED[lane.shape]),
        "own": lane.own,
        "notes": list(lane.notes),
        "tokens": read,
        "sign": lanes.sign(lane),
        "start": _start(lane),
        "maps": {
            name: {"rows": seen.shape[0], "cols": seen.shape[1], "packed": pack(seen.astype(np.uint8))}
            for name, seen in one.maps.items()
        },
        "asked": {str(at): _asked(lm, one) for at, one in one.asked.items()} if lm else {},
        "swap": _swap(lm, one.swap) if lm and one.swap else None,
        "writing": _writing(lane, lm, one.writing) if lm and one.writing else None,
        "vectors": _vectors(lm, one) if lm else None,
    }


def _back(places: Sequence[int], lane: Lane, spans: Sequence[tuple[int, int]]) -> list[int]:
    """Align each token of a lane with the open model's token that it stands for; -1: none."""
    return list(range(len(places))) if lane.own else lanes.across(lane.spans, spans)


def _start(lane: Lane) -> dict[str, Any]:
    """Describe the token that a decoder of an encoder-decoder begins with."""
    if lane.lm is None or lane.lm.config.decoder_start_id is None:
        return {"text": say("start")}
    return _token(lane.lm, lane.lm.config.decoder_start_id)


def _token(lm: LanguageModel, id: int) -> dict[str, Any]:
    return {"id": id, "text": lanes.display(lm, id), "special": id in lm.tokenizer.special_ids}


def _top(lm: LanguageModel, top: Sequence[tuple[int, float]]) -> list[dict[str, Any]]:
    return [_token(lm, id) | {"p": p} for id, p in top]


def _asked(lm: LanguageModel, one: Asked) -> dict[str, Any]:
    return {"truth": one.truth, "right": one.right, "place": one.place, "top": _top(lm, one.top)}


def _swap(lm: LanguageModel, one: Swap) -> dict[str, Any]:
    return {
        "at": one.at,
        "old": lm.tokenizer.display(one.old),
        "new": lm.tokenizer.display(one.new),
        "moved": one.moved,
        "before": lm.tokenizer.display(one.before.best),
        "after": lm.tokenizer.display(one.after.best),
    }


def _vectors(lm: LanguageModel, one: Found) -> dict[str, Any] | None:
    """Pack the vectors of a model without a head: of each token, their cosines, of the text; and how far one turns."""
    made, turn = one.vectors, one.turn
    if made is None:
        return None
    return {
        "tokens": pack(made.tokens),
        "text": pack(made.text),
        "alike": pack(made.alike),
        "how": say(" and ").join(say(POOLED[kind]) for kind in made.kinds)
        + (say(", brought to length 1") if made.normalised else ""),
        "turn": turn
        and {
            "at": turn.changed,
            "old": lm.tokenizer.display(turn.old),
            "new": lm.tokenizer.display(turn.new),
            "cosine": turn.cosine,
        },
    }


def _writing(lane: Lane, lm: LanguageModel, one: Writing) -> dict[str, Any]:
    strokes = [
        _token(lm, stroke.id) | {"p": stroke.probability, "top": _top(lm, stroke.top)}
        for stroke in one.strokes
    ]
    said: dict[str, Any] = {
        "read": [_token(lm, id) for id in one.read],
        "strokes": strokes,
        "ended": one.ended,
        "different": one.different,
        "positions": one.positions,
        "behind": lane.after if lane.shape == "encoder" else 0,
    }
    if one.crossing is not None:
        names, arrays = crossing(one.crossing)
        said |= {"readers": names, "crossing": pack(arrays)}
    return said


def crossing(heads: Array) -> tuple[list[str], Array]:
    """Average cross-attention as it can be chosen: over all heads, then each head, or each block where those are many.

    Args:
        heads: (L, H, N, S).   Returns names (K) and the patterns (K, N, S).
    """
    layers, count = heads.shape[:2]
    mean = heads.mean(axis=(0, 1))[None]
    if heads.size > MOST_HEADS:
        return [say("all heads"), *(say("block {number}", number=i) for i in range(layers))], np.concatenate(
            [mean, heads.mean(axis=1)]
        )
    names = [f"L{i}H{k}" for i in range(layers) for k in range(count)]
    return [say("all heads"), *names], np.concatenate([mean, heads.reshape(-1, *heads.shape[2:])])
