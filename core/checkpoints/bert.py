"""BERT (Devlin et al. 2019) with its masked-LM head: an encoder, post-norm, with token types.

A BERT without the head has no logits, and every page asks what the model predicts: such a file is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from core.checkpoints.convert import Family, Part, Plan, Settings, gather, one, table
from core.config import ModelConfig

# The classifier over the first token, and the next-sentence head: neither takes part in predicting a masked word.
_NOT_WEIGHTS = re.compile(r"pooler\..*|cls\.seq_relationship\..*|embeddings\.(position_ids|token_type_ids)")
_OLD = {"gamma": "weight", "beta": "bias"}


def config(hf: Mapping[str, Any] | Settings) -> ModelConfig:
    """What a BERT config.json means.

    Raises:
        CheckpointError: it asks for something that is not supported; the message names the key and the value.
    """
    hf = hf if isinstance(hf, Settings) else Settings(hf)
    hf.refuse_everywhere()
    hf.refuse("is_decoder")
    hf.refuse("position_embedding_type", unless=["absolute"])
    d_vocab = hf.whole("vocab_size", 30_522)
    return ModelConfig(
        shape="encoder",
        n_layers=hf.whole("num_hidden_layers", 12),
        d_model=hf.whole("hidden_size", 768),
        n_heads=hf.whole("num_attention_heads", 12),
        d_mlp=hf.whole("intermediate_size", 3072),
        d_vocab=d_vocab,
        n_ctx=hf.whole("max_position_embeddings", 512),
        n_token_types=hf.whole("type_vocab_size", 2),
        norm_placement="post",
        norm_eps=hf.real("layer_norm_eps", 1e-12),
        embed_norm=True,
        final_norm=False,
        act=hf.activation("hidden_act", "gelu"),
        unembed_bias=True,
        mlm_head=True,
        tied_embeddings=hf.flag("tie_word_embeddings", True),
        **hf.special(d_vocab),
    )


def weights(tensors: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """Our weights from a BERT's tensors (or from their gradients); see `convert.gather`."""
    return gather(FAMILY, config, tensors)


def _canonical(name: str) -> str | None:
    name = name.removeprefix("bert.")
    stem, _, last = name.rpartition(".")
    name = f"{stem}.{_OLD.get(last, last)}"
    return None if _NOT_WEIGHTS.fullmatch(name) else name


def _plan(config: ModelConfig) -> Plan:
    d, f = config.d_model, config.mlp_size
    plan: Plan = table(config, ("embeddings.word_embeddings.weight",), "cls.predictions.decoder.weight")
    # The head's bias is stored twice; in a file that does not tie them, the decoder's own is the one in use.
    bias = ("cls.predictions.decoder.bias", "cls.predictions.bias")
    plan["unembed.b_U"] = (Part(bias, (config.d_vocab,), same=config.tied_embeddings),)
    plan["pos_embed.W_pos"] = one("embeddings.position_embeddings.weight", config.n_ctx, d)
    if config.n_token_types:
        plan["token_type_embed.W_token_type"] = one(
            "embeddings.token_type_embeddings.weight", config.n_token_types, d
        )
    plan |= _norm("ln_embed", "embeddings.LayerNorm", d)
    for i in range(config.n_layers):
        ours, theirs = f"blocks.{i}", f"encoder.layer.{i}"
        names = [f"{theirs}.attention.self.{part}" for part in ("query", "key", "value")]
        plan[f"{ours}.attn.weight_qkv"] = tuple(Part((f"{name}.weight",), (d, d)) for name in names)
        plan[f"{ours}.attn.bias_qkv"] = tuple(Part((f"{name}.bias",), (d,)) for name in names)
        plan[f"{ours}.attn.weight_o"] = one(f"{theirs}.attention.output.dense.weight", d, d)
        plan[f"{ours}.attn.b_O"] = one(f"{theirs}.attention.output.dense.bias", d)
        plan |= _norm(f"{ours}.ln1", f"{theirs}.attention.output.LayerNorm", d)
        plan[f"{ours}.mlp.weight_in"] = one(f"{theirs}.intermediate.dense.weight", f, d)
        plan[f"{ours}.mlp.bias_in"] = one(f"{theirs}.intermediate.dense.bias", f)
        plan[f"{ours}.mlp.weight_out"] = one(f"{theirs}.output.dense.weight", d, f)
        plan[f"{ours}.mlp.b_out"] = one(f"{theirs}.output.dense.bias", d)
        plan |= _norm(f"{ours}.ln2", f"{theirs}.output.LayerNorm", d)
    plan["mlm_head.weight"] = one("cls.predictions.transform.dense.weight", d, d)
    plan["mlm_head.b"] = one("cls.predictions.transform.dense.bias", d)
    return plan | _norm("mlm_head.ln", "cls.predictions.transform.LayerNorm", d)


def _norm(ours: str, theirs: str, d: int) -> Plan:
    return {f"{ours}.w": one(f"{theirs}.weight", d), f"{ours}.b": one(f"{theirs}.bias", d)}


FAMILY = Family(
    model_types=("bert",),
    config=config,
    plan=_plan,
    canonical=_canonical,
    embedding="embeddings.word_embeddings.weight",
    head="cls.predictions.decoder.weight",
    hints={
        "cls.predictions": "this BERT has no masked-LM head, so it cannot say which word it expects; "
        "take a checkpoint of BertForMaskedLM or BertForPreTraining"
    },
)
