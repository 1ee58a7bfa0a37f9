"""Training runs: started in a page or a shell, executed by workers, kept in a database.

    store = Store()
    with closing(Engine(store)) as engine:
        engine.start()
        run = engine.submit(TrainSpec(steps=200), owner="me")
    lm = load(store, run.id)

Names are imported lazily: reading runs imports neither torch nor dask.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from core.runs.limits import Limits as Limits
from core.runs.records import Checkpoint as Checkpoint
from core.runs.records import LimitExceeded as LimitExceeded
from core.runs.records import Maps as Maps
from core.runs.records import NoSuchRun as NoSuchRun
from core.runs.records import NotYours as NotYours
from core.runs.records import Places as Places
from core.runs.records import Points as Points
from core.runs.records import Run as Run
from core.runs.records import RunError as RunError
from core.runs.records import SchemaError as SchemaError
from core.runs.records import StoreAway as StoreAway
from core.runs.records import StoreDamaged as StoreDamaged
from core.runs.records import StoreFull as StoreFull
from core.runs.records import StoreInUse as StoreInUse
from core.runs.store import Store as Store

if TYPE_CHECKING:
    from core.runs.engine import Engine as Engine
    from core.runs.loading import load as load
    from core.runs.recordings import Recorded as Recorded
    from core.runs.recordings import recorded as recorded
    from core.runs.word_vectors import table as table

_LATER = {
    "Engine": "engine",
    "Recorded": "recordings",
    "load": "loading",
    "recorded": "recordings",
    "table": "word_vectors",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'core.runs' has no attribute {name!r}")
    return getattr(import_module(f"core.runs.{_LATER[name]}"), name)
