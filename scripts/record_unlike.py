"""Measure what tells the texts that models have read from others.

`python -m scripts.record_unlike` writes assets/unlike.json.

Of Toyland's texts the sample itself is kept, of other people's nothing but counts of five letters in a row. Jane
Austen's novels are fetched as when austen-gpt was made; where they cannot be had, what was recorded of them stays.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from core.analysis.tasks import out_of_distribution
from core.data import corpora
from scripts import austen


def toyland() -> dict[str, Any]:
    """The tales and tasks, with the limit of held-out sentences."""
    texts, pieces = out_of_distribution.sample(), out_of_distribution.held_out()
    limit = out_of_distribution.limit_of(out_of_distribution.learned(texts), pieces)
    return {"limit": round(limit, 3), "pieces": len(pieces), "sample": texts}


def news() -> dict[str, Any]:
    """Good and bad news, with the limit of whole held-out ones."""
    texts, pieces = out_of_distribution.news("train"), out_of_distribution.news("held_out")
    limit = out_of_distribution.limit_of(out_of_distribution.learned(texts), pieces)
    return {"limit": round(limit, 3), "pieces": len(pieces), "sample": texts}


def others(documents: Sequence[str], pieces: Sequence[str], count: int) -> dict[str, Any]:
    """Other people's texts: the counts of `count` documents, evenly drawn, with the limit of held-out pieces."""
    kept = out_of_distribution.packed(documents[:: max(1, len(documents) // count)][:count])
    limit = out_of_distribution.limit_of(out_of_distribution.unpacked(**kept), pieces)
    return {"limit": round(limit, 3), "pieces": len(pieces), **kept}


def code() -> dict[str, Any]:
    """Functions of the library of this Python, with the limit of whole held-out ones."""
    kept = list(corpora.corpus("functions", split="held_out"))
    return others(list(corpora.corpus("functions")), kept, out_of_distribution.OTHERS["code"])


def novels() -> dict[str, Any]:
    """Jane Austen's, with the limit of held-out sentences. Raises NoText: they cannot be had here."""
    text = austen.own_text()
    pieces = out_of_distribution.sentences(corpora.own_text(text, "held_out"))
    return others(corpora.own_text(text), pieces, out_of_distribution.OTHERS["austen"])


def record() -> dict[str, Any]:
    """Every world's."""
    found = {"tales": toyland(), "news": news(), "code": code()}
    try:
        return found | {"austen": novels()}
    except austen.NoText as why:
        print(f"Not measured again: {why}")
        return found | {
            "austen": json.loads(out_of_distribution.RECORDED.read_text(encoding="utf-8"))["austen"]
        }


if __name__ == "__main__":
    found = record()
    out_of_distribution.RECORDED.write_text(
        json.dumps(found, ensure_ascii=False, indent=0) + "\n", encoding="utf-8"
    )
    for name, one in found.items():
        print(f"{name}: {one['pieces']} held-out pieces, limit {one['limit']} nats a character")
