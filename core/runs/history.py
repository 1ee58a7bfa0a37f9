"""How a model was trained: the settings of its run, its curve, and the moments that were kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.runs.records import RunError

if TYPE_CHECKING:
    from core.runs.records import Points
    from core.runs.store import Store


@dataclass(frozen=True)
class History:
    """A training run without its weights.

    Attributes:
        name: its learner's for it, "" where it has none.
        spec: of its kind. points: its curve. moments: the steps whose weights are kept, in order.
    """

    name: str
    spec: Any
    points: Points
    moments: tuple[int, ...]


def of_store(store: Store, id: str) -> History:
    """Read the history of a stored run that trains a language model.

    Raises NoSuchRun: there is no such run; RunError: it is of another kind.
    """
    run = store.get(id)
    if run.kind != "train":
        raise RunError("this run trains no language model from scratch")
    return History(run.name, run.spec, store.points(id), tuple(store.steps(id)))
