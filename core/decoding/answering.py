"""An encoder-decoder's target text, which a learner may edit, and its continuation by the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch

from core.decoding import sequential
from core.decoding.options import DecodingOptions
from core.decoding.reader import Reader

if TYPE_CHECKING:
    from core.language_model import LanguageModel


def answering(
    lm: LanguageModel, source: Sequence[int], written: Sequence[int] = (), count: int = 40
) -> Iterator[int]:
    """Continue the target greedily: yield ids one by one, an end token the last.

    Args:
        source: (S,) ids that the encoder reads.
        written: ids that the decoder has written already, without its start token.
        count: the most new tokens; a full context stops earlier.

    Raises:
        ValueError: no encoder-decoder, or one that names no start token.
    """
    if lm.config.shape != "encoder-decoder":
        raise ValueError(f"{lm.name} is a {lm.config.shape}: only an encoder-decoder writes an answer")
    reader = Reader(lm, source)
    if written:
        reader.extend(torch.tensor([list(written)], device=lm.device))
    limit = min(count, lm.config.n_ctx - reader.ids.shape[1])
    for choice in sequential.choices(reader, DecodingOptions(), lm.config.eos_ids, limit):
        yield choice.id


def answer_with(lm: LanguageModel, before: str, ids: Sequence[int]) -> str:
    """Append ids to the target text `before`, so that `lm.trace(source, target)` reads the same tokens.

    Special tokens that are part of an answer are kept as the vocabulary writes them: T5's sentinels, BART's first
    token. End, padding and start tokens are dropped.
    """
    config, told = lm.config, lm.tokenizer
    silent = {*config.eos_ids, config.pad_id, config.decoder_start_id} - {config.first_id}
    old = told.encode(before, add_special_tokens=False) if before else []
    now = told.decode([*old, *(id for id in ids if id not in silent)])
    read = told.decode(old)
    return before + now[len(read) :] if now.startswith(read) else now
