"""Activation memory: what a training step saves between forward and backward pass, in bytes, part by part.

The formula is that of this project's own modules in float32 on a processor, without dropout, under the mean
cross-entropy of every position: each tensor that autograd saves, a storage counted once, weights and single numbers
left out. Fused attention (Dao et al. 2022) keeps no scores: queries, keys, values, their result, and one number a head
and position. Under learned biases (T5) there is no such kernel here: all shares are kept, with three copies of the
heads' numbers. (Of one text alone the values there are no copy but a view that keeps queries and keys alive, too: 2 H K
numbers a position more, which no other number of texts shows.) `measuring.saved_bytes` asks autograd for the same sum.
Korthikanti et al. 2022, section 4.1, count in the same way for attention that keeps its scores.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.config import ModelConfig
from core.costs.counts import Count, Part, count, part, total
from core.costs.weights import stack_depths

_ID = 8  # bytes of a token's number
_STATISTIC = 4  # bytes of what stays float32 at any precision
_ROWS = (
    64  # rotary tables are made for at least so many positions, and for a power of two (core.model.position)
)

Term = tuple[int, ...]


@dataclass(frozen=True)
class _Stack:
    """Blocks over `batch` rows of `new` tokens; bytes of a number `size`."""

    config: ModelConfig
    layers: int
    batch: int
    new: int
    size: int
    causal: bool

    @property
    def masks(self) -> bool:
        """Whether there is a mask."""
        return self.causal and self.new > 1

    def each(self, numbers: int, size: int | None = None) -> Term:
        """Return the bytes of `numbers` per position."""
        return self.size if size is None else size, self.batch, self.new, numbers


def kept_bytes(config: ModelConfig, batch: int, length: int, target: int = 0, size: int = 4) -> int:
    """Compute the bytes saved by one step over `batch` rows (see `kept_by_part`)."""
    return total(kept_by_part(config, batch, length, target, size))


def kept_by_part(
    config: ModelConfig, batch: int, length: int, target: int = 0, size: int = 4
) -> tuple[Part, ...]:
    """Compute the bytes saved for tables, positions, attention, cross-attention, MLPs, norms and head with its loss.

    Args:
        batch: rows read side by side; 0 gives what a step keeps however many there are (masks, rotary tables).
        length: tokens of a row; target: tokens that an encoder-decoder writes (None of another shape).
        size: bytes of a number between the parts: 4, or 2 in mixed precision.
    """
    pair = config.shape == "encoder-decoder"
    stacks = [
        _Stack(config, layers, batch, new, size, bool(config.causal) if not pair else at == 1)
        for at, (layers, new) in enumerate(zip(stack_depths(config), (length, target)))
    ]
    writer = stacks[-1]
    return (
        part("embedding", *(_looked_up(one) for one in stacks)),
        part("positions", *_placed(config, stacks)),
        part("attention", *(count(one.layers, *_attention(one)) for one in stacks)),
        part("cross-attention", *(_cross(stacks) if pair else ())),
        part("mlp", *(count(one.layers, *_mlp(one)) for one in stacks)),
        part("norms", *(one for at, stack in enumerate(stacks) for one in _norms(stack, at, writer))),
        part("head", *_head(writer)),
    )


def _looked_up(stack: _Stack) -> Count:
    """Count the ids of tokens and sentences: the gradient goes to those rows of the tables."""
    ids = (_ID, stack.batch, stack.new)
    return count(1, ids, ids if stack.config.n_token_types else 0)


def _placed(config: ModelConfig, stacks: list[_Stack]) -> Iterator[Count]:
    """Count what positions save, however many rows are read: indices, buckets, angles, biases."""
    if config.position == "rotary":
        rows = {max(_ROWS, 1 << (stack.new - 1).bit_length()) for stack in stacks}
        yield count(2, *((stacks[0].size, many, config.head_size) for many in rows))
    for stack in stacks:
        square = stack.new * stack.new
        if config.position == "learned":
            yield count(_ID, stack.new)
        elif config.position == "relative":
            yield count(1, (_ID, square), (stack.layers, square if stack.masks else 0))
        elif config.position == "alibi":  # with a mask each layer has its own
            yield count(stack.layers if stack.masks else 1, (stack.size, config.n_heads, square))


def _attention(stack: _Stack) -> Iterator[Term]:
    """Count one layer's self-attention: its input, queries, keys and values as the kernel gets them, its output."""
    config = stack.config
    heads, keys = config.n_heads * config.head_size, config.kv_heads * config.head_size
    grouped, turned = config.kv_heads != config.n_heads, config.position == "rotary"
    yield stack.each(config.d_model)
    if config.qk_norm:
        yield from _normed(stack, grouped, turned)
    if config.position == "relative":
        yield stack.each(3 * heads)
        yield from _result(stack, stack.new)
        return
    if turned:
        yield stack.each(heads + keys)
    if not grouped or not (config.qk_norm or turned):  # the kernel gets a view, which keeps the whole tensor
        yield stack.each(heads + 2 * keys)
    if grouped:  # repeated, once for each head of queries
        yield stack.each(2 * heads)
    yield from _result(stack, stack.new)


def _normed(stack: _Stack, grouped: bool, turned: bool) -> Iterator[Term]:
    """Count normed queries and keys with their rates; with a gain they are separate tensors."""
    config = stack.config
    heads, keys = config.n_heads * config.head_size, config.kv_heads * config.head_size
    yield stack.each(heads + keys + config.n_heads + config.kv_heads)
    if config.norm_gain and not turned and config.position != "relative":
        yield stack.each(heads if grouped else heads + keys)


def _result(stack: _Stack, seen: int, biased: bool = True) -> Iterator[Term]:
    """Count the heads' output, and what the softmax backward needs.

    A number per row, or with learned biases all weights.
    """
    config = stack.config
    yield stack.each(config.n_heads * config.head_size)
    if config.position == "relative" and biased:
        yield stack.size, stack.batch, config.n_heads, stack.new, seen
    else:
        yield stack.each(config.n_heads, _STATISTIC)


def _cross(stacks: list[_Stack]) -> Iterator[Count]:
    """Count a decoder's attention to the encoder's output, which is saved once for all its layers."""
    source, stack = stacks
    config = stack.config
    heads, keys = config.n_heads * config.head_size, config.kv_heads * config.head_size
    grouped = config.kv_heads != config.n_heads
    terms = [stack.each(config.d_model), *_result(stack, source.new, biased=False)]
    if config.qk_norm:
        terms += [stack.each(heads + config.n_heads), source.each(keys + config.kv_heads)]
    if not config.qk_norm or config.norm_gain:
        terms.append(stack.each(heads))
    if grouped:
        terms.append(source.each(2 * heads))
    else:
        terms.append(source.each(2 * keys))
        if config.qk_norm and config.norm_gain:
            terms.append(source.each(keys))
    yield count(stack.layers, *terms)
    yield count(1, source.each(config.d_model))


def _mlp(stack: _Stack) -> Iterator[Term]:
    """Count one layer's MLP: its input, and the hidden numbers that the activation's backward needs."""
    config = stack.config
    yield stack.each(config.d_model)
    if config.gated:
        wide = 5 if config.act == "relu_squared" else 4
    else:
        wide = {"relu": 1, "gelu_tanh": 3}.get(config.act, 2)
    yield stack.each(wide * config.mlp_size)


def _norms(stack: _Stack, at: int, writer: _Stack) -> Iterator[Count]:
    """Count all norms over the stream of one stack, with the final and the embedding's."""
    config = stack.config
    post = config.norm_placement == "post"
    last = post and config.final_norm and stack.layers > 0  # its result goes to another norm
    yield count((2 + at) * stack.layers - last, *_norm(stack, read=True))
    yield count(int(last), *_norm(stack, read=False))
    if config.embed_norm:
        yield count(1, *_norm(stack, read=post and stack.layers > 0))
    if config.final_norm:
        scaled = stack is writer and config.head == "lm" and config.logit_scale != 1.0 and not config.mlm_head
        yield count(1, *_norm(stack, read=not scaled))


def _norm(stack: _Stack, read: bool) -> Iterator[Term]:
    """Count a norm: layer norm saves its input with two statistics; RMS norm its result before the gain, with one.

    Args:
        read: its result goes to a matrix, which keeps it; without a gain that is the same tensor.
    """
    config = stack.config
    if config.norm == "layer":
        yield stack.each(config.d_model)
        yield stack.each(2, _STATISTIC)
    elif config.norm == "rms":
        yield stack.each(config.d_model if config.norm_gain or not read else 0)
        yield stack.each(1)


def _head(stack: _Stack) -> Iterator[Count]:
    """Count the unembedding's input, and the loss: the gradient of every logit, in place of the logits."""
    config = stack.config
    outputs = config.n_outputs
    if config.head == "none":  # no head, so no loss
        return
    if config.head == "sequence":
        rows = (stack.size, stack.batch)
        read = (*rows, config.d_model) if config.pool == "mean" else stack.each(config.d_model)
        yield count(1, read, (*rows, config.d_model), (*rows, outputs))
        return
    if config.mlm_head:
        yield count(1, *_transformed(stack))
    yield count(1, stack.each(config.d_model), stack.each(outputs))


def _transformed(stack: _Stack) -> Iterator[Term]:
    """Count BERT's dense layer, activation and norm before the unembedding."""
    config = stack.config
    yield stack.each(config.d_model)  # its input
    if config.act != "relu" or config.norm == "rms":  # the activation saves its input; ReLU its output
        yield stack.each(config.d_model)
    yield from _norm(stack, read=True)
