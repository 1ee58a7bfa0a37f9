"""word2vec as a kind of run, with its checkpoints: all vectors, and a map of the frequent words.

The map is PCA's of the vectors' directions, turned (and mirrored, where need be) to lie as on the checkpoint before:
what moves on it has learned something.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.messages import later, mark
from core.runs.kinds import Reached, Start
from core.runs.lease import Moment
from core.runs.records import Places, RunError

if TYPE_CHECKING:
    from core.runs.store import Store
    from core.runs.word_specs import WordsSpec
    from core.training.estimates import Estimate
    from core.vectors.reading import Reading
    from core.vectors.static import StaticVectors

SHOWN = 1000  # words on the map, the most frequent
_SAMPLED = 4  # words whose neighbours a checkpoint lists
_GLIMPSE = 50_000  # words of an own text that are checked before a run starts
_BYTES = 4 * 10**6  # bytes independent of the text
_TERM, _SIZE = 9e-8, 1.2e-9  # seconds for each score of a pair, and for each dimension of one
_REFERENCE = 6.1e-4  # seconds of that machine's loop (`core.training.estimates.Rate`)
LIGHTER = (
    mark("choose fewer dimensions, or leave out more of the rare words"),
    mark("choose fewer words or epochs, a smaller window, fewer negatives or fewer dimensions"),
)

Array = NDArray[np.float32]


def begin(spec: WordsSpec, text: str | None, state: bytes | None, start: Start) -> Learning:
    """Begin or resume the work: from its last state, or before the first word.

    Raises:
        ValueError: the text has too few words; the message says of which kind.
    """
    learning = Learning(spec, reading_of(spec, text))
    if state is not None:
        learning.restore(state)
    return learning


def reading_of(spec: WordsSpec, text: str | None = None) -> Reading:
    """Read the text as numbered words; cached for named corpora. Raises ValueError: too few."""
    from core.vectors.reading import read

    if spec.corpus != "own":
        return _corpus(spec.corpus, spec.seed, spec.min_count, spec.most)
    return read([text or ""], min_count=spec.min_count, most=spec.most)


# cached: generating 150,000 words of tales takes seconds, and a learner starts again and again
@lru_cache(maxsize=2)
def _corpus(name: str, seed: int, min_count: int, most: int) -> Reading:
    from core.data import corpora
    from core.vectors.reading import read

    return read(corpora.corpus(name, seed=seed), min_count=min_count, most=most)


def estimate(spec: WordsSpec, text: str | None = None) -> Estimate:
    """Estimate parameters, memory and seconds, before the text is read.

    Raises:
        ValueError: an own text has too few words.
    """
    from core.training.estimates import Estimate

    words = spec.most
    if text is not None:
        _check(spec, text)
        words = min(words, len(text.split()))
    elif spec.corpus == "fables":
        words = len(reading_of(spec))
    # The vocabulary grows as the square root of the text (Heaps' law, roughly); Toyland's is finite.
    most = 1600 if spec.corpus == "tales" else 50_000
    vocabulary = min(int(12 * words**0.5), words // spec.min_count, most)
    scores = words * spec.epochs * (spec.window + 1) * (1 + spec.negatives)
    reading = words * (2e-5 if spec.corpus == "tales" else 2e-6)  # tales are generated first
    learning = scores * (_TERM + _SIZE * spec.size) * slower()
    numbers = 2 * vocabulary * spec.size
    return Estimate(numbers, _BYTES + 3 * 4 * numbers + 40 * words, learning + reading, learning)


def slower() -> float:
    """Return how many times longer this machine takes than the one where the times here were measured."""
    from core.training.estimates import measured_rate

    return measured_rate().loop / _REFERENCE


def _check(spec: WordsSpec, text: str) -> None:
    """Check that word2vec finds enough words in a text: in its beginning, or else in the whole. Raises ValueError."""
    from core.vectors.reading import read

    try:
        read([text], min_count=spec.min_count, most=min(_GLIMPSE, spec.most))
    except ValueError:
        read([text], min_count=spec.min_count, most=spec.most)


class Learning:
    """The work of a word2vec run."""

    def __init__(self, spec: WordsSpec, reading: Reading) -> None:
        from core.vectors.word2vec import Settings, Word2Vec

        self.spec, self.reading, self.seconds = spec, reading, 0.0
        settings = Settings(
            size=spec.size, window=spec.window, negatives=spec.negatives, epochs=spec.epochs, rate=spec.rate,
            last_rate=min(spec.rate, 0.0001), often=spec.often, seed=spec.seed,
        )  # fmt: skip
        whole = len(reading) * spec.epochs
        self.learning = Word2Vec(reading, settings, block=-(-whole // spec.steps))
        self.blocks = self.learning.train()
        self.checkpoint_steps = self._checkpoint_steps()
        self.placed: Array | None = None  # the map of the last checkpoint, to align with
        self.placed_at = -1  # and its step

    @property
    def done_steps(self) -> int:
        """The share of the text that was read, in steps."""
        return self.learning.words * self.spec.steps // self.learning.of

    @property
    def done(self) -> bool:
        """Whether all of the text was read."""
        return self.learning.words == self.learning.of

    @property
    def ended(self) -> str:
        return "all words read" if self.done else ""

    def step(self) -> Reached:
        """Read on until a step is full, up to the end of a sentence.

        Raises:
            Diverged: the vectors grow without end.
        """
        from core.diverged import Diverged

        began, first, words = time.perf_counter(), self.done_steps, self.learning.words
        before, losses = self.learning.vectors.clone(), []
        try:
            while self.done_steps == first:
                losses.append(next(self.blocks).loss)
        except Diverged as why:
            self.learning.vectors, self.learning.words = before, words  # the last finite vectors
            raise Diverged(first + 1, why.loss) from None
        known = [loss for loss in losses if loss == loss]  # NaN for a block whose words were all skipped
        moved = float((self.learning.vectors - before).norm())
        self.seconds += time.perf_counter() - began
        return Reached(
            step=self.done_steps,
            loss=sum(known) / len(known) if known else float("nan"),
            learning_rate=self.learning.rate,
            gradient_norm=float("nan"),
            update_norm=moved,
            tokens=self.learning.words,
            seconds=self.seconds,
        )

    def moment(self, held_out: float | None = None) -> Moment:
        """Build the checkpoint: the present vectors, their map, and the neighbours of a few words."""
        from safetensors.numpy import save

        table = self.learning.table
        return Moment(
            step=self.done_steps,
            held_out=None,
            sample=neighbours_of(table, self._told()),
            health=self._health(table),
            weights=save({"vectors": table.vectors}),
            maps=Places(self._place(table)),
        )

    def glance(self) -> Callable[[], Moment]:
        """Build the present checkpoint, which is small."""
        now = self.moment()
        return lambda: now

    def state(self) -> bytes:
        """Return both tables, the number of words read, the random state, the last map."""
        import torch

        from core.training.state import State

        tensors = self.learning.state()
        if self.placed is not None:
            tensors["placed"] = torch.from_numpy(self.placed)
        meta = {"step": self.done_steps, "seconds": self.seconds, "placed": self.placed_at}
        return State(tensors, meta).to_bytes()

    def restore(self, state: bytes) -> None:
        """Resume from `state`: on one thread the vectors are bit for bit those of the uninterrupted run.

        Raises:
            ValueError: it is of another text or size.
        """
        from core.training.state import State

        kept = State.from_bytes(state)
        self.learning.resume(kept.tensors)
        placed = kept.tensors.get("placed")
        self.placed = None if placed is None else placed.numpy()
        self.placed_at, self.seconds = int(kept.meta["placed"]), float(kept.meta["seconds"])

    def about(self) -> tuple[Mapping[str, Any], str]:
        """Return the number of words read, and the words, the most frequent first, with their counts."""
        read = {"kind": "word2vec", "words": len(self.reading), "left_out": self.reading.left_out}
        words = {"words": self.reading.words, "counts": self.reading.counts.tolist()}
        return read | {"batch": self.learning.batch}, json.dumps(words, ensure_ascii=False)

    def _place(self, table: StaticVectors) -> Array:
        """Compute the present map; at a checkpoint it becomes the reference for aligning the next."""
        if self.placed is not None and self.placed_at == self.done_steps:
            return self.placed
        placed = place(table, self.placed)
        if self.done_steps in self.checkpoint_steps:
            self.placed, self.placed_at = placed, self.done_steps
        return placed

    def _health(self, table: StaticVectors) -> dict[str, float]:
        """Measure for tales the share of nearest words in a word's own family, and the share expected by chance."""
        from core.vectors.families import kinship

        if self.spec.corpus != "tales":
            return {}
        own, chance = kinship(table)
        return {"kin": own, "chance": chance} if own == own else {}

    def _told(self) -> Sequence[str]:
        """Choose frequent words that are not subsampled away."""
        share = self.reading.counts / self.reading.counts.sum()
        full = [word for word, of in zip(self.reading.words, share) if of < 2 * self.spec.often]
        return (full or self.reading.words)[:_SAMPLED]

    def _checkpoint_steps(self) -> Sequence[int]:
        """Choose the checkpoint steps, evenly spaced among steps that are reached (a long sentence may skip some)."""
        ends = self.learning.ends * self.spec.steps // self.learning.of
        wanted = np.linspace(0, self.spec.steps, self.spec.checkpoints)[1:]
        found = ends[np.minimum(np.searchsorted(ends, wanted), len(ends) - 1)]
        return tuple(sorted({0, *found.tolist()}))


def place(table: StaticVectors, before: Array | None = None) -> Array:
    """Compute the positions of the most frequent words, (N, 2): PCA of the vectors' directions, aligned with `before`.

    The rotation or reflection minimizes the sum of squared displacements: orthogonal Procrustes
    (Schönemann 1966), U V^T of the singular value decomposition of now^T before.
    """
    from core.vectors.projection import pca

    shown = table.unit(slice(0, SHOWN))
    now = pca(shown).place(shown)
    if before is None:
        return now
    left, _, right = np.linalg.svd(now.T @ before)
    return np.ascontiguousarray(now @ (left @ right), dtype=np.float32)


def neighbours_of(table: StaticVectors, words: Sequence[str], count: int = 3) -> str:
    """Format words with their nearest neighbours as a line: "dog: cat, fox, hen · red: blue, green, brown"."""
    near = (", ".join(one.word for one in table.neighbours(word, count)) for word in words)
    return " · ".join(map(": ".join, zip(words, near)))


def words_of(shared: str) -> tuple[str, ...]:
    """Parse the words of a run from what its checkpoints share (`Store.model`)."""
    return tuple(json.loads(shared)["words"])


def table_of(weights: bytes, shared: str, name: str = "word2vec") -> StaticVectors:
    """Parse the words with their vectors from a checkpoint's bytes.

    Raises:
        RunError: the bytes are no vectors.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    from core.vectors.static import StaticVectors

    try:
        return StaticVectors(name, words_of(shared), load(weights)["vectors"])
    except (SafetensorError, KeyError, ValueError) as error:
        raise RunError(f"this checkpoint holds no vectors of words: {error}") from error


def table(store: Store, id: str, step: int | None = None) -> StaticVectors:
    """Load the vectors of a word2vec run at a checkpoint (None: the last one).

    Raises:
        NoSuchRun: there is no such run. RunError: it learns no vectors, has not begun, or keeps nothing of that step.
    """
    if store.get(id).kind != "word2vec":
        raise RunError(later("this run learns no vectors of words"))
    _, shared = store.model(id)
    if step is None:
        kept = store.steps(id)
        if not kept:
            raise RunError(later("this run has no checkpoint yet: wait for its first steps"))
        step = kept[-1]
    return table_of(store.weights(id, step), shared, f"run:{id}")
