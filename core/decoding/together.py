"""Batched greedy decoding of many sources by an encoder-decoder, for scores over thousands of examples.

The ids are those of `generate(source, strategy="greedy")` text by text. Sources of about one length share a pass; a
shorter one is filled up and masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from core.model.kv_cache import KVCache
from core.model.transformer import ContextTooLong, EncoderDecoder

if TYPE_CHECKING:
    from core.language_model import LanguageModel


@torch.inference_mode()
def answers(
    lm: LanguageModel, sources: Sequence[str], *, max_new_tokens: int = 128, together: int = 64
) -> list[str]:
    """Generate the answer to each source, without special tokens.

    Args:
        max_new_tokens: after which a text ends if no end token came. together: texts in one pass.

    Raises:
        ValueError: the model is no encoder-decoder.
        ContextTooLong: a source is longer than the context.
    """
    model = lm.transformer
    if not isinstance(model, EncoderDecoder):
        raise ValueError(f"{lm.name} is a {lm.config.shape}: only an encoder-decoder answers a source")
    rows = [lm.tokenizer.encode(source) for source in sources]
    longest = max(map(len, rows), default=0)
    if longest > lm.config.n_ctx:
        raise ContextTooLong(
            f"cannot read {longest:,} tokens: the context of this model is {lm.config.n_ctx:,}"
        )
    order = sorted(range(len(rows)), key=lambda n: len(rows[n]))
    found = [""] * len(rows)
    for first in range(0, len(order), together):
        chosen = order[first : first + together]
        for n, ids in zip(
            chosen, _written(lm, model, [rows[n] for n in chosen], max_new_tokens), strict=True
        ):
            found[n] = lm.tokenizer.decode(ids, skip_special_tokens=True)
    return found


def _written(lm: LanguageModel, model: EncoderDecoder, rows: list[list[int]], most: int) -> list[list[int]]:
    """Generate the ids after each row of ids, without end tokens."""
    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[row[-1]] * (width - len(row))] for row in rows], device=lm.device)  # (B, T)
    lengths = torch.tensor([len(row) for row in rows], device=lm.device)
    mask = torch.arange(width, device=lm.device) < lengths[:, None]
    source, cache = model.encode(ids, mask), KVCache()
    token = torch.full((len(rows), 1), lm.config.decoder_start_id or 0, device=lm.device)
    texts: list[list[int]] = [[] for _ in rows]
    going = set(range(len(rows)))
    for count in range(min(most, lm.config.n_ctx - 1)):
        logits: Tensor = model.decode(token, source, source_mask=mask, cache=cache)  # (B, 1, V)
        token = logits[:, -1].argmax(-1, keepdim=True)  # (B, 1)
        if count == 0 and lm.config.first_id is not None:
            token = torch.full_like(token, lm.config.first_id)
        for n, id in enumerate(token[:, 0].tolist()):
            if n in going and id in lm.config.eos_ids:
                going.discard(n)
            if n in going:
                texts[n].append(id)
        if not going:
            break
    return texts
