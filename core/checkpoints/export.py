"""Export of a model trained here: Hugging Face's layout of a GPT-2 or a Llama, or our own."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from core.checkpoints import gpt2, llama
from core.checkpoints.convert import Family
from core.checkpoints.folder import save_folder
from core.checkpoints.settings import CheckpointError, Settings
from core.config import ModelConfig
from core.language_model import LanguageModel

_ACTIVATIONS = {
    "relu": "relu",
    "gelu": "gelu",
    "gelu_tanh": "gelu_new",
    "silu": "silu",
    "relu_squared": "relu2",
}
_ROLES = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "[UNK]", "mask_token": "[MASK]"}


@dataclass(frozen=True)
class _Layout:
    """One family's format: its name for people, the values of config.json, and the names of its tensors."""

    label: str
    family: Family
    values: Callable[[ModelConfig], dict[str, Any]]
    prefix: str


def hugging_face(lm: LanguageModel) -> dict[str, bytes]:
    """Export the files of a folder that `transformers.AutoModelForCausalLM.from_pretrained` opens, by name.

    Raises:
        ValueError: the shape is neither a GPT-2's nor a Llama's (the message says what each lacks), or a weight is not
            a finite number.
    """
    config = lm.config
    missing = {layout.label: _unfit(layout, config) for layout in _LAYOUTS}
    fitting = [layout for layout in _LAYOUTS if not missing[layout.label]]
    if not fitting:
        reasons = "; ".join(f"a {label}'s would need {', '.join(lacks)}" for label, lacks in missing.items())
        raise ValueError(f"this shape has no Hugging Face layout: {reasons}")
    layout = fitting[0]
    tensors = _tensors(layout, config, dict(lm.transformer.named_parameters()))
    return {
        "config.json": _json(layout.values(config)),
        "generation_config.json": _json(_special(config)),
        "model.safetensors": safetensors.torch.save(tensors, metadata={"format": "pt"}),
        "tokenizer.json": lm.tokenizer.raw.to_str(pretty=True).encode(),
        "tokenizer_config.json": _json(_tokenizer_config(lm)),
    }


def ours(lm: LanguageModel) -> dict[str, bytes]:
    """Export the files of a folder in our own layout, by name: `core.load` opens it.

    Raises:
        CheckpointError: a weight is not a finite number.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = save_folder(Path(scratch) / "model", lm.transformer, lm.tokenizer, card=lm.card)
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }


def _unfit(layout: _Layout, config: ModelConfig) -> list[str]:
    """List the settings that would be lost in this layout: "norm='layer' (not 'rms')", ..."""
    if config.shape != "decoder":
        return [f"shape='decoder' (not {config.shape!r})"]
    back = layout.family.config(Settings(layout.values(config)))
    ignored = {"dropout"}  # has no effect after training
    if config.position != "rotary":
        ignored.add("rope_theta")
    if config.position != "relative":
        ignored |= {"relative_buckets", "relative_max_distance"}
    return [
        f"{field.name}={getattr(back, field.name)!r} (not {getattr(config, field.name)!r})"
        for field in dataclasses.fields(ModelConfig)
        if field.name not in ignored and getattr(back, field.name) != getattr(config, field.name)
    ]


def _tensors(layout: _Layout, config: ModelConfig, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Convert our weights to the family's names: the loading plan in reverse."""
    found: dict[str, Tensor] = {}
    for name, parts in layout.family.plan(config).items():
        weight = weights[name].detach().to("cpu", torch.float32)
        if not torch.isfinite(weight).all():
            raise CheckpointError(f"{name} holds a number that is not finite: this model cannot be used")
        sizes = [part.shape[1 if part.transposed else 0] for part in parts]
        for part, piece in zip(parts, weight.split(sizes), strict=True):
            theirs = part.names[0]
            full = theirs if theirs.startswith(layout.family.head) else f"{layout.prefix}{theirs}"
            found[full] = (piece.T if part.transposed else piece).contiguous().clone()
    return found


def _gpt2(config: ModelConfig) -> dict[str, Any]:
    return {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "vocab_size": config.d_vocab,
        "n_positions": config.n_ctx,
        "n_embd": config.d_model,
        "n_layer": config.n_layers,
        "n_head": config.n_heads,
        "n_inner": config.mlp_size,
        "activation_function": _ACTIVATIONS[config.act],
        "layer_norm_epsilon": config.norm_eps,
        "scale_attn_weights": config.scale_scores,
        "tie_word_embeddings": config.tied_embeddings,
        "resid_pdrop": config.dropout,
        "embd_pdrop": config.dropout,
        "attn_pdrop": config.dropout,
        "dtype": "float32",
        **_special(config),
    }


def _llama(config: ModelConfig) -> dict[str, Any]:
    return {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "vocab_size": config.d_vocab,
        "max_position_embeddings": config.n_ctx,
        "hidden_size": config.d_model,
        "intermediate_size": config.mlp_size,
        "num_hidden_layers": config.n_layers,
        "num_attention_heads": config.n_heads,
        "num_key_value_heads": config.kv_heads,
        "head_dim": config.head_size,
        "hidden_act": _ACTIVATIONS[config.act],
        "rms_norm_eps": config.norm_eps,
        "rope_parameters": {"rope_type": "default", "rope_theta": config.rope_theta},
        "attention_bias": config.qkv_bias,
        "mlp_bias": config.mlp_bias,
        "attention_dropout": config.dropout,
        "tie_word_embeddings": config.tied_embeddings,
        "dtype": "float32",
        **_special(config),
    }


def _special(config: ModelConfig) -> dict[str, Any]:
    """Return the special tokens that the configuration has; null where it has none."""
    ends = list(config.eos_ids)
    return {
        "bos_token_id": config.bos_id,
        "eos_token_id": ends[0] if len(ends) == 1 else ends or None,
        "pad_token_id": config.pad_id,
    }


def _tokenizer_config(lm: LanguageModel) -> dict[str, Any]:
    roles = {role: token for role, token in _ROLES.items() if lm.tokenizer.id(token) is not None}
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": lm.config.n_ctx,
        "clean_up_tokenization_spaces": False,
        **roles,
    }


def _json(values: Mapping[str, Any]) -> bytes:
    return (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode()


_LAYOUTS = (
    _Layout("GPT-2", gpt2.FAMILY, _gpt2, "transformer."),
    _Layout("Llama", llama.FAMILY, _llama, "model."),
)
