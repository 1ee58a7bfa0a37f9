"""t-SNE or UMAP maps as a kind of run: every step's map is kept, so that the convergence can be shown."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.messages import later, mark
from core.runs.kinds import Reached, Start
from core.runs.lease import Moment
from core.runs.records import Places
from core.vectors.maps import project
from core.vectors.projection import Moment as Settled
from core.vectors.projection import neighbours_kept, pca

if TYPE_CHECKING:
    from core.runs.word_specs import MapSpec
    from core.training.estimates import Estimate
    from core.vectors.static import StaticVectors

LIGHTER = (mark("choose fewer words"), mark("choose fewer words"))
_PAIR = 2.6e-9  # seconds per step for each pair of words: t-SNE up to 3,000 words
_GRID, _WORD = 1e-2, 1.2e-6  # seconds per step of t-SNE's grid, and for each word on it
_EDGE = 1e-7  # seconds per step of UMAP for each word and neighbour
_NEAREST = 1e-10  # seconds for each pair of words and dimension, to find neighbours
_EXACT = 3000


def begin(spec: MapSpec, text: str | None, state: bytes | None, start: Start) -> Settling:
    """Begin or resume the map: from its last state, or from PCA's.

    Raises:
        ValueError: there are no such vectors, or too few.
    """
    words, vectors = vectors_of(spec, start)
    return Settling(spec, words, vectors, state)


def vectors_of(spec: MapSpec, start: Start) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Load the words of the map and their vectors, each of length 1. Raises ValueError: there is no such table."""
    table = _table(spec, start)
    return table.words[: spec.words], table.unit(slice(0, spec.words))


def _table(spec: MapSpec, start: Start) -> StaticVectors:
    from core.vectors import static

    if spec.source == "glove":
        return static.glove()
    if spec.source == "model":
        from core.zoo import bundled, load

        if spec.model not in bundled():
            raise ValueError(f"no bundled model is called {spec.model!r}; there is {', '.join(bundled())}")
        return static.of_model(load(spec.model))
    from core.runs.word_vectors import table_of

    begun = start()
    if begun is None:
        raise ValueError(later("the vectors that this map begins with are not stored: start it anew"))
    return table_of(*begun[:2])


def estimate(spec: MapSpec, text: str | None = None) -> Estimate:
    """Estimate the numbers of the map, memory and seconds."""
    from core.runs.word_vectors import slower
    from core.training.estimates import Estimate

    n, size = spec.words, 64
    if spec.method == "umap":
        step = n * spec.near * _EDGE
    else:
        step = n * n * _PAIR if n <= _EXACT else _GRID + n * _WORD
    seconds = (spec.steps * step + n * n * size * _NEAREST) * slower()
    together = 4 * 6 * n * n if spec.method == "tsne" and n <= _EXACT else 4 * 512 * n * 3
    return Estimate(2 * n, together + 60 * n * 3 * spec.near + 8 * n * size, seconds, seconds)


class Settling:
    """The work of computing a map."""

    def __init__(
        self, spec: MapSpec, words: tuple[str, ...], vectors: NDArray[np.float32], state: bytes | None
    ) -> None:
        self.spec, self.words, self.vectors, self.seconds = spec, words, vectors, 0.0
        last = None if state is None else self._restored(state)
        began = time.perf_counter()
        self.moments = project(
            vectors, spec.method, seed=spec.seed, steps=spec.steps, near=spec.near, last=last
        )
        self.last = next(self.moments) if last is None else last
        self.seconds += time.perf_counter() - began
        self.flat = neighbours_kept(vectors, pca(vectors).place(vectors))

    @property
    def done_steps(self) -> int:
        return self.last.done

    @property
    def done(self) -> bool:
        return self.last.done == self.last.of

    @property
    def ended(self) -> str:
        return "all steps done" if self.done else ""

    @property
    def checkpoint_steps(self) -> Sequence[int]:
        """All steps: a map is small."""
        return range(self.spec.steps + 1)

    def step(self) -> Reached:
        """Take some steps of the method, up to the next kept map."""
        began, before = time.perf_counter(), self.last.points
        self.last = next(self.moments)
        self.seconds += time.perf_counter() - began
        moved = float(np.linalg.norm(self.last.points - before))
        return Reached(self.last.done, self.last.loss, float("nan"), float("nan"), moved, 0, self.seconds)

    def moment(self, held_out: float | None = None) -> Moment:
        """Build the checkpoint: the positions of all words, and the share of neighbours kept, beside PCA's."""
        kept = {"kept": neighbours_kept(self.vectors, self.last.points), "pca": self.flat}
        return Moment(self.done_steps, None, "", kept, b"", Places(self.last.points))

    def glance(self) -> Callable[[], Moment]:
        """Return the present map, which is not modified later."""
        now = self.moment()
        return lambda: now

    def state(self) -> bytes:
        """Return the method's state."""
        import torch

        from core.training.state import State

        tensors = {name: torch.from_numpy(np.array(values)) for name, values in self.last.state.items()}
        meta = {"step": self.last.done, "of": self.last.of, "loss": _number(self.last.loss)}
        return State(tensors, meta | {"seconds": self.seconds}).to_bytes()

    def about(self) -> tuple[Mapping[str, Any], str]:
        """Return method and source, and the words in the order of the points."""
        about = {"kind": "map", "method": self.spec.method, "source": self.spec.source}
        return about, json.dumps({"words": self.words}, ensure_ascii=False)

    def _restored(self, state: bytes) -> Settled:
        from core.training.state import State

        kept = State.from_bytes(state)
        self.seconds = float(kept.meta["seconds"])
        arrays = {name: values.numpy() for name, values in kept.tensors.items()}
        loss = kept.meta["loss"]
        return Settled(
            kept.step, int(kept.meta["of"]), arrays["points"], float("nan") if loss is None else loss, arrays
        )


def _number(value: float) -> float | None:
    """Convert NaN, which JSON lacks, to None."""
    return value if value == value else None
