"""BERT (Devlin et al. 2019): an encoder, post-norm, with token types.

A masked-LM head, a classification head or none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from core.checkpoints.convert import Family, Part, Plan, dense, fused, gather, labelled, norm, one, table
from core.checkpoints.settings import Settings
from core.config import Head, ModelConfig

# The pooling layer over the first token, unused without a classification head, and the next-sentence head.
_SPARE = re.compile(r"pooler\..*|cls\.seq_relationship\..*|embeddings\.(position_ids|token_type_ids)")
_OLD = {"gamma": "weight", "beta": "bias"}


def config(hf: Mapping[str, Any] | Settings) -> ModelConfig:
    """Convert a BERT config.json to a `ModelConfig`.

    Raises:
        CheckpointError: it asks for something that is not supported; the message names the key and the value.
    """
    hf = hf if isinstance(hf, Settings) else Settings(hf)
    return ModelConfig(
        n_ctx=hf.whole("max_position_embeddings", 512),
        n_token_types=hf.whole("type_vocab_size", 2),
        **shared_config(hf, d_vocab=30_522),
    )


def shared_config(hf: Settings, d_vocab: int) -> dict[str, Any]:
    """Convert the settings that BERT and its successors share: fields of ModelConfig.

    d_vocab: where the file lacks it.
    """
    hf.refuse_everywhere()
    hf.refuse("is_decoder")
    hf.refuse("position_embedding_type", unless=["absolute"])
    d_vocab, head = hf.whole("vocab_size", d_vocab), hf.head("lm", "sequence", "token", "span")
    return {
        "shape": "encoder",
        "n_layers": hf.whole("num_hidden_layers", 12),
        "d_model": hf.whole("hidden_size", 768),
        "n_heads": hf.whole("num_attention_heads", 12),
        "d_mlp": hf.whole("intermediate_size", 3072),
        "d_vocab": d_vocab,
        "norm_placement": "post",
        "norm_eps": hf.real("layer_norm_eps", 1e-12),
        "embed_norm": True,
        "final_norm": False,
        "act": hf.activation("hidden_act", "gelu"),
        **said(hf, head),
        **hf.special(d_vocab),
    }


def said(hf: Settings, head: Head) -> dict[str, Any]:
    """Return the fields of ModelConfig for an encoder with this head."""
    if head != "lm":
        return {"head": head, "labels": () if head == "span" else hf.labels()}
    return {
        "mlm_head": True,
        "unembed_bias": True,
        "tied_embeddings": hf.flag("tie_word_embeddings", True),
    }


def weights(tensors: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """Convert a BERT's tensors (or their gradients) to our weights; see `convert.gather`."""
    return gather(FAMILY, config, tensors)


def _canonical(name: str) -> str:
    name = name.removeprefix("bert.")
    stem, _, last = name.rpartition(".")
    return f"{stem}.{_OLD.get(last, last)}"


def _plan(config: ModelConfig) -> Plan:
    d = config.d_model
    plan = body(config)
    if config.head != "lm":
        classes = "qa_outputs" if config.head == "span" else "classifier"
        return {
            **plan,
            "embed.W_E": one(WORDS, config.d_vocab, d),
            **labelled(config, classes, "pooler.dense"),
        }
    plan |= table(config, (WORDS,), "cls.predictions.decoder.weight")
    # The head's bias is stored twice; in a file without tying, the decoder's own is in use.
    bias = ("cls.predictions.decoder.bias", "cls.predictions.bias")
    plan["unembed.b_U"] = (Part(bias, (config.d_vocab,), same=config.tied_embeddings),)
    plan |= dense("cls.predictions.transform.dense", d, d, "mlm_head.weight", "mlm_head.b")
    return plan | norm("mlm_head.ln", "cls.predictions.transform.LayerNorm", d)


def body(config: ModelConfig) -> Plan:
    """Plan all weights but the token table and those after the last block."""
    d, f = config.d_model, config.mlp_size
    rows = config.n_ctx + config.position_offset
    plan: Plan = {"pos_embed.W_pos": one("embeddings.position_embeddings.weight", rows, d)}
    if config.n_token_types:
        plan["token_type_embed.W_token_type"] = one(
            "embeddings.token_type_embeddings.weight", config.n_token_types, d
        )
    plan |= norm("ln_embed", "embeddings.LayerNorm", d)
    for i in range(config.n_layers):
        ours, theirs = f"blocks.{i}", f"encoder.layer.{i}"
        plan |= fused(
            f"{ours}.attn", [f"{theirs}.attention.self.{part}" for part in ("query", "key", "value")], d, d
        )
        plan |= dense(f"{theirs}.attention.output.dense", d, d, f"{ours}.attn.weight_o", f"{ours}.attn.b_O")
        plan |= norm(f"{ours}.ln1", f"{theirs}.attention.output.LayerNorm", d)
        plan |= dense(f"{theirs}.intermediate.dense", f, d, f"{ours}.mlp.weight_in", f"{ours}.mlp.bias_in")
        plan |= dense(f"{theirs}.output.dense", d, f, f"{ours}.mlp.weight_out", f"{ours}.mlp.b_out")
        plan |= norm(f"{ours}.ln2", f"{theirs}.output.LayerNorm", d)
    return plan


WORDS = "embeddings.word_embeddings.weight"

FAMILY = Family(
    model_types=("bert",),
    config=config,
    plan=_plan,
    canonical=_canonical,
    embedding=WORDS,
    head="cls.predictions.decoder.weight",
    spare=_SPARE,
    saying=re.compile(r"cls\.predictions\."),
    hints={
        "cls.predictions": "config.json and the names of its tensors promise a masked-LM head; take the whole "
        "checkpoint of BertForMaskedLM or BertForPreTraining, or, of a bare encoder, write BertModel into "
        "config.json's architectures"
    },
)
