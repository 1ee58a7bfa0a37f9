"""The training precision of this machine, chosen by timing its products in both.

bfloat16 halves what a product reads and writes, and takes half the time where a processor has instructions for it.
Where it has none, torch emulates it: a product may take forty times as long as in float32.
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, get_args

from core import machine

if TYPE_CHECKING:
    import torch

Precision = Literal["auto", "float32", "bfloat16"]
Chosen = Literal["float32", "bfloat16"]
VARIABLE = "GLASSBOX_PRECISION"
GAIN = 0.8  # maximum share of float32's time that bfloat16 may take: less gain is not worth its rounding
_ROWS, _WIDTH, _OUT = 512, 128, 512  # a product of a small model's feed-forward layer
_STACK, _SIDE = 8, 128  # those of Muon: matrices of attention, batched
_ROUNDS = 5
_NEVER = 1e6  # seconds
_HOPELESS = 3.0  # ratio to float32 from which more rounds would change nothing

Spec = TypeVar("Spec", bound=Any)


@dataclass(frozen=True)
class Products:
    """Operations a second of this machine's matrix products, in each precision, on one thread of a processor."""

    float32: float
    bfloat16: float

    @property
    def quicker(self) -> Chosen:
        """bfloat16 where that takes at most `GAIN` of float32's time."""
        return "bfloat16" if self.float32 <= GAIN * self.bfloat16 else "float32"


def products(device: str = "cpu") -> Products:
    """Return how quick products are on a device of this machine; timed once a machine (`core.machine.measured`)."""
    return Products(**machine.measured("products", lambda: _timed(device), device))


def choose(precision: Precision, device: torch.device | str | None = None) -> Chosen:
    """Choose the precision: the requested one, or for "auto" the faster one on this machine.

    GLASSBOX_PRECISION, set to float32 or bfloat16, overrides "auto" without a measurement.

    Args:
        device: None: the best there is.

    Raises:
        ValueError: GLASSBOX_PRECISION is neither.
    """
    if precision != "auto":
        return precision
    wanted = os.environ.get(VARIABLE, "").strip() or "auto"
    if wanted in get_args(Chosen):
        return cast(Chosen, wanted)
    if wanted != "auto":
        raise ValueError(f"{VARIABLE}={wanted} is not one of auto, float32, bfloat16")
    return products(_kind(device)).quicker


def settle(spec: Spec) -> Spec:
    """Return a training's spec with its precision chosen, so that it goes on in it wherever it is resumed."""
    if getattr(spec, "precision", None) != "auto":
        return spec
    settled: Spec = dataclasses.replace(spec, precision=choose("auto", getattr(spec, "device", None)))
    return settled


def alike(one: Spec, other: Spec) -> bool:
    """Return whether two specs describe the same training, in whichever precision."""
    return bool(_any(one) == _any(other))


def _any(spec: Spec) -> Spec:
    if not hasattr(spec, "precision"):
        return spec
    found: Spec = dataclasses.replace(spec, precision="auto")
    return found


def _kind(device: torch.device | str | None) -> str:
    from core.device import best_device

    return str(device or best_device()).partition(":")[0]


def _timed(device: str) -> dict[str, float]:
    """Time one layer's product and Muon's in both precisions, in turns; the quickest of some rounds counts."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in a worker
    try:
        draw = torch.Generator().manual_seed(0)
        parts = [(_ROWS, _WIDTH), (_WIDTH, _OUT), (_STACK, _SIDE, _SIDE)]
        wide = [torch.randn(shape, generator=draw).to(device) for shape in parts]
        half = [part.bfloat16() for part in wide]
        best = {"float32": _NEVER, "bfloat16": _NEVER}
        for turn in range(_ROUNDS + 1):
            for name, (left, right, stack) in (("float32", wide), ("bfloat16", half)):
                spent = _seconds(lambda a=left, b=right, c=stack: (a @ b, torch.bmm(c, c)), device)  # type: ignore[misc]
                if turn:  # the first call also compiles the kernels
                    best[name] = min(best[name], spent)
            if turn and best["bfloat16"] > _HOPELESS * best["float32"]:
                break
    finally:
        torch.set_num_threads(threads)
    operations = 2 * (_ROWS * _WIDTH * _OUT + _STACK * _SIDE**3)
    return {name: operations / spent for name, spent in best.items()}


def _seconds(work: Callable[[], object], device: str) -> float:
    import torch

    clock = (
        time.thread_time if device == "cpu" else time.perf_counter
    )  # processor time, which is not affected by other processes
    began = clock()
    try:
        work()
    except (RuntimeError, TypeError):  # a device without such products
        return _NEVER
    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()
    return clock() - began
