"""Whether a text is like those that the models of Toyland have read, by a measured likelihood.

A word that Toyland lacks is one sign (`core.analysis.known_words`), but most texts from elsewhere are strange in how
their words follow each other, and a model answers all the same: sure, and about nothing. The measure is a character
model of order 5 with Kneser-Ney smoothing (`core.training.ngram`) of a sample of what these models have read: nats a
character. A text is unlike where it takes more than all but `SHARE` of single held-out sentences do; so about one in
200 sentences of Toyland is told to be unlike, and of longer texts fewer, as their mean varies less.

`scripts/record_unlike.py` draws the sample and measures the limit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.training.ngram import NGram

ORDER = 5
CHARACTERS = 128  # of ASCII; all others count as one
SHARE = 0.995  # of single held-out sentences lie below the limit
MOST = 20_000  # characters of a text that are measured, the first ones
SHORTEST = 9  # characters of a sentence that is measured
RECORDED = Path(__file__).resolve().parents[2] / "assets" / "unlike.json"
TASKS = (
    "translate",
    "question",
    "sentiment",
)  # whose sources the sample and the limit are of, beside the tales
COUNTS = {"tales": 150, "copies": 60, **dict.fromkeys(TASKS, 400)}  # texts in the sample
_END = re.compile(r"(?<=[.!?]) ")


@dataclass(frozen=True)
class Likeness:
    """A text beside held-out ones, in nats a character.

    Attributes:
        nats: of the text.
        limit: below which `SHARE` of single held-out sentences lie.
    """

    nats: float
    limit: float

    @property
    def unlike(self) -> bool:
        """Whether it is unlike what the models have read."""
        return self.nats > self.limit


def likeness(text: str) -> Likeness | None:
    """How likely a text is among those of Toyland, a task's prefix left out; None: there is nothing to measure."""
    from core.data.tasks import TASKS as TOLD

    body = " ".join(text[:MOST].split())
    for task in TOLD.values():
        body = body.removeprefix(task.prefix)
    ids = _ids(body)
    if not len(ids):
        return None
    reader, limit = _recorded()
    return Likeness(float(-reader.log_probs(ids).mean()), limit)


def reads_toyland(card: Mapping[str, Any]) -> bool:
    """Whether a model's card, or a run's, says that it was trained on texts of Toyland."""
    spec = card.get("spec")
    return isinstance(spec, Mapping) and spec.get("corpus") == "tales"


def sample() -> list[str]:
    """What the character model learns from: training texts of the tales and of the tasks."""
    return [text for name, count in COUNTS.items() for text in islice(_texts(name, "train"), count)]


def held_out() -> list[str]:
    """Single sentences of held-out texts, each once."""
    texts = [text for name in ("tales", *TASKS) for text in islice(_texts(name, "held_out"), 120)]
    lines = [line for text in texts for line in _END.split(" ".join(text.split()))]
    return list(dict.fromkeys(line for line in lines if len(line) >= SHORTEST))


def limit_of(reader: NGram, sentences: Iterable[str]) -> float:
    """The nats a character that `SHARE` of the sentences stay below."""
    return float(np.quantile([-reader.log_probs(_ids(one)).mean() for one in sentences], SHARE))


def learned(texts: Iterable[str]) -> NGram:
    """The character model of some texts."""
    return NGram([_ids(" ".join(text.split())) for text in texts], ORDER, CHARACTERS)


@lru_cache(maxsize=1)
def _recorded() -> tuple[NGram, float]:
    found = json.loads(RECORDED.read_text(encoding="utf-8"))
    return learned(found["sample"]), float(found["limit"])


def _ids(text: str) -> NDArray[np.int64]:
    return np.array([min(ord(letter), CHARACTERS - 1) for letter in text], dtype=np.int64)


def _texts(name: str, split: Any) -> Iterator[str]:
    """Training or held-out texts of one kind, endless."""
    if name == "tales":
        from core.data.corpora import corpus

        yield from corpus("tales", 0, split)
    elif name == "copies":
        from core.data.toyland.copies import copies

        yield from copies(0, split)
    else:
        from core.data.tasks import TASKS as TOLD

        task = TOLD[name]
        yield from (pair.source.removeprefix(task.prefix) for pair in task.pairs(0, split))
