"""How fast this machine trains small models: three numbers a precision, measured once a machine (`core.machine`)."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from core import machine
from core.precision import Chosen, products

if TYPE_CHECKING:
    from core.training.spec import TrainSpec

_ROUNDS = 4
TURNS = 20_000
_LONG = 1.0  # seconds of one model's steps, after which no further one is taken
# Two small models whose steps differ in what they are made of: many thin blocks, and few wide ones.
_THIN: Mapping[str, Any] = {
    "changes": {"d_model": 48, "n_heads": 2, "n_layers": 8}, "batch_tokens": 1024, "context": 32, "optimizer": "adamw",
}  # fmt: skip
_WIDE: Mapping[str, Any] = {
    "changes": {"d_model": 128, "n_heads": 2, "n_layers": 2, "norm_gain": False}, "batch_tokens": 2048,
}  # fmt: skip

# Bytes a second, and seconds of a block, where 19 models of this project were timed (AMD EPYC with AVX-512). Another
# machine's two numbers are taken to stand in the same proportion: two steps do not tell them apart for sure.
_PROFILE: Mapping[Chosen, tuple[float, float]] = {"float32": (2.25e9, 9.2e-4), "bfloat16": (3.8e9, 2.4e-3)}
_LEAST = 0.2  # of a step is not products, whatever both were measured to take


@dataclass(frozen=True)
class Rate:
    """How fast this machine trains in one precision, on one thread.

    Attributes:
        flops: operations a second of matrix products.
        bytes: a second, of what a step keeps for its gradients (`core.costs.running.training_bytes`), to write, read
            and reckon with.
        block: seconds that a block adds to a step however small it is: calls, not numbers.
        loop: seconds of `TURNS` turns of a loop in Python, for what is done token by token or row by row.
    """

    flops: float
    bytes: float
    block: float
    loop: float

    def seconds(self, flops: float, bytes: float, blocks: float) -> float:
        """Seconds of so many operations in products, bytes of activations and blocks."""
        return flops / self.flops + bytes / self.bytes + blocks * self.block


def measured_rate(precision: Chosen = "float32") -> Rate:
    """Return this machine's rate; measured where it is not known yet, which takes a second."""
    return Rate(**machine.measured(f"training {precision}", partial(_measured, precision)))


def _measured(precision: Chosen) -> dict[str, float]:
    """Measure the steps of two models; what their products do not take is as of `_PROFILE`, times one factor."""
    from core.costs.running import step_parts
    from core.training.spec import TrainSpec

    flops: float = getattr(products(), precision)
    bytes, block = _PROFILE[precision]
    factors = []
    for shape in (_THIN, _WIDE):
        spec = TrainSpec(model="gpt-nano", vocab_size=260, precision=precision, device="cpu", **shape)
        work = step_parts(spec.config(260), spec)
        step = _step(spec)
        rest = max(step - work.flops / flops, _LEAST * step)
        factors.append(rest / (work.bytes / bytes + work.blocks * block))
    slower = math.sqrt(factors[0] * factors[1])
    loop = min(spent(lambda: sum(at * at for at in range(TURNS))) for _ in range(_ROUNDS + 1))
    return {"flops": flops, "bytes": bytes / slower, "block": block * slower, "loop": loop}


def _step(spec: TrainSpec) -> float:
    """Seconds of the processor for a step of `spec` on made-up rows: gradient, and move of the weights."""
    import torch

    from core.model.initial import initialise
    from core.model.transformer import build
    from core.training.loss import next_token_loss
    from core.training.optimizers import Optimizer

    config = spec.config(260)
    model = build(config)
    initialise(model, config)
    optimizer = Optimizer(model, spec)
    optimizer.working.train()
    length = spec.context or config.n_ctx // 2
    rows = spec.batch_tokens // length
    batch = torch.arange(rows * (length + 1)).remainder(config.d_vocab).view(rows, length + 1)

    def step() -> None:
        next_token_loss(optimizer.working, batch).backward()
        optimizer.step()

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as a worker trains
    try:
        times = [spent(step), spent(step)]  # the first also makes the kernels
        while len(times) <= _ROUNDS and sum(times) < _LONG:
            times.append(spent(step))
        return min(times)
    finally:
        torch.set_num_threads(threads)


def spent(work: Callable[[], object]) -> float:
    """Seconds of the processor that this thread needs for some work: neighbours that are busy do not count."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


def median_seconds(work: Callable[[], object]) -> float:
    """Seconds of one piece of work: the middle of five, after one that warms up."""
    times = []
    for _ in range(6):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])
