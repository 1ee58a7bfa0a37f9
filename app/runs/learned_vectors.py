"""The word2vec run that is shown further down the page, as a third embedding table to choose."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from app import runs
from app.session import state

if TYPE_CHECKING:
    from core.vectors.static import StaticVectors


def checkpoint() -> tuple[str, int] | None:
    """Return the run's id and its last checkpoint; None: no own run is shown, or it has none yet."""
    id = str(state.get("learned"))
    run = runs.find(id, "word2vec") if id else None
    kept = runs.checkpoints(run.id) if run is not None else ()
    return (run.id, kept[-1].step) if run is not None and kept else None


@lru_cache(maxsize=4)
def table_at(id: str, step: int) -> StaticVectors | None:
    """Load the vectors of a checkpoint; None: unreadable now, or too small for a map."""
    found = runs.table(id, step)
    return found if found is not None and len(found) > 3 and found.size > 1 else None
