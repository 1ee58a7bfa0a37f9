"""Cost estimates of a training run before it begins: weights, peak memory, time.

The time is a count of what a step is made of (`step_parts`) at this machine's rate, which is measured once a machine
(`core.machine`) on the steps of two small models.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch

from core import machine
from core.config import ModelConfig
from core.costs.operations import row_flops
from core.costs.weights import matrix_weights, parameters
from core.data import tasks
from core.model.initial import initialise
from core.model.transformer import build
from core.precision import Chosen, choose, products
from core.training.loss import next_token_loss
from core.training.muon import COEFFICIENTS
from core.training.objectives import spans
from core.training.optimizers import Optimizer
from core.training.spec import TrainSpec

_ROUNDS = 4
TURNS = 20_000
_LONG = 1.0  # seconds of one model's timed steps, after which no further one is taken
# two small models with different costs: many thin blocks, and few wide ones
_THIN: Mapping[str, Any] = {
    "changes": {"d_model": 48, "n_heads": 2, "n_layers": 8}, "batch_tokens": 1024, "context": 32, "optimizer": "adamw",
}  # fmt: skip
_WIDE: Mapping[str, Any] = {
    "changes": {"d_model": 128, "n_heads": 2, "n_layers": 2, "norm_gain": False}, "batch_tokens": 2048,
}  # fmt: skip

# Bytes per second, and seconds per block, where 19 models of this project were timed (AMD EPYC with AVX-512). Another
# machine's two numbers are assumed to have the same ratio: two timings do not separate them reliably.
_PROFILE: Mapping[Chosen, tuple[float, float]] = {"float32": (2.25e9, 9.2e-4), "bfloat16": (3.8e9, 2.4e-3)}
_LEAST = 0.2  # minimum share of a step that is not products, whatever was measured

_FLOAT = 4  # bytes of a float32
# mean letters of a token in pairs of texts, with the preceding space, at the usual vocabulary sizes
_LETTERS = {"characters": 1.0, "bpe": 3.3, "unigram": 3.3, "wordpiece": 3.0, "words": 4.2}
_CHARACTERS = 96  # assumed entries of a vocabulary of characters before the text is read
_HELD_OUT = 4096  # tokens of the held-out loss, at least (core/data/pool.py); and at least this many rows:
_HELD_OUT_ROWS = 64
# Work in Python loops by token or row (`Rate.loop`): a checkpoint's sample, maps and health, per block; a row of a pair
# of texts, generated and tokenized.
_LOOK, _PAIR = 16.0, 4.0
_SCORES = 5  # memory accesses per score
_OUTSIDE = 2  # calls outside of the blocks, in blocks: embedding, head, loss, optimizer
_BEGIN = 0.7  # seconds before the first step: a worker, a vocabulary, the first rows
_TOLD = 2.0  # additional seconds where lines are generated under a dial, or pairs for tasks


@dataclass(frozen=True)
class Rate:
    """This machine's training speed in one precision, on one thread.

    Attributes:
        flops: operations a second of matrix products.
        bytes: a second, of what a step keeps for its gradients (`training_bytes`), to write, read
            and reckon with.
        block: seconds that a block adds to a step however small it is: calls, not numbers.
        loop: seconds of `TURNS` turns of a loop in Python, for what is done token by token or row by row.
    """

    flops: float
    bytes: float
    block: float
    loop: float

    def seconds(self, flops: float, bytes: float, blocks: float) -> float:
        """Estimate the seconds of so many operations in products, bytes of activations and blocks."""
        return flops / self.flops + bytes / self.bytes + blocks * self.block


def measured_rate(precision: Chosen = "float32") -> Rate:
    """Return this machine's rate, measured once, which takes a second."""
    return Rate(**machine.measured(f"training {precision}", partial(_measured, precision)))


def _measured(precision: Chosen) -> dict[str, float]:
    """Measure the steps of two models; the rest beyond products is `_PROFILE`, times one factor."""
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
    """Measure the processor seconds of a step of `spec` on synthetic rows: gradient and update."""
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
    torch.set_num_threads(1)  # as in a worker
    try:
        times = [spent(step), spent(step)]  # the first call also compiles the kernels
        while len(times) <= _ROUNDS and sum(times) < _LONG:
            times.append(spent(step))
        return min(times)
    finally:
        torch.set_num_threads(threads)


def spent(work: Callable[[], object]) -> float:
    """Measure the processor seconds of this thread for some work, which other processes do not affect."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


@dataclass(frozen=True)
class Estimate:
    """The estimated cost of a run.

    Attributes:
        parameters: weights that are learned.
        bytes: at the height of a step (torch itself, some 300 MB, not counted).
        seconds: from the start to the end, measurements and checkpoints among them.
        learning: seconds of the steps alone, what a run's record counts.
    """

    parameters: int
    bytes: int
    seconds: float
    learning: float


class Parts(NamedTuple):
    """The cost of a training step: operations in products, bytes kept for the gradients, blocks."""

    flops: float
    bytes: float
    blocks: float


def estimate(spec: TrainSpec, rate: Rate | None = None, characters: int | None = None) -> Estimate:
    """Estimate the run of `spec`, on a vocabulary of the size wished (of characters: about 100).

    Args:
        rate: None: this machine's in the precision that the run would be given; measured where it is not known yet.
        characters: of an own text, a tenth of which is held out; None: there is enough.
    """
    config = _config(spec)
    rate = rate or measured_rate(choose(spec.precision, spec.device or "cpu"))
    learning = steps_seconds(config, spec, rate)
    return Estimate(
        parameters(config),
        training_bytes(config, spec),
        learning + _looks(config, spec, rate, characters),
        learning,
    )


def training_bytes(config: ModelConfig, spec: TrainSpec, context: int | None = None) -> int:
    """Estimate the peak memory of a training step: weights, gradients, optimizer state, saved activations.

    Within a quarter of what tensors were measured to take (CPU, shapes of 2 to 6 blocks).

    Args:
        context: of the rows; None: the run's own.
    """
    half = choose(spec.precision, spec.device or "cpu") == "bfloat16"
    weights = parameters(config)
    matrices = matrix_weights(config)
    moments = {
        "muon": matrices + 2 * (weights - matrices),
        "adamw": 2 * weights,
        "adam": 2 * weights,
        "momentum": weights,
        "sgd": 0,
    }[spec.optimizer]
    fixed = _FLOAT * (2 * weights + moments) + (_FLOAT * weights if half else 0)  # a copy and its gradient
    rows, length, target = _row(config, spec, context)
    tokens = rows * length
    size = 2 if half else _FLOAT
    blocks = config.n_layers * tokens * _kept(config, length, half)
    scored: float = tokens
    if config.shape == "encoder":
        # positions without a target are not unembedded (see `objectives.loss`)
        scored = spec.mask_rate * tokens
    if config.shape == "encoder-decoder":
        blocks += config.decoder_layers * rows * target * (_kept(config, target, half) + 6 * config.d_model)
        scored = rows * target
    logits = scored * config.d_vocab * (size + _FLOAT)
    return int(fixed + size * (blocks + 6 * tokens * config.d_model) + logits)


def steps_seconds(config: ModelConfig, spec: TrainSpec, rate: Rate) -> float:
    """Estimate the time of the run's steps at a machine's rate, without held-out losses and checkpoints."""
    ends = [(share, context) for share, context in spec.stages] + [(1.0, None)]
    began, total = spec.first_step / spec.total_steps, 0.0
    for share, context in ends:
        if share > began:
            total += (share - began) * _step_seconds(config, spec, rate, context)
            began = share
    return spec.total_steps * total


def step_parts(config: ModelConfig, spec: TrainSpec, context: int | None = None) -> Parts:
    """Count the parts of a step of the run, in rows of `context` (None: the run's own)."""
    rows, length, target = _row(config, spec, context)
    flops: float = 3 * rows * row_flops(config, length, target)
    if spec.optimizer == "muon":
        flops += len(COEFFICIENTS[spec.polar]) * muon_flops(config)
    # Scores are written, turned into a pattern and, for the gradient, recomputed, also where they are not kept.
    scores, stacks = config.n_layers * length**2, 1
    if config.shape == "encoder-decoder":
        stacks = 2
        scores += config.decoder_layers * target * (target + length)
    touched = _SCORES * _FLOAT * rows * config.n_heads * scores
    return Parts(flops, training_bytes(config, spec, context) + touched, _blocks(config) + _OUTSIDE * stacks)


def muon_flops(config: ModelConfig) -> float:
    """Count the operations of a Muon iteration on all block matrices (see `core.training.muon.orthogonalise`)."""
    d, queries, keys = config.d_model, config.n_heads * config.head_size, config.kv_heads * config.head_size
    attention = 2 * _iteration(d, queries) + 2 * _iteration(d, keys)
    dense = (3 if config.gated else 2) * _iteration(d, config.mlp_size)
    blocks = config.n_layers * (attention + dense)
    if config.shape == "encoder-decoder":
        blocks += config.decoder_layers * (2 * attention + dense)
    return float(blocks)


def _iteration(rows: int, columns: int) -> int:
    """Count the operations of X X^T, of its square, and of their product with X, for an (R, C) matrix."""
    short, long = sorted((rows, columns))
    return 2 * (2 * short**2 * long + short**3)


def _step_seconds(config: ModelConfig, spec: TrainSpec, rate: Rate, context: int | None = None) -> float:
    seconds = rate.seconds(*step_parts(config, spec, context))
    if spec.objective == "text_to_text":
        seconds += _PAIR * rate.loop * _row(config, spec, context)[0]
    return seconds


def _looks(config: ModelConfig, spec: TrainSpec, rate: Rate, characters: int | None = None) -> float:
    """Estimate the seconds of all that is not a step: start-up, held-out losses, checkpoints."""
    rows, length, target = _row(config, spec, None)
    read: float = max(_HELD_OUT, _HELD_OUT_ROWS * (length + target))
    if characters is not None:
        read = min(read, characters / 10 / _LETTERS[spec.tokenizer])
    step = rate.seconds(*step_parts(config, spec))
    forward = read / (rows * (length + target)) * step / 3
    losses = (spec.steps // spec.eval_every if spec.eval_every else 0) + spec.checkpoints
    begin = _BEGIN + (_TOLD if spec.dial or spec.objective == "text_to_text" else 0.0)
    look = _LOOK * _blocks(config) * rate.loop + step / 2
    return begin + losses * forward + spec.checkpoints * look


def _blocks(config: ModelConfig) -> float:
    """Count the blocks of a step: a decoder's beside an encoder have two attentions, and count twice."""
    return config.n_layers + (2 * config.decoder_layers if config.shape == "encoder-decoder" else 0)


def _config(spec: TrainSpec) -> ModelConfig:
    return spec.config(
        min(spec.vocab_size, _CHARACTERS) if spec.tokenizer == "characters" else spec.vocab_size
    )


def _row(config: ModelConfig, spec: TrainSpec, context: int | None) -> tuple[int, int, int]:
    """Return rows per step, tokens that a row's encoder (or only stack) reads, and tokens that its decoder writes."""
    if spec.objective == "text_to_text":
        return _pairs(config, spec, context)
    context = min(context or spec.context or max(2, config.n_ctx // 2), config.n_ctx)
    rows = max(1, spec.batch_tokens // context)
    if config.shape != "encoder-decoder":
        return rows, context, 0
    hidden, count = spans(context, spec.mask_rate, spec.span_length)
    return rows, context - hidden + count + 1, hidden + count + 1


def _pairs(config: ModelConfig, spec: TrainSpec, context: int | None = None) -> tuple[int, int, int]:
    """Return the same for pairs of texts: those of a mixture's tasks, with their mean lengths."""
    letters = _LETTERS[spec.tokenizer]
    longest = min(context or spec.context or config.n_ctx, config.n_ctx)
    sizes = [(share, *tasks.characters(name)) for name, share in tasks.mixture(spec.tasks).items()]
    length = sum(share * min(longest, source / letters) for share, source, _ in sizes)
    target = sum(share * min(longest, written / letters) for share, _, written in sizes)
    return max(1, int(spec.batch_tokens / (length + target))), max(1, round(length)), max(1, round(target))


def _kept(config: ModelConfig, length: int, half: bool) -> int:
    """Count the numbers that a block keeps for its gradient, per position."""
    d, heads, keys = config.d_model, config.n_heads * config.head_size, config.kv_heads * config.head_size
    both = heads + keys  # for queries and keys
    # the parts' inputs; layer norm also needs its input, RMS norm with a gain its result before the gain
    count = 2 * d + (2 * d if config.norm == "layer" or (config.norm == "rms" and config.norm_gain) else 0)
    count += heads + 2 * keys + heads  # queries, keys, values; the heads' output
    count += both * (config.qk_norm + (config.position == "rotary"))
    count += (4 if config.gated else 2) * config.mlp_size
    if config.dropout:
        count += 3 * d + 3 * config.n_heads * length
    elif config.position in ("relative", "alibi") or half:
        count += config.n_heads * length  # the pattern itself
    return count
