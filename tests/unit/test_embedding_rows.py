"""The rows of the token table by id, in every shape of model."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from core.analysis.stream.embedding_rows import row_lengths
from core.config import ModelConfig
from core.model.transformer import EncoderDecoder, Transformer


@pytest.mark.parametrize("shape", ["decoder", "encoder", "encoder-decoder"])
def test_each_id_gets_the_length_of_its_own_row(shape: Any) -> None:
    start = {"decoder_start_id": 0} if shape == "encoder-decoder" else {}
    config = ModelConfig(shape=shape, n_layers=1, d_model=8, n_heads=2, n_ctx=8, d_vocab=11, **start)
    model = EncoderDecoder(config) if shape == "encoder-decoder" else Transformer(config)
    table = dict(model.named_parameters())["encoder.embed.W_E" if start else "embed.W_E"]
    with torch.no_grad():
        table.copy_(torch.arange(11.0)[:, None].expand(11, 8))
    lm: Any = SimpleNamespace(config=config, transformer=model)
    assert row_lengths(lm, [3, 0, 10]) == pytest.approx([3 * 8**0.5, 0, 10 * 8**0.5])
    assert row_lengths(lm, []) == []
    with pytest.raises(IndexError):
        row_lengths(lm, [11])
