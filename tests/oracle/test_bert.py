"""BERT with its masked-LM head against transformers, with padding and two sentences in the batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig, BertForMaskedLM

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
    "as released": {"hidden_size": 24, "num_attention_heads": 3, "num_hidden_layers": 3},
    "relu, another epsilon, three types": {
        "hidden_size": 16, "num_attention_heads": 4, "num_hidden_layers": 2, "hidden_act": "relu",
        "layer_norm_eps": 1e-2, "type_vocab_size": 3,
    },
    "untied, tanh gelu": {
        "hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2, "hidden_act": "gelu_new",
        "tie_word_embeddings": False,
    },
    "one head, one layer, silu": {
        "hidden_size": 12, "num_attention_heads": 1, "num_hidden_layers": 1, "hidden_act": "silu",
    },
}  # fmt: skip


def model_of(name: str) -> Any:
    sizes = {"vocab_size": 27, "intermediate_size": 20, "max_position_embeddings": 18}
    config = BertConfig(**sizes, **CONFIGS[name], attn_implementation="eager")
    return scatter_weights(BertForMaskedLM(config), seed=len(name))


def inputs() -> dict[str, torch.Tensor]:
    ids = torch.randint(2, 27, (3, 10), generator=torch.Generator().manual_seed(3))
    mask = torch.ones_like(ids)
    mask[1, 7:] = 0
    mask[2, :4] = 0
    types = (torch.arange(10) > 4).long().expand(3, 10)
    return {"ids": ids, "mask": mask.bool(), "token_types": types}


def reference_of(model: Any, loaded: Loaded) -> Reference:
    given = inputs()
    layers = model.bert.encoder.layer
    places = {
        f"blocks.{i}.hook_resid_mid": layer.attention.output.LayerNorm for i, layer in enumerate(layers)
    }
    places |= {f"blocks.{i}.hook_resid_post": layer.output.LayerNorm for i, layer in enumerate(layers)}
    after = {
        f"blocks.{i}.hook_normalized_resid_mid": layer.attention.output for i, layer in enumerate(layers)
    }
    with watching(places, after) as seen:
        out = model(
            given["ids"],
            attention_mask=given["mask"].long(),
            token_type_ids=given["token_types"],
            output_hidden_states=True,
            output_attentions=True,
        )
    seen |= {f"blocks.{i}.attn.hook_pattern": pattern.detach() for i, pattern in enumerate(out.attentions)}
    first, *rest = (hidden.detach() for hidden in out.hidden_states)
    seen["blocks.0.hook_resid_pre"] = first
    seen |= {f"blocks.{i}.hook_normalized_resid_post": hidden for i, hidden in enumerate(rest)}
    assert len(seen) == 5 * len(layers) + 1
    return Reference(given, out.logits.detach(), seen, gradients(model, out.logits, loaded))


@pytest.mark.parametrize("name", CONFIGS)
def test_every_number_equals_transformers(name: str, tmp_path: Path) -> None:
    model = model_of(name)
    loaded = saved_and_loaded(model, tmp_path)
    assert differences(loaded.model, reference_of(model, loaded)) == []
    assert (loaded.config.pad_id, loaded.config.mask_id) == (0, 1)


def test_changed_alone_each_detail_is_seen(tmp_path: Path) -> None:
    model = model_of("as released")
    loaded = saved_and_loaded(model, tmp_path)
    reference = reference_of(model, loaded)
    mutants = {
        "epsilon": changed(loaded, norm_eps=1e-5),
        "gelu": changed(loaded, act="gelu_tanh"),
        "score scale": changed(loaded, scale_scores=False),
        "position offset": changed(loaded, position_offset=1, n_ctx=17),
        "tying": changed(loaded, tied_embeddings=False),
        "embedding norm": changed(loaded, embed_norm=False),
        "masked-LM head": changed(loaded, mlm_head=False),
        "norm before the block": changed(loaded, norm_placement="pre"),
        "causality": changed(loaded, causal=True),
        "unembedding bias": without(loaded, "b_U"),
        "head's bias": without(loaded, "mlm_head.b"),
        "query/key/value bias": without(loaded, "attn.bias_qkv"),
        "token types": without(loaded, "W_token_type"),
        "norm gain": without(loaded, "ln_embed.w", 1.0),
    }
    unseen = [name for name, mutant in mutants.items() if not logits_differ(mutant, reference)]
    assert unseen == []


def test_padding_and_types_matter(tmp_path: Path) -> None:
    loaded = saved_and_loaded(model_of("as released"), tmp_path)
    given = inputs()
    whole = loaded.model(**given)
    assert not torch.allclose(whole, loaded.model(given["ids"], token_types=given["token_types"]))
    assert not torch.allclose(whole, loaded.model(given["ids"], mask=given["mask"]))
