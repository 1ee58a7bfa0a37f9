"""Parameter counts of a configuration, part by part, before anything is built."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from core.config import ModelConfig
from core.costs.counts import Count, Part, count, part, total

# Bytes per weight at each precision with one format for all numbers.
_PLAIN = {"fp32": 4, "bf16": 2}
_SCALE = 2  # bytes of the scale of a group of quantized weights
_GROUP = 128  # weights per group at 4 bits (Frantar et al. 2023, section 4); at 8 bits a group is a row


def parameters(config: ModelConfig) -> int:
    """Count the weights, shared ones once."""
    return total(parameters_by_part(config))


@lru_cache(maxsize=256)
def parameters_by_part(config: ModelConfig) -> tuple[Part, ...]:
    """Count the weights of token table, positions, attention, cross-attention, MLPs, norms and head, each with its sum.

    A head that reads its logits off the token table (tied embeddings) has no table of its own.
    """
    d, stacks = config.d_model, 2 if config.shape == "encoder-decoder" else 1
    blocks, norm = stack_depths(config), norm_weights(config)
    own, cross, mlp = _attention(config), _attention(config), _mlp(config)
    rows = (
        config.n_ctx + config.position_offset
        if config.position == "learned"
        else config.relative_buckets
        if config.position == "relative"
        else 0
    )
    around = stacks * (config.embed_norm + config.final_norm)
    return (
        part("embedding", count(1, (config.d_vocab, d)), count(stacks, (config.n_token_types, d))),
        part("positions", count(stacks, (rows, d if config.position == "learned" else config.n_heads))),
        part("attention", *(count(layers, *own) for layers in blocks)),
        part("cross-attention", *(count(layers, *cross) for layers in blocks[1:])),
        part("mlp", *(count(layers, *mlp) for layers in blocks)),
        part(
            "norms",
            *(count(layers, (2 + at, norm)) for at, layers in enumerate(blocks)),
            count(around, norm),
        ),
        part("head", *_head(config)),
    )


def stack_depths(config: ModelConfig) -> tuple[int, ...]:
    """Return the blocks of each stack.

    Of an encoder-decoder its encoder's, then its decoder's, with cross-attention.
    """
    if config.shape == "encoder-decoder":
        return config.n_layers, config.decoder_layers
    return (config.n_layers,)


def norm_weights(config: ModelConfig) -> int:
    """Count the weights of one norm over the stream."""
    if config.norm == "none":
        return 0
    return config.d_model * (config.norm_gain + (config.norm_bias and config.norm == "layer"))


def _attention(config: ModelConfig) -> tuple[tuple[int, ...], ...]:
    """Count one layer's queries, keys and values, its output, their biases, and the gains of query and key norm."""
    d, heads, keys = config.d_model, config.n_heads * config.head_size, config.kv_heads * config.head_size
    return (
        (d, heads + 2 * keys),
        (heads, d),
        (heads + 2 * keys if config.qkv_bias else 0,),
        (d if config.out_bias else 0,),
        (2 * config.head_size if config.qk_norm and config.norm_gain else 0,),
    )


def _mlp(config: ModelConfig) -> tuple[tuple[int, ...], ...]:
    d, f = config.d_model, config.mlp_size
    inner = 2 * f if config.gated else f
    return (d, inner), (f, d), (inner if config.mlp_bias else 0,), (d if config.mlp_bias else 0,)


def _head(config: ModelConfig) -> Iterator[Count]:
    d = config.d_model
    if config.mlm_head:
        yield count(1, (d, d), d, norm_weights(config))
    if config.head != "lm":
        if config.head == "sequence":
            yield count(1, (d, d), d)
        yield count(config.n_outputs, (d + 1,))
        return
    yield count(1, (0 if config.tied_embeddings else config.d_vocab, d))
    yield count(1, config.d_vocab if config.unembed_bias else 0)


def block_matrices(config: ModelConfig) -> tuple[tuple[int, int, int], ...]:
    """List (how many, rows, columns) of each matrix in the blocks: y = W x has one row per output."""
    d, f = config.d_model, config.mlp_size
    heads, keys = config.n_heads * config.head_size, config.kv_heads * config.head_size
    blocks = sum(stack_depths(config))
    reading = blocks + sum(stack_depths(config)[1:])  # attention layers: a decoder's block has two
    return (
        (reading, heads + 2 * keys, d),
        (reading, d, heads),
        (blocks, 2 * f if config.gated else f, d),
        (blocks, d, f),
    )


def matrix_weights(config: ModelConfig) -> int:
    """Count the weights in the blocks' matrices: those that Muon updates and quantization compresses."""
    return sum(many * rows * columns for many, rows, columns in block_matrices(config))


def weight_bytes(config: ModelConfig, precision: str) -> int:
    """Compute the bytes of all weights: "fp32" 4 per weight, "bf16" 2, "int8" and "int4" about 1 and a half.

    Quantized are the matrices of the blocks alone, as is usual (Dettmers et al. 2022, section 2; Frantar et al. 2023):
    tables, norms, biases and the head stay at 16 bits. At 8 bits every row has a 16-bit scale, at 4 bits every group
    of 128 weights of a row.

    Raises:
        ValueError: another precision.
    """
    count_all = parameters(config)
    if precision in _PLAIN:
        return _PLAIN[precision] * count_all
    if precision not in ("int8", "int4"):
        raise ValueError(f"precision {precision!r} is not one of fp32, bf16, int8, int4")
    packed = scales = 0
    for many, rows, columns in block_matrices(config):
        if precision == "int8":
            packed += many * rows * columns
            scales += many * rows
        else:
            packed += many * rows * -(-columns // 2)
            scales += many * rows * -(-columns // _GROUP)
    return 2 * (count_all - matrix_weights(config)) + packed + _SCALE * scales
