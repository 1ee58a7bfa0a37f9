"""Other masks and shared keys against transformers: Mistral's window, Llama under a mask of ours, grouped keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM
from transformers.masking_utils import sliding_window_causal_mask_function

from core.analysis.heads.masks import MaskRule, with_mask
from core.analysis.heads.shared_keys import share_keys
from core.checkpoints import Loaded
from core.language_model import LanguageModel
from tests.oracle.compare import TOLERANCE, apart, in_float64, saved_and_loaded, scatter_weights

SIZES: dict[str, Any] = {
    "vocab_size": 31, "hidden_size": 24, "num_attention_heads": 4, "intermediate_size": 20, "num_hidden_layers": 3,
    "bos_token_id": 3, "eos_token_id": 4, "pad_token_id": None, "max_position_embeddings": 64,
    "attn_implementation": "eager",
}  # fmt: skip
IDS = torch.randint(0, 31, (2, 12), generator=torch.Generator().manual_seed(2))


def ours(loaded: Loaded) -> LanguageModel:
    return LanguageModel(loaded.model, loaded.tokenizer, "ours")


def logits(lm: LanguageModel) -> Tensor:
    with torch.no_grad():
        found: Tensor = lm.transformer(IDS)
    return found


def mistral(window: int | None) -> Any:
    config = MistralConfig(**SIZES, num_key_value_heads=2, sliding_window=window)
    with in_float64(whole_numbers=True):
        made = MistralForCausalLM(config)
    return scatter_weights(made, seed=5)


@pytest.mark.parametrize("window", [1, 2, 5, 12])
def test_a_window_equals_mistral_with_one(window: int, tmp_path: Path) -> None:
    lm = ours(saved_and_loaded(mistral(None), tmp_path))
    theirs = mistral(window)
    with torch.no_grad(), in_float64(whole_numbers=True):
        expected = theirs(IDS).logits
    found = logits(with_mask(lm, MaskRule(window=window)))
    assert apart(found, expected) < TOLERANCE
    if window < 12:
        assert apart(logits(with_mask(lm, MaskRule(window=window + 1))), expected) > 1e-4, "one token more"
    function = sliding_window_causal_mask_function(window)
    rows = [[bool(function(0, 0, torch.tensor(q), torch.tensor(k))) for k in range(9)] for q in range(9)]
    assert MaskRule(window=window).matrix(9).tolist() == rows


def llama(**values: Any) -> Any:
    with in_float64(whole_numbers=True):
        made = LlamaForCausalLM(LlamaConfig(**{**SIZES, **values}))
    return scatter_weights(made, seed=7)


@pytest.mark.parametrize(
    "rule",
    [MaskRule(causal=False), MaskRule(window=3, sinks=2), MaskRule(causal=False, window=3, sinks=1)],
    ids=str,
)
def test_any_mask_equals_llama_given_the_same_one(rule: MaskRule, tmp_path: Path) -> None:
    theirs = llama(num_key_value_heads=2)
    lm = ours(saved_and_loaded(theirs, tmp_path))
    allowed = torch.from_numpy(rule.matrix(12)).expand(2, 1, 12, 12)
    mask = torch.zeros(allowed.shape, dtype=torch.float64).masked_fill(~allowed, -torch.inf)
    with torch.no_grad(), in_float64(whole_numbers=True):
        expected = theirs(IDS, attention_mask=mask).logits
    assert apart(logits(with_mask(lm, rule)), expected) < TOLERANCE
    assert apart(logits(lm), expected) > 1e-4


@pytest.mark.parametrize("groups", [4, 2, 1])
@pytest.mark.parametrize("bias", [False, True])
def test_shared_keys_equal_llama_with_grouped_projections(groups: int, bias: bool, tmp_path: Path) -> None:
    whole = llama(num_key_value_heads=4, attention_bias=bias)
    lm = ours(saved_and_loaded(whole, tmp_path))
    grouped = llama(num_key_value_heads=groups, attention_bias=bias)
    state = dict(whole.state_dict())
    for name, stored in whole.state_dict().items():
        if "k_proj" in name or "v_proj" in name:  # rows of 4 heads of 6 numbers
            heads = [stored[6 * at : 6 * at + 6] for at in range(4)]
            size = 4 // groups
            state[name] = torch.cat([sum(heads[size * at : size * at + size]) / size for at in range(groups)])
    grouped.load_state_dict(state)
    with torch.no_grad(), in_float64(whole_numbers=True):
        expected = grouped(IDS).logits
    assert apart(logits(share_keys(lm, groups)), expected) < TOLERANCE
