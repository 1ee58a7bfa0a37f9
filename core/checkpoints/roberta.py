"""RoBERTa (Liu et al. 2019): BERT's encoder trained longer, with other names in its head, and positions from 2.

The first rows of its position table belong to padding: position 0 reads the row after the padding token's id, and a
padding token, wherever it stands, takes no position and reads that of its own id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from core.checkpoints import bert
from core.checkpoints.convert import Family, Part, Plan, dense, gather, labelled, norm, one, table
from core.checkpoints.settings import CheckpointError, Settings
from core.config import ModelConfig

_SPARE = re.compile(r"pooler\..*|embeddings\.(position_ids|token_type_ids)")


def config(hf: Mapping[str, Any] | Settings) -> ModelConfig:
    """Convert a RoBERTa config.json to a `ModelConfig`.

    Raises:
        CheckpointError: it asks for something that is not supported; the message names the key and the value.
    """
    hf = hf if isinstance(hf, Settings) else Settings(hf)
    shared = bert.shared_config(hf, d_vocab=50_265)
    rows, offset = hf.whole("max_position_embeddings", 514), hf.whole("pad_token_id", 1) + 1
    if rows <= offset:
        raise CheckpointError(
            f"config.json: max_position_embeddings={rows} leaves no position after pad_token_id={offset - 1}"
        )
    if shared.get("mlm_head") and shared["act"] != "gelu":
        raise CheckpointError(
            f"config.json: hidden_act={hf.values['hidden_act']!r} is not supported beside a masked-LM head, "
            "whose own activation is always gelu"
        )
    return ModelConfig(
        n_ctx=rows - offset,
        position_offset=offset,
        pad_has_position=False,
        n_token_types=hf.whole("type_vocab_size", 1),
        **{**shared, "pad_id": offset - 1},
    )


def weights(tensors: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """Convert a RoBERTa's tensors (or their gradients) to our weights; see `convert.gather`."""
    return gather(FAMILY, config, tensors)


def _canonical(name: str) -> str:
    return name.removeprefix("roberta.")


def _plan(config: ModelConfig) -> Plan:
    d = config.d_model
    plan = bert.body(config)
    if config.head != "lm":
        plan["embed.W_E"] = one(bert.WORDS, config.d_vocab, d)
        classes = {"sequence": "classifier.out_proj", "span": "qa_outputs"}.get(config.head, "classifier")
        return plan | labelled(config, classes, "classifier.dense")
    plan |= table(config, (bert.WORDS,), "lm_head.decoder.weight")
    bias = ("lm_head.decoder.bias", "lm_head.bias")
    plan["unembed.b_U"] = (Part(bias, (config.d_vocab,), same=config.tied_embeddings),)
    plan |= dense("lm_head.dense", d, d, "mlm_head.weight", "mlm_head.b")
    return plan | norm("mlm_head.ln", "lm_head.layer_norm", d)


FAMILY = Family(
    model_types=("roberta",),
    config=config,
    plan=_plan,
    canonical=_canonical,
    embedding=bert.WORDS,
    head="lm_head.decoder.weight",
    spare=_SPARE,
    saying=re.compile(r"lm_head\."),
    hints={
        "lm_head": "config.json and the names of its tensors promise a masked-LM head; take the whole checkpoint of "
        "RobertaForMaskedLM, or, of a bare encoder, write RobertaModel into config.json's architectures"
    },
)
