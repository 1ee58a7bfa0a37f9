"""The Models picture: everything that can be opened, to one scale, and what a text does with the open model's weights.

`record` turns the gallery's entries and the open model's numbers into the component's JSON (figure.js draws it); it
computes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app import chapters
from app.kit import register
from app.models import room
from app.models.gallery import SOURCES, Entry
from core.language_model import LanguageModel
from core.messages import mark, say
from core.parts import PARTS, Part, parts, row_sizes, spreads, used_weights

models = register("models", __file__)

TITLES: dict[Part, str] = {
    "embeddings": mark("Tables"),
    "attention": mark("Attention"),
    "feed_forward": mark("Feed-forward"),
    "rest": mark("Norms and heads"),
}


@dataclass(frozen=True)
class Use:
    """What a text does with the open model's weights.

    Attributes:
        ids, decoder_ids: the tokens read.
        whole, used: weights of each part, and how many of them the text meets. sizes: their root mean square.
        rows: the root mean square of each token's row in the token table.
    """

    ids: tuple[int, ...]
    decoder_ids: tuple[int, ...]
    whole: dict[Part, int]
    used: dict[Part, int]
    sizes: dict[Part, float]
    rows: list[float]

    @property
    def share(self) -> float:
        """Percent of all weights that the text meets."""
        return 100 * sum(self.used.values()) / sum(self.whole.values())


def use(lm: LanguageModel, text: str, target: str) -> Use:
    """The weights that a text meets, counted, and its tokens' rows, measured.

    Args:
        target: what an encoder-decoder's decoder has written so far; "" for others.
    """
    pair = lm.config.shape == "encoder-decoder"
    batch = lm.batch(text, target) if pair else lm.batch(text)
    ids, decoder_ids = (
        [tuple(row[0].tolist()) for row in batch] if pair else [tuple(batch[0][0].tolist()), ()]
    )
    model = lm.transformer
    used = used_weights(model, ids, decoder_ids)
    return Use(ids, decoder_ids, parts(lm.config), used, spreads(model), row_sizes(model, ids))


def record(
    lm: LanguageModel, shown: Sequence[Entry], current: Entry, picked: Entry, found: Use, refused: str = ""
) -> dict[str, Any]:
    """Turn entries and numbers into what figure.js draws, but for the selection and what a page alone has.

    Args:
        shown: the entries that fit the filters. current: the open model's own. picked: whose details are shown.
        refused: why the model that a link picked is not here.
    """
    display = lm.tokenizer.display
    return {
        "entries": [_entry(one) for one in shown],
        "current": _entry(current),
        "picked": _entry(picked),
        "held": None,
        "titles": [say(TITLES[part]) for part in PARTS],
        "tokens": [{"id": id, "text": display(id), "size": size} for id, size in zip(found.ids, found.rows)],
        "use": {
            "whole": [found.whole[part] for part in PARTS],
            "used": [found.used[part] for part in PARTS],
            "sizes": [found.sizes[part] for part in PARTS],
            "share": found.share,
            "rows": len({*found.ids, *found.decoder_ids}),
            "vocabulary": lm.config.d_vocab,
            "tied": lm.config.tied_embeddings and lm.config.head == "lm",
        },
        "refused": refused,
        "doors": [slug for slug in ("tokenization", "lab", "families") if chapters.BY_SLUG[slug].exists],
    }


def record_memory(held: tuple[int, int], free: int | None) -> dict[str, Any]:
    """Describe this server's memory.

    Args:
        held: bytes that models in memory take, and may take. free: bytes that the machine has left; None: not known.
    """
    return {
        "now": held[0],
        "most": held[1],
        "nowText": room.written(held[0]),
        "mostText": room.written(held[1]),
        "freeText": "" if free is None else room.written(free),
    }


def stored(one: Entry) -> str:
    """The size of a model's files, and what that makes of a weight: "2.1 MB, 16 bits a weight"."""
    if not one.stored:
        return say("not known")
    size = room.written(one.stored)
    if not one.total:
        return size
    return say("{size}, {bits} bits a weight", size=size, bits=f"{8 * one.stored / one.total:.0f}")


def _entry(one: Entry) -> dict[str, Any]:
    return {
        "name": one.name,
        "label": one.label,
        "short": one.label.rpartition("/")[2] if one.source == "hub" else one.label,
        "source": one.source,
        "from": say(SOURCES[one.source]),
        "kind": one.kind,
        "shape": one.shape,
        "what": one.what,
        "licence": one.licence or say("not stated"),
        "parts": [one.weights.get(part, 0) for part in PARTS],
        "total": one.total,
        "stored": stored(one),
        "memory": room.written(one.memory) if one.memory else say("not known"),
        "bytes": one.memory,
        "here": one.here,
        "open": one.open,
        "problem": one.problem,
        "headed": one.headed,
        "asked": one.asked,
    }
