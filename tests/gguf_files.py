"""GGUF files of small random models, written by the `gguf` package's own writer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import tokenizers
import torch
import transformers
from gguf import GGMLQuantizationType, GGUFWriter, quants

V, D, HEADS, KV_HEADS, LAYERS, F, CONTEXT = 320, 64, 4, 2, 2, 96, 64
PIECES = ("th", "he", "the", "in", "an", "er", "on", "ing", "and", "12", "123", "2024")
IN_BLOCKS = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
_OURS = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip


def a_model(kind: str = "llama", seed: int = 0, **changes: Any) -> transformers.PreTrainedModel:
    """A random Llama or Qwen2, all of its weights drawn, biases and gains too."""
    classes = {
        "llama": (transformers.LlamaConfig, transformers.LlamaForCausalLM),
        "qwen2": (transformers.Qwen2Config, transformers.Qwen2ForCausalLM),
    }
    config_class, model_class = classes[kind]
    sizes = {
        "vocab_size": V, "hidden_size": D, "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS,
        "intermediate_size": F, "num_hidden_layers": LAYERS, "max_position_embeddings": CONTEXT,
        "rms_norm_eps": 1e-5, "rope_theta": 1234.0, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2,
        "tie_word_embeddings": True,
    }  # fmt: skip
    config = config_class(**{**sizes, **changes})
    model = model_class(config).eval()
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            gain = 1.0 if "norm" in name else 0.0
            weight.copy_(gain + 0.15 * torch.randn(weight.shape, generator=draw))
    return model


def vocabulary() -> tuple[list[str], list[str], list[int]]:
    """Tokens, merges and types of a small byte-level BPE with two signs of the model's own."""
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    signs = ["<unk>", "<s>", "</s>"]
    tokens, merges = [*signs, *alphabet], []
    for piece in PIECES:
        for end in range(2, len(piece) + 1):
            if piece[:end] not in tokens:
                tokens.append(piece[:end])
                merges.append(f"{piece[: end - 1]} {piece[end - 1]}")
    tokens += [f"<spare{n}>" for n in range(V - len(tokens))]
    kinds = [3 if token in signs else 5 if token.startswith("<spare") else 1 for token in tokens]
    return tokens, merges, kinds


def write(
    path: Path,
    model: transformers.PreTrainedModel,
    block: str = "F32",
    pre: str = "gpt-2",
    more: dict[str, Any] | None = None,
    leave_out: tuple[str, ...] = (),
    tensors: dict[str, np.ndarray] | None = None,
) -> Path:
    """The model as a GGUF file.

    Args:
        block: how the matrices of blocks are stored.   pre: `tokenizer.ggml.pre`.
        more, leave_out: settings added ("{arch}." for the architecture's own), and taken away.   tensors: added, too.
    """
    config = model.config
    arch = config.model_type
    writer = GGUFWriter(path, arch)
    settings: dict[str, Any] = {
        "{arch}.block_count": config.num_hidden_layers,
        "{arch}.context_length": config.max_position_embeddings,
        "{arch}.embedding_length": config.hidden_size,
        "{arch}.feed_forward_length": config.intermediate_size,
        "{arch}.attention.head_count": config.num_attention_heads,
        "{arch}.attention.head_count_kv": config.num_key_value_heads,
        "{arch}.attention.layer_norm_rms_epsilon": config.rms_norm_eps,
        "{arch}.rope.freq_base": 1234.0,
        "{arch}.vocab_size": config.vocab_size,
        "general.name": "Small Random",
        "general.license": "mit",
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": pre,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
        **(more or {}),
    }
    tokens, merges, kinds = vocabulary()
    lists = {"tokens": tokens, "merges": merges, "token_type": kinds}
    settings = {**{f"tokenizer.ggml.{name}": value for name, value in lists.items()}, **settings}
    for name, value in settings.items():
        if name in leave_out:
            continue
        name = name.replace("{arch}", arch)
        if isinstance(value, list):
            writer.add_array(name, value)
        elif isinstance(value, bool):
            writer.add_bool(name, value)
        elif isinstance(value, int):
            writer.add_uint32(name, value)
        elif isinstance(value, float):
            writer.add_float32(name, value)
        else:
            writer.add_string(name, value)
    for name, weight in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        theirs, numbers = _named(name), weight.detach().float().numpy()
        if arch == "llama" and any(part in theirs for part in ("attn_q", "attn_k")):
            heads = config.num_attention_heads if "attn_q" in theirs else config.num_key_value_heads
            numbers = numbers.reshape(heads, 2, -1, numbers.shape[-1]).swapaxes(1, 2).reshape(numbers.shape)
        kind = block if any(f".{part}.weight" in theirs for part in IN_BLOCKS) else "F32"
        _add(writer, theirs, numbers, kind)
    for name, numbers in (tensors or {}).items():
        _add(writer, name, numbers, "F32")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add(writer: GGUFWriter, name: str, numbers: np.ndarray, kind: str) -> None:
    if kind == "F32":
        writer.add_tensor(name, np.ascontiguousarray(numbers, dtype=np.float32))
        return
    known = GGMLQuantizationType[kind]
    if kind in (
        "Q2_K",
        "Q3_K",
        "Q4_K",
        "Q5_K",
        "Q6_K",
        "IQ4_XS",
    ):  # nobody packs these in Python: random finite blocks
        size, length = gguf.GGML_QUANT_SIZES[known]
        rng = np.random.default_rng(len(name))
        packed = rng.integers(0, 256, (numbers.shape[0], numbers.shape[1] // size, length), dtype=np.uint8)
        for at in _HALVES[kind]:
            packed[..., at : at + 2] = np.float16(
                rng.uniform(0.001, 0.002, packed.shape[:2])[..., None]
            ).view(np.uint8)
        writer.add_tensor(name, packed.reshape(numbers.shape[0], -1), raw_dtype=known)
        return
    writer.add_tensor(name, quants.quantize(np.ascontiguousarray(numbers), known), raw_dtype=known)


_HALVES = {"Q2_K": (80, 82), "Q3_K": (108,), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,), "IQ4_XS": (0,)}


def _named(name: str) -> str:
    stem, _, part = name.rpartition(".")
    if stem.startswith("model.layers."):
        number, _, what = stem.removeprefix("model.layers.").partition(".")
        return f"blk.{number}.{_OURS[what]}.{part}"
    return f"{_OURS[stem]}.{part}"
