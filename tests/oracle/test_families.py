"""The published configurations: as many weights as transformers builds from them, and the defaults that it has."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers as hf

from core.costs import parameters
from core.families.published import FAMILIES, Size, family, sizes

ALL = {f"{one.name} {size.name}".strip(): (one.name, size) for one, size in sizes()}

# The family's configuration class and the model with the head that we count, in transformers.
CLASSES: dict[str, tuple[Any, Any]] = {
    "GPT": (hf.OpenAIGPTConfig, hf.OpenAIGPTLMHeadModel),
    "GPT-2": (hf.GPT2Config, hf.GPT2LMHeadModel),
    "GPT-3": (hf.GPT2Config, hf.GPT2LMHeadModel),
    "BERT": (hf.BertConfig, hf.BertForMaskedLM),
    "RoBERTa": (hf.RobertaConfig, hf.RobertaForMaskedLM),
    "DistilBERT": (hf.DistilBertConfig, hf.DistilBertForMaskedLM),
    "T5": (hf.T5Config, hf.T5ForConditionalGeneration),
    "BART": (hf.BartConfig, hf.BartForConditionalGeneration),
}


# Of each family's config.json, the values that decide the number of weights: their name -> ours.
_GPT = {
    "vocab_size": "d_vocab",
    "n_positions": "n_ctx",
    "n_embd": "d_model",
    "n_layer": "n_layers",
    "n_head": "n_heads",
}
_BERT = {
    "vocab_size": "d_vocab", "hidden_size": "d_model", "num_hidden_layers": "n_layers",
    "num_attention_heads": "n_heads", "intermediate_size": "d_mlp", "type_vocab_size": "n_token_types",
}  # fmt: skip
NAMES: dict[str, dict[str, str]] = {
    "GPT": _GPT, "GPT-2": _GPT, "GPT-3": _GPT, "BERT": _BERT, "RoBERTa": _BERT,
    "DistilBERT": {
        "vocab_size": "d_vocab", "max_position_embeddings": "n_ctx", "n_layers": "n_layers", "n_heads": "n_heads",
        "dim": "d_model", "hidden_dim": "d_mlp",
    },
    "T5": {
        "vocab_size": "d_vocab", "d_model": "d_model", "d_kv": "d_head", "d_ff": "d_mlp", "num_layers": "n_layers",
        "num_heads": "n_heads", "relative_attention_num_buckets": "relative_buckets",
    },
    "BART": {
        "vocab_size": "d_vocab", "max_position_embeddings": "n_ctx", "d_model": "d_model",
        "encoder_layers": "n_layers", "decoder_layers": "n_decoder_layers", "encoder_ffn_dim": "d_mlp",
        "decoder_ffn_dim": "d_mlp", "encoder_attention_heads": "n_heads", "decoder_attention_heads": "n_heads",
    },
}  # fmt: skip


def theirs(name: str, size: Size) -> dict[str, Any]:
    """Our configuration in the words of the family's own config.json."""
    found = {their: getattr(size.config, our) for their, our in NAMES[name].items()}
    if name in ("BERT", "RoBERTa"):  # RoBERTa's first two rows of positions are never read
        found["max_position_embeddings"] = size.config.n_ctx + size.config.position_offset
    return found


def counted(name: str, size: Size) -> int:
    """The weights of the model that transformers builds, shared ones once; nothing is allocated."""
    configuration, model = CLASSES[name]
    with torch.device("meta"):
        made = model(configuration(**theirs(name, size)))
    made.tie_weights()
    return sum(weight.numel() for weight in made.parameters())


@pytest.mark.parametrize("name", ALL)
def test_a_published_model_has_the_weights_that_transformers_builds(name: str) -> None:
    family_name, size = ALL[name]
    assert size.parameters == counted(family_name, size)


@pytest.mark.parametrize("name", ["GPT", "GPT-2 small", "BERT base", "DistilBERT", "T5 small", "BART large"])
def test_the_configuration_is_the_one_that_transformers_calls_the_default(name: str) -> None:
    family_name, size = ALL[name]
    default = CLASSES[family_name][0]()
    for key, value in theirs(family_name, size).items():
        assert getattr(default, key) == value, key
    acts = {"gelu_tanh": ("gelu", "gelu_new"), "gelu": ("gelu",), "relu": ("relu",)}
    keys = ("afn", "activation_function", "hidden_act", "activation", "dense_act_fn")
    named = next(getattr(default, key) for key in keys if hasattr(default, key))
    assert named in acts[size.config.act]


@pytest.mark.parametrize("name", ["GPT-2 XL", "RoBERTa large", "T5 11B", "BART base"])
def test_one_block_or_one_place_more_is_another_number(name: str) -> None:
    family_name, size = ALL[name]
    right = counted(family_name, size)
    config = size.config
    changes = (
        {"n_layers": config.n_layers + 1},
        {"d_vocab": config.d_vocab + 1},
        {"mlp_bias": not config.mlp_bias},
    )
    for change in changes:
        assert parameters(config.replace(**change)) != right


@pytest.mark.parametrize("name", ALL)
def test_a_figure_that_is_not_ours_comes_with_its_reason(name: str) -> None:
    size = ALL[name][1]
    assert size.agrees or size.note, (
        f"{size.parameters:,} by our formula, {size.published:,} published, and no word why"
    )
    assert abs(size.difference) < 0.08
    assert size.where
    assert size.agrees == (round(size.parameters / size.unit) == size.published // size.unit)


def test_the_reasons_are_what_the_weights_say() -> None:
    def named(family_name: str, size_name: str) -> Size:
        return next(size for size in family(family_name).sizes if size.name == size_name)

    assert f"{named('GPT-2', 'small').parameters / 1e6:.0f}M" == "124M"
    assert f"{named('GPT-2', 'XL').parameters / 1e6:.0f}M" == "1558M"
    for size, text in ((named("GPT-2", "small"), "124M"), (named("GPT-2", "XL"), "1558M")):
        assert text in size.note
    distilled = named("DistilBERT", "")
    headless = parameters(distilled.config.replace(mlm_head=False, unembed_bias=False))
    assert f"{headless / 1e6:.1f}M" == "66.4M"
    assert "66.4M" in distilled.note
    large = named("T5", "large")
    twice = parameters(large.config.replace(tied_embeddings=False))
    assert f"{twice / 1e6:.1f}M" == "770.6M"
    assert "770.6M" in large.note


def test_what_is_not_published_is_said_and_has_no_figure() -> None:
    assert [one.name for one in FAMILIES if not one.sizes] == ["GPT-4"]
    assert all(bool(one.unpublished) != bool(one.sizes) for one in FAMILIES)
    for one in FAMILIES:
        assert all(bool(size.hub) == ("never" not in one.weights) for size in one.sizes), one.name
    assert [one.date for one in FAMILIES] == sorted(one.date for one in FAMILIES)
    with pytest.raises(ValueError, match="GPT-4"):
        family("GPT-5")
