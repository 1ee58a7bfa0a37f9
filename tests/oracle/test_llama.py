"""Llama, Qwen2 and Mistral against transformers: logits, every residual, every pattern, every gradient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from core.checkpoints import Loaded
from tests.oracle.compare import (
    ROUGH,
    Reference,
    apart,
    changed,
    differences,
    gradients,
    in_float64,
    logits_differ,
    saved_and_loaded,
    scatter_weights,
    watching,
    without,
)

CONFIGS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "llama": (LlamaConfig, LlamaForCausalLM, {"num_hidden_layers": 3, "num_key_value_heads": 4}),
    "llama, tied, biases, one key head, wide heads": (
        LlamaConfig,
        LlamaForCausalLM,
        {
            "num_hidden_layers": 2, "num_key_value_heads": 1, "head_dim": 10, "tie_word_embeddings": True,
            "attention_bias": True, "mlp_bias": True, "rms_norm_eps": 1e-3,
        },
    ),
    "llama, another base and activation": (
        LlamaConfig,
        LlamaForCausalLM,
        {
            "num_hidden_layers": 1, "num_key_value_heads": 2, "hidden_act": "gelu",
            "rope_parameters": {"rope_theta": 123.0, "rope_type": "default"},
        },
    ),
    "qwen2, grouped": (
        Qwen2Config,
        Qwen2ForCausalLM,
        {"num_hidden_layers": 2, "num_key_value_heads": 2, "rope_theta": 5000.0, "tie_word_embeddings": True},
    ),
    "mistral, no window, narrow heads": (
        MistralConfig,
        MistralForCausalLM,
        {"num_hidden_layers": 2, "num_key_value_heads": 2, "head_dim": 4, "sliding_window": None},
    ),
}  # fmt: skip


def model_of(name: str) -> Any:
    config, model, values = CONFIGS[name]
    sizes = {"vocab_size": 31, "hidden_size": 24, "num_attention_heads": 4, "intermediate_size": 20}
    ids = {"bos_token_id": 3, "eos_token_id": [4, 5], "pad_token_id": None, "max_position_embeddings": 64}
    with in_float64(whole_numbers=True):
        made = model(config(**sizes, **ids, **values, attn_implementation="eager"))
    return scatter_weights(made, seed=len(name))


def reference_of(model: Any, loaded: Loaded) -> Reference:
    ids = torch.randint(0, 31, (2, 12), generator=torch.Generator().manual_seed(2))
    layers = model.model.layers
    places = {f"blocks.{i}.hook_resid_pre": layer.input_layernorm for i, layer in enumerate(layers)}
    places |= {f"blocks.{i}.hook_resid_mid": layer.post_attention_layernorm for i, layer in enumerate(layers)}
    places |= {f"blocks.{len(layers) - 1}.hook_resid_post": model.model.norm}
    with in_float64(whole_numbers=True), watching(places) as seen:
        out = model(ids, output_hidden_states=True, output_attentions=True)
    seen |= {f"blocks.{i}.attn.hook_pattern": pattern.detach() for i, pattern in enumerate(out.attentions)}
    seen["unembed.hook_in"] = out.hidden_states[-1].detach()
    assert len(seen) == 3 * len(layers) + 2
    return Reference({"ids": ids}, out.logits.detach(), seen, gradients(model, out.logits, loaded))


@pytest.mark.parametrize("name", CONFIGS)
def test_every_number_equals_transformers(name: str, tmp_path: Path) -> None:
    model = model_of(name)
    loaded = saved_and_loaded(model, tmp_path)
    assert differences(loaded.model, reference_of(model, loaded)) == []
    assert (loaded.config.bos_id, loaded.config.eos_ids, loaded.config.pad_id) == (3, (4, 5), None)


def test_changed_alone_each_detail_is_seen(tmp_path: Path) -> None:
    model = model_of("llama, tied, biases, one key head, wide heads")
    loaded = saved_and_loaded(model, tmp_path)
    reference = reference_of(model, loaded)
    mutants = {
        "epsilon": changed(loaded, norm_eps=1.01e-3),
        "activation": changed(loaded, act="gelu"),
        "score scale": changed(loaded, scale_scores=False),
        "rope base": changed(loaded, rope_theta=10_010.0),
        "no rope": changed(loaded, position="none"),
        "layer norm": changed(loaded, norm="layer"),
        "final norm": changed(loaded, final_norm=False),
        "tying": changed(loaded, tied_embeddings=False),
        "query/key/value bias": without(loaded, "attn.bias_qkv"),
        "attention's output bias": without(loaded, "b_O"),
        "mlp bias": without(loaded, "bias_in"),
        "norm gain": without(loaded, "ln_final.w", 1.0),
    }
    unseen = [name for name, mutant in mutants.items() if not logits_differ(mutant, reference)]

    assert unseen == []


def test_a_tied_reading_of_an_untied_model_is_seen(tmp_path: Path) -> None:
    model = model_of("llama")
    loaded = saved_and_loaded(model, tmp_path)
    reference = reference_of(model, loaded)
    assert logits_differ(changed(loaded, tied_embeddings=True), reference)
    assert apart(reference.logits, model(reference.inputs["ids"]).logits) < ROUGH
