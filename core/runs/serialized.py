"""Runs serialized as text for notebooks: curves, word vectors, and fine-tuned weights.

A notebook of an own run then gives the same results on every machine, without the server's run store.
The text is base64 of a zlib stream, of JSON or of the checkpoint's own bytes.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from core.runs.records import COLUMNS, Checkpoint, Points

if TYPE_CHECKING:
    from core.language_model import LanguageModel
    from core.training.fine_tune_spec import FineTuneSpec
    from core.vectors.static import StaticVectors


def pack_curve(points: Points, checkpoints: Sequence[Checkpoint] = ()) -> str:
    """Serialize a run's points and the measurements at its checkpoints, exactly."""
    columns = {name: column.tolist() for name, column in points.columns().items()}
    return _packed({"points": columns, "checkpoints": [asdict(one) for one in checkpoints]})


def curve(text: str) -> tuple[Points, list[Checkpoint]]:
    """Restore the points and checkpoints of `pack_curve`."""
    found = _unpacked(text)
    whole = ("step", "tokens")
    columns: dict[str, Any] = {
        name: np.array(found["points"][name], dtype=np.int64 if name in whole else np.float64)
        for name in COLUMNS
    }
    return Points(**columns), [Checkpoint(**one) for one in found["checkpoints"]]


def pack_vectors(table: StaticVectors) -> str:
    """Serialize a table of words, in the precision that it is stored in."""
    rows = np.ascontiguousarray(table.vectors, dtype=np.float32)
    written = base64.b64encode(rows.tobytes()).decode("ascii")
    return _packed({"name": table.name, "words": list(table.words), "shape": rows.shape, "rows": written})


def vectors(text: str) -> StaticVectors:
    """Restore the table of `pack_vectors`."""
    from core.vectors.static import StaticVectors

    found = _unpacked(text)
    rows = np.frombuffer(base64.b64decode(found["rows"]), dtype=np.float32).reshape(found["shape"])
    return StaticVectors(found["name"], tuple(found["words"]), rows)


def pack_tuned(spec: FineTuneSpec, weights: bytes) -> str:
    """Serialize the result of fine-tuning a bundled base: the spec, and the bytes of a checkpoint."""
    return _packed({"spec": spec.to_dict(), "weights": base64.b64encode(weights).decode("ascii")})


def tuned_model(text: str) -> LanguageModel:
    """Build the model of `pack_tuned`: the base with the learned weights."""
    from core.runs.fine_tuning import bundled_base, read_file
    from core.training.fine_tune_spec import FineTuneSpec
    from core.training.tuned import tuned

    found = _unpacked(text)
    spec = FineTuneSpec.from_dict(found["spec"])
    return tuned(spec, bundled_base(spec.base), read_file(base64.b64decode(found["weights"])), "tuned")


def _packed(values: Any) -> str:
    return base64.b64encode(zlib.compress(json.dumps(values).encode("utf-8"), 9)).decode("ascii")


def _unpacked(text: str) -> Any:
    return json.loads(zlib.decompress(base64.b64decode(text)))
