"""GPT-2 against transformers: logits, every residual, every pattern, every gradient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from core.checkpoints import Loaded
from tests.oracle.compare import (
    Reference,
    changed,
    differences,
    gradients,
    logits_differ,
    saved_and_loaded,
    scatter_weights,
    watching,
    without,
)

CONFIGS: dict[str, dict[str, Any]] = {
    "as released": {"n_embd": 24, "n_head": 3, "n_layer": 3},
    "exact gelu, untied": {
        "n_embd": 16, "n_head": 2, "n_layer": 2, "n_inner": 28, "activation_function": "gelu",
        "layer_norm_epsilon": 1e-2, "tie_word_embeddings": False,
    },
    "relu, unscaled scores, one head": {
        "n_embd": 12, "n_head": 1, "n_layer": 2, "activation_function": "relu", "scale_attn_weights": False,
    },
    "silu, many heads, one layer": {"n_embd": 24, "n_head": 8, "n_layer": 1, "activation_function": "silu"},
}  # fmt: skip


def model_of(name: str) -> GPT2LMHeadModel:
    sizes = {"vocab_size": 29, "n_positions": 16, "bos_token_id": 3, "eos_token_id": 4}
    config = GPT2Config(**sizes, **CONFIGS[name], attn_implementation="eager")
    return scatter_weights(GPT2LMHeadModel(config), seed=len(name))


def reference_of(model: Any, loaded: Loaded) -> Reference:
    ids = torch.randint(0, 29, (2, 11), generator=torch.Generator().manual_seed(1))
    inner, last = model.transformer, len(model.transformer.h) - 1
    places = {f"blocks.{i}.hook_resid_pre": block.ln_1 for i, block in enumerate(inner.h)}
    places |= {f"blocks.{i}.hook_resid_mid": block.ln_2 for i, block in enumerate(inner.h)}
    places |= {f"blocks.{last}.hook_resid_post": inner.ln_f}
    with watching(places) as seen:
        out = model(ids, output_hidden_states=True, output_attentions=True)
    seen |= {f"blocks.{i}.attn.hook_pattern": pattern.detach() for i, pattern in enumerate(out.attentions)}
    for i, hidden in enumerate(out.hidden_states[:-1]):
        assert torch.equal(hidden, seen[f"blocks.{i}.hook_resid_pre"])
    seen["unembed.hook_in"] = out.hidden_states[-1].detach()
    assert len(seen) == 3 * len(inner.h) + 2
    return Reference({"ids": ids}, out.logits.detach(), seen, gradients(model, out.logits, loaded))


@pytest.mark.parametrize("name", CONFIGS)
def test_every_number_equals_transformers(name: str, tmp_path: Path) -> None:
    model = model_of(name)
    loaded = saved_and_loaded(model, tmp_path)
    assert differences(loaded.model, reference_of(model, loaded)) == []
    assert (loaded.config.bos_id, loaded.config.eos_ids, loaded.config.mask_id) == (3, (4,), 1)


def test_changed_alone_each_detail_is_seen(tmp_path: Path) -> None:
    model = model_of("as released")
    loaded = saved_and_loaded(model, tmp_path)
    reference = reference_of(model, loaded)
    mutants = {
        "epsilon": changed(loaded, norm_eps=1e-6),
        "gelu": changed(loaded, act="gelu"),
        "score scale": changed(loaded, scale_scores=False),
        "position offset": changed(loaded, position_offset=1, n_ctx=15),
        "tying": changed(loaded, tied_embeddings=False),
        "logit scale": changed(loaded, logit_scale=1.0001),
        "causality": changed(loaded, causal=False),
        "final norm": changed(loaded, final_norm=False),
        "query/key/value bias": without(loaded, "attn.bias_qkv"),
        "attention's output bias": without(loaded, "b_O"),
        "mlp bias": without(loaded, "bias_in"),
        "mlp output bias": without(loaded, "b_out"),
        "norm bias": without(loaded, "ln1.b"),
        "norm gain": without(loaded, "ln2.w", 1.0),
    }
    unseen = [name for name, mutant in mutants.items() if not logits_differ(mutant, reference)]

    assert unseen == []
