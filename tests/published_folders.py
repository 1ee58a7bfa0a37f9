"""Folders as published encoders come in: Hugging Face's layout, a word list or a tokenizer.json, random weights."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from core.checkpoints.folder import FAMILIES
from core.checkpoints.settings import Settings
from core.checkpoints.tokenizers import tokenizer_of

WORDS = "the a dog cat was is glad sad in park house and he she who what where found lost red ball".split()
VOCABULARY = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", ",", "?", "!", *WORDS,
    *string.ascii_lowercase, *(f"##{letter}" for letter in string.ascii_lowercase),
]  # fmt: skip
BERT: dict[str, Any] = {
    "model_type": "bert", "architectures": ["BertForMaskedLM"], "hidden_size": 24, "num_attention_heads": 3,
    "num_hidden_layers": 2, "intermediate_size": 48, "max_position_embeddings": 48, "type_vocab_size": 2,
    "hidden_act": "gelu", "layer_norm_eps": 1e-12, "pad_token_id": 0,
}  # fmt: skip
DISTILBERT: dict[str, Any] = {
    "model_type": "distilbert", "architectures": ["DistilBertForMaskedLM"], "dim": 24, "hidden_dim": 48, "n_heads": 3,
    "n_layers": 2, "max_position_embeddings": 48, "activation": "gelu", "sinusoidal_pos_embds": False,
    "tie_weights_": True, "pad_token_id": 0,
}  # fmt: skip


def headed(base: Mapping[str, Any], head: str, labels: tuple[str, ...] = ()) -> dict[str, Any]:
    """A body with a head: "SequenceClassification", "TokenClassification" or "QuestionAnswering"."""
    family = base["architectures"][0].removesuffix("ForMaskedLM")
    named = {"id2label": {str(n): label for n, label in enumerate(labels)}} if labels else {}
    return {**base, "architectures": [f"{family}For{head}"], **named}


def published(
    folder: Path, config: Mapping[str, Any] = BERT, *, word_list: bool = False, seed: int = 0
) -> Path:
    """Write a folder that opens.

    Args:
        word_list: its tokenizer is only vocab.txt, as BERT was released, and not tokenizer.json.
        seed: of the weights, whose standard deviation is 0.3.
    """
    folder.mkdir(parents=True, exist_ok=True)
    values = {**config, "vocab_size": len(VOCABULARY)}
    (folder / "config.json").write_text(json.dumps(values), encoding="utf-8")
    family, draw = FAMILIES[values["model_type"]], torch.Generator().manual_seed(seed)
    plan = family.plan(family.config(Settings(values)))
    parts = [part for parts in plan.values() for part in parts]
    save_file(
        {part.names[0]: 0.3 * torch.randn(part.shape, generator=draw) for part in parts},
        folder / "model.safetensors",
    )
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    if not word_list:
        (folder / "tokenizer.json").write_text(tokenizer_of(folder).raw.to_str(), encoding="utf-8")
        (folder / "vocab.txt").unlink()
    return folder
