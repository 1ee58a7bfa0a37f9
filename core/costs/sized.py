"""A configuration with other sizes, for counting: dependent sizes follow, and nothing is built."""

from __future__ import annotations

from typing import Any

from core.config import ModelConfig
from core.messages import later, mark

LIMITS: dict[str, int] = {
    "n_layers": 10_000, "d_model": 1_000_000, "n_heads": 10_000, "n_kv_heads": 10_000, "d_mlp": 10_000_000,
    "d_vocab": 100_000_000,
}  # fmt: skip
NAMES: dict[str, str] = {
    "n_layers": mark("blocks"), "d_model": mark("width"), "n_heads": mark("heads"),
    "n_kv_heads": mark("key/value heads"), "d_mlp": mark("MLP width"), "d_vocab": mark("vocabulary"),
}  # fmt: skip
_IDS = ("bos_id", "pad_id", "mask_id", "decoder_start_id", "first_id")


def resized(config: ModelConfig, **sizes: int) -> ModelConfig:
    """Resize `config`: change some of the sizes in `LIMITS`.

    Heads share the width anew; an MLP and the groups of key/value heads keep their proportion unless they are given;
    an encoder-decoder gets as many blocks in each stack.

    Raises:
        ValueError: there is no such model; the message says in plain words which sizes do not go together and what
            would.
    """
    for name, value in sizes.items():
        least = 0 if name == "n_layers" else 1
        if not least <= value <= LIMITS[name]:
            raise ValueError(
                later(
                    "{name} {value} is not between {least} and {most}",
                    name=later(NAMES[name]), value=f"{value:,}", least=least, most=f"{LIMITS[name]:,}",
                )
            )  # fmt: skip
    changes: dict[str, Any] = dict(sizes)
    width, heads = sizes.get("d_model", config.d_model), sizes.get("n_heads", config.n_heads)
    if {"d_model", "n_heads"} & sizes.keys():
        changes["d_head"] = _shared(width, heads, config)
    if "d_model" in sizes and "d_mlp" not in sizes:
        changes["d_mlp"] = max(1, config.mlp_size * width // config.d_model)
    if "n_heads" in sizes and "n_kv_heads" not in sizes:
        group = config.n_heads // config.kv_heads
        changes["n_kv_heads"] = heads // group if heads % group == 0 else heads
    keys = changes.get("n_kv_heads", config.kv_heads)
    if heads % keys:
        raise ValueError(
            later(
                "{heads} heads do not share {keys} key/value heads evenly: choose a divisor of {heads}",
                heads=f"{heads:,}",
                keys=f"{keys:,}",
            )
        )
    if "n_layers" in sizes and config.shape == "encoder-decoder":
        changes["n_decoder_layers"] = sizes["n_layers"]
    if "d_vocab" in sizes:  # token ids may lie outside the new vocabulary, but no text is read here
        changes |= dict.fromkeys(_IDS) | {"eos_ids": ()}
    return config.replace(**changes)


def _shared(width: int, heads: int, config: ModelConfig) -> int:
    """Divide the width by the heads."""
    if width % heads:
        below = width // heads * heads
        above = f"{below + heads:,}"
        near = later("{first} or {second}", first=f"{below:,}", second=above) if below else above
        raise ValueError(
            later(
                "a width of {width} does not divide into {heads} heads: choose a multiple, such as {near}",
                width=f"{width:,}",
                heads=f"{heads:,}",
                near=near,
            )
        )
    if config.position == "rotary" and (width // heads) % 2:
        raise ValueError(
            later(
                "a width of {width} gives each of {heads} heads {numbers} numbers, and rotary positions turn pairs: "
                "choose an even number for each",
                width=f"{width:,}",
                heads=f"{heads:,}",
                numbers=f"{width // heads:,}",
            )
        )
    return width // heads
