"""LoRA against peft on transformers' models: the same A and B, so the same logits, gradients and merged weights."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch import Tensor

import tests.oracle.test_bert as bert
import tests.oracle.test_gpt2 as gpt2
import tests.oracle.test_llama as llama
from core.training import lora
from core.training.lora import Adapter, Lora
from tests.oracle.compare import apart, in_float64, loss, saved_and_loaded

EXACT, SINGLE = 1e-8, 1e-5
RANK, ALPHA = 3, 7.0
Found = dict[str, Tensor]


@dataclass(frozen=True)
class Pair:
    """A model of transformers, what peft calls its matrices, what we call them, and how their A and B become ours."""

    model: Callable[[], Any]
    theirs: tuple[str, ...]
    ours: tuple[lora.Target, ...]
    rename: Callable[[str, str, Tensor], Found]


def _gpt2(name: str, letter: str, value: Tensor) -> Found:
    """One A for queries, keys and values together; B's rows are theirs in turn."""
    block = f"blocks.{name.split('.h.')[1].split('.')[0]}"
    if "c_attn" in name:
        pieces = value.chunk(3) if letter == "B" else [value] * 3
        return {f"{block}.attn.weight_qkv.{t}.{letter}": piece for t, piece in zip("qkv", pieces)}
    where = {"attn.c_proj": "attn.weight_o.o", "c_fc": "mlp.weight_in.in", "mlp.c_proj": "mlp.weight_out.out"}
    place = next(ours for theirs, ours in where.items() if theirs in name)
    return {f"{block}.{place}.{letter}": value}


def _named(where: dict[str, str]) -> Callable[[str, str, Tensor], Found]:
    def rename(name: str, letter: str, value: Tensor) -> Found:
        layer = next(part for part in name.split(".") if part.isdigit())
        place = next(ours for theirs, ours in where.items() if theirs in name)
        return {f"blocks.{layer}.{place}.{letter}": value}

    return rename


_qkv = {f"{one}_proj": f"attn.weight_qkv.{one}" for one in "qkv"}
PAIRS = {
    "GPT-2": Pair(
        lambda: gpt2.model_of("exact gelu, untied"),
        ("c_attn", "c_proj", "c_fc"),
        ("q", "k", "v", "o", "in", "out"),
        _gpt2,
    ),
    "BERT": Pair(
        lambda: bert.model_of("relu, another epsilon, three types"),
        ("query", "value", "output.dense"),
        ("q", "v", "o", "out"),
        _named(
            {
                "query": "attn.weight_qkv.q", "value": "attn.weight_qkv.v",
                "attention.output": "attn.weight_o.o", "output": "mlp.weight_out.out",
            }
        ),
    ),
    "Llama, one key head": Pair(
        lambda: llama.model_of("llama, tied, biases, one key head, wide heads"),
        ("q_proj", "k_proj", "o_proj", "gate_proj", "up_proj", "down_proj"),
        ("q", "k", "o", "gate", "in", "out"),
        _named(
            {
                **_qkv, "o_proj": "attn.weight_o.o", "gate_proj": "mlp.weight_in.gate",
                "up_proj": "mlp.weight_in.in", "down_proj": "mlp.weight_out.out",
            }
        ),
    ),
}  # fmt: skip


def adapted_by_peft(pair: Pair, model: Any) -> Any:
    config = LoraConfig(
        r=RANK, lora_alpha=ALPHA, target_modules=list(pair.theirs), lora_dropout=0.0, bias="none",
        fan_in_fan_out=False,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft: GPT-2's matrices lie the other way, and it has noticed
        adapted = get_peft_model(model, config, autocast_adapter_dtype=False)
    chance = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_" in name:
                noise = torch.randn(weight.shape, generator=chance, dtype=torch.float64)
                weight.copy_(0.3 * noise)
    return adapted.eval()


def found(pair: Pair, adapted: Any, read: Callable[[Any], Tensor], *, shared: bool) -> Found:
    """A and B of peft's model, or their gradients, under our names.

    Args:
        shared: for GPT-2's one A of three matrices, give each of ours the whole of it (otherwise leave it out).
    """
    all: Found = {}
    for name, weight in adapted.named_parameters():
        if "lora_" in name:
            letter = "A" if "lora_A" in name else "B"
            if shared or not ("c_attn" in name and letter == "A"):
                all |= pair.rename(name, letter, read(weight))
    return all


def ours_of(pair: Pair, theirs: Any) -> Adapter:
    values = found(pair, theirs, lambda weight: weight.detach().clone(), shared=True)
    return Adapter(Lora(RANK, ALPHA, pair.ours), values)


def gradients(model: Any) -> Found:
    """Of A and B in a model of ours, by the adapter's names."""
    grads: Found = {}
    for name, weight in model.named_parameters():
        if ".parametrizations." in name and weight.requires_grad:
            path, _, rest = name.partition(".parametrizations.")
            stored, _, last = rest.rpartition(".0.")
            letter, target = last.split("_")
            grads[f"{path}.{stored}.{target}.{letter}"] = weight.grad
    return grads


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize(("dtype", "limit"), [(torch.float64, EXACT), (torch.float32, SINGLE)])
def test_outputs_gradients_and_merged_weights_equal_pefts(
    name: str, dtype: torch.dtype, limit: float, tmp_path: Path
) -> None:
    pair = PAIRS[name]
    model = pair.model()
    base = saved_and_loaded(model, tmp_path).model.to(dtype)
    ids = torch.randint(2, 27, (2, 9), generator=torch.Generator().manual_seed(2))
    theirs = adapted_by_peft(pair, model).to(dtype)
    with in_float64() if dtype == torch.float64 else nullcontext():
        ours = lora.adapt(base, ours_of(pair, theirs))
        wanted, got = theirs(ids).logits, ours(ids)
        assert apart(got, wanted) < limit
        assert apart(base(ids), wanted) > 0.05  # what was learned is no rounding error
        loss(wanted).backward()
        loss(got).backward()
    mine = gradients(ours)
    grads = found(pair, theirs, lambda weight: weight.grad, shared=False)
    assert len(grads) >= 3 * base.config.n_layers
    for key, value in grads.items():
        assert apart(mine[key], value) < limit, key
    if name == "GPT-2":  # ours are three A's that begin as one: their gradients together are that of the one
        for number, block in enumerate(theirs.base_model.model.transformer.h):
            one = block.attn.c_attn.lora_A["default"].weight.grad
            three = sum(mine[f"blocks.{number}.attn.weight_qkv.{target}.A"] for target in "qkv")
            assert apart(torch.as_tensor(three), one) < limit
    with in_float64() if dtype == torch.float64 else nullcontext():
        merged = theirs.merge_and_unload()(ids).logits
        assert apart(lora.merge(base, lora.adapter_of(ours))(ids), merged) < limit


def test_a_wrong_scale_or_a_swapped_target_is_seen(tmp_path: Path) -> None:
    """What the tolerance catches."""
    pair = PAIRS["BERT"]
    model = pair.model()
    base = saved_and_loaded(model, tmp_path).model
    theirs = adapted_by_peft(pair, model)
    right = ours_of(pair, theirs)
    ids = torch.randint(2, 27, (2, 9), generator=torch.Generator().manual_seed(2))
    wanted = theirs(ids).logits
    swapped = {name.replace(".q.", ".?.").replace(".v.", ".q.").replace(".?.", ".v."): value
               for name, value in right.tensors.items()}  # fmt: skip
    for wrong in (
        Adapter(Lora(RANK, ALPHA * 1.001, pair.ours), right.tensors),
        Adapter(right.lora, swapped),
    ):
        assert apart(lora.adapt(base, wrong)(ids), wanted) > 100 * EXACT
    assert apart(lora.adapt(base, right)(ids), wanted) < EXACT


def test_first_values_are_spread_as_pefts(tmp_path: Path) -> None:
    model = bert.model_of("as released")
    base = saved_and_loaded(model, tmp_path).model
    fresh = get_peft_model(model, LoraConfig(r=8, target_modules=["query"]), autocast_adapter_dtype=False)
    theirs = [weight for name, weight in fresh.named_parameters() if "lora_A" in name]
    ours = lora.draw(base, Lora(8, 16, ("q",)))
    mine = [value for name, value in ours.tensors.items() if name.endswith(".A")]
    assert [tuple(value.shape) for value in mine] == [tuple(value.shape) for value in theirs]
    bound = 24**-0.5
    for values in (theirs, mine):
        flat = torch.cat([value.detach().flatten() for value in values])
        assert 0.95 * bound < flat.abs().max() <= bound
        assert abs(float(flat.std()) / (bound / 3**0.5) - 1) < 0.06
    assert all(not value.any() for name, value in ours.tensors.items() if name.endswith(".B"))
