"""A recorded word2vec run: some hundred of its words are bundled, for an animated first screen.

Vectors are kept in 8 bits a number, places in 16: what a map and a list of neighbours need, in a quarter of a megabyte.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.runs.recordings import FOLDER
from core.runs.records import Points, RunError
from core.runs.word_specs import WordsSpec

if TYPE_CHECKING:
    from core.runs.store import Store
    from core.vectors.static import StaticVectors

NAME = "word2vec-tales"
VERSION = 1
_FREQUENT, _FAMILIAR = 80, 220  # kept words: the most frequent, and those of Toyland's families


@dataclass(frozen=True)
class RecordedWords:
    """A recorded word2vec run.

    Attributes:
        steps: of the moments; words: those that were kept, the most frequent first; of: how many the run learned.
        kin: (share of own family among the nearest, chance) at each moment, measured among all words.
        places: (M, N, 2) where the words lay on the map.
    """

    spec: WordsSpec
    revision: str
    machine: str
    steps: tuple[int, ...]
    words: tuple[str, ...]
    of: int
    kin: tuple[tuple[float, float], ...]
    points: Points
    places: NDArray[np.float32] = field(repr=False)
    _vectors: NDArray[np.float32] = field(repr=False)

    def table(self, moment: int) -> StaticVectors:
        """Return the kept words with their vectors at a checkpoint (0, 1, ...), dequantized from 8 bits."""
        from core.vectors.static import StaticVectors

        return StaticVectors("the recorded words", self.words, self._vectors[moment])


def kept_rows(words: Sequence[str]) -> list[int]:
    """Choose the rows of the words that a recording keeps."""
    from core.vectors.families import of

    familiar = [row for row, family in enumerate(of(words)) if family >= 0][:_FAMILIAR]
    return sorted({*range(min(_FREQUENT, len(words))), *familiar})


def record(store: Store, id: str, machine: str, name: str = NAME) -> Path:
    """Write a run of a store into the file that `recorded_words` reads."""
    from safetensors.numpy import save_file

    from core.runs.word_vectors import SHOWN, table_of, words_of

    run = store.get(id)
    _, shared = store.model(id)
    words = words_of(shared)
    rows = [row for row in kept_rows(words) if row < SHOWN]
    moments = store.checkpoints(id)
    vectors = np.stack([table_of(store.weights(id, one.step), shared).vectors[rows] for one in moments])
    scale = np.abs(vectors).max(axis=2, keepdims=True) / 127  # (M, N, 1)
    places = []
    for one in moments:
        found = store.places(id, one.step)
        assert found is not None
        places.append(found.points[rows])
    curve = np.stack([column.astype(np.float32) for column in store.points(id).columns().values()])
    about = {
        "version": VERSION,
        "spec": run.spec.to_dict(defaults=False),
        "revision": run.revision,
        "machine": machine,
        "words": [words[row] for row in rows],
        "of": len(words),
        "steps": [one.step for one in moments],
        "kin": [[round(one.health["kin"], 4), round(one.health["chance"], 4)] for one in moments],
    }
    path = FOLDER / f"{name}.safetensors"
    tensors: dict[str, NDArray[Any]] = {
        "vectors": np.rint(vectors / np.maximum(scale, 1e-12)).astype(np.int8),
        "scale": scale.astype(np.float32),
        "places": np.stack(places).astype(np.float16),
        "curve": curve,
    }
    save_file(tensors, path, {"glassbox": json.dumps(about, ensure_ascii=False)})
    recorded_words.cache_clear()
    return path


@lru_cache(maxsize=2)
def recorded_words(name: str = NAME) -> RecordedWords:
    """Load a recorded word2vec run.

    Raises:
        RunError: there is none of that name, or another version wrote it.
    """
    from safetensors import safe_open

    path = FOLDER / f"{name}.safetensors"
    if not path.is_file():
        raise RunError(f"no recorded run of words is called {name!r}")
    with safe_open(path, framework="numpy") as file:
        about = json.loads(file.metadata()["glassbox"])
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    if about["version"] != VERSION:
        raise RunError(f"the recorded run {name} has version {about['version']}; record it again")
    rows = [[None if value != value else value for value in row] for row in tensors["curve"].T.tolist()]
    return RecordedWords(
        spec=WordsSpec.from_dict(about["spec"]),
        revision=about["revision"],
        machine=about["machine"],
        steps=tuple(about["steps"]),
        words=tuple(about["words"]),
        of=about["of"],
        kin=tuple((own, chance) for own, chance in about["kin"]),
        points=Points.of([tuple(row) for row in rows]),
        places=tensors["places"].astype(np.float32),
        _vectors=tensors["vectors"].astype(np.float32) * tensors["scale"],
    )
