"""What a training run of this project takes, before it begins: weights, memory at the height of a step, time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from core.config import ModelConfig
from core.costs.operations import row_flops
from core.costs.weights import matrix_weights, parameters
from core.data import tasks
from core.training.spec import TrainSpec

_FLOAT = 4  # bytes of a float32
# Letters of a token in pairs of texts, with the space before it, at the sizes that are usual here.
_LETTERS = {"characters": 1.0, "bpe": 3.3, "unigram": 3.3, "wordpiece": 3.0, "words": 4.2}
_CHARACTERS = 96  # entries that a vocabulary of characters is taken to have before the text was looked at


@dataclass(frozen=True)
class Estimate:
    """What a run takes: weights, bytes at the height of a step (torch itself, some 300 MB, not counted), seconds."""

    parameters: int
    bytes: int
    seconds: float


@dataclass(frozen=True)
class Rate:
    """How fast this machine trains: operations a second in products of float32 and of bfloat16, and how many bytes of
    what a step keeps (see `training_bytes`) it writes, reads and reckons with a second.
    """

    flops: float
    half_flops: float
    bytes: float


def estimate(spec: TrainSpec, rate: Rate | None = None) -> Estimate:
    """What the run of `spec` would take, on a vocabulary of the size wished (of characters: about 100).

    Args:
        rate: None: measured on this machine once a process, which takes about a quarter of a second.
    """
    config = _config(spec)
    return Estimate(
        parameters(config), training_bytes(config, spec), seconds(config, spec, rate or measured_rate())
    )


def training_bytes(config: ModelConfig, spec: TrainSpec) -> int:
    """Memory at the height of a training step: weights, gradients, the optimizer's memory, what backward needs.

    Within a quarter of what tensors were measured to take (CPU, shapes of 2 to 6 blocks).
    """
    weights = parameters(config)
    matrices = matrix_weights(config)
    moments = {
        "muon": matrices + 2 * (weights - matrices),
        "adamw": 2 * weights,
        "adam": 2 * weights,
        "momentum": weights,
        "sgd": 0,
    }[spec.optimizer]
    fixed = _FLOAT * (2 * weights + moments) + (
        _FLOAT * weights if spec.bf16 else 0
    )  # a copy and its gradient
    rows, length, target = _row(config, spec)
    tokens = rows * length
    size = 2 if spec.bf16 else _FLOAT
    blocks = config.n_layers * tokens * _kept(config, spec, length)
    scored: float = tokens
    if config.shape == "encoder":
        scored = spec.mask_rate * tokens  # the others are not unembedded (see `objectives.loss`)
    if config.shape == "encoder-decoder":
        blocks += config.decoder_layers * rows * target * (_kept(config, spec, target) + 6 * config.d_model)
        scored = rows * target
    logits = scored * config.d_vocab * (size + _FLOAT)
    return int(fixed + size * (blocks + 6 * tokens * config.d_model) + logits)


def seconds(config: ModelConfig, spec: TrainSpec, rate: Rate) -> float:
    """Time of the run's steps at a machine's rate, without held-out losses.

    Within a half of what steps of small models were measured to take on an idle core.
    """
    rows, length, target = _row(config, spec)
    products = 3 * rows * row_flops(config, length, target) / (rate.half_flops if spec.bf16 else rate.flops)
    return spec.steps * (products + training_bytes(config, spec) / rate.bytes)


@lru_cache(maxsize=1)
def measured_rate() -> Rate:
    """This machine's rate, from a product in each precision and some training steps of a small model."""
    import torch

    left, right = torch.ones(2048, 128), torch.ones(128, 512)
    operations = 2 * 2048 * 128 * 512
    single = operations / median_seconds(lambda: left @ right)
    left, right = left.bfloat16(), right.bfloat16()
    half = operations / median_seconds(lambda: left @ right)
    spec = TrainSpec(model="gpt2-nano", optimizer="sgd", vocab_size=260)
    config = spec.config(260)
    rows, length, _ = _row(config, spec)
    products = 3 * rows * row_flops(config, length) / single
    rest = max(_reference(config, rows, length) - products, 1e-4)
    return Rate(single, half, training_bytes(config, spec) / rest)


def _reference(config: ModelConfig, rows: int, length: int) -> float:
    """Seconds of the forward and backward pass of a training step."""
    import torch

    from core.model.initial import initialise
    from core.model.transformer import build
    from core.training.loss import next_token_loss

    model = build(config)
    initialise(model, config)
    batch = torch.arange(rows * (length + 1)).remainder(config.d_vocab).view(rows, length + 1)

    def step() -> None:
        model.zero_grad()
        next_token_loss(model.train(), batch).backward()

    return median_seconds(step)


def median_seconds(work: Callable[[], object]) -> float:
    """Seconds of one piece of work: the middle of five, after one that warms up."""
    times = []
    for _ in range(6):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def _config(spec: TrainSpec) -> ModelConfig:
    return spec.config(
        min(spec.vocab_size, _CHARACTERS) if spec.tokenizer == "characters" else spec.vocab_size
    )


def _row(config: ModelConfig, spec: TrainSpec) -> tuple[int, int, int]:
    """Rows of a step, tokens that a row's encoder (or only stack) reads, tokens that its decoder writes."""
    if spec.objective == "text_to_text":
        return _pairs(config, spec)
    context = min(spec.context or max(2, config.n_ctx // 2), config.n_ctx)
    rows = max(1, spec.batch_tokens // context)
    if config.shape != "encoder-decoder":
        return rows, context, 0
    from core.training.objectives import spans

    hidden, count = spans(context, spec.mask_rate, spec.span_length)
    return rows, context - hidden + count + 1, hidden + count + 1


def _pairs(config: ModelConfig, spec: TrainSpec) -> tuple[int, int, int]:
    """The same of pairs of texts: those of a mixture's tasks, as long as they are on average."""
    letters = _LETTERS[spec.tokenizer]
    longest = min(spec.context or config.n_ctx, config.n_ctx)
    sizes = [(share, *tasks.characters(name)) for name, share in tasks.mixture(spec.tasks).items()]
    length = sum(share * min(longest, source / letters) for share, source, _ in sizes)
    target = sum(share * min(longest, written / letters) for share, _, written in sizes)
    return max(1, int(spec.batch_tokens / (length + target))), max(1, round(length)), max(1, round(target))


def _kept(config: ModelConfig, spec: TrainSpec, length: int) -> int:
    """Numbers that a block keeps for its gradient, for each position."""
    d, heads, keys = config.d_model, config.n_heads * config.head_size, config.kv_heads * config.head_size
    both = heads + keys  # of queries and keys
    # What the parts read; layer norm also needs what it was given, RMS norm with a gain what it had before that.
    count = 2 * d + (2 * d if config.norm == "layer" or (config.norm == "rms" and config.norm_gain) else 0)
    count += heads + 2 * keys + heads  # queries, keys, values; what the heads say
    count += both * (config.qk_norm + (config.position == "rotary"))
    count += (4 if config.gated else 2) * config.mlp_size
    if config.dropout:
        count += 3 * d + 3 * config.n_heads * length
    elif config.position in ("relative", "alibi") or spec.bf16:
        count += config.n_heads * length  # the pattern itself
    return count
