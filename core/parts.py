"""Weights by part of the model: their number, their size, and how many of them a text uses.

A transformer's weights sit in its tables (a row for each token and position), in attention, in the feed-forward
layers, and a few in norms and heads. All but the tables meet every text whole: of a table a text reads its own rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Literal, get_args

import torch
from torch import nn

from core.config import ModelConfig
from core.model.position import RelativeBias
from core.model.transformer import EncoderDecoder, Transformer, build

Part = Literal["embeddings", "attention", "feed_forward", "rest"]
PARTS: tuple[Part, ...] = get_args(Part)

_TABLES = frozenset({"embed", "pos_embed", "token_type_embed", "unembed"})
_ATTENTION = frozenset({"attn", "cross_attn", "relative"})


def part_of(name: str) -> Part:
    """Return the part that a weight belongs to, by its name among `named_parameters`.

    An unembedding is a table, too: a row for each token. `rest`: norms outside attention, heads.
    """
    pieces = set(name.split("."))
    if pieces & _ATTENTION:
        return "attention"
    if "mlp" in pieces:
        return "feed_forward"
    return "embeddings" if pieces & _TABLES else "rest"


def shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Compute the shape of every weight of the model that `config` describes, by name, on the meta device."""
    return dict(_shapes(config))


@lru_cache(maxsize=256)  # cached: a gallery needs two dozen models whenever it is drawn
def _shapes(config: ModelConfig) -> tuple[tuple[str, tuple[int, ...]], ...]:
    with torch.device("meta"):
        return tuple((name, tuple(weight.shape)) for name, weight in build(config).named_parameters())


def parts(config: ModelConfig) -> dict[Part, int]:
    """Count the weights of each part of the model, shared ones once."""
    counts = dict.fromkeys(PARTS, 0)
    for name, shape in shapes(config).items():
        counts[part_of(name)] += prod(shape)
    return counts


def spreads(model: nn.Module) -> dict[Part, float]:
    """Compute the root mean square of the weights of each part; 0 where there are none."""
    squares, counts = dict.fromkeys(PARTS, 0.0), dict.fromkeys(PARTS, 0)
    for name, weight in model.named_parameters():
        part = part_of(name)
        squares[part] += float(torch.linalg.vector_norm(weight.detach(), dtype=torch.float64)) ** 2
        counts[part] += weight.numel()
    return {part: (squares[part] / counts[part]) ** 0.5 if counts[part] else 0.0 for part in PARTS}


def row_sizes(model: Transformer | EncoderDecoder, ids: Sequence[int]) -> list[float]:
    """Compute the root mean square of the token table's row for each of `ids`."""
    table = (model.encoder if isinstance(model, EncoderDecoder) else model).embed.W_E
    rows = table.detach()[torch.tensor(list(ids), dtype=torch.long, device=table.device)]  # (T, D)
    return [float(size) for size in rows.float().square().mean(-1).sqrt()]


def used_weights(
    model: Transformer | EncoderDecoder, ids: Sequence[int], decoder_ids: Sequence[int] = ()
) -> dict[Part, int]:
    """Count the weights of each part that the pass over a text uses: changing the others leaves its logits the same.

    Everything but tables is met whole. Of the token table a text reads the rows of its tokens, each once (all rows
    where the unembedding is tied to it), of the position table a row for each position, of token types the first, of
    T5's bias the buckets of the distances that occur.

    Args:
        ids: (T,) the tokens read; decoder_ids: (T',) those that an encoder-decoder's decoder reads.
    """
    counts = dict.fromkeys(PARTS, 0)
    for name, weight in model.named_parameters():
        counts[part_of(name)] += weight.numel()
    stacks = (
        [(model.encoder, ids), (model.decoder, decoder_ids)]
        if isinstance(model, EncoderDecoder)
        else [(model, ids)]
    )
    writer = stacks[-1][0]
    for stack, read in stacks:
        counts["embeddings"] -= _unread(stack.pos_embed, "W_pos", len(read))
        counts["embeddings"] -= _unread(stack.token_type_embed, "W_token_type", 1)
        bias = getattr(stack, "relative", None)
        if isinstance(bias, RelativeBias):
            counts["attention"] -= (bias.W_bias.shape[0] - _buckets(bias, len(read))) * bias.W_bias.shape[1]
    if writer.unembed is None or writer.unembed.weight is not None:  # the unused end of the table
        table = writer.embed.W_E
        counts["embeddings"] -= (table.shape[0] - len({*ids, *decoder_ids})) * table.shape[1]
    return counts


def _unread(module: nn.Module | None, name: str, rows: int) -> int:
    """Count the weights of a table beyond the `rows` that are read; 0 without a learned table."""
    table = dict(module.named_parameters()).get(name) if module is not None else None
    return 0 if table is None else (table.shape[0] - rows) * table.shape[1]


def _buckets(bias: RelativeBias, length: int) -> int:
    """Count the buckets of all distances within `length` positions."""
    from core.model.position import relative_bucket

    places = torch.arange(length, device=bias.W_bias.device)
    found = relative_bucket(
        places[None, :] - places[:, None],
        buckets=bias.W_bias.shape[0],
        max_distance=bias.max_distance,
        two_sided=bias.two_sided,
    )
    return int(found.unique().numel())
