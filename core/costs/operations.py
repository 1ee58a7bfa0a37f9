"""Floating-point operations of a pass, part by part: two per weight and position, and attention's own products.

Counted as torch.utils.flop_counter does: products of matrices only, a multiplication and an addition each; scores above
the diagonal count, too. Norms, softmax, activations, biases and sums do not: they are a small part of the operations,
though not of the time.
"""

from __future__ import annotations

from core.config import ModelConfig
from core.costs.counts import Count, Part, count, part, total


def row_flops(config: ModelConfig, length: int, target: int = 0) -> int:
    """Compute the operations of one forward pass over a row (see `flops_by_part`)."""
    return total(flops_by_part(config, length, target))


def flops_by_part(config: ModelConfig, length: int, target: int = 0) -> tuple[Part, ...]:
    """Compute the operations of one forward pass over a row.

    Projections, scores and mixing, cross-attention, MLPs, head.

    Args:
        length: tokens read; target: tokens that an encoder-decoder writes (None of another shape).
    """
    if config.shape != "encoder-decoder":
        return (*_stack(config, config.n_layers, length, length), part("head", *_head(config, length)))
    reading = _stack(config, config.n_layers, length, length)
    writing = _stack(config, config.decoder_layers, target, target)
    d, heads, keys = config.d_model, config.n_heads * config.head_size, config.kv_heads * config.head_size
    both = [part(a.name, *a.counts, *b.counts) for a, b in zip(reading, writing)]
    cross = part(
        "cross-attention",
        count(
            2 * config.decoder_layers,
            (target, d, 2 * heads),
            (length, d, 2 * keys),
            (2, target, length, heads),
        ),
    )
    return both[0], both[1], cross, both[3], part("head", *_head(config, target))


def decode_flops(config: ModelConfig, past: int, source: int = 0) -> tuple[Part, ...]:
    """Compute the operations of one new token after `past` cached ones, part by part.

    Args:
        source: tokens that an encoder-decoder has read, whose keys and values are kept as well.

    Raises:
        ValueError: an encoder, which writes no next token.
    """
    if config.shape == "encoder":
        raise ValueError("an encoder reads a text in one pass and writes no next token")
    own = list(_stack(config, config.decoder_layers, 1, past + 1))
    if config.shape == "encoder-decoder":
        heads = config.n_heads * config.head_size
        own[2] = part(
            "cross-attention",
            count(2 * config.decoder_layers, (config.d_model, 2 * heads), (2, source, heads)),
        )
    return (*own, part("head", *_head(config, 1)))


def flops_per_token(config: ModelConfig, length: int | None = None) -> float:
    """Compute the operations of a forward pass per token of a row of `length` (None: the whole context).

    Training takes three times as many (Kaplan et al. 2020, section 2.1). An encoder-decoder is counted as writing as
    many tokens as it reads: more than in T5's training on hidden spans, which writes about 114 for 512 (spans of three,
    15 % of the tokens, each with its mark: Raffel et al. 2020, section 3.3.4).
    """
    length = length or config.n_ctx
    return row_flops(config, length, length) / length


def _stack(config: ModelConfig, layers: int, new: int, seen: int) -> tuple[Part, ...]:
    """Count blocks in which `new` tokens attend to `seen`: their own parts, cross-attention left empty."""
    d, heads, keys = config.d_model, config.n_heads * config.head_size, config.kv_heads * config.head_size
    mlp = (3 if config.gated else 2) * config.mlp_size
    return (
        part("attention", count(2 * layers * new, (d, heads + 2 * keys), (heads, d))),
        part("scores", count(4 * layers, (new, seen, heads))),
        part("cross-attention"),
        part("mlp", count(2 * layers * new, (d, mlp))),
    )


def _head(config: ModelConfig, places: int) -> tuple[Count, ...]:
    """Count the unembedding of so many positions; a label of the whole text is read off one."""
    d = config.d_model
    if config.head == "sequence":
        return (count(2, (d, config.n_outputs), (d, d)),)
    return (count(2 * places, (d, config.n_outputs), (d, d if config.mlm_head else 0)),)
