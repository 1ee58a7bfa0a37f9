"""T5 (Raffel et al. 2020), 1.0 (ReLU, scaled and tied) and 1.1 (gated GELU, an unembedding of its own)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from core.checkpoints.convert import Family, Part, Plan, gather, one, shared_table
from core.checkpoints.settings import ACTIVATIONS, CheckpointError, Settings
from core.config import ModelConfig

# An unused table in the files of the first release.
_SPARE = re.compile(r"decoder\.block\.0\.layer\.1\.EncDecAttention\.relative_attention_bias\.weight")


def config(hf: Mapping[str, Any] | Settings) -> ModelConfig:
    """Convert a T5 config.json to a `ModelConfig`.

    Positions are relative, so the context is what the file calls n_positions, or 512.

    `tie_word_embeddings` only says whether the stream is scaled before the unembedding, as in transformers: whether the
    two tables are one is seen in the file (`convert.untie`).

    Raises:
        CheckpointError: it asks for something that is not supported; the message names the key and the value.
    """
    hf = hf if isinstance(hf, Settings) else Settings(hf)
    hf.refuse_everywhere()
    hf.head("lm")
    hf.refuse("is_decoder")
    if not hf.flag("is_encoder_decoder", True):
        raise CheckpointError(
            "config.json: is_encoder_decoder=False is not supported: a T5 has an encoder and a decoder"
        )
    d_model, d_vocab = hf.whole("d_model", 512), hf.whole("vocab_size", 32_128)
    act, gated = _feed_forward(hf)
    scaled = hf.flag("scale_decoder_outputs", hf.flag("tie_word_embeddings", True))
    special = hf.special(d_vocab)
    if special["decoder_start_id"] is None:
        special["decoder_start_id"] = special["pad_id"]  # T5's decoder begins with the padding token
    return ModelConfig(
        shape="encoder-decoder",
        n_layers=hf.whole("num_layers", 6),
        n_decoder_layers=hf.whole("num_decoder_layers", hf.whole("num_layers", 6)),
        d_model=d_model,
        n_heads=hf.whole("num_heads", 8),
        d_head=hf.whole("d_kv", 64),
        d_mlp=hf.whole("d_ff", 2048),
        d_vocab=d_vocab,
        n_ctx=hf.whole("n_positions", 512),
        position="relative",
        relative_buckets=hf.whole("relative_attention_num_buckets", 32),
        relative_max_distance=hf.whole("relative_attention_max_distance", 128),
        norm="rms",
        norm_bias=False,
        norm_eps=hf.real("layer_norm_epsilon", 1e-6),
        act=act,
        gated=gated,
        scale_scores=False,
        qkv_bias=False,
        out_bias=False,
        mlp_bias=False,
        logit_scale=d_model**-0.5 if scaled else 1.0,
        **special,
    )


def weights(tensors: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """Convert a T5's tensors (or their gradients) to our weights; see `convert.gather`."""
    return gather(FAMILY, config, tensors)


def _feed_forward(hf: Settings) -> tuple[Any, bool]:
    """Parse the activation and whether it is gated: "relu", "gated-gelu" (which means the tanh GELU), "gated-silu"."""
    name = hf.values.get("feed_forward_proj", "relu")
    kind, _, act = str(name).rpartition("-")
    act = "gelu_new" if name == "gated-gelu" else act
    if kind not in ("", "gated") or act not in ACTIVATIONS:
        raise CheckpointError(
            f"config.json: feed_forward_proj={name!r} is not supported (relu and gated-gelu are)"
        )
    if (stated := hf.values.get("dense_act_fn", act)) not in ACTIVATIONS:
        raise CheckpointError(f"config.json: dense_act_fn={stated!r} is not supported")
    return ACTIVATIONS[stated], hf.flag("is_gated_act", kind == "gated")


def _plan(config: ModelConfig) -> Plan:
    d = config.d_model
    plan = shared_table(config)
    for stack, layers in (("encoder", config.n_layers), ("decoder", config.decoder_layers)):
        bias = f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        plan[f"{stack}.relative.W_bias"] = one(bias, config.relative_buckets, config.n_heads)
        for i in range(layers):
            plan |= _block(
                config, f"{stack}.blocks.{i}", f"{stack}.block.{i}.layer", cross=stack == "decoder"
            )
        plan[f"{stack}.ln_final.w"] = one(f"{stack}.final_layer_norm.weight", d)
    return plan


def _block(config: ModelConfig, ours: str, theirs: str, *, cross: bool) -> Plan:
    d, f, wide = config.d_model, config.mlp_size, config.n_heads * config.head_size
    plan: Plan = {}
    attentions = [("attn", "SelfAttention"), *([("cross_attn", "EncDecAttention")] if cross else [])]
    for n, (name, source) in enumerate(attentions):
        plan[f"{ours}.{name}.weight_qkv"] = tuple(
            Part((f"{theirs}.{n}.{source}.{part}.weight",), (wide, d)) for part in "qkv"
        )
        plan[f"{ours}.{name}.weight_o"] = one(f"{theirs}.{n}.{source}.o.weight", d, wide)
        plan[f"{ours}.ln{n + 1}.w"] = one(f"{theirs}.{n}.layer_norm.weight", d)
    last = len(attentions)
    into = ("wi_0", "wi_1") if config.gated else ("wi",)
    dense = f"{theirs}.{last}.DenseReluDense"
    plan[f"{ours}.ln{last + 1}.w"] = one(f"{theirs}.{last}.layer_norm.weight", d)
    plan[f"{ours}.mlp.weight_in"] = tuple(Part((f"{dense}.{name}.weight",), (f, d)) for name in into)
    plan[f"{ours}.mlp.weight_out"] = one(f"{dense}.wo.weight", d, f)
    return plan


FAMILY = Family(
    model_types=("t5",),
    config=config,
    plan=_plan,
    canonical=str,
    embedding="shared.weight",
    head="lm_head.weight",
    spare=_SPARE,
)
