"""Measure what tells texts of Toyland from others: `python -m scripts.record_unlike` writes assets/unlike.json."""

from __future__ import annotations

import json
from typing import Any

from core.analysis import unlike


def record() -> dict[str, Any]:
    """The sample that the character model learns from, and the limit on held-out sentences."""
    texts, sentences = unlike.sample(), unlike.held_out()
    limit = unlike.limit_of(unlike.learned(texts), sentences)
    return {"limit": round(limit, 3), "sentences": len(sentences), "sample": texts}


if __name__ == "__main__":
    found = record()
    unlike.RECORDED.write_text(json.dumps(found, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    print(f"{found['sentences']} held-out sentences, limit {found['limit']} nats a character")
