"""Caches shared by all sessions: models, read-only, and results of `core`, each computed once.

Every cache is bounded by the bytes in it; Streamlit's own are bounded by number alone, so they are not used. A model is
loaded once for the whole server, and is read-only: a learner's ablation is in the hooks of that learner's run
(core/hooks.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from app import models
from app.models import loading, memory, room
from app.models.loading import Tell
from app.models.results import measure, own, typed
from app.models.shared_cache import NoRoom, Shelf
from core import messages
from core.messages import later

if TYPE_CHECKING:
    from core.language_model import LanguageModel


Value = TypeVar("Value")


@dataclass(frozen=True)
class Kept:
    """A cached result, which may be None, and its size in bytes."""

    result: Any
    bytes: int

    def weigh(self) -> int:
        """Return the size in bytes."""
        return self.bytes


def _forget() -> None:
    """Drop all results after a model was evicted: they would keep it in memory."""
    _shared.clear()
    memory.give_back()


def _part(share: float) -> Callable[[], int]:
    """Return a share of the bytes that results may take."""
    return lambda: int(share * room.results())


def _nothing() -> None:
    """Free nothing after a small result was evicted: its memory is reused by the next one."""


# GPT-2, BERT and T5 take half a gigabyte each; a moment of a bundled model 4 MB.
_finished: Shelf[LanguageModel] = Shelf(most=64, most_bytes=room.allowed, free=room.free, left=_forget)
_moments: Shelf[LanguageModel] = Shelf(most=256, most_bytes=96 * 2**20)

# One pass through GPT-2 takes some 20 MB, what a page shows of it mostly less than one.
_called: Shelf[Kept] = Shelf(most=1024, most_bytes=_part(0.3), left=_nothing, weigh=Kept.weigh)
_shared: Shelf[Kept] = Shelf(most=64, most_bytes=_part(0.45), left=_nothing, weigh=Kept.weigh)
_results: Shelf[Any] = Shelf(most=64, most_bytes=_part(0.2), weigh=measure)
_small: Shelf[Any] = Shelf(most=512, most_bytes=_part(0.05), left=_nothing, weigh=measure)


def model(name: str, snapshot: int = -1, tell: Tell | None = None) -> LanguageModel:
    """Load the model `name` (see app/models/__init__.py) at a training step, or finished (-1), through the cache.

    Args:
        tell: called with the bytes of weights read so far.

    Raises:
        RefusedModel: not a model of this server, or one that it has no room for.
        ValueError, OSError: `core.load` could not read it; the message tells a learner why and what to do.
    """
    choice = models.resolve(name)
    shelf = _finished if snapshot < 0 else _moments
    key = (choice.name, choice.stamp, snapshot)
    found = shelf.peek(key)
    if found is None:
        with _said(choice):
            need = models.need(choice)
            # a run's model is shown however large it is: all other checkpoints are evicted for it
            if snapshot >= 0:
                need = min(need, shelf.limit)
            found = shelf.get(key, lambda: _load(choice, snapshot, tell), need)
    _fetched.add(choice.name)
    return found


def _load(choice: models.Choice, snapshot: int, tell: Tell | None) -> LanguageModel:
    from pathlib import Path

    import core
    from core import zoo

    if snapshot >= 0 and choice.source == "bundled":
        return zoo.rewind(model(choice.name), snapshot)
    target = Path(choice.target) if choice.source == "folder" else choice.target

    def progress(done: int, total: int) -> None:
        if tell is not None:
            tell(READING, 4 * done, 4 * total)  # as float32

    return core.load(target, snapshot=None if snapshot < 0 else snapshot, progress=progress)


def opening(name: str, snapshot: int, report: Tell) -> LanguageModel:
    """Load as `model` does, with progress: fetched and read once for all callers; `report` gets the progress.

    Args:
        report: called from this thread with what is done (`FETCHING`, `READING`), the bytes done and those in all.

    Raises:
        As `model`; a model that there is no room for is not fetched.
    """
    choice = models.resolve(name)

    def work(tell: Tell) -> LanguageModel:
        if not is_fetched(name):
            with _said(choice):
                _finished.check(models.need(choice))
            models.fetch(name, lambda done, total: tell(FETCHING, done, total))
        return model(name, snapshot, tell)

    return loading.follow((choice.name, choice.stamp, snapshot), work, report)


@contextmanager
def _said(choice: models.Choice) -> Iterator[None]:
    """Return the message that there is no room for a model."""
    try:
        yield
    except NoRoom as why:
        values = {
            "model": choice.name, "need": room.written(why.need), "room": room.written(why.room),
            "variable": room.VARIABLE,
        }  # fmt: skip
        said = later(
            "{model} needs {need} of memory, but this machine has free {room}, so it was not loaded. Choose a smaller "
            "model; whoever runs this Glassbox says with {variable} how much memory models may take.",
            **values,
        )
        if why.allowed:
            said = later(
                "{model} needs {need} of memory, but models may take {room}, so it was not loaded. Choose a smaller "
                "model; whoever runs this Glassbox says with {variable} how much memory models may take.",
                **values,
            )
        raise models.RefusedModel(said) from why


def at_hand(name: str) -> bool:
    """Return whether the finished model `name`, known to be one of this server, is in memory already."""
    choice = models.resolve(name)
    return _finished.has((choice.name, choice.stamp, -1))


def held() -> tuple[int, int]:
    """Return the bytes that the finished models in memory take together, and the bytes that they may take."""
    return _finished.bytes, _finished.limit


@lru_cache(maxsize=64)
def moments(name: str) -> tuple[int, ...]:
    """Return the training steps that a bundled model can be rewound to, in order."""
    from core import catalogue

    return tuple(catalogue.snapshots(name))


def is_at_hand(name: str, snapshot: int) -> bool:
    """Return whether the model is loaded already."""
    choice = models.resolve(name)
    shelf = _finished if snapshot < 0 else _moments
    return shelf.peek((choice.name, choice.stamp, snapshot)) is not None


READING, FETCHING = "Reading", "Fetching"  # what `opening` does with a model
QUICK = 50 * 2**20  # size in bytes that is read quickly
_fetched: set[str] = set()  # hub ids that this server has opened


def is_fetched(name: str) -> bool:
    """Return whether opening `name` needs no download: all but hub ids that this server has not opened yet."""
    return models.resolve(name).source != "hub" or name in _fetched


def is_quick(name: str, snapshot: int) -> bool:
    """Return whether opening `name` is quick: it is in memory, mapped, bundled, a training run, or small."""
    choice = models.resolve(name)
    if choice.source in ("bundled", "real", "run") or is_at_hand(name, snapshot):
        return True
    return choice.source == "folder" and models.need(choice) < QUICK


def call(fn: Callable[..., Any], key: str, *args: Any) -> Any:
    """Cache `fn(model, *args)` by model key and arguments, for all sessions.

    Args:
        fn: a module-level function of (LanguageModel, *args) that returns numpy arrays, numbers, strings, and lists,
            tuples or dicts of them: each caller gets its own copy.
        key: a page's `ctx.model_key`.
        args: hashable values; tuples rather than lists.
    """
    made = _called.get((*_about(fn), key, typed(args)), lambda: _computed(fn, key, args))
    return own(made.result)


def share(fn: Callable[..., Any], key: str, *args: Any) -> Any:
    """Cache as `call` does, but return the same read-only object to every caller, such as a Trace of tensors."""
    name = (*_about(fn), key, typed(args))
    return _shared.get(name, lambda: _computed(fn, key, args)).result


def _about(fn: Callable[..., Any]) -> tuple[str, str, str]:
    # a result may have words in it
    return fn.__module__, fn.__qualname__, messages.spoken()


def _computed(fn: Callable[..., Any], key: str, args: tuple[Any, ...]) -> Kept:
    name, moment, _ = key.rsplit("@", 2)
    with memory.given_back():
        lm = model(name, int(moment))
        result = fn(lm, *args)
    return Kept(result, measure(result, besides=lm.transformer))


def forget_results() -> None:
    """Clear all results; they are computed again when needed."""
    for shelf in (_called, _shared, _results, _small):
        shelf.clear()


def key(name: str, snapshot: int = -1) -> str:
    """Return the key of a model's results: its name, its snapshot, and for a folder the time of its last change."""
    return f"{name}@{snapshot}@{models.resolve(name).stamp}"


def keep(key: str, result: Any, small: bool = False) -> None:
    """Cache a result that depends on no model, for all sessions; the least recently used one is evicted.

    Args:
        small: it takes a few kilobytes, and is not evicted by large ones.
    """
    (_small if small else _results).put(key, result)
    memory.give_back()


def made(key: str, make: Callable[[], Value]) -> Value:
    """Return what depends on no model, made by the first who asks for `key`; it is shared and read-only."""
    found: Value = _results.get(key, make)
    return found


def kept(key: str) -> Any:
    """Return the result that `keep` stored under `key`, shared and read-only; None if there is none any more."""
    found = _results.peek(key)
    return _small.peek(key) if found is None else found


def warm(names: list[str]) -> None:
    """Load models before the first visitor arrives."""
    for name in names:
        model(name)
