"""Attention visibility: which position may see which, read off a model's own scores.

A score of -inf is what a mask leaves (Vaswani et al. 2017, section 3.2.3): softmax makes exactly 0 of it, so nothing of
that key is read. No mask rule is coded here: the three architectures differ because their models do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from core.config import ModelConfig, Shape
from core.hooks import recording
from core.model.initial import initialise
from core.model.transformer import EncoderDecoder, Transformer, build

Array = np.ndarray[Any, Any]

# The attentions of each architecture: name -> prefix and suffix of their hooks' names around the block number.
ATTENTIONS: dict[Shape, dict[str, tuple[str, str]]] = {
    "decoder": {"self": ("blocks.", ".attn.")},
    "encoder": {"self": ("blocks.", ".attn.")},
    "encoder-decoder": {
        "encoder": ("encoder.blocks.", ".attn."),
        "decoder": ("decoder.blocks.", ".attn."),
        "cross": ("decoder.blocks.", ".cross_attn."),
    },
}
_UNTRAINED: dict[str, Any] = {"n_layers": 1, "d_model": 8, "n_heads": 2, "d_vocab": 16}


def seen(model: Transformer | EncoderDecoder, *rows: Sequence[int]) -> dict[str, Array]:
    """Compute the visibility when the model reads one text: name of an attention -> (T, S) bool.

    [i, j] is True where some head of some block gives position i a score for position j; where it is False, the pattern
    of every head is exactly 0.

    Args:
        rows: ids (T,) of what is read, and of an encoder-decoder (T',) of what its decoder has read, start token first.

    Raises:
        ContextTooLong: more tokens than the model has positions for.
    """
    with torch.no_grad(), recording() as kept:
        model(*(torch.tensor([list(row)], device=model.device) for row in rows))
    found: dict[str, Array] = {}
    for name, (begin, middle) in ATTENTIONS[model.config.shape].items():
        last = f"{middle}hook_attn_scores"
        scores = [value for hook, value in kept.items() if hook.startswith(begin) and hook.endswith(last)]
        if not scores:  # no blocks, so no attention
            found[name] = np.eye(len(rows[-1]), len(rows[0]), dtype=np.bool_)
            continue
        open_ = torch.stack([(value[0] > -torch.inf).any(dim=0) for value in scores]).any(dim=0)  # (T, S)
        found[name] = open_.cpu().numpy()
    return found


def untrained(shape: Shape, longest: int) -> Transformer | EncoderDecoder:
    """Build the smallest model of an architecture with random weights: visibility depends on it, not on training."""
    position: Any = "relative" if shape == "encoder-decoder" else "learned"
    config = ModelConfig(shape=shape, n_ctx=longest, position=position, **_UNTRAINED)
    model = build(config)
    initialise(model, config)
    return model.eval()
