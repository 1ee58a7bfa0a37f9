"""Specs of runs on words: word2vec on a text, and a map of vectors. Frozen, flat, plain values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from core.data import corpora
from core.plain import Ranged

VERSION = 1

Corpus = Literal["tales", "fables", "python", "own"]
Method = Literal["tsne", "umap"]
Source = Literal["glove", "model", "run"]


@dataclass(frozen=True, kw_only=True)
class WordsSpec(Ranged):
    """word2vec on a text; the names of `core.vectors.word2vec.Settings` mean the same here.

    Attributes:
        corpus: a corpus' name, or "own": then `text` is the `fingerprint` of the text.
        most: words that are read of it, once; an endless corpus has no other end.
        min_count: words that occur less often are left out.
        seed: of the tales told, the first vectors and all draws.
        steps: points of the curve, at most: a step is that share of all the reading, up to the end of a sentence.
        checkpoints: moments that are kept with their vectors and their map, the first and the last among them.

    Raises:
        ValueError: a value that cannot be; the message names it.
    """

    corpus: Corpus = "tales"
    text: str = ""
    most: int = 150_000
    min_count: int = 5
    size: int = 32
    window: int = 2
    negatives: int = 5
    epochs: int = 8
    rate: float = 0.025
    often: float = 1e-3
    seed: int = 0
    steps: int = 200
    checkpoints: int = 24

    called: ClassVar[str] = "spec of word2vec"
    marks: ClassVar[Mapping[str, Any]] = {"kind": "word2vec", "version": VERSION}
    kind = "word2vec"
    parent = ""
    _ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "most": (100, 2_000_000), "min_count": (1, 1000), "size": (2, 300), "window": (1, 20),
        "negatives": (1, 25), "epochs": (1, 200), "rate": (1e-5, 1), "often": (0, 0.999), "seed": (0, 2**31 - 1),
        "steps": (1, 2000), "checkpoints": (2, 60),
    }  # fmt: skip

    def __post_init__(self) -> None:
        self._check()
        own = self.corpus == corpora.OWN_TEXT.name
        if own and not re.fullmatch(r"[0-9a-f]{64}", self.text):
            raise ValueError('corpus="own" needs text=fingerprint(the text), 64 hexadecimal digits')
        if self.text and not own:
            raise ValueError(f'text belongs to corpus="own", not to {self.corpus!r}')

    @property
    def guessing(self) -> float:
        """The initial loss of a pair in nats: ln 2 for the true word and for each negative one."""
        return (1 + self.negatives) * math.log(2)


@dataclass(frozen=True, kw_only=True)
class MapSpec(Ranged):
    """A map of vectors by t-SNE or UMAP, kept at every step.

    Attributes:
        source: whose vectors: "glove", the table W_E of a bundled "model", or of the checkpoint of a word2vec "run"
            that `parent` names as "RUN@STEP". Each vector counts with length 1.
        words: how many, from the first of the table on.
        near: how many neighbours count for a word: t-SNE's perplexity, UMAP's neighbours.
        seed: of UMAP's draws (t-SNE has none).

    Raises:
        ValueError: a value that cannot be; the message names it.
    """

    source: Source = "glove"
    model: str = ""
    parent: str = ""
    method: Method = "tsne"
    words: int = 2000
    near: int = 30
    seed: int = 0

    called: ClassVar[str] = "spec of a map"
    marks: ClassVar[Mapping[str, Any]] = {"kind": "map", "version": VERSION}
    kind = "map"
    text = ""
    _ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "words": (4, 20_000),
        "near": (2, 100),
        "seed": (0, 2**31 - 1),
    }

    def __post_init__(self) -> None:
        self._check()
        for source, name in (("model", "model"), ("run", "parent")):
            if (self.source == source) != bool(getattr(self, name)):
                raise ValueError(f"source={self.source!r} and {name}={getattr(self, name)!r} do not fit")

    @property
    def steps(self) -> int:
        """The method's default number of steps: each moves all words."""
        return 500 if self.method == "tsne" or self.words <= 5000 else 200
