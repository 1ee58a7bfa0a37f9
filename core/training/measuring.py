"""Measurements on this machine beside the formulas: saved activations, memory, time.

A shared model is only read; training steps run on a copy made for the measurement.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from core.config import ModelConfig
from core.costs.activations import kept_bytes
from core.costs.weights import parameters
from core.memory import available
from core.messages import Later, later
from core.model.kv_cache import KVCache
from core.model.transformer import EncoderDecoder, Transformer, build
from core.training import fast_cpu
from core.training.loss import cross_entropy

if TYPE_CHECKING:
    from core.language_model import LanguageModel

MOST_TOKENS = 2048  # maximum tokens of all rows together
SPARE = 8  # positions left for generated tokens
STEPS = ("peak", "bandwidth", "prefill", "decode", "weights", "activations", "gradients", "optimizer", "step")


@dataclass(frozen=True)
class Measured:
    """One measurement.

    Operations a second (peak), bytes a second (bandwidth), seconds (prefill, decode, step: one of training) or bytes
    (the others); None: not done, `why` says why.
    """

    name: str
    value: float | None
    why: str | Later = ""


@dataclass(frozen=True)
class Size:
    """The size of a measurement: so many rows of so many tokens."""

    batch: int
    length: int


def size_for(config: ModelConfig, batch: int, length: int) -> Size:
    """Limit the requested size to what the model holds and to a moment's work.

    With learned biases two texts at least: one alone keeps more than any formula in step with them (see `activations`).
    """
    length = max(1, min(length, config.n_ctx - SPARE, MOST_TOKENS // 2))
    least = 2 if config.position == "relative" else 1
    return Size(max(least, min(batch, MOST_TOKENS // length)), length)


def saved_bytes(model: Transformer | EncoderDecoder, ids: Tensor, target: Tensor | None = None) -> int:
    """Measure the bytes that autograd saves in one forward pass with its loss: each storage once, without weights.

    Args:
        ids: (B, T), scored as their own targets: what is right does not change what is kept. target: (B, T') of an
            encoder-decoder.
    """
    weights = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    found: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if tensor.dim() and storage.nbytes() and storage.data_ptr() not in weights:
            found[storage.data_ptr()] = storage.nbytes()
        return tensor  # kept alive, so that no other storage reuses its address

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        _loss(model, ids, target)
    return sum(found.values())


def _loss(model: Transformer | EncoderDecoder, ids: Tensor, target: Tensor | None) -> Tensor:
    logits = model(ids) if target is None else model(ids, target)
    config = model.config
    if config.head == "none":
        # the loss is of the stream: a separate loss would save tensors that are not the model's
        return logits.sum()
    right = ids if target is None else target
    if config.head == "sequence":
        right = right[:, 0]
    elif config.head == "span":
        logits, right = logits.transpose(1, 2), right[:, :2]  # (B, 2, T), (B, 2)
    return cross_entropy(logits, right % logits.shape[-1])


def peak_flops(device: torch.device | str = "cpu", side: int = 1024) -> float:
    """Measure the operations per second of a product of two square float32 matrices."""
    left, right = torch.rand(2, side, side, device=device)
    return 2 * side**3 / _seconds(lambda: left @ right, device)


def bandwidth(device: torch.device | str = "cpu", size: int = 96 * 2**20) -> float:
    """Measure the bytes per second, read and written, of copying a tensor larger than the caches."""
    source = torch.zeros(size // 4, device=device)
    copy = torch.empty_like(source)
    return 2 * size / _seconds(lambda: copy.copy_(source), device)


def measure(lm: LanguageModel, size: Size) -> Iterator[Measured]:
    """Run all of `STEPS` in turn: the machine's two peaks, the model's passes, then training steps of a copy."""
    device, pair = lm.device, lm.config.shape == "encoder-decoder"
    yield Measured("peak", peak_flops(device))
    yield Measured("bandwidth", bandwidth(device))
    ids = torch.arange(size.batch * size.length, device=device).remainder(lm.config.d_vocab)
    ids = ids.view(size.batch, size.length)
    yield Measured("prefill", _seconds(lambda: _read(lm.transformer, ids), device))
    if lm.config.shape == "encoder":
        yield Measured("decode", None, "an encoder writes no next token")
    else:
        yield Measured("decode", _writing(lm.transformer, ids, device))
    yield Measured("weights", float(sum(weight.nbytes for weight in lm.transformer.parameters())))
    yield from _learning(lm, ids, ids.clone() if pair else None, device)  # two equal texts


@torch.inference_mode()
def _read(model: Transformer | EncoderDecoder, ids: Tensor) -> Tensor:
    return model(ids, ids[:, :1]) if isinstance(model, EncoderDecoder) else model(ids)


@torch.inference_mode()
def _writing(model: Transformer | EncoderDecoder, ids: Tensor, device: torch.device) -> float:
    """Measure the seconds of one new token after the cached tokens of `ids`.

    An encoder-decoder wrote as many as it read.
    """
    cache = KVCache()
    if isinstance(model, EncoderDecoder):
        source = model.encode(ids)

        def write(new: Tensor) -> Tensor:
            return model.decode(new, source, cache=cache)
    else:

        def write(new: Tensor) -> Tensor:
            return model(new, cache=cache)

    write(ids)
    return _seconds(lambda: write(ids[:, :1]), device)


def _learning(
    lm: LanguageModel, ids: Tensor, target: Tensor | None, device: torch.device
) -> Iterator[Measured]:
    """Measure memory and time of a step of AdamW, on a copy of the model without dropout."""
    if lm.config.head == "none":
        yield from (
            Measured(name, None, later("a bare encoder has no loss to learn from")) for name in STEPS[5:]
        )
        return
    config = lm.config.replace(dropout=0.0)
    batch, length = ids.shape
    need = 16 * parameters(config) + 2 * kept_bytes(config, batch, length, length)
    free = available()
    if free is not None and need > free // 2:
        why = later(
            "a step would need {need} MB, more than half of what is free here", need=f"{need / 1e6:,.0f}"
        )
        yield from (Measured(name, None, why) for name in STEPS[5:])
        return
    model = build(config).to(device)
    model.load_state_dict(lm.transformer.state_dict())
    model.train()
    fast_cpu.put_in(model)
    yield Measured("activations", float(saved_bytes(model, ids, target)))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def step() -> None:
        optimizer.zero_grad()
        _loss(model, ids, target).backward()
        optimizer.step()

    step()
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    yield Measured("gradients", float(sum(gradient.nbytes for gradient in gradients)))
    moments = [value for state in optimizer.state.values() for value in state.values() if value.dim()]
    yield Measured("optimizer", float(sum(moment.nbytes for moment in moments)))
    yield Measured("step", _seconds(step, device))


def _seconds(work: Callable[[], object], device: torch.device | str) -> float:
    """Measure the median seconds of a few runs, waiting for asynchronous devices."""
    if torch.device(device).type != "cuda":
        return median_seconds(work)

    def waited() -> None:
        work()
        torch.cuda.synchronize(device)

    return median_seconds(waited)


def median_seconds(work: Callable[[], object]) -> float:
    """Measure the median seconds of five runs, after one warm-up."""
    times = []
    for _ in range(6):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])
