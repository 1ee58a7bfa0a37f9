"""Pairs of models with the same random weights: `transformers`' and ours, small, and fond of their end tokens."""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import tokenizers
import torch
import transformers

from core.checkpoints import bart, gpt2, llama, t5
from core.checkpoints.convert import untie
from core.language_model import LanguageModel
from core.model.transformer import build
from core.text.tokenizer import Tokenizer

V = 24
ENDS = (3, 11, 17)
PAD = 23
FLAT = 0.12  # the spread of the unembedding: many tokens are likely, so beams cross, and some end
START = 1  # of a decoder that stands behind an encoder
PROMPT = [5, 9, 21, 9, 13]

FORCED = {"bart": 2}  # what a family's decoder always writes first
SPECIAL: dict[str, Any] = {"eos_token_id": list(ENDS), "pad_token_id": PAD, "bos_token_id": 2}
FAMILIES: dict[str, tuple[ModuleType, type, type, dict[str, Any]]] = {
    "gpt2": (
        gpt2,
        transformers.GPT2Config,
        transformers.GPT2LMHeadModel,
        {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "tie_word_embeddings": False},
    ),
    "llama": (
        llama,
        transformers.LlamaConfig,
        transformers.LlamaForCausalLM,
        {
            "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
            "num_key_value_heads": 2, "max_position_embeddings": 64,
        },
    ),
    "t5": (
        t5,
        transformers.T5Config,
        transformers.T5ForConditionalGeneration,
        {
            "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4, "decoder_start_token_id": START,
            "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False,
        },
    ),
}  # fmt: skip
# With one whose decoder always writes the same token first.
ALL = {
    **FAMILIES,
    "bart": (
        bart,
        transformers.BartConfig,
        transformers.BartForConditionalGeneration,
        {
            "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
            "decoder_attention_heads": 4, "encoder_ffn_dim": 48, "decoder_ffn_dim": 48, "max_position_embeddings": 64,
            "decoder_start_token_id": START, "forced_eos_token_id": None,
        },
    ),
}  # fmt: skip


class Pair(NamedTuple):
    """One model twice; `lead` is the number of ids that theirs returns before the new ones."""

    theirs: Any
    ours: LanguageModel
    lead: int


def word_tokenizer(size: int = V) -> Tokenizer:
    """One word an id: "w5" is 5."""
    raw = tokenizers.Tokenizer(tokenizers.models.WordLevel({f"w{n}": n for n in range(size)}, unk_token="w0"))
    raw.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    return Tokenizer(raw)


@cache
def pair(family: str, seed: int = 0) -> Pair:
    """In float64, weights drawn around their defaults with a spread of 0.3, so that no two tokens are nearly equal."""
    module, config_class, model_class, sizes = ALL[family]
    hf_config = config_class(vocab_size=V, **sizes, **SPECIAL)
    theirs = model_class(hf_config).double().eval()
    theirs.generation_config.forced_bos_token_id = FORCED.get(family)
    if family == "bart":  # its two stacks share a table whatever the configuration says
        theirs.lm_head.weight = torch.nn.Parameter(torch.empty_like(theirs.lm_head.weight))
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in theirs.named_parameters():
            gain = 1.0 if weight.dim() == 1 and "bias" not in name else 0.0
            spread = FLAT if name == "lm_head.weight" else 0.3
            weight.copy_(gain + spread * torch.randn(weight.shape, generator=draw))
        if family == "bart":  # otherwise it says one thing over and over, and does not end
            theirs.model.decoder.embed_positions.weight.mul_(4)
            theirs.final_logits_bias[0, list(ENDS)] = 0.7
    settings = {
        **hf_config.to_dict(),
        "eos_token_id": list(ENDS),
        "forced_bos_token_id": FORCED.get(family),
    }
    config = untie(module.FAMILY, module.config(settings), theirs.state_dict())
    model = build(config).double().eval()
    weights = module.weights(theirs.state_dict(), config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(weights[name])
    lead = 1 if config.shape == "encoder-decoder" else len(PROMPT)
    return Pair(theirs, LanguageModel(model, word_tokenizer(), name=family), lead)


def run_theirs(model: Any, *, stop_ids: tuple[int, ...] = ENDS, **options: Any) -> Any:
    """`transformers`' generate on PROMPT, nothing but `options` switched on."""
    return model.generate(
        torch.tensor([PROMPT]),
        attention_mask=torch.ones(1, len(PROMPT), dtype=torch.long),
        eos_token_id=list(stop_ids) or None,
        pad_token_id=PAD,
        return_dict_in_generate=True,
        output_scores=True,
        **{"top_k": 0, **options},
    )
