"""BART (Lewis et al. 2020): an encoder-decoder with learned positions, post-norm, and a bias on the logits.

Positions begin at row 2 of their table, and a norm follows the embeddings of both stacks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from core.checkpoints.convert import Family, Part, Plan, dense, fused, gather, norm, one, shared_table
from core.checkpoints.settings import CheckpointError, Settings
from core.config import ModelConfig

_SPARE = re.compile(r"(encoder|decoder)\.version")
_OFFSET = 2  # rows of the position table before that of position 0


def config(hf: Mapping[str, Any] | Settings) -> ModelConfig:
    """Convert a BART config.json to a `ModelConfig`.

    Raises:
        CheckpointError: it asks for something that is not supported; the message names the key and the value.
    """
    hf = hf if isinstance(hf, Settings) else Settings(hf)
    hf.refuse_everywhere()
    hf.head("lm")
    hf.refuse("is_decoder", "normalize_before", "add_final_layer_norm", "static_position_embeddings")
    if not hf.flag("is_encoder_decoder", True):
        raise CheckpointError(
            "config.json: is_encoder_decoder=False is not supported: a BART has an encoder and a decoder"
        )
    d_model, d_vocab = hf.whole("d_model", 1024), hf.whole("vocab_size", 50_265)
    return ModelConfig(
        shape="encoder-decoder",
        n_layers=hf.whole("encoder_layers", 12),
        n_decoder_layers=hf.whole("decoder_layers", 12),
        d_model=d_model,
        n_heads=_alike(hf, "attention_heads", 16),
        d_mlp=_alike(hf, "ffn_dim", 4096),
        d_vocab=d_vocab,
        n_ctx=hf.whole("max_position_embeddings", 1024),
        position_offset=_OFFSET,
        norm_placement="post",
        embed_norm=True,
        final_norm=False,
        embed_scale=math.sqrt(d_model) if hf.flag("scale_embedding", False) else 1.0,
        act=hf.activation("activation_function", "gelu"),
        unembed_bias=True,
        tied_embeddings=hf.flag("tie_word_embeddings", True),
        first_id=hf.token("forced_bos_token_id", d_vocab),
        **hf.special(d_vocab),
    )


def weights(tensors: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """Convert a BART's tensors (or their gradients) to our weights; see `convert.gather`."""
    return gather(FAMILY, config, tensors)


def _alike(hf: Settings, what: str, default: int) -> int:
    """Read a size that both stacks must share."""
    encoder, decoder = (hf.whole(f"{stack}_{what}", default) for stack in ("encoder", "decoder"))
    if encoder != decoder:
        raise CheckpointError(
            f"config.json: encoder_{what}={encoder} and decoder_{what}={decoder} differ, which is not supported"
        )
    return encoder


def _canonical(name: str) -> str:
    return name.removeprefix("model.")


def _plan(config: ModelConfig) -> Plan:
    d = config.d_model
    plan = shared_table(config)
    plan["decoder.unembed.b_U"] = (
        Part(("final_logits_bias",), (1, config.d_vocab), flat=True, optional=True),
    )
    for stack, layers in (("encoder", config.n_layers), ("decoder", config.decoder_layers)):
        rows = config.n_ctx + config.position_offset
        plan[f"{stack}.pos_embed.W_pos"] = one(f"{stack}.embed_positions.weight", rows, d)
        plan |= norm(f"{stack}.ln_embed", f"{stack}.layernorm_embedding", d)
        for i in range(layers):
            plan |= _block(config, f"{stack}.blocks.{i}", f"{stack}.layers.{i}", cross=stack == "decoder")
    return plan


def _block(config: ModelConfig, ours: str, theirs: str, *, cross: bool) -> Plan:
    d, f = config.d_model, config.mlp_size
    plan: Plan = {}
    attentions = [("attn", "self_attn"), *([("cross_attn", "encoder_attn")] if cross else [])]
    for n, (name, source) in enumerate(attentions, start=1):
        plan |= fused(f"{ours}.{name}", [f"{theirs}.{source}.{part}_proj" for part in "qkv"], d, d)
        plan |= dense(f"{theirs}.{source}.out_proj", d, d, f"{ours}.{name}.weight_o", f"{ours}.{name}.b_O")
        plan |= norm(f"{ours}.ln{n}", f"{theirs}.{source}_layer_norm", d)
    plan |= dense(f"{theirs}.fc1", f, d, f"{ours}.mlp.weight_in", f"{ours}.mlp.bias_in")
    plan |= dense(f"{theirs}.fc2", d, f, f"{ours}.mlp.weight_out", f"{ours}.mlp.b_out")
    return plan | norm(f"{ours}.ln{len(attentions) + 1}", f"{theirs}.final_layer_norm", d)


FAMILY = Family(
    model_types=("bart",),
    config=config,
    plan=_plan,
    canonical=_canonical,
    embedding="shared.weight",
    head="lm_head.weight",
    spare=_SPARE,
)
