"""The picture of three questions to one pass: lens, direct attribution and patching (view.js draws it).

`look` asks core for lens and attribution at once, `pages.interpretability.maps` for the patches; `record`
turns all into the component's JSON. The arithmetic is core's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from app.kit import pack, register
from core.analysis.places import Kind
from core.analysis.stream.direct_attribution import Attribution, attribute
from core.analysis.stream.logit_lens import LogitLens, logit_lens
from core.language_model import LanguageModel
from pages.interpretability.asking import Asked
from pages.interpretability.maps import Maps, full

interpretability = register("interpretability", __file__)

TOP = 5  # tokens of the lens at each place
LOUD = 6  # neurons that are named
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Looked:
    """Of the clean text: what each depth would say, and the logit in parts. lens None: the model has no blocks.

    ids: of the rows of the logits, the decoder's in an encoder-decoder. probability: of the answer, at the row.
    """

    ids: tuple[int, ...]
    lens: LogitLens | None
    parts: Attribution
    probability: float


def look(lm: LanguageModel, asked: Asked) -> Looked:
    """Lens and attribution, from one pass."""
    with torch.no_grad():
        trace = lm.trace(asked.clean, asked.target)
    lens = logit_lens(lm, trace, TOP, asked.token) if lm.config.decoder_layers else None
    parts = attribute(
        lm, asked.clean, asked.token, asked.against, row=asked.row, target=asked.target, trace=trace
    )
    read = trace.ids if trace.decoder_ids is None else trace.decoder_ids
    chances = trace.logits[asked.row].detach().float().softmax(-1)
    return Looked(tuple(read.tolist()), lens, parts, float(chances[asked.token]))


def rows_of(asked: Asked, looked: Looked, kind: Kind, both: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The ids of the patched stack in the clean text, and for each its position in the corrupted one, or -1."""
    if both and kind != "encoder":
        return looked.ids, tuple(range(len(looked.ids)))
    if asked.pair is None:
        return looked.ids, (-1,) * len(looked.ids)
    return asked.pair.clean, asked.pair.back


def by_clean(line: Array, back: Sequence[int]) -> Array:
    """(..., T): values (..., T') at the corrupted text's positions, put at the clean one's; nan where there is none."""
    places = np.array([max(0, at) for at in back], dtype=int)
    values: Array = np.where(np.array(back) >= 0, line[..., places], np.nan)
    return values


def gathered(maps: Maps, back: Sequence[int]) -> dict[str, Array]:
    """The maps so far by the clean text's positions: site -> (L, T), "head" -> (L, H), "heads" -> (L, H, T).

    nan: there is no counterpart, or the block is not patched yet (`Maps.found` has those that are).
    """
    layers = 1 + max((layer for lines in maps.found.values() for layer in lines), default=-1)
    return {
        name: full(
            lines if name == "head" else {layer: by_clean(line, back) for layer, line in lines.items()},
            layers,
        )
        for name, lines in maps.found.items()
        if lines
    }


SIGHTS = {"stream": "stream", "attention": "attention", "cross-attention": "cross", "mlp": "mlp"}


def strongest(found: Mapping[str, Array]) -> tuple[int, int] | None:
    """(position, block) of the stream's patch that brings most back, of equals the latest block; None: none yet.

    What is put in before the first block is the other word itself: the first block that reads it counts from there on.
    """
    if "stream" not in found:
        return None
    values = np.nan_to_num(
        found["stream"][::-1], nan=-np.inf
    )  # the last block first; not patched yet: the last of all
    block, position = np.unravel_index(int(values.argmax()), values.shape)
    return int(position), len(values) - 1 - int(block)


def best_head(maps: Maps, layers: int) -> tuple[int, int] | None:
    """(block, head) of the head that brings most back alone; None while not all are known."""
    values = maps.rows("head") if layers else None
    if values is None:
        return None
    block, head = np.unravel_index(int(values.argmax()), values.shape)
    return int(block), int(head)


CLAIM = "An answer can be traced through the model."


def record(
    lm: LanguageModel,
    asked: Asked,
    looked: Looked,
    maps: Maps,
    kind: Kind,
    *,
    stamp: str,
    seconds: int,
    selection: Mapping[str, Any],
) -> dict[str, Any]:
    """What view.js draws.

    Args:
        stamp: changes with model, texts and question. seconds: about how long the patches take, if they wait.
    """
    both = lm.config.shape == "encoder-decoder"
    ids, back = rows_of(asked, looked, kind, both)
    found = gathered(maps, back)
    word = _namer(lm)
    best = strongest(found)
    others = _others(asked, ids, back, both and kind != "encoder")
    special = lm.special_ids
    return {
        "stamp": f"{stamp}\x1f{maps.done}\x1f{sorted(maps.found.get('heads', ()))}",
        "tokens": [_token(word, id, special) for id in looked.ids],
        "rows": [
            _token(word, id, special) | {"other": None if o is None else word(o), "place": at}
            for id, o, at in zip(ids, others, back)
        ],
        "one": ids == looked.ids and not (both and kind == "encoder"),
        "stack": "decoder" if both and kind != "encoder" else "encoder" if both else "",
        "blocks": lm.config.n_layers if kind == "encoder" and both else lm.config.decoder_layers,
        "heads": lm.config.n_heads, "mark": "X" if kind == "cross" else "H",
        "row": asked.row,
        "answer": {"text": word(asked.token), "id": asked.token},
        "against": None if asked.against is None else {"text": word(asked.against), "id": asked.against},
        "probability": looked.probability, "firsts": [{"text": word(one), "id": one} for one in asked.firsts],
        "corrupted": asked.corrupted, "change": None if asked.change is None else [asked.change.old, asked.change.new],
        "says": {"clean": maps.clean, "corrupted": maps.corrupted},
        "lens": _lens(looked.lens, word), "vocabulary": lm.config.d_vocab,
        "parts": _parts(looked.parts, kind),
        "maps": {SIGHTS.get(name, name): pack(values) for name, values in found.items()},
        "patched": {SIGHTS.get(name, name): sorted(lines) for name, lines in maps.found.items()},
        "done": maps.done, "total": maps.total, "whole": maps.whole, "why": maps.why, "seconds": seconds,
        "slight": maps.slight,
        "told": asked.said, "best": best and {"row": best[0], "tier": best[1]},
        "sites": [SIGHTS[site] for site in maps.sites] or ["stream", "attention", "mlp"],
        "selection": dict(selection),
    }  # fmt: skip


def _namer(lm: LanguageModel) -> Callable[[int], str]:
    return lm.tokenizer.display


def _token(word: Callable[[int], str], id: int, special: frozenset[int]) -> dict[str, Any]:
    return {"text": word(id), "id": id, "special": id in special}


def _others(asked: Asked, ids: Sequence[int], back: Sequence[int], written: bool) -> list[int | None]:
    """What stands in the corrupted text where another token does; the decoder reads the same in both."""
    if asked.pair is None or written:
        return [None] * len(ids)
    theirs = [asked.pair.corrupted[at] if at >= 0 else None for at in back]
    return [None if one is None or one == id else one for one, id in zip(theirs, ids)]


def _lens(lens: LogitLens | None, word: Callable[[int], str]) -> dict[str, Any] | None:
    if lens is None:
        return None
    assert lens.chance is not None and lens.rank is not None
    return {
        "ids": lens.ids.tolist(), "words": {int(id): word(int(id)) for id in np.unique(lens.ids)},
        "probabilities": pack(lens.probabilities), "own": pack(lens.own), "chance": pack(lens.chance),
        "rank": lens.rank.tolist(),
    }  # fmt: skip


def _parts(parts: Attribution, kind: Kind) -> dict[str, Any]:
    heads = parts.cross if kind == "cross" and parts.cross is not None else parts.heads
    loud = [
        sorted(
            ((int(n), float(line[n])) for n in np.argsort(-np.abs(line))[:LOUD]), key=lambda one: -abs(one[1])
        )
        for line in parts.neurons
    ]
    return {
        "lines": [vars(line) for line in parts.lines],
        "logit": parts.logit, "total": parts.total, "error": parts.error, "frozen": list(parts.frozen),
        "heads": pack(heads) if kind != "encoder" else None, "neurons": loud,
    }  # fmt: skip


def draw(data: dict[str, Any], key: str, on: Mapping[str, Callable[[], None]]) -> Any:
    """Mount the picture; `on` maps its events "select" and "visit" to callbacks."""
    return interpretability(data=data, key=key, **{f"on_{name}_change": act for name, act in on.items()})
