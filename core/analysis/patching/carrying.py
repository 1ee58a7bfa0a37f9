"""Which part of the blocks carries something from one row to another: a token replaced, and each part switched off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from core.analysis.stacks import Stack
from core.hooks import Intervention, intervene
from core.language_model import LanguageModel
from core.trace import residual_streams

CarryingPart = Literal["attention", "mlp"]
HOOKS: dict[CarryingPart, tuple[str, ...]] = {
    "attention": ("hook_attn_out", "hook_cross_attn_out"),
    "mlp": ("hook_mlp_out",),
}


@dataclass(frozen=True)
class Carried:
    """How far a row moves when another token is replaced: |difference| / |row| of its last stream, in three models."""

    whole: float  # as it is
    without_attention: float
    without_mlp: float


def switch_part_off(lm: LanguageModel, part: CarryingPart) -> Intervention:
    """Return an intervention: every attention, or every MLP, of every block writes zero into the stream."""
    config = lm.config
    stacks = {"": config.n_layers}
    if config.shape == "encoder-decoder":
        stacks = {"encoder.": config.n_layers, "decoder.": config.decoder_layers}
    names = tuple(
        f"{stack}blocks.{layer}.{hook}"
        for stack, layers in stacks.items()
        for layer in range(layers)
        for hook in HOOKS[part]
    )
    return Intervention(names, torch.zeros_like, f"every {part} off", whole_text=False)


def carried(
    lm: LanguageModel,
    text: Sequence[int],
    place: int,
    other: int,
    row: int,
    *,
    target: Sequence[int] | None = None,
    stack: Stack | None = None,
) -> Carried:
    """Replace the token at `place` by `other`, and measure how far `row` moves: as it is, and without each part.

    Args:
        text: ids with their special tokens. target: ids of an encoder-decoder's target, without the start token.
        place, row: positions in the rows of `stack` (of a decoder's, the start token is row 0).
    """
    decoding = stack == "decoder"
    changed = list(target or ()) if decoding else list(text)
    changed[place - 1 if decoding else place] = other
    blocks = lm.config.decoder_layers if decoding else lm.config.n_layers
    prefix = f"{stack}." if stack else ""

    def moved(*changes: Intervention) -> float:
        with intervene(*changes):
            before, after = (
                residual_streams(lm.trace(*texts), prefix, blocks)[-1][row].float()
                for texts in ((text, target), (text, changed) if decoding else (changed, target))
            )
        return float((after - before).norm() / before.norm().clamp_min(1e-12))

    return Carried(moved(), moved(switch_part_off(lm, "attention")), moved(switch_part_off(lm, "mlp")))
