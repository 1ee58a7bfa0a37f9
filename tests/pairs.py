"""An encoder-decoder for tests of what cross-attention reads: untrained, with wide random weights."""

from __future__ import annotations

from functools import cache

import torch

from core.language_model import LanguageModel
from core.training import Trainer, TrainSpec


@cache
def translator() -> LanguageModel:
    """Two blocks of two heads on either side; its tokenizer is learned from Toyland's tasks. Nobody may write to it."""
    spec = TrainSpec(
        model="gpt-nano", objective="text_to_text", tasks=(("translate", 1.0), ("question", 1.0)),
        changes={"n_layers": 2, "d_model": 16, "n_heads": 2, "n_ctx": 256},  # type: ignore[arg-type]
        vocab_size=500, steps=1, device="cpu",
    )  # fmt: skip
    lm = Trainer(spec).language_model
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in lm.transformer.parameters():
            weight.copy_(torch.randn(weight.shape, generator=draw) * 0.3)
    return lm
