"""The size of the key/value cache."""

from __future__ import annotations

from core.config import ModelConfig


def cache_bytes(config: ModelConfig, length: int, target: int = 0, size: int = 4) -> int:
    """Compute the bytes of one text's keys and values: 2 per layer, key head, head dimension and position.

    Args:
        length: tokens read. target: tokens that an encoder-decoder wrote: its decoder keeps its own keys and values
            and, for cross-attention, those of the text read.
        size: bytes of a number.
    """
    if config.shape != "encoder-decoder":
        target, layers = length, config.n_layers
    else:
        target, layers = target + length, config.decoder_layers
    return 2 * layers * config.kv_heads * config.head_size * target * size
