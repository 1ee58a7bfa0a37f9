"""BART against transformers: both stacks, the attention between them, the bias on its logits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import nn
from transformers import BartConfig, BartForConditionalGeneration

from core.checkpoints import Loaded, load_folder
from tests.oracle.compare import (
    Reference,
    changed,
    differences,
    gradients,
    logits_differ,
    patterns_of,
    saved_and_loaded,
    scatter_weights,
    watching,
    without,
)

V = 23
CONFIGS: dict[str, dict[str, Any]] = {
    "as released": {"d_model": 24, "heads": 3, "ffn": 20, "encoder_layers": 2, "decoder_layers": 2},
    "scaled, relu, shallow decoder": {
        "d_model": 16, "heads": 4, "ffn": 28, "encoder_layers": 3, "decoder_layers": 1,
        "scale_embedding": True, "activation_function": "relu",
    },
    "untied, one head": {
        "d_model": 12, "heads": 1, "ffn": 20, "encoder_layers": 1, "decoder_layers": 2,
    },
}  # fmt: skip


def model_of(name: str) -> Any:
    options = dict(CONFIGS[name])
    heads, width = options.pop("heads"), options.pop("ffn")
    both = {f"{stack}_attention_heads": heads for stack in ("encoder", "decoder")}
    both |= {f"{stack}_ffn_dim": width for stack in ("encoder", "decoder")}
    config = BartConfig(
        vocab_size=V, max_position_embeddings=16, **both, **options, attn_implementation="eager"
    )
    model = BartForConditionalGeneration(config)
    if "untied" in name:
        model.lm_head.weight = nn.Parameter(torch.empty_like(model.lm_head.weight))
    model = scatter_weights(model, seed=len(name))
    assert (model.lm_head.weight is model.model.shared.weight) == ("untied" not in name)
    bias = torch.randn(1, V, generator=torch.Generator().manual_seed(8), dtype=torch.float64)
    model.final_logits_bias = nn.Buffer(bias.requires_grad_())
    return model


def inputs() -> dict[str, torch.Tensor]:
    draw = torch.Generator().manual_seed(4)
    mask = torch.ones(2, 14, dtype=torch.bool)
    mask[1, 9:] = False
    decoder_ids = torch.randint(3, V, (2, 12), generator=draw)
    decoder_ids[:, 0] = 2
    return {"ids": torch.randint(3, V, (2, 14), generator=draw), "decoder_ids": decoder_ids, "mask": mask}


def reference_of(model: Any, loaded: Loaded) -> Reference:
    given = inputs()
    norms: dict[str, Any] = {}
    for stack in ("encoder", "decoder"):
        for i, layer in enumerate(getattr(model.model, stack).layers):
            ours = f"{stack}.blocks.{i}.hook_resid"
            norms |= {f"{ours}_mid": layer.self_attn_layer_norm, f"{ours}_post": layer.final_layer_norm}
            if stack == "decoder":
                norms[f"{ours}_mid_cross"] = layer.encoder_attn_layer_norm
    after = {name.replace("hook_", "hook_normalized_"): module for name, module in norms.items()}
    with watching(norms, after) as seen:
        out = model(
            input_ids=given["ids"],
            attention_mask=given["mask"].long(),
            decoder_input_ids=given["decoder_ids"],
            output_hidden_states=True,
            output_attentions=True,
        )
    seen |= patterns_of(out)
    for stack in ("encoder", "decoder"):
        hidden = [each.detach() for each in out[f"{stack}_hidden_states"]]
        seen[f"{stack}.blocks.0.hook_resid_pre"] = hidden[0]
        assert torch.equal(hidden[-1], seen[f"{stack}.blocks.{len(hidden) - 2}.hook_normalized_resid_post"])
    seen["decoder.unembed.hook_in"] = out.decoder_hidden_states[-1].detach()
    model.final_logits_bias.grad = None
    return Reference(given, out.logits.detach(), seen, _gradients(model, out.logits, loaded))


def _gradients(model: Any, logits: torch.Tensor, loaded: Loaded) -> dict[str, torch.Tensor]:
    """Of every weight; the bias on the logits is a buffer of theirs."""
    found = gradients(model, logits, loaded)
    assert not found["decoder.unembed.b_U"].any()
    return {**found, "decoder.unembed.b_U": model.final_logits_bias.grad.flatten()}


@pytest.mark.parametrize("name", CONFIGS)
def test_every_number_equals_transformers(name: str, tmp_path: Path) -> None:
    model = model_of(name)
    loaded = saved_and_loaded(model, tmp_path)
    reference = reference_of(model, loaded)
    assert differences(loaded.model, reference) == []
    encoded = loaded.model.encode(reference.inputs["ids"], reference.inputs["mask"])
    decoded = loaded.model.decode(
        reference.inputs["decoder_ids"], encoded, source_mask=reference.inputs["mask"]
    )
    assert torch.allclose(decoded, reference.logits, rtol=1e-9)
    config = loaded.config
    assert (config.bos_id, config.pad_id, config.eos_ids, config.decoder_start_id) == (0, 1, (2,), 2)


def test_changed_alone_each_detail_is_seen(tmp_path: Path) -> None:
    model = model_of("scaled, relu, shallow decoder")
    loaded = saved_and_loaded(model, tmp_path)
    reference = reference_of(model, loaded)
    mutants = {
        "epsilon": changed(loaded, norm_eps=1e-6),
        "activation": changed(loaded, act="gelu"),
        "score scale": changed(loaded, scale_scores=False),
        "embedding scale": changed(loaded, embed_scale=1.0),
        "a hair of embedding scale": changed(loaded, embed_scale=4.00001),
        "position offset": changed(loaded, position_offset=1),
        "tying": changed(loaded, tied_embeddings=False),
        "embedding norm": changed(loaded, embed_norm=False),
        "norm before the block": changed(loaded, norm_placement="pre"),
        "final norm": changed(loaded, final_norm=True),
        "the bias on the logits": without(loaded, "b_U"),
        "query/key/value bias": without(loaded, "cross_attn.bias_qkv"),
        "attention's output bias": without(loaded, "cross_attn.b_O"),
        "mlp bias": without(loaded, "bias_in"),
        "the encoder's positions": without(loaded, "encoder.pos_embed.W_pos"),
        "the decoder's positions": without(loaded, "decoder.pos_embed.W_pos"),
        "norm gain": without(loaded, "ln3.w", 1.0),
    }
    assert [name for name, mutant in mutants.items() if not logits_differ(mutant, reference)] == []


def test_a_file_without_the_bias_on_the_logits_has_none(tmp_path: Path) -> None:
    model = model_of("as released")
    loaded = saved_and_loaded(model, tmp_path)
    path = tmp_path / "model.safetensors"
    tensors = safetensors.torch.load_file(path)
    bias = tensors.pop("final_logits_bias")
    safetensors.torch.save_file(tensors, path)
    given = inputs()
    without_it = load_folder(tmp_path, dtype=torch.float64).model(**given)
    assert torch.allclose(without_it + bias, loaded.model(**given), rtol=1e-12)
