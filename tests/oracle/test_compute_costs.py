"""Costs by formula against what torch counts, what autograd saves, and what transformers builds."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers as hf
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from core.config import PRESETS as OURS
from core.config import ModelConfig, preset
from core.costs import cache_bytes, flops_by_part, parameters, parameters_by_part, row_flops
from core.costs.activations import kept_bytes
from core.costs.counts import total
from core.costs.memory import training_memory, using_memory
from core.costs.operations import decode_flops
from core.costs.roofline import met_bytes
from core.costs.weights import block_matrices, matrix_weights, weight_bytes
from core.families.presets import PRESETS
from core.hooks import recording
from core.model.initial import initialise
from core.model.kv_cache import KVCache
from core.model.transformer import EncoderDecoder, build
from core.training.fast_cpu import put_in
from core.training.measuring import saved_bytes

LLAMA: dict[str, Any] = {
    "position": "rotary", "norm": "rms", "norm_bias": False, "act": "silu", "gated": True, "qkv_bias": False,
    "out_bias": False, "mlp_bias": False, "tied_embeddings": False,
}  # fmt: skip
# What changes the number of kept bytes, one thing or a few at a time.
SHAPES: dict[str, dict[str, Any]] = {
    **{name: {"model": name} for name in OURS if name != "gpt2"},
    "llama, grouped": {"model": "gpt2-nano", "n_heads": 4, "n_kv_heads": 2, **LLAMA},
    "grouped, learned positions": {"model": "gpt2-nano", "n_heads": 4, "n_kv_heads": 1},
    "grouped, normed": {"model": "gpt-nano", "n_heads": 4, "n_kv_heads": 2},
    "normed, no rotary": {"model": "gpt-nano", "position": "none"},
    "normed, no rotary, grouped": {"model": "gpt-nano", "position": "none", "n_heads": 4, "n_kv_heads": 2},
    "normed, no gains": {"model": "gpt-nano", "norm_gain": False},
    "normed, no gains, no rotary": {"model": "gpt-nano", "norm_gain": False, "position": "learned"},
    "alibi": {"model": "gpt2-nano", "position": "alibi"},
    "alibi, both sides": {"model": "bert-nano", "position": "alibi"},
    "sinusoidal, no norm": {"model": "gpt2-nano", "position": "sinusoidal", "norm": "none", "final_norm": False},
    "post-norm decoder": {"model": "gpt2-nano", "norm_placement": "post", "final_norm": False},
    "post-norm rms, no gain": {
        "model": "gpt2-nano", "norm_placement": "post", "norm": "rms", "norm_gain": False, "norm_bias": False,
        "embed_norm": True,
    },
    "silu": {"model": "gpt2-nano", "act": "silu"},
    "gated relu squared": {"model": "gpt2-nano", "act": "relu_squared", "gated": True},
    "gated gelu": {"model": "gpt2-nano", "act": "gelu_tanh", "gated": True},
    "token types": {"model": "bert-nano", "n_token_types": 2, "act": "relu"},
    "scaled logits": {"model": "gpt2-nano", "logit_scale": 0.5},
    "scaled embeddings": {"model": "gpt2-nano", "embed_scale": 3.0},
    "t5, learned": {"model": "t5-nano", "position": "learned", "n_decoder_layers": 3},
    "t5, rotary, grouped": {"model": "t5-nano", "position": "rotary", "n_heads": 4, "n_kv_heads": 2},
    "t5, normed": {"model": "t5-nano", "position": "none", "qk_norm": True},
    "t5, normed, grouped": {"model": "t5-nano", "position": "none", "qk_norm": True, "n_heads": 4, "n_kv_heads": 2},
    "biases, grouped": {"model": "t5-nano", "n_heads": 4, "n_kv_heads": 2},
    "biases, normed": {"model": "t5-nano", "shape": "encoder", "qk_norm": True},
    "biases, normed, grouped": {"model": "t5-nano", "shape": "decoder", "qk_norm": True, "n_heads": 4, "n_kv_heads": 2},
    "no blocks": {"model": "gpt2-nano", "n_layers": 0},
    "no residual": {"model": "gpt2-nano", "residual": False},
}  # fmt: skip
SIZES = ((1, 1), (1, 12), (3, 12), (2, 40))


def config_of(name: str) -> ModelConfig:
    values = dict(SHAPES[name])
    return preset(values.pop("model"), d_vocab=77, **values)


def ids(batch: int, length: int) -> torch.Tensor:
    return torch.arange(batch * length).remainder(77).view(batch, length)


@pytest.mark.parametrize("name", SHAPES)
def test_kept_bytes_are_those_that_autograd_saves(name: str) -> None:
    config = config_of(name)
    model = build(config)
    initialise(model, config)
    model.train()
    put_in(model)
    for batch, length in SIZES:
        target = max(1, length - 3) if config.shape == "encoder-decoder" else 0
        found = saved_bytes(model, ids(batch, length), ids(batch, target) if target else None)
        extra = 0
        if (
            config.position == "relative" and batch == 1 and config.n_heads == config.kv_heads
        ):  # a view, no copy
            places = length * config.n_layers + target * (config.decoder_layers if target else 0)
            extra = 4 * places * 2 * config.n_heads * config.head_size
        assert kept_bytes(config, batch, length, target) + extra == found, (batch, length)


HEADS: dict[str, dict[str, Any]] = {
    "the first place": {"head": "sequence", "labels": ("a", "b", "c")},
    "the mean": {"head": "sequence", "labels": ("a", "b"), "pool": "mean", "pool_act": "relu"},
    "each token": {"head": "token", "labels": ("a", "b", "c")},
    "a span": {"head": "span"},
}


@pytest.mark.parametrize("head", HEADS)
def test_an_encoder_with_labels_keeps_what_the_formula_says(head: str) -> None:
    values = dict(HEADS[head])
    body = config_of("bert-nano").with_head(values.pop("head"), values.pop("labels", ()))
    config = body.replace(**values)
    model = build(config)
    initialise(model, config)
    model.train()
    put_in(model)
    for batch, length in ((1, 5), (3, 12)):
        assert kept_bytes(config, batch, length) == saved_bytes(model, ids(batch, length))
    with FlopCounterMode(display=False) as counter, recording():
        model(ids(1, 12))
    assert row_flops(config, 12) == counter.get_total_flops()
    assert parameters(config) == sum(weight.numel() for weight in model.parameters())


def test_two_kinds_of_attention_are_counted_apart() -> None:
    """Somebody who kept every score would be seen: the formula of fused attention has no square in it."""
    config = config_of("gpt2-nano")
    long, longer = (kept_bytes(config, 1, length) for length in (1000, 2000))
    assert longer == pytest.approx(2 * long, rel=1e-3)
    scores = config.n_layers * config.n_heads * 2000 * 2000 * 4
    assert scores > 0.4 * longer


@pytest.mark.parametrize("name", SHAPES)
def test_parts_add_up_to_the_modules_weights(name: str) -> None:
    config = config_of(name)
    with torch.device("meta"):
        model = build(config)
    parts = {one.name: one.value for one in parameters_by_part(config)}
    assert sum(parts.values()) == sum(weight.numel() for weight in model.parameters())
    named: dict[str, int] = dict.fromkeys(parts, 0)
    for path, weight in model.named_parameters():
        pieces = path.split(".")
        if "mlp" in pieces:
            part = "mlp"
        elif "cross_attn" in pieces:
            part = "cross-attention"
        elif "attn" in pieces:
            part = "attention"
        elif "pos_embed" in pieces or "relative" in pieces:
            part = "positions"
        elif "unembed" in pieces or "mlm_head" in pieces or "label_head" in pieces:
            part = "head"
        elif "embed" in pieces or "token_type_embed" in pieces:
            part = "embedding"
        else:
            part = "norms"
        named[part] += weight.numel()
    assert parts == named
    matrices = [weight for path, weight in model.named_parameters() if "blocks" in path and weight.dim() == 2]
    assert matrix_weights(config) == sum(weight.numel() for weight in matrices)
    rows = sum(many * out for many, out, _ in block_matrices(config))
    assert rows == sum(weight.shape[0] for weight in matrices)


@pytest.mark.parametrize("name", SHAPES)
def test_operations_by_part_are_those_that_torch_counts(name: str) -> None:
    config = config_of(name)
    model = build(config)
    initialise(model, config)
    target = 7 if config.shape == "encoder-decoder" else 0
    inputs = [ids(1, 12), *([ids(1, target)] if target else [])]
    with FlopCounterMode(display=False) as counter, recording():  # attention as written, not fused
        model(*inputs)
    assert (
        total(flops_by_part(config, 12, target)) == row_flops(config, 12, target) == counter.get_total_flops()
    )


@pytest.mark.parametrize("name", [name for name in SHAPES if config_of(name).shape != "encoder"])
def test_a_written_token_takes_the_operations_that_torch_counts(name: str) -> None:
    config = config_of(name)
    model = build(config)
    initialise(model, config)
    cache, past = KVCache(), 9
    with torch.no_grad():
        if isinstance(model, EncoderDecoder):
            source = model.encode(ids(1, past))
            model.decode(ids(1, past), source, cache=cache)
            with FlopCounterMode(display=False) as counter, recording():
                model.decode(ids(1, 1), source, cache=cache)
        else:
            model(ids(1, past), cache=cache)
            with FlopCounterMode(display=False) as counter, recording():
                model(ids(1, 1), cache=cache)
    own = total(decode_flops(config, past, past if isinstance(model, EncoderDecoder) else 0))
    assert own == counter.get_total_flops()
    kept = cache_bytes(config, past if isinstance(model, EncoderDecoder) else past + 1, past + 1)
    fixed = [tensor for pair in cache._fixed.values() for tensor in pair]
    assert cache.length == past + 1 and (cache._all is None) == (config.decoder_layers == 0)
    grown = (
        0 if cache._all is None else cache._all[:, :, :, : cache.length].numel()
    )  # without the room to spare
    assert kept == 4 * (grown + sum(tensor.numel() for tensor in fixed))
    met = met_bytes(config, "fp32", writing=True)
    assert met <= weight_bytes(config, "fp32")


HF: dict[str, Any] = {
    "GPT-2": lambda c: hf.GPT2LMHeadModel(
        hf.GPT2Config(n_layer=c.n_layers, n_embd=c.d_model, n_head=c.n_heads, n_positions=c.n_ctx, vocab_size=c.d_vocab)
    ),
    "Llama": lambda c: hf.LlamaForCausalLM(
        hf.LlamaConfig(
            num_hidden_layers=c.n_layers, hidden_size=c.d_model, num_attention_heads=c.n_heads,
            num_key_value_heads=c.kv_heads, intermediate_size=c.mlp_size, vocab_size=c.d_vocab,
            max_position_embeddings=c.n_ctx,
        )
    ),
    "BERT": lambda c: hf.BertForMaskedLM(
        hf.BertConfig(
            num_hidden_layers=c.n_layers, hidden_size=c.d_model, num_attention_heads=c.n_heads,
            intermediate_size=c.mlp_size, vocab_size=c.d_vocab,
        )
    ),
    "T5": lambda c: hf.T5ForConditionalGeneration(
        hf.T5Config(
            num_layers=c.n_layers, d_model=c.d_model, num_heads=c.n_heads, d_kv=c.head_size, d_ff=c.mlp_size,
            vocab_size=c.d_vocab,
        )
    ),
}  # fmt: skip


@pytest.mark.full(reason="the other cases take a second", quick_cases=6)
@pytest.mark.parametrize("key", PRESETS)
def test_a_preset_has_the_weights_that_transformers_builds(key: str) -> None:
    one = PRESETS[key]
    family = one.name.split()[0].replace("GPT-3", "GPT-2")
    with torch.device("meta"):
        made: nn.Module = HF[family](one.config)
        ours = build(one.config)
    made.tie_weights()  # type: ignore[operator]
    assert one.size.parameters == sum(weight.numel() for weight in made.parameters())
    assert one.size.parameters == sum(weight.numel() for weight in ours.parameters())


def test_gpt2_to_the_digit_and_the_others_as_published() -> None:
    assert PRESETS["gpt2"].size.parameters == 124_439_808
    for one in PRESETS.values():
        assert one.size.agrees or one.size.note
        assert abs(one.size.difference) < 0.07


@pytest.mark.parametrize("name", ["gpt-nano", "t5-nano", "bert-nano"])
def test_the_four_kinds_of_a_step_are_what_its_tensors_take(name: str) -> None:
    config = config_of(name)
    model = build(config)
    initialise(model, config)
    model.train()
    put_in(model)
    batch, length = 2, 11
    pair = config.shape == "encoder-decoder"
    kinds = {one.name: one.bytes(batch) for one in training_memory(config, length)}
    target = ids(batch, length) if pair else None
    assert kinds["activations"] == saved_bytes(model, ids(batch, length), target)
    optimizer = torch.optim.AdamW(model.parameters())
    model(*([ids(batch, length)] + ([target] if pair else []))).sum().backward()
    optimizer.step()
    assert kinds["weights"] == sum(weight.nbytes for weight in model.parameters())
    assert kinds["gradients"] == sum(
        weight.grad.nbytes for weight in model.parameters() if weight.grad is not None
    )
    moments = [value for state in optimizer.state.values() for value in state.values() if value.dim()]
    assert kinds["optimizer"] == sum(moment.nbytes for moment in moments)
    used = {one.name: one.bytes(1) for one in using_memory(config, 20)}
    assert used["weights"] == 4 * parameters(config)


def test_bytes_at_other_precisions_are_those_of_such_tensors() -> None:
    config = config_of("gpt2-nano")
    with torch.device("meta"):
        model = build(config)
    matrices = [weight for path, weight in model.named_parameters() if "blocks" in path and weight.dim() == 2]
    rest = parameters(config) - sum(weight.numel() for weight in matrices)
    assert weight_bytes(config, "bf16") == sum(weight.bfloat16().nbytes for weight in model.parameters())
    eight = sum(weight.numel() + 2 * weight.shape[0] for weight in matrices)
    four = sum(
        weight.shape[0] * (-(-weight.shape[1] // 2) + 2 * -(-weight.shape[1] // 128)) for weight in matrices
    )
    assert weight_bytes(config, "int8") == 2 * rest + eight
    assert weight_bytes(config, "int4") == 2 * rest + four
    with pytest.raises(ValueError, match="fp8"):
        weight_bytes(config, "fp8")
    assert kept_bytes(config, 1, 8, size=2) < kept_bytes(config, 1, 8) < 2 * kept_bytes(config, 1, 8, size=2)
