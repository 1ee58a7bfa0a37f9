"""Tokenizers trained here: byte-level BPE (Radford et al. 2019) through the `tokenizers` library."""

from __future__ import annotations

from collections.abc import Iterable

import tokenizers
from tokenizers import decoders, models, pre_tokenizers, processors, trainers

from core.text.tokenizer import Tokenizer

START, END = "<s>", "</s>"


def train_bpe(documents: Iterable[str], size: int) -> Tokenizer:
    """A byte-level BPE of `size` entries; every text begins with `<s>` (id 0), and `</s>` (id 1) ends a document.

    Raises:
        ValueError: size is below 258, the 256 bytes and the two special tokens.
    """
    if size < 258:
        raise ValueError(
            f"a byte-level vocabulary of {size} cannot hold 256 bytes and 2 special tokens: 258 or more"
        )
    raw = tokenizers.Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[START, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(documents, trainer)
    raw.post_processor = processors.TemplateProcessing(single=f"{START} $A", special_tokens=[(START, 0)])
    return Tokenizer(raw)
