"""Out-of-distribution detection: whether a text is like a model's training data, by a measured likelihood.

Unknown words are one sign (`known_words`), but most other texts differ in word order and phrasing, and a model answers
them confidently all the same. The measure is nats per character under a 5-gram character model with Kneser-Ney
smoothing (`core.training.ngram`) of a sample of the training data. A text counts as unlike if it exceeds `SHARE` of
single held-out pieces; so about one in 200 of those counts as unlike, and fewer of longer texts, as their mean varies
less.

`scripts/record_unlike.py` draws the samples and measures the limits of `WORLDS`: of texts of our own it keeps the
sample, of other people's the counts of five letters that follow each other. A run's own text is measured when it is
asked for.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.messages import mark
from core.training.ngram import NGram

World = Literal["tales", "news", "code", "austen"]

ORDER = 5
CHARACTERS = 128  # ASCII characters; all others count as one
END = ord(
    "\n"
)  # between the documents of other people, `ORDER` of it at both ends; blanks in a text are one space
SHARE = 0.995  # of single held-out pieces lie below the limit
MOST = 20_000  # characters of a text that are measured, the first ones
SHORTEST = 9  # characters of a sentence that is measured
FEWEST = 200  # held-out sentences, for a limit that one in 200 lies beyond
SAMPLE = 400_000  # characters of a text of one's own that are learned from
RECORDED = Path(__file__).resolve().parents[3] / "assets" / "unlike.json"
TASKS = (
    "translate",
    "question",
    "sentiment",
)  # whose sources the sample and the limit are of, beside the tales
COUNTS = {"tales": 150, "copies": 60, **dict.fromkeys(TASKS, 400)}  # texts in the sample
NEWS = 400  # in the sample of news, and held out
OTHERS = {"code": 2000, "austen": 300}  # documents in the samples of other people's texts
WORLDS: dict[World, str] = {
    "tales": mark("held-out sentences of Toyland"),
    "news": mark("held-out news of Toyland"),
    "code": mark("held-out functions of Python’s library"),
    "austen": mark("held-out sentences of Jane Austen’s novels"),
}
OWN = mark("held-out sentences of its text")
_READ: dict[str, World] = {"tales": "tales", "functions": "code", "renamed": "code"}  # by corpus
_END = re.compile(r"(?<=[.!?]) ")


@dataclass(frozen=True)
class Measure:
    """What tells texts from others.

    Attributes:
        reader: the character model of a sample of what was read.
        limit: nats a character that `SHARE` of the held-out pieces stay below.
        pieces: what these are, in words that are said where they are shown.
    """

    reader: NGram
    limit: float
    pieces: str


@dataclass(frozen=True)
class Likeness:
    """A text beside held-out ones, in nats a character.

    Attributes:
        nats: of the text.
        limit: below which `SHARE` of the held-out `pieces` lie.
    """

    nats: float
    limit: float
    pieces: str = WORLDS["tales"]

    @property
    def unlike(self) -> bool:
        """Whether it is unlike the training data."""
        return self.nats > self.limit


def likeness(text: str, beside: World | Measure = "tales") -> Likeness | None:
    """Measure a text against the training data, without a task's prefix; None: too short to measure.

    Args:
        beside: texts that were recorded, or a measure of others (`measured`).
    """
    from core.data.tasks import TASKS as TOLD

    body = " ".join(text[:MOST].split())
    if beside == "tales":
        for task in TOLD.values():
            body = body.removeprefix(task.prefix)
    ids = _ids(body)
    if not len(ids):
        return None
    measure = recorded(beside) if isinstance(beside, str) else beside
    return Likeness(float(-measure.reader.log_probs(ids).mean()), measure.limit, measure.pieces)


def read_by(card: Mapping[str, Any]) -> World | None:
    """Return the recorded texts that a model was trained on, by its card or a run's; None: it was trained on others."""
    spec, data = card.get("spec"), card.get("data")
    if not isinstance(spec, Mapping):
        return None
    if spec.get("corpus") == "own" and isinstance(data, Mapping) and data.get("name") == "austen":
        return "austen"
    return _READ.get(str(spec.get("corpus")))


def reads_toyland(card: Mapping[str, Any]) -> bool:
    """Return whether a model's card, or a run's, says that it was trained on texts of Toyland."""
    return read_by(card) == "tales"


@lru_cache(maxsize=len(WORLDS))
def recorded(world: World) -> Measure:
    """Load the measure recorded by the script."""
    found = json.loads(RECORDED.read_text(encoding="utf-8"))[world]
    reader = learned(found["sample"]) if "sample" in found else unpacked(found["grams"], found["counts"])
    return Measure(reader, float(found["limit"]), WORLDS[world])


def measured(train: Sequence[str], kept: Sequence[str]) -> Measure | None:
    """Build the measure of other texts from training and held-out documents.

    None: these have fewer than `FEWEST` sentences, too few for such a limit.
    """
    lines = sentences(kept)
    if len(lines) < FEWEST:
        return None
    every = max(1, -(-sum(map(len, train)) // SAMPLE))
    reader = learned(train[::every])
    return Measure(reader, limit_of(reader, lines), OWN)


def sample() -> list[str]:
    """Generate the sample for Toyland's character model: training texts of the tales and of the tasks."""
    return [text for name, count in COUNTS.items() for text in islice(_texts(name, "train"), count)]


def news(split: Any) -> list[str]:
    """Generate good and bad news, whole.

    The training or held-out texts of the classifiers of Fine-tuning and Adaptability.
    """
    from core.data.toyland.news import news as told

    return [one.text for one in islice(told(0, split), NEWS)]


def held_out() -> list[str]:
    """Return single sentences of held-out texts of Toyland, each once."""
    return sentences(text for name in ("tales", *TASKS) for text in islice(_texts(name, "held_out"), 120))


def sentences(texts: Iterable[str]) -> list[str]:
    """Split texts into single sentences, each once, without very short ones."""
    lines = [line for text in texts for line in _END.split(" ".join(text.split()))]
    return list(dict.fromkeys(line for line in lines if len(line) >= SHORTEST))


def limit_of(reader: NGram, pieces: Iterable[str]) -> float:
    """Compute the nats per character that `SHARE` of the pieces stay below."""
    return float(
        np.quantile([-reader.log_probs(_ids(" ".join(one.split()))).mean() for one in pieces], SHARE)
    )


def learned(texts: Iterable[str]) -> NGram:
    """Train the character model of some texts."""
    return NGram([_ids(" ".join(text.split())) for text in texts], ORDER, CHARACTERS)


def packed(documents: Iterable[str]) -> dict[str, str]:
    """Count five letters in a row, from which `unpacked` rebuilds the character model: no text is stored."""
    pad = chr(END) * ORDER
    text = pad + chr(END).join(" ".join(document.split()) for document in documents) + pad
    grams, counts = NGram.windows(_ids(text), ORDER, CHARACTERS)
    return {"grams": _written(np.diff(grams, prepend=0), "<i8"), "counts": _written(counts, "<u4")}


def unpacked(grams: str, counts: str) -> NGram:
    """Rebuild the character model from such counts."""
    keys = np.cumsum(_unwritten(grams, "<i8"))
    return NGram.counted(keys, _unwritten(counts, "<u4").astype(np.int64), END, ORDER, CHARACTERS)


def _written(numbers: NDArray[Any], kind: str) -> str:
    return base64.b64encode(zlib.compress(numbers.astype(kind).tobytes(), 9)).decode("ascii")


def _unwritten(text: str, kind: str) -> NDArray[Any]:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=kind)


def _ids(text: str) -> NDArray[np.int64]:
    return np.array([min(ord(letter), CHARACTERS - 1) for letter in text], dtype=np.int64)


def _texts(name: str, split: Any) -> Iterator[str]:
    """Yield training or held-out texts of one kind, without end."""
    if name == "tales":
        from core.data.corpora import corpus

        yield from corpus("tales", 0, split)
    elif name == "copies":
        from core.data.toyland.exercises import copies

        yield from copies(0, split)
    else:
        from core.data.tasks import TASKS as TOLD

        task = TOLD[name]
        yield from (pair.source.removeprefix(task.prefix) for pair in task.pairs(0, split))
