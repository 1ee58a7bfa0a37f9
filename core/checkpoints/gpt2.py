"""GPT-2 (Radford et al. 2019): learned positions, pre-norm, one fused query/key/value matrix, stored as x W."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from core.checkpoints.convert import Family, Part, Plan, gather, one, table
from core.checkpoints.settings import Settings
from core.config import ModelConfig

# Causal masks that old files store beside the weights.
_SPARE = re.compile(r"h\.\d+\.attn\.(bias|masked_bias)")


def config(hf: Mapping[str, Any] | Settings) -> ModelConfig:
    """Convert a GPT-2 config.json to a `ModelConfig`.

    Raises:
        CheckpointError: it asks for something that is not supported; the message names the key and the value.
    """
    hf = hf if isinstance(hf, Settings) else Settings(hf)
    hf.refuse_everywhere()
    hf.head("lm")
    hf.refuse("scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn")
    d_model, d_vocab = hf.whole("n_embd", 768), hf.whole("vocab_size", 50_257)
    return ModelConfig(
        n_layers=hf.whole("n_layer", 12),
        d_model=d_model,
        n_heads=hf.whole("n_head", 12),
        d_mlp=hf.whole("n_inner", 4 * d_model),
        d_vocab=d_vocab,
        n_ctx=hf.whole("n_positions", hf.whole("n_ctx", 1024)),
        norm_eps=hf.real("layer_norm_epsilon", 1e-5),
        act=hf.activation("activation_function", "gelu_new"),
        scale_scores=hf.flag("scale_attn_weights", True),
        tied_embeddings=hf.flag("tie_word_embeddings", True),
        **hf.special(d_vocab),
    )


def weights(tensors: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """Convert a GPT-2's tensors (or their gradients) to our weights; see `convert.gather`."""
    return gather(FAMILY, config, tensors)


def _canonical(name: str) -> str:
    return name.removeprefix("transformer.")


def _plan(config: ModelConfig) -> Plan:
    d, f = config.d_model, config.mlp_size
    plan: Plan = table(config, ("wte.weight",), "lm_head.weight")
    plan["pos_embed.W_pos"] = one("wpe.weight", config.n_ctx, d)
    for i in range(config.n_layers):
        ours, theirs = f"blocks.{i}", f"h.{i}"
        for norm, source in (("ln1", "ln_1"), ("ln2", "ln_2")):
            plan[f"{ours}.{norm}.w"] = one(f"{theirs}.{source}.weight", d)
            plan[f"{ours}.{norm}.b"] = one(f"{theirs}.{source}.bias", d)
        for weight, bias, source, rows, columns in (
            ("attn.weight_qkv", "attn.bias_qkv", "attn.c_attn", d, 3 * d),
            ("attn.weight_o", "attn.b_O", "attn.c_proj", d, d),
            ("mlp.weight_in", "mlp.bias_in", "mlp.c_fc", d, f),
            ("mlp.weight_out", "mlp.b_out", "mlp.c_proj", f, d),
        ):
            plan[f"{ours}.{weight}"] = (
                Part((f"{theirs}.{source}.weight",), (rows, columns), transposed=True),
            )
            plan[f"{ours}.{bias}"] = one(f"{theirs}.{source}.bias", columns)
    plan["ln_final.w"] = one("ln_f.weight", d)
    plan["ln_final.b"] = one("ln_f.bias", d)
    return plan


FAMILY = Family(
    model_types=("gpt2",),
    config=config,
    plan=_plan,
    canonical=_canonical,
    embedding="wte.weight",
    head="lm_head.weight",
    spare=_SPARE,
)
