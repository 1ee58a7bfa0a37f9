"""DistilBERT (Sanh et al. 2019): half of BERT's blocks, without sentence numbers, under names of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from core.checkpoints.bert import said
from core.checkpoints.convert import Family, Plan, dense, fused, gather, labelled, norm, one, table
from core.checkpoints.settings import Settings
from core.config import ModelConfig

_SPARE = re.compile(r"embeddings\.position_ids")
_WORDS = "embeddings.word_embeddings.weight"
_EPS = 1e-12  # not in the file


def config(hf: Mapping[str, Any] | Settings) -> ModelConfig:
    """Convert a DistilBERT config.json to a `ModelConfig`. Its positions are a table, however they were initialized.

    Raises:
        CheckpointError: it asks for something that is not supported; the message names the key and the value.
    """
    hf = hf if isinstance(hf, Settings) else Settings(hf)
    hf.refuse_everywhere()
    d_vocab, head = hf.whole("vocab_size", 30_522), hf.head("lm", "sequence", "token", "span")
    return ModelConfig(
        shape="encoder",
        n_layers=hf.whole("n_layers", 6),
        d_model=hf.whole("dim", 768),
        n_heads=hf.whole("n_heads", 12),
        d_mlp=hf.whole("hidden_dim", 3072),
        d_vocab=d_vocab,
        n_ctx=hf.whole("max_position_embeddings", 512),
        norm_placement="post",
        norm_eps=_EPS,
        embed_norm=True,
        final_norm=False,
        act=hf.activation("activation", "gelu"),
        pool_act="relu",
        **said(hf, head),
        **hf.special(d_vocab),
    )


def weights(tensors: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """Convert a DistilBERT's tensors (or their gradients) to our weights; see `convert.gather`."""
    return gather(FAMILY, config, tensors)


def _canonical(name: str) -> str:
    return name.removeprefix("distilbert.")


def _plan(config: ModelConfig) -> Plan:
    d = config.d_model
    plan = _body(config)
    if config.head != "lm":
        classes = "qa_outputs" if config.head == "span" else "classifier"
        return {
            **plan,
            "embed.W_E": one(_WORDS, config.d_vocab, d),
            **labelled(config, classes, "pre_classifier"),
        }
    plan |= table(config, (_WORDS,), "vocab_projector.weight")
    plan["unembed.b_U"] = one("vocab_projector.bias", config.d_vocab)
    plan |= dense("vocab_transform", d, d, "mlm_head.weight", "mlm_head.b")
    return plan | norm("mlm_head.ln", "vocab_layer_norm", d)


def _body(config: ModelConfig) -> Plan:
    d, f = config.d_model, config.mlp_size
    plan: Plan = {"pos_embed.W_pos": one("embeddings.position_embeddings.weight", config.n_ctx, d)}
    plan |= norm("ln_embed", "embeddings.LayerNorm", d)
    for i in range(config.n_layers):
        ours, theirs = f"blocks.{i}", f"transformer.layer.{i}"
        plan |= fused(f"{ours}.attn", [f"{theirs}.attention.{part}_lin" for part in "qkv"], d, d)
        plan |= dense(f"{theirs}.attention.out_lin", d, d, f"{ours}.attn.weight_o", f"{ours}.attn.b_O")
        plan |= norm(f"{ours}.ln1", f"{theirs}.sa_layer_norm", d)
        plan |= dense(f"{theirs}.ffn.lin1", f, d, f"{ours}.mlp.weight_in", f"{ours}.mlp.bias_in")
        plan |= dense(f"{theirs}.ffn.lin2", d, f, f"{ours}.mlp.weight_out", f"{ours}.mlp.b_out")
        plan |= norm(f"{ours}.ln2", f"{theirs}.output_layer_norm", d)
    return plan


FAMILY = Family(
    model_types=("distilbert",),
    config=config,
    plan=_plan,
    canonical=_canonical,
    embedding=_WORDS,
    head="vocab_projector.weight",
    spare=_SPARE,
    saying=re.compile("vocab_"),
    hints={
        "vocab_": "config.json and the names of its tensors promise a masked-LM head; take the whole checkpoint of "
        "DistilBertForMaskedLM, or, of a bare encoder, write DistilBertModel into config.json's architectures"
    },
)
