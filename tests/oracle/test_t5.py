"""T5 1.0 and 1.1 against transformers: encoder, decoder and the attention between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers import T5Config, T5ForConditionalGeneration

from core.checkpoints import Loaded
from tests.oracle.compare import (
    ROUGH,
    TOLERANCE,
    Reference,
    apart,
    changed,
    differences,
    gradients,
    in_float64,
    logits_differ,
    patterns_of,
    saved_and_loaded,
    scatter_weights,
    watching,
    without,
)

CONFIGS: dict[str, dict[str, Any]] = {
    "1.0: relu, scaled, tied": {"d_model": 16, "d_kv": 4, "d_ff": 20, "num_layers": 2, "num_heads": 4},
    "1.1: gated gelu, untied": {
        "d_model": 16, "d_kv": 6, "d_ff": 20, "num_layers": 2, "num_heads": 2,
        "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False,
    },
    "shallow decoder, few buckets": {
        "d_model": 12, "d_kv": 5, "d_ff": 14, "num_layers": 3, "num_decoder_layers": 1, "num_heads": 3,
        "relative_attention_num_buckets": 8, "relative_attention_max_distance": 10,
        "layer_norm_epsilon": 1e-3,
    },
    "a greatest distance below half of the buckets": {
        "d_model": 12, "d_kv": 5, "d_ff": 14, "num_layers": 2, "num_heads": 2,
        "relative_attention_num_buckets": 16, "relative_attention_max_distance": 5,
    },
    "gated silu, tied, unscaled, one head": {
        "d_model": 12, "d_kv": 8, "d_ff": 14, "num_layers": 1, "num_decoder_layers": 2, "num_heads": 1,
        "feed_forward_proj": "gated-silu",
    },
}  # fmt: skip


def model_of(name: str) -> Any:
    config = T5Config(vocab_size=23, decoder_start_token_id=0, **CONFIGS[name], attn_implementation="eager")
    model = T5ForConditionalGeneration(config)
    if "untied" in name:
        model.lm_head.weight = nn.Parameter(torch.empty_like(model.lm_head.weight))
    if "unscaled" in name:
        config.scale_decoder_outputs = False
    model = scatter_weights(model, seed=len(name))
    assert (model.lm_head.weight is model.shared.weight) == ("untied" not in name)
    return model


def inputs() -> dict[str, torch.Tensor]:
    draw = torch.Generator().manual_seed(4)
    mask = torch.ones(2, 14, dtype=torch.bool)
    mask[1, 9:] = False
    return {
        "ids": torch.randint(2, 23, (2, 14), generator=draw),
        "decoder_ids": torch.cat(
            [torch.zeros(2, 1).long(), torch.randint(2, 23, (2, 12), generator=draw)], dim=1
        ),
        "mask": mask,
    }


def reference_of(model: Any, loaded: Loaded) -> Reference:
    given = inputs()
    places: dict[str, Any] = {}
    for stack, names in (("encoder", ("pre", "mid")), ("decoder", ("pre", "mid", "mid_cross"))):
        for i, block in enumerate(getattr(model, stack).block):
            places |= {
                f"{stack}.blocks.{i}.hook_resid_{name}": block.layer[n].layer_norm
                for n, name in enumerate(names)
            }
        places[f"{stack}.blocks.{i}.hook_resid_post"] = getattr(model, stack).final_layer_norm
    with in_float64(), watching(places) as seen:
        out = model(
            input_ids=given["ids"],
            attention_mask=given["mask"].long(),
            decoder_input_ids=given["decoder_ids"],
            output_hidden_states=True,
            output_attentions=True,
        )
    seen |= patterns_of(out)
    for stack in ("encoder", "decoder"):
        for i, hidden in enumerate(out[f"{stack}_hidden_states"][:-1]):
            assert torch.equal(hidden, seen[f"{stack}.blocks.{i}.hook_resid_pre"])
    seen["decoder.unembed.hook_in"] = out.decoder_hidden_states[-1].detach()
    return Reference(given, out.logits.detach(), seen, gradients(model, out.logits, loaded))


@pytest.mark.parametrize("name", CONFIGS)
def test_every_number_equals_transformers(name: str, tmp_path: Path) -> None:
    model = model_of(name)
    loaded = saved_and_loaded(model, tmp_path)
    reference = reference_of(model, loaded)
    assert differences(loaded.model, reference) == []
    encoded = loaded.model.encode(reference.inputs["ids"], reference.inputs["mask"])
    with in_float64():
        theirs = model.encoder(reference.inputs["ids"], attention_mask=reference.inputs["mask"].long())[0]
    assert apart(encoded, theirs) <= TOLERANCE
    assert (loaded.config.decoder_start_id, loaded.config.eos_ids, loaded.config.pad_id) == (0, (1,), 0)


@pytest.mark.parametrize("name", CONFIGS)
def test_reloaded_by_transformers_the_file_means_the_same(name: str, tmp_path: Path) -> None:
    loaded = saved_and_loaded(model_of(name), tmp_path)
    theirs = T5ForConditionalGeneration.from_pretrained(tmp_path, dtype=torch.float64).eval()
    given = inputs()
    logits = theirs(
        input_ids=given["ids"], attention_mask=given["mask"].long(), decoder_input_ids=given["decoder_ids"]
    ).logits
    assert apart(loaded.model(**given), logits) < ROUGH


def test_changed_alone_each_detail_is_seen(tmp_path: Path) -> None:
    model = model_of("shallow decoder, few buckets")
    loaded = saved_and_loaded(model, tmp_path)
    reference = reference_of(model, loaded)
    scale = loaded.config.logit_scale
    mutants = {
        "epsilon": changed(loaded, norm_eps=1.01e-3),
        "activation": changed(loaded, act="gelu"),
        "score scale": changed(loaded, scale_scores=True),
        "logit scale": changed(loaded, logit_scale=1.0),
        "a hair of logit scale": changed(loaded, logit_scale=scale * 1.00001),
        "tying": changed(loaded, tied_embeddings=False),
        "bucket distance": changed(loaded, relative_max_distance=20),
        "no relative positions": changed(loaded, position="none"),
        "layer norm": changed(loaded, norm="layer"),
        "final norm": changed(loaded, final_norm=False),
        "the encoder's bias": without(loaded, "encoder.relative.W_bias"),
        "the decoder's bias": without(loaded, "decoder.relative.W_bias"),
        "a gain": without(loaded, "ln3.w", 1.0),
    }
    unseen = [name for name, mutant in mutants.items() if not logits_differ(mutant, reference)]
    assert unseen == []


def test_the_number_of_buckets_is_seen(tmp_path: Path) -> None:
    model = model_of("shallow decoder, few buckets")
    loaded = saved_and_loaded(model, tmp_path)
    fewer = changed(loaded, relative_buckets=6)
    assert fewer.encoder.relative.W_bias.shape == (6, 3)
    assert logits_differ(fewer, reference_of(model, loaded))
